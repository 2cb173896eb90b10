//! The TIFF of a grid: one float page for each reduction, with the geography that GDAL and QGIS read, and a
//! description that pointillist reads.
//!
//! Page 1's ImageDescription is a JSON object with everything about the grid; every page's has its name and
//! the hash of its pixels. All that is no pixel stands under a hash at the end of the file ([`seal`]). Pages are strips
//! of whole rows, uncompressed unless that is asked for, as they are read far more often than they are sent. All pages
//! are of the type that was asked for, but one of counts that 32 bits would round is of 64. A shard has further pages,
//! which [`Shards`](crate::Shards) reads.

mod deflate;
mod directory;
mod problem;
mod reader;
mod seal;
mod stored;
mod strips;
mod writer;

use pointillist_base::Dtype;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::over::Composited;
use crate::{Extent, Inputs, Options, Reductions, Size, Stats};
pub use reader::{GridFile, PageRows, RowBuffer, Span};
pub use writer::write_grid;

/// Marks the description as ours.
const FORMAT: &str = "pointillist grid";
/// Grows when older programs could not read what newer ones write, or would put points into other cells.
const VERSION: u32 = 4;
/// Strips are as near to this as whole rows allow: large enough to read fast, small enough to buffer.
const STRIP_BYTES: u64 = 1 << 20;

/// Strips and directories begin at multiples of so many bytes.
const ALIGNMENT: u64 = 8;

/// What the first page of a grid says about all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    format: String,
    version: u32,
    /// Columns and rows of cells; in the file, `width` and `height`.
    #[serde(flatten)]
    pub size: Size,
    /// The region, in data units.
    pub extent: Extent,
    /// One for each page, in their order.
    pub reductions: Reductions,
    /// The identities of the points that were binned, in their order.
    pub points: Vec<String>,
    /// What they were read from, where they were binned as they were read. Default: none, for columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Inputs>,
    /// The options as they were asked for.
    pub options: Options,
    /// The pages that a shard has behind those of the reductions: what merging needs and they cannot give, as 64-bit
    /// floats. `kept-count` is the number of points, `kept-valid` of those whose z is not NaN, `kept-sum` their sum,
    /// `kept-carry` what rounding took from it, `kept-mean` and `kept-m2` their mean and the sum of squared deviations
    /// from it; of another column than z, `kept-sum:mag`. None in a whole grid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<String>,
    /// Where the points went.
    pub counts: Stats,
    /// How points were composited, where there are pages of that. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub composited: Option<Composited>,
}

impl Description {
    /// The column of the reductions that name none, or `None` where all do, or need no column.
    pub fn z(&self) -> Option<&str> {
        self.reductions.first_of_z().map(|_| self.options.z.as_deref().unwrap_or("z"))
    }

    /// What the values depend on, and what they mean: not how they came to be, nor how they are compressed.
    fn identity<'a>(&self, pages: impl Iterator<Item = (Dtype, &'a PageNote)>) -> String {
        let Self { size, extent, .. } = self;
        let mut text = format!("{FORMAT} {VERSION} {size} {extent}");
        for (dtype, note) in pages {
            text.push_str(&format!(" {} {dtype} {}", note.page, note.xxh3));
        }
        hex(xxh3_64(text.as_bytes()))
    }
}

/// What every page says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PageNote {
    page: String,
    /// XXH3 of the 64-bit XXH3s of the strips, whose pixels are little-endian bytes, uncompressed; in hexadecimal.
    xxh3: String,
    /// What the values are, where the name does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<String>,
}

fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

/// Rows of a strip of a page of this size and type.
fn rows_per_strip(size: Size, dtype: Dtype) -> u32 {
    let row = u64::from(size.width()) * dtype.size();
    // At most STRIP_BYTES, so it fits.
    (STRIP_BYTES / row).clamp(1, u64::from(size.height())) as u32
}

#[cfg(test)]
mod tests;
