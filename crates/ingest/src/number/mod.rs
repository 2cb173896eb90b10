//! Text to number, correctly rounded to the stored type in one rounding.
//!
//! What `str::parse` and `numpy.float32` of the exact decimal give, bit for bit. Beyond plain decimals a field
//! may be `nan`, `inf` or `infinity` in any case, may carry a Fortran exponent (`1.5D+03`), and may stand in
//! double quotes.

pub(crate) mod decimal;
pub(crate) mod eisel_lemire;
mod finish;

use pointillist_base::Float;

use decimal::Decimal;
pub(crate) use finish::{FromDigits, SIGN_BIT, Scale, finish};

/// A type that columns are stored in, read from text.
pub(crate) trait Number: Float + FromDigits {
    /// The nearest value, if it is certain.
    fn from_decimal(decimal: Decimal) -> Option<Self>;

    /// Reads the longest number that `text` begins with, and says how many bytes it is long.
    fn parse_partial(text: &[u8]) -> Option<(Self, usize)>;

    /// The same for any number: with more digits than fit 64 bits, next to the middle between two values, `nan`.
    fn parse_partial_slowly(text: &[u8]) -> Option<(Self, usize)>;

    /// Reads all of `text` as one number.
    fn parse_complete(text: &[u8]) -> Option<Self>;
}

macro_rules! number {
    ($type:ty, $from_decimal:path) => {
        impl Number for $type {
            #[inline(always)]
            fn from_decimal(decimal: Decimal) -> Option<Self> {
                $from_decimal(decimal)
            }

            #[inline(always)]
            fn parse_partial(text: &[u8]) -> Option<(Self, usize)> {
                if let Some((decimal, used)) = Decimal::scan(text)
                    && let Some(value) = Self::from_decimal(decimal)
                {
                    return Some((value, used));
                }
                Self::parse_partial_slowly(text)
            }

            #[cold]
            fn parse_partial_slowly(text: &[u8]) -> Option<(Self, usize)> {
                lexical_core::parse_partial(text).ok()
            }

            fn parse_complete(text: &[u8]) -> Option<Self> {
                lexical_core::parse(text).ok()
            }
        }
    };
}

number!(f32, Decimal::to_f32);
number!(f64, Decimal::to_f64);

/// Reads a whole field, without blanks around it, that `parse_partial` did not take to its end.
#[cold]
pub(crate) fn parse_field<T: Number>(field: &[u8]) -> Option<T> {
    if let Some(value) = T::parse_complete(field) {
        return Some(value);
    }
    if let [b'"', inner @ .., b'"'] = field {
        let inner = inner.trim_ascii();
        return if inner.is_empty() { Some(T::NAN) } else { parse_field(inner) };
    }
    // Fortran writes double precision exponents with D, and drops the letter when the exponent has three
    // digits; the latter is too easily a typing error to guess at.
    let at = field.iter().position(|byte| matches!(byte, b'd' | b'D'))?;
    let mut copy = [0; 64];
    let copy = copy.get_mut(..field.len())?;
    copy.copy_from_slice(field);
    copy[at] = b'e';
    // `inD` or `D` alone must not become a number: what stands before the exponent has a digit.
    copy[..at].iter().any(u8::is_ascii_digit).then(|| T::parse_complete(copy))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_spellings_are_numbers() {
        for text in ["nan", "NaN", "NAN", "-nan", "+nan", "\"\"", "\" \""] {
            assert!(parse_field::<f32>(text.as_bytes()).unwrap().is_nan(), "{text}");
        }
        for (text, value) in [
            ("inf", f64::INFINITY),
            ("-Inf", f64::NEG_INFINITY),
            ("+INFINITY", f64::INFINITY),
            ("1e400", f64::INFINITY),
            ("-1e400", f64::NEG_INFINITY),
            ("1.5D+03", 1500.0),
            ("1.5d3", 1500.0),
            ("+.5", 0.5),
            ("5.", 5.0),
            ("5.e1", 50.0),
            ("-1e-400", 0.0),
            ("\"2.5\"", 2.5),
            ("\" 2.5 \"", 2.5),
            ("007", 7.0),
        ] {
            assert_eq!(parse_field::<f64>(text.as_bytes()), Some(value), "{text}");
        }
        assert!(parse_field::<f64>(b"-0.0").unwrap().is_sign_negative());
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for text in [
            "", "-", "+", ".", "e5", "1e", "1e+", "1.5.2", "1,5", "0x10", "1_000", "--1", "1 2",
            "abc", "nanx", "inD", "D5", "1D", "1D2D3", "\"", "\"1", "1\0", "１", "infinit",
            "1.5+03",
        ] {
            assert_eq!(parse_field::<f32>(text.as_bytes()), None, "{text:?}");
            assert_eq!(parse_field::<f64>(text.as_bytes()), None, "{text:?}");
        }
    }
}
