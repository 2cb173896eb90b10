use std::fs;
use std::path::{Path, PathBuf};

use pointillist_base::Values;
use tiff::encoder::TiffEncoder;
use tiff::encoder::colortype::Gray8;
use tiff::tags::Tag;

mod compressed;
mod large;
mod rows;
mod shards;

use pointillist_base::OwnedValues;

use super::*;
use crate::{Binned, Cells, Columns, Compression, Error, Frame, bin};

/// A grid of two thousand points scattered over a region that is not square.
fn binned(width: u32, height: u32, reductions: &str, dtype: Dtype) -> Binned {
    binned_from("0123456789abcdef", width, height, reductions, dtype)
}

fn binned_from(points: &str, width: u32, height: u32, reductions: &str, dtype: Dtype) -> Binned {
    let size = Size::new(width, height).unwrap();
    let reductions = Some(reductions.parse().unwrap());
    let options = Options { cells: Cells::Size(size), reductions, dtype, ..Options::default() };
    binned_as(points, options)
}

fn binned_as(points: &str, options: Options) -> Binned {
    let spread = |i: u64, step: u64| (i * step % 2003) as f64 / 2003.0;
    let x: Vec<f64> = (0..2000).map(|i| -10.0 + 30.0 * spread(i, 7)).collect();
    let y: Vec<f64> = (0..2000).map(|i| 5.0 + 2.0 * spread(i, 1009)).collect();
    let z: Vec<f64> = (0..2000).map(|i| spread(i, 13)).collect();
    let columns = Columns::new(Values::F64(&x), Values::F64(&y)).unwrap();
    let columns = columns.with_z("z", Values::F64(&z), false).unwrap();
    let options = Options {
        extent: Some("-10,20,5,7".parse().unwrap()),
        z: Some("größe 🜚".to_owned()),
        ..options
    };
    let frame =
        Frame::resolve(options.cells, options.aspect, options.extent, Default::default()).unwrap();
    let grid = bin(&[columns], &frame, options.reductions.as_ref().unwrap(), &()).unwrap();
    Binned::new(grid, options, vec![points.to_owned()])
}

fn bits(values: &OwnedValues) -> Vec<u64> {
    match values {
        OwnedValues::F32(values) => values.iter().map(|v| u64::from(v.to_bits())).collect(),
        OwnedValues::F64(values) => values.iter().map(|v| v.to_bits()).collect(),
    }
}

fn written(folder: &Path, binned: &Binned) -> PathBuf {
    let path = folder.join("grid.tiff");
    write_grid(binned, &path, &()).unwrap();
    path
}

/// Seals a file whose pages were written by themselves.
fn seal(path: &Path) {
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    GridFile::seal(path, file).unwrap();
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    for (width, height) in [(1, 1), (37, 11), (1, 700), (700, 1), (900, 800)] {
        for dtype in [Dtype::F32, Dtype::F64] {
            let binned = binned(width, height, "mean,count,std", dtype);
            let path = folder.path().join("grid.tiff");
            let written = write_grid(&binned, &path, &()).unwrap();

            let file = GridFile::open(&path).unwrap();
            assert_eq!((file.width(), file.height()), (width, height));
            assert_eq!(file.extent(), binned.grid().extent());
            assert_eq!(file.page_names().collect::<Vec<_>>(), ["mean", "count", "std"]);
            assert_eq!(file.identity(), written.identity());
            assert_eq!(written.description(), file.description());
            written.verify().unwrap();
            let description = file.description();
            assert_eq!(description.options, *binned.options());
            assert_eq!(description.points, binned.points());
            assert_eq!(description.counts, binned.grid().stats());
            file.verify().unwrap();
            for term in binned.grid().reductions().as_slice() {
                let page = file.page(&term.to_string()).unwrap();
                let expected = binned.grid().page(term, dtype).unwrap();
                assert_eq!(page.name, expected.name);
                assert_eq!(bits(&page.values), bits(&expected.values), "{term}");
            }
        }
    }
}

#[test]
fn a_bigtiff_reads_the_same() {
    let binned = binned(5, 5, "count", Dtype::F32);
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), &binned);
    assert_eq!(fs::read(&path).unwrap()[..4], *b"II\x2a\0");

    let path = folder.path().join("big.tiff");
    let description = Description::of(&binned);
    let document = writer::Document {
        source: binned.grid(),
        description: &description,
        dtypes: &[Dtype::F32],
        carried: &[],
        progress: &(),
    };
    writer::write_as(&document, &path, true).unwrap();
    assert_eq!(fs::read(&path).unwrap()[..4], *b"II\x2b\0");
    let big = GridFile::open(&path).unwrap();
    big.verify().unwrap();
    assert_eq!(
        bits(&big.page("count").unwrap().values),
        bits(&binned.grid().page(&crate::Reduction::Count.into(), Dtype::F32).unwrap().values)
    );
}

#[test]
fn the_bytes_do_not_depend_on_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let binned = binned(300, 200, "count,mean,var,first", Dtype::F32);
            fs::read(written(folder.path(), &binned)).unwrap()
        })
    };
    let expected = bytes(1);
    for threads in [2, 3, 7] {
        assert!(bytes(threads) == expected, "{threads} threads");
    }
}

#[test]
fn the_identity_follows_the_content_and_not_its_history() {
    let folder = tempfile::tempdir().unwrap();
    let identity = |binned: &Binned| {
        GridFile::open(&written(folder.path(), binned)).unwrap().identity().to_owned()
    };
    let first = identity(&binned(20, 10, "count,mean", Dtype::F32));
    let other_history = binned_from("other points", 20, 10, "count,mean", Dtype::F32);
    assert_eq!(identity(&other_history), first);
    for other in [
        binned(10, 20, "count,mean", Dtype::F32),
        binned(20, 10, "count", Dtype::F32),
        binned(20, 10, "count,sum", Dtype::F32),
        binned(20, 10, "count,mean", Dtype::F64),
    ] {
        assert_ne!(identity(&other), first);
    }
}

#[test]
fn texts_are_ascii_whatever_the_columns_are_called() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), &binned(3, 3, "count", Dtype::F32));
    let bytes = fs::read(&path).unwrap();
    let text = br#""z":"gr\u00f6\u00dfe \ud83d\udf1a""#;
    assert!(bytes.windows(text.len()).any(|window| window == text));
}

#[test]
fn a_page_that_does_not_exist_is_refused_with_those_that_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), &binned(3, 3, "count,mean", Dtype::F32));
    let message = GridFile::open(&path).unwrap().page("max").unwrap_err().to_string();
    assert!(message.contains("no page \"max\"; it has count, mean;"), "{message}");
}

#[test]
fn other_files_are_told_from_grids() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other");
    let message = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        GridFile::open(&path).unwrap_err().to_string()
    };
    assert!(message(b"").contains("not a grid that pointillist wrote: it is empty;"));
    assert!(message(b"x y z\n1 2 3\n").contains("not a grid that pointillist wrote: it is not"));
    assert!(message(b"\x89PNG\r\n\x1a\n and more").contains("it is not a TIFF"));

    let mut foreign = std::io::Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut foreign).unwrap();
    encoder.write_image::<Gray8>(2, 2, &[1, 2, 3, 4]).unwrap();
    assert!(message(foreign.get_ref()).contains("wrote: it has no description"));

    let missing = GridFile::open(&folder.path().join("missing")).unwrap_err();
    assert!(matches!(missing, Error::Read { .. }));
    assert!(matches!(GridFile::open(folder.path()).unwrap_err(), Error::NotAGrid { .. }));
}

#[test]
fn a_newer_format_is_named_as_such() {
    let marks = format!(r#"{{"format":"{FORMAT}","version":9,"cells":"hexagons"}}"#);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grid.tiff");
    let mut file = fs::File::create(&path).unwrap();
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    let mut image = encoder.new_image::<Gray8>(1, 1).unwrap();
    image.encoder().write_tag(Tag::ImageDescription, marks.as_str()).unwrap();
    image.write_data(&[0]).unwrap();
    let error = GridFile::open(&path).unwrap_err();
    assert!(matches!(error, Error::Version { version: 9, .. }));
    let message = error.to_string();
    assert!(message.contains("its format is version 9, and this program knows"), "{message}");
}

#[test]
fn a_truncated_grid_is_an_error_wherever_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), &binned(5, 4, "count,mean", Dtype::F32));
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(GridFile::open(&path).is_err(), "{length} of {} bytes", whole.len());
    }
}

#[test]
fn a_flipped_byte_is_noticed_unless_it_is_padding() {
    let folder = tempfile::tempdir().unwrap();
    let stored = |width, options| {
        let size = Size::new(width, 4).unwrap();
        binned_as("0123456789abcdef", Options { cells: Cells::Size(size), ..options })
    };
    let options = |reductions: &str, compress| {
        let reductions = Some(reductions.parse().unwrap());
        Options { reductions, dtype: Dtype::F32, compress, ..Options::default() }
    };
    flip_every_byte(folder.path(), &stored(5, options("count,mean", Compression::None)));
    flip_every_byte(folder.path(), &stored(5, options("count,mean", Compression::Deflate)));
    let shard = Some("1/1".parse().unwrap());
    let options = Options { shard, ..options("mean,max", Compression::Deflate) };
    flip_every_byte(folder.path(), &stored(3, options));
}

fn flip_every_byte(folder: &Path, binned: &Binned) {
    let path = written(folder, binned);
    let whole = fs::read(&path).unwrap();
    let original = GridFile::open(&path).unwrap();
    let mut unnoticed = Vec::new();
    for position in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[position] ^= [0x01, 0x80, 0xff][position % 3];
        fs::write(&path, &bytes).unwrap();
        match GridFile::open(&path).and_then(|file| file.verify().map(|()| file)) {
            Ok(file) => {
                assert_eq!(file.description(), original.description(), "byte {position}");
                assert_eq!(file.identity(), original.identity(), "byte {position}");
                unnoticed.push(position);
            }
            Err(error) => {
                let is_known = matches!(
                    error,
                    Error::Damaged { .. } | Error::NotAGrid { .. } | Error::Version { .. }
                );
                assert!(is_known, "byte {position}: {error}");
            }
        }
    }
    // Up to the next multiple of eight behind each strip. And what is compressed may be other data that gives the same pixels,
    // as deflate has bits that nothing follows from.
    let is_compressed = original.description().options.compress == Compression::Deflate;
    let is_harmless = |position: &usize| {
        original.strips().into_iter().any(|strip| {
            let from = if is_compressed { strip.start } else { strip.end };
            (from..strip.end.next_multiple_of(8)).contains(&(*position as u64))
        })
    };
    assert!(unnoticed.iter().all(is_harmless), "{unnoticed:?}");
    assert!(unnoticed.len() < whole.len() / 50, "{unnoticed:?}");
}

#[test]
fn a_grid_is_opened_as_it_was_written_whatever_has_its_name_now() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grid.tiff");
    let first = write_grid(&binned(5, 4, "count,mean", Dtype::F32), &path, &()).unwrap();
    let expected = bits(&first.page("mean").unwrap().values);
    let second = write_grid(&binned(7, 3, "count", Dtype::F64), &path, &()).unwrap();
    first.verify().unwrap();
    assert_eq!(bits(&first.page("mean").unwrap().values), expected);
    assert_ne!(first.identity(), second.identity());
    assert_eq!(GridFile::open(&path).unwrap().identity(), second.identity());
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_grid_and_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe.tiff");
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let error = GridFile::open(&path).unwrap_err();
    assert!(matches!(error, Error::NotAGrid { .. }), "{error}");
    assert!(error.to_string().contains("not a regular file"), "{error}");
}

#[test]
fn the_span_of_a_page_is_that_of_its_finite_values() {
    let folder = tempfile::tempdir().unwrap();
    for (dtype, compress) in [(Dtype::F32, Compression::None), (Dtype::F64, Compression::Deflate)] {
        let size = Size::new(900, 800).unwrap();
        let reductions = Some("count,mean".parse().unwrap());
        let options =
            Options { cells: Cells::Size(size), reductions, dtype, compress, ..Options::default() };
        let file = GridFile::open(&written(folder.path(), &binned_as("0123", options))).unwrap();
        for name in ["count", "mean"] {
            let values: Vec<f64> = match file.page(name).unwrap().values {
                OwnedValues::F32(values) => values.into_iter().map(f64::from).collect(),
                OwnedValues::F64(values) => values,
            };
            let finite = || values.iter().copied().filter(|value| value.is_finite());
            let expected = Span {
                min: finite().fold(f64::INFINITY, f64::min),
                max: finite().fold(f64::NEG_INFINITY, f64::max),
                cells: finite().count() as u64,
            };
            assert_eq!(file.span(name, &()).unwrap(), expected);
            assert_eq!(file.dtype(name).unwrap(), dtype);
        }
        assert!(file.span("max", &()).is_err() && file.dtype("max").is_err());
    }
}

#[test]
fn altered_pixels_are_damage_and_never_a_page() {
    let folder = tempfile::tempdir().unwrap();
    for dtype in [Dtype::F32, Dtype::F64] {
        // Several strips a page; the notes of a page are behind its pixels.
        let path = written(folder.path(), &binned(900, 800, "count,mean", dtype));
        let mut bytes = fs::read(&path).unwrap();
        let note = br#"{"page":"mean""#;
        let at = bytes.windows(note.len()).position(|bytes| bytes == note).unwrap();
        bytes[at - 64] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let file = GridFile::open(&path).unwrap();
        assert!(file.page("count").is_ok());
        let error = file.page("mean").unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }) && !error.is_usage(), "{error}");
        assert!(error.to_string().contains("page mean is not what was written"), "{error}");
        assert!(matches!(file.verify().unwrap_err(), Error::Damaged { .. }));
    }
}

#[test]
fn a_grid_without_its_directory_is_damaged_where_its_mark_is_left() {
    let folder = tempfile::tempdir().unwrap();
    // More than a piece of pixels before the mark.
    let path = written(folder.path(), &binned(600, 800, "count,mean", Dtype::F32));
    let whole = fs::read(&path).unwrap();
    let mark = format!("\"format\":\"{FORMAT}\"");
    let at = whole.windows(mark.len()).position(|bytes| bytes == mark.as_bytes()).unwrap();
    let error = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        GridFile::open(&path).unwrap_err()
    };
    for length in [at + mark.len(), at + mark.len() + 100, whole.len() * 3 / 4, whole.len() - 1] {
        let error = error(&whole[..length]);
        assert!(matches!(error, Error::Damaged { .. }), "{length}: {error}");
    }
    for length in [5, 8, 1000, at, at + mark.len() - 1] {
        let error = error(&whole[..length]);
        assert!(matches!(error, Error::NotAGrid { .. }), "{length}: {error}");
        let message = error.to_string();
        assert!(message.contains("its end is missing, or it is another program's"), "{message}");
    }
    // The directory of the first page is overwritten, or the description behind the mark.
    let mut bytes = whole.clone();
    bytes[4..8].copy_from_slice(&8u32.to_le_bytes());
    assert!(matches!(error(&bytes), Error::Damaged { .. }));
    let mut bytes = whole.clone();
    bytes[at + mark.len() + 20] = b'"';
    assert!(matches!(error(&bytes), Error::Damaged { .. }));
}

#[test]
fn sizes_that_the_file_cannot_hold_take_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), &binned(13, 9, "count", Dtype::F32));
    let size = Size::new(65_535, 65_535).unwrap();
    let description = Description { size, ..GridFile::open(&path).unwrap().description().clone() };
    let mut json = serde_json::to_value(&description).unwrap();
    json["page"] = "count".into();
    json["xxh3"] = "0".into();

    let (width, height) = (size.width(), size.height());
    let mut file = fs::File::create(&path).unwrap();
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    let mut directory = encoder.image_directory().unwrap();
    directory.write_tag(Tag::ImageWidth, width).unwrap();
    directory.write_tag(Tag::ImageLength, height).unwrap();
    directory.write_tag(Tag::BitsPerSample, 32u16).unwrap();
    directory.write_tag(Tag::SampleFormat, 3u16).unwrap();
    directory.write_tag(Tag::SamplesPerPixel, 1u16).unwrap();
    directory.write_tag(Tag::Compression, 1u16).unwrap();
    directory.write_tag(Tag::PhotometricInterpretation, 1u16).unwrap();
    directory.write_tag(Tag::RowsPerStrip, height).unwrap();
    directory.write_tag(Tag::StripOffsets, 8u32).unwrap();
    directory.write_tag(Tag::StripByteCounts, width * 4).unwrap();
    directory
        .write_tag(Tag::ImageDescription, json.to_string().replace("größe 🜚", "z").as_str())
        .unwrap();
    directory.write_tag(Tag::Unknown(285), "count").unwrap();
    directory.finish().unwrap();
    let message = GridFile::open(&path).unwrap_err().to_string();
    assert!(message.contains("damaged: page count is not divided as described"), "{message}");
}

#[test]
fn a_cancelled_write_leaves_what_was_there() {
    struct Stop;
    impl pointillist_base::Progress for Stop {
        fn advance(&self, _: u64) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grid.tiff");
    fs::write(&path, "before").unwrap();
    let result = write_grid(&binned(3, 3, "count", Dtype::F32), &path, &Stop);
    assert!(matches!(result, Err(Error::Cancelled)));
    assert_eq!(fs::read(&path).unwrap(), b"before");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn strips_are_whole_rows_of_about_a_mebibyte() {
    let rows = |width, height, dtype| rows_per_strip(Size::new(width, height).unwrap(), dtype);
    assert_eq!(rows(1024, 1024, Dtype::F32), 256);
    assert_eq!(rows(1024, 10, Dtype::F32), 10);
    assert_eq!(rows(2_000_000, 10, Dtype::F64), 1);
    assert_eq!(rows(1, i32::MAX as u32, Dtype::F64), 131_072);
}
