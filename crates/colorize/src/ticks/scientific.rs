//! Labels of logarithmic axes: matplotlib's `LogFormatterSciNotation` for base 10 (`ticker.py`).

use std::f64::consts::LN_10;

use super::{Label, fixed};

/// Major ticks up to which the ticks between them are labelled, too.
const FEW_MAJOR: f64 = 1.0;

/// Decades up to which all of them are.
const FEW_DECADES: f64 = 0.4;

/// Which multiples of a power of ten are labelled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Labelled {
    Powers,
    /// The powers and multiples at nearly equal distances.
    Some,
    All,
}

impl Labelled {
    /// Of the limits of an axis, the lower one first, with a linear part up to the threshold.
    pub(super) fn new(low: f64, high: f64, threshold: Option<f64>) -> Labelled {
        let log = |x: f64| x.ln() / LN_10;
        // A limit that is a power is one of the ticks.
        let between = |low: f64, high: f64| log(high).floor() - log(low).next_down().floor();
        let (ticks, decades) = match threshold {
            None if low <= 0.0 => return Labelled::Powers,
            None => (between(low, high), (log(high) - log(low)).abs()),
            Some(threshold) => {
                let (mut ticks, mut decades) = (0.0, 0.0);
                if low < -threshold {
                    let right = high.min(-threshold);
                    // The limits are taken the wrong way round; so are the labels of matplotlib.
                    ticks += between(low.abs(), right.abs());
                    decades += log(low / right);
                }
                if high > threshold {
                    let left = low.max(threshold);
                    ticks += between(left, high);
                    decades += log(high / left);
                }
                (ticks, decades)
            }
        };
        if ticks > FEW_MAJOR {
            Labelled::Powers
        } else if decades > FEW_DECADES {
            Labelled::Some
        } else {
            Labelled::All
        }
    }

    fn contains(self, multiple: f64) -> bool {
        match self {
            Labelled::Powers => multiple == 1.0,
            Labelled::Some => [1.0, 2.0, 3.0, 4.0, 6.0, 10.0].contains(&multiple),
            Labelled::All => (1.0..=10.0).contains(&multiple),
        }
    }

    /// The label of a finite value.
    pub(super) fn label(self, value: f64) -> Label {
        if value == 0.0 {
            return Label::Text("0".to_owned());
        }
        let negative = value < 0.0;
        let power = value.abs().ln() / LN_10;
        let is_power = is_close_to_whole(power);
        let below = if is_power { power.round_ties_even() } else { power.floor() };
        if !self.contains(10f64.powf(power - below).round_ties_even()) {
            return Label::None;
        }
        let exponent = below as i32;
        let mantissa = (!is_power).then(|| {
            let mantissa = 10f64.powf(power - below);
            let whole = mantissa.round_ties_even();
            fixed(if is_close_to_whole(mantissa) { whole } else { mantissa }, 6)
        });
        Label::Power { negative, mantissa, exponent }
    }
}

/// Python's `math.isclose(x, round(x))`.
fn is_close_to_whole(x: f64) -> bool {
    let whole = x.round_ties_even();
    (x - whole).abs() <= 1e-9 * x.abs().max(whole.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewer_powers_the_more_labels() {
        assert_eq!(Labelled::new(1.0, 100.0, None), Labelled::Powers);
        assert_eq!(Labelled::new(2.0, 9.0, None), Labelled::Some);
        assert_eq!(Labelled::new(2.0, 3.0, None), Labelled::All);
        assert_eq!(Labelled::new(0.0, 3.0, None), Labelled::Powers);
        assert_eq!(Labelled::new(0.0, 3.0, Some(2.0)), Labelled::All);
    }

    #[test]
    fn a_label_has_a_mantissa_unless_that_is_one() {
        let label = |value| Labelled::All.label(value).to_string();
        assert_eq!(label(0.0), "0");
        assert_eq!(label(1e-3), "10^\u{2212}3");
        assert_eq!(label(-20.0), "\u{2212}2\u{d7}10^1");
        assert_eq!(label(2.25), "2.25\u{d7}10^0");
        assert_eq!(Labelled::Powers.label(2.0), Label::None);
        assert_eq!(Labelled::Some.label(5.0), Label::None);
    }
}
