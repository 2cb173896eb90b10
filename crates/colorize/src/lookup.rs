//! The entries of 32-bit values without a logarithm for each of them.
//!
//! The bits of floats, made unsigned, are in the order of the values. The range between the limits is cut
//! into intervals of equally many neighbouring floats; as a scale never falls, an interval whose first and
//! last value have the same entry has no other one, and a value needs a subtraction, a shift and a look-up.
//! The few intervals across the edge of an entry, and values outside of the limits, go through the scale, so
//! that every entry is the one that the scale gives.

use crate::sample::Sample;
use crate::{Cells, Scale};

/// Intervals at most: 64 KB of entries, a fraction of the second-level cache.
const INTERVALS: u32 = 1 << 15;

/// An interval with more than one entry.
const MIXED: u16 = u16::MAX;

/// The entries of all values between the limits of a scale.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    /// The rank of the first value of the first interval.
    first: u32,
    /// Intervals hold `1 << shift` values.
    shift: u32,
    entries: Vec<u16>,
    /// The entry of zero, which every empty cell of a page of counts asks for.
    zero: u16,
    table_len: u16,
}

impl Lookup {
    /// The same function as `scale.entries` for a table of `table_len` colours.
    pub(crate) fn new(scale: &Scale, table_len: u16) -> Lookup {
        let limits = scale.limits();
        let (first, last) = (rank(limits.vmin as f32), rank(limits.vmax as f32));
        let mut shift = 0;
        while (last - first) >> shift >= INTERVALS {
            shift += 1;
        }
        let ends: Vec<f32> = (0..=(last - first) >> shift)
            .flat_map(|interval| {
                let start = first + (interval << shift);
                [value(start), value(start.saturating_add((1 << shift) - 1))]
            })
            .collect();
        let mut of_ends = vec![0; ends.len()];
        scale.entries(Cells::F32(&ends), table_len, &mut of_ends);
        let (of_ends, _) = of_ends.as_chunks::<2>();
        let entries = of_ends.iter().map(|[a, b]| if a == b { *a } else { MIXED }).collect();
        let zero = entry_of(scale, 0.0, table_len);
        Lookup { first, shift, entries, zero, table_len }
    }

    /// The entries of values by the scale that this was made from.
    pub(crate) fn entries(&self, scale: &Scale, values: &[f32], entries: &mut [u16]) {
        for (entry, value) in entries.iter_mut().zip(values) {
            // A rank below the first wraps around to an interval far behind the last.
            let interval = rank(*value).wrapping_sub(self.first) >> self.shift;
            *entry = match self.entries.get(interval as usize) {
                Some(&known) if known != MIXED => known,
                _ if value.is_nan() => self.table_len + 2,
                _ if *value == 0.0 => self.zero,
                _ => entry_of(scale, *value, self.table_len),
            };
        }
    }
}

fn entry_of(scale: &Scale, value: f32, table_len: u16) -> u16 {
    let mut entry = [0];
    scale.entries(Cells::F32(&[value]), table_len, &mut entry);
    entry[0]
}

/// The place of a value in the order of all floats; NaN is at the ends.
fn rank(value: f32) -> u32 {
    Sample::rank(value) as u32
}

/// The float of this rank.
fn value(rank: u32) -> f32 {
    Sample::of_rank(rank.into())
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
            let cells = Cells::F32(&values);
            let scale = match norm {
                Norm::EqHist => Scale::equalized(&Resident::column(cells, None)).unwrap(),
                _ => Some(Scale::new(norm, limits).unwrap()),
            };
            prop_assume!(scale.is_some());
            let scale = scale.unwrap();
            let mut expected = vec![0; values.len()];
            scale.entries(cells, table_len, &mut expected);
            let mut found = vec![0; values.len()];
            Lookup::new(&scale, table_len).entries(&scale, &values, &mut found);
            prop_assert_eq!(found, expected);
        }
    }
}
