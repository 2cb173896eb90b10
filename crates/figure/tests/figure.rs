//! Figures as they come out: pixels of the picture, what is drawn around it, and what cannot be drawn.
#![expect(clippy::unwrap_used, reason = "in a test, what goes wrong may panic")]

use std::path::Path;

use image::RgbaImage;
use pointillist_colorize::{
    Alpha, Color, Colormap, Effort, Limits, Norm, Picture, Pixels, Scale, write_png,
};
use pointillist_figure::{Bar, Density, Error, Figure, Layout, Style};
use proptest::prelude::*;

const WHITE: Color = Color([255; 4]);

/// A picture without two neighbours of the same colour, partly transparent.
fn picture(width: usize, height: usize) -> Picture {
    let rgba = (0..height * width)
        .flat_map(|i| {
            let (x, y) = (i % width, i / width);
            [x * 37, y * 11, x ^ y, 255 - (x + y) % 3 * 100].map(|value| value as u8)
        })
        .collect();
    Picture { width, height, rgba, norm: None, limits: None, alpha_limits: None }
}

fn figure(picture: &dyn Pixels, layout: Layout) -> Figure<'_> {
    Figure {
        picture,
        layout,
        x: (0.0, 1.0),
        y: (-20.0, 3e6),
        title: "Title".into(),
        xlabel: "x".into(),
        ylabel: "y".into(),
        colorbar: None,
        density: None,
        style: Style::default(),
    }
}

fn image(figure: &Figure<'_>) -> RgbaImage {
    let raster = figure.raster().unwrap();
    let mut png = Vec::new();
    write_png(&mut png, &raster, &[], Effort::Fast).unwrap();
    image::load_from_memory(&png).unwrap().into_rgba8()
}

#[test]
fn the_pixels_of_the_picture_are_those_of_the_axes() {
    for (width, height) in [(496, 369), (1, 1), (7, 300), (900, 2)] {
        for face in [WHITE, Color::TRANSPARENT, Color([10, 20, 30, 255])] {
            let picture = picture(width, height);
            let layout = Layout::around(width, height, 100.0, false).unwrap();
            let style = Style::on(face);
            let drawn = image(&Figure { style, ..figure(&picture, layout) });
            let axes = layout.picture();
            assert_eq!((axes.width, axes.height), (width, height));
            // The frame lies on the first column and row, its soft edge on those beside it.
            for y in 2..height.saturating_sub(1) {
                for x in 2..width.saturating_sub(1) {
                    let at = 4 * (y * width + x);
                    let own = Color(picture.rgba[at..at + 4].try_into().unwrap());
                    let found = drawn.get_pixel((axes.left + x) as u32, (axes.top + y) as u32).0;
                    assert_eq!(found, own.over(face).0, "{x},{y} of {width}x{height}");
                }
            }
        }
    }
}

#[test]
fn bands_of_rows_are_those_of_the_whole() {
    let picture = picture(50, 300);
    let layout = Layout::around(50, 300, 72.0, false).unwrap();
    let figure = figure(&picture, layout);
    let raster = figure.raster().unwrap();
    let row = raster.width() * 4;
    let mut whole = vec![0; row * raster.height()];
    raster.fill(0..raster.height(), &mut whole).unwrap();
    let mut part = vec![7; row * 97];
    raster.fill(150..247, &mut part).unwrap();
    assert!(part == whole[row * 150..row * 247]);
}

#[test]
fn frame_and_ticks_stand_on_whole_pixels() {
    let layout = Layout::new((6.4, 4.8), 100.0, false).unwrap();
    let picture = Picture { rgba: vec![255; 496 * 369 * 4], ..picture(496, 369) };
    let drawn = image(&figure(&picture, layout));
    let black = |x: u32, y: u32| drawn.get_pixel(x, y).0 == [0, 0, 0, 255];
    for (x, y) in [(80, 58), (576, 58), (80, 427), (576, 427), (300, 58), (80, 200)] {
        assert!(black(x, y), "frame at {x},{y}: {:?}", drawn.get_pixel(x, y));
    }
    // matplotlib's ticks from 0 to 1, 0.2 apart, each five pixels long below the frame.
    let ticks: Vec<u32> = (0..640).filter(|x| (428..432).all(|y| black(*x, y))).collect();
    assert_eq!(ticks, [80, 179, 278, 378, 477, 576]);
    assert!(!black(179, 434));
}

/// A scale from 1 to 1000, and what a figure draws beside the axes with it.
fn with_bars<'a>(
    picture: &'a Picture,
    layout: Layout,
    scale: &'a Scale,
    colormap: &'a Colormap,
) -> Figure<'a> {
    let beyond = Limits { vmin: 0.5, vmax: 1000.0 };
    let mut density = Density::new(Alpha::PerPoint(0.05), scale).unwrap();
    density.label = "points per pixel".into();
    Figure {
        colorbar: Some(Bar {
            scale,
            colormap,
            beyond: Some((beyond, Color([255, 0, 0, 255]), WHITE)),
            label: "z < 3 & µ".into(),
        }),
        density: Some(density),
        ..figure(picture, layout)
    }
}

#[test]
fn a_small_figure_stays_as_it_is() {
    let scale = Scale::new(Norm::Log, Limits { vmin: 1.0, vmax: 1000.0 }).unwrap();
    let (picture, colormap) = (picture(12, 200), "#000,#f00,#ff0".parse().unwrap());
    let layout = Layout::around(12, 200, 72.0, true).unwrap();
    let figure = with_bars(&picture, layout, &scale, &colormap);
    let found = figure.svg(&[("made".into(), "by a test".into())]).unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/figure.svg");
    if std::env::var_os("POINTILLIST_BLESS").is_some() {
        std::fs::write(&golden, found).unwrap();
        panic!("wrote {}: look at it, and run again without POINTILLIST_BLESS", golden.display());
    }
    let expected = std::fs::read_to_string(&golden).unwrap().replace("\r\n", "\n");
    for (i, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {}", i + 1);
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn a_colorbar_shows_its_colors_and_a_pointed_end() {
    let scale = Scale::new(Norm::Log, Limits { vmin: 1.0, vmax: 1000.0 }).unwrap();
    let (picture, colormap) = (picture(12, 400), Colormap::default());
    let layout = Layout::around(12, 400, 100.0, true).unwrap();
    let figure = with_bars(&picture, layout, &scale, &colormap);
    let drawn = image(&figure);
    let bar = layout.bar.unwrap();
    let x = ((bar.left + bar.right) / 2.0) as u32;
    let column: Vec<[u8; 4]> = (0..drawn.height()).map(|y| drawn.get_pixel(x, y).0).collect();
    let table = colormap.table().unwrap();
    let places: Vec<usize> = column
        .iter()
        .filter_map(|color| table.iter().position(|entry| entry.0 == *color))
        .collect();
    // From the upper end to the lower one.
    assert!(places.is_sorted_by(|a, b| a >= b), "{places:?}");
    assert!(places[0] > 250 && *places.last().unwrap() < 5);
    assert!(column.contains(&[255, 0, 0, 255]), "no pointed end");
    // Below it the key of opacities, from nearly nothing to black, over white and gray.
    let lower = &column[column.len() * 7 / 10..];
    assert!(lower.iter().any(|[r, g, b, _]| r == g && g == b && (1..12).contains(r)));
}

#[test]
fn a_pdf_has_the_picture_the_letters_and_the_texts() {
    let scale = Scale::new(Norm::Log, Limits { vmin: 1.0, vmax: 1000.0 }).unwrap();
    let (picture, colormap) = (picture(30, 40), Colormap::default());
    let layout = Layout::around(30, 40, 72.0, true).unwrap();
    let figure = with_bars(&picture, layout, &scale, &colormap);
    let texts = [("made".to_owned(), "by (a) test".to_owned())];
    let pdf = figure.pdf(&texts).unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.ends_with(b"%%EOF\n"));
    let has = |what: &str| pdf.windows(what.len()).any(|window| window == what.as_bytes());
    assert!(has("/Subtype /Image") && has("/Width 30") && has("/Height 40"));
    assert!(has("DejaVuSans") && has("/FontFile2") && has(r"/made (by \(a\) test)"));
    assert_eq!(figure.pdf(&texts).unwrap(), pdf);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figure.pdf");
    std::fs::write(&path, &pdf).unwrap();
    let read = pointillist_figure::read_text(&path, "made").unwrap();
    assert_eq!(read.as_deref(), Some("by (a) test"));
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let picture = picture(20, 10);
    let layout = Layout::around(20, 10, 100.0, false).unwrap();
    let error = |figure: Figure<'_>| figure.raster().err().unwrap();
    let wrong = Layout::around(20, 11, 100.0, false).unwrap();
    let found = error(figure(&picture, wrong));
    assert!(matches!(found, Error::PictureSize { found: (20, 10), expected: (20, 11) }));
    let found = error(Figure { title: "漢".into(), ..figure(&picture, layout) });
    assert!(matches!(found, Error::Glyph { character: '漢' }) && found.is_usage());
    let other = Figure { title: "漢".into(), ..figure(&picture, layout) };
    assert!(other.svg(&[]).unwrap().contains('漢'));
    let found = error(Figure { xlabel: "x".repeat(2000), ..figure(&picture, layout) });
    assert!(matches!(found, Error::LongText { len: 2000 }));
    for x in [(f64::NAN, 1.0), (0.0, f64::INFINITY), (1.0, 0.0)] {
        assert!(error(Figure { x, ..figure(&picture, layout) }).is_usage());
        assert!(error(Figure { y: x, ..figure(&picture, layout) }).is_usage());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_extent_and_any_text_make_a_document(
        a in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
        b in prop::num::f64::NORMAL | prop::num::f64::ZERO,
        text in any::<String>(),
        width in 1usize..40,
        dpi in 10.0..400.0,
    ) {
        let picture = picture(width, 5);
        let layout = Layout::around(width, 5, dpi, false).unwrap();
        let extent = (a.min(b), a.max(b));
        let label = || text.clone();
        let figure = Figure {
            x: extent, y: extent, title: label(), xlabel: label(), ylabel: label(),
            ..figure(&picture, layout)
        };
        prop_assert!(figure.svg(&[]).unwrap().ends_with("</svg>\n"));
        match figure.raster() {
            Ok(raster) => {
                let mut row = vec![0; raster.width() * 4];
                raster.fill(0..1, &mut row).unwrap();
            }
            Err(error) => prop_assert!(matches!(error, Error::Glyph { .. }), "{error}"),
        }
    }
}
