//! The quick parser: it looks at one place before, and takes what is not the same there as literals.
//!
//! What makes pictures of many points large is noise, in which no longer match is to be found, and what makes
//! them small is that most of them is one colour. So where a pixel is one byte, runs are enough, found eight
//! bytes at a time, and prefix codes do the rest. Pixels of three or four bytes are compared with the place
//! where the same one was seen last: a match takes less than its bytes one by one.

use std::ops::Range;

use super::{Bits, Counts, Sequence, WINDOW, common, write_block};

/// The shortest run that is looked for; shorter ones are found where they lie across two words.
const LEAST: usize = 7;

/// Bytes that share their prefix codes.
const BLOCK: usize = 1 << 17;

/// Bits of the table of places where a pixel was seen last: it stays in the first-level cache.
const HASH_BITS: u32 = 12;

/// A compressor, which can be used again.
#[derive(Debug, Default)]
pub(in super::super) struct Runs {
    sequences: Vec<Sequence>,
    /// One more than where a pixel of some hash was seen last, or 0.
    last: Vec<u32>,
}

impl Runs {
    /// Appends these bytes as blocks none of which is the last one: lines of `line` bytes, each the number of a
    /// filter and pixels of `unit` bytes.
    pub(in super::super) fn write(
        &mut self,
        bytes: &[u8],
        unit: usize,
        line: usize,
        out: &mut Bits,
    ) {
        self.last.clear();
        let block = (BLOCK / line).max(1) * line;
        for start in (0..bytes.len()).step_by(block) {
            self.parse(bytes, start..bytes.len().min(start + block), unit, line);
            write_block(bytes, start, &self.sequences, out);
        }
    }

    /// What these bytes would take, in bits, about.
    pub(in super::super) fn estimate(&mut self, bytes: &[u8], unit: usize, line: usize) -> f32 {
        self.last.clear();
        self.parse(bytes, 0..bytes.len(), unit, line);
        Counts::of(bytes, 0, &self.sequences).bits()
    }

    /// What the thorough parser begins with.
    pub(super) fn guess(&mut self, bytes: &[u8], part: Range<usize>, unit: usize) -> Counts {
        let start = part.start;
        self.runs(bytes, part, unit);
        Counts::of(bytes, start, &self.sequences).with_all_matches()
    }

    fn parse(&mut self, bytes: &[u8], part: Range<usize>, unit: usize, line: usize) {
        match unit {
            3 => self.pixels::<3>(bytes, part, line),
            4 => self.pixels::<4>(bytes, part, line),
            _ => self.runs(bytes, part, unit),
        }
    }

    /// Pixels of several bytes are long enough to be a match each, of where they were seen last.
    fn pixels<const UNIT: usize>(&mut self, bytes: &[u8], part: Range<usize>, line: usize) {
        self.sequences.clear();
        self.last.resize(1 << HASH_BITS, 0);
        let mut done = part.start;
        for start in part.clone().step_by(line) {
            let end = start + line;
            let mut at = start + 1;
            while let Some(pixel) = bytes[at..end].first_chunk::<UNIT>() {
                let mut key = [0; 4];
                key[..UNIT].copy_from_slice(pixel);
                let hash = u32::from_le_bytes(key).wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS);
                let last = &mut self.last[hash as usize];
                let distance = at + 1 - *last as usize;
                let known = *last > 0 && distance <= WINDOW;
                *last = (at as u32).wrapping_add(1);
                if !known || bytes[at - distance..].first_chunk::<UNIT>() != Some(pixel) {
                    at += UNIT;
                    continue;
                }
                let (here, there) = (&bytes[at + UNIT..end], &bytes[at + UNIT - distance..]);
                let length = UNIT + common(here, there) / UNIT * UNIT;
                self.sequences.push(Sequence {
                    literals: (at - done) as u32,
                    length: length as u32,
                    distance: distance as u16,
                });
                at += length;
                done = at;
            }
        }
        let literals = (part.end - done) as u32;
        self.sequences.push(Sequence { literals, length: 0, distance: 1 });
    }

    fn runs(&mut self, bytes: &[u8], Range { start, end }: Range<usize>, unit: usize) {
        self.sequences.clear();
        let begin = start.max(unit);
        // The bytes, and those that they are to be equal to.
        let bytes_here = bytes.get(begin..end).unwrap_or(&[]);
        let before = bytes.get(begin - unit..).unwrap_or(&[]);
        let len = bytes_here.len();
        let word = |at: usize| {
            let load = |bytes: &[u8]| {
                bytes[at..].first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
            };
            load(bytes_here) ^ load(before)
        };
        let mut done = start;
        let mut push = |from: usize, to: usize| {
            let (from, to) = (begin + from, begin + to);
            self.sequences.push(Sequence {
                literals: (from - done) as u32,
                length: (to - from) as u32,
                distance: unit as u16,
            });
            done = to;
        };
        // Bytes before `at` that continue a run.
        let mut run = 0;
        let mut at = 0;
        while at + 8 <= len {
            let differs = word(at);
            if differs == 0 {
                let from = at - run;
                at += 8;
                let mut differs = 0;
                while at + 8 <= len {
                    differs = word(at);
                    if differs != 0 {
                        break;
                    }
                    at += 8;
                }
                if at + 8 <= len {
                    push(from, at + differs.trailing_zeros() as usize / 8);
                    run = differs.leading_zeros() as usize / 8;
                    at += 8;
                } else {
                    run = at - from;
                }
                continue;
            }
            let more = differs.trailing_zeros() as usize / 8;
            if run + more >= LEAST {
                push(at - run, at + more);
            }
            run = differs.leading_zeros() as usize / 8;
            at += 8;
        }
        while at < len && bytes_here[at] == before[at] {
            at += 1;
            run += 1;
        }
        if run >= LEAST {
            push(at - run, at);
        }
        let literals = (end - done) as u32;
        self.sequences.push(Sequence { literals, length: 0, distance: 1 });
    }
}
