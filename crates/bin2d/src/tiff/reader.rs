//! The reader of the grid's TIFF.
//!
//! Only what [`write_grid`](crate::write_grid) makes is read, and nothing in the file is taken on trust: sizes
//! must agree with each other and with the length of the file before memory is taken for them.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use bytemuck::Pod;
use pointillist_ingest::Progress;
use rayon::prelude::*;
use serde::de::DeserializeOwned;
use tiff::decoder::{Decoder, Limits};
use tiff::tags::{ByteOrder, SampleFormat, Tag};
use tiff::{TiffError, TiffResult};

use super::deflate::{MOST, inflate};
use super::strips::{PageHash, strip_hash};
use super::writer::method;
use super::{Description, FORMAT, PageNote, VERSION, rows_per_strip};
use crate::accumulate::Counter;
use crate::grid::PageValue;
use crate::planes::PlaneMut;
use crate::{Compression, Dtype, Error, Extent, Page, PageValues, Term, carried, os};

/// The longest value of a tag that is read. The longest that is written lists the strips, the points, or
/// the inputs.
const LONGEST_VALUE: usize = 16 << 20;
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
    /// What a shard has beside them.
    carried: Vec<StoredPage>,
    identity: String,
}

/// Where the pixels of a page lie.
#[derive(Debug)]
struct StoredPage {
    note: PageNote,
    dtype: Dtype,
    compression: Compression,
    /// Each strip: together the page, all within the file.
    strips: Vec<StoredStrip>,
}

#[derive(Debug)]
struct StoredStrip {
    offset: u64,
    /// Bytes in the file.
    stored: usize,
    /// Bytes of its pixels.
    pixels: usize,
}

/// Why a file is not opened; the path is added where it is known.
enum Problem {
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

impl GridFile {
    /// Opens and checks the file at `path`, without reading any page.
    ///
    /// # Errors
    /// [`Error::Read`] when it cannot be read, [`Error::NotAGrid`] when it is something else,
    /// [`Error::Version`] when it is a grid of another format, [`Error::Damaged`] when it is incomplete or its parts
    /// do not fit together.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let read = |source| Error::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(read)?;
        let metadata = file.metadata().map_err(read)?;
        if !metadata.is_file() {
            let reason = "it is not a regular file".to_owned();
            return Err(Error::NotAGrid { path: path.to_owned(), reason });
        }
        let (description, mut pages) =
            parse(&file, metadata.len()).map_err(|problem| match problem {
                Problem::Foreign(reason) => Error::NotAGrid { path: path.to_owned(), reason },
                Problem::Version(version) => {
                    Error::Version { path: path.to_owned(), version, known: VERSION }
                }
                Problem::Damaged(reason) => Error::Damaged { path: path.to_owned(), reason },
                Problem::Io(source) => read(source),
            })?;
        let identity = description.identity(pages.iter().map(|page| (page.dtype, &page.note)));
        let carried = pages.split_off(description.reductions.as_slice().len());
        Ok(Self { path: path.to_owned(), file, description, pages, carried, identity })
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

    /// The names of the pages, in their order. What a shard carries for merging is not among them.
    pub fn page_names(&self) -> impl Iterator<Item = &str> {
        self.pages.iter().map(|page| page.note.page.as_str())
    }

    /// Hash of the content, in hexadecimal: of the extent, the size, and name, type and pixels of each page. Grids with
    /// the same identity make the same pictures, whatever they were made from and however they are compressed.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Reads the page of that name, on the threads of the current rayon pool. Memory is taken as its strips are read,
    /// so no more than there really is in the file.
    ///
    /// # Errors
    /// [`Error::NoPage`] lists the pages that exist; [`Error::Damaged`] when the pixels are not those that were
    /// written; [`Error::Read`] and [`Error::Allocation`].
    pub fn page(&self, name: &str) -> Result<Page, Error> {
        let page = self
            .pages
            .iter()
            .find(|page| page.note.page == name)
            .ok_or_else(|| self.no_page(name))?;
        let values = match page.dtype {
            Dtype::F32 => PageValues::F32(self.read(page)?),
            Dtype::F64 => PageValues::F64(self.read(page)?),
        };
        Ok(Page { name: name.to_owned(), values })
    }

    fn no_page(&self, name: &str) -> Error {
        let known = self.page_names().map(str::to_owned).collect();
        Error::NoPage { path: self.path.clone(), name: name.to_owned(), known }
    }

    fn read<T: PageValue + Pod>(&self, page: &StoredPage) -> Result<Vec<T>, Error> {
        let cells = self.description.size.cells() as usize;
        // `vec!` gets its zeros from the system, untouched, but ends the process where there is no room for them.
        Vec::<T>::new().try_reserve_exact(cells)?;
        let mut values = vec![T::default(); cells];
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut values);
        let length = page.strips.first().map_or(1, |strip| strip.pixels);
        let hashes = bytes.par_chunks_mut(length).zip(&page.strips).map_init(
            Vec::new,
            |buffer, (pixels, strip)| {
                self.read_strip(page, strip, pixels, buffer)?;
                Ok(strip_hash(pixels))
            },
        );
        self.check(page, hashes.collect())?;
        Ok(values)
    }

    /// Fills a plane with the values of the page of that name, which may be one that is carried, strip by strip. No
    /// count is more than `most`.
    ///
    /// # Errors
    /// As [`GridFile::page`], [`Error::Damaged`] where a count is none, and [`Error::Cancelled`].
    pub(crate) fn fill<C: Counter>(
        &self,
        name: &str,
        plane: PlaneMut<'_, C>,
        most: u64,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        let stored = self.pages.iter().chain(&self.carried).find(|page| page.note.page == name);
        let page = stored.ok_or_else(|| self.no_page(name))?;
        // Numbers up to 2⁵³ are exact.
        let most = most as f64;
        let number = |value: f64| {
            let is_count = (0.0..=most).contains(&value) && value.fract() == 0.0;
            is_count.then(|| C::nearest(value))
        };
        match (plane, page.dtype) {
            (PlaneMut::Numbers(plane), Dtype::F32) => {
                self.convert::<f32, C>(page, plane, progress, number)
            }
            (PlaneMut::Numbers(plane), Dtype::F64) => {
                self.convert::<f64, C>(page, plane, progress, number)
            }
            (PlaneMut::Floats(plane), Dtype::F32) => {
                self.convert::<f32, f64>(page, plane, progress, Some)
            }
            (PlaneMut::Floats(plane), Dtype::F64) => {
                self.convert::<f64, f64>(page, plane, progress, Some)
            }
        }
    }

    fn convert<T: PageValue + Pod + Into<f64>, P: Send>(
        &self,
        page: &StoredPage,
        plane: &mut [P],
        progress: &dyn Progress,
        convert: impl Fn(f64) -> Option<P> + Sync,
    ) -> Result<(), Error> {
        let cells = page.strips.first().map_or(1, |strip| strip.pixels / size_of::<T>());
        let hashes = plane.par_chunks_mut(cells).zip(&page.strips).map_init(
            || (Vec::<T>::new(), Vec::new()),
            |(values, buffer), (plane, strip)| {
                if progress.cancelled() {
                    return Err(Error::Cancelled);
                }
                resize(values, plane.len())?;
                let pixels: &mut [u8] = bytemuck::cast_slice_mut(values);
                self.read_strip(page, strip, pixels, buffer)?;
                let hash = strip_hash(pixels);
                for (kept, &value) in plane.iter_mut().zip(&*values) {
                    *kept = convert(value.into()).ok_or_else(|| self.altered(page))?;
                }
                Ok(hash)
            },
        );
        self.check(page, hashes.collect())
    }

    /// Fills `pixels` with those of the strip. `buffer` is for what is compressed.
    fn read_strip(
        &self,
        page: &StoredPage,
        strip: &StoredStrip,
        pixels: &mut [u8],
        buffer: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let read = |bytes: &mut [u8]| {
            os::read_exact_at(&self.file, bytes, strip.offset)
                .map_err(|source| Error::Read { path: self.path.clone(), source })
        };
        match page.compression {
            Compression::None => read(pixels),
            Compression::Deflate => {
                resize(buffer, strip.stored)?;
                read(buffer)?;
                if inflate(buffer, pixels) { Ok(()) } else { Err(self.altered(page)) }
            }
        }
    }

    /// Compares the strips that were read of a page with what was written.
    fn check(&self, page: &StoredPage, strips: Result<Vec<u64>, Error>) -> Result<(), Error> {
        let mut hash = PageHash::default();
        strips?.into_iter().for_each(|strip| hash.add(strip));
        if hash.finish() == page.note.xxh3 { Ok(()) } else { Err(self.altered(page)) }
    }

    fn altered(&self, page: &StoredPage) -> Error {
        let reason = format!("page {} is not what was written", page.note.page);
        Error::Damaged { path: self.path.clone(), reason }
    }

    /// Reads all pages and compares them with the hashes that were written with them, on the threads of the current
    /// rayon pool, in the memory of two strips a thread.
    ///
    /// # Errors
    /// [`Error::Damaged`] names the first page that differs; [`Error::Read`].
    pub fn verify(&self) -> Result<(), Error> {
        for page in self.pages.iter().chain(&self.carried) {
            let hashes = page.strips.par_iter().map_init(
                || (Vec::new(), Vec::new()),
                |(pixels, buffer), strip| {
                    resize(pixels, strip.pixels)?;
                    self.read_strip(page, strip, pixels, buffer)?;
                    Ok(strip_hash(pixels))
                },
            );
            self.check(page, hashes.collect())?;
        }
        Ok(())
    }
}

fn resize<T: Default + Clone>(buffer: &mut Vec<T>, len: usize) -> Result<(), Error> {
    buffer.try_reserve_exact(len.saturating_sub(buffer.len()))?;
    buffer.resize(len, T::default());
    Ok(())
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
    let z = description.options.z.as_deref();
    let fits = match description.options.shard {
        Some(_) => carried::read(&description.reductions, z, &description.carried).is_some(),
        None => description.carried.is_empty(),
    };
    if !fits {
        let reason = "what it carries is not what its reductions need";
        return Err(Problem::Damaged(reason.to_owned()));
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
