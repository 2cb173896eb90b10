//! The end of rows that a header has counted: no row behind it is read, and none before it may be missing.

use std::path::Path;

use crate::Error;
use crate::foreign::After;
use crate::line::Rows;
use crate::number::Number;

/// Where the rows of an input end.
pub(crate) struct Ending<'a> {
    pub(crate) path: &'a Path,
    /// How many lines of rows there are in the input.
    pub(crate) lines: u64,
    /// How many of them come before those at hand.
    pub(crate) before: u64,
    /// Lines of the input before its first row.
    pub(crate) head: u64,
    /// What may follow.
    pub(crate) after: Option<After>,
}

impl Ending<'_> {
    /// Cuts off the rows behind the last one that counts, malformed ones as well. Returns whether the end was reached.
    pub(crate) fn cut<T: Number>(&self, rows: &mut Rows<T>) -> Result<bool, Error> {
        let left = self.lines - self.before;
        let good = rows.len() as u64;
        // The malformed line with so many rows and so many malformed lines before it.
        let counted = |(bad, before): (usize, &u64)| before + bad as u64;
        let bad =
            rows.rows_before_bad.iter().enumerate().take_while(|&at| counted(at) < left).count();
        let all = good + rows.rows_before_bad.len() as u64;
        if all <= left {
            return Ok(all == left);
        }
        if let Some(After::Refused(remedy)) = self.after {
            let says =
                format!("the header says {} rows, and here is one more; {remedy}", self.lines);
            let line = self.head + self.lines + 1;
            return Err(Error::Declared { path: self.path.to_owned(), line, problem: says });
        }
        rows.keep(good.min(left - bad as u64) as usize, bad);
        Ok(true)
    }

    /// Checks that there were as many lines of rows as the header says. `line` is the last line of the input.
    pub(crate) fn check(&self, rows: u64, line: u64) -> Result<(), Error> {
        if rows >= self.lines {
            return Ok(());
        }
        let problem = format!(
            "the header says {} rows, and there are {rows}; is the file complete?",
            self.lines
        );
        Err(Error::Declared { path: self.path.to_owned(), line, problem })
    }
}
