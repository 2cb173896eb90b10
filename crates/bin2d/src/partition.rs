//! Points sorted by the tile of the grid they fall into, in row order within a tile.
//!
//! Adding points straight to a grid larger than the cache costs a cache miss each, and two threads must not add
//! to one cell. So a slice of rows is first partitioned, stably, by tile, and afterwards each tile is added up by
//! one owner that takes the slices in order. (A radix partition, as databases do before a join or an
//! aggregation.)
//!
//! One pass does it, without counting first: a tile's points of a slice stand in a list of chunks, each large enough
//! that reading on in the next one does not wait for memory.

use std::io;

use bytemuck::Zeroable;
use pointillist_base::memory::{Zeroed, prefetch};

use crate::accumulate::{Counter, Points, Record, Sample, Tile};

/// How the cells of a grid are cut into tiles: 2^shift consecutive cells each, the last maybe fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tiling {
    shift: u32,
    tiles: usize,
}

impl Tiling {
    /// Bytes of accumulators that stay in the second level of cache beside the points that are added.
    const TILE_BYTES: usize = 512 << 10;
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

    /// So many tiles of whatever cells: what is [put](Slice::put_in) into them says itself which it goes to.
    pub(crate) fn of(tiles: usize) -> Self {
        Self { shift: 0, tiles }
    }

    pub(crate) fn tiles(self) -> usize {
        self.tiles
    }

    pub(crate) fn tile_cells(self) -> usize {
        1 << self.shift
    }

    /// The tile of a cell.
    fn tile(self, cell: u32) -> usize {
        (cell >> self.shift) as usize
    }

    fn cell_in_tile(self, cell: u32) -> u32 {
        cell & ((1 << self.shift) - 1)
    }
}

/// The points of a slice of rows, sorted by tile.
#[derive(Debug)]
pub(crate) struct Slice<Z> {
    tiling: Tiling,
    /// Chunks of [`Slice::CHUNK`] records. The first of tile t is chunk t.
    records: Zeroed<Record<Z>>,
    /// The chunk that follows each.
    next: Vec<u32>,
    /// Chunks in use.
    used: u32,
    /// Of each tile, where its next record goes.
    ends: Vec<u32>,
}

impl<Z: Zeroable + Copy> Slice<Z> {
    /// Records of a chunk: a power of two.
    pub(crate) const CHUNK: usize = 256;

    /// No points, and room for those of so many rows: fewer than 2³¹ with what is left of the chunks.
    pub(crate) fn new(tiling: Tiling, rows: usize) -> io::Result<Self> {
        let chunks = Self::chunks(tiling, rows);
        let mut slice = Self {
            tiling,
            records: Zeroed::new(chunks * Self::CHUNK)?,
            next: vec![0; chunks],
            used: 0,
            ends: vec![0; tiling.tiles()],
        };
        slice.clear();
        Ok(slice)
    }

    fn chunks(tiling: Tiling, rows: usize) -> usize {
        // Every tile begins one that may stay empty, and one more is begun when the last is full.
        rows.div_ceil(Self::CHUNK) + tiling.tiles() + 1
    }

    /// Bytes that the room for so many rows takes.
    pub(crate) fn bytes(tiling: Tiling, rows: usize) -> usize {
        let chunks = Self::chunks(tiling, rows);
        chunks * (Self::CHUNK * size_of::<Record<Z>>() + size_of::<u32>())
            + tiling.tiles() * size_of::<u32>()
    }

    /// Forgets all points.
    pub(crate) fn clear(&mut self) {
        for (tile, end) in self.ends.iter_mut().enumerate() {
            *end = (tile * Self::CHUNK) as u32;
        }
        self.used = self.tiling.tiles() as u32;
    }

    /// Puts points behind those that are there, with cells counted from the first of the grid, and z of the same
    /// length. No more may be put than there is room for.
    pub(crate) fn put(&mut self, cells: &[u32], z: &[Z]) {
        let tiling = self.tiling;
        let points = cells.iter().zip(z);
        self.put_in(
            points.map(|(&cell, &z)| {
                (tiling.tile(cell), Record { cell: tiling.cell_in_tile(cell), z })
            }),
        );
    }

    /// The same of points with their tiles.
    #[inline]
    pub(crate) fn put_in(&mut self, points: impl Iterator<Item = (usize, Record<Z>)>) {
        let Self { records, next, used, ends, .. } = self;
        let (records, ends) = (&mut **records, ends.as_mut_slice());
        for (tile, record) in points {
            let end = &mut ends[tile];
            let place = *end as usize;
            records[place] = record;
            // Two lines on, for the next points of this tile.
            prefetch(records, place + 16);
            *end += 1;
            if (place + 1).is_multiple_of(Self::CHUNK) {
                next[place / Self::CHUNK] = *used;
                *end = *used * Self::CHUNK as u32;
                *used += 1;
            }
        }
    }

    /// The bytes that it takes.
    pub(crate) fn bytes_taken(&self) -> usize {
        size_of_val(&*self.records) + size_of_val(&*self.next) + size_of_val(&*self.ends)
    }

    /// The number of points of a tile.
    pub(crate) fn points_in(&self, index: usize) -> usize {
        let end = self.ends[index] as usize;
        let (mut chunk, mut full) = (index, 0);
        while chunk != end / Self::CHUNK {
            chunk = self.next[chunk] as usize;
            full += 1;
        }
        full * Self::CHUNK + end % Self::CHUNK
    }

    /// Hands on the points of one tile, in row order, a block at a time.
    pub(crate) fn each(&self, index: usize, mut take: impl FnMut(&[Record<Z>])) {
        let records = &*self.records;
        let end = self.ends[index] as usize;
        let mut chunk = index;
        loop {
            let start = chunk * Self::CHUNK;
            if chunk == end / Self::CHUNK {
                take(&records[start..end]);
                break;
            }
            let following = self.next[chunk] as usize;
            // What comes next is somewhere else, where the processor does not look by itself.
            for line in 0..8 {
                prefetch(records, following * Self::CHUNK + line * 64 / size_of::<Record<Z>>());
            }
            take(&records[start..start + Self::CHUNK]);
            chunk = following;
        }
    }

    /// Hands on the points of one tile a block at a time, the last block first, until `take` says that it is enough.
    /// Within a block they are in row order. `chunks` is room.
    pub(crate) fn each_back(
        &self,
        index: usize,
        chunks: &mut Vec<u32>,
        mut take: impl FnMut(&[Record<Z>]) -> bool,
    ) {
        let records = &*self.records;
        let end = self.ends[index] as usize;
        chunks.clear();
        let mut chunk = index;
        while chunk != end / Self::CHUNK {
            chunks.push(chunk as u32);
            chunk = self.next[chunk] as usize;
        }
        let mut go_on = take(&records[chunk * Self::CHUNK..end]);
        while let Some(chunk) = chunks.pop().filter(|_| go_on) {
            let start = chunk as usize * Self::CHUNK;
            go_on = take(&records[start..start + Self::CHUNK]);
        }
    }
}

impl<Z: Sample> Slice<Z> {
    /// Adds the points of one tile to it, in row order.
    pub(crate) fn add_to<C: Counter>(
        &self,
        index: usize,
        tile: &mut Tile<'_, C>,
        mut room: Option<&mut Vec<Record<Z>>>,
    ) {
        self.each(index, |records| tile.add(points(records), room.as_deref_mut()));
    }
}

pub(crate) fn points<Z: Sample>(records: &[Record<Z>]) -> impl Points<Z> {
    records.iter().map(|record| (record.cell, record.z))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Reduction;
    use crate::planes::{About, Accumulators, Kept};

    #[test]
    fn tiles_cover_all_cells_and_are_at_most_as_many_as_allowed() {
        for cells in [1, 2, 63, 64, 65, 1000, 1 << 20, (1 << 24) + 1, u32::MAX - 1] {
            for bytes in [4, 12, 64] {
                for most in [2, 7, 256, 1024] {
                    let tiling = Tiling::new(cells, bytes, most);
                    assert!((1..=most).contains(&tiling.tiles()), "{cells} {bytes} {most}");
                    assert!(tiling.tiles() * tiling.tile_cells() >= cells as usize);
                    assert!(tiling.tile(cells - 1) == tiling.tiles() - 1);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_slice_keeps_every_point_in_row_order(
            cells in prop::collection::vec(0u32..500, 0..3000), most in 2usize..300,
            piece in 1usize..1024,
        ) {
            let tiling = Tiling::new(500, 12, most);
            let z: Vec<f64> = (1..=cells.len()).map(|row| row as f64).collect();
            let mut slice = Slice::new(tiling, cells.len()).unwrap();
            // What was there before must not show.
            for _ in 0..2 {
                slice.clear();
                cells.chunks(piece).zip(z.chunks(piece)).for_each(|(cells, z)| slice.put(cells, z));
            }
            let about = About { may_be_nan: false, is_wide: false };
            let wanted = [Reduction::Count, Reduction::First, Reduction::Last].map(|kept| (kept, 0));
            let mut kept = Accumulators::<u32>::new(500, &Kept::of(&wanted, &[about])).unwrap();
            let mut tiles = kept.tiles(0, tiling.tiles(), tiling.tile_cells());
            for (index, tile) in tiles.iter_mut().enumerate() {
                slice.add_to(index, tile, None);
            }
            drop(tiles);
            let page = |reduction| {
                let mut values = vec![0.0f64; 500];
                kept.reduce(reduction, 0, 0..500, &mut values);
                values
            };
            let [count, first, last] = wanted.map(|(reduction, _)| page(reduction));
            for cell in 0..500 {
                let rows = || (0..cells.len()).filter(|&row| cells[row] == cell as u32);
                let number = |row: Option<usize>| row.map_or(f64::NAN, |row| (row + 1) as f64);
                prop_assert_eq!(count[cell], rows().count() as f64);
                prop_assert!(first[cell].total_cmp(&number(rows().next())).is_eq());
                prop_assert!(last[cell].total_cmp(&number(rows().next_back())).is_eq());
            }
        }
    }
}
