//! Text and arrays binned as they are read, in one pass, by `bin2d`.

use crate::support::{Folder, Run, gzip, npy, numbers, raw, spiral};

const EXTENT: &str = "--extent -20,20,-20,20";

/// What `--json` says of the only stage.
fn facts(run: &Run) -> serde_json::Value {
    assert_eq!(run.code, 0, "{}", run.stderr);
    let all = run.json();
    assert_eq!(all.len(), 1);
    all[0].clone()
}

#[test]
fn text_in_any_form_gives_the_grid_that_its_columns_give() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.write("s.txt.gz", gzip(spiral()));
    let lines: Vec<&str> = spiral().leak().split_inclusive('\n').collect();
    folder.write("a.txt", lines[..123].concat());
    folder.write("b.txt", lines[123..].concat());
    folder.write("rows.npy", npy("(500, 3)", &numbers(&spiral())));
    folder.write("rows.raw", raw(&numbers(&spiral())));
    folder.succeed("ingest s.txt -o s.points");
    // In lanes, by tiles because of a reduction, and by tiles because of the size.
    for options in ["--size 30x20", "--size 30 --reduce count,std,first", "--size 3000 --dtype f64"]
    {
        let dtype = if options.contains("f64") { "--dtype f64" } else { "" };
        folder.succeed(&format!("ingest s.txt -o s.points {dtype}"));
        let columns =
            folder.succeed(&format!("bin2d s.points -o c.tiff {EXTENT} {options} --json"));
        let columns = facts(&columns);
        for inputs in [
            "s.txt",
            "s.txt.gz",
            "a.txt b.txt",
            "rows.npy",
            "rows.raw --raw f32 --columns-per-row 3",
        ] {
            let options = match inputs.starts_with("rows") && !dtype.is_empty() {
                // 32 bits hold other numbers than the text.
                true => continue,
                false => options,
            };
            let run =
                folder.succeed(&format!("bin2d {inputs} -o t.tiff {EXTENT} {options} --json"));
            let found = facts(&run);
            // The identity is that of the values of all pages.
            for fact in ["identity", "points", "binned", "outside", "non_finite", "extent", "pages"]
            {
                assert_eq!(found[fact], columns[fact], "{fact} of {inputs} {options}");
            }
            assert_eq!(found["bad"], 0);
        }
        for (name, text) in [("text", spiral().into_bytes()), ("gzip", gzip(spiral()))] {
            let run = folder.feed(&format!("bin2d - -o i.tiff {EXTENT} {options} --json"), text);
            assert_eq!(facts(&run)["identity"], columns["identity"], "{name} {options}");
        }
    }
    let names: Vec<_> = std::fs::read_dir(folder.path("")).unwrap().collect();
    assert_eq!(names.len(), 10, "no columns are left behind: {names:?}");
}

#[test]
fn the_pages_are_the_same_bytes_for_any_number_of_threads() {
    let folder = Folder::new();
    // Several chunks of text.
    let text = spiral().repeat(400);
    assert!(text.len() > 2 * (2 << 20), "{}", text.len());
    folder.write("s.txt", &text);
    folder.succeed("ingest s.txt -o s.points");
    folder.succeed(&format!("bin2d s.points -o c.tiff {EXTENT} --size 40"));
    let pixels = |name: &str| {
        let info = folder.succeed(&format!("info {name} --json --verify")).json();
        (info[0]["identity"].clone(), info[0]["description"]["counts"].clone())
    };
    let expected = pixels("c.tiff");
    for threads in [1, 2, 5] {
        let options = format!("{EXTENT} --size 40 --threads {threads} --force");
        folder.succeed(&format!("bin2d s.txt -o t{threads}.tiff {options}"));
        assert_eq!(pixels(&format!("t{threads}.tiff")), expected);
        assert!(folder.read(&format!("t{threads}.tiff")) == folder.read("t1.tiff"));
    }
}

#[test]
fn the_summary_says_where_the_points_went_and_what_was_skipped() {
    let folder = Folder::new();
    let run = folder.feed(
        "bin2d - -o n.tiff --extent 0,1,0,1 --size 4 --skip-bad --reduce count",
        "0.5 0.5\n2 2\nnan 0.5\n0.25\n0.75 0.75\n",
    );
    let lines = run.lines();
    assert_eq!(lines.len(), 2, "{}", run.stderr);
    assert_eq!(lines[0], "pointillist: bin2d: warning: -:4: expected 2 fields, found 1: \"0.25\"");
    let expected = "bin2d: n.tiff: 4x4, 4 points: 2 binned, 1 outside, 1 non-finite, 1 bad (1 with another number \
                    of fields); 35 B in ";
    assert!(lines[1].starts_with(expected), "{}", run.stderr);
    assert!(lines[1].ends_with(" writing)") && lines[1].contains("GB/s; "), "{}", run.stderr);
    let info = folder.succeed("info n.tiff --json").json();
    let inputs = &info[0]["description"]["inputs"];
    assert_eq!((&inputs["skipped"], &inputs["sources"][0]["size"]), (&1.into(), &35.into()));
    assert!(folder.succeed("info n.tiff").stderr.is_empty());
    let text = String::from_utf8(folder.succeed("info n.tiff").stdout).unwrap();
    assert!(text.contains("\nfrom - (35 B)\n"), "{text}");
}

#[test]
fn columns_are_chosen_as_ingest_chooses_them() {
    let folder = Folder::new();
    folder.write("s.csv", "id;dec;ra;mag\n!;1;2;3\n1;10.5;20.5;3\n2;11.5;21.5;4\n");
    let reading = "--columns x=ra,y=dec,mag=mag --comment ! --delimiter semicolon";
    folder.succeed(&format!(
        "bin2d s.csv -o s.tiff {reading} --z mag --reduce max --size 1 --extent 20,22,10,12"
    ));
    let info = folder.succeed("info s.tiff --json").json();
    assert_eq!(info[0]["pages"][0]["max"], 4.0);
    let error = folder.fail(2, "bin2d s.csv -o n.tiff --z mag --extent 20,22,10,12");
    assert!(error.contains("no column \"mag\" is read, only x, y, z; "), "{error}");
    assert!(error.contains("--columns x=1,y=2,mag=4"), "{error}");
}

#[test]
fn where_no_point_lies_in_the_extent_the_bounds_are_said() {
    let folder = Folder::new();
    folder.write("p.txt", "1 5 1\n2 nan 2\n");
    let run = folder.succeed("bin2d p.txt -o p.tiff --extent 10,20,10,20 --size 4");
    let warning = "warning: no point lies in the extent; x goes from 1 to 2, y goes from 5 to 5\n";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
    folder.write("t.txt", "1600000000 0\n1600086400 1\n");
    let run = folder
        .succeed("bin2d t.txt -o t.tiff --extent 1600000000,1600086400,0,1 --size 4 --dtype f32");
    assert!(run.stderr.contains("warning: x: neighbouring float32 values"), "{}", run.stderr);
    assert!(run.stderr.contains("--dtype f64"), "{}", run.stderr);
    let run = folder
        .succeed("bin2d t.txt -o t.tiff --extent 1600000000,1600086400,0,1 --size 4 --dtype f64");
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
}

#[test]
fn a_grid_is_up_to_date_while_its_text_and_all_options_are_the_same() {
    let folder = Folder::new();
    folder.write("s.txt", spiral() + "bad\n");
    let made = |arguments: &str| {
        let run = folder.succeed(&format!("bin2d {arguments} -o s.tiff --size 20 --json {EXTENT}"));
        facts(&run)["up_to_date"] == false
    };
    assert!(made("s.txt --skip-bad"));
    assert!(!made("s.txt --skip-bad"));
    let again = folder.succeed(&format!("bin2d s.txt --skip-bad -o s.tiff --size 20 {EXTENT}"));
    assert_eq!(again.stderr, "bin2d: s.tiff: up to date, 500 points, 1 bad\n");
    assert!(made("s.txt --skip-bad --force"));
    assert!(made("s.txt --skip-bad --reduce count"));
    assert!(made("s.txt --skip-bad"));
    assert!(made("s.txt --skip-bad --columns x=1,y=2,z=2"));
    assert!(made("s.txt --skip-bad --dtype f64"));
    assert!(made("s.txt --skip-bad"));
    folder.write("s.txt", spiral() + "bad\n");
    assert!(made("s.txt --skip-bad"));
    // The columns of the same text are the same points, under any options of the text.
    folder.succeed("ingest s.txt -o s.points --skip-bad --delimiter space");
    assert!(!made("s.points"));
    folder.write("s.txt", spiral() + "1 1 1\n");
    assert!(made("s.txt"));
    assert!(made("s.points"));
    // A grid of columns says nothing of their text.
    assert!(made("s.txt"));
    // What comes through a pipe is never the same.
    let pipe = || folder.feed(&format!("bin2d - -o p.tiff --json {EXTENT}"), spiral());
    assert_eq!(facts(&pipe())["up_to_date"], false);
    assert_eq!(facts(&pipe())["up_to_date"], false);
}

#[test]
fn a_grid_from_a_pipe_can_be_coloured_like_any_other() {
    let folder = Folder::new();
    assert_eq!(folder.feed(&format!("bin2d - -o s.tiff --size 50 {EXTENT}"), spiral()).code, 0);
    folder.succeed("colorize s.tiff -o s.png --by count");
    assert_eq!(folder.picture("s.png").dimensions(), (50, 50));
}

#[test]
fn what_cannot_be_binned_in_one_pass_is_refused_with_the_remedy() {
    let folder = Folder::new();
    folder.write("good.txt", spiral());
    folder.succeed("ingest good.txt -o good.points");
    for (arguments, code, part) in [
        (
            "good.txt",
            2,
            "need their region beforehand: --extent XMIN,XMAX,YMIN,YMAX; or make columns",
        ),
        ("-", 2, "need their region beforehand: --extent XMIN,XMAX,YMIN,YMAX; or make columns"),
        (
            "good.points good.txt --extent 0,1,0,1",
            2,
            "good.points is a .points folder among inputs",
        ),
        ("good.txt good.points", 2, "good.points is a .points folder among inputs"),
        ("good.points --columns x=1,y=2", 2, "--columns says how inputs are ingested"),
        ("good.points --skip-bad --extent 0,1,0,1", 2, "--skip-bad says how inputs are ingested"),
        ("- - --extent 0,1,0,1", 2, "standard input can be read only once"),
        ("good.txt missing.txt --extent 0,1,0,1", 1, "missing.txt: no such file"),
        ("missing.txt", 1, "missing.txt: no such file"),
        ("good.txt --extent 0,1,0,1 --z w", 2, "no column \"w\" is read"),
        ("good.txt --extent 0,1,0,1 --comment 1", 2, "cannot begin a comment"),
        ("- --extent 0,1,0,1", 1, "-: no points in it: the file is empty"),
    ] {
        let error = folder.fail(code, &format!("bin2d {arguments} -o n.tiff"));
        assert!(error.starts_with("pointillist: bin2d: "), "{arguments}\n{error}");
        assert!(error.contains(part), "{arguments}\n{error}");
    }
    let error = folder.fail(1, "bin2d good.txt -o no/n.tiff --extent 0,1,0,1");
    assert!(error.contains("n.tiff: cannot write: no such file"), "{error}");
}

#[test]
fn a_bad_line_is_the_end_and_leaves_the_grid_that_was_there() {
    let folder = Folder::new();
    let good = "1.5 2.5 3.5\n".repeat(200_000);
    folder.write("short.txt", format!("{good}1.5 2.25\n{good}"));
    folder.write("bad.txt", "x y\n1 bar\n");
    folder.write("good.txt", spiral());
    folder.succeed("bin2d good.txt -o n.tiff --extent 0,1,0,1 --size 10");
    let error = folder.fail(1, "bin2d short.txt -o n.tiff --extent 0,1,0,1 --size 10");
    let expected = "pointillist: bin2d: short.txt:200001: expected 3 fields, found 2: \"1.5 2.25\" (--skip-bad ";
    assert!(error.starts_with(expected), "{error}");
    let error = folder.fail(1, "bin2d bad.txt -o n.tiff --extent 0,1,0,1 --skip-bad");
    assert!(error.contains("bad.txt: no points in it: all 1 lines are bad"), "{error}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_pass_leaves_nothing() {
    use std::io::Write;
    use std::process::Stdio;
    let folder = Folder::new();
    let mut command = folder.command(&format!("bin2d - -o n.tiff {EXTENT}"));
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // More than a pipe holds: it is being read.
    stdin.write_all(spiral().repeat(400).as_bytes()).unwrap();
    let kill = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let run = Run::new(child.wait_with_output().unwrap());
    drop(stdin);
    assert_eq!(run.code, 143, "{}", run.stderr);
    assert!(folder.listing().is_empty(), "{:?}", folder.listing());
}
