//! The two types of floats that columns and pages are stored in.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Sub};

use bytemuck::Pod;

use super::{Dtype, Values};

/// A float that can be stored: `f32` or `f64`.
pub trait Float:
    Pod
    + Default
    + Debug
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Into<f64>
    + private::Sealed
{
    /// The type's name.
    const DTYPE: Dtype;
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// No number.
    const NAN: Self;
    /// Above every finite number.
    const INFINITY: Self;
    /// Below every finite number.
    const NEG_INFINITY: Self;
    /// Half a unit in the last place of 1.
    const HALF_ULP: f64;
    /// The smallest normal number above zero.
    const MIN_POSITIVE: f64;
    /// The largest finite number.
    const MAX: f64;
    /// Ranks ([`Float::rank`]) are below 2 to the power of this.
    const RANK_BITS: u32;

    /// These values, if they are of this type.
    fn slice(values: Values<'_>) -> Option<&[Self]>;
    /// Values of this type.
    fn values(values: &[Self]) -> Values<'_>;

    /// The same number in 64 bits; exact.
    fn to_f64(self) -> f64;
    /// The nearest number of this type.
    fn from_f64(number: f64) -> Self;
    /// The same number; exact.
    fn from_f32(number: f32) -> Self;
    /// The nearest number of this type.
    fn from_i32(number: i32) -> Self;
    /// The nearest number of this type.
    fn from_i64(number: i64) -> Self;
    /// The nearest number of this type.
    fn from_u64(number: u64) -> Self;
    /// Truncated towards zero and kept in range; 0 for NaN.
    fn to_i32(self) -> i32;

    /// Whether it is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Whether it is NaN.
    fn is_nan(self) -> bool;
    /// Whether it is a whole number.
    fn is_whole(self) -> bool;
    /// The same number; of all NaN one, whatever sign and payload the arithmetic left in it.
    fn canonical(self) -> Self;
    /// The place in the order of all numbers of this type, -0 before 0 and NaN at both ends; below
    /// 2 to the power of [`RANK_BITS`](Float::RANK_BITS).
    fn rank(self) -> u64;
    /// The number of this place.
    fn of_rank(rank: u64) -> Self;

    /// Without its sign.
    fn abs(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// To the power of `exponent`.
    fn powf(self, exponent: Self) -> Self;
    /// The logarithm with base 10.
    fn log10(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
}

mod private {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

macro_rules! float {
    ($float:ident, $dtype:ident, $bits:ty, $signed:ty) => {
        #[allow(clippy::cast_lossless, clippy::useless_conversion, reason = "in one of the two")]
        impl Float for $float {
            const DTYPE: Dtype = Dtype::$dtype;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NAN: Self = $float::NAN;
            const INFINITY: Self = $float::INFINITY;
            const NEG_INFINITY: Self = $float::NEG_INFINITY;
            const HALF_ULP: f64 = $float::EPSILON as f64 / 2.0;
            const MIN_POSITIVE: f64 = $float::MIN_POSITIVE as f64;
            const MAX: f64 = $float::MAX as f64;
            const RANK_BITS: u32 = <$bits>::BITS;

            #[inline(always)]
            fn slice(values: Values<'_>) -> Option<&[Self]> {
                match values {
                    Values::$dtype(values) => Some(values),
                    _ => None,
                }
            }

            #[inline(always)]
            fn values(values: &[Self]) -> Values<'_> {
                Values::$dtype(values)
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self.into()
            }

            #[inline(always)]
            fn from_f64(number: f64) -> Self {
                number as Self
            }

            #[inline(always)]
            fn from_f32(number: f32) -> Self {
                number as Self
            }

            #[inline(always)]
            fn from_i32(number: i32) -> Self {
                number as Self
            }

            #[inline(always)]
            fn from_i64(number: i64) -> Self {
                number as Self
            }

            #[inline(always)]
            fn from_u64(number: u64) -> Self {
                number as Self
            }

            #[inline(always)]
            fn to_i32(self) -> i32 {
                self as i32
            }

            #[inline(always)]
            fn is_finite(self) -> bool {
                self.is_finite()
            }

            #[inline(always)]
            fn is_nan(self) -> bool {
                self.is_nan()
            }

            #[inline(always)]
            fn is_whole(self) -> bool {
                // Above this, there are no others. A conversion is quicker than a call of the C library's trunc.
                self.abs() >= 1.0 / $float::EPSILON || self as $signed as Self == self
            }

            #[inline(always)]
            fn canonical(self) -> Self {
                // All as integers: of floats the compiler may leave either NaN.
                let (nan, infinity) = ($float::NAN.to_bits(), $float::INFINITY.to_bits());
                let magnitude = self.to_bits() << 1;
                Self::from_bits(if magnitude > infinity << 1 { nan } else { self.to_bits() })
            }

            #[inline(always)]
            fn rank(self) -> u64 {
                let bits = self.to_bits();
                let negative = (bits as $signed >> (<$bits>::BITS - 1)) as $bits;
                (bits ^ (negative | 1 << (<$bits>::BITS - 1))).into()
            }

            #[inline(always)]
            fn of_rank(rank: u64) -> Self {
                let rank = rank as $bits;
                let positive = (rank as $signed >> (<$bits>::BITS - 1)) as $bits;
                Self::from_bits(rank ^ (!positive | 1 << (<$bits>::BITS - 1)))
            }

            #[inline(always)]
            fn abs(self) -> Self {
                self.abs()
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                self.sqrt()
            }

            #[inline(always)]
            fn powf(self, exponent: Self) -> Self {
                self.powf(exponent)
            }

            #[inline(always)]
            fn log10(self) -> Self {
                self.log10()
            }

            #[inline(always)]
            fn ln(self) -> Self {
                self.ln()
            }
        }
    };
}

float!(f32, F32, u32, i32);
float!(f64, F64, u64, i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_in_the_order_of_values() {
        let values = [f64::NEG_INFINITY, -3.0, -1e-40, -0.0, 0.0, 1e-40, 3.0, f64::INFINITY];
        assert!(values.windows(2).all(|pair| pair[0].rank() < pair[1].rank()));
        let narrow = values.map(|x| x as f32);
        assert!(narrow.windows(2).all(|pair| pair[0].rank() < pair[1].rank()));
        for (x, narrow) in values.into_iter().zip(narrow) {
            assert_eq!(f64::of_rank(x.rank()).to_bits(), x.to_bits());
            assert_eq!(f32::of_rank(narrow.rank()).to_bits(), narrow.to_bits());
        }
    }

    #[test]
    fn whole_numbers_are_told_from_others() {
        for whole in [0.0, -3.0, 16_777_217.0, f32::MAX.into(), f64::MAX, f64::INFINITY] {
            assert!(whole.is_whole(), "{whole}");
        }
        for other in [0.5, -2.25, 8_388_607.5, f64::NAN] {
            assert!(!other.is_whole() && !(other as f32).is_whole(), "{other}");
        }
    }

    #[test]
    fn values_are_had_only_in_their_own_type() {
        let values = [1.0_f32];
        assert_eq!(f32::slice(f32::values(&values)), Some(&values[..]));
        assert_eq!(f64::slice(f32::values(&values)), None);
    }
}
