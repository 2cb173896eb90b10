//! The region and the cells of a grid: from what was asked for and what the data spans to a [`Frame`].

use std::fmt;
use std::str::FromStr;

use pointillist_base::Dtype;
use serde::{Deserialize, Serialize};

use crate::{Error, Extent};

/// Largest width or height in cells: what signed 32-bit readers of TIFF can address.
const MAX_SIDE: u32 = i32::MAX as u32;

/// How far from a whole number of cells an extent may be and still count as one, in cells. Decimal
/// resolutions are not exact in binary: 0.7 / 0.1 is 6.999999999999999, and 1.1 / 0.1 is 11.000000000000002.
const WHOLE: f64 = 1e-6;

impl Extent {
    /// The region between these edges.
    ///
    /// # Errors
    /// When an edge is not finite, a pair is reversed or equal, or a width is too large for a double.
    pub fn new(xmin: f64, xmax: f64, ymin: f64, ymax: f64) -> Result<Self, Error> {
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
            return Err(Error::Options(format!(
                "the extent from {axis} = {lo:?} to {hi:?} {problem}"
            )));
        }
        Ok(Self { xmin, xmax, ymin, ymax })
    }

    /// Whether the edges are still apart when they are rounded to the types that x and y are stored in.
    pub(crate) fn check(&self, x: Dtype, y: Dtype) -> Result<(), Error> {
        let &Self { xmin, xmax, ymin, ymax } = self;
        for (axis, dtype, lo, hi) in [('x', x, xmin, xmax), ('y', y, ymin, ymax)] {
            if dtype == Dtype::F32 && are_one_float(lo, hi) {
                return Err(Error::Options(format!(
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
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fields: Vec<&str> = text.split(',').map(str::trim).collect();
        let &[xmin, xmax, ymin, ymax] = fields.as_slice() else {
            return Err(Error::Options(format!(
                "{text:?} is not an extent: expected XMIN,XMAX,YMIN,YMAX, four numbers, found {}",
                fields.len()
            )));
        };
        Self::new(number(xmin)?, number(xmax)?, number(ymin)?, number(ymax)?)
    }
}

fn number(text: &str) -> Result<f64, Error> {
    text.parse().map_err(|_| Error::Options(format!("{text:?} is not a number")))
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
    type Error = Error;

    fn try_from(stored: StoredExtent) -> Result<Self, Error> {
        Self::new(stored.xmin, stored.xmax, stored.ymin, stored.ymax)
    }
}

/// The number of cells of a grid each way: both at least 1 and at most 2³¹ - 1, and their product below
/// 2³² - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StoredSize")]
pub struct Size {
    width: u32,
    height: u32,
}

impl Size {
    /// A grid of `width` columns and `height` rows.
    ///
    /// # Errors
    /// When a side is zero or too long, or there are too many cells.
    pub fn new(width: u32, height: u32) -> Result<Self, Error> {
        Self::checked(u64::from(width), u64::from(height))
    }

    fn checked(width: u64, height: u64) -> Result<Self, Error> {
        let problem = if width == 0 || height == 0 {
            "no cells: both sides must be at least 1".to_owned()
        } else if width > u64::from(MAX_SIDE) || height > u64::from(MAX_SIDE) {
            format!("a side longer than {MAX_SIDE} cells")
        } else if width * height >= u64::from(u32::MAX) {
            format!("{} cells, and a grid holds at most {}", width * height, u32::MAX - 1)
        } else {
            return Ok(Self { width: width as u32, height: height as u32 });
        };
        Err(Error::Options(format!("a grid of {width}x{height} has {problem}")))
    }

    /// Columns of cells.
    pub fn width(self) -> u32 {
        self.width
    }

    /// Rows of cells.
    pub fn height(self) -> u32 {
        self.height
    }

    /// `width * height`.
    pub fn cells(self) -> u32 {
        self.width * self.height
    }

    /// A size of about the same shape with at most `cells` cells; `None` where that is no cell at all.
    pub(crate) fn shrunk_to(self, cells: u64) -> Option<Self> {
        let scale = (cells as f64 / f64::from(self.cells())).min(1.0).sqrt();
        let side = |cells: u32| ((f64::from(cells) * scale) as u32).max(1);
        let (width, height) = (side(self.width), side(self.height));
        // A side that cannot shrink below one cell leaves all of the shrinking to the other.
        let width = width.min(u32::try_from(cells / u64::from(height)).unwrap_or(u32::MAX));
        let height = height.min(u32::try_from(cells / u64::from(width.max(1))).unwrap_or(u32::MAX));
        Self::new(width, height).ok()
    }
}

/// 1024 cells each way.
impl Default for Size {
    fn default() -> Self {
        Self { width: 1024, height: 1024 }
    }
}

/// Reads `WxH`, or `N` for `NxN`.
impl FromStr for Size {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (width, height) = text.split_once(['x', 'X', '×']).unwrap_or((text, text));
        let side = |side: &str| {
            let side = side.trim();
            if side.is_empty() || !side.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Error::Options(format!(
                    "{text:?} is not a size: expected WxH or N, whole numbers of cells, as in \
                     1920x1080"
                )));
            }
            // Digits that do not fit are a number all the same, only one that is far too large.
            Ok(side.parse().unwrap_or(u64::from(u32::MAX)).min(u64::from(u32::MAX)))
        };
        Self::checked(side(width)?, side(height)?)
    }
}

/// Writes `WxH`.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

#[derive(Deserialize)]
struct StoredSize {
    width: u32,
    height: u32,
}

impl TryFrom<StoredSize> for Size {
    type Error = Error;

    fn try_from(stored: StoredSize) -> Result<Self, Error> {
        Self::new(stored.width, stored.height)
    }
}

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

fn are_one_float(lo: f64, hi: f64) -> bool {
    lo as f32 == hi as f32
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
