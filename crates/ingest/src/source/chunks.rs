//! Inputs handed out in chunks, in order, to whoever parses them.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::file::Lines;
use super::{Body, Opened};
use crate::Error;
use crate::line::Layout;
use crate::sidecar::Source;

/// Pieces that a chunk of a file is read in.
const PIECES: u64 = 8;

/// Hands out the inputs in chunks, in order.
pub(crate) struct Chunker {
    sources: Vec<Opened>,
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
    path: PathBuf,
    /// How its lines are read.
    pub(crate) layout: Arc<Layout>,
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
    pub(crate) fn new(sources: Vec<Opened>, chunk: usize) -> Self {
        Self { sources, chunk, current: 0, file: None, sequence: 0 }
    }

    /// At least as many chunks as there can be.
    pub(crate) fn most_chunks(&self) -> usize {
        let chunks = self.sources.iter().map(|source| match &source.body {
            Body::File { source, .. } => {
                usize::try_from(source.size / self.chunk as u64 + 1).unwrap_or(usize::MAX)
            }
            Body::Stream { .. } => usize::MAX,
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
        while self.sources.get(self.current)?.layout.is_none() {
            self.current += 1;
        }
        let index = self.current;
        let source = &mut self.sources[index];
        let layout = Arc::clone(source.layout.as_ref()?);
        let text = match &mut source.body {
            Body::File { source: Source { size, .. }, offset } => {
                let size = *size;
                let open = match self.file.take() {
                    Some(open) => Ok(open),
                    None => File::open(&source.path).map(|file| (Arc::new(file), *offset)),
                };
                match open {
                    Ok((file, start)) => {
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
                    Err(error) => Err(Error::read(&source.path, error)),
                }
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
        };
        if text.is_err() {
            // Nothing after an error is of interest.
            self.current = self.sources.len();
        }
        let path = self.sources[index].path.clone();
        let (text, bytes) = match text {
            Ok((text, bytes)) => (Ok(text), bytes),
            Err(error) => (Err(error), 0),
        };
        let chunk = Chunk { sequence: self.sequence, source: index, path, layout, bytes, text };
        self.sequence += 1;
        Some(chunk)
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
