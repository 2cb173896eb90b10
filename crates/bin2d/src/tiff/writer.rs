//! The writer of the grid's TIFF.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use pointillist_ingest::Progress;
use pointillist_ingest::staged::StagedFile;
use serde::Serialize;
use tiff::encoder::colortype::{ColorType, Gray32Float, Gray64Float};
use tiff::encoder::{TiffEncoder, TiffKind, TiffKindBig, TiffKindStandard, TiffValue};
use tiff::tags::Tag;
use tiff::{TiffError, TiffResult};
use xxhash_rust::xxh3::Xxh3;

use super::{Description, FORMAT, PageNote, VERSION, rows_per_strip};
use crate::grid::PageValue;
use crate::{Binned, Dtype, Error, Extent, Grid, Reduction, Size};

/// Room in a classic TIFF, whose offsets have 32 bits, for everything that is not a pixel.
const ROOM_FOR_TAGS: u64 = 16 << 20;
const PAGE_NAME: Tag = Tag::Unknown(285);
/// One key, 1025 (raster type): pixels are areas. Nothing is said of a coordinate system, as none is known:
/// GDAL calls that a local one.
const GEO_KEYS: [u16; 8] = [1, 1, 0, 1, 1025, 0, 1, 1];

/// What became of a grid that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Hash of the content, in hexadecimal: that of [`GridFile::identity`](crate::GridFile::identity).
    pub identity: String,
    /// Some counts above 2²⁴ were rounded to a 32-bit float; `Dtype::F64` would hold them.
    pub inexact_counts: bool,
}

/// Writes the grid to `path`, whole or not at all. `progress` is only asked whether to go on.
///
/// # Errors
/// [`Error::Write`], [`Error::Allocation`] or [`Error::Cancelled`]; what stood at `path` is then still there.
pub fn write_grid(binned: &Binned, path: &Path, progress: &dyn Progress) -> Result<Written, Error> {
    let (grid, dtype) = (binned.grid(), binned.options().dtype);
    let pages = grid.reductions().as_slice().len() as u64;
    let pixels = u64::from(grid.frame().size.cells()) * dtype.size() * pages;
    let identities: u64 = binned.points().iter().map(|identity| identity.len() as u64 + 16).sum();
    let big = pixels + identities + ROOM_FOR_TAGS > u64::from(u32::MAX);
    write_as(binned, path, big, progress)
}

/// Writes a BigTIFF or a classic one.
pub(super) fn write_as(
    binned: &Binned,
    path: &Path,
    big: bool,
    progress: &dyn Progress,
) -> Result<Written, Error> {
    let (grid, dtype) = (binned.grid(), binned.options().dtype);
    let description = Description {
        format: FORMAT.to_owned(),
        version: VERSION,
        size: grid.frame().size,
        extent: grid.extent(),
        reductions: grid.reductions().clone(),
        dtype,
        points: binned.points().to_owned(),
        options: binned.options().clone(),
        counts: grid.stats(),
    };
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let mut staged = StagedFile::create(path).map_err(failed)?;
    let document = Document { grid, description: &description, progress };
    let file = staged.file();
    let notes = match (big, dtype) {
        (false, Dtype::F32) => document.write::<TiffKindStandard, Gray32Float>(file),
        (false, Dtype::F64) => document.write::<TiffKindStandard, Gray64Float>(file),
        (true, Dtype::F32) => document.write::<TiffKindBig, Gray32Float>(file),
        (true, Dtype::F64) => document.write::<TiffKindBig, Gray64Float>(file),
    }
    .map_err(|problem| match problem {
        Problem::Tiff(TiffError::IoError(source)) => failed(source),
        Problem::Tiff(error) => failed(io::Error::other(error)),
        Problem::Ours(error) => error,
    })?;
    staged.commit().map_err(failed)?;
    Ok(Written {
        identity: description.identity(notes.iter().map(|note| &note.xxh3)),
        inexact_counts: dtype == Dtype::F32 && grid.counts_need_f64(),
    })
}

enum Problem {
    Tiff(TiffError),
    Ours(Error),
}

impl From<TiffError> for Problem {
    fn from(error: TiffError) -> Self {
        Self::Tiff(error)
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Tiff(error.into())
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

struct Document<'a> {
    grid: &'a Grid,
    description: &'a Description,
    progress: &'a dyn Progress,
}

impl Document<'_> {
    fn write<K: TiffKind, C: ColorType>(&self, file: &mut File) -> Result<Vec<PageNote>, Problem>
    where
        C::Inner: PageValue,
        [C::Inner]: TiffValue,
    {
        let mut file = BufWriter::new(file);
        let mut encoder = TiffEncoder::<_, K>::new_generic(&mut file)?;
        let notes = self
            .description
            .reductions
            .as_slice()
            .iter()
            .enumerate()
            .map(|(index, &reduction)| self.page::<_, K, C>(&mut encoder, index, reduction))
            .collect::<Result<_, _>>()?;
        file.flush()?;
        Ok(notes)
    }

    fn page<W: Write + io::Seek, K: TiffKind, C: ColorType>(
        &self,
        encoder: &mut TiffEncoder<W, K>,
        index: usize,
        reduction: Reduction,
    ) -> Result<PageNote, Problem>
    where
        C::Inner: PageValue,
        [C::Inner]: TiffValue,
    {
        let size = self.description.size;
        let mut image = encoder.new_image::<C>(size.width(), size.height())?;
        let strip_rows = rows_per_strip(size, self.description.dtype);
        image.rows_per_strip(strip_rows)?;

        let mut hasher = Xxh3::new();
        let mut strip: Vec<C::Inner> = Vec::new();
        let cells = strip_rows as usize * size.width() as usize;
        strip.try_reserve_exact(cells).map_err(|error| Problem::Ours(error.into()))?;
        strip.resize(cells, C::Inner::default());
        let mut top = 0;
        while top < size.height() {
            if self.progress.cancelled() {
                return Err(Problem::Ours(Error::Cancelled));
            }
            let rows = top..size.height().min(top.saturating_add(strip_rows));
            top = rows.end;
            let strip = &mut strip[..rows.len() * size.width() as usize];
            self.grid.page_rows(reduction, rows, strip);
            hasher.update(&strip.data());
            image.write_strip(strip)?;
        }

        let note = PageNote::new(reduction.name(), &hasher);
        let text = if index == 0 {
            json(&First { description: self.description, note: &note })?
        } else {
            json(&note)?
        };
        let tags = image.encoder();
        tags.write_tag(Tag::ImageDescription, text.as_str())?;
        tags.write_tag(PAGE_NAME, reduction.name())?;
        tags.write_tag(Tag::Software, concat!("pointillist ", env!("CARGO_PKG_VERSION")))?;
        tags.write_tag(Tag::ModelPixelScaleTag, &pixel_scale(&self.description.extent, size)[..])?;
        let Extent { xmin, ymax, .. } = self.description.extent;
        tags.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, xmin, ymax, 0.0][..])?;
        tags.write_tag(Tag::GeoKeyDirectoryTag, &GEO_KEYS[..])?;
        tags.write_tag(Tag::GdalNodata, "nan")?;
        image.finish()?;
        Ok(note)
    }
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
