//! Points that were composited one over another, as bin2d's reduction `over` has them, to pixels.
//!
//! Four pages hold red, green, blue and alpha of every cell as floats, the colours multiplied by alpha. They are
//! colours already, so there is neither norm nor colormap: a pixel is the cell's colour divided by its alpha, and its
//! alpha, rounded to 8 bits each.

use std::ops::Range;

use pointillist_base::{OwnedValues, Progress, Values};
use pointillist_bin2d::{GridFile, Idle, PageRows, Reduction, RowBuffer};

use crate::{Color, Effort, Error, Pixels};

/// What stands for the four pages where a page is named.
pub const OVER: &str = "over";

/// All that decides on the picture besides the grid.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How many times as opaque every pixel is, at most wholly, in the same colour: `min(1, alpha * gain)`. It
    /// brings out points that were drawn so faint that they hardly show. Above 0. With 1 over the largest alpha of the
    /// grid nothing is cut off.
    ///
    /// Default: 1.
    pub gain: f64,
    /// The colour composited under the picture.
    ///
    /// Default: none.
    pub background: Option<Color>,
    /// Whether the file is to be made fast or small; the pixels are the same.
    ///
    /// Default: fast.
    pub effort: Effort,
}

impl Default for Options {
    fn default() -> Self {
        Self { gain: 1.0, background: None, effort: Effort::default() }
    }
}

impl Options {
    /// Checks what can be told without a grid.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when the gain is not a number above 0.
    pub fn validate(&self) -> Result<(), Error> {
        if self.gain > 0.0 && self.gain.is_finite() {
            Ok(())
        } else {
            let expected = "a number above 0";
            Err(Error::OutOfRange { name: "gain", expected, value: self.gain })
        }
    }
}

/// The pages of a grid's file, of which no more than a few rows a thread are in memory.
pub struct Composite<'a> {
    width: usize,
    height: usize,
    /// Red, green, blue and alpha.
    pages: [PageRows<'a>; 4],
    options: Options,
    progress: &'a dyn Progress,
    /// Memory of earlier calls, for later ones on whatever thread.
    buffers: Idle<Buffer>,
}

/// Rows of all pages.
#[derive(Debug, Default)]
struct Buffer {
    pages: [OwnedValues; 4],
    file: RowBuffer,
}

impl<'a> Composite<'a> {
    /// The pages of a grid, all read once to see that they are whole.
    ///
    /// # Errors
    /// Those of [`Options::validate`], and of [`GridFile::page_rows`] where there are no such pages.
    pub fn new(
        grid: &'a GridFile,
        options: Options,
        progress: &'a dyn Progress,
    ) -> Result<Self, Error> {
        options.validate()?;
        if !grid.description().reductions.has_over() {
            // There is none, which is said in full.
            grid.page_rows(OVER, progress)?;
        }
        let page = |channel: Reduction| grid.page_rows(channel.name(), progress);
        let [red, green, blue, alpha] = Reduction::OVER;
        let pages = [page(red)?, page(green)?, page(blue)?, page(alpha)?];
        let (width, height) = (grid.width() as usize, grid.height() as usize);
        Ok(Self { width, height, pages, options, progress, buffers: Idle::default() })
    }

    fn read(&self, rows: Range<usize>, buffer: &mut Buffer) -> Result<(), Error> {
        if self.progress.cancelled() {
            return Err(Error::Cancelled);
        }
        for (page, values) in self.pages.iter().zip(&mut buffer.pages) {
            page.read(rows.clone(), values, &mut buffer.file)?;
        }
        Ok(())
    }
}

impl Pixels for Composite<'_> {
    fn width(&self) -> usize {
        self.width
    }

    fn height(&self) -> usize {
        self.height
    }

    /// The errors are those of reading the file.
    ///
    /// # Panics
    /// If there are not so many rows, or not as many bytes.
    fn fill(&self, rows: Range<usize>, rgba: &mut [u8]) -> Result<(), Error> {
        assert_eq!(rgba.len(), 4 * rows.len() * self.width, "four bytes a cell");
        self.buffers.lend(|buffer| {
            self.read(rows, buffer)?;
            let pages = buffer.pages.each_ref().map(Values::from);
            for (cell, out) in rgba.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let premultiplied = pages.map(|page| match page {
                    Values::F32(values) => f64::from(values[cell]),
                    Values::F64(values) => values[cell],
                });
                *out = pixel(premultiplied, &self.options).0;
            }
            Ok(())
        })
    }

    fn is_opaque(&self) -> bool {
        self.options.background.is_some_and(|Color([.., alpha])| alpha == 255)
    }
}

/// The pixel of a cell. It is computed in 64 bits and rounded once, also over a background.
#[inline]
fn pixel([r, g, b, alpha]: [f64; 4], options: &Options) -> Color {
    // What is no number is nothing.
    let (opacity, shown) =
        if alpha > 0.0 { ((alpha * options.gain).min(1.0), alpha) } else { (0.0, 1.0) };
    let below =
        options.background.unwrap_or(Color::TRANSPARENT).0.map(|byte| f64::from(byte) / 255.0);
    let through = (1.0 - opacity) * below[3];
    let all = opacity + through;
    let byte = |value: f64| (value * 255.0 + 0.5) as u8;
    let alpha = byte(all);
    if alpha == 0 {
        return Color::TRANSPARENT;
    }
    let mix = |channel: f64, below: f64| {
        // Rounding may have carried a colour beyond its alpha.
        let straight = if opacity > 0.0 { (channel / shown).clamp(0.0, 1.0) } else { 0.0 };
        byte((straight * opacity + below * through) / all)
    };
    Color([mix(r, below[0]), mix(g, below[1]), mix(b, below[2]), alpha])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(gain: f64, background: Option<Color>) -> Options {
        Options { gain, background, ..Options::default() }
    }

    #[test]
    fn colors_are_divided_by_their_alpha_which_the_gain_raises() {
        let plain = with(1.0, None);
        assert_eq!(pixel([0.0; 4], &plain), Color::TRANSPARENT);
        assert_eq!(pixel([0.25, 0.5, 0.0, 0.5], &plain), Color([128, 255, 0, 128]));
        assert_eq!(pixel([0.01, 0.02, 0.0, 0.02], &with(10.0, None)), Color([128, 255, 0, 51]));
        assert_eq!(pixel([0.25, 0.5, 0.0, 0.5], &with(10.0, None)), Color([128, 255, 0, 255]));
        // What would be rounded to nothing is nothing.
        assert_eq!(pixel([0.001, 0.0, 0.0, 0.001], &plain), Color::TRANSPARENT);
        let white = Some(Color([255; 4]));
        assert_eq!(pixel([0.0; 4], &with(1.0, white)), Color([255; 4]));
        assert_eq!(pixel([0.0, 0.5, 0.0, 0.5], &with(1.0, white)), Color([128, 255, 128, 255]));
        let half = Some(Color([0, 0, 255, 128]));
        assert_eq!(pixel([1.0, 0.0, 0.0, 1.0], &with(1.0, half)), Color([255, 0, 0, 255]));
        assert_eq!(pixel([0.0; 4], &with(1.0, half)), Color([0, 0, 255, 128]));
        for odd in [f64::NAN, -1.0, f64::NEG_INFINITY] {
            assert_eq!(pixel([1.0, 1.0, 1.0, odd], &plain), Color::TRANSPARENT);
            assert_eq!(pixel([odd, 0.5, 2.0, 0.5], &plain), Color([0, 255, 255, 128]));
        }
    }

    #[test]
    fn a_gain_is_a_number_above_zero() {
        for gain in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(with(gain, None).validate().unwrap_err().is_usage());
        }
        assert!(with(0.1, None).validate().is_ok());
    }

    proptest! {
        #[test]
        fn a_background_in_floats_is_that_of_bytes_but_for_rounding(
            color in prop::array::uniform3(0.0..=1.0f64), alpha in 0.0..=1.0f64,
            gain in 0.1..20.0f64, below in any::<[u8; 4]>(),
        ) {
            let [r, g, b] = color.map(|channel| channel * alpha);
            let upper = pixel([r, g, b, alpha], &with(gain, None));
            let expected = upper.over(Color(below));
            let found = pixel([r, g, b, alpha], &with(gain, Some(Color(below))));
            prop_assert!(found.0[3].abs_diff(expected.0[3]) <= 1);
            // The fainter, the coarser a colour of bytes.
            let slack = 1.0 + 256.0 / f64::from(expected.0[3].max(1));
            for (found, expected) in found.0.into_iter().zip(expected.0).take(3) {
                prop_assert!(f64::from(found.abs_diff(expected)) <= slack || expected == 0);
            }
        }
    }
}
