//! From text to picture, and what lies between.

use crate::support::{Folder, Run, gzip, names, npy, numbers, raw, spiral};
use std::io::Write;
use std::process::Stdio;

#[test]
fn render_makes_columns_grid_and_picture() {
    let folder = Folder::new();
    folder.write("spiral.txt", spiral());
    let run = folder.succeed("render spiral.txt -o spiral.png --size 64x32");
    assert_eq!(run.stdout, b"");
    let reading = "ingest: spiral.txt: read as: blanks, 3 fields; x = 1, y = 2, z = 3\n";
    assert!(run.stderr.starts_with(reading), "{}", run.stderr);
    let lines = run.lines();
    assert_eq!(lines.len(), 3, "{}", run.stderr);
    assert!(lines[0].starts_with("ingest: spiral.points: 500 points, 0 bad, 0 non-finite; "));
    let grid = folder.grid("spiral.points");
    assert!(lines[1].starts_with(&format!(
        "bin2d: {grid}: 64x32, 500 points: 500 binned, 0 outside, 0 non-finite; "
    )));
    assert!(lines[2].starts_with("colorize: spiral.png: 64x32, mean through viridis (linear, "));
    let picture = folder.picture("spiral.png");
    assert_eq!(picture.dimensions(), (64, 32));
    let drawn = picture.pixels().filter(|pixel| pixel.0[3] == 255).count();
    let empty = picture.pixels().filter(|pixel| pixel.0 == [0; 4]).count();
    assert!(drawn > 200 && drawn + empty == 64 * 32, "{drawn} drawn, {empty} empty");
    assert_eq!(folder.column("spiral.points/x.npy").len(), 500);
}

#[test]
fn the_top_of_the_picture_is_the_largest_y() {
    let folder = Folder::new();
    folder.write("p.txt", "0 0\n1 1\n1 0.9\n");
    folder.succeed("render p.txt -o p.png --size 2 --by count --color #ff0000");
    let picture = folder.picture("p.png");
    let opaque = |x, y| picture.get_pixel(x, y).0 == [255, 0, 0, 255];
    assert!(opaque(0, 1) && opaque(1, 0) && !opaque(0, 0) && !opaque(1, 1));
}

#[test]
fn a_page_that_is_to_be_coloured_is_made_without_being_asked_for() {
    let folder = Folder::new();
    folder.write("p.txt", "# x y z mag\n0 0 1 5\n1 1 2 6\n1 1 4 9\n");
    for (by, pages) in [
        ("", "count, mean"),
        ("--by mean", "count, mean"),
        ("--by max", "count, max"),
        ("--by std --spread 1", "count, std, mean"),
        ("--columns x=1,y=2,z=3,mag=4 --by max:mag", "count, max:mag"),
        ("--columns x=1,y=2,z=3,mag=4 --by std:mag --spread 1", "count, std:mag, mean:mag"),
    ] {
        let picture = format!("render p.txt -o p.png --size 2 {by}");
        folder.succeed(&picture);
        let columns = if by.contains("--columns") { keyed(&folder) } else { "p.points".to_owned() };
        let info = format!("info {}", folder.grid(&columns));
        let info = String::from_utf8(folder.succeed(&info).stdout).unwrap();
        let rows = info.lines().filter(|line| line.contains(" f32 "));
        let names: Vec<&str> = rows.filter_map(|row| row.split(' ').next()).collect();
        assert_eq!(names.join(", "), pages, "{by}");
        assert!(folder.succeed(&picture).stderr.contains("colorize: p.png: up to date"));
    }
}

/// The columns with a key in their name.
fn keyed(folder: &Folder) -> String {
    let mut names = names(&folder.path("")).into_iter();
    names.find(|name| name.contains('-') && name.ends_with(".points")).unwrap()
}

#[test]
fn the_bytes_do_not_depend_on_the_number_of_threads() {
    let folder = Folder::new();
    folder.galaxy();
    let mut results = Vec::new();
    for threads in [1, 2, 7] {
        folder.succeed(&format!(
            "render galaxy.txt -o g.png --cache-dir {threads} --threads {threads} --force --size 300 --reduce \
             count,mean,std,first,sum"
        ));
        let columns = format!("{threads}/galaxy.points");
        results.push((
            folder.read(&format!("{columns}/z.npy")),
            folder.read(&format!("{columns}/z.zones.npy")),
            folder.read(&folder.grid(&columns)),
            folder.read("g.png"),
        ));
    }
    assert!(results[0] == results[1] && results[0] == results[2]);
}

#[test]
fn standard_input_gives_what_a_file_gives_and_a_picture_may_go_to_standard_output() {
    let folder = Folder::new();
    folder.write("spiral.txt", spiral());
    folder.succeed("render spiral.txt -o file.png --size 50");
    let mut child = folder
        .command("render - -o - --size 50")
        .env("TMPDIR", folder.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(spiral().as_bytes()).unwrap();
    let run = Run::new(child.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout == folder.read("file.png"), "{}", run.stderr);
    assert_eq!(
        folder.listing().iter().filter(|(path, _)| path.ends_with("stdin.points")).count(),
        0
    );
}

#[test]
fn compressed_text_gives_what_the_text_gives() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.write("packed", gzip(spiral()));
    folder.succeed("render s.txt -o s.png --size 50");
    let run = folder.succeed("render packed -o packed.png --size 50 --json");
    assert!(folder.read("packed.png") == folder.read("s.png"));
    let ingested = &run.json()[0];
    assert_eq!(ingested["bytes"], spiral().len());
    let again = folder.succeed("render packed -o packed.png --size 50 --json");
    assert!(again.json().iter().all(|stage| stage["up_to_date"] == true));

    let mut child = folder
        .command("ingest - -o stdin.points --json --quiet")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&gzip(spiral())).unwrap();
    let run = Run::new(child.wait_with_output().unwrap());
    assert_eq!(run.json()[0]["identity"], ingested["identity"]);
}

#[test]
fn arrays_give_what_their_numbers_as_text_give() {
    let folder = Folder::new();
    let values = numbers(&spiral());
    folder.write("s.txt", spiral());
    folder.write("rows.npy", npy("(500, 3)", &values));
    folder.write("rows.raw", raw(&values));
    for (index, name) in ["x", "y", "z"].into_iter().enumerate() {
        let column: Vec<f32> = values.iter().skip(index).step_by(3).copied().collect();
        folder.write(&format!("{name}.npy"), npy("(500,)", &column));
        folder.write(&format!("{name}.npy.gz"), gzip(npy("(500,)", &column)));
    }
    folder.succeed("render s.txt -o s.png --size 50");
    let identity = |run: &Run| run.json()[0]["identity"].clone();
    let expected = identity(&folder.succeed("ingest s.txt -o s.points --json --force"));
    for inputs in [
        "rows.npy",
        "x.npy y.npy z.npy",
        "z.npy x.npy y.npy --columns x=x,y=y,z=z",
        "x.npy.gz y.npy z.npy.gz --columns x=1,y=2,z=3",
        "rows.raw --raw f32 --columns-per-row 3",
    ] {
        let run = folder.succeed(&format!("render {inputs} -o a.png --size 50 --json"));
        assert_eq!(identity(&run), expected, "{inputs}");
        assert_eq!(run.json()[0]["bytes"], 500 * 3 * 4);
        assert!(folder.read("a.png") == folder.read("s.png"), "{inputs}");
        let again = folder.succeed(&format!("render {inputs} -o a.png --size 50 --json"));
        assert!(again.json().iter().all(|stage| stage["up_to_date"] == true), "{inputs}");
    }
    // Other numbers to a row are other points.
    let run = folder.succeed("ingest rows.raw -o a.points --raw f32 --columns-per-row 2 --json");
    assert_eq!(run.json()[0]["points"], 750);
}

/// Runs the program, which must succeed although nobody reads its standard output.
fn succeed_unread(folder: &Folder, arguments: &str) -> Run {
    let mut child =
        folder.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let run = Run::new(child.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{}", run.stderr);
    run
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let folder = Folder::new();
    folder.write("spiral.txt", spiral());
    let run = succeed_unread(&folder, "render spiral.txt -o - --size 2000 --norm linear");
    assert!(!run.stderr.contains("pointillist:"), "{}", run.stderr);
}

#[test]
fn a_picture_is_made_even_when_nobody_reads_the_lines_about_it() {
    let folder = Folder::new();
    folder.write("spiral.txt", spiral());
    succeed_unread(&folder, "render spiral.txt -o s.png --size 20 --json");
    assert_eq!(folder.picture("s.png").dimensions(), (20, 20));
}

#[cfg(unix)]
#[test]
fn a_standard_error_that_takes_nothing_changes_nothing() {
    let folder = Folder::new();
    folder.write("spiral.txt", spiral());
    for (number, redirection) in ["2>&-", "2>/dev/full"].into_iter().enumerate() {
        let program = env!("CARGO_BIN_EXE_pointillist");
        let run = |arguments: &str| {
            let script = format!("exec {program} {arguments} {redirection}");
            let mut shell = std::process::Command::new("sh");
            shell.args(["-c", &script]).current_dir(folder.path(""));
            Run::new(shell.output().unwrap()).code
        };
        assert_eq!(run(&format!("render spiral.txt -o {number}.png --size 20")), 0);
        assert_eq!(folder.picture(&format!("{number}.png")).dimensions(), (20, 20));
        assert_eq!(run("ingest missing.txt -o m.points"), 1);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_need_not_be_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    folder.write("spiral.txt", spiral());
    let name = |end: &str| {
        let bytes = [b"s\xff".as_slice(), end.as_bytes()].concat();
        std::ffi::OsStr::from_bytes(&bytes).to_owned()
    };
    let mut render = folder.command("render spiral.txt --size 20 -o");
    let run = Run::new(render.arg(name(".png")).output().unwrap());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let (stem, picture) = (name(""), name(".png"));
    let mut render = folder.command("render spiral.txt --size 20 --force --cache-dir");
    let run = Run::new(render.arg(&stem).arg("-o").arg(&picture).output().unwrap());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let text = folder.path("").join(name(".txt"));
    std::fs::copy(folder.path("spiral.txt"), &text).unwrap();
    let mut render = folder.command("render --size 20 -o");
    let run = Run::new(render.arg(&picture).arg(&text).output().unwrap());
    assert_eq!(run.code, 0, "{}", run.stderr);
    for end in [".points", ".png"] {
        assert!(folder.path("").join(name(end)).exists(), "{end}");
        let run = Run::new(folder.command("info --json").arg(name(end)).output().unwrap());
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(run.json()[0]["path"], format!("s\\xff{end}"));
    }
}

#[test]
fn columns_are_the_numbers_of_the_text_rounded_once() {
    let folder = Folder::new();
    let numbers =
        ["1.00000005960464477539063", "-16777217", "7.006492321624086e-46", "1e400", "-0.0", "nan"];
    let text: String = numbers.iter().map(|number| format!("{number} 1\n")).collect();
    folder.write("n.txt", text);
    let run = folder.succeed("ingest n.txt -o n.points --dtype f32");
    let lost =
        "warning: x: 1 value too large for 32 bits became infinite; keep the columns in 64 bits";
    assert!(run.stderr.contains(lost), "{}", run.stderr);
    let expected: Vec<u32> =
        numbers.iter().map(|number| number.parse::<f32>().unwrap().to_bits()).collect();
    let found: Vec<u32> =
        folder.column("n.points/x.npy").iter().map(|value| value.to_bits()).collect();
    assert_eq!(found, expected);
}

#[test]
fn columns_are_chosen_by_header_name_and_further_ones_kept() {
    let folder = Folder::new();
    folder.write("s.csv", "id,dec,ra,mag\n1,10.5,20.5,3\n2,11.5,21.5,4\n");
    let run = folder.succeed("ingest s.csv -o s.points --columns x=ra,y=dec,mag=mag --json");
    assert_eq!(folder.column("s.points/x.npy"), [20.5, 21.5]);
    assert_eq!(folder.column("s.points/mag.npy"), [3., 4.]);
    let facts = &run.json()[0];
    assert_eq!(facts["points"], 2);
    assert_eq!(facts["columns"][2]["max"], 4.0);
    folder.succeed("bin2d s.points -o s.tiff --z mag --reduce max --size 2");
    let info = folder.succeed("info s.tiff --json").json();
    assert_eq!(
        info[0]["pages"][0],
        serde_json::json!({"name": "max", "dtype": "f32", "min": 3.0, "max": 4.0, "cells": 2})
    );
}

#[test]
fn points_without_z_are_counted() {
    let folder = Folder::new();
    folder.write("xy.txt", "1\t2\n2\t3\n2\t3\n");
    let run = folder.succeed("render xy.txt -o xy.png --size 2 --json --quiet");
    assert_eq!(run.stderr, "");
    let stages = run.json();
    assert_eq!(stages[1]["pages"], serde_json::json!(["count"]));
    assert_eq!(stages[2]["by"], "count");
    assert_eq!(stages[2]["limits"], serde_json::json!({"vmin": 1.0, "vmax": 2.0}));
}

#[test]
fn the_seconds_of_a_grid_are_those_of_binning_and_of_writing() {
    let folder = Folder::new();
    folder.write("p.txt", "1 2 3\n2 3 4\n");
    folder.succeed("ingest p.txt -o p.points");
    let run = folder.succeed("bin2d p.points -o p.tiff --size 500 --json");
    let facts = &run.json()[0];
    let [total, binning, writing] =
        ["seconds", "seconds_binning", "seconds_writing"].map(|fact| facts[fact].as_f64().unwrap());
    assert!(binning > 0.0 && writing > 0.0, "{facts}");
    assert!((total - binning - writing).abs() < 1e-6, "{facts}");
    assert!(
        run.stderr.ends_with(&format!(" {total:.2} s ({writing:.2} writing)\n")),
        "{}",
        run.stderr
    );
    let again = folder.succeed("bin2d p.points -o p.tiff --size 500 --json");
    assert_eq!(again.json()[0].get("seconds_binning"), None);
}

#[test]
fn non_finite_points_are_counted_and_left_out_of_the_bounds() {
    let folder = Folder::new();
    folder.write("n.txt", "0 0 1\nnan 5 1\n1 inf 1\n2 3 nan\n");
    let stages = folder.succeed("render n.txt -o n.png --size 2 --json").json();
    assert_eq!(stages[0]["columns"][0]["non_finite"], 1);
    assert_eq!(stages[0]["columns"][1]["max"], 5.0);
    assert_eq!(stages[1]["binned"], 2);
    assert_eq!(stages[1]["non_finite"], 2);
}

#[test]
fn several_inputs_and_skipped_lines_are_reported() {
    let folder = Folder::new();
    folder.write("a.txt", "1 2 3\nnot a point\n");
    folder.write("b.txt", "# b\n4 5 6\n7 8\n");
    let run = folder.succeed("ingest a.txt b.txt -o ab.points --skip-bad");
    assert_eq!(folder.column("ab.points/x.npy"), [1., 4.]);
    assert!(
        run.stderr.contains("warning: a.txt:2: column x: \"not\" is not a number: \"not a point\"")
    );
    assert!(run.stderr.contains("warning: b.txt:3: expected 3 fields, found 2: \"7 8\""));
    assert!(run.stderr.contains("ab.points: 2 points, 2 bad (1 with another number of fields, 1 with text for a number), 0 non-finite"));
}

#[test]
fn bad_lines_far_apart_are_counted_and_numbered_whatever_the_threads() {
    let folder = Folder::new();
    // 9.6 MB: five pieces of text, which threads take in turn.
    let rows = 400_000;
    let bad = [2, 1_000, 110_000, 210_000, 300_000, 399_998, 399_999];
    let text: String = (0..rows)
        .map(|row| match bad.contains(&row) {
            true => format!("oops {row} 1\n"),
            false => format!("{row:>7} {row:>7} 1.25e00\n"),
        })
        .collect();
    assert!(text.len() > 4 * (2 << 20), "{}", text.len());
    let expected: Vec<f32> =
        (0..rows).filter(|row| !bad.contains(row)).map(|row| row as f32).collect();
    folder.write("p.txt", format!("# a comment\n{text}"));
    for threads in [1, 2, 5] {
        let run = folder
            .succeed(&format!("ingest p.txt -o p.points --skip-bad --force --threads {threads}"));
        let lines = run.lines();
        let warning = |text: String| format!("pointillist: ingest: warning: {text}");
        for (line, row) in lines.iter().zip(&bad[..5]) {
            let (number, found) = (row + 2, format!("\"oops {row} 1\""));
            let problem = "column x: \"oops\" is not a number";
            assert_eq!(*line, warning(format!("p.txt:{number}: {problem}: {found}")));
        }
        assert_eq!(lines[5], warning("2 bad lines more".to_owned()));
        assert!(
            lines[6].starts_with(
                "ingest: p.points: 399,993 points, 7 bad (7 with text for a number), 0 "
            ),
            "{}",
            run.stderr
        );
        assert_eq!(lines.len(), 7, "{}", run.stderr);
        assert!(folder.column("p.points/x.npy") == expected, "{threads} threads");
    }
    // Without leave to skip them, the first one is the error.
    let error = folder.fail(1, "ingest p.txt -o q.points --threads 5");
    assert!(error.contains("p.txt:4: column x: \"oops\" is not a number"), "{error}");
}

#[test]
fn one_point_and_points_on_a_line_have_an_extent() {
    let folder = Folder::new();
    for (text, drawn) in [("3 4 5\n", 1), ("1 1 1\n1 2 1\n1 3 1\n", 3)] {
        folder.write("p.txt", text);
        folder.succeed("render p.txt -o p.png --size 9");
        let picture = folder.picture("p.png");
        assert_eq!(picture.pixels().filter(|pixel| pixel.0[3] == 255).count(), drawn);
    }
}

#[test]
fn a_grid_without_any_point_is_a_transparent_picture_and_a_warning() {
    let folder = Folder::new();
    folder.write("p.txt", "1 1 1\n2 2 2\n");
    let run = folder.succeed("render p.txt -o p.png --size 4 --extent 10,20,10,20");
    assert!(run.stderr.contains("warning: no point lies in the extent"), "{}", run.stderr);
    assert!(folder.picture("p.png").pixels().all(|pixel| pixel.0 == [0; 4]));
}

#[test]
fn info_tells_what_every_file_is_and_verifies_it() {
    let folder = Folder::new();
    folder.write("spiral.txt", spiral());
    folder.succeed("render spiral.txt -o spiral.png --size 20 --norm sqrt");
    folder.take_grid("spiral.points", "spiral.tiff");
    let text = |arguments| String::from_utf8(folder.succeed(arguments).stdout).unwrap();
    let points = text("info spiral.points --verify");
    assert!(
        points.contains(&format!("\ngrid {}: 20x20, count,mean, ", folder.grid("spiral.points")))
    );
    assert!(points.starts_with("spiral.points: 500 points\n") && points.contains(", verified"));
    let grid = text("info spiral.tiff --verify");
    assert!(grid.starts_with("spiral.tiff: grid of 20x20 cells\n") && grid.contains(", verified"));
    let picture = text("info spiral.png");
    assert!(
        picture.starts_with("spiral.png: picture of 20x20 pixels") && picture.contains("norm sqrt")
    );
    for name in ["spiral.points", "spiral.tiff", "spiral.png"] {
        assert_eq!(folder.succeed(&format!("info {name} --json")).json().len(), 1);
    }
    // A single changed byte shows.
    for (name, at) in [("spiral.points/y.npy", 700), ("spiral.tiff", 1000)] {
        let mut bytes = folder.read(name);
        bytes[at] ^= 1;
        folder.write(name, bytes);
    }
    let error = folder.fail(1, "info spiral.points --verify");
    assert!(error.contains("y.npy: differs from what was written"), "{error}");
    folder.fail(1, "info spiral.tiff --verify");
}

#[test]
fn info_shows_bounds_that_are_near_each_other_and_no_lines_where_there_were_none() {
    let folder = Folder::new();
    let info =
        |name: &str| String::from_utf8(folder.succeed(&format!("info {name}")).stdout).unwrap();
    folder.write("near.txt", "-12345.678901 4649776.25\n-12345.678902 4649781.75\nnan 4649780\n");
    folder.succeed("ingest near.txt -o near.points --dtype f64");
    let text = info("near.points");
    let table: Vec<Vec<&str>> =
        text.lines().skip(1).take(3).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(table[1], ["x", "f64", "-12345.678902", "-12345.678901", "1"]);
    assert_eq!(table[2], ["y", "f64", "4649776.25", "4649781.75", "0"]);
    assert!(text.contains("\nread 3 lines, 0 bad\n"), "{text}");
    folder.write("rows.npy", npy("(2, 2)", &[0.5, 1.5, 2.5, 3.5]));
    folder.succeed("ingest rows.npy -o rows.points");
    let text = info("rows.points");
    assert!(text.contains("rows.npy") && !text.contains("\nread "), "{text}");
}

#[test]
fn zones_are_the_bounds_of_blocks_and_their_damage_is_found() {
    let folder = Folder::new();
    let text: String = (0..65537).map(|row| format!("{row} {}\n", -row)).collect();
    folder.write("p.txt", text + "nan inf\n");
    folder.succeed("ingest p.txt -o p.points");
    let zones = |name: &str| -> Vec<_> {
        let bytes = folder.read(name);
        // After these, 64 bits of hash.
        let words = bytes[192..].as_chunks::<4>().0.as_chunks::<5>().0.iter();
        words
            .map(|&[min, max, non_finite, ..]| {
                let bounds = (f32::from_le_bytes(min), f32::from_le_bytes(max));
                (bounds.0, bounds.1, u32::from_le_bytes(non_finite))
            })
            .collect()
    };
    assert_eq!(zones("p.points/x.zones.npy"), [(0.0, 65535.0, 0), (65536.0, 65536.0, 1)]);
    assert_eq!(zones("p.points/y.zones.npy"), [(-65535.0, 0.0, 0), (-65536.0, -65536.0, 1)]);
    let facts = &folder.succeed("info p.points --verify --json").json()[0];
    assert_eq!(facts["blocks"], 2);
    assert_eq!(facts["points"]["columns"][0]["zones"]["rows_per_block"], 65536);

    let good = folder.read("p.points/y.zones.npy");
    let mut bytes = good.clone();
    bytes[200] ^= 1;
    folder.write("p.points/y.zones.npy", bytes);
    let error = folder.fail(1, "info p.points --verify");
    assert!(
        error.contains("p.points/y.zones.npy: differs from what was written; make it again"),
        "{error}"
    );
    // The remedy that it names.
    folder.succeed("ingest p.txt -o p.points --force");
    folder.succeed("info p.points --verify");
    assert!(folder.read("p.points/y.zones.npy") == good);
    std::fs::remove_file(folder.path("p.points/x.zones.npy")).unwrap();
    let error = folder.fail(1, "info p.points --verify");
    assert!(
        error.contains("p.points/x.zones.npy: is missing; make it again, with the same options: pointillist ingest "),
        "{error}"
    );
    // Columns without their zones are not complete.
    let run = folder.succeed("ingest p.txt -o p.points --json");
    assert_eq!(run.json()[0]["up_to_date"], false);
    folder.succeed("info p.points --verify");
}

#[test]
fn wide_columns_keep_what_narrow_ones_lose() {
    let folder = Folder::new();
    folder.write("w.txt", "1000000.001 1 1\n1000000.002 1 1\n");
    for (dtype, occupied) in [("f32", 1), ("f64", 2)] {
        let arguments = format!("render w.txt -o {dtype}.png --dtype {dtype} --size 4 --json");
        let limits = &folder.succeed(&arguments).json()[0]["columns"][0]["dtype"];
        assert_eq!(limits, dtype);
        let picture = folder.picture(&format!("{dtype}.png"));
        assert_eq!(picture.pixels().filter(|pixel| pixel.0[3] == 255).count(), occupied);
    }
}

/// A day in seconds since 1970, places 50 km from a far origin to a hundredth of a metre, and small numbers.
fn far_from_zero() -> String {
    (0..5000)
        .map(|row| {
            let row = f64::from(row);
            let (x, y) = (1.6e9 + row * 17.28, 4.5e6 + row * 0.02);
            format!("{x:.2} {y:.2} {}\n", row % 7.0)
        })
        .collect()
}

#[test]
fn columns_that_32_bits_are_too_coarse_for_are_warned_of_once_and_the_remedy_is_one() {
    let folder = Folder::new();
    folder.write("far.txt", far_from_zero());
    let warning = "pointillist: ingest: warning: x: neighbouring float32 values near 1.60009e9 are 128 apart, 1/675 \
                   of the extent; y: near 4.5001e6 they are 0.5 apart, 1/200 of the extent; keep the columns in 64 \
                   bits with --dtype f64";
    let warnings = |run: &Run| -> Vec<String> {
        run.stderr.lines().filter(|line| line.contains("warning")).map(str::to_owned).collect()
    };
    for (command, picture) in
        [("ingest far.txt -o far.points", false), ("render far.txt -o far.png --size 400", true)]
    {
        let narrow = format!("{command} --dtype f32");
        std::fs::remove_dir_all(folder.path("far.points")).unwrap_or_default();
        assert_eq!(warnings(&folder.succeed(&narrow)), [warning], "{command}");
        // Whoever has read it has decided.
        assert_eq!(warnings(&folder.succeed(&narrow)), [""; 0], "{command}");
        assert_eq!(folder.succeed(&format!("{command} --force --quiet")).stderr, "", "{command}");
        let facts = |options: &str| {
            folder.succeed(&format!("{command} --json --quiet {options}")).json()[0].clone()
        };
        for options in ["--dtype f32 --force", "--dtype f32"] {
            let coarse = &facts(options)["coarse"];
            assert_eq!(coarse.as_array().unwrap().len(), 2, "{coarse}");
            assert_eq!((&coarse[0]["column"], &coarse[1]["column"]), (&"x".into(), &"y".into()));
            assert_eq!(coarse[0]["spacing"], 128.0);
            assert_eq!(coarse[1]["extent"], 100.0);
        }
        // In truth all points lie on the diagonal.
        let beside = || {
            let picture = folder.picture("far.png");
            let drawn = picture.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[3] > 0);
            drawn.filter(|&(x, y, _)| x + y != 399).count()
        };
        let before = picture.then(&beside);
        // Where nothing is asked for, the head of the text shows what it takes.
        let run = folder.succeed(&format!("{command} --force"));
        assert!(run.stderr.contains("; 64 bits for x and y\n"), "{}", run.stderr);
        assert_eq!(warnings(&run), [""; 0], "{command}");
        assert_eq!(facts("")["columns"][0]["dtype"], "f64");
        let run = folder.succeed(&format!("{command} --dtype f64"));
        assert_eq!(warnings(&run), [""; 0], "{command}");
        assert_eq!(facts("--dtype f64")["coarse"], serde_json::json!([]));
        assert_eq!(before.is_some_and(|before| before > 0), picture);
        assert_eq!(picture.then(beside).unwrap_or(0), 0);
    }
}

#[test]
fn ordinary_and_constant_columns_are_not_warned_of() {
    let folder = Folder::new();
    folder.write("spiral.txt", spiral());
    folder.write("constant.txt", "1 1600000000 nan\n2 1600000000 nan\n");
    for name in ["spiral", "constant"] {
        let run = folder.succeed(&format!("render {name}.txt -o {name}.png --size 9 --json"));
        assert!(!run.stderr.contains("float32"), "{}", run.stderr);
        assert_eq!(run.json()[0]["coarse"], serde_json::json!([]));
    }
}

#[test]
fn every_command_explains_itself() {
    let folder = Folder::new();
    for command in ["", "render", "ingest", "bin2d", "colorize", "info", "colormaps"] {
        let run = folder.succeed(&format!("{command} --help"));
        let text = String::from_utf8(run.stdout).unwrap();
        assert!(text.contains("Usage: pointillist"), "{text}");
    }
    let names = String::from_utf8(folder.succeed("colormaps").stdout).unwrap();
    for name in
        "viridis plasma inferno magma cividis turbo gray hot jet coolwarm RdBu Spectral fire"
            .split(' ')
    {
        assert!(names.lines().any(|line| line == name), "{name}");
    }
}
