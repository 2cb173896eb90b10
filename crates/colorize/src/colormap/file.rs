//! Colormaps in files: which kind of table it is, and what of it is remembered.
//!
//! A table of GMT is one whose name ends in `.cpt`, or one with a comment that names a `COLOR_MODEL`, which
//! GMT writes. Anything else is a table of gdaldem, or, where its first color begins with `#`, a list of
//! colors with positions. A table of the wrong kind is an error and never read as something else: the lines
//! differ in how many numbers they have, and in what these may be.

mod cpt;
mod relief;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Kind;
use crate::Error;

/// The largest file that is read; real tables have a few kilobytes.
const LARGEST: u64 = 1 << 20;

/// The most lines that are read, without comments.
const LINES: usize = 1 << 14;

/// A line of the file, without blanks at its ends.
pub(super) struct Line<'a> {
    /// 1-based.
    number: usize,
    pub(super) text: &'a str,
}

/// What is wrong with a file, in a line or as a whole.
pub(super) struct Problem {
    line: Option<(usize, String)>,
    text: String,
}

impl Line<'_> {
    /// This line is wrong.
    pub(super) fn problem(&self, text: impl Into<String>) -> Problem {
        /// As much as tells one line from another.
        const EXCERPT: usize = 60;
        let excerpt = match self.text.char_indices().nth(EXCERPT) {
            Some((end, _)) => format!("{:?}…", &self.text[..end]),
            None => format!("{:?}", self.text),
        };
        Problem { line: Some((self.number, excerpt)), text: text.into() }
    }
}

impl Problem {
    /// No single line is to blame.
    pub(super) fn of_file(text: String) -> Problem {
        Problem { line: None, text }
    }

    fn of(self, name: &str) -> Error {
        let path = name.into();
        match self {
            Problem { line: Some((line, excerpt)), text: problem } => {
                Error::ColorTableLine { path, line, problem, excerpt }
            }
            Problem { line: None, text: problem } => Error::ColorTable { path, problem },
        }
    }
}

/// The text of a file. Colors are ASCII; what is in no encoding stands in comments.
pub(super) fn read(path: &Path) -> Result<String, Error> {
    let read = |source| Error::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(read)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(read)?;
    if bytes.len() as u64 > LARGEST {
        let problem = "is larger than a mebibyte, which no color table is".to_owned();
        return Err(Error::ColorTable { path: path.to_owned(), problem });
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The map that a file of this name and text has, and those lines of it that say something, blanks joined:
/// the same map comes of them.
pub(super) fn parse(name: &str, text: &str) -> Result<(Kind, String), Error> {
    // Lines may end in any of the three ways that there are.
    let text =
        text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<Line<'_>> = text
        .split('\n')
        .enumerate()
        .map(|(index, text)| Line { number: index + 1, text: text.trim() })
        .filter(|line| !line.text.is_empty())
        .collect();
    let extension = Path::new(name).extension();
    let is_cpt = extension.is_some_and(|extension| extension.eq_ignore_ascii_case("cpt"))
        || lines.iter().any(|line| line.text.starts_with('#') && line.text.contains("COLOR_MODEL"));
    let is_comment = |line: &Line<'_>| match is_cpt {
        true => line.text.starts_with('#') && !cpt::is_header(line.text),
        false => line.text.starts_with(['#', '/']),
    };
    let lines: Vec<Line<'_>> = lines.into_iter().filter(|line| !is_comment(line)).collect();
    let kind = match lines.get(LINES) {
        Some(line) => {
            Err(line.problem(format!("too long: a color table has {LINES} lines at most")))
        }
        None if is_cpt => cpt::parse(&lines).map(|gradient| Kind::Gradient(Box::new(gradient))),
        None => relief::parse(&lines).map(|table| match table {
            relief::Table::Relief(gradient) => Kind::Gradient(Box::new(gradient)),
            relief::Table::List(table) => Kind::Table(table),
        }),
    };
    let kind = kind.map_err(|problem| problem.of(name))?;
    let content: Vec<String> = lines
        .iter()
        .map(|line| line.text.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    Ok((kind, content.join("\n")))
}
