//! The colours of points, as inks of either blending.

use std::marker::PhantomData;
use std::ops::Range;

use pointillist_base::{Float, Values};
use pointillist_bin2d::Source;
use pointillist_bin2d::over::{Paint, Plain, read_channels};
use pointillist_colorize::{Band, Style};
use rayon::prelude::*;

use crate::Error;
use crate::blend::to_bytes;

/// What colours points have.
#[derive(Debug, Clone)]
pub enum Coloring {
    /// All the same: red, green, blue and opacity from 0 to 1.
    One([f64; 4]),
    /// Those of a value through a colormap, in the column of 32 or 64 bits that is given with the points; each is as opaque as its
    /// colour, times `opacity`. A point with NaN is not drawn.
    Mapped {
        /// From value to colour; of its own opacities only those of the colours count, and no background.
        style: Box<Style>,
        /// From 0 to 1.
        opacity: f64,
        /// Whether values are looked up with 64 bits; those of the other type are rounded or widened.
        wide: bool,
    },
    /// One each: columns of red, green and blue, and maybe opacity. A point of which one is not finite is not drawn.
    Each {
        /// Red, green and blue go from 0 to this, which is 1 or 255.
        limit: f32,
        /// Opacity goes from 0 to this, where there is a column of it.
        alpha_limit: Option<f32>,
        /// A further opacity of all points, from 0 to 1.
        opacity: f64,
    },
}

impl Coloring {
    /// Whether all have the same.
    pub(super) fn is_one(&self) -> bool {
        matches!(self, Self::One(_))
    }

    /// How many columns colours are made of.
    pub fn columns(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Mapped { .. } => 1,
            Self::Each { alpha_limit: None, .. } => 3,
            Self::Each { alpha_limit: Some(_), .. } => 4,
        }
    }

    /// The largest value of each column of channels.
    fn limits(&self) -> Vec<f32> {
        match *self {
            Self::One(_) | Self::Mapped { .. } => Vec::new(),
            Self::Each { limit, alpha_limit, .. } => {
                [Some(limit), Some(limit), Some(limit), alpha_limit].into_iter().flatten().collect()
            }
        }
    }

    /// What says of columns whether all channels are in their range.
    pub(super) fn ranges(&self) -> Ranges {
        Ranges(self.limits())
    }
}

/// From 0 to where channels go.
pub(super) struct Ranges(Vec<f32>);

impl Ranges {
    /// NaN and infinite values are no matter: such points are not drawn.
    pub(super) fn check(&self, columns: &[Source<'_>]) -> Result<(), Error> {
        for ((&limit, source), name) in self.0.iter().zip(columns).zip(["r", "g", "b", "a"]) {
            let limit = f64::from(limit);
            let found = match source {
                Source::Memory(Values::F32(values)) => beyond(values, limit),
                Source::Memory(Values::F64(values)) => beyond(values, limit),
                // The values are checked against these bounds while they are read.
                Source::File(column) => column.bounds().and_then(|(min, max)| {
                    [min, max].into_iter().find(|&bound| bound < 0.0 || bound > limit)
                }),
            };
            if let Some(value) = found {
                return Err(Error::Colors(format!(
                    "a color has {name} {value}, which is not from 0 to {limit}: say --rgb byte for colors up to 255, --rgb unit \
                     for colors up to 1"
                )));
            }
        }
        Ok(())
    }
}

/// A finite value that is not from 0 to `limit`, if there is one.
fn beyond<T: Copy + Into<f64> + Sync>(values: &[T], limit: f64) -> Option<f64> {
    /// Looked at without a branch, which vectors can do.
    const BLOCK: usize = 1 << 14;
    let is_beyond = |value: T| {
        let value: f64 = value.into();
        ((value < 0.0) | (value > limit)) & value.is_finite()
    };
    let any = |block: &&[T]| block.iter().fold(false, |any, &value| any | is_beyond(value));
    let block = values.par_chunks(BLOCK).find_any(any)?;
    block.iter().copied().find(|&value| is_beyond(value)).map(Into::into)
}

/// A colour as a blending takes it.
pub(super) trait Ink: Plain {
    /// Of red, green, blue and opacity as bytes, and a further opacity.
    fn of_bytes(color: [u8; 4], opacity: f64) -> Self;
}

/// Premultiplied.
impl Ink for [f32; 4] {
    fn of_bytes([r, g, b, a]: [u8; 4], opacity: f64) -> Self {
        let alpha = (f64::from(a) / 255.0 * opacity) as f32;
        let [r, g, b] = [r, g, b].map(|channel| f32::from(channel) / 255.0 * alpha);
        [r, g, b, alpha]
    }
}

impl Ink for [u8; 4] {
    fn of_bytes([r, g, b, a]: [u8; 4], opacity: f64) -> Self {
        [r, g, b, to_bytes([0.0, 0.0, 0.0, f64::from(a) / 255.0 * opacity])[3]]
    }
}

/// Whether there are as many columns of colours as a paint takes.
pub(super) fn check_number(needed: usize, given: usize) -> Result<(), Error> {
    if needed == given {
        return Ok(());
    }
    Err(Error::Colors(format!("colors are made of {needed} columns, and {given} are given")))
}

/// The same ink for all.
pub(super) struct Uniform<I>(pub(super) I);

impl<I: Plain> Paint for Uniform<I> {
    const COLUMNS: usize = 0;
    type Row = u8;
    type Ink = I;

    fn read(&self, _columns: &[Values<'_>], _rows: Range<usize>, into: &mut [u8]) {
        into.fill(0);
    }

    fn paint(&self, _rows: &[u8], inks: &mut [I]) {
        inks.fill(self.0);
    }
}

/// Values through a colormap.
pub(super) struct Mapped<T, I> {
    style: Box<Style>,
    opacity: f64,
    of: PhantomData<fn(T) -> I>,
}

impl<T, I> Mapped<T, I> {
    pub(super) fn new(style: Box<Style>, opacity: f64) -> Self {
        Self { style, opacity, of: PhantomData }
    }
}

impl<T: Plain + Float, I: Ink> Paint for Mapped<T, I> {
    const COLUMNS: usize = 1;
    type Row = T;
    type Ink = I;

    fn read(&self, columns: &[Values<'_>], rows: Range<usize>, into: &mut [T]) {
        if let [values] = columns {
            values.slice(rows).round_into(into);
        }
    }

    fn draws(&self, row: T) -> bool {
        !row.is_nan()
    }

    fn paint(&self, rows: &[T], inks: &mut [I]) {
        const BLOCK: usize = 256;
        let mut pixels = [[0; 4]; BLOCK];
        for (rows, inks) in rows.chunks(BLOCK).zip(inks.chunks_mut(BLOCK)) {
            let pixels = &mut pixels[..rows.len()];
            self.style.shade(Band { values: T::values(rows), counts: None }, pixels);
            for (ink, &pixel) in inks.iter_mut().zip(&*pixels) {
                *ink = I::of_bytes(pixel, self.opacity);
            }
        }
    }
}

/// Columns of channels, as bytes: each from 0 to its limit.
pub(super) struct Bytes<const N: usize> {
    pub(super) limits: [f32; 4],
    pub(super) opacity: f64,
}

impl<const N: usize> Paint for Bytes<N>
where
    [f32; N]: Plain,
{
    const COLUMNS: usize = N;
    type Row = [f32; N];
    type Ink = [u8; 4];

    fn read(&self, columns: &[Values<'_>], rows: Range<usize>, into: &mut [[f32; N]]) {
        read_channels(columns, rows, into);
    }

    fn draws(&self, row: [f32; N]) -> bool {
        row.iter().all(|channel| channel.is_finite())
    }

    fn paint(&self, rows: &[[f32; N]], inks: &mut [[u8; 4]]) {
        for (ink, row) in inks.iter_mut().zip(rows) {
            let mut color = [1.0; 4];
            for ((channel, &value), limit) in color.iter_mut().zip(row).zip(self.limits) {
                *channel = f64::from(value) / f64::from(limit);
            }
            color[3] *= self.opacity;
            *ink = to_bytes(color);
        }
    }
}
