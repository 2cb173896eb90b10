//! Powers of ten on both sides of zero: matplotlib's `SymmetricalLogLocator` for base 10 (`ticker.py`).

use std::f64::consts::LN_10;

/// Ticks from which on only one in so many is kept.
const MANY: f64 = 14.0;

/// The ticks of limits, the lower one first, in ascending order; they may lie outside. Where the limits are
/// within the threshold, they and zero are the ticks.
pub(super) fn locate(low: f64, high: f64, threshold: f64) -> Vec<f64> {
    if -threshold <= low && low < high && high <= threshold {
        let mut ticks = vec![low, 0.0, high];
        ticks.sort_by(f64::total_cmp);
        ticks.dedup();
        return ticks;
    }
    let (below, above) = (low < -threshold, high > threshold);
    let linear = below && high > -threshold || above && low < threshold;
    // Whole exponents, the last one left out.
    let exponents = |from: f64, to: f64| ((from.ln() / LN_10).floor(), (to.ln() / LN_10).ceil());
    let negative =
        if below { exponents(high.min(-threshold).abs(), low.abs() + 1.0) } else { (0.0, 0.0) };
    let positive = if above { exponents(low.max(threshold), high + 1.0) } else { (0.0, 0.0) };
    let total = negative.1 - negative.0 + (positive.1 - positive.0) + f64::from(u8::from(linear));
    let stride = (total / MANY).floor().max(1.0);
    let powers = |(from, to): (f64, f64)| {
        let len = ((to - from) / stride).ceil().max(0.0) as usize;
        (0..len).map(move |i| 10f64.powf(from + i as f64 * stride))
    };
    let mut ticks: Vec<f64> = powers(negative).map(|power| -power).collect();
    ticks.reverse();
    ticks.extend(linear.then_some(0.0));
    ticks.extend(powers(positive));
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decades_stand_on_both_sides_of_zero() {
        assert_eq!(locate(-20.0, 300.0, 2.0), [-10.0, -1.0, 0.0, 1.0, 10.0, 100.0]);
    }

    #[test]
    fn a_linear_range_has_its_ends_and_zero() {
        assert_eq!(locate(-0.5, 0.25, 1.0), [-0.5, 0.0, 0.25]);
        assert_eq!(locate(0.0, 0.25, 1.0), [0.0, 0.25]);
    }

    #[test]
    fn hundreds_of_decades_have_few_ticks() {
        assert!(locate(f64::MIN, f64::MAX, 1e-300).len() < 40);
    }
}
