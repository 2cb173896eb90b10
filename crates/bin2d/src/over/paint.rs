//! Where points get their colours from.

use std::ops::Range;

use pointillist_base::Values;

use super::Plain;
use crate::Error;

/// Gives points their colours. It is asked by whoever draws them, for a block of points at a time, on any thread and
/// maybe more than once for a point, and must always answer the same.
pub trait Paint: Sync {
    /// How many columns colours are made of.
    const COLUMNS: usize;
    /// What a point brings from these columns.
    type Row: Plain;
    /// The colour, as the blend takes it.
    type Ink: Plain;

    /// Reads what these of the rows bring, of so many columns: `into` has as many places.
    fn read(&self, columns: &[Values<'_>], rows: Range<usize>, into: &mut [Self::Row]);

    /// Whether a point is drawn at all. One that is not is counted and left out.
    ///
    /// Default: all are.
    #[inline(always)]
    fn draws(&self, _row: Self::Row) -> bool {
        true
    }

    /// Writes the colours of points into `inks`, which has as many places.
    fn paint(&self, rows: &[Self::Row], inks: &mut [Self::Ink]);
}

/// Reads columns of channels, as 32-bit floats.
pub fn read_channels<const N: usize>(
    columns: &[Values<'_>],
    rows: Range<usize>,
    into: &mut [[f32; N]],
) {
    for (channel, values) in columns.iter().take(N).enumerate() {
        match values.slice(rows.clone()) {
            Values::F32(values) => {
                for (row, &value) in into.iter_mut().zip(values) {
                    row[channel] = value;
                }
            }
            Values::F64(values) => {
                for (row, &value) in into.iter_mut().zip(values) {
                    row[channel] = value as f32;
                }
            }
        }
    }
}

/// Colours that are columns: red, green and blue, and with N = 4 alpha. A point of which one is not finite is not drawn.
///
/// Its ink is of 32-bit floats: alpha is `a / alpha_limit * opacity`, or `opacity` where there is no a, and red is
/// `r / limit * alpha`, each operation rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Colors<const N: usize> {
    limit: f32,
    alpha_limit: f32,
    opacity: f32,
}

impl<const N: usize> Colors<N> {
    /// Colours from 0 to `limit` of r, g and b and to `alpha_limit` of a, which are 1 or 255, and a further opacity
    /// of all points.
    ///
    /// # Errors
    /// [`Error::Options`] when a limit is not above 0, or the opacity is not above 0 and at most 1.
    pub fn new(limit: f32, alpha_limit: f32, opacity: f64) -> Result<Self, Error> {
        if !(limit > 0.0 && limit.is_finite() && alpha_limit > 0.0 && alpha_limit.is_finite()) {
            return Err(Error::Options(format!(
                "colors from 0 to {limit} and alpha from 0 to {alpha_limit} make no sense: both must be above 0"
            )));
        }
        if !(opacity > 0.0 && opacity <= 1.0) {
            return Err(Error::Options(format!(
                "an opacity of {opacity} makes no sense: it is above 0, and 1 at most"
            )));
        }
        Ok(Self { limit, alpha_limit, opacity: opacity as f32 })
    }
}

impl<const N: usize> Paint for Colors<N>
where
    [f32; N]: Plain,
{
    const COLUMNS: usize = N;
    type Row = [f32; N];
    type Ink = [f32; 4];

    fn read(&self, columns: &[Values<'_>], rows: Range<usize>, into: &mut [[f32; N]]) {
        read_channels(columns, rows, into);
    }

    #[inline(always)]
    fn draws(&self, row: [f32; N]) -> bool {
        row.iter().fold(true, |finite, channel| finite & channel.is_finite())
    }

    #[inline(always)]
    fn paint(&self, rows: &[[f32; N]], inks: &mut [[f32; 4]]) {
        const { assert!(N == 3 || N == 4, "red, green, blue, and maybe alpha") };
        for (ink, row) in inks.iter_mut().zip(rows) {
            let alpha = match row.get(3) {
                Some(alpha) => alpha / self.alpha_limit * self.opacity,
                None => self.opacity,
            };
            let [r, g, b] = [row[0], row[1], row[2]].map(|channel| channel / self.limit * alpha);
            *ink = [r, g, b, alpha];
        }
    }
}
