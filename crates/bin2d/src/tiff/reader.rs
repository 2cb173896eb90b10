//! The reader of the grid's TIFF.
//!
//! Only what [`write_grid`](crate::write_grid) makes is read, and nothing in the file is taken on trust: sizes
//! must agree with each other and with the length of the file before memory is taken for them.

mod rows;

use std::fs::File;
use std::path::{Path, PathBuf};

use bytemuck::Pod;
use pointillist_base::file::{open_regular, read_exact_at};
use pointillist_base::memory::resize;
use pointillist_base::{Dtype, Float, OwnedValues, Progress};
use rayon::prelude::*;

use super::deflate::inflate;
use super::directory::{Problem, parse, parse_unsealed};
use super::stored::{StoredPage, StoredStrip};
use super::strips::{PageHash, strip_hash};
use super::{Description, VERSION, seal};
use crate::accumulate::Counter;
use crate::planes::PlaneMut;
use crate::{Compression, Error, Extent, Idle, Page};
pub use rows::{PageRows, RowBuffer};

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

impl GridFile {
    /// Opens and checks the file at `path`, without reading any page.
    ///
    /// # Errors
    /// [`Error::Read`] when it cannot be read, [`Error::NotAGrid`] when it is something else,
    /// [`Error::Version`] when it is a grid of another format, [`Error::Damaged`] when it is incomplete or its parts
    /// do not fit together.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let read = |source| Error::Read { path: path.to_owned(), source };
        let Some(file) = open_regular(path).map_err(read)? else {
            let reason = "it is not a regular file".to_owned();
            return Err(Error::NotAGrid { path: path.to_owned(), reason });
        };
        let parsed = parse(&file, file.metadata().map_err(read)?.len());
        Self::new(path, file, parsed)
    }

    /// Seals what has been written to `file`, which is to be at `path`, and opens it.
    ///
    /// # Errors
    /// [`Error::Write`], and those of [`GridFile::open`].
    pub(super) fn seal(path: &Path, mut file: File) -> Result<Self, Error> {
        let write = |source| Error::Write { path: path.to_owned(), source };
        let parsed = parse_unsealed(&file, file.metadata().map_err(write)?.len());
        if let Ok((_, pages)) = &parsed {
            seal::append(&mut file, pages).map_err(write)?;
        }
        Self::new(path, file, parsed)
    }

    fn new(
        path: &Path,
        file: File,
        parsed: Result<(Description, Vec<StoredPage>), Problem>,
    ) -> Result<Self, Error> {
        let (description, mut pages) = parsed.map_err(|problem| match problem {
            Problem::Foreign(reason) => Error::NotAGrid { path: path.to_owned(), reason },
            Problem::Version(version) => {
                Error::Version { path: path.to_owned(), version, known: VERSION }
            }
            Problem::Damaged(reason) => Error::Damaged { path: path.to_owned(), reason },
            Problem::Io(source) => Error::Read { path: path.to_owned(), source },
        })?;
        let identity = description.identity(pages.iter().map(|page| (page.dtype, &page.note)));
        let carried = pages.split_off(description.reductions.as_slice().len());
        Ok(Self { path: path.to_owned(), file, description, pages, carried, identity })
    }

    /// Where the strips lie.
    #[cfg(test)]
    pub(super) fn strips(&self) -> Vec<std::ops::Range<u64>> {
        let strips = self.pages.iter().chain(&self.carried).flat_map(|page| &page.strips);
        strips.map(|strip| strip.offset..strip.offset + strip.stored as u64).collect()
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
        let page = self.stored(name)?;
        let values = match page.dtype {
            Dtype::F32 => OwnedValues::F32(self.read(page)?),
            Dtype::F64 => OwnedValues::F64(self.read(page)?),
        };
        Ok(Page { name: name.to_owned(), values })
    }

    /// The page of that name, to be read by rows. All of it is read once and compared with what was written, on the
    /// threads of the current rayon pool, in the memory of two strips a thread.
    ///
    /// # Errors
    /// As [`GridFile::page`], but for [`Error::Allocation`] of more than a strip; [`Error::Cancelled`].
    pub fn page_rows(&self, name: &str, progress: &dyn Progress) -> Result<PageRows<'_>, Error> {
        let page = self.stored(name)?;
        self.verify_page(page, progress)?;
        Ok(PageRows::new(self, page))
    }

    fn stored(&self, name: &str) -> Result<&StoredPage, Error> {
        let page = self.pages.iter().find(|page| page.note.page == name);
        page.ok_or_else(|| self.no_page(name))
    }

    fn no_page(&self, name: &str) -> Error {
        let known = self.page_names().map(str::to_owned).collect();
        Error::NoPage { path: self.path.clone(), name: name.to_owned(), known }
    }

    fn read<T: Float + Pod>(&self, page: &StoredPage) -> Result<Vec<T>, Error> {
        let cells = self.description.size.cells() as usize;
        // `vec!` gets its zeros from the system, untouched, but ends the process where there is no room for them.
        Vec::<T>::new().try_reserve_exact(cells)?;
        let mut values = vec![T::default(); cells];
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut values);
        let length = page.strips.first().map_or(1, |strip| strip.pixels);
        let idle = Idle::default();
        let hashes = bytes.par_chunks_mut(length).zip(&page.strips).map(|(pixels, strip)| {
            idle.lend(|buffer| self.read_strip(page, strip, pixels, buffer))?;
            Ok(strip_hash(pixels))
        });
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

    fn convert<T: Float + Pod + Into<f64>, P: Send>(
        &self,
        page: &StoredPage,
        plane: &mut [P],
        progress: &dyn Progress,
        convert: impl Fn(f64) -> Option<P> + Sync,
    ) -> Result<(), Error> {
        let cells = page.strips.first().map_or(1, |strip| strip.pixels / size_of::<T>());
        let idle = Idle::<(Vec<T>, Vec<u8>)>::default();
        let hashes = plane.par_chunks_mut(cells).zip(&page.strips).map(|(plane, strip)| {
            if progress.cancelled() {
                return Err(Error::Cancelled);
            }
            idle.lend(|(values, buffer)| {
                resize(values, plane.len())?;
                let pixels: &mut [u8] = bytemuck::cast_slice_mut(values);
                self.read_strip(page, strip, pixels, buffer)?;
                let hash = strip_hash(pixels);
                for (kept, &value) in plane.iter_mut().zip(&*values) {
                    *kept = convert(value.into()).ok_or_else(|| self.altered(page))?;
                }
                Ok(hash)
            })
        });
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
        match page.compression {
            Compression::None => self.read_at(pixels, strip.offset),
            Compression::Deflate => {
                resize(buffer, strip.stored)?;
                self.read_at(buffer, strip.offset)?;
                if inflate(buffer, pixels) { Ok(()) } else { Err(self.altered(page)) }
            }
        }
    }

    /// Fills `pixels` with those of the strip from the byte `skipped` on. `buffer` and `whole` are for what is
    /// compressed, which is taken up whole.
    pub(super) fn read_part(
        &self,
        page: &StoredPage,
        strip: &StoredStrip,
        skipped: usize,
        pixels: &mut [u8],
        (buffer, whole): (&mut Vec<u8>, &mut Vec<u8>),
    ) -> Result<(), Error> {
        match page.compression {
            Compression::None => self.read_at(pixels, strip.offset + skipped as u64),
            Compression::Deflate if pixels.len() == strip.pixels => {
                self.read_strip(page, strip, pixels, buffer)
            }
            Compression::Deflate => {
                resize(whole, strip.pixels)?;
                self.read_strip(page, strip, whole, buffer)?;
                pixels.copy_from_slice(&whole[skipped..skipped + pixels.len()]);
                Ok(())
            }
        }
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> Result<(), Error> {
        read_exact_at(&self.file, bytes, offset)
            .map_err(|source| Error::Read { path: self.path.clone(), source })
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
        self.pages.iter().chain(&self.carried).try_for_each(|page| self.verify_page(page, &()))
    }

    /// The smallest and the largest finite value of the page of that name. All of it is compared with what was written,
    /// as [`GridFile::page_rows`] does it.
    ///
    /// # Errors
    /// Those of [`GridFile::page_rows`].
    pub fn span(&self, name: &str, progress: &dyn Progress) -> Result<Span, Error> {
        let page = self.stored(name)?;
        let of_strip = |pixels: &[u8]| match page.dtype {
            Dtype::F32 => {
                let (values, _) = pixels.as_chunks();
                Span::of(values.iter().map(|&bytes| f32::from_le_bytes(bytes).into()))
            }
            Dtype::F64 => {
                let (values, _) = pixels.as_chunks();
                Span::of(values.iter().map(|&bytes| f64::from_le_bytes(bytes)))
            }
        };
        let spans = self.each_strip(page, progress, of_strip)?;
        Ok(spans.into_iter().fold(Span::default(), Span::and))
    }

    /// The type of the page of that name.
    ///
    /// # Errors
    /// [`Error::NoPage`] lists the pages that exist.
    pub fn dtype(&self, name: &str) -> Result<Dtype, Error> {
        Ok(self.stored(name)?.dtype)
    }

    fn verify_page(&self, page: &StoredPage, progress: &dyn Progress) -> Result<(), Error> {
        self.each_strip(page, progress, |_| ()).map(drop)
    }

    /// Gives `each` the pixels of every strip, on the threads of the current rayon pool, and compares them with what was
    /// written. Returns what it makes of them, in their order.
    fn each_strip<R: Send>(
        &self,
        page: &StoredPage,
        progress: &dyn Progress,
        each: impl Fn(&[u8]) -> R + Sync,
    ) -> Result<Vec<R>, Error> {
        let idle = Idle::<(Vec<u8>, Vec<u8>)>::default();
        let strips = page.strips.par_iter().map(|strip| {
            if progress.cancelled() {
                return Err(Error::Cancelled);
            }
            idle.lend(|(pixels, buffer)| {
                resize(pixels, strip.pixels)?;
                self.read_strip(page, strip, pixels, buffer)?;
                Ok((strip_hash(pixels), each(pixels)))
            })
        });
        let (hashes, made) = strips.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        self.check(page, Ok(hashes))?;
        Ok(made)
    }
}

/// The finite values of a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// The smallest; infinite where there are none.
    pub min: f64,
    /// The largest; infinite, and less than the smallest, where there are none.
    pub max: f64,
    /// How many there are.
    pub cells: u64,
}

impl Default for Span {
    fn default() -> Self {
        Self { min: f64::INFINITY, max: f64::NEG_INFINITY, cells: 0 }
    }
}

impl Span {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        values.filter(|value| value.is_finite()).fold(Self::default(), |span, value| {
            span.and(Self { min: value, max: value, cells: 1 })
        })
    }

    fn and(self, other: Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            cells: self.cells + other.cells,
        }
    }
}
