//! Pages read by rows.

use super::*;
use crate::Compression;
use crate::tiff::RowBuffer;

fn part(values: &OwnedValues, cells: std::ops::Range<usize>) -> OwnedValues {
    match values {
        OwnedValues::F32(values) => OwnedValues::F32(values[cells].to_vec()),
        OwnedValues::F64(values) => OwnedValues::F64(values[cells].to_vec()),
    }
}

#[test]
fn any_rows_are_those_of_the_whole_page_however_it_is_stored() {
    let (width, height) = (700, 1001);
    for (compress, dtype) in [
        (Compression::None, Dtype::F64),
        (Compression::Deflate, Dtype::F32),
        (Compression::Deflate, Dtype::F64),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            cells: Cells::Size(Size::new(width, height).unwrap()),
            reductions: Some("count,mean".parse().unwrap()),
            dtype,
            compress,
            ..Options::default()
        };
        let path = written(folder.path(), &binned_as("0", options));
        let grid = GridFile::open(&path).unwrap();
        // One set of buffers for both pages.
        let (mut values, mut buffer) = (OwnedValues::F32(vec![7.0; 3]), RowBuffer::default());
        for name in ["mean", "count"] {
            let whole = grid.page(name).unwrap().values;
            let page = grid.page_rows(name, &()).unwrap();
            assert_eq!(page.dtype(), dtype);
            let strip = page.rows_per_strip();
            assert!((2..500).contains(&strip), "several strips of several rows");
            for rows in [
                0..0,
                0..1,
                3..strip,
                strip - 1..2 * strip + 1,
                strip..2 * strip,
                0..1001,
                1000..1001,
            ] {
                page.read(rows.clone(), &mut values, &mut buffer).unwrap();
                let expected = part(&whole, rows.start * 700..rows.end * 700);
                assert_eq!(bits(&values), bits(&expected), "{name} {rows:?}");
            }
        }
    }
}

#[test]
fn a_page_that_has_changed_is_not_read_by_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), &binned(40, 30, "count,mean", Dtype::F32));
    let mut bytes = fs::read(&path).unwrap();
    let grid = GridFile::open(&path).unwrap();
    assert!(matches!(grid.page_rows("max", &()), Err(Error::NoPage { .. })));
    // The pixels of the last page stand before the directory.
    let pattern = bits(&grid.page("mean").unwrap().values);
    let value = pattern.iter().find(|bits| f32::from_bits(**bits as u32) > 0.0).unwrap();
    let value = (*value as u32).to_le_bytes();
    let at = bytes.windows(4).position(|window| window == value).unwrap();
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
    let grid = GridFile::open(&path).unwrap();
    assert!(matches!(grid.page_rows("mean", &()), Err(Error::Damaged { .. })));
    assert!(grid.page_rows("count", &()).is_ok());
}
