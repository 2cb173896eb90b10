//! A folder to run the program in, and readers for what it makes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A temporary folder in which the program is run.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Copies the fixture of 120,000 stars to `galaxy.txt`: what is kept of it is kept here.
    pub(crate) fn galaxy(&self) {
        std::fs::copy(workspace("fixtures/galaxy.txt"), self.path("galaxy.txt")).unwrap();
    }

    /// The program, ready to run in this folder; arguments are separated by blanks.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pointillist"));
        command.args(arguments.split_ascii_whitespace()).current_dir(self.0.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program and returns what it printed, whatever came of it.
    pub(crate) fn run(&self, arguments: &str) -> Run {
        Run::new(self.command(arguments).output().unwrap())
    }

    /// Runs the program, which must succeed.
    pub(crate) fn succeed(&self, arguments: &str) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.code, 0, "{arguments}\n{}", run.stderr);
        run
    }

    /// Runs the program with this on its standard input, whatever comes of it.
    pub(crate) fn feed(&self, arguments: &str, text: impl AsRef<[u8]>) -> Run {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // One that does not want all of it closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(text.as_ref());
        Run::new(child.wait_with_output().unwrap())
    }

    /// Runs the program, which must end with `code`, print nothing to standard output, and change nothing in the
    /// folder. Returns what it printed to standard error.
    pub(crate) fn fail(&self, code: i32, arguments: &str) -> String {
        let before = self.listing();
        let run = self.run(arguments);
        assert_eq!(run.code, code, "{arguments}\n{}", run.stderr);
        assert_eq!(run.stdout, b"", "{arguments}");
        assert!(self.listing() == before, "{arguments}\n{}", run.stderr);
        run.stderr
    }

    /// Types the remedy that an error ends with into a shell, which must succeed. Returns it.
    #[cfg(unix)]
    pub(crate) fn mend(&self, error: &str) -> String {
        let (_, remedy) =
            error.trim_end().rsplit_once("; make it again, with the same options: ").unwrap();
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("pointillist() {{ \"$0\" \"$@\"; }}; {remedy}")]);
        shell.arg(env!("CARGO_BIN_EXE_pointillist")).current_dir(self.0.path());
        let run = Run::new(shell.stdin(Stdio::null()).output().unwrap());
        assert_eq!(run.code, 0, "{remedy}\n{}", run.stderr);
        remedy.to_owned()
    }

    /// Turns a bit of a file over.
    pub(crate) fn damage(&self, name: &str, at: usize) {
        let mut bytes = self.read(name);
        bytes[at] ^= 0x20;
        self.write(name, bytes);
    }

    /// Every file below the folder with its content, hidden ones too.
    pub(crate) fn listing(&self) -> Vec<(PathBuf, Vec<u8>)> {
        fn list(folder: &Path, all: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    all.push((path.clone(), Vec::new()));
                    list(&path, all);
                } else {
                    all.push((path.clone(), std::fs::read(&path).unwrap_or_default()));
                }
            }
        }
        let mut all = Vec::new();
        list(self.0.path(), &mut all);
        all.sort();
        all
    }

    /// The grid that was kept last with these columns, as a name in this folder.
    pub(crate) fn grid(&self, columns: &str) -> String {
        let entries = std::fs::read_dir(self.path(columns).join("grids")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let grids = paths.filter(|path| path.extension().is_some_and(|end| end == "tiff"));
        let last = grids.max_by_key(|path| path.metadata().unwrap().modified().unwrap()).unwrap();
        format!("{columns}/grids/{}", last.file_name().unwrap().to_str().unwrap())
    }

    /// Copies that grid to `name`.
    pub(crate) fn take_grid(&self, columns: &str, name: &str) {
        std::fs::copy(self.path(&self.grid(columns)), self.path(name)).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// A picture as width, height and RGBA bytes.
    pub(crate) fn picture(&self, name: &str) -> image::RgbaImage {
        image::open(self.path(name)).unwrap().into_rgba8()
    }

    /// The values of a column, and whether they are stored in 64 bits.
    pub(crate) fn numbers(&self, name: &str) -> (Vec<f64>, bool) {
        let bytes = self.read(name);
        let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let data = &bytes[header..];
        if String::from_utf8_lossy(&bytes[..header]).contains("'<f8'") {
            (data.as_chunks::<8>().0.iter().map(|&value| f64::from_le_bytes(value)).collect(), true)
        } else {
            (self.column(name).into_iter().map(f64::from).collect(), false)
        }
    }

    /// The values of a 32-bit column.
    pub(crate) fn column(&self, name: &str) -> Vec<f32> {
        let bytes = self.read(name);
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert!(String::from_utf8_lossy(&bytes[..header]).contains("'<f4'"));
        assert_eq!(header % 64, 0);
        let values = bytes[header..].as_chunks::<4>().0;
        values.iter().map(|&value| f32::from_le_bytes(value)).collect()
    }
}

/// What a run printed.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The lines of standard error, without those that say how a text is read.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stderr.lines().filter(|line| !line.contains(": read as: ")).collect()
    }

    /// The objects that `--json` printed, one a line.
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        let text = std::str::from_utf8(&self.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A file of the workspace.
pub(crate) fn workspace(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

/// A few hundred points on a spiral, with z.
pub(crate) fn spiral() -> String {
    (0..500)
        .map(|i| {
            let t = f64::from(i) * 0.05;
            format!("{:.6} {:.6} {:.4}\n", t * t.cos(), t * t.sin(), t)
        })
        .collect()
}

/// The same, compressed.
pub(crate) fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// A .npy file of 32-bit floats.
pub(crate) fn npy(shape: &str, values: &[f32]) -> Vec<u8> {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    let mut file = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    file.extend(format!("{header:117}\n").as_bytes());
    file.extend(raw(values));
    file
}

/// Numbers as they lie in memory.
pub(crate) fn raw(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The numbers of a text, one row after another.
pub(crate) fn numbers(text: &str) -> Vec<f32> {
    text.split_ascii_whitespace().map(|number| number.parse().unwrap()).collect()
}

/// The names in a folder, in their order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
