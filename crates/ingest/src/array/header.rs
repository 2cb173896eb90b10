//! The header of a `.npy` file: a Python dictionary that says of what type and shape the numbers are.
//!
//! Of Python only what NumPy writes is read: strings, whole numbers, `True`, `False`, tuples and lists. What NumPy refuses is
//! refused; of what it takes, some spellings are not read that it never writes, such as numbers in hexadecimal. Format:
//! `numpy/lib/format.py`, versions 1 to 3.

use std::collections::HashSet;

use super::element::Element;

/// How every `.npy` file begins.
pub(crate) const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// All that a header has.
const KEYS: [&str; 3] = ["descr", "fortran_order", "shape"];
/// More bytes than a header has: one that names hundreds of fields is a few kilobytes.
const LONGEST: usize = 1 << 20;
/// Lists in lists of a type that describes fields of fields.
const DEEPEST: usize = 16;

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) fields: Fields,
    /// Whether all of the first column comes before the second.
    pub(crate) fortran: bool,
    pub(crate) shape: Vec<u64>,
}

/// The type of one element of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fields {
    /// A number.
    One(Type),
    /// A record of named fields.
    Named(Vec<(String, Type)>),
}

/// The type of a number or field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Type {
    /// As it stands in the header.
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// `None` where it is no number that is read.
    pub(crate) element: Option<Element>,
}

/// The beginning of a header: how long it is.
pub(crate) enum Start {
    /// More bytes are needed, at least as many in all.
    More(usize),
    /// The dictionary is in these bytes, and the numbers come after them.
    Dictionary(std::ops::Range<usize>, Version),
}

/// Of which versions there are two kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// 1 and 2: in Latin-1, and maybe written by Python 2.
    Latin1,
    /// 3: in UTF-8.
    Utf8,
}

/// Looks at the first bytes of a file that begins with [`MAGIC`]. `Err` says what is wrong with them.
pub(crate) fn start(bytes: &[u8]) -> Result<Start, String> {
    let (&[_, _, _, _, _, _, major, minor], rest) = match bytes.split_first_chunk() {
        Some(split) => split,
        None => return Ok(Start::More(8)),
    };
    let (width, version) = match (major, minor) {
        (1, 0) => (2, Version::Latin1),
        (2, 0) => (4, Version::Latin1),
        (3, 0) => (4, Version::Utf8),
        _ => return Err(format!("is a .npy file of version {major}.{minor}, which is not known")),
    };
    let Some(length) = rest.get(..width) else { return Ok(Start::More(8 + width)) };
    let length = length.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
    if length > LONGEST {
        return Err(format!("is damaged: its header would be {length} bytes long"));
    }
    let end = 8 + width + length;
    if bytes.len() < end {
        Ok(Start::More(end))
    } else {
        Ok(Start::Dictionary(8 + width..end, version))
    }
}

/// Reads the dictionary of a header. `Err` says what is wrong with it.
pub(crate) fn parse(dictionary: &[u8], version: Version) -> Result<Header, String> {
    let damaged = |what: &str| format!("is damaged: its header {what}");
    let text = match version {
        Version::Latin1 => dictionary.iter().copied().map(char::from).collect(),
        Version::Utf8 => {
            std::str::from_utf8(dictionary).map_err(|_| damaged("is not UTF-8"))?.to_owned()
        }
    };
    let mut parser = Parser { rest: &text, version };
    let entries = parser.dictionary().ok_or_else(|| damaged("is not a dictionary"))?;
    parser.skip_blanks();
    if !parser.rest.is_empty() {
        return Err(damaged("goes on after the dictionary"));
    }
    if let Some((key, _)) = entries.iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
        return Err(damaged(&format!("has an entry {key:?}, which no header has")));
    }
    let entry = |name: &str| {
        // In Python the last one counts.
        let found = entries.iter().rfind(|(key, _)| key == name).map(|(_, value)| value);
        found.ok_or_else(|| damaged(&format!("has no entry {name:?}")))
    };
    let fortran = match entry("fortran_order")? {
        Value::Bool(value) => *value,
        _ => return Err(damaged("has an order that is neither True nor False")),
    };
    let shape = match entry("shape")? {
        Value::Tuple(lengths) => lengths.iter().map(Value::whole).collect::<Option<Vec<u64>>>(),
        _ => None,
    };
    let shape = shape.ok_or_else(|| damaged("has a shape that is not one of whole numbers"))?;
    let fields = match entry("descr")? {
        Value::Text(name) => Fields::One(Type::named(name)?),
        Value::List(list) => Fields::Named(fields(list)?),
        _ => return Err(damaged("has a type that is not one")),
    };
    Ok(Header { fields, fortran, shape })
}

impl Type {
    /// The type with a name like `<f4`, `|u1` or `<U10`.
    fn named(name: &str) -> Result<Self, String> {
        let unknown = || format!("is damaged: its header has a type {name:?}");
        let (order, code) = match name.as_bytes() {
            [b'<' | b'>' | b'|' | b'=', ..] => name.split_at(1),
            _ => ("|", name),
        };
        let letter = code.chars().next().ok_or_else(unknown)?;
        if letter == 'O' {
            return Err("is an array of Python objects, which only Python can read; save it as \
                        numbers: a.astype(np.float64)"
                .to_owned());
        }
        // Times have their unit after their size.
        let count = code[letter.len_utf8()..].split('[').next().unwrap_or_default();
        let count: u64 = match count {
            // A flag of NumPy's, alone.
            "" if letter == '?' => 1,
            _ if count.len() < 10 => count.parse().map_err(|_| unknown())?,
            _ => return Err(unknown()),
        };
        let bytes = if letter == 'U' { count * 4 } else { count };
        let element = Element::new(code, order == ">");
        Ok(Self { name: name.to_owned(), bytes, element })
    }

    /// Whether it is bytes without a meaning. NumPy fills the gaps of an aligned record with such fields, and gives them
    /// no name.
    pub(crate) fn is_void(&self) -> bool {
        self.name.trim_start_matches('|').starts_with('V')
    }
}

#[derive(Debug)]
enum Value {
    Text(String),
    Whole(u64),
    /// A number that nothing in a header can be: less than zero, or too large.
    Other,
    Bool(bool),
    Tuple(Vec<Value>),
    List(Vec<Value>),
}

const NO_TYPE: &str = "is damaged: its header has a type that is not one";

/// The fields of a record, no two of which have the same name.
fn fields(list: &[Value]) -> Result<Vec<(String, Type)>, String> {
    let mut names = HashSet::new();
    let mut fields = Vec::with_capacity(list.len());
    for value in list {
        let (title, name, kind) = value.field().ok_or(NO_TYPE)??;
        let is_padding = name.is_empty() && kind.is_void();
        for name in title.iter().chain([&name]) {
            if !is_padding && !names.insert(name.clone()) {
                return Err(format!("is damaged: its header has two fields {name:?}"));
            }
        }
        fields.push((name, kind));
    }
    Ok(fields)
}

/// Title, name and type of a field.
type NamedField = (Option<String>, String, Type);

impl Value {
    fn whole(&self) -> Option<u64> {
        match self {
            Self::Whole(number) => Some(*number),
            _ => None,
        }
    }

    /// Reads `(name, type)` or `(name, type, shape)`; a name may also be a pair of a title and a name.
    fn field(&self) -> Option<Result<NamedField, String>> {
        let (Self::Tuple(parts) | Self::List(parts)) = self else { return None };
        let (name, descr, shape) = match parts.as_slice() {
            [name, descr] => (name, descr, &[][..]),
            [name, descr, Self::Tuple(shape) | Self::List(shape)] => (name, descr, &shape[..]),
            [name, descr, length @ Self::Whole(_)] => (name, descr, std::slice::from_ref(length)),
            _ => return None,
        };
        let (title, name) = match name {
            Self::Text(name) => (None, name),
            Self::Tuple(pair) => match pair.as_slice() {
                [Self::Text(title), Self::Text(name)] => (Some(title.clone()), name),
                _ => return None,
            },
            _ => return None,
        };
        Some(descr.field_type().and_then(|whole| {
            if shape.is_empty() {
                return Ok((title, name.clone(), whole));
            }
            let lengths: Option<Vec<u64>> = shape.iter().map(Self::whole).collect();
            let bytes = lengths.and_then(|lengths| {
                lengths.iter().try_fold(whole.bytes, |bytes, &length| bytes.checked_mul(length))
            });
            let bytes = bytes.ok_or("is damaged: its header has a field without a size")?;
            let what = format!("array of {}", whole.name);
            Ok((title, name.clone(), Type { name: what, bytes, element: None }))
        }))
    }

    /// The type of a field, which may have fields of its own.
    fn field_type(&self) -> Result<Type, String> {
        let list = match self {
            Self::Text(name) => return Type::named(name),
            Self::List(list) => list,
            _ => return Err(NO_TYPE.to_owned()),
        };
        let mut bytes = 0_u64;
        for (_, inner) in fields(list)? {
            bytes = bytes.checked_add(inner.bytes).ok_or(NO_TYPE)?;
        }
        Ok(Type { name: "record".to_owned(), bytes, element: None })
    }
}

/// Reads what Python would write of simple values.
struct Parser<'a> {
    rest: &'a str,
    version: Version,
}

impl Parser<'_> {
    /// Skips blanks and comments.
    fn skip_blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\n', '\t', '\r']);
            let Some(comment) = self.rest.strip_prefix('#') else { return };
            self.rest = comment.trim_start_matches(|c| c != '\n');
        }
    }

    /// Skips blanks, and the character after them if it is this one.
    fn skip(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        let after = self.rest.strip_prefix(wanted);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn dictionary(&mut self) -> Option<Vec<(String, Value)>> {
        let mut entries = Vec::new();
        if !self.skip('{') {
            return None;
        }
        while !self.skip('}') {
            let Value::Text(key) = self.value(0)? else { return None };
            if !self.skip(':') {
                return None;
            }
            entries.push((key, self.value(0)?));
            if !self.skip(',') {
                return self.skip('}').then_some(entries);
            }
        }
        Some(entries)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        if self.skip('(') {
            let (mut values, has_comma) = self.list(')', depth)?;
            // Without a comma, they are what arithmetic has them for.
            return if values.len() == 1 && !has_comma {
                values.pop()
            } else {
                Some(Value::Tuple(values))
            };
        }
        if self.skip('[') {
            return self.list(']', depth).map(|(values, _)| Value::List(values));
        }
        // Python 2 wrote the letter.
        let unprefixed = self.rest.strip_prefix(['u', 'U']);
        self.rest = unprefixed.filter(|rest| rest.starts_with(['\'', '"'])).unwrap_or(self.rest);
        for quote in ['\'', '"'] {
            if let Some(rest) = self.rest.strip_prefix(quote) {
                self.rest = rest;
                return self.text(quote);
            }
        }
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Some(Value::Bool(value));
            }
        }
        let negative = self.rest.strip_prefix('-');
        self.rest = negative.unwrap_or(self.rest);
        let digits =
            self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (digits, rest) = self.rest.split_at(digits);
        // Python 2 wrote long numbers with an L.
        let long = rest.strip_prefix('L').filter(|_| self.version == Version::Latin1);
        self.rest = long.unwrap_or(rest);
        let is_octal = digits.starts_with('0') && digits.contains(|digit| digit != '0');
        match digits.parse() {
            _ if digits.is_empty() || is_octal => None,
            Ok(number) if negative.is_none() => Some(Value::Whole(number)),
            _ => Some(Value::Other),
        }
    }

    /// Values up to `close`, and whether there is a comma between or behind them.
    fn list(&mut self, close: char, depth: usize) -> Option<(Vec<Value>, bool)> {
        let (mut values, mut has_comma) = (Vec::new(), false);
        while !self.skip(close) {
            values.push(self.value(depth + 1)?);
            if !self.skip(',') {
                return self.skip(close).then_some((values, has_comma));
            }
            has_comma = true;
        }
        Some((values, has_comma))
    }

    fn text(&mut self, quote: char) -> Option<Value> {
        let mut text = String::new();
        let mut chars = self.rest.chars();
        loop {
            match chars.next()? {
                '\\' => {
                    text.push(match chars.next()? {
                        escaped @ ('\\' | '\'' | '"') => escaped,
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'x' => hexadecimal(&mut chars, 2)?,
                        'u' => hexadecimal(&mut chars, 4)?,
                        'U' => hexadecimal(&mut chars, 8)?,
                        _ => return None,
                    });
                }
                '\n' | '\r' => return None,
                end if end == quote => {
                    self.rest = chars.as_str();
                    return Some(Value::Text(text));
                }
                char => text.push(char),
            }
        }
    }
}

/// The character of so many hexadecimal digits.
fn hexadecimal(digits: &mut std::str::Chars<'_>, count: usize) -> Option<char> {
    let code = (0..count)
        .try_fold(0_u32, |code, _| code.checked_mul(16)?.checked_add(digits.next()?.to_digit(16)?));
    char::from_u32(code?)
}
