//! What is coloured: a page of values and, where there is one, its page of counts, read by rows.
//!
//! Limits, equalization and shading go over the cells in blocks of rows, so that none of them needs to know
//! whether a page is in memory ([`Resident`]) or too large for it and in a file ([`Stored`]).

use std::ops::Range;

use pointillist_base::{Dtype, OwnedValues, Progress, Values};
use pointillist_bin2d::{GridFile, Idle, PageRows, RowBuffer};
use rayon::prelude::*;

use crate::Error;

/// Values of a block of a page in memory: enough to make up for starting a task, few enough to share a small
/// grid.
const BLOCK: usize = 1 << 16;

/// The name of the page of counts.
pub(crate) const COUNT: &str = "count";

/// A page of values and its counts, of which rows can be had on any thread.
pub trait Layer: Sync {
    /// Columns, in cells.
    fn width(&self) -> usize;

    /// Rows, in cells.
    fn height(&self) -> usize;

    /// The type of the values.
    fn dtype(&self) -> Dtype;

    /// The type of the counts, where there are any.
    fn counts_dtype(&self) -> Option<Dtype>;

    /// Rows, at least 1, that are best asked for together: from a multiple of it to the next.
    fn block_rows(&self) -> usize;

    /// Rows of which fewer take as long as these. Default: 1.
    fn least_rows(&self) -> usize {
        1
    }

    /// The rows, row 0 = top. What is not in memory is read into `buffer`, which any earlier call may have used.
    ///
    /// # Errors
    /// Where rows are read from a file, what that says; [`Error::Cancelled`].
    ///
    /// # Panics
    /// If there are not so many rows.
    fn read<'a>(&'a self, rows: Range<usize>, buffer: &'a mut Buffer) -> Result<Band<'a>, Error>;
}

/// Some rows of a [`Layer`].
#[derive(Debug, Clone, Copy)]
pub struct Band<'a> {
    /// `len = rows * width`, row-major.
    pub values: Values<'a>,
    /// As many counts, if there are any. A cell is occupied where its count is above zero, or where its value
    /// is not NaN if there are no counts.
    pub counts: Option<Values<'a>>,
}

/// Memory that one thread reads rows into.
#[derive(Debug, Default)]
pub struct Buffer {
    pub(crate) values: OwnedValues,
    pub(crate) counts: OwnedValues,
    /// What the values are made of, where they are made.
    pub(crate) pages: Vec<OwnedValues>,
    pub(crate) file: RowBuffer,
}

/// Calls `step` with every block of rows, on the threads of rayon's current pool and in no order, and merges
/// what becomes of them.
pub(crate) fn fold<A: Send>(
    layer: &dyn Layer,
    init: impl Fn() -> A + Sync,
    step: impl Fn(&mut A, Band<'_>) + Sync,
    merge: impl Fn(A, A) -> A + Sync,
) -> Result<A, Error> {
    let (height, rows) = (layer.height(), layer.block_rows());
    let idle = Idle::<Buffer>::default();
    (0..height.div_ceil(rows))
        .into_par_iter()
        .try_fold(&init, |mut state, block| {
            let rows = block * rows..height.min((block + 1) * rows);
            idle.lend(|buffer| layer.read(rows, buffer).map(|band| step(&mut state, band)))?;
            Ok(state)
        })
        .try_reduce(&init, |a, b| Ok(merge(a, b)))
}

/// Pages in memory.
#[derive(Debug, Clone, Copy)]
pub struct Resident<'a> {
    values: Values<'a>,
    counts: Option<Values<'a>>,
    width: usize,
    height: usize,
}

impl<'a> Resident<'a> {
    /// Pages of `width * height` cells each, row-major, row 0 = top.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many cells, [`Error::TooLarge`] if nothing could hold as many.
    pub fn new(
        values: Values<'a>,
        counts: Option<Values<'a>>,
        width: usize,
        height: usize,
    ) -> Result<Self, Error> {
        // Four bytes each are counted as well.
        let cells = width.checked_mul(height).filter(|cells| cells.checked_mul(4).is_some());
        let cells = cells.ok_or(Error::TooLarge { width, height })?;
        for (what, page) in [("the page", Some(values)), ("the count page", counts)] {
            if let Some(page) = page
                && page.len() != cells
            {
                return Err(Error::Shape { what, found: page.len(), width, height });
            }
        }
        Ok(Resident { values, counts, width, height })
    }
}

#[cfg(test)]
impl<'a> Resident<'a> {
    /// Values in one column, so that there are several blocks of many.
    pub(crate) fn column(values: Values<'a>, counts: Option<Values<'a>>) -> Self {
        Resident::new(values, counts, 1, values.len()).unwrap()
    }
}

impl Layer for Resident<'_> {
    fn width(&self) -> usize {
        self.width
    }

    fn height(&self) -> usize {
        self.height
    }

    fn dtype(&self) -> Dtype {
        self.values.dtype()
    }

    fn counts_dtype(&self) -> Option<Dtype> {
        self.counts.map(|counts| counts.dtype())
    }

    fn block_rows(&self) -> usize {
        resident_rows(self.width)
    }

    fn read<'a>(&'a self, rows: Range<usize>, _: &'a mut Buffer) -> Result<Band<'a>, Error> {
        let (start, end) = (rows.start * self.width, rows.end * self.width);
        let counts = self.counts.map(|counts| counts.slice(start..end));
        Ok(Band { values: self.values.slice(start..end), counts })
    }
}

/// Rows of a block of pages in memory.
pub(crate) fn resident_rows(width: usize) -> usize {
    (BLOCK / width.max(1)).max(1)
}

/// Some cells of a page.
pub(crate) fn slice(values: &OwnedValues, cells: Range<usize>) -> Values<'_> {
    match values {
        OwnedValues::F32(values) => Values::F32(&values[cells]),
        OwnedValues::F64(values) => Values::F64(&values[cells]),
    }
}

/// Pages of a grid's file, of which no more than a few rows a thread are in memory.
pub struct Stored<'a> {
    width: usize,
    height: usize,
    values: PageRows<'a>,
    counts: Option<CountRows<'a>>,
    progress: &'a dyn Progress,
}

/// The counts of [`Stored`] pages.
#[derive(Clone, Copy)]
pub(crate) enum CountRows<'a> {
    /// The page of values is that of the counts.
    Same,
    Other(PageRows<'a>),
}

impl<'a> Stored<'a> {
    /// The page `by` of a grid with its page `count`, if it has one, both read once to see that they are whole.
    ///
    /// # Errors
    /// Those of [`GridFile::page_rows`].
    pub fn new(grid: &'a GridFile, by: &str, progress: &'a dyn Progress) -> Result<Self, Error> {
        let values = grid.page_rows(by, progress)?;
        let counts = match by {
            COUNT => Some(CountRows::Same),
            _ if grid.page_names().any(|name| name == COUNT) => {
                Some(CountRows::Other(grid.page_rows(COUNT, progress)?))
            }
            _ => None,
        };
        Ok(Stored::of(grid, values, counts, progress))
    }

    /// Pages that were found whole already.
    pub(crate) fn of(
        grid: &'a GridFile,
        values: PageRows<'a>,
        counts: Option<CountRows<'a>>,
        progress: &'a dyn Progress,
    ) -> Self {
        let (width, height) = (grid.width() as usize, grid.height() as usize);
        Stored { width, height, values, counts, progress }
    }
}

impl Layer for Stored<'_> {
    fn width(&self) -> usize {
        self.width
    }

    fn height(&self) -> usize {
        self.height
    }

    fn dtype(&self) -> Dtype {
        self.values.dtype()
    }

    fn counts_dtype(&self) -> Option<Dtype> {
        self.counts.as_ref().map(|counts| match counts {
            CountRows::Same => self.values.dtype(),
            CountRows::Other(counts) => counts.dtype(),
        })
    }

    fn block_rows(&self) -> usize {
        self.values.rows_per_strip()
    }

    fn read<'b>(&'b self, rows: Range<usize>, buffer: &'b mut Buffer) -> Result<Band<'b>, Error> {
        if self.progress.cancelled() {
            return Err(Error::Cancelled);
        }
        self.values.read(rows.clone(), &mut buffer.values, &mut buffer.file)?;
        let values = Values::from(&buffer.values);
        let counts = match &self.counts {
            None => None,
            Some(CountRows::Same) => Some(values),
            Some(CountRows::Other(counts)) => {
                counts.read(rows, &mut buffer.counts, &mut buffer.file)?;
                Some(Values::from(&buffer.counts))
            }
        };
        Ok(Band { values, counts })
    }
}

/// The counts of a layer as its values, for what is to be found in them.
pub(crate) struct Counts<'a> {
    layer: &'a dyn Layer,
    dtype: Dtype,
}

impl<'a> Counts<'a> {
    /// `None` where there are no counts.
    pub(crate) fn of(layer: &'a dyn Layer) -> Option<Self> {
        layer.counts_dtype().map(|dtype| Counts { layer, dtype })
    }
}

impl Layer for Counts<'_> {
    fn width(&self) -> usize {
        self.layer.width()
    }

    fn height(&self) -> usize {
        self.layer.height()
    }

    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn counts_dtype(&self) -> Option<Dtype> {
        Some(self.dtype)
    }

    fn block_rows(&self) -> usize {
        self.layer.block_rows()
    }

    fn least_rows(&self) -> usize {
        self.layer.least_rows()
    }

    fn read<'a>(&'a self, rows: Range<usize>, buffer: &'a mut Buffer) -> Result<Band<'a>, Error> {
        let band = self.layer.read(rows, buffer)?;
        Ok(Band { values: band.counts.unwrap_or(band.values), counts: band.counts })
    }
}
