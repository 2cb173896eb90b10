//! The lines of the head as a table: what separates their fields, how many there are, and which are numbers.

use super::text::Line;
use crate::fields::split;
use crate::fields::unquote;
use crate::layout::{BLANKS, Syntax};
use crate::line::{has_decimal_comma, is_drawn};
use crate::missing::{self, Missing};
use crate::number::parse_field;

/// What stands in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    Empty,
    Number,
    /// A number with a decimal comma.
    DecimalComma,
    /// A word for a missing value.
    Missing,
    Text,
}

impl Cell {
    pub(super) fn of(field: &[u8], missing: &Missing) -> Self {
        let word = unquote(field);
        match parse_field::<f64>(field) {
            _ if word.is_empty() => Self::Empty,
            Some(value) if !value.is_nan() => Self::Number,
            _ if missing.is_word(word) => Self::Missing,
            _ if missing::infinity::<f64>(word).is_some() => Self::Number,
            _ if has_decimal_comma(word) => Self::DecimalComma,
            _ => Self::Text,
        }
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Number | Self::DecimalComma)
    }
}

/// What the lines of a head have in common, with one delimiter.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// How lines are made of fields.
    pub(super) syntax: Syntax,
    /// What stands in each line; nothing where it is drawn between others.
    pub(super) cells: Vec<Vec<Cell>>,
    /// How many fields most rows have.
    pub(super) fields: usize,
    /// By field: whether rows have numbers there, or nothing.
    pub(super) numeric: Vec<bool>,
    /// By field: whether no row has anything there.
    pub(super) empty: Vec<bool>,
    /// The lines from here on were looked at as rows.
    start: usize,
    /// How many of those have as many fields as most.
    agreeing: usize,
}

impl Table {
    pub(super) fn new(lines: &[Line<'_>], syntax: Syntax, missing: &Missing) -> Self {
        let cells = |line: &Line<'_>| -> Vec<Cell> {
            if is_drawn(line.text) {
                return Vec::new();
            }
            split(line.text, syntax).into_iter().map(|field| Cell::of(field, missing)).collect()
        };
        let cells: Vec<Vec<Cell>> = lines.iter().map(cells).collect();
        // What comes before the first line with numbers is no row.
        let with_numbers = |least: usize| {
            let has = |row: &Vec<Cell>| row.iter().filter(|cell| cell.is_number()).count() >= least;
            cells.iter().position(has)
        };
        let first = with_numbers(2).or_else(|| with_numbers(1));
        let start = first.unwrap_or(0);
        // Where there are no numbers at all, a header may be among the rows.
        let most_text = if first.is_none() { 1 } else { 0 };
        let rows = cells[start..].iter().filter(|row| !row.is_empty());
        let fields = most_frequent(rows.clone().map(Vec::len));
        let usual: Vec<&Vec<Cell>> = rows.filter(|row| row.len() == fields).collect();
        let count =
            |field: usize, is: fn(Cell) -> bool| usual.iter().filter(|row| is(row[field])).count();
        let numeric = |field: usize| {
            let text = count(field, |cell| cell == Cell::Text);
            let lacking = count(field, |cell| cell == Cell::Missing);
            match count(field, Cell::is_number) {
                0 => text <= most_text && 2 * lacking >= usual.len().max(1),
                _ => 2 * text <= usual.len(),
            }
        };
        let empty = |field: usize| count(field, |cell| cell != Cell::Empty) == 0;
        Self {
            syntax,
            numeric: (0..fields).map(numeric).collect(),
            empty: (0..fields).map(empty).collect(),
            start,
            agreeing: usual.len(),
            fields,
            cells,
        }
    }

    /// The table with the delimiter that the lines agree on.
    ///
    /// A tab wins wherever rows agree on it, then a semicolon (where decimals have commas, fields are separated by it), a
    /// comma, a bar, and blanks, unless fewer than two fields are numbers then.
    pub(super) fn choose(lines: &[Line<'_>], quotes: bool, missing: &Missing) -> Self {
        let blanks = Self::new(lines, Syntax { delimiter: BLANKS, quotes }, missing);
        let mut tables = Vec::new();
        for delimiter in *b"\t;,|" {
            if !lines.iter().any(|line| line.text.contains(&delimiter)) {
                continue;
            }
            // Between blanks, all of them would be numbers with decimal commas.
            if delimiter == b',' && blanks.has_only_numbers() {
                continue;
            }
            tables.push(Self::new(lines, Syntax { delimiter, quotes }, missing));
        }
        // What only a few lines agree on, others contradict.
        let most = tables.iter().chain([&blanks]).map(|table| table.agreeing).max().unwrap_or(0);
        let fits = |table: &Self| {
            table.fields >= 2
                && table.numbers() >= 2
                && 2 * table.agreeing > most
                && (table.agree() || (table.delimiter() != b'\t' && table.numbers_in_front() >= 2))
        };
        if let Some(table) = tables.iter().position(fits) {
            return tables.swap_remove(table);
        }
        if blanks.numbers() >= 2 && (blanks.agree() || blanks.numbers_in_front() >= 2) {
            return blanks;
        }
        // Where there are hardly any numbers, the delimiter with which there are the most of them.
        tables.push(blanks);
        let best = tables.iter().map(Self::numbers).max().unwrap_or(0);
        let first = tables.iter().position(|table| table.numbers() == best).unwrap_or(0);
        tables.swap_remove(first)
    }

    /// A byte, or [`BLANKS`].
    pub(super) fn delimiter(&self) -> u8 {
        self.syntax.delimiter
    }

    /// Whether a bar begins and ends every line of the table: what is outside is no field.
    pub(super) fn is_framed(&self) -> bool {
        let at_ends = self.empty.first() == Some(&true) && self.empty.last() == Some(&true);
        self.delimiter() == b'|' && self.fields > 2 && at_ends
    }

    fn rows(&self) -> impl Iterator<Item = &Vec<Cell>> {
        self.cells[self.start..].iter().filter(|row| !row.is_empty())
    }

    /// How many columns are numbers.
    fn numbers(&self) -> usize {
        self.numeric.iter().filter(|numeric| **numeric).count()
    }

    /// How many columns are numbers before the first that is not.
    pub(super) fn numbers_in_front(&self) -> usize {
        self.numeric.iter().take_while(|numeric| **numeric).count()
    }

    /// Whether nearly all rows have as many fields.
    fn agree(&self) -> bool {
        4 * self.agreeing >= 3 * self.rows().count()
    }

    /// Whether all columns are numbers, and some of them have decimal commas.
    fn has_only_numbers(&self) -> bool {
        let has_comma = |row: &Vec<Cell>| row.contains(&Cell::DecimalComma);
        self.fields >= 2 && self.numbers() == self.fields && self.rows().any(has_comma)
    }

    /// Fewest and most fields of the rows from line `first` on, where all that differ from most do so behind the
    /// `numbers_in_front`, in text; else `None`.
    pub(super) fn text_behind(&self, first: usize) -> Option<(usize, usize)> {
        let front = self.numbers_in_front();
        let rows = self.cells[first..].iter().filter(|row| !row.is_empty());
        let others: Vec<&Vec<Cell>> = rows.clone().filter(|row| row.len() != self.fields).collect();
        let fits = |row: &&&Vec<Cell>| {
            row.len() >= front
                && row[..front].iter().all(|cell| cell.is_number() || *cell == Cell::Missing)
                && row.get(front).is_none_or(|cell| !cell.is_number())
        };
        let fitting = others.iter().filter(fits).count();
        if front == 0
            || front == self.fields
            || self.empty[front]
            || others.is_empty()
            || 2 * fitting < others.len()
        {
            return None;
        }
        let lengths = rows.map(Vec::len).filter(|&length| length >= front);
        Some((lengths.clone().min()?, lengths.max()?))
    }
}

/// The number that occurs most often; of equally frequent ones the largest.
fn most_frequent(numbers: impl Iterator<Item = usize>) -> usize {
    let mut numbers: Vec<usize> = numbers.collect();
    numbers.sort_unstable();
    let groups = numbers.chunk_by(|a, b| a == b);
    groups.max_by_key(|group| group.len()).map_or(0, |group| group[0])
}

#[cfg(test)]
mod tests {
    use super::super::text::lines;
    use super::*;

    fn choose(text: &str) -> (char, usize) {
        let lines: Vec<Line<'_>> = lines(text.as_bytes(), 0).collect();
        let table = Table::choose(&lines, true, &Missing::default());
        (char::from(table.delimiter()), table.fields)
    }

    #[test]
    fn the_delimiter_is_what_the_lines_agree_on() {
        for (text, found) in [
            ("a b\n1 2 3\n", (' ', 3)),
            ("1\t2\t3\n", ('\t', 3)),
            ("1\t\t2\n", ('\t', 3)),
            ("1 \t 2 3\n", (' ', 3)),
            ("1\t\t22\n333\t4\n", (' ', 2)),
            ("x y z\n1,2,3\n", (',', 3)),
            ("1, 2, 3\n", (',', 3)),
            ("1,5;2,5;3,5\n", (';', 3)),
            ("1,5 2,5 3,5\n4,5 5,5 6,5\n", (' ', 3)),
            ("1,5\t2,5\t3,5\n", ('\t', 3)),
            ("1|2|3\n", ('|', 3)),
            ("| 1 | 2 |\n| 3 | 4 |\n", ('|', 4)),
            ("NGC 224\t10.68\t41.27\nNGC 598\t23.46\t30.66\n", ('\t', 3)),
            ("1.5\t2.5\t3.5\tAndromeda, M31\n4.5\t5.5\t6.5\tM33\n", ('\t', 4)),
            ("1.5 2.5 3.5 Andromeda, M31\n4.5 5.5 6.5 M33, Triangulum\n", (' ', 5)),
            ("M31,00 42 44.3,+41 16 09,3.44,0.5\nM33,01 33 50.9,+30 39 37,5.7,0.6\n", (',', 5)),
            ("NGC 224 5 6 7,1,2\nNGC 598 1 2 3,4,5\n", (',', 3)),
            ("1,2,3,Andromeda, M31\n4,5,6,M33\n7,8,9,M32\n", (',', 4)),
            ("2020-01-01 00:00:00,1.5,2.5\n", (',', 3)),
            ("0.5,1.5,2.5\n#N/A,2,3\n4,5,6\n", (',', 3)),
        ] {
            assert_eq!(choose(text), found, "{text:?}");
        }
    }

    #[test]
    fn rows_that_differ_in_the_text_behind_their_numbers_are_told_from_rows_that_lack_one() {
        let behind = |text: &str| {
            let lines: Vec<Line<'_>> = lines(text.as_bytes(), 0).collect();
            Table::choose(&lines, true, &Missing::default()).text_behind(0)
        };
        assert_eq!(behind("1 2 3 Andromeda galaxy\n4 5 6 M33\n7 8 9 M 32\n"), Some((4, 5)));
        assert_eq!(behind("1 2 3 M31\n4 5 6\n7 8 9 M33\n"), Some((3, 4)));
        assert_eq!(behind("1 2 3 18\n4 5   19\n7 8 9 20\n"), None);
        assert_eq!(behind("1 2 3 M31\n4 5   M32\n7 8 9 M33\n"), None);
        assert_eq!(behind("1 2 3 M31\n7 8 9 M33\n"), None);
    }
}
