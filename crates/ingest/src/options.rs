//! What a caller may choose: which fields become which columns, and how lines are read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::array::MOST_FIELDS;

/// How text becomes columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Which field of a line becomes which column. Default: none named, which means the first three fields as
    /// `x`, `y`, `z`, or the only two as `x`, `y`.
    pub columns: ColumnChoice,
    /// What separates the fields. Default: [`Delimiter::Auto`].
    pub delimiter: Delimiter,
    /// A line that begins with one of these bytes is skipped. Default: `#%>`.
    pub comment: String,
    /// The type of the stored columns. Default: [`Dtype::F32`].
    pub dtype: Dtype,
    /// Count malformed lines and go on, instead of stopping at the first. Default: false.
    pub skip_bad: bool,
    /// Inputs are not text but rows of numbers, as they lie in memory. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Raw>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            columns: ColumnChoice::default(),
            delimiter: Delimiter::Auto,
            comment: "#%>".to_owned(),
            dtype: Dtype::F32,
            skip_bad: false,
            raw: None,
        }
    }
}

impl Options {
    /// Checks what the types cannot.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let unfit = |&char: &char| {
            char.is_ascii_digit() || "+-.,; \t\r\n\"".contains(char) || !char.is_ascii()
        };
        if let Some(Raw { columns, .. }) = self.raw
            && !(1..=MOST_FIELDS).contains(&columns)
        {
            return Err(Error::Options(format!(
                "a row has {columns} numbers: there must be 1 to {MOST_FIELDS}"
            )));
        }
        match self.comment.chars().find(unfit) {
            Some(char) => Err(Error::Options(format!(
                "{char:?} cannot begin a comment: choose punctuation that no number begins with"
            ))),
            None => Ok(()),
        }
    }
}

/// Rows of little-endian numbers, one row after another, with nothing before, between or after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raw {
    /// The type of the numbers.
    pub dtype: Dtype,
    /// Numbers in a row, from 1 to 65536.
    pub columns: usize,
}

/// What separates the fields of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delimiter {
    /// Told from the first line of data: a semicolon, else a comma, else single tabs between all fields, else
    /// blanks.
    Auto,
    /// Runs of spaces and tabs.
    Space,
    /// One tab; an empty field is a missing value.
    Tab,
    /// One comma; an empty field is a missing value.
    Comma,
    /// One semicolon; an empty field is a missing value.
    Semicolon,
}

/// The type of stored numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 32-bit floats, `<f4` to NumPy.
    F32,
    /// 64-bit floats, `<f8` to NumPy.
    F64,
}

impl Dtype {
    /// Bytes of one number.
    pub fn size(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// The columns to keep, in the order they are stored. Empty means the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ColumnChoice(pub(crate) Vec<ChosenColumn>);

/// One column to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChosenColumn {
    /// The name it is stored under.
    pub(crate) name: String,
    /// The field it is read from.
    pub(crate) field: Field,
}

/// Which field of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Field {
    /// By 1-based position.
    Position(usize),
    /// By its name in the header.
    Name(String),
}

/// More columns than anyone stores; each is an open file.
const MOST_COLUMNS: usize = 256;

impl FromStr for ColumnChoice {
    type Err = Error;

    /// Parses `x=1,y=2,z=4` or `x=lon,y=lat`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut columns: Vec<ChosenColumn> = Vec::new();
        for part in text.split(',') {
            let Some((name, field)) = part.split_once('=') else {
                return Err(Error::Options(format!(
                    "{part:?} is not NAME=FIELD, as in x=1,y=2,z=4 or x=lon,y=lat"
                )));
            };
            let (name, field) = (name.trim(), field.trim());
            check_name(name)?;
            if columns.iter().any(|column| column.name.eq_ignore_ascii_case(name)) {
                return Err(Error::Options(format!("the column {name} is named twice")));
            }
            columns.push(ChosenColumn { name: name.to_owned(), field: parse_field(field)? });
        }
        if columns.len() > MOST_COLUMNS {
            return Err(Error::Options(format!("at most {MOST_COLUMNS} columns can be kept")));
        }
        Ok(Self(columns))
    }
}

fn parse_field(field: &str) -> Result<Field, Error> {
    if field.is_empty() {
        return Err(Error::Options("a column's field is empty: give a position or a name".into()));
    }
    if !field.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Field::Name(field.to_owned()));
    }
    match field.parse() {
        Ok(position @ 1..=1_000_000) => Ok(Field::Position(position)),
        _ => Err(Error::Options(format!(
            "field {field} does not exist: positions count from 1 to 1000000"
        ))),
    }
}

/// A column's name is also its file's name, on every file system.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let good = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if good {
        Ok(())
    } else {
        Err(Error::Options(format!(
            "{name:?} cannot name a column: use 1 to 64 letters, digits, _ and -"
        )))
    }
}
