//! Points to bin, as they are handed over.

use std::ops::Range;

use pointillist_ingest::{Values, Zones};

use crate::Error;
use crate::gather::{Zoned, part};

/// Points to bin: columns of one length.
#[derive(Debug, Clone)]
pub struct Columns<'a> {
    pub(crate) x: Values<'a>,
    pub(crate) y: Values<'a>,
    pub(crate) z: Vec<Z<'a>>,
    pub(crate) zones: Option<Zoned<'a>>,
}

/// A column that is reduced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Z<'a> {
    pub(crate) name: &'a str,
    pub(crate) values: Values<'a>,
    pub(crate) has_nan: bool,
}

impl<'a> Columns<'a> {
    /// Columns of the same length.
    ///
    /// # Errors
    /// [`Error::Lengths`] when the lengths differ.
    pub fn new(x: Values<'a>, y: Values<'a>) -> Result<Self, Error> {
        if x.len() != y.len() {
            return Err(Error::Lengths { x: x.len(), y: y.len(), z: None });
        }
        Ok(Self { x, y, z: Vec::new(), zones: None })
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
        values: Values<'a>,
        has_nan: bool,
    ) -> Result<Self, Error> {
        if values.len() != self.rows() {
            return Err(Error::Lengths { x: self.x.len(), y: self.y.len(), z: Some(values.len()) });
        }
        self.z.push(Z { name, values, has_nan });
        Ok(self)
    }

    /// The same with the zones of x and y: blocks of rows that lie beside the extent are then passed over unread.
    /// They must be the zones of these very columns, or points are left out.
    pub fn with_zones(self, x: &'a Zones, y: &'a Zones) -> Self {
        Self { zones: Some(Zoned { x, y, before: 0 }), ..self }
    }

    /// Only these of the rows. Whether there may be NaN is still as was said of all of them.
    ///
    /// # Panics
    /// When there are no such rows.
    pub fn share(mut self, rows: Range<usize>) -> Self {
        (self.x, self.y) = (part(self.x, rows.clone()), part(self.y, rows.clone()));
        for z in &mut self.z {
            z.values = part(z.values, rows.clone());
        }
        if let Some(zones) = &mut self.zones {
            zones.before += rows.start;
        }
        self
    }

    /// Number of points.
    pub fn rows(&self) -> usize {
        self.x.len()
    }

    /// The column of that name.
    pub(crate) fn z(&self, name: &str) -> Option<&Z<'a>> {
        self.z.iter().find(|z| z.name == name)
    }
}
