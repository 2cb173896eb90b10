//! Powers of ten, where they are far from zero, on an axis that is the inverse of the hyperbolic sine:
//! matplotlib's `AsinhLocator` for base 10 (`ticker.py`).

use std::f64::consts::LN_10;

use crate::scale::arsinh;

/// Places on the axis that are looked at.
const PLACES: usize = 11;

/// The part by which limits on both sides of zero may differ to be taken for equal.
const SYMMETRIC: f64 = 0.2;

/// The multiples of a power of ten that are minor ticks.
const MULTIPLES: [f64; 2] = [2.0, 5.0];

/// Major and minor ticks of limits, the lower one first, for a linear part of this width, in ascending order;
/// they may lie outside.
pub(super) fn locate(low: f64, high: f64, width: f64) -> (Vec<f64>, Vec<f64>) {
    let (mut low, mut high) = (low, high);
    if low * high < 0.0 && (1.0 + high / low).abs() < SYMMETRIC {
        high = high.max(-low);
        low = -high;
    }
    let powers = powers(low, high, width);
    let multiples = powers.iter().flat_map(|power| MULTIPLES.map(|multiple| power * multiple));
    let finish = |mut ticks: Vec<f64>| {
        ticks.sort_by(f64::total_cmp);
        ticks.dedup();
        if ticks.len() < 2 { linspace(low, high) } else { ticks }
    };
    let minor = finish(multiples.collect());
    (finish(powers), minor)
}

/// The power of ten below each of the places.
fn powers(low: f64, high: f64, width: f64) -> Vec<f64> {
    let (from, to) = (width * arsinh(low / width), width * arsinh(high / width));
    let mut places = linspace(from, to);
    if from * to < 0.0 {
        places.retain(|place| (place / (to - from)).abs() > 0.5 / PLACES as f64);
        places.push(0.0);
    }
    let power = |place: f64| {
        let value = width * (place / width).sinh();
        if value == 0.0 {
            return 0.0;
        }
        10f64.powf((value.abs().ln() / LN_10).floor()).copysign(value)
    };
    places.into_iter().map(power).collect()
}

/// `numpy.linspace(from, to, 11)`.
fn linspace(from: f64, to: f64) -> Vec<f64> {
    let last = PLACES - 1;
    let step = (to - from) / last as f64;
    (0..=last).map(|i| if i == last { to } else { i as f64 * step + from }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearly_symmetric_limits_have_symmetric_ticks() {
        let (major, minor) = locate(-950.0, 1000.0, 1.0);
        assert!(major.iter().zip(major.iter().rev()).all(|(a, b)| *a == -b), "{major:?}");
        assert!(minor.contains(&20.0) && minor.contains(&-50.0));
    }

    #[test]
    fn one_decade_has_equal_steps() {
        let (major, _) = locate(2.0, 3.0, 1.0);
        assert_eq!((major.len(), major[0], major[10]), (11, 2.0, 3.0));
    }
}
