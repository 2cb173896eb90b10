//! How values become positions in [0, 1]: the choice, as an option. [`Scale`](crate::Scale) is the same with
//! limits.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// The function between a value and its position on the colormap.
///
/// Read from and printed as the names in the list, which is also how it is serialized.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Norm {
    /// `linear`: proportional. matplotlib's `Normalize`.
    #[default]
    Linear,
    /// `log`: the logarithm; values that are not above zero are bad. matplotlib's `LogNorm`.
    Log,
    /// `sqrt`: `power:0.5`.
    Sqrt,
    /// `cbrt`: the cube root of the distance to the lower limit. datashader's `cbrt`.
    Cbrt,
    /// `log1p`: the logarithm of 1 + the distance to the lower limit. datashader's `log`.
    Log1p,
    /// `power:G`: proportional, then to the power of G, which is above zero. matplotlib's `PowerNorm`.
    Power(f64),
    /// `asinh:W`, `asinh` for W = 1: linear up to about W, which is above zero, then logarithmic.
    /// matplotlib's `AsinhNorm`.
    Asinh(f64),
    /// `symlog:T`: linear between -T and T, which is above zero, logarithmic outside. matplotlib's
    /// `SymLogNorm` with base 10.
    SymLog(f64),
    /// `eq_hist`: every position is taken by equally many cells. datashader's `eq_hist`.
    EqHist,
}

impl Norm {
    /// The norm that suits a page: [`Norm::Log`] for `count`, [`Norm::Linear`] for all others.
    pub fn default_for(page: &str) -> Norm {
        if page == "count" { Norm::Log } else { Norm::Linear }
    }

    /// Checks the parameter.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if it is not a finite number above zero.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let (name, value) = match *self {
            Norm::Power(gamma) => ("the exponent of norm power", gamma),
            Norm::Asinh(width) => ("the width of norm asinh", width),
            Norm::SymLog(threshold) => ("the threshold of norm symlog", threshold),
            _ => return Ok(()),
        };
        if value > 0.0 && value.is_finite() {
            Ok(())
        } else {
            Err(Error::OutOfRange { name, expected: "a finite number above zero", value })
        }
    }
}

impl FromStr for Norm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let error = |reason| Error::Norm { text: text.to_owned(), reason };
        let (name, parameter) = match text.split_once(':') {
            Some((name, parameter)) => {
                let number = parameter.parse().ok().filter(|p: &f64| *p > 0.0 && p.is_finite());
                (name, Some(number.ok_or(error("its parameter is no number above zero"))?))
            }
            None => (text, None),
        };
        match (name, parameter) {
            ("linear", None) => Ok(Norm::Linear),
            ("log", None) => Ok(Norm::Log),
            ("sqrt", None) => Ok(Norm::Sqrt),
            ("cbrt", None) => Ok(Norm::Cbrt),
            ("log1p", None) => Ok(Norm::Log1p),
            ("eq_hist", None) => Ok(Norm::EqHist),
            ("power", Some(gamma)) => Ok(Norm::Power(gamma)),
            ("asinh", width) => Ok(Norm::Asinh(width.unwrap_or(1.0))),
            ("symlog", Some(threshold)) => Ok(Norm::SymLog(threshold)),
            ("power", None) => Err(error("the exponent is missing, as in power:0.5")),
            ("symlog", None) => {
                Err(error("the threshold of its linear part is missing, as in symlog:1"))
            }
            ("linear" | "log" | "sqrt" | "cbrt" | "log1p" | "eq_hist", Some(_)) => {
                Err(error("it takes no parameter"))
            }
            _ => Err(error("unknown name")),
        }
    }
}

impl fmt::Display for Norm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Norm::Linear => f.write_str("linear"),
            Norm::Log => f.write_str("log"),
            Norm::Sqrt => f.write_str("sqrt"),
            Norm::Cbrt => f.write_str("cbrt"),
            Norm::Log1p => f.write_str("log1p"),
            Norm::Power(gamma) => write!(f, "power:{gamma}"),
            Norm::Asinh(1.0) => f.write_str("asinh"),
            Norm::Asinh(width) => write!(f, "asinh:{width}"),
            Norm::SymLog(threshold) => write!(f, "symlog:{threshold}"),
            Norm::EqHist => f.write_str("eq_hist"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_norm_is_read_back_from_its_text() {
        for text in [
            "linear",
            "log",
            "sqrt",
            "cbrt",
            "log1p",
            "power:0.3",
            "asinh",
            "asinh:2.5",
            "symlog:0.01",
            "eq_hist",
        ] {
            assert_eq!(text.parse::<Norm>().unwrap().to_string(), text);
        }
        assert_eq!("asinh:1".parse::<Norm>().unwrap(), Norm::Asinh(1.0));
    }

    #[test]
    fn a_wrong_norm_is_refused_with_the_reason_and_the_choices() {
        for (text, reason) in [
            ("", "unknown name"),
            ("Log", "unknown name"),
            ("log:10", "takes no parameter"),
            ("log1p:2", "takes no parameter"),
            ("power", "exponent is missing"),
            ("symlog", "threshold"),
            ("power:", "no number above zero"),
            ("power:-1", "no number above zero"),
            ("power:0", "no number above zero"),
            ("symlog:nan", "no number above zero"),
            ("asinh:inf", "no number above zero"),
        ] {
            let message = text.parse::<Norm>().unwrap_err().to_string();
            assert!(message.contains(reason) && message.contains("eq_hist"), "{message}");
        }
    }

    #[test]
    fn counts_are_shown_on_a_logarithmic_scale_unless_asked_otherwise() {
        assert_eq!(Norm::default_for("count"), Norm::Log);
        assert_eq!(Norm::default_for("mean"), Norm::Linear);
        assert_eq!(Norm::default_for("mean:z"), Norm::Linear);
    }
}
