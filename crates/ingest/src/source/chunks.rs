//! Inputs handed out in chunks, in order, to whoever parses them.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::file::Lines;
use super::{Body, Opened, names, open_one};
use crate::Error;
use crate::line::Layout;
use crate::options::Options;
use crate::sidecar::Source;

/// Pieces that a chunk of a file is read in.
const PIECES: u64 = 8;

/// Hands out the inputs in chunks, in order.
pub(crate) struct Chunker {
    sources: Vec<Opened>,
    options: Options,
    /// Bytes of text in a chunk, roughly.
    chunk: usize,
    current: usize,
    /// The current source, where it is a file.
    file: Option<(Arc<File>, u64)>,
    sequence: u64,
}

/// A part of an input, to be read by [`Chunk::next_piece`].
pub(crate) struct Chunk {
    /// Chunks count from 0 in the order of the text.
    pub(crate) sequence: u64,
    /// Index of the input.
    pub(crate) source: usize,
    /// The name of the input for messages.
    pub(crate) path: PathBuf,
    /// Lines of the input before its first line of data.
    pub(crate) head_lines: u64,
    /// How its lines are read; `None` where it could not be opened.
    pub(crate) layout: Option<Arc<Layout>>,
    bytes: u64,
    text: Result<Text, Error>,
}

enum Text {
    /// In a file.
    Lines(Lines),
    /// The whole lines that the buffer already holds.
    Buffered,
    /// Nothing more.
    Done,
}

impl Chunker {
    pub(crate) fn new(sources: Vec<Opened>, options: Options, chunk: usize) -> Self {
        Self { sources, options, chunk, current: 0, file: None, sequence: 0 }
    }

    /// At least as many chunks as there can be.
    pub(crate) fn most_chunks(&self) -> usize {
        let chunks = self.sources.iter().map(|source| match &source.body {
            Body::File { source, .. } => {
                usize::try_from(source.size / self.chunk as u64 + 1).unwrap_or(usize::MAX)
            }
            Body::Stream { .. } | Body::Waiting(_) => usize::MAX,
        });
        chunks.fold(0, usize::saturating_add)
    }

    /// The inputs, once all chunks are read.
    pub(crate) fn into_sources(self) -> Vec<Opened> {
        self.sources
    }

    /// The next chunk. The text of a stream is read into `buffer`, under the caller's lock; that of a file is
    /// left to [`Chunk::next_piece`].
    pub(crate) fn next(&mut self, buffer: &mut Vec<u8>) -> Option<Chunk> {
        let mut text = self.open_current();
        let index = self.current;
        let source = self.sources.get(index)?;
        let (path, head_lines) = (source.path.clone(), source.lines);
        let layout = source.layout.clone();
        if text.is_ok() {
            text = self.take(buffer);
        }
        if text.is_err() {
            // Nothing after an error is of interest.
            self.current = self.sources.len();
        }
        let (text, bytes) = match text {
            Ok((text, bytes)) => (Ok(text), bytes),
            Err(error) => (Err(error), 0),
        };
        let sequence = self.sequence;
        self.sequence += 1;
        Some(Chunk { sequence, source: index, path, head_lines, layout, bytes, text })
    }

    /// Goes on to the next input that holds data, where the current one does not. An input that has waited for its turn
    /// is opened now: whoever writes to it may have written to those before it until now.
    fn open_current(&mut self) -> Result<(Text, u64), Error> {
        while let Some(source) = self.sources.get_mut(self.current) {
            if let Body::Waiting(input) = &mut source.body
                && let Some(input) = input.take()
            {
                let opened = open_one(input, &self.options, names(&self.sources))?;
                self.sources[self.current] = opened;
            } else if source.layout.is_some() {
                break;
            } else {
                self.current += 1;
            }
        }
        Ok((Text::Done, 0))
    }

    /// Takes text from the current input.
    fn take(&mut self, buffer: &mut Vec<u8>) -> Result<(Text, u64), Error> {
        let source = &mut self.sources[self.current];
        match &mut source.body {
            Body::Waiting(_) => Ok((Text::Done, 0)),
            Body::File { source: Source { size, .. }, offset } => {
                let size = *size;
                let (file, start) = match self.file.take() {
                    Some(open) => open,
                    None => {
                        let file = File::open(&source.path)
                            .map_err(|error| Error::read(&source.path, error))?;
                        (Arc::new(file), *offset)
                    }
                };
                let end = size.min(start.saturating_add(self.chunk as u64));
                if end < size {
                    self.file = Some((Arc::clone(&file), end));
                } else {
                    self.current += 1;
                }
                let piece = (self.chunk as u64 / PIECES).max(1);
                let first = start == *offset;
                let lines = Lines { file, start, end, size, first, piece };
                Ok((Text::Lines(lines), end - start))
            }
            Body::Stream { stream, carry, text, source: file } => {
                match stream.fill(carry, buffer, self.chunk, &source.path) {
                    Ok((bytes, at_end)) => {
                        *text += bytes;
                        if at_end {
                            self.current += 1;
                        }
                        Ok((Text::Buffered, stream.account()))
                    }
                    // A file that somebody writes to looks damaged.
                    Err(Error::Compressed { path, .. })
                        if file.is_some() && Source::of_file(&path) != *file =>
                    {
                        Err(Error::Changed { path })
                    }
                    Err(error) => Err(error),
                }
            }
        }
    }
}

impl Chunk {
    /// Bytes of the input that the chunk stands for, as they lie on the disk or come from a pipe.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next whole lines of the chunk, or `None` after the last, in `buffer`.
    pub(crate) fn next_piece<'a>(
        &mut self,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>, Error> {
        match std::mem::replace(&mut self.text, Ok(Text::Done))? {
            Text::Done => Ok(None),
            Text::Buffered => Ok(Some(buffer)),
            Text::Lines(mut lines) => {
                let piece = lines.next_piece(&self.path, buffer)?;
                self.text = Ok(Text::Lines(lines));
                Ok(piece)
            }
        }
    }
}
