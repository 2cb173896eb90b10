//! What can go wrong between a text file and its columns, by culprit.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use pointillist_base::message::plain;
use pointillist_base::staged::ELSEWHERE;

use crate::limits::LONGEST_LINE;
use crate::source::compressed::Damage;

/// An error of this crate. Messages name the file, the line where there is one, and the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input cannot be opened or read.
    #[error("{}: {}", .path.display(), plain(.source))]
    Read {
        /// The input.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// An output cannot be written.
    #[error("{}: cannot write: {}", .path.display(), plain(.source))]
    Write {
        /// The output.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// The destination holds something that must not be replaced.
    #[error("{}: {reason}, or {}", .path.display(), ELSEWHERE)]
    Destination {
        /// The destination.
        path: PathBuf,
        /// What stands there, and what to do about it.
        reason: String,
    },

    /// The inputs hold no line with a point.
    #[error("{}: no points in it: {found}", .path.display())]
    NoPoints {
        /// The input, the last one where there are several.
        path: PathBuf,
        /// What there was instead.
        found: String,
    },

    /// A line is not a row of the expected numbers.
    #[error("{}:{line}: {problem}: {excerpt} ({})", .path.display(), problem.remedy())]
    Malformed {
        /// The input.
        path: PathBuf,
        /// 1-based line in the input.
        line: u64,
        /// What is wrong with the line.
        problem: Problem,
        /// The beginning of the line, quoted and escaped.
        excerpt: String,
    },

    /// A line is longer than any line of points can be.
    #[error("{}:{line}: a line of more than {limit} bytes: {}", .path.display(), too_long(*.returns))]
    LineTooLong {
        /// The input.
        path: PathBuf,
        /// 1-based line in the input.
        line: u64,
        /// The longest line that is read, in bytes.
        limit: usize,
        /// Whether there are carriage returns in it.
        returns: bool,
    },

    /// The rows are not as many as a header says.
    #[error("{}:{line}: {problem}", .path.display())]
    Declared {
        /// The input.
        path: PathBuf,
        /// 1-based line in the input: the first behind the rows, or the last.
        line: u64,
        /// What is wrong, and what can be done.
        problem: String,
    },

    /// The input is in an encoding that is not read.
    #[error(
        "{}: is {encoding} text; convert it first: iconv -f {encoding} -t UTF-8",
        .path.display()
    )]
    Encoding {
        /// The input.
        path: PathBuf,
        /// The encoding's name.
        encoding: &'static str,
    },

    /// The input is no text.
    #[error("{}: is {what}, not text: {remedy}", .path.display())]
    Binary {
        /// The input.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// What can be done.
        remedy: &'static str,
    },

    /// The input is text, but not a table of points.
    #[error("{}: is {what}, not a table of points: {remedy}", .path.display())]
    Format {
        /// The input.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// What can be done.
        remedy: &'static str,
    },

    /// The header of a format that says itself what follows is damaged.
    #[error("{}:{line}: damaged {format} header: {problem}", .path.display())]
    Header {
        /// The input.
        path: PathBuf,
        /// The name of the format.
        format: &'static str,
        /// 1-based line in the input.
        line: u64,
        /// What is wrong with the line, or missing before it.
        problem: String,
    },

    /// Compressed data cannot be unpacked.
    #[error("{}: the {format} data {problem}; {remedy}", .path.display())]
    Compressed {
        /// The input.
        path: PathBuf,
        /// The name of the format.
        format: &'static str,
        /// What is wrong, after "the gzip data".
        problem: String,
        /// What can be done.
        remedy: String,
    },

    /// An array cannot be read.
    #[error("{}: {problem}", .path.display())]
    Array {
        /// The input.
        path: PathBuf,
        /// What is wrong with it, and what can be done.
        problem: String,
    },

    /// Columns are chosen by name, and the input names none.
    #[error(
        "{}:{line}: no header line to find the column {name:?} in; choose columns by position: \
         --columns x=1,y=2",
        .path.display()
    )]
    NoHeader {
        /// The input.
        path: PathBuf,
        /// 1-based line of the first data.
        line: u64,
        /// The column that was asked for.
        name: String,
    },

    /// A column is chosen by a name that the header does not have.
    #[error("{}: no column {name:?} in the header, which has {}", .path.display(), .known.join(", "))]
    UnknownField {
        /// The input.
        path: PathBuf,
        /// The column that was asked for.
        name: String,
        /// The names in the header.
        known: Vec<String>,
    },

    /// A column is chosen by a name that two fields have.
    #[error(
        "{}: fields {first} and {second} are both called {name:?}; choose columns by position: --columns \
         x={first},y={second}",
        .path.display()
    )]
    TwoFields {
        /// The input.
        path: PathBuf,
        /// The column that was asked for.
        name: String,
        /// 1-based position of the first such field.
        first: usize,
        /// 1-based position of the second.
        second: usize,
    },

    /// A line names columns, but not as many as rows have fields.
    #[error(
        "{}:{line}: {names} names, and rows have {fields} {}; choose columns by position, --columns x=1,y=2, or pass over \
         the names: --skip-rows {line}",
        .path.display(), if *.fields == 1 { "field" } else { "fields" }
    )]
    OtherNames {
        /// The input.
        path: PathBuf,
        /// 1-based line of the names.
        line: u64,
        /// How many names it has.
        names: usize,
        /// How many fields rows have.
        fields: usize,
    },

    /// A format says which fields there are, and none of them is a coordinate that could be drawn as it is.
    #[error(
        "{}: the fields of this {format} are {}, and none are called x and y; say which are meant: --columns x=NAME,y=NAME",
        .path.display(), .known.join(", ")
    )]
    NoCoordinates {
        /// The input.
        path: PathBuf,
        /// The format's name.
        format: &'static str,
        /// The names of its fields.
        known: Vec<String>,
    },

    /// Decimals have commas, and so has what is between fields.
    #[error(
        "{}:{line}: no row of numbers with decimal commas: where commas separate the fields as well, write the file with another \
         separator, a semicolon or a tab",
        .path.display()
    )]
    DecimalCommas {
        /// The input.
        path: PathBuf,
        /// 1-based line in the input.
        line: u64,
    },

    /// A column is chosen by a position that no row has.
    #[error(
        "{}:{line}: column {column} is to be field {position}, and rows have {fields} {}",
        .path.display(), if *.fields == 1 { "field" } else { "fields" }
    )]
    NoSuchField {
        /// The input.
        path: PathBuf,
        /// 1-based line of the first row.
        line: u64,
        /// The column.
        column: String,
        /// 1-based position of its field.
        position: usize,
        /// How many fields rows have.
        fields: usize,
    },

    /// Rows have one field, and no column is chosen.
    #[error(
        "{}:{line}: rows have one field, and a point takes two, x and y; --delimiter says what separates them",
        .path.display()
    )]
    OneField {
        /// The input.
        path: PathBuf,
        /// 1-based line of the first row.
        line: u64,
    },

    /// An input has no header, and other rows than those before it.
    #[error(
        "{}:{line}: rows have {fields} fields, and {before} in the inputs before; choose columns by position, or ingest \
         it by itself",
        .path.display()
    )]
    OtherFields {
        /// The input.
        path: PathBuf,
        /// 1-based line of the first row.
        line: u64,
        /// How many fields its rows have.
        fields: usize,
        /// How many fields rows had before.
        before: usize,
    },

    /// An input's header names other columns than those that were taken from the inputs before it.
    #[error(
        "{}:{line}: the names say that x, y and z are other fields than in the inputs before; choose columns by position, or \
         ingest it by itself",
        .path.display()
    )]
    OtherColumns {
        /// The input.
        path: PathBuf,
        /// 1-based line of the names.
        line: u64,
    },

    /// The input was written to while it was read.
    #[error("{}: changed while it was read; run again when it is complete", .path.display())]
    Changed {
        /// The input.
        path: PathBuf,
    },

    /// A folder is not a `.points` that can be read.
    #[error("{}: {reason}", .path.display())]
    NotPoints {
        /// The folder.
        path: PathBuf,
        /// Why not.
        reason: String,
    },

    /// A file of a `.points` folder is not what was written, or missing, or of another version of the format: making the
    /// columns again mends it.
    #[error("{}: {reason}; ingest again with --force", .path.display())]
    Damaged {
        /// The file, or the folder where it is the sidecar.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A process may not have as many files open as there are columns.
    #[error(
        "{}: more files would be open than this process may have, {columns} of this folder alone: allow it more, \
         ulimit -n 65536, or give it fewer folders at a time",
        .path.display()
    )]
    TooManyFiles {
        /// The folder.
        path: PathBuf,
        /// How many columns it has.
        columns: usize,
    },

    /// A `.points` has no column of that name.
    #[error("{}: no column {name:?}; it has {}", .path.display(), .known.join(", "))]
    UnknownColumn {
        /// The `.points` folder.
        path: PathBuf,
        /// The column that was asked for.
        name: String,
        /// The columns that exist.
        known: Vec<String>,
    },

    /// An option has a value that makes no sense.
    #[error("{0}")]
    Options(String),

    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    /// Whether columns are damaged or of another version, which making them again mends.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }

    pub(crate) fn damaged(path: &Path, reason: &str) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.to_owned() }
    }

    /// An input that cannot be read, or what its unpacker says of it.
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.downcast::<Damage>() {
            Ok(damage) => {
                let remedy = damage.remedy(path.as_os_str() == "-");
                let Damage { format, problem, .. } = damage;
                Self::Compressed { path, format: format.name(), problem, remedy }
            }
            Err(source) => Self::Read { path, source },
        }
    }

    /// Whether what was read of an input may be to blame, rather than an output, an option or the caller.
    pub(crate) fn is_of_input(&self) -> bool {
        !matches!(
            self,
            Self::Write { .. } | Self::Destination { .. } | Self::Options(_) | Self::Cancelled
        )
    }

    /// An input that makes no rows with the others.
    pub(crate) fn column_among_rows(path: &Path) -> Self {
        let problem = "arrays of one column each make rows only with others of that kind; give them to a run of \
                       their own, x.npy y.npy, and perhaps z.npy";
        Self::Array { path: path.to_owned(), problem: problem.to_owned() }
    }

    /// Raw numbers that are none.
    pub(crate) fn raw_with_header(path: &Path) -> Self {
        let problem = "is a .npy file, which says itself what it holds; leave out --raw";
        Self::Array { path: path.to_owned(), problem: problem.to_owned() }
    }

    /// A line that goes on for longer than is read, with so many lines before it; `returns` says whether there are carriage
    /// returns in it.
    pub(crate) fn too_long(path: &Path, before: u64, returns: bool) -> Self {
        let path = path.to_owned();
        Self::LineTooLong { path, line: before + 1, limit: LONGEST_LINE, returns }
    }

    /// The same error of a part of a text that has so many lines before it.
    pub(crate) fn behind(mut self, before: u64) -> Self {
        if let Self::LineTooLong { line, .. } = &mut self {
            *line += before;
        }
        self
    }
}

fn too_long(returns: bool) -> &'static str {
    match returns {
        true => "do lines end with a carriage return alone? tr '\\r' '\\n' mends them",
        false => "is this a text file with one point a line?",
    }
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The line has another number of fields than rows have.
    FieldCount {
        /// How many fields a row has.
        expected: usize,
        /// How many this line has.
        found: usize,
    },
    /// The line has another number of numbers before its text than rows have.
    NumberCount {
        /// How many numbers a row begins with.
        expected: usize,
        /// How many this line begins with.
        found: usize,
    },
    /// A quotation begins in the line and does not end in it.
    OpenQuote,
    /// The line is that which has named the columns.
    HeaderAgain,
    /// A field that is needed is not a number.
    NotANumber {
        /// The column that the field belongs to.
        column: String,
        /// The field, quoted and escaped.
        field: String,
        /// Whether the field is a number once its comma is read as a decimal point.
        decimal_comma: bool,
    },
}

impl Problem {
    /// Whether the line has another number of fields than it must have.
    pub(crate) fn is_of_fields(&self) -> bool {
        matches!(self, Self::FieldCount { .. } | Self::NumberCount { .. })
    }

    fn remedy(&self) -> &'static str {
        match self {
            Self::NotANumber { decimal_comma: true, .. } => {
                "--decimal , reads decimal commas, unless these commas separate thousands"
            }
            Self::OpenQuote => {
                "line breaks in quotes are not read: write the file without them; or, if quotes are text like any other, \
                 --no-quotes"
            }
            Self::HeaderAgain => {
                "files with a header each are read one after another, not in one file; --skip-bad passes over the line"
            }
            Self::NotANumber { field, .. } if lacks_letter(field) => {
                "an exponent has lost its letter, as Fortran's have with three digits: ES25.16E3 writes it, and \
                 sed -E 's/(\\.[0-9]*)([+-][0-9]{3})([^0-9.]|$)/\\1E\\2\\3/g' \
                 mends the file"
            }
            Self::NotANumber { field, .. } if field.starts_with(['"']) && is_json(field) => {
                "is this JSON? jq -r '[.x, .y, .z] | @csv' writes lines of it as rows"
            }
            Self::FieldCount { expected, found } if found > expected => {
                "--skip-bad counts such lines and goes on; --ragged takes rows with further fields"
            }
            Self::NotANumber { field, .. } if is_like_a_comment(field) => {
                "--comment with these characters takes such lines for comments; --skip-bad counts them and goes on"
            }
            // Bytes that UTF-8 cannot have; one or two may be a name in another encoding.
            Self::NotANumber { field, .. } if field.matches('\u{FFFD}').count() > 2 => {
                "is this text? rows of raw numbers are read with --raw f32 --columns-per-row K"
            }
            Self::NotANumber { field, .. } if field.contains("\\r") => {
                "is this text? a carriage return stands within a field"
            }
            Self::NotANumber { .. } => {
                "--columns chooses other fields, --missing WORD says what is no value, --skip-bad counts such lines"
            }
            _ => "--skip-bad counts such lines and goes on",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldCount { expected, found } => {
                write!(f, "expected {expected} fields, found {found}")
            }
            Self::NumberCount { expected, found } => {
                write!(f, "expected {expected} numbers before any text, found {found}")
            }
            Self::OpenQuote => f.write_str("a quotation does not end on its line"),
            Self::HeaderAgain => f.write_str("the header once more"),
            Self::NotANumber { column, field, .. } => {
                write!(f, "column {column}: {field} is not a number")
            }
        }
    }
}

/// Whether a quoted field is a number but for the letter of its exponent: `1.5-300`.
fn lacks_letter(field: &str) -> bool {
    let field = field.trim_matches('"');
    let sign = field.rfind(['+', '-']).filter(|&at| at > 0);
    sign.is_some_and(|at| {
        let (number, exponent) = field.split_at(at);
        exponent.len() == 4
            && number.contains('.')
            && exponent[1..].bytes().all(|byte| byte.is_ascii_digit())
            && number.parse::<f64>().is_ok_and(f64::is_finite)
    })
}

fn is_json(field: &str) -> bool {
    let field = field.trim_matches('"');
    field.starts_with('{') || field.starts_with("[{") || (field.starts_with('[') && field.len() > 1)
}

fn is_like_a_comment(field: &str) -> bool {
    field.trim_matches('"').starts_with(['#', '%', '>'])
}

/// The beginning of a line, quoted, with what is not printable escaped.
pub(crate) fn excerpt(line: &[u8]) -> String {
    const LONGEST: usize = 72;
    let shown = String::from_utf8_lossy(&line[..line.len().min(LONGEST)]).into_owned();
    let ellipsis = if line.len() > LONGEST { "…" } else { "" };
    format!(
        "\"{}{ellipsis}\"",
        shown.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
    )
}
