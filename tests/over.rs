//! Points in colors of their own, composited in the order of their rows.

use serde_json::json;

use crate::support::{Folder, gzip};

const RGB: &str = "--columns x=1,y=2,r=3,g=4,b=5";
const RGBA: &str = "--columns x=1,y=2,r=3,g=4,b=5,a=6";

/// Some hundred points, each in a color in bytes, and opacities from 0 to 1.
fn stars() -> String {
    (0..600u32)
        .map(|row| {
            let (x, y) = (row * 7919 % 101, row * 6007 % 97);
            let [r, g, b] = [row * 31 % 256, row * 77 % 256, row * 13 % 256];
            format!("{x} {y} {r} {g} {b} 0.{:02}\n", row * 3 % 100)
        })
        .collect()
}

#[test]
fn a_picture_of_points_in_their_colors_shows_the_last_row_on_top() {
    let folder = Folder::new();
    // Red over green, blue alone, and nothing.
    folder.write("s.txt", "0 1 0 255 0\n1 0 0 0 255\n0 1 255 0 0\n");
    folder.succeed(&format!("ingest s.txt -o s.points {RGB}"));
    let run = folder.succeed("bin2d s.points -o s.tiff --size 2 --reduce over --json");
    let facts = &run.json()[0];
    assert_eq!(facts["pages"], json!(["over-red", "over-green", "over-blue", "over-alpha"]));
    let composited = json!({
        "premultiplied": true, "colors": "byte", "alpha": null, "opacity": 1.0, "undrawn": 0,
    });
    assert_eq!(facts["composited"], composited);
    folder.succeed("colorize s.tiff -o s.png");
    let pixels = |name: &str| -> Vec<[u8; 4]> {
        folder.picture(name).pixels().map(|pixel| pixel.0).collect()
    };
    assert_eq!(pixels("s.png"), [[255, 0, 0, 255], [0; 4], [0; 4], [0, 0, 255, 255]]);

    folder.succeed("bin2d s.points -o s.tiff --size 2 --reduce count,over --opacity 0.1");
    folder.succeed("colorize s.tiff -o s.png --by over");
    let alpha = [(0.19 * 255.0f64).round() as u8, (0.1 * 255.0f64).round() as u8];
    // Of 0.19, 0.1 are red and 0.09 green.
    assert_eq!(pixels("s.png"), [[134, 121, 0, alpha[0]], [0; 4], [0; 4], [0, 0, 255, alpha[1]]]);
    folder.succeed("colorize s.tiff -o s.png --gain 5");
    assert_eq!(pixels("s.png"), [[134, 121, 0, 242], [0; 4], [0; 4], [0, 0, 255, 128]]);
    folder.succeed("colorize s.tiff -o s.png --gain 100 --background white");
    let white = [255; 4];
    assert_eq!(pixels("s.png"), [[134, 121, 0, 255], white, white, [0, 0, 255, 255]]);
    // It is made where no list is given.
    folder.succeed("render s.points -o r.png --size 2 --by over --gain 100 --background white");
    assert_eq!(pixels("r.png")[..2], [[255, 0, 0, 255], white]);
    // The pages beside it are as ever.
    folder.succeed("colorize s.tiff -o n.png --by count --color #000000");
    assert_eq!(pixels("n.png")[1], [0; 4]);
}

#[test]
fn columns_text_and_standard_input_give_the_same_grid_with_any_threads() {
    let folder = Folder::new();
    let text = stars();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    folder.write("s.txt", &text);
    folder.write("s.txt.gz", gzip(&text));
    folder.write("1.txt", lines[..250].concat());
    folder.write("2.txt", lines[250..].concat());
    for name in ["s", "1", "2"] {
        folder.succeed(&format!("ingest {name}.txt -o {name}.points {RGBA}"));
    }
    let options =
        "--extent 0,100,0,90 --size 20x30 --reduce count,over --colors byte --opacity 0.8";
    let identity = |run: crate::support::Run| {
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.json()[0]["identity"].clone()
    };
    let bin2d = |inputs: &str| format!("bin2d {inputs} -o g.tiff {options} --force --json");
    let expected = identity(folder.succeed(&bin2d("s.points --threads 1")));
    let expected_bytes = folder.read("g.tiff");
    for inputs in ["s.points --threads 3", "1.points 2.points"] {
        assert_eq!(identity(folder.succeed(&bin2d(inputs))), expected, "{inputs}");
    }
    folder.succeed(&bin2d("s.points --threads 4"));
    assert_eq!(folder.read("g.tiff"), expected_bytes);
    for inputs in ["s.txt", "s.txt.gz --threads 2", "1.txt 2.txt"] {
        let found = identity(folder.succeed(&bin2d(&format!("{inputs} {RGBA}"))));
        assert_eq!(found, expected, "{inputs}");
    }
    assert_eq!(identity(folder.feed(&bin2d(&format!("- {RGBA}")), &text)), expected);
    let again = folder.succeed(&format!("bin2d s.txt {RGBA} -o g.tiff {options} --force"));
    assert!(
        again.stderr.contains("colors in 0 to 255, a in 0 to 255, opacity 0.8"),
        "{}",
        again.stderr
    );
    let again = folder.succeed(&format!("bin2d s.txt {RGBA} -o g.tiff {options}"));
    assert!(again.stderr.contains("up to date"), "{}", again.stderr);

    // Alpha by itself is from 0 to 1.
    let run = folder.succeed("bin2d s.points -o a.tiff --size 9 --reduce over --json");
    assert_eq!(run.json()[0]["composited"]["alpha"], "unit");
}

#[test]
fn render_and_info_know_composited_points() {
    let folder = Folder::new();
    folder.write("s.txt", format!("{}3 4 nan 0 0 1\n", stars()));
    folder.succeed(&format!(
        "render s.txt -o s.png {RGBA} --reduce over --size 20 --background black"
    ));
    assert!(folder.picture("s.png").pixels().all(|pixel| pixel.0[3] == 255));
    let again = folder.succeed(&format!(
        "render s.txt -o s.png {RGBA} --reduce over --size 20 --background black"
    ));
    assert_eq!(again.stderr.matches("up to date").count(), 3, "{}", again.stderr);
    let grid = folder.grid("s.points");
    let about = folder.succeed(&format!("info {grid} --verify"));
    let lines = String::from_utf8(about.stdout).unwrap();
    assert!(lines.contains("over-alpha   f32"), "{lines}");
    assert!(lines.contains("opacity 1, 1 without a color"), "{lines}");
    let facts = folder.succeed(&format!("info {grid} --json")).json();
    assert_eq!(facts[0]["description"]["composited"]["undrawn"], 1);
    let lines = String::from_utf8(folder.succeed("info s.png").stdout).unwrap();
    assert!(lines.contains("shows over\noptions") && !lines.contains("limits"), "{lines}");
}

#[test]
fn options_that_composited_points_have_no_use_for_are_refused_by_name() {
    let folder = Folder::new();
    folder.write("s.txt", stars());
    folder.succeed(&format!("ingest s.txt -o s.points {RGBA}"));
    folder.succeed("ingest s.txt -o z.points");
    folder.succeed("bin2d s.points -o over.tiff --size 20 --reduce over");
    folder.succeed("bin2d s.points -o count.tiff --size 20");
    for option in [
        "--cmap magma",
        "--norm log",
        "--vmin 0",
        "--vmax 1",
        "--clip 1,99",
        "--color #000",
        "--alpha 0.1",
        "--alpha-norm log",
        "--bad #fff",
        "--spread 2",
        "--dynspread",
    ] {
        let name = option.split(' ').next().unwrap();
        let message = folder.fail(2, &format!("colorize over.tiff -o p.png {option}"));
        assert!(message.contains(&format!("{name} makes colors of values")), "{message}");
        let message = folder.fail(2, &format!("render s.points -o p.png --reduce over {option}"));
        assert!(message.contains(&format!("{name} makes colors of values")), "{message}");
    }
    for (code, arguments, why) in [
        (2, "colorize count.tiff -o p.png --gain 2", "--gain is for points that are composited"),
        (2, "render s.points -o p.png --gain 2", "--gain is for points that are composited"),
        (2, "colorize over.tiff -o p.png --gain 0", "gain"),
        (1, "colorize count.tiff -o p.png --by over", "no page \"over\""),
        (2, "render s.points -o p.png --by count --reduce over", "--by \"count\" is not among"),
        (
            2,
            "bin2d s.points -o g.tiff --opacity 0.5",
            "--opacity is for points that are composited",
        ),
        (2, "bin2d s.points -o g.tiff --colors auto", "--colors is for points that are composited"),
        (2, "bin2d s.points -o g.tiff --reduce over --opacity 0", "opacity of 0"),
        (2, "bin2d s.points -o g.tiff --reduce over --opacity -1", "opacity of -1"),
        (2, "bin2d s.points -o g.tiff --reduce over --shard 1/2", "leave out --shard"),
        (2, "bin2d s.points -o g.tiff --reduce over-red", "ask for over"),
        (2, "bin2d s.points -o g.tiff --reduce over:z", "ask for over alone"),
        (1, "bin2d z.points -o g.tiff --reduce over", "z.points has no column r; name the columns"),
        (1, "bin2d s.points -o g.tiff --reduce over --colors unit", "--colors byte"),
        (
            2,
            "bin2d s.txt -o g.tiff --reduce over --extent 0,1,0,1 --columns x=1,y=2,r=3,g=4,b=5",
            "--colors unit, for 1",
        ),
        (
            1,
            "bin2d s.txt -o g.tiff --reduce over --extent 0,1,0,1 --colors byte",
            "the points have no column r",
        ),
    ] {
        let message = folder.fail(code, arguments);
        assert!(message.contains(why), "{arguments}: {message}");
    }
}
