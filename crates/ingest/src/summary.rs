//! What the sidecar says of a column: bounds, non-finite values, and a hash of its content.
//!
//! All of it is a sum over rows, so that threads can add their chunks in any order and of any size and still
//! come to the same result. For the hash that takes a sum that knows positions: every 32-bit word of the column
//! is multiplied by a key that belongs to its position, and the products are added modulo 2^64, twice with
//! different keys (multilinear hashing; Lemire and Kaser, "Strongly universal string hashing is fast", 2014).
//! No key is zero, so a change of a single word always shows. It guards against stale files, not against forgers.

use crate::number::Number;

/// The summary of some rows of a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    /// Smallest finite value; `+inf` while there is none.
    minimum: f64,
    /// Largest finite value; `-inf` while there is none.
    maximum: f64,
    /// Values that are NaN or infinite.
    pub(crate) non_finite: u64,
    hash: [u64; 2],
}

impl Summary {
    pub(crate) const EMPTY: Self =
        Self { minimum: f64::INFINITY, maximum: f64::NEG_INFINITY, non_finite: 0, hash: [0; 2] };

    /// Adds the rows that begin with `first_row`.
    pub(crate) fn add<T: Number>(&mut self, first_row: u64, values: &[T]) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            #[expect(unsafe_code, reason = "calls code for the processor at hand")]
            // SAFETY: The processor has the feature.
            return unsafe { self.add_avx2(first_row, values) };
        }
        self.add_blocks(first_row, values);
    }

    /// The same, compiled for wider vectors: twice as fast, and it is the next to largest cost of an ingest.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn add_avx2<T: Number>(&mut self, first_row: u64, values: &[T]) {
        self.add_blocks(first_row, values);
    }

    #[inline(always)]
    fn add_blocks<T: Number>(&mut self, first_row: u64, values: &[T]) {
        let mut first = first_row;
        // Small enough that the second pass finds the values in the first-level cache.
        for block in values.chunks(4096) {
            self.add_values(block);
            let words: &[u32] = bytemuck::cast_slice(block);
            self.add_words(first * (size_of::<T>() / 4) as u64, words);
            first += block.len() as u64;
        }
    }

    /// Adds the summary of other rows of the same column.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
        self.non_finite += other.non_finite;
        for (sum, term) in self.hash.iter_mut().zip(other.hash) {
            *sum = sum.wrapping_add(term);
        }
    }

    /// Smallest and largest finite value, if there is one. A zero is positive, whichever zeros came first.
    pub(crate) fn bounds(&self) -> Option<(f64, f64)> {
        (self.minimum <= self.maximum).then_some((self.minimum + 0.0, self.maximum + 0.0))
    }

    /// The hash of the content as 32 hexadecimal digits.
    pub(crate) fn hash(&self) -> String {
        format!("{:016x}{:016x}", self.hash[0], self.hash[1])
    }

    #[inline(always)]
    fn add_values<T: Number>(&mut self, values: &[T]) {
        // Independent lanes, for the compiler to make vectors of.
        const LANES: usize = 16;
        let (groups, rest) = values.as_chunks::<LANES>();
        let mut minimum = [T::INFINITY; LANES];
        let mut maximum = [T::NEG_INFINITY; LANES];
        let mut non_finite = [0_u32; LANES];
        for group in groups {
            for lane in 0..LANES {
                let value = group[lane];
                let finite = value.abs() < T::INFINITY;
                non_finite[lane] += u32::from(!finite);
                let low = if finite { value } else { T::INFINITY };
                let high = if finite { value } else { T::NEG_INFINITY };
                minimum[lane] = if low < minimum[lane] { low } else { minimum[lane] };
                maximum[lane] = if high > maximum[lane] { high } else { maximum[lane] };
            }
        }
        for &value in rest {
            if value.abs() < T::INFINITY {
                minimum[0] = if value < minimum[0] { value } else { minimum[0] };
                maximum[0] = if value > maximum[0] { value } else { maximum[0] };
            } else {
                non_finite[0] += 1;
            }
        }
        self.minimum = minimum.into_iter().map(T::to_f64).fold(self.minimum, f64::min);
        self.maximum = maximum.into_iter().map(T::to_f64).fold(self.maximum, f64::max);
        self.non_finite += non_finite.into_iter().map(u64::from).sum::<u64>();
    }

    #[inline(always)]
    fn add_words(&mut self, first: u64, mut words: &[u32]) {
        let mut position = first;
        while !words.is_empty() {
            let group = position / KEYS as u64;
            let start = (position % KEYS as u64) as usize;
            let (now, later) = words.split_at(words.len().min(KEYS - start));
            for (hash, (keys, salt)) in
                self.hash.iter_mut().zip([(&FIRST_KEYS, 1), (&SECOND_KEYS, 2)])
            {
                let sum = now.iter().zip(&keys[start..]).fold(0_u64, |sum, (&word, &key)| {
                    sum.wrapping_add(u64::from(word) * u64::from(key))
                });
                let multiplier = mix(group.wrapping_mul(2).wrapping_add(salt << 62)) | 1;
                *hash = hash.wrapping_add(sum.wrapping_mul(multiplier));
            }
            position += now.len() as u64;
            words = later;
        }
    }
}

/// Words that have keys of their own; each group of as many has a multiplier.
const KEYS: usize = 1024;
static FIRST_KEYS: [u32; KEYS] = keys(0x706F_696E_7469_6C31);
static SECOND_KEYS: [u32; KEYS] = keys(0x706F_696E_7469_6C32);

const fn keys(seed: u64) -> [u32; KEYS] {
    let mut keys = [0; KEYS];
    let mut index = 0;
    while index < KEYS {
        keys[index] = (mix(seed.wrapping_add(index as u64)) >> 32) as u32 | 1;
        index += 1;
    }
    keys
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
const fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole<T: Number>(values: &[T]) -> Summary {
        let mut summary = Summary::EMPTY;
        summary.add(0, values);
        summary
    }

    #[test]
    fn bounds_are_over_finite_values_and_know_no_negative_zero() {
        let summary = whole(&[f32::NAN, 3.0, f32::INFINITY, -0.0, f32::NEG_INFINITY, 1.0]);
        let (minimum, maximum) = summary.bounds().unwrap();
        assert_eq!((minimum.to_bits(), maximum), (0, 3.0));
        assert_eq!(summary.non_finite, 3);
        assert_eq!(whole(&[f64::NAN]).bounds(), None);
        assert_eq!(whole::<f64>(&[]).bounds(), None);
    }

    #[test]
    fn every_single_change_and_every_exchange_of_neighbours_changes_the_hash() {
        let values: Vec<f32> = (0..5000).map(|i| (i as f32).sin()).collect();
        let hash = whole(&values).hash();
        for at in 0..values.len() - 1 {
            let mut changed = values.clone();
            changed[at] = f32::from_bits(changed[at].to_bits() ^ 0x8000_0000);
            assert_ne!(whole(&changed).hash(), hash, "sign of {at}");
            let mut changed = values.clone();
            changed.swap(at, at + 1);
            assert_ne!(whole(&changed).hash(), hash, "exchange at {at}");
        }
    }

    #[test]
    fn equal_content_in_another_group_hashes_differently() {
        let mut first = Summary::EMPTY;
        first.add(0, &[1.5_f32; 100]);
        let mut second = Summary::EMPTY;
        second.add(KEYS as u64, &[1.5_f32; 100]);
        assert_ne!(first.hash(), second.hash());
    }

    proptest! {
        #[test]
        fn chunks_add_up_to_the_whole_in_any_order(
            values in prop::collection::vec(any::<f32>(), 0..6000),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            wide in any::<bool>(),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(values.len() + 1)).collect();
            cuts.extend([0, values.len()]);
            cuts.sort_unstable();
            let doubles: Vec<f64> = values.iter().map(|&value| value.into()).collect();
            let mut sum = Summary::EMPTY;
            for pair in cuts.windows(2).rev() {
                let mut part = Summary::EMPTY;
                if wide {
                    part.add(pair[0] as u64, &doubles[pair[0]..pair[1]]);
                } else {
                    part.add(pair[0] as u64, &values[pair[0]..pair[1]]);
                }
                sum.merge(&part);
            }
            let expected = if wide { whole(&doubles) } else { whole(&values) };
            prop_assert_eq!(sum, expected);
        }
    }
}
