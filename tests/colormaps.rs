//! Colormaps in files, and the command that shows colormaps.

use std::time::{Duration, SystemTime};

use crate::support::{Folder, Run, spiral};

/// Heights at a few places: 10 in the lower left, 20, 30, and one that is not known.
const HEIGHTS: &str = "0 0 10\n1 0 20\n0 1 30\n1 1 nan\n";

/// A folder with a grid of these heights.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("h.txt", HEIGHTS);
    folder.succeed("ingest h.txt -o h.points");
    folder.succeed("bin2d h.points -o h.tiff --size 2");
    folder
}

/// The four pixels, from the upper left to the lower right: 30, NaN, 10, 20.
fn pixels(folder: &Folder, name: &str) -> [[u8; 4]; 4] {
    let picture = folder.picture(name);
    std::array::from_fn(|i| picture.get_pixel(i as u32 % 2, i as u32 / 2).0)
}

fn up_to_date(run: &Run) -> bool {
    run.json()[0]["up_to_date"].as_bool().unwrap()
}

#[test]
fn values_have_the_colors_that_the_file_gives_them() {
    let folder = folder();
    folder.write("t.cpt", "0 black 20 200/100/0\n20 blue 25 -\nB 1/2/3\nF white\nN red\n");
    let run = folder.succeed("colorize h.tiff -o a.png --cmap t.cpt");
    assert!(run.stderr.contains("mean through t.cpt (linear, 0 to 25)"), "{}", run.stderr);
    let [red, white] = [[255, 0, 0, 255], [255; 4]];
    let blue = [0, 0, 255, 255];
    assert_eq!(pixels(&folder, "a.png"), [white, red, [100, 50, 0, 255], blue]);
    folder.succeed("colorize h.tiff -o b.png --cmap ./t.cpt --bad #010203 --vmax 50");
    let stretched = pixels(&folder, "b.png");
    assert_eq!(stretched, [[150, 75, 0, 255], [1, 2, 3, 255], [50, 25, 0, 255], [100, 50, 0, 255]]);
    folder.write("t.txt", "10 0 0 0\n30 0 0 200 100\nnv yellow\n");
    folder.succeed("colorize h.tiff -o c.png --cmap t.txt");
    let found = pixels(&folder, "c.png");
    assert_eq!(found, [[0, 0, 200, 100], [255, 255, 0, 255], [0, 0, 0, 255], [0, 0, 100, 178]]);
    folder.write("list", "0 #000\n1 #fff\n");
    folder.succeed("colorize h.tiff -o d.png --cmap list");
    folder.succeed("colorize h.tiff -o e.png --cmap #000@0,#fff@1");
    assert_eq!(pixels(&folder, "d.png"), pixels(&folder, "e.png"));
    assert_eq!(pixels(&folder, "d.png")[0], white);
}

#[test]
fn a_file_is_recorded_by_what_it_says() {
    let folder = folder();
    let colorize = "colorize h.tiff -o a.png --json --cmap t.cpt";
    folder.write("t.cpt", "0 black 30 white\n");
    assert!(!up_to_date(&folder.succeed(colorize)));
    assert!(up_to_date(&folder.succeed(colorize)));
    folder.write("t.cpt", "# The same.\n0\tblack\t30\twhite\n");
    assert!(up_to_date(&folder.succeed(colorize)));
    folder.write("t.cpt", "0 black 30 red\n");
    assert!(!up_to_date(&folder.succeed(colorize)));
    assert_eq!(pixels(&folder, "a.png")[0], [255, 0, 0, 255]);
    // What is made with the file is still known when it is gone.
    std::fs::remove_file(folder.path("t.cpt")).unwrap();
    let info = folder.succeed("info a.png --json");
    let info = String::from_utf8(info.stdout).unwrap();
    assert!(info.contains(r#"t.cpt\n0 black 30 red"#), "{info}");
}

#[test]
fn a_picture_that_is_up_to_date_stays_newer_than_its_color_table() {
    let folder = folder();
    folder.write("t.cpt", "0 black 30 white\n");
    let render = "render h.txt -o h.png --size 2 --cmap t.cpt";
    folder.succeed(render);
    let later = SystemTime::now() + Duration::from_secs(1000);
    let file = std::fs::File::options().append(true).open(folder.path("t.cpt")).unwrap();
    file.set_modified(later).unwrap();
    assert!(folder.succeed(render).stderr.contains("h.png: up to date"));
    let modified = |name: &str| folder.path(name).metadata().unwrap().modified().unwrap();
    assert!(modified("h.png") >= modified("t.cpt"));
}

#[test]
fn a_file_that_is_no_color_table_is_refused_before_any_work() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.write("bad.cpt", "# A table.\n0 black 1 white\n1 white 2 blak\n");
    folder.write("gap.cpt", "0 black 1 white\n2 white 3 black\n");
    folder.write("bad.txt", "0 0 0 0\n100 1 2 300\n");
    folder.write("bad", "\u{0}\u{1}\n");
    folder.write("values.txt", "0 0 0 0\n100 1 2 3\n");
    for (code, options, parts) in [
        (
            1,
            "--cmap bad.cpt",
            vec!["render: bad.cpt:3: \"blak\" is not a color", "\"1 white 2 blak\""],
        ),
        (1, "--cmap gap.cpt", vec!["gap.cpt:2: leaves a gap", "must ascend and touch"]),
        (1, "--cmap bad.txt", vec!["bad.txt:2: \"300\" is not a whole number", "\"100 1 2 300\""]),
        (1, "--cmap bad", vec!["bad:1: ", "\"\\0\\u{1}\""]),
        (1, "--cmap missing.cpt", vec!["missing.cpt: no such file"]),
        (1, "--cmap ./viridis", vec!["./viridis: no such file"]),
        (1, "--cmap .", vec![".: is a directory"]),
        (2, "--cmap virdis", vec!["did you mean viridis", "terrain.cpt"]),
        (2, "--cmap #000@0,#fff", vec!["\"#fff\" in a list of colors"]),
        (2, "--cmap values.txt --norm eq_hist", vec!["values.txt says which values"]),
        (2, "--cmap values.txt --norm log", vec!["limits above zero, not 0"]),
    ] {
        let message = folder.fail(code, &format!("render s.txt -o s.png {options}"));
        for part in parts {
            assert!(message.contains(part), "{part:?} is not in:\n{message}");
        }
    }
}

#[test]
fn colormaps_are_listed_by_name_where_nobody_sees_colors() {
    let folder = Folder::new();
    folder.write("t.cpt", "0 black 1 white\n");
    let names = |arguments: &str| String::from_utf8(folder.succeed(arguments).stdout).unwrap();
    assert_eq!(names("colormaps magma_r t.cpt #000,#fff"), "magma_r\nt.cpt\n#000,#fff\n");
    assert!(names("colormaps").lines().count() > 100);
    assert_eq!(names("colormaps magma t.cpt --json"), "{\"colormaps\":[\"magma\",\"t.cpt\"]}\n");
    let message = folder.fail(2, "colormaps virdis");
    assert!(message.contains("did you mean viridis"), "{message}");
    let message = folder.fail(1, "colormaps viridis no.cpt");
    assert!(
        message.contains("pointillist: colormaps: ") && message.contains("no.cpt"),
        "{message}"
    );
}

#[test]
fn colormaps_are_drawn_to_a_picture() {
    let folder = Folder::new();
    folder.write("t.cpt", "0 black 1 0/0/255\n");
    let run = folder.succeed("colormaps viridis t.cpt -o a.png");
    assert_eq!(run.stderr, "colormaps: a.png: 2 colormaps\n");
    let picture = folder.picture("a.png");
    let has = |color: [u8; 4]| picture.pixels().any(|pixel| pixel.0 == color);
    assert!(has([68, 1, 84, 255]) && has([253, 231, 36, 255]) && has([0, 0, 255, 255]));
    let all = folder.succeed("colormaps -o all.png --json").json();
    assert_eq!(all[0]["width"], folder.picture("all.png").width());
    assert_eq!(folder.succeed("colormaps viridis t.cpt -o -").stdout, folder.read("a.png"));
    assert!(folder.fail(2, "colormaps -o a.jpg").contains("must end in .png"));
}

#[cfg(target_os = "linux")]
#[test]
fn colormaps_have_swatches_on_a_terminal_unless_colors_are_not_wanted() {
    // script gives its command a terminal.
    let run = |no_color: &str| {
        let command = format!("{} colormaps viridis magma", env!("CARGO_BIN_EXE_pointillist"));
        let output = std::process::Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .env("NO_COLOR", no_color)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let swatches = run("");
    assert!(swatches.contains("viridis  \x1b[48;2;"), "{swatches:?}");
    assert!(swatches.contains("\nmagma    \x1b[48;2;"), "{swatches:?}");
    let names = run("1");
    assert!(names.contains("viridis\r\nmagma\r\n") && !names.contains('\x1b'), "{names:?}");
}
