//! A number of any length, in the words that end with it.

use super::{MOST_DIGITS, POWERS, Words, are_digits, find, first_bytes, last_bytes, values};
use crate::kernel::varying::{Field, ReadDecimal, usual_exponent};
use crate::number::decimal::{Decimal, eight_digits};

impl ReadDecimal for Words {
    #[inline(always)]
    unsafe fn decimal<const EXPONENT: bool>(
        text: &[u8],
        start: usize,
        end: usize,
    ) -> Option<Field> {
        if !EXPONENT {
            let plain = plain(text, start, end).map(Field::Number);
            return plain.or_else(|| other(&text[start..end], None));
        }
        let cut = end - 4;
        let exponent = usual_exponent(u32::from_le_bytes(*text[cut..].first_chunk()?));
        let Some(exponent) = exponent.filter(|_| cut > start) else {
            return other(&text[start..end], None);
        };
        match plain(text, start, cut) {
            Some(decimal) => Some(Field::Number(times(decimal, exponent))),
            None => other(&text[start..cut], Some(exponent)),
        }
    }
}

fn times(decimal: Decimal, exponent: i32) -> Decimal {
    Decimal { exponent: decimal.exponent + exponent, ..decimal }
}

/// Reads a field of a sign, up to seven digits, and a point with digits behind it, or digits alone. `None` for anything
/// else, which may be a number too.
#[inline(always)]
fn plain(text: &[u8], start: usize, end: usize) -> Option<Decimal> {
    let first = text[start];
    let negative = first == b'-';
    let start = start + usize::from(negative | (first == b'+'));
    let length = end - start;
    let bytes: &[u8; 8] = text.get(start..)?.first_chunk()?;
    // Most numbers have one digit before the point.
    let simple = bytes[1] == b'.';
    let word = || u64::from_le_bytes(*bytes);
    let point = if simple { 1 } else { find(word(), b'.') };
    if point >= length.min(8) {
        let mantissa = digits(text, end, length)?;
        return Some(Decimal { negative, mantissa, exponent: 0 });
    }
    let decimals = length - point - 1;
    let fraction = digits(text, end, decimals)?;
    let whole = if simple {
        Some(u64::from(bytes[0].wrapping_sub(b'0'))).filter(|&digit| digit <= 9)?
    } else {
        let whole = first_bytes(values(word()), point);
        are_digits([whole]).then(|| eight_digits(whole))?
    };
    let mantissa = if point + decimals <= MOST_DIGITS {
        whole * POWERS.get(decimals)? + fraction
    } else {
        // Zeros in front, more digits than fit, or too many to be sure.
        Some(fraction).filter(|_| whole == 0)?
    };
    Some(Decimal { negative, mantissa, exponent: -(decimals as i32) })
}

/// The number that the `count` bytes before `end` are, if these are 1 to 23 digits, and no more than 19 without zeros in
/// front.
#[inline(always)]
fn digits(text: &[u8], end: usize, count: usize) -> Option<u64> {
    let window: &[u8; 24] = text.get(..end)?.last_chunk()?;
    let (&[first, middle, last], _) = window.as_chunks::<8>() else { return None };
    let [first, middle, last] = [first, middle, last].map(|word| values(u64::from_le_bytes(word)));
    let join = |high: u64, low| high * 100_000_000 + eight_digits(low);
    if count.wrapping_sub(1) < 8 {
        let last = last_bytes(last, count);
        return are_digits([last]).then(|| eight_digits(last));
    }
    // From 16 on, since most of the shortest numbers that tell doubles apart have 16 digits or 17.
    if count.wrapping_sub(9) < 7 {
        let middle = last_bytes(middle, count - 8);
        return are_digits([middle, last]).then(|| join(eight_digits(middle), last));
    }
    if count.wrapping_sub(16) > 7 {
        return None;
    }
    // Not always any.
    let first = first & !(u64::MAX >> (8 * (count - 16)));
    let high = eight_digits(first);
    (are_digits([first, middle, last]) && high <= 999).then(|| join(join(high, middle), last))
}

/// Reads any other field: blanks in front, another exponent than the one that may have been cut off, no number.
#[cold]
fn other(field: &[u8], cut: Option<i32>) -> Option<Field> {
    let blanks = field.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
    let field = &field[blanks..];
    let whole = Decimal::scan(field).filter(|(_, used)| *used == field.len());
    match (whole, cut) {
        (Some((decimal, _)), None) => Some(Field::Number(decimal)),
        // There are not two exponents.
        (Some((decimal, _)), Some(exponent)) if memchr::memchr2(b'e', b'E', field).is_none() => {
            Some(Field::Number(times(decimal, exponent)))
        }
        (None, None) if field.eq_ignore_ascii_case(b"nan") => Some(Field::Missing),
        _ => None,
    }
}
