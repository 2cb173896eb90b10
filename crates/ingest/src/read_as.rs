//! What was concluded from the head of a text: said in a line, and kept beside the columns.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::absent::{is_false, is_zero};
use crate::options::Delimiter;

/// How a text was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadAs {
    /// The input, as it was given, with what is not UTF-8 escaped.
    pub path: PathBuf,
    /// The format whose own header says how it is to be read; `None` for a plain table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// What separates fields; never [`Delimiter::Auto`].
    pub delimiter: Delimiter,
    /// Fewest fields of a row.
    pub fields: usize,
    /// Most fields of a row, as far as the head shows; `None` where rows may have any number of further ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_fields: Option<usize>,
    /// The 1-based line that names the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<u64>,
    /// Whether that line is a comment.
    #[serde(default, skip_serializing_if = "is_false")]
    pub header_is_comment: bool,
    /// Whether the first field holds names of rows, since there is one name fewer than fields.
    #[serde(default, skip_serializing_if = "is_false")]
    pub row_names: bool,
    /// The 1-based line of the first row.
    pub first_row: u64,
    /// Lines before it that are neither blank, comments nor the header.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub passed_over: u64,
    /// Which field becomes which column.
    pub columns: Vec<ReadColumn>,
    /// Words for missing values that the head has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Columns that 32 bits are too coarse, too large or too small for, as far as the head shows, where it was left to that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wide: Vec<String>,
    /// How many rows there are to be, where a header says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

/// Where a column comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadColumn {
    /// The name it is stored under.
    pub name: String,
    /// 1-based position of its field.
    pub field: usize,
    /// What the header calls the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
}

impl fmt::Display for ReadAs {
    /// `tab, 5 fields, header; x = ra (2), y = dec (3), z = mag (5); missing: NA`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(format) = &self.format {
            write!(f, "{format}, ")?;
        }
        let delimiter = match self.delimiter {
            Delimiter::Blanks => "blanks".to_owned(),
            Delimiter::Byte(b'\t') => "tab".to_owned(),
            other => other.to_string(),
        };
        write!(f, "{delimiter}, {}", self.fields)?;
        match self.most_fields {
            Some(most) if most == self.fields => write!(f, " {}", plural(most, "field", "fields"))?,
            Some(most) => write!(f, " to {most} fields")?,
            None => write!(f, " or more fields")?,
        }
        match (self.header, self.header_is_comment) {
            (Some(_), false) => f.write_str(", header")?,
            (Some(line), true) => write!(f, ", names in the comment of line {line}")?,
            (None, _) => {}
        }
        if self.row_names {
            f.write_str(", row names")?;
        }
        if self.passed_over > 0 {
            let lines = plural(self.passed_over as usize, "line", "lines");
            write!(f, ", {} {lines} before the rows passed over", self.passed_over)?;
        }
        if let Some(rows) = self.rows {
            write!(f, ", {rows} {}", plural(rows as usize, "row", "rows"))?;
        }
        let mut separator = "; ";
        for ReadColumn { name, field, called } in &self.columns {
            match called.as_deref().filter(|called| !called.is_empty()) {
                Some(called) => write!(f, "{separator}{name} = {called} ({field})")?,
                None => write!(f, "{separator}{name} = {field}")?,
            }
            separator = ", ";
        }
        if !self.missing.is_empty() {
            write!(f, "; missing: {}", self.missing.join(" "))?;
        }
        if let Some((last, others)) = self.wide.split_last() {
            let separator = if others.is_empty() { "" } else { " and " };
            write!(f, "; 64 bits for {}{separator}{last}", others.join(", "))?;
        }
        Ok(())
    }
}

fn plural(number: usize, one: &'static str, many: &'static str) -> &'static str {
    if number == 1 { one } else { many }
}
