//! What a picture is made of, as the encoder sees it.

use std::ops::Range;

use crate::{Color, Error, Picture};

/// A picture whose pixels are made when asked for, by rows, from several threads at once.
///
/// The encoder asks for some rows twice, to find the colours that occur, unless [`Pixels::palette`] or
/// [`Pixels::is_opaque`] tell; the pixels must be the same every time.
pub trait Pixels: Sync {
    /// Columns, in pixels.
    fn width(&self) -> usize;

    /// Rows, in pixels.
    fn height(&self) -> usize;

    /// Writes red, green, blue and straight alpha of these rows, a byte each: `rgba.len() = rows.len() * width
    /// * 4`, row-major, row 0 = top. Whatever `rgba` held before is to be overwritten.
    ///
    /// # Errors
    /// Any; it ends the encoding.
    fn fill(&self, rows: Range<usize>, rgba: &mut [u8]) -> Result<(), Error>;

    /// Colours, at most 256, among which are all that occur, in an order in which similar ones are neighbours.
    ///
    /// Default: none, they are not known.
    fn palette(&self) -> Option<Vec<Color>> {
        None
    }

    /// Rows of which fewer take as long as these; chunks are no smaller.
    ///
    /// Default: 1.
    fn least_rows(&self) -> usize {
        1
    }

    /// Whether every pixel is known to be opaque.
    ///
    /// Default: it is not known.
    fn is_opaque(&self) -> bool {
        false
    }
}

impl Pixels for Picture {
    fn width(&self) -> usize {
        self.width
    }

    fn height(&self) -> usize {
        self.height
    }

    fn fill(&self, rows: Range<usize>, rgba: &mut [u8]) -> Result<(), Error> {
        let (width, height) = (self.width, self.height);
        let row = width.checked_mul(4).ok_or(Error::TooLarge { width, height })?;
        let part = rows.start.checked_mul(row).zip(rows.end.checked_mul(row));
        let part = part.and_then(|(start, end)| self.rgba.get(start..end));
        let found = self.rgba.len() / 4;
        let shape = Error::Shape { what: "the picture", found, width, height };
        rgba.copy_from_slice(part.ok_or(shape)?);
        Ok(())
    }
}
