//! Where cells lie and how grids are stored, as the options of `bin2d` and `render` say.

use crate::support::{Folder, spiral};

/// The recorded extent and size of a grid.
fn frame(folder: &Folder, grid: &str) -> ([f64; 4], (u64, u64)) {
    let about = folder.succeed(&format!("info {grid} --json")).json().remove(0);
    let about = &about["description"];
    let edge = |name| about["extent"][name].as_f64().unwrap();
    let cells = |name| about[name].as_u64().unwrap();
    (["xmin", "xmax", "ymin", "ymax"].map(edge), (cells("width"), cells("height")))
}

#[test]
fn an_equal_aspect_keeps_cells_square_and_a_resolution_moves_the_upper_edges() {
    let folder = Folder::new();
    folder.write("p.txt", "0 0 1\n5 1 2\n2 0.5 3\n");
    folder.succeed("ingest p.txt -o p.points");
    for (options, extent, size) in [
        ("--size 10", [0.0, 5.0, 0.0, 1.0], (10, 10)),
        ("--size 10 --aspect auto", [0.0, 5.0, 0.0, 1.0], (10, 10)),
        ("--size 10 --aspect equal", [0.0, 5.0, -2.0, 3.0], (10, 10)),
        ("--size 20x2 --aspect equal", [-2.5, 7.5, 0.0, 1.0], (20, 2)),
        ("--size 4x2 --aspect equal --extent 1,3,0,2", [0.0, 4.0, 0.0, 2.0], (4, 2)),
        ("--resolution 2", [0.0, 6.0, 0.0, 2.0], (3, 1)),
        ("--resolution 2 --aspect equal", [0.0, 6.0, 0.0, 2.0], (3, 1)),
        ("--resolution 0.25 --extent 0.1,1.2,-1,0", [0.1, 1.35, -1.0, 0.0], (5, 4)),
    ] {
        folder.succeed(&format!("bin2d p.points -o p.tiff {options}"));
        assert_eq!(frame(&folder, "p.tiff"), (extent, size), "{options}");
    }
    // A square of points is a square of pixels, whatever the shape of the picture.
    folder.write("square.txt", "0 0\n0 1\n1 0\n1 1\n");
    folder.succeed("render square.txt -o square.png --size 30x10 --aspect equal");
    let picture = folder.picture("square.png");
    let drawn: Vec<(u32, u32)> = picture
        .enumerate_pixels()
        .filter_map(|(x, y, pixel)| (pixel.0[3] > 0).then_some((x, y)))
        .collect();
    assert_eq!(drawn, [(10, 0), (20, 0), (10, 9), (20, 9)]);
}

#[test]
fn another_aspect_makes_another_grid() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let up_to_date = |options: &str| {
        let run = folder.succeed(&format!("render s.txt -o s.png --json --size 20x10 {options}"));
        run.json()[1]["up_to_date"] == true
    };
    assert!(!up_to_date(""));
    assert!(up_to_date("--aspect auto"));
    assert!(!up_to_date("--aspect equal"));
    assert!(up_to_date("--aspect equal"));
}

#[test]
fn a_compressed_grid_is_another_file_and_the_same_picture() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    let made = |options: &str| -> Vec<bool> {
        let run = folder.succeed(&format!("render s.txt -o s.png --json --size 300 {options}"));
        run.json().iter().map(|stage| stage["up_to_date"] == false).collect()
    };
    let grid = || folder.grid("s.points");
    let info = || folder.succeed(&format!("info {} --json --verify", grid())).json().remove(0);
    assert_eq!(made(""), [true, true, true]);
    let (plain, plain_bytes, picture) = (info(), folder.read(&grid()).len(), folder.read("s.png"));
    // The picture is of the same pixels, so it stays.
    assert_eq!(made("--compress deflate"), [false, true, false]);
    assert_eq!(made("--compress deflate"), [false, false, false]);
    let (compressed, bytes) = (info(), folder.read(&grid()).len());
    assert!(bytes * 50 < plain_bytes, "{bytes} of {plain_bytes} bytes");
    assert_eq!(compressed["identity"], plain["identity"]);
    assert_eq!(compressed["pages"], plain["pages"]);
    assert_eq!(compressed["description"]["options"]["compress"], "deflate");
    assert_eq!(made("--compress deflate --force"), [true, true, true]);
    assert_eq!(folder.read("s.png"), picture);
    // The other one is still there.
    assert_eq!(made("--compress none"), [false, false, false]);
    let error = folder.fail(2, "render s.txt -o s.png --compress lzw");
    assert!(error.contains("none, deflate"), "{error}");
}

#[test]
fn a_page_of_counts_that_32_bits_would_round_has_64() {
    let folder = Folder::new();
    // 16,777,217 points in one cell, and one in another.
    folder.write("many.txt", "1 1 2\n".repeat(986_895));
    folder.write("rest.txt", format!("{}5 5 3\n", "1 1 2\n".repeat(2)));
    folder.succeed("ingest many.txt -o many.points");
    folder.succeed("ingest rest.txt -o rest.points");
    folder.succeed(&format!("bin2d {} rest.points -o p.tiff --size 2", "many.points ".repeat(17)));
    let info = folder.succeed("info p.tiff --json --verify").json().remove(0);
    assert_eq!(info["pages"][0]["name"], "count");
    assert_eq!(info["pages"][0]["dtype"], "f64");
    assert_eq!(info["pages"][0]["max"], 16_777_217.0);
    assert_eq!(info["pages"][1]["dtype"], "f32");
    let text = String::from_utf8(folder.succeed("info p.tiff").stdout).unwrap();
    assert!(text.contains("count        f64") && text.contains("mean         f32"), "{text}");
    // Colour by the one page and opacity by the other.
    for options in ["", "--alpha 0.5", "--by count"] {
        folder.succeed(&format!("colorize p.tiff -o p.png {options}"));
        let picture = folder.picture("p.png");
        let drawn = picture.pixels().filter(|pixel| pixel.0[3] > 0).count();
        assert_eq!((picture.dimensions(), drawn), ((2, 2), 2));
    }
}

#[test]
fn a_grid_of_another_version_is_made_again() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("render s.txt -o s.png --size 20");
    let name = folder.grid("s.points");
    let grid = folder.read(&name);
    let version = br#""format":"pointillist grid","version":"#;
    let at = grid.windows(version.len()).position(|bytes| bytes == version).unwrap();
    for other in [b'1', b'9'] {
        let mut older = grid.clone();
        older[at + version.len()] = other;
        folder.write(&name, older);
        let error = folder.fail(1, &format!("colorize {name} -o t.png"));
        let reason = format!("{name}: its format is version {}", char::from(other));
        assert!(error.contains(&reason) && error.contains("make it again"), "{error}");
        folder.succeed("render s.txt -o s.png --size 20");
        assert_eq!(folder.read(&name), grid);
    }
}

#[cfg(unix)]
#[test]
fn a_damaged_grid_is_mended_by_the_remedy_that_is_named() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.write("t.txt", "-1 -2 -3\n1 2 3\n");
    folder.succeed("ingest s.txt -o s.points --columns x=1,y=2,z=3,m=1");
    folder.succeed("ingest t.txt -o t.points --columns x=1,y=2,z=3,m=3");
    for made in [
        "s.points -o g.tiff --size 90",
        "s.points t.points -o g.tiff --size 90x80 --extent=-1,1,-2,3.5 --dtype f64 --shard 2/3",
        "t.points s.points -o g.tiff --resolution 0.25 --aspect equal --reduce count,max:m --x y --y x --z m",
        "s.txt -o g.tiff --extent 0,10,0,10 --columns x=2,y=1 --dtype f64 --delimiter space --size 60",
        "s.txt -o g.tiff --extent 0,10,0,10 --columns x=1,y=2,r=3,g=3,b=3 --reduce over --opacity 0.25 \
         --colors byte --size 60",
    ] {
        folder.succeed(&format!("bin2d {made}"));
        let good = folder.read("g.tiff");
        folder.damage("g.tiff", 5000);
        let remedy = folder.mend(&folder.fail(1, "info g.tiff --verify"));
        assert!(remedy.ends_with(" --force"), "{remedy}");
        assert!(folder.read("g.tiff") == good, "{remedy}");
        std::fs::remove_file(folder.path("g.tiff")).unwrap();
    }
    // Compressed, where its pages are cannot be told beforehand.
    folder.succeed("bin2d s.points -o g.tiff --size 90 --compress deflate");
    let good = folder.read("g.tiff");
    folder.damage("g.tiff", 200);
    folder.mend(&folder.fail(1, "colorize g.tiff -o g.png"));
    assert!(folder.read("g.tiff") == good);
}

#[test]
fn the_remedy_for_a_grid_says_what_it_does_not_know() {
    let folder = Folder::new();
    folder.write("s.txt", spiral());
    folder.succeed("ingest s.txt -o s.points");
    folder.succeed("bin2d s.points -o g.tiff --size 90");
    std::fs::rename(folder.path("s.points"), folder.path("moved")).unwrap();
    folder.damage("g.tiff", 5000);
    let error = folder.fail(1, "colorize g.tiff -o g.png");
    let bin2d = "pointillist bin2d INPUT.points -o g.tiff --size 90 --force";
    assert!(
        error.contains(&format!("; make it again, with the same options: {bin2d}, or")),
        "{error}"
    );
    assert!(error.ends_with(": pointillist merge SHARD.tiff… -o g.tiff --force\n"), "{error}");
    // Of one that is kept for pictures, it is to remove it.
    folder.succeed("render s.txt -o s.png --size 90");
    let kept = folder.grid("s.points");
    folder.damage(&kept, 5000);
    let error = folder.fail(1, &format!("colorize {kept} -o g.png"));
    assert!(
        error.ends_with(&format!("; remove it, and pictures make it again: rm {kept}\n")),
        "{error}"
    );
}
