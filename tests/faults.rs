//! What goes wrong around a run: it is killed, its disk or memory is full, another one makes the same.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::support::{Folder, Run, spiral};

/// The temporary outputs in a folder.
fn partial(folder: &Folder) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.path("")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.to_str().unwrap().contains(".partial-")).collect()
}

/// An ingest that has begun, and waits for more text.
fn begun(folder: &Folder, output: &str) -> Child {
    begun_with(folder, output, "")
}

fn begun_with(folder: &Folder, output: &str, options: &str) -> Child {
    let mut command = folder.command(&format!("ingest - -o {output} {options}"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // More than it looks at before it begins.
    child.stdin.as_mut().unwrap().write_all("1 2 3\n".repeat(20_000).as_bytes()).unwrap();
    let mark = format!(".{output}.partial-");
    while !partial(folder)
        .iter()
        .any(|path| path.to_str().unwrap().contains(&mark) && path.join("points.json").exists())
    {
        assert!(child.try_wait().unwrap().is_none(), "it waits for text");
        std::thread::yield_now();
    }
    child
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
    assert!(status.unwrap().success());
}

/// The program with a limit of the shell.
fn limited(folder: &Folder, limit: &str, arguments: &str) -> Run {
    let program = env!("CARGO_BIN_EXE_pointillist");
    let script = format!("ulimit -c 0; ulimit {limit}; exec {program} {arguments}");
    Run::new(
        Command::new("sh").args(["-c", &script]).current_dir(folder.path("")).output().unwrap(),
    )
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next_and_what_a_living_one_writes_is_not() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let mut other = begun(&folder, "other.points");
    let mut killed = begun(&folder, "s.points");
    killed.kill().unwrap();
    killed.wait().unwrap();
    folder.write(".s.png.partial-abcdef", "12345");
    assert_eq!(partial(&folder).len(), 3);
    let run = folder.succeed("render s.txt -o s.png --size 16");
    let removed: Vec<&str> = run
        .lines()
        .into_iter()
        .filter(|line| line.contains("removed what an interrupted run left: "))
        .collect();
    assert_eq!(removed.len(), 2, "{}", run.stderr);
    assert!(removed[1].ends_with(".s.png.partial-abcdef, 5 B"), "{}", removed[1]);
    assert_eq!(partial(&folder).len(), 1);
    drop(other.stdin.take());
    assert!(other.wait().unwrap().success());
    assert!(partial(&folder).is_empty());
}

#[test]
fn what_a_killed_run_left_in_the_place_for_temporary_folders_is_removed_by_the_next() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("tmp")).unwrap();
    folder.write("s.txt", spiral());
    let left = "tmp/pointillist-partial-abcdef";
    std::fs::create_dir_all(folder.path(left).join("s.points")).unwrap();
    folder.write(&format!("{left}/points.json"), "");
    // Its header is written when all rows are.
    folder.write(&format!("{left}/s.points/x.npy"), [&[0; 128][..], b"12345"].concat());
    let mut command = folder.command("render - -o - --size 16");
    let text = std::fs::File::open(folder.path("s.txt")).unwrap();
    let run = Run::new(command.env("TMPDIR", folder.path("tmp")).stdin(text).output().unwrap());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(std::fs::read_dir(folder.path("tmp")).unwrap().count(), 0);
}

#[test]
fn the_second_of_two_runs_that_make_the_same_waits_for_the_first() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let mut first = begun(&folder, "s.points");
    let mut second = folder.command("render s.txt -o s.png --size 16 --json");
    let mut second = second.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(second.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ingest: waiting for another run that makes s.points\n");
    first.stdin.take();
    assert!(first.wait().unwrap().success());
    // What the first made is of another text.
    let run = Run::new(second.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.json()[0]["points"], 500);
    assert!(folder.succeed("render s.txt -o s.png --size 16").stderr.contains("500 points"));
    assert!(partial(&folder).is_empty());
}

#[test]
fn what_a_run_leaves_that_is_killed_while_another_waits_for_it_is_removed_by_that() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    // Before a word is said, and after.
    for says in [false, true] {
        let mut first = begun(&folder, "s.points");
        let mut second = folder.command("render s.txt -o s.png --size 16 --dtype f64");
        let mut second = second.stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        if says {
            BufReader::new(second.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
            assert_eq!(line, "ingest: waiting for another run that makes s.points\n");
        }
        first.kill().unwrap();
        first.wait().unwrap();
        let run = Run::new(second.wait_with_output().unwrap());
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stderr.contains("removed what an interrupted run left: "), "{}", run.stderr);
        assert!(partial(&folder).is_empty());
        std::fs::remove_dir_all(folder.path("s.points")).unwrap();
    }
}

#[test]
fn a_run_that_waits_for_another_can_be_stopped() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let mut first = begun(&folder, "s.points");
    let mut second = folder.command("ingest s.txt -o s.points");
    let mut second = second.stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(second.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("waiting"), "{line}");
    signal(&second, "TERM");
    assert_eq!(second.wait().unwrap().code(), Some(143));
    drop(first.stdin.take());
    assert!(first.wait().unwrap().success());
}

// Their numbers are those of Linux.
#[cfg(target_os = "linux")]
#[test]
fn signals_that_end_a_process_leave_nothing_behind_and_are_told_by_the_exit_code() {
    let mut signals = vec![("QUIT", 3), ("USR1", 10), ("USR2", 12), ("ALRM", 14), ("XCPU", 24)];
    // What a shell has started in the background ignores some, and so does all that it starts.
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
    signals.retain(|(_, number)| ignored & 1 << (number - 1) == 0);
    let folder = Folder::new();
    let runs: Vec<Child> = signals
        .iter()
        .map(|(name, _)| {
            let child = begun(&folder, &format!("{name}.points"));
            signal(&child, name);
            child
        })
        .collect();
    for (mut run, (name, number)) in runs.into_iter().zip(signals) {
        assert_eq!(run.wait().unwrap().code(), Some(128 + number), "SIG{name}");
    }
    assert_eq!(folder.listing(), []);
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_that_names_it_and_leaves_nothing_behind() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let before = folder.listing();
    // Known before the work; met while rows are written.
    for arguments in
        ["bin2d s.txt --extent 0,1,0,1 -o s.tiff", "ingest s.txt -o s.points", "colormaps -o c.png"]
    {
        let run = limited(&folder, "-f 1", arguments);
        assert_eq!(run.code, 1, "{arguments}: {}", run.stderr);
        let last = run.stderr.lines().last().unwrap();
        assert!(
            last.contains("no file may be longer than ") && last.contains("(ulimit -f)"),
            "{last}"
        );
        assert_eq!(folder.listing(), before);
    }
}

#[test]
fn threads_are_as_many_as_can_be_had_whatever_the_environment_says() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("render s.txt -o expected.png --size 16");
    for (name, value) in [
        ("RAYON_NUM_THREADS", "18446744073709551615"),
        ("RAYON_NUM_THREADS", "100000"),
        ("RAYON_NUM_THREADS", "-1"),
        ("RUST_MIN_STACK", "18446744073709551615"),
        ("RUST_MIN_STACK", "1000000000000000000"),
    ] {
        let mut command = folder.command("render s.txt -o s.png --size 16 --force");
        let run = Run::new(command.env(name, value).output().unwrap());
        assert_eq!(run.code, 0, "{name}={value}: {}", run.stderr);
        assert!(folder.read("s.png") == folder.read("expected.png"), "{name}={value}");
    }
    folder.succeed("render s.txt -o s.png --size 16 --force --threads 512");
    assert!(folder.read("s.png") == folder.read("expected.png"));
}

#[cfg(target_os = "linux")]
#[test]
fn no_more_than_four_threads_a_core_are_started() {
    let folder = Folder::new();
    let cores = std::thread::available_parallelism().unwrap().get();
    for (asked, expected) in [(1, 1), (3, 3), (512, (cores * 4).min(512))] {
        let mut run =
            begun_with(&folder, &format!("{asked}.points"), &format!("--threads {asked}"));
        let threads = std::fs::read_dir(format!("/proc/{}/task", run.id())).unwrap().count();
        // Beside the main thread and the one that waits for signals or shows how far it has come.
        let others = 1..=4;
        let started = threads - expected.min(threads);
        assert!(others.contains(&started), "{asked} asked, {threads} there");
        run.kill().unwrap();
        run.wait().unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn little_address_space_is_shared_with_fewer_threads() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    for kilobytes in [300_000, 1_000_000] {
        for threads in ["", "--threads 512"] {
            let arguments = format!("render s.txt -o s.png --force {threads}");
            let run = limited(&folder, &format!("-v {kilobytes}"), &arguments);
            assert_eq!(run.code, 0, "{kilobytes} kB {threads}: {}", run.stderr);
        }
    }
}

#[test]
fn a_pipe_is_no_output_and_is_not_opened() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("render s.txt -o s.png --size 16");
    for name in ["f.png", "f.tiff", "f.points"] {
        assert!(Command::new("mkfifo").arg(folder.path(name)).status().unwrap().success());
    }
    for arguments in [
        "render s.txt -o f.png",
        "scatter s.points -o f.png",
        "colorize s.tiff -o f.png",
        "colormaps -o f.png",
        "bin2d s.points -o f.tiff",
        "ingest s.txt -o f.points",
    ] {
        let run = folder.run(arguments);
        assert_eq!(run.code, 1, "{arguments}: {}", run.stderr);
        assert!(run.stderr.contains(": exists and is neither a regular file"), "{}", run.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_asked_for_and_cannot_be_printed_is_an_error() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("render s.txt -o s.png --size 16");
    folder.take_grid("s.points", "s.tiff");
    for arguments in [
        "--help",
        "--version",
        "render --help",
        "colormaps",
        "info s.points",
        "info s.tiff --json",
        "colorize s.tiff -o -",
        "colorize s.tiff -o s.png --json",
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = folder.command(arguments).stdout(full).output().unwrap();
        let run = Run::new(output);
        assert_eq!(run.code, 1, "{arguments}: {}", run.stderr);
        let last = run.stderr.lines().last().unwrap();
        assert!(last.contains(": standard output: ") && last.contains("no space left"), "{last}");
    }
}

#[test]
fn a_colormap_is_no_output() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("render s.txt -o s.png --size 16");
    folder.write("map.png", "0 #000000\n1 #ffffff\n");
    for arguments in [
        "render s.txt -o map.png --cmap map.png",
        "colorize s.tiff -o map.png --cmap map.png",
        "scatter s.points -o map.png --cmap map.png",
        "colormaps map.png -o map.png",
    ] {
        let message = folder.fail(2, arguments);
        assert!(message.contains("map.png is both input and output"), "{message}");
    }
}

#[test]
fn whatever_may_be_open_there_is_an_output_or_an_error_that_says_so_and_nothing_is_left() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let mut refused = 0;
    for most in 5..16 {
        let run = limited(&folder, &format!("-n {most}"), "ingest s.txt -o s.points");
        if run.code != 0 {
            refused += 1;
            assert!(!run.stderr.contains("changed"), "{most}: {}", run.stderr);
        }
        assert!(partial(&folder).is_empty(), "{most}: {}", run.stderr);
        let _ = std::fs::remove_dir_all(folder.path("s.points"));
    }
    assert!((1..11).contains(&refused), "{refused}");
}

#[test]
fn a_clean_that_cannot_look_at_what_there_is_is_an_error() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("scatter s.txt -o s.png");
    for most in 4..16 {
        let run = limited(&folder, &format!("-n {most}"), "clean --all --dry-run");
        let is_found = run.stderr.contains("s.points: would be removed");
        assert_eq!(run.code == 0, is_found, "{most}: {}", run.stderr);
    }
}

#[test]
fn an_input_of_which_the_system_says_nothing_is_not_taken_for_a_text() {
    let folder = Folder::new();
    std::os::unix::fs::symlink("a.points", folder.path("a.points")).unwrap();
    for command in ["bin2d a.points -o a.tiff", "render a.points -o a.png"] {
        let said = folder.fail(1, command);
        assert!(said.contains("a.points: too many levels of symbolic links"), "{said}");
    }
}
