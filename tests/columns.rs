//! Columns that are damaged, cut, replaced or of another version, as the commands that read them meet them.

use crate::support::{Folder, spiral};

/// Points with colours, in two blocks of rows.
fn folder() -> Folder {
    let folder = Folder::new();
    let text: String = (0..70_000)
        .map(|row| {
            let (x, y) = (row % 263, row % 257);
            format!("{x}.25 {y}.5 {} 0.{} 0.5 0.{} 0.75\n", row % 101, row % 7, row % 5)
        })
        .collect();
    folder.write("p.txt", text);
    folder.succeed("ingest p.txt -o p.points --columns x=1,y=2,z=3,r=4,g=5,b=6,a=7");
    folder
}

/// What reads columns, with the names of those.
const READERS: [(&str, &str); 7] = [
    ("bin2d p.points -o n.tiff --size 32", "x y z"),
    ("bin2d p.points -o n.tiff --size 4096 --reduce count,first", "x y z"),
    ("bin2d p.points -o n.tiff --size 1500", "x y z"),
    ("bin2d p.points -o n.tiff --size 32 --reduce over", "x y r g b a"),
    ("scatter p.points -o n.png --figsize 1,1 --marker square", "x y"),
    ("scatter p.points -o n.png --figsize 1,1 --z z", "x y z"),
    ("info p.points --verify", "x y z r g b a"),
];

#[test]
fn damage_in_a_column_is_an_error_of_every_command_that_reads_it() {
    let folder = folder();
    for (reader, names) in READERS {
        for name in ["x", "y", "z", "r", "g", "b", "a"] {
            let file = format!("p.points/{name}.npy");
            let good = folder.read(&file);
            // In the first row, in the middle of both blocks, and in the last one.
            for at in [128, 128 + 4 * 40_000 + 1, 128 + 4 * 68_000 + 3, good.len() - 2] {
                let mut bytes = good.clone();
                bytes[at] ^= 0x20;
                folder.write(&file, bytes);
                if names.split(' ').any(|read| read == name) {
                    let error = folder.fail(1, reader);
                    assert!(error.contains(&file), "{reader}: {error}");
                    assert!(error.contains("; make it again, with the same options: "), "{error}");
                }
            }
            folder.write(&file, good);
        }
        if !reader.contains("info") {
            folder.succeed(reader);
            let output = reader.split(' ').nth(3).unwrap();
            std::fs::remove_file(folder.path(output)).unwrap();
        }
    }
}

#[cfg(unix)]
#[test]
fn a_damaged_column_is_mended_by_the_remedy_that_is_named() {
    let folder = folder();
    folder.succeed("bin2d p.points -o good.tiff --size 32");
    let good = folder.read("p.points/z.npy");
    folder.damage("p.points/z.npy", 5000);
    let remedy = folder.mend(&folder.fail(1, "bin2d p.points -o p.tiff --size 32"));
    let end = "p.txt -o p.points --columns x=1,y=2,z=3,r=4,g=5,b=6,a=7 --force";
    assert!(remedy.ends_with(end), "{remedy}");
    assert!(folder.read("p.points/z.npy") == good);
    folder.succeed("bin2d p.points -o p.tiff --size 32");
    assert!(folder.read("p.tiff") == folder.read("good.tiff"));
}

#[cfg(unix)]
#[test]
fn columns_are_made_again_as_they_were_however_they_are_read_and_whatever_their_text_is_called() {
    use std::os::unix::ffi::OsStrExt;
    let text = "a;b;c\n!x\n1,5;-;3\n4;nix;6;7\n7;8;9\nx;y;z\n";
    let options = [
        "--columns",
        "x=b,y=a,q=c",
        "--delimiter",
        ";",
        "--comment",
        "!'",
        "--missing",
        "-9,nix",
        "--decimal",
        ",",
        "--ragged",
        "--no-quotes",
        "--skip-bad",
        "--dtype",
        "f64",
    ];
    let raw = ["--raw", "f64", "--columns-per-row", "3", "--columns", "y=1,x=3", "--dtype", "f32"];
    let skipped = [
        "--skip-rows",
        "2",
        "--columns",
        "x=1,y=3",
        "--delimiter",
        "semicolon",
        "--skip-bad",
        "--decimal",
        ",",
    ];
    let numbers: Vec<u8> = (0..3000).flat_map(|it| f64::from(it).to_le_bytes()).collect();
    let names: [&[u8]; 5] =
        [b"p.txt", b"p $(q)'s\".txt", b"p\nq\\n.txt", b"p\xff\\'\n.txt", b"-p.txt"];
    for (options, content) in
        [(&options[..], text.as_bytes()), (&raw, &numbers), (&skipped, text.as_bytes())]
    {
        for name in names.map(std::ffi::OsStr::from_bytes) {
            // File systems of macOS take no other names.
            if cfg!(not(target_os = "linux")) && name.to_str().is_none() {
                continue;
            }
            let folder = Folder::new();
            std::fs::write(folder.path("").join(name), content).unwrap();
            let mut output = name.to_owned();
            output.push(".points");
            let output = std::path::Path::new(".").join(output);
            let mut ingest = folder.command("ingest");
            let ingest = ingest.args(options).arg("-o").arg(&output).arg("--").arg(name).output();
            assert!(ingest.as_ref().unwrap().status.success(), "{:?}", ingest.unwrap());
            let y = folder.path("").join(&output).join("y.npy");
            let good = std::fs::read(&y).unwrap();
            let mut bytes = good.clone();
            bytes[130] ^= 1;
            std::fs::write(&y, bytes).unwrap();
            let info = folder.command("info --verify").arg(&output).output().unwrap();
            folder.mend(&crate::support::Run::new(info).stderr);
            assert!(std::fs::read(&y).unwrap() == good);
            assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 2);
        }
    }
}

#[test]
fn a_sidecar_that_is_damaged_comes_with_the_command_that_makes_it_again() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("render s.txt -o s.png --size 9");
    let good = folder.read("s.points/points.json");
    for damaged in [&good[..300], b"", &[b"x", &good[..]].concat()] {
        folder.write("s.points/points.json", damaged);
        for arguments in ["info s.points", "render s.points -o s.png", "scatter s.points -o t.png"]
        {
            let error = folder.fail(1, arguments);
            assert!(error.contains("s.points: points.json is damaged: "), "{error}");
            let remedy = "pointillist ingest INPUT -o s.points --force\n";
            assert!(error.ends_with(remedy), "{error}");
        }
        folder.succeed("ingest s.txt -o s.points --force");
        folder.succeed("info s.points");
    }
}

#[test]
fn columns_of_an_older_version_are_made_again_by_those_that_make_columns() {
    let folder = folder();
    std::fs::copy(folder.path("p.txt"), folder.path("q.txt")).unwrap();
    folder.succeed("render q.txt -o s.png --size 32");
    let good = folder.read("q.points/points.json");
    let older = String::from_utf8(good.clone()).unwrap();
    let older = older.replacen("\"version\": 3", "\"version\": 2", 1);
    assert!(older.as_bytes() != good);
    for (reader, remade) in [
        ("bin2d q.points -o n.tiff", false),
        ("info q.points", false),
        ("render q.txt -o s.png --size 32", true),
        ("ingest q.txt -o q.points", true),
    ] {
        folder.write("q.points/points.json", &older);
        if remade {
            folder.succeed(reader);
            assert!(folder.read("q.points/points.json") == good, "{reader}");
        } else {
            let error = folder.fail(1, reader);
            assert!(error.contains("has version 2, and this program reads version 3"), "{error}");
            assert!(error.contains("; make it again, with the same options: "), "{error}");
        }
    }
}

#[cfg(unix)]
#[test]
fn more_columns_than_files_may_be_open_are_an_error_that_says_what_to_do() {
    let folder = Folder::new();
    folder.write("p.txt", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\n".repeat(2));
    let columns: Vec<String> = (1..=20).map(|column| format!("c{column}={column}")).collect();
    folder.succeed(&format!("ingest p.txt -o p.points --columns x=1,y=2,{}", columns.join(",")));
    folder.succeed("info p.points");
    let limited = |files: u32| {
        let command = folder.command("info p.points");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")]);
        shell.arg(command.get_program()).args(command.get_args());
        crate::support::Run::new(shell.current_dir(folder.path("")).output().unwrap())
    };
    assert_eq!(limited(64).code, 0);
    let run = limited(20);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("p.points: more files would be open than"), "{}", run.stderr);
    assert!(run.stderr.contains("22 of this folder alone"), "{}", run.stderr);
    assert!(run.stderr.contains("ulimit -n"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn a_sidecar_that_is_a_pipe_is_an_error_and_is_not_waited_for() {
    let folder = Folder::new();
    folder.write("p.txt", "1 2\n3 4\n");
    folder.succeed("ingest p.txt -o p.points");
    let sidecar = folder.path("p.points/points.json");
    std::fs::remove_file(&sidecar).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&sidecar).status().unwrap();
    assert!(made.success());
    for reader in ["info p.points", "bin2d p.points -o n.tiff"] {
        let run = folder.run(reader);
        assert_eq!(run.code, 1, "{reader}");
        assert!(run.stderr.contains("points.json is not a regular file"), "{}", run.stderr);
    }
}

#[test]
fn what_is_drawn_while_the_columns_are_replaced_is_of_one_ingest_or_the_other() {
    let folder = Folder::new();
    let write = |name: &str, times: u32| {
        let line = |row: u32| format!("{} {} {}\n", row % 91 * times, row % 89, times);
        folder.write(name, (0..20_000).map(line).collect::<String>());
        folder.succeed(&format!("ingest {name} -o p.points"));
        folder.succeed("bin2d p.points -o p.tiff --size 16 --force");
        folder.read("p.tiff")
    };
    let grids = [write("1.txt", 1), write("2.txt", 2)];
    assert!(grids[0] != grids[1]);
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for name in ["1.txt", "2.txt"].iter().cycle() {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                folder.succeed(&format!("ingest {name} -o p.points --force"));
            }
        });
        for _ in 0..60 {
            folder.succeed("bin2d p.points -o p.tiff --size 16 --force");
            let grid = folder.read("p.tiff");
            assert!(grids.contains(&grid));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
