//! Rows of columns, a piece at a time, from memory or from files.
//!
//! A piece of a file is looked at where it is in memory, or read into room that the thread keeps. It is so short that
//! what was used is still in the cache when it is checked, and so long that the calls to the system do not count.
//!
//! Zones, which columns in files have, tell without a look at the rows that none of 65,536 lies in the extent: then
//! they are not read at all, which is what makes a small part of ordered data quick to see.

use std::ops::Range;

use pointillist_base::Values;
use pointillist_ingest::{Buffer, Scan, Zone, Zones};
use rayon::prelude::*;

use crate::columns::Source;
use crate::locate::BLOCK;
use crate::{Columns, Error, Extent};

/// Rows of a piece that is read: so many that the calls to the system do not count.
const READ: usize = 32768;

/// Rows that are checked at a time, when they have been used: so few that they are still in the cache.
const CHECKED: usize = 4 * BLOCK;

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

    fn look<'b>(&'b self, rows: Range<usize>, buffer: &'b mut Buffer) -> Result<Values<'b>, Error> {
        Ok(match self {
            Self::Memory(values) => values.slice(rows),
            Self::File(scan) => scan.look(rows.start as u64..rows.end as u64, buffer)?,
        })
    }

    fn hash(&self, first_row: usize, values: Values<'_>) -> u64 {
        match self {
            Self::Memory(_) => 0,
            Self::File(_) => Scan::hash(first_row as u64, values),
        }
    }

    fn compare(&self, rows: Range<usize>, hash: u64) -> Result<(), Error> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::File(scan) => Ok(scan.compare(rows.start as u64..rows.end as u64, hash)?),
        }
    }

    fn is_read(&self) -> bool {
        matches!(self, Self::File(scan) if !scan.is_mapped())
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

    /// Gives these of the rows, which nobody else reads in this pass, to `take`, a block at a time and in their order. Blocks
    /// of [`Zones::BLOCK`] rows whose zones tell that none lies within `limits` are passed over. Returns how many rows these
    /// have. They are checked when they have been taken: what comes of them must not leave before that has gone well,
    /// and [`Rows::finish`] too.
    pub(crate) fn each(
        &self,
        rows: Range<usize>,
        limits: Option<Extent>,
        buffers: &mut Vec<Buffer>,
        mut take: impl FnMut(Block<'_>),
    ) -> Result<u64, Error> {
        let rows = self.absolute(&rows);
        buffers.resize_with(self.strips.len(), Buffer::default);
        let is_read = |zone: usize| !limits.is_some_and(|limits| self.is_beside(zone, limits));
        // What is looked at where it is, is looked at block by block.
        let most = if self.strips.iter().any(Strip::is_read) { READ } else { Zones::BLOCK };
        let mut hashes = vec![0_u64; self.strips.len()];
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
            let all_finite = self.is_finite(zone);
            while start < end {
                let piece = start..end.min(start + most);
                let pairs = self.strips.iter().zip(&mut *buffers);
                let values = pairs.map(|(strip, buffer)| strip.look(piece.clone(), buffer));
                let values = values.collect::<Result<Vec<_>, _>>()?;
                let mut few = values.clone();
                hashes.fill(0);
                for checked in cut(0..piece.len(), CHECKED) {
                    for rows in cut(checked.clone(), BLOCK) {
                        let here = few.iter_mut().zip(&values);
                        here.for_each(|(here, all)| *here = all.slice(rows.clone()));
                        if let [x, y, others @ ..] = few.as_slice() {
                            take(Block { x: *x, y: *y, others, all_finite });
                        }
                    }
                    let first = piece.start + checked.start;
                    for ((hash, strip), values) in hashes.iter_mut().zip(&self.strips).zip(&values)
                    {
                        let more = strip.hash(first, values.slice(checked.clone()));
                        *hash = hash.wrapping_add(more);
                    }
                }
                for (strip, &hash) in self.strips.iter().zip(&hashes) {
                    strip.compare(piece.clone(), hash)?;
                }
                start = piece.end;
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
        let Some([x, y]) = self.zones_of(zone) else { return false };
        let beside = |zone: Zone, lo: f64, hi: f64| zone.max < lo || zone.min > hi;
        self.is_finite(zone)
            && (beside(x, limits.xmin, limits.xmax) || beside(y, limits.ymin, limits.ymax))
    }

    /// Whether x and y of all rows of this block are known to be finite.
    fn is_finite(&self, zone: usize) -> bool {
        self.zones_of(zone).is_some_and(|zones| zones.iter().all(|zone| zone.non_finite == 0))
    }

    /// Those of x and y.
    fn zones_of(&self, zone: usize) -> Option<[Zone; 2]> {
        let [x, y] = self.zones?;
        Some([x.get(zone)?, y.get(zone)?])
    }
}

/// Successive ranges of so many, of which the last may be shorter.
fn cut(range: Range<usize>, most: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(most).map(move |start| start..end.min(start + most))
}

/// Successive rows, [`BLOCK`] at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    pub(crate) x: Values<'a>,
    pub(crate) y: Values<'a>,
    pub(crate) others: &'a [Values<'a>],
    /// Whether all x and y are known to be.
    all_finite: bool,
}

impl Block<'_> {
    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.x.len()
    }

    /// How many of the rows have an x or y that is not finite.
    pub(crate) fn non_finite(&self) -> u64 {
        fn count<X: Copy + Into<f64>, Y: Copy + Into<f64>>(x: &[X], y: &[Y]) -> u64 {
            let finite = |(&x, &y): (&X, &Y)| x.into().is_finite() & y.into().is_finite();
            x.iter().zip(y).map(|row| u64::from(!finite(row))).sum()
        }
        if self.all_finite {
            return 0;
        }
        match (self.x, self.y) {
            (Values::F32(x), Values::F32(y)) => count(x, y),
            (Values::F32(x), Values::F64(y)) => count(x, y),
            (Values::F64(x), Values::F32(y)) => count(x, y),
            (Values::F64(x), Values::F64(y)) => count(x, y),
        }
    }
}
