//! What stands in the TIFF of a grid besides the pixels, checked before any of it is used.

use std::fs::File;
use std::io::{BufReader, Read, Seek};

use pointillist_base::Dtype;
use serde::de::DeserializeOwned;
use tiff::decoder::{Decoder, Limits};
use tiff::tags::{ByteOrder, SampleFormat, Tag};
use tiff::{TiffError, TiffResult};

use super::deflate::MOST;
use super::stored::{StoredPage, StoredStrip};
use super::writer::method;
use super::{Description, FORMAT, PageNote, VERSION, rows_per_strip, seal};
use crate::{Compression, Term, carried};

/// The longest value of a tag that is read. The longest that is written lists the strips, the points, or
/// the inputs.
const LONGEST_VALUE: usize = 16 << 20;
/// Bytes that are searched at a time.
const PIECE: u64 = 1 << 20;
const PAGE_NAME: Tag = Tag::Unknown(285);

/// Why a file is not opened; the path is added where it is known.
pub(super) enum Problem {
    Foreign(String),
    Version(u32),
    Damaged(String),
    Io(std::io::Error),
}

impl From<TiffError> for Problem {
    fn from(error: TiffError) -> Self {
        match error {
            TiffError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                Self::Io(error)
            }
            TiffError::IoError(_) => Self::Damaged("it ends too early".to_owned()),
            error => Self::Damaged(error.to_string()),
        }
    }
}

type Reader<'a> = Decoder<BufReader<&'a File>>;

/// Reads and checks everything but the pixels of a file of this length, which ends with its seal.
#[expect(unexpected_cfgs, reason = "cargo-fuzz says so, and no other build")]
pub(super) fn parse(file: &File, length: u64) -> Result<(Description, Vec<StoredPage>), Problem> {
    let (description, pages) = parse_unsealed(file, length)?;
    let holds = seal::holds(file, length, &pages).map_err(Problem::Io)?;
    // Whoever makes a hostile file can seal it; a fuzzer would not find out how.
    if !holds && !cfg!(fuzzing) {
        let reason = "what it says of itself is not what was written";
        return Err(Problem::Damaged(reason.to_owned()));
    }
    Ok((description, pages))
}

/// The same of a file that is not sealed yet.
pub(super) fn parse_unsealed(
    file: &File,
    length: u64,
) -> Result<(Description, Vec<StoredPage>), Problem> {
    let (mut decoder, text) = match first_page(file, length) {
        Ok((decoder, Some(text))) => (decoder, text),
        Ok((_, None)) => return Err(undescribed(file, "it has no description")?),
        Err(Problem::Io(error)) => return Err(Problem::Io(error)),
        Err(_) => {
            let reason = "its end is missing, or it is another program's";
            return Err(undescribed(file, reason)?);
        }
    };
    let description = describe(&text)?;
    if decoder.byte_order() != ByteOrder::LittleEndian {
        return Err(Problem::Damaged("its numbers are big-endian".to_owned()));
    }
    let z = description.options.z.as_deref();
    let fits = match description.options.shard {
        Some(_) => carried::read(&description.reductions, z, &description.carried).is_some(),
        None => description.carried.is_empty(),
    };
    if !fits {
        let reason = "what it carries is not what its reductions need";
        return Err(Problem::Damaged(reason.to_owned()));
    }
    let composited = description.reductions.has_over();
    let about = description.composited;
    if composited != about.is_some_and(|composited| composited.premultiplied) {
        return Err(Problem::Damaged("it does not say how points were composited".to_owned()));
    }
    if composited && description.options.shard.is_some() {
        return Err(Problem::Damaged("it is a shard and has composited points".to_owned()));
    }
    let mut pages = Vec::new();
    let names = description.reductions.as_slice().iter().map(Term::to_string);
    for (index, name) in names.chain(description.carried.iter().cloned()).enumerate() {
        if index > 0 {
            if !decoder.more_images() {
                return Err(Problem::Damaged(format!("page {name} is missing")));
            }
            decoder.next_image()?;
        }
        pages.push(stored_page(&mut decoder, &description, &name, length)?);
    }
    if decoder.more_images() {
        return Err(Problem::Damaged("it has more pages than it describes".to_owned()));
    }
    Ok((description, pages))
}

/// Opens the first page and reads its description, if it has one.
fn first_page(mut file: &File, length: u64) -> Result<(Reader<'_>, Option<String>), Problem> {
    file.rewind().map_err(Problem::Io)?;
    let mut limits = Limits::default();
    limits.ifd_value_size = usize::try_from(length).unwrap_or(usize::MAX).min(LONGEST_VALUE);
    let mut decoder = Decoder::new(BufReader::new(file))?.with_limits(limits);
    let text = match decoder.find_tag(Tag::ImageDescription)? {
        Some(value) => Some(value.into_string()?),
        None => None,
    };
    Ok((decoder, text))
}

/// What is wrong with a file whose first page does not describe a grid: where it begins as a TIFF and our mark is
/// somewhere in it, it was a grid once. Of another TIFF `reason` is said.
fn undescribed(mut file: &File, reason: &str) -> Result<Problem, Problem> {
    file.rewind().map_err(Problem::Io)?;
    let mut piece = Vec::new();
    file.take(PIECE).read_to_end(&mut piece).map_err(Problem::Io)?;
    let starts = [&b"II*\0"[..], b"MM\0*", b"II+\0", b"MM\0+"];
    if piece.is_empty() {
        return Ok(Problem::Foreign("it is empty".to_owned()));
    }
    if !starts.iter().any(|start| piece.starts_with(start)) {
        return Ok(Problem::Foreign("it is not a TIFF".to_owned()));
    }
    let mark = mark();
    loop {
        if piece.windows(mark.len()).any(|bytes| bytes == mark.as_bytes()) {
            return Ok(Problem::Damaged("its directory is missing or overwritten".to_owned()));
        }
        // The end of a piece stays, as the mark may lie across it.
        piece.drain(..piece.len().saturating_sub(mark.len() - 1));
        if file.take(PIECE).read_to_end(&mut piece).map_err(Problem::Io)? == 0 {
            return Ok(Problem::Foreign(reason.to_owned()));
        }
    }
}

/// What the description of every grid begins with, behind the brace.
fn mark() -> String {
    format!("\"format\":\"{FORMAT}\"")
}

/// Reads the description, format first: what is not ours is foreign, what is ours must be right.
fn describe(text: &str) -> Result<Description, Problem> {
    #[derive(serde::Deserialize)]
    struct Marks {
        format: String,
        version: u32,
    }
    match serde_json::from_str(text) {
        Ok(Marks { format, version }) if format == FORMAT => match version {
            VERSION => parsed(text),
            _ => Err(Problem::Version(version)),
        },
        Err(error) if text.contains(&mark()) => {
            Err(Problem::Damaged(format!("its description: {error}")))
        }
        _ => Err(Problem::Foreign("its description is another program's".to_owned())),
    }
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text)
        .map_err(|error| Problem::Damaged(format!("its description: {error}")))
}

fn stored_page(
    decoder: &mut Reader<'_>,
    description: &Description,
    name: &str,
    length: u64,
) -> Result<StoredPage, Problem> {
    let damaged = |what: &str| Problem::Damaged(format!("page {name} {what}"));
    let text =
        |decoder: &mut Reader<'_>, tag| -> TiffResult<String> { decoder.get_tag_ascii_string(tag) };
    let note: PageNote = parsed(&text(decoder, Tag::ImageDescription)?)?;
    if note.page != name || text(decoder, PAGE_NAME)? != note.page {
        return Err(damaged("has another name"));
    }
    let size = description.size;
    if decoder.dimensions()? != (size.width(), size.height()) {
        return Err(damaged("has another size than described"));
    }
    let number = |decoder: &mut Reader<'_>, tag| decoder.get_tag_u64(tag);
    let dtype = match number(decoder, Tag::BitsPerSample)? {
        32 => Dtype::F32,
        64 => Dtype::F64,
        _ => return Err(damaged("is of no type that is known")),
    };
    if number(decoder, Tag::SampleFormat)? != u64::from(SampleFormat::IEEEFP.to_u16())
        || number(decoder, Tag::SamplesPerPixel)? != 1
    {
        return Err(damaged("is of no type that is known"));
    }
    let compression = description.options.compress;
    if number(decoder, Tag::Compression)? != u64::from(method(compression).to_u16()) {
        return Err(damaged("is not compressed as described"));
    }

    let strip_rows = rows_per_strip(size, dtype);
    let offsets = decoder.get_tag_u64_vec(Tag::StripOffsets)?;
    let lengths = decoder.get_tag_u64_vec(Tag::StripByteCounts)?;
    if number(decoder, Tag::RowsPerStrip)? != u64::from(strip_rows)
        || offsets.len() as u64 != u64::from(size.height().div_ceil(strip_rows))
        || lengths.len() != offsets.len()
    {
        return Err(damaged("is not divided as described"));
    }
    let row = u64::from(size.width()) * dtype.size();
    let mut strips = Vec::with_capacity(offsets.len());
    let mut rows = size.height();
    // Strips could overlap, and so many more be described than there are bytes for.
    let mut room = length;
    for (&offset, &stored) in offsets.iter().zip(&lengths) {
        let pixels = u64::from(rows.min(strip_rows)) * row;
        rows -= rows.min(strip_rows);
        let possible = match compression {
            Compression::None => stored == pixels,
            Compression::Deflate => pixels <= stored.saturating_mul(MOST),
        };
        let inside = offset.checked_add(stored).is_some_and(|end| end <= length);
        if !possible || !inside || stored > room {
            return Err(damaged("is not all in the file"));
        }
        room -= stored;
        let bytes = |bytes: u64| usize::try_from(bytes).map_err(|_| damaged("is too large"));
        strips.push(StoredStrip { offset, stored: bytes(stored)?, pixels: bytes(pixels)? });
    }
    Ok(StoredPage { note, dtype, compression, strips })
}
