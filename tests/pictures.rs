//! Pictures of grids that are read by blocks of rows: the same bytes however they are made, or none.

use crate::support::{Folder, Run, raw, workspace};

/// A folder with a grid of several blocks, and the same one compressed.
fn folder() -> Folder {
    let folder = Folder::new();
    let fixture = workspace("fixtures/galaxy.txt");
    folder.succeed(&format!("ingest {} -o g.points", fixture.display()));
    folder.succeed("bin2d g.points -o g.tiff --size 700x900 --reduce count,mean,std");
    folder.succeed(
        "bin2d g.points -o d.tiff --size 700x900 --reduce count,mean,std --compress deflate",
    );
    folder
}

#[test]
fn the_bytes_depend_neither_on_the_threads_nor_on_how_the_grid_is_stored() {
    let folder = folder();
    for options in [
        "",
        "--by count --norm eq_hist",
        "--by std --norm asinh --alpha 0.3 --png small",
        "--by count --norm log1p --dynspread",
        "--spread 7 --alpha-norm log --background white",
        "--by std --spread 20 --marker square --png small",
    ] {
        let made = |grid: &str, threads: u32| {
            let colorize = format!("colorize {grid} -o - --threads {threads} {options}");
            folder.succeed(&colorize).stdout
        };
        let expected = made("g.tiff", 1);
        for threads in [2, 7] {
            assert!(made("g.tiff", threads) == expected, "{options}, {threads} threads");
        }
        for threads in [1, 7] {
            assert!(made("d.tiff", threads) == expected, "{options}, deflate, {threads} threads");
        }
    }
}

#[test]
fn a_grid_with_a_damaged_byte_is_refused_by_name() {
    let folder = folder();
    for (compress, by) in [("none", "mean"), ("deflate", "mean"), ("none", "std")] {
        // No page that the picture could do without.
        let pages = if by == "mean" { "count,mean" } else { "count,mean,std" };
        let options = format!("--size 700x900 --reduce {pages} --compress {compress}");
        folder.succeed(&format!("bin2d g.points -o bad.tiff {options}"));
        let grid = folder.read("bad.tiff");
        for part in [1, 3, 7] {
            let mut bytes = grid.clone();
            bytes[grid.len() * part / 8] ^= 16;
            folder.write("bad.tiff", bytes);
            let spread = ["--spread 2", "--dynspread --png small --alpha 0.5"];
            for options in ["", "--alpha 0.5"].iter().filter(|_| by == "mean").chain(&spread) {
                for output in ["n.png", "-"] {
                    let colorize = format!("colorize bad.tiff -o {output} --by {by} {options}");
                    let message = folder.fail(1, &colorize);
                    let begin = "pointillist: colorize: bad.tiff: damaged: ";
                    let end = "; make it again, with the same options: pointillist bin2d ";
                    assert!(message.starts_with(begin) && message.contains(end), "{message}");
                }
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_picture_leaves_nothing_behind_and_what_there_was_as_it_was() {
    use std::process::{Command, Stdio};
    use std::time::Duration;
    let folder = Folder::new();
    // A million points without any order, so that a smaller file of them takes a while.
    let mut state = 1u32;
    let mut number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32
    };
    folder.write("p.raw", raw(&(0..2_000_000).map(|_| number()).collect::<Vec<_>>()));
    folder.succeed("ingest p.raw -o p.points --raw f32 --columns-per-row 2");
    folder.succeed("bin2d p.points -o p.tiff --size 3000 --compress deflate --reduce count");
    folder.write("old.png", "a picture that was there");
    let before = folder.listing();
    let names = || std::fs::read_dir(folder.path("")).unwrap().count();
    let files = names();
    for options in ["-o n.png", "-o old.png --spread 1 --alpha 0.1"] {
        let mut child = folder
            .command(&format!("colorize p.tiff --png small {options}"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while names() == files {
            assert_eq!(child.try_wait().unwrap(), None, "{options}: ended before it had begun");
            std::thread::sleep(Duration::from_millis(1));
        }
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let run = Run::new(child.wait_with_output().unwrap());
        assert_eq!(run.code, 143, "{}", run.stderr);
        let last = run.stderr.strip_prefix("pointillist: stopping… (again to stop at once)\n");
        // Where this machine is so slow that the run has not looked up in time, it was ended without a word.
        let interrupted = "pointillist: colorize: interrupted; the unfinished output is removed\n";
        assert!(last.is_some_and(|last| last == interrupted || last.is_empty()), "{}", run.stderr);
        assert!(folder.listing() == before, "{options}");
    }
}

#[test]
fn a_picture_of_which_a_byte_has_changed_is_not_verified_and_is_made_again() {
    let folder = folder();
    let outputs = ["p.png", "f.png --figure", "f.svg --figure", "f.pdf --figure"];
    for (output, name) in outputs.map(|output| (output, output.split(' ').next().unwrap())) {
        let colorize = format!("colorize g.tiff -o {output}");
        folder.succeed(&colorize);
        let whole = folder.read(name);
        let info = format!("info {name} --verify");
        let verified = String::from_utf8(folder.succeed(&info).stdout).unwrap();
        assert!(verified.contains("\nverified: "), "{verified}");
        assert_eq!(folder.succeed(&format!("{info} --json")).json()[0]["verified"], true);
        assert!(folder.succeed(&colorize).stderr.contains("up to date"));
        for part in [1, 3, 7] {
            let mut bytes = whole.clone();
            bytes[whole.len() * part / 8] ^= 1;
            folder.write(name, bytes);
            let message = folder.fail(1, &info);
            assert!(message.contains(name) && message.contains("make it again"), "{message}");
            assert!(!folder.succeed(&colorize).stderr.contains("up to date"));
            assert!(folder.read(name) == whole, "{name}, part {part}");
        }
    }
}
