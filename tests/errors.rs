//! Every way to fail: a message that helps, the right exit code, nothing left behind and nothing harmed.
//! [`Folder::fail`] checks the last two.

use crate::support::{Folder, gzip, npy, spiral};

/// A folder with a good file and its results.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("good.txt", spiral());
    folder.succeed("ingest good.txt -o good.points");
    folder.succeed("bin2d good.points -o good.tiff --size 16");
    folder.succeed("colorize good.tiff -o good.png");
    folder
}

#[track_caller]
fn contains(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in:\n{message}");
    }
    // Errors of the program's own, not of the argument parser, are one line in lower case without a period.
    if !message.starts_with("error:") {
        // Stages before the one that failed have their summary lines.
        let last = message.trim_end().lines().last().unwrap();
        assert!(last.starts_with("pointillist: "), "{message}");
        assert!(parts.iter().any(|part| last.contains(part)), "{message}");
        assert!(!last.ends_with('.'), "{message}");
    }
}

#[test]
fn an_input_that_cannot_be_read_is_named() {
    let folder = folder();
    for command in ["render", "ingest"] {
        let output = if command == "render" { "new.png" } else { "new.points" };
        let fail = |input| folder.fail(1, &format!("{command} {input} -o {output}"));
        contains(&fail("missing.txt"), &["missing.txt: no such file"]);
        contains(&fail("good.txt missing.txt"), &["missing.txt: no such file"]);
        contains(&fail("."), &[".: is a folder, not a text file"]);
    }
    contains(
        &folder.fail(1, "ingest good.points -o new.points"),
        &["good.points: is a .points folder, ingested already: bin2d or render takes it"],
    );
    contains(
        &folder.fail(1, "bin2d missing.points -o new.tiff"),
        &["missing.points: no such file"],
    );
    contains(&folder.fail(1, "bin2d . -o new.tiff"), &["has no points.json"]);
    contains(
        &folder.fail(1, "info good.txt"),
        &["good.txt: is not a .points folder, a .tiff or a .png"],
    );
}

#[test]
fn text_without_points_says_what_it_holds() {
    let folder = folder();
    folder.write("empty.txt", "");
    folder.write("comments.txt", "# one\n\n# two\n");
    folder.write("header.txt", "x y z\n");
    folder.write("bad.txt", "x y\n1 bar\n");
    contains(
        &folder.fail(1, "render empty.txt -o n.png"),
        &["empty.txt: no points in it: the file is empty"],
    );
    contains(
        &folder.fail(1, "render comments.txt -o n.png"),
        &[
            "comments.txt: no points in it: only 3 blank or comment lines; --comment '' takes none for a comment",
        ],
    );
    contains(&folder.fail(1, "render header.txt -o n.png"), &["header.txt: no points in it"]);
    contains(
        &folder.fail(1, "render bad.txt -o n.png --skip-bad"),
        &["bad.txt: no points in it: all"],
    );
}

#[test]
fn a_bad_line_is_shown_with_its_number_and_the_way_out() {
    let folder = folder();
    let good = "1.5 2.5 3.5\n".repeat(200_000);
    folder.write("short.txt", format!("{good}1.5 2.25\n{good}"));
    contains(
        &folder.fail(1, "ingest short.txt -o n.points"),
        &[
            "pointillist: ingest: short.txt:200001: expected 3 fields, found 2: \"1.5 2.25\"",
            "--skip-bad",
        ],
    );
    folder.write("word.txt", "# c\n1 2 3\n1 two 3\n");
    contains(
        &folder.fail(1, "ingest word.txt -o n.points"),
        &["word.txt:3: column y: \"two\" is not a number: \"1 two 3\"", "--skip-bad"],
    );
    folder.write("comma.txt", "1,5;2,5;3,5\n");
    contains(&folder.fail(1, "ingest comma.txt -o n.points"), &["comma.txt:1: ", "decimal"]);
    folder.write("nul.txt", b"1 2 3\n1 \0 3\n");
    contains(&folder.fail(1, "ingest nul.txt -o n.points"), &["nul.txt:2: ", "\\0"]);
    folder.write("utf16.txt", b"\xFF\xFE1\0 \x002\0\n\0");
    contains(
        &folder.fail(1, "ingest utf16.txt -o n.points"),
        &["utf16.txt: is UTF-16LE text", "iconv"],
    );
}

#[test]
fn a_damaged_archive_is_named_with_the_way_out_and_what_there_was_is_kept() {
    let folder = folder();
    let packed = gzip(spiral().repeat(300));
    folder.write("whole.txt.gz", &packed);
    folder.succeed("ingest whole.txt.gz -o n.points");
    folder.write("cut.txt.gz", &packed[..packed.len() / 2]);
    let cut = "pointillist: ingest: cut.txt.gz: the gzip data is damaged or cut short: ";
    contains(
        &folder.fail(1, "ingest cut.txt.gz -o n.points"),
        &[cut, "; copy the file again, or test it with gzip -t"],
    );
    folder.write("more.txt.gz", [&packed, &b"1 2 3\n"[..]].concat());
    contains(
        &folder.fail(1, "ingest more.txt.gz -o n.points --skip-bad"),
        &["more.txt.gz: the gzip data is followed by something that is not gzip; "],
    );
    let mut changed = packed;
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    folder.write("changed.txt.gz", changed);
    contains(
        &folder.fail(1, "ingest changed.txt.gz -o n.points --skip-bad"),
        &["changed.txt.gz: the gzip data is damaged or cut short: "],
    );
    folder.write("empty.txt.gz", gzip(""));
    contains(
        &folder.fail(1, "ingest empty.txt.gz -o n.points"),
        &["empty.txt.gz: no points in it: nothing is in it once it is unpacked"],
    );
    folder.write("bad.txt.gz", gzip(spiral() + "1 2\n"));
    contains(&folder.fail(1, "ingest bad.txt.gz -o n.points"), &["bad.txt.gz:501: expected 3"]);
}

#[test]
fn an_array_that_cannot_be_read_says_why_and_what_to_do() {
    let folder = folder();
    folder.write("cut.npy", &npy("(4, 3)", &[0.5; 12])[..170]);
    folder.write("flat.npy", npy("(12,)", &[0.5; 12]));
    folder.write("rows.npy", npy("(4, 3)", &[0.5; 12]));
    folder.write("cube.npy", npy("(2, 2, 3)", &[0.5; 12]));
    folder.write("rows.raw", [0; 47]);
    folder.write("lines.raw", b"1.5\n\x81\x92\xa3\xb4\xc5\xd6\n");
    for (code, inputs, parts) in [
        (
            1,
            "cut.npy",
            vec!["cut.npy: is cut short: its shape (4, 3) takes 48 bytes, and there are 42"],
        ),
        (1, "flat.npy", vec!["flat.npy: is one column alone"]),
        (1, "rows.npy flat.npy", vec!["flat.npy: arrays of one column each"]),
        (1, "good.txt flat.npy", vec!["flat.npy: arrays of one column each"]),
        (1, "cube.npy", vec!["cube.npy: has shape (2, 2, 3)", "reshape"]),
        (1, "rows.npy --columns x=1,y=4", vec!["rows.npy: has rows of 3 numbers"]),
        (1, "rows.npy --raw f32 --columns-per-row 3", vec!["rows.npy: ", "leave out --raw"]),
        (
            1,
            "rows.raw --raw f32 --columns-per-row 3",
            vec!["rows.raw: is 47 bytes long, which is 3 rows of 3 f32 and 11 bytes more"],
        ),
        (1, "rows.raw", vec!["rows.raw: is binary data", "--raw f32 --columns-per-row"]),
        (1, "lines.raw --columns x=1", vec!["lines.raw:2: ", "--raw f32 --columns-per-row"]),
        (2, "rows.npy --skip-bad", vec!["--skip-bad says how text is read"]),
        (2, "rows.npy --delimiter tab", vec!["--delimiter says how text is read"]),
        (2, "flat.npy flat.npy --columns x=flat,y=2", vec!["two inputs are named flat"]),
        (2, "rows.raw --raw f32", vec!["--columns-per-row"]),
        (2, "rows.raw --columns-per-row 3", vec!["--raw"]),
        (2, "rows.raw --raw f16 --columns-per-row 3", vec!["f16", "f32, f64"]),
        (2, "rows.raw --raw f32 --columns-per-row 0", vec!["--columns-per-row"]),
        (2, "rows.raw --raw f32 --columns-per-row 3 --skip-bad", vec!["--raw", "--skip-bad"]),
        (2, "rows.raw --raw f32 --columns-per-row 3 --comment %", vec!["--raw", "--comment"]),
        (2, "rows.raw --raw f32 --columns-per-row 3 --delimiter tab", vec!["--raw", "--delimiter"]),
    ] {
        contains(&folder.fail(code, &format!("ingest {inputs} -o n.points")), &parts);
        contains(&folder.fail(code, &format!("render {inputs} -o n.png")), &parts);
    }
    contains(
        &folder.fail(2, "render good.points -o n.png --raw f32 --columns-per-row 3"),
        &[
            "render: --raw says how inputs are ingested, and .points folders are ingested already: leave it out",
        ],
    );
}

#[test]
fn a_column_that_does_not_exist_lists_those_that_do() {
    let folder = folder();
    folder.write("h.csv", "lon,lat,height\n1,2,3\n");
    contains(
        &folder.fail(1, "ingest h.csv -o n.points --columns x=lon,y=latitude"),
        &["no column \"latitude\"", "lon, lat, height"],
    );
    contains(
        &folder.fail(1, "ingest good.txt -o n.points --columns x=1,y=7"),
        &["good.txt:1: column y is to be field 7, and rows have 3 fields"],
    );
    contains(
        &folder.fail(1, "bin2d good.points -o n.tiff --z mag"),
        &["good.points: no column \"mag\"; it has x, y, z"],
    );
    contains(&folder.fail(1, "colorize good.tiff -o n.png --by max"), &["max", "count", "mean"]);
}

#[test]
fn options_that_make_no_sense_are_wrong_usage() {
    let folder = folder();
    for (arguments, parts) in [
        ("render good.txt -o n.png --size 0", vec!["--size"]),
        ("render good.txt -o n.png --size 10x", vec!["--size"]),
        ("render good.txt -o n.png --size 10x20x30", vec!["--size"]),
        ("render good.txt -o n.png --size -5", vec!["-5"]),
        ("render good.txt -o n.png --size 99999999999999999999", vec!["--size"]),
        ("render good.txt -o n.png --resolution 0", vec!["greater than 0"]),
        ("render good.txt -o n.png --resolution nan", vec!["greater than 0"]),
        ("render good.txt -o n.png --extent 1,0,0,1", vec!["--extent"]),
        ("render good.txt -o n.png --extent 0,0,0,1", vec!["--extent"]),
        ("render good.txt -o n.png --extent nan,1,0,1", vec!["--extent"]),
        ("render good.txt -o n.png --extent -inf,1,0,1", vec!["--extent"]),
        ("render good.txt -o n.png --extent 0,1,0", vec!["--extent"]),
        ("render good.txt -o n.png --extent -1e308,1.7e308,0,1", vec!["--extent"]),
        ("render good.txt -o n.png --reduce median", vec!["median", "mean"]),
        ("render good.txt -o n.png --cmap virdis", vec!["viridis"]),
        ("render good.txt -o n.png --color #12", vec!["#12"]),
        ("render good.txt -o n.png --norm loq", vec!["loq", "log"]),
        ("render good.txt -o n.png --clip 5", vec!["two numbers"]),
        ("render good.txt -o n.png --alpha-range 0,1", vec!["--alpha-norm"]),
        ("render good.txt -o n.png --threads 0", vec!["--threads"]),
        ("render good.txt -o n.png --columns x=0,y=1", vec!["count from 1"]),
        ("render good.txt -o n.png --columns x,y", vec!["NAME=FIELD"]),
        ("render good.txt -o n.png --columns ../x=1,y=2", vec!["cannot name a column"]),
        ("render good.txt -o n.png --comment 1", vec!["cannot begin a comment"]),
        ("render good.txt -o n.png --comand", vec!["--comand"]),
        ("rendr good.txt -o n.png", vec!["render"]),
        ("render good.txt", vec!["--output"]),
        ("render good.txt -o n.jpg", vec!["n.jpg must end in .png"]),
        ("ingest good.txt -o good.txt", vec!["must end in .points"]),
        ("bin2d good.points -o n.png", vec!["must end in .tiff or .tif"]),
        ("ingest good.points -o good.points", vec!["both input and output"]),
        ("ingest - - -o n.points", vec!["only once"]),
        ("render good.txt -o - --json", vec!["--json"]),
    ] {
        contains(&folder.fail(2, arguments), &parts);
    }
}

#[test]
fn a_size_that_cannot_fit_says_what_it_would_take() {
    let folder = folder();
    // Compressed, it may find room on any disk.
    let message = folder.fail(1, "bin2d good.points -o n.tiff --size 60000 --compress deflate");
    contains(&message, &["60000x60000", "GB", "would fit"]);
}

#[test]
fn points_that_are_nowhere_finite_have_no_extent() {
    let folder = folder();
    folder.write("nan.txt", "nan nan 1\nnan nan 2\n");
    folder.succeed("ingest nan.txt -o nan.points");
    contains(&folder.fail(1, "bin2d nan.points -o n.tiff"), &["--extent"]);
}

#[test]
fn an_output_that_cannot_be_written_is_named_before_the_work() {
    let folder = folder();
    folder.write("file", "mine");
    std::fs::create_dir(folder.path("folder.png")).unwrap();
    contains(&folder.fail(1, "render good.txt -o nowhere/n.png"), &["nowhere/n.png: cannot write"]);
    contains(&folder.fail(1, "render good.txt -o file/n.png"), &["file/n.png: cannot write"]);
    contains(
        &folder.fail(1, "render good.txt -o folder.png"),
        &["folder.png: cannot write: is a directory"],
    );
    contains(
        &folder.fail(1, "ingest good.txt -o nowhere/n.points"),
        &["nowhere/n.points: cannot write"],
    );
    contains(&folder.fail(1, "bin2d good.points -o nowhere/n.tiff"), &["nowhere/n.tiff"]);
    contains(
        &folder.fail(1, "colorize good.tiff -o nowhere/n.png"),
        &["nowhere/n.png: cannot write"],
    );
}

#[test]
fn what_is_not_ours_is_neither_read_nor_replaced() {
    let folder = folder();
    std::fs::create_dir(folder.path("mine.points")).unwrap();
    folder.write("mine.points/thesis.txt", "mine");
    contains(&folder.fail(1, "ingest good.txt -o mine.points"), &["mine.points", "thesis.txt"]);
    // A picture does without that name.
    folder.write("mine.txt", spiral());
    folder.succeed("render mine.txt -o mine.png --size 3");
    assert_eq!(folder.read("mine.points/thesis.txt"), b"mine");
    folder.write("mine.tiff", "not a grid");
    contains(&folder.fail(1, "colorize mine.tiff -o n.png"), &["mine.tiff"]);
    let tiff = folder.path("other.tiff");
    image::GrayImage::new(4, 4).save(&tiff).unwrap();
    contains(&folder.fail(1, "colorize other.tiff -o n.png"), &["other.tiff", "not a grid"]);
    image::GrayImage::new(4, 4).save(folder.path("other.png")).unwrap();
    contains(&folder.fail(1, "info other.png"), &["other.png: is a PNG, but not one of ours"]);
}

#[test]
fn a_damaged_intermediate_is_an_error_or_made_again_but_never_trusted() {
    let folder = folder();
    let grid = folder.read("good.tiff");
    folder.write("cut.tiff", &grid[..grid.len() / 2]);
    contains(&folder.fail(1, "colorize cut.tiff -o n.png"), &["cut.tiff"]);
    let column = folder.read("good.points/x.npy");
    folder.write("good.points/x.npy", &column[..column.len() - 4]);
    contains(&folder.fail(1, "bin2d good.points -o n.tiff"), &["x.npy: is "]);
    let run = folder.succeed("ingest good.txt -o good.points");
    assert!(run.stderr.contains("500 points, 0 bad"), "{}", run.stderr);
    assert_eq!(folder.read("good.points/x.npy"), column);
    folder
        .write("good.points/points.json", "{\"format\": \"pointillist points\", \"version\": 99}");
    contains(&folder.fail(1, "bin2d good.points -o n.tiff"), &["version 99"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_nothing_behind() {
    // Every write to /dev/full fails; a limit on the size of files does the same to any file.
    let folder = Folder::new();
    folder.write("big.txt", spiral().repeat(2000));
    let before = folder.listing().len();
    for arguments in ["ingest big.txt -o big.points", "render big.txt -o b.png --size 8"] {
        let program = env!("CARGO_BIN_EXE_pointillist");
        let script = format!("trap '' XFSZ; ulimit -f 64; exec {program} {arguments}");
        let output = std::process::Command::new("bash")
            .args(["-c", &script])
            .current_dir(folder.path(""))
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        contains(&message, &["big.points/", "cannot write: file too large"]);
        assert_eq!(folder.listing().len(), before, "{message}");
    }
}

/// A run that has begun its output and waits for more text.
#[cfg(unix)]
struct Waiting {
    child: std::process::Child,
    stdin: std::process::ChildStdin,
}

#[cfg(unix)]
impl Waiting {
    fn new(folder: &Folder, before: &str) -> Self {
        Self::run(folder, before, "ingest - -o n.points")
    }

    fn run(folder: &Folder, before: &str, arguments: &str) -> Self {
        use std::io::Write;
        use std::process::Stdio;
        let program = env!("CARGO_BIN_EXE_pointillist");
        let mut child = std::process::Command::new("sh")
            .args(["-c", &format!("{before} exec {program} {arguments}")])
            .current_dir(folder.path(""))
            .env("TMPDIR", folder.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(spiral().repeat(400).as_bytes()).unwrap();
        let begun = || folder.listing().iter().any(|(path, _)| path.ends_with("x.npy"));
        while !begun() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Self { child, stdin }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let kill = std::process::Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(kill.unwrap().success());
    }

    /// More text, its end, and what came of it.
    fn finish(mut self) -> crate::support::Run {
        use std::io::Write;
        let _ = self.stdin.write_all(spiral().repeat(400).as_bytes());
        drop(self.stdin);
        crate::support::Run::new(self.child.wait_with_output().unwrap())
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_removes_what_it_has_begun() {
    // Where these tests run in the background or under nohup, some signals are ignored, and stay so.
    let reaches = |signal: &&str| {
        let script = format!("kill -{signal} $$; echo ignored");
        let shell = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        shell.stdout.is_empty()
    };
    assert!(reaches(&"TERM"));
    let signals = [("TERM", 143), ("INT", 130), ("HUP", 129)];
    for (signal, code) in signals.into_iter().filter(|(signal, _)| reaches(signal)) {
        let folder = Folder::new();
        let run = Waiting::new(&folder, "");
        run.signal(signal);
        // The run looks up when the next text comes; until then the signal may be on its way.
        std::thread::sleep(std::time::Duration::from_millis(300));
        let run = run.finish();
        assert_eq!(run.code, code, "{}", run.stderr);
        let last = match run.stderr.strip_prefix("pointillist: stopping… (again to stop at once)\n")
        {
            Some(last) => last,
            None => panic!("{}", run.stderr),
        };
        // Where this machine is so slow that the run has not looked up in time, it was ended without a word.
        let interrupted = "pointillist: ingest: interrupted; the unfinished output is removed\n";
        assert!(last == interrupted || last.is_empty(), "{last}");
        assert_eq!(folder.listing(), []);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_whose_text_has_stalled_ends_at_the_second_signal_and_removes_it_too() {
    use std::io::{BufRead, BufReader};
    let folder = Folder::new();
    let mut run = Waiting::new(&folder, "");
    run.signal("TERM");
    // Two signals at once would be one.
    let mut line = String::new();
    BufReader::new(run.child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "pointillist: stopping… (again to stop at once)\n");
    run.signal("TERM");
    assert_eq!(run.child.wait().unwrap().code(), Some(143));
    assert_eq!(folder.listing(), []);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_whose_text_has_stalled_ends_by_itself_and_removes_all_it_has_begun() {
    // The columns of the second lie in a temporary folder.
    for arguments in ["ingest - -o n.points", "render - -o -"] {
        let folder = Folder::new();
        let mut run = Waiting::run(&folder, "", arguments);
        run.signal("TERM");
        // Far more than it takes: a run that does not end must not hang the tests.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(120);
        let status = loop {
            match run.child.try_wait().unwrap() {
                None if std::time::Instant::now() < deadline => {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                status => break status,
            }
        };
        if status.is_none() {
            run.child.kill().unwrap();
        }
        assert_eq!(status.and_then(|status| status.code()), Some(143), "{arguments}");
        assert_eq!(folder.listing(), [], "{arguments}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_that_the_parent_wants_ignored_is_ignored() {
    for signal in ["HUP", "INT"] {
        let folder = Folder::new();
        let run = Waiting::new(&folder, &format!("trap '' {signal};"));
        run.signal(signal);
        std::thread::sleep(std::time::Duration::from_millis(300));
        let run = run.finish();
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(folder.path("n.points/points.json").exists());
    }
}

#[test]
fn options_are_refused_before_any_work() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    for (options, part) in [
        ("--vmin 3 --vmax 2", "vmin"),
        ("--clip -1,101", "clip"),
        ("--alpha 7", "alpha"),
        ("--reduce count --by mean", "--reduce"),
        ("--reduce max,min", "--by"),
        ("--by median", "median"),
        ("--size -3", "--size"),
        ("--threads 513", "512"),
        ("--color #f00 --norm log", "--norm"),
    ] {
        // `fail` sees to it that there are no columns either.
        contains(&folder.fail(2, &format!("render s.txt -o s.png {options}")), &[part]);
    }
    folder.succeed("render s.txt -o s.png --size 9");
    let grid = folder.grid("s.points");
    contains(&folder.fail(2, &format!("colorize {grid} -o t.png --vmin 3 --vmax 2")), &["vmin"]);
    contains(&folder.fail(2, "render s.points -o t.png --skip-bad"), &["--skip-bad", "ingest"]);
}

/// Names of files come from anywhere, and a terminal does what they say.
#[cfg(unix)]
#[test]
fn what_a_terminal_would_act_on_is_shown_escaped() {
    let folder = folder();
    let name = "a\u{1b}[2J\u{9b}\u{202e}b.txt";
    folder.write(name, "1 2\n3 4\n");
    let run = |arguments: &[&str]| {
        let output = folder.command("").args(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8(text).unwrap()
    };
    for arguments in [
        &["ingest", name, "-o", "a.points"][..],
        &["ingest", name, "-o", "a.points", "--json"],
        &["info", "a.points"],
        &["info", "a.points", "--json"],
        &["ingest", "\u{1b}missing.txt", "-o", "b.points"],
        &["ingest", "good.txt", "-o", "c.points", "--\u{1b}[31m"],
        &["colorize", "good.tiff", "-o", "c.png", "--by", "\u{1b}[31m"],
    ] {
        let text = run(arguments);
        let active = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.is_empty() && !text.contains(active), "{arguments:?}: {text:?}");
    }
    let facts = run(&["info", "a.points", "--json"]);
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    let path = facts["points"]["sources"][0]["path"].as_str().unwrap();
    assert!(path.ends_with(name), "{path:?}");
}

#[test]
fn a_column_that_is_not_there_comes_with_the_option_that_reads_it_where_that_works() {
    let folder = Folder::new();
    let fail = |arguments: &str| {
        let run = folder.run(arguments);
        assert_eq!(run.code, 1, "{arguments}\n{}", run.stderr);
        run.stderr
    };
    folder.write("s.csv", "ra,dec,z,G mag,mag\n1,2,3,4,5\n2,3,4,5,6\n");
    folder.write("s.txt", "1 2 3 4\n2 3 4 5\n");
    folder.write("t.txt", "1 2 3\n2 3 4\n");
    for (input, expected) in [
        ("s.csv", "has x, y, z; read it, too: --columns x=ra,y=dec,z=z,mag=mag\n"),
        ("s.txt", "--columns x=1,y=2,z=3,mag=FIELD, where FIELD is one of the 4 fields of a row\n"),
        ("t.txt", "t.points: no column \"mag\"; it has x, y, z\n"),
    ] {
        for asked in ["render --reduce mean:mag --by mean:mag", "scatter --z mag --cmap jet"] {
            let error = fail(&format!("{asked} {input} -o s.png"));
            assert!(error.ends_with(expected), "{error}");
        }
    }
    // Columns that were read already take no such option.
    let error = fail("render s.points -o s.png --reduce mean:mag --by mean:mag");
    assert!(error.ends_with("it has x, y, z\n"), "{error}");
    folder.succeed(
        "render s.csv -o s.png --reduce mean:mag --by mean:mag --columns x=ra,y=dec,z=z,mag=mag",
    );
}

#[test]
fn a_place_for_what_is_kept_that_is_no_folder_is_an_error_even_if_nothing_has_to_be_kept() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.write("file", "mine");
    folder.succeed("render s.txt -o s.png --size 9");
    for place in ["file", "file/cache"] {
        let error = folder.fail(1, &format!("render s.txt -o s.png --size 9 --cache-dir {place}"));
        contains(&error, &["file: is not a folder; choose another folder with --cache-dir"]);
    }
}

#[cfg(unix)]
#[test]
fn an_output_that_is_a_link_to_nothing_says_where_that_leads() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    for (name, command) in [("s.png", "render"), ("s.points", "ingest")] {
        std::os::unix::fs::symlink("gone/target", folder.path(name)).unwrap();
        let error = folder.fail(1, &format!("{command} s.txt -o {name}"));
        contains(&error, &["is a link to gone/target, which does not exist: remove the link, or"]);
    }
}

/// The standard library opens `/dev/null` in the place of what is closed, where everything can be written.
#[cfg(target_os = "linux")]
#[test]
fn a_standard_output_that_is_closed_is_an_error_where_something_is_to_be_written_to_it() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("render s.txt -o s.png --size 9");
    let run = |arguments: &str, how: &str| {
        let program = env!("CARGO_BIN_EXE_pointillist");
        let script = format!("exec {program} {arguments} {how}");
        let mut shell = std::process::Command::new("sh");
        let run = shell.args(["-c", &script]).current_dir(folder.path("")).output().unwrap();
        crate::support::Run::new(run)
    };
    for arguments in ["render s.txt -o - --size 9", "info s.points", "render s.txt -o s.png --json"]
    {
        let closed = run(arguments, ">&-");
        assert_eq!(closed.code, 1, "{arguments}\n{}", closed.stderr);
        contains(&closed.stderr, &["standard output: is closed: "]);
        for null in [">/dev/null", "1<>/dev/null"] {
            assert_eq!(run(arguments, null).code, 0, "{arguments} {null}");
        }
    }
    assert_eq!(run("render s.txt -o s.png --size 9", ">&-").code, 0);
    for arguments in ["--help", "--version", "help", "render --help"] {
        let closed = run(arguments, ">&-");
        assert_eq!(closed.code, 1, "{arguments}\n{}", closed.stderr);
        contains(&closed.stderr, &["standard output: is closed: "]);
        assert_eq!(run(arguments, ">/dev/null").code, 0, "{arguments}");
    }
    assert_eq!(run("--none", ">&-").code, 2);
}

#[test]
fn a_file_that_is_called_as_a_folder_is_refused_before_any_work() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("ingest s.txt -o s.points/");
    folder.succeed("bin2d s.points/ -o s.tiff");
    folder.succeed("bin2d s.points -o 1.tiff --shard 1/1");
    for command in [
        "render s.txt -o n.png/",
        "render s.txt -o n.svg/ --figure",
        "scatter s.txt -o n.png/.",
        "bin2d s.points -o n.tiff/",
        "merge 1.tiff -o n.tiff//",
        "colorize s.tiff -o n.png/",
        "colorize s.tiff -o s.tiff/",
    ] {
        folder.fail(2, command);
    }
}
