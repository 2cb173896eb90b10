//! Figures: pictures with axes around them, as PNG, SVG and PDF.

use crate::support::{Folder, spiral};

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("p.txt", spiral());
    folder
}

#[test]
fn a_figure_is_the_picture_with_axes_around_it() {
    let folder = folder();
    folder.succeed("render p.txt -o p.png --size 60x40 --background white");
    let run =
        folder.succeed("render p.txt -o f.png --size 60x40 --background white --figure --json");
    let facts = run.json().pop().unwrap();
    let at = |key: &str| facts["figure"]["axes"][key].as_u64().unwrap() as u32;
    assert_eq!((at("width"), at("height")), (60, 40));
    let (picture, figure) = (folder.picture("p.png"), folder.picture("f.png"));
    assert_eq!(u64::from(figure.width()), facts["figure"]["width"].as_u64().unwrap());
    for y in 1..39 {
        for x in 1..59 {
            let found = figure.get_pixel(at("left") + x, at("top") + y);
            assert_eq!(found, picture.get_pixel(x, y), "{x},{y}");
        }
    }
    assert_eq!(figure.get_pixel(at("left") + 30, at("top")).0, [0, 0, 0, 255]);
    assert_eq!(figure.get_pixel(0, 0).0, [255; 4]);
}

#[test]
fn with_a_size_the_axes_have_a_pixel_for_every_cell() {
    let folder = folder();
    let options = "--figure --figsize 6.4,4.8";
    folder.succeed(&format!("render p.txt -o f.png {options}"));
    assert_eq!(folder.picture("f.png").dimensions(), (640, 480));
    folder.take_grid("p.points", "f.tiff");
    let info = String::from_utf8(folder.succeed("info f.tiff").stdout).unwrap();
    assert!(info.contains("397x369"), "{info}");
    // Without a colorbar the axes are wider.
    let message = folder.fail(2, &format!("colorize f.tiff -o g.png {options} --color #123456"));
    assert!(message.contains("--size 496x369"), "{message}");
    folder.succeed(&format!("render p.txt -o g.png {options} --color #123456"));
    let message = folder.fail(2, &format!("colorize f.tiff -o g.png {options} --dpi 200"));
    assert!(message.contains("--size 794x739"), "{message}");
    // Where cells are asked for, they are made, and the figure says that they do not fit.
    let message = folder.fail(2, &format!("render p.txt -o h.png --size 10 {options}"));
    assert!(message.contains("--size 397x369"), "{message}");
}

#[test]
fn a_figure_is_made_again_when_what_it_says_changes() {
    let folder = folder();
    let made = |output: &str, options: &str| {
        let render = format!("render p.txt -o {output} --size 50 --json --figure {options}");
        let up_to_date = folder.succeed(&render).json().pop().unwrap()["up_to_date"].clone();
        !up_to_date.as_bool().unwrap()
    };
    for output in ["f.png", "f.svg", "f.pdf"] {
        assert!(made(output, ""));
        assert!(!made(output, ""), "{output}");
        let before = folder.read(output);
        for options in ["--title T", "--xlabel µ", "--dpi 120", "--face none", "--cmap magma"] {
            assert!(made(output, options), "{output} {options}");
            assert!(!made(output, options), "{output} {options}");
            assert!(folder.read(output) != before, "{output} {options}");
        }
        assert!(made(output, "") && folder.read(output) == before, "{output}");
        let info = folder.succeed(&format!("info {output}")).stdout;
        let info = String::from_utf8(info).unwrap();
        assert!(info.contains("picture of 50x50 pixels in a figure of"), "{info}");
        // Half a file is none.
        folder.write(output, &before[..before.len() / 2]);
        assert!(made(output, "") && folder.read(output) == before, "{output}");
    }
    folder.succeed("render p.txt -o f.png --size 50");
    assert_eq!(folder.picture("f.png").dimensions(), (50, 50));
}

#[test]
fn a_figure_records_the_column_that_is_reduced_however_that_is_asked_for() {
    let folder = Folder::new();
    folder.write("p.txt", "# x y z w\n1 2 3 4\n2 3 4 1\n5 4 3 2\n");
    for (number, (options, same)) in [
        ("", "--z z"),
        ("--reduce count", "--reduce count --z w"),
        ("--reduce count,mean:w", "--reduce count,mean:w --z w"),
    ]
    .into_iter()
    .enumerate()
    {
        let columns = "--columns x=1,y=2,z=3,w=4 --size 20 --figure";
        for (name, options) in [("a", options), ("b", same)] {
            let (output, cache) = (format!("{name}{number}.svg"), format!("{name}{number}"));
            let command =
                format!("render p.txt -o {output} {columns} --cache-dir {cache} {options}");
            folder.succeed(&command);
        }
        let [a, b] = ["a", "b"].map(|name| folder.read(&format!("{name}{number}.svg")));
        assert!(a == b, "{options}");
    }
}

#[test]
fn what_no_figure_can_be_is_refused() {
    let folder = folder();
    folder.succeed("render p.txt -o p.png --size 50");
    folder.take_grid("p.points", "p.tiff");
    for (options, part) in [
        ("-o n.svg", "add --figure"),
        ("-o n.pdf", "add --figure"),
        ("-o n.jpg --figure", "must end in .png or .svg or .pdf"),
        ("-o n.png --title T", "--figure"),
        ("-o n.png --figure --dpi 0", "from 10 to 10000"),
        ("-o n.png --figure --dpi nan", "from 10 to 10000"),
        ("-o n.png --figure --figsize 0,1", "above zero"),
        ("-o n.png --figure --figsize 1e9,1e9", "too large"),
        ("-o n.png --figure --figsize 6", "two numbers"),
        ("-o n.pdf --figure --title 漢", "U+6F22"),
        ("-o n.png --figure --face red", "face"),
    ] {
        for command in ["colorize p.tiff", "render p.txt --size 50"] {
            let message = folder.fail(2, &format!("{command} {options}"));
            assert!(message.contains(part), "{command} {options}: {message}");
        }
    }
    // An SVG is shown with the fonts of whoever looks at it.
    folder.succeed("colorize p.tiff -o n.svg --figure --title 漢");
    assert!(String::from_utf8(folder.read("n.svg")).unwrap().contains("漢</text>"));
}

#[test]
fn a_grid_without_points_has_axes_and_no_colorbar() {
    let folder = folder();
    let options = "--extent 1000,1001,0,1 --size 40 --figure --alpha 0.5";
    folder.succeed(&format!("render p.txt -o f.png {options}"));
    let figure = folder.picture("f.png");
    let dark = figure.pixels().filter(|pixel| pixel.0[0] < 100).count();
    assert!(dark > 200, "{dark}");
}

#[test]
fn opacities_have_a_key_below_the_colorbar() {
    let folder = folder();
    let text = |options: &str| {
        folder.succeed(&format!("render p.txt -o f.svg --size 50 --figure {options}"));
        String::from_utf8(folder.read("f.svg")).unwrap()
    };
    let key = "points per pixel";
    assert!(!text("").contains(key));
    assert!(text("").contains(">mean z</text>"));
    for options in ["--alpha 0.3", "--alpha-norm eq_hist", "--color #112233 --alpha 0.3 --spread 2"]
    {
        assert!(text(options).contains(key), "{options}");
    }
    assert!(text("--by count --zlabel many").contains(">many</text>"));
}

#[test]
fn the_bytes_do_not_depend_on_the_threads() {
    let folder = folder();
    folder.succeed("render p.txt -o p.png --size 900x500");
    folder.take_grid("p.points", "p.tiff");
    for options in ["-o f.png", "-o f.png --png small --alpha 0.2", "-o f.svg", "-o f.pdf"] {
        let made = |threads: u32| {
            let colorize =
                format!("colorize p.tiff --figure --force --threads {threads} {options}");
            folder.succeed(&colorize);
            folder.read(options.split(' ').nth(1).unwrap())
        };
        assert!(made(1) == made(7), "{options}");
    }
}
