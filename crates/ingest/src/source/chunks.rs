//! Inputs handed out in chunks, in order, to whoever parses them.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::file::Lines;
use super::numbers::{Block, read_rows};
use super::{Body, Opened, check_rows, open_one, settled};
use crate::Error;
use crate::foreign::After;
use crate::layout::{Layout, exchange_commas};
use crate::limits::LONGEST_LINE;
use crate::line::Rows;
use crate::number::Number;
use crate::options::Options;

/// Pieces that a chunk of a file is read in.
const PIECES: u64 = 2;

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

/// A part of an input, to be read by [`Chunk::next_piece`] where it is text, else by [`Chunk::append_numbers`].
pub(crate) struct Chunk {
    /// Chunks count from 0 in the order of the text.
    pub(crate) sequence: u64,
    /// Index of the input.
    pub(crate) source: usize,
    /// The name of the input for messages.
    pub(crate) path: PathBuf,
    /// Lines of the input before its first line of data.
    pub(crate) head_lines: u64,
    /// How its lines are read; `None` where it has none.
    pub(crate) layout: Option<Arc<Layout>>,
    bytes: u64,
    content: Result<Content, Error>,
}

enum Content {
    /// In a file.
    Lines(Lines),
    /// The whole lines that the buffer already holds.
    Buffered,
    /// Rows of arrays.
    Numbers(Block),
    /// Nothing more.
    Done,
}

impl Chunker {
    pub(crate) fn new(sources: Vec<Opened>, options: Options, chunk: usize) -> Self {
        // So that a line within a chunk is never too long, and nobody has to look.
        let chunk = chunk.min(LONGEST_LINE);
        Self { sources, options, chunk, current: 0, file: None, sequence: 0 }
    }

    /// At least as many chunks as there can be.
    pub(crate) fn most_chunks(&self) -> usize {
        let chunks = self.sources.iter().map(|source| match &source.body {
            Body::File { source, .. } => {
                usize::try_from(source.size / self.chunk as u64 + 1).unwrap_or(usize::MAX)
            }
            Body::Stream { .. } | Body::Waiting(_) | Body::Array(_) => usize::MAX,
        });
        chunks.fold(0, usize::saturating_add)
    }

    /// Reads no more of an input, of which all rows have been read.
    pub(crate) fn end_source(&mut self, index: usize) {
        if self.current == index {
            self.current += 1;
            self.file = None;
        }
    }

    /// Whether anything but a line's end follows the rows of an input that its header has counted.
    pub(crate) fn after(&self, index: usize) -> Option<After> {
        self.sources.get(index)?.facts.as_ref()?.after
    }

    /// The inputs.
    pub(crate) fn sources(&self) -> &[Opened] {
        &self.sources
    }

    /// The inputs, once all chunks are read.
    pub(crate) fn into_sources(self) -> Vec<Opened> {
        self.sources
    }

    /// The next chunk. The text of a stream is read into `buffer`, under the caller's lock; that of a file is
    /// left to [`Chunk::next_piece`].
    pub(crate) fn next(&mut self, buffer: &mut Vec<u8>) -> Option<Chunk> {
        let mut content = self.open_current();
        let index = self.current;
        let source = self.sources.get(index)?;
        let (path, head_lines) = (source.path.clone(), source.lines);
        let layout = source.layout.clone();
        if content.is_ok() {
            content = self.take(buffer);
        }
        if content.is_err() {
            // Nothing after an error is of interest.
            self.current = self.sources.len();
        }
        let (content, bytes) = match content {
            Ok((content, bytes)) => (Ok(content), bytes),
            Err(error) => (Err(error), 0),
        };
        let sequence = self.sequence;
        self.sequence += 1;
        Some(Chunk { sequence, source: index, path, head_lines, layout, bytes, content })
    }

    /// Goes on to the next input that holds data, where the current one does not. An input that has waited for its turn
    /// is opened now: whoever writes to it may have written to those before it until now.
    fn open_current(&mut self) -> Result<(Content, u64), Error> {
        while let Some(source) = self.sources.get_mut(self.current) {
            if let Body::Waiting(input) = &mut source.body
                && let Some(input) = input.take()
            {
                let settled = settled(&self.sources);
                let opened = open_one(input, self.current, &self.options, settled.as_ref())?;
                check_rows(std::slice::from_ref(&opened))?;
                self.sources[self.current] = opened;
            } else if source.names().is_some() {
                break;
            } else {
                self.current += 1;
            }
        }
        Ok((Content::Done, 0))
    }

    /// Takes text from the current input.
    fn take(&mut self, buffer: &mut Vec<u8>) -> Result<(Content, u64), Error> {
        let source = &mut self.sources[self.current];
        match &mut source.body {
            Body::Waiting(_) => Ok((Content::Done, 0)),
            Body::Array(_) => self.take_numbers(buffer),
            Body::File { source: file, offset } => {
                let size = file.size;
                let (file, start) = match self.file.take() {
                    Some(open) => open,
                    None => (Arc::new(file.open_again(&source.path)?), *offset),
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
                Ok((Content::Lines(lines), end - start))
            }
            Body::Stream { stream, carry, text, .. } => {
                let (bytes, at_end) = stream.fill(carry, buffer, self.chunk, &source.path)?;
                *text += bytes;
                if at_end {
                    self.current += 1;
                }
                Ok((Content::Buffered, stream.account()))
            }
        }
    }

    /// Takes rows from the current input, an array, and from those that make rows together with it.
    fn take_numbers(&mut self, buffer: &mut Vec<u8>) -> Result<(Content, u64), Error> {
        let is_stream = |source: &Opened| match &source.body {
            Body::Array(array) => array.stream.is_some(),
            _ => false,
        };
        let Body::Array(array) = &self.sources[self.current].body else {
            return Ok((Content::Done, 0));
        };
        let Some(reading) = &array.reading else { return Ok((Content::Done, 0)) };
        let (first, total, strips) = (reading.done, array.table.rows, Arc::clone(&reading.strips));
        let mut rows = (self.chunk / reading.stride()).max(1);
        if let Some(left) = total.map(|total| total - first) {
            rows = rows.min(usize::try_from(left).unwrap_or(usize::MAX));
        }
        let piece = (rows / PIECES as usize).max(1);
        // Of an array in Fortran order all columns count, or progress would not come to its end.
        let stride = reading.stride().max(array.table.stride);
        let files = match &reading.files {
            Some(files) => Some(Arc::clone(files)),
            None if strips.iter().any(|strip| is_stream(&self.sources[strip.source])) => None,
            None => {
                let files = strips.iter().map(|strip| self.sources[strip.source].open_again());
                Some(files.collect::<Result<Arc<[File]>, _>>()?)
            }
        };
        let mut bytes = (rows * stride) as u64;
        let mut at_end = false;
        if files.is_none() {
            buffer.clear();
            bytes = 0;
            let wanted = rows;
            for strip in strips.iter() {
                if is_stream(&self.sources[strip.source]) {
                    let Opened { path, body, .. } = &mut self.sources[strip.source];
                    let Body::Array(array) = body else { continue };
                    rows = array.fill(path, first, wanted, buffer)?;
                    at_end = rows < wanted;
                    bytes += array.stream.as_mut().map_or(0, |stream| stream.account());
                } else {
                    let start = buffer.len();
                    buffer.resize(start + rows * strip.stride, 0);
                    let file = self.sources[strip.source].open_again()?;
                    read_rows(&file, strip, first, &mut buffer[start..])?;
                    bytes += (rows * strip.stride) as u64;
                }
            }
        }
        if let Body::Array(array) = &mut self.sources[self.current].body
            && let Some(reading) = &mut array.reading
        {
            reading.files.clone_from(&files);
            reading.done += rows as u64;
            at_end |= Some(reading.done) == total;
        }
        if at_end {
            self.current += 1;
        }
        Ok((Content::Numbers(Block { strips, files, first, rows, piece }), bytes))
    }
}

impl Chunk {
    /// Appends the rows of the chunk to others, where they are numbers already. Says whether they are.
    pub(crate) fn append_numbers<T: Number>(
        &mut self,
        buffer: &mut Vec<u8>,
        rows: &mut Rows<T>,
    ) -> Result<bool, Error> {
        match &self.content {
            Ok(Content::Numbers(block)) => {
                block.append(buffer, &mut rows.columns, &mut rows.lost).map(|()| true)
            }
            _ => Ok(false),
        }
    }

    /// Bytes of the input that the chunk stands for, as they lie on the disk or come from a pipe.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next whole lines of the chunk, or `None` after the last, in `buffer`.
    pub(crate) fn next_piece<'a>(
        &mut self,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>, Error> {
        let piece = match std::mem::replace(&mut self.content, Ok(Content::Done))? {
            Content::Done | Content::Numbers(_) => None,
            Content::Buffered => Some(buffer.as_mut_slice()),
            Content::Lines(mut lines) => {
                let piece = lines.next_piece(&self.path, buffer)?;
                self.content = Ok(Content::Lines(lines));
                piece
            }
        };
        Ok(piece.map(|text| {
            if self.layout.as_ref().is_some_and(|layout| layout.decimal_comma) {
                exchange_commas(text);
            }
            &*text
        }))
    }
}
