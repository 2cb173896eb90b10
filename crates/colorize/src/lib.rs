//! Grids to pictures: the third stage of pointillist.
//!
//! A page of a grid (one value a cell) goes in, 8-bit RGBA with straight alpha comes out:
//!
//! 1. [`limits`] finds the values that become the two ends of the colormap,
//! 2. a [`Norm`] with these limits, a [`Scale`], takes each value to a position in [0, 1],
//! 3. a [`Colormap`] takes the position to a colour,
//! 4. [`Alpha`] makes the cell as opaque as its number of points asks for,
//! 5. a background colour, if there is one, is composited under the picture.
//!
//! [`ticks`] has what a figure draws beside the picture: where the ticks of its axes and its colorbar fall, and
//! what is written there.
//!
//! [`colorize`] does all of it for a page as `pointillist-bin2d` has it, [`Drawing`] for any [`Layer`] by rows; [`Style`] is the kernel below, over
//! plain slices. [`write_png`], [`read_text`] and [`read_sealed_text`] are the only parts that know a file format.
//!
//! Color tables of GMT and gdaldem take values to colours themselves; [`Colormap::open`] reads them.
//!
//! With the default options the bytes are those of matplotlib's `imsave(page, cmap=…, norm=…)`. The crate has
//! no thread pool of its own (it uses rayon's current one), prints nothing, and the same input gives the same
//! bytes on any number of threads.
//!
//! ```
//! use pointillist_bin2d::{OwnedValues, Page};
//! use pointillist_colorize::{Effort, Norm, Options, Paint, colorize, write_png};
//!
//! let values = OwnedValues::F32(vec![1.0, 10.0, 100.0, f32::NAN]);
//! let counts = Page { name: "count".to_owned(), values };
//! let paint = Paint::Colormap("magma".parse()?);
//! let options = Options { norm: Some(Norm::Log), paint, ..Options::default() };
//! let picture = colorize(&counts, None, 2, 2, &options)?;
//! assert_eq!(picture.rgba[..4], [0, 0, 3, 255]); // the lower end of magma
//! assert_eq!(picture.rgba[12..], [0, 0, 0, 0]); // there is no value
//! let mut png = Vec::new();
//! write_png(&mut png, &picture, &[], Effort::Fast)?;
//! assert!(png.starts_with(b"\x89PNG"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod alpha;
mod color;
mod colormap;
mod eq_hist;
mod error;
mod layer;
pub mod limits;
mod lookup;
#[cfg(test)]
mod naive;
mod norm;
mod options;
pub mod over;
mod picture;
mod png;
mod record;
mod sample;
mod scale;
mod shade;
pub mod spread;
mod steps;
mod swatches;
mod tables;
pub mod ticks;

pub use alpha::Alpha;
pub use color::Color;
pub use colormap::Colormap;
pub use error::Error;
pub use layer::{Band, Buffer, Layer, Resident, Stored};
pub use limits::Limits;
pub use norm::Norm;
pub use options::{Options, Paint, default_page};
pub use picture::{Drawing, Picture, colorize};
pub use png::{Effort, Pixels, read_sealed_text, read_text, write_png};
pub use pointillist_base::Values;
pub use scale::Scale;
pub use shade::Style;
pub use swatches::swatches;
