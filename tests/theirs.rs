//! What is not ours, among what is kept: it stays where it is, and is in no picture's way.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Folder, Run, names, spiral};

const RENDER: &str = "render s.txt -o s.png --size 20";

/// A folder with `s.txt` and what was kept of it for `s.png`.
fn rendered() -> Folder {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed(RENDER);
    folder
}

/// Names of ours at which something else may stand, in the folder of columns.
fn names_of_ours(folder: &Folder) -> Vec<String> {
    let grid = folder.grid("s.points");
    let mut all: Vec<_> = [
        "points.json",
        "x.npy",
        "x.zones.npy",
        "CACHEDIR.TAG",
        "grids/CACHEDIR.TAG",
        "grids/.0123456789abcdef.tiff.partial-abcdef",
        ".s.points.partial-abcdef",
    ]
    .map(|name| format!("s.points/{name}"))
    .into();
    all.push(grid);
    all
}

fn remove(path: &Path) {
    if path.symlink_metadata().is_ok_and(|about| about.is_dir()) {
        fs::remove_dir_all(path).unwrap();
    } else {
        let _ = fs::remove_file(path);
    }
}

/// All that may remove something, and what it says.
fn everything(folder: &Folder) -> String {
    let mut said = String::new();
    let mut run = |command: &str| {
        let run = folder.run(command);
        assert!(run.code < 2, "{command}: {}", run.stderr);
        said += &run.stderr;
        run.code
    };
    assert_eq!(run(RENDER), 0);
    assert_eq!(run(&format!("{RENDER} --force")), 0);
    run("ingest s.txt -o s.points --force");
    folder.write("s.txt", spiral() + "1 1 1\n");
    assert_eq!(run(RENDER), 0);
    assert_eq!(run("render s.txt -o s.png --size 21 --keep-grids 0"), 0);
    run("ingest s.txt -o s.points");
    assert_eq!(run("clean"), 0);
    assert_eq!(run("clean --all"), 0);
    said
}

#[test]
fn a_folder_that_has_a_name_of_ours_stays_and_a_picture_is_made() {
    for name in names_of_ours(&rendered()) {
        let folder = rendered();
        let mine = folder.path(&name);
        remove(&mine);
        fs::create_dir(&mine).unwrap();
        fs::write(mine.join("mine"), "mine").unwrap();
        let said = everything(&folder);
        assert_eq!(fs::read(mine.join("mine")).unwrap(), b"mine", "{name}: {said}");
        let (_, inner) = name.split_once('/').unwrap();
        let why =
            format!("holds the folder {inner}, which pointillist did not make: move that away");
        assert!(said.contains(&why), "{name}: {said}");
        // What it says can be done.
        fs::rename(&mine, folder.path("mine")).unwrap();
        folder.succeed("clean");
        if folder.path("s.points/points.json").exists()
            || folder.path("s.points/CACHEDIR.TAG").exists()
        {
            folder.succeed("ingest s.txt -o s.points");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_has_a_name_of_ours_stays_and_so_does_what_it_leads_to() {
    for name in names_of_ours(&rendered()) {
        for target in ["nowhere", "itself", "mine", "theirs"] {
            let folder = rendered();
            let link = folder.path(&name);
            let target = match target {
                "itself" => link.file_name().unwrap().into(),
                "theirs" if link.exists() => {
                    // Moved to another disk, say.
                    fs::rename(&link, folder.path("theirs")).unwrap();
                    folder.path("theirs")
                }
                "mine" => folder.write("mine", "mine"),
                _ => PathBuf::from("nowhere"),
            };
            let before = fs::read(&target).ok();
            remove(&link);
            std::os::unix::fs::symlink(&target, &link).unwrap();
            let said = everything(&folder);
            assert_eq!(fs::read_link(&link).unwrap(), target, "{name}: {said}");
            assert_eq!(fs::read(&target).ok(), before, "{name}: {said}");
            // Where the sidecar is no file of ours, nothing says that the folder is.
            assert!(said.contains("s.points: "), "{name}: {said}");
        }
    }
}

#[test]
fn an_array_that_somebody_has_put_there_stays_where_the_record_says_nothing() {
    let damages: [fn(&Folder); 4] = [
        |folder| drop(folder.write("s.points/points.json", "")),
        |folder| {
            let text = folder.read("s.points/points.json");
            folder.write("s.points/points.json", &text[..300]);
        },
        |folder| drop(folder.write("s.points/points.json", "{\"format\": \"of another\"}")),
        |folder| fs::remove_file(folder.path("s.points/points.json")).unwrap(),
    ];
    for (index, damage) in damages.into_iter().enumerate() {
        // As NumPy saves numbers, in the type of a column and as many, and what only has the name.
        let array = rendered().read("s.points/x.npy");
        for (name, mine) in
            [("mask.npy", &b"mine"[..]), ("mask.npy", &array), ("mask.zones.npy", b"mine")]
        {
            for is_asked in [false, true] {
                let folder = rendered();
                if is_asked {
                    folder.succeed("ingest s.txt -o s.points");
                }
                let path = folder.write(&format!("s.points/{name}"), mine);
                damage(&folder);
                let said = everything(&folder);
                assert_eq!(fs::read(&path).unwrap(), mine, "{index} {is_asked}: {said}");
                let why = format!("holds {name}, which pointillist did not make: move that away");
                assert!(said.contains(&why), "{index} {is_asked}: {said}");
                if !is_asked {
                    fs::rename(&path, folder.path("mine")).unwrap();
                    folder.succeed("clean");
                    assert!(!folder.path("s.points").exists(), "{index}");
                }
            }
        }
    }
}

/// The program as another user, where this one is root and the other may run it.
#[cfg(unix)]
fn as_another(folder: &Folder, arguments: &str) -> Option<Run> {
    use std::os::unix::process::CommandExt;
    let mut command = folder.command(arguments);
    command.uid(65534).gid(65534).output().ok().map(Run::new)
}

#[cfg(unix)]
#[test]
fn columns_that_cannot_all_be_removed_stay_whole_and_others_are_made_beside_them() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    fs::set_permissions(folder.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    folder.write("s.txt", spiral());
    if as_another(&folder, "scatter s.txt -o s.png").is_none_or(|run| run.code != 0) {
        return;
    }
    // Its grids are those of this user.
    folder.succeed(RENDER.replace("s.png", "r.png").as_str());
    folder.write("s.txt", spiral() + "1 1 1\n");
    let old = folder.read("s.points/points.json");
    let run = as_another(&folder, "scatter s.txt -o s.png").unwrap();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(folder.read("s.points/points.json") == old);
    let all = names(&folder.path(""));
    assert_eq!(all.len(), 5, "{all:?}");
    assert!(all.iter().all(|name| !name.starts_with('.')), "{all:?}");
    let before = folder.listing();
    for command in ["ingest s.txt -o s.points --force", "ingest s.txt -o s.points"] {
        let run = as_another(&folder, command).unwrap();
        let why = "s.points: cannot write: grids in it is a folder of user 0, and you may not remove what is in it: choose an \
                   output elsewhere\n";
        assert!(run.code == 1 && run.stderr.contains(why), "{}", run.stderr);
    }
    let run = as_another(&folder, "clean s.points --all").unwrap();
    assert!(run.code == 1 && run.stderr.contains("s.points: cannot be removed: grids in it is "));
    assert!(folder.listing() == before);
    // A good cache that may not be changed is as good as what was asked for.
    folder.write("t.txt", spiral());
    folder.succeed("scatter t.txt -o t.png");
    let run = as_another(&folder, "ingest t.txt -o t.points").unwrap();
    assert_eq!(run.code, 0, "{}", run.stderr);
    let warning =
        "warning: t.points/CACHEDIR.TAG: cannot be removed: permission denied; it stays a cache";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_marked_as_immutable_is_found_before_anything_is_removed() {
    use std::process::Command;
    let folder = rendered();
    let mark = |mark: &str, name: &str| {
        let mut command = Command::new("chattr");
        command.args([mark, name]).current_dir(folder.path("")).output()
    };
    let grid = folder.grid("s.points");
    for name in ["s.points/x.npy", &grid] {
        for sign in ["i", "a"] {
            // Only root can do that, and not on every file system.
            if !mark(&format!("+{sign}"), name).is_ok_and(|done| done.status.success()) {
                return;
            }
            let before = folder.listing();
            let dry = folder.run("clean --all --dry-run");
            let real = folder.run("clean --all");
            let made = folder.run("ingest s.txt -o s.points --force");
            let same = folder.listing() == before;
            mark(&format!("-{sign}"), name).unwrap();
            assert!(same, "{}", real.stderr);
            assert_eq!((dry.code, real.code, made.code), (1, 1, 1), "{}", dry.stderr);
            let inner = name.strip_prefix("s.points/").unwrap();
            for said in [dry.stderr, real.stderr] {
                let why = format!("s.points: cannot be removed: {inner} in it is marked as ");
                assert!(said.contains(&why), "{said}");
            }
        }
    }
    if mark("+a", ".").is_ok_and(|done| done.status.success()) {
        let before = folder.listing();
        let run = folder.run("render s.txt -o q.png --size 30");
        let same = folder.listing() == before;
        mark("-a", ".").unwrap();
        let why = "q.png: cannot write: lies in a folder that is marked as append-only (chattr +a)";
        assert!(run.code == 1 && run.stderr.contains(why) && same, "{}", run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn what_keeps_a_folder_from_being_known_is_named() {
    let folder = rendered();
    let link = |name: &str| {
        fs::remove_file(folder.path(name)).unwrap();
        std::os::unix::fs::symlink(Path::new(name).file_name().unwrap(), folder.path(name))
            .unwrap();
    };
    link("s.points/CACHEDIR.TAG");
    let said = folder.succeed("clean --all").stderr;
    let why = "s.points: left: its CACHEDIR.TAG is no file, and pointillist did not make that";
    assert!(said.contains(why), "{said}");
    link("s.points/points.json");
    let said = folder.succeed("clean --all").stderr;
    assert!(said.contains("s.points/points.json: too many levels of symbolic links"), "{said}");
}

#[test]
fn what_is_in_the_way_of_a_remedy_is_part_of_it() {
    let folder = rendered();
    fs::rename(folder.path("s.points/x.npy"), folder.path("x")).unwrap();
    fs::create_dir(folder.path("s.points/x.npy")).unwrap();
    let error = folder.fail(1, "info s.points --verify");
    let away = "; move s.points/x.npy away, which pointillist did not make, and make it again, with the same \
                options: pointillist ingest ";
    assert!(error.contains(away), "{error}");
    fs::rename(folder.path("s.points/x.npy"), folder.path("mine")).unwrap();
    #[cfg(unix)]
    folder.mend(&error.replace(" and make it again", "; make it again"));
    // A grid is not what has only its name.
    folder.succeed("render s.points -o s.png --size 20");
    let grid = folder.grid("s.points");
    fs::remove_file(folder.path(&grid)).unwrap();
    fs::create_dir(folder.path(&grid)).unwrap();
    folder.succeed("info s.points --verify");
}

#[test]
fn pictures_of_several_columns_have_a_place_for_grids_whatever_is_called_as_it() {
    let in_the_way: [fn(&Folder); 3] = [
        |folder| fs::create_dir(folder.path("s.grids")).unwrap(),
        |folder| drop(folder.write("s.grids", "mine")),
        |folder| {
            fs::create_dir(folder.path("s.grids")).unwrap();
            folder.write("s.grids/mine", "mine");
        },
    ];
    for put in in_the_way {
        let folder = Folder::new();
        for name in ["s", "t"] {
            folder.write(&format!("{name}.txt"), spiral());
            folder.succeed(&format!("ingest {name}.txt -o {name}.points"));
        }
        put(&folder);
        let command = "render s.points t.points -o m.png --size 20";
        for reused in [0, 2] {
            let run = folder.succeed(command);
            assert_eq!(run.stderr.matches(": up to date").count(), reused, "{}", run.stderr);
            folder.succeed("clean");
        }
        let keyed = |name: &&String| name.starts_with("s-") && name.ends_with(".grids");
        let all = names(&folder.path(""));
        let kept = all.iter().find(keyed).unwrap();
        folder.succeed("clean --all");
        let mut left = names(&folder.path(""));
        left.push(kept.clone());
        left.sort();
        assert_eq!(left, all);
        // Where both names are taken, the remedy is another folder.
        folder.write(kept, "mine");
        let error = folder.fail(1, command.replace("m.png", "n.png").as_str());
        assert!(error.contains("; choose another folder with --cache-dir\n"), "{error}");
        folder.succeed(&format!("{command} --cache-dir cache"));
    }
}

/// What `clean` says that it removes, with its size and why.
fn cleaned(run: &Run) -> Vec<(String, u64, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let lines = run.json().into_iter().map(|line| {
        (text(&line["output"]), line["bytes"].as_u64().unwrap(), text(&line["because"]))
    });
    lines.collect()
}

#[test]
fn a_dry_run_lists_what_clean_would_remove_and_nothing_else() {
    for all in ["", " --all"] {
        let folder = rendered();
        folder.write("t.txt", spiral());
        folder.succeed("render t.txt -o t.png --size 20");
        folder.write("t.txt", "1 2 3\n");
        // What dead runs have left, here and among the grids.
        folder.write(".s.png.partial-abcdef", "12345");
        folder.write("s.points/grids/.0123456789abcdef.tiff.partial-abcdef", "123");
        for name in
            [".u.points.partial-abcdef", ".v.points.partial-abcdef", ".w.points.partial-abcdef"]
        {
            fs::create_dir(folder.path(name)).unwrap();
        }
        for name in ["u", "v"] {
            folder.write(&format!(".{name}.points.partial-abcdef/points.json"), "");
        }
        folder.write(".v.points.partial-abcdef/notes.txt", "mine");
        // Neither a grid nor one that cannot be used.
        fs::create_dir(folder.path("s.points/grids/0123456789abcdef.tiff")).unwrap();
        folder.write("s.points/grids/0123456789abcdef.tiff/mine", "mine");
        folder.write("s.points/grids/0123456789abcdee.tiff", "no grid");
        let before = folder.listing();
        let dry = folder.succeed(&format!("clean{all} --dry-run --json"));
        assert_eq!(folder.listing(), before);
        let real = folder.succeed(&format!("clean{all} --json"));
        assert_eq!(cleaned(&dry), cleaned(&real));
        let of = |name: &str| cleaned(&real).into_iter().find(|(path, ..)| path == name);
        assert_eq!(of(".s.png.partial-abcdef").unwrap().1, 5);
        assert!(
            of(".u.points.partial-abcdef").is_some() && of(".w.points.partial-abcdef").is_some()
        );
        assert!(of("t.points").is_some());
        assert_eq!(cleaned(&real).len(), if all.is_empty() { 6 } else { 4 });
        assert_eq!(dry.stderr.replace("would be removed", "removed"), real.stderr);
        let why = ".v.points.partial-abcdef: left, though an interrupted run left it: pointillist did not make notes.txt in it";
        assert!(real.stderr.contains(why), "{}", real.stderr);
        assert_eq!(folder.read("s.points/grids/0123456789abcdef.tiff/mine"), b"mine");
        assert!(folder.succeed(&format!("clean{all} --json")).json().is_empty());
    }
}

#[cfg(unix)]
#[test]
fn clean_leaves_a_folder_that_another_run_writes_to_and_says_so() {
    let folder = rendered();
    // As a run that is making a grid holds it.
    let begun = folder.write("s.points/grids/.0123456789abcdef.tiff.partial-abcdef", "");
    let file = fs::File::options().write(true).open(&begun).unwrap();
    file.lock().unwrap();
    for dry in ["", " --dry-run"] {
        let run = folder.succeed(&format!("clean --all{dry}"));
        let why = "s.points: left, though can be made again: another run is writing in it";
        assert!(run.stderr.contains(why), "{}", run.stderr);
        assert!(begun.exists() && folder.path("s.points/x.npy").exists());
    }
    drop(file);
    folder.succeed("clean --all");
    assert!(!folder.path("s.points").exists());
}

#[cfg(unix)]
#[test]
fn a_picture_is_made_of_columns_that_are_removed_under_it() {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};
    let folder = Folder::new();
    folder.galaxy();
    let signal = |child: &Child, name: &str| {
        let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    };
    // Not every run can be held before its grid is there.
    let held = (0..50).any(|_| {
        folder.succeed("render galaxy.txt -o g.png --size 20");
        let mut command = folder.command("render galaxy.txt -o h.png --size 2500");
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(": up to date") {
            line.clear();
            assert!(stderr.read_line(&mut line).unwrap() > 0);
        }
        signal(&child, "-STOP");
        let cleaned = folder.succeed("clean --all").stderr;
        signal(&child, "-CONT");
        assert!(child.wait().unwrap().success());
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut stderr, &mut rest).unwrap();
        assert!(cleaned.contains("galaxy.points: "), "{cleaned}");
        assert!(rest.contains("colorize: h.png: 2500x2500"), "{rest}");
        // Beside the picture, as the columns are no more.
        rest.contains("bin2d: galaxy.grids/") || {
            folder.succeed("clean --all");
            fs::remove_file(folder.path("h.png")).unwrap();
            false
        }
    });
    assert!(held);
    folder.succeed("render galaxy.txt -o i.png --size 2500");
    assert!(folder.read("h.png") == folder.read("i.png"));
    folder.succeed("clean --all");
    assert_eq!(names(&folder.path("")), ["g.png", "galaxy.txt", "h.png", "i.png"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_file_system_is_called_so() {
    use std::process::Command;
    let folder = rendered();
    let run = |command: &str| {
        let script = format!(
            "mount --bind . . && mount -o remount,bind,ro . && cd . && cd \"$PWD\" && exec \"$0\" {command} || exit 77"
        );
        let mut shell = Command::new("unshare");
        shell.args(["-m", "sh", "-c", &script, env!("CARGO_BIN_EXE_pointillist")]);
        shell.current_dir(folder.path("")).output().ok().map(Run::new)
    };
    let says =
        "s.points: cannot write: lies on a read-only file system: choose an output elsewhere\n";
    // Only root can make one, and not everywhere.
    let made = run("ingest s.txt -o s.points --force");
    let Some(error) = made.filter(|it| it.code != 77 && !it.stderr.starts_with("unshare: ")) else {
        return;
    };
    assert!(error.stderr.ends_with(says), "{}", error.stderr);
    for dry in ["", " --dry-run"] {
        let run = run(&format!("clean --all{dry}")).unwrap();
        let says = "s.points: cannot be removed: lies on a read-only file system\n";
        assert!(run.code == 1 && run.stderr.contains(says), "{}", run.stderr);
    }
}
