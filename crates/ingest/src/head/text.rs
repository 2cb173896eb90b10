//! The first bytes of a text, as whole lines.

use std::io::{self, BufRead};
use std::path::Path;

use crate::Error;
use crate::limits::LONGEST_LINE;

/// Bytes of rows that are looked at before the first of them is read.
pub(crate) const SAMPLE: usize = 64 << 10;

/// What has been taken from a reader, and how much was let go of.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// Whole lines, of which the last may lack its newline at the end of the input.
    pub(super) bytes: Vec<u8>,
    /// Bytes of the input before them.
    pub(super) offset: u64,
    /// Lines of the input before them.
    pub(super) lines: u64,
    /// Whether the input ends with them.
    pub(super) at_end: bool,
}

impl Text {
    /// Takes lines until there are `bytes` bytes of them, or the input ends.
    pub(super) fn fill(
        &mut self,
        path: &Path,
        reader: &mut impl BufRead,
        bytes: usize,
    ) -> Result<(), Error> {
        while !self.at_end && self.bytes.len() < bytes {
            let Some(available) = available(path, reader)? else { continue };
            let wanted = &available[..available.len().min(bytes - self.bytes.len())];
            self.bytes.extend_from_slice(wanted);
            let used = wanted.len();
            self.at_end = used == 0;
            reader.consume(used);
        }
        self.end_line(path, reader)
    }

    /// Takes the rest of the last line.
    fn end_line(&mut self, path: &Path, reader: &mut impl BufRead) -> Result<(), Error> {
        let line = memchr::memrchr(b'\n', &self.bytes).map_or(0, |newline| newline + 1);
        while !self.at_end && self.bytes.last().is_some_and(|&byte| byte != b'\n') {
            let Some(available) = available(path, reader)? else { continue };
            let newline = memchr::memchr(b'\n', available);
            let used = newline.map_or(available.len(), |at| at + 1);
            self.at_end = used == 0;
            self.bytes.extend_from_slice(&available[..used]);
            reader.consume(used);
            if self.bytes.len() - line - usize::from(newline.is_some()) > LONGEST_LINE {
                let before = memchr::memchr_iter(b'\n', &self.bytes[..line]).count() as u64;
                let returns = memchr::memchr(b'\r', &self.bytes[line..]).is_some();
                return Err(Error::too_long(path, self.lines + before, returns));
            }
        }
        Ok(())
    }

    /// Lets go of the first `bytes` bytes, which are so many lines.
    pub(super) fn pass(&mut self, bytes: usize, lines: u64) {
        self.bytes.drain(..bytes);
        self.offset += bytes as u64;
        self.lines += lines;
    }
}

/// What can be read without waiting, or after it: nothing at the end. `None` where a signal came in between.
fn available<'a>(path: &Path, reader: &'a mut impl BufRead) -> Result<Option<&'a [u8]>, Error> {
    match reader.fill_buf() {
        Ok(available) => Ok(Some(available)),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(error) => Err(Error::read(path, error)),
    }
}

/// A line of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// 0-based in the input.
    pub(super) number: u64,
    /// Where it begins in the bytes of the head.
    pub(super) start: usize,
    /// What it says, without what ends it.
    pub(super) text: &'a [u8],
}

/// The lines of a text, which newlines, carriage returns or both end. `number` is that of the first.
pub(super) fn lines(bytes: &[u8], number: u64) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    let mut number = number;
    std::iter::from_fn(move || {
        let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = Line { number, start, text: &rest[..end] };
        // As many carriage returns before a newline as there may be belong to it.
        let returns = rest[end..].iter().take_while(|&&byte| byte == b'\r').count();
        let ends = match rest.get(end + returns) {
            Some(b'\n') => returns + 1,
            _ => 1,
        };
        start += end + ends;
        number += 1;
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newlines_and_carriage_returns_end_lines_together_or_alone() {
        let text = b"a\nb\r\nc\rd\r\r\n\ne";
        let found: Vec<(u64, usize, &[u8])> =
            lines(text, 5).map(|line| (line.number, line.start, line.text)).collect();
        let expected: [(u64, usize, &[u8]); 6] =
            [(5, 0, b"a"), (6, 2, b"b"), (7, 5, b"c"), (8, 7, b"d"), (9, 11, b""), (10, 12, b"e")];
        assert_eq!(found, expected);
    }

    #[test]
    fn whole_lines_are_taken_and_let_go_of() {
        let mut reader = &b"one\ntwo\nthree"[..];
        let mut text = Text::default();
        text.fill(Path::new("-"), &mut reader, 5).unwrap();
        assert_eq!((text.bytes.as_slice(), text.at_end), (&b"one\ntwo\n"[..], false));
        text.pass(4, 1);
        text.fill(Path::new("-"), &mut reader, 100).unwrap();
        assert_eq!((text.bytes.as_slice(), text.at_end), (&b"two\nthree"[..], true));
        assert_eq!((text.offset, text.lines), (4, 1));
    }
}
