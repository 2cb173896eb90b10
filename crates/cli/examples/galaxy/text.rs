//! Numbers to text: a star in, its line out, in one of the ways of [`Format`]. Digits come out of divisions of
//! whole numbers: a rounded one for fixed, int and csv, an exact one for exp. Short is the standard library's.

use std::io::Write;

use clap::ValueEnum;

use crate::galaxy::Star;

/// How numbers are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// 0.123456 -0.123456 0.1234
    Fixed,
    /// 1.234560000000000000e-01, as numpy.savetxt writes
    Exp,
    /// The fewest digits that give the same double again
    Short,
    /// Whole numbers: fixed without the point
    Int,
    /// A header line, then fixed with commas
    Csv,
}

pub(crate) fn push_row(out: &mut Vec<u8>, star: Star, format: Format, decimals: u32) {
    let values = [star.x, star.y, star.z];
    match format {
        Format::Fixed => push_fixed(out, values, decimals, b' ', true),
        Format::Csv => push_fixed(out, values, decimals, b',', true),
        Format::Int => push_fixed(out, values, decimals, b' ', false),
        Format::Exp | Format::Short => {
            for (value, end) in values.into_iter().zip(*b"  \n") {
                match format {
                    Format::Exp => push_exp(out, value),
                    // Writing to a Vec cannot fail.
                    _ => drop(write!(out, "{value}")),
                }
                out.push(end);
            }
        }
    }
}

/// A line of numbers (no negative zeros) rounded to `decimals` digits after the point (the last to at most
/// four), with the point or, as whole numbers, without.
fn push_fixed(out: &mut Vec<u8>, values: [f64; 3], decimals: u32, separator: u8, point: bool) {
    // From the last character to the first, as digits come out of a division.
    let mut text = [0; 48];
    let mut at = text.len();
    let columns = values
        .into_iter()
        .zip([decimals, decimals, decimals.min(4)])
        .zip([separator, separator, b'\n']);
    for ((value, decimals), end) in columns.rev() {
        debug_assert!(value.abs() < 2.0 && decimals <= 9, "more digits than 32 bits hold");
        let scaled = (value * POWERS[decimals as usize] + 0.5f64.copysign(value)) as i32;
        let mut rest = scaled.unsigned_abs();
        at -= 1;
        text[at] = end;
        if point {
            for _ in 0..decimals / 2 {
                at -= 2;
                text[at..at + 2].copy_from_slice(&PAIRS[(rest % 100) as usize]);
                rest /= 100;
            }
            if decimals % 2 == 1 {
                at -= 1;
                text[at] = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
            at -= 1;
            text[at] = b'.';
        }
        loop {
            at -= 1;
            text[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        // Written always, kept when needed: the sign is the one thing here that no branch predictor guesses.
        text[at - 1] = b'-';
        at -= usize::from(scaled < 0);
    }
    out.extend_from_slice(&text[at..]);
}

const POWERS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// 00 to 99.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut i = 0;
    while i < 100 {
        pairs[i] = [b'0' + (i / 10) as u8, b'0' + (i % 10) as u8];
        i += 1;
    }
    pairs
};

/// C's `%.18e`. With 19 digits d and a double m·2^e, d = m·5^k·2^(e+k) for the k that puts the first digit in
/// place: one product of 128 bits and one rounding shift, exact, for every value that is not tiny.
fn push_exp(out: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    if !(1e-12..10.0).contains(&size) {
        return push_exp_slowly(out, value);
    }
    let mantissa = (size.to_bits() & ((1 << 52) - 1)) | (1 << 52);
    let exponent = (size.to_bits() >> 52) as i32 - 1075;
    let mut leading = size.log10().floor() as i32;
    let digits = loop {
        let k = 18 - leading;
        let shift = (-exponent - k) as u32;
        let product = u128::from(mantissa) * 5u128.pow(k as u32);
        let (whole, rest, half) =
            (product >> shift, product & ((1 << shift) - 1), 1 << (shift - 1));
        let digits = whole + u128::from(rest > half || rest == half && whole % 2 == 1);
        // The logarithm, or the rounding up, can be one decade off.
        match digits {
            0..1_000_000_000_000_000_000 => leading -= 1,
            10_000_000_000_000_000_000.. => leading += 1,
            _ => break digits as u64,
        }
    };
    let mut text = *b"-0.000000000000000000e-00";
    let mut rest = digits;
    for place in text[3..21].iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    text[1] = b'0' + rest as u8;
    text[22] = if leading < 0 { b'-' } else { b'+' };
    text[23] = b'0' + (leading.unsigned_abs() / 10) as u8;
    text[24] = b'0' + (leading.unsigned_abs() % 10) as u8;
    let text = &text[usize::from(value >= 0.0)..];
    debug_assert_eq!(
        std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()),
        Some(value)
    );
    out.extend_from_slice(text);
}

fn push_exp_slowly(out: &mut Vec<u8>, value: f64) {
    let text = format!("{value:.18e}");
    // Rust writes e-7 where C writes e-07.
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    out.extend_from_slice(format!("{digits}e{sign}{:02}", exponent.abs()).as_bytes());
}
