//! How what is kept is called.
//!
//! Columns of `stars.txt` are `stars.points`, unless these are columns of something else, or of the same read in another
//! way: then they have a key in their name, which is a hash of the inputs' paths and of the reading options. Whether
//! columns are those of an input is never decided by their name.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use pointillist_base::staged::{LONGEST_NAME, shortened};
use pointillist_base::tag;
use pointillist_ingest::{Options, Points};
use xxhash_rust::xxh3::Xxh3;

use super::piped;
use crate::colorize::is_stdout;
use crate::inputs;

/// How the columns of some inputs may be called.
pub(super) struct Names {
    /// As the input is; none where there are several.
    plain: Option<OsString>,
    keyed: OsString,
    /// What names with a key begin with.
    begin: OsString,
}

impl Names {
    pub(super) fn of(inputs: &[PathBuf], options: &Options) -> Self {
        let stem = inputs.first().map_or_else(OsString::new, |input| stem(input));
        let plain = columns(&stem);
        let plain = (inputs.len() == 1 && plain.len() <= LONGEST_NAME).then_some(plain);
        Self { plain, keyed: keyed(&stem, inputs, options), begin: begin(&stem) }
    }

    /// The keyed one first: where both are of the same, it was made because something is wrong with the other.
    pub(super) fn all(&self) -> impl Iterator<Item = &OsStr> {
        [self.keyed.as_os_str()].into_iter().chain(self.plain.as_deref())
    }

    /// The paths of columns in a folder that have another key: options that come to the same may have been typed otherwise, and
    /// the path of the inputs may have been another.
    pub(super) fn with_other_keys(&self, folder: &Path) -> Vec<PathBuf> {
        let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries = std::fs::read_dir(listed).into_iter().flatten().flatten();
        let is_other = |name: &OsString| *name != self.keyed && has_key(name, &self.begin);
        let names = entries.map(|entry| entry.file_name()).filter(is_other);
        let mut paths: Vec<PathBuf> = names.map(|name| folder.join(name)).collect();
        paths.sort();
        paths
    }

    /// The paths of columns that are made in a folder, the best first: the plain one, if there is nothing there, or what was
    /// made for pictures of the same inputs in the same way before these changed, or the remains of something.
    pub(super) fn to_make(
        &self,
        folder: &Path,
        inputs: &[PathBuf],
        options: &Options,
    ) -> Vec<PathBuf> {
        let is_of_these = |plain: &PathBuf| match Points::open(plain) {
            Ok(points) => {
                let about = points.sidecar();
                inputs::are_of(inputs, &about.sources)
                    && about.options.skip_bad == options.skip_bad
                    && about.is_of(inputs, options)
            }
            // Whatever it was, it can be made again.
            Err(_) => true,
        };
        let may_be_replaced = |path: &PathBuf| {
            path.symlink_metadata().is_err() || (tag::is_marked(path) && is_of_these(path))
        };
        let plain = self.plain.as_ref().map(|name| folder.join(name)).filter(may_be_replaced);
        plain.into_iter().chain([folder.join(&self.keyed)]).collect()
    }
}

/// The name of an input without what says how it is written and compressed.
fn stem(input: &Path) -> OsString {
    const COMPRESSED: [&str; 4] = ["gz", "zst", "bz2", "xz"];
    let name = input.file_name().unwrap_or_default();
    let path = Path::new(name);
    let is_compressed = path.extension().is_some_and(|extension| {
        COMPRESSED.iter().any(|known| extension.eq_ignore_ascii_case(known))
    });
    let text = match is_compressed {
        true => Path::new(path.file_stem().unwrap_or_default()),
        false => path,
    };
    text.file_stem().unwrap_or(name).to_owned()
}

/// What is made of inputs that have no name is called as the output is.
pub(super) fn of_output(output: &Path) -> OsString {
    match output.file_stem() {
        Some(stem) if !is_stdout(output) => stem.to_owned(),
        _ => "stdin".into(),
    }
}

/// The paths of columns of what can be read once, the best first: as the output is called, unless something else is called
/// so than what was made for such a picture.
pub(super) fn of_streams(
    folder: &Path,
    stem: &OsStr,
    inputs: &[PathBuf],
    options: &Options,
) -> Vec<PathBuf> {
    let plain = folder.join(columns(stem));
    let is_ours = plain.symlink_metadata().is_err() || piped::is_marked(&plain);
    let keyed = folder.join(keyed(stem, inputs, options));
    is_ours.then_some(plain).into_iter().chain([keyed]).collect()
}

/// `stars-1a2b3c4d.points`.
fn keyed(stem: &OsStr, inputs: &[PathBuf], options: &Options) -> OsString {
    let mut name = begin(stem);
    name.push(format!("{}.points", key(inputs, options)));
    name
}

/// `stars-`, with room for a key behind it.
fn begin(stem: &OsStr) -> OsString {
    let mut begin = shortened(stem, LONGEST_NAME - "-01234567.points".len());
    begin.push("-");
    begin
}

/// Whether a name begins so, and goes on with a key.
fn has_key(name: &OsStr, begin: &OsStr) -> bool {
    let rest = name.as_encoded_bytes().strip_prefix(begin.as_encoded_bytes());
    let key = rest.and_then(|rest| rest.strip_suffix(b".points"));
    key.is_some_and(|key| key.len() == 8 && key.iter().all(u8::is_ascii_hexdigit))
}

/// `stars.points`.
fn columns(stem: &OsStr) -> OsString {
    let mut name = stem.to_owned();
    name.push(".points");
    name
}

/// The folders of grids of columns that cannot have them within, or are several, the best first: `stars.grids`, and where
/// something else is called so, `stars-1a2b3c4d.grids`.
pub(super) fn grids(points: &[Points]) -> [OsString; 2] {
    let paths: Vec<PathBuf> = points.iter().map(|points| points.path().to_owned()).collect();
    let stem = paths.first().and_then(|path| path.file_stem()).unwrap_or_default();
    let mut plain = stem.to_owned();
    plain.push(".grids");
    let keyed = PathBuf::from(keyed(stem, &paths, &Options::default())).with_extension("grids");
    [plain, keyed.into()]
}

/// What tells apart inputs, and ways to read them, under one name.
fn key(inputs: &[PathBuf], options: &Options) -> String {
    let mut hasher = Xxh3::new();
    for input in inputs {
        let path = input.canonicalize().unwrap_or_else(|_| input.clone());
        hasher.update(path.as_os_str().as_encoded_bytes());
        hasher.update(&[0]);
    }
    // Options are plain data, which JSON can always hold.
    hasher.update(serde_json::to_string(options).unwrap_or_default().as_bytes());
    format!("{:08x}", hasher.digest() >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_called_as_the_text_is() {
        for (input, expected) in [
            ("a/stars.txt", "stars"),
            ("stars", "stars"),
            ("stars.tar.txt", "stars.tar"),
            ("stars.txt.gz", "stars"),
            ("stars.TXT.GZ", "stars"),
            ("stars.gz", "stars"),
            (".stars", ".stars"),
            ("x.npy", "x"),
        ] {
            assert_eq!(stem(Path::new(input)), expected, "{input}");
        }
    }

    #[test]
    fn other_inputs_and_other_ways_to_read_them_have_other_names() {
        let of = |inputs: &[&str], options: &Options| {
            let inputs: Vec<PathBuf> = inputs.iter().map(PathBuf::from).collect();
            Names::of(&inputs, options).keyed
        };
        let options = Options::default();
        let other = Options { skip_bad: true, ..Options::default() };
        let all = [
            of(&["a/s.txt"], &options),
            of(&["b/s.txt"], &options),
            of(&["a/s.txt"], &other),
            of(&["a/s.txt", "b/s.txt"], &options),
            of(&["b/s.txt", "a/s.txt"], &options),
        ];
        for (index, name) in all.iter().enumerate() {
            assert!(!all[..index].contains(name), "{name:?}");
        }
        assert_eq!(of(&["a/s.txt"], &options), all[0]);
    }

    #[test]
    fn names_are_no_longer_than_file_systems_take() {
        for letter in ["n", "ä", "漢"] {
            let input = PathBuf::from(letter.repeat(250 / letter.len()) + ".txt");
            let names = Names::of(&[input], &Options::default());
            assert!(names.all().all(|name| name.len() <= LONGEST_NAME));
            assert!(names.keyed.len() > LONGEST_NAME - 8);
        }
    }
}
