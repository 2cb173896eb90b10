//! The strips of a page: computed in parallel, a few at a time, and handed over in order.

use std::ops::Range;

use bytemuck::Pod;
use pointillist_base::{Float, Progress, memory};
use rayon::prelude::*;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::deflate::deflate;
use super::problem::Problem;
use super::{hex, rows_per_strip};
use crate::planes::Plane;
use crate::{Compression, Error, Grid, Size, Term};

/// Strips that are computed together have no more pixels than this, unless a single one has.
const WINDOW_BYTES: u64 = 64 << 20;

/// What is in a page.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    Term(&'a Term),
    /// What a shard carries: of the z of this number.
    Plane(Plane, usize),
}

/// What pages are computed from.
pub(super) trait Source: Sync {
    /// As [`Grid::page_rows`].
    fn page_rows<T: Float>(&self, content: Content<'_>, rows: Range<u32>, values: &mut [T]);
}

impl Source for Grid {
    fn page_rows<T: Float>(&self, content: Content<'_>, rows: Range<u32>, values: &mut [T]) {
        match content {
            Content::Term(term) => self.page_rows(term, rows, values),
            Content::Plane(plane, field) => self.plane_rows(plane, field, rows, values),
        }
    }
}

/// The hash of a page: of the hashes of its strips, so that neither writing nor reading must go through a page from
/// its beginning to its end.
#[derive(Default)]
pub(super) struct PageHash(Xxh3);

impl PageHash {
    /// Takes in the hash of the next strip.
    pub(super) fn add(&mut self, strip: u64) {
        self.0.update(&strip.to_le_bytes());
    }

    /// 64 bits in hexadecimal.
    pub(super) fn finish(&self) -> String {
        hex(self.0.digest())
    }
}

/// The hash of the pixels of a strip, before they are compressed.
pub(super) fn strip_hash(pixels: &[u8]) -> u64 {
    xxh3_64(pixels)
}

/// Which page is written, and how.
pub(super) struct Strips<'a, S> {
    pub(super) source: &'a S,
    pub(super) content: Content<'a>,
    pub(super) size: Size,
    pub(super) compress: Compression,
    pub(super) progress: &'a dyn Progress,
}

impl<S: Source> Strips<'_, S> {
    /// Computes the strips in the type `T` on the threads of the current rayon pool and calls `write` with the bytes
    /// of each, in order, while the next ones are computed. Holds a strip a thread and as many that are being written.
    /// Returns the hash of the page.
    pub(super) fn write<T: Float + Pod + Sync>(
        &self,
        mut write: impl FnMut(&[u8]) -> Result<(), Problem> + Send,
    ) -> Result<String, Problem> {
        let strip_rows = rows_per_strip(self.size, T::DTYPE);
        let count = self.size.height().div_ceil(strip_rows);
        // How many are computed together does not show in the file, so it may depend on the threads.
        let strip = u64::from(self.size.width()) * u64::from(strip_rows) * T::DTYPE.size();
        let most = (WINDOW_BYTES / strip).clamp(1, u64::from(count)) as usize;
        let window = rayon::current_num_threads().min(most) as u32;
        let mut next: Vec<Strip<T>> = (0..window).map(|_| Strip::default()).collect();
        let mut ready: Vec<Strip<T>> = (0..window).map(|_| Strip::default()).collect();
        let mut hash = PageHash::default();
        let mut computed = self.compute(&mut next, 0..window)?;
        while !computed.is_empty() {
            if self.progress.cancelled() {
                return Err(Error::Cancelled.into());
            }
            std::mem::swap(&mut ready, &mut next);
            let following = computed.end..count.min(computed.end.saturating_add(window));
            let (written, more) = rayon::join(
                || {
                    ready[..computed.len()].iter().try_for_each(|strip| {
                        hash.add(strip.hash);
                        write(strip.bytes(self.compress))
                    })
                },
                || self.compute(&mut next, following),
            );
            written?;
            computed = more?;
        }
        Ok(hash.finish())
    }

    /// Computes the strips of these numbers, which are not more than there are in `strips`, and returns the numbers.
    fn compute<T: Float + Pod + Sync>(
        &self,
        strips: &mut [Strip<T>],
        numbers: Range<u32>,
    ) -> Result<Range<u32>, Problem> {
        let height = self.size.height();
        let strip_rows = rows_per_strip(self.size, T::DTYPE);
        strips.par_iter_mut().zip(numbers.clone()).try_for_each(|(strip, number)| {
            let top = number * strip_rows;
            strip.compute(self, top..height.min(top.saturating_add(strip_rows)))
        })?;
        Ok(numbers)
    }
}

/// Whole rows of a page, and the buffers they are computed in.
#[derive(Default)]
struct Strip<T> {
    pixels: Vec<T>,
    compressed: Vec<u8>,
    hash: u64,
}

impl<T: Float + Pod> Strip<T> {
    fn compute<S: Source>(
        &mut self,
        page: &Strips<'_, S>,
        rows: Range<u32>,
    ) -> Result<(), Problem> {
        let cells = rows.len() * page.size.width() as usize;
        memory::resize(&mut self.pixels, cells)?;
        page.source.page_rows(page.content, rows, &mut self.pixels);
        let bytes = bytemuck::cast_slice(&self.pixels);
        self.hash = strip_hash(bytes);
        match page.compress {
            Compression::None => Ok(()),
            Compression::Deflate => deflate(bytes, &mut self.compressed),
        }
    }

    /// As they are in the file.
    fn bytes(&self, compress: Compression) -> &[u8] {
        match compress {
            Compression::None => bytemuck::cast_slice(&self.pixels),
            Compression::Deflate => &self.compressed,
        }
    }
}
