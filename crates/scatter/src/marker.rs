//! How large a marker is, and which pixels it covers around a point.
//!
//! matplotlib draws markers in two ways ([`Mode`]). Where all have one colour, `draw_markers` renders a marker once and stamps
//! it around whole pixels: [`Square::stamp`], [`Round::stamp`]. Where each has its own, `draw_path_collection` renders each
//! around its own point: [`Square::at`] rounds the edges to whole pixels there, [`Round::at`] keeps the fractions.

use crate::circle::Circle;
use crate::error::Error;
use crate::geometry::{Axes, Figure};
use crate::limits::MAX_MARKER;
use crate::raster::{Raster, Span};

/// How matplotlib draws the markers of a `scatter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `draw_markers`: one colour and one size for all, and the marker is smaller than the figure.
    Markers,
    /// `draw_path_collection`: all else.
    Paths,
}

impl Mode {
    /// What `Collection.draw` chooses for markers of one size. `one_color` is whether there is one face colour (a colour by name, a
    /// single point, or a single row of colours), whatever the number of points; `c=z` with more than one point, a list of colours
    /// and an array of alphas have more.
    pub fn of(one_color: bool, side: Side, figure: &Figure) -> Self {
        let smaller = figure.pixels().iter().all(|&pixels| side.0 < pixels);
        if one_color && smaller { Self::Markers } else { Self::Paths }
    }
}

/// The side of a square marker, or the diameter of a round one, in pixels: at most [`MAX_MARKER`].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Side(f64);

impl Side {
    /// From pixels.
    ///
    /// # Errors
    ///
    /// Where it is negative, not finite or too long.
    pub fn pixels(pixels: f64) -> Result<Self, Error> {
        if (0.0..=MAX_MARKER).contains(&pixels) {
            Ok(Self(pixels))
        } else {
            Err(Error::Side(pixels))
        }
    }

    /// From `s`, the square of the side in points, of which 72 are an inch.
    ///
    /// # Errors
    ///
    /// As [`Side::pixels`].
    pub fn points(s: f64, dpi: f64) -> Result<Self, Error> {
        Self::pixels(s.sqrt() * dpi / 72.0)
    }

    /// Pixels.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// Columns and rows that a marker covers, from the first up to and without the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// The first column, relative to the point's pixel in a stamp, else of the canvas.
    pub left: i32,
    /// The first row.
    pub top: i32,
    /// One beyond the last column.
    pub right: i32,
    /// One beyond the last row.
    pub bottom: i32,
}

impl Footprint {
    /// Whether there is no pixel in it.
    pub fn is_empty(&self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }
}

/// A marker `'s'` without an edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Square {
    half: f64,
}

impl Square {
    /// A square marker of this side.
    pub fn new(side: Side) -> Self {
        Self { half: 0.5 * side.0 }
    }

    /// Whether matplotlib draws no pixel at all: in one colour where the side is less than a pixel. Markers with their own colours are
    /// drawn where rounding their edges leaves a pixel between them, so that of small ones only some are seen; none where the side
    /// is 0.
    pub fn is_invisible(&self, mode: Mode) -> bool {
        match mode {
            Mode::Markers => self.columns() == (0, 0),
            Mode::Paths => self.half == 0.0,
        }
    }

    /// The marker that was meant where [`Square::is_invisible`]: one of one pixel.
    pub fn one_pixel() -> Self {
        Self { half: 0.5 }
    }

    /// The first column and one beyond the last, relative to the point's pixel; rows are the same.
    fn columns(&self) -> (i32, i32) {
        ((-self.half + 0.5).floor() as i32, (self.half + 0.5).floor() as i32)
    }

    /// The pixels that every marker covers, relative to its pixel ([`View::pixel`](crate::View::pixel)): the same
    /// on both axes.
    pub fn stamp(&self) -> Footprint {
        let (low, high) = self.columns();
        Footprint { left: low, top: low, right: high, bottom: high }
    }

    /// The pixels of the canvas that the marker around this place covers ([`View::offset`](crate::View::offset)), before they
    /// are clipped. Its width and height vary by a pixel with the fraction of the place. What is not finite covers nothing; casts
    /// saturate far beyond any canvas.
    #[inline]
    pub fn at(&self, [x, y]: [f64; 2]) -> Footprint {
        let edge = |value: f64| (value + 0.5).floor() as i32;
        Footprint {
            left: edge(-self.half + x),
            top: edge(-self.half + y),
            right: edge(self.half + x),
            bottom: edge(self.half + y),
        }
    }
}

/// How much of each pixel of a rectangle is covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// The first column, relative to the point's pixel.
    pub left: i32,
    /// The first row.
    pub top: i32,
    /// Columns.
    pub width: usize,
    /// 0 (not at all) to 255 (whole), row by row from the top, `width` a row.
    pub covers: Vec<u8>,
}

impl Mask {
    fn new(spans: &[Span]) -> Self {
        let bounds = |low: fn(&Span) -> i32, high: fn(&Span) -> i32| {
            let first = spans.iter().map(low).min().unwrap_or(0);
            let end = spans.iter().map(high).max().unwrap_or(0);
            (first, (end - first) as usize)
        };
        let (left, width) = bounds(|span| span.x, |span| span.x + span.length);
        let (top, height) = bounds(|span| span.y, |span| span.y + 1);
        let mut covers = vec![0; width * height];
        for span in spans {
            let start = (span.y - top) as usize * width + (span.x - left) as usize;
            covers[start..start + span.length as usize].fill(span.cover);
        }
        Self { left, top, width, covers }
    }

    /// Whether no pixel is covered.
    pub fn is_empty(&self) -> bool {
        self.covers.is_empty()
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.covers.len().checked_div(self.width).unwrap_or(0)
    }

    /// The columns and rows of the mask, relative to the point's pixel.
    pub fn footprint(&self) -> Footprint {
        Footprint {
            left: self.left,
            top: self.top,
            right: self.left + self.width as i32,
            bottom: self.top + self.height() as i32,
        }
    }

    /// Column, row and cover of each pixel that is covered, in the order in which they are drawn.
    pub fn pixels(&self) -> impl Iterator<Item = (i32, i32, u8)> {
        let rows = self.covers.chunks(self.width.max(1)).zip(self.top..);
        rows.flat_map(|(covers, row)| {
            covers.iter().zip(self.left..).map(move |(&cover, column)| (column, row, cover))
        })
        .filter(|&(_, _, cover)| cover > 0)
    }
}

/// What is stamped around the pixel of each point by round markers of one colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The disk.
    pub mask: Mask,
    /// How often it is drawn for each point: once, or twice where it lies in one pixel, by a slip of matplotlib's. It also draws
    /// the disk's outline, whose width is 0 and which cancels out, and where not even that is left, what was drawn before is drawn
    /// again.
    pub times: u32,
}

/// A marker `'o'` with `linewidth=0`.
#[derive(Debug)]
pub struct Round {
    circle: Circle,
    corners: Vec<(f64, f64)>,
    raster: Raster,
}

impl Round {
    /// A round marker of this diameter.
    pub fn new(side: Side) -> Self {
        Self { circle: Circle::new(side.0), corners: Vec::new(), raster: Raster::default() }
    }

    /// What each marker covers around its point's pixel, where all have one colour: the circle is round the middle of that pixel.
    pub fn stamp(&mut self) -> Stamp {
        self.raster.clip_to(None);
        self.circle.corners((0.5, 0.5), &mut self.corners);
        let mut spans = Vec::new();
        contour(&mut self.raster, self.corners.iter());
        self.raster.sweep(|span| spans.push(span));
        // The stroke of an edge without width runs along the circle and back.
        contour(&mut self.raster, self.corners.iter());
        contour(&mut self.raster, self.corners.iter().rev());
        let any = self.raster.sweep(|_| ());
        Stamp { mask: Mask::new(&spans), times: if any { 1 } else { 2 } }
    }

    /// Gives out the spans that a marker around this place covers ([`View::offset`](crate::View::offset)) and that may be drawn on,
    /// row by row: column, row, length and cover (1 to 255) of each. What is not finite covers nothing.
    pub fn at(&mut self, [x, y]: [f64; 2], axes: &Axes, mut emit: impl FnMut(i32, i32, usize, u8)) {
        if !(x.is_finite() && y.is_finite()) {
            return;
        }
        let clip = axes.clip_of_paths();
        self.raster.clip_to(Some(axes.cut()));
        self.circle.corners((x, y), &mut self.corners);
        contour(&mut self.raster, self.corners.iter());
        self.raster.sweep(|span| {
            let (first, end) = (span.x.max(clip.left), (span.x + span.length).min(clip.right));
            if first < end && (clip.top..clip.bottom).contains(&span.y) {
                emit(first, span.y, (end - first) as usize, span.cover);
            }
        });
    }
}

fn contour<'a>(raster: &mut Raster, mut corners: impl Iterator<Item = &'a (f64, f64)>) {
    if let Some(&(x, y)) = corners.next() {
        raster.move_to(x, y);
        corners.for_each(|&(x, y)| raster.line_to(x, y));
        raster.close();
    }
}
