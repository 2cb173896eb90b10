//! Digits to numbers, many at once: without a branch, so that the compiler makes vectors of it.

use super::decimal::{float, is_near_middle, power_of_ten};
use super::eisel_lemire;

/// What the sign, as a digit of 16 in front of all others, adds to the first half.
const SIGN: f64 = 160_000_000.0;
/// A double whose last bits are those of a 32-bit integer is that integer and this.
const MAGIC: f64 = 4_503_599_627_370_496.0;

/// The sign of a mantissa, where that of a float is.
pub(crate) const SIGN_BIT: u64 = 1 << 63;

/// A type that digits become.
pub(crate) trait FromDigits: Sized {
    /// The number that two halves of eight digits mean with so many of them behind the point, and whether there is a
    /// doubt that it is the nearest.
    fn from_halves(halves: u64, decimals: usize) -> (Self, bool);

    /// The same of one mantissa of at most 15 digits, with [`SIGN_BIT`] where it is negative.
    fn from_mantissa(mantissa: u64, decimals: usize) -> (Self, bool);

    /// The numbers that mantissas with their powers of ten and signs mean, and whether there is a doubt about any of them.
    fn from_decimals(mantissas: &[u64], scales: &[Scale], numbers: &mut [Self]) -> bool;
}

/// All digits as a whole number, sign bit.
#[inline(always)]
fn digits(halves: u64) -> (f64, u64) {
    let number = |bits: u64| f64::from_bits(bits | MAGIC.to_bits()) - MAGIC;
    let first = number(halves & 0xFFFF_FFFF);
    let second = number(halves >> 32);
    let negative = first >= SIGN;
    let first = if negative { first - SIGN } else { first };
    // At most 15 digits: exact.
    (first * 1e8 + second, u64::from(negative) << 63)
}

/// The double nearest to so many digits with so many of them behind the point.
#[inline(always)]
fn nearest(digits: f64, decimals: usize) -> f64 {
    // Rounded once, since powers of so few decimals are exact.
    digits / power_of_ten(decimals as i32)
}

/// Nearly that, and whether there is a doubt which float is the nearest.
#[inline(always)]
fn near(digits: f64, decimals: usize) -> (f64, bool) {
    // Off by two units in the last place at most. A division would be off by less, but takes three times as long.
    let value = digits * power_of_ten(-(decimals as i32));
    // Without decimals nothing has been rounded yet.
    (value, is_near_middle(value) & (decimals != 0))
}

/// A mantissa of at most 15 digits without its sign.
#[inline(always)]
fn unsigned(mantissa: u64) -> f64 {
    f64::from_bits(mantissa & !SIGN_BIT | MAGIC.to_bits()) - MAGIC
}

impl FromDigits for f64 {
    #[inline(always)]
    fn from_halves(halves: u64, decimals: usize) -> (Self, bool) {
        let (digits, sign) = digits(halves);
        (Self::from_bits(nearest(digits, decimals).to_bits() | sign), false)
    }

    #[inline(always)]
    fn from_mantissa(mantissa: u64, decimals: usize) -> (Self, bool) {
        let value = nearest(unsigned(mantissa), decimals);
        (Self::from_bits(value.to_bits() | mantissa & SIGN_BIT), false)
    }

    #[inline(always)]
    fn from_decimals(mantissas: &[u64], scales: &[Scale], numbers: &mut [Self]) -> bool {
        let mut doubt = false;
        for ((number, &mantissa), &scale) in numbers.iter_mut().zip(mantissas).zip(scales) {
            let (exponent, negative) = scale.parts();
            match eisel_lemire::nearest(mantissa, exponent) {
                Some(value) => {
                    *number = Self::from_bits(value.to_bits() | u64::from(negative) << 63)
                }
                None => doubt = true,
            }
        }
        doubt
    }
}

impl FromDigits for f32 {
    #[inline(always)]
    fn from_halves(halves: u64, decimals: usize) -> (Self, bool) {
        let (digits, sign) = digits(halves);
        let (value, doubt) = near(digits, decimals);
        (f64::from_bits(value.to_bits() | sign) as Self, doubt)
    }

    #[inline(always)]
    fn from_mantissa(mantissa: u64, decimals: usize) -> (Self, bool) {
        let (value, doubt) = near(unsigned(mantissa), decimals);
        (f64::from_bits(value.to_bits() | mantissa & SIGN_BIT) as Self, doubt)
    }

    #[inline(always)]
    fn from_decimals(mantissas: &[u64], scales: &[Scale], numbers: &mut [Self]) -> bool {
        let mut doubts = 0_u64;
        for ((number, &mantissa), &scale) in numbers.iter_mut().zip(mantissas).zip(scales) {
            let (value, doubt) = float(mantissa, scale);
            *number = value;
            doubts |= u64::from(doubt);
        }
        doubts != 0
    }
}

/// Makes numbers of all halves. Returns whether there is a doubt about any of them.
#[inline(always)]
pub(crate) fn finish<T: FromDigits>(halves: &[u64], decimals: usize, numbers: &mut [T]) -> bool {
    // As wide as the doubles, so that the compiler need not repack it.
    let mut doubts = 0_u64;
    for (number, &halves) in numbers.iter_mut().zip(halves) {
        let (value, doubt) = T::from_halves(halves, decimals);
        *number = value;
        doubts |= u64::from(doubt);
    }
    doubts != 0
}

/// A power of ten and a sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Scale(i32);

impl Scale {
    #[inline(always)]
    pub(crate) fn new(exponent: i32, negative: bool) -> Self {
        Self(exponent << 1 | i32::from(negative))
    }

    #[inline(always)]
    pub(crate) fn parts(self) -> (i32, bool) {
        (self.0 >> 1, self.0 & 1 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_an_exponent_and_a_sign() {
        for parts in [(0, false), (-18, true), (9999, false), (-9999, true)] {
            assert_eq!(Scale::new(parts.0, parts.1).parts(), parts);
        }
    }

    #[test]
    fn halves_are_sign_digits_and_decimals() {
        let halves = |negative: bool, first: u64, second: u64| {
            second << 32 | (first + if negative { 160_000_000 } else { 0 })
        };
        assert_eq!(f64::from_halves(halves(false, 0, 12345), 2), (123.45, false));
        assert_eq!(
            f64::from_halves(halves(true, 1234567, 89012345), 5),
            (-1234567890.12345, false)
        );
        assert_eq!(f32::from_halves(halves(true, 0, 5), 1), (-0.5, false));
        assert!(f64::from_halves(halves(true, 0, 0), 3).0.is_sign_negative());
        // 16777217 lies in the middle between two floats: certain as it stands, not certain as a product.
        assert_eq!(f32::from_halves(halves(false, 0, 16777217), 0), (16777216.0, false));
        assert!(f32::from_halves(halves(false, 1, 67772170), 1).1);
    }
}
