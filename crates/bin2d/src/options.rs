//! What a caller may choose: the region and its cells, the columns, and what is kept of them.

use pointillist_base::Dtype;
use serde::{Deserialize, Serialize};

use crate::over::ColorScale;
use crate::{Aspect, Cells, Extent, Reductions, Shard, Size};

/// How columns become a grid. A grid records the options it was asked for beside what they came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// How the extent is divided. Default: 1024 by 1024 cells.
    pub cells: Cells,
    /// Whether the extent grows until cells are square. Default: [`Aspect::Auto`], which means no.
    pub aspect: Aspect,
    /// The region. Default: none, which means the bounds of the points.
    pub extent: Option<Extent>,
    /// What each page holds. Default: none, which means count and mean, or count alone where there is no z.
    pub reductions: Option<Reductions>,
    /// The column that is x. Default: `x`.
    pub x: String,
    /// The column that is y. Default: `y`.
    pub y: String,
    /// The column that is z. Default: none, which means `z` where there is one.
    pub z: Option<String>,
    /// The type of the pages. Default: [`Dtype::F32`]. It holds counts up to 2²⁴ exactly; a page of counts that it
    /// would round is of 64 bits all the same.
    pub dtype: Dtype,
    /// How pages are compressed in a file. Default: [`Compression::None`].
    pub compress: Compression,
    /// The share of the rows that is binned, of an extent that is that of all rows. Default: none, which means all
    /// of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The opacity of every point that is composited, above 0 and up to 1, times its a where there is that column.
    /// Default: none, which means 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opacity: Option<f64>,
    /// What the columns r, g, b and a count up to. Default: none, which means that their largest values tell: r, g and b
    /// together, and a by itself, are from 0 to 255 where one is above 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colors: Option<ColorScale>,
}

impl Options {
    /// Bytes that a file of such a grid has at least, where that is known without points.
    pub fn fewest_bytes(&self) -> Option<u64> {
        let Cells::Size(size) = self.cells else { return None };
        let pages = self.reductions.as_ref().map_or(1, |reductions| reductions.as_slice().len());
        self.bytes_of_pages(size, pages)
    }

    /// Bytes of so many pages, where they are not compressed.
    pub(crate) fn bytes_of_pages(&self, size: Size, pages: usize) -> Option<u64> {
        let bytes = u64::from(size.cells()) * self.dtype.size() * pages as u64;
        (self.compress == Compression::None).then_some(bytes)
    }
}

/// How pages are compressed in a file. Their values are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all: written and read fastest.
    #[default]
    None,
    /// As zlib streams, which GDAL, QGIS, tifffile and most other programs read. Count and mean of points that leave
    /// most cells empty shrink to about a fifth.
    Deflate,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cells: Cells::Size(Size::default()),
            aspect: Aspect::Auto,
            extent: None,
            reductions: None,
            x: "x".to_owned(),
            y: "y".to_owned(),
            z: None,
            dtype: Dtype::F32,
            compress: Compression::None,
            shard: None,
            opacity: None,
            colors: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_bytes_are_those_of_the_pages_that_are_certain() {
        let options =
            Options { cells: Cells::Size(Size::new(10, 20).unwrap()), ..Options::default() };
        assert_eq!(options.fewest_bytes(), Some(800));
        let reductions = Some("count,mean,max".parse().unwrap());
        let wide = Options { reductions, dtype: Dtype::F64, ..options.clone() };
        assert_eq!(wide.fewest_bytes(), Some(4800));
        let compressed = Options { compress: Compression::Deflate, ..options.clone() };
        let open = Options { cells: Cells::Resolution(0.1), ..options };
        assert_eq!((compressed.fewest_bytes(), open.fewest_bytes()), (None, None));
    }

    #[test]
    fn options_survive_their_record() {
        let options = Options {
            cells: Cells::Resolution(0.1),
            aspect: Aspect::Equal,
            extent: Some("0.1,0.7,-1,1e300".parse().unwrap()),
            reductions: Some("std,first".parse().unwrap()),
            z: Some("größe".to_owned()),
            dtype: Dtype::F64,
            compress: Compression::Deflate,
            shard: Some("2/8".parse().unwrap()),
            opacity: Some(0.1),
            colors: Some(ColorScale::Byte),
            ..Options::default()
        };
        for options in [Options::default(), options] {
            let json = serde_json::to_string(&options).unwrap();
            assert_eq!(serde_json::from_str::<Options>(&json).unwrap(), options);
            // Grids of before there were shards and colors are as up to date as they were.
            for (name, given) in [
                ("shard", options.shard.is_some()),
                ("opac", options.opacity.is_some()),
                ("colors", options.colors.is_some()),
            ] {
                assert_eq!(json.contains(name), given);
            }
        }
    }
}
