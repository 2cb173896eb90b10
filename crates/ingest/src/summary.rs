//! What is said of a column beside its values: a zone a block, and a hash of its content.
//!
//! All of it is a sum over rows, so that threads can add their chunks in any order and of any size and still
//! come to the same result. For the hash that takes a sum that knows positions: every 32-bit word of the column
//! is multiplied by a key that belongs to its position, and the products are added modulo 2^64, twice with
//! different keys (multilinear hashing; Lemire and Kaser, "Strongly universal string hashing is fast", 2014).
//! No key is zero, so a change of a single word always shows. It guards against stale files, not against forgers.

use crate::number::Number;
use crate::zones::{BLOCK, Zone};

/// The summary of a column, or of those of its rows that have been added.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Summary {
    zones: Vec<Zone>,
    hash: [u64; 2],
}

impl Summary {
    /// Adds rows that have not been added.
    pub(crate) fn add(&mut self, part: &Part) {
        let blocks = part.first_block + part.zones.len();
        if self.zones.len() < blocks {
            self.zones.resize(blocks, Zone::EMPTY);
        }
        for (zone, other) in self.zones[part.first_block..].iter_mut().zip(&part.zones) {
            zone.merge(other);
        }
        for (sum, term) in self.hash.iter_mut().zip(part.hash) {
            *sum = sum.wrapping_add(term);
        }
    }

    /// One zone a block, from the first row to the last.
    pub(crate) fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// The hash of the content as 32 hexadecimal digits.
    pub(crate) fn hash(&self) -> String {
        format!("{:016x}{:016x}", self.hash[0], self.hash[1])
    }
}

/// The summary of successive rows, anywhere in a column.
#[derive(Debug)]
pub(crate) struct Part {
    /// The block of the first of `zones`.
    first_block: usize,
    zones: Vec<Zone>,
    hash: [u64; 2],
}

impl Part {
    /// Sums up the rows that begin with `first_row`.
    pub(crate) fn new<T: Number>(first_row: u64, values: &[T]) -> Self {
        let first_block = (first_row / BLOCK as u64) as usize;
        let mut part = Self { first_block, zones: Vec::new(), hash: [0; 2] };
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            #[expect(unsafe_code, reason = "calls code for the processor at hand")]
            // SAFETY: The processor has the feature.
            unsafe {
                part.add_avx2(first_row, values);
            }
            return part;
        }
        part.add(first_row, values);
        part
    }

    /// The same as `add`, compiled for wider vectors: twice as fast, and it is the next to largest cost of an ingest.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn add_avx2<T: Number>(&mut self, first_row: u64, values: &[T]) {
        self.add(first_row, values);
    }

    #[inline(always)]
    fn add<T: Number>(&mut self, first_row: u64, mut values: &[T]) {
        let mut first = first_row;
        while !values.is_empty() {
            let left = BLOCK - (first % BLOCK as u64) as usize;
            let (block, later) = values.split_at(left.min(values.len()));
            let mut zone = Zone::EMPTY;
            // Small enough that the second pass finds the values in the first-level cache.
            for piece in block.chunks(4096) {
                zone.merge(&zone_of(piece));
                let words: &[u32] = bytemuck::cast_slice(piece);
                self.add_words(first * (size_of::<T>() / 4) as u64, words);
                first += piece.len() as u64;
            }
            self.zones.push(zone);
            values = later;
        }
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

/// The zone of values of one block, or of a piece of one.
#[inline(always)]
fn zone_of<T: Number>(values: &[T]) -> Zone {
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
    Zone {
        min: minimum.into_iter().map(T::to_f64).fold(f64::INFINITY, f64::min),
        max: maximum.into_iter().map(T::to_f64).fold(f64::NEG_INFINITY, f64::max),
        non_finite: non_finite.into_iter().map(u64::from).sum(),
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
    use crate::naive;
    use proptest::prelude::*;

    fn whole<T: Number>(values: &[T]) -> Summary {
        let mut summary = Summary::default();
        summary.add(&Part::new(0, values));
        summary
    }

    #[test]
    fn zones_are_over_finite_values_and_know_no_negative_zero() {
        let zone = |values: &[f32]| {
            let summary = whole(values);
            assert_eq!(summary.zones().len(), 1);
            summary.zones()[0]
        };
        let found = zone(&[f32::NAN, 3.0, f32::INFINITY, -0.0, f32::NEG_INFINITY, 1.0]);
        assert_eq!((found.min.to_bits(), found.max, found.non_finite), (0, 3.0, 3));
        let found = zone(&[-0.0; 50]);
        assert_eq!((found.min.to_bits(), found.max.to_bits(), found.non_finite), (0, 0, 0));
        let found = zone(&[f32::NAN, f32::NEG_INFINITY]);
        assert_eq!(found, Zone { non_finite: 2, ..Zone::EMPTY });
        assert_eq!(found.bounds(), None);
        assert_eq!(whole::<f64>(&[]).zones(), []);
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
        let first = Part::new(0, &[1.5_f32; 100]);
        let second = Part::new(KEYS as u64, &[1.5_f32; 100]);
        assert_ne!(first.hash, second.hash);
    }

    /// Numbers of all sizes, in a little fewer than `special` of 100 places what a minimum could go wrong with, and
    /// at times a whole block of it.
    fn values(rows: usize, seed: u64, special: u64) -> Vec<f64> {
        let value = |row: usize| {
            let random = mix(seed ^ mix(row as u64));
            let of_block = mix(seed ^ !((row / BLOCK) as u64));
            if random % 100 < special || of_block.is_multiple_of(3) {
                [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][(random >> 32) as usize % 3]
            } else if (random >> 40).is_multiple_of(50) {
                [0.0, -0.0][(random >> 32) as usize % 2]
            } else {
                f64::from(f32::from_bits((random >> 32) as u32))
            }
        };
        (0..rows).map(value).collect()
    }

    fn check<T: Number>(values: &[T], cuts: &[usize]) {
        let doubles: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
        let mut sum = Summary::default();
        for pair in cuts.windows(2).rev() {
            sum.add(&Part::new(pair[0] as u64, &values[pair[0]..pair[1]]));
        }
        // To the bit: of zeros the sign counts as well.
        let bits = |zones: &[Zone]| -> Vec<_> {
            zones.iter().map(|z| (z.min.to_bits(), z.max.to_bits(), z.non_finite)).collect()
        };
        assert_eq!(bits(sum.zones()), bits(&naive::zones(&doubles, BLOCK)));
        assert_eq!(sum, whole(values));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn chunks_add_up_to_the_naive_zones_in_any_order(
            rows in prop_oneof![
                Just(1), Just(BLOCK - 1), Just(BLOCK), Just(BLOCK + 1), Just(2 * BLOCK), 0..3 * BLOCK,
            ],
            seed in any::<u64>(),
            special in prop_oneof![Just(0_u64), Just(1), Just(60)],
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
            at_blocks in any::<bool>(),
        ) {
            let values = values(rows, seed, special);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(rows + 1)).collect();
            if at_blocks {
                cuts.extend((0..rows).step_by(BLOCK));
            }
            cuts.extend([0, rows]);
            cuts.sort_unstable();
            check(&values, &cuts);
            check(&values.iter().map(|&value| value as f32).collect::<Vec<_>>(), &cuts);
        }
    }
}
