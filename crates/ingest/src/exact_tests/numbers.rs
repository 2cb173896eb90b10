//! The numbers: cheap to make, in all the ways that programs write them, and those that are hard to round.

use std::io::Write;

use num_bigint::BigUint;

/// SplitMix64: the same numbers on every machine.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed << 32)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// In 0 .. `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    fn between(&mut self, least: i32, beyond: i32) -> i32 {
        least + self.below((beyond - least) as u64) as i32
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// A whole number of so many digits at most: 19 or fewer.
    fn digits(&mut self, count: u32) -> u64 {
        self.below(10_u64.pow(count))
    }
}

/// A way to write numbers, and which ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `-12.345`: 1 to `whole` digits before the point and `decimals` after it; no point without these.
    Fixed { whole: u32, decimals: u32 },
    /// `-1.234e-05`: one digit, `decimals` after the point, and a power of ten in `least .. beyond`.
    Exponent { decimals: u32, least: i32, beyond: i32 },
    /// Shortest round trip of a double within ±2.
    Double,
    /// Shortest round trip of a float within ±2.
    Single,
    /// Shortest round trip of any finite double.
    AnyDouble,
    /// Shortest round trip of any finite float.
    AnySingle,
    /// C's `%.9g` or its like: so many digits, without zeros at the end.
    General { digits: u32 },
    /// Whole numbers of 1 to 20 digits, those around powers of two above all.
    Integer,
    /// 1 to 40 digits and more, with a point anywhere, or none, and zeros at either end.
    Digits,
    /// `.5`, `5.`, `+1`, `1D+05`, `nan`, far exponents.
    Odd,
    /// Any of the others.
    Mixed,
    /// At the middle between two neighbouring binary numbers of `bits` bits, or within a unit of one of the last digits, or
    /// with a long tail.
    Middle { bits: u32 },
    /// The nearest number with so many digits to such a middle: its double may be the middle, and it is not. With `whole`
    /// 0, nothing stands before the point.
    NearMiddle { bits: u32, whole: u32, decimals: u32 },
    /// Middles all over the range of floats or doubles, in up to 800 digits.
    LongMiddle { bits: u32 },
}

impl Kind {
    /// Whether all of its numbers are hard to round.
    pub(super) fn is_hard(self) -> bool {
        matches!(self, Self::Middle { .. } | Self::NearMiddle { .. } | Self::LongMiddle { .. })
    }

    pub(super) fn write(self, random: &mut Random, out: &mut Vec<u8>) {
        let unsigned = match self {
            // The longest that fit a kernel's window have no room for a sign.
            Self::NearMiddle { whole, decimals, .. } => whole + decimals == 14,
            kind => matches!(kind, Self::Odd | Self::Mixed),
        };
        if !unsigned && random.one_in(2) {
            out.push(b'-');
        }
        match self {
            Self::Fixed { whole, decimals } => fixed(random, out, whole, decimals),
            Self::Exponent { decimals, least, beyond } => {
                let power = random.between(least, beyond);
                push_padded(out, random.below(10).into(), 1);
                if decimals > 0 {
                    out.push(b'.');
                    push_padded(out, fraction(random, decimals).into(), decimals);
                }
                // As C writes it: a sign and two digits, or three.
                let _ = write!(out, "e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs());
            }
            Self::Double => push(out, (random.next() >> 11) as f64 / (1_u64 << 52) as f64),
            Self::Single => push(out, (random.next() >> 40) as f32 / (1 << 23) as f32),
            Self::AnyDouble => {
                // Without its sign, which is written already, and below the exponent of infinity.
                let bits = (random.next() >> 1) % f64::INFINITY.to_bits();
                let _ = write!(out, "{:e}", f64::from_bits(bits));
            }
            Self::AnySingle => {
                let bits = (random.next() >> 33) as u32 % f32::INFINITY.to_bits();
                let _ = write!(out, "{:e}", f32::from_bits(bits));
            }
            Self::General { digits } => general(random, out, digits),
            Self::Integer => push_padded(out, integer(random).into(), 1),
            Self::Digits => digits(random, out),
            Self::Odd => odd(random, out),
            Self::Mixed => {
                const KINDS: [Kind; 10] = [
                    Kind::Fixed { whole: 3, decimals: 6 },
                    Kind::Fixed { whole: 9, decimals: 2 },
                    Kind::Exponent { decimals: 8, least: -12, beyond: 12 },
                    Kind::Exponent { decimals: 17, least: -330, beyond: 310 },
                    Kind::Double,
                    Kind::Single,
                    Kind::General { digits: 9 },
                    Kind::Integer,
                    Kind::Digits,
                    Kind::Odd,
                ];
                KINDS[random.below(KINDS.len() as u64) as usize].write(random, out);
            }
            Self::Middle { bits } => middle(random, out, bits),
            Self::NearMiddle { bits, whole, decimals } => {
                near_middle(random, out, bits, whole, decimals);
            }
            Self::LongMiddle { bits } => long_middle(random, out, bits),
        }
    }
}

fn push(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    let _ = write!(out, "{value}");
}

/// Appends the digits of a number, with zeros in front where there are fewer than `width`.
fn push_padded(out: &mut Vec<u8>, mut value: u128, width: u32) {
    let mut text = [b'0'; 40];
    let mut at = text.len();
    while value > 0 {
        at -= 1;
        // Divisions of 128 bits are slow, and rarely needed.
        let digit = match u64::try_from(value) {
            Ok(small) => {
                value = (small / 10).into();
                small % 10
            }
            Err(_) => {
                let digit = value % 10;
                value /= 10;
                digit as u64
            }
        };
        text[at] += digit as u8;
    }
    out.extend_from_slice(&text[at.min(text.len() - width as usize)..]);
}

/// Digits behind a point: all of them, or few and then zeros, or zeros and then few.
fn fraction(random: &mut Random, decimals: u32) -> u64 {
    let used = random.below(u64::from(decimals) + 1) as u32;
    match random.below(8) {
        0 => random.digits(used) * 10_u64.pow(decimals - used),
        1 => random.digits(used),
        _ => random.digits(decimals),
    }
}

fn fixed(random: &mut Random, out: &mut Vec<u8>, whole: u32, decimals: u32) {
    let used = 1 + random.below(whole.into()) as u32;
    let zeros = if random.one_in(16) { used } else { 1 };
    push_padded(out, random.digits(used).into(), zeros);
    if decimals > 0 {
        out.push(b'.');
        push_padded(out, fraction(random, decimals).into(), decimals);
    }
}

fn general(random: &mut Random, out: &mut Vec<u8>, digits: u32) {
    let value = 10_u64.pow(digits - 1) + random.below(9 * 10_u64.pow(digits - 1));
    // The power of ten of the first digit; as C does, the smaller and larger ones are written with an exponent.
    let power = random.between(-7, digits as i32 + 2);
    let start = out.len();
    if (-4..0).contains(&power) {
        out.extend_from_slice(&b"0.000"[..1 + (-power) as usize]);
        push_padded(out, value.into(), digits);
    } else {
        let before = if (0..digits as i32).contains(&power) { power as u32 + 1 } else { 1 };
        let behind = 10_u64.pow(digits - before);
        push_padded(out, (value / behind).into(), 1);
        out.push(b'.');
        push_padded(out, (value % behind).into(), digits - before);
    }
    if random.one_in(4) {
        // Digits that are zero are not rare in data.
        let length = out.len();
        for digit in &mut out[(start + 3).min(length)..] {
            *digit = b'0';
        }
    }
    while out.last() == Some(&b'0') {
        out.pop();
    }
    if out.last() == Some(&b'.') {
        out.pop();
    }
    if !(-4..digits as i32).contains(&power) {
        let _ = write!(out, "e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs());
    }
}

fn integer(random: &mut Random) -> u64 {
    let shift = random.below(64);
    match random.below(4) {
        // Around a power of two, and around twice the largest whole number that is exact.
        0 => (1_u64 << shift).wrapping_add(random.below(9)).wrapping_sub(4),
        1 => (random.next() >> 39 | 1) << random.below(39),
        _ => random.next() >> shift,
    }
}

fn digits(random: &mut Random, out: &mut Vec<u8>) {
    let mut count = 1 + random.below(40);
    if random.one_in(64) {
        count *= 1 + random.below(20);
    }
    let point = random.below(2 * count);
    let zeros = if random.one_in(4) { random.below(count) } else { 0 };
    let first = if random.one_in(2) { zeros } else { 0 };
    let mut source = 0;
    for at in 0..count {
        if at == point && at > 0 {
            out.push(b'.');
        }
        if at % 16 == 0 {
            source = random.next();
        }
        let digit = (source & 15) * 10 / 16;
        source >>= 4;
        let zero = at < first || (first == 0 && at >= count - zeros);
        out.push(if zero { b'0' } else { b'0' + digit as u8 });
    }
}

fn odd(random: &mut Random, out: &mut Vec<u8>) {
    const WHOLE: [&str; 16] = [
        "nan",
        "NaN",
        "-nan",
        "inf",
        "-Inf",
        "+INFINITY",
        "0",
        "-0",
        "-0.0",
        "0e7",
        "-0e-999",
        "1e99999",
        "-1e-99999",
        "1e-5000",
        "+7",
        "00",
    ];
    const SIGNS: [&str; 3] = ["", "-", "+"];
    const LETTERS: [u8; 4] = *b"eEdD";
    if random.one_in(4) {
        let whole = WHOLE[random.below(WHOLE.len() as u64) as usize];
        out.extend_from_slice(whole.as_bytes());
        return;
    }
    out.extend_from_slice(SIGNS[random.below(3) as usize].as_bytes());
    let count = 1 + random.below(12) as u32;
    let value = random.digits(count).into();
    match random.below(3) {
        0 => {
            out.push(b'.');
            push_padded(out, value, count);
        }
        1 => {
            push_padded(out, value, count);
            out.push(b'.');
        }
        _ => fixed(random, out, 9, count),
    }
    if random.one_in(2) {
        out.push(LETTERS[random.below(4) as usize]);
        out.extend_from_slice(SIGNS[random.below(3) as usize].as_bytes());
        let count = 1 + random.below(4) as u32;
        push_padded(out, random.digits(count.min(3)).into(), count);
    }
}

/// The digits of `2^-k` times an odd number of one bit more than a binary number has, exact in 128 bits.
fn middle(random: &mut Random, out: &mut Vec<u8>, bits: u32) {
    let odd = u128::from(random.next() >> (63 - bits) | 1 << bits | 1);
    // As many digits as fit 127 bits, with a factor of five for each bit behind the point; and a power of ten.
    let mut most = ((126 - bits) * 100 / 233).min(37);
    if random.one_in(2) {
        most = 10;
    }
    let mut decimals = random.below(u64::from(most) + 1) as u32;
    let mut digits = odd * 5_u128.pow(decimals);
    let tail = random.below(8);
    match tail {
        0 => digits += 1,
        1 => digits -= 1,
        // Cut off, and perhaps counted up: to either side of the middle, as near as so many digits come.
        2 => {
            let cut = random.below(u64::from(decimals) + 1) as u32;
            digits = digits / 10_u128.pow(cut) + u128::from(random.below(2));
            decimals -= cut;
        }
        _ => {}
    }
    let below = tail == 3;
    if below {
        digits -= 1;
    }
    let scale = 10_u128.pow(decimals);
    let exponent = random.one_in(3);
    if exponent {
        push_padded(out, digits, 1);
    } else {
        push_padded(out, digits / scale, 1);
        if decimals > 0 {
            out.push(b'.');
            push_padded(out, digits % scale, decimals);
        }
    }
    // What follows lies between the exact middle and the next digit.
    if tail == 3 || tail == 4 {
        if exponent || decimals == 0 {
            out.push(b'.');
        }
        let most = if random.one_in(4) { 300 } else { 24 };
        let length = random.below(most) as usize;
        out.extend(std::iter::repeat_n(if below { b'9' } else { b'0' }, length));
        out.push(b'1' + random.below(9) as u8);
    }
    if exponent {
        let _ = write!(out, "e-{decimals}");
    }
}

/// The middle rounded to `decimals`. None has more than `whole` digits before the point, so that a kernel takes them all.
fn near_middle(random: &mut Random, out: &mut Vec<u8>, bits: u32, whole: u32, decimals: u32) {
    let scale = 10_u128.pow(decimals);
    let digits = loop {
        let odd = u128::from(random.next() >> (63 - bits) | 1 << bits | 1);
        let shift = bits - 10_u64.pow(whole).ilog2() + random.below(4) as u32;
        let digits = (odd * scale + (1 << (shift - 1))) >> shift;
        if digits < scale * 10_u128.pow(whole) {
            break digits;
        }
    };
    push_padded(out, digits / scale, whole.min(1));
    out.push(b'.');
    push_padded(out, digits % scale, decimals);
}

/// A middle anywhere in the range, in all its digits or in the first of them.
fn long_middle(random: &mut Random, out: &mut Vec<u8>, bits: u32) {
    let smallest = if bits == 24 { -149 } else { -1074 };
    let largest = if bits == 24 { 104 } else { 971 };
    let exponent = if random.one_in(4) { smallest } else { random.between(smallest, largest + 1) };
    let mut odd = random.next() >> (63 - bits) | 1;
    if exponent == smallest {
        // Subnormal numbers have fewer bits, and most often few fewer.
        let least = random.below(bits.into()) + 1;
        odd = odd >> random.below(least) | 1;
    } else {
        odd |= 1 << bits;
    }
    // The middle is half an odd number of units.
    let halves = exponent - 1;
    let (value, decimals) = if halves >= 0 {
        (BigUint::from(odd) << halves as u32, 0)
    } else {
        (BigUint::from(odd) * BigUint::from(5_u8).pow(halves.unsigned_abs()), -halves)
    };
    let mut digits = value.to_string().into_bytes();
    let mut power = digits.len() as i32 - 1 - decimals;
    match random.below(6) {
        0 => digits.extend(b"000000000000000000000000000001"),
        1 => {
            let last = digits.iter().rposition(|&digit| digit > b'0').unwrap();
            digits[last] -= 1;
            digits[last + 1..].fill(b'9');
            digits.extend(b"9999999999999999999999999999999");
        }
        2 => {}
        _ => {
            digits.truncate(15 + random.below(12) as usize);
            if random.one_in(2) {
                match digits.iter().rposition(|&digit| digit < b'9') {
                    Some(last) => {
                        digits[last] += 1;
                        digits[last + 1..].fill(b'0');
                    }
                    None => {
                        digits.fill(b'0');
                        digits[0] = b'1';
                        power += 1;
                    }
                }
            }
        }
    }
    out.push(digits[0]);
    if digits.len() > 1 {
        out.push(b'.');
        out.extend_from_slice(&digits[1..]);
    }
    let _ = write!(out, "e{power}");
}
