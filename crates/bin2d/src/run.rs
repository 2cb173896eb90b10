//! Columns to a grid, on all threads.
//!
//! A small grid is kept several times over, in lanes: rows go to the lanes in turn, in stripes of a fixed length,
//! each lane is filled by one thread at a time, and in the end the lanes are added up in their order. A large
//! grid is kept once: rows are partitioned, slice by slice, by the tile of the grid they fall into, and then
//! added up tile by tile. Where it has far more cells than there are rows, that waits until all are partitioned, and
//! only cells that hold points are kept.
//!
//! Whether there are lanes depends on the grid alone, and so does how many there are and which stripes go to each, unless
//! there is nothing but counts. Stripes depend on nothing at all, and slices, batches, tiles and waiting leave the order
//! of a cell's points as it is; so the result is the same to the bit whatever the number of threads.

use pointillist_base::memory::available_memory;
use pointillist_base::{Dtype, Instructions, OnlyCancelled, Progress};

use crate::columns::Columns;
use crate::grid::Counted;
use crate::lane::{self, Lane};
use crate::locate::Locator;
use crate::over::{Coloring, Layering};
use crate::partition::Slice;
use crate::pass::{Cells, Pass, Slices};
use crate::plan::{Cut, Field, Plan, fits, no_column};
use crate::planes::{About, Kept};
use crate::{Error, Extent, Frame, Grid, Reduction, Reductions, Stats, Term};

/// Bins all points of `sources`, one after another, as if they were one. Where points are to be composited, their columns
/// r, g, b and maybe a, which count only where all sources have it, are from 0 to 1. Runs on the threads of the current
/// rayon pool; `progress` counts rows.
///
/// # Errors
/// [`Error::Options`] when the frame's extent has no width, or none in 32 bits along an axis that is stored in these,
/// [`Error::NoZ`] when some source lacks a column that is to be reduced, [`Error::Points`] when a file cannot be read or is
/// damaged, [`Error::Memory`] or [`Error::Allocation`] when
/// the grid does not fit into memory, [`Error::Cancelled`] when `progress` says so.
pub fn bin(
    sources: &[Columns<'_>],
    frame: &Frame,
    reductions: &Reductions,
    progress: &dyn Progress,
) -> Result<Grid, Error> {
    let wanted = Wanted::from(reductions);
    bin_cut(sources, frame, wanted, Cut::default(), Instructions::chosen(), progress)
}

/// The same where the colors of points are made as `coloring` says.
pub(crate) fn bin_colored(
    sources: &[Columns<'_>],
    frame: &Frame,
    reductions: &Reductions,
    coloring: &Coloring,
    progress: &dyn Progress,
) -> Result<Grid, Error> {
    let wanted = Wanted { reductions, coloring: *coloring };
    bin_cut(sources, frame, wanted, Cut::default(), Instructions::chosen(), progress)
}

/// What is made of points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) reductions: &'a Reductions,
    /// How points are composited, where that is among them.
    pub(crate) coloring: Coloring,
}

impl<'a> From<&'a Reductions> for Wanted<'a> {
    fn from(reductions: &'a Reductions) -> Self {
        Self { reductions, coloring: Coloring::default() }
    }
}

fn bin_cut<'a>(
    sources: &[Columns<'_>],
    frame: &Frame,
    wanted: impl Into<Wanted<'a>>,
    cut: Cut,
    instructions: Instructions,
    progress: &dyn Progress,
) -> Result<Grid, Error> {
    let Wanted { reductions, coloring } = wanted.into();
    // Without sources it does not matter what nothing is added of.
    let z = match sources.first() {
        Some(columns) => columns.z.first().map(|z| z.name),
        None => Some("z"),
    };
    let names = reductions.columns(z).ok_or_else(|| no_column(reductions, "z"))?;
    let fields: Vec<Field> = names
        .into_iter()
        .map(|name| {
            let z = || sources.iter().filter_map(|columns| columns.z(name));
            Field {
                name: name.to_owned(),
                about: About {
                    may_be_nan: z().any(|z| z.has_nan),
                    is_wide: z().any(|z| z.source.dtype() == Dtype::F64),
                },
            }
        })
        .collect();
    let rows = sources.iter().map(|columns| columns.rows() as u64).sum();
    let has_alpha = !sources.is_empty() && sources.iter().all(|columns| columns.z("a").is_some());
    let wanted = Wanted { reductions, coloring: coloring.with_alpha(has_alpha) };
    let mut binner = Binner::new(frame, wanted, z, fields, cut, instructions, Some(rows))?;
    for columns in sources {
        binner = binner.add(columns, progress)?;
    }
    binner.finish()
}

/// The reductions, each with the number of its field.
fn wanted(reductions: &Reductions, field_of_page: &[usize]) -> Vec<(Reduction, usize)> {
    let reductions = reductions.as_slice().iter().map(Term::reduction);
    reductions.zip(field_of_page.iter().copied()).collect()
}

/// A grid in the making, to which columns are added one after another.
#[derive(Debug)]
pub(crate) struct Binner {
    frame: Frame,
    reductions: Reductions,
    locator: Locator,
    fields: Vec<Field>,
    /// Of each page, the number of its field.
    field_of_page: Vec<usize>,
    kept: Kept,
    cut: Cut,
    stats: Stats,
    store: Store,
    slices: Slices,
    /// Where points are composited.
    over: Option<Layering>,
}

/// What has been counted, with counters as wide as the number of rows needs.
#[derive(Debug)]
enum Store {
    Narrow(Cells<u32>),
    Wide(Cells<u64>),
}

impl Binner {
    /// For points with these fields, which are the columns that `reductions` are of, with `z` for one that is not
    /// named, and so many rows, where that is known.
    pub(crate) fn new<'a>(
        frame: &Frame,
        asked: impl Into<Wanted<'a>>,
        z: Option<&str>,
        fields: Vec<Field>,
        cut: Cut,
        instructions: Instructions,
        rows: Option<u64>,
    ) -> Result<Self, Error> {
        let Wanted { reductions, coloring } = asked.into();
        // The fields of an extent are public, so it may have come about without its checks.
        let Extent { xmin, xmax, ymin, ymax } = frame.extent;
        Extent::new(xmin, xmax, ymin, ymax)?;
        let cells = frame.size.cells();
        let terms = reductions.as_slice();
        let field = |term: &Term| {
            let column = term.column().or(z);
            fields.iter().position(|field| column == Some(field.name.as_str())).unwrap_or(0)
        };
        let field_of_page: Vec<usize> = terms.iter().map(field).collect();
        let wanted = wanted(reductions, &field_of_page);
        let about: Vec<About> = fields.iter().map(|field| field.about).collect();
        let kept = Kept::of(&wanted, &about);
        // Whether there are NaN changes nothing in the result.
        let as_if: Vec<About> =
            about.iter().map(|about| About { may_be_nan: true, ..*about }).collect();
        let plan = Plan::new(frame.size, &Kept::of(&wanted, &as_if), cut, rows);
        let (cell, more) = match plan {
            // A little more for the pitch.
            Plan::Lanes(lanes) => (Lane::<u32>::bytes_per_cell(&kept) * lanes, 4 << 20),
            Plan::Tiles(tiling) | Plan::Waiting(tiling) => {
                let slice = if about.iter().any(|about| about.is_wide) {
                    Slice::<f64>::bytes(tiling, cut.slice_rows)
                } else {
                    Slice::<f32>::bytes(tiling, cut.slice_rows)
                };
                let cell = kept.bytes_per_cell(size_of::<u32>());
                // Where more may come than may wait, those that wait stand beside all cells for a while.
                let waiting = match (plan, rows) {
                    (Plan::Waiting(_), None) => cut.most_waiting(frame.size) * cell as u64,
                    _ => 0,
                };
                (cell, waiting.max(slice.max(cut.slice_bytes) as u64))
            }
        };
        let composited = reductions.has_over();
        let (pixel, beside) =
            if composited { Layering::bytes(frame, &coloring, cut)? } else { (0, 0) };
        let (cell_bytes, more) = (cell as u64 + pixel, more + beside);
        fits(frame.size, reductions, cell_bytes, more, available_memory())?;
        let over =
            composited.then(|| Layering::new(frame, &coloring, cut, instructions)).transpose()?;
        let store = Cells::new(plan, cells as usize, &kept).map_err(Error::Allocation)?;
        let locator = Locator::new(frame, instructions);
        let locator = match plan {
            Plan::Lanes(_) => locator.with_pitch(lane::pitch(frame.size)),
            Plan::Tiles(_) | Plan::Waiting(_) => locator,
        };
        Ok(Self {
            frame: *frame,
            reductions: reductions.clone(),
            locator,
            fields,
            field_of_page,
            kept,
            cut,
            stats: Stats::default(),
            store: Store::Narrow(store),
            slices: Slices::default(),
            over,
        })
    }

    /// Adds points, as rows behind those that are there.
    pub(crate) fn add(
        mut self,
        columns: &Columns<'_>,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        self.locator.check(columns.x.dtype(), columns.y.dtype())?;
        if let Some(over) = &mut self.over {
            let others = self.reductions.has_others();
            // Rows are done once.
            let stats = match others {
                true => over.add(columns, &OnlyCancelled(progress))?,
                false => over.add(columns, progress)?,
            };
            if !others {
                self.stats += stats;
                return Ok(self);
            }
        }
        if self.stats.points + columns.rows() as u64 > u64::from(u32::MAX) {
            self = self.widen()?;
        }
        let has_nan = |field: &Field| columns.z(&field.name).is_some_and(|z| z.has_nan);
        if self.fields.iter().any(|field| has_nan(field) && !field.about.may_be_nan) {
            self = self.expect_nan(has_nan)?;
        }
        let Self { frame, reductions, locator, fields, kept, cut, stats, store, slices, .. } =
            &mut self;
        let size = frame.size;
        let (cut, before) = (*cut, stats.points);
        let pass = Pass { size, reductions, locator, fields, kept, cut, before, progress };
        *stats += match store {
            Store::Narrow(cells) => pass.add(columns, cells, slices),
            Store::Wide(cells) => pass.add(columns, cells, slices),
        }?;
        Ok(self)
    }

    /// Goes on where some values of these fields may be NaN, of which none was so far.
    fn expect_nan(mut self, has_nan: impl Fn(&Field) -> bool) -> Result<Self, Error> {
        for field in &mut self.fields {
            field.about.may_be_nan |= has_nan(field);
        }
        let about: Vec<About> = self.fields.iter().map(|field| field.about).collect();
        let mut kept = Kept::of(&wanted(&self.reductions, &self.field_of_page), &about);
        // What is there goes on, needed or not.
        kept.count |= self.kept.count;
        if kept == self.kept {
            return Ok(self);
        }
        // What has been taken is at hand already.
        let cell = kept.bytes_per_cell(size_of::<u32>());
        let taken = match &self.store {
            Store::Narrow(Cells::Waiting(_)) | Store::Wide(Cells::Waiting(_)) => 0,
            _ => self.kept.bytes_per_cell(size_of::<u32>()),
        };
        let taken = taken as u64 * u64::from(self.frame.size.cells());
        let available = available_memory().map(|available| available.saturating_add(taken));
        fits(self.frame.size, &self.reductions, cell as u64, 0, available)?;
        let store = match self.store {
            Store::Narrow(cells) => cells.expect_nan(&self.kept, &kept).map(Store::Narrow),
            Store::Wide(cells) => cells.expect_nan(&self.kept, &kept).map(Store::Wide),
        };
        Ok(Self { store: store.map_err(Error::Allocation)?, kept, ..self })
    }

    /// Makes room for counts of more than 2³² - 1 points.
    fn widen(self) -> Result<Self, Error> {
        let store = match self.store {
            Store::Narrow(cells) => cells.widen().map_err(Error::Allocation)?,
            Store::Wide(cells) => cells,
        };
        Ok(Self { store: Store::Wide(store), ..self })
    }

    /// The grid of all points that were added.
    pub(crate) fn finish(self) -> Result<Grid, Error> {
        let Self {
            frame, reductions, fields, field_of_page, kept, stats, store, slices, over, ..
        } = self;
        let (size, may_be_nan) = (frame.size, fields.iter().any(|field| field.about.may_be_nan));
        let counted = match store {
            Store::Narrow(cells) => {
                cells.finish(size, &kept, slices, may_be_nan).map(Counted::Narrow)
            }
            Store::Wide(cells) => cells.finish(size, &kept, slices, may_be_nan).map(Counted::Wide),
        };
        let cells = counted.map_err(Error::Allocation)?;
        let over = over.map(Layering::finish);
        Ok(Grid::new(frame, reductions, field_of_page, stats, cells).with_over(over))
    }
}

#[cfg(test)]
mod tests;
