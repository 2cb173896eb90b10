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

/// A piece of an input, to be read by [`Chunk::read`].
pub(crate) struct Chunk {
    /// Chunks count from 0 in the order of the text.
    pub(crate) sequence: u64,
    /// Index of the input.
    pub(crate) source: usize,
    /// The name of the input for messages.
    path: PathBuf,
    /// How its lines are read.
    pub(crate) layout: Arc<Layout>,
    text: Result<Text, Error>,
}

enum Text {
    /// The lines that begin in `start..end` of a file of `size` bytes.
    Range { file: Arc<File>, start: u64, end: u64, size: u64, first: bool },
    /// The whole lines that the buffer already holds.
    Buffered,
}

impl Chunker {
    pub(crate) fn new(sources: Vec<Opened>, chunk: usize) -> Self {
        Self { sources, chunk, current: 0, file: None, sequence: 0 }
    }

    /// The inputs, once all chunks are read.
    pub(crate) fn into_sources(self) -> Vec<Opened> {
        self.sources
    }

    /// The next chunk. The text of a stream is read into `buffer`, under the caller's lock; that of a file is
    /// left to [`Chunk::read`].
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
        let chunk = Chunk { sequence: self.sequence, source: index, path, layout, text };
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
    /// The whole lines of this chunk and the number of bytes it stands for. The text lies in `buffer`.
    pub(crate) fn read<'a>(&mut self, buffer: &'a mut Vec<u8>) -> Result<(&'a [u8], u64), Error> {
        match std::mem::replace(&mut self.text, Ok(Text::Buffered))? {
            Text::Buffered => Ok((buffer, buffer.len() as u64)),
            Text::Range { file, start, end, size, first } => {
                let text =
                    read_range(&file, start..end, size, first, buffer).map_err(
                        |error| match error {
                            RangeError::Read(source) => {
                                Error::Read { path: self.path.clone(), source }
                            }
                            RangeError::TooLong => too_long(&self.path),
                            RangeError::Shorter => Error::Changed { path: self.path.clone() },
                        },
                    )?;
                Ok((&buffer[text], end - start))
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
    const STEP: u64 = 16 << 10;
    let from = if first { range.start } else { range.start - 1 };
    buffer.clear();
    read_more(file, from, range.end, buffer)?;
    let begin = if first { Some(0) } else { memchr::memchr(b'\n', buffer).map(|at| at + 1) };
    let Some(begin) = begin.filter(|&begin| begin < buffer.len()) else {
        return Ok(0..0);
    };
    let mut searched = buffer.len() - 1;
    let mut end = range.end;
    loop {
        if let Some(at) = memchr::memchr(b'\n', &buffer[searched..]) {
            return Ok(begin..searched + at + 1);
        }
        if end == size {
            return Ok(begin..buffer.len());
        }
        if end - range.end > LONGEST_LINE as u64 {
            return Err(RangeError::TooLong);
        }
        searched = buffer.len();
        let next = size.min(end + STEP);
        read_more(file, end, next, buffer)?;
        end = next;
    }
}

/// Appends the bytes `from..to` of the file, all of which must be there.
fn read_more(file: &File, from: u64, to: u64, buffer: &mut Vec<u8>) -> Result<(), RangeError> {
    let start = buffer.len();
    // Ranges are at most a chunk and a line long, so this fits.
    buffer.resize(start + (to - from) as usize, 0);
    let read = os::read_at(file, &mut buffer[start..], from).map_err(RangeError::Read)?;
    if read < buffer.len() - start { Err(RangeError::Shorter) } else { Ok(()) }
}
