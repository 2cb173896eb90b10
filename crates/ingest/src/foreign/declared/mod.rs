//! Formats whose own header says which numbers are the points: they are read by it.

mod cloudcompare;
mod dump;
mod pcd;
mod ply;
mod pts;
mod qhull;
mod xvg;
mod xyz;

use super::opening::Opening;
use super::{After, Declared, Refusal};
use crate::error::excerpt;

/// More fields than rows of points have.
const MOST_FIELDS: u64 = 65536;

type Reader = fn(&Opening) -> Result<Option<Declared>, Refusal>;

/// What the header declares, where there is one.
pub(super) fn read(opening: &Opening) -> Result<Option<Declared>, Refusal> {
    let readers: [Reader; 8] = [
        pcd::read,
        ply::read,
        dump::read,
        xvg::read,
        xyz::read,
        pts::read,
        qhull::read,
        cloudcompare::read,
    ];
    for read in readers {
        if let Some(declared) = read(opening)? {
            return Ok(Some(declared));
        }
    }
    Ok(None)
}

/// Where x, y and perhaps z stand among fields of these names; empty where there is no x or no y.
fn places<T: AsRef<str>>(names: &[T], wanted: [&str; 3]) -> Vec<usize> {
    let found = |wanted: &str| names.iter().position(|name| name.as_ref() == wanted);
    match wanted.map(found) {
        [Some(x), Some(y), z] => [x, y].into_iter().chain(z).collect(),
        _ => Vec::new(),
    }
}

/// A name in a header, which may have bytes that are no UTF-8.
fn name(field: &[u8]) -> String {
    String::from_utf8_lossy(field).into_owned()
}

/// Names of the parts of a field: its own where it has one part.
fn parts(name: &str, count: u64) -> impl Iterator<Item = String> {
    (0..count).map(move |part| match (name, count) {
        ("", _) => String::new(),
        (_, 1) => name.to_owned(),
        _ => format!("{name}_{part}"),
    })
}

/// A header in which lines are counted, for its errors.
struct Header {
    format: &'static str,
    /// The 1-based line that is looked at.
    line: u64,
}

impl Header {
    fn damaged<T>(&self, problem: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal::Header { format: self.format, line: self.line, problem: problem.into() })
    }

    /// A line that is none of those that the header may have.
    fn unexpected<T>(&self, line: &[u8]) -> Result<T, Refusal> {
        self.damaged(format!("{} says nothing that is known", excerpt(line)))
    }

    /// The header has no end in what is known of the text.
    fn endless<T>(&self, end: &str) -> Result<T, Refusal> {
        self.damaged(format!("no line {end:?} behind this one"))
    }
}
