//! Millions of numbers of all shapes through every kernel, 32 and 64 bits wide, to the bit: against the standard library
//! all of them, against the naive twin a share, and those that are hard to round.

use std::borrow::Cow;
use std::ops::Range;
use std::str::FromStr;

use pointillist_base::Instructions;
use rayon::prelude::*;

use crate::layout::{BLANKS, FieldCount, Layout};
use crate::line::Rows;
use crate::naive;
use crate::number::Number;

mod numbers;

use numbers::{Kind, Random};

/// Numbers in a row.
const COLUMNS: usize = 3;
/// One in so many numbers is shown to the naive twin, and all that are hard to round.
const SAMPLE: usize = 64;

/// What is compared with.
trait Exact: Number + FromStr {
    fn naive(text: &str) -> Self;
    fn bits(self) -> u64;
}

impl Exact for f32 {
    fn naive(text: &str) -> Self {
        naive::to_f32(text)
    }

    fn bits(self) -> u64 {
        u64::from(if self.is_nan() { Self::NAN } else { self }.to_bits())
    }
}

impl Exact for f64 {
    fn naive(text: &str) -> Self {
        naive::to_f64(text)
    }

    fn bits(self) -> u64 {
        if self.is_nan() { Self::NAN } else { self }.to_bits()
    }
}

/// A text of one kind of number in each column.
struct Text {
    kinds: [Kind; COLUMNS],
    delimiter: u8,
    bytes: Vec<u8>,
    /// Where the numbers stand, row by row.
    fields: Vec<Range<usize>>,
}

impl Text {
    fn new(kinds: [Kind; COLUMNS], rows: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let (delimiter, separator) =
            [(BLANKS, " "), (b',', ","), (b'\t', "\t"), (BLANKS, "  ")][random.below(4) as usize];
        let newline = if random.below(4) == 0 { "\r\n" } else { "\n" };
        let (mut bytes, mut fields) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            for (column, kind) in kinds.iter().enumerate() {
                if column > 0 {
                    bytes.extend_from_slice(separator.as_bytes());
                }
                let start = bytes.len();
                kind.write(&mut random, &mut bytes);
                fields.push(start..bytes.len());
            }
            bytes.extend_from_slice(newline.as_bytes());
        }
        Self { kinds, delimiter, bytes, fields }
    }

    /// Parses the text with every kernel and compares all numbers. Returns how many the naive twin has looked at.
    fn check<T: Exact>(&self) -> usize {
        let names = ["x", "y", "z"].map(str::to_owned).to_vec();
        let layout = Layout::new(self.delimiter, FieldCount::Exactly(COLUMNS), &[0, 1, 2], names);
        let parsed: Vec<_> = Instructions::available()
            .into_iter()
            .map(|instructions| {
                let mut rows = Rows::<T>::new(COLUMNS, instructions);
                rows.parse(&self.bytes, &layout);
                assert_eq!(rows.reports, [], "{instructions:?}");
                assert_eq!(rows.len() * COLUMNS, self.fields.len(), "{instructions:?}");
                (instructions, rows.columns)
            })
            .collect();
        let mut sampled = 0;
        for (index, field) in self.fields.iter().enumerate() {
            let (row, column) = (index / COLUMNS, index % COLUMNS);
            let field = std::str::from_utf8(&self.bytes[field.clone()]).unwrap();
            let plain = without_fortran(field);
            let Ok(expected) = plain.parse::<T>() else { panic!("{field} is not a number") };
            for (instructions, columns) in &parsed {
                let value = columns[column][row];
                assert!(
                    value.bits() == expected.bits(),
                    "{instructions:?} reads {field} in row {row} of {:?} as {:e} and not as {:e} ({})",
                    self.kinds,
                    value.to_f64(),
                    expected.to_f64(),
                    T::DTYPE,
                );
            }
            if (index.is_multiple_of(SAMPLE) || self.kinds[column].is_hard()) && is_small(&plain) {
                let exact = T::naive(&plain);
                assert!(exact.bits() == expected.bits(), "the standard library errs: {field}");
                sampled += 1;
            }
        }
        sampled
    }
}

/// The number as the standard library writes it: a Fortran exponent begins with D.
fn without_fortran(field: &str) -> Cow<'_, str> {
    if field.contains(['d', 'D']) {
        Cow::Owned(field.replace(['d', 'D'], "e"))
    } else {
        Cow::Borrowed(field)
    }
}

/// Whether the naive twin can write the number out: it is finite and has an exponent of at most three digits.
fn is_small(text: &str) -> bool {
    let exponent = text.split_once(['e', 'E']).map_or("", |(_, exponent)| exponent);
    exponent.trim_start_matches(['+', '-']).len() <= 3 && !text.contains(['n', 'N'])
}

/// The texts: which kinds of numbers, in how many rows.
fn texts() -> Vec<([Kind; COLUMNS], usize)> {
    let mut texts = Vec::new();
    // Three columns of one kind, then each kind beside two others.
    let mut add = |kinds: &[Kind], rows: usize| {
        for (at, &kind) in kinds.iter().enumerate() {
            texts.push(([kind; COLUMNS], rows));
            let other = |distance: usize| kinds[(at + distance) % kinds.len()];
            texts.push(([kind, other(1), other(kinds.len() / 2)], rows));
        }
    };
    let fixed: Vec<Kind> = (0..=17)
        .flat_map(|decimals| {
            [1, 2, 3, 4, 6, 8, 12, 15].map(|whole| Kind::Fixed { whole, decimals })
        })
        .collect();
    add(&fixed, 6_000);
    let powers = [-30..30, -5..0, 0..10, -9..10, 10..100, -99..-9, -48..-36, 36..40];
    let large = [-330..-300, 290..312, -400..400, 100..300, -300..-99];
    let exponents: Vec<Kind> = powers
        .into_iter()
        .chain(large)
        .flat_map(|powers| {
            [0, 5, 8, 16, 18].map(|decimals| Kind::Exponent {
                decimals,
                least: powers.start,
                beyond: powers.end,
            })
        })
        .collect();
    add(&exponents, 6_000);
    add(&[Kind::Double, Kind::Single, Kind::AnyDouble, Kind::AnySingle], 50_000);
    add(&[6, 7, 9, 15, 17].map(|digits| Kind::General { digits }), 30_000);
    add(&[Kind::Integer, Kind::Digits, Kind::Odd, Kind::Mixed], 50_000);
    add(&[Kind::Middle { bits: 24 }, Kind::Middle { bits: 53 }], 25_000);
    let near: Vec<Kind> = [(24, 13), (24, 14), (24, 15), (24, 17), (53, 17), (53, 18)]
        .into_iter()
        .flat_map(|(bits, digits)| {
            [0, 1, 5].map(|whole| Kind::NearMiddle { bits, whole, decimals: digits - whole })
        })
        .collect();
    // Each between several separators: the longest fit a kernel's window only with one byte of these.
    (0..6).for_each(|_| add(&near, 2_500));
    add(&[Kind::LongMiddle { bits: 24 }, Kind::LongMiddle { bits: 53 }], 3_000);
    texts
}

#[test]
fn numbers_of_all_shapes_are_rounded_correctly_by_every_kernel() {
    let texts = texts();
    let numbers: usize = texts.iter().map(|(_, rows)| rows * COLUMNS).sum();
    let sampled: usize = texts
        .into_par_iter()
        .enumerate()
        .map(|(seed, (kinds, rows))| {
            let text = Text::new(kinds, rows, seed as u64);
            text.check::<f32>() + text.check::<f64>()
        })
        .sum();
    assert!(numbers >= 10_000_000, "{numbers} numbers");
    assert!(sampled >= 200_000, "{sampled} seen by the naive twin");
}
