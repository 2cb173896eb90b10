//! Text to rows, byte by byte and as the rule is stated, with nothing shared with the fast path but the conclusions from the head.

use crate::layout::{BLANKS, FieldCount, Layout, Syntax};

/// What a text holds.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Read {
    /// The columns; NaN where a value is missing.
    pub(crate) columns: Vec<Vec<f64>>,
    /// The same in 32 bits, rounded once.
    pub(crate) singles: Vec<Vec<f32>>,
    /// Malformed lines, 0-based in the text.
    pub(crate) bad: Vec<u64>,
    /// The line with a quotation that it does not end; nothing behind it is read.
    pub(crate) open_quote: Option<u64>,
    pub(crate) undefined: u64,
    pub(crate) lines: u64,
}

/// Reads a text from its first row on.
pub(crate) fn read(text: &[u8], layout: &Layout) -> Read {
    let columns = layout.names.len();
    let mut read = Read {
        columns: vec![Vec::new(); columns],
        singles: vec![Vec::new(); columns],
        ..Read::default()
    };
    let text: Vec<u8> = match layout.decimal_comma {
        true => text
            .iter()
            .map(|&byte| match byte {
                b',' => b'.',
                b'.' => b',',
                _ => byte,
            })
            .collect(),
        false => text.to_vec(),
    };
    let text = text.strip_suffix(b"\n").unwrap_or(&text);
    if text.is_empty() {
        return read;
    }
    for whole in text.split(|&byte| byte == b'\n') {
        let mut rest = Some(without_end(whole, layout));
        while let Some(line) = rest {
            let outcome = one_line(line, layout, &mut read);
            let number = read.lines;
            read.lines += 1;
            match outcome {
                Ok(next) => rest = next,
                Err(Bad::Malformed(next)) => {
                    read.bad.push(number);
                    rest = next;
                }
                Err(Bad::OpenQuote) => {
                    read.open_quote = Some(number);
                    return read;
                }
            }
        }
    }
    read
}

/// A malformed line, with the line that a carriage return separates from it.
enum Bad<'a> {
    Malformed(Option<&'a [u8]>),
    OpenQuote,
}

fn without_end<'a>(mut line: &'a [u8], layout: &Layout) -> &'a [u8] {
    while let Some((last, rest)) = line.split_last() {
        match last {
            b' ' | b'\r' => line = rest,
            b'\t' if layout.syntax.delimiter != b'\t' => line = rest,
            _ => break,
        }
    }
    line
}

/// Reads a line, up to a carriage return outside quotes: then what follows is the next one.
fn one_line<'a>(
    line: &'a [u8],
    layout: &Layout,
    read: &mut Read,
) -> Result<Option<&'a [u8]>, Bad<'a>> {
    let first_return = line.iter().position(|&byte| byte == b'\r');
    let after = first_return.map(|at| &line[at + 1..]);
    let plain = &line[..first_return.unwrap_or(line.len())];
    let tabs = plain.iter().filter(|&&byte| byte == b'\t').count();
    let row_of_tabs = layout.syntax.delimiter == b'\t'
        && tabs > 0
        && layout.count == FieldCount::Exactly(tabs + 1);
    let first = match plain.iter().find(|&&byte| byte != b' ' && byte != b'\t') {
        Some(&first) => first,
        None if row_of_tabs => b'\t',
        None => return Ok(after),
    };
    let count = |fields: &[Vec<u8>]| match layout.count {
        FieldCount::Exactly(count) => fields.len() == count,
        FieldCount::AtLeast(count) => fields.len() >= count,
        FieldCount::Numbers(count) => {
            let is_number = |field: &Vec<u8>| value(field, layout).is_some();
            let is_real = |field: &Vec<u8>| number(field).is_some_and(|value| !value.0.is_nan());
            fields.len() >= count
                && !(fields.len() == count && fields[count - 1].is_empty())
                && fields[..count].iter().all(is_number)
                && !fields.get(count).is_some_and(is_real)
        }
    };
    if layout.comment.contains(&first) {
        let exact = matches!(layout.count, FieldCount::Exactly(_));
        let fields = fields(without_end(plain, layout), layout.syntax);
        let blanks = layout.syntax.delimiter == BLANKS;
        let is_row = layout.rows_like_comments
            && exact
            && (!blanks
                || fields
                    .as_ref()
                    .is_some_and(|(fields, _)| layout.missing.is_word(inner(&fields[0]))))
            && layout.header.as_deref() != Some(plain.trim_ascii())
            && fields.is_some_and(|(fields, _)| count(&fields));
        if !is_row {
            return Ok(after);
        }
    }
    let Some((fields, after)) = fields(line, layout.syntax) else { return Err(Bad::OpenQuote) };
    let this = &line[..line.len() - after.map_or(0, |after| after.len() + 1)];
    if !count(&fields) {
        let drawn = this.iter().all(|byte| b"-=+:| \t,;".contains(byte))
            && this.iter().filter(|&&byte| byte == b'-').count() > 2;
        if drawn || matches!(this.trim_ascii(), b"[EOD]" | b"\x1A") {
            return Ok(after);
        }
        return Err(Bad::Malformed(after));
    }
    if layout.undefined.is_some_and(|at| fields[at] == b"u") {
        read.undefined += 1;
        return Ok(after);
    }
    let mut values = Vec::new();
    for wanted in &layout.fields {
        let Some(value) = value(&fields[wanted.position], layout) else {
            return Err(Bad::Malformed(after));
        };
        values.push((wanted.column, value));
    }
    for (column, (double, single)) in values {
        read.columns[column].push(double);
        read.singles[column].push(single);
    }
    Ok(after)
}

/// Fields, and what follows them.
type Split<'a> = (Vec<Vec<u8>>, Option<&'a [u8]>);

/// The fields of a line, without blanks around them, and what follows a carriage return that ends it; `None` where a
/// quotation has no end.
fn fields(line: &[u8], syntax: Syntax) -> Option<Split<'_>> {
    let Syntax { delimiter, quotes } = syntax;
    let is_blank = |byte: u8| byte == b' ' || byte == b'\t';
    let padding = |byte: u8| byte == b' ' || (byte == b'\t' && delimiter != b'\t');
    let ends = |byte: u8| if delimiter == BLANKS { is_blank(byte) } else { byte == delimiter };
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        while line.get(at).is_some_and(|&byte| padding(byte)) {
            at += 1;
        }
        if delimiter == BLANKS && line.get(at).is_none_or(|&byte| byte == b'\r') {
            return Some((fields, line.get(at + 1..)));
        }
        let start = at;
        if quotes && line.get(at) == Some(&b'"') {
            at += 1;
            loop {
                match line.get(at..)? {
                    [] => return None,
                    [b'"', b'"', ..] => at += 2,
                    [b'"', rest @ ..] => {
                        let at_end = match rest {
                            _ if delimiter == BLANKS => false,
                            [] | [b'\r', ..] => true,
                            [byte, ..] => ends(*byte) || is_blank(*byte),
                        };
                        at += 1;
                        if at_end || line[at - 2] != b'\\' {
                            break;
                        }
                    }
                    _ => at += 1,
                }
            }
        }
        while line.get(at).is_some_and(|&byte| !ends(byte) && byte != b'\r') {
            at += 1;
        }
        let field = &line[start..at];
        let end = field.iter().rposition(|&byte| !is_blank(byte)).map_or(0, |last| last + 1);
        fields.push(field[..end].to_vec());
        match line.get(at) {
            None => return Some((fields, None)),
            Some(b'\r') => return Some((fields, Some(&line[at + 1..]))),
            Some(_) => at += 1,
        }
    }
}

/// The value of a field in 64 and in 32 bits; `None` where it is none.
fn value(field: &[u8], layout: &Layout) -> Option<(f64, f32)> {
    let missing = Some((f64::NAN, f32::NAN));
    if field.is_empty() {
        return missing;
    }
    let found = number(field).or_else(|| {
        let word = inner(field);
        let infinite = word.strip_prefix(b"-").or(word.strip_prefix(b"+")).unwrap_or(word);
        let sign = if word.starts_with(b"-") { -1.0 } else { 1.0 };
        let zeros = infinite.strip_prefix(b"1.#INF").or(infinite.strip_prefix(b"1.#inf"));
        match zeros {
            _ if layout.missing.is_word(word) => missing,
            Some(zeros) if zeros.iter().all(|&byte| byte == b'0') => {
                Some((sign * f64::INFINITY, sign as f32 * f32::INFINITY))
            }
            _ => None,
        }
    })?;
    let (doubles, singles) = (layout.missing.numbers::<f64>(), layout.missing.numbers::<f32>());
    let double = if doubles.contains(&found.0) { f64::NAN } else { found.0 };
    let single = if singles.contains(&found.1) { f32::NAN } else { found.1 };
    Some((double, single))
}

fn inner(field: &[u8]) -> &[u8] {
    match field {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        _ => field,
    }
}

/// A number as the standard library reads it, in quotes or not, with Fortran's letters for its exponent.
fn number(field: &[u8]) -> Option<(f64, f32)> {
    let quoted = field.len() > 1 && field.starts_with(b"\"") && field.ends_with(b"\"");
    let text = std::str::from_utf8(inner(field)).ok()?;
    if quoted && text.is_empty() {
        return Some((f64::NAN, f32::NAN));
    }
    if quoted && inner(text.as_bytes()) != text.as_bytes() {
        return number(text.as_bytes());
    }
    let plain = match text.find(['d', 'D']) {
        Some(at) if text[..at].bytes().any(|byte| byte.is_ascii_digit()) && text.len() <= 64 => {
            format!("{}e{}", &text[..at], &text[at + 1..])
        }
        _ => text.to_owned(),
    };
    Some((plain.parse().ok()?, plain.parse().ok()?))
}
