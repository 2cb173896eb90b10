//! The header of a `.npy` file: a Python dictionary that says of what type and shape the numbers are.
//!
//! Of Python only what NumPy writes is read: strings, whole numbers, `True`, `False`, tuples and lists. Format:
//! `numpy/lib/format.py`, versions 1 to 3.

use super::element::Element;

/// How every `.npy` file begins.
pub(crate) const MAGIC: &[u8; 6] = b"\x93NUMPY";
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
    Dictionary(std::ops::Range<usize>),
}

/// Looks at the first bytes of a file that begins with [`MAGIC`]. `Err` says what is wrong with them.
pub(crate) fn start(bytes: &[u8]) -> Result<Start, String> {
    let (&[_, _, _, _, _, _, major, minor], rest) = match bytes.split_first_chunk() {
        Some(split) => split,
        None => return Ok(Start::More(8)),
    };
    let width = match (major, minor) {
        (1, 0) => 2,
        (2 | 3, 0) => 4,
        _ => return Err(format!("is a .npy file of version {major}.{minor}, which is not known")),
    };
    let Some(length) = rest.get(..width) else { return Ok(Start::More(8 + width)) };
    let length = length.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
    if length > LONGEST {
        return Err(format!("is damaged: its header would be {length} bytes long"));
    }
    let end = 8 + width + length;
    if bytes.len() < end { Ok(Start::More(end)) } else { Ok(Start::Dictionary(8 + width..end)) }
}

/// Reads the dictionary of a header. `Err` says what is wrong with it.
pub(crate) fn parse(dictionary: &[u8]) -> Result<Header, String> {
    let text = std::str::from_utf8(dictionary)
        // Version 1 and 2 are Latin-1.
        .map_or_else(|_| dictionary.iter().copied().map(char::from).collect(), str::to_owned);
    let damaged = |what: &str| format!("is damaged: its header {what}");
    let mut parser = Parser { rest: text.trim_end_matches(['\n', ' ', '\0']) };
    let entries = parser.dictionary().ok_or_else(|| damaged("is not a dictionary"))?;
    if !parser.rest.is_empty() {
        return Err(damaged("goes on after the dictionary"));
    }
    let entry = |name: &str| {
        let mut found = entries.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (Some(value), None) => Ok(value),
            _ => Err(damaged(&format!("has no entry {name:?}, or more than one"))),
        }
    };
    let fortran = match entry("fortran_order")? {
        Value::Bool(value) => *value,
        _ => return Err(damaged("has an order that is neither True nor False")),
    };
    let shape = match entry("shape")? {
        Value::List(lengths) => lengths.iter().map(Value::whole).collect::<Option<Vec<u64>>>(),
        _ => None,
    };
    let shape = shape.ok_or_else(|| damaged("has a shape that is not one of whole numbers"))?;
    let fields = match entry("descr")? {
        Value::Text(name) => Fields::One(Type::named(name)?),
        Value::List(list) => {
            let fields: Option<Vec<Result<(String, Type), String>>> =
                list.iter().map(Value::field).collect();
            let fields = fields.ok_or_else(|| damaged("has a type that is not one"))?;
            Fields::Named(fields.into_iter().collect::<Result<_, _>>()?)
        }
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
    /// A tuple or a list.
    List(Vec<Value>),
}

impl Value {
    fn whole(&self) -> Option<u64> {
        match self {
            Self::Whole(number) => Some(*number),
            _ => None,
        }
    }

    /// Reads `(name, type)` or `(name, type, shape)`; a name may also be a pair of a title and a name.
    fn field(&self) -> Option<Result<(String, Type), String>> {
        let Self::List(parts) = self else { return None };
        let (name, descr, shape) = match parts.as_slice() {
            [name, descr] => (name, descr, None),
            [name, descr, Self::List(shape)] => (name, descr, Some(shape)),
            _ => return None,
        };
        let name = match name {
            Self::Text(name) => name,
            Self::List(pair) => match pair.as_slice() {
                [_, Self::Text(name)] => name,
                _ => return None,
            },
            _ => return None,
        };
        Some(descr.field_type().and_then(|whole| {
            let Some(shape) = shape else { return Ok((name.clone(), whole)) };
            let lengths: Option<Vec<u64>> = shape.iter().map(Self::whole).collect();
            let bytes = lengths.and_then(|lengths| {
                lengths.iter().try_fold(whole.bytes, |bytes, &length| bytes.checked_mul(length))
            });
            let bytes = bytes.ok_or("is damaged: its header has a field without a size")?;
            let what = format!("array of {}", whole.name);
            Ok((name.clone(), Type { name: what, bytes, element: None }))
        }))
    }

    /// The type of a field, which may have fields of its own.
    fn field_type(&self) -> Result<Type, String> {
        const DAMAGED: &str = "is damaged: its header has a type that is not one";
        let fields = match self {
            Self::Text(name) => return Type::named(name),
            Self::List(fields) => fields,
            _ => return Err(DAMAGED.to_owned()),
        };
        let mut bytes = 0_u64;
        for field in fields {
            let (_, inner) = field.field().ok_or(DAMAGED)??;
            bytes = bytes.checked_add(inner.bytes).ok_or(DAMAGED)?;
        }
        Ok(Type { name: "record".to_owned(), bytes, element: None })
    }
}

/// Reads what Python would write of simple values.
struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    /// Skips blanks, and the character after them if it is this one.
    fn skip(&mut self, wanted: char) -> bool {
        let rest = self.rest.trim_start_matches([' ', '\n', '\t', '\r']);
        let after = rest.strip_prefix(wanted);
        self.rest = after.unwrap_or(rest);
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
        for (open, close) in [('(', ')'), ('[', ']')] {
            if self.skip(open) {
                return self.list(close, depth);
            }
        }
        for quote in ['\'', '"'] {
            if self.skip(quote) {
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
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        match digits.parse() {
            Ok(number) if negative.is_none() => Some(Value::Whole(number)),
            _ if digits.is_empty() => None,
            _ => Some(Value::Other),
        }
    }

    fn list(&mut self, close: char, depth: usize) -> Option<Value> {
        let mut values = Vec::new();
        while !self.skip(close) {
            values.push(self.value(depth + 1)?);
            if !self.skip(',') {
                return self.skip(close).then_some(Value::List(values));
            }
        }
        Some(Value::List(values))
    }

    fn text(&mut self, quote: char) -> Option<Value> {
        let mut text = String::new();
        let mut chars = self.rest.chars();
        loop {
            match chars.next()? {
                '\\' => match chars.next()? {
                    escaped @ ('\\' | '\'' | '"') => text.push(escaped),
                    _ => return None,
                },
                end if end == quote => {
                    self.rest = chars.as_str();
                    return Some(Value::Text(text));
                }
                char => text.push(char),
            }
        }
    }
}
