//! Figures: a picture, and around it what matplotlib draws around a scatter plot.
//!
//! A picture (any [`Pixels`](pointillist_colorize::Pixels)) goes in, with the data units of its edges, its labels, and
//! how its values became colours; out comes the same picture in a frame with ticks, a title, and beside it a
//! colorbar and a key of opacities, as a PNG, an SVG or a PDF. Sizes, fonts and places are those of
//! matplotlib's default style; the ticks are those of [`pointillist_colorize::ticks`].
//!
//! 1. [`Layout`] says where everything goes, and so how many pixels the picture is to have: its pixels are those of
//!    the axes, none is made up or left out.
//! 2. [`Figure`] draws frame, ticks and texts as one SVG.
//! 3. That SVG is the result with the picture inside ([`Figure::svg`]), becomes a PDF ([`Figure::pdf`]), or is
//!    rasterized and put over the pixels of the picture ([`Figure::raster`]).
//!
//! Nothing is written to files here, no font of the system is used, and the same arguments give the same bytes.
//!
//! ```
//! use pointillist_colorize::Picture;
//! use pointillist_figure::{Figure, Layout, Style};
//!
//! let rgba = vec![255; 200 * 100 * 4];
//! let picture = Picture { width: 200, height: 100, rgba, norm: None, limits: None, alpha_limits: None };
//! let figure = Figure {
//!     picture: &picture,
//!     layout: Layout::around(200, 100, 100.0, false)?,
//!     x: (0.0, 2.0),
//!     y: (0.0, 1.0),
//!     title: "Nothing at all".to_owned(),
//!     xlabel: "x".to_owned(),
//!     ylabel: "y".to_owned(),
//!     colorbar: None,
//!     density: None,
//!     style: Style::default(),
//! };
//! assert!(figure.svg(&[])?.contains(">Nothing at all</text>"));
//! assert!(figure.pdf(&[])?.starts_with(b"%PDF-"));
//! # Ok::<(), pointillist_figure::Error>(())
//! ```
#![forbid(unsafe_code)]

mod axes;
mod bar;
mod density;
mod error;
mod figure;
mod layout;
mod painter;
mod pdf;
mod raster;
mod record;
mod subset;
mod svg;
mod text;

pub use bar::Bar;
pub use density::Density;
pub use error::Error;
pub use figure::{Figure, Style};
pub use layout::{Area, Layout, PixelArea};
pub use raster::Raster;
pub use record::read_text;
pub use text::check_text;
