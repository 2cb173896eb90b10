//! Numbers of either float type: the values of a column or of a page, borrowed, to be written, or owned.

mod float;

use std::collections::TryReserveError;
use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::memory;
pub use float::Float;

/// The type of stored numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 32-bit floats, `<f4` to NumPy.
    F32,
    /// 64-bit floats, `<f8` to NumPy.
    F64,
}

impl Dtype {
    /// Bytes of one number.
    pub const fn size(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// Values, borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Values<'a> {
    /// 32-bit floats.
    F32(&'a [f32]),
    /// 64-bit floats.
    F64(&'a [f64]),
}

impl<'a> Values<'a> {
    /// Those at these places.
    ///
    /// # Panics
    /// When there are no such places.
    pub fn slice(&self, places: Range<usize>) -> Values<'a> {
        match *self {
            Self::F32(values) => Values::F32(&values[places]),
            Self::F64(values) => Values::F64(&values[places]),
        }
    }

    /// Writes as many as there is room for, each rounded to the nearest of the type there.
    pub fn round_into<T: Float>(&self, into: &mut [T]) {
        match self {
            Self::F32(values) => {
                into.iter_mut().zip(*values).for_each(|(to, &value)| *to = T::from_f32(value));
            }
            Self::F64(values) => {
                into.iter_mut().zip(*values).for_each(|(to, &value)| *to = T::from_f64(value));
            }
        }
    }

    /// The type of the values.
    pub fn dtype(&self) -> Dtype {
        match self {
            Self::F32(_) => Dtype::F32,
            Self::F64(_) => Dtype::F64,
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a> From<&'a [f32]> for Values<'a> {
    fn from(values: &'a [f32]) -> Self {
        Values::F32(values)
    }
}

impl<'a> From<&'a [f64]> for Values<'a> {
    fn from(values: &'a [f64]) -> Self {
        Values::F64(values)
    }
}

impl<'a> From<&'a OwnedValues> for Values<'a> {
    fn from(values: &'a OwnedValues) -> Self {
        match values {
            OwnedValues::F32(values) => Values::F32(values),
            OwnedValues::F64(values) => Values::F64(values),
        }
    }
}

/// Values to be written.
#[derive(Debug, PartialEq)]
pub enum ValuesMut<'a> {
    /// 32-bit floats.
    F32(&'a mut [f32]),
    /// 64-bit floats.
    F64(&'a mut [f64]),
}

/// Values of their own.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnedValues {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 64-bit floats.
    F64(Vec<f64>),
}

impl Default for OwnedValues {
    /// No values.
    fn default() -> Self {
        Self::F32(Vec::new())
    }
}

impl OwnedValues {
    /// Resizes to `len` values of `dtype`, in the memory that they have where that will do. What they are is unspecified.
    ///
    /// # Errors
    /// Where the system has no room for them.
    pub fn resize(&mut self, dtype: Dtype, len: usize) -> Result<(), TryReserveError> {
        match (dtype, &mut *self) {
            (Dtype::F32, Self::F64(_)) => *self = Self::F32(Vec::new()),
            (Dtype::F64, Self::F32(_)) => *self = Self::F64(Vec::new()),
            _ => {}
        }
        match self {
            Self::F32(values) => memory::resize(values, len),
            Self::F64(values) => memory::resize(values, len),
        }
    }
}
