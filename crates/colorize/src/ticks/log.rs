//! Powers of ten and their multiples: matplotlib's `LogLocator` for base 10, major and minor
//! (`ticker.py`).

use super::auto;

/// The ticks of a logarithmic axis, those next to the limits outside included.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LogTicks {
    /// Powers of ten, one in so many.
    pub(super) major: Vec<f64>,
    /// The multiples between them; where there would be no more than one of all these, round numbers.
    pub(super) minor: Vec<f64>,
}

/// Of limits above zero, the lower one first, and room for `max_n` major ticks, of which 2 to 9 are used.
pub(super) fn locate(low: f64, high: f64, max_n: usize) -> LogTicks {
    let (low_exponent, high_exponent) = (low.log10(), high.log10());
    let first = low_exponent.ceil() as i32;
    let last = high_exponent.floor() as i32;
    let available = last - first + 1;
    let wanted = max_n.clamp(2, auto::MAX_INTERVALS) as i32;
    // The smallest stride that leaves no more ticks than wanted, but for one.
    let stride = available / (wanted + 1) + 1;
    let wanted = wanted.min(ceiling(available, stride));
    let (exponents, stride) = match wanted {
        0 => (vec![first - 1, last + 1], last - first + 2),
        1 => {
            let middle = ((low_exponent + high_exponent) / 2.0).round_ties_even() as i32;
            let stride = (middle - (first - 1)).max(last + 1 - middle);
            (vec![middle - stride, middle, middle + stride], stride)
        }
        _ => {
            // The largest stride with that many ticks leaves the least without ticks at the ends.
            let mut stride = (available - 1) / (wanted - 1);
            if f64::from(stride) < f64::from(available) / f64::from(wanted) {
                stride = available / wanted;
            }
            // Multiples of the stride, if these are as many.
            let least = (available - stride * wanted).max(0);
            let below = (available - stride * (wanted - 1)).min(stride);
            let mut offset = (-first).rem_euclid(stride);
            if !(least..below).contains(&offset) {
                offset = least;
            }
            let from = first + offset - stride;
            ((from..=last + stride).step_by(stride as usize).collect(), stride)
        }
    };
    let major: Vec<f64> = exponents.iter().map(|exponent| power(*exponent)).collect();
    LogTicks { minor: minor(low, high, (first, last), stride, major.len()), major }
}

fn minor(low: f64, high: f64, (first, last): (i32, i32), stride: i32, majors: usize) -> Vec<f64> {
    let available = last - first + 1;
    if available >= 10 {
        return Vec::new();
    }
    let mut minor = Vec::new();
    if stride == 1 || available <= 1 {
        for exponent in first - 1..=last {
            minor.extend((2..10).map(|multiple| f64::from(multiple) * power(exponent)));
        }
    }
    let visible = minor.iter().filter(|tick| (low..=high).contains(*tick)).count();
    if stride == 1 && majors - 2 + visible <= 1 {
        return auto::locate(low, high, auto::MAX_INTERVALS);
    }
    minor
}

fn ceiling(a: i32, b: i32) -> i32 {
    (a + b - 1) / b
}

/// A power of ten as the C library has it; zero or infinite beyond the range of 64 bits.
pub(super) fn power(exponent: i32) -> f64 {
    10f64.powf(f64::from(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_decades_have_all_their_multiples() {
        let ticks = locate(1.0, 150.0, 9);
        assert_eq!(ticks.major, [0.1, 1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(ticks.minor.len(), 32);
    }

    #[test]
    fn many_decades_have_one_in_so_many() {
        let ticks = locate(1.0, 1e12, 9);
        assert_eq!(ticks.major.len(), 9);
        assert!(ticks.major.contains(&1e4) && ticks.minor.is_empty());
    }

    #[test]
    fn within_a_decade_round_numbers_stand_in() {
        let ticks = locate(2.1, 2.4, 9);
        assert_eq!(ticks.major, [1.0, 10.0]);
        assert_eq!(ticks.minor.len(), 7);
    }
}
