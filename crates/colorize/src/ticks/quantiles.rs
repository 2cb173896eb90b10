//! Ticks of histogram equalization: the values that part the cells into equally many.

use pointillist_base::Values;

use super::{Label, Tick};
use crate::{Limits, Scale};

/// The significant digits of a label, at least.
const DIGITS: usize = 3;

/// Digits that tell any two numbers of 64 bits apart.
const ALL_DIGITS: usize = 17;

/// Halves, quarters or eighths, as there is room. A tick stands where its value does, so that where many
/// cells have the same value there are fewer ticks.
pub(super) fn ticks(scale: &Scale, max_n: usize) -> Vec<Tick> {
    let parts = match max_n {
        0 | 1 => 1,
        2 | 3 => 2,
        4..8 => 4,
        _ => 8,
    };
    let Limits { vmin, vmax } = scale.limits();
    let between = (1..parts).map(|i| scale.inverse(f64::from(i) / f64::from(parts)));
    let mut values: Vec<f64> = [vmin].into_iter().chain(between).chain([vmax]).collect();
    values.dedup();
    let mut positions = vec![0.0; values.len()];
    scale.positions(Values::F64(&values), &mut positions);
    let labels = labels(&values);
    values
        .into_iter()
        .zip(positions)
        .zip(labels)
        .map(|((value, position), label)| Tick { value, position, label, minor: false })
        .collect()
}

/// Labels of as few digits as tell the values apart.
fn labels(values: &[f64]) -> Vec<Label> {
    let labels = |digits| values.iter().map(|value| label(*value, digits)).collect::<Vec<_>>();
    (DIGITS..ALL_DIGITS)
        .map(labels)
        .find(|labels| labels.windows(2).all(|pair| pair[0] != pair[1]))
        .unwrap_or_else(|| labels(ALL_DIGITS))
}

/// A number rounded to significant digits, with a power of ten where matplotlib's other labels have one.
fn label(value: f64, digits: usize) -> Label {
    let text = format!("{:.*e}", digits - 1, value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let negative = value < 0.0;
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if exponent <= -5 || exponent >= 6 {
        let mantissa = trimmed(mantissa);
        return Label::Power {
            negative,
            mantissa: (mantissa != "1").then_some(mantissa),
            exponent,
        };
    }
    let sign = if negative { "\u{2212}" } else { "" };
    // Digits before the point that are not asked for are zeros.
    let rounded: f64 = text.parse().unwrap_or(0.0);
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    Label::Text(format!("{sign}{}", trimmed(&format!("{rounded:.decimals$}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resident;

    fn found(values: &[f64], max_n: usize) -> Vec<(f64, String)> {
        let scale =
            Scale::equalized(&Resident::column(Values::F64(values), None)).unwrap().unwrap();
        ticks(&scale, max_n).iter().map(|tick| (tick.position, tick.label.to_string())).collect()
    }

    #[test]
    fn quarters_of_the_cells_lie_between_two_ticks() {
        let values: Vec<f64> = (0..=240).map(|i| f64::from(i * i)).collect();
        let labels: Vec<String> = found(&values, 5).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0", "3600", "14400", "32400", "57600"]);
        for (i, (position, _)) in found(&values, 5).iter().enumerate() {
            assert!((position - i as f64 / 4.0).abs() < 1e-3, "{position}");
        }
        assert_eq!(found(&values, 8).len(), 9);
        assert_eq!(found(&values, 3).len(), 3);
        assert_eq!(found(&values, 0).len(), 2);
    }

    #[test]
    fn a_value_that_most_cells_have_gets_one_tick() {
        let text = |position: f64, label: &str| (position, label.to_owned());
        let counts = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0];
        assert_eq!(found(&counts, 4), [text(0.0, "1"), text(0.5, "2"), text(1.0, "3")]);
        assert_eq!(found(&[3.0, 3.0], 4), [text(0.0, "3")]);
    }

    #[test]
    fn labels_have_the_digits_that_tell_them_apart() {
        let labels = |values: &[f64]| -> Vec<String> {
            labels(values).iter().map(Label::to_string).collect()
        };
        assert_eq!(labels(&[1000.1, 1000.15, 1000.9]), ["1000.1", "1000.15", "1000.9"]);
        assert_eq!(labels(&[-0.25, 0.0, 1.0 / 3.0]), ["\u{2212}0.25", "0", "0.333"]);
        assert_eq!(
            labels(&[-1.234e-7, 5e-5, 2e9]),
            ["\u{2212}1.23\u{d7}10^\u{2212}7", "5\u{d7}10^\u{2212}5", "2\u{d7}10^9"]
        );
        assert_eq!(labels(&[1.0, 1.0f64.next_up()]), ["1", "1.0000000000000002"]);
    }
}
