//! The slow and obvious twin of everything fast here: what the tests compare with.

mod reader;

use num_bigint::BigUint;

use crate::zone::Zone;
pub(crate) use reader::read;

/// A binary format: bits of the significand and the exponent of the smallest subnormal.
struct Binary {
    precision: u64,
    smallest: i64,
    largest: i64,
}

/// The `f32` next to a decimal number, ties to even, by exact integer arithmetic.
pub(crate) fn to_f32(text: &str) -> f32 {
    let format = Binary { precision: 24, smallest: -149, largest: 104 };
    let (negative, rounded) = round(text, &format);
    let value = match rounded {
        // At most 24 bits times a power of two in the range: both steps are exact.
        Some((significand, exponent)) => (significand as f64 * 2_f64.powi(exponent as i32)) as f32,
        None => f32::INFINITY,
    };
    if negative { -value } else { value }
}

/// The `f64` next to a decimal number, ties to even, by exact integer arithmetic.
pub(crate) fn to_f64(text: &str) -> f64 {
    let format = Binary { precision: 53, smallest: -1074, largest: 971 };
    let (negative, rounded) = round(text, &format);
    let value = match rounded {
        Some((0, _)) => 0.0,
        Some((significand, exponent)) => {
            // Assembled from its bits: a product with 2^-1074 would not be exact everywhere.
            let bits = significand;
            if bits < 1 << 52 {
                assert_eq!(exponent, -1074);
                f64::from_bits(bits)
            } else {
                f64::from_bits(((exponent + 1075) as u64) << 52 | (bits & ((1 << 52) - 1)))
            }
        }
        None => f64::INFINITY,
    };
    if negative { -value } else { value }
}

/// Sign, and significand and exponent of the nearest number of the format, or `None` beyond the largest.
fn round(text: &str, format: &Binary) -> (bool, Option<(u64, i64)>) {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigUint = format!("0{whole}{fraction}").parse().unwrap();
    let exponent = exponent.parse::<i64>().unwrap() - fraction.len() as i64;
    if digits == BigUint::ZERO {
        return (negative, Some((0, format.smallest)));
    }
    let ten = |power: i64| BigUint::from(10_u8).pow(u32::try_from(power).unwrap());
    let (numerator, denominator) = if exponent >= 0 {
        (digits * ten(exponent), BigUint::from(1_u8))
    } else {
        (digits, ten(-exponent))
    };
    // The exponent that leaves `precision` bits before the point, or one too many; never below the subnormals.
    let bits = numerator.bits() as i64 - denominator.bits() as i64;
    let mut exponent = (bits - format.precision as i64).max(format.smallest);
    let limit = BigUint::from(1_u8) << format.precision;
    loop {
        let (scaled, divisor) = if exponent >= 0 {
            (numerator.clone(), &denominator << exponent as u64)
        } else {
            (&numerator << (-exponent) as u64, denominator.clone())
        };
        let quotient = &scaled / &divisor;
        if quotient >= limit {
            exponent += 1;
            continue;
        }
        let twice = (scaled - &quotient * &divisor) * 2_u8;
        let odd = quotient.bit(0);
        let up = twice > divisor || (twice == divisor && odd);
        let mut significand = u64::try_from(quotient).unwrap() + u64::from(up);
        if significand == 1 << format.precision {
            significand >>= 1;
            exponent += 1;
        }
        return (negative, (exponent <= format.largest).then_some((significand, exponent)));
    }
}

/// The zones of a column in blocks of `block` rows.
pub(crate) fn zones(values: &[f64], block: usize) -> Vec<Zone> {
    let zone = |values: &[f64]| {
        let mut finite: Vec<f64> =
            values.iter().copied().filter(|value| value.is_finite()).collect();
        finite.sort_unstable_by(f64::total_cmp);
        let positive = |zero: f64| if zero == 0.0 { 0.0 } else { zero };
        Zone {
            min: positive(finite.first().copied().unwrap_or(f64::INFINITY)),
            max: positive(finite.last().copied().unwrap_or(f64::NEG_INFINITY)),
            non_finite: (values.len() - finite.len()) as u64,
        }
    };
    values.chunks(block).map(zone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Number;
    use proptest::prelude::*;

    /// Numbers at which parsers err: long, next to midpoints of floats, at both ends of the range.
    fn adversarial() -> Vec<String> {
        let mut all: Vec<String> = "
            0 0.0000 1 16777216 16777217 16777218 16777219 9007199254740993
            9007199254740992.999999999999999999999999 0.1 0.3 1e23 8.5e22 1e22 123456789.123
            1.00000005960464477539062 1.00000005960464477539063 1.000000059604644775390625
            1.0000001788139342
            0.000000000000000000000000000000000000000000000700649232162408535461864791644
            7.006492321624085e-46 7.006492321624086e-46 1.401298464324817e-45
            1.1754943508222875e-38 1.1754942106924411e-38 3.4028234663852886e38
            3.4028235677973366e38 3.4028235677973365e38 3.4028235e38 1e39 1e-50 4.9e-324
            2.4703282292062327e-324 2.4703282292062328e-324 2.2250738585072011e-308
            2.2250738585072014e-308 1.7976931348623157e308 1.7976931348623158e308
            1.7976931348623159e308 1e309 1e-400 1e400 2.00000011920928955078125 33554431.0
            33554433 0.500000029802322387695312499999999 5e-324 6.631236846766476e-316
            9.5e-1 1e0 1E+5 12345678901234567890123456789"
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect();
        // The exact midpoints of neighbouring floats, and a last digit to either side of them.
        for bits in [
            0x3F80_0000_u32,
            0x0000_0001,
            0x0080_0000,
            0x007F_FFFF,
            0x4B7F_FFFF,
            0x42F6_E979,
            0x7F7F_FFFE,
        ] {
            let (low, high) = (f32::from_bits(bits), f32::from_bits(bits + 1));
            let middle = (f64::from(low) + f64::from(high)) / 2.0;
            let exact = format!("{middle:.160}");
            let exact = exact.trim_end_matches('0').to_owned();
            all.push(format!("{exact}0001"));
            let mut below = exact.clone().into_bytes();
            let last = below.iter().rposition(|byte| (b'1'..=b'9').contains(byte)).unwrap();
            below[last] -= 1;
            all.push(format!("{}9999", String::from_utf8(below).unwrap()));
            all.push(exact);
        }
        all
    }

    fn check(text: &str) {
        let expected = to_f32(text);
        assert_eq!(expected.to_bits(), text.parse::<f32>().unwrap().to_bits(), "oracle, {text}");
        let (value, used) = <f32 as Number>::parse_partial(text.as_bytes()).unwrap();
        assert_eq!((value.to_bits(), used), (expected.to_bits(), text.len()), "f32, {text}");
        let expected = to_f64(text);
        let (value, used) = <f64 as Number>::parse_partial(text.as_bytes()).unwrap();
        assert_eq!((value.to_bits(), used), (expected.to_bits(), text.len()), "f64, {text}");
    }

    #[test]
    fn adversarial_numbers_are_rounded_once_and_correctly() {
        for text in adversarial() {
            check(&text);
            check(&format!("-{text}"));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn long_numbers_are_rounded_once_and_correctly(text in r"-?[0-9]{1,4}\.[0-9]{13,25}") {
            check(&text);
        }

        #[test]
        fn numbers_of_any_exponent_are_rounded_once_and_correctly(
            text in r"[0-9]\.[0-9]{0,18}e-?[0-9]{1,2}", subnormal in r"[0-9]\.[0-9]{16,24}e-(3[89]|4[0-6]|30[7-9]|32[0-4])",
        ) {
            check(&text);
            check(&subnormal);
        }

        #[test]
        fn midpoints_of_neighbouring_floats_go_to_the_even_one(bits in 0_u32..0x7F7F_FFFF) {
            let (low, high) = (f32::from_bits(bits), f32::from_bits(bits + 1));
            let middle = (f64::from(low) + f64::from(high)) / 2.0;
            check(&format!("{middle:e}"));
            check(&format!("{middle:.30}"));
        }

        #[test]
        fn shortest_representations_come_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            let single = f32::from_bits(bits as u32);
            prop_assume!(value.is_finite() && single.is_finite());
            check(&format!("{value:e}"));
            check(&format!("{single:e}"));
        }
    }
}
