//! Raw deflate (RFC 1951), for pictures.
//!
//! A parser ([`runs`] or [`shortest`]) turns bytes into [`Sequence`]s: so many literals, then a match. What is
//! here makes blocks of them: with the symbols counted beforehand, so that every block has prefix codes of its
//! own and its length is known before it is written.

mod huffman;
mod runs;
mod shortest;

use huffman::{Code, codes, lengths};

pub(super) use runs::Runs;
pub(super) use shortest::Shortest;

/// Literals, the end of a block, and lengths of matches.
const LITERALS: usize = 286;
const DISTANCES: usize = 30;
const END_OF_BLOCK: usize = 256;

/// The longest code for a literal or a length: four of them are put into one word. Longer ones would save
/// next to nothing.
const LITERAL_LIMIT: usize = 12;

/// How far back matches reach, and how long one can be.
const WINDOW: usize = 1 << 15;
const LONGEST: usize = 258;

/// What a stored block can hold.
const STORED: usize = 65535;

/// So many bytes as they are, then so many that are repeated from some distance before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sequence {
    pub(super) literals: u32,
    /// 0 in the last sequence of a block, 3 or more in all others; 258 is not the limit.
    pub(super) length: u32,
    /// In bytes, up to 32768.
    pub(super) distance: u16,
}

/// How often each symbol occurs in a block.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    literals: [u32; LITERALS],
    distances: [u32; DISTANCES],
}

impl Counts {
    /// Counts the symbols of a block, which begins at `bytes[start]`.
    pub(super) fn of(bytes: &[u8], start: usize, sequences: &[Sequence]) -> Counts {
        let mut counts = Counts { literals: [0; LITERALS], distances: [0; DISTANCES] };
        // Counting the same symbol again has to wait for the first count: two tables take turns.
        let mut odd = [0u32; 256];
        let mut at = start;
        for sequence in sequences {
            let literals = &bytes[at..at + sequence.literals as usize];
            let (pairs, rest) = literals.as_chunks::<2>();
            for pair in pairs {
                counts.literals[usize::from(pair[0])] += 1;
                odd[usize::from(pair[1])] += 1;
            }
            for byte in rest {
                counts.literals[usize::from(*byte)] += 1;
            }
            at += literals.len() + sequence.length as usize;
            let distance = usize::from(distance_symbol(sequence.distance).symbol);
            each_piece(sequence.length, |length| {
                counts.literals[usize::from(length_symbol(length).symbol)] += 1;
                counts.distances[distance] += 1;
            });
        }
        for (count, odd) in counts.literals.iter_mut().zip(odd) {
            *count += odd;
        }
        counts.literals[END_OF_BLOCK] = 1;
        counts
    }

    /// As if every length and every distance occurred, too: a guess for matches that nobody has looked for.
    fn with_all_matches(mut self) -> Counts {
        let some = self.literals.iter().sum::<u32>() / 256 + 1;
        self.literals[END_OF_BLOCK + 1..].iter_mut().for_each(|count| *count += some);
        self.distances.iter_mut().for_each(|count| *count += some);
        self
    }

    /// What each symbol takes in bits, were codes as short as theory allows; for one that does not occur, as
    /// if it did once. Extra bits are not in it.
    pub(super) fn costs(&self) -> Costs {
        fn costs<const N: usize>(counts: &[u32; N]) -> [f32; N] {
            let total = counts.iter().map(|count| u64::from(*count)).sum::<u64>().max(2) as f32;
            counts.map(|count| (total / (count as f32).max(1.0)).log2().max(1.0))
        }
        Costs { literals: costs(&self.literals), distances: costs(&self.distances) }
    }

    /// What the block takes in bits, about: by the same theory, with extra bits, without its codes.
    pub(super) fn bits(&self) -> f32 {
        let costs = self.costs();
        let literals = self.literals.iter().zip(costs.literals).enumerate();
        let distances = self.distances.iter().zip(costs.distances).enumerate();
        literals
            .map(|(i, (n, cost))| *n as f32 * (cost + f32::from(extra_of_length(i))))
            .sum::<f32>()
            + distances
                .map(|(i, (n, cost))| *n as f32 * (cost + f32::from(extra_of_distance(i))))
                .sum::<f32>()
    }
}

/// Bits a symbol.
#[derive(Debug, Clone)]
pub(super) struct Costs {
    literals: [f32; LITERALS],
    distances: [f32; DISTANCES],
}

impl Costs {
    pub(super) fn literal(&self, byte: u8) -> f32 {
        self.literals[usize::from(byte)]
    }

    /// Of one match of at most 258 bytes.
    pub(super) fn length(&self, length: u32) -> f32 {
        let symbol = length_symbol(length);
        self.literals[usize::from(symbol.symbol)] + symbol.extra as f32
    }

    pub(super) fn distance(&self, distance: u16) -> f32 {
        let symbol = distance_symbol(distance);
        self.distances[usize::from(symbol.symbol)] + symbol.extra as f32
    }
}

/// A symbol and the bits after it.
struct Symbol {
    symbol: u16,
    extra: u32,
    value: u32,
}

/// For 3 to 258.
#[inline(always)]
fn length_symbol(length: u32) -> Symbol {
    let x = length - 3;
    if length == 258 {
        return Symbol { symbol: 285, extra: 0, value: 0 };
    }
    if x < 8 {
        return Symbol { symbol: 257 + x as u16, extra: 0, value: 0 };
    }
    let extra = x.ilog2() - 2;
    Symbol {
        symbol: (257 + 4 * (extra + 1) + ((x >> extra) & 3)) as u16,
        extra,
        value: x & ((1 << extra) - 1),
    }
}

fn extra_of_length(symbol: usize) -> u8 {
    if (265..285).contains(&symbol) { ((symbol - 261) / 4) as u8 } else { 0 }
}

/// For 1 to 32768.
#[inline(always)]
fn distance_symbol(distance: u16) -> Symbol {
    let x = u32::from(distance) - 1;
    if x < 4 {
        return Symbol { symbol: x as u16, extra: 0, value: 0 };
    }
    let extra = x.ilog2() - 1;
    Symbol {
        symbol: (2 * (extra + 1) + ((x >> extra) & 1)) as u16,
        extra,
        value: x & ((1 << extra) - 1),
    }
}

fn extra_of_distance(symbol: usize) -> u8 {
    if symbol < 4 { 0 } else { (symbol / 2 - 1) as u8 }
}

/// Takes a match of any length apart into matches of 3 to 258 bytes.
#[inline(always)]
fn each_piece(mut length: u32, mut with: impl FnMut(u32)) {
    while length > LONGEST as u32 {
        // Matches have three bytes at least.
        let piece = if length < LONGEST as u32 + 3 { length - 3 } else { LONGEST as u32 };
        with(piece);
        length -= piece;
    }
    if length > 0 {
        with(length);
    }
}

/// Appends one block that is not the last one, and what is needed for the next one to follow bit by bit.
///
/// The block begins at `bytes[start]` and is what the sequences say, the last of which has no match.
pub(super) fn write_block(bytes: &[u8], start: usize, sequences: &[Sequence], out: &mut Bits) {
    let counts = Counts::of(bytes, start, sequences);
    let header = Header::new(&counts);
    let len: usize = sequences.iter().map(|s| (s.literals + s.length) as usize).sum();
    let bits = header.bits + header.body(&counts);
    if bits / 8 >= len + 5 * len.div_ceil(STORED) {
        return store(&bytes[start..start + len], out);
    }
    out.reserve(bits / 8 + 64);
    header.write(out);
    header.write_body(bytes, start, sequences, out);
}

/// Appends bytes as they are.
fn store(bytes: &[u8], out: &mut Bits) {
    for bytes in bytes.chunks(STORED) {
        out.reserve(bytes.len() + 64);
        out.put(0, 3);
        out.align();
        out.put(bytes.len() as u64 | (!bytes.len() as u64 & 0xffff) << 16, 32);
        out.flush();
        out.bytes(bytes);
    }
}

/// Ends on a whole byte, with an empty block, which is not the last one.
pub(super) fn sync(out: &mut Bits) {
    out.reserve(64);
    out.put(0, 3);
    out.align();
    out.put(0xffff_0000, 32);
    out.flush();
}

/// How many bytes both begin with; `here` is the shorter one.
#[inline(always)]
fn common(here: &[u8], there: &[u8]) -> usize {
    let there = &there[..here.len()];
    let words = here.as_chunks::<8>().0.iter().zip(there.as_chunks::<8>().0);
    for (i, (a, b)) in words.enumerate() {
        let differs = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differs != 0 {
            return 8 * i + differs.trailing_zeros() as usize / 8;
        }
    }
    let whole = here.len() / 8 * 8;
    whole + here[whole..].iter().zip(&there[whole..]).take_while(|(a, b)| a == b).count()
}

/// The last block, empty, on a whole byte.
pub(super) const END: [u8; 2] = [3, 0];

/// The prefix codes of a block.
struct Header {
    literals: [Code; LITERALS],
    distances: [Code; DISTANCES],
    /// The lengths of all codes, run-length encoded: symbols of the code below with their extra bits.
    described: Vec<(u8, u8)>,
    description: [Code; 19],
    description_lengths: [u8; 19],
    last_literal: usize,
    last_distance: usize,
    /// What all of this takes.
    bits: usize,
}

/// The order in which the lengths of the codes for lengths stand.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Header {
    fn new(counts: &Counts) -> Header {
        let (mut literal_lengths, mut distance_lengths) = ([0; LITERALS], [0; DISTANCES]);
        lengths(&counts.literals, LITERAL_LIMIT, &mut literal_lengths);
        lengths(&counts.distances, 15, &mut distance_lengths);
        let (mut literals, mut distances) =
            ([Code::default(); LITERALS], [Code::default(); DISTANCES]);
        codes(&literal_lengths, &mut literals);
        codes(&distance_lengths, &mut distances);
        let last = |lengths: &[u8]| lengths.iter().rposition(|length| *length > 0).unwrap_or(0);
        let (last_literal, last_distance) = (last(&literal_lengths), last(&distance_lengths));
        let mut all = literal_lengths[..=last_literal].to_vec();
        all.extend(&distance_lengths[..=last_distance]);
        let described = describe(&all);
        let mut counts = [0; 19];
        for (symbol, _) in &described {
            counts[usize::from(*symbol)] += 1;
        }
        let (mut description_lengths, mut description) = ([0; 19], [Code::default(); 19]);
        lengths(&counts, 7, &mut description_lengths);
        codes(&description_lengths, &mut description);
        let bits = 17
            + 3 * 19
            + described
                .iter()
                .map(|(symbol, _)| {
                    let symbol = usize::from(*symbol);
                    usize::from(description_lengths[symbol] + extra_of_description(symbol))
                })
                .sum::<usize>();
        Header {
            literals,
            distances,
            described,
            description,
            description_lengths,
            last_literal,
            last_distance,
            bits,
        }
    }

    /// What the symbols take, in bits.
    fn body(&self, counts: &Counts) -> usize {
        let literals = counts.literals.iter().zip(self.literals).enumerate();
        let distances = counts.distances.iter().zip(self.distances).enumerate();
        let bits = |count: u32, code: Code, extra: u8| {
            count as usize * (code.length() as usize + usize::from(extra))
        };
        literals.map(|(i, (n, code))| bits(*n, code, extra_of_length(i))).sum::<usize>()
            + distances.map(|(i, (n, code))| bits(*n, code, extra_of_distance(i))).sum::<usize>()
    }

    fn write(&self, out: &mut Bits) {
        // Not the last block, with codes of its own.
        out.put(0b100, 3);
        out.put((self.last_literal - 256) as u64, 5);
        out.put(self.last_distance as u64, 5);
        let last = ORDER.iter().rposition(|i| self.description_lengths[*i] > 0).unwrap_or(3).max(3);
        out.put(last as u64 - 3, 4);
        out.flush();
        for i in &ORDER[..=last] {
            out.put(self.description_lengths[*i].into(), 3);
            out.flush();
        }
        for (symbol, extra) in &self.described {
            let code = self.description[usize::from(*symbol)];
            out.put(code.bits(), code.length());
            out.put((*extra).into(), extra_of_description((*symbol).into()).into());
            out.flush();
        }
    }

    fn write_body(&self, bytes: &[u8], start: usize, sequences: &[Sequence], out: &mut Bits) {
        // What is written for each length: its code and its extra bits.
        let lengths: [(u32, u32); LONGEST + 1] = std::array::from_fn(|length| {
            let length = length_symbol(length.max(3) as u32);
            let code = self.literals[usize::from(length.symbol)];
            (code.bits() as u32 | length.value << code.length(), code.length() + length.extra)
        });
        let mut at = start;
        for sequence in sequences {
            let literals = &bytes[at..at + sequence.literals as usize];
            let (fours, rest) = literals.as_chunks::<4>();
            for four in fours {
                for byte in four {
                    let code = self.literals[usize::from(*byte)];
                    out.put(code.bits(), code.length());
                }
                out.flush();
            }
            for byte in rest {
                let code = self.literals[usize::from(*byte)];
                out.put(code.bits(), code.length());
            }
            out.flush();
            at += literals.len() + sequence.length as usize;
            if sequence.length > 0 {
                let distance = distance_symbol(sequence.distance);
                let code = self.distances[usize::from(distance.symbol)];
                each_piece(sequence.length, |length| {
                    let (bits, count) = lengths[length as usize];
                    out.put(bits.into(), count);
                    out.put(code.bits(), code.length());
                    out.put(distance.value.into(), distance.extra);
                    out.flush();
                });
            }
        }
        let code = self.literals[END_OF_BLOCK];
        out.put(code.bits(), code.length());
        out.flush();
    }
}

fn extra_of_description(symbol: usize) -> u8 {
    match symbol {
        16 => 2,
        17 => 3,
        18 => 7,
        _ => 0,
    }
}

/// Lengths of codes as symbols and their extra bits: runs are shortened.
fn describe(lengths: &[u8]) -> Vec<(u8, u8)> {
    let mut described = Vec::with_capacity(lengths.len());
    for run in lengths.chunk_by(|a, b| a == b) {
        let (length, mut left) = (run[0], run.len());
        if length > 0 {
            described.push((length, 0));
            left -= 1;
        }
        while left > 0 {
            let (symbol, least, most) = match length {
                0 if left > 10 => (18, 11, 138),
                0 => (17, 3, 10),
                _ => (16, 3, 6),
            };
            let times = left.min(most);
            if times < least {
                described.push((length, 0));
                left -= 1;
            } else {
                described.push((symbol, (times - least) as u8));
                left -= times;
            }
        }
    }
    described
}

/// Bits, the first one lowest in its byte.
///
/// Where they go is made room for beforehand, by [`Bits::reserve`], so that bytes can be written eight at a
/// time, of which some are overwritten again.
#[derive(Debug, Default)]
pub(super) struct Bits {
    out: Vec<u8>,
    /// Bytes of `out` that are final.
    len: usize,
    word: u64,
    bits: u32,
}

impl Bits {
    /// Begins anew, after these bytes, in memory that was used before.
    pub(super) fn after(bytes: &[u8], mut memory: Vec<u8>) -> Bits {
        memory.clear();
        memory.extend_from_slice(bytes);
        Bits { len: memory.len(), out: memory, word: 0, bits: 0 }
    }

    /// All bytes; bits that do not fill one are filled up with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.align();
        self.reserve(8);
        self.flush();
        self.out.truncate(self.len);
        self.out
    }

    /// Makes room for so many further bytes.
    fn reserve(&mut self, bytes: usize) {
        if self.out.len() < self.len + bytes + 16 {
            self.out.resize(self.len + bytes + 16, 0);
        }
    }

    /// Adds up to 56 bits, together with others since the last [`Bits::flush`].
    #[inline(always)]
    fn put(&mut self, bits: u64, count: u32) {
        self.word |= bits << self.bits;
        self.bits += count;
    }

    /// Writes all whole bytes.
    #[inline(always)]
    fn flush(&mut self) {
        self.out[self.len..self.len + 8].copy_from_slice(&self.word.to_le_bytes());
        self.len += (self.bits / 8) as usize;
        self.word >>= self.bits & !7;
        self.bits &= 7;
    }

    fn align(&mut self) {
        self.bits = self.bits.next_multiple_of(8);
    }

    /// Adds bytes, after whole ones.
    fn bytes(&mut self, bytes: &[u8]) {
        self.out[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}
