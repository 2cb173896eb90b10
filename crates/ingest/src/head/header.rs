//! Which lines before the rows are a header, and whose names it has.

use std::cell::OnceCell;

use super::names::{self, Names};
use super::table::{Cell, Table};
use super::text::Line;
use crate::fields::{split, trim_start};
use crate::layout::BLANKS;
use crate::line::{is_drawn, is_ruler};
use crate::number::parse_field;

/// Two whole numbers above fewer rows than these are a point: the cosine begins with 0,1.
const FEW_ROWS: usize = 16;

/// Lines of units or types that are passed over behind a header.
const MOST_UNITS: usize = 2;

/// The lines of a head, and what is looked for in them.
pub(super) struct Lines<'a, 'b> {
    pub(super) content: &'a [Line<'b>],
    pub(super) table: &'a Table,
    /// Whether a row's field must be a number, or lack a value: those that are wanted, else those that are numbers in most
    /// rows.
    pub(super) is_key: &'a dyn Fn(usize) -> bool,
    /// Whether a line has all the names that are wanted, where some are.
    pub(super) has_wanted: &'a dyn Fn(&Line<'b>) -> bool,
    /// Whether rows may have any number of further fields.
    pub(super) ragged: bool,
    /// What [`row_names`] says, once it has been asked.
    pub(super) row_names: OnceCell<usize>,
}

impl Lines<'_, '_> {
    /// Which line is the first row. What comes before a header may be anything but a row. Behind it come rules, and a line or
    /// two of units or types; where there is none, titles may stand before the rows. Whatever else comes before them is a row,
    /// however wrong.
    pub(super) fn first_row(&self) -> Option<usize> {
        let lines = 0..self.content.len();
        let row = lines.clone().find(|&at| self.is_row(at)).or_else(|| {
            lines.clone().find(|&at| self.lacks_all(at) && self.cells(at).contains(&Cell::Missing))
        })?;
        let before = 0..row;
        let Some(header) = before.clone().find(|&at| self.is_header(at)) else {
            return Some(before.clone().find(|&at| !self.is_title(at)).unwrap_or(row));
        };
        let mut units = 0;
        let is_row = |&at: &usize| {
            if self.is_drawn(at) {
                return false;
            }
            units += 1;
            self.lacks_all(at) || !self.is_text(at) || units > MOST_UNITS
        };
        Some((header + 1..row).find(is_row).unwrap_or(row))
    }

    fn row_names(&self) -> usize {
        *self.row_names.get_or_init(|| row_names(self.content, self.table))
    }

    fn cells(&self, at: usize) -> &[Cell] {
        &self.table.cells[at]
    }

    fn keys(&self, at: usize) -> impl Iterator<Item = Cell> {
        let cells = self.cells(at).iter().copied().enumerate();
        cells.filter(|(field, _)| (self.is_key)(*field)).map(|(_, cell)| cell)
    }

    /// Whether a line has as many fields as rows have.
    fn fits(&self, at: usize) -> bool {
        let cells = self.cells(at);
        let front = self.table.numbers_in_front();
        let has_text = self.table.numeric.get(front) == Some(&false) && !self.table.empty[front];
        let ends_in_text = has_text && front > 0 && cells.len() >= front;
        cells.len() == self.table.fields
            || (self.ragged && !cells.is_empty())
            || (ends_in_text && cells[..front].iter().all(|cell| *cell != Cell::Text))
    }

    fn is_row(&self, at: usize) -> bool {
        self.fits(at)
            && self.keys(at).any(Cell::is_number)
            && !self.keys(at).any(|cell| cell == Cell::Text)
            && !self.is_header(at)
    }

    /// Whether a line fits and has nothing where rows have numbers. A line of dashes is drawn.
    fn lacks_all(&self, at: usize) -> bool {
        self.fits(at)
            && !self.is_drawn(at)
            && self.keys(at).next().is_some()
            && self.keys(at).all(|cell| matches!(cell, Cell::Missing | Cell::Empty))
    }

    fn is_drawn(&self, at: usize) -> bool {
        let line = self.content[at].text;
        is_ruler(line) || is_drawn(line) || (is_bar(line) && self.table.delimiter() == BLANKS)
    }

    /// Whether a line names columns, by how it looks.
    fn is_header(&self, at: usize) -> bool {
        let (line, cells) = (&self.content[at], self.cells(at));
        if (self.has_wanted)(line) || (at == 0 && is_numbered_header(self.content, self.table)) {
            return true;
        }
        // As IPAC has them.
        if is_bar(line.text) && self.is_drawn(at) {
            return true;
        }
        // Names of which some are numbers, as years, over a column of numbers that is not wanted.
        let is_name = cells.first() == Some(&Cell::Text) && !(self.is_key)(0);
        let fields = self.table.fields;
        if cells.len() == fields && is_name && self.table.numeric.first() == Some(&true) {
            return true;
        }
        let enough = enough_rows(&names::split_names(line.text, self.table.delimiter()));
        let one_fewer = cells.len() + 1 == fields && self.row_names() >= enough;
        let one_more = cells.len() == fields + 1 && cells.last() == Some(&Cell::Empty);
        let has_numbers = cells.iter().any(|cell| cell.is_number());
        match cells.len() == fields {
            true => {
                self.keys(at).any(|cell| cell == Cell::Text) && !self.keys(at).any(Cell::is_number)
            }
            false => (one_fewer || one_more) && !has_numbers && cells.contains(&Cell::Text),
        }
    }

    /// Whether a line without a header behind it says something, but not of a point.
    fn is_title(&self, at: usize) -> bool {
        let cells = self.cells(at);
        let count = |is: fn(&Cell) -> bool| cells.iter().filter(|cell| is(cell)).count();
        let is_wordy = count(|cell| *cell == Cell::Text) > count(|cell| cell.is_number());
        self.is_drawn(at)
            || (cells.first() == Some(&Cell::Text)
                && is_wordy
                && !are_numbers(self.content[at].text)
                && !self.lacks_all(at))
    }

    /// Whether a line is nothing but words, as units and types are.
    fn is_text(&self, at: usize) -> bool {
        let begins = |field: &[u8]| field.iter().find(|byte| !b"+-.\"".contains(byte)).copied();
        let fields = split(self.content[at].text, self.table.syntax);
        // Widths and types of columns, as rdb has them: `5N`, `10S`.
        let is_type = |field: &[u8]| match field {
            [digits @ .., b'N' | b'S' | b'M'] => digits.iter().all(u8::is_ascii_digit),
            _ => false,
        };
        fields
            .iter()
            .all(|field| is_type(field) || !begins(field).is_some_and(|byte| byte.is_ascii_digit()))
    }
}

/// Whether a line begins with a bar, as IPAC's headers do.
fn is_bar(line: &[u8]) -> bool {
    trim_start(line).starts_with(b"|")
}

/// Whether a line is nothing but numbers, whatever separates them.
fn are_numbers(line: &[u8]) -> bool {
    let words = line.split(|byte| b" \t,;|".contains(byte)).filter(|word| !word.is_empty());
    words.clone().next().is_some() && words.clone().all(|word| parse_field::<f64>(word).is_some())
}

/// How many rows must have names for a line to be believed to have one fewer name than fields: those of x and y are no title.
fn enough_rows(names: &[String]) -> usize {
    if names::names_xyz(names) { 1 } else { 2 }
}

/// How many of the first fields of rows, the last lines of a table, are names of theirs: all are text, in quotes or not, which
/// counts as any number, or whole numbers that count up. 0 where one is neither.
pub(super) fn row_names(rows: &[Line<'_>], table: &Table) -> usize {
    let cells = &table.cells[table.cells.len() - rows.len()..];
    let rows = rows.iter().zip(cells).filter(|(_, cells)| cells.len() == table.fields);
    let rows = rows.skip_while(|(_, cells)| !cells.iter().any(|cell| cell.is_number()));
    let (mut before, mut counted) = (None, 0_usize);
    for (line, cells) in rows {
        let fields = split(line.text, table.syntax);
        let Some(&first) = fields.first() else { return 0 };
        if cells.first() == Some(&Cell::Text) || first.starts_with(b"\"") {
            counted = usize::MAX;
            continue;
        }
        let number = std::str::from_utf8(first).ok().and_then(|name| name.parse::<u64>().ok());
        let Some(number) = number else { return 0 };
        if before.replace(number).is_some_and(|last: u64| last.checked_add(1) != Some(number)) {
            return 0;
        }
        counted = counted.saturating_add(1);
    }
    counted
}

/// The names in a line of the header, if there are as many as fields, or one fewer, where rows have names. Of rows that differ
/// in their text behind the numbers, as many as the shortest or the longest have, or as there are numbers, will do.
pub(super) fn in_header(
    line: &Line<'_>,
    table: &Table,
    row_names: usize,
    ragged: impl Fn(&[u8]) -> Option<Vec<String>>,
) -> Option<Names> {
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
    if let Some(names) = ragged(line.text) {
        return found(names, false);
    }
    let mut names = names::split_names(line.text, table.delimiter());
    let punctuated = names
        .first()
        .is_some_and(|name| name.starts_with(|first: char| b"!/;$*".contains(&(first as u8))));
    if names.len() + 1 != fields || names.iter().all(String::is_empty) {
        return None;
    }
    // Rows may end with a delimiter.
    let at_end = table.delimiter() != BLANKS && table.empty.last() == Some(&true);
    let enough = enough_rows(&names);
    names.insert(if at_end { names.len() } else { 0 }, String::new());
    if at_end || (row_names >= enough && !punctuated) { found(names, !at_end) } else { None }
}

/// The names of rows that differ in their text behind the numbers.
pub(super) fn of_ragged(
    line: &[u8],
    table: &Table,
    behind: Option<(usize, usize)>,
) -> Option<Vec<String>> {
    let (least, most) = behind?;
    let mut names = names::split_names(line, table.delimiter());
    let front = table.numbers_in_front();
    let fits = (least..=most).contains(&names.len()) || (front..=front + 1).contains(&names.len());
    names.resize(table.fields.max(names.len()), String::new());
    fits.then_some(names)
}

/// Whether the first line has the names that pandas gives to columns without any: 0, 1, 2 and so on, behind nothing if there
/// is an index. Where there is none, only if all numbers below have points.
fn is_numbered_header(content: &[Line<'_>], table: &Table) -> bool {
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
    !is_empty
        && (has_index
            || (table.delimiter() != BLANKS
                && (names.len() > 2 || rows.len() >= FEW_ROWS)
                && have_points()))
}
