//! The region and the cells of a grid: from what was asked for and what the data spans to a [`Frame`].

use pointillist_base::Dtype;
use serde::{Deserialize, Serialize};

use crate::extent::are_one_float;
use crate::{Error, Extent, Size};

/// How far from a whole number of cells an extent may be and still count as one, in cells. Decimal
/// resolutions are not exact in binary: 0.7 / 0.1 is 6.999999999999999, and 1.1 / 0.1 is 11.000000000000002.
const WHOLE: f64 = 1e-6;

/// How the extent is divided.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cells {
    /// Into so many cells.
    Size(Size),
    /// Into square cells of this edge in data units: finite and greater than zero. `xmin` and `ymin` stay where
    /// they are; `xmax` and `ymax` move up until a whole number of cells fits. An extent that is a
    /// whole number of cells wide, to a millionth of a cell, keeps its edges.
    Resolution(f64),
}

/// Whether cells are square.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// As they come: the extent and the number of cells are those that were asked for.
    #[default]
    Auto,
    /// Square. Where the number of cells is given, the extent grows along one axis, by as much on both sides,
    /// until cells are as long as they are wide; it never shrinks. An axis along which it would grow by less than a
    /// millionth of a cell keeps its edges. Cells of a [`Cells::Resolution`] are square as it is.
    Equal,
}

/// What finite values a pair of columns spans: (smallest, largest) of each, `None` where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bounds {
    /// Of the x column.
    pub x: Option<(f64, f64)>,
    /// Of the y column.
    pub y: Option<(f64, f64)>,
}

impl Bounds {
    /// The smallest bounds that hold these and `other`.
    pub fn union(self, other: Self) -> Self {
        let join = |a: Option<(f64, f64)>, b: Option<(f64, f64)>| match (a, b) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (one, None) | (None, one) => one,
        };
        Self { x: join(self.x, other.x), y: join(self.y, other.y) }
    }
}

/// Where the cells of a grid lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// The region, divided evenly.
    pub extent: Extent,
    /// Into so many cells.
    pub size: Size,
}

impl Frame {
    /// Resolves what was asked for: `extent`, or else the bounds of the data, divided as `cells` and `aspect` say.
    /// The extent of the result is the one that is divided, and holds the one asked for.
    ///
    /// Bounds of no width are widened by 0.5 on both sides, as NumPy does; where the numbers are so large
    /// that this changes nothing, to the neighbouring doubles. With [`Aspect::Equal`], those of one axis grow as wide
    /// as the other asks instead.
    ///
    /// # Errors
    /// [`Error::NoBounds`] when the bounds are asked for and there are none; [`Error::Options`] when they are too
    /// wide for a double, also after they have grown, the resolution is not a positive number, or it makes too many
    /// cells.
    pub fn resolve(
        cells: Cells,
        aspect: Aspect,
        extent: Option<Extent>,
        bounds: Bounds,
    ) -> Result<Self, Error> {
        Self::resolve_stored(cells, aspect, extent, bounds, [Dtype::F64; 2])
    }

    /// The same where x and y are stored in these types: bounds that are one number in 32 bits, also after they have been
    /// widened or have grown, are widened to the neighbouring floats.
    pub(crate) fn resolve_stored(
        cells: Cells,
        aspect: Aspect,
        extent: Option<Extent>,
        bounds: Bounds,
        stored: [Dtype; 2],
    ) -> Result<Self, Error> {
        let (mut x, mut y) = match extent {
            Some(extent) => ((extent.xmin, extent.xmax), (extent.ymin, extent.ymax)),
            None => (
                bounds.x.ok_or(Error::NoBounds { axis: 'x' })?,
                bounds.y.ok_or(Error::NoBounds { axis: 'y' })?,
            ),
        };
        if let (Cells::Size(size), Aspect::Equal) = (cells, aspect) {
            (x, y) = with_square_cells(x, y, size);
        }
        (x, y) = (widen(x), widen(y));
        if extent.is_none() {
            (x, y) = (told_apart(x, stored[0]), told_apart(y, stored[1]));
        }
        let ((xmin, xmax), (ymin, ymax)) = (x, y);
        let extent = Extent::new(xmin, xmax, ymin, ymax)?;
        match cells {
            Cells::Size(size) => Ok(Self { extent, size }),
            Cells::Resolution(edge) => {
                if !(edge.is_finite() && edge > 0.0) {
                    return Err(Error::Options(format!(
                        "a resolution of {edge:?} makes no cells: it is the edge of a cell in data \
                         units, and must be finite and larger than zero"
                    )));
                }
                let (width, xmax) = whole_cells(extent.xmin, extent.xmax, edge);
                let (height, ymax) = whole_cells(extent.ymin, extent.ymax, edge);
                let size = Size::checked(width, height).map_err(|error| {
                    Error::Options(format!("{error}; ask for a resolution coarser than {edge:?}"))
                })?;
                Ok(Self { extent: Extent::new(extent.xmin, xmax, extent.ymin, ymax)?, size })
            }
        }
    }
}

fn widen((lo, hi): (f64, f64)) -> (f64, f64) {
    if lo != hi {
        return (lo, hi);
    }
    if lo - 0.5 < hi + 0.5 {
        return (lo - 0.5, hi + 0.5);
    }
    let (below, above) = (lo.next_down(), hi.next_up());
    (if below.is_finite() { below } else { lo }, if above.is_finite() { above } else { hi })
}

/// A range that has a width also where it is rounded to this type.
fn told_apart((lo, hi): (f64, f64), stored: Dtype) -> (f64, f64) {
    if stored == Dtype::F64 || !are_one_float(lo, hi) {
        return (lo, hi);
    }
    let middle = lo as f32;
    let (below, above) = (middle.next_down(), middle.next_up());
    (
        if below.is_finite() { f64::from(below) } else { lo },
        if above.is_finite() { f64::from(above) } else { hi },
    )
}

/// Both ranges, of which one has grown until `size` divides them into square cells.
fn with_square_cells(x: (f64, f64), y: (f64, f64), size: Size) -> ((f64, f64), (f64, f64)) {
    // What has no width grows with the other; where there is no other, it is widened like any bounds.
    let (x, y) = if x.0 == x.1 && y.0 == y.1 { (widen(x), widen(y)) } else { (x, y) };
    let (columns, rows) = (f64::from(size.width()), f64::from(size.height()));
    let edge = ((x.1 - x.0) / columns).max((y.1 - y.0) / rows);
    (grown(x, edge, columns), grown(y, edge, rows))
}

/// The range with the same middle of so many cells of this edge, which are not fewer than it has.
fn grown((lo, hi): (f64, f64), edge: f64, cells: f64) -> (f64, f64) {
    let missing = cells - (hi - lo) / edge;
    // Rounding alone leaves a little missing; and what is too wide for a double is refused as it was asked for.
    if missing > WHOLE && edge.is_finite() {
        let margin = missing / 2.0 * edge;
        (lo - margin, hi + margin)
    } else {
        (lo, hi)
    }
}

/// The number of cells of this edge that cover `lo..hi`, and where the last one ends. A number that is too
/// large for a grid stays too large.
fn whole_cells(lo: f64, hi: f64, edge: f64) -> (u64, f64) {
    let cells = (hi - lo) / edge;
    let nearest = cells.round();
    let whole = if (cells - nearest).abs() <= WHOLE { nearest } else { cells.ceil() };
    let whole = whole.max(1.0).min(f64::from(u32::MAX));
    let end = if (cells - whole).abs() <= WHOLE { hi } else { lo + whole * edge };
    // Whatever is rounded, no value of the extent asked for may fall outside.
    (whole as u64, end.max(hi))
}

#[cfg(test)]
mod tests;
