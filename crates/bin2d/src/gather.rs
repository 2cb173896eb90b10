//! Rows of columns to the cells and z of the points that lie in the grid, block by block.

use std::ops::Range;

use pointillist_ingest::Buffer;

use crate::Stats;
use crate::accumulate::Sample;
use crate::axis::OUTSIDE;
use crate::locate::{BLOCK, Locator};
use crate::rows::Block;
use crate::within::within;
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
        let beside = self.rows.each(rows, Some(self.limits), buffers, |block| {
            let dropped = self.block(block, cells, kept, &mut take);
            if dropped > 0 {
                let non_finite = block.non_finite();
                stats.non_finite += non_finite;
                stats.outside += dropped - non_finite;
            }
        })?;
        stats.outside += beside;
        stats.binned = stats.points - stats.outside - stats.non_finite;
        Ok(stats)
    }

    /// Returns the number of points that lie in no cell.
    fn block<Z: Sample>(
        &self,
        block: Block<'_>,
        cells: &mut [u32; BLOCK],
        kept: &mut [Z; BLOCK],
        take: &mut impl FnMut(&[u32], &[Z]),
    ) -> u64 {
        let z = Z::of(block.others.first().copied(), block.len());
        let (cells, kept) = (&mut cells[..z.len()], &mut kept[..z.len()]);
        self.locator.cells(block.x, block.y, cells);
        if !cells.iter().fold(false, |found, &cell| found | (cell == OUTSIDE)) {
            take(cells, z);
            return 0;
        }
        let number = within(self.locator.instructions(), cells, z, kept);
        if number > 0 {
            take(&cells[..number], &kept[..number]);
        }
        (cells.len() - number) as u64
    }
}
