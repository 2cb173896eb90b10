//! The fast path from text to number: digits eight at a time, and one division or multiplication.
//!
//! A decimal number is read as mantissa × 10^exponent. What comes after is exact, or noticed not to be:
//!
//! - Where mantissa and power of ten are both exact doubles, their quotient or product is rounded once, so it is the
//!   right double (Clinger, "How to read floating point numbers accurately", 1990).
//! - Else it is off by a few units in the last of 53 places, or the right double comes from [`eisel_lemire`].
//! - A double becomes the right float unless it lies so near the middle between two floats that what it is
//!   off by could have brought it to the wrong side. These go to the slow path, about one in a hundred million.

use std::ops::Neg;

use super::Scale;
use super::eisel_lemire;

/// Sign, digits and exponent of a number as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    /// Whether it has a minus.
    pub(crate) negative: bool,
    /// All its digits, of which there are at most 19 from the first on that is not 0.
    pub(crate) mantissa: u64,
    /// The power of ten that the mantissa is multiplied by.
    pub(crate) exponent: i32,
}

/// The largest power of ten in [`POWERS`], both ways. No float is as large as the one, nor any multiple of the other by a
/// mantissa as large as the smallest float.
pub(crate) const MOST: i32 = 70;

/// 10^-70 to 10^70, rounded correctly.
pub(crate) static POWERS: [f64; 2 * MOST as usize + 1] = [
    1e-70, 1e-69, 1e-68, 1e-67, 1e-66, 1e-65, 1e-64, 1e-63, 1e-62, 1e-61, 1e-60, 1e-59, 1e-58,
    1e-57, 1e-56, 1e-55, 1e-54, 1e-53, 1e-52, 1e-51, 1e-50, 1e-49, 1e-48, 1e-47, 1e-46, 1e-45,
    1e-44, 1e-43, 1e-42, 1e-41, 1e-40, 1e-39, 1e-38, 1e-37, 1e-36, 1e-35, 1e-34, 1e-33, 1e-32,
    1e-31, 1e-30, 1e-29, 1e-28, 1e-27, 1e-26, 1e-25, 1e-24, 1e-23, 1e-22, 1e-21, 1e-20, 1e-19,
    1e-18, 1e-17, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5,
    1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
    1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28,
    1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44,
    1e45, 1e46, 1e47, 1e48, 1e49, 1e50, 1e51, 1e52, 1e53, 1e54, 1e55, 1e56, 1e57, 1e58, 1e59, 1e60,
    1e61, 1e62, 1e63, 1e64, 1e65, 1e66, 1e67, 1e68, 1e69, 1e70,
];

const INTEGER_POWERS: [u64; 9] =
    [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The middle between two neighbouring floats, in the bits that a double has and a float has not.
const MIDDLE: u64 = 1 << 28;
const BEYOND_FLOAT: u64 = (1 << 29) - 1;

/// The longest mantissa: 10^19 - 1 fits 64 bits.
pub(crate) const MOST_DIGITS: u32 = 19;

impl Decimal {
    /// Reads the number that `text` begins with and says how many bytes it is long. `None` for what is not plainly
    /// a number, or has more than 19 digits: that is for the slow path to judge.
    #[inline(always)]
    pub(crate) fn scan(text: &[u8]) -> Option<(Self, usize)> {
        let negative = text.first() == Some(&b'-');
        let start = usize::from(negative || text.first() == Some(&b'+'));
        let mut mantissa = 0;
        let mut at = digits(text, start, &mut mantissa);
        let mut count = at - start;
        let mut exponent = 0;
        if text.get(at) == Some(&b'.') {
            let point = at + 1;
            at = digits(text, point, &mut mantissa);
            count += at - point;
            exponent = -((at - point) as i32);
        }
        if count == 0 || count > MOST_DIGITS as usize {
            return None;
        }
        if let Some(b'e' | b'E') = text.get(at) {
            let (value, end) = exponent_part(text, at + 1)?;
            exponent += value;
            at = end;
        }
        Some((Self { negative, mantissa, exponent }, at))
    }

    /// The nearest float, if that is certain.
    #[inline(always)]
    pub(crate) fn to_f32(self) -> Option<f32> {
        // First without a branch that depends on the number of digits.
        let (value, doubt) = float(self.mantissa, Scale::new(self.exponent, self.negative));
        if doubt { self.exact_to_f32() } else { Some(value) }
    }

    /// The nearest float of a number near the middle between two: most such numbers are short, and exact.
    #[cold]
    fn exact_to_f32(self) -> Option<f32> {
        let value = self.exact()?;
        // Whole numbers have not been rounded at all, and often are middles.
        let middle = self.exponent != 0 && value.to_bits() & BEYOND_FLOAT == MIDDLE;
        let usual = (SMALLEST..LARGEST).contains(&value) || value == 0.0;
        (!middle && usual).then(|| self.signed(value as f32))
    }

    /// The nearest double, if that is certain.
    #[inline(always)]
    pub(crate) fn to_f64(self) -> Option<f64> {
        let value = match self.exact() {
            Some(value) => value,
            None => eisel_lemire::nearest(self.mantissa, self.exponent)?,
        };
        Some(self.signed(value))
    }

    fn signed<T: Neg<Output = T>>(self, value: T) -> T {
        if self.negative { -value } else { value }
    }

    /// The absolute value, where one rounding is all there is.
    #[inline(always)]
    fn exact(self) -> Option<f64> {
        if self.mantissa > 1 << 53 {
            return None;
        }
        let value = self.mantissa as f64;
        match self.exponent {
            // These powers are exact.
            -22..0 => Some(value / power_of_ten(-self.exponent)),
            0..=22 => Some(value * power_of_ten(self.exponent)),
            _ => None,
        }
    }
}

/// Whether a double lies so near the middle between two floats that, if it is off by up to seven units in its last place,
/// the number it stands for may lie on the other side. It may be negative.
#[inline(always)]
pub(crate) fn is_near_middle(value: f64) -> bool {
    value.to_bits().wrapping_add(TO_MIDDLE) & FAR_FROM_MIDDLE == 0
}

/// Added to the bits of a double, it leaves none of [`FAR_FROM_MIDDLE`] where that is from 8 units below the middle between
/// two floats to 7 above: one comparison, which vectors do in one step.
pub(crate) const TO_MIDDLE: u64 = MIDDLE + 8;
pub(crate) const FAR_FROM_MIDDLE: u64 = BEYOND_FLOAT & !15;

/// The power of ten, or the next to it that is within reach: beyond, any multiple as a float is zero or infinite.
#[inline(always)]
pub(crate) fn power_of_ten(exponent: i32) -> f64 {
    POWERS[(exponent.clamp(-MOST, MOST) + MOST) as usize]
}

/// Where floats have all their bits.
pub(crate) const SMALLEST: f64 = 1.2e-38;
pub(crate) const LARGEST: f64 = 3.4e38;

/// The float that a mantissa with its power of ten and sign is, and whether there is a doubt that it is the nearest.
#[inline(always)]
pub(crate) fn float(mantissa: u64, scale: Scale) -> (f32, bool) {
    let (exponent, negative) = scale.parts();
    let value = mantissa as f64 * power_of_ten(exponent);
    // Three roundings, each by at most a unit in the last place of the result.
    let near = is_near_middle(value);
    // Below, floats have fewer bits and other middles, and end; above, they end, too. What becomes zero or infinite is counted
    // where numbers are looked at closer.
    let short = (value > 0.0) & (value < SMALLEST);
    let last = value >= LARGEST;
    let value = f64::from_bits(value.to_bits() | u64::from(negative) << 63);
    (value as f32, near | short | last)
}

/// Appends the digits at `at` to `mantissa`, which wraps around beyond 19 of them, and returns where they end.
#[inline(always)]
fn digits(text: &[u8], mut at: usize, mantissa: &mut u64) -> usize {
    loop {
        let word = match text.get(at..).and_then(<[u8]>::first_chunk) {
            Some(word) => u64::from_le_bytes(*word),
            None => last_word(text, at),
        };
        let (value, count) = leading_digits(word);
        *mantissa = mantissa.wrapping_mul(INTEGER_POWERS[count]).wrapping_add(value);
        at += count;
        if count < 8 {
            return at;
        }
    }
}

/// The last bytes of the text, filled up with something that is no digit.
#[cold]
fn last_word(text: &[u8], at: usize) -> u64 {
    let rest = &text[at.min(text.len())..];
    let mut word = [0; 8];
    word[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(word)
}

/// The value and the number of the digits that eight bytes, first byte lowest, begin with.
#[inline(always)]
fn leading_digits(word: u64) -> (u64, usize) {
    // A digit has the high half 3 and keeps it when 6 is added; a byte that carries over can only disturb those
    // behind it.
    let odd = (word & 0xF0F0_F0F0_F0F0_F0F0) ^ 0x3030_3030_3030_3030;
    let over = (word & 0x7F7F_7F7F_7F7F_7F7F).wrapping_add(0x0606_0606_0606_0606)
        & 0xF0F0_F0F0_F0F0_F0F0
        ^ 0x3030_3030_3030_3030;
    let count = ((odd | over).trailing_zeros() / 8) as usize;
    if count == 0 {
        return (0, 0);
    }
    // Right-justified, with zeros in front.
    (eight_digits((word & 0x0F0F_0F0F_0F0F_0F0F) << (64 - 8 * count)), count)
}

/// The number that eight digits are, each the value of a byte, the first of them the lowest.
#[inline(always)]
pub(crate) fn eight_digits(digits: u64) -> u64 {
    // Johnny Lee's and Daniel Lemire's three multiplications.
    let pairs = digits.wrapping_mul(2561) >> 8 & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(6_553_601) >> 16 & 0x0000_FFFF_0000_FFFF;
    fours.wrapping_mul(42_949_672_960_001) >> 32
}

/// The exponent that begins at `at`, and where it ends. One of more than four digits is left to the slow path.
#[inline(always)]
fn exponent_part(text: &[u8], at: usize) -> Option<(i32, usize)> {
    let negative = text.get(at) == Some(&b'-');
    let start = at + usize::from(negative || text.get(at) == Some(&b'+'));
    let mut end = start;
    let mut value = 0;
    while let Some(digit @ b'0'..=b'9') = text.get(end) {
        value = value * 10 + i32::from(digit - b'0');
        end += 1;
        if end - start > 4 {
            return None;
        }
    }
    (end > start).then_some((if negative { -value } else { value }, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn powers_are_in_their_places() {
        for (index, power) in POWERS.iter().enumerate() {
            assert_eq!(*power, format!("1e{}", index as i32 - MOST).parse::<f64>().unwrap());
        }
        for exponent in 0..=22 {
            assert_eq!(power_of_ten(exponent), 10_f64.powi(exponent));
        }
    }

    #[test]
    fn every_byte_ends_the_digits_but_a_digit() {
        for byte in 0..=255_u8 {
            for place in 0..8 {
                let mut word = *b"12345678";
                word[place] = byte;
                let expected = word.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(8);
                let (value, count) = leading_digits(u64::from_le_bytes(word));
                assert_eq!(count, expected, "{word:?}");
                let text = std::str::from_utf8(&word[..count]).unwrap();
                assert_eq!(value, text.parse().unwrap_or(0), "{word:?}");
            }
        }
    }

    #[test]
    fn what_is_not_plainly_a_number_is_left_to_the_slow_path() {
        for text in [
            "",
            "-",
            "+",
            ".",
            "-.",
            "e5",
            "1e",
            "1e+",
            "1e12345",
            "nan",
            "12345678901234567890",
            "x1",
        ] {
            assert_eq!(Decimal::scan(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_length_of_a_number_is_found_whatever_follows(
            text in r"[+-]?([0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9})(e[+-]?[0-9]{1,3})?",
            rest in r"([ ,;\t\r\n:x-][ -~]{0,12})?",
        ) {
            let whole = format!("{text}{rest}");
            let (decimal, used) = Decimal::scan(whole.as_bytes()).unwrap();
            prop_assert_eq!(used, text.len());
            let exact: f64 = text.parse().unwrap();
            if let Some(value) = decimal.to_f64() {
                prop_assert_eq!(value.to_bits(), exact.to_bits());
            }
            if let Some(value) = decimal.to_f32() {
                prop_assert_eq!(value.to_bits(), text.parse::<f32>().unwrap().to_bits());
            }
        }
    }
}
