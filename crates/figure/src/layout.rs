//! Where the parts of a figure lie: matplotlib's default figure.
//!
//! Lengths are in pixels and y goes up, as in matplotlib, so that its arithmetic can be followed to the bit: which
//! pixels belong to the axes is decided by where a fraction of the figure rounds to.

use crate::Error;

/// Points of an inch.
const POINTS: f64 = 72.0;

/// The figure's margins as shares of it: `figure.subplot.left`, `right`, `bottom` and `top`.
const SUBPLOT: [f64; 4] = [0.125, 0.9, 0.11, 0.88];

/// Shares of the subplot that a colorbar takes, and that lie between the two (`Figure.colorbar`).
const FRACTION: f64 = 0.15;
const PAD: f64 = 0.05;

/// A colorbar is so many times as high as wide.
pub(crate) const ASPECT: f64 = 20.0;

/// Margins around a picture that is given, in inches: those of the default figure, which is 6.4 wide and 4.8 high.
const LEFT: f64 = 0.8;
const RIGHT: f64 = 0.64;
const BOTTOM: f64 = 0.528;
const TOP: f64 = 0.576;
/// Between picture and colorbar, and from there to the edge.
const GAP: f64 = 0.248;
const BESIDE: f64 = 1.2;
/// The narrowest colorbar.
const NARROWEST: f64 = 0.08;

const MAX_SIDE: f64 = 1_048_576.0;
const MAX_PIXELS: f64 = 536_870_912.0;

/// A part of a figure, in pixels from its lower left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// The left edge.
    pub left: f64,
    /// The right edge.
    pub right: f64,
    /// The lower edge.
    pub bottom: f64,
    /// The upper edge.
    pub top: f64,
}

impl Area {
    /// From the left edge to the right one.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// From the lower edge to the upper one.
    pub fn height(&self) -> f64 {
        self.top - self.bottom
    }

    /// Of this share of the height, so far above the lower edge.
    pub(crate) fn part(&self, from: f64, to: f64) -> Area {
        let at = |share: f64| self.bottom + share * self.height();
        Area { bottom: at(from), top: at(to), ..*self }
    }
}

/// Whole pixels of a figure, from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelArea {
    /// Columns to the left of it.
    pub left: usize,
    /// Rows above it.
    pub top: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Size and division of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// Pixels of an inch; a point of text is 1/72 of it.
    pub dpi: f64,
    /// Columns of the figure, in pixels.
    pub width: usize,
    /// Rows of the figure, in pixels.
    pub height: usize,
    /// Where the axes lie.
    pub axes: Area,
    /// Where the colorbar or the key of opacities lies, if there is one.
    pub bar: Option<Area>,
}

impl Layout {
    /// A figure of so many inches, with matplotlib's margins, and if `has_bar` with a colorbar where
    /// `fig.colorbar(…, ax=ax)` draws it.
    ///
    /// # Errors
    /// [`Error::FigureSize`], [`Error::Dpi`], [`Error::TooLarge`] and [`Error::TooSmall`].
    ///
    /// ```
    /// let layout = pointillist_figure::Layout::new((6.4, 4.8), 100.0, false)?;
    /// let picture = layout.picture();
    /// assert_eq!((layout.width, layout.height), (640, 480));
    /// assert_eq!((picture.left, picture.top, picture.width, picture.height), (80, 58, 496, 369));
    /// # Ok::<(), pointillist_figure::Error>(())
    /// ```
    pub fn new(figsize: (f64, f64), dpi: f64, has_bar: bool) -> Result<Layout, Error> {
        let (width, height) = figsize;
        if !(width > 0.0 && height > 0.0 && width.is_finite() && height.is_finite()) {
            return Err(Error::FigureSize { width, height });
        }
        check_dpi(dpi)?;
        let (width, height) = (width * dpi, height * dpi);
        check_pixels(width, height)?;
        // In the order in which `GridSpec.get_grid_positions` adds and subtracts.
        let [left, right, bottom, top] = SUBPLOT;
        let (right, bottom) = (left + (right - left), top - (top - bottom));
        let whole = Area { left, right, bottom, top };
        let scaled = |area: Area| Area {
            left: area.left * width,
            right: area.right * width,
            bottom: area.bottom * height,
            top: area.top * height,
        };
        let (axes, bar) = if has_bar { beside(whole, height / width) } else { (whole, None) };
        let layout = Layout {
            dpi,
            width: width as usize,
            height: height as usize,
            axes: scaled(axes),
            bar: bar.map(scaled),
        };
        let picture = layout.picture();
        if picture.width == 0 || picture.height == 0 {
            return Err(Error::TooSmall { width: layout.width, height: layout.height });
        }
        Ok(layout)
    }

    /// A figure around a picture of `width` columns and `height` rows, with the margins of matplotlib's default
    /// figure at `dpi`.
    ///
    /// # Errors
    /// [`Error::Dpi`], [`Error::TooLarge`], and [`Error::TooSmall`] for a picture without pixels.
    pub fn around(width: usize, height: usize, dpi: f64, has_bar: bool) -> Result<Layout, Error> {
        check_dpi(dpi)?;
        if width == 0 || height == 0 {
            return Err(Error::TooSmall { width, height });
        }
        let pixels = |inches: f64| (inches * dpi).round();
        let (w, h) = (width as f64, height as f64);
        let axes = Area {
            left: pixels(LEFT),
            right: pixels(LEFT) + w,
            bottom: pixels(BOTTOM),
            top: pixels(BOTTOM) + h,
        };
        let bar = has_bar.then(|| {
            let left = axes.right + pixels(GAP);
            Area { left, right: left + (h / ASPECT).max(NARROWEST * dpi), ..axes }
        });
        let right =
            bar.map_or(axes.right + pixels(RIGHT), |bar| (bar.right + pixels(BESIDE)).round());
        let top = axes.top + pixels(TOP);
        check_pixels(right, top)?;
        Ok(Layout { dpi, width: right as usize, height: top as usize, axes, bar })
    }

    /// The pixels of the axes, which are those of the picture: where matplotlib's Agg clips to.
    pub fn picture(&self) -> PixelArea {
        self.pixels(self.axes)
    }

    pub(crate) fn pixels(&self, area: Area) -> PixelArea {
        let [left, right, bottom, top] = [area.left, area.right, area.bottom, area.top]
            .map(|edge| (edge + 0.5).floor().max(0.0) as usize);
        PixelArea {
            left,
            top: self.height.saturating_sub(top),
            width: right.saturating_sub(left),
            height: top.saturating_sub(bottom),
        }
    }

    /// Points as pixels.
    pub(crate) fn points(&self, points: f64) -> f64 {
        points * self.dpi / POINTS
    }

    /// Pixels as points.
    pub(crate) fn in_points(&self, pixels: f64) -> f64 {
        pixels * POINTS / self.dpi
    }
}

/// The axes and the colorbar, as `colorbar.make_axes_gridspec` divides a subplot of a figure with this ratio of
/// height to width.
fn beside(whole: Area, figure_aspect: f64) -> (Area, Option<Area>) {
    let space = 2.0 * PAD / (1.0 - PAD);
    let cell = whole.width() / (2.0 + space);
    let shares = [1.0 - FRACTION - PAD, FRACTION];
    let unit = cell * 2.0 / (shares[0] + shares[1]);
    let first = shares[0] * unit;
    let second = first + space * cell;
    let bottom = whole.top - whole.height() / 3.0 * 3.0;
    let axes = Area { right: whole.left + first, bottom, ..whole };
    let column = Area {
        left: whole.left + second,
        right: whole.left + (second + shares[1] * unit),
        bottom,
        top: whole.top,
    };
    // `Bbox.shrunk_to_aspect` and `anchored`: to the left and in the middle.
    let (width, height) = (column.width(), column.height());
    let shrunk = width * ASPECT / figure_aspect;
    let bar = if shrunk <= height {
        let bottom = column.bottom + 0.5 * (height - shrunk);
        Area { bottom, top: bottom + shrunk, ..column }
    } else {
        Area { right: column.left + height * figure_aspect / ASPECT, ..column }
    };
    (axes, Some(bar))
}

fn check_dpi(dpi: f64) -> Result<(), Error> {
    if (10.0..=10000.0).contains(&dpi) { Ok(()) } else { Err(Error::Dpi { dpi }) }
}

fn check_pixels(width: f64, height: f64) -> Result<(), Error> {
    if width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_PIXELS {
        Ok(())
    } else {
        Err(Error::TooLarge { width, height })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colorbar_takes_from_the_axes_what_it_takes_in_matplotlib() {
        let layout = Layout::new((6.4, 4.8), 100.0, true).unwrap();
        let near = |found: Area, expected: [f64; 4]| {
            let found = [found.left, found.bottom, found.right, found.top];
            found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9)
        };
        assert!(near(layout.axes, [80.0, 52.8, 476.8, 422.4]), "{layout:?}");
        assert!(near(layout.bar.unwrap(), [501.6, 52.8, 520.08, 422.4]), "{layout:?}");
        let layout = Layout::new((3.3, 2.7), 100.0, true).unwrap();
        assert!(near(layout.bar.unwrap(), [258.6375, 29.7, 269.0325, 237.6]), "{layout:?}");
        // Too narrow a column makes a lower bar.
        let layout = Layout::new((1.0, 9.0), 100.0, true).unwrap();
        let bar = layout.bar.unwrap();
        assert!((bar.height() / bar.width() - 20.0).abs() < 1e-9, "{bar:?}");
    }

    #[test]
    fn a_figure_around_a_picture_has_the_margins_of_the_default_one() {
        let layout = Layout::around(496, 369, 100.0, false).unwrap();
        assert_eq!((layout.width, layout.height), (640, 480));
        let picture = layout.picture();
        assert_eq!((picture.left, picture.top, picture.width, picture.height), (80, 58, 496, 369));
        for (width, height, dpi) in [(1, 1, 10.0), (1000, 3, 72.5), (33, 2000, 301.7)] {
            let layout = Layout::around(width, height, dpi, true).unwrap();
            let picture = layout.picture();
            assert_eq!((picture.width, picture.height), (width, height));
            assert!(picture.left + width < layout.width && picture.top + height < layout.height);
        }
    }

    #[test]
    fn sizes_that_are_none_are_refused() {
        let error = |figsize, dpi| Layout::new(figsize, dpi, true).unwrap_err().to_string();
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(error((bad, 4.8), 100.0).contains("above zero"));
            assert!(error((6.4, bad), 100.0).contains("above zero"));
            assert!(error((6.4, 4.8), bad).contains("dots per inch"));
            assert!(Layout::around(9, 9, bad, false).is_err());
        }
        assert!(error((1e300, 1e300), 100.0).contains("too large"));
        assert!(error((6e3, 6e3), 10000.0).contains("too large"));
        assert!(error((1e-3, 1e-3), 100.0).contains("no room"));
        assert!(Layout::around(usize::MAX, 5, 100.0, false).is_err());
        assert!(Layout::around(5, 0, 100.0, false).is_err());
    }
}
