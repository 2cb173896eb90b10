//! Any text, with any options: every instructions, in pieces of any length, gives what the general path gives for the whole.
//!
//! The first byte and the top of the second choose the options, the rest of the second how often the text is repeated (a
//! instructions takes rows in long runs), the third the length of the pieces; the rest is the text.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use pointillist_base::{Instructions, Values};
use pointillist_ingest::{Delimiter, Options, Precision, Reading, Table, parse_text};

const COLUMNS: [&str; 4] = ["", "x=1,y=3", "x=2,y=1,z=2", "x=a,y=b"];
const DELIMITERS: [Delimiter; 6] = [
    Delimiter::Auto,
    Delimiter::Blanks,
    Delimiter::Byte(b'\t'),
    Delimiter::Byte(b','),
    Delimiter::Byte(b';'),
    Delimiter::Byte(b'|'),
];

fn options(choice: u8, letter: bool) -> Options {
    let columns = COLUMNS[usize::from(choice & 3)];
    Options {
        columns: columns.parse().unwrap_or_default(),
        delimiter: DELIMITERS[usize::from(choice >> 4) % DELIMITERS.len()],
        dtype: if choice & 4 == 0 { Precision::F32 } else { Precision::F64 },
        skip_bad: choice & 8 == 0,
        // A letter that numbers may begin with, too.
        comment: letter.then(|| "n".to_owned()),
        missing: if letter { vec!["1".to_owned(), "x".to_owned()] } else { Vec::new() },
        decimal_comma: choice & 0x80 != 0,
        ..Options::default()
    }
}

/// All that a table says, with numbers as their bits.
fn content(table: &Table) -> (Vec<Vec<u64>>, String) {
    let columns = table.columns.iter().map(|column| match column {
        Values::F32(values) => values.iter().map(|value| u64::from(value.to_bits())).collect(),
        Values::F64(values) => values.iter().map(|value| value.to_bits()).collect(),
    });
    let Table { names, lines, skipped, bad_lines, .. } = table;
    (columns.collect(), format!("{names:?} {lines} {skipped} {bad_lines:?}"))
}

fuzz_target!(|data: &[u8]| {
    let [choice, repeats, piece, text @ ..] = data else { return };
    let options = options(*choice, repeats & 128 != 0);
    let text = text.repeat(1 + usize::from(repeats % 32));
    let read = |instructions, piece| {
        let table = parse_text(Path::new("-"), &text, &options, &Reading { instructions, piece });
        table.map(|table| content(&table)).map_err(|error| error.to_string())
    };
    let kernels = Instructions::available();
    let expected = read(kernels[0], usize::MAX);
    for instructions in kernels {
        for piece in [1, usize::from(*piece) * 8, usize::MAX] {
            assert_eq!(read(instructions, piece), expected, "{instructions}, in pieces of {piece}");
        }
    }
});
