//! Where text and arrays come from: regular files, read at any offset by any thread, and streams, read in order.
//! Compressed files are streams, too.

mod alike;
mod chunks;
pub(crate) mod compressed;
mod file;
mod numbers;
mod seen;
mod stream;
#[cfg(test)]
mod tests;

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pointillist_base::Dtype;
use pointillist_base::file::read_at;
use pointillist_base::staged::contents::RECORD;

use crate::Error;
use crate::array::{Table, header, join, read_header};
use crate::foreign::After;
use crate::head::{Head, NoRows, Sample, Settled, read_head};
use crate::layout::Layout;
use crate::options::{Options, Precision};
use crate::read_as::ReadAs;
pub use alike::are_read_alike;
pub(crate) use chunks::{Chunk, Chunker};
use compressed::{Format, MAGIC};
use numbers::{Array, Reading};
pub use seen::Source;
use stream::Stream;

/// Bytes that are read at once of the head of a file.
const HEAD: usize = 64 << 10;

/// Something to read points from.
pub enum Input {
    /// A file, or anything else that has a path: a pipe is read as a stream.
    Path(PathBuf),
    /// A stream, under the name that messages give it.
    Stream {
        /// `-` for the standard input.
        name: String,
        /// The text, or an array.
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
    /// How its lines are read; `None` where it is no text or holds no data.
    pub(crate) layout: Option<Arc<Layout>>,
    /// Lines before the first line of data.
    pub(crate) lines: u64,
    /// What it holds instead of rows, where it is text without any.
    none: NoRows,
    /// What else its head says, where it is text.
    pub(crate) facts: Option<Box<Facts>>,
    body: Body,
}

/// What the head of a text says of it.
#[derive(Debug)]
pub(crate) struct Facts {
    /// What was concluded.
    pub(crate) read_as: ReadAs,
    /// The values of the first rows.
    pub(crate) sample: Sample,
    /// What may follow the rows that a header has counted.
    pub(crate) after: Option<After>,
    settled: Settled,
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
    /// Numbers.
    Array(Box<Array>),
    /// To be opened when its turn comes.
    Waiting(Option<Input>),
}

impl Opened {
    /// An input of text whose head has been read, or the number of its lines where it has no data.
    fn of_text(path: PathBuf, head: Result<Head, NoRows>, body: Body) -> Self {
        match head {
            Ok(Head { layout, lines, settled, read_as, sample, after, .. }) => {
                let facts = Some(Box::new(Facts { read_as, sample, after, settled }));
                let none = NoRows::default();
                Self { path, layout: Some(Arc::new(layout)), lines, none, facts, body }
            }
            Err(none) => Self { path, layout: None, lines: none.lines, none, facts: None, body },
        }
    }

    /// An input that is no text.
    fn without_text(path: PathBuf, body: Body) -> Self {
        Self { path, layout: None, lines: 0, none: NoRows::default(), facts: None, body }
    }

    /// The columns that its rows become; `None` where it has none, as far as is known.
    fn names(&self) -> Option<&[String]> {
        match &self.body {
            Body::Array(array) => array.reading.as_ref().map(|reading| reading.names.as_slice()),
            _ => self.layout.as_ref().map(|layout| layout.names.as_slice()),
        }
    }

    /// The same for inputs that follow.
    fn settled(&self) -> Option<Settled> {
        match &self.facts {
            Some(facts) => Some(facts.settled.clone()),
            None => self.names().map(|names| Settled {
                names: names.to_vec(),
                positions: Vec::new(),
                fields: 0,
                by_name: false,
            }),
        }
    }

    /// The values of rows here and there in a file of text, where its rows go on to its end.
    pub(crate) fn samples(&self) -> Vec<Sample> {
        const BLOCKS: u64 = 16;
        let (Body::File { source, offset }, Some(layout)) = (&self.body, &self.layout) else {
            return Vec::new();
        };
        let Ok(file) = source.open_again(&self.path) else { return Vec::new() };
        if layout.lines.is_some() {
            return Vec::new();
        }
        let step = source.size.saturating_sub(*offset) / BLOCKS;
        let block = |block: u64| {
            let mut bytes = vec![0; HEAD];
            let read = read_at(&file, &mut bytes, offset + block * step).unwrap_or(0);
            // Whole lines only.
            let first = memchr::memchr(b'\n', &bytes[..read])? + 1;
            let end = memchr::memrchr(b'\n', &bytes[..read])? + 1;
            Some(Sample::read(&bytes[first..end.max(first)], layout))
        };
        (0..BLOCKS).filter_map(block).collect()
    }

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
                return Ok((Source::of_stream(self.path, stream.bytes()), text));
            }
            Body::Array(array) => {
                let bytes = array.bytes();
                match (array.source, array.stream) {
                    (Some(source), _) => (source, bytes),
                    (None, stream) => {
                        let size = stream.map_or(0, |stream| stream.bytes());
                        return Ok((Source::of_stream(self.path, size), bytes));
                    }
                }
            }
            Body::Waiting(_) => {
                return Ok((Source::of_stream(self.path, 0), 0));
            }
        };
        source.check(&self.path)?;
        Ok((source, text))
    }

    /// The file that it is, if it is one.
    fn source(&self) -> Option<&Source> {
        match &self.body {
            Body::File { source, .. } => Some(source),
            Body::Stream { source, .. } => source.as_ref(),
            Body::Array(array) => array.source.as_ref(),
            Body::Waiting(_) => None,
        }
    }

    /// Whether it is a file that is not what it was when it was opened.
    fn has_changed(&self) -> bool {
        self.source().is_some_and(|source| source.has_changed(&self.path))
    }

    /// Opens the file once more: thousands of inputs cannot all be kept open.
    fn open_again(&self) -> Result<File, Error> {
        match self.source() {
            Some(source) => source.open_again(&self.path),
            None => File::open(&self.path).map_err(|source| Error::read(&self.path, source)),
        }
    }
}

/// What is wrong where reading these inputs came to this error: a file that changes meanwhile looks damaged, and that is not
/// what has to be mended.
pub(crate) fn unless_changed(error: Error, sources: &[Opened]) -> Error {
    if !error.is_of_input() {
        return error;
    }
    match sources.iter().find(|source| source.has_changed()) {
        Some(source) => Error::Changed { path: source.path.clone() },
        None => error,
    }
}

/// Reads the heads of the inputs, of which one at least must hold data. Files are looked at now, for errors to surface
/// before minutes of work, and paths before anything is opened: a pipe may have no writer for as long. Anything else after
/// the first input with data waits for its turn: a pipe may have to be read to its end before there is a writer for the
/// next.
pub(crate) fn open(inputs: Vec<Input>, options: &Options) -> Result<Vec<Opened>, Error> {
    let are_files = inputs.iter().map(is_file).collect::<Result<Vec<bool>, Error>>()?;
    let mut opened: Vec<Opened> = Vec::new();
    for (input, is_file) in inputs.into_iter().zip(are_files) {
        let settled = settled(&opened);
        let waits = settled.is_some() && !is_file;
        opened.push(if waits {
            Opened::without_text(input.path(), Body::Waiting(Some(input)))
        } else {
            open_one(input, opened.len(), options, settled.as_ref())?
        });
    }
    match check(&mut opened, options) {
        Ok(()) => Ok(opened),
        Err(error) => Err(unless_changed(error, &opened)),
    }
}

/// Whether the inputs fit together, and the options fit them.
fn check(opened: &mut [Opened], options: &Options) -> Result<(), Error> {
    check_rows(opened)?;
    join_columns(opened, options)?;
    check_options(opened, options)?;
    match opened.last() {
        Some(last) if names(opened).is_none() => {
            let packed =
                matches!(&last.body, Body::Stream { stream, .. } if stream.format.is_some());
            let found = match last.lines {
                0 if matches!(last.body, Body::Array(_)) => "the array is empty".to_owned(),
                0 if packed => "nothing is in it once it is unpacked".to_owned(),
                0 => "the file is empty".to_owned(),
                _ => last.none.found(),
            };
            Err(Error::NoPoints { path: last.path.clone(), found })
        }
        _ => Ok(()),
    }
}

/// Of several inputs some may hold nothing, but not lines that are no rows.
fn check_rows(opened: &[Opened]) -> Result<(), Error> {
    match opened.iter().find(|opened| opened.none.is_text()) {
        Some(Opened { path, none, .. }) => {
            Err(Error::NoPoints { path: path.clone(), found: none.found() })
        }
        None => Ok(()),
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
        let what = if path.join(RECORD).is_file() {
            "is a .points folder, ingested already: bin2d or render takes it"
        } else {
            "is a folder, not a text file"
        };
        return Err(read(io::Error::new(io::ErrorKind::IsADirectory, what)));
    }
    Ok(metadata)
}

/// Reads the head of an input, which is number `index`. `settled` are the columns that earlier inputs have settled.
fn open_one(
    input: Input,
    index: usize,
    options: &Options,
    settled: Option<&Settled>,
) -> Result<Opened, Error> {
    let path = input.path();
    let mut opened = match input {
        Input::Path(_) => open_path(path, options, settled)?,
        Input::Stream { reader, .. } => open_stream(path, reader, None, options, settled)?,
    };
    let names = settled.map(|settled| settled.names.as_slice());
    let Opened { path, body, .. } = &mut opened;
    if let Body::Array(array) = body
        && array.table.rows != Some(0)
    {
        if array.table.is_column && names.is_some() {
            return Err(Error::column_among_rows(path));
        }
        if !array.table.is_column {
            let selected = array.table.select(path, index, array.offset, options, names)?;
            array.reading = Some(Reading::new(selected.0, selected.1));
        }
    }
    Ok(opened)
}

/// Makes rows of inputs that are one column each, if they are: the first is read for all.
fn join_columns(opened: &mut [Opened], options: &Options) -> Result<(), Error> {
    let column = |opened: &Opened| match &opened.body {
        Body::Array(array) => array.table.is_column,
        _ => false,
    };
    if !opened.iter().any(column) {
        return Ok(());
    }
    if let Some(other) = opened.iter().find(|opened| !column(opened)) {
        return Err(Error::column_among_rows(&other.path));
    }
    let inputs: Vec<_> = opened
        .iter()
        .filter_map(|opened| match &opened.body {
            Body::Array(array) => Some((opened.path.as_path(), &array.table, array.offset)),
            _ => None,
        })
        .collect();
    let (names, strips) = join(&inputs, options)?;
    if let Some(Opened { body: Body::Array(array), .. }) = opened.first_mut()
        && array.table.rows != Some(0)
    {
        array.reading = Some(Reading::new(names, strips));
    }
    Ok(())
}

/// No option is taken that nothing could follow.
fn check_options(opened: &[Opened], options: &Options) -> Result<(), Error> {
    if opened.iter().any(|opened| !matches!(opened.body, Body::Array(_))) {
        return Ok(());
    }
    let default = Options::default();
    let given = [
        (options.delimiter != default.delimiter, "--delimiter"),
        (options.comment != default.comment, "--comment"),
        (options.skip_bad, "--skip-bad"),
        (options.skip_rows > 0, "--skip-rows"),
        (!options.missing.is_empty(), "--missing"),
        (options.decimal_comma, "--decimal"),
        (options.ragged, "--ragged"),
        (options.no_quotes, "--no-quotes"),
    ];
    match given.iter().find(|(given, _)| *given) {
        Some((_, name)) => {
            Err(Error::Options(format!("{name} says how text is read, and the inputs are arrays")))
        }
        None => Ok(()),
    }
}

/// The columns that the first input with data has settled.
pub(crate) fn names(opened: &[Opened]) -> Option<&[String]> {
    opened.iter().find_map(Opened::names)
}

/// Rows of all inputs together, where they are arrays that say how many they have.
pub(crate) fn rows(opened: &[Opened]) -> Option<u64> {
    let each = opened.iter().map(|opened| match &opened.body {
        // The other columns of the same rows, or none.
        Body::Array(array) if array.reading.is_none() => Some(0),
        Body::Array(array) => array.table.rows,
        _ => None,
    });
    // What headers say of compressed arrays is not known to be there.
    each.into_iter().try_fold(0_u64, |sum, rows| sum.checked_add(rows?))
}

/// The columns that the first input with data has settled, for an input that follows.
fn settled(opened: &[Opened]) -> Option<Settled> {
    opened.iter().find_map(Opened::settled)
}

/// The type of the columns: what the options say, or what the first values ask for.
pub(crate) fn dtype(opened: &[Opened], options: &Options) -> Dtype {
    match options.dtype {
        Precision::F32 => Dtype::F32,
        Precision::F64 => Dtype::F64,
        Precision::Auto => {
            let needs_f64 = |opened: &Opened| match &opened.body {
                Body::Array(array) => array.needs_f64(),
                _ => opened.facts.as_ref().is_some_and(|facts| facts.sample.needs_f64()),
            };
            if opened.iter().any(needs_f64) { Dtype::F64 } else { Dtype::F32 }
        }
    }
}

fn open_path(path: PathBuf, options: &Options, settled: Option<&Settled>) -> Result<Opened, Error> {
    metadata(&path)?;
    let file = File::open(&path).map_err(|source| Error::read(&path, source))?;
    // Files that the kernel makes up as they are read have no size.
    let Some(source) = Source::of_open(&path, &file)?.filter(|source| source.size > 0) else {
        return open_stream(path, Box::new(file), None, options, settled);
    };
    open_file(path.clone(), file, source.clone(), options, settled).map_err(|error| {
        let has_changed = error.is_of_input() && source.has_changed(&path);
        if has_changed { Error::Changed { path } } else { error }
    })
}

fn open_file(
    path: PathBuf,
    mut file: File,
    source: Source,
    options: &Options,
    settled: Option<&Settled>,
) -> Result<Opened, Error> {
    let mut magic = [0; MAGIC];
    let length = read_at(&file, &mut magic, 0).map_err(|source| Error::read(&path, source))?;
    if Format::of(&magic[..length]).is_some() {
        return open_stream(path, Box::new(file), Some(source), options, settled);
    }
    let is_array = magic.starts_with(header::MAGIC);
    if is_array || options.raw.is_some() {
        let (table, offset) = match options.raw {
            Some(_) if is_array => return Err(Error::raw_with_header(&path)),
            Some(raw) => {
                let rows = source.size / (raw.columns as u64 * raw.dtype.size());
                (Table::raw(raw, Some(rows)), 0)
            }
            None => read_header(&path, &mut file)?,
        };
        table.check_bytes(&path, source.size.saturating_sub(offset))?;
        let array = Array { table, offset, source: Some(source), stream: None, reading: None };
        return Ok(Opened::without_text(path, Body::Array(Box::new(array))));
    }
    let head = read_head(&path, &mut BufReader::with_capacity(HEAD, file), options, settled)?;
    let offset = head.as_ref().map_or(0, |head| head.offset);
    Ok(Opened::of_text(path, head, Body::File { source, offset }))
}

/// `source` is the file that is read, if it is one.
fn open_stream(
    path: PathBuf,
    reader: Box<dyn Read + Send>,
    source: Option<Source>,
    options: &Options,
    settled: Option<&Settled>,
) -> Result<Opened, Error> {
    let stream = Stream::new(reader).map_err(|source| Error::read(&path, source))?;
    let mut stream = Box::new(stream);
    let is_array = stream.begin == header::MAGIC;
    if is_array || options.raw.is_some() {
        let (table, offset) = match options.raw {
            Some(_) if is_array => return Err(Error::raw_with_header(&path)),
            Some(raw) => (Table::raw(raw, stream.begin.is_empty().then_some(0)), 0),
            None => read_header(&path, &mut stream.reader)?,
        };
        table.check_stream(&path)?;
        let array = Array { table, offset, source, stream: Some(stream), reading: None };
        return Ok(Opened::without_text(path, Body::Array(Box::new(array))));
    }
    let mut head = read_head(&path, &mut stream.reader, options, settled)?;
    let (carry, text) = match &mut head {
        Ok(head) => (std::mem::take(&mut head.rest), head.offset),
        Err(_) => (Vec::new(), 0),
    };
    let text = text + carry.len() as u64;
    Ok(Opened::of_text(path, head, Body::Stream { stream, carry, text, source }))
}
