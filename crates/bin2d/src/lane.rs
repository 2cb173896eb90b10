//! One of several copies of a small grid, each filled by one thread at a time.

use std::io;

use bytemuck::Zeroable;
use rayon::prelude::*;

use crate::accumulate::{Counter, Points, Record, Sample};
use crate::memory::{Zeroed, prefetch};
use crate::planes::{Accumulators, Kept};

/// What a copy of the grid keeps.
#[derive(Debug)]
pub(crate) enum Lane<C> {
    /// The planes that the grid will have.
    Planes(Accumulators<C>),
    /// Count and sum of each cell side by side, where that is all there is: a point then costs one line of the cache and
    /// not two.
    Pairs(Zeroed<Pair<C>>),
}

/// What is known of one cell.
#[derive(Debug, Clone, Copy, Zeroable)]
pub(crate) struct Pair<C> {
    sum: f64,
    count: C,
}

impl<C: Counter> Lane<C> {
    /// Bytes that a lane takes, a cell.
    pub(crate) fn bytes_per_cell(kept: &Kept) -> usize {
        if kept.is_pairs() { size_of::<Pair<C>>() } else { kept.bytes_per_cell(size_of::<C>()) }
    }

    /// Of no points at all.
    pub(crate) fn new(cells: usize, kept: &Kept) -> io::Result<Self> {
        Ok(if kept.is_pairs() {
            Self::Pairs(Zeroed::new(cells)?)
        } else {
            Self::Planes(Accumulators::new(cells, kept)?)
        })
    }

    /// Adds points in their order, a block of a thousand or so, to what is kept of z number `field`. `room` for those whose
    /// z is not NaN is needed where some may be.
    pub(crate) fn add<Z: Sample>(
        &mut self,
        field: usize,
        points: impl Points<Z>,
        room: Option<&mut Vec<Record<Z>>>,
    ) {
        match self {
            Self::Planes(planes) => planes.whole(field).add(points, room),
            Self::Pairs(pairs) => {
                let pairs = &mut **pairs;
                for (cell, _) in points.clone() {
                    prefetch(pairs, cell as usize);
                }
                for (cell, z) in points {
                    let pair = &mut pairs[cell as usize];
                    pair.sum += z.value();
                    pair.count.count();
                }
            }
        }
    }

    /// The same with wider counters.
    pub(crate) fn widen(self) -> io::Result<Lane<u64>> {
        Ok(match self {
            Self::Planes(planes) => Lane::Planes(planes.widen()?),
            Self::Pairs(pairs) => {
                let mut wide = Zeroed::<Pair<u64>>::new(pairs.len())?;
                for (wide, pair) in wide.iter_mut().zip(&*pairs) {
                    *wide = Pair { sum: pair.sum, count: pair.count.number() as u64 };
                }
                Lane::Pairs(wide)
            }
        })
    }

    /// Adds up lanes, in their order.
    pub(crate) fn sum(lanes: Vec<Self>, cells: usize, kept: &Kept) -> io::Result<Accumulators<C>> {
        let mut lanes = lanes.into_iter();
        let mut sum = match lanes.next() {
            Some(Self::Planes(planes)) => planes,
            first => {
                let mut planes = Accumulators::new(cells, kept)?;
                first.into_iter().for_each(|lane| lane.add_to(&mut planes));
                planes
            }
        };
        lanes.for_each(|lane| lane.add_to(&mut sum));
        Ok(sum)
    }

    fn add_to(self, planes: &mut Accumulators<C>) {
        match self {
            Self::Planes(other) => planes.merge(other),
            Self::Pairs(pairs) => {
                let Some((counts, sums)) = planes.pairs() else { return };
                let cells = 1 << 14;
                let planes = counts.par_chunks_mut(cells).zip(sums.par_chunks_mut(cells));
                planes.zip(pairs.par_chunks(cells)).for_each(|((counts, sums), pairs)| {
                    for ((count, sum), pair) in counts.iter_mut().zip(sums).zip(pairs) {
                        count.merge(pair.count);
                        *sum += pair.sum;
                    }
                });
            }
        }
    }
}
