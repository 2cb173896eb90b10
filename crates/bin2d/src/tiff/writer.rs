//! The writer of the grid's TIFF.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use pointillist_base::staged::StagedFile;
use pointillist_base::{Dtype, Progress};
use serde::Serialize;
use tiff::encoder::{
    DirectoryEncoder, Rational, TiffEncoder, TiffKind, TiffKindBig, TiffKindStandard,
};
use tiff::tags::{CompressionMethod, PhotometricInterpretation, ResolutionUnit, SampleFormat, Tag};
use tiff::{TiffError, TiffResult};

use super::problem::Problem;
use super::strips::{Content, Source, Strips};
use super::{ALIGNMENT, Description, FORMAT, PageNote, VERSION, rows_per_strip};
use crate::carried::Stored;
use crate::{Binned, Compression, Error, Extent, Grid, GridFile, Reduction, Size, Term, over};

/// Room in a classic TIFF, whose offsets have 32 bits, for everything that is not a pixel, and for what compression
/// adds to pixels that cannot be compressed: 1.3 MiB.
const ROOM_FOR_TAGS: u64 = 16 << 20;
const PAGE_NAME: Tag = Tag::Unknown(285);
/// One key, 1025 (raster type): pixels are areas. Nothing is said of a coordinate system, as none is known:
/// GDAL calls that a local one.
const GEO_KEYS: [u16; 8] = [1, 1, 0, 1, 1025, 0, 1, 1];

/// Writes the grid to `path`, whole or not at all. Pages are of the type that the options ask for; one of counts that
/// 32-bit floats would round, some of those above 2²⁴, is of 64 bits. Runs on the threads of the current rayon pool,
/// and the bytes do not depend on their number. A shard has further pages, of 64 bits, with what merging needs.
/// `progress` is only asked whether to go on. Returns the file that was written, opened: whatever takes its name later is
/// another one.
///
/// # Errors
/// [`Error::Write`], [`Error::Allocation`] or [`Error::Cancelled`]; what stood at `path` is then still there.
pub fn write_grid(
    binned: &Binned,
    path: &Path,
    progress: &dyn Progress,
) -> Result<GridFile, Error> {
    let description = Description::of(binned);
    let grid = binned.grid();
    let dtypes = dtypes(grid, binned.options().dtype);
    let big = needs_big(&description, &dtypes);
    let carried = &carried(binned);
    let document =
        Document { source: grid, description: &description, dtypes: &dtypes, carried, progress };
    write_as(&document, path, big)
}

/// What is written behind the pages.
fn carried(binned: &Binned) -> Vec<Stored> {
    match binned.options().shard {
        Some(_) => binned.grid().stored().into_iter().filter(|stored| stored.carried).collect(),
        None => Vec::new(),
    }
}

/// The type of each page.
fn dtypes(grid: &Grid, asked: Dtype) -> Vec<Dtype> {
    let dtype = |term: &Term| match term.reduction() {
        Reduction::Count if grid.counts_need_f64() => Dtype::F64,
        _ => asked,
    };
    grid.reductions().as_slice().iter().map(dtype).collect()
}

/// Whether the file could become too long for a classic TIFF.
pub(super) fn needs_big(description: &Description, dtypes: &[Dtype]) -> bool {
    let identities: u64 =
        description.points.iter().map(|identity| identity.len() as u64 + 16).sum();
    pixels(description, dtypes) + identities + ROOM_FOR_TAGS > u64::from(u32::MAX)
}

/// Bytes of the pixels of all pages, before they are compressed.
fn pixels(description: &Description, dtypes: &[Dtype]) -> u64 {
    let cells = u64::from(description.size.cells());
    let carried = description.carried.iter().map(|_| &Dtype::F64);
    dtypes.iter().chain(carried).map(|dtype| cells * dtype.size()).sum()
}

/// Writes a BigTIFF or a classic one.
pub(super) fn write_as(
    document: &Document<'_, Grid>,
    path: &Path,
    big: bool,
) -> Result<GridFile, Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let mut staged = StagedFile::create(path).map_err(failed)?;
    if document.description.options.compress == Compression::None {
        staged = staged.taking(pixels(document.description, document.dtypes));
    }
    match big {
        false => document.write::<TiffKindStandard>(&mut staged),
        true => document.write::<TiffKindBig>(&mut staged),
    }
    .map_err(|problem| match problem {
        Problem::Tiff(TiffError::IoError(source)) => failed(source),
        Problem::Tiff(error) => failed(io::Error::other(error)),
        Problem::Ours(error) => error,
    })?;
    let grid = GridFile::seal(path, staged.try_clone().map_err(failed)?)?;
    staged.commit().map_err(failed)?;
    Ok(grid)
}

impl Description {
    pub(super) fn of(binned: &Binned) -> Self {
        let grid = binned.grid();
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            size: grid.frame().size,
            extent: grid.extent(),
            reductions: grid.reductions().clone(),
            points: binned.points().to_owned(),
            inputs: binned.inputs().cloned(),
            options: binned.options().clone(),
            carried: carried(binned).into_iter().map(|stored| stored.page).collect(),
            counts: grid.stats(),
            composited: grid.composited().copied(),
        }
    }
}

/// The description of page 1: about the grid, and about itself.
#[derive(Serialize)]
struct First<'a> {
    #[serde(flatten)]
    description: &'a Description,
    #[serde(flatten)]
    note: &'a PageNote,
}

/// All that is written.
pub(super) struct Document<'a, S> {
    pub(super) source: &'a S,
    pub(super) description: &'a Description,
    /// One for each page of a reduction.
    pub(super) dtypes: &'a [Dtype],
    /// What follows these pages.
    pub(super) carried: &'a [Stored],
    pub(super) progress: &'a dyn Progress,
}

impl<'a, S: Source> Document<'a, S> {
    /// Name, content and type of every page.
    fn pages(&self) -> impl Iterator<Item = (String, Content<'a>, Dtype)> {
        let terms = self.description.reductions.as_slice().iter().zip(self.dtypes);
        let terms = terms.map(|(term, &dtype)| (term.to_string(), Content::Term(term), dtype));
        let planes = self.carried.iter().map(|stored| {
            (stored.page.clone(), Content::Plane(stored.plane, stored.field), Dtype::F64)
        });
        terms.chain(planes)
    }

    pub(super) fn write<K: TiffKind + Send>(
        &self,
        file: impl Write + Seek + Send,
    ) -> Result<(), Problem> {
        let mut file = BufWriter::new(file);
        let mut encoder = TiffEncoder::<_, K>::new_generic(&mut file)?;
        for (index, (name, content, dtype)) in self.pages().enumerate() {
            self.page(encoder.image_directory()?, index, name, content, dtype)?;
        }
        // The seal follows.
        let end = file.seek(SeekFrom::End(0))?;
        file.write_all(
            &[0; ALIGNMENT as usize][..(end.next_multiple_of(ALIGNMENT) - end) as usize],
        )?;
        file.flush()?;
        Ok(())
    }

    fn page<W: Write + Seek + Send, K: TiffKind + Send>(
        &self,
        mut page: DirectoryEncoder<'_, W, K>,
        index: usize,
        name: String,
        content: Content<'_>,
        dtype: Dtype,
    ) -> Result<(), Problem> {
        let Description { size, extent, .. } = self.description;
        let Self { source, progress, .. } = *self;
        let compress = self.description.options.compress;
        let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
        let write = |strip: &[u8]| {
            offsets.push(page.write_data(strip)?);
            lengths.push(strip.len() as u64);
            align(&mut page)
        };
        let strips = Strips { source, content, size: *size, compress, progress };
        let xxh3 = match dtype {
            Dtype::F32 => strips.write::<f32>(write),
            Dtype::F64 => strips.write::<f64>(write),
        }?;

        let values = match content {
            Content::Term(term) => over::values(term.reduction()).map(str::to_owned),
            Content::Plane(..) => None,
        };
        let note = PageNote { page: name, xxh3, values };
        let text = if index == 0 {
            json(&First { description: self.description, note: &note })?
        } else {
            json(&note)?
        };
        let offset = |&offset: &u64| K::convert_offset(offset);
        let offsets = offsets.iter().map(offset).collect::<TiffResult<Vec<_>>>()?;
        let lengths = lengths.iter().map(offset).collect::<TiffResult<Vec<_>>>()?;
        page.write_tag(Tag::ImageWidth, size.width())?;
        page.write_tag(Tag::ImageLength, size.height())?;
        page.write_tag(Tag::BitsPerSample, dtype.size() as u16 * 8)?;
        page.write_tag(Tag::Compression, method(compress).to_u16())?;
        page.write_tag(
            Tag::PhotometricInterpretation,
            PhotometricInterpretation::BlackIsZero.to_u16(),
        )?;
        page.write_tag(Tag::ImageDescription, text.as_str())?;
        page.write_tag(Tag::StripOffsets, K::convert_slice(&offsets))?;
        page.write_tag(Tag::SamplesPerPixel, 1u16)?;
        page.write_tag(Tag::RowsPerStrip, rows_per_strip(*size, dtype))?;
        page.write_tag(Tag::StripByteCounts, K::convert_slice(&lengths))?;
        page.write_tag(Tag::XResolution, Rational { n: 1, d: 1 })?;
        page.write_tag(Tag::YResolution, Rational { n: 1, d: 1 })?;
        page.write_tag(PAGE_NAME, note.page.as_str())?;
        page.write_tag(Tag::ResolutionUnit, ResolutionUnit::None.to_u16())?;
        page.write_tag(Tag::Software, concat!("pointillist ", env!("CARGO_PKG_VERSION")))?;
        page.write_tag(Tag::SampleFormat, SampleFormat::IEEEFP.to_u16())?;
        page.write_tag(Tag::ModelPixelScaleTag, &pixel_scale(extent, *size)[..])?;
        let Extent { xmin, ymax, .. } = *extent;
        page.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, xmin, ymax, 0.0][..])?;
        page.write_tag(Tag::GeoKeyDirectoryTag, &GEO_KEYS[..])?;
        page.write_tag(Tag::GdalNodata, "nan")?;
        align(&mut page)?;
        page.finish()?;
        Ok(())
    }
}

/// The method in the tag of that name.
pub(super) fn method(compress: Compression) -> CompressionMethod {
    match compress {
        Compression::None => CompressionMethod::None,
        Compression::Deflate => CompressionMethod::Deflate,
    }
}

/// Makes what is written next begin at a multiple of [`ALIGNMENT`]: directories must, of two, and values are read
/// faster.
fn align<W: Write + Seek, K: TiffKind>(
    page: &mut DirectoryEncoder<'_, W, K>,
) -> Result<(), Problem> {
    let end = page.write_data(&[0u8; 0][..])?;
    let padding = (end.next_multiple_of(ALIGNMENT) - end) as usize;
    page.write_data(&[0u8; ALIGNMENT as usize][..padding])?;
    Ok(())
}

fn pixel_scale(extent: &Extent, size: Size) -> [f64; 3] {
    [extent.width() / f64::from(size.width()), extent.height() / f64::from(size.height()), 0.0]
}

/// JSON in ASCII, as TIFF texts are: other characters only stand in strings, where they can be escaped.
fn json(value: &impl Serialize) -> TiffResult<String> {
    let text = serde_json::to_string(value).map_err(|error| TiffError::IoError(error.into()))?;
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    Ok(ascii)
}
