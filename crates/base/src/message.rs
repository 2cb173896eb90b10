//! How all messages of the program show sizes and what the operating system said.

use std::io;
use std::path::{Path, PathBuf};

/// The operating system's message as a lower-case phrase, without the error number that std appends.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => text.to_owned(),
    }
}

/// Bytes in powers of 1000, as disks are sold and `ls --si` shows them.
pub fn bytes(number: u64) -> String {
    let mut value = number as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 999.5 {
            return match unit {
                "B" => format!("{number} B"),
                _ if value < 9.995 => format!("{value:.2} {unit}"),
                _ if value < 99.95 => format!("{value:.1} {unit}"),
                _ => format!("{value:.0} {unit}"),
            };
        }
        value /= 1000.0;
    }
    format!("{value:.2} TB")
}

/// The path as text that JSON can hold, escaped where it is not UTF-8: two such paths could be written alike.
pub fn printable(path: &Path) -> PathBuf {
    match path.to_str() {
        Some(_) => path.to_owned(),
        None => path.as_os_str().as_encoded_bytes().escape_ascii().to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_error_is_left_out() {
        assert_eq!(plain(&io::Error::from_raw_os_error(28)), "no space left on device");
        assert_eq!(plain(&io::Error::other("")), "");
    }

    #[test]
    fn sizes_have_three_digits() {
        for (number, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (12_345, "12.3 kB"),
            (999_600, "1.00 MB"),
            (6_672_000_000, "6.67 GB"),
            (u64::MAX, "18446744.07 TB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }
}
