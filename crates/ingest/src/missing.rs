//! What stands where a value is missing.

use crate::number::Number;

/// Words that stand for a missing value in any column, in lower case: those of R, pandas, spreadsheets, databases, C
/// libraries and instruments; `.` is SAS's and Stata's, `?` Weka's, `*` Minitab's, `nothing` Julia's. `\N` and spellings of NaN that are more than three letters are known beside them.
const WORDS: [&str; 23] = [
    "na",
    "n/a",
    "<na>",
    "#n/a",
    "#na",
    "#value!",
    "#div/0!",
    "#num!",
    "#ref!",
    "#null!",
    "nan",
    "null",
    "none",
    "no",
    "bad",
    "-",
    "--",
    ".",
    "?",
    "*",
    "missing",
    "nothing",
    "indeterminate",
];

/// Longer than any of them.
const LONGEST: usize = 32;

/// Words and numbers that are no values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Beside those that are always known; as they are written.
    words: Vec<Vec<u8>>,
    /// Numbers, as text.
    numbers: Vec<String>,
}

impl Missing {
    /// What a caller adds to the known words.
    pub(crate) fn new(added: &[String]) -> Self {
        let is_number = |word: &str| {
            let value = f64::parse_complete(word.as_bytes());
            value.is_some_and(|value| !value.is_nan())
        };
        let (numbers, words): (Vec<String>, Vec<String>) =
            added.iter().map(|word| word.trim().to_owned()).partition(|word| is_number(word));
        let words = words.into_iter().map(String::into_bytes).filter(|word| !is_known(word));
        Self { words: sorted(words.collect()), numbers: sorted(numbers) }
    }

    /// Whether a field, without blanks and quotes around it, stands for a missing value.
    pub(crate) fn is_word(&self, field: &[u8]) -> bool {
        is_known(field) || self.words.iter().any(|word| word == field)
    }

    /// The numbers that stand for a missing value, each rounded to the type that it is compared with.
    pub(crate) fn numbers<T: Number>(&self) -> Vec<T> {
        self.numbers.iter().filter_map(|text| T::parse_complete(text.as_bytes())).collect()
    }
}

/// Each once, so that what was asked for in another order is the same.
fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort();
    all.dedup();
    all
}

fn is_known(field: &[u8]) -> bool {
    if field.is_empty() || field.len() > LONGEST {
        return false;
    }
    let mut copy = [0; LONGEST];
    let copy = &mut copy[..field.len()];
    copy.copy_from_slice(field);
    copy.make_ascii_lowercase();
    WORDS.iter().any(|word| word.as_bytes() == copy) || field == b"\\N" || is_nan(copy)
}

/// The spellings of NaN, in lower case, that C libraries have: `-nan`, `nan(ind)`, `nanq`, `1.#qnan0`.
fn is_nan(field: &[u8]) -> bool {
    let field = field.strip_prefix(b"-").or(field.strip_prefix(b"+")).unwrap_or(field);
    match field {
        b"nan" | b"nanq" | b"nans" => true,
        [b'n', b'a', b'n', b'(', inner @ .., b')'] => {
            inner.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        }
        [b'1', b'.', b'#', rest @ ..] => {
            let name = rest.trim_ascii_end();
            let zeros = name.iter().rev().take_while(|&&byte| byte == b'0').count();
            matches!(&name[..name.len() - zeros], b"qnan" | b"snan" | b"ind" | b"nan")
        }
        _ => false,
    }
}

/// The infinity that Microsoft's C library writes as `1.#INF`, with or without zeros behind it.
pub(crate) fn infinity<T: Number>(field: &[u8]) -> Option<T> {
    let (value, unsigned) = match field {
        [b'-', rest @ ..] => (T::NEG_INFINITY, rest),
        [b'+', rest @ ..] => (T::INFINITY, rest),
        _ => (T::INFINITY, field),
    };
    let zeros = unsigned.strip_prefix(b"1.#INF").or(unsigned.strip_prefix(b"1.#inf"))?;
    zeros.iter().all(|&byte| byte == b'0').then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_usual_writers_are_missing_values() {
        let missing = Missing::default();
        for word in [
            "NA",
            "N/A",
            "n/a",
            "NaN",
            "-nan",
            "nan(ind)",
            "-nan(ind)",
            "-NaN",
            "1.#QNAN",
            "-1.#IND00",
            "1.#QNAN0",
            ".",
            "nothing",
            "NULL",
            "null",
            "None",
            "\\N",
            "<NA>",
            "NO",
            "BAD",
            "-",
            "--",
            "#N/A",
            "nan(0x8000000000000)",
        ] {
            assert!(missing.is_word(word.as_bytes()), "{word}");
        }
        for word in [
            "",
            "none at all",
            "N",
            "\\n",
            "n.a",
            "1",
            "---",
            "nan(",
            "inf",
            "1.#INF",
            "*****",
            "nan)",
        ] {
            assert!(!missing.is_word(word.as_bytes()), "{word}");
        }
        assert!(!missing.is_word(&[b'n'; 100]));
    }

    #[test]
    fn words_and_numbers_can_be_added() {
        let missing = Missing::new(&["-9999", " **** ", "1e20"].map(str::to_owned));
        assert!(missing.is_word(b"****") && !missing.is_word(b"-9999") && missing.is_word(b"na"));
        assert_eq!(missing.numbers::<f32>(), [-9999.0, 1e20]);
        assert_eq!(missing.numbers::<f64>(), [-9999.0, 1e20]);
    }

    #[test]
    fn infinity_has_a_spelling_of_its_own() {
        assert_eq!(infinity::<f32>(b"1.#INF"), Some(f32::INFINITY));
        assert_eq!(infinity::<f64>(b"-1.#INF00"), Some(f64::NEG_INFINITY));
        assert_eq!(infinity::<f64>(b"1.#INFINITY"), None);
    }
}
