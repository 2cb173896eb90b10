//! The first lines of a text, and their fields, for those who ask what format it has.

use crate::number::parse_field;

/// The beginning of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening<'a> {
    /// All that is known of it.
    pub(super) text: &'a [u8],
    /// Whether that is the whole text.
    pub(super) whole: bool,
}

impl<'a> Opening<'a> {
    /// `whole` says that the text ends with these bytes.
    pub(super) fn new(text: &'a [u8], whole: bool) -> Self {
        Self { text, whole }
    }

    /// Lines without blanks at their ends. A last one that may be cut short is left out.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        let end = match memchr::memrchr(b'\n', self.text) {
            Some(newline) if !self.whole || newline + 1 == self.text.len() => newline,
            None if !self.whole => 0,
            _ => self.text.len(),
        };
        let none = end == 0 && !self.text.starts_with(b"\n");
        let lines = self.text[..end].split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
        lines.take(if none { 0 } else { usize::MAX })
    }

    /// Line `index`, counted from 0; empty where there is none.
    pub(super) fn line(&self, index: usize) -> &'a [u8] {
        self.lines().nth(index).unwrap_or_default()
    }

    /// Lines that are neither blank nor comments after `#`, without blanks around them.
    pub(super) fn content(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        let lines = self.lines().map(<[u8]>::trim_ascii_start);
        lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"))
    }

    /// Whether these words stand somewhere in what is known of the text.
    pub(super) fn has(&self, words: &str) -> bool {
        memchr::memmem::find(self.text, words.as_bytes()).is_some()
    }
}

/// The fields of a line, which blanks separate.
pub(super) fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty())
}

/// The first field of a line; empty where there is none.
pub(super) fn word(line: &[u8]) -> &[u8] {
    fields(line).next().unwrap_or_default()
}

pub(super) fn is_number(field: &[u8]) -> bool {
    parse_field::<f64>(field).is_some()
}

/// How many numbers a line has, if it has nothing else; 0 for a blank line.
pub(super) fn numbers(line: &[u8]) -> Option<usize> {
    fields(line).try_fold(0, |count, field| is_number(field).then_some(count + 1))
}

/// A field of digits alone.
pub(super) fn whole_number(field: &[u8]) -> Option<u64> {
    let digits = field.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(field).ok().filter(|_| digits)?.parse().ok()
}

/// The whole numbers of a line, if it has so many and nothing else.
pub(super) fn whole_numbers<const N: usize>(line: &[u8]) -> Option<[u64; N]> {
    let mut fields = fields(line);
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = whole_number(fields.next()?)?;
    }
    fields.next().is_none().then_some(numbers)
}

/// Whether a line begins with these words, in whatever case.
pub(super) fn begins(line: &[u8], words: &str) -> bool {
    line.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, whole: bool) -> Vec<&[u8]> {
        Opening::new(text.as_bytes(), whole).lines().collect()
    }

    #[test]
    fn a_line_that_may_be_cut_is_left_out() {
        assert_eq!(lines("a\nb", false), [b"a"]);
        assert_eq!(lines("a\nb", true), [b"a", b"b"]);
        assert_eq!(lines("a \r\n\nb\n", true), [b"a".as_slice(), b"", b"b"]);
        assert_eq!(lines("a\n", false), [b"a"]);
        assert_eq!(lines("a", true), [b"a"]);
        assert_eq!(lines("\n", true), [b""]);
        assert!(lines("a", false).is_empty() && lines("", true).is_empty());
    }

    #[test]
    fn whole_numbers_are_digits_and_no_more_than_fit() {
        assert_eq!(whole_numbers(b" 3 4"), Some([3, 4]));
        for line in
            [b"3".as_slice(), b"3 4 5", b"3 -4", b"3 +4", b"3 4.", b"3 99999999999999999999"]
        {
            assert_eq!(whole_numbers::<2>(line), None);
        }
    }
}
