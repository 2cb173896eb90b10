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
