//! Text in a regular file: the lines that begin in a range of its bytes, read by whoever needs them.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use pointillist_base::file;

use crate::Error;
use crate::limits::LONGEST_LINE;

/// The lines that begin in `start..end` of a file of `size` bytes, read piece by piece.
pub(crate) struct Lines {
    pub(super) file: Arc<File>,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) size: u64,
    /// Whether a line begins at the start.
    pub(super) first: bool,
    /// Bytes of text in a piece, roughly.
    pub(super) piece: u64,
}

impl Lines {
    /// The next whole lines, or `None` after the last. They lie in `buffer`, which is small enough for them to still be in
    /// the processor's cache when they are parsed.
    pub(super) fn next_piece<'a>(
        &mut self,
        path: &Path,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a mut [u8]>, Error> {
        if self.start >= self.end {
            return Ok(None);
        }
        let middle = self.end.min(self.start + self.piece);
        let text = read_range(&self.file, self.start..middle, self.size, self.first, buffer)
            .map_err(|error| match error {
                RangeError::TooLong { before, returns } => Error::too_long(path, before, returns),
                RangeError::Shorter => Error::Changed { path: path.to_owned() },
                RangeError::Read(source) => Error::read(path, source),
            })?;
        (self.start, self.first) = (middle, false);
        Ok(Some(&mut buffer[text]))
    }
}

enum RangeError {
    Read(io::Error),
    /// With so many lines before it in the range; `returns` says whether it holds carriage returns.
    TooLong {
        before: u64,
        returns: bool,
    },
    /// The file ends before the size it had.
    Shorter,
}

/// Reads the lines that begin in `range`, to the end of the last one, and says where in `buffer` they are.
/// `first` says that a line begins at the start of the range; else the byte before it is looked at.
fn read_range(
    file: &File,
    range: std::ops::Range<u64>,
    size: u64,
    first: bool,
    buffer: &mut Vec<u8>,
) -> Result<std::ops::Range<usize>, RangeError> {
    /// Lines are short: the end of the last one is rarely further away.
    const STEP: u64 = 1 << 10;
    let from = if first { range.start } else { range.start - 1 };
    let mut end = size.min(range.end + STEP);
    // Ranges are at most a chunk long, so all of this fits.
    let start = file::place_in_page(buffer, (end - from) as usize, from);
    let mut length = read_more(file, from, end, buffer, start)?;
    let after = start + (range.end - from) as usize;
    let newline = memchr::memchr(b'\n', &buffer[start..after]);
    let begin = if first { Some(start) } else { newline.map(|at| start + at + 1) };
    let Some(begin) = begin.filter(|&begin| begin < after) else {
        return Ok(0..0);
    };
    let mut searched = after - 1;
    // All lines but the last lie in the range, which is no longer than a line may be.
    let too_long = |buffer: &[u8]| {
        let text = &buffer[begin..];
        let before = memchr::memchr_iter(b'\n', text).count() as u64;
        let last = memchr::memrchr(b'\n', text).map_or(0, |newline| newline + 1);
        RangeError::TooLong { before, returns: text[last..].contains(&b'\r') }
    };
    let lines = |last: usize, after: usize, buffer: &[u8]| {
        let is_long = last - begin > LONGEST_LINE && {
            let before = memchr::memrchr(b'\n', &buffer[begin..last]);
            last - before.map_or(begin, |at| begin + at + 1) > LONGEST_LINE
        };
        if is_long { Err(too_long(&buffer[..last])) } else { Ok(begin..after) }
    };
    loop {
        if let Some(at) = memchr::memchr(b'\n', &buffer[searched..length]) {
            return lines(searched + at, searched + at + 1, buffer);
        }
        if end == size {
            return lines(length, length, buffer);
        }
        if end - range.end > LONGEST_LINE as u64 {
            return Err(too_long(&buffer[..length]));
        }
        searched = length;
        let next = size.min(end + STEP.max(end - range.end));
        let next = next.min(range.end + LONGEST_LINE as u64 + 1);
        length = read_more(file, end, next, buffer, length)?;
        end = next;
    }
}

/// Reads the bytes `from..to` of the file, all of which must be there, to `buffer[start..]`; says where they end.
fn read_more(
    file: &File,
    from: u64,
    to: u64,
    buffer: &mut Vec<u8>,
    start: usize,
) -> Result<usize, RangeError> {
    // Ranges are at most a chunk and a line long, so this fits.
    let end = start + (to - from) as usize;
    if buffer.len() < end {
        buffer.resize(end, 0);
    }
    let read = file::read_at(file, &mut buffer[start..end], from).map_err(RangeError::Read)?;
    if read < end - start { Err(RangeError::Shorter) } else { Ok(end) }
}
