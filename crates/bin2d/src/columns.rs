//! Points to bin, as they are handed over.

use std::ops::Range;

use pointillist_base::{Dtype, Values};
use pointillist_ingest::{Column, Zones};

use crate::Error;

/// Where the values of a column are.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// In memory.
    Memory(Values<'a>),
    /// In the file of a `.points` folder, from which they are read, and checked, as they are needed.
    File(&'a Column),
}

impl<'a> From<Values<'a>> for Source<'a> {
    fn from(values: Values<'a>) -> Self {
        Self::Memory(values)
    }
}

impl<'a> From<&'a Column> for Source<'a> {
    fn from(column: &'a Column) -> Self {
        Self::File(column)
    }
}

impl<'a> Source<'a> {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Memory(values) => values.len(),
            Self::File(column) => column.rows() as usize,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stored type.
    pub fn dtype(&self) -> Dtype {
        match self {
            Self::Memory(values) => values.dtype(),
            Self::File(column) => column.dtype(),
        }
    }

    /// What is known of blocks of rows, where something is.
    fn zones(self) -> Option<&'a Zones> {
        match self {
            Self::Memory(_) => None,
            Self::File(column) => Some(column.zones()),
        }
    }
}

/// Points to bin: columns of one length.
#[derive(Debug, Clone)]
pub struct Columns<'a> {
    pub(crate) x: Source<'a>,
    pub(crate) y: Source<'a>,
    pub(crate) z: Vec<Z<'a>>,
    /// Which of the rows.
    pub(crate) share: Range<usize>,
}

/// A column that is reduced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Z<'a> {
    pub(crate) name: &'a str,
    pub(crate) source: Source<'a>,
    pub(crate) has_nan: bool,
}

impl<'a> Columns<'a> {
    /// Columns of the same length. Where both are files, blocks of rows that lie beside the extent are passed over unread.
    ///
    /// # Errors
    /// [`Error::Lengths`] when the lengths differ.
    pub fn new(x: impl Into<Source<'a>>, y: impl Into<Source<'a>>) -> Result<Self, Error> {
        let (x, y) = (x.into(), y.into());
        if x.len() != y.len() {
            return Err(Error::Lengths { x: x.len(), y: y.len(), z: None });
        }
        Ok(Self { x, y, z: Vec::new(), share: 0..x.len() })
    }

    /// The same with a column to reduce. Reductions that name no column are of the first. `has_nan` may be true
    /// without need, which only costs time; it must not be false when there is a NaN, which would then make a NaN of
    /// everything in its cell.
    ///
    /// # Errors
    /// [`Error::Lengths`] when its length differs.
    pub fn with_z(
        mut self,
        name: &'a str,
        source: impl Into<Source<'a>>,
        has_nan: bool,
    ) -> Result<Self, Error> {
        let source = source.into();
        self.check_length(source)?;
        self.z.push(Z { name, source, has_nan });
        Ok(self)
    }

    /// Whether a column is as long as x and y.
    pub(crate) fn check_length(&self, source: Source<'_>) -> Result<(), Error> {
        if source.len() == self.x.len() {
            return Ok(());
        }
        Err(Error::Lengths { x: self.x.len(), y: self.y.len(), z: Some(source.len()) })
    }

    /// Only these of the rows. Whether there may be NaN is still as was said of all of them.
    ///
    /// # Panics
    /// When there are no such rows.
    pub fn share(mut self, rows: Range<usize>) -> Self {
        assert!(rows.start <= rows.end && rows.end <= self.rows(), "rows of the columns");
        let before = self.share.start;
        self.share = before + rows.start..before + rows.end;
        self
    }

    /// Number of points.
    pub fn rows(&self) -> usize {
        self.share.len()
    }

    /// The column of that name.
    pub(crate) fn z(&self, name: &str) -> Option<&Z<'a>> {
        self.z.iter().find(|z| z.name == name)
    }

    /// The zones of x and y.
    pub(crate) fn zones(&self) -> Option<[&'a Zones; 2]> {
        self.x.zones().zip(self.y.zones()).map(|(x, y)| [x, y])
    }
}
