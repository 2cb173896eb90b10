//! The values of a column, read from its file and checked while they are read.
//!
//! A column is looked at a piece at a time, by whichever thread needs it: where the system has it in memory, or else
//! read into room that the thread keeps. A piece that is small enough is still in the cache when it is used. What has
//! been looked at of a block adds to the hash of that block, and when that is all of it, by whomever, the hash must be
//! the one that was written.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pointillist_base::{Dtype, Values, file};

use crate::Error;
use crate::column_info::ColumnInfo;
use crate::columns::HEADER;
use crate::mapped::Mapped;
use crate::summary::hash_of;
use crate::zone::BLOCK;
use crate::zones::Zones;

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
        Scan::reading(self).read(0..self.rows, buffer)
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
        let start = file::place_in_page(&mut buffer.bytes, length, offset);
        let bytes = &mut buffer.bytes[start..start + length];
        let read = file::read_at(&self.file, bytes, offset)
            .map_err(|source| Error::Read { path: self.path.clone(), source })?;
        if read < length {
            return Err(self.damaged("has been shortened since it was opened"));
        }
        Ok(self.values(bytes))
    }

    /// Bytes of the file as values. That cannot fail: the header and all values before are whole multiples of a value's
    /// size, and so is where bytes have their place in a page.
    fn values<'b>(&self, bytes: &'b [u8]) -> Values<'b> {
        match self.info.dtype {
            Dtype::F32 => Values::F32(bytemuck::cast_slice(bytes)),
            Dtype::F64 => Values::F64(bytemuck::cast_slice(bytes)),
        }
    }

    /// What is wrong with a block that is not what was written. Its file may have been cut, or the disk cannot give it.
    fn damage(&self, rows: Range<u64>) -> Error {
        if let Err(error) = self.unchecked(rows.clone(), &mut Buffer::default()) {
            return error;
        }
        let (first, last) = (rows.start, rows.end - 1);
        self.damaged(&format!("is damaged: rows {first} to {last} are not what was written"))
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
    mapped: Option<Mapped>,
    blocks: Vec<Seen>,
}

/// What has been looked at of a block.
#[derive(Debug, Default)]
struct Seen {
    rows: AtomicU64,
    hash: AtomicU64,
}

impl<'a> Scan<'a> {
    /// A pass of which nothing has been read.
    pub fn new(column: &'a Column) -> Self {
        // It fits: the file's length was checked, and a process that is not as wide maps nothing.
        let bytes = HEADER + column.rows * column.info.dtype.size();
        Self { mapped: Mapped::new(&column.file, bytes as usize), ..Self::reading(column) }
    }

    /// The same of a file that is read also where it is in memory.
    pub(crate) fn reading(column: &'a Column) -> Self {
        let blocks = (0..column.zones.len()).map(|_| Seen::default()).collect();
        Self { column, mapped: None, blocks }
    }

    /// The column.
    pub fn column(&self) -> &'a Column {
        self.column
    }

    /// Whether values are looked at where they are in memory, and not read.
    pub fn is_mapped(&self) -> bool {
        self.mapped.is_some()
    }

    /// Reads these rows, `len = rows.end - rows.start`, which no one else reads in this pass, into the buffer, and checks
    /// them: see [`Scan::check`]. Nobody changes them there, however long they are used.
    ///
    /// # Errors
    /// Those of [`Scan::look`] and [`Scan::check`].
    ///
    /// # Panics
    /// When the column has no such rows.
    pub fn read<'b>(&self, rows: Range<u64>, buffer: &'b mut Buffer) -> Result<Values<'b>, Error> {
        assert!(rows.start <= rows.end && rows.end <= self.column.rows, "rows of the column");
        let values = self.column.unchecked(rows.clone(), buffer)?;
        self.check(rows.start, values)?;
        Ok(values)
    }

    /// These rows, `len = rows.end - rows.start`, which have not been checked: whoever looks at them has them checked when
    /// they have been used and are still in the cache. Results must not leave before [`Scan::finish`].
    ///
    /// Of a file that is looked at in memory, that is the file itself. Who damages a value and mends it again between its
    /// use and its check, which are microseconds apart, is not found out; any other change is.
    ///
    /// # Errors
    /// [`Error::Read`] when the file cannot be read, [`Error::Damaged`] when it is shorter than it was.
    ///
    /// # Panics
    /// When the column has no such rows.
    pub fn look<'b>(
        &'b self,
        rows: Range<u64>,
        buffer: &'b mut Buffer,
    ) -> Result<Values<'b>, Error> {
        assert!(rows.start <= rows.end && rows.end <= self.column.rows, "rows of the column");
        let Some(mapped) = &self.mapped else { return self.column.unchecked(rows, buffer) };
        let at = |row: u64| (HEADER + row * self.column.info.dtype.size()) as usize;
        Ok(self.column.values(&mapped.bytes()[at(rows.start)..at(rows.end)]))
    }

    /// Checks values that were looked at, the first of which is of row `first_row`; each is checked once in a pass. A
    /// block that is then complete is compared with what was written.
    ///
    /// # Errors
    /// [`Error::Damaged`] when a block differs, or the file has become shorter, [`Error::Read`] when it cannot be read.
    ///
    /// # Panics
    /// When the column has no such rows.
    pub fn check(&self, first_row: u64, values: Values<'_>) -> Result<(), Error> {
        let end = first_row + values.len() as u64;
        let mut start = first_row;
        while start < end {
            let next = end.min((start / BLOCK as u64 + 1) * BLOCK as u64);
            let rows = (start - first_row) as usize..(next - first_row) as usize;
            self.compare(start..next, Self::hash(start, values.slice(rows)))?;
            start = next;
        }
        Ok(())
    }

    /// What values, all of one block, the first of which is of row `first_row`, add to the hash of their block.
    pub fn hash(first_row: u64, values: Values<'_>) -> u64 {
        match values {
            Values::F32(values) => hash_of(first_row, values),
            Values::F64(values) => hash_of(first_row, values),
        }
    }

    /// The same as [`Scan::check`] of rows of one block, of which `hash` is the sum of what [`Scan::hash`] makes of them.
    ///
    /// # Errors
    /// Those of [`Scan::check`].
    ///
    /// # Panics
    /// When the column has no such block.
    pub fn compare(&self, rows: Range<u64>, hash: u64) -> Result<(), Error> {
        let block = (rows.start / BLOCK as u64) as usize;
        let seen = &self.blocks[block];
        seen.hash.fetch_add(hash, Ordering::Relaxed);
        // Whoever adds the last rows sees what all others have added to the hash before their rows.
        let more = rows.end - rows.start;
        let rows = seen.rows.fetch_add(more, Ordering::AcqRel) + more;
        if rows == self.rows_of(block)
            && seen.hash.load(Ordering::Relaxed) != self.column.zones.hashes()[block]
        {
            let start = (block * BLOCK) as u64;
            return Err(self.column.damage(start..start + rows));
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
