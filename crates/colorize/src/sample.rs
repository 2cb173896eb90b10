//! The types a cell can have, and a view that holds either.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Sub};

use pointillist_bin2d::PageValues;

/// The cells of a page, borrowed, in the type they are stored in.
///
/// `len = width * height`, row-major, row 0 = top. NaN where no value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cells<'a> {
    /// 32-bit floats.
    F32(&'a [f32]),
    /// 64-bit floats.
    F64(&'a [f64]),
}

impl Cells<'_> {
    /// How many cells there are.
    pub fn len(&self) -> usize {
        match self {
            Cells::F32(cells) => cells.len(),
            Cells::F64(cells) => cells.len(),
        }
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cells `start..end`.
    pub(crate) fn slice(&self, start: usize, end: usize) -> Self {
        match self {
            Cells::F32(cells) => Cells::F32(&cells[start..end]),
            Cells::F64(cells) => Cells::F64(&cells[start..end]),
        }
    }
}

impl<'a> From<&'a [f32]> for Cells<'a> {
    fn from(cells: &'a [f32]) -> Self {
        Cells::F32(cells)
    }
}

impl<'a> From<&'a [f64]> for Cells<'a> {
    fn from(cells: &'a [f64]) -> Self {
        Cells::F64(cells)
    }
}

impl<'a> From<&'a PageValues> for Cells<'a> {
    fn from(values: &'a PageValues) -> Self {
        match values {
            PageValues::F32(cells) => Cells::F32(cells),
            PageValues::F64(cells) => Cells::F64(cells),
        }
    }
}

/// Runs the body with the slice inside of a [`Cells`], once compiled for each type.
macro_rules! with_cells {
    ($cells:expr, $slice:ident => $body:expr) => {
        match $cells {
            $crate::sample::Cells::F32($slice) => $body,
            $crate::sample::Cells::F64($slice) => $body,
        }
    };
}
pub(crate) use with_cells;

/// A float that a page is stored in. Kernels compute in this type wherever NumPy does.
pub(crate) trait Sample:
    Copy
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    const ZERO: Self;
    const NAN: Self;

    /// The same number in 64 bits.
    fn wide(self) -> f64;
    /// The nearest number of this type.
    fn narrow(wide: f64) -> Self;
    fn finite(self) -> bool;
    fn nan(self) -> bool;
    /// Whether it is a whole number.
    fn whole(self) -> bool;
    /// A total order.
    fn order(&self, other: &Self) -> Ordering;
    fn magnitude(self) -> Self;
    fn square_root(self) -> Self;
    fn power(self, exponent: Self) -> Self;
    fn log_10(self) -> Self;
    fn log_e(self) -> Self;
    /// Truncated towards zero and kept in range; 0 for NaN.
    fn truncated(self) -> i32;
}

macro_rules! sample {
    ($float:ty) => {
        impl Sample for $float {
            const ZERO: Self = 0.0;
            const NAN: Self = <$float>::NAN;

            #[inline(always)]
            fn wide(self) -> f64 {
                self.into()
            }
            #[inline(always)]
            fn narrow(wide: f64) -> Self {
                wide as $float
            }
            #[inline(always)]
            fn finite(self) -> bool {
                self.is_finite()
            }
            #[inline(always)]
            fn nan(self) -> bool {
                self.is_nan()
            }
            #[inline(always)]
            fn whole(self) -> bool {
                self.trunc() == self
            }
            #[inline(always)]
            fn order(&self, other: &Self) -> Ordering {
                self.total_cmp(other)
            }
            #[inline(always)]
            fn magnitude(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn square_root(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn power(self, exponent: Self) -> Self {
                self.powf(exponent)
            }
            #[inline(always)]
            fn log_10(self) -> Self {
                self.log10()
            }
            #[inline(always)]
            fn log_e(self) -> Self {
                self.ln()
            }
            #[inline(always)]
            fn truncated(self) -> i32 {
                self as i32
            }
        }
    };
}
sample!(f32);
sample!(f64);
