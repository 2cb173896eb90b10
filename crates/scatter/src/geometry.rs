//! From inches and data to pixels, with matplotlib's own operations in their order.
//!
//! A figure (inches, dots an inch), the box of its axes and the limits of x and y go in; the size of the canvas, the
//! rectangle that markers are clipped to, and the place of a point come out. Every number is that of matplotlib
//! to the bit, as points on a lattice lie on the edges of pixels, where the last bit decides. It multiplies the matrices of
//! `transData` (`BboxTransformFrom` of the limits, then `BboxTransformTo` of the axes), and its Agg backend turns
//! the result upside down in one of two ways, which differ by where they add half a pixel: [`View::pixel`] and
//! [`View::offset`].

use crate::error::Error;
use crate::limits::MAX_SIDE;

/// The size of a picture: `plt.figure(figsize=(width, height), dpi=dpi)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    width: f64,
    height: f64,
    dpi: f64,
}

impl Figure {
    /// A figure of so many inches with so many pixels an inch.
    ///
    /// # Errors
    ///
    /// Where a side has no whole pixel, or more than [`MAX_SIDE`].
    pub fn new(width: f64, height: f64, dpi: f64) -> Result<Self, Error> {
        let good = [width * dpi, height * dpi]
            .iter()
            .all(|&side| side >= 1.0 && side < f64::from(MAX_SIDE) + 1.0);
        if !good || dpi <= 0.0 {
            return Err(Error::Figure { width, height, dpi });
        }
        Ok(Self { width, height, dpi })
    }

    /// The figure's sides in pixels before they are made whole.
    pub fn pixels(&self) -> [f64; 2] {
        [self.width * self.dpi, self.height * self.dpi]
    }

    /// Columns and rows of the canvas: the part of a pixel that is left over is cut off.
    pub fn canvas(&self) -> (usize, usize) {
        let [width, height] = self.pixels();
        (width as usize, height as usize)
    }

    /// Pixels an inch.
    pub fn dpi(&self) -> f64 {
        self.dpi
    }
}

/// Where the axes lie in the figure: left, bottom, right and top in shares of its sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AxesBox {
    corners: [f64; 4],
}

impl AxesBox {
    /// The whole figure: `figure.add_axes([0, 0, 1, 1])`.
    pub const WHOLE: Self = Self { corners: [0.0, 0.0, 1.0, 1.0] };

    /// `figure.add_axes([left, bottom, width, height])`.
    ///
    /// # Errors
    ///
    /// Where it is empty or not finite.
    pub fn new(left: f64, bottom: f64, width: f64, height: f64) -> Result<Self, Error> {
        let corners = [left, bottom, left + width, bottom + height];
        if corners.iter().all(|corner| corner.is_finite()) && width > 0.0 && height > 0.0 {
            Ok(Self { corners })
        } else {
            Err(Error::Axes { corners })
        }
    }

    /// The box of `plt.subplots()`, with ticks and labels around it: 0.125, 0.11, 0.775, 0.77, as a grid of one
    /// row and one column computes it.
    pub fn subplot() -> Self {
        let (left, right, bottom, top): (f64, f64, f64, f64) = (0.125, 0.9, 0.11, 0.88);
        Self { corners: [left, top - (top - bottom), left + (right - left), top] }
    }
}

/// Pixels that may be drawn on: columns from `left` up to and without `right`, rows from `top` (0 is the canvas' upper edge) up
/// to and without `bottom`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clip {
    /// The first column.
    pub left: i32,
    /// The first row.
    pub top: i32,
    /// One beyond the last column.
    pub right: i32,
    /// One beyond the last row.
    pub bottom: i32,
}

impl Clip {
    /// Whether the pixel lies inside.
    pub fn contains(&self, column: i32, row: i32) -> bool {
        (self.left..self.right).contains(&column) && (self.top..self.bottom).contains(&row)
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        usize::try_from(self.right - self.left).unwrap_or(0)
    }

    /// The number of rows.
    pub fn height(&self) -> usize {
        usize::try_from(self.bottom - self.top).unwrap_or(0)
    }
}

/// The axes of a figure in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axes {
    canvas: (usize, usize),
    /// Left, bottom, width and height in display coordinates: pixels, y up.
    bounds: [f64; 4],
}

impl Axes {
    /// Places the box in the figure.
    pub fn new(figure: &Figure, axes: &AxesBox) -> Self {
        let [width, height] = figure.pixels();
        let [left, bottom, right, top] = axes.corners;
        let [left, bottom, right, top] =
            [left * width, bottom * height, right * width, top * height];
        Self { canvas: figure.canvas(), bounds: [left, bottom, right - left, top - bottom] }
    }

    /// Axes whose left, bottom, right and top edges are at these pixels of the canvas, counted from its lower left corner.
    ///
    /// # Errors
    ///
    /// Where they are empty or not finite.
    pub fn at(figure: &Figure, corners: [f64; 4]) -> Result<Self, Error> {
        let [left, bottom, right, top] = corners;
        if corners.iter().all(|corner| corner.is_finite()) && left < right && bottom < top {
            let bounds = [left, bottom, right - left, top - bottom];
            Ok(Self { canvas: figure.canvas(), bounds })
        } else {
            Err(Error::Axes { corners })
        }
    }

    /// Columns and rows of the canvas.
    pub fn canvas(&self) -> (usize, usize) {
        self.canvas
    }

    /// Left, bottom, width and height of the axes in pixels, y up: `ax.bbox.bounds`.
    pub fn bounds(&self) -> [f64; 4] {
        self.bounds
    }

    /// The box that polygons are cut to, in whole pixels. It may reach beyond the upper and the lower edge of the canvas, as where
    /// a figure has a part of a pixel more than its canvas.
    pub fn cut(&self) -> Clip {
        let [left, bottom, width, height] = self.bounds;
        let (columns, rows) = (self.canvas.0 as i32, self.canvas.1 as i32);
        let high = self.canvas.1 as f64;
        // Casts saturate; what is far beyond is brought back by the edges of the canvas.
        let near = |value: f64| (value + 0.5).floor() as i32;
        let (left, right) = (near(left).max(0), near(width + left).min(columns));
        let (bottom, top) = (near(high - bottom).max(0), near(high - (height + bottom)).min(rows));
        Clip {
            left: left.min(right),
            top: top.min(bottom),
            right: left.max(right),
            bottom: top.max(bottom),
        }
    }

    /// The pixels that `draw_path_collection` may draw on: those of the box.
    pub fn clip_of_paths(&self) -> Clip {
        self.on_canvas(self.cut())
    }

    /// The pixels that `draw_markers` may draw on: one column more to the right and one row more below than the box has, as
    /// long as the canvas has them, since Agg takes the edges for pixels there.
    pub fn clip_of_markers(&self) -> Clip {
        let Clip { left, top, right, bottom } = self.cut();
        self.on_canvas(Clip {
            left,
            top,
            right: right.saturating_add(1),
            bottom: bottom.saturating_add(1),
        })
    }

    fn on_canvas(&self, Clip { left, top, right, bottom }: Clip) -> Clip {
        let (columns, rows) = (self.canvas.0 as i32, self.canvas.1 as i32);
        let (left, top) = (left.clamp(0, columns), top.clamp(0, rows));
        Clip { left, top, right: right.clamp(left, columns), bottom: bottom.clamp(top, rows) }
    }
}

/// The two ends of an axis, either of which may be the larger one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    low: f64,
    high: f64,
}

impl Limits {
    /// `ax.set_xlim(low, high)`: ends that are equal, or nearly so, are moved apart by 5 % of their size.
    ///
    /// # Errors
    ///
    /// Where one is not finite.
    pub fn new(low: f64, high: f64) -> Result<Self, Error> {
        if !(low.is_finite() && high.is_finite()) {
            return Err(Error::Limits(low, high));
        }
        let (smaller, larger) = nonsingular(low.min(high), low.max(high), 0.05, 1e-15);
        let (low, high) = if low > high { (larger, smaller) } else { (smaller, larger) };
        Ok(Self { low, high })
    }

    /// The limits that `scatter` chooses for values from `min` to `max` where none are set: 5 % are added at either
    /// end, to what is first moved apart where it is equal. There are no sticky edges.
    ///
    /// `min` and `max` are those of the points of which both coordinates are finite; where there are none (`min` is above
    /// `max`, or either is not finite) the limits are those of no data.
    pub fn around(min: f64, max: f64) -> Self {
        let (mut low, mut high) =
            if min <= max { (min, max) } else { (f64::NEG_INFINITY, f64::INFINITY) };
        (low, high) = nonsingular(low, high, 0.05, 1e-15);
        let margin = (high - low) * 0.05;
        let margin = if margin.is_finite() { margin } else { 0.0 };
        // Once more by the locator's view_limits, and once more as they are set.
        (low, high) = nonsingular(low - margin, high + margin, 1e-12, 1e-13);
        (low, high) = nonsingular(low, high, 0.05, 1e-15);
        Self { low, high }
    }

    /// The end at the left or at the bottom, and the other one.
    pub fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }
}

/// `matplotlib.transforms._nonsingular`: ends that are too near each other, moved apart, and in rising order.
fn nonsingular(low: f64, high: f64, expander: f64, tiny: f64) -> (f64, f64) {
    if !(low.is_finite() && high.is_finite()) {
        return (-expander, expander);
    }
    let (low, high) = if high < low { (high, low) } else { (low, high) };
    let largest = low.abs().max(high.abs());
    if largest < (1e6 / tiny) * f64::MIN_POSITIVE {
        (-expander, expander)
    } else if high - low <= largest * tiny {
        (low - expander * low.abs(), high + expander * high.abs())
    } else {
        (low, high)
    }
}

/// Data to pixels: axes and their limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    axes: Axes,
    scale: [f64; 2],
    shift: [f64; 2],
}

impl View {
    /// The axes with their limits.
    pub fn new(axes: &Axes, x: &Limits, y: &Limits) -> Self {
        let [left, bottom, width, height] = axes.bounds;
        let along = |limits: &Limits, start: f64, length: f64| {
            let inverse = 1.0 / (limits.high - limits.low);
            (length * inverse, length * (-limits.low * inverse) + start)
        };
        let (x_scale, x_shift) = along(x, left, width);
        let (y_scale, y_shift) = along(y, bottom, height);
        Self { axes: *axes, scale: [x_scale, y_scale], shift: [x_shift, y_shift] }
    }

    /// The axes.
    pub fn axes(&self) -> &Axes {
        &self.axes
    }

    /// `ax.transData`: how many pixels a unit of x and of y has, and where their zero lies, y up.
    pub fn matrix(&self) -> ([f64; 2], [f64; 2]) {
        (self.scale, self.shift)
    }

    /// The place of a point in display coordinates: pixels, y up. What `ax.transData.transform` gives.
    #[inline]
    pub fn display(&self, x: f64, y: f64) -> [f64; 2] {
        [x * self.scale[0] + self.shift[0], y * self.scale[1] + self.shift[1]]
    }

    /// The pixel around which `draw_markers` draws a point, as column and row of the canvas, each still a float, as
    /// it may lie far beyond; NaN where a coordinate is not finite, and then the point is not drawn.
    #[inline]
    pub fn pixel(&self, x: f64, y: f64) -> [f64; 2] {
        let height = self.axes.canvas.1 as f64;
        let column = x * self.scale[0] + (self.shift[0] + 0.5);
        let row = y * -self.scale[1] + (-self.shift[1] + (height + 0.5));
        if column.is_finite() && row.is_finite() {
            [column.floor(), row.floor()]
        } else {
            [f64::NAN, f64::NAN]
        }
    }

    /// Where `draw_path_collection` puts the middle of a point's marker: pixels from the left and from the top of the canvas; a
    /// point with a coordinate that is not finite is not drawn.
    #[inline]
    pub fn offset(&self, x: f64, y: f64) -> [f64; 2] {
        let [column, up] = self.display(x, y);
        [column, -up + self.axes.canvas.1 as f64]
    }
}
