//! Which lines before the rows are a header, and whose names it has.

use super::names::{self, Names};
use super::table::{Cell, Table};
use super::text::Line;
use crate::fields::{split, unquote};
use crate::layout::BLANKS;

/// Whether the first fields of rows can be names of theirs: text, or whole numbers that ascend.
pub(super) fn has_row_names(content: &[Line<'_>], table: &Table) -> bool {
    let mut before = None;
    let rows = content.iter().zip(&table.cells).filter(|(_, cells)| cells.len() == table.fields);
    rows.skip_while(|(_, cells)| !cells.iter().any(|cell| cell.is_number())).all(|(line, cells)| {
        let fields = split(line.text, table.syntax);
        let name = unquote(fields[0]);
        let number = std::str::from_utf8(name).ok().and_then(|name| name.parse::<u64>().ok());
        let ascends =
            number.is_some_and(|number| before.replace(number).is_none_or(|last| last < number));
        ascends || cells[0] == Cell::Text || fields[0].starts_with(b"\"")
    })
}

/// The names in a line of the header, if there are as many as fields, or one fewer, where rows have names.
pub(super) fn in_header(line: &Line<'_>, table: &Table, row_names: bool) -> Option<Names> {
    let fields = table.fields;
    let found = |names, after_row_names| {
        Some(Names { names, line: line.number, is_comment: false, after_row_names })
    };
    if let Some(names) = names::exactly(line.text, table.delimiter(), fields) {
        return found(names, false);
    }
    if let Some(mut names) = names::exactly(line.text, table.delimiter(), fields + 1)
        && names.last().is_some_and(String::is_empty)
    {
        names.pop();
        return found(names, false);
    }
    let mut names = names::exactly(line.text, table.delimiter(), fields.checked_sub(1)?)?;
    // Rows may end with a delimiter.
    let at_end = table.delimiter() != BLANKS && table.empty.last() == Some(&true);
    names.insert(if at_end { names.len() } else { 0 }, String::new());
    if at_end || row_names { found(names, !at_end) } else { None }
}

/// Whether the first line has the names that pandas gives to columns without any: 0, 1, 2 and so on, behind nothing if there
/// is an index. Where there is none, only if all numbers below have points.
pub(super) fn is_numbered_header(content: &[Line<'_>], table: &Table) -> bool {
    let (Some(first), Some(rows)) =
        (content.first(), content.get(1..).filter(|rows| !rows.is_empty()))
    else {
        return false;
    };
    let fields = split(first.text, table.syntax);
    let names = match fields.as_slice() {
        [b"", names @ ..] => names,
        names => names,
    };
    let counts =
        names.iter().enumerate().all(|(number, name)| number.to_string().as_bytes() == *name);
    let has_point =
        |field: &&[u8]| field.is_empty() || field.iter().any(|byte| b".enN".contains(byte));
    let have_points =
        || rows.iter().all(|row| split(row.text, table.syntax).iter().all(&has_point));
    let is_empty = names.is_empty() || !counts;
    // With an index, which has no name, or an empty one.
    let has_index = names.len() < fields.len()
        || (names.len() + 1 == table.fields && fields.len() == names.len());
    !is_empty && (has_index || (table.delimiter() != BLANKS && names.len() > 2 && have_points()))
}
