//! Text from outside on its way to a terminal: names of files and columns, records, fields. What would move the cursor, change
//! colours or turn the order of letters is shown as what it is.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a terminal does something else with the character than to show it.
pub(crate) fn is_active(character: char) -> bool {
    let is_separator_or_order = matches!(
        character,
        // Arabic letter mark, marks and overrides of direction, separators of lines and paragraphs, isolates.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    character.is_control() || is_separator_or_order
}

fn escaped(text: &str, escape: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(is_active) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match is_active(character) {
            true => escape(&mut shown, character),
            false => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

/// A line, with such characters as Rust writes them: `\n`, `\u{1b}`.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |shown, character| shown.extend(character.escape_default()))
}

/// JSON, with such characters as JSON writes them, `\u001b`: they stand in its strings alone, where that means the same.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    escaped(text, |shown, character| {
        // All of them lie in the first plane. Writing to a string does not fail.
        let _ = write!(shown, "\\u{:04x}", u32::from(character));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_character_that_a_terminal_acts_on() {
        let text = "a\u{1b}[2Jb\u{9b}1m\u{7f}\r\n\t\u{202e}c\u{2028}\u{2066}\u{200f}\u{61c}";
        let expected =
            "a\\u{1b}[2Jb\\u{9b}1m\\u{7f}\\r\\n\\t\\u{202e}c\\u{2028}\\u{2066}\\u{200f}\\u{61c}";
        assert_eq!(line(text), expected);
        let plain = "größe 🜚 \\ \" ' /a b.txt: 5 µm – ü\u{301}";
        assert!(matches!(line(plain), Cow::Borrowed(same) if same == plain));
    }

    #[test]
    fn json_means_the_same_as_before() {
        let text = "a\u{1b}\u{7f}\u{85}\u{9f}\u{2029}\u{2069}\u{202d}\n";
        let value = serde_json::json!({ text: [text] });
        let shown = json(&value.to_string()).into_owned();
        assert!(!shown.contains(is_active), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
