//! Rows of columns to the cells and z of the points that lie in the grid, block by block.

use std::ops::Range;

use pointillist_ingest::{Buffer, Values};

use crate::accumulate::Sample;
use crate::axis::OUTSIDE;
use crate::grid::Stats;
use crate::locate::{BLOCK, Locator};
use crate::{Error, Extent, Rows};

/// Room for one block, reused from block to block.
#[derive(Debug)]
pub(crate) struct Room<Z> {
    cells: [u32; BLOCK],
    z: [Z; BLOCK],
    buffers: Vec<Buffer>,
}

impl<Z: Sample> Room<Z> {
    pub(crate) fn new() -> Self {
        Self { cells: [0; BLOCK], z: [Z::default(); BLOCK], buffers: Vec::new() }
    }
}

/// Points on their way to their cells.
pub(crate) struct Gather<'a> {
    pub(crate) rows: &'a Rows<'a>,
    pub(crate) locator: &'a Locator,
    /// What lies in no cell, by the types of x and y.
    pub(crate) limits: Extent,
}

impl Gather<'_> {
    /// Gives the points of these rows that lie in the extent to `take`, a block at a time, in row order: their cells,
    /// counted from the first of the grid, and their z, which is the first column beside x and y.
    pub(crate) fn points<Z: Sample>(
        &self,
        rows: Range<usize>,
        room: &mut Room<Z>,
        mut take: impl FnMut(&[u32], &[Z]),
    ) -> Result<Stats, Error> {
        let mut stats = Stats { points: rows.len() as u64, ..Stats::default() };
        let Room { cells, z: kept, buffers } = room;
        let beside = self.rows.each(rows, Some(self.limits), buffers, |x, y, others| {
            let z = Z::of(others.first().copied(), x.len());
            for start in (0..x.len()).step_by(BLOCK) {
                let block = start..x.len().min(start + BLOCK);
                let (x, y) = (x.slice(block.clone()), y.slice(block.clone()));
                let dropped = self.block(x, y, &z[block], (&mut *cells, &mut *kept), &mut take);
                if dropped > 0 {
                    let non_finite = non_finite(x, y);
                    stats.non_finite += non_finite;
                    stats.outside += dropped - non_finite;
                }
            }
        })?;
        stats.outside += beside;
        stats.binned = stats.points - stats.outside - stats.non_finite;
        Ok(stats)
    }

    /// Returns the number of points that lie in no cell.
    fn block<Z: Sample>(
        &self,
        x: Values<'_>,
        y: Values<'_>,
        z: &[Z],
        (cells, kept_z): (&mut [u32; BLOCK], &mut [Z; BLOCK]),
        take: &mut impl FnMut(&[u32], &[Z]),
    ) -> u64 {
        let cells = &mut cells[..z.len()];
        self.locator.cells(x, y, cells);
        if !cells.iter().fold(false, |found, &cell| found | (cell == OUTSIDE)) {
            take(cells, z);
            return 0;
        }
        let mut kept = 0;
        for (row, &z) in z.iter().enumerate() {
            let cell = cells[row];
            cells[kept] = cell;
            kept_z[kept] = z;
            kept += usize::from(cell != OUTSIDE);
        }
        let dropped = cells.len() - kept;
        if kept > 0 {
            take(&cells[..kept], &kept_z[..kept]);
        }
        dropped as u64
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
