//! The entries of 32-bit values without a logarithm, or even a division, for each of them.
//!
//! The bits of floats, made unsigned, are in the order of the values. The range between the limits is cut
//! into intervals of equally many neighbouring floats; as a scale never falls, an interval whose first and
//! last value have the same entry has no other one, and a value needs a subtraction, a shift and a look-up.
//! Of an interval across the edge of an entry, where that edge is was found beforehand. Those across several,
//! and values outside of the limits, go through the scale, so that every entry is the one that the scale gives.

use pointillist_base::{Float, Values};

use crate::Scale;
use crate::sample::with_values;

/// Intervals at first, and at most: from 4 KB, which the first-level cache hardly notices, to 256 KB, a fraction of the
/// second-level cache. A logarithm needs few; limits of both signs waste half of them and more on values next to zero.
const INTERVALS: [u32; 2] = [1 << 9, 1 << 15];

/// One interval in so many may be mixed; more make twice as many intervals worth it.
const FEW: usize = 256;

/// An interval with more than two entries, or none.
const MIXED: u16 = u16::MAX;

/// The entries of all values between the limits of a scale.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    /// The rank of the first value of the first interval.
    first: u32,
    /// Intervals hold `1 << shift` values.
    shift: u32,
    /// The intervals, then one for what lies in none, then one for cells that are not occupied.
    intervals: Vec<Interval>,
    /// The entry of zero.
    zero: u16,
    table_len: u16,
}

#[derive(Debug, Clone, Copy)]
struct Interval {
    /// The rank from which on the entry is the second one.
    edge: u32,
    below: u16,
    from: u16,
}

impl Interval {
    /// The same entry for every value.
    fn of(entry: u16) -> Self {
        Interval { edge: 0, below: entry, from: entry }
    }
}

impl Lookup {
    /// The same function as `scale.entries` for a table of `table_len` colours, and `empty` for cells that are
    /// not occupied. `None` where the limits are further apart than 32 bits can say: then what is computed in 32
    /// bits is infinite or NaN in places, and no longer in order.
    pub(crate) fn new(scale: &Scale, table_len: u16, empty: u16) -> Option<Lookup> {
        let limits = scale.limits();
        if !(limits.vmax as f32 - limits.vmin as f32).is_finite() {
            return None;
        }
        let (first, last) = (rank(limits.vmin as f32), rank(limits.vmax as f32));
        let mut most = INTERVALS[0];
        let (shift, mut intervals) = loop {
            let mut shift = 0;
            while (last - first) >> shift >= most {
                shift += 1;
            }
            let intervals = intervals(scale, table_len, first, last, shift);
            let mixed = intervals.iter().filter(|interval| interval.below == MIXED).count();
            if mixed <= intervals.len() / FEW || shift == 0 || most == INTERVALS[1] {
                break (shift, intervals);
            }
            most *= 2;
        };
        intervals.extend([Interval::of(MIXED), Interval::of(empty)]);
        let zero = entry_of(scale, 0.0, table_len);
        Some(Lookup { first, shift, intervals, zero, table_len })
    }

    /// The entries of values by the scale that this was made from, and of cells that are not occupied: those
    /// without a count above zero, or, without counts, those that are NaN.
    ///
    /// # Panics
    /// If there are not as many counts as values.
    pub(crate) fn entries(
        &self,
        scale: &Scale,
        values: &[f32],
        counts: Option<Values<'_>>,
        entries: &mut [u16],
    ) {
        let (first, shift, intervals) = (self.first, self.shift, &self.intervals[..]);
        let outside = intervals.len() - 2;
        let look = |value: f32, is_empty: bool| {
            let rank = rank(value);
            // A rank below the first wraps around to an interval far behind the last.
            let place = ((rank.wrapping_sub(first) >> shift) as usize).min(outside);
            let place = if is_empty { outside + 1 } else { place };
            let Interval { edge, below, from } = intervals[place];
            let entry = if rank < edge { below } else { from };
            if entry == MIXED { self.mixed(scale, value) } else { entry }
        };
        match counts {
            None => {
                for (entry, &value) in entries.iter_mut().zip(values) {
                    *entry = look(value, value.is_nan());
                }
            }
            Some(counts) => with_values!(counts, counts => {
                assert_eq!(counts.len(), values.len(), "one count a value");
                for ((entry, &value), &count) in entries.iter_mut().zip(values).zip(counts) {
                    *entry = look(value, count <= Float::ZERO);
                }
            }),
        }
    }

    #[cold]
    fn mixed(&self, scale: &Scale, value: f32) -> u16 {
        if value.is_nan() {
            self.table_len + 2
        } else if value == 0.0 {
            self.zero
        } else {
            entry_of(scale, value, self.table_len)
        }
    }
}

/// The range from the rank `first` to `last` in intervals of `1 << shift`.
fn intervals(scale: &Scale, table_len: u16, first: u32, last: u32, shift: u32) -> Vec<Interval> {
    let start = |interval: u32| first + (interval << shift);
    let end = |interval: u32| start(interval).saturating_add((1 << shift) - 1);
    let ends: Vec<f32> = (0..=(last - first) >> shift)
        .flat_map(|interval| [value(start(interval)), value(end(interval))])
        .collect();
    let mut of_ends = vec![0; ends.len()];
    scale.entries(Values::F32(&ends), table_len, &mut of_ends);
    (0..)
        .zip(of_ends.as_chunks::<2>().0)
        .map(|(interval, &[below, from])| {
            if below == from {
                return Interval::of(below);
            }
            let edge = edge(start(interval), end(interval), |rank| {
                entry_of(scale, value(rank), table_len) == below
            });
            match entry_of(scale, value(edge), table_len) == from {
                true => Interval { edge, below, from },
                false => Interval::of(MIXED),
            }
        })
        .collect()
}

/// The first rank from `low` to `high` that is not below an edge; `high` is not.
fn edge(mut low: u32, mut high: u32, is_below: impl Fn(u32) -> bool) -> u32 {
    while low < high {
        let middle = low + (high - low) / 2;
        if is_below(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

fn entry_of(scale: &Scale, value: f32, table_len: u16) -> u16 {
    let mut entry = [0];
    scale.entries(Values::F32(&[value]), table_len, &mut entry);
    entry[0]
}

/// The place of a value in the order of all floats; NaN is at the ends.
fn rank(value: f32) -> u32 {
    Float::rank(value) as u32
}

/// The float of this rank.
fn value(rank: u32) -> f32 {
    Float::of_rank(rank.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Limits, Norm, Resident};

    proptest! {
        #[test]
        fn every_entry_is_the_one_of_the_scale(
            values in prop::collection::vec(prop_oneof![any::<f32>(), -5f32..5.0, 0f32..1e4], 1..2000),
            norm in prop_oneof![
                Just(Norm::Linear),
                Just(Norm::Log),
                Just(Norm::Cbrt),
                Just(Norm::Log1p),
                Just(Norm::Asinh(0.3)),
                Just(Norm::SymLog(2.0)),
                Just(Norm::EqHist),
            ],
            vmin in prop_oneof![1e-3..10.0, Just(1e-300)],
            width in prop_oneof![Just(0.0), 1e-3..10.0, 1e3..1e9, Just(1e300)],
            below_zero: bool,
            table_len in 1u16..600,
        ) {
            let vmin = if below_zero && norm != Norm::Log { vmin - 5.0 } else { vmin };
            let limits = Limits { vmin, vmax: vmin + width };
            let cells = Values::F32(&values);
            let scale = match norm {
                Norm::EqHist => Scale::equalized(&Resident::column(cells, None)).unwrap(),
                _ => Some(Scale::new(norm, limits).unwrap()),
            };
            prop_assume!(scale.is_some());
            let scale = scale.unwrap();
            let mut expected = vec![0; values.len()];
            scale.entries(cells, table_len, &mut expected);
            let mut found = vec![0; values.len()];
            let empty = table_len + 3;
            let lookup = Lookup::new(&scale, table_len, empty);
            let Some(lookup) = lookup else { return Ok(()) };
            let counts: Vec<f64> = (0..values.len()).map(|i| (i % 3) as f64).collect();
            lookup.entries(&scale, &values, Some(Values::F64(&counts)), &mut found);
            for i in 0..values.len() {
                let expected = if counts[i] == 0.0 { empty } else { expected[i] };
                prop_assert_eq!(found[i], expected, "{}", values[i]);
            }
            lookup.entries(&scale, &values, None, &mut found);
            for i in 0..values.len() {
                prop_assert_eq!(found[i], if values[i].is_nan() { empty } else { expected[i] });
            }
        }
    }
}
