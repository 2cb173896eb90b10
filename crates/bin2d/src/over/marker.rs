//! Which pixels a point covers, where it covers more than its cell.

use std::ops::Range;

use crate::{Error, Size};

/// The longest side of a marker, in pixels.
pub(super) const MOST_SIDE: u32 = 8000;

/// How far from place 0 a canvas can begin, in pixels.
const MOST_FIRST: u32 = 1 << 24;

/// Pixels that lie evenly along both axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Lattice {
    /// Columns and rows of pixels.
    pub size: Size,
    /// From x to pixels, from the left edge of the leftmost.
    pub x: Along,
    /// From y to pixels, from the upper edge of row 0, downwards: where y grows upwards, the scale is below zero.
    pub y: Along,
    /// What every point is drawn as.
    pub marker: Marker,
}

/// The place of a value in pixels: `v = value * scale + offset`, in 64 bits, or from the other end
/// `v = end - (value * scale + offset)`, each operation rounded. Pixel number n holds the places from `first + n` on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Along {
    /// Pixels a data unit. Finite.
    pub scale: f64,
    /// The place of 0, or its distance from the end. Finite.
    pub offset: f64,
    /// Where places are counted from, backwards. Finite.
    pub end: Option<f64>,
    /// The place at which the first pixel begins.
    pub first: i32,
}

impl Along {
    /// Pixels are counted from place 0.
    pub fn new(scale: f64, offset: f64) -> Self {
        Self { scale, offset, end: None, first: 0 }
    }
}

/// The form of a point at the place v, the same along both axes.
#[derive(Debug, Clone, PartialEq)]
pub enum Marker {
    /// A square with sides of `2 half` pixels whose edges are rounded each by itself: from `floor(v - half + 0.5)` up to
    /// `floor(v + half + 0.5)`. What matplotlib makes of square markers that have a colour each.
    Edges {
        /// In pixels, from 0.
        half: f64,
    },
    /// A square around the pixel that holds v, `c = floor(v)`: from `c + floor(-half + 0.5)` up to
    /// `c + floor(half + 0.5)`. What matplotlib makes of square markers of one colour.
    Centered {
        /// In pixels, from 0.
        half: f64,
    },
    /// A picture of it, the same at every point.
    Mask(Mask),
}

/// How much of each pixel around the one that holds v, `c = floor(v)`, a marker covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// Of 255 parts: `len = width * height`, row-major, row 0 = top.
    pub covers: Vec<u8>,
    /// Columns, in pixels.
    pub width: u32,
    /// Rows, in pixels.
    pub height: u32,
    /// The first column lies so many pixels to the right of `c`, mostly below zero.
    pub left: i32,
    /// The first row lies so many pixels below `c`.
    pub top: i32,
}

impl Mask {
    /// Of each row, the longest run of pixels that are covered wholly, maybe of none.
    pub(super) fn solid(&self) -> Vec<Range<i32>> {
        let longest = |row: &[u8]| {
            let (mut longest, mut start) = (0..0, 0);
            for (column, &cover) in (0..).zip(row) {
                if cover < u8::MAX {
                    start = column + 1;
                } else if column + 1 - start > longest.end - longest.start {
                    longest = start..column + 1;
                }
            }
            longest
        };
        self.covers.chunks(self.width as usize).map(longest).collect()
    }
}

impl Lattice {
    /// # Errors
    /// [`Error::Options`] when a number is not in its range.
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::Options(what));
        for along in [self.x, self.y] {
            if along.first.unsigned_abs() > MOST_FIRST {
                return wrong(format!("a canvas cannot begin at pixel {}", along.first));
            }
            let end = along.end.unwrap_or_default();
            if !(along.scale.is_finite() && along.offset.is_finite() && end.is_finite()) {
                return wrong(format!(
                    "pixels at {} times a value and {} make no sense: both must be finite",
                    along.scale, along.offset
                ));
            }
        }
        match &self.marker {
            &Marker::Edges { half } | &Marker::Centered { half } => {
                if !(half >= 0.0 && half <= f64::from(MOST_SIDE - 2) / 2.0) {
                    return wrong(format!(
                        "markers of {} pixels make no sense: they have from 0 to {}",
                        2.0 * half,
                        MOST_SIDE - 2
                    ));
                }
            }
            Marker::Mask(mask) => {
                let Mask { covers, width, height, left, top } = mask;
                let side = 1..=MOST_SIDE;
                let fits = side.contains(width)
                    && side.contains(height)
                    && covers.len() as u64 == u64::from(*width) * u64::from(*height);
                if !fits || [left, top].iter().any(|at| at.unsigned_abs() > MOST_SIDE) {
                    return wrong(format!(
                        "a mask of {} covers is no marker of {width} by {height} pixels from {left},{top}: sides \
                         are from 1 to {MOST_SIDE}",
                        covers.len()
                    ));
                }
            }
        }
        Ok(())
    }
}

/// A marker along one axis: where it begins and ends, in whole pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reach {
    Edges { half: f64 },
    Fixed { before: f64, length: f64 },
}

impl Reach {
    /// Along x and along y.
    pub(super) fn both(marker: &Marker) -> [Self; 2] {
        match marker {
            &Marker::Edges { half } => [Self::Edges { half }; 2],
            &Marker::Centered { half } => {
                let before = (0.5 - half).floor();
                [Self::Fixed { before, length: (half + 0.5).floor() - before }; 2]
            }
            Marker::Mask(mask) => {
                [(mask.left, mask.width), (mask.top, mask.height)].map(|(before, length)| {
                    Self::Fixed { before: before.into(), length: length.into() }
                })
            }
        }
    }

    /// The shortest that a marker can be: none is more than 3 pixels longer.
    pub(super) fn shortest(self) -> i32 {
        match self {
            // Both edges are rounded, and the sums before that too.
            Self::Edges { half } => ((2.0 * half).floor() - 1.0).max(0.0) as i32,
            Self::Fixed { length, .. } => length as i32,
        }
    }

    /// The longest.
    pub(super) fn longest(self) -> i32 {
        match self {
            Self::Edges { .. } => self.shortest() + 3,
            Self::Fixed { .. } => self.shortest(),
        }
    }

    /// The pixels from the first to the second of a marker at `v`. What is nowhere, or too far away to matter,
    /// has none.
    #[inline(always)]
    pub(super) fn span(self, v: f64) -> (i32, i32) {
        const FAR: f64 = (1 << 30) as f64;
        let (start, end) = match self {
            Self::Edges { half } => ((v - half + 0.5).floor(), (v + half + 0.5).floor()),
            Self::Fixed { before, length } => {
                let start = v.floor() + before;
                (start, start + length)
            }
        };
        if v.abs() < FAR { (start as i32, end as i32) } else { (0, 0) }
    }
}
