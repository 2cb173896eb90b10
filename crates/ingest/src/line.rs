//! Lines to rows: the sans-IO core. Bytes in, columns and counts out; nothing here knows of files or threads.

use crate::error::{Problem, excerpt};
use crate::number::{Number, parse_field};
use crate::options::Delimiter;

/// How the lines of one input are read, settled before the first of them is.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Never [`Delimiter::Auto`].
    pub(crate) delimiter: Delimiter,
    /// The fields that are needed, by ascending position.
    pub(crate) fields: Vec<WantedField>,
    /// The names of the stored columns, in their order.
    pub(crate) names: Vec<String>,
    /// Bytes that begin a comment.
    pub(crate) comment: Vec<u8>,
    /// Whether malformed lines are counted rather than the end.
    pub(crate) skip_bad: bool,
}

/// A field that becomes a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WantedField {
    /// 0-based position in the line.
    pub(crate) position: usize,
    /// Index of the column it becomes.
    pub(crate) column: usize,
}

/// The rows of a piece of text.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    /// One vector a column, all of one length.
    pub(crate) columns: Vec<Vec<T>>,
    /// Lines read, of all kinds.
    pub(crate) lines: u64,
    /// Malformed lines.
    pub(crate) bad: u64,
    /// The first few malformed lines.
    pub(crate) reports: Vec<BadLine>,
}

/// A malformed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadLine {
    /// 0-based line in the piece of text.
    pub(crate) line: u64,
    /// What is wrong with it.
    pub(crate) problem: Problem,
    /// Its beginning, quoted.
    pub(crate) excerpt: String,
}

/// As many malformed lines are reported one by one; the others are counted.
pub(crate) const MOST_REPORTS: usize = 5;

impl<T: Number> Rows<T> {
    pub(crate) fn new(columns: usize) -> Self {
        Self { columns: vec![Vec::new(); columns], lines: 0, bad: 0, reports: Vec::new() }
    }

    /// Forgets everything but the memory.
    pub(crate) fn clear(&mut self) {
        self.columns.iter_mut().for_each(Vec::clear);
        self.lines = 0;
        self.bad = 0;
        self.reports.clear();
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.columns[0].len()
    }

    /// Appends the rows of `text`: whole lines, of which the last may lack its newline. Unless bad lines are
    /// skipped, the first one ends the reading.
    pub(crate) fn parse(&mut self, text: &[u8], layout: &Layout) {
        let mut start = 0;
        while start < text.len() {
            let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at);
            self.parse_line(&text[start..end], layout);
            self.lines += 1;
            if self.bad > 0 && !layout.skip_bad {
                return;
            }
            start = end + 1;
        }
    }

    fn parse_line(&mut self, line: &[u8], layout: &Layout) {
        if is_blank_or_comment(trim_end(line), &layout.comment) {
            return;
        }
        // A tab at the end of a line is a delimiter where tabs are: the last field is empty then.
        let line = match layout.delimiter {
            Delimiter::Tab => trim_end_but_tabs(line),
            _ => trim_end(line),
        };
        let rows = self.len();
        let result = match layout.delimiter {
            Delimiter::Tab => self.parse_fields::<b'\t'>(line, layout),
            Delimiter::Comma => self.parse_fields::<b','>(line, layout),
            Delimiter::Semicolon => self.parse_fields::<b';'>(line, layout),
            Delimiter::Space | Delimiter::Auto => self.parse_fields::<BLANKS>(line, layout),
        };
        if let Err(problem) = result {
            // The fields before the bad one are taken back, so that all columns keep one length.
            self.columns.iter_mut().for_each(|column| column.truncate(rows));
            self.bad += 1;
            if self.reports.len() < MOST_REPORTS {
                let excerpt = excerpt(line);
                self.reports.push(BadLine { line: self.lines, problem, excerpt });
            }
        }
    }

    #[inline]
    fn parse_fields<const DELIMITER: u8>(
        &mut self,
        line: &[u8],
        layout: &Layout,
    ) -> Result<(), Problem> {
        let mut fields = Fields::<DELIMITER>::new(line);
        let mut value = T::NAN;
        let mut read = 0;
        for wanted in &layout.fields {
            // Two columns may come from one field; it is read once.
            if read <= wanted.position {
                while read < wanted.position {
                    fields.skip().ok_or_else(|| too_few(read, layout))?;
                    read += 1;
                }
                value = match fields.number::<T>() {
                    Ok(value) => value,
                    Err(None) => return Err(too_few(read, layout)),
                    Err(Some(field)) => return Err(not_a_number(field, wanted.column, layout)),
                };
                read += 1;
            }
            self.columns[wanted.column].push(value);
        }
        Ok(())
    }
}

#[cold]
fn too_few(found: usize, layout: &Layout) -> Problem {
    let expected = layout.fields.last().map_or(0, |field| field.position + 1);
    Problem::TooFewFields { expected, found }
}

#[cold]
fn not_a_number(field: &[u8], column: usize, layout: &Layout) -> Problem {
    let with_point: Vec<u8> =
        field.iter().map(|&byte| if byte == b',' { b'.' } else { byte }).collect();
    Problem::NotANumber {
        column: layout.names[column].clone(),
        field: excerpt(field),
        decimal_comma: field.contains(&b',') && parse_field::<f64>(&with_point).is_some(),
    }
}

/// Stands for [`Delimiter::Space`] where a delimiter is a byte.
const BLANKS: u8 = b' ';

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn trim_end(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t' | b'\r'] = line {
        line = rest;
    }
    line
}

fn trim_end_but_tabs(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\r'] = line {
        line = rest;
    }
    line
}

fn trim_start(mut line: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = line {
        line = rest;
    }
    line
}

/// Whether a line, trimmed at its end, holds no row.
pub(crate) fn is_blank_or_comment(line: &[u8], comment: &[u8]) -> bool {
    match line.first() {
        None => true,
        Some(&first) if is_blank(first) => is_blank_or_comment(trim_start(line), comment),
        Some(first) => comment.contains(first),
    }
}

/// A cursor over the fields of a line without blanks at its end.
struct Fields<'a, const DELIMITER: u8> {
    /// What is left: begins with a field, or with blanks before one.
    rest: &'a [u8],
    /// Whether another field follows; an empty `rest` may be one last empty field.
    more: bool,
}

impl<'a, const DELIMITER: u8> Fields<'a, DELIMITER> {
    fn new(line: &'a [u8]) -> Self {
        // A tab at the start of a line is a delimiter where tabs are: the first field is empty then.
        let rest = if DELIMITER == b'\t' { line } else { trim_start(line) };
        Self { rest, more: true }
    }

    /// Reads the next field as a number. `Err(None)` where there is no field, `Err(Some(field))` where the field
    /// is not a number.
    #[inline]
    fn number<T: Number>(&mut self) -> Result<T, Option<&'a [u8]>> {
        if let Some((value, used)) = T::parse_partial(self.rest)
            && self.step_past(used)
        {
            return Ok(value);
        }
        match self.skip() {
            Some([]) => Ok(T::NAN),
            Some(field) => parse_field(field).ok_or(Some(field)),
            None => Err(None),
        }
    }

    /// Moves past a field that is `used` bytes long, if it does end there.
    #[inline]
    fn step_past(&mut self, used: usize) -> bool {
        let after = &self.rest[used..];
        let Some(&next) = after.first() else {
            self.rest = after;
            self.more = false;
            return true;
        };
        if DELIMITER == BLANKS {
            if is_blank(next) {
                self.rest = trim_start(after);
                return true;
            }
        } else if next == DELIMITER {
            self.rest = self.trim(&after[1..]);
            return true;
        }
        false
    }

    /// Passes over the next field and returns it without blanks around it.
    fn skip(&mut self) -> Option<&'a [u8]> {
        if !self.more || (DELIMITER == BLANKS && self.rest.is_empty()) {
            return None;
        }
        let end = self.field_end();
        let field = trim_end(&self.rest[..end]);
        match self.rest.get(end + 1..) {
            Some(rest) if DELIMITER == BLANKS => self.rest = trim_start(rest),
            Some(rest) => self.rest = self.trim(rest),
            None => {
                self.rest = &[];
                self.more = false;
            }
        }
        Some(self.trim(field))
    }

    /// Where the field that `rest` begins with ends: at a delimiter outside quotes, or with the line.
    fn field_end(&self) -> usize {
        let rest = self.rest;
        if DELIMITER == BLANKS {
            return memchr::memchr2(b' ', b'\t', rest).unwrap_or(rest.len());
        }
        let quoted = match rest.first() {
            Some(b'"') => memchr::memchr(b'"', &rest[1..]).map_or(0, |at| at + 2),
            _ => 0,
        };
        memchr::memchr(DELIMITER, &rest[quoted..]).map_or(rest.len(), |at| quoted + at)
    }

    /// Drops the blanks before a field.
    fn trim(&self, rest: &'a [u8]) -> &'a [u8] {
        if DELIMITER != b'\t' {
            return trim_start(rest);
        }
        let blanks = rest.iter().take_while(|&&byte| byte == b' ').count();
        &rest[blanks..]
    }
}

/// All fields of a line, without blanks around them; an empty one at the end does not count.
pub(crate) fn split_fields(line: &[u8], delimiter: Delimiter) -> Vec<&[u8]> {
    fn collect<const DELIMITER: u8>(line: &[u8]) -> Vec<&[u8]> {
        let mut fields = Fields::<DELIMITER>::new(line);
        let mut all: Vec<_> = std::iter::from_fn(|| fields.skip()).collect();
        if all.last().is_some_and(|last| last.is_empty()) {
            all.pop();
        }
        all
    }
    let line = trim_end(line);
    match delimiter {
        Delimiter::Tab => collect::<b'\t'>(line),
        Delimiter::Comma => collect::<b','>(line),
        Delimiter::Semicolon => collect::<b';'>(line),
        Delimiter::Space | Delimiter::Auto => collect::<BLANKS>(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(delimiter: Delimiter, positions: &[usize]) -> Layout {
        let fields = positions
            .iter()
            .enumerate()
            .map(|(column, &position)| WantedField { position, column })
            .collect();
        let names = ["x", "y", "z"].iter().map(|&name| name.to_owned()).collect();
        Layout { delimiter, fields, names, comment: b"#%>".to_vec(), skip_bad: true }
    }

    fn parse(text: &str, layout: &Layout) -> Rows<f64> {
        let mut rows = Rows::new(layout.fields.len());
        rows.parse(text.as_bytes(), layout);
        rows
    }

    #[test]
    fn blanks_around_and_between_fields_do_not_matter() {
        let rows = parse(
            "1 2 3\n  4\t 5   6  \r\n\n \t\r\n# no\n  > no\n7 8 9 10 eleven\n-1 -2 -3",
            &layout(Delimiter::Space, &[0, 1, 2]),
        );
        assert_eq!(rows.columns, [[1., 4., 7., -1.], [2., 5., 8., -2.], [3., 6., 9., -3.]]);
        assert_eq!((rows.lines, rows.bad), (8, 0));
    }

    #[test]
    fn an_empty_field_between_delimiters_is_a_missing_value() {
        for (delimiter, text) in [
            (Delimiter::Comma, "1,,3\n"),
            (Delimiter::Semicolon, "1; ;3"),
            (Delimiter::Tab, "1\t\t3\r\n"),
        ] {
            let rows = parse(text, &layout(delimiter, &[0, 1, 2]));
            assert_eq!((rows.columns[0][0], rows.columns[2][0]), (1., 3.), "{text:?}");
            assert!(rows.columns[1][0].is_nan(), "{text:?}");
        }
        let rows = parse("\t2\t3\n", &layout(Delimiter::Tab, &[0, 1, 2]));
        assert!(rows.columns[0][0].is_nan());
        assert_eq!(rows.columns[2], [3.]);
    }

    #[test]
    fn a_missing_value_at_the_end_of_a_line_is_a_value() {
        for (delimiter, text) in
            [(Delimiter::Comma, "1,2,\n1,2\n"), (Delimiter::Tab, "1\t2\t\r\n1\t2\n\t\t\n")]
        {
            let rows = parse(text, &layout(delimiter, &[0, 1, 2]));
            assert!(rows.columns[2][0].is_nan(), "{text:?}");
            assert_eq!((rows.len(), rows.bad), (1, 1), "{text:?}");
        }
    }

    #[test]
    fn a_delimiter_in_quotes_does_not_delimit() {
        let rows = parse("\"a, b\", \"1.5\" ,2\n", &layout(Delimiter::Comma, &[1, 2]));
        assert_eq!(rows.columns, [[1.5], [2.]]);
        assert_eq!(
            split_fields(b"\"a, b\",c,\r", Delimiter::Comma),
            [b"\"a, b\"".as_slice(), b"c"]
        );
    }

    #[test]
    fn columns_may_come_in_any_order_and_twice_from_one_field() {
        let mut layout = layout(Delimiter::Space, &[1, 1, 3]);
        layout.fields = vec![
            WantedField { position: 1, column: 2 },
            WantedField { position: 1, column: 0 },
            WantedField { position: 3, column: 1 },
        ];
        let rows = parse("a 2 b 4\n", &layout);
        assert_eq!(rows.columns, [[2.], [4.], [2.]]);
    }

    #[test]
    fn a_bad_line_leaves_no_part_of_itself() {
        let rows = parse("1 2 3\n4 5\n6 x 8\n9 10 11\n", &layout(Delimiter::Space, &[0, 1, 2]));
        assert_eq!(rows.columns, [[1., 9.], [2., 10.], [3., 11.]]);
        assert_eq!(rows.bad, 2);
        assert_eq!(
            rows.reports[0],
            BadLine {
                line: 1,
                problem: Problem::TooFewFields { expected: 3, found: 2 },
                excerpt: "\"4 5\"".to_owned(),
            }
        );
        assert_eq!(rows.reports[1].line, 2);
        assert_eq!(rows.reports[1].problem.to_string(), "column y: \"x\" is not a number");
    }

    #[test]
    fn reading_ends_at_the_first_bad_line_unless_they_are_skipped() {
        let mut layout = layout(Delimiter::Space, &[0, 1, 2]);
        layout.skip_bad = false;
        let rows = parse("1 2 3\nbad\n4 5 6\n", &layout);
        assert_eq!((rows.len(), rows.lines, rows.bad), (1, 2, 1));
    }

    #[test]
    fn a_decimal_comma_is_recognised_in_the_report() {
        let rows = parse("1,5;2,5;3\n", &layout(Delimiter::Semicolon, &[0, 1, 2]));
        let problem = &rows.reports[0].problem;
        assert!(matches!(problem, Problem::NotANumber { decimal_comma: true, .. }), "{problem:?}");
    }
}
