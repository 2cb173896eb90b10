//! `.npy` files, format 1.0: an array of one dimension after a header that says what it holds.
//!
//! The headers of one kind of array all have one length, so rows have their place before their number is known, and
//! it is a multiple of 64 bytes, so data is aligned for any vector. Format: `numpy/lib/format.py`.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::os;

// The files are little-endian, and arrays are used as they lie in the file.
#[cfg(target_endian = "big")]
compile_error!("arrays are mapped as little-endian numbers: big-endian machines are not supported");

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

/// A memory map of the data of an array.
#[derive(Debug)]
pub(crate) struct Map {
    map: memmap2::Mmap,
    header: usize,
}

impl Map {
    /// Maps the file at `path`, which must hold `header`, `elements` of `size` bytes, and nothing else.
    /// `Err(Ok(reason))` where it does not; `what` says what it should be.
    pub(crate) fn open(
        path: &Path,
        header: &[u8],
        elements: u64,
        size: u64,
        what: &str,
    ) -> Result<Self, Result<String, io::Error>> {
        // Opening a pipe would wait for somebody to write to it.
        if !std::fs::metadata(path).map_err(Err)?.is_file() {
            return Err(Ok("is not a regular file".to_owned()));
        }
        let file = File::open(path).map_err(Err)?;
        let length = file.metadata().map_err(Err)?.len();
        let expected =
            elements.checked_mul(size).and_then(|bytes| bytes.checked_add(header.len() as u64));
        if expected != Some(length) {
            return Err(Ok(format!("is {length} bytes long, which {what} are not")));
        }
        let mut found = vec![0; header.len()];
        os::read_at(&file, &mut found, 0).map_err(Err)?;
        if found != header {
            return Err(Ok(format!("does not begin as an array of {what} does")));
        }
        #[expect(unsafe_code, reason = "a memory map is what keeps columns out of memory")]
        // SAFETY: The map is read only, and any bytes are valid numbers. The file belongs to this program, which
        // never writes to it again but replaces it as a whole. Should somebody else shorten it while it is
        // mapped, the operating system ends the process; it cannot make the program read anything else.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(Err)?;
        Ok(Self { map, header: header.len() })
    }

    /// The bytes after the header, aligned for any number: maps begin at a page.
    pub(crate) fn data(&self) -> &[u8] {
        &self.map[self.header..]
    }
}
