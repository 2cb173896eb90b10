//! The inverse hyperbolic sine as C libraries have it since Sun's fdlibm, operation by operation.
//!
//! NumPy takes it from there. That of std differs in last bits, which decide on the colour of a value at the
//! edge of an entry, and on whether a limit of 1000 is among the ticks.

use std::f64::consts::LN_2;

/// The inverse hyperbolic sine as C libraries, and so NumPy, compute it, after Sun's fdlibm. std has another
/// formula, which differs in the last bit of one value in ten.
#[inline]
pub(crate) fn arsinh(value: f64) -> f64 {
    // The upper halves of 2^-28, 2 and 2^28, as no more than these is compared.
    const TINY: u64 = 0x3e30_0000;
    const TWO: u64 = 0x4000_0000;
    const HUGE: u64 = 0x41b0_0000;
    let x = value.abs();
    let result = match x.to_bits() >> 32 {
        ..TINY => x,
        upper if upper > HUGE => x.ln() + LN_2,
        upper if upper > TWO => (2.0 * x + 1.0 / ((x * x + 1.0).sqrt() + x)).ln(),
        _ => {
            let square = x * x;
            (x + square / (1.0 + (1.0 + square).sqrt())).ln_1p()
        }
    };
    result.copysign(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_sine_is_near_that_of_std() {
        for exponent in -40..300 {
            for x in [1.7, -3.1].map(|x: f64| x * 10f64.powi(exponent)) {
                assert!((arsinh(x) / x.asinh() - 1.0).abs() < 1e-14, "{x}");
            }
        }
    }

    #[test]
    fn what_is_not_finite_stays() {
        assert!(arsinh(f64::NAN).is_nan());
        assert_eq!(
            [arsinh(f64::INFINITY), arsinh(f64::NEG_INFINITY)],
            [f64::INFINITY, f64::NEG_INFINITY]
        );
        assert!(arsinh(-0.0).is_sign_negative() && arsinh(-0.0) == 0.0);
    }
}
