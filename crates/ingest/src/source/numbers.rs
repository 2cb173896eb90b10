//! Arrays in chunks: rows of numbers in files, read by whoever needs them, or in streams, read in order.

use std::fs::File;
use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::Arc;

use pointillist_base::{Dtype, file};

use super::seen::Source;
use super::stream::Stream;
use crate::Error;
use crate::array::{Strip, Table};
use crate::head::Sample;
use crate::losses::Lost;
use crate::number::Number;

/// An array, or one column of those that make rows together.
pub(super) struct Array {
    pub(super) table: Table,
    /// Where the numbers begin.
    pub(super) offset: u64,
    /// The file it is read from, if it is one.
    pub(super) source: Option<Source>,
    /// `None` where the file is read at any place.
    pub(super) stream: Option<Box<Stream>>,
    /// How it becomes columns; `None` where it holds no row, or is read with the first of those that make rows together.
    pub(super) reading: Option<Reading>,
}

/// How arrays become columns, and how far that has come.
pub(super) struct Reading {
    pub(super) names: Vec<String>,
    pub(super) strips: Arc<[Strip]>,
    /// One for each strip, once it is begun, where all are files.
    pub(super) files: Option<Arc<[File]>>,
    /// Rows handed out.
    pub(super) done: u64,
}

impl Reading {
    pub(super) fn new(names: Vec<String>, strips: Vec<Strip>) -> Self {
        Self { names, strips: strips.into(), files: None, done: 0 }
    }

    /// Bytes of a row, of all that is read for it.
    pub(super) fn stride(&self) -> usize {
        self.strips.iter().map(|strip| strip.stride).sum()
    }
}

impl Array {
    /// Whether 32-bit floats are too coarse for a column, as far as its first rows show, or have no value near some. Of what
    /// comes in order nothing can be looked at before its turn.
    pub(super) fn needs_f64(&self) -> bool {
        const ROWS: usize = 4096;
        let (Some(reading), Some(rows), None) = (&self.reading, self.table.rows, &self.stream)
        else {
            return false;
        };
        let wanted = || reading.strips.iter().flat_map(|strip| &strip.wanted);
        if wanted().all(|wanted| wanted.element.fits_f32()) {
            return false;
        }
        let rows = usize::try_from(rows).unwrap_or(ROWS).min(ROWS);
        let files = reading.strips.iter().map(|strip| File::open(&strip.path)).collect();
        // What cannot be read is an error when its turn comes.
        let Ok(files) = files else { return false };
        let strips = Arc::clone(&reading.strips);
        let block = Block { strips, files: Some(files), first: 0, rows, piece: rows.max(1) };
        let mut columns = vec![Vec::<f64>::new(); reading.names.len()];
        let mut none = vec![Lost::default(); columns.len()];
        if block.append(&mut Vec::new(), &mut columns, &mut none).is_err() {
            return false;
        }
        let lost = |column: &Vec<f64>| {
            let changes = |value: &&f64| {
                let single = **value as f32;
                (value.is_finite() && single.is_infinite()) || (**value != 0.0 && single == 0.0)
            };
            column.iter().find(changes).map_or(Lost::default(), |&value| Lost::of(value as f32))
        };
        let lost: Vec<Lost> = columns.iter().map(lost).collect();
        Sample::new(columns, &lost).needs_f64()
    }

    /// Bytes of numbers read, once all are.
    pub(super) fn bytes(&self) -> u64 {
        let done = self.reading.as_ref().map_or(0, |reading| reading.done);
        self.table.rows.unwrap_or(done) * self.table.stride as u64
    }

    /// Appends the bytes of up to `rows` rows from a stream to `buffer`. Returns how many rows those are; fewer only at
    /// the end, which must be where the array's shape says. `done` are the rows before them.
    pub(super) fn fill(
        &mut self,
        path: &Path,
        done: u64,
        rows: usize,
        buffer: &mut Vec<u8>,
    ) -> Result<usize, Error> {
        let Some(stream) = &mut self.stream else { return Ok(0) };
        let read = |source| Error::read(path, source);
        let stride = self.table.stride;
        let wanted = rows * stride;
        let count = stream.reader.by_ref().take(wanted as u64).read_to_end(buffer).map_err(read)?;
        let sum = done * stride as u64 + count as u64;
        if count < wanted {
            self.table.check_bytes(path, sum)?;
        } else if Some(sum) == self.table.bytes()
            && !stream.reader.fill_buf().map_err(read)?.is_empty()
        {
            self.table.check_bytes(path, sum + 1)?;
        }
        Ok(count / stride)
    }
}

/// Rows of arrays that become a chunk.
pub(crate) struct Block {
    pub(super) strips: Arc<[Strip]>,
    /// Where they are read from, one for each strip; `None` where the buffer holds them, one strip after another.
    pub(super) files: Option<Arc<[File]>>,
    pub(super) first: u64,
    pub(super) rows: usize,
    /// Rows read at once: few enough that they stay in the processor's cache until they are in their columns.
    pub(super) piece: usize,
}

impl Block {
    /// Appends the rows to the columns, and adds to `lost` what the type of a column has no value near.
    pub(super) fn append<T: Number>(
        &self,
        buffer: &mut Vec<u8>,
        columns: &mut [Vec<T>],
        lost: &mut [Lost],
    ) -> Result<(), Error> {
        let mut append = |strip: &Strip, records: &[u8]| {
            for wanted in &strip.wanted {
                if T::DTYPE == Dtype::F32 {
                    lost[wanted.column] += wanted.element.lost(records, strip.stride, wanted.at);
                }
                let column = &mut columns[wanted.column];
                wanted.element.append(records, strip.stride, wanted.at, column);
            }
        };
        let Some(files) = &self.files else {
            let mut rest = buffer.as_slice();
            for strip in self.strips.iter() {
                let (records, after) = rest.split_at(self.rows * strip.stride);
                append(strip, records);
                rest = after;
            }
            return Ok(());
        };
        let mut done = 0;
        while done < self.rows {
            let rows = self.piece.min(self.rows - done);
            for (strip, file) in self.strips.iter().zip(files.iter()) {
                let (first, bytes) = (self.first + done as u64, rows * strip.stride);
                let start = file::place_in_page(buffer, bytes, strip.byte(first));
                let records = &mut buffer[start..start + bytes];
                read_rows(file, strip, first, records)?;
                append(strip, records);
            }
            done += rows;
        }
        Ok(())
    }
}

/// Reads the rows from `first` on, all of which must be there.
pub(super) fn read_rows(
    file: &File,
    strip: &Strip,
    first: u64,
    records: &mut [u8],
) -> Result<(), Error> {
    let read = file::read_at(file, records, strip.byte(first));
    if read.map_err(|source| Error::read(&strip.path, source))? < records.len() {
        return Err(Error::Changed { path: strip.path.clone() });
    }
    Ok(())
}
