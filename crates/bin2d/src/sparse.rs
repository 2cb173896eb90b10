//! A grid with fewer points than cells: only cells that hold points are kept, side by side.
//!
//! Planes of all cells would be touched all over, and the system has to find and clear each page of them, which takes
//! longer than everything else. So points wait, sorted by tile, until all are there. Then tiles are added up one after
//! another in the same small planes, and what is in cells with points is taken out of these.

use std::io;
use std::ops::Range;

use pointillist_base::Float;
use pointillist_base::memory::Zeroed;
use rayon::prelude::*;

use crate::Reduction;
use crate::accumulate::{Counter, Sample};
use crate::partition::{Slice, Tiling, points};
use crate::planes::{Accumulators, Kept, Plane};

/// What is kept of the cells that hold points.
#[derive(Debug)]
pub(crate) struct Sparse<C> {
    tile_cells: usize,
    /// A bit for each cell that says whether it holds points. Every tile begins a new word.
    occupied: Zeroed<u64>,
    /// For each word, where the first of its cells stands.
    places: Zeroed<u32>,
    /// The cells of each tile stand in their order, with gaps between tiles.
    planes: Accumulators<C>,
    /// One cell without points.
    nothing: Accumulators<C>,
}

impl<C: Counter> Sparse<C> {
    /// Adds up the points of slices, in their order. Some z may be NaN, or not.
    pub(crate) fn of<Z: Sample>(
        slices: &[Slice<Z>],
        tiling: Tiling,
        kept: &Kept,
        may_be_nan: bool,
    ) -> io::Result<Self> {
        let (tiles, tile_cells) = (tiling.tiles(), tiling.tile_cells());
        let words = tile_cells.div_ceil(WORD);
        let mut occupied = Zeroed::<u64>::new(tiles * words)?;
        let mut places = Zeroed::<u32>::new(tiles * words)?;
        let points_of = |tile| slices.iter().map(|slice| slice.points_in(tile)).sum::<usize>();
        let most: Vec<usize> =
            (0..tiles).into_par_iter().map(|tile| points_of(tile).min(tile_cells)).collect();
        let mut planes = Accumulators::new(most.iter().sum(), kept)?;
        let starts = most.iter().scan(0, |end, most| {
            let start = *end;
            *end += most;
            Some(start as u32)
        });
        let starts: Vec<u32> = starts.collect();
        planes
            .cut(0, most.iter().copied())
            .into_par_iter()
            .zip(occupied.par_chunks_mut(words).zip(places.par_chunks_mut(words)))
            .zip(starts)
            .enumerate()
            .try_for_each_init(
                || (None, may_be_nan.then(Vec::new)),
                |(all, room), (index, ((mut tile, (occupied, places)), start))| {
                    let all: &mut Accumulators<C> = match all {
                        Some(all) => all,
                        None => all.insert(Accumulators::new(tile_cells, kept)?),
                    };
                    let mut all = all.whole(0);
                    for slice in slices {
                        slice.each(index, |records| {
                            for record in records {
                                let cell = record.cell as usize;
                                occupied[cell / WORD] |= 1 << (cell % WORD);
                            }
                            all.add(points(records), room.as_mut());
                        });
                    }
                    let mut next = start;
                    for (place, word) in places.iter_mut().zip(&*occupied) {
                        *place = next;
                        next += word.count_ones();
                    }
                    tile.take(&mut all, ones(occupied));
                    io::Result::Ok(())
                },
            )?;
        let nothing = Accumulators::new(1, kept)?;
        Ok(Self { tile_cells, occupied, places, planes, nothing })
    }

    /// Which planes there are.
    pub(crate) fn kept(&self) -> Kept {
        self.nothing.kept()
    }

    /// As [`Accumulators::reduce`].
    pub(crate) fn reduce<T: Float>(
        &self,
        reduction: Reduction,
        field: usize,
        cells: Range<usize>,
        values: &mut [T],
    ) {
        self.spread(cells, values, |planes, cells, values| {
            planes.reduce(reduction, field, cells, values);
        });
    }

    /// As [`Accumulators::copy`].
    pub(crate) fn copy<T: Float>(
        &self,
        plane: Plane,
        field: usize,
        cells: Range<usize>,
        values: &mut [T],
    ) {
        self.spread(cells, values, |planes, cells, values| {
            planes.copy(plane, field, cells, values);
        });
    }

    /// Whether a 32-bit float would round some count.
    pub(crate) fn counts_need_f64(&self) -> bool {
        self.planes.counts_need_f64()
    }

    /// Writes what `compute` makes of these cells.
    fn spread<T: Float>(
        &self,
        cells: Range<usize>,
        values: &mut [T],
        compute: impl Fn(&Accumulators<C>, Range<usize>, &mut [T]),
    ) {
        let mut nothing = [T::default()];
        compute(&self.nothing, 0..1, &mut nothing);
        values.fill(nothing[0]);
        let mut room = [T::default(); GROUP * WORD];
        let words = self.tile_cells.div_ceil(WORD);
        let mut start = cells.start;
        while start < cells.end {
            let (tile, cell) = (start / self.tile_cells, start % self.tile_cells);
            // The cells of so many words of a tile, of which those before `start` and after `end` are not asked for.
            let before = cell % WORD;
            let length = (GROUP * WORD - before).min(self.tile_cells - cell);
            let end = cells.end.min(start + length);
            let first = tile * words + cell / WORD;
            let occupied = &self.occupied[first..first + (before + end - start).div_ceil(WORD)];
            let number: u32 = occupied.iter().map(|word| word.count_ones()).sum();
            let (place, room) = (self.places[first] as usize, &mut room[..number as usize]);
            compute(&self.planes, place..place + room.len(), room);
            let values = &mut values[start - cells.start..end - cells.start];
            for (cell, &computed) in ones(occupied).zip(&*room) {
                if let Some(value) = cell.checked_sub(before).and_then(|cell| values.get_mut(cell))
                {
                    *value = computed;
                }
            }
            start = end;
        }
    }
}

/// Bits of a word.
const WORD: usize = u64::BITS as usize;

/// Words whose cells are computed together.
const GROUP: usize = 64;

/// The numbers of the bits that are set, in their order.
fn ones(words: &[u64]) -> impl Iterator<Item = usize> + Clone {
    words.iter().enumerate().flat_map(|(index, &word)| {
        let mut left = word;
        std::iter::from_fn(move || {
            let bit = left.trailing_zeros() as usize;
            (left != 0).then(|| {
                left &= left - 1;
                index * WORD + bit
            })
        })
    })
}
