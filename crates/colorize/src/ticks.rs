//! Where the ticks of a picture's axes and of its colorbar fall, and what is written there, as data for
//! whoever draws a figure.
//!
//! Ticks and labels are those of matplotlib 3.11 with its default style: the values agree to the bit and the
//! labels to the letter, since every step is computed as its locators and formatters (`ticker.py`) compute
//! it. Only histogram equalization, which matplotlib does not have, gets ticks of our own: quantiles.
//!
//! [`axis`] is for the axes of the picture, [`Colorbar`] for the colours; [`space_x`] and [`space_y`] tell
//! how many ticks they have room for. Nothing here draws.

mod asinh;
mod auto;
mod colorbar;
mod log;
mod quantiles;
mod scalar;
mod scientific;
mod symlog;

use std::fmt;

pub use colorbar::Colorbar;

use crate::{Error, Limits};

/// Ticks as far as this share of an axis beyond its ends are drawn, as rounding may have put them there.
const SLACK: f64 = 1e-10;

/// A mark on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The value, in data units.
    pub value: f64,
    /// Where it stands, from 0 at the lower end of the axis to 1 at the upper one.
    pub position: f64,
    /// What is written beside it.
    pub label: Label,
    /// Whether it is one of the shorter ticks between those that count.
    pub minor: bool,
}

/// What is written beside a tick.
///
/// Printed as text, with a caret for the superscript: `−2×10^−3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// Nothing.
    None,
    /// A number, with the typographic minus sign (U+2212).
    Text(String),
    /// A number as `mantissa×10^exponent`, or `10^exponent` without a mantissa, for superscripts.
    Power {
        /// Whether a minus sign stands before it.
        negative: bool,
        /// The digits before the cross; none where they are 1.
        mantissa: Option<String>,
        /// The power of ten.
        exponent: i32,
    },
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = |negative: bool| if negative { "\u{2212}" } else { "" };
        match self {
            Label::None => Ok(()),
            Label::Text(text) => f.write_str(text),
            Label::Power { negative, mantissa, exponent } => {
                f.write_str(sign(*negative))?;
                if let Some(mantissa) = mantissa {
                    write!(f, "{mantissa}\u{d7}")?;
                }
                write!(f, "10^{}{}", sign(*exponent < 0), exponent.unsigned_abs())
            }
        }
    }
}

/// The ticks of an axis with equal distances.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The values at its ends; other than those asked for where these are too close to each other.
    pub limits: Limits,
    /// The ticks, in ascending order.
    pub ticks: Vec<Tick>,
    /// What is written once, at the end of the axis: what all labels are to be multiplied with, as in `1e6`,
    /// and what is then to be added, as in `+1.234e3`.
    pub offset: Option<String>,
}

/// The ticks of an axis from `low` to `high`: matplotlib's `AutoLocator` and `ScalarFormatter`.
///
/// `max_n` is how many intervals there is room for, from [`space_x`] or [`space_y`]; of more than 9, 9 are
/// used. Limits that are equal or nearly so (1e-15 of them) are moved apart by 5 % of themselves, and those
/// that are nearly zero (2e-287) become -0.05 and 0.05, as in matplotlib. Where matplotlib's arithmetic
/// overflows, ticks are those of a tenth of the limits, times ten.
///
/// # Errors
/// [`Error::OutOfRange`] if a limit is not finite or `high` is below `low`.
///
/// ```
/// let axis = pointillist_colorize::ticks::axis(0.0, 1.2e6, 9)?;
/// let labels: Vec<String> = axis.ticks.iter().map(|tick| tick.label.to_string()).collect();
/// assert_eq!(labels, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "1.2"]);
/// assert_eq!(axis.offset.as_deref(), Some("1e6"));
/// # Ok::<(), pointillist_colorize::Error>(())
/// ```
pub fn axis(low: f64, high: f64, max_n: usize) -> Result<Axis, Error> {
    for (name, value) in [("the lower end of an axis", low), ("the upper end of an axis", high)] {
        if !value.is_finite() {
            return Err(Error::OutOfRange { name, expected: "a finite number", value });
        }
    }
    if high < low {
        let name = "the upper end of an axis";
        return Err(Error::OutOfRange { name, expected: "at least the lower end", value: high });
    }
    let (low, high) = auto::nonsingular(low, high, 0.05, 1e-15);
    let located = auto::locate(low, high, max_n);
    let format = scalar::Format::new(&located, low, high);
    // In halves, since the range of the largest numbers is none.
    let half_range = high / 2.0 - low / 2.0;
    let slack = half_range * (2.0 * SLACK);
    let ticks = located
        .into_iter()
        .filter(|value| (low - slack..=high + slack).contains(value))
        .map(|value| Tick {
            value,
            position: ((value / 2.0 - low / 2.0) / half_range).clamp(0.0, 1.0),
            label: Label::Text(format.label(value)),
            minor: false,
        })
        .collect();
    Ok(Axis { limits: Limits { vmin: low, vmax: high }, ticks, offset: format.offset_text() })
}

/// How many ticks a horizontal axis of this length has room for, with labels of this size: matplotlib takes
/// a label to be three times as wide as high.
///
/// Both are in points, 1/72 inch; matplotlib's labels have a size of 10. A size below 1 is taken for 1.
pub fn space_x(length: f64, label_size: f64) -> usize {
    space(length, label_size, 3.0)
}

/// How many ticks a vertical axis, such as that of a colorbar, of this length has room for, with labels of
/// this size: matplotlib leaves as much space between labels as they are high.
///
/// Both are in points, as in [`space_x`].
pub fn space_y(length: f64, label_size: f64) -> usize {
    space(length, label_size, 2.0)
}

fn space(length: f64, label_size: f64, share: f64) -> usize {
    (length / (label_size.max(1.0) * share)).floor() as usize
}

/// A number from 1 to 10 with so many digits at most, without zeros at its end: `%g`. A minus sign is a
/// hyphen.
fn fixed(value: f64, digits: usize) -> String {
    let text = format!("{value:.*}", digits - 1);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn room_is_counted_in_labels() {
        assert_eq!(space_x(357.12, 10.0), 11);
        assert_eq!(space_y(266.112, 10.0), 13);
        assert_eq!(space_y(266.112, 0.0), 133);
        assert_eq!(
            [space_x(f64::NAN, 10.0), space_x(-1.0, 10.0), space_x(9.0, f64::NAN)],
            [0, 0, 3]
        );
    }

    #[test]
    fn limits_that_are_none_are_refused() {
        let error = |low, high| axis(low, high, 9).unwrap_err().to_string();
        assert!(error(f64::NAN, 1.0).contains("lower end"));
        assert!(error(0.0, f64::INFINITY).contains("upper end"));
        assert!(error(2.0, 1.0).contains("at least the lower end"));
    }

    #[test]
    fn equal_limits_are_moved_apart() {
        let found = axis(100.0, 100.0, 9).unwrap();
        assert_eq!(found.limits, Limits { vmin: 95.0, vmax: 105.0 });
        let found = axis(0.0, 0.0, 9).unwrap();
        assert_eq!(found.limits, Limits { vmin: -0.05, vmax: 0.05 });
        let found = axis(f64::MAX, f64::MAX, 9).unwrap();
        assert!(found.limits.vmin < f64::MAX && !found.ticks.is_empty());
    }

    #[test]
    fn the_whole_range_of_numbers_has_ticks() {
        let found = axis(f64::MIN, f64::MAX, 9).unwrap();
        let labels: Vec<String> = found.ticks.iter().map(|tick| tick.label.to_string()).collect();
        assert_eq!(labels[3..], ["0.0", "0.5", "1.0", "1.5"]);
        assert_eq!(found.offset.as_deref(), Some("1e308"));
        assert_eq!(found.ticks[3].position, 0.5);
    }

    proptest! {
        #[test]
        fn any_limits_have_a_bounded_number_of_ticks_in_order(
            a in prop::num::f64::ANY, b in prop::num::f64::ANY, near: bool, ulps in 0u64..200, max_n in 0usize..20,
        ) {
            let b = if near { f64::from_bits(a.to_bits().wrapping_add(ulps)) } else { b };
            prop_assume!(a.is_finite() && b.is_finite());
            let found = axis(a.min(b), a.max(b), max_n).unwrap();
            let Limits { vmin, vmax } = found.limits;
            prop_assert!(vmin < vmax && vmin.is_finite() && vmax.is_finite());
            prop_assert!(found.ticks.len() <= 2 * auto::MAX_INTERVALS, "{}", found.ticks.len());
            prop_assert!(found.ticks.is_sorted_by(|a, b| a.value <= b.value));
            for tick in &found.ticks {
                prop_assert!((0.0..=1.0).contains(&tick.position));
                prop_assert!(tick.label.to_string().chars().count() < 30, "{tick:?}");
            }
        }
    }
}
