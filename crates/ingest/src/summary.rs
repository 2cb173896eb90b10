//! What is said of a column beside its values: a zone and a hash of every block, and a hash of all its content.
//!
//! All of it is a sum over rows, so that threads can add their chunks in any order and of any size and still
//! come to the same result. For a hash that takes a sum that knows positions: every 32-bit word of the column
//! is multiplied by a key that belongs to its position, and the products are added modulo 2^64 (multilinear
//! hashing; Lemire and Kaser, "Strongly universal string hashing is fast", 2014). The hash of the content is two such
//! sums with different keys. That of a block is its share of the first of them, so those of all blocks add up to it.
//! No key is zero, so a change of a single word always shows. It guards against stale and damaged files, not against
//! forgers.

use pointillist_base::Instructions;
use pointillist_base::instructions::Job;

use crate::number::Number;
use crate::zone::{BLOCK, Zone};

/// The summary of a column, or of those of its rows that have been added.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Summary {
    zones: Vec<Zone>,
    /// Of each block.
    hashes: Vec<u64>,
    /// The second half of the hash of the content.
    second: u64,
}

impl Summary {
    /// Adds rows that have not been added.
    pub(crate) fn add(&mut self, part: &Part) {
        let blocks = part.first_block + part.zones.len();
        if self.zones.len() < blocks {
            self.zones.resize(blocks, Zone::EMPTY);
            self.hashes.resize(blocks, 0);
        }
        for (zone, other) in self.zones[part.first_block..].iter_mut().zip(&part.zones) {
            zone.merge(other);
        }
        for (sum, &term) in self.hashes[part.first_block..].iter_mut().zip(&part.hashes) {
            *sum = sum.wrapping_add(term);
        }
        self.second = self.second.wrapping_add(part.second);
    }

    /// One zone a block, from the first row to the last.
    pub(crate) fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// One hash a block, from the first row to the last.
    pub(crate) fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The same with zones that somebody has made up.
    #[cfg(test)]
    pub(crate) fn with_zones(&self, zones: Vec<Zone>) -> Self {
        Self { zones, ..self.clone() }
    }

    /// The hash of the content as 32 hexadecimal digits.
    pub(crate) fn hash(&self) -> String {
        format!("{}{:016x}", first_half(&self.hashes), self.second)
    }
}

/// The half of the hash of the content that the hashes of all blocks add up to, as 16 hexadecimal digits.
pub(crate) fn first_half(hashes: &[u64]) -> String {
    format!("{:016x}", hashes.iter().fold(0_u64, |sum, &hash| sum.wrapping_add(hash)))
}

/// The summary of successive rows, anywhere in a column.
#[derive(Debug)]
pub(crate) struct Part {
    /// The block of the first of `zones`.
    first_block: usize,
    zones: Vec<Zone>,
    hashes: Vec<u64>,
    second: u64,
}

impl Part {
    /// Sums up the rows that begin with `first_row`.
    pub(crate) fn new<T: Number>(first_row: u64, values: &[T]) -> Self {
        let first_block = (first_row / BLOCK as u64) as usize;
        let mut part = Self { first_block, zones: Vec::new(), hashes: Vec::new(), second: 0 };
        Instructions::chosen().run(Adding { part: &mut part, first_row, values });
        part
    }
}

/// Rows on their way into a part.
struct Adding<'a, T> {
    part: &'a mut Part,
    first_row: u64,
    values: &'a [T],
}

impl<T: Number> Job for Adding<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (mut first, mut values) = (self.first_row, self.values);
        while !values.is_empty() {
            let left = BLOCK - (first % BLOCK as u64) as usize;
            let (block, later) = values.split_at(left.min(values.len()));
            let (mut zone, mut hash) = (Zone::EMPTY, 0_u64);
            // Small enough that the later passes find the values in the first-level cache.
            for piece in block.chunks(4096) {
                zone.merge(&zone_of(piece));
                hash = hash.wrapping_add(weighed(&FIRST, first, piece));
                self.part.second = self.part.second.wrapping_add(weighed(&SECOND, first, piece));
                first += piece.len() as u64;
            }
            self.part.zones.push(zone);
            self.part.hashes.push(hash);
            values = later;
        }
    }
}

/// What the rows that begin with `first_row`, all of one block, add to the hash of that block.
pub(crate) fn hash_of<T: Number>(first_row: u64, values: &[T]) -> u64 {
    struct Hashing<'a, T> {
        first_row: u64,
        values: &'a [T],
    }

    impl<T: Number> Job for Hashing<'_, T> {
        type Output = u64;

        #[inline(always)]
        fn run(self) -> u64 {
            weighed(&FIRST, self.first_row, self.values)
        }
    }

    Instructions::chosen().run(Hashing { first_row, values })
}

/// The sum of the words of these rows, each times the key of its position.
#[inline(always)]
fn weighed<T: Number>(keys: &Keys, first_row: u64, values: &[T]) -> u64 {
    let mut words: &[u32] = bytemuck::cast_slice(values);
    let mut position = first_row * (size_of::<T>() / 4) as u64;
    let mut hash = 0_u64;
    while !words.is_empty() {
        let group = position / KEYS as u64;
        let start = (position % KEYS as u64) as usize;
        let (now, later) = words.split_at(words.len().min(KEYS - start));
        hash = hash.wrapping_add(keys.sum(start, now).wrapping_mul(keys.multiplier(group)));
        position += now.len() as u64;
        words = later;
    }
    hash
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
static FIRST: Keys = Keys::new(1);
static SECOND: Keys = Keys::new(2);

/// The keys of one hash: of 32 bits, none of them zero.
struct Keys {
    /// Two each, those of an even position below and of the odd one after it above, as two words are one 64-bit number to
    /// a processor: a vector multiplication takes the lower halves of such, and the upper ones after a shift.
    pairs: [u64; KEYS / 2],
    salt: u64,
}

impl Keys {
    const fn new(salt: u64) -> Self {
        let seed = 0x706F_696E_7469_6C30 + salt;
        let mut pairs = [0; KEYS / 2];
        let mut index = 0;
        while index < KEYS / 2 {
            pairs[index] = key(seed, 2 * index as u64) | key(seed, 2 * index as u64 + 1) << 32;
            index += 1;
        }
        Self { pairs, salt }
    }

    /// The sum of words times keys, from that of number `start` on.
    #[inline(always)]
    fn sum(&self, start: usize, words: &[u32]) -> u64 {
        const LOW: u64 = 0xFFFF_FFFF;
        let mut sum = 0_u64;
        let mut words = words;
        // From an odd number on, there is half a pair first.
        if !start.is_multiple_of(2)
            && let [first, later @ ..] = words
        {
            sum = u64::from(*first) * (self.pairs[start / 2] >> 32);
            words = later;
        }
        let (pairs, last) = words.as_chunks::<2>();
        let first = start.div_ceil(2);
        for (&words, &keys) in pairs.iter().zip(&self.pairs[first..]) {
            // Said like this, it is one load: columns are little-endian, and so are all machines that they are read on.
            let pair: u64 = bytemuck::cast(words);
            sum = sum
                .wrapping_add((pair & LOW) * (keys & LOW))
                .wrapping_add((pair >> 32) * (keys >> 32));
        }
        for &word in last {
            sum = sum.wrapping_add(u64::from(word) * (self.pairs[first + pairs.len()] & LOW));
        }
        sum
    }

    /// What the sum of a group is multiplied by: an odd number.
    fn multiplier(&self, group: u64) -> u64 {
        mix(group.wrapping_mul(2).wrapping_add(self.salt << 62)) | 1
    }
}

const fn key(seed: u64, index: u64) -> u64 {
    (mix(seed.wrapping_add(index)) >> 32) | 1
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
        assert_ne!(first.hashes, second.hashes);
        assert_ne!(first.second, second.second);
    }

    #[test]
    fn the_hash_is_the_one_that_identities_have_always_had() {
        // An output that was made of columns stays up to date when these are made again.
        let values: Vec<f32> = (0..70_000).map(|row| row as f32 / 7.0).collect();
        assert_eq!(whole(&values).hash(), "7b01a17963c2644188ad3c502b4eeab9");
        let values: Vec<f64> = (0..70_000).map(|row| f64::from(row) / 7.0).collect();
        assert_eq!(whole(&values).hash(), "f2c4b6f2fd618beb98c34ffbeea95f51");
    }

    #[test]
    fn pieces_of_a_block_add_up_to_its_hash_and_those_of_blocks_to_that_of_the_content() {
        let values: Vec<f32> = (0..70_001).map(|row| (row as f32).cos()).collect();
        let summary = whole(&values);
        for piece in [1, 2, 1023, 1024, 1025, 4096, 16384] {
            for (block, &hash) in values.chunks(BLOCK).zip(summary.hashes()) {
                let first = if block.len() == BLOCK { 0 } else { BLOCK };
                let sum = block.chunks(piece).enumerate().fold(0_u64, |sum, (index, values)| {
                    sum.wrapping_add(hash_of((first + index * piece) as u64, values))
                });
                assert_eq!(sum, hash, "pieces of {piece} rows");
            }
        }
        assert_eq!(summary.hash()[..16], first_half(summary.hashes()));
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
