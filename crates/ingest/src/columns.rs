//! One `.npy` file a column: little-endian floats, shape `(N,)`.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::number::Number;
use crate::options::Dtype;
use crate::{npy, os};

/// Bytes before the first value.
pub(crate) const HEADER: u64 = 128;

/// A column that is being written, from any number of threads.
#[derive(Debug)]
pub(crate) struct ColumnFile {
    file: File,
}

impl ColumnFile {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::create_new(path)? })
    }

    /// Writes the rows that begin with `first_row`.
    pub(crate) fn write<T: Number>(&self, first_row: u64, values: &[T]) -> io::Result<()> {
        os::write_all_at(
            &self.file,
            bytemuck::cast_slice(values),
            HEADER + first_row * T::DTYPE.size(),
        )
    }

    /// Writes the header, once the number of rows is known.
    pub(crate) fn finish(&self, dtype: Dtype, rows: u64) -> io::Result<()> {
        os::write_all_at(&self.file, &header(dtype, rows), 0)
    }
}

fn header(dtype: Dtype, rows: u64) -> [u8; HEADER as usize] {
    npy::header(&format!("'<f{}'", dtype.size()), rows)
}

/// The values of a column.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// 32-bit floats.
    F32(&'a [f32]),
    /// 64-bit floats.
    F64(&'a [f64]),
}

impl Values<'_> {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A memory map of the values of a column that [`ColumnFile`] wrote.
#[derive(Debug)]
pub(crate) struct ColumnMap {
    map: npy::Map,
    dtype: Dtype,
}

impl ColumnMap {
    /// Maps the file at `path`, which must hold `rows` values of `dtype` and nothing else. `Err(Ok(reason))`
    /// where it does not.
    pub(crate) fn open(
        path: &Path,
        dtype: Dtype,
        rows: u64,
    ) -> Result<Self, Result<String, io::Error>> {
        let what = format!("{rows} rows of {dtype}");
        let map = npy::Map::open(path, &header(dtype, rows), rows, dtype.size(), &what)?;
        Ok(Self { map, dtype })
    }

    pub(crate) fn values(&self) -> Values<'_> {
        let data = self.map.data();
        // The casts cannot fail: the data is aligned, and its length was checked.
        match self.dtype {
            Dtype::F32 => Values::F32(bytemuck::cast_slice(data)),
            Dtype::F64 => Values::F64(bytemuck::cast_slice(data)),
        }
    }
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
        let map = ColumnMap::open(&path, Dtype::F32, 4).unwrap();
        assert!(matches!(map.values(), Values::F32([1.0, 2.0, 3.0, 4.0])));
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
            assert!(matches!(ColumnMap::open(&path, dtype, rows), Err(Ok(_))), "{dtype} {rows}");
        }
    }
}
