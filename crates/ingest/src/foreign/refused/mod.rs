//! Text formats whose numbers are not points, or not only: refused by name, with the command that makes points of them.

mod grid;
mod markup;
mod mesh;
mod molecule;

use super::Refusal;
use super::opening::Opening;

/// A text format that is not read.
struct Kind {
    /// What messages call it.
    what: &'static str,
    /// Whether a text has its structure.
    is: fn(&Opening) -> bool,
    /// What can be done. `FILE` stands for the input.
    remedy: &'static str,
}

/// Refuses a text that is not a table of points.
pub(super) fn check(opening: &Opening) -> Result<(), Refusal> {
    let kinds = [markup::KINDS, mesh::KINDS, molecule::KINDS, grid::KINDS];
    match kinds.into_iter().flatten().find(|kind| (kind.is)(opening)) {
        Some(Kind { what, remedy, .. }) => Err(Refusal::Format { what, remedy }),
        None => Ok(()),
    }
}
