//! Points to a picture, on all threads.
//!
//! [`Drawing`] takes points by columns, any number of times, and [`Drawing::finish`] makes the picture. What it does
//! follows from how matplotlib would draw them ([`Mode`]):
//!
//! - Square markers of one colour are counted where they stand, at a pixel each, and a pixel then becomes what as many
//!   markers as cover it make of it: the cost of a point does not depend on its marker ([`Region`](crate::counts::Region)).
//! - All other markers whose pixels are whole, and round ones of one colour, are composited in the order of the rows,
//!   each tile of the canvas by one owner ([`over`](pointillist_bin2d::over)).
//! - Round markers with a colour each have fractions of pixels at their rims that differ from point to point. They are
//!   drawn band by band: every band of rows goes through all points and draws those that reach into it.
//!
//! Each of them does what [`naive`](crate::naive) does, one point after another.

mod bands;
mod canvas;
mod layers;
mod paint;

use pointillist_base::{Progress, memory};
use pointillist_bin2d::{Columns, Source, Stats};
use pointillist_colorize::{Color, Picture};

use crate::geometry::{Figure, View};
use crate::marker::{Mode, Round, Side, Square};
use crate::{Clip, Error, Shape};
use canvas::{Canvas, Layer};
pub use paint::Coloring;
use paint::Ranges;

/// How a colour is laid over what is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blending {
    /// In floats, rounded once when the picture is done.
    #[default]
    Float,
    /// With eight bits a channel, rounded with every marker, as matplotlib's backend Agg does it.
    Agg8,
}

/// Markers and what they are drawn on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Of all markers.
    pub shape: Shape,
    /// Of all markers.
    pub side: Side,
    /// How they are composited.
    pub blending: Blending,
    /// What the whole canvas is before; `None` is transparent.
    pub background: Option<Color>,
}

/// A picture in the making.
pub struct Drawing {
    view: View,
    clip: Clip,
    start: [u8; 4],
    layer: Box<dyn Layer>,
    ranges: Ranges,
    replaced: bool,
}

/// All that is known before there are points and colours.
struct Job {
    view: View,
    clip: Clip,
    mode: Mode,
    style: Style,
    /// The pixels before.
    start: [u8; 4],
}

impl Drawing {
    /// An empty canvas with markers of this style and these colours: that of the figure, whose axes and limits `view` has.
    ///
    /// # Errors
    /// Where the canvas does not fit into memory, or markers are too large.
    pub fn new(
        figure: &Figure,
        view: View,
        style: Style,
        coloring: Coloring,
    ) -> Result<Self, Error> {
        let side = style.side;
        let mode = Mode::of(coloring.is_one(), side, figure);
        let axes = view.axes();
        let clip = match mode {
            Mode::Markers => axes.clip_of_markers(),
            Mode::Paths => axes.clip_of_paths(),
        };
        let replaced = match (style.blending, style.shape) {
            (Blending::Float, _) => side.get() < 1.0,
            (Blending::Agg8, Shape::Square) => Square::new(side).is_invisible(mode),
            (Blending::Agg8, Shape::Circle) => match mode {
                Mode::Markers => Round::new(side).stamp().mask.is_empty(),
                Mode::Paths => side.get() == 0.0,
            },
        };
        let style = match replaced {
            true => Style { shape: Shape::Square, side: Side::pixels(1.0)?, ..style },
            false => style,
        };
        let (start, ranges) = (start(style), coloring.ranges());
        let layer = layers::new(&Job { view, clip, mode, style, start }, coloring)?;
        Ok(Self { view, clip, start, layer, ranges, replaced })
    }

    /// Whether every point is drawn as one pixel, as its marker would not be seen otherwise: where matplotlib draws nothing at all, and
    /// with floats wherever a marker is smaller than a pixel.
    pub fn is_one_pixel(&self) -> bool {
        self.replaced
    }

    /// Draws points over those that are there: x and y, and the columns, as long, that their colours are made of, as
    /// [`Coloring::columns`] has it. Runs on the threads of the current rayon pool; `progress` counts rows.
    ///
    /// # Errors
    /// Where lengths differ, a channel of a colour is out of its range, a file cannot be read or is damaged, there is no
    /// memory for the points on their way, or `progress` says so. What is drawn is then not complete.
    pub fn add(
        &mut self,
        points: &Columns<'_>,
        colors: &[Source<'_>],
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        self.ranges.check(colors)?;
        self.layer.add(points, colors, progress)
    }

    /// The picture, which is the canvas of the figure with what lies outside the axes as it was, and where the points went: binned
    /// are those whose markers reach into the axes.
    ///
    /// # Errors
    /// Where there is no memory for it.
    pub fn finish(self) -> Result<(Picture, Stats), Error> {
        let (width, height) = self.view.axes().canvas();
        let mut pixels = filled([width, height], self.start)?;
        let stats = self.layer.finish(Canvas { pixels: &mut pixels, width, clip: self.clip });
        let rgba = pixels.into_flattened();
        let picture = Picture { width, height, rgba, norm: None, limits: None, alpha_limits: None };
        Ok((picture, stats))
    }
}

/// Pixels of one kind, or an error where the system has no memory to give.
fn filled<T: Clone>([width, height]: [usize; 2], pixel: T) -> Result<Vec<T>, Error> {
    let no_room = || Error::Memory { width, height };
    let len = width.checked_mul(height).ok_or_else(no_room)?;
    memory::filled(len, pixel).map_err(|_| no_room())
}

/// What a canvas begins with. A transparent one of matplotlib's is white.
fn start(style: Style) -> [u8; 4] {
    match (style.background, style.blending) {
        (Some(color), _) => color.0,
        (None, Blending::Agg8) => [255, 255, 255, 0],
        (None, Blending::Float) => [0; 4],
    }
}

#[cfg(test)]
mod tests;
