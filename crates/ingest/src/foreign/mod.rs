//! What the beginning of an input says of its format, where that is not a plain table of numbers.
//!
//! In goes the head of an input; out comes one of three: an error that names the format and the command that converts
//! it, where its numbers cannot be read as they stand; what its header declares, where they can; or nothing, where it is a
//! table like any other. A format is told by its structure, never by a word alone: a table may have a column called `off`.

mod declared;
mod opening;
mod packed;
mod refused;
mod remedy;
#[cfg(test)]
mod tests;

use std::path::Path;

use crate::Error;
use opening::Opening;

/// What a format's own header says of the rows behind it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Declared {
    /// The format's name, as messages call it.
    pub(crate) format: &'static str,
    /// Lines before the rows: those of the header, and of other elements that stand before the points. May be far more
    /// than the head holds, or than there are.
    pub(crate) lines: u64,
    /// The names of the fields, one each, where the header has them ("" for a field without a name).
    pub(crate) names: Option<Vec<String>>,
    /// Positions (0-based) of x, y and perhaps z, where the format itself says which fields these are. Empty where it
    /// says that no fields are: columns must be chosen then.
    pub(crate) positions: Option<Vec<usize>>,
    /// Lines of rows that follow; None where the header does not say.
    pub(crate) rows: Option<u64>,
    /// What may stand behind these rows.
    pub(crate) after: After,
}

/// What may stand behind the rows that a header declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Other elements, as the faces of a PLY.
    Ignored,
    /// Nothing but blank lines: anything else is an error with this remedy.
    Refused(&'static str),
}

/// Why an input is not read, without its name.
#[derive(Debug, PartialEq)]
enum Refusal {
    /// It is no text.
    Binary { what: &'static str, remedy: &'static str },
    /// It is text in this encoding.
    Encoding(&'static str),
    /// It is text, but not a table.
    Format { what: &'static str, remedy: &'static str },
    /// It has a damaged header.
    Header { format: &'static str, line: u64, problem: String },
}

impl Refusal {
    fn of(self, path: &Path) -> Error {
        let path = path.to_owned();
        match self {
            Self::Binary { what, remedy } => Error::Binary { path, what, remedy },
            Self::Encoding(encoding) => Error::Encoding { path, encoding },
            Self::Format { what, remedy } => Error::Format { path, what, remedy },
            Self::Header { format, line, problem } => Error::Header { path, format, line, problem },
        }
    }
}

/// Tells the format of an input from its `head`: the first bytes, up to 64 KiB, perhaps cut in the middle of a line;
/// `whole` says that the input ends there.
///
/// Returns None for a plain table.
///
/// # Errors
/// [`Error::Binary`] and [`Error::Encoding`] where it is no UTF-8 text; [`Error::Format`] where it is text that is not a
/// table of points; [`Error::Header`] where a header that should say what follows does not.
pub(crate) fn recognise(path: &Path, head: &[u8], whole: bool) -> Result<Option<Declared>, Error> {
    tell(path, head, whole).map_err(|refusal| refusal.of(path))
}

fn tell(path: &Path, head: &[u8], whole: bool) -> Result<Option<Declared>, Refusal> {
    packed::check(path, head, whole)?;
    let opening = Opening::new(&head[byte_order_mark(head)..], whole);
    refused::check(&opening)?;
    declared::read(&opening)
}

/// The length of the byte order mark that UTF-8 text begins with.
pub(crate) fn byte_order_mark(head: &[u8]) -> usize {
    if head.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 }
}
