//! The reader of the grid's TIFF.
//!
//! Only what [`write_grid`](crate::write_grid) makes is read, and nothing in the file is taken on trust: sizes
//! must agree with each other and with the length of the file before memory is taken for them.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use bytemuck::Pod;
use serde::de::DeserializeOwned;
use tiff::decoder::{Decoder, Limits};
use tiff::tags::{ByteOrder, CompressionMethod, SampleFormat, Tag};
use tiff::{TiffError, TiffResult};
use xxhash_rust::xxh3::Xxh3;

use super::{Description, FORMAT, PageNote, VERSION};
use crate::grid::PageValue;
use crate::{Dtype, Error, Extent, Page, PageValues, Reduction, os};

/// The longest value of a tag that is read. The longest that is written lists the strips or the points.
const LONGEST_VALUE: usize = 4 << 20;
/// Bytes that are searched at a time.
const PIECE: u64 = 1 << 20;
const PAGE_NAME: Tag = Tag::Unknown(285);

/// A TIFF that pointillist wrote, opened: its description is checked, its pages are read when asked for.
#[derive(Debug)]
pub struct GridFile {
    path: PathBuf,
    file: File,
    description: Description,
    pages: Vec<StoredPage>,
    identity: String,
}

/// Where the pixels of a page lie.
#[derive(Debug)]
struct StoredPage {
    note: PageNote,
    /// Byte offset and length of each strip: together the page, all within the file.
    strips: Vec<(u64, usize)>,
}

/// Why a file is not opened; the path is added where it is known.
enum Problem {
    Foreign(String),
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

impl GridFile {
    /// Opens and checks the file at `path`, without reading any page.
    ///
    /// # Errors
    /// [`Error::Read`] when it cannot be read, [`Error::NotAGrid`] when it is something else,
    /// [`Error::Damaged`] when it is incomplete or its parts do not fit together.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let read = |source| Error::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(read)?;
        let metadata = file.metadata().map_err(read)?;
        if !metadata.is_file() {
            let reason = "it is not a regular file".to_owned();
            return Err(Error::NotAGrid { path: path.to_owned(), reason });
        }
        let (description, pages) =
            parse(&file, metadata.len()).map_err(|problem| match problem {
                Problem::Foreign(reason) => Error::NotAGrid { path: path.to_owned(), reason },
                Problem::Damaged(reason) => Error::Damaged { path: path.to_owned(), reason },
                Problem::Io(source) => read(source),
            })?;
        let identity = description.identity(pages.iter().map(|page| &page.note.xxh3));
        Ok(Self { path: path.to_owned(), file, description, pages, identity })
    }

    /// What the file says about itself.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Columns of cells.
    pub fn width(&self) -> u32 {
        self.description.size.width()
    }

    /// Rows of cells.
    pub fn height(&self) -> u32 {
        self.description.size.height()
    }

    /// The region, in data units.
    pub fn extent(&self) -> Extent {
        self.description.extent
    }

    /// The names of the pages, in their order.
    pub fn page_names(&self) -> impl Iterator<Item = &'static str> {
        self.description.reductions.as_slice().iter().map(|reduction| reduction.name())
    }

    /// Hash of the content, in hexadecimal: of the extent, the size, the reductions, the type, and the hashes of the
    /// pages. Grids with the same identity make the same pictures, whatever they were made from.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Reads the page of that name.
    ///
    /// # Errors
    /// [`Error::NoPage`] lists the pages that exist; [`Error::Damaged`] when the pixels are not those that were
    /// written; [`Error::Read`] and [`Error::Allocation`].
    pub fn page(&self, name: &str) -> Result<Page, Error> {
        let page =
            self.pages.iter().find(|page| page.note.page == name).ok_or_else(|| Error::NoPage {
                path: self.path.clone(),
                name: name.to_owned(),
                known: self.page_names().map(str::to_owned).collect(),
            })?;
        let values = match self.description.dtype {
            Dtype::F32 => PageValues::F32(self.read(page)?),
            Dtype::F64 => PageValues::F64(self.read(page)?),
        };
        Ok(Page { name: name.to_owned(), values })
    }

    fn read<T: PageValue + Pod>(&self, page: &StoredPage) -> Result<Vec<T>, Error> {
        let cells = self.description.size.cells() as usize;
        let mut values: Vec<T> = Vec::new();
        values.try_reserve_exact(cells)?;
        values.resize(cells, T::default());
        let mut hasher = Xxh3::new();
        let mut rest: &mut [u8] = bytemuck::cast_slice_mut(&mut values);
        for &(offset, len) in &page.strips {
            let (strip, after) = rest.split_at_mut(len);
            self.read_strip(strip, offset)?;
            hasher.update(strip);
            rest = after;
        }
        self.check(page, &hasher)?;
        Ok(values)
    }

    fn read_strip(&self, strip: &mut [u8], offset: u64) -> Result<(), Error> {
        os::read_exact_at(&self.file, strip, offset)
            .map_err(|source| Error::Read { path: self.path.clone(), source })
    }

    /// Compares what was read of a page with what was written.
    fn check(&self, page: &StoredPage, read: &Xxh3) -> Result<(), Error> {
        if PageNote::new(&page.note.page, read) == page.note {
            return Ok(());
        }
        let reason = format!("page {} is not what was written", page.note.page);
        Err(Error::Damaged { path: self.path.clone(), reason })
    }

    /// Reads all pages and compares them with the hashes that were written with them.
    ///
    /// # Errors
    /// [`Error::Damaged`] names the first page that differs; [`Error::Read`].
    pub fn verify(&self) -> Result<(), Error> {
        let mut strip = Vec::new();
        for page in &self.pages {
            let mut hasher = Xxh3::new();
            for &(offset, len) in &page.strips {
                let more = len.saturating_sub(strip.len());
                strip.try_reserve_exact(more)?;
                strip.resize(len, 0);
                self.read_strip(&mut strip, offset)?;
                hasher.update(&strip);
            }
            self.check(page, &hasher)?;
        }
        Ok(())
    }
}

type Reader<'a> = Decoder<BufReader<&'a File>>;

fn parse(file: &File, length: u64) -> Result<(Description, Vec<StoredPage>), Problem> {
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
    let mut pages = Vec::new();
    for (index, &reduction) in description.reductions.as_slice().iter().enumerate() {
        if index > 0 {
            if !decoder.more_images() {
                return Err(Problem::Damaged(format!("page {reduction} is missing")));
            }
            decoder.next_image()?;
        }
        pages.push(stored_page(&mut decoder, &description, reduction, length)?);
    }
    if decoder.more_images() {
        return Err(Problem::Damaged("it has more pages than it describes".to_owned()));
    }
    Ok((description, pages))
}

/// Opens the first page and reads its description, if it has one.
fn first_page(file: &File, length: u64) -> Result<(Reader<'_>, Option<String>), Problem> {
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
            _ => Err(Problem::Foreign(format!(
                "its format is version {version}, and this program knows version {VERSION}"
            ))),
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
    reduction: Reduction,
    length: u64,
) -> Result<StoredPage, Problem> {
    let damaged = |what: &str| Problem::Damaged(format!("page {reduction} {what}"));
    let text =
        |decoder: &mut Reader<'_>, tag| -> TiffResult<String> { decoder.get_tag_ascii_string(tag) };
    let note: PageNote = parsed(&text(decoder, Tag::ImageDescription)?)?;
    if note.page != reduction.name() || text(decoder, PAGE_NAME)? != reduction.name() {
        return Err(damaged("has another name"));
    }
    let (size, dtype) = (description.size, description.dtype);
    if decoder.dimensions()? != (size.width(), size.height()) {
        return Err(damaged("has another size than described"));
    }
    let number = |decoder: &mut Reader<'_>, tag| decoder.get_tag_u64(tag);
    let bits = dtype.size() * 8;
    if number(decoder, Tag::BitsPerSample)? != bits
        || number(decoder, Tag::SampleFormat)? != u64::from(SampleFormat::IEEEFP.to_u16())
        || number(decoder, Tag::SamplesPerPixel)? != 1
        || number(decoder, Tag::Compression)? != u64::from(CompressionMethod::None.to_u16())
    {
        return Err(damaged("has another type than described"));
    }

    let height = u64::from(size.height());
    let row = u64::from(size.width()) * dtype.size();
    if height * row > length {
        return Err(damaged("is longer than the file"));
    }
    let strip_rows = number(decoder, Tag::RowsPerStrip)?;
    let offsets = decoder.get_tag_u64_vec(Tag::StripOffsets)?;
    let lengths = decoder.get_tag_u64_vec(Tag::StripByteCounts)?;
    if strip_rows == 0
        || offsets.len() as u64 != height.div_ceil(strip_rows)
        || lengths.len() != offsets.len()
    {
        return Err(damaged("is not divided as described"));
    }
    let mut strips = Vec::with_capacity(offsets.len());
    let mut left = height;
    for (&offset, &strip) in offsets.iter().zip(&lengths) {
        let rows = left.min(strip_rows);
        left -= rows;
        if strip != rows * row || offset.checked_add(strip).is_none_or(|end| end > length) {
            return Err(damaged("is not all in the file"));
        }
        // Not longer than the file's pages, for which a vector of bytes is made.
        let strip = usize::try_from(strip).map_err(|_| damaged("is too large"))?;
        strips.push((offset, strip));
    }
    Ok(StoredPage { note, strips })
}
