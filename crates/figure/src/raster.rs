//! A figure as pixels.

use std::ops::Range;

use pointillist_base::memory::filled;
use pointillist_colorize::{Color, Error, Pixels};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::Tree;

use crate::layout::{Layout, PixelArea};

/// Rows that are drawn together: each band goes through all that is drawn.
const BAND: usize = 128;

/// The pixels of a figure, made by rows when they are asked for, of the picture's own pixels and what is drawn over
/// them. [`write_png`](pointillist_colorize::write_png) writes them.
///
/// Where nothing is drawn, a pixel of the picture is as it was, or composited over the face.
pub struct Raster<'a> {
    pub(crate) picture: &'a dyn Pixels,
    pub(crate) layout: Layout,
    /// All but the picture and the face.
    pub(crate) tree: Tree,
    pub(crate) face: Color,
}

impl Raster<'_> {
    /// Copies those rows of the picture that are among `rows` to their place.
    fn copy_picture(&self, rows: Range<usize>, rgba: &mut [[u8; 4]]) -> Result<(), Error> {
        let PixelArea { left, top, width, height } = self.layout.picture();
        let own = rows.start.max(top)..rows.end.min(top + height);
        if own.is_empty() {
            return Ok(());
        }
        let mut picture = filled(own.len() * width * 4, 0)?;
        self.picture.fill(own.start - top..own.end - top, &mut picture)?;
        let lines = rgba.chunks_mut(self.layout.width).skip(own.start - rows.start);
        for (line, picture) in lines.zip(picture.as_chunks().0.chunks(width)) {
            for (out, pixel) in line[left..left + width].iter_mut().zip(picture) {
                *out = Color(*pixel).over(self.face).0;
            }
        }
        Ok(())
    }
}

impl Pixels for Raster<'_> {
    fn width(&self) -> usize {
        self.layout.width
    }

    fn height(&self) -> usize {
        self.layout.height
    }

    /// The errors are those of the picture, and [`Error::Allocation`].
    fn fill(&self, rows: Range<usize>, rgba: &mut [u8]) -> Result<(), Error> {
        let width = self.layout.width;
        let rgba = rgba.as_chunks_mut().0;
        rgba.fill(self.face.0);
        self.copy_picture(rows.clone(), rgba)?;
        for (band, out) in rgba.chunks_mut(BAND * width).enumerate() {
            let height = out.len() / width;
            let bytes = filled(out.len() * 4, 0)?;
            let size = resvg::tiny_skia::IntSize::from_wh(width as u32, height as u32);
            let Some(mut pixmap) = size.and_then(|size| Pixmap::from_vec(bytes, size)) else {
                return Err(Error::TooLarge { width, height });
            };
            let above = (rows.start + band * BAND) as f32;
            let transform = Transform::from_translate(0.0, -above);
            resvg::render(&self.tree, transform, &mut pixmap.as_mut());
            for (out, drawn) in out.iter_mut().zip(pixmap.pixels()) {
                if drawn.alpha() > 0 {
                    let drawn = drawn.demultiply();
                    let drawn = Color([drawn.red(), drawn.green(), drawn.blue(), drawn.alpha()]);
                    *out = drawn.over(Color(*out)).0;
                }
            }
        }
        Ok(())
    }

    fn least_rows(&self) -> usize {
        self.picture.least_rows().max(BAND)
    }

    fn is_opaque(&self) -> bool {
        self.face.0[3] == 255
    }
}
