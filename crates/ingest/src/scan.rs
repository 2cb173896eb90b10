//! The values of a column, read from its file and checked while they are read.
//!
//! A column is read a piece at a time, by whichever thread needs it, into room that the thread keeps: a piece that is
//! small enough is still in the cache when it is used. What is read of a block adds to the hash of that block, and when
//! all of it has been read, by whomever, the hash must be the one that was written.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::columns::{HEADER, Values};
use crate::number::Number;
use crate::sidecar::ColumnInfo;
use crate::summary::hash_of;
use crate::zones::{BLOCK, Zones};
use crate::{Dtype, Error, os};

/// A column of a `.points` folder: an open file of values, and what is known of them.
#[derive(Debug, Clone)]
pub struct Column {
    info: ColumnInfo,
    rows: u64,
    path: PathBuf,
    file: Arc<File>,
    zones: Arc<Zones>,
}

impl Column {
    /// A file that has been checked to hold as many values as `info` says.
    pub(crate) fn new(
        info: ColumnInfo,
        rows: u64,
        path: PathBuf,
        file: File,
        zones: Zones,
    ) -> Self {
        Self { info, rows, path, file: Arc::new(file), zones: Arc::new(zones) }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// Number of values.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The stored type.
    pub fn dtype(&self) -> Dtype {
        self.info.dtype
    }

    /// Smallest and largest finite value, in data units; `None` where no value is finite.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        self.info.bounds()
    }

    /// Values that are NaN or infinite.
    pub fn non_finite(&self) -> u64 {
        self.info.non_finite
    }

    /// What is known of each block of [`Zones::BLOCK`] rows.
    pub fn zones(&self) -> &Zones {
        &self.zones
    }

    /// All values, `len = rows`, checked: as much memory as the file is long. A [`Scan`] reads them in pieces.
    ///
    /// # Errors
    /// Those of [`Scan::read`].
    pub fn read<'b>(&self, buffer: &'b mut Buffer) -> Result<Values<'b>, Error> {
        Scan::new(self).read(0..self.rows, buffer)
    }

    /// These rows, as they are in the file.
    pub(crate) fn unchecked<'b>(
        &self,
        rows: Range<u64>,
        buffer: &'b mut Buffer,
    ) -> Result<Values<'b>, Error> {
        let size = self.info.dtype.size();
        // All of it lies in the file, whose length was checked.
        let (offset, length) =
            (HEADER + rows.start * size, ((rows.end - rows.start) * size) as usize);
        let start = os::place_in_page(&mut buffer.bytes, length, offset);
        let bytes = &mut buffer.bytes[start..start + length];
        let read = os::read_at(&self.file, bytes, offset)
            .map_err(|source| Error::Read { path: self.path.clone(), source })?;
        if read < length {
            return Err(self.damaged("has been shortened since it was opened"));
        }
        // The casts cannot fail: the header and all values before are whole multiples of a value's size, and so is where
        // bytes have their place in a page.
        Ok(match self.info.dtype {
            Dtype::F32 => Values::F32(bytemuck::cast_slice(bytes)),
            Dtype::F64 => Values::F64(bytemuck::cast_slice(bytes)),
        })
    }

    fn damaged(&self, reason: &str) -> Error {
        Error::damaged(&self.path, reason)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Room for values that are read, used again from piece to piece.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
}

/// One pass over a column, by any number of threads, of which each row is read once at most.
#[derive(Debug)]
pub struct Scan<'a> {
    column: &'a Column,
    blocks: Vec<Seen>,
}

/// What has been read of a block.
#[derive(Debug, Default)]
struct Seen {
    rows: AtomicU64,
    hash: AtomicU64,
}

impl<'a> Scan<'a> {
    /// A pass of which nothing has been read.
    pub fn new(column: &'a Column) -> Self {
        let blocks = (0..column.zones.len()).map(|_| Seen::default()).collect();
        Self { column, blocks }
    }

    /// The column.
    pub fn column(&self) -> &'a Column {
        self.column
    }

    /// Reads these rows, `len = rows.end - rows.start`, which no one else reads in this pass. A block that is then
    /// complete is compared with what was written.
    ///
    /// # Errors
    /// [`Error::Read`] when the file cannot be read, [`Error::Damaged`] when it is shorter than it was or a block
    /// differs.
    ///
    /// # Panics
    /// When the column has no such rows.
    pub fn read<'b>(&self, rows: Range<u64>, buffer: &'b mut Buffer) -> Result<Values<'b>, Error> {
        assert!(rows.start <= rows.end && rows.end <= self.column.rows, "rows of the column");
        let values = self.column.unchecked(rows.clone(), buffer)?;
        match values {
            Values::F32(values) => self.add(rows.start, values),
            Values::F64(values) => self.add(rows.start, values),
        }?;
        Ok(values)
    }

    /// Adds rows that have been read to what has been seen of their blocks.
    fn add<T: Number>(&self, first_row: u64, mut values: &[T]) -> Result<(), Error> {
        let mut first = first_row;
        while !values.is_empty() {
            let block = (first / BLOCK as u64) as usize;
            let left = BLOCK - (first % BLOCK as u64) as usize;
            let (now, later) = values.split_at(left.min(values.len()));
            let seen = &self.blocks[block];
            let hash = hash_of(first, now);
            seen.hash.fetch_add(hash, Ordering::Relaxed);
            // Whoever adds the last rows sees what all others have added to the hash before their rows.
            let rows = seen.rows.fetch_add(now.len() as u64, Ordering::AcqRel) + now.len() as u64;
            if rows == self.rows_of(block)
                && seen.hash.load(Ordering::Relaxed) != self.column.zones.hashes()[block]
            {
                let start = block * BLOCK;
                return Err(self.column.damaged(&format!(
                    "is damaged: rows {start} to {} are not what was written",
                    start as u64 + rows - 1
                )));
            }
            first += now.len() as u64;
            values = later;
        }
        Ok(())
    }

    fn rows_of(&self, block: usize) -> u64 {
        (self.column.rows - (block * BLOCK) as u64).min(BLOCK as u64)
    }

    /// Ends a pass over these rows. Blocks that begin before them or end behind them are read to their ends, where
    /// something of them has been read, and compared as well.
    ///
    /// # Errors
    /// Those of [`Scan::read`].
    ///
    /// # Panics
    /// When the column has no such rows.
    pub fn finish(&self, rows: Range<u64>) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut buffer = Buffer::default();
        let last = (rows.end - 1) / BLOCK as u64;
        let end = self.column.rows.min((last + 1) * BLOCK as u64);
        let beside = [rows.start - rows.start % BLOCK as u64..rows.start, rows.end..end];
        // Looked at before anything is added: both may be of one block.
        let begun = beside.each_ref().map(|rows| {
            let block = (rows.start / BLOCK as u64) as usize;
            !rows.is_empty() && self.blocks[block].rows.load(Ordering::Acquire) > 0
        });
        for (rows, begun) in beside.into_iter().zip(begun) {
            if begun {
                self.read(rows, &mut buffer)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
