//! What a caller may choose: which fields become which columns, and how lines are read.

use std::fmt;
use std::str::FromStr;

use pointillist_base::Dtype;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;
use crate::absent::{is_false, is_zero};
use crate::limits::MOST_FIELDS;

/// How text becomes columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Which field of a line becomes which column. Default: none named, which means the columns that a header calls
    /// `x`, `y` and `z`, in any case; where there is none that does, the first three fields, or the only two.
    pub columns: ColumnChoice,
    /// What separates the fields. Default: [`Delimiter::Auto`].
    pub delimiter: Delimiter,
    /// A line that begins with one of these bytes is skipped. Default: none given, which means `#%>`, but not where a
    /// row of the right number of fields, between delimiters other than blanks, begins so.
    pub comment: Option<String>,
    /// The type of the stored columns. Default: [`Precision::Auto`].
    pub dtype: Precision,
    /// Count malformed lines and go on, instead of stopping at the first. Which field becomes which column does not
    /// depend on it. Default: false.
    pub skip_bad: bool,
    /// Lines that are passed over at the beginning of each input. Default: 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skip_rows: u64,
    /// Words and numbers that stand for a missing value, beside those that always do. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Whether numbers have decimal commas, not points. Default: false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub decimal_comma: bool,
    /// Whether rows may have any number of further fields behind those that are read. Default: false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ragged: bool,
    /// Whether quotes are characters like any other, and hold nothing together. Default: false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_quotes: bool,
    /// Inputs are not text but rows of numbers, as they lie in memory. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Raw>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            columns: ColumnChoice::default(),
            delimiter: Delimiter::Auto,
            comment: None,
            dtype: Precision::Auto,
            skip_bad: false,
            skip_rows: 0,
            missing: Vec::new(),
            decimal_comma: false,
            ragged: false,
            no_quotes: false,
            raw: None,
        }
    }
}

impl Options {
    /// What begins a comment where nothing else is asked for.
    pub const COMMENT: &str = "#%>";

    /// The bytes that begin a comment.
    pub(crate) fn comment_bytes(&self) -> &[u8] {
        self.comment.as_deref().unwrap_or(Self::COMMENT).as_bytes()
    }

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
        if let Delimiter::Byte(byte) = self.delimiter
            && !is_delimiter(byte)
        {
            return Err(Error::Options(format!(
                "{:?} cannot separate fields: choose one character that no number has",
                char::from(byte)
            )));
        }
        if self.decimal_comma && self.delimiter == Delimiter::Byte(b',') {
            let text =
                "a comma cannot both separate fields and begin decimals: choose another delimiter";
            return Err(Error::Options(text.to_owned()));
        }
        if self.missing.iter().any(|word| word.trim().is_empty()) {
            let text =
                "a word for missing values is empty; an empty field is a missing value as it is";
            return Err(Error::Options(text.to_owned()));
        }
        match self.comment.iter().flat_map(|text| text.chars()).find(unfit) {
            Some(char) => Err(Error::Options(format!(
                "{char:?} cannot begin a comment: choose punctuation that no number begins with"
            ))),
            None => Ok(()),
        }
    }
}

/// Whether a byte can separate fields: no number, name or line has it.
fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"+-._\"\r\n\0".contains(&byte)
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiter {
    /// Told from the head of the text: what its lines agree on.
    Auto,
    /// Runs of spaces and tabs.
    Blanks,
    /// This byte, once; an empty field is a missing value.
    Byte(u8),
}

impl Delimiter {
    /// Tabs, commas and semicolons have names; any other character is its own.
    const NAMES: [(&str, Self); 6] = [
        ("auto", Self::Auto),
        ("space", Self::Blanks),
        ("tab", Self::Byte(b'\t')),
        ("comma", Self::Byte(b',')),
        ("semicolon", Self::Byte(b';')),
        ("pipe", Self::Byte(b'|')),
    ];
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = Self::NAMES.iter().find(|(_, known)| known == self) {
            return f.write_str(name);
        }
        match self {
            Self::Byte(byte) => write!(f, "{}", char::from(*byte)),
            Self::Auto | Self::Blanks => Ok(()),
        }
    }
}

impl FromStr for Delimiter {
    type Err = Error;

    /// Parses a name, as `tab`, or the character itself.
    fn from_str(text: &str) -> Result<Self, Error> {
        if let Some((_, delimiter)) = Self::NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(*delimiter);
        }
        match text.as_bytes() {
            [b' '] => Ok(Self::Blanks),
            [byte] if is_delimiter(*byte) => Ok(Self::Byte(*byte)),
            // As shells hand it on.
            b"\\t" => Ok(Self::Byte(b'\t')),
            _ => {
                let names = Self::NAMES.map(|(name, _)| name).join(", ");
                Err(Error::Options(format!(
                    "{text:?} is no delimiter: {names}, or one character that no number has"
                )))
            }
        }
    }
}

impl Serialize for Delimiter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Delimiter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The type of the stored columns, or that it is to be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits, unless the head of an input shows that they are too coarse, too large or too small for a column: then 64.
    #[default]
    Auto,
    /// 32-bit floats.
    F32,
    /// 64-bit floats.
    F64,
}

impl From<Dtype> for Precision {
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 => Self::F32,
            Dtype::F64 => Self::F64,
        }
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

impl fmt::Display for ColumnChoice {
    /// As it is parsed: `x=1,y=2,z=4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, ChosenColumn { name, field }) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            match field {
                Field::Position(position) => write!(f, "{name}={position}")?,
                Field::Name(field) => write!(f, "{name}={field}")?,
            }
        }
        Ok(())
    }
}

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
