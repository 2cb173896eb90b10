//! How many cells a grid has each way.

use std::fmt;
use std::str::FromStr;

use pointillist_base::Invalid;
use serde::{Deserialize, Serialize};

/// Largest width or height in cells: what signed 32-bit readers of TIFF can address.
const MAX_SIDE: u32 = i32::MAX as u32;

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
    pub fn new(width: u32, height: u32) -> Result<Self, Invalid> {
        Self::checked(u64::from(width), u64::from(height))
    }

    pub(crate) fn checked(width: u64, height: u64) -> Result<Self, Invalid> {
        let problem = if width == 0 || height == 0 {
            "no cells: both sides must be at least 1".to_owned()
        } else if width > u64::from(MAX_SIDE) || height > u64::from(MAX_SIDE) {
            format!("a side longer than {MAX_SIDE} cells")
        } else if width * height >= u64::from(u32::MAX) {
            format!("{} cells, and a grid holds at most {}", width * height, u32::MAX - 1)
        } else {
            return Ok(Self { width: width as u32, height: height as u32 });
        };
        Err(Invalid(format!("a grid of {width}x{height} has {problem}")))
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
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (width, height) = text.split_once(['x', 'X', '×']).unwrap_or((text, text));
        let side = |side: &str| {
            let side = side.trim();
            if side.is_empty() || !side.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Invalid(format!(
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
    type Error = Invalid;

    fn try_from(stored: StoredSize) -> Result<Self, Invalid> {
        Self::new(stored.width, stored.height)
    }
}
