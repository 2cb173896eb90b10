//! Pictures: of pages in memory as a whole, of any layer by rows.

use std::ops::Range;
use std::sync::Mutex;

use pointillist_base::Values;
use pointillist_base::memory::filled;
use pointillist_bin2d::Page;
use rayon::prelude::*;

use crate::{Buffer, Color, Error, Layer, Limits, Norm, Options, Paint, Pixels, Resident, Style};

/// A picture and what it was made with.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Columns, in pixels.
    pub width: usize,
    /// Rows, in pixels.
    pub height: usize,
    /// Red, green, blue and straight alpha, a byte each: `len = width * height * 4`, row-major, row 0 = top.
    pub rgba: Vec<u8>,
    /// The norm, if there is a colormap.
    pub norm: Option<Norm>,
    /// The limits of the norm; `None` also where no occupied cell has a finite value.
    pub limits: Option<Limits>,
    /// The limits of the norm between count and opacity, if there is one.
    pub alpha_limits: Option<Limits>,
}

/// Colours a page: the whole of this crate but the files.
///
/// A cell is occupied where `counts` is above zero, or where `page` is not NaN if there are no counts. All
/// other cells are transparent black (or the background), and so is a page without an occupied cell. Page and
/// counts may differ in type.
///
/// # Errors
/// Where an option is out of its range or fits neither the page nor the others, if there are no counts
/// where the opacity needs them, or if the cells are not as many as `width * height`.
pub fn colorize(
    page: &Page,
    counts: Option<&Page>,
    width: usize,
    height: usize,
    options: &Options,
) -> Result<Picture, Error> {
    let values = Values::from(&page.values);
    let counts = counts.map(|counts| Values::from(&counts.values));
    let layer = Resident::new(values, counts, width, height)?;
    Drawing::new(&layer, &page.name, options)?.picture()
}

/// A layer and how it is coloured: the pixels of any rows, made when they are asked for.
///
/// It prints nothing and has no threads of its own, and a pixel does not depend on which rows are asked for
/// together.
pub struct Drawing<'a> {
    layer: &'a dyn Layer,
    style: Style,
    norm: Option<Norm>,
    /// Memory of earlier calls, for later ones on whatever thread.
    buffers: Mutex<Vec<Buffer>>,
}

impl<'a> Drawing<'a> {
    /// Finds all that the options leave to the cells. `page` is the name of the values, which decides on the norm
    /// where the options do not.
    ///
    /// # Errors
    /// If an option is out of its range or fits neither the layer nor the others, if there are no counts where the
    /// opacity needs them, and those of the layer.
    pub fn new(layer: &'a dyn Layer, page: &str, options: &Options) -> Result<Self, Error> {
        let norm = options.norm_for(page);
        let style = Style::new(layer, norm, options)?;
        let norm = matches!(options.paint, Paint::Colormap(_)).then_some(norm);
        Ok(Drawing { layer, style, norm, buffers: Mutex::default() })
    }

    /// The norm, if there is a colormap.
    pub fn norm(&self) -> Option<Norm> {
        self.norm
    }

    /// The limits of the norm; `None` also where no occupied cell has a finite value.
    pub fn limits(&self) -> Option<Limits> {
        self.style.limits()
    }

    /// The limits of the norm between count and opacity, if there is one.
    pub fn alpha_limits(&self) -> Option<Limits> {
        self.style.alpha_limits()
    }

    /// All pixels, made on the threads of rayon's current pool.
    ///
    /// # Errors
    /// Those of [`Drawing::fill`], and [`Error::Allocation`].
    pub fn picture(&self) -> Result<Picture, Error> {
        let (width, height, rows) = (self.width(), self.height(), self.layer.block_rows());
        let bytes = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(4));
        let mut rgba = filled(bytes.ok_or(Error::TooLarge { width, height })?, 0)?;
        rgba.par_chunks_mut((4 * rows * width).max(1)).enumerate().try_for_each(
            |(block, rgba)| self.fill(block * rows..height.min((block + 1) * rows), rgba),
        )?;
        let (norm, limits, alpha_limits) = (self.norm(), self.limits(), self.alpha_limits());
        Ok(Picture { width, height, rgba, norm, limits, alpha_limits })
    }

    fn buffers(&self) -> std::sync::MutexGuard<'_, Vec<Buffer>> {
        // A buffer is no less good where a thread that had the lock has panicked.
        self.buffers.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Pixels for Drawing<'_> {
    fn width(&self) -> usize {
        self.layer.width()
    }

    fn height(&self) -> usize {
        self.layer.height()
    }

    /// The errors are those of the layer.
    ///
    /// # Panics
    /// If there are not so many rows, or not as many bytes.
    fn fill(&self, rows: Range<usize>, rgba: &mut [u8]) -> Result<(), Error> {
        assert_eq!(rgba.len(), 4 * rows.len() * self.width(), "four bytes a cell");
        let mut buffer = self.buffers().pop().unwrap_or_default();
        let shaded = self.layer.read(rows, &mut buffer).map(|band| {
            self.style.shade(band, rgba.as_chunks_mut().0);
        });
        self.buffers().push(buffer);
        shaded
    }

    fn palette(&self) -> Option<Vec<Color>> {
        self.style.palette()
    }

    fn least_rows(&self) -> usize {
        self.layer.least_rows()
    }

    fn is_opaque(&self) -> bool {
        self.style.is_opaque()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_rows_are_those_of_the_picture() {
        let values: Vec<f32> = (0..7000u32).map(|i| (i % 97) as f32).collect();
        let layer =
            Resident::new(Values::F32(&values), Some(Values::F32(&values)), 70, 100).unwrap();
        let options = Options { alpha: crate::Alpha::PerPoint(0.1), ..Options::default() };
        let drawing = Drawing::new(&layer, "count", &options).unwrap();
        let whole = drawing.picture().unwrap().rgba;
        for rows in [0..100, 0..1, 3..50, 99..100, 40..40] {
            let mut rgba = vec![9; 280 * rows.len()];
            drawing.fill(rows.clone(), &mut rgba).unwrap();
            assert_eq!(rgba, whole[280 * rows.start..280 * rows.end], "{rows:?}");
        }
    }
}
