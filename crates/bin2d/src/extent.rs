//! The region that a grid covers.

use std::fmt;
use std::str::FromStr;

use pointillist_base::{Dtype, Invalid};
use serde::{Deserialize, Serialize};

/// The region that a grid covers, in data units. Both widths are finite and greater than zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredExtent")]
pub struct Extent {
    /// Left edge of the first column of cells.
    pub xmin: f64,
    /// Right edge of the last column of cells.
    pub xmax: f64,
    /// Lower edge of the last row of cells.
    pub ymin: f64,
    /// Upper edge of row 0.
    pub ymax: f64,
}

impl Extent {
    /// The region between these edges.
    ///
    /// # Errors
    /// When an edge is not finite, a pair is reversed or equal, or a width is too large for a double.
    pub fn new(xmin: f64, xmax: f64, ymin: f64, ymax: f64) -> Result<Self, Invalid> {
        for (axis, lo, hi) in [('x', xmin, xmax), ('y', ymin, ymax)] {
            let problem = if !lo.is_finite() || !hi.is_finite() {
                "is not finite".to_owned()
            } else if lo > hi {
                format!("is reversed: {axis}min comes first")
            } else if lo == hi {
                format!("is empty: {axis}max must be larger than {axis}min")
            } else if !(hi - lo).is_finite() {
                "is too wide for a double".to_owned()
            } else {
                continue;
            };
            return Err(Invalid(format!("the extent from {axis} = {lo:?} to {hi:?} {problem}")));
        }
        Ok(Self { xmin, xmax, ymin, ymax })
    }

    /// Whether the edges are still apart when they are rounded to the types that x and y are stored in.
    pub(crate) fn check(&self, x: Dtype, y: Dtype) -> Result<(), Invalid> {
        let &Self { xmin, xmax, ymin, ymax } = self;
        for (axis, dtype, lo, hi) in [('x', x, xmin, xmax), ('y', y, ymin, ymax)] {
            if dtype == Dtype::F32 && are_one_float(lo, hi) {
                return Err(Invalid(format!(
                    "the extent from {axis} = {lo:?} to {hi:?} is empty in 32 bits, which {axis} is stored in: both \
                     are {:?} there; read the points with --dtype f64, or ask for a wider extent",
                    lo as f32
                )));
            }
        }
        Ok(())
    }

    /// `xmax - xmin` in data units: finite and greater than zero.
    pub fn width(&self) -> f64 {
        self.xmax - self.xmin
    }

    /// `ymax - ymin` in data units: finite and greater than zero.
    pub fn height(&self) -> f64 {
        self.ymax - self.ymin
    }
}

/// Reads `XMIN,XMAX,YMIN,YMAX`.
impl FromStr for Extent {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fields: Vec<&str> = text.split(',').map(str::trim).collect();
        let &[xmin, xmax, ymin, ymax] = fields.as_slice() else {
            return Err(Invalid(format!(
                "{text:?} is not an extent: expected XMIN,XMAX,YMIN,YMAX, four numbers, found {}",
                fields.len()
            )));
        };
        Self::new(number(xmin)?, number(xmax)?, number(ymin)?, number(ymax)?)
    }
}

fn number(text: &str) -> Result<f64, Invalid> {
    text.parse().map_err(|_| Invalid(format!("{text:?} is not a number")))
}

/// Writes `XMIN,XMAX,YMIN,YMAX`, with all digits that matter.
impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?},{:?},{:?},{:?}", self.xmin, self.xmax, self.ymin, self.ymax)
    }
}

/// An extent as it stands in a file, before it is checked.
#[derive(Deserialize)]
pub(crate) struct StoredExtent {
    xmin: f64,
    xmax: f64,
    ymin: f64,
    ymax: f64,
}

impl TryFrom<StoredExtent> for Extent {
    type Error = Invalid;

    fn try_from(stored: StoredExtent) -> Result<Self, Invalid> {
        Self::new(stored.xmin, stored.xmax, stored.ymin, stored.ymax)
    }
}

/// Whether an edge of 32 bits is both.
pub(crate) fn are_one_float(lo: f64, hi: f64) -> bool {
    lo as f32 == hi as f32
}
