//! Which colours occur: what decides on how pixels are stored.

use std::sync::atomic::{AtomicBool, Ordering};

use pointillist_base::memory::resize;
use pointillist_bin2d::Idle;
use rayon::prelude::*;

use super::colors::Colors;
use super::pixels::Pixels;
use super::{Effort, Size};
use crate::Error;

/// Rows that are looked at first, spread over the picture: most pictures show there already that they have
/// too many colours.
const SAMPLED: usize = 16;

/// Pixels of these rows, at most, but for the first one.
const SAMPLE: usize = 1 << 20;

/// Pictures of fewer pixels are looked at whole, whatever they say of their palette: it may be too long.
const SMALL: usize = 1 << 16;

/// What is known of the colours of a picture.
#[derive(Debug, Clone)]
pub(super) struct Census {
    /// All that occur, if they are at most 256.
    pub(super) colors: Option<Vec<[u8; 4]>>,
    /// No pixel is transparent or translucent.
    pub(super) opaque: bool,
    /// Red, green and blue are the same in every pixel.
    pub(super) gray: bool,
    /// Some rows, spread over the picture.
    pub(super) sample: Vec<[u8; 4]>,
}

impl Census {
    /// Takes what the picture says of itself, or else looks at its pixels, in blocks of `rows`. Where size
    /// matters, only colours that occur take part: the differences between them are smaller.
    ///
    /// # Errors
    /// Those of [`Pixels::fill`].
    pub(super) fn of(
        pixels: &dyn Pixels,
        size: Size,
        rows: usize,
        effort: Effort,
    ) -> Result<Census, Error> {
        let opaque = pixels.is_opaque();
        let count = SAMPLED.min(size.height).min((SAMPLE / size.width).max(1));
        let mut sample = Vec::new();
        resize(&mut sample, count * size.width * 4)?;
        for (i, row) in sample.chunks_exact_mut(size.width * 4).enumerate() {
            let y = i * size.height / count;
            pixels.fill(y..y + 1, row)?;
        }
        let sample = sample.as_chunks().0.to_vec();
        let known = effort == Effort::Fast && size.pixels() >= SMALL;
        if let Some(palette) = pixels.palette().filter(|_| known) {
            let mut colors = Colors::new();
            if !palette.is_empty() && palette.iter().all(|color| colors.add(color.0)) {
                let colors = Some(colors.list().to_vec());
                return Ok(Census { colors, opaque, gray: false, sample });
            }
        }
        let mut seen = Seen::new();
        seen.look(&sample);
        if seen.is_settled(opaque) {
            return Ok(seen.into_census(opaque, sample));
        }
        // As soon as one block knows that there is nothing left to be known, no other is looked at: what
        // comes out does not depend on which it was.
        let settled = AtomicBool::new(false);
        let (blocks, idle) = (size.height.div_ceil(rows), Idle::default());
        let seen = (0..blocks)
            .into_par_iter()
            .try_fold(
                || seen.clone(),
                |mut seen, block| {
                    if !settled.load(Ordering::Relaxed) {
                        let block = block * rows..size.height.min((block + 1) * rows);
                        idle.lend(|rgba| {
                            resize(rgba, block.len() * size.width * 4)?;
                            pixels.fill(block, rgba)?;
                            seen.look(rgba.as_chunks().0);
                            Ok::<_, Error>(())
                        })?;
                        if seen.is_settled(opaque) {
                            settled.store(true, Ordering::Relaxed);
                        }
                    }
                    Ok::<_, Error>(seen)
                },
            )
            .try_reduce(|| seen.clone(), |a, b| Ok(a.and(&b)))?;
        Ok(seen.into_census(opaque, sample))
    }
}

#[derive(Debug, Clone)]
struct Seen {
    colors: Colors,
    too_many: bool,
    /// Of the pixels that were looked at since there were too many colours.
    opaque: bool,
    gray: bool,
}

impl Seen {
    fn new() -> Seen {
        Seen { colors: Colors::new(), too_many: false, opaque: true, gray: true }
    }

    fn look(&mut self, mut pixels: &[[u8; 4]]) {
        if !self.too_many {
            match pixels.iter().position(|pixel| !self.colors.add(*pixel)) {
                None => return,
                Some(at) => pixels = &pixels[at..],
            }
            self.too_many = true;
        }
        self.opaque = self.opaque && are_opaque(pixels);
        self.gray = self.gray && are_gray(pixels);
    }

    /// Whether nothing more that is of use can be found.
    fn is_settled(&self, known_opaque: bool) -> bool {
        self.too_many && !self.is_gray() && (known_opaque || !self.is_opaque())
    }

    fn is_opaque(&self) -> bool {
        self.opaque && are_opaque(self.colors.list())
    }

    fn is_gray(&self) -> bool {
        self.gray && are_gray(self.colors.list())
    }

    fn and(mut self, other: &Seen) -> Seen {
        self.look(other.colors.list());
        self.too_many |= other.too_many;
        self.opaque &= other.opaque;
        self.gray &= other.gray;
        self
    }

    fn into_census(self, known_opaque: bool, sample: Vec<[u8; 4]>) -> Census {
        let (opaque, gray) = (known_opaque || self.is_opaque(), self.is_gray());
        let mut colors = self.colors.list().to_vec();
        // Most colormaps go from dark to bright, and neighbours that differ little are good for filters.
        colors.sort_unstable_by_key(|&[r, g, b, a]| {
            let luminance = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b);
            (a, luminance, [r, g, b])
        });
        Census { colors: (!self.too_many).then_some(colors), opaque, gray, sample }
    }
}

fn are_opaque(pixels: &[[u8; 4]]) -> bool {
    pixels.iter().fold(255, |all, pixel| all & pixel[3]) == 255
}

fn are_gray(pixels: &[[u8; 4]]) -> bool {
    pixels.iter().fold(0, |any, [r, g, b, _]| any | (r ^ g) | (r ^ b)) == 0
}
