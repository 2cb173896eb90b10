//! Text in memory to columns in memory: the parser without files and threads, for whoever has both already.
//!
//! What [`ingest`](crate::ingest) does to a file, [`parse_text`] does to bytes: the same head, the same rows, the same
//! errors with the same lines. Benchmarks, fuzz targets and bindings call it.

use std::path::Path;

use pointillist_base::{Dtype, Instructions, Values};

use crate::ending::Ending;
use crate::head::{Head, read_head};
use crate::layout::exchange_commas;
use crate::line::Rows;
use crate::number::Number;
use crate::options::Precision;
use crate::{Error, Options, ReadAs, SkippedLine};

/// How text in memory is read. None of this changes the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What parses rows that all look alike. Default: [`Instructions::default`].
    pub instructions: Instructions,
    /// Bytes that are parsed at once, cut after a newline: a line that is longer is a piece of its own. Default: 256 KiB,
    /// which stays in the processor's cache.
    pub piece: usize,
}

impl Default for Reading {
    fn default() -> Self {
        Self { instructions: Instructions::default(), piece: 256 << 10 }
    }
}

/// The columns of a text.
#[derive(Debug, Clone)]
pub struct Table {
    /// The names of the columns, in their order.
    pub names: Vec<String>,
    /// The columns, in the same order.
    pub columns: Columns,
    /// Lines of text read, of all kinds.
    pub lines: u64,
    /// Malformed lines that were skipped.
    pub skipped: u64,
    /// The first few of them.
    pub bad_lines: Vec<SkippedLine>,
    /// What was concluded from its head.
    pub read_as: ReadAs,
}

/// Columns of the type that the options ask for: one vector a column, `len = rows`.
#[derive(Debug, Clone, PartialEq)]
pub enum Columns {
    /// 32-bit floats.
    F32(Vec<Vec<f32>>),
    /// 64-bit floats.
    F64(Vec<Vec<f64>>),
}

impl Columns {
    /// The columns one by one.
    pub fn iter(&self) -> impl Iterator<Item = Values<'_>> {
        let (singles, doubles): (&[Vec<f32>], &[Vec<f64>]) = match self {
            Self::F32(columns) => (columns, &[]),
            Self::F64(columns) => (&[], columns),
        };
        let singles = singles.iter().map(|column| Values::F32(column));
        singles.chain(doubles.iter().map(|column| Values::F64(column)))
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.iter().next().map_or(0, |column| column.len())
    }
}

/// Parses a whole text, its head included, on the calling thread. `name` is what messages call it, as `-` for a stream.
///
/// The result is that of [`ingest`](crate::ingest) for a file of the same bytes, but for lines of more than 4 MiB after the
/// first line of data, which are read here.
///
/// # Errors
/// [`Error::Malformed`] at the first bad line, unless the options skip such lines; [`Error::NoPoints`] where there
/// is no row; [`Error::Encoding`], [`Error::Binary`], [`Error::NoHeader`], [`Error::UnknownField`] and
/// [`Error::LineTooLong`] at the head; [`Error::Options`].
pub fn parse_text(
    name: &Path,
    text: &[u8],
    options: &Options,
    reading: &Reading,
) -> Result<Table, Error> {
    options.validate()?;
    let no_points = |found| Error::NoPoints { path: name.to_owned(), found };
    let head = match read_head(name, &mut &*text, options, None)? {
        Ok(head) => head,
        Err(none) if none.lines == 0 => {
            return Err(no_points("the text is empty".to_owned()));
        }
        Err(none) => return Err(no_points(none.found())),
    };
    let dtype = match options.dtype {
        Precision::F32 => Dtype::F32,
        Precision::Auto if !head.sample.needs_f64() => Dtype::F32,
        Precision::F64 | Precision::Auto => Dtype::F64,
    };
    let table = match dtype {
        Dtype::F32 => parse(name, text, head, reading, Columns::F32),
        Dtype::F64 => parse(name, text, head, reading, Columns::F64),
    }?;
    if table.columns.rows() == 0 {
        return Err(no_points(format!("all {} lines are bad", table.skipped)));
    }
    Ok(table)
}

fn parse<T: Number>(
    name: &Path,
    text: &[u8],
    head: Head,
    reading: &Reading,
    columns: impl FnOnce(Vec<Vec<T>>) -> Columns,
) -> Result<Table, Error> {
    let layout = head.layout;
    let mut rows = Rows::<T>::new(layout.names.len(), reading.instructions);
    // The head lies within the text.
    let mut rest = &text[head.offset as usize..];
    let mut points = Vec::new();
    while !rest.is_empty() && !rows.is_at_end(&layout) {
        let (piece, after) = rest.split_at(piece_length(rest, reading.piece));
        if layout.decimal_comma {
            points.clear();
            points.extend_from_slice(piece);
            exchange_commas(&mut points);
            rows.parse(&points, &layout);
        } else {
            rows.parse(piece, &layout);
        }
        rest = after;
    }
    if let Some(lines) = layout.lines {
        let ending = Ending { path: name, lines, before: 0, head: head.lines, after: head.after };
        ending.cut(&mut rows)?;
        ending.check(rows.len() as u64 + rows.bad.all(), head.lines + rows.lines)?;
    }
    if let Some(bad) = rows.fatal {
        return Err(SkippedLine::new(name, head.lines, bad).into_error());
    }
    let reports = rows.reports.into_iter().map(|bad| SkippedLine::new(name, head.lines, bad));
    let mut bad_lines: Vec<SkippedLine> = reports.collect();
    if !layout.skip_bad
        && let Some(bad) = bad_lines.pop()
    {
        return Err(bad.into_error());
    }
    Ok(Table {
        names: layout.names,
        columns: columns(rows.columns),
        lines: head.lines + rows.lines,
        skipped: rows.bad.all(),
        bad_lines,
        read_as: head.read_as,
    })
}

/// Bytes of the next piece of a text: whole lines, at least one.
fn piece_length(text: &[u8], piece: usize) -> usize {
    if text.len() <= piece {
        return text.len();
    }
    match memchr::memrchr(b'\n', &text[..piece]) {
        Some(newline) => newline + 1,
        None => memchr::memchr(b'\n', &text[piece..]).map_or(text.len(), |at| piece + at + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Buffer, Input, ingest};

    fn read(text: &str, options: &Options) -> Result<Table, Error> {
        parse_text(Path::new("-"), text.as_bytes(), options, &Reading::default())
    }

    /// What ingest makes of the same text: columns, lines and skipped lines, or the error.
    fn ingested(text: &str, options: &Options) -> Result<(Columns, u64, u64), Error> {
        let folder = tempfile::tempdir().unwrap();
        let reader = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        let input = Input::Stream { name: "-".to_owned(), reader };
        let done = ingest(vec![input], &folder.path().join("a.points"), options, &())?;
        let sidecar = done.points.sidecar();
        let columns = sidecar.columns.iter().map(|column| {
            let mut buffer = Buffer::default();
            match done.points.column(&column.name).unwrap().read(&mut buffer).unwrap() {
                Values::F32(values) => values.to_vec(),
                Values::F64(_) => panic!("the columns are 32 bits wide"),
            }
        });
        Ok((Columns::F32(columns.collect()), sidecar.lines, sidecar.skipped))
    }

    #[test]
    fn a_text_gives_the_columns_lines_and_errors_that_ingest_gives() {
        let good = "1.5 2.5 3.5\n".repeat(300);
        for (text, skip_bad) in [
            (format!("x y z\n# a comment\n{good}\n  4 5 6 7"), false),
            (format!("\u{feff}{good}"), false),
            (format!("{good}1 2\n{good}bad\n{good}"), true),
            (format!("# c\n{good}1 2\n{good}bad\n"), false),
            ("word,1\n".to_owned(), true),
            ("1;2;3,5\n".to_owned(), false),
            ("# nothing\n\n".to_owned(), false),
            (String::new(), false),
            ("1 2 3\n\0".to_owned(), false),
            ("\0".to_owned(), false),
        ] {
            let options = Options { skip_bad, ..Options::default() };
            match (read(&text, &options), ingested(&text, &options)) {
                (Ok(table), Ok(expected)) => {
                    assert_eq!((table.columns, table.lines, table.skipped), expected, "{text:?}");
                }
                (Err(error), Err(expected)) => {
                    let expected = expected.to_string().replace("the file is", "the text is");
                    assert_eq!(error.to_string(), expected);
                }
                (ours, expected) => panic!("{text:?}: {ours:?}, {expected:?}"),
            }
        }
    }

    #[test]
    fn the_length_of_pieces_and_the_kernel_do_not_matter() {
        let good = "-1.25 2.5 3.5\n".repeat(90);
        let text = format!("{good}nan 1e3 5\n\n{good}1 2\r\n{good}# end\n7 8 9");
        let options = Options { skip_bad: true, dtype: Dtype::F64.into(), ..Options::default() };
        let expected = format!("{:?}", read(&text, &options).unwrap());
        for instructions in Instructions::available() {
            for piece in [0, 1, 13, 14, 15, 100, 2000, usize::MAX] {
                let reading = Reading { instructions, piece };
                let table = parse_text(Path::new("-"), text.as_bytes(), &options, &reading);
                assert_eq!(format!("{:?}", table.unwrap()), expected, "{instructions}, {piece}");
            }
        }
        assert!(expected.contains("line: 183"), "{expected}");
    }

    #[test]
    fn a_table_has_the_names_that_were_chosen_and_the_type_that_was_asked_for() {
        let columns = "a=lat,b=lon".parse().unwrap();
        let options = Options { columns, dtype: Dtype::F64.into(), ..Options::default() };
        let table = read("id,lon,lat\n7,0.1,0.2\n", &options).unwrap();
        assert_eq!(table.names, ["a", "b"]);
        assert_eq!(table.columns, Columns::F64(vec![vec![0.2], vec![0.1]]));
    }
}
