//! The picture that plt.scatter draws.

use serde_json::json;

use crate::support::{Folder, spiral};

fn pixels(folder: &Folder, name: &str) -> Vec<[u8; 4]> {
    folder.picture(name).pixels().map(|pixel| pixel.0).collect()
}

#[test]
fn a_point_is_a_marker_where_matplotlib_draws_it() {
    let folder = Folder::new();
    folder.write("p.txt", "1 1 7\n");
    // Four by three pixels, one of each unit.
    let canvas = "--figsize 4,3 --dpi 10 --extent 0,40,0,30 --pixels 2 --marker square";
    for blend in ["float", "agg8"] {
        let options = format!("{canvas} --blend {blend} --alpha 0.5 --background none");
        let run = folder.succeed(&format!("scatter p.txt -o p.png {options} --json"));
        let facts = run.json().pop().unwrap();
        assert_eq!(facts["counts"]["binned"], json!(1));
        assert_eq!((facts["width"].clone(), facts["height"].clone()), (json!(40), json!(30)));
        let picture = folder.picture("p.png");
        let drawn: Vec<(u32, u32)> = picture
            .enumerate_pixels()
            .filter(|(_, _, pixel)| pixel.0[3] > 0)
            .map(|(x, y, pixel)| {
                assert_eq!(pixel.0, [0x1f, 0x77, 0xb4, 128], "{blend}");
                (x, y)
            })
            .collect();
        assert_eq!(drawn, [(0, 28), (1, 28), (0, 29), (1, 29)]);
    }
}

#[test]
fn the_last_row_lies_on_top_whatever_the_threads() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.write("p.txt", "1 1 0\n2 2 1\n1 1 1\n");
    folder
        .succeed("scatter p.txt -o p.png --figsize 1,1 --dpi 10 --pixels 3 --marker square --cmap #000000,#ffffff");
    let white = pixels(&folder, "p.png").iter().filter(|pixel| **pixel == [255; 4]).count();
    assert_eq!(white, 100);
    for options in ["", "--cmap magma", "--cmap magma --marker square --alpha 0.3 --blend agg8"] {
        let draw = |threads: u32| {
            let name = format!("{threads}.png");
            folder.succeed(&format!(
                "scatter s.txt -o {name} --threads {threads} --cache-dir c {options}"
            ));
            folder.read(&name)
        };
        let first = draw(1);
        assert!(first == draw(2) && first == draw(7), "{options}");
        for threads in [1, 2, 7] {
            std::fs::remove_file(folder.path(&format!("{threads}.png"))).unwrap();
        }
    }
}

#[test]
fn points_in_their_own_colours_come_from_files_or_as_they_are_made() {
    let folder = Folder::new();
    let text = "0 0 255 0 0 255\n1 1 0 255 0 51\n0.5 nan 0 0 255 255\n9 9 0 0 255 255\n";
    folder.write("p.txt", text);
    let options = "--columns x=1,y=2,r=3,g=4,b=5,a=6 --figsize 1,1 --dpi 10 --pixels 2 --marker square \
                   --extent -0.5,1.5,-0.5,1.5 --background none";
    let stored = folder.succeed(&format!("scatter p.txt -o p.png {options} --rgb auto --json"));
    let counts = stored.json().pop().unwrap()["counts"].clone();
    let expected = json!({ "points": 4, "binned": 2, "outside": 1, "non_finite": 1 });
    assert_eq!(counts, expected);
    let streamed = folder.feed(&format!("scatter - -o s.png {options} --rgb byte --json"), text);
    assert_eq!(streamed.code, 0, "{}", streamed.stderr);
    assert_eq!(streamed.json().len(), 1);
    assert!(!folder.path("s.points").exists());
    let drawn = pixels(&folder, "p.png");
    assert_eq!(drawn, pixels(&folder, "s.png"));
    for (color, expected) in [([255, 0, 0, 255], 4), ([0, 255, 0, 51], 4), ([0; 4], 92)] {
        assert_eq!(drawn.iter().filter(|pixel| **pixel == color).count(), expected, "{color:?}");
    }
}

#[test]
fn a_picture_is_drawn_again_only_where_something_has_changed() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let scatter = |options: &str| {
        let run = folder.succeed(&format!("scatter s.txt -o s.png {options}"));
        run.lines().into_iter().filter(|line| !line.contains("up to date")).count()
    };
    assert_eq!(scatter(""), 2);
    assert_eq!(scatter(""), 0);
    for options in [
        "--alpha 0.5",
        "--s 9",
        "--cmap viridis",
        "--cmap viridis --vmax 3",
        "--figure",
        "--dpi 50",
    ] {
        assert_eq!(scatter(options), 1, "{options}");
        assert_eq!(scatter(options), 0, "{options}");
    }
    let info = String::from_utf8(folder.succeed("info s.png").stdout).unwrap();
    assert!(info.contains("circles of 4.16") && info.contains("from points"), "{info}");
}

#[test]
fn markers_that_would_not_be_seen_are_one_pixel_and_that_is_said() {
    let folder = Folder::new();
    folder.write("p.txt", "1 1\n2 2\n");
    for blend in ["float", "agg8"] {
        let tiny = format!("scatter p.txt -o p.png --s 0.001 --marker square --blend {blend}");
        let run = folder.succeed(&tiny);
        assert!(run.stderr.contains("are drawn as one pixel"), "{}", run.stderr);
        let drawn = pixels(&folder, "p.png").iter().filter(|pixel| **pixel != [255; 4]).count();
        assert_eq!(drawn, 2);
    }
    let run = folder.succeed("scatter p.txt -o p.png --pixels 1 --marker square");
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
}

#[test]
fn a_figure_has_axes_labels_and_a_colorbar() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("scatter s.txt -o s.svg --figure --cmap plasma --title Spiral --xlabel east");
    let svg = String::from_utf8(folder.read("s.svg")).unwrap();
    for text in ["Spiral", ">east<", ">y<", ">z<"] {
        assert!(svg.contains(text), "{text}");
    }
    folder.succeed("scatter s.txt -o s.png --figure");
    assert_eq!(folder.picture("s.png").dimensions(), (640, 480));
    folder.succeed("scatter s.txt -o s.pdf --figure");
    assert!(folder.read("s.pdf").starts_with(b"%PDF"));
}

#[test]
fn what_makes_no_sense_is_refused_before_any_work() {
    let folder = Folder::new();
    folder.write("p.txt", "1 1 -1\n2 2 5\n");
    for (code, arguments, why) in [
        (2, "p.txt -o p.png --alpha 0", "--alpha 0 makes no sense"),
        (2, "p.txt -o p.png --alpha nan", "--alpha NaN makes no sense"),
        (2, "p.txt -o p.png --s -3", "--s"),
        (2, "p.txt -o p.png --s 4 --pixels 3", "--pixels"),
        (2, "p.txt -o p.png --dpi 0", "no canvas"),
        (2, "p.txt -o p.png --figsize nan,3", "expected two numbers"),
        (2, "p.txt -o p.png --dpi 60000", "2^28 are the most"),
        (2, "p.txt -o p.png --color #fff --cmap viridis", "--cmap"),
        (2, "p.txt -o p.png --rgb auto --cmap viridis", "--cmap"),
        (2, "p.txt -o p.png --cmap viridis --norm eq_hist", "pointillist render"),
        (2, "p.txt -o p.png --cmap viridis --vmin 3 --vmax 2", "vmin"),
        (2, "p.txt -o p.svg", "add --figure"),
        (2, "p.txt -o p.tiff", ".png"),
        (1, "n.txt -o p.png", "n.txt"),
    ] {
        let message = folder.fail(code, &format!("scatter {arguments}"));
        assert!(message.contains(why), "{arguments}: {message}");
    }
    // What only the points tell.
    folder.succeed("ingest p.txt -o p.points");
    for (code, arguments, why) in [
        (2, "--norm log", "--vmin"),
        (1, "--z mag", "no column \"mag\""),
        (1, "--rgb auto", "no column \"r\""),
    ] {
        let message = folder.fail(code, &format!("scatter p.points -o p.png {arguments}"));
        assert!(message.contains(why), "{arguments}: {message}");
    }
    for (arguments, why) in [
        ("--cmap viridis", "--vmin and --vmax"),
        ("--rgb auto --columns x=1,y=2,r=3,g=3,b=3", "--rgb byte"),
        ("--z mag --vmin 0 --vmax 1", "no column \"mag\""),
        ("--rgb unit --columns x=1,y=2,r=3,g=3,b=3", "--rgb byte"),
    ] {
        let run =
            folder.feed(&format!("scatter - -o p.png --extent 0,1,0,1 {arguments}"), "1 1 2\n");
        assert!(run.code > 0 && run.stderr.contains(why), "{arguments}: {}", run.stderr);
        assert!(!folder.path("p.png").exists());
    }
}
