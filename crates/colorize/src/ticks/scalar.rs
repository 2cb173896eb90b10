//! Labels of ticks at equal distances: matplotlib's `ScalarFormatter` with its defaults (`ticker.py`).
//!
//! All ticks of an axis share a number of decimals, a power of ten and an offset. The last two are written
//! once, beside the axis.

use super::auto::divide;
use super::fixed;

/// The powers of ten from which on, down and up, labels are divided by one (`axes.formatter.limits`).
const POWERS: (i32, i32) = (-5, 6);

/// An offset has to save more digits than this (`axes.formatter.offset_threshold` is 4).
const OFFSET_DIGITS: f64 = 1000.0;

/// How the ticks of an axis are written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Format {
    /// What is taken from every value.
    offset: f64,
    /// The power of ten that every value is divided by.
    power: i32,
    decimals: usize,
}

impl Format {
    /// Of the ticks that were located, and the limits of the axis; ticks outside of these count for the
    /// number of decimals only.
    pub(super) fn new(ticks: &[f64], low: f64, high: f64) -> Format {
        let visible: Vec<f64> =
            ticks.iter().copied().filter(|tick| (low..=high).contains(tick)).collect();
        let offset = offset(&visible);
        let power = power(&visible, offset, low, high);
        let decimals = decimals(ticks, offset, power, low, high);
        Format { offset, power, decimals }
    }

    /// The label of a tick.
    pub(super) fn label(&self, value: f64) -> String {
        let scaled = (value - self.offset) / 10f64.powf(f64::from(self.power));
        let scaled = if scaled.abs() < 1e-8 { 0.0 } else { scaled };
        with_minus(&format!("{scaled:.*}", self.decimals))
    }

    /// What the labels are to be multiplied with, and then what is to be added.
    pub(super) fn offset_text(&self) -> Option<String> {
        let mut text = String::new();
        if self.power != 0 {
            text += &format!("1e{}", self.power);
        }
        if self.offset != 0.0 {
            if self.offset > 0.0 {
                text += "+";
            }
            text += &scientific(self.offset);
        }
        (!text.is_empty()).then(|| with_minus(&text))
    }
}

/// A number that all ticks begin with, if that makes them shorter.
fn offset(visible: &[f64]) -> f64 {
    let low = visible.iter().copied().fold(f64::INFINITY, f64::min);
    let high = visible.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if low >= high || low <= 0.0 && high >= 0.0 {
        return 0.0;
    }
    let (smallest, largest) = (low.abs().min(high.abs()), low.abs().max(high.abs()));
    let multiples = |exponent: i32| {
        let power = 10f64.powf(f64::from(exponent));
        (divide(smallest, power).0, divide(largest, power).0)
    };
    let highest = largest.log10().ceil() as i32;
    let first = |wanted: fn((f64, f64)) -> bool| {
        (-323..=highest).rev().find(|exponent| wanted(multiples(*exponent)))
    };
    let Some(mut exponent) = first(|(a, b)| a != b).map(|exponent| exponent + 1) else {
        return 0.0;
    };
    if (largest - smallest) / 10f64.powf(f64::from(exponent)) <= 1e-2 {
        // Ticks on both sides of a number with few digits.
        match first(|(a, b)| b - a > 1.0) {
            Some(found) => exponent = found + 1,
            None => return 0.0,
        }
    }
    let multiple = multiples(exponent).1;
    if multiple < OFFSET_DIGITS {
        return 0.0;
    }
    1f64.copysign(low) * multiple * 10f64.powf(f64::from(exponent))
}

fn power(visible: &[f64], offset: f64, low: f64, high: f64) -> i32 {
    let largest = visible.iter().map(|tick| tick.abs()).fold(0.0, f64::max);
    let power = if visible.is_empty() {
        0
    } else if offset != 0.0 {
        (high - low).log10().floor() as i32
    } else if largest == 0.0 {
        0
    } else {
        largest.log10().floor() as i32
    };
    if power <= POWERS.0 || power >= POWERS.1 { power } else { 0 }
}

/// As few decimals as tell the ticks to a thousandth of their range.
fn decimals(ticks: &[f64], offset: f64, power: i32, low: f64, high: f64) -> usize {
    let unit = 10f64.powf(f64::from(power));
    let scaled: Vec<f64> = ticks.iter().map(|tick| (tick - offset) / unit).collect();
    let ends = [low, high].map(|end| (end - offset) / unit);
    let spanned = if ticks.len() < 2 { [&scaled[..], &ends].concat() } else { scaled.clone() };
    let least = spanned.iter().copied().fold(f64::INFINITY, f64::min);
    let most = spanned.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut range = most - least;
    if range == 0.0 {
        range = least.abs().max(most.abs());
    }
    if range == 0.0 {
        range = 1.0;
    }
    let magnitude = range.log10().floor();
    let tolerance = 1e-3 * 10f64.powf(magnitude);
    let mut decimals = (3.0 - magnitude).max(0.0) as usize;
    loop {
        let exact = scaled.iter().all(|value| (value - round(*value, decimals)).abs() < tolerance);
        if !exact {
            return decimals + 1;
        }
        if decimals == 0 {
            return 0;
        }
        decimals -= 1;
    }
}

/// `numpy.round(value, decimals)`.
fn round(value: f64, decimals: usize) -> f64 {
    let power = (0..decimals).fold(1.0, |power, _| power * 10.0);
    if decimals == 0 { value.round_ties_even() } else { (value * power).round_ties_even() / power }
}

/// `ScalarFormatter.format_data`: up to eleven digits and a power of ten, where that is not 0.
fn scientific(value: f64) -> String {
    let exponent = value.abs().log10().floor() as i32;
    let significand = round(value / 10f64.powf(f64::from(exponent)), 10);
    let significand = fixed(significand, 10);
    if exponent == 0 { significand } else { format!("{significand}e{exponent}") }
}

/// The typographic minus sign in place of the hyphen (`axes.unicode_minus`).
fn with_minus(text: &str) -> String {
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[f64], low: f64, high: f64) -> (Vec<String>, Option<String>) {
        let format = Format::new(ticks, low, high);
        (ticks.iter().map(|tick| format.label(*tick)).collect(), format.offset_text())
    }

    #[test]
    fn labels_share_decimals_power_and_offset() {
        let (found, offset) = labels(&[-0.5, 0.0, 0.5], -0.6, 0.6);
        assert_eq!(found, ["\u{2212}0.5", "0.0", "0.5"]);
        assert_eq!(offset, None);
        let (found, offset) = labels(&[0.0, 2.5e6, 5e6], 0.0, 5e6);
        assert_eq!(
            (found, offset.as_deref()),
            (vec!["0.0".into(), "2.5".into(), "5.0".into()], Some("1e6"))
        );
        let (found, offset) = labels(&[123_456.0, 123_456.5], 123_456.0, 123_456.5);
        assert_eq!(
            (found, offset.as_deref()),
            (vec!["0.0".into(), "0.5".into()], Some("+1.23456e5"))
        );
        let (_, offset) = labels(&[-2e-6 - 1.0, -1e-6 - 1.0], -2e-6 - 1.0, -1e-6 - 1.0);
        assert_eq!(offset.as_deref(), Some("1e\u{2212}6\u{2212}1"));
    }
}
