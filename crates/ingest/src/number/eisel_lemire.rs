//! The nearest double to a mantissa of 19 digits times a power of ten, without big integers.
//!
//! The mantissa is multiplied by the first 128 bits of the power of five. That nearly always tells the 54 bits that a
//! double is rounded from; where it does not, the caller has to look closer. Algorithm and proof: Lemire, "Number parsing
//! at a gigabyte per second" (2021); Mushtak and Lemire, "Fast number parsing without fallback" (2023).

/// The powers of ten in reach, both ways: 5^55 is the last power of five that fits 128 bits.
const MOST: i32 = 55;

/// The first 128 bits of 5^-55 to 5^55: rounded down, but up where the power is a whole number's reciprocal and 28 bits
/// and more of it are left, which the proof wants.
static POWERS_OF_FIVE: [u128; 2 * MOST as usize + 1] = {
    let mut powers = [0; 2 * MOST as usize + 1];
    let mut power = 1_u128;
    let mut exponent = 0;
    while exponent <= MOST {
        powers[(MOST + exponent) as usize] = power << power.leading_zeros();
        if exponent > 0 {
            let up = if exponent <= 27 { 1 } else { 0 };
            powers[(MOST - exponent) as usize] = reciprocal(power) + up;
        }
        if exponent < MOST {
            power *= 5;
        }
        exponent += 1;
    }
    powers
};

/// The first 128 bits of 1 / `number`, which is no power of two.
const fn reciprocal(number: u128) -> u128 {
    // As many bits as the number has, and 127: the quotient of 2 to that power has 128.
    let mut bits = 128 - number.leading_zeros() + 127;
    let (mut quotient, mut rest) = (0, 1_u128);
    while bits > 0 {
        let carry = rest >> 127 != 0;
        rest <<= 1;
        quotient <<= 1;
        if carry || rest >= number {
            rest = rest.wrapping_sub(number);
            quotient |= 1;
        }
        bits -= 1;
    }
    quotient
}

/// The nearest double to `mantissa` × 10^`exponent`; `None` where the power is out of reach, or the product says too
/// little.
#[inline(always)]
pub(crate) fn nearest(mantissa: u64, exponent: i32) -> Option<f64> {
    if mantissa == 0 {
        return Some(0.0);
    }
    if !(-MOST..=MOST).contains(&exponent) {
        return None;
    }
    let zeros = mantissa.leading_zeros();
    let mantissa = mantissa << zeros;
    let power = POWERS_OF_FIVE[(exponent + MOST) as usize];
    // The 54 bits that are rounded, one that may be lost to a carry, and the rest of 64 that must not be all ones.
    const REST: u64 = u64::MAX >> 55;
    let mut product = u128::from(mantissa) * (power >> 64);
    if (product >> 64) as u64 & REST == REST {
        product += (u128::from(mantissa) * (power & u128::from(u64::MAX))) >> 64;
    }
    let (high, low) = ((product >> 64) as u64, product as u64);
    if low == u64::MAX && !(-27..=55).contains(&exponent) {
        return None;
    }
    let upper = (high >> 63) as u32;
    let shift = upper + 64 - 55;
    let mut bits = high >> shift;
    // A number may lie in the middle between two doubles only where its power of five is small: it goes to the even one.
    if low <= 1 && (-4..=23).contains(&exponent) && bits & 3 == 1 && bits << shift == high {
        bits &= !1;
    }
    bits += bits & 1;
    bits >>= 1;
    // floor(log2(10^exponent)), and where the point of the mantissa is.
    let binary = ((217_706 * exponent) >> 16) + 63 + upper as i32 - zeros as i32;
    // The first bit of the 53 adds one to the exponent. Where rounding has carried there is one bit more, and it adds two.
    Some(f64::from_bits((((binary + 1022) as u64) << 52) + bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigUint;
    use proptest::prelude::*;

    #[test]
    fn powers_of_five_are_what_the_proof_wants() {
        let five = BigUint::from(5_u32);
        for exponent in 0..=MOST {
            let power = five.pow(exponent as u32);
            let bits = power.bits();
            let up = POWERS_OF_FIVE[(MOST + exponent) as usize];
            assert_eq!(BigUint::from(up), &power << (128 - bits), "{exponent}");
            let down = POWERS_OF_FIVE[(MOST - exponent) as usize];
            if exponent > 0 {
                let reciprocal = (BigUint::from(1_u32) << (bits + 127)) / &power;
                let more = u32::from(exponent <= 27);
                assert_eq!(BigUint::from(down), reciprocal + more, "-{exponent}");
            }
        }
    }

    fn check(mantissa: u64, exponent: i32) {
        let expected: f64 = format!("{mantissa}e{exponent}").parse().unwrap();
        if let Some(value) = nearest(mantissa, exponent) {
            assert_eq!(value.to_bits(), expected.to_bits(), "{mantissa}e{exponent}");
        }
    }

    #[test]
    fn every_exponent_in_reach_takes_every_length() {
        let mut taken = 0;
        for exponent in -MOST..=MOST {
            for length in 1..=19 {
                let mantissa = (0..length).fold(0, |sum, place| sum * 10 + (place * 7 + 3) % 10);
                check(mantissa, exponent);
                taken += usize::from(nearest(mantissa, exponent).is_some());
            }
        }
        assert_eq!(taken, (2 * MOST as usize + 1) * 19);
        assert_eq!(nearest(1, MOST + 1), None);
        assert_eq!(nearest(1, -MOST - 1), None);
    }

    #[test]
    fn middles_go_to_the_even_neighbour() {
        // 2^53 + 1, and so on: exactly in the middle.
        for mantissa in [(1 << 53) + 1, (1 << 53) + 3, (1 << 54) + 2, (1 << 54) + 6, u64::MAX] {
            check(mantissa, 0);
        }
        // 5^23 * (2^53 + 1) would need more than 64 bits; 10^22 and less have them.
        for exponent in -4..=23 {
            for mantissa in
                [9_007_199_254_740_993_u64, 4_503_599_627_370_497, 9_223_372_036_854_776_833]
            {
                check(mantissa, exponent);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn doubles_are_the_nearest(mantissa in any::<u64>(), shift in 0_u32..64, exponent in -60..60) {
            check(mantissa >> shift, exponent);
        }

        #[test]
        fn middles_and_their_neighbours_are_right(
            bits in any::<u64>(), shift in 0_u32..10, step in -1_i64..=1, exponent in -10_i32..24,
        ) {
            // 54 bits, of which the last is set: in the middle between two doubles, and still so when shifted.
            let middle = ((bits >> 10) | (1 << 53) | 1) << shift;
            check(middle.wrapping_add_signed(step), 0);
            // And nearly so where powers of ten come in.
            let factor = 10_u64.pow(exponent.unsigned_abs().min(3));
            check((middle / factor).wrapping_add_signed(step), exponent.signum() * 3);
            check(middle, exponent);
        }
    }
}
