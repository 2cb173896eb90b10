//! One `.npy` file a column: little-endian floats, shape `(N,)`.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use pointillist_base::npy::{self, column_header as header};
use pointillist_base::{Dtype, file};

use crate::number::Number;

/// Bytes before the first value.
pub(crate) const HEADER: u64 = npy::COLUMN_HEADER as u64;

/// A column that is being written, from any number of threads.
#[derive(Debug)]
pub(crate) struct ColumnFile {
    file: File,
    /// As many bytes have room on the disk, or nothing more can be done for those that have none.
    reserved: Mutex<u64>,
}

impl ColumnFile {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::create_new(path)?, reserved: Mutex::new(0) })
    }

    /// Writes the rows that begin with `first_row`.
    pub(crate) fn write<T: Number>(&self, first_row: u64, values: &[T]) -> io::Result<()> {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        let offset = HEADER + first_row * T::DTYPE.size();
        self.reserve(offset + bytes.len() as u64);
        file::write_all_at(&self.file, bytes, offset)
    }

    /// Sees to it that so many bytes have room on the disk. Found for many of them at once, it takes less time than when it
    /// is found for every page that is written.
    fn reserve(&self, bytes: u64) {
        /// Bytes that are reserved too early, or in vain, at most.
        const AHEAD: u64 = 16 << 20;
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        if *reserved < bytes {
            let end = bytes + bytes.min(AHEAD);
            // Where it cannot be done, it is not tried again: writing finds room, or says that there is none.
            *reserved = if file::reserve(&self.file, *reserved..end) { end } else { u64::MAX };
        }
    }

    /// Writes the header, once the number of rows is known, and gives back the room that was not needed.
    pub(crate) fn finish(&self, dtype: Dtype, rows: u64) -> io::Result<()> {
        file::write_all_at(&self.file, &header(dtype, rows), 0)?;
        self.file.set_len(HEADER + rows * dtype.size())
    }

    /// Ends the writing. Says what the system has found only now.
    pub(crate) fn close(self) -> io::Result<()> {
        file::close(self.file)
    }
}

/// Checks that an opened file is what [`ColumnFile`] writes of `rows` values of `dtype`. `Err(Ok(reason))` where it is not.
pub(crate) fn check(file: &File, dtype: Dtype, rows: u64) -> Result<(), Result<String, io::Error>> {
    let what = format!("{rows} rows of {dtype}");
    npy::check(file, &header(dtype, rows), rows, dtype.size(), &what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_what_numpy_writes() {
        let header = header(Dtype::F32, 5);
        assert_eq!(&header[..8], b"\x93NUMPY\x01\x00");
        assert_eq!(u16::from_le_bytes([header[8], header[9]]), 118);
        assert_eq!(
            std::str::from_utf8(&header[10..]).unwrap().trim_end(),
            "{'descr': '<f4', 'fortran_order': False, 'shape': (5,), }"
        );
        // The longest dictionary there is leaves room for the newline.
        assert_eq!(super::header(Dtype::F64, u64::MAX)[127], b'\n');
    }

    #[test]
    fn rows_written_out_of_order_come_back_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let file = ColumnFile::create(&path).unwrap();
        file.write(2, &[3.0_f32, 4.0]).unwrap();
        file.write(0, &[1.0_f32, 2.0]).unwrap();
        file.finish(Dtype::F32, 4).unwrap();
        check(&File::open(&path).unwrap(), Dtype::F32, 4).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let values: Vec<u8> =
            [1.0_f32, 2.0, 3.0, 4.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(bytes[HEADER as usize..], values);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn room_that_was_not_needed_is_given_back() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let file = ColumnFile::create(&path).unwrap();
        let rows = 1 << 20;
        file.write(0, &vec![1.0_f32; rows as usize]).unwrap();
        let written = std::fs::metadata(&path).unwrap();
        file.finish(Dtype::F32, rows).unwrap();
        let finished = std::fs::metadata(&path).unwrap();
        let length = HEADER + 4 * rows;
        assert_eq!((written.len(), finished.len()), (length, length));
        // What some file systems need for themselves is less than what was reserved.
        assert!(finished.blocks() * 512 < length + (1 << 20), "{} blocks", finished.blocks());
    }

    #[test]
    fn a_file_of_another_length_or_type_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let file = ColumnFile::create(&path).unwrap();
        file.write(0, &[1.0_f32, 2.0]).unwrap();
        file.finish(Dtype::F32, 2).unwrap();
        for (dtype, rows) in
            [(Dtype::F32, 1), (Dtype::F32, 3), (Dtype::F64, 1), (Dtype::F32, u64::MAX)]
        {
            let file = File::open(&path).unwrap();
            assert!(matches!(check(&file, dtype, rows), Err(Ok(_))), "{dtype} {rows}");
        }
    }
}
