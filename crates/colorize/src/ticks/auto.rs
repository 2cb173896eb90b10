//! Round numbers at equal distances: matplotlib's `AutoLocator`, which is `MaxNLocator` with steps of 1, 2,
//! 2.5, 5 and 10 (`ticker.py`), operation by operation.

/// What 1 is to be multiplied with to become a step. Beyond the ends of a decade stand the steps of its
/// neighbours that may be needed.
const STEPS: [f64; 10] = [0.1, 0.1 * 2.0, 0.1 * 2.5, 0.1 * 5.0, 1.0, 2.0, 2.5, 5.0, 10.0, 20.0];

/// Intervals at most, however much room there is.
pub(super) const MAX_INTERVALS: usize = 9;

/// `matplotlib.transforms._nonsingular`: limits that are too close to each other for 64 bits, moved apart.
/// What that makes of the largest numbers stays finite.
pub(super) fn nonsingular(low: f64, high: f64, expander: f64, tiny: f64) -> (f64, f64) {
    let largest = low.abs().max(high.abs());
    if largest < (1e6 / tiny) * f64::MIN_POSITIVE {
        (-expander, expander)
    } else if high - low <= largest * tiny {
        let low = low - expander * low.abs();
        let high = high + expander * high.abs();
        (low.max(f64::MIN), high.min(f64::MAX))
    } else {
        (low, high)
    }
}

/// The ticks between the limits and the ones next to them outside, in ascending order.
///
/// Of finite limits, the lower one first; at most `max_n` intervals between them, from 1 to
/// [`MAX_INTERVALS`], but where the numbers are too coarse for two ticks to lie within. Where matplotlib
/// overflows, ticks are those of a tenth of the limits, times ten.
pub(super) fn locate(low: f64, high: f64, max_n: usize) -> Vec<f64> {
    let intervals = max_n.clamp(1, MAX_INTERVALS) as f64;
    let (low, high) = nonsingular(low, high, 1e-13, 1e-14);
    let mut ticks = locate_between(low, high, intervals).unwrap_or_else(|| {
        let tenths = locate_between(low / 10.0, high / 10.0, intervals).unwrap_or_default();
        tenths.iter().map(|tick| tick * 10.0).collect()
    });
    ticks.retain(|tick| tick.is_finite());
    ticks
}

/// `None` where numbers on the way are too large.
fn locate_between(low: f64, high: f64, intervals: f64) -> Option<Vec<f64>> {
    if !((high - low).is_finite() && (high + low).is_finite()) {
        return None;
    }
    let range = (high - low).abs();
    let mean = (high + low) / 2.0;
    // Where the limits have leading digits in common, it is counted from a number with few digits.
    let offset = if mean.abs() / range < 100.0 {
        0.0
    } else {
        10f64.powf(mean.abs().log10().floor()).copysign(mean)
    };
    let scale = 10f64.powf((range / intervals).log10().floor());
    let (low, high) = (low - offset, high - offset);
    let steps = STEPS.map(|step| step * scale);
    let smallest = (high - low) / intervals;
    let first = steps.iter().position(|step| *step >= smallest).unwrap_or(steps.len() - 1);
    let mut ticks = Vec::new();
    for &step in steps[..=first].iter().rev() {
        let base = divide(low, step).0 * step;
        if !base.is_finite() {
            return None;
        }
        let edge = Edge { step, offset: offset.abs() };
        let (from, to) = (edge.at_most(low - base), edge.at_least(high - base));
        ticks = (0..(to - from + 1.0) as usize).map(|i| (from + i as f64) * step + base).collect();
        if ticks.iter().filter(|tick| (low..=high).contains(*tick)).count() >= 2 {
            break;
        }
    }
    Some(ticks.iter().map(|tick| tick + offset).collect())
}

/// Multiples of a step, where those that rounding may have moved are taken for what they should be.
struct Edge {
    step: f64,
    offset: f64,
}

impl Edge {
    /// The largest n for which n steps are at most x.
    fn at_most(&self, x: f64) -> f64 {
        let (n, rest) = divide(x, self.step);
        if self.close(rest / self.step, 1.0) { n + 1.0 } else { n }
    }

    /// The smallest n for which n steps are at least x.
    fn at_least(&self, x: f64) -> f64 {
        let (n, rest) = divide(x, self.step);
        if self.close(rest / self.step, 0.0) { n } else { n + 1.0 }
    }

    fn close(&self, share: f64, edge: f64) -> bool {
        let tolerance = if self.offset > 0.0 {
            let digits = (self.offset / self.step).log10();
            10f64.powf(digits - 12.0).clamp(1e-10, 0.4999)
        } else {
            1e-10
        };
        (share - edge).abs() < tolerance
    }
}

/// Python's and NumPy's `divmod` of floats: how often a step above zero fits, rounded down, and what is left.
pub(super) fn divide(x: f64, step: f64) -> (f64, f64) {
    let mut rest = x % step;
    let mut quotient = (x - rest) / step;
    if rest == 0.0 {
        rest = 0.0;
    } else if rest < 0.0 {
        rest += step;
        quotient -= 1.0;
    }
    let floor = quotient.floor();
    (if quotient - floor > 0.5 { floor + 1.0 } else { floor }, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_around_the_limits() {
        assert_eq!(locate(0.0, 10.0, 9), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(locate(-0.5, 7.2, 4), [-2.0, 0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(locate(1e9 + 1.0, 1e9 + 2.0, 2), [1e9 + 1.0, 1e9 + 1.5, 1e9 + 2.0]);
    }

    #[test]
    fn a_range_beyond_64_bits_has_ticks_too() {
        let ticks = locate(f64::MIN, f64::MAX, 9);
        assert_eq!(ticks.len(), 7);
        assert_eq!(ticks[3], 0.0);
        assert!(
            (ticks[0] / 1.5e308 + 1.0).abs() < 1e-15 && (ticks[6] / 1.5e308 - 1.0).abs() < 1e-15
        );
    }

    #[test]
    fn division_rounds_down() {
        assert_eq!(divide(-7.0, 2.0), (-4.0, 1.0));
        assert_eq!(divide(7.5, 2.5), (3.0, 0.0));
        assert_eq!(divide(-1e-300, 1.0), (-1.0, 1.0));
        let (quotient, rest) = divide(1.0, 0.1);
        assert!(quotient == 9.0 && rest < 0.1);
    }
}
