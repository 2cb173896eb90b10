//! One of several copies of a small grid, each filled by one thread at a time.

use std::io;

use bytemuck::Zeroable;
use pointillist_base::memory::{Zeroed, prefetch};
use rayon::prelude::*;

use crate::Size;
use crate::accumulate::{Counter, Points, Record, Sample, add_all, one_cell};
use crate::planes::{Accumulators, Kept};

/// What a copy of the grid keeps.
#[derive(Debug)]
pub(crate) enum Lane<C> {
    /// The planes that the grid will have.
    Planes(Accumulators<C>),
    /// Count and sum of each cell side by side, where that is all there is: a point then costs one line of the
    /// cache and not two.
    Pairs(Zeroed<Pair<C>>),
}

/// What is known of one cell, in 16 bytes: packed into 12, one pair in eight lies in two lines of the cache, and binning
/// takes a tenth longer.
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

    /// Of no points at all, for a grid of this size, with its [`pitch`].
    pub(crate) fn new(size: Size, kept: &Kept) -> io::Result<Self> {
        let cells = cells(size);
        Ok(if kept.is_pairs() {
            Self::Pairs(Zeroed::new(cells)?)
        } else {
            Self::Planes(Accumulators::new(cells, kept)?)
        })
    }

    /// Adds points in their order, a block of a thousand or so, to what is kept of z number `field`. `room` for
    /// those whose z is not NaN is needed where some may be.
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
                if let Some(cell) = one_cell(points.clone()) {
                    let pair = &mut pairs[cell];
                    add_all(&mut pair.sum, points.clone());
                    points.for_each(|_| {
                        pair.count.count();
                    });
                    return;
                }
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

    /// The same where some z may be NaN from now on: see [`Accumulators::expect_nan`]. `before` was kept so far.
    pub(crate) fn expect_nan(self, before: &Kept, kept: &Kept) -> io::Result<Self> {
        let planes = match self {
            Self::Planes(planes) => planes,
            Self::Pairs(pairs) => {
                let mut planes = Accumulators::new(pairs.len(), before)?;
                if let Some((counts, sums)) = planes.pairs() {
                    for ((count, sum), pair) in counts.iter_mut().zip(sums).zip(&*pairs) {
                        (*count, *sum) = (pair.count, pair.sum);
                    }
                }
                planes
            }
        };
        planes.expect_nan(kept).map(Self::Planes)
    }

    /// Adds up lanes, in their order, to a grid of this size.
    pub(crate) fn sum(lanes: Vec<Self>, size: Size, kept: &Kept) -> io::Result<Accumulators<C>> {
        let mut sum = Accumulators::new(size.cells() as usize, kept)?;
        let (width, pitch) = (size.width() as usize, pitch(size) as usize);
        let mut pairs = Vec::new();
        for lane in lanes {
            match lane {
                Self::Planes(planes) => sum.merge(planes, width, pitch),
                Self::Pairs(lane) => pairs.push(lane),
            }
        }
        // Where there are pairs, there are no planes. All are added up row by row, so that the grid is written once.
        if let Some((counts, sums)) = sum.pairs().filter(|_| !pairs.is_empty()) {
            let rows = counts.par_chunks_mut(width).zip(sums.par_chunks_mut(width));
            rows.enumerate().for_each(|(row, (counts, sums))| {
                for lane in &pairs {
                    let lane = &lane[row * pitch..][..width];
                    for ((count, sum), pair) in counts.iter_mut().zip(&mut *sums).zip(lane) {
                        count.merge(pair.count);
                        *sum += pair.sum;
                    }
                }
            });
        }
        Ok(sum)
    }
}

/// How far the rows of a lane begin from each other, in cells. A power of two would bring cells that lie above
/// each other into the same few places of the cache, and points sorted along x fill just these; so it is an odd
/// number of lines.
pub(crate) fn pitch(size: Size) -> u32 {
    const WIDE: u32 = 256;
    let width = size.width();
    if width < WIDE { width } else { width.next_multiple_of(32) + 16 }
}

/// Cells of a lane, of which some are only there for the pitch.
pub(crate) fn cells(size: Size) -> usize {
    pitch(size) as usize * size.height() as usize
}
