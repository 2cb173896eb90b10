//! What is reused and what is made again, alone and under `make`.

use crate::support::{Folder, Run, names, spiral, workspace};
use std::fs::File;
use std::time::{Duration, SystemTime};

/// The stages of a run that were not up to date.
fn made(run: &Run) -> Vec<String> {
    run.json()
        .iter()
        .filter(|stage| stage["up_to_date"] == false)
        .map(|stage| stage["stage"].as_str().unwrap().to_owned())
        .collect()
}

fn set_modified(folder: &Folder, name: &str, time: SystemTime) {
    File::options().append(true).open(folder.path(name)).unwrap().set_modified(time).unwrap();
}

fn modified(folder: &Folder, name: &str) -> SystemTime {
    folder.path(name).metadata().unwrap().modified().unwrap()
}

#[test]
fn a_second_run_makes_nothing_and_says_so() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let render = "render s.txt -o s.png --size 20";
    folder.succeed(render);
    let before = folder.listing();
    let run = folder.succeed(render);
    let expected = format!(
        "ingest: s.points: up to date, 500 points\n\
         bin2d: {}: up to date, 500 points\n\
         colorize: s.png: up to date\n",
        folder.grid("s.points")
    );
    assert_eq!(run.stderr, expected);
    assert_eq!(folder.listing(), before);
}

#[test]
fn a_text_is_parsed_once_whatever_its_pictures_are_called_and_wherever_they_are() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("data")).unwrap();
    std::fs::create_dir_all(folder.path("out/deep")).unwrap();
    folder.write("data/s.txt", spiral());
    let run = |arguments: &str| made(&folder.succeed(&format!("{arguments} --json")));
    assert_eq!(run("render data/s.txt -o a.png --size 20"), ["ingest", "bin2d", "colorize"]);
    for picture in ["b.png", "out/a.png", "out/deep/c.png"] {
        let render = format!("render data/s.txt -o {picture} --size 20 --cmap magma");
        assert_eq!(run(&render), ["colorize"]);
        assert_eq!(run(&render), [""; 0]);
        assert_eq!(folder.read(picture), folder.read("b.png"));
    }
    assert_eq!(run("render data/s.txt -o a.png --size 30"), ["bin2d", "colorize"]);
    // By way of another path, in another folder, it is the same text.
    assert_eq!(run("render out/../data/s.txt -o a.png --size 20"), ["colorize"]);
    assert_eq!(run("scatter data/s.txt -o d.png"), ["scatter"]);
    // Columns that were made by hand are as good.
    folder.write("t.txt", spiral() + "1 2 3\n");
    assert_eq!(run("ingest t.txt -o t.points"), ["ingest"]);
    assert_eq!(run("render t.txt -o t.png --size 20"), ["bin2d", "colorize"]);
    // And so is what was kept elsewhere before.
    assert_eq!(run("render data/s.txt -o e.png --size 20 --cache-dir out"), ["colorize"]);
    // To the standard output, too.
    let output = folder.succeed("render data/s.txt -o - --size 20 --cmap magma");
    assert_eq!(output.stdout, folder.read("b.png"));
    assert_eq!(output.stderr.matches("up to date").count(), 2, "{}", output.stderr);
    let columns: Vec<_> = folder
        .listing()
        .into_iter()
        .filter(|(path, _)| path.extension().is_some_and(|end| end == "points"))
        .map(|(path, _)| path.strip_prefix(folder.path("")).unwrap().to_owned())
        .collect();
    assert_eq!(columns, ["data/s.points", "t.points"].map(std::path::PathBuf::from));
}

#[test]
fn inputs_of_one_name_and_other_ways_to_read_one_do_not_meet() {
    let folder = Folder::new();
    for (name, last) in [("a", "1 1 1\n"), ("b", "2 2 2\n")] {
        std::fs::create_dir(folder.path(name)).unwrap();
        folder.write(&format!("{name}/s.txt"), spiral() + last);
        folder.succeed(&format!(
            "render {name}/s.txt -o {name}/right.png --size 20 --cache-dir {name}"
        ));
    }
    folder.write("s.csv", "1 1 1\n");
    let render = |name: &str, options: &str| {
        let arguments =
            format!("render {name} -o n.png --json --size 20 --cache-dir cache {options}");
        made(&folder.succeed(&arguments))
    };
    for again in [false, true] {
        for (name, options) in [
            ("a/s.txt", ""),
            ("b/s.txt", ""),
            ("a/s.txt b/s.txt", ""),
            ("b/s.txt a/s.txt", ""),
            ("a/s.txt", "--columns x=2,y=1,z=3"),
            ("a/s.txt", "--dtype f64"),
            ("s.csv", ""),
        ] {
            // Those of a and b were found beside them.
            let made = render(name, options);
            let known = again || (options.is_empty() && name.len() == "a/s.txt".len());
            assert_eq!(made.contains(&"ingest".to_owned()), !known, "{name} {options}");
            if options.is_empty() && name.len() == "a/s.txt".len() {
                let right = format!("{}/right.png", &name[..1]);
                assert!(folder.read("n.png") == folder.read(&right), "{name}");
            }
        }
    }
}

#[test]
fn what_comes_through_a_pipe_takes_the_place_of_nothing_else() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("render s.txt -o a.png --size 20");
    let before = folder.read("s.points/points.json");
    let other = spiral() + "9 9 9\n";
    for _ in 0..2 {
        let run = folder.feed("render - -o s.png --size 20 --json", &other);
        assert_eq!(made(&run)[0], "ingest");
        assert!(folder.read("s.points/points.json") == before);
    }
    #[cfg(target_os = "linux")]
    for _ in 0..2 {
        let mut command = folder.command("render /dev/stdin -o c.png --size 20 --json");
        let text = File::open(folder.path("s.txt")).unwrap();
        let run = Run::new(command.stdin(text).output().unwrap());
        assert_eq!(made(&run)[0], "ingest", "{}", run.stderr);
        assert!(run.json()[0]["output"].as_str().unwrap().starts_with('c'), "{}", run.stderr);
    }
    // Not even where there is a file of the name that stands for the standard input.
    folder.write("-", spiral());
    folder.succeed("render ./- -o b.png --size 20");
    for _ in 0..2 {
        let run = folder.feed("render - -o b.png --size 20 --json", &other);
        assert_eq!(made(&run)[0], "ingest", "{}", run.stderr);
    }
    let columns = std::fs::read_dir(folder.path("")).unwrap();
    let names = columns.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept = names.filter(|name| name.ends_with(".points")).count();
    assert_eq!(kept, if cfg!(target_os = "linux") { 5 } else { 4 });
}

#[test]
fn the_grids_that_were_used_last_are_kept() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let render = |size: usize, options: &str| {
        let render = format!("render s.txt -o s.png --json --size {size} {options}");
        made(&folder.succeed(&render)).contains(&"bin2d".to_owned())
    };
    let kept = || std::fs::read_dir(folder.path("s.points/grids")).unwrap().count() - 1;
    for size in 1..=8 {
        assert!(render(size, ""));
    }
    assert_eq!(kept(), 8);
    assert!(!render(1, ""));
    assert!(render(9, ""));
    assert_eq!(kept(), 8);
    assert!(!render(1, "") && render(2, "") && !render(9, "--keep-grids 2"));
    assert_eq!(kept(), 2);
    assert!(!render(2, "") && render(1, "--keep-grids 0"));
    assert_eq!(kept(), 0);
    assert!(render(1, ""));
}

#[test]
fn columns_that_are_damaged_are_made_again_by_whoever_can() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("render s.txt -o right.png --size 20");
    folder.succeed("scatter s.txt -o points.png --cmap magma");
    let (z, right) = (folder.read("s.points/z.npy"), folder.read("right.png"));
    let drawn = folder.read("points.png");
    for at in [200, z.len() - 1] {
        for command in [
            "render s.txt -o n.png --size 20 --force",
            "scatter s.txt -o n.png --cmap magma --force",
            "render s.txt -o n.png --size 21",
            "scatter s.txt -o n.png --cmap magma",
        ] {
            let mut bytes = z.clone();
            bytes[at] ^= 0x40;
            folder.write("s.points/z.npy", &bytes);
            std::fs::remove_file(folder.path("n.png")).unwrap_or_default();
            let run = folder.succeed(command);
            assert_eq!(folder.read("s.points/z.npy"), z, "{command}: {}", run.stderr);
            if !command.contains("21") {
                let expected = if command.starts_with("render") { &right } else { &drawn };
                assert!(folder.read("n.png") == *expected, "{command}: {}", run.stderr);
            }
            std::fs::remove_dir_all(folder.path("s.points/grids")).unwrap_or_default();
        }
    }
    // Columns that are an input cannot be made again from nothing; the remedy that is named works.
    folder.write("s.points/z.npy", [&z[..300], &[!z[300]], &z[301..]].concat());
    for command in [
        "render s.points -o n.png --size 22",
        "bin2d s.points -o n.tiff",
        "scatter s.points -o n.png --cmap hot",
    ] {
        let error = folder.fail(1, command);
        assert!(
            error.contains("s.points/z.npy: ") && error.contains("s.txt -o s.points --force"),
            "{error}"
        );
    }
    folder.succeed("ingest s.txt -o s.points --force");
    folder.succeed("bin2d s.points -o n.tiff");
}

#[test]
fn clean_removes_what_nothing_needs_and_only_that() {
    let folder = Folder::new();
    for name in ["kept", "changed", "gone", "asked"] {
        folder.write(&format!("{name}.txt"), spiral());
        if name == "asked" {
            folder.succeed("ingest asked.txt -o asked.points");
        }
        folder.succeed(&format!("render {name}.txt -o {name}.png --size 20"));
    }
    folder.feed("render - -o stream.png --size 20", spiral());
    std::fs::write(folder.path("mine.tiff"), "mine").unwrap();
    // Folders of other programs, with what such programs put there.
    for name in ["cloud.points", "cloud.grids", "more.points/grids"] {
        std::fs::create_dir_all(folder.path(name)).unwrap();
        let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# made by another program\n";
        folder.write(&format!("{name}/CACHEDIR.TAG"), tag);
        folder.write(&format!("{name}/0123456789abcdef.tiff"), "precious");
    }
    folder.write("changed.txt", spiral() + "1 1 1\n");
    folder.write("asked.txt", spiral() + "1 1 1\n");
    std::fs::remove_file(folder.path("gone.txt")).unwrap();
    let before = folder.listing();
    let run = folder.succeed("clean --dry-run");
    assert!(run.stderr.contains("clean: changed.points: would be removed, "), "{}", run.stderr);
    assert_eq!(folder.listing(), before);
    let exist = |names: &[&str]| -> Vec<bool> {
        names.iter().map(|name| folder.path(&format!("{name}.points/x.npy")).exists()).collect()
    };
    let names = ["kept", "changed", "gone", "asked", "stream"];
    let run = folder.succeed("clean --json");
    assert_eq!(exist(&names), [true, false, true, true, true]);
    assert_eq!(run.json().len(), 1);
    assert_eq!(run.json()[0]["because"], "its input has changed");
    assert!(run.stderr.contains("\nclean: 1 file or folder removed, "), "{}", run.stderr);
    // Grids of columns that were asked for go when these change.
    folder.succeed("ingest asked.txt -o asked.points");
    folder.succeed("clean asked.points");
    folder.succeed("clean --all");
    assert_eq!(exist(&names), [false, false, true, true, true]);
    assert!(!folder.path("stream.points/grids").exists());
    assert!(folder.path("mine.tiff").exists());
    for name in ["cloud.points", "cloud.grids", "more.points/grids"] {
        assert!(folder.path(&format!("{name}/0123456789abcdef.tiff")).exists(), "{name}");
    }
    assert!(folder.succeed("clean --all").stderr.ends_with("0 files and folders removed, 0 B\n"));
    let run = folder.succeed("render gone.points -o n.png --size 20 --json");
    assert_eq!(made(&run), ["bin2d", "colorize"]);
    folder.fail(1, "clean nowhere");
}

#[test]
fn options_that_come_to_the_same_make_nothing_again_however_they_are_typed() {
    let folder = Folder::new();
    folder.write("s.txt", "0 0 1 5\n".to_owned() + &spiral().replace('\n', " 5\n"));
    let render = |options: &str| {
        made(&folder.succeed(&format!("render s.txt -o s.png --json --size 20 {options}")))
    };
    render("");
    let grid = folder.succeed(&format!("info --json {}", folder.grid("s.points"))).json();
    let [xmin, xmax, ymin, ymax] =
        ["xmin", "xmax", "ymin", "ymax"].map(|edge| grid[0]["description"]["extent"][edge].clone());
    let extent = format!("--extent {xmin},{xmax},{ymin},{ymax}");
    let same = [
        "--columns x=1,y=2,z=3",
        "--delimiter space",
        "--dtype f32",
        "--skip-rows 0",
        "--decimal .",
        "--missing NA,nan",
        "--skip-bad",
        "--reduce count,mean",
        "--z z",
        "--aspect auto",
        &extent,
    ];
    for options in same.into_iter().chain([same.join(" ").as_str()]) {
        assert_eq!(render(options), [""; 0], "{options}");
    }
    let columns = ["ingest", "bin2d", "colorize"].as_slice();
    for (options, expected) in [
        // The same picture, which is not known before all of the text has been read.
        ("--comment #", &columns[..2]),
        ("--ragged", &columns[..2]),
        ("--columns x=1,y=2,z=4", columns),
        ("--columns x=2,y=1,z=3", columns),
        ("--columns x=1,y=2,w=3", columns),
        ("--dtype f64", columns),
        ("--skip-rows 1", columns),
        ("--reduce count,max --by max", &columns[1..]),
        ("--extent -30,30,-30,30", &columns[1..]),
    ] {
        assert_eq!(render(options), expected, "{options}");
        assert_eq!(render(options), [""; 0], "{options}");
    }
    // Of what has changed, too, columns take the place of those of the same way to read it.
    let all = names(&folder.path(""));
    folder.write("s.txt", spiral());
    render("--columns x=1,y=2,z=3");
    assert_eq!(render(""), [""; 0]);
    assert_eq!(names(&folder.path("")), all);
}

#[test]
fn columns_with_a_key_in_their_name_are_found_by_what_their_options_come_to() {
    let folder = Folder::new();
    folder.write("s.csv", "ra,dec,mag\n".to_owned() + &spiral().replace(' ', ","));
    let ingests = |options: &str| {
        let run = folder.succeed(&format!("scatter s.csv -o s.png --json {options}"));
        made(&run).contains(&"ingest".to_owned())
    };
    assert!(ingests(""));
    assert!(!ingests("--columns x=ra,y=dec,z=mag"));
    assert!(ingests("--columns x=dec,y=ra"));
    assert!(!ingests("--columns x=2,y=1"));
    assert!(!ingests("--columns x=dec,y=1 --delimiter comma"));
    // Further down, the line that names the columns is one that is bad, if it is not known.
    assert!(ingests("--columns x=2,y=1 --skip-rows 1"));
}

#[test]
fn bad_lines_are_skipped_only_where_that_was_asked_for_whatever_is_there() {
    let folder = Folder::new();
    folder.write("s.txt", spiral() + "1 1\n");
    folder.succeed("render s.txt -o s.png --size 20 --skip-bad");
    let error = folder.fail(1, "render s.txt -o s.png --size 20");
    assert!(error.contains("s.txt:501: "), "{error}");
    folder.succeed("ingest s.txt -o mine.points --skip-bad");
    folder.fail(1, "ingest s.txt -o mine.points --delimiter space");
}

#[test]
fn a_change_of_options_makes_only_what_depends_on_them() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let render = |options: &str| {
        made(&folder.succeed(&format!("render s.txt -o s.png --json --size 20 {options}")))
    };
    assert_eq!(render(""), ["ingest", "bin2d", "colorize"]);
    assert_eq!(render(""), [""; 0]);
    assert_eq!(render("--cmap magma"), ["colorize"]);
    assert_eq!(render("--cmap magma --by count"), ["colorize"]);
    assert_eq!(render("--cmap magma --extent -20,20,-20,20"), ["bin2d", "colorize"]);
    assert_eq!(render("--cmap magma --extent -20,20,-20,20 --threads 1"), [""; 0]);
    assert_eq!(render("--dtype f64"), ["ingest", "bin2d", "colorize"]);
    assert_eq!(render("--dtype f64 --force"), ["ingest", "bin2d", "colorize"]);
}

#[test]
fn columns_made_before_there_were_other_inputs_than_text_are_still_up_to_date() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("ingest s.txt -o s.points");
    let sidecar = String::from_utf8(folder.read("s.points/points.json")).unwrap();
    let options: Vec<String> =
        serde_json::from_str::<serde_json::Value>(&sidecar).unwrap()["options"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
    assert_eq!(options, ["columns", "comment", "delimiter", "dtype", "skip_bad"]);
    assert_eq!(made(&folder.succeed("ingest s.txt -o s.points --json")), [""; 0]);
    // The same bytes, read as something else.
    let raw = "ingest s.txt -o s.points --json --raw f32 --columns-per-row";
    folder.write("s.txt", "1 2 3 4 5 6\n".repeat(4));
    assert_eq!(made(&folder.succeed("ingest s.txt -o s.points --json")), ["ingest"]);
    assert_eq!(made(&folder.succeed(&format!("{raw} 2"))), ["ingest"]);
    assert_eq!(made(&folder.succeed(&format!("{raw} 2"))), [""; 0]);
    assert_eq!(made(&folder.succeed(&format!("{raw} 3"))), ["ingest"]);
    assert_eq!(made(&folder.succeed("ingest s.txt -o s.points --json")), ["ingest"]);
}

#[test]
fn a_touched_text_is_parsed_again_and_nothing_more() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let render = "render s.txt -o s.png --json --size 20";
    folder.succeed(render);
    set_modified(&folder, "s.txt", SystemTime::now());
    assert_eq!(made(&folder.succeed(render)), ["ingest"]);
    assert_eq!(made(&folder.succeed(render)), [""; 0]);
    // Other text with the same numbers, too.
    folder.write("s.txt", spiral().replace(' ', "\t"));
    assert_eq!(made(&folder.succeed(render)), ["ingest"]);
    folder.write("s.txt", spiral() + "0 0 0\n");
    assert_eq!(made(&folder.succeed(render)), ["ingest", "bin2d", "colorize"]);
}

#[test]
fn a_file_that_is_gone_or_damaged_is_made_again() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let render = "render s.txt -o s.png --json --size 20";
    folder.succeed(render);
    let expected = folder.listing();
    let grid = folder.grid("s.points");
    std::fs::remove_file(folder.path(&grid)).unwrap();
    assert_eq!(made(&folder.succeed(render)), ["bin2d"]);
    std::fs::remove_dir_all(folder.path("s.points")).unwrap();
    assert_eq!(made(&folder.succeed(render)), ["ingest", "bin2d"]);
    let whole = folder.read(&grid);
    // As a power cut leaves it, among others.
    for length in [whole.len() - 1, 1000, 0] {
        folder.write(&grid, &whole[..length]);
        assert_eq!(made(&folder.succeed(render)), ["bin2d"], "{length}");
    }
    let picture = folder.read("s.png");
    folder.write("s.png", &picture[..picture.len() - 1]);
    assert_eq!(made(&folder.succeed(render)), ["colorize"]);
    std::fs::remove_file(folder.path("s.points/y.npy")).unwrap();
    assert_eq!(made(&folder.succeed(render)), ["ingest", "bin2d"]);
    assert_eq!(folder.listing(), expected);
}

#[test]
fn another_text_under_the_same_output_is_noticed() {
    let folder = Folder::new();
    folder.write("a.txt", spiral());
    std::fs::copy(folder.path("a.txt"), folder.path("b.txt")).unwrap();
    let time = SystemTime::now();
    set_modified(&folder, "a.txt", time);
    set_modified(&folder, "b.txt", time);
    folder.succeed("render a.txt -o s.png --size 20");
    let run = folder.succeed("render b.txt -o s.png --size 20 --json");
    // The picture is the same, as the grid is.
    assert_eq!(made(&run), ["ingest", "bin2d"]);
    assert_eq!(made(&folder.succeed("render a.txt b.txt -o s.png --size 20 --json")).len(), 3);
}

#[test]
fn a_stage_with_nothing_to_do_leaves_its_output_newer_than_its_input() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let old = SystemTime::now() - Duration::from_secs(1000);
    set_modified(&folder, "s.txt", old);
    folder.succeed("render s.txt -o s.png --size 20");
    let grid = folder.grid("s.points");
    for name in [&grid, "s.png"] {
        set_modified(&folder, name, old - Duration::from_secs(1000));
    }
    assert_eq!(made(&folder.succeed("render s.txt -o s.png --size 20 --json")), [""; 0]);
    assert!(modified(&folder, "s.points") >= modified(&folder, "s.txt"));
    assert!(modified(&folder, &grid) >= modified(&folder, "s.points"));
    assert!(modified(&folder, "s.png") >= modified(&folder, &grid));
}

#[test]
fn an_output_that_is_read_only_is_renewed_all_the_same() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("render s.txt -o s.png --size 20");
    folder.take_grid("s.points", "s.tiff");
    let old = SystemTime::now() - Duration::from_secs(1000);
    set_modified(&folder, "s.png", old);
    let mut permissions = folder.path("s.png").metadata().unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(folder.path("s.png"), permissions).unwrap();
    assert_eq!(made(&folder.succeed("colorize s.tiff -o s.png --json")), [""; 0]);
    assert!(cfg!(not(unix)) || modified(&folder, "s.png") > old);
}

#[test]
fn bad_lines_are_not_forgotten_when_the_columns_are_up_to_date() {
    let folder = Folder::new();
    folder.write("s.txt", spiral() + "bad\n");
    folder.succeed("ingest s.txt -o s.points --skip-bad");
    let run = folder.succeed("ingest s.txt -o s.points --skip-bad");
    assert_eq!(run.stderr, "ingest: s.points: up to date, 500 points, 1 bad\n");
}

#[test]
fn intermediates_are_kept_where_they_are_wanted() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("render s.txt -o s.png --size 20 --cache-dir cache/deep");
    assert!(folder.path("cache/deep/s.points/x.npy").is_file());
    assert!(folder.grid("cache/deep/s.points").starts_with("cache/deep/"));
    assert!(!folder.path("s.points").exists());
    let run = folder.succeed("render cache/deep/s.points -o t.png --size 20 --json");
    assert_eq!(made(&run), ["colorize"]);
    assert!(folder.read("s.png") == folder.read("t.png"));
}

#[test]
fn the_makefile_of_the_documentation_makes_what_it_must_and_nothing_more() {
    let folder = Folder::new();
    folder.write("galaxy.txt", spiral());
    let document = std::fs::read_to_string(workspace("docs/staged-runs.md")).unwrap();
    let makefile = document.split("```make\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(makefile.lines().count(), 5);
    folder.write("Makefile", makefile);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_pointillist"));
    let make = || {
        let path =
            format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
        let output = std::process::Command::new("make")
            .current_dir(folder.path(""))
            .env("PATH", path)
            .env_remove("MAKEFLAGS")
            .output()
            .unwrap();
        let run = Run::new(output);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let stages = run.lines().into_iter().map(|line| {
            let stage = line.split(':').next().unwrap().to_owned();
            (stage, !line.contains("up to date"))
        });
        stages.collect::<Vec<_>>()
    };
    let all = |made: [bool; 3]| {
        ["ingest", "bin2d", "colorize"].map(str::to_owned).into_iter().zip(made).collect::<Vec<_>>()
    };
    // File times must differ by more than the clock's grain.
    let pause = || std::thread::sleep(Duration::from_millis(20));

    assert_eq!(make(), all([true, true, true]));
    assert_eq!(make(), []);
    pause();
    folder.write("Makefile", makefile.replace("inferno", "magma"));
    assert_eq!(make(), [("colorize".to_owned(), true)]);
    assert_eq!(make(), []);
    pause();
    // A change that changes nothing: the picture is found up to date once.
    folder.write("Makefile", makefile.replace("inferno", "magma") + "#\n");
    assert_eq!(make(), [("colorize".to_owned(), false)]);
    assert_eq!(make(), []);
    pause();
    folder.write("galaxy.txt", spiral());
    assert_eq!(make(), all([true, false, false]));
    assert_eq!(make(), []);
    pause();
    folder.write("galaxy.txt", spiral() + "1 1 1\n");
    assert_eq!(make(), all([true, true, true]));
    assert_eq!(make(), []);
}

#[test]
fn a_smaller_file_is_made_when_it_is_asked_for_and_shows_the_same() {
    let folder = Folder::new();
    // Scattered, so that there is something to compress.
    let points =
        (0..30_000u64).map(|i| format!("{} {} {}\n", i * 7919 % 997, i * i % 1009, i % 13));
    folder.write("s.txt", points.collect::<String>());
    folder.succeed("render s.txt -o s.png --size 200 --alpha 0.3");
    let (fast, picture) = (folder.read("s.png"), folder.picture("s.png"));
    let run = folder.succeed("render s.txt -o s.png --size 200 --alpha 0.3 --png small");
    assert!(!run.stderr.contains("colorize: s.png: up to date"), "{}", run.stderr);
    assert!(folder.read("s.png").len() < fast.len());
    assert!(folder.picture("s.png") == picture);
    let run = folder.succeed("render s.txt -o s.png --size 200 --alpha 0.3 --png small");
    assert!(run.stderr.contains("colorize: s.png: up to date"), "{}", run.stderr);
    folder.fail(2, "render s.txt -o s.png --png best");
}
