//! The head of a text: which delimiter, which header, which field becomes which column.
//!
//! Not the first line decides but the lines of the head together: [`table`] finds what they agree on, [`names`] what a
//! header or a comment calls their fields, [`columns`] which of these are wanted. What was concluded is said
//! ([`ReadAs`]), and every row is held to it ([`Layout`]).

mod columns;
mod conclude;
mod header;
pub(crate) mod names;
mod sample;
mod table;
mod text;

use std::io::BufRead;
use std::path::Path;

use crate::Error;
use crate::error::excerpt;
use crate::fields::trim_start;
use crate::foreign::{self, After};
use crate::layout::Layout;
use crate::limits::LONGEST_LINE;
use crate::line::is_blank_or_comment;
use crate::options::{Options, Precision};
use crate::read_as::ReadAs;
pub(crate) use columns::Settled;
use conclude::{Conclusion, Context};
pub(crate) use sample::Sample;
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

/// What an input holds that has no row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NoRows {
    /// How many lines there are.
    pub(crate) lines: u64,
    /// How many of the first of them are neither blank nor comments, and the number and beginning of the last of these.
    text: Option<(usize, u64, String)>,
}

impl NoRows {
    /// Whether there are lines that might have been rows.
    pub(crate) fn is_text(&self) -> bool {
        self.text.as_ref().is_some_and(|(lines, ..)| *lines > 1)
    }

    /// What there is instead, of at least one line.
    pub(crate) fn found(&self) -> String {
        match (&self.text, self.lines) {
            (None, 1) => "only a blank or comment line".to_owned(),
            (None, lines) => {
                format!(
                    "only {lines} blank or comment lines; --comment '' takes none for a comment"
                )
            }
            (Some((1, line, text)), lines) if lines > *line => format!(
                "only a header, in line {line}, and blank or comment lines: {text}; --comment '' takes none for a comment"
            ),
            (Some((1, line, text)), _) => format!("only a header, in line {line}: {text}"),
            (Some((_, line, text)), _) => {
                format!(
                    "no line is a row of at least two fields with numbers in them, as line {line}: {text}"
                )
            }
        }
    }
}

/// Reads an input up to and including some of its rows. `settled` are the columns that an earlier input has settled: where
/// none are chosen by the options, this input must have as many.
///
/// Returns `Ok(Err(_))` where there is no row.
pub(crate) fn read_head(
    path: &Path,
    reader: &mut impl BufRead,
    options: &Options,
    settled: Option<&Settled>,
) -> Result<Result<Head, NoRows>, Error> {
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
        return Ok(Err(NoRows { lines: text.lines, text: None }));
    };
    let context = Context { path, options, settled, declared: declared.as_ref() };
    // A header may be longer than the sample, and titles may be.
    let line = text.bytes[start..].iter().position(|&byte| byte == b'\n').unwrap_or(0);
    let mut sample = start + line + SAMPLE;
    let conclusion = loop {
        text.fill(path, reader, sample)?;
        let conclusion = context.conclude(&text, comments.clone())?;
        if conclusion.is_some() || text.at_end || sample > LONGEST_LINE {
            break conclusion;
        }
        sample *= 4;
    };
    let Some(conclusion) = conclusion else {
        let marks = options.comment_bytes();
        let all = lines(&text.bytes, text.lines);
        let content: Vec<Line<'_>> =
            all.filter(|line| !is_blank_or_comment(line.text, marks)).collect();
        let last = content.last().map(|line| (content.len(), line.number + 1, excerpt(line.text)));
        let lines =
            lines(&text.bytes, text.lines).last().map_or(text.lines, |line| line.number + 1);
        return Ok(Err(NoRows { lines, text: last }));
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

#[cfg(test)]
mod tests;
