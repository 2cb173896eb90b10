//! The types a cell can have, and a way to run code for either.

use std::ops::{Add, Div, Mul, Sub};

/// Runs the body with the slice inside of [`Values`], once compiled for each type.
macro_rules! with_values {
    ($cells:expr, $slice:ident => $body:expr) => {
        match $cells {
            pointillist_base::Values::F32($slice) => $body,
            pointillist_base::Values::F64($slice) => $body,
        }
    };
}
pub(crate) use with_values;

/// A float that a page is stored in. Kernels compute in this type wherever NumPy does.
pub(crate) trait Sample:
    Copy
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    const ZERO: Self;
    const ONE: Self;
    const NAN: Self;
    const RANK_BITS: u32;
    const INFINITY: Self;
    const NEG_INFINITY: Self;

    /// The same number in 64 bits.
    fn wide(self) -> f64;
    /// The nearest number of this type.
    fn narrow(wide: f64) -> Self;
    fn finite(self) -> bool;
    fn nan(self) -> bool;
    /// The same number; of all NaN one, whatever sign and payload the arithmetic left in it.
    fn canonical(self) -> Self;
    /// Whether it is a whole number.
    fn whole(self) -> bool;
    /// The place in the order of all numbers of this type, -0 before 0 and NaN at both ends; below
    /// 2 to the power of [`RANK_BITS`](Sample::RANK_BITS).
    fn rank(self) -> u64;
    /// The number of this place.
    fn of_rank(rank: u64) -> Self;
    fn magnitude(self) -> Self;
    fn square_root(self) -> Self;
    fn power(self, exponent: Self) -> Self;
    fn log_10(self) -> Self;
    fn log_e(self) -> Self;
    /// Truncated towards zero and kept in range; 0 for NaN.
    fn truncated(self) -> i32;
}

macro_rules! sample {
    ($float:ty, $bits:ty, $signed:ty) => {
        impl Sample for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NAN: Self = <$float>::NAN;
            const RANK_BITS: u32 = <$bits>::BITS;
            const INFINITY: Self = <$float>::INFINITY;
            const NEG_INFINITY: Self = <$float>::NEG_INFINITY;

            #[inline(always)]
            fn wide(self) -> f64 {
                self.into()
            }
            #[inline(always)]
            fn narrow(wide: f64) -> Self {
                wide as $float
            }
            #[inline(always)]
            fn finite(self) -> bool {
                self.is_finite()
            }
            #[inline(always)]
            fn nan(self) -> bool {
                self.is_nan()
            }
            #[inline(always)]
            fn canonical(self) -> Self {
                // All as integers: of floats the compiler may leave either NaN.
                let (nan, infinity) = (<$float>::NAN.to_bits(), <$float>::INFINITY.to_bits());
                let magnitude = self.to_bits() << 1;
                <$float>::from_bits(if magnitude > infinity << 1 { nan } else { self.to_bits() })
            }
            #[inline(always)]
            fn whole(self) -> bool {
                // Above this, there are no others. A conversion is quicker than a call of the C library's trunc.
                self.abs() >= 1.0 / <$float>::EPSILON || self as $signed as $float == self
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
                <$float>::from_bits(rank ^ (!positive | 1 << (<$bits>::BITS - 1)))
            }
            #[inline(always)]
            fn magnitude(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn square_root(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn power(self, exponent: Self) -> Self {
                self.powf(exponent)
            }
            #[inline(always)]
            fn log_10(self) -> Self {
                self.log10()
            }
            #[inline(always)]
            fn log_e(self) -> Self {
                self.ln()
            }
            #[inline(always)]
            fn truncated(self) -> i32 {
                self as i32
            }
        }
    };
}
sample!(f32, u32, i32);
sample!(f64, u64, i64);

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
}
