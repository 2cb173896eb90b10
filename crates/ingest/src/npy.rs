//! `.npy` files, format 1.0: an array of one dimension after a header that says what it holds.
//!
//! The headers of one kind of array all have one length, so rows have their place before their number is known, and
//! it is a multiple of 64 bytes, so data is aligned for any vector. Format: `numpy/lib/format.py`.

use std::fs::File;
use std::io;

use pointillist_base::file;

// The files are little-endian, and arrays are used as they lie in the file.
#[cfg(target_endian = "big")]
compile_error!("arrays are read as little-endian numbers: big-endian machines are not supported");

/// The header of an array of `length` elements of the type that `descr` names, a Python expression, in `N` bytes.
pub(crate) fn header<const N: usize>(descr: &str, length: u64) -> [u8; N] {
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
pub(crate) fn check(
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
