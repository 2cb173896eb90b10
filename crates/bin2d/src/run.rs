//! Columns to a grid: batches of rows, each partitioned slice by slice and then added up tile by tile.
//!
//! Slices, batches and tiles only depend on the input, never on the threads, and each cell sees its points in row
//! order; so the result is the same to the bit whatever the number of threads. Memory is the planes of one
//! grid and the points of one batch.

use pointillist_ingest::{Progress, Values};
use rayon::prelude::*;

use crate::accumulate::{Accumulators, Counter, Planes, Sample, Tile, Valid};
use crate::grid::{Counted, Stats};
use crate::partition::{Locator, Slice, Tiling, part};
use crate::{Error, Extent, Frame, Grid, Reductions, Size, os};

/// Points to bin: columns of one length.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    x: Values<'a>,
    y: Values<'a>,
    z: Option<Values<'a>>,
    z_has_nan: bool,
}

impl<'a> Columns<'a> {
    /// Columns of the same length. `z_has_nan` may be true without need, which only costs time; it must not be
    /// false when z holds a NaN, which would then make a NaN of everything in its cell.
    ///
    /// # Errors
    /// [`Error::Lengths`] when the lengths differ.
    pub fn new(
        x: Values<'a>,
        y: Values<'a>,
        z: Option<Values<'a>>,
        z_has_nan: bool,
    ) -> Result<Self, Error> {
        let z_len = z.map(|z| z.len());
        if x.len() != y.len() || z_len.is_some_and(|len| len != x.len()) {
            return Err(Error::Lengths { x: x.len(), y: y.len(), z: z_len });
        }
        Ok(Self { x, y, z, z_has_nan })
    }

    /// Number of points.
    pub fn rows(&self) -> usize {
        self.x.len()
    }
}

/// How the work is cut up. Results do not depend on it.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// Rows of a slice: its sorted points stay in the second level of cache.
    slice_rows: usize,
    /// Slices of a batch.
    batch_slices: usize,
    /// The most tiles: points of a slice are written to as many places at a time.
    tiles: usize,
}

impl Cut {
    /// A batch passes once over the grid, so a large grid wants large batches; 16 Mi rows are 128 MiB.
    fn for_cells(cells: u32) -> Self {
        let slice_rows = 1 << 16;
        let batch_rows = (cells as usize).clamp(1 << 22, 1 << 24);
        Self { slice_rows, batch_slices: batch_rows / slice_rows, tiles: 1024 }
    }

    /// Bytes that a batch takes, of at most `rows` rows in all.
    fn bytes(&self, rows: u64, sample: usize) -> u64 {
        let batch_rows = (self.slice_rows * self.batch_slices) as u64;
        let starts = self.batch_slices * (self.tiles + 2) * size_of::<u32>();
        rows.min(batch_rows) * (size_of::<u32>() + sample) as u64 + starts as u64
    }
}

/// Bins all points of `sources`, one after another, as if they were one. Runs on the threads of the current
/// rayon pool; `progress` counts rows.
///
/// # Errors
/// [`Error::Options`] when the frame's extent has no width, [`Error::NoZ`] when a reduction of z is asked for and
/// some source has none, [`Error::Memory`] or
/// [`Error::Allocation`] when the grid does not fit into memory, [`Error::Cancelled`] when `progress` says so.
pub fn bin(
    sources: &[Columns<'_>],
    frame: &Frame,
    reductions: &Reductions,
    progress: &dyn Progress,
) -> Result<Grid, Error> {
    bin_cut(sources, frame, reductions, Cut::for_cells(frame.size.cells()), progress)
}

fn bin_cut(
    sources: &[Columns<'_>],
    frame: &Frame,
    reductions: &Reductions,
    cut: Cut,
    progress: &dyn Progress,
) -> Result<Grid, Error> {
    // The fields of an extent are public, so it may have come about without its checks.
    let Extent { xmin, xmax, ymin, ymax } = frame.extent;
    Extent::new(xmin, xmax, ymin, ymax)?;
    let first_of_z = reductions.first_of_z();
    if let Some(reduction) = first_of_z
        && sources.iter().any(|columns| columns.z.is_none())
    {
        return Err(Error::NoZ { reduction });
    }
    let rows = sources.iter().map(|columns| columns.rows() as u64).sum();
    let z_has_nan = sources.iter().any(|columns| columns.z_has_nan);
    let planes = Planes::of(reductions.as_slice(), z_has_nan);
    let narrow = rows <= u64::from(u32::MAX);
    let cell = planes.bytes_per_cell(if narrow { size_of::<u32>() } else { size_of::<u64>() });
    let sample = match first_of_z {
        None => 0,
        Some(_) if sources.iter().any(|columns| matches!(columns.z, Some(Values::F64(_)))) => 8,
        Some(_) => 4,
    };
    fits(frame.size, reductions, cell, cut.bytes(rows, sample), os::available_memory())?;

    let run = Run {
        frame,
        planes,
        cut,
        tiling: Tiling::new(frame.size.cells(), cell, cut.tiles),
        z_has_nan,
        z_needed: first_of_z.is_some(),
        progress,
    };
    let (stats, cells) = if narrow {
        let (stats, cells) = run.bin(sources)?;
        (stats, Counted::Narrow(cells))
    } else {
        let (stats, cells) = run.bin(sources)?;
        (stats, Counted::Wide(cells))
    };
    Ok(Grid::new(*frame, reductions.clone(), stats, cells))
}

/// Refuses a grid that would not fit into memory before anything is allocated: a process that takes more than
/// there is would be ended by the operating system, without a message.
fn fits(
    size: Size,
    reductions: &Reductions,
    cell: usize,
    batch: u64,
    available: Option<u64>,
) -> Result<(), Error> {
    let cell = cell as u64;
    let needed = u64::from(size.cells()).saturating_mul(cell).saturating_add(batch);
    match available {
        Some(available) if needed > available => Err(Error::Memory {
            size,
            reductions: reductions.clone(),
            needed,
            available,
            fitting: size.shrunk_to(available.saturating_sub(batch) / cell.max(1)),
        }),
        _ => Ok(()),
    }
}

/// What stays the same while a grid is made.
struct Run<'a> {
    frame: &'a Frame,
    planes: Planes,
    cut: Cut,
    tiling: Tiling,
    z_has_nan: bool,
    z_needed: bool,
    progress: &'a dyn Progress,
}

impl Run<'_> {
    fn bin<C: Counter>(&self, sources: &[Columns<'_>]) -> Result<(Stats, Accumulators<C>), Error> {
        let mut cells = Accumulators::new(self.frame.size.cells() as usize, self.planes)?;
        let mut tiles = cells.tiles(self.tiling.tiles(), self.tiling.tile_cells());
        let mut stats = Stats::default();
        for columns in sources {
            stats += match columns.z.filter(|_| self.z_needed) {
                Some(Values::F32(z)) => self.add(columns.x, columns.y, z, &mut tiles),
                Some(Values::F64(z)) => self.add(columns.x, columns.y, z, &mut tiles),
                // As many values as there are rows, of no bytes each.
                None => self.add(columns.x, columns.y, &vec![(); columns.rows()], &mut tiles),
            }?;
        }
        drop(tiles);
        Ok((stats, cells))
    }

    fn add<C: Counter, Z: Sample>(
        &self,
        x: Values<'_>,
        y: Values<'_>,
        z: &[Z],
        tiles: &mut [Tile<'_, C>],
    ) -> Result<Stats, Error> {
        let Cut { slice_rows, batch_slices, .. } = self.cut;
        let rows = x.len();
        let locator = Locator::new(self.frame);
        let mut slices: Vec<Slice<Z>> =
            (0..rows.div_ceil(slice_rows).min(batch_slices)).map(|_| Slice::new()).collect();
        let mut stats = Stats::default();
        for batch in (0..rows).step_by(slice_rows * batch_slices) {
            if self.progress.cancelled() {
                return Err(Error::Cancelled);
            }
            let filled = (rows - batch).div_ceil(slice_rows).min(batch_slices);
            let slices = &mut slices[..filled];
            let counted = slices.par_iter_mut().enumerate().map_init(
                Vec::new,
                |unsorted, (index, slice)| -> Result<Stats, Error> {
                    let start = batch + index * slice_rows;
                    let range = start..rows.min(start + slice_rows);
                    let (x, y, z) = (part(x, range.clone()), part(y, range.clone()), &z[range]);
                    let stats = slice.fill(&locator, self.tiling, x, y, z, unsorted)?;
                    self.progress.advance(stats.points);
                    Ok(stats)
                },
            );
            stats += counted.try_reduce(Stats::default, |a, b| Ok(a + b))?;
            let slices = &*slices;
            tiles.par_iter_mut().enumerate().for_each_init(
                || self.z_has_nan.then(Valid::new),
                |valid, (index, tile)| {
                    for slice in slices {
                        let (cells, z) = slice.tile(index);
                        tile.add(cells, z, valid.as_mut());
                    }
                },
            );
        }
        Ok(stats)
    }
}

#[cfg(test)]
mod tests;
