//! How pixels are stored: as places in a palette where the colours are few, else as what they are made of.

use ::png::{BitDepth, ColorType};

use super::census::Census;
use super::colors::Colors;
use super::{Size, palette};
use crate::Error;

/// What becomes of a pixel.
///
/// Of the other forms that there are, gray without alpha and RGB with one transparent colour are left out:
/// matplotlib's `imread` returns fewer channels for the one and forgets the transparency of the other.
#[derive(Debug, Clone)]
pub(super) enum Form {
    /// A place in the palette, of 1, 2, 4 or 8 bits.
    Indexed {
        /// All colours, those that are not opaque first.
        palette: Colors,
        /// Of a place.
        bits: usize,
    },
    GrayAlpha,
    Rgb,
    Rgba,
}

impl Form {
    /// The one that takes least.
    pub(super) fn of(census: Census, size: Size) -> Form {
        match census {
            Census { colors: Some(colors), sample, .. } => {
                let bits = match colors.len() {
                    0..=2 => 1,
                    3..=4 => 2,
                    5..=16 => 4,
                    _ => 8,
                };
                let palette = palette::in_order(colors, &sample, size.width);
                Form::Indexed { palette, bits }
            }
            Census { gray: true, .. } => Form::GrayAlpha,
            Census { opaque: true, .. } => Form::Rgb,
            _ => Form::Rgba,
        }
    }

    pub(super) fn color_type(&self) -> ColorType {
        match self {
            Form::Indexed { .. } => ColorType::Indexed,
            Form::GrayAlpha => ColorType::GrayscaleAlpha,
            Form::Rgb => ColorType::Rgb,
            Form::Rgba => ColorType::Rgba,
        }
    }

    pub(super) fn bit_depth(&self) -> BitDepth {
        match self {
            Form::Indexed { bits: 1, .. } => BitDepth::One,
            Form::Indexed { bits: 2, .. } => BitDepth::Two,
            Form::Indexed { bits: 4, .. } => BitDepth::Four,
            _ => BitDepth::Eight,
        }
    }

    /// The chunks PLTE and tRNS: red, green and blue of each colour, and opacities of the first ones.
    pub(super) fn palette(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let Form::Indexed { palette, .. } = self else { return None };
        let rgb = palette.list().iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
        let alpha = palette.list().iter().map(|color| color[3]).take_while(|a| *a < 255).collect();
        Some((rgb, alpha))
    }

    /// The distance of what belongs to neighbouring pixels, in bytes.
    pub(super) fn unit(&self) -> usize {
        match self {
            Form::Indexed { .. } => 1,
            Form::GrayAlpha => 2,
            Form::Rgb => 3,
            Form::Rgba => 4,
        }
    }

    /// Bytes of so many pixels in a row.
    pub(super) fn stride(&self, width: usize) -> usize {
        match self {
            Form::Indexed { bits, .. } => width.div_ceil(8 / bits),
            _ => width * self.unit(),
        }
    }

    /// Makes one row: `out.len() = self.stride(rgba.len())`.
    ///
    /// # Errors
    /// [`Error::Colors`] if a pixel is not what the census says.
    pub(super) fn pack(&self, rgba: &[[u8; 4]], out: &mut [u8]) -> Result<(), Error> {
        let good = match self {
            Form::Indexed { palette, bits: 8 } => index(palette, rgba, out),
            Form::Indexed { palette, bits } => {
                let mut good = true;
                for (out, pixels) in out.iter_mut().zip(rgba.chunks(8 / bits)) {
                    let mut places = [0; 8];
                    good &= index(palette, pixels, &mut places[..pixels.len()]);
                    let places = &places[..8 / bits];
                    *out = places.iter().fold(0, |byte, place| byte << bits | place);
                }
                good
            }
            Form::GrayAlpha => {
                let mut differs = 0;
                for (out, [r, g, b, a]) in out.as_chunks_mut().0.iter_mut().zip(rgba) {
                    *out = [*r, *a];
                    differs |= (r ^ g) | (r ^ b);
                }
                differs == 0
            }
            Form::Rgb => {
                let mut opaque = 255;
                for (out, [r, g, b, a]) in out.as_chunks_mut().0.iter_mut().zip(rgba) {
                    *out = [*r, *g, *b];
                    opaque &= a;
                }
                opaque == 255
            }
            Form::Rgba => {
                out.copy_from_slice(rgba.as_flattened());
                true
            }
        };
        if good { Ok(()) } else { Err(Error::Colors) }
    }
}

/// The places of these pixels; false where one has none.
fn index(palette: &Colors, pixels: &[[u8; 4]], out: &mut [u8]) -> bool {
    let mut good = true;
    for (out, pixel) in out.iter_mut().zip(pixels) {
        let place = palette.find(*pixel);
        good &= place.is_some();
        *out = place.unwrap_or(0);
    }
    good
}
