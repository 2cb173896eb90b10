//! A page by rows, for those who need not have all of it in memory.

use std::ops::Range;

use pointillist_base::{Dtype, OwnedValues};

use super::GridFile;
use crate::Error;
use crate::tiff::stored::StoredPage;

/// A page of a [`GridFile`] whose rows are read when they are asked for.
#[derive(Debug, Clone, Copy)]
pub struct PageRows<'a> {
    file: &'a GridFile,
    page: &'a StoredPage,
}

/// What reading needs besides the rows themselves; kept from one call to the next, it is filled again without new
/// memory.
#[derive(Debug, Default)]
pub struct RowBuffer {
    stored: Vec<u8>,
    strip: Vec<u8>,
}

impl<'a> PageRows<'a> {
    pub(super) fn new(file: &'a GridFile, page: &'a StoredPage) -> Self {
        Self { file, page }
    }

    /// The type of its values.
    pub fn dtype(&self) -> Dtype {
        self.page.dtype
    }

    /// Rows that lie together in the file, at least 1. Ranges that begin and end at multiples of it are read at the
    /// least cost.
    pub fn rows_per_strip(&self) -> usize {
        self.page.strips.first().map_or(1, |strip| strip.pixels / self.row_bytes())
    }

    /// Reads the rows, row 0 = top, into `values`, which becomes of the page's type and
    /// `len = rows.len() * width`.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Damaged`] where the file has changed; [`Error::Allocation`].
    ///
    /// # Panics
    /// If there are not so many rows.
    pub fn read(
        &self,
        rows: Range<usize>,
        values: &mut OwnedValues,
        buffer: &mut RowBuffer,
    ) -> Result<(), Error> {
        assert!(rows.end <= self.file.height() as usize, "rows of the page");
        values.resize(self.page.dtype, rows.len() * self.file.width() as usize)?;
        let mut bytes: &mut [u8] = match values {
            OwnedValues::F32(values) => bytemuck::cast_slice_mut(values),
            OwnedValues::F64(values) => bytemuck::cast_slice_mut(values),
        };
        let (row, strip_rows) = (self.row_bytes(), self.rows_per_strip());
        let mut next = rows.start;
        while next < rows.end {
            let (strip, inside) = (next / strip_rows, next % strip_rows);
            let count = (strip_rows - inside).min(rows.end - next);
            let (part, rest) = bytes.split_at_mut(count * row);
            let buffers = (&mut buffer.stored, &mut buffer.strip);
            self.file.read_part(
                self.page,
                &self.page.strips[strip],
                inside * row,
                part,
                buffers,
            )?;
            bytes = rest;
            next += count;
        }
        Ok(())
    }

    fn row_bytes(&self) -> usize {
        self.file.width() as usize * self.page.dtype.size() as usize
    }
}
