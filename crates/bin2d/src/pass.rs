//! Rows on their way to the grid: straight to the cells of lanes, or by way of tiles.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use pointillist_base::{Dtype, Progress};
use rayon::prelude::*;

use crate::accumulate::{Counter, Sample, Tile};
use crate::columns::Columns;
use crate::gather::{Gather, Room};
use crate::grid::Body;
use crate::lane::Lane;
use crate::locate::Locator;
use crate::partition::{Slice, Tiling};
use crate::plan::{Cut, Field, Plan, no_column};
use crate::planes::{Accumulators, Kept};
use crate::sparse::Sparse;
use crate::{Error, Reductions, Rows, Size, Stats};

/// The grid, several times over, once, or not yet.
#[derive(Debug)]
pub(crate) enum Cells<C> {
    /// Points wait in slices.
    Waiting(Tiling),
    /// As many as there have been stripes, up to the number that is planned.
    Lanes(Vec<Lane<C>>, usize),
    Tiles(Accumulators<C>, Tiling),
}

impl<C: Counter> Cells<C> {
    pub(crate) fn new(plan: Plan, cells: usize, kept: &Kept) -> io::Result<Self> {
        Ok(match plan {
            Plan::Lanes(lanes) => Self::Lanes(Vec::new(), lanes),
            Plan::Waiting(tiling) => Self::Waiting(tiling),
            Plan::Tiles(tiling) => Self::Tiles(Accumulators::new(cells, kept)?, tiling),
        })
    }

    pub(crate) fn widen(self) -> io::Result<Cells<u64>> {
        Ok(match self {
            Self::Waiting(tiling) => Cells::Waiting(tiling),
            Self::Lanes(lanes, most) => {
                let lanes = lanes.into_iter().map(Lane::widen);
                Cells::Lanes(lanes.collect::<io::Result<_>>()?, most)
            }
            Self::Tiles(planes, tiling) => Cells::Tiles(planes.widen()?, tiling),
        })
    }

    pub(crate) fn expect_nan(self, before: &Kept, kept: &Kept) -> io::Result<Self> {
        Ok(match self {
            Self::Waiting(tiling) => Self::Waiting(tiling),
            Self::Lanes(lanes, most) => {
                let lanes = lanes.into_iter().map(|lane| lane.expect_nan(before, kept));
                Self::Lanes(lanes.collect::<io::Result<_>>()?, most)
            }
            Self::Tiles(planes, tiling) => Self::Tiles(planes.expect_nan(kept)?, tiling),
        })
    }

    /// All that was added. What waits is in `slices`, where some z may be NaN or not.
    pub(crate) fn finish(
        self,
        size: Size,
        kept: &Kept,
        slices: Slices,
        may_be_nan: bool,
    ) -> io::Result<Body<C>> {
        Ok(match self {
            Self::Waiting(tiling) => Body::Sparse(slices.sparse(tiling, kept, may_be_nan)?),
            Self::Lanes(lanes, _) => Body::Dense(Lane::sum(lanes, size, kept)?),
            Self::Tiles(planes, _) => Body::Dense(planes),
        })
    }
}

/// Room for the slices of a batch, reused from batch to batch; or all slices, of one kind of z.
#[derive(Debug, Default)]
pub(crate) struct Slices {
    single: Vec<Slice<f32>>,
    double: Vec<Slice<f64>>,
    without: Vec<Slice<()>>,
}

impl Slices {
    fn number(&self) -> usize {
        self.single.len() + self.double.len() + self.without.len()
    }

    fn sparse<C: Counter>(
        self,
        tiling: Tiling,
        kept: &Kept,
        may_be_nan: bool,
    ) -> io::Result<Sparse<C>> {
        let Self { single, double, without } = self;
        if !single.is_empty() {
            Sparse::of(&single, tiling, kept, may_be_nan)
        } else if !double.is_empty() {
            Sparse::of(&double, tiling, kept, may_be_nan)
        } else {
            Sparse::of(&without, tiling, kept, may_be_nan)
        }
    }
}

/// A z, and the room for slices of it.
trait Sliced: Sample {
    fn room(slices: &mut Slices) -> &mut Vec<Slice<Self>>;
}

impl Sliced for f32 {
    fn room(slices: &mut Slices) -> &mut Vec<Slice<Self>> {
        &mut slices.single
    }
}

impl Sliced for f64 {
    fn room(slices: &mut Slices) -> &mut Vec<Slice<Self>> {
        &mut slices.double
    }
}

impl Sliced for () {
    fn room(slices: &mut Slices) -> &mut Vec<Slice<Self>> {
        &mut slices.without
    }
}

/// What stays the same while columns are added.
pub(crate) struct Pass<'a> {
    pub(crate) size: Size,
    pub(crate) reductions: &'a Reductions,
    pub(crate) locator: &'a Locator,
    pub(crate) fields: &'a [Field],
    pub(crate) kept: &'a Kept,
    pub(crate) cut: Cut,
    /// Rows that have been added before.
    pub(crate) before: u64,
    pub(crate) progress: &'a dyn Progress,
}

impl Pass<'_> {
    pub(crate) fn add<C: Counter>(
        &self,
        columns: &Columns<'_>,
        cells: &mut Cells<C>,
        slices: &mut Slices,
    ) -> Result<Stats, Error> {
        let limits = self.locator.limits(columns.x.dtype(), columns.y.dtype());
        if self.fields.is_empty() {
            let rows = &Rows::new(columns, &[])?;
            let gather = Gather { rows, locator: self.locator, limits };
            return self.add_rows::<C, ()>(&gather, 0, cells, slices);
        }
        let mut stats = Stats::default();
        for (number, field) in self.fields.iter().enumerate() {
            let z = columns.z(&field.name);
            let z = z.ok_or_else(|| no_column(self.reductions, &field.name))?;
            let rows = &Rows::new(columns, &[z.source])?;
            let gather = Gather { rows, locator: self.locator, limits };
            stats = match z.source.dtype() {
                Dtype::F32 => self.add_rows::<C, f32>(&gather, number, cells, slices),
                Dtype::F64 => self.add_rows::<C, f64>(&gather, number, cells, slices),
            }?;
        }
        Ok(stats)
    }

    /// Adds these rows to what is kept of z number `field`, which is of this type.
    fn add_rows<C: Counter, Z: Sliced>(
        &self,
        gather: &Gather<'_>,
        field: usize,
        cells: &mut Cells<C>,
        slices: &mut Slices,
    ) -> Result<Stats, Error> {
        let stats = self.add_unfinished::<C, Z>(gather, field, cells, slices)?;
        gather.rows.finish()?;
        Ok(stats)
    }

    fn add_unfinished<C: Counter, Z: Sliced>(
        &self,
        gather: &Gather<'_>,
        field: usize,
        cells: &mut Cells<C>,
        slices: &mut Slices,
    ) -> Result<Stats, Error> {
        match cells {
            Cells::Lanes(lanes, most) => {
                let after = self.before + gather.rows.len() as u64;
                let stripes = usize::try_from(after.div_ceil(self.cut.stripe_rows));
                while lanes.len() < stripes.unwrap_or(usize::MAX).min(*most) {
                    let lane = Lane::new(self.size, self.kept);
                    lanes.push(lane.map_err(Error::Allocation)?);
                }
                self.straight::<C, Z>(gather, field, lanes, *most)
            }
            &mut Cells::Waiting(tiling) => {
                if let Some(stats) = self.put_aside::<Z>(gather, field, tiling, slices)? {
                    return Ok(stats);
                }
                // They are too many to wait, or of another kind.
                let planes = Accumulators::new(self.size.cells() as usize, self.kept);
                let mut planes = planes.map_err(Error::Allocation)?;
                let mut tiles = planes.tiles(field, tiling.tiles(), tiling.tile_cells());
                let Slices { single, double, without } = std::mem::take(slices);
                self.add_up(field, &single, &mut tiles);
                self.add_up(field, &double, &mut tiles);
                self.add_up(field, &without, &mut tiles);
                drop((single, double, without));
                let stats = self.by_tiles(gather, field, tiling, &mut tiles, Z::room(slices))?;
                *cells = Cells::Tiles(planes, tiling);
                Ok(stats)
            }
            Cells::Tiles(planes, tiling) => {
                let mut tiles = planes.tiles(field, tiling.tiles(), tiling.tile_cells());
                self.by_tiles(gather, field, *tiling, &mut tiles, Z::room(slices))
            }
        }
    }

    /// Partitions rows into slices of their own, if so many may wait and all are of one kind.
    fn put_aside<Z: Sliced>(
        &self,
        gather: &Gather<'_>,
        field: usize,
        tiling: Tiling,
        slices: &mut Slices,
    ) -> Result<Option<Stats>, Error> {
        // Fewer and longer ones have less room that stays empty.
        const LONGER: usize = 4;
        const FEW: usize = 16;
        let all = gather.rows.len();
        let shortest = self.cut.slice_rows;
        let slice_rows = (all / FEW).clamp(shortest, LONGER * shortest);
        let rows_of = |index: usize| {
            let start = index * slice_rows;
            start..all.min(start + slice_rows)
        };
        let number = slices.number();
        let waiting = Z::room(slices);
        let there: usize = waiting.iter().map(Slice::bytes_taken).sum();
        let new = 0..all.div_ceil(slice_rows);
        let needed =
            new.clone().map(|index| Slice::<Z>::bytes(tiling, rows_of(index).len())).sum::<usize>();
        let most = self.cut.most_waiting(self.size);
        let most_bytes = most * self.kept.bytes_per_cell(size_of::<u32>()) as u64;
        let too_many = self.before + all as u64 > most || (there + needed) as u64 > most_bytes;
        if too_many || waiting.len() < number {
            return Ok(None);
        }
        for index in new {
            let slice = Slice::new(tiling, rows_of(index).len());
            waiting.push(slice.map_err(Error::Allocation)?);
        }
        self.fill(gather, field, rows_of, &mut waiting[number..]).map(Some)
    }

    /// Rows are done once for all columns that are reduced: with the first.
    fn advance(&self, field: usize, stats: Stats) {
        if field == 0 {
            self.progress.advance(stats.points);
        }
    }

    /// Room for points whose z is not NaN, where some may be.
    fn room<Z>(&self, field: usize) -> Option<Vec<Z>> {
        self.fields.get(field).is_some_and(|field| field.about.may_be_nan).then(Vec::new)
    }

    fn straight<C: Counter, Z: Sample>(
        &self,
        gather: &Gather<'_>,
        field: usize,
        lanes: &mut [Lane<C>],
        all: usize,
    ) -> Result<Stats, Error> {
        let (before, stripe_rows) = (self.before, self.cut.stripe_rows);
        let after = before + gather.rows.len() as u64;
        let stripes = before / stripe_rows..after.div_ceil(stripe_rows);
        let next = AtomicU64::new(stripes.start);
        // Every thread has lanes of its own and takes their stripes in the order of the rows: all threads go through the rows
        // side by side, and what the system reads ahead of a file is what is needed next.
        let threads = rayon::current_num_threads().min(lanes.len());
        let mut groups: Vec<Vec<&mut Lane<C>>> = (0..threads).map(|_| Vec::new()).collect();
        for (index, lane) in lanes.iter_mut().enumerate() {
            groups[index % threads].push(lane);
        }
        let in_lanes =
            groups.into_par_iter().with_max_len(1).enumerate().map(|(group, mut lanes)| {
                let (mut room, mut valid) = (Room::new(), self.room(field));
                let mut stats = Stats::default();
                let lane_of = |stripe: u64| (stripe % all as u64) as usize;
                let mut own = stripes.clone().filter(|&stripe| lane_of(stripe) % threads == group);
                let mut following = || {
                    if self.kept.is_counts() {
                        // Any lane will do.
                        let stripe = next.fetch_add(1, Ordering::Relaxed);
                        stripes.contains(&stripe).then_some((stripe, 0))
                    } else {
                        own.next().map(|stripe| (stripe, lane_of(stripe) / threads))
                    }
                };
                while let Some((stripe, lane)) = following() {
                    if self.progress.cancelled() {
                        return Err(Error::Cancelled);
                    }
                    let lane = &mut lanes[lane];
                    let start = (stripe * stripe_rows).max(before) - before;
                    let end = ((stripe + 1) * stripe_rows).min(after) - before;
                    let here = start as usize..end as usize;
                    let here = gather.points::<Z>(here, &mut room, |cells, z| {
                        let points = cells.iter().copied().zip(z.iter().copied());
                        lane.add(field, points, valid.as_mut());
                    })?;
                    stats += here;
                    self.advance(field, here);
                }
                Ok(stats)
            });
        in_lanes.try_reduce(Stats::default, |a, b| Ok(a + b))
    }

    fn by_tiles<C: Counter, Z: Sample>(
        &self,
        gather: &Gather<'_>,
        field: usize,
        tiling: Tiling,
        tiles: &mut [Tile<'_, C>],
        slices: &mut Vec<Slice<Z>>,
    ) -> Result<Stats, Error> {
        let Cut { slice_rows, slice_bytes, .. } = self.cut;
        let all = gather.rows.len();
        // Two batches are under way, one that is filled and one that is added up.
        let most = (slice_bytes / Slice::<Z>::bytes(tiling, slice_rows)).max(2) / 2;
        let needed = most.min(all.div_ceil(slice_rows));
        while slices.len() < 2 * needed {
            slices.push(Slice::new(tiling, slice_rows).map_err(Error::Allocation)?);
        }
        let (filled, free) = slices.split_at_mut(needed);
        let (mut filled, mut free) = (filled, &mut free[..needed]);
        let batches = (0..all).step_by(slice_rows * needed.max(1));
        let rows_of = |batch: usize, index: usize| {
            let start = all.min(batch + index * slice_rows);
            start..all.min(start + slice_rows)
        };
        let mut stats = Stats::default();
        for batch in batches {
            let fill = || self.fill(gather, field, |index| rows_of(batch, index), free);
            // While the first one is filled, there is none to be added up.
            let add = || self.add_up(field, filled, tiles);
            let (counted, ()) = rayon::join(fill, add);
            stats += counted?;
            std::mem::swap(&mut filled, &mut free);
        }
        self.add_up(field, filled, tiles);
        filled.iter_mut().for_each(Slice::clear);
        free.iter_mut().for_each(Slice::clear);
        Ok(stats)
    }

    /// Partitions rows, the share of each slice by its number.
    fn fill<Z: Sample>(
        &self,
        gather: &Gather<'_>,
        field: usize,
        share: impl Fn(usize) -> Range<usize> + Sync,
        slices: &mut [Slice<Z>],
    ) -> Result<Stats, Error> {
        // In their order: threads go through the rows side by side.
        let counted = slices.iter_mut().enumerate().par_bridge().map_init(
            Room::new,
            |room, (index, slice)| -> Result<Stats, Error> {
                if self.progress.cancelled() {
                    return Err(Error::Cancelled);
                }
                slice.clear();
                let put = |cells: &[u32], z: &[Z]| slice.put(cells, z);
                let stats = gather.points(share(index), room, put)?;
                self.advance(field, stats);
                Ok(stats)
            },
        );
        counted.try_reduce(Stats::default, |a, b| Ok(a + b))
    }

    /// Adds the points of slices to the tiles, in the order of the slices.
    fn add_up<C: Counter, Z: Sample>(
        &self,
        field: usize,
        slices: &[Slice<Z>],
        tiles: &mut [Tile<'_, C>],
    ) {
        tiles.par_iter_mut().enumerate().for_each_init(
            || self.room(field),
            |room, (index, tile)| {
                for slice in slices {
                    slice.add_to(index, tile, room.as_mut());
                }
            },
        );
    }
}
