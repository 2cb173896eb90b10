//! Lines to rows: the sans-IO core. Bytes in, columns and counts out; nothing here knows of files or threads.

use pointillist_base::Instructions;

use crate::error::{Problem, excerpt};
use crate::fields::{Fields, is_blank, split, trim_line, trim_start, unquote};
use crate::kernel::{Done, Scratch, Shape, Work, parse_fixed, parse_varying};
use crate::layout::{BLANKS, FieldCount, Layout, Syntax, exchange_commas};
use crate::losses::{Lost, Skipped};
use crate::number::{Number, parse_field};

/// The rows of a piece of text.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    /// One vector a column, all of one length.
    pub(crate) columns: Vec<Vec<T>>,
    /// Lines read, of all kinds.
    pub(crate) lines: u64,
    /// Malformed lines.
    pub(crate) bad: Skipped,
    /// The first few malformed lines.
    pub(crate) reports: Vec<BadLine>,
    /// The malformed line that nothing behind it can be read after, even where malformed lines are skipped.
    pub(crate) fatal: Option<BadLine>,
    /// How many rows there are before each malformed line, where lines of rows are counted.
    pub(crate) rows_before_bad: Vec<u64>,
    /// Rows that gnuplot could not compute, which are left out.
    pub(crate) undefined: u64,
    /// Of each column: what the stored type has no value for.
    pub(crate) lost: Vec<Lost>,
    guess: Guess,
}

impl Lost {
    /// Enters a number that became zero or infinite, unless it is written so.
    #[cold]
    fn enter<T: Number>(&mut self, value: T, text: &[u8]) {
        let digits = text.iter().take_while(|byte| !matches!(byte, b'e' | b'E' | b'd' | b'D'));
        let is_other = digits.clone().any(|byte| (b'1'..=b'9').contains(byte));
        // The infinity of Microsoft's C library has digits, too.
        if is_other && !text.contains(&b'#') {
            *self += Self::of(value);
        }
    }

    /// One number that became zero or infinite.
    pub(crate) fn of<T: Number>(value: T) -> Self {
        let is_zero = value == T::default();
        Self { overflowed: u64::from(!is_zero), underflowed: u64::from(is_zero), collapsed: false }
    }
}

/// The shape that rows are guessed to have, and how well that has gone.
#[derive(Debug)]
struct Guess {
    instructions: Instructions,
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
    fn new(instructions: Instructions) -> Self {
        Self {
            instructions,
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
        if self.instructions == Instructions::GENERAL || at_end {
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
            done = parse_fixed(self.instructions, work);
            self.fixed.judge(done.rows, 64, 1 << 14);
        }
        if varying {
            // As far as to where rows may be fixed again.
            let most = self.fixed.wait.max(64);
            let work = Work { text, at: done.at, shape, scratch, columns };
            let more = parse_varying(self.instructions, work, most);
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
    pub(crate) fn new(columns: usize, instructions: Instructions) -> Self {
        Self {
            columns: vec![Vec::new(); columns],
            lines: 0,
            bad: Skipped::default(),
            reports: Vec::new(),
            fatal: None,
            rows_before_bad: Vec::new(),
            undefined: 0,
            lost: vec![Lost::default(); columns],
            guess: Guess::new(instructions),
        }
    }

    /// Forgets everything but the memory: the next text may be another file's, with its columns in other places.
    pub(crate) fn clear(&mut self) {
        self.guess.forget();
        self.columns.iter_mut().for_each(Vec::clear);
        self.lines = 0;
        self.bad = Skipped::default();
        self.reports.clear();
        self.fatal = None;
        self.rows_before_bad.clear();
        self.undefined = 0;
        self.lost.fill(Lost::default());
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.columns[0].len()
    }

    /// Keeps the first `rows` rows and `bad` malformed lines, of what has a counted end.
    pub(crate) fn keep(&mut self, rows: usize, bad: usize) {
        self.columns.iter_mut().for_each(|column| column.truncate(rows));
        if bad < self.rows_before_bad.len() {
            self.fatal = None;
            self.reports.truncate(bad);
            self.rows_before_bad.truncate(bad);
            // What was wrong with those behind the first few is no longer known.
            let text = self.reports.iter().filter(|bad| !bad.problem.is_of_fields()).count() as u64;
            self.bad = Skipped { fields: bad as u64 - text, text };
        }
    }

    /// Whether there was a malformed line that ends the reading.
    pub(crate) fn is_at_end(&self, layout: &Layout) -> bool {
        self.fatal.is_some() || (!layout.skip_bad && self.bad.all() > 0)
    }

    /// Appends the rows of `text`: whole lines, of which the last may lack its newline. Unless bad lines are
    /// skipped, the first one ends the reading.
    pub(crate) fn parse(&mut self, text: &[u8], layout: &Layout) {
        let rows = self.len();
        match layout.syntax.delimiter {
            b'\t' => self.parse_rows::<b'\t'>(text, layout),
            b',' => self.parse_rows::<b','>(text, layout),
            b';' => self.parse_rows::<b';'>(text, layout),
            BLANKS => self.parse_rows::<BLANKS>(text, layout),
            _ => self.parse_rows::<ANY>(text, layout),
        }
        let missing: Vec<T> = layout.missing.numbers();
        if !missing.is_empty() {
            for value in self.columns.iter_mut().flat_map(|column| &mut column[rows..]) {
                *value = if missing.contains(value) { T::NAN } else { *value };
            }
        }
    }

    fn parse_rows<const DELIMITER: u8>(&mut self, text: &[u8], layout: &Layout) {
        let mut at = 0;
        // Where the line ends that is read by itself: looked for once where carriage returns make many of it.
        let mut end = 0;
        while at < text.len() {
            at = match self.parse_plain_row::<DELIMITER>(text, at, layout) {
                Some(next) => {
                    let done = self.guess.parse(text, at..next, layout, &mut self.columns);
                    for (column, lost) in self.guess.scratch.lost.drain(..) {
                        self.lost[column] += lost;
                    }
                    self.lines += done.rows as u64;
                    done.at
                }
                None => {
                    if end <= at {
                        end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
                    }
                    let used = self.parse_line(&text[at..end], layout);
                    // Past the newline, or a carriage return that ends a line as well.
                    at + used + 1
                }
            };
            self.lines += 1;
            if self.is_at_end(layout) {
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
        let FieldCount::Exactly(count) = layout.count else { return None };
        if DELIMITER == BLANKS {
            *at += blanks(&text[*at..]);
        }
        if layout.comment.contains(text.get(*at)?) {
            return None;
        }
        let delimiter = if DELIMITER == ANY { layout.syntax.delimiter } else { DELIMITER };
        let syntax = Syntax { delimiter, ..layout.syntax };
        let mut read = 0;
        let mut at_end = false;
        let mut value = T::NAN;
        for wanted in &layout.fields {
            if read <= wanted.position {
                while read < wanted.position {
                    if at_end || is_undefined(&text[*at..], read, layout) {
                        return None;
                    }
                    at_end = skip_plain_field(text, at, syntax)?;
                    read += 1;
                }
                if at_end {
                    return None;
                }
                let (number, used) = T::parse_partial(&text[*at..])?;
                // What is lost when it is rounded is counted elsewhere.
                if number == T::default() || number.abs() == T::INFINITY {
                    self.lost[wanted.column].enter(number, &text[*at..*at + used]);
                }
                value = number;
                *at += used;
                at_end = end_plain_field(text, at, delimiter)?;
                read += 1;
            }
            self.columns[wanted.column].push(value);
        }
        while !at_end && read < count {
            if is_undefined(&text[*at..], read, layout) {
                return None;
            }
            at_end = skip_plain_field(text, at, syntax)?;
            read += 1;
        }
        (at_end && read == count).then_some(*at)
    }

    /// Reads what `line`, without its newline, begins with: a row, a comment, or nothing. Returns how long that is: less than
    /// the line where a carriage return ends it, which stands there.
    fn parse_line(&mut self, line: &[u8], layout: &Layout) -> usize {
        let text = trim_line(line, layout.syntax.delimiter);
        // To the end of the line that a carriage return ends.
        let end_of_line = || memchr::memchr(b'\r', text).unwrap_or(line.len());
        let first = trim_start(text).first();
        let is_blank = first.is_none_or(|&first| first == b'\r');
        // Tabs alone may be a row, of which nothing is known.
        if is_blank && !is_row_of_tabs(&text[..end_of_line().min(text.len())], layout) {
            return end_of_line();
        }
        if first.is_some_and(|first| layout.comment.contains(first))
            && is_comment(&text[..end_of_line().min(text.len())], layout)
        {
            return end_of_line();
        }
        let rows = self.len();
        let mut fields = Fields::new(text, layout.syntax);
        let result = self.parse_fields(&mut fields, layout);
        let used = fields.after_return().map_or(line.len(), |after| text.len() - after.len() - 1);
        if let Err(problem) = result {
            // The fields before the bad one are taken back, so that all columns keep one length.
            self.columns.iter_mut().for_each(|column| column.truncate(rows));
            let line = &text[..used.min(text.len())];
            if !(problem.is_of_fields() && is_drawn(line)) {
                self.report(problem, line, layout);
            }
        }
        used
    }

    #[cold]
    fn report(&mut self, problem: Problem, line: &[u8], layout: &Layout) {
        let is_fatal = matches!(problem, Problem::OpenQuote);
        let problem = match layout.header.as_deref() == Some(line.trim_ascii()) {
            true => Problem::HeaderAgain,
            false => problem,
        };
        match problem.is_of_fields() {
            true => self.bad.fields += 1,
            false => self.bad.text += 1,
        }
        if layout.lines.is_some() {
            self.rows_before_bad.push(self.len() as u64);
        }
        if self.reports.len() < MOST_REPORTS || is_fatal {
            let bad = BadLine { line: self.lines, problem, excerpt: as_written(line, layout) };
            if is_fatal {
                self.fatal = Some(bad);
            } else {
                self.reports.push(bad);
            }
        }
    }

    fn parse_fields(&mut self, fields: &mut Fields<'_>, layout: &Layout) -> Result<(), Problem> {
        let mut wanted = layout.fields.iter().peekable();
        let mut problem = None;
        let mut read = 0;
        let numbers = if let FieldCount::Numbers(count) = layout.count { count } else { 0 };
        // How many fields are numbers before the first one that is not.
        let mut in_front = 0;
        let mut last_is_empty = false;
        let mut undefined = false;
        loop {
            let is_wanted = wanted.peek().is_some_and(|wanted| wanted.position == read);
            if is_wanted || read < numbers {
                let value = match fields.number::<T>(&layout.missing) {
                    Ok((value, text)) => {
                        in_front += usize::from(in_front == read);
                        last_is_empty = text.is_empty();
                        if is_wanted && (value == T::default() || value.abs() == T::INFINITY) {
                            let column = wanted.peek().map_or(0, |wanted| wanted.column);
                            self.lost[column].enter(value, text);
                        }
                        value
                    }
                    Err(None) => break,
                    Err(Some(field)) => {
                        if let Some(wanted) = wanted.peek().filter(|_| is_wanted) {
                            problem
                                .get_or_insert_with(|| not_a_number(field, wanted.column, layout));
                        }
                        T::NAN
                    }
                };
                // Two columns may come from one field; it is read once.
                while let Some(wanted) = wanted.next_if(|wanted| wanted.position == read) {
                    self.columns[wanted.column].push(value);
                }
            } else if let Some(field) = fields.next() {
                undefined |= layout.undefined == Some(read) && field == b"u";
                let is_number =
                    |field| parse_field::<f64>(field).is_some_and(|value| !value.is_nan());
                in_front += usize::from(numbers > 0 && in_front == read && is_number(field));
            } else {
                break;
            }
            read += 1;
        }
        if fields.has_open_quote() {
            return Err(Problem::OpenQuote);
        }
        let fits = match layout.count {
            FieldCount::Exactly(count) => read == count,
            FieldCount::AtLeast(count) => read >= count,
            FieldCount::Numbers(count) if in_front != count => {
                return Err(Problem::NumberCount { expected: count, found: in_front });
            }
            // What ends with a delimiter lacks more than its last number.
            FieldCount::Numbers(count) => !(read == count && last_is_empty),
        };
        if !fits {
            return Err(Problem::FieldCount { expected: layout.count.least(), found: read });
        }
        if undefined {
            let rows = self.len() - 1;
            self.columns.iter_mut().for_each(|column| column.truncate(rows));
            self.undefined += 1;
            return Ok(());
        }
        problem.map_or(Ok(()), Err)
    }
}

impl FieldCount {
    /// The fewest fields that a row has.
    pub(crate) fn least(self) -> usize {
        match self {
            Self::Exactly(count) | Self::AtLeast(count) | Self::Numbers(count) => count,
        }
    }
}

/// Whether a line, trimmed at its end, is a comment, and not a row whose first field begins as comments do.
pub(crate) fn is_comment(line: &[u8], layout: &Layout) -> bool {
    if !trim_start(line).first().is_some_and(|first| layout.comment.contains(first)) {
        return false;
    }
    let FieldCount::Exactly(count) = layout.count else { return true };
    if !layout.rows_like_comments || layout.header.as_deref() == Some(line.trim_ascii()) {
        return true;
    }
    let fields = split(line, layout.syntax);
    // Between blanks, only a word for a missing value is more than the mark of a comment.
    let begins = || layout.missing.is_word(unquote(fields[0]));
    fields.len() != count || (layout.syntax.delimiter == BLANKS && !begins())
}

/// Whether a line that is blank has the tabs of a row.
#[cold]
fn is_row_of_tabs(line: &[u8], layout: &Layout) -> bool {
    let tabs = line.iter().filter(|&&byte| byte == b'\t').count();
    layout.syntax.delimiter == b'\t' && tabs > 0 && layout.count == FieldCount::Exactly(tabs + 1)
}

/// Stands for a delimiter that is not known before the program runs.
const ANY: u8 = 0;

/// Number of blanks that `text` begins with.
#[inline(always)]
fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|&&byte| is_blank(byte)).count()
}

/// Whether the field that `text` begins with says that gnuplot could not compute the row.
#[inline(always)]
fn is_undefined(text: &[u8], position: usize, layout: &Layout) -> bool {
    layout.undefined == Some(position) && text.first() == Some(&b'u')
}

/// Moves past a field that is not wanted, to the next one on the line, or past the end of the line: then the result is
/// true.
#[inline(always)]
fn skip_plain_field(text: &[u8], at: &mut usize, syntax: Syntax) -> Option<bool> {
    let Syntax { delimiter, quotes } = syntax;
    let ends = |byte: u8| {
        byte == b'\n'
            || byte == b'\r'
            || byte == delimiter
            || (delimiter == BLANKS && byte == b'\t')
    };
    if quotes && text.get(*at) == Some(&b'"') {
        // With nothing in it that would have to be looked at.
        let inner = &text[*at + 1..];
        let end = memchr::memchr2(b'"', b'\n', inner)?;
        let after = *at + end + 2;
        let is_plain = inner[end] == b'"' && (end == 0 || inner[end - 1] != b'\\');
        if !is_plain || !ends(*text.get(after)?) {
            return None;
        }
        *at = after;
    } else {
        *at += text[*at..].iter().position(|&byte| ends(byte) || (quotes && byte == b'"'))?;
    }
    if text[*at] == b'"' { None } else { end_plain_field(text, at, delimiter) }
}

/// Moves from the end of a field to the next one, or past the end of the line: then the result is true.
#[inline(always)]
fn end_plain_field(text: &[u8], at: &mut usize, delimiter: u8) -> Option<bool> {
    if delimiter == BLANKS {
        *at += blanks(&text[*at..]);
    }
    match text.get(*at) {
        // Blanks were passed over: what follows is the next field, or there were none and it is no end.
        Some(b'\n') => *at += 1,
        Some(b'\r') if text.get(*at + 1) == Some(&b'\n') => *at += 2,
        Some(b'\r') => return None,
        None => {}
        Some(_) if delimiter == BLANKS => return is_blank(text[*at - 1]).then_some(false),
        Some(&byte) if byte == delimiter => {
            *at += 1;
            *at += text[*at..].iter().take_while(|&&byte| byte == b' ').count();
            return Some(false);
        }
        Some(_) => return None,
    }
    Some(true)
}

#[cold]
fn not_a_number(field: &[u8], column: usize, layout: &Layout) -> Problem {
    Problem::NotANumber {
        column: layout.names[column].clone(),
        field: as_written(field, layout),
        decimal_comma: !layout.decimal_comma && has_decimal_comma(field),
    }
}

/// What a message shows of a line or a field, as it stands in the input.
fn as_written(text: &[u8], layout: &Layout) -> String {
    if !layout.decimal_comma {
        return excerpt(text);
    }
    let mut written = text.to_vec();
    exchange_commas(&mut written);
    excerpt(&written)
}

/// Whether a field is a number once its comma is read as a decimal point.
pub(crate) fn has_decimal_comma(field: &[u8]) -> bool {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let comma = field.iter().position(|&byte| byte == b',');
    // A comma behind a number, or in front of one, separates.
    let within = |at: usize| at > 0 && is_digit(field.get(at - 1)) && is_digit(field.get(at + 1));
    if !comma.is_some_and(within) || field.contains(&b'.') {
        return false;
    }
    let mut with_point = field.to_vec();
    exchange_commas(&mut with_point);
    parse_field::<f64>(&with_point).is_some()
}

/// Whether a line is drawn between names and rows, or around them: nothing but dashes and their like.
pub(crate) fn is_ruler(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.iter().any(|byte| b"-=+".contains(byte))
        && line.iter().all(|byte| b"-=+:| \t,;".contains(byte))
}

/// Whether a line that is no row does not claim to be one: a rule below a table, or the end of Starlink's.
pub(crate) fn is_drawn(line: &[u8]) -> bool {
    let dashes = line.iter().filter(|&&byte| byte == b'-').count();
    // And the end of a file of DOS.
    (is_ruler(line) && dashes > 2) || matches!(line.trim_ascii(), b"[EOD]" | b"\x1A")
}

/// Whether a line, trimmed at its end, holds no row.
pub(crate) fn is_blank_or_comment(line: &[u8], comment: &[u8]) -> bool {
    trim_start(line).first().is_none_or(|first| comment.contains(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::WantedField;

    fn layout(delimiter: u8, positions: &[usize], count: usize) -> Layout {
        let names = ["x", "y", "z"].iter().map(|&name| name.to_owned()).collect();
        let layout = Layout::new(delimiter, FieldCount::Exactly(count), positions, names);
        Layout { skip_bad: true, ..layout }
    }

    fn parse(text: &str, layout: &Layout) -> Rows<f64> {
        let mut rows = Rows::new(layout.fields.len(), Instructions::default());
        rows.parse(text.as_bytes(), layout);
        rows
    }

    #[test]
    fn blanks_around_and_between_fields_do_not_matter() {
        let rows = parse(
            "1 2 3\n  4\t 5   6  \r\n\n \t\r\n# no\n  > no\n7 8 9\n-1 -2 -3",
            &layout(BLANKS, &[0, 1, 2], 3),
        );
        assert_eq!(rows.columns, [[1., 4., 7., -1.], [2., 5., 8., -2.], [3., 6., 9., -3.]]);
        assert_eq!((rows.lines, rows.bad.all()), (8, 0));
    }

    #[test]
    fn an_empty_field_between_delimiters_is_a_missing_value() {
        for (delimiter, text) in [(b',', "1,,3\n"), (b';', "1; ;3"), (b'\t', "1\t\t3\r\n")] {
            let rows = parse(text, &layout(delimiter, &[0, 1, 2], 3));
            assert_eq!((rows.columns[0][0], rows.columns[2][0]), (1., 3.), "{text:?}");
            assert!(rows.columns[1][0].is_nan(), "{text:?}");
        }
        let rows = parse("\t2\t3\n", &layout(b'\t', &[0, 1, 2], 3));
        assert!(rows.columns[0][0].is_nan());
        assert_eq!(rows.columns[2], [3.]);
    }

    #[test]
    fn a_missing_value_at_the_end_of_a_line_is_a_value() {
        for (delimiter, text) in [(b',', "1,2,\n1,2\n"), (b'\t', "1\t2\t\r\n1\t2\n\t\n")] {
            let rows = parse(text, &layout(delimiter, &[0, 1, 2], 3));
            assert!(rows.columns[2][0].is_nan(), "{text:?}");
            assert_eq!((rows.len(), rows.bad.all()), (1, 1), "{text:?}");
        }
    }

    #[test]
    fn as_many_tabs_as_a_row_has_are_a_row_of_missing_values() {
        let rows = parse("1\t2\t3\n\t\t\n\t\n\n", &layout(b'\t', &[0, 1, 2], 3));
        assert_eq!((rows.len(), rows.bad.all()), (2, 0));
        assert!(rows.columns.iter().all(|column| column[1].is_nan()));
    }

    #[test]
    fn a_delimiter_in_quotes_does_not_delimit() {
        let rows = parse("\"a, b\", \"1.5\" ,2\n", &layout(b',', &[1, 2], 3));
        assert_eq!(rows.columns, [[1.5], [2.]]);
        let rows = parse("\"c \"\"d, e\"\"\",1,2\n", &layout(b',', &[1, 2], 3));
        assert_eq!(rows.columns, [[1.], [2.]]);
    }

    #[test]
    fn columns_may_come_in_any_order_and_twice_from_one_field() {
        let mut layout = layout(BLANKS, &[1, 1, 3], 4);
        let field = |position, column| WantedField { position, column };
        layout.fields = vec![field(1, 2), field(1, 0), field(3, 1)];
        let rows = parse("a 2 b 4\n", &layout);
        assert_eq!(rows.columns, [[2.], [4.], [2.]]);
    }

    #[test]
    fn a_bad_line_leaves_no_part_of_itself() {
        let rows = parse("1 2 3\n4 5\n6 x 8\n9 10 11\n", &layout(BLANKS, &[0, 1, 2], 3));
        assert_eq!(rows.columns, [[1., 9.], [2., 10.], [3., 11.]]);
        assert_eq!(rows.bad.all(), 2);
        assert_eq!(
            rows.reports[0],
            BadLine {
                line: 1,
                problem: Problem::FieldCount { expected: 3, found: 2 },
                excerpt: "\"4 5\"".to_owned(),
            }
        );
        assert_eq!(rows.reports[1].line, 2);
        assert_eq!(rows.reports[1].problem.to_string(), "column y: \"x\" is not a number");
    }

    #[test]
    fn reading_ends_at_the_first_bad_line_unless_they_are_skipped() {
        let mut layout = layout(BLANKS, &[0, 1, 2], 3);
        layout.skip_bad = false;
        let rows = parse("1 2 3\nbad\n4 5 6\n", &layout);
        assert_eq!((rows.len(), rows.lines, rows.bad.all()), (1, 2, 1));
    }

    #[test]
    fn a_decimal_comma_is_recognised_in_the_report() {
        let rows = parse("1,5;2,5;3\n", &layout(b';', &[0, 1, 2], 3));
        let problem = &rows.reports[0].problem;
        assert!(matches!(problem, Problem::NotANumber { decimal_comma: true, .. }), "{problem:?}");
    }
}
