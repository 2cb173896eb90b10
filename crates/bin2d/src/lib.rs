//! Columns to a grid: the second stage of pointillist, and the owner of the grid's TIFF.
//!
//! [`bin2d`] bins the points of `.points` folders into a grid of cells with counts and statistics,
//! [`bin2d_stream`] those of text or arrays as they are read, and [`write_grid`] writes it as a TIFF with one float
//! page for each reduction, which [`GridFile`] reads. [`bin`] is the kernel below, over columns in memory or in files. Several
//! processes may bin a [`Shard`] of the rows each, and [`Shards`] merges their files.
//!
//! A point falls into the cell that `numpy.histogram2d` puts it into, with edges that are rounded as the columns are.
//! Sums are kept in 64 bits and added up in an order that follows from the size of the grid and the numbers of the
//! rows alone, so the same points and options make the same bytes, whatever the number of threads.
//!
//! ```
//! use pointillist_bin2d::{Columns, Dtype, Extent, Frame, OwnedValues, Size, Values, bin};
//!
//! let (x, y, z) = ([0.1f32, 0.2, 1.5], [0.1f32, 0.3, 0.9], [4.0f32, 6.0, 1.0]);
//! let points = Columns::new(Values::F32(&x), Values::F32(&y))?;
//! let points = points.with_z("z", Values::F32(&z), false)?;
//! let frame = Frame { extent: Extent::new(0.0, 2.0, 0.0, 1.0)?, size: Size::new(2, 1)? };
//! let grid = bin(&[points], &frame, &"count,mean".parse()?, &())?;
//! assert_eq!(grid.stats().binned, 3);
//! let means = grid.page(&"mean".parse()?, Dtype::F32)?;
//! assert_eq!(means.values, OwnedValues::F32(vec![5.0, 1.0]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accumulate;
mod axis;
mod binned;
mod carried;
mod columns;
mod error;
mod extent;
mod frame;
mod gather;
mod grid;
mod idle;
mod lane;
mod locate;
mod merge;
#[cfg(test)]
mod naive;
mod options;
pub mod over;
mod partition;
mod pass;
mod plan;
mod planes;
mod reduction;
mod rows;
mod run;
mod shard;
mod size;
mod sparse;
mod stage;
mod stats;
mod stream;
mod tiff;
#[expect(unsafe_code, reason = "processor intrinsics")]
mod within;

pub use binned::{Binned, Inputs};
pub use columns::{Columns, Source};
pub use error::Error;
pub use extent::Extent;
pub use frame::{Aspect, Bounds, Cells, Frame};
pub use grid::{Grid, Page};
pub use idle::Idle;
pub use merge::Shards;
pub use options::{Compression, Options};
pub use pointillist_base::{Dtype, Float, OwnedValues, Progress, Values};
pub use reduction::{Reduction, Reductions, Term};
pub use rows::Rows;
pub use run::bin;
pub use shard::Shard;
pub use size::Size;
pub use stage::bin2d;
pub use stats::Stats;
pub use stream::{Streamed, bin2d_stream};
pub use tiff::{Description, GridFile, PageRows, RowBuffer, Span, write_grid};
