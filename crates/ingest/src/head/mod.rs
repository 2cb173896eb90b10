//! The head of a text: which delimiter, which header, which field becomes which column.
//!
//! Not the first line decides but the lines of the head together: [`table`] finds what they agree on, [`names`] what a
//! header or a comment calls their fields, [`columns`] which of these are wanted. What was concluded is said
//! ([`ReadAs`]), and every row is held to it ([`Layout`]).

mod columns;
pub(crate) mod names;
mod sample;
mod table;
mod text;

use std::io::BufRead;
use std::path::Path;

use crate::Error;
use crate::fields::{split, trim_start, unquote};
use crate::foreign::{self, After, Declared};
use crate::layout::{BLANKS, FieldCount, Layout, exchange_commas};
use crate::line::{is_blank_or_comment, is_comment, is_ruler};
use crate::missing::Missing;
use crate::options::{Delimiter, Field, Options, Precision};
use crate::read_as::{ReadAs, ReadColumn};
use columns::Known;
pub(crate) use columns::Settled;
use names::Names;
pub(crate) use sample::Sample;
use table::{Cell, Table};
use text::{Line, SAMPLE, Text, lines};

/// What the head of an input says.
#[derive(Debug)]
pub(crate) struct Head {
    /// How its lines are read.
    pub(crate) layout: Layout,
    /// Bytes before the first row.
    pub(crate) offset: u64,
    /// Lines before the first row.
    pub(crate) lines: u64,
    /// Whole lines from the first row on, already taken from the reader.
    pub(crate) rest: Vec<u8>,
    /// The columns, for inputs that follow.
    pub(crate) settled: Settled,
    /// What was concluded.
    pub(crate) read_as: ReadAs,
    /// The values of the first rows.
    pub(crate) sample: Sample,
    /// What may follow the rows, where a header has said how many there are.
    pub(crate) after: Option<After>,
}

/// What an input of so many lines, at least one, holds that has no data.
pub(crate) fn only_head(lines: u64) -> String {
    match lines {
        1 => "only a blank, comment or header line".to_owned(),
        lines => format!("only {lines} blank, comment or header lines"),
    }
}

/// Reads an input up to and including some of its rows. `settled` are the columns that an earlier input has settled: where
/// none are chosen by the options, this input must have as many.
///
/// Returns `Err(Ok(lines))` when there is no data, with the number of lines there are.
pub(crate) fn read_head(
    path: &Path,
    reader: &mut impl BufRead,
    options: &Options,
    settled: Option<&Settled>,
) -> Result<Result<Head, u64>, Error> {
    let mut text = Text::default();
    text.fill(path, reader, SAMPLE)?;
    let declared = match foreign::recognise(path, &text.bytes, text.at_end) {
        // Whoever says where the rows begin knows better.
        Ok(_) | Err(Error::Format { .. }) if options.skip_rows > 0 => None,
        other => other?,
    };
    // A byte order mark in front of data is no part of it.
    text.pass(foreign::byte_order_mark(&text.bytes), 0);
    let skipped = declared.as_ref().map_or(options.skip_rows, |declared| declared.lines);
    skip_lines(&mut text, path, reader, skipped)?;
    let Some((start, comments)) = skip_comments(&mut text, path, reader, options)? else {
        return Ok(Err(text.lines));
    };
    text.fill(path, reader, start + SAMPLE)?;
    let context = Context { path, options, settled, declared: declared.as_ref() };
    let Some(conclusion) = context.conclude(&text, comments)? else {
        let lines =
            lines(&text.bytes, text.lines).last().map_or(text.lines, |line| line.number + 1);
        return Ok(Err(lines));
    };
    let Conclusion { layout, settled, mut read_as, first: (start, lines) } = conclusion;
    let rest = text.bytes.split_off(start);
    let sample = Sample::read(&rest, &layout);
    if options.dtype == Precision::Auto {
        let wide = layout.names.iter().zip(&sample.needs_f64).filter(|(_, wide)| **wide);
        read_as.wide = wide.map(|(name, _)| name.clone()).collect();
    }
    let offset = text.offset + start as u64;
    let after = declared.map(|declared| declared.after).filter(|_| layout.lines.is_some());
    Ok(Ok(Head { layout, offset, lines, rest, settled, read_as, sample, after }))
}

/// Passes over the first `count` lines, or all that there are.
fn skip_lines(
    text: &mut Text,
    path: &Path,
    reader: &mut impl BufRead,
    count: u64,
) -> Result<(), Error> {
    let mut left = count;
    while left > 0 {
        let first = lines(&text.bytes, 0).find(|line| line.number == left);
        let (bytes, passed) = match first.map(|line| line.start) {
            Some(start) => (start, left),
            None => (text.bytes.len(), lines(&text.bytes, 0).count() as u64),
        };
        text.pass(bytes, passed);
        left -= passed;
        text.fill(path, reader, SAMPLE)?;
        if text.bytes.is_empty() {
            break;
        }
    }
    Ok(())
}

/// Comments that can name columns: those of any header, and no more than memory is for.
const MOST_COMMENTS: usize = 4096;

/// A comment before the rows: its line, and its text without what makes it a comment.
#[derive(Debug, Clone)]
struct Comment {
    line: u64,
    text: Vec<u8>,
}

impl Comment {
    fn new(line: &Line<'_>, options: &Options) -> Self {
        let marks = options.comment_bytes();
        let text = trim_start(line.text).iter().copied();
        Self { line: line.number, text: text.skip_while(|byte| marks.contains(byte)).collect() }
    }
}

/// Goes on to the first line that is neither blank nor a comment. Returns where it begins, and the comments that have been
/// let go of; `None`, at the end of all lines, where there is none.
fn skip_comments(
    text: &mut Text,
    path: &Path,
    reader: &mut impl BufRead,
    options: &Options,
) -> Result<Option<(usize, Vec<Comment>)>, Error> {
    let marks = options.comment_bytes();
    let mut comments: Vec<Comment> = Vec::new();
    loop {
        let is_content = |line: &Line<'_>| !is_blank_or_comment(line.text, marks);
        if let Some(line) = lines(&text.bytes, 0).find(is_content) {
            return Ok(Some((line.start, comments)));
        }
        let mut count = 0;
        for line in lines(&text.bytes, text.lines) {
            count += 1;
            if !line.text.trim_ascii().is_empty() && comments.len() < MOST_COMMENTS {
                comments.push(Comment::new(&line, options));
            }
        }
        text.pass(text.bytes.len(), count);
        if text.at_end {
            return Ok(None);
        }
        text.fill(path, reader, SAMPLE)?;
    }
}

/// What there is to know before the lines are looked at.
struct Context<'a> {
    path: &'a Path,
    options: &'a Options,
    settled: Option<&'a Settled>,
    declared: Option<&'a Declared>,
}

/// What is concluded from the lines.
struct Conclusion {
    layout: Layout,
    settled: Settled,
    read_as: ReadAs,
    /// Where the first row begins in the bytes, and how many lines of the input there are before it.
    first: (usize, u64),
}

impl Context<'_> {
    /// Concludes how the text is to be read; `None` where there is no row.
    fn conclude(
        &self,
        text: &Text,
        mut comments: Vec<Comment>,
    ) -> Result<Option<Conclusion>, Error> {
        let options = self.options;
        let mut missing = Missing::new(&options.missing);
        let exchanged = options.decimal_comma.then(|| {
            let mut bytes = text.bytes.clone();
            exchange_commas(&mut bytes);
            bytes
        });
        // As numbers are read, and as names are.
        let all: Vec<Line<'_>> =
            lines(exchanged.as_ref().unwrap_or(&text.bytes), text.lines).collect();
        let written = |line: &Line<'_>| &text.bytes[line.start..line.start + line.text.len()];
        let marks = options.comment_bytes();
        let content: Vec<Line<'_>> =
            all.iter().filter(|line| !is_blank_or_comment(line.text, marks)).copied().collect();
        let is_bar = |line: &Line<'_>| trim_start(line.text).starts_with(b"|");
        let bars: Vec<Vec<String>> = match content.last() {
            Some(last) if !is_bar(last) => {
                let bars =
                    content.iter().take_while(|line| is_bar(line) || line.text.starts_with(b"\\"));
                bars.filter_map(|line| names::barred(written(line))).collect()
            }
            _ => Vec::new(),
        };
        if let Some(nulls) = bars.get(3) {
            // The fourth line of an IPAC table's header says what stands for a missing value.
            let nulls = nulls.iter().filter(|null| !null.is_empty()).cloned();
            missing =
                Missing::new(&nulls.chain(options.missing.iter().cloned()).collect::<Vec<_>>());
        }
        let table = match (options.delimiter, self.declared) {
            (Delimiter::Byte(byte), _) => Table::new(&content, byte, &missing),
            (Delimiter::Blanks, _) | (_, Some(_)) => Table::new(&content, BLANKS, &missing),
            (Delimiter::Auto, None) => Table::choose(&content, &missing),
        };
        let Some(first) = self.first_row(&content, &table, written) else { return Ok(None) };
        let row = self.before_row(&all, content[first], &table, &missing);
        let marked = all.iter().take_while(|line| line.number < row.number);
        let marked = marked.filter(|line| is_blank_or_comment(line.text, marks));
        comments.extend(
            marked
                .filter(|line| !line.text.trim_ascii().is_empty())
                .map(|line| Comment::new(&Line { text: written(line), ..*line }, options)),
        );

        let header: Vec<Line<'_>> = content[..first]
            .iter()
            .filter(|line| !is_ruler(line.text))
            .map(|line| Line { text: written(line), ..*line })
            .collect();
        let names = self.names(&table, &header, &comments, &bars, &content)?;
        let in_frame = |field: usize| {
            let outside = (field == 0 || field + 1 == table.fields) && table.empty[field];
            table.delimiter != b'|' || !outside
        };
        let has_name = |field: usize| {
            field > 0 || names.as_ref().is_none_or(|names| !names.names[field].is_empty())
        };
        let known = Known {
            path: self.path,
            line: row.number,
            names: names.as_ref(),
            fields: table.fields,
            usual: (0..table.fields).filter(|&field| in_frame(field) && has_name(field)).collect(),
            numeric: &table.numeric,
        };
        let declared = self.declared.and_then(|declared| declared.positions.clone());
        let chosen = match declared.filter(|_| options.columns.0.is_empty()) {
            Some(positions) if positions.is_empty() => {
                return Err(Error::NoCoordinates {
                    path: self.path.to_owned(),
                    format: self.declared.map_or("a table", |declared| declared.format),
                    known: names.map(|names| names.names).unwrap_or_default(),
                });
            }
            Some(positions) => {
                ["x", "y", "z"].map(str::to_owned).into_iter().zip(positions).collect()
            }
            None => columns::choose(&known, options, self.settled)?,
        };
        let positions: Vec<usize> = chosen.iter().map(|(_, position)| *position).collect();
        let needed = positions.iter().max().map_or(0, |last| last + 1);
        let behind = table.text_behind(first).filter(|_| needed <= table.numbers_in_front());
        let (count, least, most) = match behind {
            _ if options.ragged => (FieldCount::AtLeast(needed), needed, None),
            Some((least, most)) => {
                (FieldCount::Numbers(table.numbers_in_front()), least, Some(most))
            }
            None => (FieldCount::Exactly(table.fields), table.fields, Some(table.fields)),
        };
        let rows = &content[first..];
        let column_names = chosen.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let layout = Layout {
            comment: marks.to_vec(),
            rows_like_comments: options.comment.is_none() && table.delimiter != BLANKS,
            header: names.as_ref().and_then(|names| {
                let line = all.iter().find(|line| line.number == names.line)?;
                Some(line.text.trim_ascii().to_vec())
            }),
            skip_bad: options.skip_bad,
            missing: missing.clone(),
            decimal_comma: options.decimal_comma,
            undefined: undefined(names.as_ref(), rows, &table),
            lines: self.declared.and_then(|declared| declared.rows),
            ..Layout::new(table.delimiter, count, &positions, column_names.clone())
        };
        let read_as = ReadAs {
            path: self.path.to_owned(),
            format: self.declared.map(|declared| declared.format.to_owned()),
            delimiter: match table.delimiter {
                BLANKS => Delimiter::Blanks,
                byte => Delimiter::Byte(byte),
            },
            fields: least,
            most_fields: most,
            header: names.as_ref().filter(|_| self.declared.is_none()).map(|names| names.line + 1),
            header_is_comment: names.as_ref().is_some_and(|names| names.is_comment),
            row_names: names.as_ref().is_some_and(|names| names.after_row_names),
            first_row: row.number + 1,
            passed_over: passed_over(&content[..first], names.as_ref()),
            columns: chosen
                .iter()
                .map(|(name, position)| ReadColumn {
                    name: name.clone(),
                    field: position + 1,
                    called: names.as_ref().and_then(|names| names.names.get(*position).cloned()),
                })
                .collect(),
            missing: words(all.iter().skip_while(|line| line.number < row.number), &layout),
            wide: Vec::new(),
            rows: layout.lines,
        };
        let settled = Settled { names: column_names, positions, fields: table.fields };
        Ok(Some(Conclusion { layout, settled, read_as, first: (row.start, row.number) }))
    }

    /// The names that are looked for.
    fn wanted(&self) -> impl Iterator<Item = &str> {
        self.options.columns.0.iter().filter_map(|column| match &column.field {
            Field::Name(name) => Some(name.as_str()),
            Field::Position(_) => None,
        })
    }

    fn has_wanted(&self, names: &[String]) -> bool {
        self.wanted().all(|wanted| matches!(names::find(names, wanted), Ok(Some(_))))
    }

    /// Which of the lines is the first row: what comes before has no numbers where rows have them, or is another kind of
    /// line.
    fn first_row<'a>(
        &self,
        content: &[Line<'a>],
        table: &Table,
        written: impl Fn(&Line<'a>) -> &'a [u8],
    ) -> Option<usize> {
        let positions: Vec<usize> = self
            .options
            .columns
            .0
            .iter()
            .filter_map(|column| match column.field {
                Field::Position(position) => Some(position - 1),
                Field::Name(_) => None,
            })
            .collect();
        let by_name = self.wanted().next().is_some();
        let is_key = |field: usize| match positions.as_slice() {
            [] => table.numeric.get(field) == Some(&true),
            positions => positions.contains(&field),
        };
        let is_row = |(line, cells): (&Line<'a>, &Vec<Cell>)| {
            if by_name && self.has_wanted(&names::split_names(written(line), table.delimiter)) {
                return false;
            }
            if line.number == content[0].number && is_numbered_header(content, table) {
                return false;
            }
            let has_number =
                cells.iter().enumerate().any(|(at, cell)| is_key(at) && cell.is_number());
            if !has_number {
                return !cells.contains(&Cell::Text) && !is_ruler(line.text);
            }
            // A title, or names of which some are numbers, as years.
            let count = |is: fn(&Cell) -> bool| cells.iter().filter(|cell| is(cell)).count();
            let is_title = cells.len() != table.fields
                && count(|cell| *cell == Cell::Text) > count(|cell| cell.is_number());
            let is_header = table.numeric.first() == Some(&true) && !is_key(0);
            !(cells.first() == Some(&Cell::Text) && (is_title || is_header))
        };
        content.iter().zip(&table.cells).position(is_row)
    }

    /// The first of the rows before `row` that begin as comments do.
    fn before_row<'a>(
        &self,
        all: &[Line<'a>],
        row: Line<'a>,
        table: &Table,
        missing: &Missing,
    ) -> Line<'a> {
        if self.options.comment.is_some() || table.delimiter == BLANKS {
            return row;
        }
        let before = all.iter().rev().skip_while(|line| line.number >= row.number);
        let is_row = |line: &&Line<'a>| {
            let cells = split(line.text, table.delimiter);
            let cells: Vec<Cell> =
                cells.into_iter().map(|field| Cell::of(field, missing)).collect();
            cells.len() == table.fields
                && cells.iter().any(|cell| cell.is_number())
                && cells
                    .iter()
                    .zip(&table.numeric)
                    .all(|(cell, numeric)| !numeric || *cell != Cell::Text)
        };
        before.take_while(is_row).last().copied().unwrap_or(row)
    }

    /// The names of all fields, from where they are said.
    fn names(
        &self,
        table: &Table,
        header: &[Line<'_>],
        comments: &[Comment],
        bars: &[Vec<String>],
        content: &[Line<'_>],
    ) -> Result<Option<Names>, Error> {
        let fields = table.fields;
        let of_comment = |line: u64, names: Vec<String>| Names {
            names,
            line,
            is_comment: true,
            after_row_names: false,
        };
        if let Some(declared) = self.declared {
            let names = declared.names.clone().filter(|names| names.len() == fields);
            return Ok(names.map(|names| Names { is_comment: false, ..of_comment(0, names) }));
        }
        let mut found: Vec<Names> = Vec::new();
        if let Some(names) = bars.first().filter(|names| names.len() == fields) {
            let line = header.iter().find(|line| trim_start(line.text).starts_with(b"|"));
            let line = line.map_or(0, |line| line.number);
            found.push(Names { is_comment: false, ..of_comment(line, names.clone()) });
        }
        // R's and pandas' row names have no rule below them.
        let row_names =
            has_row_names(content, table) && !content.iter().any(|line| is_ruler(line.text));
        found.extend(header.iter().filter_map(|line| in_header(line, table, row_names)));
        // With a header, comments only speak where it does not have what is looked for.
        if found.is_empty() || self.wanted().next().is_some() {
            let texts: Vec<&[u8]> =
                comments.iter().map(|comment| comment.text.as_slice()).collect();
            let numbered = names::numbered(&texts, fields);
            found.extend(numbered.map(|names| of_comment(comments[0].line, names)));
            found.extend(comments.iter().rev().filter_map(|comment| {
                // PLUMED's comments begin with an exclamation mark, and this one with what it is.
                let text = comment.text.strip_prefix(b"! FIELDS").unwrap_or(&comment.text);
                let names = names::exactly(text, table.delimiter, fields)?;
                names::are_names(&names).then(|| of_comment(comment.line, names))
            }));
        }
        let best = match self.wanted().next() {
            Some(_) => found.iter().position(|names| self.has_wanted(&names.names)),
            None => found.iter().position(|names| names::find_xyz(&names.names).is_some()),
        };
        if !found.is_empty() {
            return Ok(Some(found.swap_remove(best.unwrap_or(0))));
        }
        let others = header.iter().map(|line| (line.number, line.text));
        let others =
            others.chain(comments.iter().map(|comment| (comment.line, comment.text.as_slice())));
        let counted = |(line, text): (u64, &[u8]), delimiter| {
            let names = names::split_names(text, delimiter);
            let path = self.path.to_owned();
            Error::OtherNames { path, line: line + 1, names: names.len(), fields }
        };
        if self.wanted().next().is_some() {
            // The line that was meant, but has another number of names.
            for (line, text) in others {
                for delimiter in [table.delimiter, BLANKS, b','] {
                    if self.has_wanted(&names::split_names(text, delimiter)) {
                        return Err(counted((line, text), delimiter));
                    }
                }
            }
        } else if self.options.columns.0.is_empty() && table.delimiter != BLANKS {
            let names = |line: &&Line<'_>| names::split_names(line.text, table.delimiter).len() > 1;
            if let Some(line) = header.iter().find(names) {
                return Err(counted((line.number, line.text), table.delimiter));
            }
        }
        Ok(None)
    }
}

/// Whether the first fields of rows can be names of theirs: text, or whole numbers that ascend.
fn has_row_names(content: &[Line<'_>], table: &Table) -> bool {
    let mut before = None;
    let rows = content.iter().zip(&table.cells).filter(|(_, cells)| cells.len() == table.fields);
    rows.skip_while(|(_, cells)| !cells.iter().any(|cell| cell.is_number())).all(|(line, cells)| {
        let fields = split(line.text, table.delimiter);
        let name = unquote(fields[0]);
        let number = std::str::from_utf8(name).ok().and_then(|name| name.parse::<u64>().ok());
        let ascends =
            number.is_some_and(|number| before.replace(number).is_none_or(|last| last < number));
        ascends || cells[0] == Cell::Text || fields[0].starts_with(b"\"")
    })
}

/// The names in a line of the header, if there are as many as fields, or one fewer, where rows have names.
fn in_header(line: &Line<'_>, table: &Table, row_names: bool) -> Option<Names> {
    let fields = table.fields;
    let found = |names, after_row_names| {
        Some(Names { names, line: line.number, is_comment: false, after_row_names })
    };
    if let Some(names) = names::exactly(line.text, table.delimiter, fields) {
        return found(names, false);
    }
    if let Some(mut names) = names::exactly(line.text, table.delimiter, fields + 1)
        && names.last().is_some_and(String::is_empty)
    {
        names.pop();
        return found(names, false);
    }
    let mut names = names::exactly(line.text, table.delimiter, fields.checked_sub(1)?)?;
    // Rows may end with a delimiter.
    let at_end = table.delimiter != BLANKS && table.empty.last() == Some(&true);
    names.insert(if at_end { names.len() } else { 0 }, String::new());
    if at_end || row_names { found(names, !at_end) } else { None }
}

/// Whether the first line has the names that pandas gives to columns without any: 0, 1, 2 and so on, behind nothing if there
/// is an index. Where there is none, only if all numbers below have points.
fn is_numbered_header(content: &[Line<'_>], table: &Table) -> bool {
    let (Some(first), Some(rows)) =
        (content.first(), content.get(1..).filter(|rows| !rows.is_empty()))
    else {
        return false;
    };
    let fields = split(first.text, table.delimiter);
    let names = match fields.as_slice() {
        [b"", names @ ..] => names,
        names => names,
    };
    let counts =
        names.iter().enumerate().all(|(number, name)| number.to_string().as_bytes() == *name);
    let has_point =
        |field: &&[u8]| field.is_empty() || field.iter().any(|byte| b".enN".contains(byte));
    let have_points =
        || rows.iter().all(|row| split(row.text, table.delimiter).iter().all(&has_point));
    let has_index = names.len() < fields.len();
    table.delimiter != BLANKS && counts && (has_index || (names.len() > 2 && have_points()))
}

/// How many lines before the rows say nothing that is used.
fn passed_over(before: &[Line<'_>], names: Option<&Names>) -> u64 {
    let is_header = |line: &&Line<'_>| names.is_some_and(|names| names.line == line.number);
    before.iter().filter(|line| !is_header(line)).count() as u64
}

/// The field of gnuplot's tables that says `i` where a point is in range, `o` where it is out of it, and `u` where it is
/// undefined.
fn undefined(names: Option<&Names>, rows: &[Line<'_>], table: &Table) -> Option<usize> {
    let last = table.fields.checked_sub(1)?;
    let flag = |row: &Line<'_>| {
        let fields = split(row.text, table.delimiter);
        matches!(fields.get(last), Some([b'i' | b'o' | b'u']))
    };
    let named = names?.is_comment && names?.names.last().is_some_and(|name| name == "type");
    (named && rows.iter().all(flag)).then_some(last)
}

/// The different words for missing values that the wanted fields of the rows have, the first few of them.
fn words<'a>(rows: impl Iterator<Item = &'a Line<'a>>, layout: &Layout) -> Vec<String> {
    const MOST: usize = 6;
    let mut words: Vec<String> = Vec::new();
    for row in rows.filter(|row| !is_comment(row.text, layout)) {
        let fields = split(row.text, layout.delimiter);
        for wanted in &layout.fields {
            let Some(field) = fields.get(wanted.position) else { continue };
            let word = String::from_utf8_lossy(unquote(field));
            if words.len() < MOST
                && Cell::of(field, &layout.missing) == Cell::Missing
                && !words.iter().any(|known| *known == word)
            {
                words.push(word.into_owned());
            }
        }
    }
    words
}

#[cfg(test)]
mod tests;
