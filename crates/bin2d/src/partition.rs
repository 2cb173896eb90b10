//! Points sorted by the tile of the grid they fall into, in row order within a tile.
//!
//! Adding points straight to a grid larger than the cache costs a cache miss each, and two threads must not add
//! to one cell. So a slice of rows is first partitioned, stably, by tile: the destination of a slice is small
//! enough to stay in the cache, and afterwards each tile is added up by one owner that takes the slices in order.
//! (A radix partition, as databases do before a join or an aggregation.)

use std::collections::TryReserveError;
use std::ops::Range;

use pointillist_ingest::Values;

use crate::accumulate::Sample;
use crate::axis::{Axis, OUTSIDE};
use crate::extent::Frame;
use crate::grid::Stats;

/// Rows whose cells are computed at once: few enough for the first level of cache.
const BLOCK: usize = 1024;

/// How the cells of a grid are cut into tiles: 2^shift consecutive cells each, the last maybe fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tiling {
    shift: u32,
    tiles: usize,
}

impl Tiling {
    /// Bytes of accumulators that stay in the second level of cache beside the points that are added.
    const TILE_BYTES: usize = 256 << 10;
    /// With fewer tiles than this, threads would wait for the one with the fullest tile.
    const FEW: usize = 64;

    /// The tiling of `cells` cells, at least 1, into at most `most` tiles, 2 or more.
    pub(crate) fn new(cells: u32, bytes_per_cell: usize, most: usize) -> Self {
        let cells = cells as usize;
        let fitting = (Self::TILE_BYTES / bytes_per_cell.max(1)).max(1).ilog2();
        let few = cells.div_ceil(Self::FEW).next_power_of_two().ilog2();
        let least = cells.div_ceil(most).next_power_of_two().ilog2();
        let shift = fitting.min(few).max(least);
        Self { shift, tiles: cells.div_ceil(1 << shift) }
    }

    pub(crate) fn tiles(self) -> usize {
        self.tiles
    }

    pub(crate) fn tile_cells(self) -> usize {
        1 << self.shift
    }

    /// The tile of a cell. What lies outside the grid goes to one tile more than there are.
    fn tile(self, cell: u32) -> usize {
        if cell == OUTSIDE { self.tiles } else { (cell >> self.shift) as usize }
    }

    fn cell_in_tile(self, cell: u32) -> u32 {
        cell & ((1 << self.shift) - 1)
    }
}

/// Which cell a point falls into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Locator {
    x: Axis,
    y: Axis,
    width: u32,
    last_row: u32,
}

impl Locator {
    pub(crate) fn new(frame: &Frame) -> Self {
        let (extent, size) = (frame.extent, frame.size);
        Self {
            x: Axis::new(extent.xmin, extent.xmax, size.width()),
            y: Axis::new(extent.ymin, extent.ymax, size.height()),
            width: size.width(),
            last_row: size.height() - 1,
        }
    }

    /// Writes the cell of each row, counted row-major from the top left, or [`OUTSIDE`].
    fn cells(&self, x: Values<'_>, y: Values<'_>, cells: &mut [u32]) {
        let mut rows = [0; BLOCK];
        let rows = &mut rows[..cells.len()];
        along(&self.x, x, cells);
        along(&self.y, y, rows);
        for (cell, &row) in cells.iter_mut().zip(&*rows) {
            // Wraps only where the result is not used.
            let index =
                self.last_row.wrapping_sub(row).wrapping_mul(self.width).wrapping_add(*cell);
            *cell = if (*cell == OUTSIDE) | (row == OUTSIDE) { OUTSIDE } else { index };
        }
    }
}

fn along(axis: &Axis, values: Values<'_>, cells: &mut [u32]) {
    match values {
        Values::F32(values) => axis.cells(values, cells),
        Values::F64(values) => axis.cells(values, cells),
    }
}

/// These rows of a column.
pub(crate) fn part(values: Values<'_>, rows: Range<usize>) -> Values<'_> {
    match values {
        Values::F32(values) => Values::F32(&values[rows]),
        Values::F64(values) => Values::F64(&values[rows]),
    }
}

fn non_finite_rows(x: Values<'_>, y: Values<'_>) -> u64 {
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

/// A slice of rows, sorted by tile.
#[derive(Debug)]
pub(crate) struct Slice<Z> {
    /// Cells, counted from the first of their tile.
    cells: Vec<u32>,
    z: Vec<Z>,
    /// Where each tile begins; one more for what lies outside, and one more for the end.
    starts: Vec<u32>,
}

/// Cells of a slice before they are sorted, reused from slice to slice.
pub(crate) type Unsorted = Vec<u32>;

impl<Z: Sample> Slice<Z> {
    pub(crate) fn new() -> Self {
        Self { cells: Vec::new(), z: Vec::new(), starts: Vec::new() }
    }

    /// Replaces the content by these rows, at most 2³¹ of them.
    pub(crate) fn fill(
        &mut self,
        locator: &Locator,
        tiling: Tiling,
        x: Values<'_>,
        y: Values<'_>,
        z: &[Z],
        unsorted: &mut Unsorted,
    ) -> Result<Stats, TryReserveError> {
        let rows = x.len();
        resize(unsorted, rows)?;
        resize(&mut self.cells, rows)?;
        resize(&mut self.z, rows)?;
        self.starts.clear();
        self.starts.resize(tiling.tiles() + 2, 0);

        for (index, cells) in unsorted.chunks_mut(BLOCK).enumerate() {
            let block = index * BLOCK..index * BLOCK + cells.len();
            locator.cells(part(x, block.clone()), part(y, block), cells);
            for &cell in &*cells {
                self.starts[tiling.tile(cell) + 1] += 1;
            }
        }
        let mut sum = 0;
        for start in &mut self.starts {
            sum += *start;
            *start = sum;
        }

        // From here on each entry moves to the end of its tile, and so becomes the start of the next.
        for (&cell, &z) in unsorted.iter().zip(z) {
            let next = &mut self.starts[tiling.tile(cell)];
            let place = *next as usize;
            *next += 1;
            self.cells[place] = tiling.cell_in_tile(cell);
            self.z[place] = z;
        }
        self.starts.rotate_right(1);
        self.starts[0] = 0;

        let binned = u64::from(self.starts[tiling.tiles()]);
        let dropped = rows as u64 - binned;
        let non_finite = if dropped == 0 { 0 } else { non_finite_rows(x, y) };
        Ok(Stats { points: rows as u64, binned, outside: dropped - non_finite, non_finite })
    }

    /// The points of one tile, in row order: their cells counted from the tile's first, and their z.
    pub(crate) fn tile(&self, tile: usize) -> (&[u32], &[Z]) {
        let range = self.starts[tile] as usize..self.starts[tile + 1] as usize;
        (&self.cells[range.clone()], &self.z[range])
    }
}

fn resize<T: Copy + Default>(buffer: &mut Vec<T>, len: usize) -> Result<(), TryReserveError> {
    buffer.try_reserve_exact(len.saturating_sub(buffer.len()))?;
    buffer.resize(len, T::default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Extent, Size};

    #[test]
    fn tiles_cover_all_cells_and_are_at_most_as_many_as_allowed() {
        for cells in [1, 2, 63, 64, 65, 1000, 1 << 20, (1 << 24) + 1, u32::MAX - 1] {
            for bytes in [4, 12, 64] {
                for most in [2, 7, 256, 1024] {
                    let tiling = Tiling::new(cells, bytes, most);
                    assert!((1..=most).contains(&tiling.tiles()), "{cells} {bytes} {most}");
                    assert!(tiling.tiles() * tiling.tile_cells() >= cells as usize);
                    assert!(tiling.tile(cells - 1) == tiling.tiles() - 1);
                    assert_eq!(tiling.tile(OUTSIDE), tiling.tiles());
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_slice_keeps_every_point_in_row_order(
            points in prop::collection::vec((-0.2..1.2f64, -0.2..1.2f64), 0..3000),
            width in 1u32..50, height in 1u32..50, most in 2usize..300,
        ) {
            let extent = Extent::new(0.0, 1.0, 0.0, 1.0).unwrap();
            let frame = Frame { extent, size: Size::new(width, height).unwrap() };
            let tiling = Tiling::new(frame.size.cells(), 12, most);
            let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
            let rows: Vec<f64> = (0..x.len()).map(|row| row as f64).collect();
            let (mut slice, locator) = (Slice::new(), Locator::new(&frame));
            let (xs, ys) = (Values::F64(&x), Values::F64(&y));
            let stats = slice.fill(&locator, tiling, xs, ys, &rows, &mut Vec::new()).unwrap();
            let mut found = Vec::new();
            for tile in 0..tiling.tiles() {
                let (cells, z) = slice.tile(tile);
                prop_assert!(z.is_sorted());
                for (&cell, &row) in cells.iter().zip(z) {
                    found.push((row as usize, tile * tiling.tile_cells() + cell as usize));
                }
            }
            found.sort_unstable();
            let inside = |v: f64| (0.0..=1.0).contains(&v);
            let kept: Vec<usize> =
                (0..x.len()).filter(|&row| inside(x[row]) && inside(y[row])).collect();
            prop_assert_eq!(found.iter().map(|&(row, _)| row).collect::<Vec<_>>(), kept);
            prop_assert!(found.iter().all(|&(_, cell)| cell < frame.size.cells() as usize));
            prop_assert_eq!(stats.binned, found.len() as u64);
            prop_assert_eq!(stats.outside, (x.len() - found.len()) as u64);
        }
    }
}
