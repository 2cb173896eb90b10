//! Chunks of rows: pixels to deflate data.

use std::sync::{Mutex, PoisonError};

use pointillist_base::memory::resize;

use super::deflate::{self, Bits, Runs, Shortest};
use super::filter::{Filter, filter};
use super::form::Form;
use super::pixels::Pixels;
use super::{Effort, Size, begin_chunk, end_chunk};
use crate::Error;

/// Of so many rows, one is looked at to choose a filter.
const SAMPLED: usize = 16;

/// What every zlib stream begins with: deflate, a window of 32 KiB, no dictionary, quickly compressed.
const ZLIB: [u8; 2] = [0x78, 0x01];

/// A picture, cut into chunks of rows.
pub(super) struct Rows<'a> {
    pixels: &'a dyn Pixels,
    size: Size,
    form: &'a Form,
    effort: Effort,
    /// Of a chunk.
    rows: usize,
    idle: Mutex<Vec<Buffers>>,
}

/// One chunk as it stands in the file, a whole IDAT.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    /// Adler-32 of the bytes that were compressed, and how many these are.
    pub(super) checksum: u32,
    pub(super) len: u64,
}

/// Memory for one chunk.
#[derive(Debug, Default)]
struct Buffers {
    rgba: Vec<u8>,
    /// Each row, after the number of its filter.
    lines: Vec<u8>,
    sample: Vec<u8>,
    runs: Runs,
    shortest: Shortest,
    out: Vec<u8>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(
        pixels: &'a dyn Pixels,
        size: Size,
        form: &'a Form,
        effort: Effort,
    ) -> Rows<'a> {
        let rows = size.rows(effort, pixels.least_rows());
        Rows { pixels, size, form, effort, rows, idle: Mutex::default() }
    }

    pub(super) fn chunks(&self) -> usize {
        self.size.height.div_ceil(self.rows)
    }

    /// Makes one chunk; the first one begins the zlib stream.
    pub(super) fn chunk(&self, i: usize) -> Result<Chunk, Error> {
        let mut buffers = self.idle().pop().unwrap_or_default();
        let (start, end) = (i * self.rows, self.size.height.min((i + 1) * self.rows));
        let width = self.size.width;
        let stride = self.form.stride(width);
        resize(&mut buffers.rgba, (end - start) * width * 4)?;
        self.pixels.fill(start..end, &mut buffers.rgba)?;
        resize(&mut buffers.lines, (end - start) * (stride + 1))?;
        let (pixels, _) = buffers.rgba.as_chunks::<4>();
        for (line, pixels) in
            buffers.lines.chunks_exact_mut(stride + 1).zip(pixels.chunks_exact(width))
        {
            line[0] = Filter::None as u8;
            self.form.pack(pixels, &mut line[1..])?;
        }
        let unit = self.form.unit();
        buffers.filter(stride, unit, self.effort);
        let head: &[u8] = if i == 0 { &ZLIB } else { &[] };
        let head = [&begin_chunk(*b"IDAT"), head].concat();
        let mut out = Bits::after(&head, buffers.out);
        match self.effort {
            Effort::Fast => buffers.runs.write(&buffers.lines, unit, stride + 1, &mut out),
            Effort::Small => buffers.shortest.write(&buffers.lines, unit, stride + 1, &mut out),
        }
        deflate::sync(&mut out);
        buffers.out = Vec::new();
        let mut bytes = out.finish();
        end_chunk(&mut bytes)?;
        let mut checksum = simd_adler32::Adler32::new();
        checksum.write(&buffers.lines);
        let (checksum, len) = (checksum.finish(), buffers.lines.len() as u64);
        self.idle().push(buffers);
        Ok(Chunk { bytes, checksum, len })
    }

    /// Gives back the memory of a chunk that has been written.
    pub(super) fn reuse(&self, chunk: Chunk) {
        if let Some(buffers) = self.idle().iter_mut().find(|buffers| buffers.out.capacity() == 0) {
            buffers.out = chunk.bytes;
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Buffers>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buffers {
    /// Chooses one filter for all lines but the first and puts it to use.
    fn filter(&mut self, stride: usize, unit: usize, effort: Effort) {
        let line = stride + 1;
        let count = self.lines.len() / line;
        let sampled = (1..count).step_by(SAMPLED);
        let sampled_lines = sampled.len();
        let mut best = (f32::INFINITY, Filter::None);
        let candidates = match effort {
            Effort::Fast => &Filter::ALL[..3],
            Effort::Small => &Filter::ALL[..],
        };
        for &candidate in candidates {
            self.sample.resize(sampled_lines * line, 0);
            for (out, y) in self.sample.chunks_exact_mut(line).zip(sampled.clone()) {
                let (above, row) = self.lines[(y - 1) * line..(y + 1) * line].split_at(line);
                filter(candidate, &row[1..], &above[1..], unit, &mut out[1..]);
                out[0] = candidate as u8;
            }
            let bits = match effort {
                Effort::Fast => self.runs.estimate(&self.sample, unit, line),
                Effort::Small => self.shortest.estimate(&self.sample, unit, line),
            };
            if bits < best.0 {
                best = (bits, candidate);
            }
        }
        if best.1 == Filter::None {
            return;
        }
        // From the last line up, so that what is above is there still.
        let mut filtered = vec![0; stride];
        for y in (1..count).rev() {
            let (above, row) = self.lines[(y - 1) * line..(y + 1) * line].split_at_mut(line);
            filter(best.1, &row[1..], &above[1..], unit, &mut filtered);
            row[0] = best.1 as u8;
            row[1..].copy_from_slice(&filtered);
        }
    }
}
