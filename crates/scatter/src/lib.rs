//! Markers as matplotlib's `scatter` draws them, to the byte.
//!
//! Points in, 8-bit RGBA with straight alpha out, in pure kernels over plain data:
//!
//! 1. [`geometry`] takes a figure, its axes and their limits to a canvas, a clip and the place of every point,
//! 2. [`marker`] says which pixels a marker covers there, and how much of each,
//! 3. [`blend`] lays its colour over them, with Agg's eight bits or in floats.
//!
//! Where all markers are squares of one colour, a pixel depends only on how many cover it: [`counts`] makes
//! these numbers of those of points per pixel, at a cost that does not depend on the size of the markers. [`naive`] draws any
//! points one after another, as matplotlib does, and is what the rest is held against. [`draw`] does the same on all threads,
//! whatever the markers, colours and blending, and is what programs call.
//!
//! Where the bytes are matplotlib's, they are those of version 3.11 with the Agg backend on x86-64 and linear axes, for
//! `marker='s'` and `marker='o'` with `linewidth=0`.
//!
//! ```
//! use pointillist_bin2d::{Columns, Values};
//! use pointillist_colorize::Color;
//! use pointillist_scatter::draw::{Blending, Coloring, Drawing, Style};
//! use pointillist_scatter::{Axes, AxesBox, Figure, Limits, Shape, Side, View};
//!
//! let figure = Figure::new(1.0, 1.0, 100.0)?; // inches, and dots per inch
//! let axes = Axes::new(&figure, &AxesBox::new(0.0, 0.0, 1.0, 1.0)?);
//! let limits = Limits::new(0.0, 1.0)?;
//! let style = Style {
//!     shape: Shape::Square,
//!     side: Side::pixels(3.0)?,
//!     blending: Blending::Float,
//!     background: None,
//! };
//! let red = Coloring::One([1.0, 0.0, 0.0, 0.5]);
//! let mut drawing = Drawing::new(&figure, View::new(&axes, &limits, &limits), style, red)?;
//! drawing.add(&Columns::new(Values::F64(&[0.5]), Values::F64(&[0.5]))?, &[], &())?;
//! let (picture, stats) = drawing.finish()?;
//! assert_eq!((picture.width, picture.height, stats.binned), (100, 100, 1));
//! assert_eq!(picture.rgba.iter().filter(|&&byte| byte != 0).count(), 3 * 3 * 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub mod blend;
mod circle;
pub mod counts;
pub mod draw;
mod error;
pub mod geometry;
pub mod limits;
pub mod marker;
pub mod naive;
mod raster;

pub use blend::CountTable;
pub use error::Error;
pub use geometry::{Axes, AxesBox, Clip, Figure, Limits, View};
pub use marker::{Footprint, Mask, Mode, Round, Side, Square, Stamp};
pub use pointillist_colorize::spread::Shape;
