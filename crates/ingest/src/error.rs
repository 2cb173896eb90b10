//! What can go wrong between a text file and its columns, by culprit.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::layout::LONGEST_LINE;
use crate::message::plain;
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
    #[error("{}: {reason}; remove it or choose another output", .path.display())]
    Destination {
        /// The destination.
        path: PathBuf,
        /// What stands there.
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
    #[error(
        "{}: a line of more than {limit} bytes{}: is this a text file with one point a line?",
        .path.display(),
        .line.map_or_else(String::new, |line| format!(" at line {line}"))
    )]
    LineTooLong {
        /// The input.
        path: PathBuf,
        /// 1-based line in the input, where it is known.
        line: Option<u64>,
        /// The longest line that is read, in bytes.
        limit: usize,
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

    /// A line that goes on for longer than is read, somewhere.
    pub(crate) fn too_long(path: &Path) -> Self {
        Self::LineTooLong { path: path.to_owned(), line: None, limit: LONGEST_LINE }
    }
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The line ends before the last field that is needed.
    TooFewFields {
        /// How many fields a line must have.
        expected: usize,
        /// How many this one has.
        found: usize,
    },
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
    fn remedy(&self) -> &'static str {
        match self {
            Self::NotANumber { decimal_comma: true, .. } => {
                "decimal commas are not read: write the file with decimal points"
            }
            // Bytes that UTF-8 cannot have; one or two may be a name in another encoding.
            Self::NotANumber { field, .. } if field.matches('\u{FFFD}').count() > 2 => {
                "is this text? rows of raw numbers are read with --raw f32 --columns-per-row K"
            }
            Self::NotANumber { field, .. } if field.contains("\\r") => {
                "lines that end with a carriage return alone are not read: tr '\\r' '\\n' mends them"
            }
            _ => "--skip-bad counts such lines and goes on",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewFields { expected, found } => {
                write!(f, "expected {expected} fields, found {found}")
            }
            Self::NotANumber { column, field, .. } => {
                write!(f, "column {column}: {field} is not a number")
            }
        }
    }
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
