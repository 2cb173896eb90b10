//! Points grown to markers, from the grid alone.
//!
//! A point covers the pixels of a [`Marker`] around its own. What a pixel then shows is the statistic of all
//! points whose markers cover it: [`Spread::rows`] makes that of the statistics of the cells around it, which
//! are its [`Source`]. For counts and sums that is datashader's `tf.spread(how="add")`; a mean is the mean of the
//! points, where datashader adds up means.
//!
//! A grid need not be in memory: rows are made of those that the marker reaches, in bands of any height. The
//! kernels run on rayon's current pool. Neither the bands nor the number of threads change a bit of the
//! result.
//!
//! [`Density`] finds the radius that datashader's `dynspread` would choose.
//!
//! ```
//! use pointillist_base::Values;
//! use pointillist_base::ValuesMut;
//! use pointillist_colorize::spread::{Marker, Shape, Source, Spread};
//!
//! let counts = [0.0, 2.0, 0.0, 0.0, 0.0, 1.0f32]; // a grid of three columns and two rows
//! let spread = Spread::new(Marker { radius: 1, shape: Shape::Circle }, 3, 2).unwrap();
//! let rows = 0..1;
//! assert_eq!(spread.input_rows(rows.clone()), 0..2);
//! let mut out = [0.0f32; 3];
//! spread.rows(Source::Count(Values::F32(&counts)), rows, ValuesMut::F32(&mut out));
//! assert_eq!(out, [2.0, 3.0, 3.0]);
//! ```

mod density;
mod fold;
mod layer;
mod marker;
#[cfg(test)]
mod naive;
mod source;
#[cfg(test)]
mod tests;
mod window;

use std::ops::Range;

use pointillist_base::{Float, ValuesMut};
use rayon::prelude::*;

use crate::Error;
pub use density::{Density, Occupancy};
pub use layer::{Grown, Growth};
pub use marker::{Marker, Shape};
use source::Area;
pub use source::{Source, pages};

/// The rows and columns of a tile, which is what a thread spreads at a time, at least: with the rows and columns
/// around it, it stays in the second-level cache.
const TILE: (usize, usize) = (64, 256);

/// Spreads grids of one size by one marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    marker: Marker,
    width: usize,
    height: usize,
}

impl Spread {
    /// For grids of `width` columns and `height` rows.
    ///
    /// # Errors
    /// If the radius is out of its range.
    pub fn new(marker: Marker, width: usize, height: usize) -> Result<Self, Error> {
        marker.check()?;
        Ok(Self { marker, width, height })
    }

    /// The rows of the grid that the rows `rows` are made of.
    pub fn input_rows(&self, rows: Range<usize>) -> Range<usize> {
        around(rows, self.marker.reach(), self.height)
    }

    /// Makes the rows `rows` of the spread page. The pages of `source` are the rows
    /// [`input_rows`](Spread::input_rows) of the grid and no others.
    ///
    /// Values are merged in 64 bits (minima and maxima in their own type) and rounded once if `out` has 32.
    /// See [`Marker::counts_fit_f32`] for where that does not round counts. A pixel without points has count 0
    /// and NaN in all other pages; one with infinite values of both signs has a NaN for its sum or mean, too.
    ///
    /// # Panics
    /// If `rows` are not rows of the grid, or a page or `out` is not as long as its rows.
    pub fn rows(&self, source: Source<'_>, rows: Range<usize>, out: ValuesMut<'_>) {
        self.rows_of(source, rows, out, true);
    }

    /// The same, on this thread alone where it is one of several that make rows of their own.
    fn rows_of(
        &self,
        source: Source<'_>,
        rows: Range<usize>,
        out: ValuesMut<'_>,
        in_parallel: bool,
    ) {
        match out {
            ValuesMut::F32(out) => self.spread(source, rows, out, in_parallel),
            ValuesMut::F64(out) => self.spread(source, rows, out, in_parallel),
        }
    }

    fn spread<O: Float>(
        &self,
        source: Source<'_>,
        rows: Range<usize>,
        out: &mut [O],
        in_parallel: bool,
    ) {
        assert!(rows.start <= rows.end && rows.end <= self.height, "rows of the grid");
        let given = self.input_rows(rows.clone());
        for page in source.pages() {
            assert_eq!(page.len(), given.len() * self.width, "the rows around those to be made");
        }
        let len = rows.len() * self.width;
        assert_eq!(out.len(), len, "the rows to be made");
        if let Source::Mean { covering: Some(covering), .. } = source {
            assert_eq!(covering.len(), len, "the rows to be made");
        }
        let reach = self.marker.reach();
        let spread = |tile: Tile<'_, O>| {
            let area = Area {
                width: self.width,
                given: given.clone(),
                rows: around(tile.rows.clone(), reach, self.height),
                columns: tile.columns.clone(),
                pad: reach,
            };
            source.spread(self.marker, &area, tile);
        };
        let tiles = tiles(out, self.width, rows, reach);
        if in_parallel {
            tiles.into_par_iter().for_each(spread);
        } else {
            tiles.into_iter().for_each(spread);
        }
    }
}

/// These rows and so many above and below, as far as the grid goes.
fn around(rows: Range<usize>, reach: usize, height: usize) -> Range<usize> {
    if rows.is_empty() {
        return rows;
    }
    rows.start.saturating_sub(reach)..height.min(rows.end + reach)
}

/// A part of the rows to be made.
struct Tile<'a, O> {
    rows: Range<usize>,
    columns: Range<usize>,
    /// The place of its first pixel among all that are made.
    start: usize,
    out: Vec<&'a mut [O]>,
}

impl<O: Float> Tile<'_, O> {
    /// Writes the pixels, which are numbered row by row.
    fn write(self, pixel: impl Fn(usize) -> f64) {
        let width = self.columns.len();
        for (row, out) in self.out.into_iter().enumerate() {
            for (out, index) in out.iter_mut().zip(row * width..) {
                *out = O::from_f64(pixel(index)).canonical();
            }
        }
    }
}

/// Cuts rows into tiles: the larger the markers, the larger, as a thread looks at all that they reach.
fn tiles<O>(out: &mut [O], width: usize, rows: Range<usize>, reach: usize) -> Vec<Tile<'_, O>> {
    if out.is_empty() {
        return Vec::new();
    }
    let (tile_rows, tile_columns) = (TILE.0.max(2 * reach), TILE.1.max(2 * reach));
    let mut tiles = Vec::new();
    let first = rows.start;
    for (start, out) in (first..).step_by(tile_rows).zip(out.chunks_mut(tile_rows * width)) {
        let before = tiles.len();
        for column in (0..width).step_by(tile_columns) {
            let rows = start..start + out.len() / width;
            let columns = column..width.min(column + tile_columns);
            let start = (start - first) * width + column;
            tiles.push(Tile { rows, columns, start, out: Vec::new() });
        }
        for row in out.chunks_mut(width) {
            for (tile, out) in tiles[before..].iter_mut().zip(row.chunks_mut(tile_columns)) {
                tile.out.push(out);
            }
        }
    }
    tiles
}
