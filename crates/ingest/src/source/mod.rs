//! Where text comes from: regular files, read at any offset by any thread, and streams, read in order. Compressed
//! files are streams, too.

mod chunks;
pub(crate) mod compressed;
mod file;
mod stream;
#[cfg(test)]
mod tests;

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Error;
use crate::layout::{Head, read_head};
use crate::line::Layout;
use crate::options::Options;
use crate::os;
use crate::sidecar::Source;
pub(crate) use chunks::{Chunk, Chunker};
use compressed::{Format, MAGIC};
use stream::Stream;

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

impl Input {
    /// The name for messages.
    fn path(&self) -> PathBuf {
        match self {
            Self::Path(path) => path.clone(),
            Self::Stream { name, .. } => PathBuf::from(name),
        }
    }
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
    /// Data that begins with `carry` and goes on in `stream`.
    Stream {
        stream: Box<Stream>,
        carry: Vec<u8>,
        /// Bytes of text read.
        text: u64,
        /// The file it is read from, if it is one.
        source: Option<Source>,
    },
    /// To be opened when its turn comes.
    Waiting(Option<Input>),
}

impl Opened {
    /// Describes what was read, once it is, and says how many bytes of text it was; a file that is not what it was is
    /// an error.
    pub(crate) fn finish(self) -> Result<(Source, u64), Error> {
        let (source, text) = match self.body {
            Body::File { source, .. } => {
                let size = source.size;
                (source, size)
            }
            Body::Stream { text, source: Some(source), .. } => (source, text),
            Body::Stream { stream, text, source: None, .. } => {
                return Ok((
                    Source { path: self.path, size: stream.bytes(), modified: None },
                    text,
                ));
            }
            Body::Waiting(_) => {
                return Ok((Source { path: self.path, size: 0, modified: None }, 0));
            }
        };
        if Source::of_file(&self.path).as_ref() == Some(&source) {
            Ok((source, text))
        } else {
            Err(Error::Changed { path: self.path })
        }
    }
}

/// Reads the heads of the inputs, of which one at least must hold data. Files are looked at now, for errors to surface
/// before minutes of work. Anything else after the first input with data waits for its turn: a pipe may have to be read
/// to its end before there is a writer for the next.
pub(crate) fn open(inputs: Vec<Input>, options: &Options) -> Result<Vec<Opened>, Error> {
    let mut opened: Vec<Opened> = Vec::new();
    for input in inputs {
        let names = names(&opened);
        let waits = names.is_some() && !is_file(&input)?;
        opened.push(if waits {
            let path = input.path();
            Opened { path, layout: None, lines: 0, body: Body::Waiting(Some(input)) }
        } else {
            open_one(input, options, names)?
        });
    }
    match opened.last() {
        Some(last) if names(&opened).is_none() => {
            let packed =
                matches!(&last.body, Body::Stream { stream, .. } if stream.format.is_some());
            let found = match last.lines {
                0 if packed => "nothing is in it once it is unpacked".to_owned(),
                0 => "the file is empty".to_owned(),
                1 => "only a blank, comment or header line".to_owned(),
                lines => format!("only {lines} blank, comment or header lines"),
            };
            Err(Error::NoPoints { path: last.path.clone(), found })
        }
        _ => Ok(opened),
    }
}

/// Whether the input is a regular file. One that does not exist, or is a folder, is an error.
fn is_file(input: &Input) -> Result<bool, Error> {
    match input {
        Input::Path(path) => Ok(metadata(path)?.is_file()),
        Input::Stream { .. } => Ok(false),
    }
}

fn metadata(path: &Path) -> Result<Metadata, Error> {
    let read = |source| Error::read(path, source);
    let metadata = std::fs::metadata(path).map_err(read)?;
    if metadata.is_dir() {
        let what = "is a folder, not a text file";
        return Err(read(io::Error::new(io::ErrorKind::IsADirectory, what)));
    }
    Ok(metadata)
}

/// Reads the head of an input. `names` are the columns that earlier inputs have settled.
fn open_one(input: Input, options: &Options, names: Option<&[String]>) -> Result<Opened, Error> {
    let path = input.path();
    let (head, body) = match input {
        Input::Path(_) => open_path(&path, options, names)?,
        Input::Stream { reader, .. } => open_stream(&path, reader, None, options, names)?,
    };
    Ok(match head {
        Ok(head) => Opened { path, layout: Some(Arc::new(head.layout)), lines: head.lines, body },
        Err(lines) => Opened { path, layout: None, lines, body },
    })
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
    let read = |source| Error::read(path, source);
    metadata(path)?;
    let file = File::open(path).map_err(read)?;
    // Files that the kernel makes up as they are read have no size.
    let Some(source) = Source::of_file(path).filter(|source| source.size > 0) else {
        return open_stream(path, Box::new(file), None, options, names);
    };
    let mut magic = [0; MAGIC];
    let length = os::read_at(&file, &mut magic, 0).map_err(read)?;
    if Format::of(&magic[..length]).is_some() {
        return open_stream(path, Box::new(file), Some(source), options, names);
    }
    let head = read_head(path, &mut BufReader::new(file), options, names)?;
    let offset = head.as_ref().map_or(0, |head| head.offset);
    Ok((head, Body::File { source, offset }))
}

/// `source` is the file that is read, if it is one.
fn open_stream(
    path: &Path,
    reader: Box<dyn Read + Send>,
    source: Option<Source>,
    options: &Options,
    names: Option<&[String]>,
) -> Result<(Result<Head, u64>, Body), Error> {
    let stream = Stream::new(reader).map_err(|source| Error::read(path, source))?;
    let mut stream = Box::new(stream);
    let mut head = read_head(path, &mut stream.reader, options, names)?;
    let (carry, text) = match &mut head {
        Ok(head) => (std::mem::take(&mut head.first), head.offset),
        Err(_) => (Vec::new(), 0),
    };
    let text = text + carry.len() as u64;
    Ok((head, Body::Stream { stream, carry, text, source }))
}
