//! Grids that several processes bin a share of each, and what comes of them.

use std::process::{Child, Command, Stdio};

use pointillist_bin2d::{GridFile, OwnedValues};

use crate::support::{Folder, Run, spiral};

/// A folder with points of two columns to reduce, some of them NaN.
fn folder() -> Folder {
    let folder = Folder::new();
    let line = |(i, line): (usize, &str)| match i % 7 {
        3 => format!("{} nan {i}\n", line.rsplit_once(' ').unwrap().0),
        _ => format!("{line} {}\n", i % 13),
    };
    let text: String = spiral().lines().enumerate().map(line).collect();
    folder.write("s.txt", format!("# x y z m\n{text}"));
    folder.succeed("ingest s.txt -o s.points --columns x=1,y=2,z=3,m=4");
    folder
}

const GRID: &str = "--size 20x15 --reduce count,mean,std,min,max:m,first,sum:m";

fn values(folder: &Folder, grid: &str, page: &str) -> Vec<f32> {
    match GridFile::open(&folder.path(grid)).unwrap().page(page).unwrap().values {
        OwnedValues::F32(values) => values,
        OwnedValues::F64(_) => panic!("32 bits were asked for"),
    }
}

/// Compares two grids, one of which was merged.
fn check(folder: &Folder, merged: &str, whole: &str) {
    let pages = ["count", "mean", "std", "min", "max:m", "first", "sum:m"];
    for page in pages {
        let exact = ["count", "min", "max:m", "first"].contains(&page);
        for (a, b) in values(folder, merged, page).into_iter().zip(values(folder, whole, page)) {
            let near = a == b.next_up() || a == b.next_down() || a == b;
            assert!(a.to_bits() == b.to_bits() || (near && !exact), "{page}: {a} for {b}");
        }
    }
    let about =
        |grid: &str| folder.succeed(&format!("info {grid} --json --verify")).json().remove(0);
    assert_eq!(about(merged)["description"], about(whole)["description"]);
}

fn spawn(folder: &Folder, arguments: &str) -> Child {
    let mut command = folder.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn shard(index: usize, of: usize) -> String {
    format!("bin2d s.points -o {index}.tiff --shard {index}/{of} {GRID}")
}

#[test]
fn processes_bin_a_shard_each_and_one_merges_them() {
    let folder = folder();
    let all: Vec<Child> = (1..=4).map(|index| spawn(&folder, &shard(index, 4))).collect();
    for (child, index) in all.into_iter().zip(1..) {
        let run = Run::new(child.wait_with_output().unwrap());
        assert_eq!(run.code, 0, "{}", run.stderr);
        let part = format!("bin2d: {index}.tiff: 20x15, shard {index} of 4, 125 points: ");
        assert!(run.stderr.starts_with(&part), "{}", run.stderr);
    }
    folder.succeed(&format!("bin2d s.points -o whole.tiff {GRID}"));
    let merge = "merge 3.tiff 1.tiff 4.tiff 2.tiff -o m.tiff";
    let run = folder.succeed(&format!("{merge} --json"));
    assert!(
        run.stderr.starts_with("merge: m.tiff: 20x15, 4 shards, 500 points: "),
        "{}",
        run.stderr
    );
    let facts = &run.json()[0];
    assert_eq!((&facts["stage"], &facts["shards"]), (&"merge".into(), &4.into()));
    assert_eq!((&facts["points"], &facts["up_to_date"]), (&500.into(), &false.into()));
    check(&folder, "m.tiff", "whole.tiff");

    // Whatever the order and the threads, the bytes are the same.
    folder.succeed("merge 1.tiff 2.tiff 3.tiff 4.tiff -o n.tiff --threads 1");
    assert!(folder.read("m.tiff") == folder.read("n.tiff"));
    // All of it is up to date, for a single run too.
    for command in [merge, &shard(2, 4), &format!("bin2d s.points -o m.tiff {GRID}")] {
        assert!(folder.succeed(command).stderr.contains("up to date"), "{command}");
    }
    assert!(!folder.succeed(&format!("{merge} --force")).stderr.contains("up to date"));
    folder.succeed(&shard(2, 5).replace("2.tiff", "other.tiff"));
    assert!(
        folder.succeed("info other.tiff").stdout.starts_with(b"other.tiff: shard 2 of 5 of a grid")
    );
    // Other points, another grid.
    folder.write("t.txt", "0 0 1 1\n1 1 2 2\n");
    folder.succeed("ingest t.txt -o t.points --columns x=1,y=2,z=3,m=4");
    for index in [1, 2] {
        folder.succeed(&shard(index, 2).replace("s.points", "t.points"));
    }
    let run = folder.succeed("merge 1.tiff 2.tiff -o m.tiff");
    assert!(run.stderr.contains("2 points: 2 binned"), "{}", run.stderr);
}

#[test]
fn shards_are_of_one_job_where_their_options_come_to_the_same_however_they_are_typed() {
    let folder = Folder::new();
    folder.write("s.txt", "0 0 1\n1 1 2\n2 2 3\n4 4 5\n");
    folder.succeed("ingest s.txt -o s.points");
    folder.succeed("bin2d s.points -o whole.tiff --size 8");
    for options in ["--extent 0,4,0,4", "--aspect equal", "--reduce count,mean", "--z z"] {
        let shard = |index: usize, options: &str| {
            format!("bin2d s.points -o {index}.tiff --size 8 --shard {index}/2 {options}")
        };
        folder.succeed(&(shard(1, "") + " --force"));
        folder.succeed(&(shard(2, options) + " --force"));
        // Nothing would make the first again.
        assert!(folder.succeed(&shard(1, options)).stderr.contains(": up to date"), "{options}");
        for order in ["1.tiff 2.tiff", "2.tiff 1.tiff"] {
            folder.succeed(&format!("merge {order} -o m.tiff --force"));
            assert!(folder.read("m.tiff") == folder.read("whole.tiff"), "{options}, {order}");
        }
    }
    for (options, why) in [
        ("--extent 0,5,0,4", "its extent is 0.0,5.0,0.0,4.0, not 0.0,4.0,0.0,4.0"),
        ("--reduce mean,count", "its list of pages is mean,count, not count,mean"),
        ("--z y", "its option z is \"y\", not \"z\""),
        ("--dtype f64", "its option dtype is \"f64\", not \"f32\""),
    ] {
        folder.succeed("bin2d s.points -o 1.tiff --size 8 --shard 1/2 --force");
        folder.succeed(&format!("bin2d s.points -o 2.tiff --size 8 --shard 2/2 --force {options}"));
        let error = folder.fail(1, "merge 1.tiff 2.tiff -o m.tiff");
        assert!(error.contains(why), "{options}: {error}");
    }
}

#[test]
fn a_shard_shows_its_own_points_and_what_it_carries() {
    let folder = folder();
    folder.succeed(&shard(2, 4));
    let text = String::from_utf8(folder.succeed("info 2.tiff --verify").stdout).unwrap();
    assert!(text.starts_with("2.tiff: shard 2 of 4 of a grid of 20x15 cells\n"), "{text}");
    let carried = "\ncarries for merge kept-valid, kept-sum, kept-mean, kept-m2, kept-sum:m\n";
    assert!(text.contains(carried), "{text}");
    let facts = folder.succeed(&(shard(2, 4) + " --json")).json().remove(0);
    assert_eq!(facts["shard"], serde_json::json!({ "index": 2, "of": 4 }));
    assert_eq!(facts["pages"].as_array().unwrap().len(), 7);
    for page in ["count", "mean", "max:m"] {
        folder.succeed(&format!("colorize 2.tiff -o p.png --by {page}"));
    }
    let error = folder.fail(1, "colorize 2.tiff -o n.png --by kept-sum");
    assert!(error.contains("no page \"kept-sum\"; it has count, mean"), "{error}");
    // The extent is that of all points.
    folder.succeed(&format!("bin2d s.points -o whole.tiff {GRID}"));
    let extent = |grid| GridFile::open(&folder.path(grid)).unwrap().extent();
    assert_eq!(extent("2.tiff"), extent("whole.tiff"));
    let whole = folder.succeed("info whole.tiff --json").json().remove(0);
    assert!(whole["description"].get("carried").is_none());
    assert!(whole["description"]["options"].get("shard").is_none());
}

/// Any process may end at any time: what it was to make is not there, and is made again.
#[test]
fn a_shard_whose_process_was_killed_is_missing_until_it_is_made_again() {
    let folder = folder();
    let grid = "--size 1500 --reduce count,mean,std,min,max:m,first,sum:m --compress deflate";
    let make = |index: usize| format!("bin2d s.points -o {index}.tiff --shard {index}/3 {grid}");
    for index in [1, 3] {
        folder.succeed(&make(index));
    }
    let mut child = spawn(&folder, &make(2));
    let partial = || {
        let mut entries = std::fs::read_dir(folder.path("")).unwrap();
        entries.any(|entry| entry.unwrap().file_name().to_string_lossy().contains(".partial-"))
    };
    while !partial() {
        assert!(child.try_wait().unwrap().is_none(), "it must be killed while it writes");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(!folder.path("2.tiff").exists());
    let error = folder.fail(1, "merge 1.tiff 3.tiff -o m.tiff");
    assert!(error.contains("shard 2 of 3 is missing; make what is missing with"), "{error}");
    let error = folder.fail(1, "merge 1.tiff 2.tiff 3.tiff -o m.tiff");
    assert!(error.contains("2.tiff: no such file"), "{error}");
    folder.succeed(&make(2));
    folder.succeed("merge 1.tiff 2.tiff 3.tiff -o m.tiff");
    folder.succeed(&format!("bin2d s.points -o whole.tiff {grid}"));
    check(&folder, "m.tiff", "whole.tiff");
}

#[test]
fn what_cannot_be_merged_is_named() {
    let folder = folder();
    for index in 1..=8 {
        folder.succeed(&shard(index, 8));
    }
    folder.succeed(&format!("bin2d s.points -o whole.tiff {GRID}"));
    folder.succeed("bin2d s.points -o other.tiff --shard 2/8 --size 20x15");
    folder.write("no.tiff", "II*\0");
    for (arguments, part) in [
        ("1.tiff 3.tiff 4.tiff 6.tiff 7.tiff 8.tiff", "shards 2 and 5 of 8 are missing"),
        ("1.tiff 2.tiff 1.tiff", "1.tiff: is shard 1/8, and so is 1.tiff"),
        ("1.tiff whole.tiff", "whole.tiff: is a whole grid and no shard"),
        (
            "1.tiff other.tiff",
            "other.tiff: is no shard of the same job as 1.tiff: its list of pages is",
        ),
        ("1.tiff no.tiff", "no.tiff: not a grid"),
        ("1.tiff none.tiff", "none.tiff: no such file"),
    ] {
        let error = folder.fail(1, &format!("merge {arguments} -o m.tiff"));
        assert!(error.starts_with("pointillist: merge: ") && error.contains(part), "{error}");
    }
    for (arguments, part) in [
        ("merge 1.tiff 2.tiff -o 2.tiff", "2.tiff is both input and output"),
        ("merge 1.tiff 2.tiff -o m.png", "must end in .tiff"),
        ("merge -o m.tiff", "GRID.tiff"),
        ("bin2d s.points -o m.tiff --shard 0/4", "shards count from 1"),
        ("bin2d s.points -o m.tiff --shard 5/4", "there is no shard 5 of 4"),
        ("bin2d s.points -o m.tiff --shard 5", "expected I/N"),
        ("render s.points -o m.png --shard 1/2", "--shard"),
        (
            "bin2d s.txt -o m.tiff --extent 0,1,0,1 --shard 1/2",
            "make them first with pointillist ingest",
        ),
    ] {
        let error = folder.fail(2, arguments);
        assert!(error.contains(part), "{error}");
    }
    // A bit of a page of one of them is not what it was.
    let mut damaged = folder.read("4.tiff");
    damaged[100] ^= 1;
    folder.write("4.tiff", damaged);
    let all = "1.tiff 2.tiff 3.tiff 4.tiff 5.tiff 6.tiff 7.tiff 8.tiff";
    let error = folder.fail(1, &format!("merge {all} -o m.tiff"));
    assert!(error.contains("4.tiff: damaged: page count is not what was written"), "{error}");
}

/// Runs a command in the folder, with the program at hand.
fn run(folder: &Folder, command: &mut Command) -> Run {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_pointillist"));
    let path =
        format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    command.current_dir(folder.path("")).env("PATH", path).env_remove("MAKEFLAGS");
    let run = Run::new(command.output().unwrap());
    assert_eq!(run.code, 0, "{}", run.stderr);
    run
}

const MAKEFILE: &str = "\
N = 8
galaxy.tiff: $(patsubst %,shard-%.tiff,$(shell seq $N)); pointillist merge $^ -o $@
shard-%.tiff: galaxy.points; pointillist bin2d $< -o $@ --size 1000 --shard $*/$N --threads 1
galaxy.points: galaxy.txt; pointillist ingest $< -o $@
";

#[test]
fn make_bins_shards_side_by_side_and_only_those_that_it_must() {
    let folder = Folder::new();
    folder.write("galaxy.txt", spiral());
    folder.write("Makefile", MAKEFILE);
    let make = || {
        let run = run(&folder, Command::new("make").args(["-j", "4"]));
        let stage = |line: &str| line.split(':').next().unwrap().to_owned();
        let mut stages: Vec<String> = run.lines().into_iter().map(stage).collect();
        stages.sort();
        stages
    };
    let mut expected = vec!["bin2d"; 8];
    expected.extend(["ingest", "merge"]);
    assert_eq!(make(), expected);
    assert_eq!(make(), [""; 0]);
    std::fs::remove_file(folder.path("shard-3.tiff")).unwrap();
    assert_eq!(make(), ["bin2d", "merge"]);
    assert_eq!(make(), [""; 0]);
    folder.succeed("bin2d galaxy.points -o whole.tiff --size 1000");
    assert_eq!(values(&folder, "galaxy.tiff", "count"), values(&folder, "whole.tiff", "count"));
}

const SLURM: &str = "\
#!/bin/sh
#SBATCH --array=1-8 --cpus-per-task=4 --mem=2G
i=$SLURM_ARRAY_TASK_ID n=$SLURM_ARRAY_TASK_COUNT
pointillist bin2d galaxy.points -o shard-$i.tiff --size 1000 --shard $i/$n --threads $SLURM_CPUS_PER_TASK
";

#[cfg(unix)]
#[test]
fn an_array_of_jobs_bins_a_shard_each() {
    let folder = Folder::new();
    folder.write("galaxy.txt", spiral());
    folder.succeed("ingest galaxy.txt -o galaxy.points");
    folder.write("shards.sh", SLURM);
    for task in 1..=8 {
        let mut job = Command::new("sh");
        job.arg("shards.sh").env("SLURM_ARRAY_TASK_ID", task.to_string());
        job.env("SLURM_ARRAY_TASK_COUNT", "8").env("SLURM_CPUS_PER_TASK", "2");
        run(&folder, &mut job);
    }
    run(&folder, Command::new("sh").args(["-c", "pointillist merge shard-*.tiff -o galaxy.tiff"]));
    folder.succeed("bin2d galaxy.points -o whole.tiff --size 1000");
    assert_eq!(values(&folder, "galaxy.tiff", "count"), values(&folder, "whole.tiff", "count"));
}

#[cfg(unix)]
#[test]
fn a_damaged_shard_is_binned_again_and_a_merged_grid_is_merged_again() {
    let folder = folder();
    for shard in 1..=11 {
        folder.succeed(&format!("bin2d s.points -o {shard}.tiff {GRID} --shard {shard}/11"));
    }
    folder.succeed("bin2d s.points -o other.tiff --size 20x15 --shard 1/11");
    let shards = (1..=11).map(|shard| format!("{shard}.tiff")).collect::<Vec<_>>().join(" ");
    folder.succeed(&format!("merge {shards} -o m.tiff"));
    for (damaged, reader) in [
        ("3.tiff", format!("merge {shards} -o n.tiff")),
        ("m.tiff", "info m.tiff --verify".to_owned()),
    ] {
        let good = folder.read(damaged);
        folder.damage(damaged, good.len() / 2);
        let remedy = folder.mend(&folder.fail(1, &reader));
        let expected = match damaged {
            "m.tiff" => format!("pointillist merge {shards} -o m.tiff --force"),
            _ => format!("pointillist bin2d s.points -o 3.tiff {GRID} --shard 3/11 --force"),
        };
        assert_eq!(remedy, expected);
        assert!(folder.read(damaged) == good);
    }
}
