//! Points drawn as markers: `--spread`, `--dynspread` and `--marker`.

use image::RgbaImage;

use crate::support::{Folder, Run, spiral};

/// Points in 20x20 cells: two alone, of which one lies at the edge, and three in one cell with a fourth near.
const POINTS: &str = "4.5 12.5 1\n0.5 19.5 2\n12.5 4.5 0\n12.5 4.5 0\n12.5 4.5 0\n14.5 4.5 1\n";

/// A folder with a grid of these points.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("p.txt", POINTS);
    folder.succeed("bin2d p.txt -o p.tiff --size 20 --extent 0,20,0,20");
    folder
}

/// A picture of that grid.
fn picture(folder: &Folder, options: &str) -> RgbaImage {
    folder.succeed(&format!("colorize p.tiff -o p.png --force {options}"));
    folder.picture("p.png")
}

/// Whether a marker of this radius covers the pixel that is so far away, as datashader has it.
fn covers(shape: &str, radius: i32, dx: i32, dy: i32) -> bool {
    match shape {
        "square" => dx.abs().max(dy.abs()) <= radius,
        _ => f64::from(dx * dx + dy * dy).sqrt() <= f64::from(radius) + 0.5,
    }
}

#[test]
fn a_point_that_stands_alone_becomes_a_marker_of_its_color() {
    let folder = folder();
    let colors = "--cmap #ff0000,#0000ff --vmin 1 --vmax 2";
    let points = picture(&folder, colors);
    for (shape, radius, pixels) in
        [("circle", 1, 9), ("circle", 2, 21), ("circle", 3, 37), ("square", 2, 25)]
    {
        let options = format!("{colors} --spread {radius} --marker {shape}");
        let markers = picture(&folder, &options);
        let mut drawn = 0;
        // What the others do not reach.
        for (x, y) in (0..20).flat_map(|x| (0..11).map(move |y| (x, y))) {
            let near = |&(column, row): &(i32, i32)| covers(shape, radius, x - column, y - row);
            let expected = match [(4, 7), (0, 0)].into_iter().find(near) {
                Some((column, row)) => points.get_pixel(column as u32, row as u32).0,
                None => [0; 4],
            };
            assert_eq!(markers.get_pixel(x as u32, y as u32).0, expected, "{options} {x} {y}");
            drawn += i32::from(expected == [255, 0, 0, 255]);
        }
        assert_eq!(drawn, pixels, "{options}");
    }
    // Circles are the default.
    let of = |options: &str| picture(&folder, &format!("{colors} {options}"));
    assert!(of("--spread 2") == of("--spread 2 --marker circle"));
    assert!(of("--spread 2") != of("--spread 2 --marker square"));
}

#[test]
fn a_pixel_shows_all_points_whose_markers_cover_it() {
    let folder = folder();
    // The row of four points, three in column 12 and one in column 14: markers of 3x3 pixels share column 13.
    let row = |picture: &RgbaImage| -> Vec<[u8; 4]> {
        (10..17).map(|x| picture.get_pixel(x, 15).0).collect()
    };
    let opacity = |points: i32| ((1.0 - 0.8f64.powi(points)) * 255.0).round() as u8;
    let alphas = [0, 3, 3, 4, 1, 1, 0].map(opacity);
    let found = row(&picture(&folder, "--spread 1 --color #010203 --alpha 0.2"));
    assert_eq!(found.iter().map(|pixel| pixel[3]).collect::<Vec<_>>(), alphas);
    assert!(found.iter().all(|pixel| pixel[3] == 0 || pixel[..3] == [1, 2, 3]));
    // Their mean is (0 + 0 + 0 + 1) / 4, and not 0 + 1 or 1/2.
    let found = row(&picture(&folder, "--spread 1 --cmap gray --vmin 0 --vmax 1 --alpha 0.2"));
    let grays = [0, 0, 0, 64, 255, 255, 0];
    for ((pixel, gray), alpha) in found.into_iter().zip(grays).zip(alphas) {
        assert_eq!(pixel, [gray, gray, gray, alpha]);
    }
    // Norm and limits are those of the spread counts, which are up to four.
    let run = folder.succeed("colorize p.tiff -o p.png --force --by count --spread 1 --json");
    assert_eq!(run.json()[0]["limits"], serde_json::json!({"vmin": 1.0, "vmax": 4.0}));
}

#[test]
fn what_was_drawn_is_said_and_recorded() {
    let folder = folder();
    let marker = |run: &Run| run.json()[0]["marker"].clone();
    let info = || String::from_utf8(folder.succeed("info p.png").stdout).unwrap();
    let run = folder.succeed("colorize p.tiff -o p.png --json --spread 4 --marker square");
    assert_eq!(marker(&run), serde_json::json!({"radius": 4, "shape": "square"}));
    assert!(run.stderr.contains("mean spread by 4 (square) through viridis"), "{}", run.stderr);
    assert!(info().contains("\nshows mean spread by 4 (square)\n"), "{}", info());
    let record = folder.succeed("info p.png --json").json()[0]["record"].clone();
    assert_eq!(record["picture"]["marker"], marker(&run));
    // Of five occupied cells only two are near each other.
    let run = folder.succeed("colorize p.tiff -o p.png --json --dynspread --by count");
    assert_eq!(marker(&run), serde_json::json!({"radius": 3, "shape": "circle"}));
    assert!(info().contains("\nshows count spread by 3 (circle)\n"), "{}", info());
    let chosen = folder.picture("p.png");
    assert!(chosen == picture(&folder, "--spread 3 --by count"));
    let run = folder.succeed("colorize p.tiff -o p.png --json");
    assert_eq!(marker(&run), serde_json::Value::Null);
    assert!(info().contains("\nshows mean\n"), "{}", info());
}

#[test]
fn crowded_points_are_not_made_larger_by_dynspread() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let render = |options: &str| {
        let run = folder.succeed(&format!("render s.txt -o s.png --size 30 --json {options}"));
        (run.json()[2]["marker"].clone(), folder.picture("s.png"))
    };
    let (none, as_it_is) = render("");
    assert_eq!(none, serde_json::Value::Null);
    let (radius, dynamic) = render("--dynspread --marker square");
    assert_eq!(radius, serde_json::json!({"radius": 0, "shape": "square"}));
    assert!(dynamic == as_it_is);
}

#[test]
fn another_marker_is_another_picture_of_the_same_grid() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let made = |options: &str| -> Vec<bool> {
        let run = folder.succeed(&format!("render s.txt -o s.png --size 50 --json {options}"));
        run.json().iter().map(|stage| stage["up_to_date"] == false).collect()
    };
    let only_the_picture = [false, false, true];
    assert_eq!(made(""), [true; 3]);
    let picture = folder.read("s.png");
    for same in ["--spread 0", "--spread 0 --marker square"] {
        assert_eq!(made(same), [false; 3], "{same}");
        assert_eq!(made(&format!("{same} --force")), [true; 3], "{same}");
        assert!(folder.read("s.png") == picture, "{same}");
    }
    for other in ["--spread 2", "--spread 3", "--spread 3 --marker square", "--dynspread", ""] {
        assert_eq!(made(other), only_the_picture, "{other}");
        assert_eq!(made(other), [false; 3], "{other}");
    }
    assert!(folder.read("s.png") == picture);
    // The defaults, said.
    assert_eq!(made("--spread 3 --marker circle"), only_the_picture);
    assert_eq!(made("--spread 3"), [false; 3]);
}

#[test]
fn a_spread_picture_goes_to_standard_output_and_through_render_like_any_other() {
    let folder = Folder::new();
    folder.galaxy();
    let options = "--spread 3 --alpha 0.4 --norm sqrt";
    let render = format!("render galaxy.txt --size 300 {options}");
    folder.succeed(&format!("{render} -o g.png"));
    folder.take_grid("galaxy.points", "g.tiff");
    let file = folder.read("g.png");
    for arguments in [
        &format!("colorize g.tiff -o - {options}"),
        &format!("colorize g.tiff -o - --marker circle --quiet {options}"),
        &format!("{render} -o -"),
    ] {
        let run = folder.succeed(arguments);
        assert!(run.stdout == file, "{arguments}\n{}", run.stderr);
    }
}

#[test]
fn markers_that_make_no_sense_are_wrong_usage() {
    let folder = folder();
    for (options, parts) in [
        ("--spread 201", vec!["--spread", "201", "200"]),
        ("--spread 99999999999", vec!["--spread", "99999999999"]),
        ("--spread -1", vec!["-1"]),
        ("--spread=-1", vec!["--spread", "-1", "0"]),
        ("--spread 1.5", vec!["--spread", "1.5"]),
        ("--spread two", vec!["--spread", "two"]),
        ("--spread", vec!["--spread"]),
        ("--spread 1 --marker disc", vec!["--marker", "disc", "square", "circle"]),
        ("--marker circle", vec!["--marker", "--spread R", "--dynspread"]),
        ("--spread 2 --dynspread", vec!["--spread", "--dynspread"]),
        ("--spread 0 --dynspread", vec!["--spread", "--dynspread"]),
    ] {
        for command in ["colorize p.tiff", "render p.txt"] {
            let message = folder.fail(2, &format!("{command} -o n.png {options}"));
            for part in &parts {
                assert!(message.contains(part), "{part:?} is not in:\n{message}");
            }
        }
    }
}

#[test]
fn a_page_that_a_grid_cannot_spread_says_what_to_do() {
    let folder = Folder::new();
    folder.write("p.txt", POINTS);
    let grid = |pages: &str| {
        let options = format!("--size 20 --extent 0,20,0,20 --reduce {pages}");
        folder.succeed(&format!("bin2d p.txt -o p.tiff {options}"));
    };
    for (pages, by, missing) in [
        ("mean", "mean", "count"),
        ("mean,max", "mean", "count"),
        ("std,count", "std", "mean"),
        ("std,mean", "std", "count"),
        ("var,mean,mean:x,count", "var:x", ""),
        ("mean:x,mean", "mean:x", "count"),
    ] {
        grid(pages);
        for growth in ["--spread 2", "--dynspread"] {
            let fails = |code, command: &str| {
                let message = folder.fail(code, &format!("{command} -o n.png --by {by} {growth}"));
                if !missing.is_empty() {
                    let expected =
                        format!("spreading the page {by} needs the page {missing}: bin ");
                    assert!(message.contains(&expected), "{pages}: {message}");
                }
            };
            fails(1, "colorize p.tiff");
            fails(2, &format!("render p.txt --reduce {pages}"));
        }
    }
    for by in ["first", "last"] {
        grid("count,mean,first,last");
        for command in ["colorize p.tiff", "render p.txt", "render p.txt --reduce count,last,first"]
        {
            for growth in ["--spread 2", "--dynspread --marker square"] {
                // `fail` sees to it that nothing is parsed.
                let message = folder.fail(2, &format!("{command} -o n.png --by {by} {growth}"));
                let expected = format!("the page {by} cannot be spread: ");
                assert!(message.contains(&expected), "{message}");
            }
        }
        folder.succeed(&format!("colorize p.tiff -o first.png --by {by} --spread 0"));
        std::fs::remove_file(folder.path("first.png")).unwrap();
    }
    // Those that need no others.
    grid("min,max,sum");
    for by in ["min", "max", "sum"] {
        folder.succeed(&format!("colorize p.tiff -o {by}.png --by {by} --spread 2"));
    }
}
