//! The grid that leaves this crate: named pages of cells over an extent.

use std::ops::Range;

use pointillist_base::{Dtype, Float, OwnedValues, memory};

use crate::accumulate::Counter;
use crate::carried::{Stored, stored};
use crate::over::{Composited, Layer};
use crate::planes::{Accumulators, Kept, Plane};
use crate::sparse::Sparse;
use crate::{Error, Extent, Frame, Reduction, Reductions, Stats, Term};

/// One reduction of all cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The name: `count`, `mean`, `max:mag`, …
    pub name: String,
    /// One value a cell: `len = width * height`, row-major, row 0 = top (largest y). NaN where no value is.
    pub values: OwnedValues,
}

/// What is kept of the points of every cell. Pages are computed from it when they are asked for.
#[derive(Debug)]
pub struct Grid {
    frame: Frame,
    reductions: Reductions,
    /// Of each page, the number of the column that it is of.
    fields: Vec<usize>,
    stats: Stats,
    cells: Counted,
    over: Option<Layer>,
}

/// What is kept, with counters as wide as the number of rows needs.
#[derive(Debug)]
pub(crate) enum Counted {
    Narrow(Body<u32>),
    Wide(Body<u64>),
}

/// What is kept, of all cells or only of those that hold points.
#[derive(Debug)]
pub(crate) enum Body<C> {
    Dense(Accumulators<C>),
    Sparse(Sparse<C>),
}

impl<C: Counter> Body<C> {
    fn kept(&self) -> Kept {
        match self {
            Self::Dense(planes) => planes.kept(),
            Self::Sparse(sparse) => sparse.kept(),
        }
    }

    fn reduce<T: Float>(
        &self,
        reduction: Reduction,
        field: usize,
        cells: Range<usize>,
        values: &mut [T],
    ) {
        match self {
            Self::Dense(planes) => planes.reduce(reduction, field, cells, values),
            Self::Sparse(sparse) => sparse.reduce(reduction, field, cells, values),
        }
    }

    fn copy<T: Float>(&self, plane: Plane, field: usize, cells: Range<usize>, values: &mut [T]) {
        match self {
            Self::Dense(planes) => planes.copy(plane, field, cells, values),
            Self::Sparse(sparse) => sparse.copy(plane, field, cells, values),
        }
    }

    fn counts_need_f64(&self) -> bool {
        match self {
            Self::Dense(planes) => planes.counts_need_f64(),
            Self::Sparse(sparse) => sparse.counts_need_f64(),
        }
    }
}

impl Grid {
    pub(crate) fn new(
        frame: Frame,
        reductions: Reductions,
        fields: Vec<usize>,
        stats: Stats,
        cells: Counted,
    ) -> Self {
        Self { frame, reductions, fields, stats, cells, over: None }
    }

    /// The same with the points composited.
    pub(crate) fn with_over(self, over: Option<Layer>) -> Self {
        Self { over, ..self }
    }

    /// How points were composited, if they were.
    pub fn composited(&self) -> Option<&Composited> {
        self.over.as_ref().map(Layer::about)
    }

    /// Where the cells lie.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// The region.
    pub fn extent(&self) -> Extent {
        self.frame.extent
    }

    /// Columns of cells.
    pub fn width(&self) -> u32 {
        self.frame.size.width()
    }

    /// Rows of cells.
    pub fn height(&self) -> u32 {
        self.frame.size.height()
    }

    /// The reductions that there are pages of.
    pub fn reductions(&self) -> &Reductions {
        &self.reductions
    }

    /// Where the points went.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Computes these rows of the page of `term`, row 0 being the top. `values` is row-major,
    /// `len = rows.len() * width`; each is rounded once, from 64 bits. A cell without a value is NaN.
    ///
    /// # Panics
    /// When `term` is not among [`Grid::reductions`], the rows are not in the grid, or `values` has another
    /// length.
    pub fn page_rows<T: Float>(&self, term: &Term, rows: Range<u32>, values: &mut [T]) {
        let page = self.reductions.as_slice().iter().position(|page| page == term);
        let Some(page) = page else { panic!("{term} is not in the grid") };
        let (reduction, field) = (term.reduction(), self.fields[page]);
        assert!(rows.start <= rows.end && rows.end <= self.height(), "rows outside the grid");
        let width = self.width() as usize;
        let cells = rows.start as usize * width..rows.end as usize * width;
        assert_eq!(values.len(), cells.len(), "a value for each cell");
        if let (Some(channel), Some(over)) = (reduction.channel(), &self.over) {
            over.page_rows(channel, rows, values);
            return;
        }
        match &self.cells {
            Counted::Narrow(body) => body.reduce(reduction, field, cells, values),
            Counted::Wide(body) => body.reduce(reduction, field, cells, values),
        }
    }

    #[cfg(test)]
    pub(crate) fn counted(&self) -> &Counted {
        &self.cells
    }

    /// Where a shard of this grid stores what it keeps.
    pub(crate) fn stored(&self) -> Vec<Stored> {
        let kept = match &self.cells {
            Counted::Narrow(body) => body.kept(),
            Counted::Wide(body) => body.kept(),
        };
        stored(&self.reductions, &self.fields, &kept)
    }

    /// As [`Grid::page_rows`], of what is kept.
    pub(crate) fn plane_rows<T: Float>(
        &self,
        plane: Plane,
        field: usize,
        rows: Range<u32>,
        values: &mut [T],
    ) {
        let width = self.width() as usize;
        let cells = rows.start as usize * width..rows.end as usize * width;
        match &self.cells {
            Counted::Narrow(body) => body.copy(plane, field, cells, values),
            Counted::Wide(body) => body.copy(plane, field, cells, values),
        }
    }

    /// Computes the whole page of `term`.
    ///
    /// # Errors
    /// [`Error::Allocation`] when there is no memory for it.
    ///
    /// # Panics
    /// When `term` is not among [`Grid::reductions`].
    pub fn page(&self, term: &Term, dtype: Dtype) -> Result<Page, Error> {
        let values = match dtype {
            Dtype::F32 => OwnedValues::F32(self.whole(term)?),
            Dtype::F64 => OwnedValues::F64(self.whole(term)?),
        };
        Ok(Page { name: term.to_string(), values })
    }

    fn whole<T: Float>(&self, term: &Term) -> Result<Vec<T>, Error> {
        let cells = self.frame.size.cells() as usize;
        let mut values = memory::filled(cells, T::default())?;
        self.page_rows(term, 0..self.height(), &mut values);
        Ok(values)
    }

    /// Whether a cell holds so many points that 32-bit floats round their number: some above 2²⁴.
    pub(crate) fn counts_need_f64(&self) -> bool {
        self.reductions.as_slice().contains(&Reduction::Count.into())
            && self.stats.binned > 1 << f32::MANTISSA_DIGITS
            && match &self.cells {
                Counted::Narrow(body) => body.counts_need_f64(),
                Counted::Wide(body) => body.counts_need_f64(),
            }
    }
}
