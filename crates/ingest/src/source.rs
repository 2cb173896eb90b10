//! Where text comes from: regular files, read at any offset by any thread, and streams, read in order.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Error;
use crate::layout::{Head, LONGEST_LINE, read_head};
use crate::line::Layout;
use crate::options::Options;
use crate::os;
use crate::sidecar::Source;

/// Something to read points from.
pub enum Input {
    /// A file, or anything else that has a path: a pipe is read as a stream.
    Path(PathBuf),
    /// A stream, under the name that messages give it.
    Stream {
        /// `-` for the standard input.
        name: String,
        /// The text.
        reader: Box<dyn Read + Send>,
    },
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Stream { name, .. } => f.debug_struct("Stream").field("name", name).finish(),
        }
    }
}

/// An input whose head has been read.
pub(crate) struct Opened {
    /// The name for messages.
    pub(crate) path: PathBuf,
    /// How its lines are read; `None` where it holds no data.
    pub(crate) layout: Option<Arc<Layout>>,
    /// Lines before the first line of data.
    pub(crate) lines: u64,
    body: Body,
}

enum Body {
    /// Data from `offset` to `source.size`.
    File { source: Source, offset: u64 },
    /// Data that begins with `carry` and goes on in `reader`.
    Stream { reader: BufReader<Box<dyn Read + Send>>, carry: Vec<u8>, read: u64 },
}

impl Opened {
    /// Describes what was read, once it is; a file that is not what it was is an error.
    pub(crate) fn finish(self) -> Result<Source, Error> {
        match self.body {
            Body::File { source, .. } => {
                if Source::of_file(&self.path).as_ref() == Some(&source) {
                    Ok(source)
                } else {
                    Err(Error::Changed { path: self.path })
                }
            }
            Body::Stream { read, .. } => Ok(Source { path: self.path, size: read, modified: None }),
        }
    }
}

/// Reads the heads of all inputs, of which one at least must hold data.
pub(crate) fn open(inputs: Vec<Input>, options: &Options) -> Result<Vec<Opened>, Error> {
    let mut opened: Vec<Opened> = Vec::new();
    for input in inputs {
        let names = names(&opened);
        let (path, head, body) = match input {
            Input::Path(path) => {
                let (head, body) = open_path(&path, options, names)?;
                (path, head, body)
            }
            Input::Stream { name, reader } => {
                let path = PathBuf::from(name);
                let (head, body) = open_stream(&path, reader, options, names)?;
                (path, head, body)
            }
        };
        opened.push(match head {
            Ok(head) => {
                Opened { path, layout: Some(Arc::new(head.layout)), lines: head.lines, body }
            }
            Err(lines) => Opened { path, layout: None, lines, body },
        });
    }
    match opened.last() {
        Some(last) if names(&opened).is_none() => {
            let found = match last.lines {
                0 => "the file is empty".to_owned(),
                1 => "only a blank, comment or header line".to_owned(),
                lines => format!("only {lines} blank, comment or header lines"),
            };
            Err(Error::NoPoints { path: last.path.clone(), found })
        }
        _ => Ok(opened),
    }
}

/// The columns that the first input with data has settled.
pub(crate) fn names(opened: &[Opened]) -> Option<&[String]> {
    opened.iter().find_map(|input| input.layout.as_ref()).map(|layout| layout.names.as_slice())
}

fn open_path(
    path: &Path,
    options: &Options,
    names: Option<&[String]>,
) -> Result<(Result<Head, u64>, Body), Error> {
    let read = |source| Error::Read { path: path.to_owned(), source };
    let metadata = std::fs::metadata(path).map_err(read)?;
    if metadata.is_dir() {
        let what = "is a folder, not a text file";
        return Err(read(io::Error::new(io::ErrorKind::IsADirectory, what)));
    }
    let file = File::open(path).map_err(read)?;
    match Source::of_file(path) {
        // Files that the kernel makes up as they are read have no size.
        Some(source) if source.size > 0 => {
            let head = read_head(path, &mut BufReader::new(file), options, names)?;
            let offset = head.as_ref().map_or(0, |head| head.offset);
            Ok((head, Body::File { source, offset }))
        }
        _ => open_stream(path, Box::new(file), options, names),
    }
}

fn open_stream(
    path: &Path,
    reader: Box<dyn Read + Send>,
    options: &Options,
    names: Option<&[String]>,
) -> Result<(Result<Head, u64>, Body), Error> {
    let mut reader = BufReader::with_capacity(256 << 10, reader);
    let mut head = read_head(path, &mut reader, options, names)?;
    let (carry, read) = match &mut head {
        Ok(head) => (std::mem::take(&mut head.first), head.offset),
        Err(_) => (Vec::new(), 0),
    };
    let read = read + carry.len() as u64;
    Ok((head, Body::Stream { reader, carry, read }))
}

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
    /// Bytes of text in a piece, roughly.
    piece: u64,
    text: Result<Text, Error>,
}

enum Text {
    /// The lines that begin in `start..end` of a file of `size` bytes.
    Range { file: Arc<File>, start: u64, end: u64, size: u64, first: bool },
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
                        Ok(Text::Range { file, start, end, size, first: start == *offset })
                    }
                    Err(error) => Err(Error::Read { path: source.path.clone(), source: error }),
                }
            }
            Body::Stream { reader, carry, read } => {
                match fill(reader, carry, buffer, self.chunk, &source.path) {
                    Ok((bytes, at_end)) => {
                        *read += bytes;
                        if at_end {
                            self.current += 1;
                        }
                        Ok(Text::Buffered)
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
        let bytes = match &text {
            Ok(Text::Range { start, end, .. }) => end - start,
            _ => buffer.len() as u64,
        };
        let piece = (self.chunk as u64 / PIECES).max(1);
        let sequence = self.sequence;
        let chunk = Chunk { sequence, source: index, path, layout, bytes, piece, text };
        self.sequence += 1;
        Some(chunk)
    }
}

/// Fills `buffer` with whole lines of a stream: at least one, about `chunk` bytes, and what follows them goes to
/// `carry`. Returns the bytes read and whether the stream is at its end.
fn fill(
    reader: &mut impl BufRead,
    carry: &mut Vec<u8>,
    buffer: &mut Vec<u8>,
    chunk: usize,
    path: &Path,
) -> Result<(u64, bool), Error> {
    buffer.clear();
    buffer.append(carry);
    let mut read = 0;
    let mut wanted = chunk;
    loop {
        let missing = wanted.saturating_sub(buffer.len());
        let count = reader
            .take(missing as u64)
            .read_to_end(buffer)
            .map_err(|source| Error::Read { path: path.to_owned(), source })?;
        read += count as u64;
        if count < missing {
            return Ok((read, true));
        }
        if let Some(last) = memchr::memrchr(b'\n', buffer) {
            carry.extend_from_slice(&buffer[last + 1..]);
            buffer.truncate(last + 1);
            return Ok((read, false));
        }
        if buffer.len() > LONGEST_LINE {
            return Err(too_long(path));
        }
        wanted = buffer.len() + chunk.max(1);
    }
}

fn too_long(path: &Path) -> Error {
    Error::LineTooLong { path: path.to_owned(), line: None, limit: LONGEST_LINE }
}

impl Chunk {
    /// Bytes of text that the chunk stands for.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next whole lines of the chunk, or `None` after the last. They lie in `buffer`, which is small enough for them
    /// to still be in the processor's cache when they are parsed.
    pub(crate) fn next_piece<'a>(
        &mut self,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>, Error> {
        match std::mem::replace(&mut self.text, Ok(Text::Done))? {
            Text::Done => Ok(None),
            Text::Buffered => Ok(Some(buffer)),
            Text::Range { file, start, end, size, first } => {
                let middle = end.min(start + self.piece);
                let text = match read_range(&file, start..middle, size, first, buffer) {
                    Ok(text) => text,
                    Err(RangeError::TooLong) => return Err(too_long(&self.path)),
                    Err(RangeError::Shorter) => {
                        return Err(Error::Changed { path: self.path.clone() });
                    }
                    Err(RangeError::Read(source)) => {
                        return Err(Error::Read { path: self.path.clone(), source });
                    }
                };
                if middle < end {
                    self.text = Ok(Text::Range { file, start: middle, end, size, first: false });
                }
                Ok(Some(&buffer[text]))
            }
        }
    }
}

enum RangeError {
    Read(io::Error),
    TooLong,
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
    let mut length = read_more(file, from, range.end, buffer, 0)?;
    let newline = memchr::memchr(b'\n', &buffer[..length]);
    let begin = if first { Some(0) } else { newline.map(|at| at + 1) };
    let Some(begin) = begin.filter(|&begin| begin < length) else {
        return Ok(0..0);
    };
    let mut searched = length - 1;
    let mut end = range.end;
    loop {
        if let Some(at) = memchr::memchr(b'\n', &buffer[searched..length]) {
            return Ok(begin..searched + at + 1);
        }
        if end == size {
            return Ok(begin..length);
        }
        if end - range.end > LONGEST_LINE as u64 {
            return Err(RangeError::TooLong);
        }
        searched = length;
        let next = size.min(end + STEP.max(end - range.end));
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
    // Ranges are at most a chunk and a line long, so this fits. The buffer only grows: zeros would have to be
    // written again for every chunk.
    let end = start + (to - from) as usize;
    if buffer.len() < end {
        buffer.resize(end, 0);
    }
    let read = os::read_at(file, &mut buffer[start..end], from).map_err(RangeError::Read)?;
    if read < end - start { Err(RangeError::Shorter) } else { Ok(end) }
}
