use std::path::Path;

use pointillist_base::{Dtype, OwnedValues};
use pointillist_ingest::{Input, Options as Reading, ingest};

use super::*;
use crate::{Binned, Cells, Compression, GridFile, Size, Term, bin2d, bin2d_stream, write_grid};

fn input(text: &str) -> Input {
    let reader = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
    Input::Stream { name: "-".to_owned(), reader }
}

fn reading(columns: &str) -> Reading {
    Reading { columns: columns.parse().unwrap(), ..Reading::default() }
}

fn points(folder: &Path, name: &str, columns: &str, text: &str) -> Points {
    let path = folder.join(name);
    ingest(vec![input(text)], &path, &reading(columns), &()).unwrap();
    Points::open(&path).unwrap()
}

const RGB: &str = "x=1,y=2,r=3,g=4,b=5";
const RGBA: &str = "x=1,y=2,r=3,g=4,b=5,a=6";

fn options(side: u32, reduce: &str) -> Options {
    Options {
        cells: Cells::Size(Size::new(side, side).unwrap()),
        extent: Some("0,1,0,1".parse().unwrap()),
        reductions: Some(reduce.parse().unwrap()),
        ..Options::default()
    }
}

/// Red, green, blue and alpha of all cells.
fn channels(binned: &Binned) -> [Vec<f32>; 4] {
    Reduction::OVER.map(|channel| {
        match binned.grid().page(&channel.into(), Dtype::F32).unwrap().values {
            OwnedValues::F32(values) => values,
            OwnedValues::F64(_) => panic!("32 bits were asked for"),
        }
    })
}

/// A few thousand rows over each other, of bytes and an opacity each.
fn many() -> String {
    let mut text = String::new();
    for row in 0..5000u32 {
        let (x, y) = (row * 7919 % 1013, row * 104_729 % 997);
        let color = [row * 31 % 256, row * 17 % 256, row * 7 % 256];
        text.push_str(&format!("0.{x:04} 0.{y:04} {} {} {}", color[0], color[1], color[2]));
        text.push_str(&format!(" 0.{:02}\n", row % 100));
    }
    text
}

#[test]
fn over_is_four_pages_that_belong_together() {
    let reductions: Reductions = "count, over,max".parse().unwrap();
    let names: Vec<String> = reductions.as_slice().iter().map(Term::to_string).collect();
    let expected = ["count", "over-red", "over-green", "over-blue", "over-alpha", "max"];
    assert_eq!(names, expected);
    assert_eq!(reductions.to_string(), "count,over,max");
    let record = serde_json::to_string(&reductions).unwrap();
    assert_eq!(serde_json::from_str::<Reductions>(&record).unwrap(), reductions);
    for (wrong, why) in [
        ("over-red", "ask for over"),
        ("over-red,over-green,over-blue", "ask for over"),
        ("over-green,over-red,over-blue,over-alpha", "ask for over"),
        ("over-red,over-green,count,over-blue,over-alpha", "ask for over"),
        ("over,over", "twice"),
        ("over,over-red", "twice"),
        ("over:mag", "ask for over alone"),
        ("over-red:mag", "ask for over alone"),
        ("ove", "last, over"),
    ] {
        let message = wrong.parse::<Reductions>().unwrap_err().to_string();
        assert!(message.contains(why), "{wrong}: {message}");
    }
}

#[test]
fn points_are_composited_in_the_order_of_their_rows() {
    let folder = tempfile::tempdir().unwrap();
    let text = "0.1 0.9 255 0 0\n0.9 0.1 0 0 255\n0.1 0.9 0 255 51\n0.9 0.9 nan 0 0\n3 3 1 2 3\n";
    let points = [points(folder.path(), "a.points", RGB, text)];
    let asked = Options { opacity: Some(0.5), ..options(2, "over") };
    let binned = bin2d(&points, &asked, &()).unwrap();
    let [red, green, blue, alpha] = channels(&binned);
    assert_eq!(red, [0.25, 0.0, 0.0, 0.0]);
    assert_eq!(green, [0.5, 0.0, 0.0, 0.0]);
    assert_eq!(blue, [0.1, 0.0, 0.0, 0.5]);
    assert_eq!(alpha, [0.75, 0.0, 0.0, 0.5]);
    let stats = binned.grid().stats();
    assert_eq!((stats.points, stats.binned, stats.outside), (5, 4, 1));
    let about = *binned.grid().composited().unwrap();
    let expected = Composited {
        premultiplied: true,
        colors: ColorScale::Byte,
        alpha: None,
        opacity: 0.5,
        undrawn: 1,
    };
    assert_eq!(about, expected);

    // The file has the same, and says so.
    for compress in [Compression::None, Compression::Deflate] {
        let asked = Options { compress, ..asked.clone() };
        let path = folder.path().join("a.tiff");
        write_grid(&bin2d(&points, &asked, &()).unwrap(), &path, &()).unwrap();
        let file = GridFile::open(&path).unwrap();
        file.verify().unwrap();
        assert_eq!(file.description().composited, Some(expected));
        assert_eq!(file.page("over-green").unwrap().values, OwnedValues::F32(green.clone()));
        let bytes = std::fs::read(&path).unwrap();
        let says = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(says("red times alpha") && says("\"premultiplied\":true"));

        let mut damaged = bytes.clone();
        let at = bytes.windows(4).position(|part| part == b"true").unwrap();
        damaged[at..at + 5].copy_from_slice(b"false"[..].as_ref());
        std::fs::write(&path, damaged).unwrap();
        assert!(matches!(GridFile::open(&path), Err(Error::Damaged { .. })));
    }
}

#[test]
fn text_that_is_binned_as_it_is_read_gives_the_pages_of_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let text = many();
    let (first, second) = text.split_at(text.match_indices('\n').nth(1700).unwrap().0 + 1);
    let whole = points(folder.path(), "whole.points", RGBA, &text);
    let parts = [
        points(folder.path(), "1.points", RGBA, first),
        points(folder.path(), "2.points", RGBA, second),
    ];
    for reduce in ["over", "count,over", "mean:r,over,std:g"] {
        let asked = Options { colors: None, opacity: Some(0.9), ..options(20, reduce) };
        let expected = bin2d(std::slice::from_ref(&whole), &asked, &()).unwrap();
        assert!(channels(&expected).iter().flatten().all(|value| (0.0..=1.0).contains(value)));
        assert_eq!(channels(&bin2d(&parts, &asked, &()).unwrap()), channels(&expected));
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let again = pool.install(|| bin2d(std::slice::from_ref(&whole), &asked, &())).unwrap();
            assert_eq!(channels(&again), channels(&expected));
        }
        // Opacities are from 0 to 1 here, as one column in bytes would not be: they are said to be bytes for both.
        let asked = Options { colors: Some(ColorScale::Byte), ..asked };
        let expected = bin2d(std::slice::from_ref(&whole), &asked, &()).unwrap();
        let streamed = bin2d_stream(vec![input(&text)], &reading(RGBA), &asked, &()).unwrap();
        assert_eq!(channels(&streamed.binned), channels(&expected));
        assert_eq!(streamed.binned.grid().stats(), expected.grid().stats());
        assert_eq!(streamed.binned.grid().composited(), expected.grid().composited());
        for term in expected.grid().reductions().as_slice() {
            let page = |binned: &Binned| match binned.grid().page(term, Dtype::F64).unwrap().values
            {
                OwnedValues::F64(values) => {
                    values.into_iter().map(f64::to_bits).collect::<Vec<_>>()
                }
                OwnedValues::F32(_) => panic!("64 bits were asked for"),
            };
            assert_eq!(page(&streamed.binned), page(&expected), "{term}");
        }
    }
}

#[test]
fn colors_count_up_to_what_their_columns_reach_or_what_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let composited = |columns: &str, text: &str, colors: Option<ColorScale>| {
        let points = [points(folder.path(), "a.points", columns, text)];
        let asked = Options { colors, ..options(1, "over") };
        let binned = bin2d(&points, &asked, &())?;
        Ok::<_, Error>((
            channels(&binned).map(|page| page[0]),
            *binned.grid().composited().unwrap(),
        ))
    };
    let (byte, unit) = (Some(ColorScale::Byte), Some(ColorScale::Unit));
    assert_eq!(composited(RGB, "0 0 1 0 1\n", None).unwrap().0, [1.0, 0.0, 1.0, 1.0]);
    assert_eq!(composited(RGB, "0 0 1 0 51\n", None).unwrap().0, [1.0 / 255.0, 0.0, 0.2, 1.0]);
    assert_eq!(composited(RGB, "0 0 1 0 1\n", byte).unwrap().0[0], 1.0 / 255.0);
    // Alpha is told by itself.
    let (pixel, about) = composited(RGBA, "0 0 0 255 0 0.5\n", None).unwrap();
    assert_eq!(pixel, [0.0, 0.5, 0.0, 0.5]);
    assert_eq!((about.colors, about.alpha), (ColorScale::Byte, Some(ColorScale::Unit)));
    assert_eq!(composited(RGBA, "0 0 0 1 0 255\n", None).unwrap().0, [0.0, 1.0, 0.0, 1.0]);
    for (text, colors, column) in
        [("0 0 -1 0 0\n", None, "r"), ("0 0 0 256 0\n", None, "g"), ("0 0 0 0 2\n", unit, "b")]
    {
        let error = composited(RGB, text, colors).unwrap_err();
        let Error::ColorRange { column: found, .. } = &error else { panic!("{error}") };
        assert_eq!(found, column);
        let asked = Options { colors: colors.or(byte), ..options(1, "over") };
        let error = bin2d_stream(vec![input(text)], &reading(RGB), &asked, &()).unwrap_err();
        assert!(matches!(error, Error::ColorRange { .. }), "{error}");
    }
}

#[test]
fn what_cannot_be_composited_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let with = points(folder.path(), "with.points", RGBA, "0 0 1 1 1 1\n");
    let without = points(folder.path(), "without.points", RGB, "0 0 1 1 1\n");
    let plain = points(folder.path(), "plain.points", "x=1,y=2", "0 0\n");
    let refused = |points: &[&Points], asked: Options, why: &str, is_usage: bool| {
        let points: Vec<Points> =
            points.iter().map(|points| Points::open(points.path()).unwrap()).collect();
        let error = bin2d(&points, &asked, &()).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(error.is_usage(), is_usage, "{error}");
    };
    let over = || options(2, "over");
    refused(&[&plain], over(), "plain.points has no column r", false);
    refused(&[&with, &without], over(), "without.points has no column a", false);
    let shard = Some("1/2".parse().unwrap());
    refused(&[&with], Options { shard, ..over() }, "leave out --shard", true);
    for opacity in [0.0, -1.0, 1.5, f64::NAN] {
        refused(&[&with], Options { opacity: Some(opacity), ..over() }, "opacity", true);
    }
    let count = || options(2, "count");
    refused(&[&with], Options { opacity: Some(1.0), ..count() }, "--opacity is for", true);
    let colors = Some(ColorScale::Unit);
    refused(&[&with], Options { colors, ..count() }, "--colors is for", true);

    let streamed = |columns: &str, asked: Options| {
        bin2d_stream(vec![input("0 0 1 1 1 1\n")], &reading(columns), &asked, &()).unwrap_err()
    };
    let error = streamed(RGB, over());
    assert!(error.is_usage() && error.to_string().contains("--colors unit"), "{error}");
    let error = streamed("x=1,y=2,r=3,g=4", Options { colors, ..over() });
    assert!(error.to_string().contains("the points have no column b"), "{error}");
}
