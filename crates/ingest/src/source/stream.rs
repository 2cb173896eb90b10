//! Text that comes in order: pipes, standard input, and whatever is unpacked.

use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use super::compressed::{Format, MAGIC, Meter, Metered, Unpacker};
use crate::limits::LONGEST_LINE;
use crate::{Error, array};

/// Bytes read at once.
const READ: usize = 256 << 10;

/// An input that is read once, from its beginning to its end.
pub(crate) struct Stream {
    pub(crate) reader: BufReader<Box<dyn Read + Send>>,
    /// What the bytes are unpacked from.
    pub(crate) format: Option<Format>,
    /// The first few bytes of what is read, for telling what it is.
    pub(crate) begin: Vec<u8>,
    meter: Arc<Meter>,
    /// As many bytes of the meter's have been accounted for.
    accounted: u64,
}

impl Stream {
    /// Looks at how the input begins and sees to it that it is unpacked if it must be.
    pub(crate) fn new(reader: Box<dyn Read + Send>) -> io::Result<Self> {
        let (mut reader, meter) = Metered::new(reader);
        let mut head = Vec::with_capacity(MAGIC);
        reader.by_ref().take(MAGIC as u64).read_to_end(&mut head)?;
        let format = Format::of(&head);
        let whole = Box::new(io::Cursor::new(head).chain(reader));
        let unpacked: Box<dyn Read + Send> = match format {
            Some(format) => Box::new(Unpacker::new(format, whole, Arc::clone(&meter))),
            None => whole,
        };
        let mut reader = unpacked;
        let mut begin = Vec::with_capacity(array::header::MAGIC.len());
        reader.by_ref().take(array::header::MAGIC.len() as u64).read_to_end(&mut begin)?;
        let whole = Box::new(io::Cursor::new(begin.clone()).chain(reader));
        let reader = BufReader::with_capacity(READ, whole as Box<dyn Read + Send>);
        Ok(Self { reader, format, begin, meter, accounted: 0 })
    }

    /// Bytes read so far, before they are unpacked.
    pub(crate) fn bytes(&self) -> u64 {
        self.meter.bytes()
    }

    /// The same, since this was last asked.
    pub(crate) fn account(&mut self) -> u64 {
        let before = std::mem::replace(&mut self.accounted, self.meter.bytes());
        self.accounted - before
    }

    /// Fills `buffer` with whole lines: at least one, about `chunk` bytes, which are at most [`LONGEST_LINE`]. It begins
    /// with what is in `carry`, and what follows the last line goes there. Returns the bytes of text read and whether the
    /// stream is at its end.
    pub(crate) fn fill(
        &mut self,
        carry: &mut Vec<u8>,
        buffer: &mut Vec<u8>,
        chunk: usize,
        path: &Path,
    ) -> Result<(u64, bool), Error> {
        buffer.clear();
        buffer.append(carry);
        let mut read = 0;
        let mut wanted = chunk;
        // A line of the head comes with its end; what a fill leaves over has none.
        let mut searched = 0;
        loop {
            let missing = wanted.saturating_sub(buffer.len());
            let count = self
                .reader
                .by_ref()
                .take(missing as u64)
                .read_to_end(buffer)
                .map_err(|source| Error::read(path, source))?;
            read += count as u64;
            // Only the first line can be too long: all others begin in the bytes just read, which are fewer.
            if buffer.len() > LONGEST_LINE
                && memchr::memchr(b'\n', &buffer[..=LONGEST_LINE]).is_none()
            {
                return Err(Error::too_long(path, 0, buffer.contains(&b'\r')));
            }
            if count < missing {
                return Ok((read, true));
            }
            if let Some(last) = memchr::memrchr(b'\n', &buffer[searched..]) {
                let end = searched + last + 1;
                carry.extend_from_slice(&buffer[end..]);
                buffer.truncate(end);
                return Ok((read, false));
            }
            searched = buffer.len();
            let longer = searched.min((LONGEST_LINE + 1).saturating_sub(searched));
            wanted = searched + chunk.max(longer).max(1);
        }
    }
}
