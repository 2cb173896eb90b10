//! What the lines of the head say together: how rows are laid out, and which of their fields become columns.

use std::cell::OnceCell;
use std::path::Path;

use pointillist_base::message::printable;

use super::Comment;
use super::columns::{self, Known, Settled};
use super::header::{Lines, in_header, of_ragged, row_names};
use super::names::{self, Names};
use super::table::{Cell, Table};
use super::text::{Line, Text, lines};
use crate::Error;
use crate::fields::{split, trim_start, unquote};
use crate::foreign::Declared;
use crate::layout::{BLANKS, FieldCount, Layout, Syntax, exchange_commas};
use crate::line::{is_blank_or_comment, is_comment, is_drawn, is_ruler};
use crate::missing::Missing;
use crate::options::{Delimiter, Field, Options};
use crate::read_as::{ReadAs, ReadColumn};

/// What there is to know before the lines are looked at.
pub(super) struct Context<'a> {
    pub(super) path: &'a Path,
    pub(super) options: &'a Options,
    pub(super) settled: Option<&'a Settled>,
    pub(super) declared: Option<&'a Declared>,
}

/// What is concluded from the lines.
pub(super) struct Conclusion {
    pub(super) layout: Layout,
    pub(super) settled: Settled,
    pub(super) read_as: ReadAs,
    /// Where the first row begins in the bytes, and how many lines of the input there are before it.
    pub(super) first: (usize, u64),
}

impl Context<'_> {
    /// Concludes how the text is to be read; `None` where there is no row.
    pub(super) fn conclude(
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
        // Behind the rows that a header has counted there may be anything.
        let counted = self.declared.and_then(|declared| declared.rows).unwrap_or(u64::MAX);
        let counted = usize::try_from(counted).unwrap_or(usize::MAX);
        let content: Vec<Line<'_>> = all
            .iter()
            .filter(|line| !is_blank_or_comment(line.text, marks))
            .take(counted)
            .copied()
            .collect();
        let is_bar = |line: &Line<'_>| trim_start(line.text).starts_with(b"|");
        let bars: Vec<Vec<String>> = match content.iter().rfind(|line| !is_drawn(line.text)) {
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
        let quotes = !options.no_quotes;
        let table = match (options.delimiter, self.declared) {
            (Delimiter::Auto, None) => Table::choose(&content, quotes, &missing),
            (Delimiter::Byte(delimiter), _) => {
                Table::new(&content, Syntax { delimiter, quotes }, &missing)
            }
            _ => Table::new(&content, Syntax { delimiter: BLANKS, quotes }, &missing),
        };
        let Some(first) = self.first_row(&content, &table, written) else {
            let has_commas = |line: &&Line<'_>| written(line).contains(&b',');
            let commas = content.iter().filter(|_| options.decimal_comma).find(has_commas);
            return match commas {
                Some(line) => {
                    let path = self.path.to_owned();
                    Err(Error::DecimalCommas { path, line: line.number + 1 })
                }
                None => Ok(None),
            };
        };
        let row = self.before_row(&all, content[first], &table, &missing);
        let marked = all.iter().take_while(|line| line.number < row.number);
        let marked = marked.filter(|line| is_blank_or_comment(line.text, marks));
        comments.extend(
            marked
                .filter(|line| !line.text.trim_ascii().is_empty())
                .map(|line| Comment::new(&Line { text: written(line), ..*line }, options)),
        );

        let behind = table.text_behind(first);
        let header: Vec<Line<'_>> = content[..first]
            .iter()
            .filter(|line| !is_ruler(line.text))
            .map(|line| Line { text: written(line), ..*line })
            .collect();
        let names = self.names(&table, &header, &comments, &bars, content.split_at(first))?;
        let framed = table.is_framed();
        let name = |field: usize| names.as_ref().map(|names| names.names[field].as_str());
        let is_usual = |&field: &usize| {
            let at_end = field + 1 == table.fields;
            let in_frame = !framed || (field > 0 && !at_end);
            // Of rows that end with a delimiter, what is behind it is no field.
            let is_behind =
                at_end && field > 1 && table.empty[field] && table.delimiter() != BLANKS;
            let has_no_name = name(field).is_none_or(str::is_empty);
            let is_index = field == 0 && name(field) == Some("");
            in_frame && !is_index && !(is_behind && has_no_name)
        };
        let known = Known {
            path: self.path,
            line: row.number,
            names: names.as_ref(),
            fields: table.fields,
            usual: (0..table.fields).filter(is_usual).collect(),
            numeric: &table.numeric,
            framed,
        };
        let declared = self.declared.and_then(|declared| declared.positions.clone());
        let in_capitals = || names.as_ref().is_some_and(|names| names::names_xyz(&names.names));
        let chosen = match declared.filter(|_| options.columns.0.is_empty()) {
            Some(positions) if positions.is_empty() && !in_capitals() => {
                return Err(Error::NoCoordinates {
                    path: self.path.to_owned(),
                    format: self.declared.map_or("a table", |declared| declared.format),
                    known: names.map(|names| names.names).unwrap_or_default(),
                });
            }
            Some(positions) => {
                ["x", "y", "z"].map(str::to_owned).into_iter().zip(positions).collect()
            }
            _ => columns::choose(&known, options, self.settled)?,
        };
        let positions: Vec<usize> = chosen.iter().map(|(_, position)| *position).collect();
        let needed = positions.iter().max().map_or(0, |last| last + 1);
        let behind = behind.filter(|_| needed <= table.numbers_in_front());
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
            rows_like_comments: options.comment.is_none(),
            header: names.as_ref().and_then(|names| {
                let line = all.iter().find(|line| line.number == names.line)?;
                Some(line.text.trim_ascii().to_vec())
            }),
            skip_bad: options.skip_bad,
            missing: missing.clone(),
            decimal_comma: options.decimal_comma,
            undefined: undefined(names.as_ref(), rows, &table),
            lines: self.declared.and_then(|declared| declared.rows),
            syntax: table.syntax,
            ..Layout::new(table.delimiter(), count, &positions, column_names.clone())
        };
        let outside = if framed { 2 } else { 0 };
        let read_as = ReadAs {
            path: printable(self.path),
            format: self.declared.map(|declared| declared.format.to_owned()),
            delimiter: match table.delimiter() {
                BLANKS => Delimiter::Blanks,
                byte => Delimiter::Byte(byte),
            },
            fields: least - outside,
            most_fields: most.map(|most| most - outside),
            header: names.as_ref().filter(|_| self.declared.is_none()).map(|names| names.line + 1),
            header_is_comment: names.as_ref().is_some_and(|names| names.is_comment),
            row_names: names.as_ref().is_some_and(|names| names.after_row_names),
            first_row: row.number + 1,
            passed_over: passed_over(&content[..first], names.as_ref()),
            columns: chosen
                .iter()
                .map(|(name, position)| ReadColumn {
                    name: name.clone(),
                    field: position + 1 - usize::from(framed),
                    called: names.as_ref().and_then(|names| names.names.get(*position).cloned()),
                })
                .collect(),
            missing: words(all.iter().skip_while(|line| line.number < row.number), &layout),
            wide: Vec::new(),
            rows: layout.lines,
        };
        let by_name = names.as_ref().is_some_and(|names| names::names_xyz(&names.names));
        let settled = Settled { names: column_names, positions, fields: table.fields, by_name };
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

    /// Which of the lines is the first row.
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
                Field::Position(position) => Some(position - 1 + usize::from(table.is_framed())),
                Field::Name(_) => None,
            })
            .collect();
        let by_name = self.wanted().next().is_some();
        let is_key = |field: usize| match positions.as_slice() {
            [] => table.numeric.get(field) == Some(&true),
            positions => positions.contains(&field),
        };
        let has_wanted = |line: &Line<'a>| {
            by_name && self.has_wanted(&names::split_names(written(line), table.delimiter()))
        };
        let lines = Lines {
            content,
            table,
            is_key: &is_key,
            has_wanted: &has_wanted,
            ragged: self.options.ragged,
            row_names: OnceCell::new(),
        };
        lines.first_row()
    }

    /// The first of the rows before `row` that begin as comments do.
    fn before_row<'a>(
        &self,
        all: &[Line<'a>],
        row: Line<'a>,
        table: &Table,
        missing: &Missing,
    ) -> Line<'a> {
        if self.options.comment.is_some() {
            return row;
        }
        let before = all.iter().rev().skip_while(|line| line.number >= row.number);
        let is_row = |line: &&Line<'a>| {
            if !is_blank_or_comment(line.text, self.options.comment_bytes()) {
                return false;
            }
            let fields = split(line.text, table.syntax);
            // Between blanks, only a word for a missing value is more than the mark of a comment.
            let begins = fields.first().is_some_and(|first| missing.is_word(unquote(first)));
            let cells: Vec<Cell> =
                fields.into_iter().map(|field| Cell::of(field, missing)).collect();
            (begins || table.delimiter() != BLANKS)
                && cells.len() == table.fields
                && cells.iter().any(|cell| cell.is_number() || *cell == Cell::Missing)
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
        (before, rows): (&[Line<'_>], &[Line<'_>]),
    ) -> Result<Option<Names>, Error> {
        let behind = table.text_behind(before.len());
        let fields = table.fields;
        let of_comment = |line: u64, names: Vec<String>| Names {
            names,
            line,
            is_comment: true,
            after_row_names: false,
        };
        if let Some(declared) = self.declared {
            let by_position = || {
                let mut names = vec![String::new(); fields];
                for (name, &position) in ["x", "y", "z"].iter().zip(declared.positions.as_ref()?) {
                    *names.get_mut(position)? = (*name).to_owned();
                }
                Some(names)
            };
            let names = declared.names.clone().filter(|names| names.len() == fields);
            let names = names.or_else(by_position);
            return Ok(names.map(|names| Names { is_comment: false, ..of_comment(0, names) }));
        }
        let mut found: Vec<Names> = Vec::new();
        if let Some(names) = bars.first().filter(|names| names.len() == fields) {
            let line = header.iter().find(|line| trim_start(line.text).starts_with(b"|"));
            let line = line.map_or(0, |line| line.number);
            found.push(Names { is_comment: false, ..of_comment(line, names.clone()) });
        }
        // R's and pandas' row names have no rule below them.
        let has_rule = before.iter().any(|line| is_ruler(line.text));
        let none = self.options.ragged || has_rule;
        let row_names = if none { 0 } else { row_names(rows, table) };
        let is_meant = |names: &Vec<String>| match self.wanted().next() {
            Some(_) => self.has_wanted(names),
            None => names::names_xyz(names),
        };
        // Of rows that differ in their text, only what is looked for tells names from a title.
        let ragged = |line: &[u8]| of_ragged(line, table, behind).filter(is_meant);
        found.extend(header.iter().filter_map(|line| in_header(line, table, row_names, ragged)));
        // With a header, comments only speak where it does not have what is looked for.
        if found.is_empty() || self.wanted().next().is_some() {
            let texts: Vec<&[u8]> =
                comments.iter().map(|comment| comment.text.as_slice()).collect();
            let numbered = names::numbered(&texts, fields);
            found.extend(numbered.map(|names| of_comment(comments[0].line, names)));
            found.extend(comments.iter().rev().filter_map(|comment| {
                // PLUMED's comments begin with an exclamation mark, and this one with what it is.
                let text = comment.text.strip_prefix(b"! FIELDS").unwrap_or(&comment.text);
                let names =
                    names::exactly(text, table.delimiter(), fields).or_else(|| ragged(text))?;
                names::are_names(&names).then(|| of_comment(comment.line, names))
            }));
        }
        let best = match self.wanted().next() {
            Some(_) => found.iter().position(|names| self.has_wanted(&names.names)),
            None => found.iter().position(|names| names::names_xyz(&names.names)),
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
                for delimiter in [table.delimiter(), BLANKS, b','] {
                    if self.has_wanted(&names::split_names(text, delimiter)) {
                        return Err(counted((line, text), delimiter));
                    }
                }
            }
        } else if self.options.columns.0.is_empty() {
            // Where it is not said what is where, names that do not fit may well have meant something else.
            let names =
                |line: &&Line<'_>| names::split_names(line.text, table.delimiter()).len() > 1;
            let line = header.iter().find(names).filter(|_| table.delimiter() != BLANKS);
            if let Some(line) = line {
                return Err(counted((line.number, line.text), table.delimiter()));
            }
            for (line, text) in others {
                for delimiter in [table.delimiter(), BLANKS, b','] {
                    let names = names::split_names(text, delimiter);
                    let near = names.len().abs_diff(fields) <= 2;
                    // Of a comment, which may be about anything, only where it makes a difference.
                    let is_header = header.iter().any(|header| header.number == line);
                    let fewer = is_header && names.len() < fields && names::names_xyz(&names);
                    if near && (fewer || names::names_xyz_elsewhere(&names)) {
                        return Err(counted((line, text), delimiter));
                    }
                }
            }
        }
        Ok(None)
    }
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
        let fields = split(row.text, table.syntax);
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
        let fields = split(row.text, layout.syntax);
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
