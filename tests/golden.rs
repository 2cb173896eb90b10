//! Pictures that must not change by a pixel.
//!
//! Each is rendered from a fixture and compared with the one in `fixtures/golden`. After a change that is meant,
//! `POINTILLIST_BLESS=1 cargo test golden` writes the new ones, and fails, so that it is never left on: look at
//! them before you commit them. On a difference the test writes expected, difference and found, side by side, to
//! the folder for temporary files of the build.

use crate::support::{Folder, workspace};
use image::{Rgba, RgbaImage};

#[track_caller]
fn check(name: &str, options: &str) {
    let folder = Folder::new();
    folder.galaxy();
    folder.succeed(&format!("render galaxy.txt -o found.png --size 160 {options}"));
    let golden = workspace(&format!("fixtures/golden/{name}.png"));
    if std::env::var_os("POINTILLIST_BLESS").is_some() {
        std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
        std::fs::copy(folder.path("found.png"), &golden).unwrap();
        panic!("wrote {}: look at it, and run again without POINTILLIST_BLESS", golden.display());
    }
    let found = folder.picture("found.png");
    let expected = image::open(&golden).unwrap().into_rgba8();
    assert_eq!(found.dimensions(), expected.dimensions());
    let differing = found.pixels().zip(expected.pixels()).filter(|(a, b)| a != b).count();
    if differing > 0 {
        let panels = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
        side_by_side(&expected, &found).save(&panels).unwrap();
        panic!("{differing} pixels of {name} differ: see {}", panels.display());
    }
}

/// Expected, where they differ (red on black), found.
fn side_by_side(expected: &RgbaImage, found: &RgbaImage) -> RgbaImage {
    let (width, height) = expected.dimensions();
    RgbaImage::from_fn(3 * width, height, |x, y| {
        let column = x % width;
        match x / width {
            0 => *expected.get_pixel(column, y),
            1 if expected.get_pixel(column, y) == found.get_pixel(column, y) => {
                Rgba([0, 0, 0, 255])
            }
            1 => Rgba([255, 0, 0, 255]),
            _ => *found.get_pixel(column, y),
        }
    })
}

#[test]
fn the_default_picture_stays_as_it_is() {
    check("mean", "");
}

#[test]
fn the_count_on_a_logarithmic_scale_stays_as_it_is() {
    check("count-log", "--by count --cmap inferno --background black");
}

#[test]
fn the_equalized_count_stays_as_it_is() {
    check("count-eq-hist", "--by count --norm eq_hist --cmap fire");
}

#[test]
fn colour_from_z_and_opacity_from_density_stay_as_they_are() {
    check("bivariate", "--cmap coolwarm --clip 2,98 --alpha 0.1 --background white");
}
