//! How the colour of a point is composited over what lies under it.

use super::Plain;

/// A way to composite. Whatever it does, the points of a pixel come to it one after another, in row order, so its
/// result need not be the same in any other order.
pub trait Blend: Sync {
    /// What is kept of a pixel. All zeros are one that nothing has been drawn on.
    type Pixel: Plain;
    /// The colour of a point.
    type Ink: Plain;

    /// Composites `ink` over every one of `pixels`, all of which it covers wholly.
    fn over(&self, pixels: &mut [Self::Pixel], ink: Self::Ink);

    /// The same where it covers `covers` of 255 parts of each pixel; as many as there are pixels. Of 0 parts nothing
    /// shows, and of 255 it is [`Blend::over`].
    fn over_covered(&self, pixels: &mut [Self::Pixel], ink: Self::Ink, covers: &[u8]);

    /// Whether nothing shows through `ink`: then [`Blend::over`] leaves the same whatever the pixels were. What lies
    /// under such points is left out where that is quicker.
    fn hides(&self, ink: Self::Ink) -> bool;
}

/// *Over* in 32-bit floats: ink and pixel are red, green, blue and alpha, the colours multiplied by alpha, and a pixel
/// becomes `ink + pixel * (1 - alpha of the ink)`, by one subtraction, one multiplication and one addition, each
/// rounded. Inks must be finite, and alpha from 0 to 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct PorterDuff;

impl Blend for PorterDuff {
    type Pixel = [f32; 4];
    type Ink = [f32; 4];

    #[inline(always)]
    fn over(&self, pixels: &mut [[f32; 4]], ink: [f32; 4]) {
        // Four pixels at a time, which is as wide as vectors are.
        const WIDE: usize = 16;
        let through = 1.0 - ink[3];
        let inks: [f32; WIDE] = std::array::from_fn(|channel| ink[channel % 4]);
        let (wide, rest) = pixels.as_flattened_mut().as_chunks_mut::<WIDE>();
        for pixels in wide {
            *pixels = std::array::from_fn(|channel| inks[channel] + pixels[channel] * through);
        }
        for (channel, ink) in rest.iter_mut().zip(inks) {
            *channel = ink + *channel * through;
        }
    }

    #[inline(always)]
    fn over_covered(&self, pixels: &mut [[f32; 4]], ink: [f32; 4], covers: &[u8]) {
        for (pixel, &cover) in pixels.iter_mut().zip(covers) {
            let cover = f32::from(cover) / 255.0;
            self.over(std::slice::from_mut(pixel), ink.map(|channel| channel * cover));
        }
    }

    #[inline(always)]
    fn hides(&self, ink: [f32; 4]) -> bool {
        ink[3] == 1.0
    }
}
