//! The files of xmgrace, which GROMACS writes too: `#` for comments, `@` for what a plot looks like, then columns.
//!
//! The x axis and the legends of the sets name the columns; where the only set has no legend, the y axis does.

use std::collections::BTreeMap;

use super::{After, Declared, Header, MOST_FIELDS, Opening, Refusal, name};
use crate::foreign::opening::{fields, numbers, whole_number};

pub(super) fn read(opening: &Opening) -> Result<Option<Declared>, Refusal> {
    let mut header = Header { format: "xmgrace", line: 0 };
    let mut axes: [Option<String>; 2] = [None, None];
    let mut legends: BTreeMap<u64, String> = BTreeMap::new();
    let mut known = false;
    for line in opening.lines() {
        let text = line.trim_ascii_start();
        let Some(command) = text.strip_prefix(b"@") else {
            if text.is_empty() || text.starts_with(b"#") {
                header.line += 1;
                continue;
            }
            return match numbers(text) {
                Some(columns) if known => Ok(Some(declared(&header, columns, axes, legends))),
                _ if known => {
                    header.line += 1;
                    header.unexpected(line)
                }
                _ => Ok(None),
            };
        };
        header.line += 1;
        let words: Vec<&[u8]> = fields(command).take(3).collect();
        match words[..] {
            [b"xaxis", b"label", ..] => axes[0] = quoted(command),
            [b"yaxis", b"label", ..] => axes[1] = quoted(command),
            [set, b"legend", ..] => {
                let number = set.strip_prefix(b"s").and_then(whole_number);
                if let (Some(number), Some(legend)) = (number, quoted(command)) {
                    legends.insert(number, legend);
                }
            }
            _ => {}
        }
        known |= words.first().is_some_and(|word| is_command(word));
        if !known {
            return Ok(None);
        }
    }
    match known {
        true => header.endless("with the first row"),
        false => Ok(None),
    }
}

/// Whether xmgrace has a command of this name, among those that files begin with.
fn is_command(word: &[u8]) -> bool {
    const NAMES: [&[u8]; 18] = [
        b"title",
        b"subtitle",
        b"xaxis",
        b"yaxis",
        b"view",
        b"legend",
        b"with",
        b"world",
        b"version",
        b"page",
        b"default",
        b"map",
        b"background",
        b"timestamp",
        b"target",
        b"type",
        b"reference",
        b"date",
    ];
    let counted = matches!(word, [b's' | b'g', digits @ ..] if whole_number(digits).is_some());
    counted || NAMES.iter().any(|name| word.eq_ignore_ascii_case(name))
}

/// What stands in quotes.
fn quoted(command: &[u8]) -> Option<String> {
    let mut parts = command.splitn(2, |&byte| byte == b'"').skip(1);
    let inner = parts.next()?;
    Some(name(&inner[..memchr::memrchr(b'"', inner)?]))
}

fn declared(
    header: &Header,
    columns: usize,
    [x, y]: [Option<String>; 2],
    mut legends: BTreeMap<u64, String>,
) -> Declared {
    let columns = columns.min(MOST_FIELDS as usize);
    if columns == 2
        && legends.is_empty()
        && let Some(y) = y
    {
        legends.insert(0, y);
    }
    let sets = (0..columns as u64 - 1).map(|set| legends.remove(&set).unwrap_or_default());
    let names = std::iter::once(x.unwrap_or_default()).chain(sets).collect();
    Declared {
        format: header.format,
        lines: header.line,
        names: Some(names),
        positions: None,
        rows: None,
        after: After::Refused(
            "& begins another set; sed '/^&/q' FILE | grep -v '^&' > FILE.txt keeps the first",
        ),
    }
}
