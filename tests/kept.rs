//! What is kept for pictures: where it lies, what may be in its way, and what `clean` does with it.

use std::fs;

use crate::support::{Folder, names, spiral};

/// A folder with `s.txt` and what was kept of it for `s.png`.
fn rendered() -> Folder {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed(RENDER);
    folder
}

const RENDER: &str = "render s.txt -o s.png --size 20";

/// The folders of columns that have a key in their names.
fn keyed(folder: &Folder) -> usize {
    let names = names(&folder.path(""));
    names.iter().filter(|name| name.starts_with("s-") && name.ends_with(".points")).count()
}

fn is_up_to_date(folder: &Folder) {
    let run = folder.succeed(RENDER);
    assert_eq!(run.stderr.matches(": up to date").count(), 3, "{}", run.stderr);
}

#[test]
fn what_stands_in_the_place_of_columns_is_left_and_they_are_kept_beside_it() {
    let in_the_way: [fn(&Folder); 4] = [
        // Of somebody else, or the beginning of a copy.
        |folder| {
            fs::create_dir(folder.path("s.points")).unwrap();
            folder.write("s.points/x.npy", "mine");
        },
        |folder| drop(folder.write("s.points", "mine")),
        |folder| {
            folder.succeed(RENDER);
            folder.write("s.points/notes.txt", "mine");
            folder.write("s.txt", spiral() + "1 1 1\n");
        },
        |folder| {
            folder.succeed(RENDER);
            folder.write("s.points/grids/my.tiff", "mine");
            fs::remove_file(folder.path("s.points/x.npy")).unwrap();
        },
    ];
    for put in in_the_way {
        let folder = Folder::new();
        folder.write("s.txt", spiral());
        put(&folder);
        let is_mine = |(path, content): &(std::path::PathBuf, Vec<u8>)| {
            content == b"mine" || path.ends_with("s.points")
        };
        let mine: Vec<_> = folder.listing().into_iter().filter(is_mine).collect();
        folder.succeed(RENDER);
        assert_eq!(keyed(&folder), 1);
        is_up_to_date(&folder);
        folder.succeed(&format!("{RENDER} --force"));
        assert_eq!(keyed(&folder), 1);
        // Who asks for that very folder learns what is in the way.
        let error = folder.fail(1, "ingest s.txt -o s.points --force");
        assert!(
            error.contains("s.points: ") && error.contains("choose an output elsewhere"),
            "{error}"
        );
        folder.succeed("clean");
        for file in mine {
            assert!(folder.listing().contains(&file), "{file:?}");
        }
    }
}

#[test]
fn what_is_left_of_columns_that_were_kept_is_made_again_and_that_is_said() {
    let folder = rendered();
    for (name, message) in
        [("points.json", None), ("y.npy", Some("y.npy: is missing; making it again"))]
    {
        fs::remove_file(folder.path("s.points").join(name)).unwrap();
        let run = folder.succeed(RENDER);
        assert!(message.is_none_or(|message| run.stderr.contains(message)), "{}", run.stderr);
        assert_eq!(keyed(&folder), 0);
        is_up_to_date(&folder);
    }
    let grid = folder.grid("s.points");
    folder.write(&grid, &folder.read(&grid)[..3000]);
    let run = folder.succeed(RENDER);
    assert!(run.stderr.contains("; making it again\n"), "{}", run.stderr);
    let z = folder.read("s.points/z.npy");
    folder.write("s.points/z.npy", [&z[..300], &[!z[300]], &z[301..]].concat());
    let run = folder.succeed(&format!("{RENDER} --force"));
    assert!(!run.stderr.contains("ingest s.txt"), "{}", run.stderr);
    folder.write("s.points/z.npy", [&z[..300], &[!z[300]], &z[301..]].concat());
    let run = folder.succeed("render s.txt -o s.png --size 21");
    assert!(run.stderr.contains("are not what was written; making it again\n"), "{}", run.stderr);
}

#[test]
fn a_grid_is_kept_elsewhere_where_a_folder_has_its_name_or_a_file_that_of_its_folder() {
    let folder = rendered();
    let grid = folder.path(&folder.grid("s.points"));
    fs::remove_file(&grid).unwrap();
    fs::create_dir(&grid).unwrap();
    folder.succeed(RENDER);
    assert_eq!(names(&folder.path("s.grids")).len(), 2);
    is_up_to_date(&folder);
    fs::remove_dir_all(folder.path("s.points/grids")).unwrap();
    folder.write("s.points/grids", "mine");
    is_up_to_date(&folder);
    // Where there is nothing else, the remedy is another folder for what is kept.
    fs::remove_dir_all(folder.path("s.grids")).unwrap();
    folder.write("s.grids", "mine");
    folder.succeed(RENDER);
    let all = names(&folder.path(""));
    let other = all.iter().find(|name| name.starts_with("s-")).unwrap();
    assert_eq!(names(&folder.path(other)).len(), 2);
    is_up_to_date(&folder);
    fs::remove_dir_all(folder.path(other)).unwrap();
    folder.write(other, "mine");
    let error = folder.fail(1, RENDER);
    assert!(error.contains("s.points/grids: cannot write: "), "{error}");
    assert!(error.contains("; choose another folder with --cache-dir\n"), "{error}");
    let error = folder.fail(1, "render s.txt -o t.png --dtype f64 --cache-dir s.txt/cache");
    assert!(error.contains("; choose another folder with --cache-dir\n"), "{error}");
    folder.succeed(&format!("{RENDER} --cache-dir cache"));
    // Columns that hold it are not replaced.
    folder.succeed(&format!("{RENDER} --force"));
    assert_eq!((keyed(&folder), folder.read("s.points/grids")), (1, b"mine".to_vec()));
}

#[test]
fn nothing_of_the_users_is_written_where_folders_are_removed_as_a_whole() {
    let folder = rendered();
    folder.take_grid("s.points", "s.tiff");
    for command in [
        "colorize s.tiff -o s.points/a.png",
        "colormaps -o s.points/grids/a.png",
        "render s.txt -o s.points/../s.points/a.png",
        "scatter s.txt -o s.points/a.png",
        "bin2d s.points -o s.points/my.tiff",
        "ingest s.txt -o s.points/t.points",
        "render s.txt -o t.png --cache-dir s.points/cache",
        "render s.txt -o t.png --cache-dir s.points",
    ] {
        let error = folder.fail(2, command);
        assert!(
            error.contains("would lie in ") && error.contains("s.points"),
            "{command}: {error}"
        );
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_there_through_a_link() {
    use std::os::unix::fs::symlink;
    let folder = rendered();
    folder.take_grid("s.points", "s.tiff");
    let grid = folder.grid("s.points");
    for (target, name) in
        [("s.points/x.npy", "n.png"), (grid.as_str(), "n.tiff"), ("n.png", "nn.png")]
    {
        symlink(target, folder.path(name)).unwrap();
    }
    for command in [
        "render s.txt -o n.png",
        "scatter s.txt -o nn.png",
        "colorize s.tiff -o n.png",
        "bin2d s.points -o n.tiff --size 30",
    ] {
        let error = folder.fail(2, command);
        assert!(error.contains("would lie in ") && error.contains("s.points"), "{error}");
    }
    // A link to anything else is followed.
    folder.write("t.png", "");
    symlink("t.png", folder.path("m.png")).unwrap();
    folder.succeed("render s.txt -o m.png --size 20");
    assert!(folder.path("m.png").is_symlink());
    assert_eq!(folder.picture("t.png").width(), 20);
}

#[test]
fn what_is_made_of_the_arrays_in_a_folder_of_columns_lies_beside_the_picture() {
    let folder = rendered();
    fs::create_dir(folder.path("pictures")).unwrap();
    let before = names(&folder.path("s.points"));
    let command = "render s.points/x.npy s.points/y.npy -o pictures/n.png --size 20";
    folder.succeed(command);
    assert_eq!(names(&folder.path("s.points")), before);
    assert_eq!(names(&folder.path("pictures")).len(), 2);
    let run = folder.succeed(command);
    assert_eq!(run.stderr.matches(": up to date").count(), 3, "{}", run.stderr);
    // Where that is no file, nothing is kept.
    assert!(!folder.succeed("scatter s.points/x.npy s.points/y.npy -o -").stdout.is_empty());
    assert_eq!((names(&folder.path("s.points")), names(&folder.path("")).len()), (before, 4));
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_folder_of_grids_is_neither_used_nor_marked_nor_pruned() {
    let folder = rendered();
    fs::rename(folder.path("s.points/grids"), folder.path("mine")).unwrap();
    let mine = names(&folder.path("mine"));
    assert_eq!(mine.len(), 2);
    folder.succeed("ingest s.txt -o s.points");
    let unchanged = |run: &str, names_in: &[String]| {
        assert_eq!(names(&folder.path("mine")), names_in, "{run}");
    };
    std::os::unix::fs::symlink("../mine", folder.path("s.points/grids")).unwrap();
    let run = folder.succeed(&format!("{RENDER} --keep-grids 0"));
    assert!(run.stderr.contains("bin2d: s.grids/"), "{}", run.stderr);
    unchanged("marked", &mine);
    let info = folder.succeed("info s.points");
    assert!(!String::from_utf8(info.stdout).unwrap().contains("grid s.points"));
    folder.succeed("clean --all");
    unchanged("clean", &mine);
    for name in &mine {
        fs::remove_file(folder.path("mine").join(name)).unwrap();
    }
    folder.succeed("render s.txt -o s.png --size 21");
    folder.succeed("render s.txt -o - --size 22");
    unchanged("empty", &[]);
}

#[test]
fn a_folder_for_what_is_kept_is_made_when_something_comes_to_lie_there() {
    let folder = rendered();
    folder.succeed("scatter s.txt -o p.png --cache-dir cache/deep");
    folder.succeed("render s.points -o t.png --size 20 --cache-dir cache/deep");
    assert!(!folder.path("cache").exists());
    folder.write("bad.txt", "1 2 3\nx y z\n1 2\n");
    folder.fail(1, "render bad.txt -o t.png --cache-dir cache/deep");
    folder.succeed("render s.txt -o t.png --size 30 --cache-dir cache/deep");
    assert_eq!(names(&folder.path("cache/deep")), ["s.grids"]);
}

#[test]
fn the_folder_of_grids_is_marked_whatever_a_killed_run_has_left_of_it() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("ingest s.txt -o s.points");
    fs::create_dir(folder.path("s.points/grids")).unwrap();
    for left in ["", "Signature: 8a477f"] {
        folder.write("s.points/grids/CACHEDIR.TAG", left);
        folder.succeed(RENDER);
        assert!(folder.read("s.points/grids/CACHEDIR.TAG").len() > 100);
        fs::remove_file(folder.path(&folder.grid("s.points"))).unwrap();
    }
    // One of another program is not used, and nothing of it is removed.
    folder.write("s.points/grids/CACHEDIR.TAG", "Signature: of another program\n");
    folder.write("s.points/grids/0123456789abcdef.tiff", "mine");
    folder.succeed(&format!("{RENDER} --keep-grids 0"));
    assert_eq!(names(&folder.path("s.points/grids")), ["0123456789abcdef.tiff", "CACHEDIR.TAG"]);
}

#[test]
fn only_what_was_made_for_pictures_is_marked_as_a_cache_however_often_it_is_made() {
    let folder = rendered();
    let is_marked = || folder.path("s.points/CACHEDIR.TAG").exists();
    folder.succeed(&format!("{RENDER} --force"));
    assert!(is_marked());
    let run = folder.succeed("ingest s.txt -o s.points");
    assert!(run.stderr.contains("s.points: is no cache any more"), "{}", run.stderr);
    for text in [spiral(), spiral() + "1 1 1\n"] {
        folder.write("s.txt", text);
        folder.succeed(&format!("{RENDER} --force"));
        assert!(!is_marked());
        let run = folder.succeed("ingest s.txt -o s.points");
        assert!(!run.stderr.contains("cache"), "{}", run.stderr);
    }
}

#[test]
fn columns_that_were_asked_for_by_name_are_not_replaced_by_those_of_a_pipe() {
    let folder = Folder::new();
    assert_eq!(folder.feed("ingest - -o w.points", "1 2\n3 4\n").code, 0);
    let columns =
        || folder.listing().into_iter().filter(|(it, _)| it.starts_with(folder.path("w.points")));
    let before: Vec<_> = columns().collect();
    for command in ["scatter - -o w.png", "render - -o w.png --size 20"] {
        for _ in 0..2 {
            assert_eq!(folder.feed(command, spiral()).code, 0);
            assert!(columns().eq(before.iter().cloned()), "{command}");
            assert_eq!(names(&folder.path("")).len(), 3);
        }
    }
    // What was made for such a picture is replaced by the next, until somebody asks for it.
    for text in ["1 2\n", "1 2\n3 4\n"] {
        assert_eq!(folder.feed("scatter - -o v.png", text).code, 0);
        assert_eq!(folder.column("v.points/x.npy").len(), text.lines().count());
    }
    let run = folder.succeed("clean --all");
    assert!(run.stderr.contains("v.points: left: it was made from a pipe"), "{}", run.stderr);
    assert_eq!(folder.feed("ingest - -o v.points", "1 2\n").code, 0);
    assert_eq!(folder.feed("scatter - -o v.png", "1 2\n3 4\n").code, 0);
    assert_eq!(folder.column("v.points/x.npy").len(), 1);
}

#[test]
fn columns_that_were_asked_for_by_name_are_not_replaced_by_those_of_a_changed_text() {
    for picture in ["render s.txt -o s.png --size 20", "scatter s.txt -o s.png"] {
        let folder = Folder::new();
        folder.write("s.txt", spiral());
        folder.succeed("ingest s.txt -o s.points");
        let rows = || folder.column("s.points/x.npy").len();
        for text in ["1 2 3\n4 5 6\n", "1 2 3\n"] {
            folder.write("s.txt", text);
            for force in ["", " --force"] {
                folder.succeed(&format!("{picture}{force}"));
                assert_eq!((rows(), keyed(&folder)), (500, 1), "{picture}");
            }
        }
        // Nor where the other name has been asked for.
        let all = names(&folder.path(""));
        let other = all.iter().find(|name| name.starts_with("s-")).unwrap();
        folder.succeed(&format!("ingest s.txt -o {other}"));
        folder.write("s.txt", "1 2 3\n4 5 6\n");
        let error = folder.fail(1, picture);
        assert!(
            error.contains(&format!("{other}: ingest was asked for it by its name")),
            "{error}"
        );
        assert!(error.contains("choose another folder with --cache-dir"), "{error}");
        folder.succeed(&format!("{picture} --cache-dir cache"));
        // The same again may take its place.
        folder.succeed("ingest s.txt -o s.points");
        let x = folder.read("s.points/x.npy");
        folder.damage("s.points/x.npy", 130);
        folder.succeed(&format!("{picture} --force"));
        assert!(folder.read("s.points/x.npy") == x);
    }
}

#[test]
fn a_folder_that_was_renamed_with_text_and_columns_in_it_is_as_good_as_before() {
    let folder = Folder::new();
    fs::create_dir(folder.path("old")).unwrap();
    folder.write("old/s.txt", spiral());
    folder.succeed("render old/s.txt -o s.png --size 20");
    fs::rename(folder.path("old"), folder.path("new")).unwrap();
    let run = folder.succeed("render new/s.txt -o s.png --size 20");
    assert_eq!(run.stderr.matches(": up to date").count(), 3, "{}", run.stderr);
    // Another file of the old name changes nothing about that.
    fs::create_dir(folder.path("old")).unwrap();
    folder.write("old/s.txt", "1 2 3\n");
    folder.succeed("clean new");
    assert_eq!(names(&folder.path("new")), ["s.points", "s.txt"]);
    // A change is one of this text, and its columns are made in the same place.
    let mut text = fs::File::options().append(true).open(folder.path("new/s.txt")).unwrap();
    std::io::Write::write_all(&mut text, b"1 1 1\n").unwrap();
    folder.succeed("render new/s.txt -o s.png --size 20");
    assert_eq!(names(&folder.path("new")), ["s.points", "s.txt"]);
    // A copy is another file, and what is left of the old one stays.
    fs::create_dir(folder.path("copy")).unwrap();
    for name in names(&folder.path("new/s.points")).iter().filter(|name| *name != "grids") {
        fs::create_dir_all(folder.path("copy/s.points")).unwrap();
        let [from, to] = ["new", "copy"].map(|it| folder.path(it).join("s.points").join(name));
        fs::copy(from, to).unwrap();
    }
    fs::remove_dir_all(folder.path("new")).unwrap();
    folder.write("copy/s.txt", "1 2 3\n");
    let run = folder.succeed("clean --all copy");
    assert!(run.stderr.contains("copy/s.points: left: its input is not there: "), "{}", run.stderr);
}

#[test]
fn clean_finds_what_is_damaged_as_far_as_that_is_told_cheaply() {
    let damages: [fn(&Folder); 6] = [
        |folder| fs::remove_file(folder.path("s.points/y.npy")).unwrap(),
        |folder| fs::remove_file(folder.path("s.points/points.json")).unwrap(),
        |folder| drop(folder.write("s.points/points.json", "{")),
        |folder| {
            let x = folder.read("s.points/x.npy");
            folder.write("s.points/x.npy", &x[..x.len() - 1]);
        },
        |folder| {
            let mut zones = folder.read("s.points/x.zones.npy");
            zones[200] ^= 1;
            folder.write("s.points/x.zones.npy", zones);
        },
        |folder| {
            let json = String::from_utf8(folder.read("s.points/points.json")).unwrap();
            folder.write("s.points/points.json", json.replace("\"version\": 3", "\"version\": 2"));
        },
    ];
    for (index, damage) in damages.into_iter().enumerate() {
        let folder = rendered();
        damage(&folder);
        if ![1, 2].contains(&index) {
            // What is left may be all that there is.
            fs::rename(folder.path("s.txt"), folder.path("t.txt")).unwrap();
            folder.succeed("clean");
            assert!(folder.path("s.points").exists(), "{index}");
            // The time of the change is another one now.
            fs::rename(folder.path("t.txt"), folder.path("s.txt")).unwrap();
        }
        let before = folder.listing();
        folder.succeed("clean --dry-run");
        assert_eq!(folder.listing(), before);
        folder.succeed("clean");
        assert_eq!(names(&folder.path("")), ["s.png", "s.txt"], "{index}");
    }
    let folder = rendered();
    let grid = folder.grid("s.points");
    let mut bytes = folder.read(&grid);
    let seal = bytes.len() - 1;
    bytes[seal] ^= 1;
    folder.write(&grid, &bytes);
    folder.succeed("clean");
    assert!(!folder.path(&grid).exists());
    assert!(folder.path("s.points/x.npy").exists());
}

#[test]
fn clean_leaves_what_it_must_not_remove_and_says_so() {
    let folder = rendered();
    folder.write("notes.txt", "mine");
    for name in ["s.points/notes.txt", "s.points/grids/my.tiff"] {
        folder.write(name, "mine");
        let before = folder.listing();
        let run = folder.succeed("clean --all");
        assert_eq!(folder.listing(), before);
        let (_, inner) = name.split_once('/').unwrap();
        let why = format!("left, though can be made again: pointillist did not make {inner} in it");
        assert!(run.stderr.contains(&why), "{}", run.stderr);
        fs::remove_file(folder.path(name)).unwrap();
    }
    // Twice, and the folder that it is run in.
    let run = folder.succeed("clean --all . s.points ./s.points");
    assert!(run.stderr.contains("1 file or folder removed"), "{}", run.stderr);
    folder.succeed(RENDER);
    let mut command = folder.command("clean --all .");
    let output = command.current_dir(folder.path("s.points")).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!folder.path("s.points").exists());
    folder.fail(1, "clean --all . nowhere");
    // What was asked for by its name stays, whatever has become of it.
    for (damage, why) in [
        ("{", "left: ingest was asked for it, and it is damaged: points.json is damaged: "),
        ("{}", "left: points.json is not a sidecar of ours: "),
    ] {
        folder.succeed("ingest s.txt -o asked.points --force");
        folder.write("asked.points/points.json", damage);
        let run = folder.succeed("clean --all");
        assert!(run.stderr.contains(&format!("asked.points: {why}")), "{}", run.stderr);
        assert!(folder.path("asked.points/x.npy").exists());
    }
    fs::remove_dir_all(folder.path("asked.points")).unwrap();
    #[cfg(unix)]
    {
        folder.succeed(RENDER);
        fs::create_dir(folder.path("disk")).unwrap();
        fs::rename(folder.path("s.points"), folder.path("disk/real")).unwrap();
        std::os::unix::fs::symlink("disk/real", folder.path("s.points")).unwrap();
        let before = folder.listing();
        let run = folder.succeed("clean --all");
        assert!(run.stderr.contains("s.points: left: is a link"), "{}", run.stderr);
        assert_eq!(folder.listing(), before);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_input_whose_name_is_not_utf8_is_not_taken_for_gone() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    let name = std::ffi::OsStr::from_bytes(b"s\xff.txt");
    fs::write(folder.path("").join(name), spiral()).unwrap();
    let mut command = folder.command("render -o s.png --size 20");
    assert!(command.arg(name).status().unwrap().success());
    folder.succeed("clean");
    assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 3);
    let run = folder.succeed("clean --all");
    assert!(run.stderr.contains("clean: s\\xff.points: removed"), "{}", run.stderr);
    assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 2);
}

#[test]
fn grids_that_are_kept_are_verified_with_their_columns() {
    let folder = rendered();
    folder.succeed("info s.points --verify");
    let grid = folder.grid("s.points");
    let good = folder.read(&grid);
    for at in [good.len() - 1, 2000] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        folder.write(&grid, bytes);
        folder.succeed("info s.points");
        let run = folder.run("info s.points --verify");
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.stderr.contains(&format!("{grid}: damaged: ")), "{}", run.stderr);
        assert!(run.stderr.ends_with(&format!("make it again: rm {grid}\n")), "{}", run.stderr);
    }
}

#[test]
fn what_was_typed_for_something_else_is_answered_with_what_was_meant() {
    let folder = rendered();
    folder.take_grid("s.points", "s.tiff");
    for command in
        ["render s.tiff -o t.png", "scatter s.tiff -o t.png", "ingest s.tiff -o t.points"]
    {
        let error = folder.fail(1, command);
        assert!(error.contains(": pointillist colorize s.tiff -o OUT.png"), "{command}: {error}");
    }
    folder.write("-x.txt", spiral());
    let error = folder.fail(2, "render -x.txt -o t.png");
    assert!(error.contains("write ./-x.txt"), "{error}");
    folder.succeed("render ./-x.txt -o t.png --size 20");
}

#[cfg(target_os = "linux")]
#[test]
fn what_has_a_name_for_a_moment_is_kept_as_a_pipe_is_and_memory_as_files_are() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let script = format!(
        "exec {} render /dev/fd/7 -o a.png --size 20 7< s.txt",
        env!("CARGO_BIN_EXE_pointillist")
    );
    for directory in ["", "other"] {
        fs::create_dir_all(folder.path(directory)).unwrap();
        let mut shell = std::process::Command::new("sh");
        let script = script.replace("a.png", &folder.path("a.png").display().to_string());
        let script = script.replace("s.txt", &folder.path("s.txt").display().to_string());
        let output = shell.args(["-c", &script]).current_dir(folder.path(directory)).output();
        assert!(output.unwrap().status.success());
    }
    assert_eq!(names(&folder.path("")), ["a.png", "a.points", "other", "s.txt"]);
    assert_eq!(names(&folder.path("other")), [""; 0]);
    // Some systems have no such place.
    if let Ok(memory) = tempfile::tempdir_in("/dev/shm") {
        let text = memory.path().join("s.txt");
        fs::write(&text, spiral()).unwrap();
        folder.succeed(&format!("render {} -o b.png --size 20", text.display()));
        assert_eq!(names(memory.path()), ["s.points", "s.txt"]);
    }
}
