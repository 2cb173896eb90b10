//! Percentiles of the cells that count, as `numpy.percentile` has them, in as many passes over the cells as
//! their type has pairs of bytes and without a copy of them.
//!
//! The bits of floats, rearranged, are in the order of the values. The first pass counts how often each upper
//! pair of bytes occurs, which tells the upper pair of the wanted values; the next counts the pairs below it
//! among the values that begin so, until the last.

use pointillist_base::{Dtype, Float};

use super::{Limits, for_each};
use crate::layer::{Layer, fold};
use crate::sample::with_values;
use crate::{Error, Norm};

/// Bits that a pass tells.
const DIGIT: u32 = 16;
const DIGITS: usize = 1 << DIGIT;

/// `numpy.percentile(values, [low, high])`, bit for bit, of the values that count; `None` where there are none.
pub(crate) fn percentiles(
    layer: &dyn Layer,
    norm: Norm,
    percentiles: (f64, f64),
) -> Result<Option<Limits>, Error> {
    match layer.dtype() {
        Dtype::F32 => find::<f32>(layer, norm, percentiles),
        Dtype::F64 => find::<f64>(layer, norm, percentiles),
    }
}

/// A value that is looked for.
#[derive(Clone, Copy)]
struct Wanted {
    /// The bits that are known of its rank, as the lowest ones.
    prefix: u64,
    /// How many values of this prefix come before it.
    before: u64,
}

fn find<T: Float>(
    layer: &dyn Layer,
    norm: Norm,
    (low, high): (f64, f64),
) -> Result<Option<Limits>, Error> {
    let all = count(layer, norm, T::RANK_BITS - DIGIT, &[0])?;
    let Some(last) = all.iter().sum::<u64>().checked_sub(1) else { return Ok(None) };
    // NumPy's method `linear`: between two neighbours.
    let index = |percentile: f64| last as f64 * (percentile / 100.0);
    let lower = |percentile: f64| (index(percentile).floor() as u64).min(last);
    let neighbours =
        [lower(low), (lower(low) + 1).min(last), lower(high), (lower(high) + 1).min(last)];
    let mut wanted = neighbours.map(|before| Wanted { prefix: 0, before });
    wanted.iter_mut().for_each(|wanted| wanted.descend(&all));
    let mut shift = T::RANK_BITS - DIGIT;
    while shift > 0 {
        shift -= DIGIT;
        let mut prefixes = wanted.map(|wanted| wanted.prefix).to_vec();
        prefixes.sort_unstable();
        prefixes.dedup();
        let counts = count(layer, norm, shift, &prefixes)?;
        for wanted in &mut wanted {
            let place = prefixes.iter().position(|prefix| *prefix == wanted.prefix).unwrap_or(0);
            wanted.descend(&counts[place * DIGITS..][..DIGITS]);
        }
    }
    let value = |i: usize| T::of_rank(wanted[i].prefix);
    let between = |i: usize, percentile: f64| {
        let (a, b) = (value(i), value(i + 1));
        let fraction = index(percentile) - lower(percentile) as f64;
        // From the one that is nearer; their difference is taken in their own type.
        let step = (b - a).to_f64();
        if lower(percentile) == last {
            a.to_f64()
        } else if fraction >= 0.5 {
            b.to_f64() - step * (1.0 - fraction)
        } else {
            a.to_f64() + step * fraction
        }
    };
    Ok(Some(Limits { vmin: between(0, low), vmax: between(2, high) }))
}

impl Wanted {
    /// Adds the digit whose counts these are.
    fn descend(&mut self, counts: &[u64]) {
        let mut digit = 0;
        while self.before >= counts[digit] {
            self.before -= counts[digit];
            digit += 1;
        }
        self.prefix = self.prefix << DIGIT | digit as u64;
    }
}

/// How many of the values that count have each digit, `shift` bits from the lowest, behind each of these prefixes:
/// `len = prefixes.len() * DIGITS`. The prefixes ascend.
fn count(layer: &dyn Layer, norm: Norm, shift: u32, prefixes: &[u64]) -> Result<Vec<u64>, Error> {
    fold(
        layer,
        || vec![0u64; prefixes.len() * DIGITS],
        |counts, band| {
            with_values!(band.values, values => for_each(values, band.counts, norm, |value| {
                let rank = value.rank();
                let prefix = rank.checked_shr(shift + DIGIT).unwrap_or(0);
                let digit = (rank >> shift) as usize & (DIGITS - 1);
                if let Ok(place) = prefixes.binary_search(&prefix) {
                    counts[place * DIGITS + digit] += 1;
                }
            }));
        },
        |mut counts, other| {
            counts.iter_mut().zip(other).for_each(|(sum, count)| *sum += count);
            counts
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resident;
    use pointillist_base::Values;
    use proptest::prelude::*;

    /// `numpy.percentile` over a sorted copy.
    fn naive<T: Float>(values: &[T], percentile: f64) -> f64 {
        let mut values: Vec<T> = values.iter().copied().filter(|value| value.is_finite()).collect();
        values.sort_by_key(|value| value.rank());
        let index = (values.len() - 1) as f64 * (percentile / 100.0);
        let (lower, fraction) = (index.floor() as usize, index.fract());
        let a = values[lower];
        let Some(&b) = values.get(lower + 1) else { return a.to_f64() };
        let step = (b - a).to_f64();
        if fraction >= 0.5 {
            b.to_f64() - step * (1.0 - fraction)
        } else {
            a.to_f64() + step * fraction
        }
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![any::<f32>().prop_map(f64::from), (-3..3i8).prop_map(f64::from), 0.0..1e-3f64]
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_a_sorted_copy(
            values in prop::collection::vec(value(), 1..300),
            clip in prop_oneof![(0.0..=100.0f64, 0.0..=100.0f64), Just((0.0, 100.0)), Just((50.0, 50.0))],
        ) {
            prop_assume!(values.iter().any(|value| value.is_finite()));
            let narrow: Vec<f32> = values.iter().map(|value| *value as f32).collect();
            for (cells, expected) in [
                (Values::F64(&values), [naive(&values, clip.0), naive(&values, clip.1)]),
                (Values::F32(&narrow), [naive(&narrow, clip.0), naive(&narrow, clip.1)]),
            ] {
                let found = percentiles(&Resident::column(cells, None), Norm::Linear, clip).unwrap().unwrap();
                prop_assert_eq!([found.vmin, found.vmax].map(f64::to_bits), expected.map(f64::to_bits));
            }
        }
    }
}
