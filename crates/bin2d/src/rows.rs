//! Rows of columns, a piece at a time, from memory or from files.
//!
//! A piece of a file is read into room that the thread keeps. It is so short that what was read is still in the cache
//! when it is looked at, and so long that the calls to the system do not count.
//!
//! Zones, which columns in files have, tell without a look at the rows that none of 65,536 lies in the extent: then
//! they are not read at all, which is what makes a small part of ordered data quick to see.

use std::ops::Range;

use pointillist_ingest::{Buffer, Scan, Values, Zone, Zones};
use rayon::prelude::*;

use crate::columns::Source;
use crate::{Columns, Error, Extent};

/// Rows of a piece.
const PIECE: usize = 32768;

/// One pass over the rows of columns: x, y, and others that belong to them.
#[derive(Debug)]
pub struct Rows<'a> {
    /// x and y, and then the others.
    strips: Vec<Strip<'a>>,
    zones: Option<[&'a Zones; 2]>,
    /// Those of the columns that belong to it.
    share: Range<usize>,
}

/// One pass over a column.
#[derive(Debug)]
enum Strip<'a> {
    Memory(Values<'a>),
    File(Scan<'a>),
}

impl<'a> Strip<'a> {
    fn new(source: Source<'a>) -> Self {
        match source {
            Source::Memory(values) => Self::Memory(values),
            Source::File(column) => Self::File(Scan::new(column)),
        }
    }

    fn read<'b>(&'b self, rows: Range<usize>, buffer: &'b mut Buffer) -> Result<Values<'b>, Error> {
        Ok(match self {
            Self::Memory(values) => values.slice(rows),
            Self::File(scan) => scan.read(rows.start as u64..rows.end as u64, buffer)?,
        })
    }
}

impl<'a> Rows<'a> {
    /// A pass over x and y of `columns` and over `others`, which are as long.
    ///
    /// # Errors
    /// [`Error::Lengths`] when the length of one of the others differs.
    pub fn new(columns: &Columns<'a>, others: &[Source<'a>]) -> Result<Self, Error> {
        others.iter().try_for_each(|&source| columns.check_length(source))?;
        let sources = [columns.x, columns.y].into_iter().chain(others.iter().copied());
        let strips = sources.map(Strip::new).collect();
        Ok(Self { strips, zones: columns.zones(), share: columns.share.clone() })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.share.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.share.is_empty()
    }

    /// Reads these of the rows, which nobody else reads in this pass, of all columns at once, on the threads of the current
    /// rayon pool: values of x, of y, and of the others, `rows.len()` each. `buffers` is room.
    ///
    /// # Errors
    /// [`Error::Points`] when a file cannot be read or is not what was written.
    ///
    /// # Panics
    /// When there are no such rows.
    pub fn read<'b>(
        &'b self,
        rows: Range<usize>,
        buffers: &'b mut Vec<Buffer>,
    ) -> Result<Vec<Values<'b>>, Error> {
        let rows = self.absolute(&rows);
        buffers.resize_with(self.strips.len(), Buffer::default);
        let pairs = self.strips.par_iter().zip(buffers.par_iter_mut());
        pairs.map(|(strip, buffer)| strip.read(rows.clone(), buffer)).collect()
    }

    /// Ends the pass, in which all rows were read: what has not been compared yet with what was written is.
    ///
    /// # Errors
    /// [`Error::Points`] when a file cannot be read or is not what was written.
    pub fn finish(&self) -> Result<(), Error> {
        for strip in &self.strips {
            if let Strip::File(scan) = strip {
                scan.finish(self.share.start as u64..self.share.end as u64)?;
            }
        }
        Ok(())
    }

    /// Gives these of the rows, which nobody else reads in this pass, to `take`, a piece at a time and in their order: values
    /// of x, of y, and of the others, of as many rows each. Blocks whose zones tell that no row lies within `limits` are
    /// passed over. Returns how many rows these have.
    pub(crate) fn each(
        &self,
        rows: Range<usize>,
        limits: Option<Extent>,
        buffers: &mut Vec<Buffer>,
        mut take: impl FnMut(Values<'_>, Values<'_>, &[Values<'_>]),
    ) -> Result<u64, Error> {
        let rows = self.absolute(&rows);
        buffers.resize_with(self.strips.len(), Buffer::default);
        let is_read = |zone: usize| !limits.is_some_and(|limits| self.is_beside(zone, limits));
        let mut beside = 0;
        let mut start = rows.start;
        while start < rows.end {
            // To the end of the rows, or of the block of the zones.
            let zone = start / Zones::BLOCK;
            let end = rows.end.min((zone + 1) * Zones::BLOCK);
            if !is_read(zone) {
                beside += (end - start) as u64;
                start = end;
                continue;
            }
            while start < end {
                let piece = start..end.min(start + PIECE);
                start = piece.end;
                let pairs = self.strips.iter().zip(&mut *buffers);
                let values = pairs.map(|(strip, buffer)| strip.read(piece.clone(), buffer));
                if let [x, y, others @ ..] = values.collect::<Result<Vec<_>, _>>()?.as_slice() {
                    take(*x, *y, others);
                }
            }
        }
        Ok(beside)
    }

    /// Numbers of rows as those of the whole columns.
    fn absolute(&self, rows: &Range<usize>) -> Range<usize> {
        assert!(rows.start <= rows.end && rows.end <= self.len(), "rows of the pass");
        self.share.start + rows.start..self.share.start + rows.end
    }

    /// Whether no row of this block lies between these limits, and all are finite: of others it has to be known which
    /// are not.
    fn is_beside(&self, zone: usize, limits: Extent) -> bool {
        let Some([x, y]) = self.zones else { return false };
        let (Some(x), Some(y)) = (x.get(zone), y.get(zone)) else { return false };
        let beside = |zone: Zone, lo: f64, hi: f64| zone.max < lo || zone.min > hi;
        x.non_finite == 0
            && y.non_finite == 0
            && (beside(x, limits.xmin, limits.xmax) || beside(y, limits.ymin, limits.ymax))
    }
}
