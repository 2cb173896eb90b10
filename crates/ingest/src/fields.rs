//! A line to its fields: between delimiters or blanks, with quotes.

use crate::layout::{BLANKS, Syntax};
use crate::missing::{self, Missing};
use crate::number::{Number, parse_field};

/// A cursor over the fields of a line without blanks at its end.
pub(crate) struct Fields<'a> {
    /// What is left: begins with a field, or with blanks before one.
    rest: &'a [u8],
    /// Whether another field follows; an empty `rest` may be one last empty field.
    more: bool,
    syntax: Syntax,
    /// What follows a carriage return that has ended the line.
    after_return: Option<&'a [u8]>,
    open_quote: bool,
}

impl<'a> Fields<'a> {
    /// The fields of a line without its newline. `line` is trimmed at its end: see [`trim_line`].
    pub(crate) fn new(line: &'a [u8], syntax: Syntax) -> Self {
        let mut fields =
            Self { rest: line, more: true, syntax, after_return: None, open_quote: false };
        fields.rest = fields.trim(line);
        fields
    }

    /// Whether there was a quotation that the line does not end.
    pub(crate) fn has_open_quote(&self) -> bool {
        self.open_quote
    }

    /// What follows a carriage return outside quotes, once all fields have been passed over: another line.
    pub(crate) fn after_return(&self) -> Option<&'a [u8]> {
        self.after_return
    }

    /// Reads the next field as a number, and says as which bytes it is written. `Err(None)` where there is no field,
    /// `Err(Some(field))` where the field is not a number.
    #[inline]
    pub(crate) fn number<T: Number>(
        &mut self,
        missing: &Missing,
    ) -> Result<(T, &'a [u8]), Option<&'a [u8]>> {
        let rest = self.rest;
        if let Some((value, used)) = T::parse_partial(rest)
            && self.step_past(used)
        {
            return Ok((value, &rest[..used]));
        }
        match self.next() {
            Some(field) => value(field, missing).map(|value| (value, field)).ok_or(Some(field)),
            None => Err(None),
        }
    }

    /// Moves past a field that is `used` bytes long, if it does end there.
    #[inline]
    fn step_past(&mut self, used: usize) -> bool {
        let after = &self.rest[used..];
        let Some(&next) = after.first() else {
            self.rest = after;
            self.more = false;
            return true;
        };
        if self.syntax.delimiter == BLANKS {
            if is_blank(next) {
                self.rest = trim_start(after);
                return true;
            }
        } else if next == self.syntax.delimiter {
            self.rest = self.trim(&after[1..]);
            return true;
        }
        false
    }

    /// Where the field that `rest` begins with ends: at a delimiter or a carriage return outside quotes, or with the line.
    fn field_end(&mut self) -> usize {
        let rest = self.rest;
        let is_quoted = self.syntax.quotes && rest.first() == Some(&b'"');
        let quoted = if is_quoted { quoted_length(rest, self.syntax.delimiter) } else { Some(0) };
        let Some(quoted) = quoted else {
            self.open_quote = true;
            return rest.len();
        };
        let behind = &rest[quoted..];
        if behind.is_empty() || (quoted > 0 && behind[0] == self.syntax.delimiter) {
            return quoted;
        }
        let end = if self.syntax.delimiter == BLANKS {
            memchr::memchr3(b' ', b'\t', b'\r', behind)
        } else {
            memchr::memchr2(self.syntax.delimiter, b'\r', behind)
        };
        end.map_or(rest.len(), |at| quoted + at)
    }

    /// Drops the blanks before a field. Tabs are delimiters where they are.
    fn trim(&self, rest: &'a [u8]) -> &'a [u8] {
        if self.syntax.delimiter != b'\t' {
            return trim_start(rest);
        }
        let blanks = rest.iter().take_while(|&&byte| byte == b' ').count();
        &rest[blanks..]
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    /// Passes over the next field and returns it without blanks around it.
    fn next(&mut self) -> Option<&'a [u8]> {
        if !self.more {
            return None;
        }
        if self.syntax.delimiter == BLANKS {
            match self.rest {
                [] => return None,
                [b'\r', after @ ..] => {
                    (self.more, self.after_return) = (false, Some(after));
                    return None;
                }
                _ => {}
            }
        }
        let end = self.field_end();
        let field = trim_end(&self.rest[..end]);
        match self.rest[end..] {
            [] => (self.rest, self.more) = (&[], false),
            [b'\r', ..] => {
                (self.more, self.after_return) = (false, Some(&self.rest[end + 1..]));
            }
            _ if self.syntax.delimiter == BLANKS => self.rest = trim_start(&self.rest[end + 1..]),
            _ => self.rest = self.trim(&self.rest[end + 1..]),
        }
        Some(self.trim(field))
    }
}

/// The number that a field, without blanks around it, stands for: NaN where it is empty, or a word for that.
#[cold]
pub(crate) fn value<T: Number>(field: &[u8], missing: &Missing) -> Option<T> {
    if field.is_empty() {
        return Some(T::NAN);
    }
    parse_field(field).or_else(|| {
        let word = unquote(field);
        if missing.is_word(word) { Some(T::NAN) } else { missing::infinity(word) }
    })
}

/// A field without quotes around it, nor blanks within these.
pub(crate) fn unquote(field: &[u8]) -> &[u8] {
    match field {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        _ => field,
    }
}

/// Length of the quoted text that `rest` begins with, in which two quotes stand for one, and so does one behind a
/// backslash, unless a field between delimiters ends with it: `"C:\"`. Between blanks, where R and Starlink escape quotes so, it
/// never does. `None` if it has no end.
fn quoted_length(rest: &[u8], delimiter: u8) -> Option<usize> {
    let ends_field = |at: usize| match rest.get(at) {
        _ if delimiter == BLANKS => false,
        None | Some(b'\r') => true,
        Some(&byte) => byte == delimiter || is_blank(byte),
    };
    let mut quotes = memchr::memchr_iter(b'"', rest).skip(1).peekable();
    while let Some(quote) = quotes.next() {
        let is_escaped = rest[quote - 1] == b'\\' && !ends_field(quote + 1);
        if quotes.next_if_eq(&(quote + 1)).is_none() && !is_escaped {
            return Some(quote + 1);
        }
    }
    None
}

/// All fields of a line, with or without its newline, without blanks around them.
pub(crate) fn split(line: &[u8], syntax: Syntax) -> Vec<&[u8]> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    Fields::new(trim_line(line, syntax.delimiter), syntax).collect()
}

pub(crate) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

pub(crate) fn trim_end(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t' | b'\r'] = line {
        line = rest;
    }
    line
}

/// Drops what is meaningless at the end of a line. A tab is a delimiter where tabs are: the last field is empty then.
pub(crate) fn trim_line(mut line: &[u8], delimiter: u8) -> &[u8] {
    if delimiter != b'\t' {
        return trim_end(line);
    }
    while let [rest @ .., b' ' | b'\r'] = line {
        line = rest;
    }
    line
}

pub(crate) fn trim_start(mut line: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = line {
        line = rest;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str, delimiter: u8) -> Vec<&str> {
        split(line.as_bytes(), Syntax::new(delimiter))
            .into_iter()
            .map(|field| std::str::from_utf8(field).unwrap())
            .collect()
    }

    #[test]
    fn delimiters_and_blanks_separate_and_quotes_hold_together() {
        assert_eq!(texts("\"a, b\",c,\r\n", b','), ["\"a, b\"", "c", ""]);
        assert_eq!(texts(" a \"b c\"\t d \n", BLANKS), ["a", "\"b c\"", "d"]);
        assert_eq!(texts("\ta b\t\t\n", b'\t'), ["", "a b", "", ""]);
        assert_eq!(texts("|1| 2 |", b'|'), ["", "1", "2", ""]);
        assert_eq!(texts("5\" 6", BLANKS), ["5\"", "6"]);
        // As R and Starlink escape quotes, and as a path may end.
        assert_eq!(texts("1 \"f\\\"g h\" 2", BLANKS), ["1", "\"f\\\"g h\"", "2"]);
        assert_eq!(texts("\"in \\\"all\\\" of it\" 2", BLANKS), ["\"in \\\"all\\\" of it\"", "2"]);
        assert_eq!(texts("\"C:\\\",1", b','), ["\"C:\\\"", "1"]);
        assert_eq!(texts("", BLANKS), [""; 0]);
        assert_eq!(texts("", b','), [""]);
    }

    #[test]
    fn a_carriage_return_ends_a_line_but_not_within_quotes() {
        for (delimiter, text) in [(BLANKS, "1 \"a\rb\" 2\r3 4"), (b',', "1,\"a\rb\",2\r3,4")] {
            let mut fields = Fields::new(text.as_bytes(), Syntax::new(delimiter));
            assert_eq!(fields.by_ref().count(), 3, "{text:?}");
            assert_eq!(fields.after_return().unwrap().len(), 3, "{text:?}");
        }
    }

    #[test]
    fn a_quotation_without_an_end_is_noticed() {
        let mut fields = Fields::new(b"1,\"a", Syntax::new(b','));
        assert_eq!(fields.by_ref().count(), 2);
        assert!(fields.has_open_quote());
        // Unless quotes are nothing special.
        let mut fields = Fields::new(b"1,\"a", Syntax { delimiter: b',', quotes: false });
        assert_eq!(fields.by_ref().count(), 2);
        assert!(!fields.has_open_quote());
    }

    #[test]
    fn words_for_missing_values_and_infinities_are_numbers() {
        let missing = Missing::new(&["huh".to_owned()]);
        for word in ["", "\"\"", "NA", "\"NA\"", "\" n/a \"", "-nan(ind)", "huh", "1.#IND"] {
            assert!(value::<f64>(word.as_bytes(), &missing).unwrap().is_nan(), "{word}");
        }
        assert_eq!(value::<f32>(b"-1.#INF", &missing), Some(f32::NEG_INFINITY));
        assert_eq!(value::<f32>(b"x", &missing), None);
    }
}
