//! The thorough parser: of all ways to say a block with the matches that were found, one of the shortest.
//!
//! Where a symbol takes how many bits follows from how often it is used, and that from what is chosen. So it
//! begins with a guess and chooses some times over, each time by what the choice before has made of it. This
//! is how zopfli and the high levels of libdeflate work. In pictures of noise it matters most that short
//! matches are left where literals take less.

use super::runs::Runs;
use super::{Bits, Costs, Counts, LONGEST, Sequence, WINDOW, common, write_block};

/// Bytes that share their prefix codes.
const BLOCK: usize = 1 << 16;

/// How often is chosen.
const ROUNDS: usize = 3;

/// Places that are compared with at most.
const TRIES: usize = 48;

/// A match of this length is taken without looking for others within it.
const GOOD: usize = 96;

/// Bits of the table of places where three bytes were seen last.
const HASH_BITS: u32 = 15;

/// No place.
const NONE: u32 = u32::MAX;

/// Parts of a bit in which costs are counted.
const PARTS: f32 = 64.0;

#[derive(Debug, Clone, Copy)]
struct Match {
    length: u16,
    distance: u16,
}

/// A compressor, which can be used again.
#[derive(Debug, Default)]
pub(in super::super) struct Shortest {
    /// Where bytes of some hash were seen last, and for each place where they were seen before it.
    last: Vec<u32>,
    before: Vec<u32>,
    /// For each place of a block, the end of its matches in `matches`; these are ever longer and further.
    ends: Vec<u32>,
    matches: Vec<Match>,
    /// From each place of a block to its end.
    costs: Vec<u32>,
    /// A match, or the length 1.
    chosen: Vec<Match>,
    sequences: Vec<Sequence>,
    runs: Runs,
}

impl Shortest {
    /// Appends these bytes as blocks none of which is the last one. Pixels take `unit` bytes, lines `line`.
    pub(in super::super) fn write(
        &mut self,
        bytes: &[u8],
        unit: usize,
        line: usize,
        out: &mut Bits,
    ) {
        self.each_block(bytes, unit, line, ROUNDS, |start, sequences| {
            write_block(bytes, start, sequences, out);
        });
    }

    /// What these bytes would take, in bits, about.
    pub(in super::super) fn estimate(&mut self, bytes: &[u8], unit: usize, line: usize) -> f32 {
        let mut bits = 0.0;
        self.each_block(bytes, unit, line, 1, |start, sequences| {
            bits += Counts::of(bytes, start, sequences).bits();
        });
        bits
    }

    fn each_block(
        &mut self,
        bytes: &[u8],
        unit: usize,
        line: usize,
        rounds: usize,
        mut with: impl FnMut(usize, &[Sequence]),
    ) {
        self.last.clear();
        self.last.resize(1 << HASH_BITS, NONE);
        self.before.resize(WINDOW, NONE);
        for start in (0..bytes.len()).step_by(BLOCK) {
            let end = bytes.len().min(start + BLOCK);
            self.find(bytes, start, end, [unit, line]);
            let mut costs = self.runs.guess(bytes, start..end, unit).costs();
            for round in 0..rounds {
                self.choose(&bytes[start..end], &costs);
                if round + 1 < rounds {
                    costs = Counts::of(bytes, start, &self.sequences).costs();
                }
            }
            with(start, &self.sequences);
        }
    }

    /// Finds matches for all places of a block. `near` are distances that are always tried.
    fn find(&mut self, bytes: &[u8], start: usize, end: usize, near: [usize; 2]) {
        self.ends.clear();
        self.matches.clear();
        // Places before this one are within a good match.
        let mut covered = start;
        for at in start..end {
            let here = &bytes[at..end.min(at + LONGEST)];
            if at >= covered && here.len() >= 3 {
                let mut longest = 2;
                let mut look = |distance: usize| {
                    let there = &bytes[at - distance..];
                    if longest < here.len() && here[longest] == there[longest] {
                        let length = common(here, there);
                        if length > longest {
                            longest = length;
                            self.matches
                                .push(Match { length: length as u16, distance: distance as u16 });
                        }
                    }
                    longest
                };
                let mut length = 2;
                // The nearer one first, so that a further one only counts if it is longer.
                for distance in near {
                    if distance <= at && distance <= WINDOW {
                        length = look(distance);
                    }
                }
                let mut place = self.last[hash(here)];
                for _ in 0..TRIES {
                    let distance = at.wrapping_sub(place as usize);
                    if place == NONE || distance > WINDOW || length >= GOOD {
                        break;
                    }
                    length = look(distance);
                    place = self.before[place as usize % WINDOW];
                }
                if length >= GOOD {
                    covered = at + length;
                }
            }
            if here.len() >= 3 {
                let last = &mut self.last[hash(here)];
                self.before[at % WINDOW] = *last;
                *last = at as u32;
            }
            self.ends.push(self.matches.len() as u32);
        }
    }

    /// Chooses what takes least and makes sequences of it.
    fn choose(&mut self, bytes: &[u8], costs: &Costs) {
        let parts = |bits: f32| (bits * PARTS) as u32;
        let literals: [u32; 256] = std::array::from_fn(|i| parts(costs.literal(i as u8)));
        let lengths: [u32; LONGEST + 1] =
            std::array::from_fn(|i| parts(costs.length(i.max(3) as u32)));
        self.costs.clear();
        self.costs.resize(bytes.len() + 1, 0);
        self.chosen.clear();
        self.chosen.resize(bytes.len(), Match { length: 1, distance: 0 });
        for at in (0..bytes.len()).rev() {
            let mut least = literals[usize::from(bytes[at])] + self.costs[at + 1];
            let first = if at == 0 { 0 } else { self.ends[at - 1] as usize };
            let matches = &self.matches[first..self.ends[at] as usize];
            let mut from = 3;
            for found in matches {
                let distance = parts(costs.distance(found.distance));
                let length = usize::from(found.length);
                // Within a good match there are no others to go on with.
                from = if length >= GOOD { length } else { from };
                let after = &self.costs[at + from..=at + length];
                for ((i, after), cost) in (from..).zip(after).zip(&lengths[from..=length]) {
                    let cost = after + cost + distance;
                    if cost < least {
                        least = cost;
                        self.chosen[at] = Match { length: i as u16, distance: found.distance };
                    }
                }
                from = length + 1;
            }
            self.costs[at] = least;
        }
        self.sequences.clear();
        let (mut at, mut literals) = (0, 0);
        while at < bytes.len() {
            let Match { length, distance } = self.chosen[at];
            at += usize::from(length);
            if length == 1 {
                literals += 1;
            } else {
                self.sequences.push(Sequence { literals, length: length.into(), distance });
                literals = 0;
            }
        }
        self.sequences.push(Sequence { literals, length: 0, distance: 1 });
    }
}

fn hash(bytes: &[u8]) -> usize {
    let three = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]);
    (three.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize
}
