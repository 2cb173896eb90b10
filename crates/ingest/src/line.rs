//! Lines to rows: the sans-IO core. Bytes in, columns and counts out; nothing here knows of files or threads.

use crate::error::{Problem, excerpt};
use crate::kernel::{Done, Kernel, Scratch, Shape, Work};
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
    guess: Guess,
}

/// The shape that rows are guessed to have, and how well that has gone.
#[derive(Debug)]
struct Guess {
    kernel: Kernel,
    scratch: Scratch,
    shape: Option<Shape>,
    fixed: Trust,
    varying: Trust,
}

/// When it is worth while to try a kernel again: after more and more rows, the more often it has failed.
#[derive(Debug, Clone, Copy, Default)]
struct Trust {
    /// Rows that take another path before the next try.
    wait: usize,
    /// How many rows that was the last time.
    patience: usize,
}

impl Trust {
    /// Rows that took another path.
    fn pass(&mut self, rows: usize) {
        self.wait = self.wait.saturating_sub(rows);
    }

    /// Judges a try by the rows that it parsed: `enough` of them make up for its cost.
    fn judge(&mut self, rows: usize, enough: usize, longest: usize) {
        let failed = rows < enough;
        self.patience = if failed { (2 * self.patience + enough).min(longest) } else { 0 };
        self.wait = self.patience;
    }
}

impl Guess {
    fn new(kernel: Kernel) -> Self {
        Self {
            kernel,
            scratch: Scratch::default(),
            shape: None,
            fixed: Trust::default(),
            varying: Trust::default(),
        }
    }

    fn forget(&mut self) {
        (self.shape, self.fixed, self.varying) = (None, Trust::default(), Trust::default());
    }

    /// Parses rows from the end of `row` on that look like it, or like those before it.
    fn parse<T: Number>(
        &mut self,
        text: &[u8],
        row: std::ops::Range<usize>,
        layout: &Layout,
        columns: &mut [Vec<T>],
    ) -> Done {
        /// Bytes at the end of a text that are not worth another guess: learning takes as long as ten rows do.
        const FEW: usize = 512;
        let nothing = Done { rows: 0, at: row.end };
        let at_end = text.len() - row.end < FEW && row.start > 16 * FEW;
        if self.kernel == Kernel::General || at_end {
            return nothing;
        }
        self.fixed.pass(1);
        self.varying.pass(1);
        let (fixed, varying) = (self.fixed.wait == 0, self.varying.wait == 0);
        if !fixed && !varying {
            return nothing;
        }
        // What has failed is learnt anew.
        if self.shape.is_none() || (fixed && self.fixed.patience > 0) || self.varying.patience > 0 {
            self.shape = Shape::learn(&text[row.clone()], layout);
        }
        let Some(shape) = &self.shape else {
            self.fixed.judge(0, 2, 1024);
            self.varying.judge(0, 2, 1024);
            return nothing;
        };
        let scratch = &mut self.scratch;
        let mut done = nothing;
        if fixed {
            let work = Work { text, at: row.end, shape, scratch, columns };
            done = self.kernel.parse_fixed(work);
            self.fixed.judge(done.rows, 64, 1 << 14);
        }
        if varying {
            // As far as to where rows may be fixed again.
            let most = self.fixed.wait.max(64);
            let work = Work { text, at: done.at, shape, scratch, columns };
            let more = self.kernel.parse_varying(work, most);
            self.fixed.pass(more.rows);
            self.varying.judge(done.rows + more.rows, 8, 1024);
            done = Done { rows: done.rows + more.rows, at: more.at };
        }
        done
    }
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
    pub(crate) fn new(columns: usize, kernel: Kernel) -> Self {
        Self {
            columns: vec![Vec::new(); columns],
            lines: 0,
            bad: 0,
            reports: Vec::new(),
            guess: Guess::new(kernel),
        }
    }

    /// Forgets everything but the memory: the next text may be another file's, with its columns in other places.
    pub(crate) fn clear(&mut self) {
        self.guess.forget();
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
        match layout.delimiter {
            Delimiter::Tab => self.parse_rows::<b'\t'>(text, layout),
            Delimiter::Comma => self.parse_rows::<b','>(text, layout),
            Delimiter::Semicolon => self.parse_rows::<b';'>(text, layout),
            Delimiter::Space | Delimiter::Auto => self.parse_rows::<BLANKS>(text, layout),
        }
    }

    fn parse_rows<const DELIMITER: u8>(&mut self, text: &[u8], layout: &Layout) {
        let mut at = 0;
        while at < text.len() {
            at = match self.parse_plain_row::<DELIMITER>(text, at, layout) {
                Some(next) => {
                    let done = self.guess.parse(text, at..next, layout, &mut self.columns);
                    self.lines += done.rows as u64;
                    done.at
                }
                None => {
                    let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
                    self.parse_line(&text[at..end], layout);
                    end + 1
                }
            };
            self.lines += 1;
            if self.bad > 0 && !layout.skip_bad {
                return;
            }
        }
    }

    /// Reads the row that begins at `at` if there is nothing special about it: numbers, delimiters, and the end of
    /// the line where it is expected. Returns where the next line begins, or `None`, having done nothing, for
    /// any other line, good or bad.
    #[inline(always)]
    fn parse_plain_row<const DELIMITER: u8>(
        &mut self,
        text: &[u8],
        mut at: usize,
        layout: &Layout,
    ) -> Option<usize> {
        let rows = self.len();
        let next = self.parse_plain_fields::<DELIMITER>(text, &mut at, layout);
        if next.is_none() {
            self.columns.iter_mut().for_each(|column| column.truncate(rows));
        }
        next
    }

    #[inline(always)]
    fn parse_plain_fields<const DELIMITER: u8>(
        &mut self,
        text: &[u8],
        at: &mut usize,
        layout: &Layout,
    ) -> Option<usize> {
        if DELIMITER == BLANKS {
            *at += blanks(&text[*at..]);
        }
        if layout.comment.contains(text.get(*at)?) {
            return None;
        }
        let mut read = 0;
        let mut at_end = false;
        let mut value = T::NAN;
        for wanted in &layout.fields {
            if read <= wanted.position {
                if at_end {
                    return None;
                }
                while read < wanted.position {
                    skip_plain_field::<DELIMITER>(text, at)?;
                    read += 1;
                }
                let (number, used) = T::parse_partial(&text[*at..])?;
                value = number;
                *at += used;
                at_end = end_plain_field::<DELIMITER>(text, at)?;
                read += 1;
            }
            self.columns[wanted.column].push(value);
        }
        if at_end {
            return Some(*at);
        }
        Some(memchr::memchr(b'\n', &text[*at..]).map_or(text.len(), |end| *at + end + 1))
    }

    fn parse_line(&mut self, line: &[u8], layout: &Layout) {
        if is_blank_or_comment(trim_end(line), &layout.comment) {
            return;
        }
        let line = trim_line(line, layout.delimiter);
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

/// Number of blanks that `text` begins with.
#[inline(always)]
fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|&&byte| is_blank(byte)).count()
}

/// Moves past a field that is not wanted, to the next one on the line.
#[inline(always)]
fn skip_plain_field<const DELIMITER: u8>(text: &[u8], at: &mut usize) -> Option<()> {
    let ends = |&byte: &u8| {
        byte == b'\n' || byte == b'"' || byte == DELIMITER || (DELIMITER == BLANKS && byte == b'\t')
    };
    *at += text[*at..].iter().position(ends)?;
    match text[*at] {
        b'\n' | b'"' => None,
        _ => (!end_plain_field::<DELIMITER>(text, at)?).then_some(()),
    }
}

/// Moves from the end of a field to the next one, or past the end of the line: then the result is true.
#[inline(always)]
fn end_plain_field<const DELIMITER: u8>(text: &[u8], at: &mut usize) -> Option<bool> {
    if DELIMITER == BLANKS {
        *at += blanks(&text[*at..]);
    }
    match text.get(*at) {
        // Blanks were passed over: what follows is the next field, or there were none and it is no end.
        Some(b'\n') => *at += 1,
        Some(b'\r') if text.get(*at + 1) == Some(&b'\n') => *at += 2,
        None => {}
        Some(_) if DELIMITER == BLANKS => return is_blank(text[*at - 1]).then_some(false),
        Some(&byte) if byte == DELIMITER => {
            *at += 1;
            *at += text[*at..].iter().take_while(|&&byte| byte == b' ').count();
            return Some(false);
        }
        Some(_) => return None,
    }
    Some(true)
}

#[cold]
fn too_few(found: usize, layout: &Layout) -> Problem {
    let expected = layout.fields.last().map_or(0, |field| field.position + 1);
    Problem::TooFewFields { expected, found }
}

#[cold]
fn not_a_number(field: &[u8], column: usize, layout: &Layout) -> Problem {
    Problem::NotANumber {
        column: layout.names[column].clone(),
        field: excerpt(field),
        decimal_comma: has_decimal_comma(field),
    }
}

/// Whether a field is a number once its comma is read as a decimal point.
pub(crate) fn has_decimal_comma(field: &[u8]) -> bool {
    let with_point: Vec<u8> =
        field.iter().map(|&byte| if byte == b',' { b'.' } else { byte }).collect();
    field.contains(&b',') && parse_field::<f64>(&with_point).is_some()
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

/// Drops what is meaningless at the end of a line. A tab is a delimiter where tabs are: the last field is empty then.
fn trim_line(mut line: &[u8], delimiter: Delimiter) -> &[u8] {
    if delimiter != Delimiter::Tab {
        return trim_end(line);
    }
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
        let quoted = if rest.first() == Some(&b'"') { quoted_length(rest) } else { 0 };
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

/// Length of the quoted text that `rest` begins with, in which two quotes stand for one; 0 if it has no end.
fn quoted_length(rest: &[u8]) -> usize {
    let mut quotes = memchr::memchr_iter(b'"', rest).skip(1).peekable();
    while let Some(quote) = quotes.next() {
        if quotes.next_if_eq(&(quote + 1)).is_none() {
            return quote + 1;
        }
    }
    0
}

/// All fields of a line, with or without its newline, without blanks around them.
pub(crate) fn split_fields(line: &[u8], delimiter: Delimiter) -> Vec<&[u8]> {
    fn collect<const DELIMITER: u8>(line: &[u8]) -> Vec<&[u8]> {
        let mut fields = Fields::<DELIMITER>::new(line);
        std::iter::from_fn(|| fields.skip()).collect()
    }
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = trim_line(line, delimiter);
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
        let mut rows = Rows::new(layout.fields.len(), Kernel::default());
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
        let rows = parse("\"c \"\"d, e\"\"\",1,2\n", &layout(Delimiter::Comma, &[1, 2]));
        assert_eq!(rows.columns, [[1.], [2.]]);
        assert_eq!(
            split_fields(b"\"a, b\",c,\r\n", Delimiter::Comma),
            [b"\"a, b\"".as_slice(), b"c", b""]
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
