//! Pages that are compressed, and pages of different types.

use std::io::{Read, Seek, SeekFrom, Write};

use tiff::decoder::{Decoder, DecodingResult};

use super::*;
use crate::{Compression, Grid, Reduction};

fn deflated(width: u32, height: u32, reductions: &str, dtype: Dtype) -> Binned {
    let options = Options {
        cells: Cells::Size(Size::new(width, height).unwrap()),
        reductions: Some(reductions.parse().unwrap()),
        dtype,
        compress: Compression::Deflate,
        ..Options::default()
    };
    binned_as("0123456789abcdef", options)
}

/// The pages as another reader decodes them, in 64 bits.
fn decoded(path: &Path) -> Vec<Vec<u64>> {
    let mut decoder = Decoder::new(fs::File::open(path).unwrap()).unwrap();
    let mut pages = Vec::new();
    loop {
        pages.push(match decoder.read_image().unwrap() {
            DecodingResult::F32(values) => bits(&OwnedValues::F32(values)),
            DecodingResult::F64(values) => bits(&OwnedValues::F64(values)),
            _ => panic!("pages are floats"),
        });
        if !decoder.more_images() {
            return pages;
        }
        decoder.next_image().unwrap();
    }
}

#[test]
fn a_compressed_grid_is_smaller_and_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for (width, height) in [(1, 1), (37, 11), (1, 700), (700, 1), (900, 800)] {
        for dtype in [Dtype::F32, Dtype::F64] {
            let plain = binned(width, height, "mean,count,std", dtype);
            let path = written(folder.path(), &plain);
            let (plain, plain_bytes) =
                (GridFile::open(&path).unwrap(), fs::metadata(&path).unwrap().len());
            let expected: Vec<Vec<u64>> =
                plain.page_names().map(|name| bits(&plain.page(name).unwrap().values)).collect();
            assert_eq!(decoded(&path), expected);

            let path = written(folder.path(), &deflated(width, height, "mean,count,std", dtype));
            let file = GridFile::open(&path).unwrap();
            file.verify().unwrap();
            assert_eq!(file.identity(), plain.identity());
            assert_ne!(file.description().options, plain.description().options);
            for (name, expected) in file.page_names().zip(&expected) {
                assert_eq!(bits(&file.page(name).unwrap().values), *expected, "{name}");
            }
            assert_eq!(decoded(&path), expected);
            if width * height > 100_000 {
                let bytes = fs::metadata(&path).unwrap().len();
                assert!(bytes * 50 < plain_bytes, "{bytes} of {plain_bytes} bytes");
            }
        }
    }
}

#[test]
fn compressed_bytes_do_not_depend_on_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let binned = deflated(1000, 1500, "count,mean", Dtype::F32);
            fs::read(written(folder.path(), &binned)).unwrap()
        })
    };
    let expected = bytes(1);
    for threads in [2, 3, 7] {
        assert!(bytes(threads) == expected, "{threads} threads");
    }
}

#[test]
fn a_truncated_compressed_grid_is_an_error_wherever_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), &deflated(5, 4, "count,mean", Dtype::F32));
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(GridFile::open(&path).is_err(), "{length} of {} bytes", whole.len());
    }
}

/// Changes numbers of the first directory with this tag, in a classic TIFF.
fn patch(path: &Path, tag: Tag, numbers: impl Fn(usize, u32) -> u32) {
    let mut file = fs::File::options().read(true).write(true).open(path).unwrap();
    let mut word = |at: u64, new: Option<u32>| {
        let mut bytes = [0; 4];
        file.seek(SeekFrom::Start(at)).unwrap();
        file.read_exact(&mut bytes).unwrap();
        if let Some(new) = new {
            file.seek(SeekFrom::Start(at)).unwrap();
            file.write_all(&new.to_le_bytes()).unwrap();
        }
        u32::from_le_bytes(bytes)
    };
    let directory = u64::from(word(4, None));
    let entry = (0..30).map(|index| directory + 2 + 12 * index);
    let entry = entry.into_iter().find(|&at| word(at, None) as u16 == tag.to_u16()).unwrap();
    let count = word(entry + 4, None);
    let start = if count > 1 { u64::from(word(entry + 8, None)) } else { entry + 8 };
    for index in 0..count as usize {
        let at = start + 4 * index as u64;
        let old = word(at, None);
        word(at, Some(numbers(index, old)));
    }
}

#[test]
fn strips_that_claim_more_than_the_file_can_hold_are_refused_before_any_memory_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let write = || written(folder.path(), &deflated(2000, 2000, "count", Dtype::F32));
    let refused = |path: &Path| {
        let message = GridFile::open(path).unwrap_err().to_string();
        assert!(message.contains("damaged: page count is not all in the file"), "{message}");
    };
    // A strip of no bytes, or of too few for its pixels.
    for length in [0, 1, 900] {
        let path = write();
        patch(&path, Tag::StripByteCounts, |index, old| if index == 3 { length } else { old });
        refused(&path);
    }
    // All strips are the same bytes, which are most of the file.
    let path = write();
    let length = fs::metadata(&path).unwrap().len() as u32;
    patch(&path, Tag::StripOffsets, |_, _| 8);
    patch(&path, Tag::StripByteCounts, |_, _| length / 2);
    refused(&path);
    // Strips in another order are inside, and not what was written.
    let path = write();
    patch(&path, Tag::StripByteCounts, |index, old| if index == 3 { old + 1 } else { old });
    assert!(matches!(GridFile::open(&path).unwrap_err(), Error::Damaged { .. }));
    seal(&path);
    let file = GridFile::open(&path).unwrap();
    assert!(matches!(file.page("count").unwrap_err(), Error::Damaged { .. }));
    assert!(matches!(file.verify().unwrap_err(), Error::Damaged { .. }));
}

/// One cell with this number of points and an empty one.
fn counted(points: usize, compress: Compression) -> Binned {
    let (x, z) = (vec![0.25f32; points], vec![1.0f32; points]);
    let columns = Columns::new(Values::F32(&x), Values::F32(&x))
        .and_then(|columns| columns.with_z("z", Values::F32(&z), false));
    let options = Options {
        cells: Cells::Size(Size::new(2, 1).unwrap()),
        extent: Some("0,1,0,1".parse().unwrap()),
        reductions: Some("mean,count".parse().unwrap()),
        compress,
        ..Options::default()
    };
    let frame =
        Frame::resolve(options.cells, options.aspect, options.extent, Default::default()).unwrap();
    let grid: Grid =
        bin(&[columns.unwrap()], &frame, options.reductions.as_ref().unwrap(), &()).unwrap();
    Binned::new(grid, options, Vec::new())
}

#[test]
fn counts_that_32_bits_would_round_are_written_in_64_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    for (points, exact) in [(1 << 24, true), ((1 << 24) + 1, false)] {
        for compress in [Compression::None, Compression::Deflate] {
            let binned = counted(points, compress);
            let path = folder.path().join("grid.tiff");
            let identity = write_grid(&binned, &path, &()).unwrap().identity().to_owned();
            let file = GridFile::open(&path).unwrap();
            file.verify().unwrap();
            assert_eq!(file.identity(), identity);
            assert_eq!(file.description().options.dtype, Dtype::F32);
            let mean = file.page("mean").unwrap().values;
            let expected = binned.grid().page(&Reduction::Mean.into(), Dtype::F32).unwrap().values;
            assert_eq!(bits(&mean), bits(&expected));
            let expected = if exact {
                OwnedValues::F32(vec![points as f32, 0.0])
            } else {
                OwnedValues::F64(vec![points as f64, 0.0])
            };
            assert_eq!(file.page("count").unwrap().values, expected);
            assert_eq!(decoded(&path)[1], bits(&expected));
        }
    }
}
