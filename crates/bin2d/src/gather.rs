//! Rows of columns to the cells and z of the points that lie in the grid, block by block.
//!
//! Zones, where a column has them, tell without a look at the rows that none of 65,536 lies in the extent: then
//! they are not read at all, which is what makes a small part of ordered data quick to see.

use std::ops::Range;

use pointillist_ingest::{Values, Zone, Zones};

use crate::Extent;
use crate::accumulate::Sample;
use crate::axis::OUTSIDE;
use crate::grid::Stats;
use crate::locate::{BLOCK, Locator};

/// The columns that points are made of, and what tells which of their rows to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a, Z> {
    pub(crate) x: Values<'a>,
    pub(crate) y: Values<'a>,
    pub(crate) z: &'a [Z],
    pub(crate) zones: Option<Zoned<'a>>,
}

/// The zones of x and y.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Zoned<'a> {
    pub(crate) x: &'a Zones,
    pub(crate) y: &'a Zones,
    /// Rows before the first of ours that the zones are of, too.
    pub(crate) before: usize,
}

impl Zoned<'_> {
    /// Whether no row of this block of the zones lies between these limits, and all are finite: of others it has to be
    /// known which are not.
    pub(crate) fn is_beside(&self, zone: usize, limits: Extent) -> bool {
        let (Some(x), Some(y)) = (self.x.get(zone), self.y.get(zone)) else { return false };
        let beside = |zone: Zone, lo: f64, hi: f64| zone.max < lo || zone.min > hi;
        x.non_finite == 0
            && y.non_finite == 0
            && (beside(x, limits.xmin, limits.xmax) || beside(y, limits.ymin, limits.ymax))
    }
}

/// Room for one block, reused from block to block.
#[derive(Debug)]
pub(crate) struct Room<Z> {
    cells: [u32; BLOCK],
    z: [Z; BLOCK],
}

impl<Z: Sample> Room<Z> {
    pub(crate) fn new() -> Self {
        Self { cells: [0; BLOCK], z: [Z::default(); BLOCK] }
    }
}

impl<Z: Sample> Rows<'_, Z> {
    /// Gives the points of these rows that lie in the extent to `take`, a block at a time, in row order: their cells,
    /// counted from the first of the grid, and their z.
    pub(crate) fn gather(
        &self,
        rows: Range<usize>,
        locator: &Locator,
        room: &mut Room<Z>,
        mut take: impl FnMut(&[u32], &[Z]),
    ) -> Stats {
        let mut stats = Stats { points: rows.len() as u64, ..Stats::default() };
        let limits = locator.limits(self.x, self.y);
        let mut start = rows.start;
        while start < rows.end {
            // To the end of the rows, or of the block of the zones.
            let before = self.zones.map_or(0, |zones| zones.before);
            let zone = (before + start) / Zones::BLOCK;
            let end = rows.end.min((zone + 1) * Zones::BLOCK - before);
            if self.zones.is_some_and(|zones| zones.is_beside(zone, limits)) {
                stats.outside += (end - start) as u64;
                start = end;
                continue;
            }
            while start < end {
                let block = start..end.min(start + BLOCK);
                start = block.end;
                let dropped = self.block(block.clone(), locator, room, &mut take);
                if dropped > 0 {
                    let non_finite = non_finite(part(self.x, block.clone()), part(self.y, block));
                    stats.non_finite += non_finite;
                    stats.outside += dropped - non_finite;
                }
            }
        }
        stats.binned = stats.points - stats.outside - stats.non_finite;
        stats
    }

    /// Returns the number of points that lie in no cell.
    fn block(
        &self,
        rows: Range<usize>,
        locator: &Locator,
        room: &mut Room<Z>,
        take: &mut impl FnMut(&[u32], &[Z]),
    ) -> u64 {
        let cells = &mut room.cells[..rows.len()];
        locator.cells(part(self.x, rows.clone()), part(self.y, rows.clone()), cells);
        let z = &self.z[rows];
        if !cells.iter().fold(false, |found, &cell| found | (cell == OUTSIDE)) {
            take(cells, z);
            return 0;
        }
        let mut kept = 0;
        for (row, &z) in z.iter().enumerate() {
            let cell = cells[row];
            cells[kept] = cell;
            room.z[kept] = z;
            kept += usize::from(cell != OUTSIDE);
        }
        let dropped = cells.len() - kept;
        if kept > 0 {
            take(&cells[..kept], &room.z[..kept]);
        }
        dropped as u64
    }
}

/// These rows of a column.
pub(crate) fn part(values: Values<'_>, rows: Range<usize>) -> Values<'_> {
    match values {
        Values::F32(values) => Values::F32(&values[rows]),
        Values::F64(values) => Values::F64(&values[rows]),
    }
}

/// How many of these rows have an x or y that is not finite.
pub(crate) fn non_finite(x: Values<'_>, y: Values<'_>) -> u64 {
    fn count<X: Copy + Into<f64>, Y: Copy + Into<f64>>(x: &[X], y: &[Y]) -> u64 {
        let finite = |(&x, &y): (&X, &Y)| x.into().is_finite() & y.into().is_finite();
        x.iter().zip(y).map(|row| u64::from(!finite(row))).sum()
    }
    match (x, y) {
        (Values::F32(x), Values::F32(y)) => count(x, y),
        (Values::F32(x), Values::F64(y)) => count(x, y),
        (Values::F64(x), Values::F32(y)) => count(x, y),
        (Values::F64(x), Values::F64(y)) => count(x, y),
    }
}
