//! The `.npy` files of a `.points` folder, format 1.0: an array of one dimension after a header that says what it holds.
//!
//! The headers of one kind of array all have one length, so rows have their place before their number is known, and
//! it is a multiple of 64 bytes, so data is aligned for any vector. Format: `numpy/lib/format.py`.
//!
//! There are two kinds: columns of floats, and their zones, with a record for each block of rows.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::{Dtype, file};

// The files are little-endian, and arrays are used as they lie in the file.
#[cfg(target_endian = "big")]
compile_error!("arrays are read as little-endian numbers: big-endian machines are not supported");

/// Rows of a block. Small enough to be told apart where rows are in some order, large enough that zones are next to
/// nothing beside the values: 20 bytes to 262,144.
pub const BLOCK: usize = 65536;
/// Bytes before the first value of a column.
pub const COLUMN_HEADER: usize = 128;
/// Bytes before the first record of zones.
pub const ZONES_HEADER: usize = 192;
/// What follows the name of a column in that of its file.
pub const SUFFIX: &str = ".npy";
/// What follows the name of a column in that of the file with its zones. The name of a column has no dot, so it is no
/// column's file.
pub const ZONES_SUFFIX: &str = ".zones.npy";

/// The header of a column of `rows` rows.
pub fn column_header(dtype: Dtype, rows: u64) -> [u8; COLUMN_HEADER] {
    header(&format!("'<f{}'", dtype.size()), rows)
}

/// The header of the zones of `blocks` blocks of a column of type `dtype`.
pub fn zones_header(dtype: Dtype, blocks: u64) -> [u8; ZONES_HEADER] {
    let size = dtype.size();
    let descr = format!(
        "[('min', '<f{size}'), ('max', '<f{size}'), ('non_finite', '<u{size}'), ('hash', '<u8')]"
    );
    header(&descr, blocks)
}

/// Bytes of a record of zones.
pub const fn zone_size(dtype: Dtype) -> u64 {
    3 * dtype.size() + size_of::<u64>() as u64
}

/// The header of an array of `length` elements of the type that `descr` names, a Python expression, in `N` bytes.
fn header<const N: usize>(descr: &str, length: u64) -> [u8; N] {
    let mut header = [b' '; N];
    header[..8].copy_from_slice(b"\x93NUMPY\x01\x00");
    header[8..10].copy_from_slice(&((N - 10) as u16).to_le_bytes());
    let dict = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({length},), }}");
    header[10..10 + dict.len()].copy_from_slice(dict.as_bytes());
    header[N - 1] = b'\n';
    header
}

/// Checks that an opened file holds `header`, `elements` of `size` bytes, and nothing else. `Err(Ok(reason))` where it
/// does not; `what` says what it should be.
pub fn check(
    file: &File,
    header: &[u8],
    elements: u64,
    size: u64,
    what: &str,
) -> Result<(), Result<String, io::Error>> {
    let length = file.metadata().map_err(Err)?.len();
    let expected =
        elements.checked_mul(size).and_then(|bytes| bytes.checked_add(header.len() as u64));
    if expected != Some(length) {
        return Err(Ok(format!("is {length} bytes long, which {what} are not")));
    }
    let mut found = vec![0; header.len()];
    file::read_at(file, &mut found, 0).map_err(Err)?;
    if found != header {
        return Err(Ok(format!("does not begin as an array of {what} does")));
    }
    Ok(())
}

/// Whether the file at `path` begins, and is as long, as we write a column, beside a file of zones of as many rows of the same
/// type. Neither its values nor its name are looked at.
pub fn is_column(path: &Path, zones: &Path) -> bool {
    let column = lengths(path, column_header, Dtype::size);
    let zones = lengths(zones, zones_header, zone_size);
    let fits = |(dtype, rows): (Dtype, u64)| zones == Some((dtype, rows.div_ceil(BLOCK as u64)));
    column.is_some_and(fits)
}

/// Whether the file at `path` begins, and is as long, as we write zones, which nobody else writes.
pub fn is_zones(path: &Path) -> bool {
    lengths(path, zones_header, zone_size).is_some()
}

/// Whether the file at `path` may be a column, or zones, of a run that was killed while it wrote them: it begins as these do,
/// or with what was not written yet.
pub fn is_begun(path: &Path) -> bool {
    let Some((_, begin)) = begin::<ZONES_HEADER>(path) else { return false };
    let is_unwritten = begin.iter().take(COLUMN_HEADER).all(|&byte| byte == 0);
    let begins = |header: &[u8]| {
        // Up to the length, before which there is no other number in brackets.
        let known = memchr::memmem::rfind(header, b"(").unwrap_or(header.len());
        begin.iter().zip(&header[..known]).all(|(found, known)| found == known)
    };
    is_unwritten
        || [Dtype::F32, Dtype::F64]
            .into_iter()
            .any(|dtype| begins(&column_header(dtype, 0)) || begins(&zones_header(dtype, 0)))
}

/// The type and the number of elements of a file that begins with such a header, and is as long as it says.
fn lengths<const N: usize>(
    path: &Path,
    header: impl Fn(Dtype, u64) -> [u8; N],
    size: impl Fn(Dtype) -> u64,
) -> Option<(Dtype, u64)> {
    let (length, begin) = begin::<N>(path)?;
    let bytes = length.checked_sub(N as u64)?;
    [Dtype::F32, Dtype::F64].into_iter().find_map(|dtype| {
        let elements = bytes / size(dtype);
        let fits = bytes.is_multiple_of(size(dtype)) && begin[..] == header(dtype, elements);
        fits.then_some((dtype, elements))
    })
}

/// The length of a regular file, and its first `N` bytes, as far as there are so many.
fn begin<const N: usize>(path: &Path) -> Option<(u64, Vec<u8>)> {
    // A link was put there by somebody.
    if path.is_symlink() {
        return None;
    }
    let file = file::open_regular(path).ok()??;
    let mut begin = vec![0; N];
    let read = file::read_at(&file, &mut begin, 0).ok()?;
    begin.truncate(read);
    Some((file.metadata().ok()?.len(), begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_told_by_its_header_its_length_and_its_zones() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (column, zones) = (path("x.npy"), path("x.zones.npy"));
        let write = |path: &Path, header: &[u8], bytes: u64| {
            std::fs::write(path, header).unwrap();
            let file = File::options().write(true).open(path).unwrap();
            file.set_len(header.len() as u64 + bytes).unwrap();
        };
        for dtype in [Dtype::F32, Dtype::F64] {
            for (rows, blocks) in [(0, 0), (1, 1), (65536, 1), (65537, 2)] {
                let good = || {
                    write(&column, &column_header(dtype, rows), rows * dtype.size());
                    write(&zones, &zones_header(dtype, blocks), blocks * zone_size(dtype));
                };
                good();
                assert!(is_column(&column, &zones) && is_zones(&zones));
                assert!(!is_column(&zones, &column) && !is_zones(&column));
                write(&column, &column_header(dtype, rows + 65536), rows * dtype.size());
                assert!(!is_column(&column, &zones));
                let longer = rows + 65536;
                write(&column, &column_header(dtype, longer), longer * dtype.size());
                assert!(!is_column(&column, &zones), "of more rows than its zones are");
                good();
                std::fs::remove_file(&zones).unwrap();
                assert!(!is_column(&column, &zones) && !is_zones(&zones));
            }
        }
    }

    #[test]
    fn what_was_begun_is_told_from_what_somebody_else_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let (column, zones) = (column_header(Dtype::F32, 7), zones_header(Dtype::F64, 7));
        let unwritten = [[0; COLUMN_HEADER].as_slice(), b"values"].concat();
        for begun in [&column[..], &column[..9], &zones, &zones[..150], &unwritten, b""] {
            std::fs::write(&path, begun).unwrap();
            assert!(is_begun(&path));
        }
        let matrix = String::from_utf8_lossy(&column[10..]).replace("<f4", "|b1");
        let matrix = [&column[..10], matrix.as_bytes()].concat();
        for theirs in [&b"mine"[..], &matrix, b"\x93NUMPY\x02\x00"] {
            std::fs::write(&path, theirs).unwrap();
            assert!(!is_begun(&path));
        }
    }
}
