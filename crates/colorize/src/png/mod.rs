//! The picture as a file: PNG, with texts that say how it was made.
//!
//! Pixels are made, filtered and compressed in chunks of rows, in parallel, and written in order. Each chunk is
//! deflate data of its own that ends on a whole byte, so its bytes depend on nothing but its pixels, and only a
//! few chunks are in memory at any time. Where at most 256 colours occur, a pixel is its place in a palette:
//!
//! 1. [`census`] finds out which colours there are,
//! 2. [`form`] chooses how pixels are stored and stores them,
//! 3. [`filter`] makes differences of them where that pays,
//! 4. [`deflate`] compresses them,
//! 5. [`order`] puts the chunks in their order again.

mod census;
mod colors;
mod deflate;
mod filter;
mod form;
mod order;
mod palette;
mod pixels;
mod rows;
mod seal;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use ::png::{Encoder, EncodingError};

pub use pixels::Pixels;
pub use text::{read_sealed_text, read_text};

use crate::Error;
use census::Census;
use form::Form;
use rows::Rows;
use seal::Sealing;

/// The last chunk of every PNG: no bytes, its name, its checksum.
const END: [u8; 12] = *b"\0\0\0\0IEND\xae\x42\x60\x82";

/// Pixels of a chunk: half a megabyte of them fits a core's cache beside what becomes of it.
const CHUNK: usize = 1 << 17;

/// Pixels of a chunk where size matters: each one begins without anything to refer back to.
const LARGE_CHUNK: usize = 1 << 19;

/// What matters more of a picture's file: how long it takes or how large it is.
///
/// Read from, printed and serialized as `fast` and `small`. The pixels are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Hundreds of millions of pixels a second.
    #[default]
    Fast,
    /// The smallest file that comes out in reasonable time.
    Small,
}

impl FromStr for Effort {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "fast" => Ok(Effort::Fast),
            "small" => Ok(Effort::Small),
            _ => Err(Error::Effort { text: text.to_owned() }),
        }
    }
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Effort::Fast => "fast",
            Effort::Small => "small",
        })
    }
}

/// The widest picture: a row of it takes a gigabyte, and places in it are counted in 32 bits.
const WIDEST: usize = 1 << 28;

/// Width and height, in pixels: 1 to [`WIDEST`], 1 to what the format counts to, and with bytes that a `usize`
/// counts.
#[derive(Debug, Clone, Copy)]
struct Size {
    width: usize,
    height: usize,
}

impl Size {
    fn new(width: usize, height: usize) -> Result<Size, Error> {
        let bytes = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(8));
        let fits = (1..=WIDEST).contains(&width) && (1..=i32::MAX as usize).contains(&height);
        if fits && bytes.is_some() {
            Ok(Size { width, height })
        } else {
            Err(Error::TooLarge { width, height })
        }
    }

    fn pixels(self) -> usize {
        self.width * self.height
    }

    /// The rows of a chunk; they depend on the width, and on what is best asked for together.
    fn rows(self, effort: Effort, least: usize) -> usize {
        let chunk = match effort {
            Effort::Fast => CHUNK,
            Effort::Small => LARGE_CHUNK,
        };
        (chunk / self.width).max(least).clamp(1, self.height)
    }
}

/// Writes a picture as a PNG, on the threads of rayon's current pool.
///
/// Each text is a keyword (1 to 79 characters of Latin-1) and what it says; they stand before the pixels, so
/// that they are read without these. The bytes depend on nothing but the arguments. Where at most 256 colours
/// occur the file has a palette, else it has RGB, gray with alpha or RGBA with 8 bits each; all decoders make the
/// same RGBA of it, which is that of `pixels`, to the byte.
///
/// `out` is written to in pieces of some hundred kilobytes, on the thread of the caller. Memory is a few
/// megabytes a thread, more only where a row has more than 131072 pixels.
///
/// # Errors
/// [`Error::TooLarge`] if the format does not have pictures of this size or a row has more than 2^28 pixels,
/// [`Error::Encode`] if it does not have
/// such a keyword, [`Error::Write`] if `out` cannot be written to, [`Error::Colors`] if `pixels` says
/// one thing and is another, and what [`Pixels::fill`] returns.
pub fn write_png(
    out: impl Write,
    pixels: &dyn Pixels,
    texts: &[(String, String)],
    effort: Effort,
) -> Result<(), Error> {
    let size = Size::new(pixels.width(), pixels.height())?;
    let form =
        Form::of(Census::of(pixels, size, size.rows(effort, pixels.least_rows()), effort)?, size);
    let mut out = Sealing::new(out);
    out.write(&header(size, &form, texts)?)?;
    let rows = Rows::new(pixels, size, &form, effort);
    let mut checksum = simd_adler32::Adler32::new().finish();
    order::in_order(
        rows.chunks(),
        |i| rows.chunk(i),
        |chunk| {
            checksum = adler32_of_both(checksum, chunk.checksum, chunk.len);
            out.write(&chunk.bytes)?;
            rows.reuse(chunk);
            Ok(())
        },
    )?;
    let mut end = Vec::from(begin_chunk(*b"IDAT"));
    end.extend(deflate::END);
    end.extend(checksum.to_be_bytes());
    end_chunk(&mut end)?;
    out.write(&end)?;
    out.finish(&END)
}

/// All that stands before the pixels.
fn header(size: Size, form: &Form, texts: &[(String, String)]) -> Result<Vec<u8>, Error> {
    let mut header = Vec::new();
    let encode = |header: &mut Vec<u8>| -> Result<(), EncodingError> {
        let mut encoder = Encoder::new(header, size.width as u32, size.height as u32);
        encoder.set_color(form.color_type());
        encoder.set_depth(form.bit_depth());
        if let Some((palette, alpha)) = form.palette() {
            encoder.set_palette(palette);
            if !alpha.is_empty() {
                encoder.set_trns(alpha);
            }
        }
        for (keyword, text) in texts {
            // tEXt is for Latin-1; what is not ASCII goes into an iTXt, which is for UTF-8.
            if text.is_ascii() {
                encoder.add_text_chunk(keyword.clone(), text.clone())?;
            } else {
                encoder.add_itxt_chunk(keyword.clone(), text.clone())?;
            }
        }
        encoder.write_header()?.finish()
    };
    encode(&mut header).map_err(Error::Encode)?;
    header.truncate(header.len() - END.len());
    Ok(header)
}

/// The head of a chunk whose length is not known yet.
fn begin_chunk([a, b, c, d]: [u8; 4]) -> [u8; 8] {
    [0, 0, 0, 0, a, b, c, d]
}

/// Puts in the length, and appends the checksum.
fn end_chunk(chunk: &mut Vec<u8>) -> Result<(), Error> {
    let len = u32::try_from(chunk.len() - 8).ok().filter(|len| *len <= i32::MAX as u32);
    let len = len.ok_or(Error::TooLarge { width: chunk.len(), height: 1 })?;
    chunk[..4].copy_from_slice(&len.to_be_bytes());
    let checksum = crc32fast::hash(&chunk[4..]);
    chunk.extend(checksum.to_be_bytes());
    Ok(())
}

/// Adler-32 of some bytes and `len` further ones, from the checksum of each part.
fn adler32_of_both(first: u32, second: u32, len: u64) -> u32 {
    const PRIME: u64 = 65521;
    let [a, b, c, d] = [first & 0xffff, first >> 16, second & 0xffff, second >> 16].map(u64::from);
    // The low half is 1 and the sum of all bytes; the high half is the sum of all values of the low one. What
    // the low half was after the first part counts once for each byte of the second.
    let low = (a + c + PRIME - 1) % PRIME;
    let high = (b + d + (len % PRIME) * (a + PRIME - 1)) % PRIME;
    (high << 16 | low) as u32
}
