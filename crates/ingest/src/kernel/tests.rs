//! The kernels against the general path, which the naive twin has checked.

use proptest::prelude::*;

use super::*;
use crate::fields::split;
use crate::layout::{BLANKS, FieldCount, Layout, Syntax};
use crate::line::Rows;
use crate::number::Number;

/// The kernels of this machine, without the general path.
fn kernels() -> impl Iterator<Item = Instructions> {
    Instructions::available()
        .into_iter()
        .filter(|instructions| *instructions != Instructions::GENERAL)
}

pub(super) fn layout(delimiter: u8, positions: &[usize], fields: usize) -> Layout {
    let names = (0..positions.len()).map(|column| format!("c{column}")).collect();
    let layout = Layout::new(delimiter, FieldCount::Exactly(fields), positions, names);
    Layout { skip_bad: true, ..layout }
}

fn parse<T: Number>(text: &str, layout: &Layout, instructions: Instructions) -> Rows<T> {
    let mut rows = Rows::new(layout.fields.len(), instructions);
    // Twice, as a worker does with one chunk after the other: the second time in used memory.
    rows.parse(text.as_bytes(), layout);
    rows.clear();
    rows.parse(text.as_bytes(), layout);
    rows
}

fn same<T: Number>(text: &str, layout: &Layout) -> Result<(), TestCaseError> {
    let slow = parse::<T>(text, layout, Instructions::GENERAL);
    for instructions in kernels() {
        let fast = parse::<T>(text, layout, instructions);
        for (fast, slow) in fast.columns.iter().zip(&slow.columns) {
            prop_assert_eq!(fast.len(), slow.len());
            for (row, (fast, slow)) in fast.iter().zip(slow).enumerate() {
                let bits = |value: &T| bytemuck::bytes_of(value).to_vec();
                prop_assert!(
                    bits(fast) == bits(slow),
                    "{}, row {}: {} and {}",
                    instructions.name(),
                    row,
                    fast.to_f64(),
                    slow.to_f64()
                );
            }
        }
        prop_assert_eq!((fast.lines, fast.bad), (slow.lines, slow.bad));
        prop_assert_eq!(&fast.reports, &slow.reports);
        prop_assert_eq!((&fast.fatal, &fast.lost), (&slow.fatal, &slow.lost));
    }
    Ok(())
}

/// A number with so many digits before and behind the point at most.
fn number(whole: usize, decimals: usize) -> BoxedStrategy<String> {
    let fraction = if decimals == 0 { String::new() } else { format!(r"\.[0-9]{{{decimals}}}") };
    prop::string::string_regex(&format!("-?[0-9]{{1,{whole}}}{fraction}")).unwrap().boxed()
}

/// A number with an exponent, as C writes it.
fn exponent_number(decimals: usize) -> BoxedStrategy<String> {
    prop::string::string_regex(&format!(r"-?[0-9]\.[0-9]{{{decimals}}}e[+-][0-9]{{2}}"))
        .unwrap()
        .boxed()
}

/// A number whose length varies.
fn varying_number() -> BoxedStrategy<String> {
    prop_oneof![
        any::<f64>().prop_map(|value| format!("{value:e}")),
        any::<f32>().prop_map(|value| value.to_string()),
        (-1e3..1e3).prop_map(|value: f64| value.to_string()),
        (-1e3..1e3).prop_map(|value: f64| format!("{value:.18e}")),
        r"[+-]?[0-9]{1,20}(\.[0-9]{0,20})?",
        r"[+-]?[0-9]{0,3}\.[0-9]{1,17}([edED][+-]?[0-9]{1,3})?",
    ]
    .boxed()
}

/// One way in which numbers vary, for a whole column.
fn varying_column(kind: usize) -> BoxedStrategy<String> {
    match kind {
        0 => (-1e3..1e3).prop_map(|value: f64| value.to_string()).boxed(),
        1 => (-1e3..1e3).prop_map(|value: f64| format!("{value:.18e}")).boxed(),
        2 => r"-?[0-9]\.[0-9]{6}E[+-][0-9]{2}".boxed(),
        3 => any::<f32>().prop_map(|value| format!("{value:e}")).boxed(),
        4 => r"[0-9]{1,19}".boxed(),
        5 => prop_oneof![r"-?[0-9]{1,3}\.[0-9]{1,6}", Just("nan".to_owned())].boxed(),
        6 => r" {0,20}-?[0-9]{1,3}\.[0-9]{3}".boxed(),
        _ => varying_number(),
    }
}

/// A field that is not like the others.
fn odd_field() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("1e3".to_owned()),
        Just("+1.5".to_owned()),
        Just("nan".to_owned()),
        Just("-inf".to_owned()),
        Just("7".to_owned()),
        Just("-".to_owned()),
        Just(".5".to_owned()),
        Just("-.25".to_owned()),
        Just("5.".to_owned()),
        Just("1.5-2".to_owned()),
        Just("--1.25".to_owned()),
        Just("1..5".to_owned()),
        Just("1-.5".to_owned()),
        Just(" 1.25".to_owned()),
        Just("1.25 ".to_owned()),
        Just("- 1.25".to_owned()),
        Just("\t2.5".to_owned()),
        Just("text".to_owned()),
        Just("#1.5".to_owned()),
        Just("\"1.25\"".to_owned()),
        Just("\"1.25,2.5\"".to_owned()),
        Just("\"1.25".to_owned()),
        Just("a\rb".to_owned()),
        Just("1.5\r2.5".to_owned()),
        Just("\r".to_owned()),
        Just("NA".to_owned()),
        Just("u".to_owned()),
        Just(String::new()),
        Just("1.\0".to_owned()),
        Just("16777217.0".to_owned()),
        Just("123456789012345678.25".to_owned()),
        Just("1234567890123.5".to_owned()),
        Just("0.000000059604644775390625".to_owned()),
        Just("NaN".to_owned()),
        Just("NAN ".to_owned()),
        Just("ban".to_owned()),
        Just("1e".to_owned()),
        Just("1e+".to_owned()),
        Just("e5".to_owned()),
        Just("1e5e5".to_owned()),
        Just("1e5e+00".to_owned()),
        Just("1e+00e5".to_owned()),
        Just("1e+00e+00".to_owned()),
        Just("e+00".to_owned()),
        Just("1e12345".to_owned()),
        Just("1.5D+03".to_owned()),
        Just("1+e5".to_owned()),
        Just("1.e5".to_owned()),
        Just(".".to_owned()),
        Just("-.".to_owned()),
        Just("+-1".to_owned()),
        Just("00000000000000000000001.5".to_owned()),
        Just("                                1.5".to_owned()),
        Just("0.00000000000000000000000000001".to_owned()),
        varying_number(),
        "[ -~]{1,20}",
    ]
}

fn odd_line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("# comment 1 2 3".to_owned()),
        Just("  # comment".to_owned()),
        Just(" \t ".to_owned()),
        Just("1.25".to_owned()),
        Just("1.25 2.25 3.25 4.25 5.25 6.25 7.25 8.25".to_owned()),
        Just("1,2,3,4,5,6,7,8".to_owned()),
        "[ -~]{0,40}",
    ]
}

fn line_end() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["\n", "\r\n", " \n", "\r\r\n"])
}

prop_compose! {
    /// A table of one shape, in which some fields and lines are odd.
    fn table()(
        shape in prop::collection::vec((1_usize..8, 0_usize..9, 0_usize..16), 1..6),
        delimiter in prop::sample::select(vec![b' ', b'\t', b',', b';', b'|', b':']),
        crlf in any::<bool>(),
        gap in prop::sample::select(vec!["", "", " ", "  "]),
        tail in prop::sample::select(vec!["", "", "", " ", " \t"]),
    )(
        rows in prop::collection::vec(
            shape
                .iter()
                .map(|&(whole, decimals, kind)| match kind {
                    0..8 => varying_column(kind),
                    _ => number(whole, decimals),
                })
                .collect::<Vec<_>>(),
            60..200,
        ),
        fields in prop::collection::vec((any::<prop::sample::Index>(), 0..shape.len(), odd_field()), 0..4),
        lines in prop::collection::vec((any::<prop::sample::Index>(), odd_line()), 0..4),
        wanted in prop::sample::subsequence((0..shape.len()).collect::<Vec<_>>(), 1..=shape.len()),
        delimiter in Just(delimiter),
        newline in Just(format!("{tail}{}", if crlf { "\r\n" } else { "\n" })),
        other_ends in prop::collection::vec((any::<prop::sample::Index>(), line_end()), 0..3),
        gap in Just(gap),
        at_end in any::<bool>(),
    ) -> (String, u8, Vec<usize>, usize) {
        let mut rows = rows;
        for (row, field, odd) in fields {
            let row = row.index(rows.len());
            rows[row][field] = odd;
        }
        let fields = rows[0].len();
        let gap = if delimiter == BLANKS { gap } else { "" };
        let separator = format!("{}{gap}", char::from(delimiter));
        let mut text: Vec<String> =
            rows.into_iter().map(|row| format!("{gap}{}", row.join(&separator))).collect();
        for (at, line) in lines {
            let at = at.index(text.len());
            text.insert(at, line);
        }
        let mut ends = vec![newline.as_str(); text.len()];
        for (row, end) in other_ends {
            ends[row.index(text.len())..].fill(end);
        }
        if !at_end {
            *ends.last_mut().unwrap() = "";
        }
        let text = text.iter().zip(ends).map(|(line, end)| format!("{line}{end}")).collect();
        (text, delimiter, wanted, fields)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_kernels_give_what_the_general_path_gives((text, delimiter, wanted, fields) in table()) {
        let mut layout = layout(delimiter, &wanted, fields);
        same::<f32>(&text, &layout)?;
        // A letter that numbers may begin with, too.
        layout.comment = b"n".to_vec();
        same::<f64>(&text, &layout)?;
    }
}

/// Bytes that stand where they must not, one for each way to be wrong.
const STRAY: &[u8] = b" \t\n\r-+.,;:/<=>?0123456789eEdDnx#\"\0\x7F";

prop_compose! {
    /// A table of nothing but fixed fields, of which some bytes are then changed, left out or doubled.
    fn damaged_table()(
        shape in prop::collection::vec((1_usize..9, 0_usize..9), 1..10),
        exponents in any::<bool>(),
        delimiter in prop::sample::select(vec![b' ', b'\t', b',', b';', b'|', b':']),
        padded in any::<bool>(),
        newline in prop::sample::select(vec!["\n", "\n", "\r\n"]),
    )(
        rows in prop::collection::vec(
            shape
                .iter()
                .map(|&(whole, decimals)| match exponents {
                    // Up to one more than is read densely.
                    true => exponent_number(2 * decimals + 1 + whole / 4),
                    false => number(whole, decimals),
                })
                .collect::<Vec<_>>(),
            100..300,
        ),
        width in if padded && delimiter == BLANKS { 1_usize..20 } else { 0..1 },
        delimiter in Just(delimiter),
        newline in Just(newline),
        wanted in prop::sample::subsequence((0..shape.len()).collect::<Vec<_>>(), 1..=shape.len()),
        damage in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(STRAY), 0..3),
            0..4,
        ),
    ) -> (String, u8, Vec<usize>, usize) {
        let row = |row: &Vec<String>| {
            let fields: Vec<String> = row.iter().map(|field| format!("{field:>width$}")).collect();
            fields.join(&char::from(delimiter).to_string()) + newline
        };
        let mut text: Vec<u8> = rows.iter().map(row).collect::<String>().into_bytes();
        for (at, byte, how) in damage {
            let at = at.index(text.len());
            match how {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => drop(text.remove(at)),
            }
        }
        (String::from_utf8(text).unwrap(), delimiter, wanted, rows[0].len())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_byte_in_the_wrong_place_is_missed((text, delimiter, wanted, fields) in damaged_table()) {
        let layout = layout(delimiter, &wanted, fields);
        same::<f32>(&text, &layout)?;
        same::<f64>(&text, &layout)?;
    }
}

/// Rows that one kernel takes of 5000 equal ones.
fn taken(
    instructions: Instructions,
    row: &str,
    delimiter: u8,
    positions: &[usize],
    fixed: bool,
) -> usize {
    let layout = layout(delimiter, positions, split(row.as_bytes(), Syntax::new(delimiter)).len());
    let text = row.repeat(5000);
    // Where a row begins with something before it.
    let start = row.len() * 8;
    let shape = Shape::learn(row.as_bytes(), &layout).unwrap();
    let mut columns = vec![Vec::<f32>::new(); positions.len()];
    let work = Work {
        text: text.as_bytes(),
        at: start,
        shape: &shape,
        scratch: &mut Scratch::default(),
        columns: &mut columns,
    };
    let done = if fixed {
        parse_fixed(instructions, work)
    } else {
        parse_varying(instructions, work, usize::MAX)
    };
    assert_eq!(done.at, start + done.rows * row.len());
    assert!(columns.iter().all(|column| column.len() == done.rows));
    done.rows
}

#[test]
fn the_kernels_take_nearly_all_rows_of_fixed_fields() {
    for (row, delimiter, positions) in [
        ("-1.234567 0.000001 12.3456\n", BLANKS, vec![0, 1, 2]),
        ("  1.5    2.5   -3.5\r\n", BLANKS, vec![2, 0]),
        ("17,name,-3.25,4\n", b',', vec![2, 3]),
        ("1\t-2\t\t3\n", b'\t', vec![0, 1, 3]),
    ] {
        for (instructions, fixed) in
            kernels().flat_map(|instructions| [(instructions, true), (instructions, false)])
        {
            // Words take nothing beside what is wanted, and leave the rest to the kernel for varying fields.
            if instructions == Instructions::SCALAR && fixed {
                continue;
            }
            let rows = taken(instructions, row, delimiter, &positions, fixed);
            assert!(rows > 4960, "{row:?}: {rows} with {instructions:?}, fixed {fixed}");
        }
    }
}

#[test]
fn words_take_all_rows_of_plain_fixed_fields() {
    for (row, delimiter) in [
        ("-1.234567 0.000001 12.3456\n", BLANKS),
        ("-123456.1234567,1234567.1,-7\r\n", b','),
        ("1\t-123456\t0\n", b'\t'),
        ("-1;2.5;3\r\n", b';'),
    ] {
        let rows = taken(Instructions::SCALAR, row, delimiter, &[0, 1, 2], true);
        assert!(rows > 4980, "{row:?}: {rows}");
    }
    // More digits than a word has, or decimals than it has beside the point; two columns of one field.
    for (row, positions) in
        [("-12345678.5 1\n", [0, 1]), ("1.12345678 1\n", [0, 1]), ("1.5 2.5\n", [0, 0])]
    {
        assert_eq!(taken(Instructions::SCALAR, row, BLANKS, &positions, true), 0, "{row:?}");
    }
}

#[test]
fn rows_that_grow_or_are_read_twice_are_no_matter_to_the_kernels() {
    let mut text = String::new();
    for length in 1..=12 {
        for row in 0..150_u64 {
            let whole = (row * 7_654_321_987 + 987_654_321) % 10_u64.pow(length);
            let sign = if row % 3 == 0 { "-" } else { "" };
            text += &format!("{sign}{whole}.{:02} {sign}{whole}.1 {sign}{whole}\n", row % 100);
        }
    }
    for positions in [&[0, 1, 2][..], &[0, 0, 1], &[2, 2, 2, 1]] {
        same::<f32>(&text, &layout(BLANKS, positions, 3)).unwrap();
        same::<f64>(&text, &layout(BLANKS, positions, 3)).unwrap();
    }
}

#[test]
fn the_kernels_take_rows_of_many_bytes() {
    let row = format!("{}1.5 2e3\n", "1.25 ".repeat(200));
    for instructions in kernels() {
        let rows = taken(instructions, &row, BLANKS, &[0, 200, 201], false);
        assert!(rows > 4900, "{rows} with {instructions:?}");
        if instructions == Instructions::SCALAR {
            continue;
        }
        let rows = taken(instructions, &row, BLANKS, &[0, 200], true);
        assert!(rows > 4900, "{rows} with {instructions:?}");
    }
}

#[test]
fn the_kernels_take_nearly_all_rows_of_varying_fields() {
    for (row, delimiter, positions) in [
        ("-1.122711076038728495e-01 9.582886327387764303e+02 1e5\n", BLANKS, vec![0, 1, 2]),
        ("0.11227110760387285,1e-7,-12345.678901234567\r\n", b',', vec![0, 1, 2]),
        ("   1.5D+03    -.5   5.\n", BLANKS, vec![0, 1, 2]),
        ("+1;nan;;3.1415926535897931\n", b';', vec![0, 1, 2, 3]),
        ("1.5 2.5e3 \n", BLANKS, vec![0, 1]),
        ("                                   1.5                  -2.5\n", BLANKS, vec![0, 1]),
    ] {
        for instructions in kernels() {
            let rows = taken(instructions, row, delimiter, &positions, false);
            assert!(rows > 4960, "{row:?}: {rows} with {instructions:?}");
        }
    }
}

#[test]
fn numbers_in_the_middle_between_two_floats_are_rounded_as_everywhere() {
    let text = "16777217.0 16777219 33554435.00\n".repeat(300);
    let layout = layout(BLANKS, &[0, 1, 2], 3);
    for instructions in Instructions::available() {
        let rows = parse::<f32>(&text, &layout, instructions);
        assert_eq!(rows.len(), 300);
        for (column, expected) in rows.columns.iter().zip([16777216.0, 16777220.0, 33554436.0]) {
            assert!(
                column.iter().all(|&value| value == expected),
                "{expected} with {instructions:?}"
            );
        }
    }
}
