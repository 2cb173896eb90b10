//! The kernel for any processor: eight bytes at a time, in 64-bit words of which the first byte is the lowest.

pub(super) mod fixed;
mod varying;

use super::separators::Separators;

/// Words of eight bytes instead of vectors.
#[derive(Clone, Copy)]
pub(super) struct Words;

/// The same byte everywhere.
const fn splat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The highest bit of each byte, and all others.
const HIGH: u64 = splat(0x80);
const LOW: u64 = splat(0x7F);

/// Of words without high bits: in the high bits, which bytes are not `byte`.
#[inline(always)]
fn differ(word: u64, byte: u8) -> u64 {
    (word ^ splat(byte)) + LOW
}

impl Separators for Words {
    #[inline(always)]
    unsafe fn separators(block: &[u8; 64], delimiter: u8) -> u64 {
        let (words, _) = block.as_chunks::<8>();
        let mut mask = 0;
        for (index, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let low = word & LOW;
            let others = if delimiter == b' ' {
                // Tab and newline follow one another: at least the one, and not beyond the other.
                let control = (low + splat(0x80 - b'\t')) & !(low + splat(0x7F - b'\n'));
                differ(low, b' ') & !control
            } else {
                differ(low, b'\n') & differ(low, delimiter)
            };
            let found = !(others | word) & HIGH;
            // The product gathers the eight bits in its highest byte.
            let bits = (found >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            mask |= bits << (8 * index);
        }
        mask
    }

    #[inline(always)]
    unsafe fn store_places(mut mask: u64, base: u32, ends: *mut u32) {
        // Eight at a time without a branch for each; what is written too much is overwritten later.
        let mut written = 0;
        while mask != 0 {
            for slot in written..written + 8 {
                // A bit that is there ends the search where there are no others.
                let place = (mask | 1 << 63).trailing_zeros();
                // SAFETY: There is room for 64, and eight bits are taken a round.
                unsafe { *ends.add(slot) = base.wrapping_add(place) };
                mask &= mask.wrapping_sub(1);
            }
            written += 8;
        }
    }
}

/// The place of `byte` in a word, the first of them if there are several; 8 where there is none.
#[inline(always)]
fn find(word: u64, byte: u8) -> usize {
    // 0 where the byte is. The borrow of the first of them can only disturb those behind it.
    let word = word ^ splat(byte);
    let zeros = word.wrapping_sub(splat(1)) & !word & HIGH;
    (zeros.trailing_zeros() / 8) as usize
}

/// Digits as their values, and any other byte as something above 9.
#[inline(always)]
fn values(word: u64) -> u64 {
    word ^ splat(b'0')
}

/// The first `count` bytes of a word, less than eight, become its last, behind zeros.
#[inline(always)]
fn first_bytes(word: u64, count: usize) -> u64 {
    // A word cannot be shifted by 64 bits at once.
    word << 1 << (63 - 8 * count)
}

/// All but the last `count` bytes of a word, one to eight, become zeros.
#[inline(always)]
fn last_bytes(word: u64, count: usize) -> u64 {
    let others = 64 - 8 * count;
    word >> others << others
}

/// Whether all values are digits. The high bits of each tell; a carry can only come from one that is none.
#[inline(always)]
fn are_digits<const WORDS: usize>(values: [u64; WORDS]) -> bool {
    let above = |values: u64| values.wrapping_add(splat(0x80 - 10)) | values;
    values.into_iter().fold(0, |any, values| any | above(values)) & HIGH == 0
}

/// As many digits as any number of 64 bits has place for.
const MOST_DIGITS: usize = 19;

/// The powers of ten that have no more.
const POWERS: [u64; MOST_DIGITS] = {
    let mut powers = [1; MOST_DIGITS];
    let mut at = 1;
    while at < MOST_DIGITS {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_separator_is_found_and_nothing_else() {
        for delimiter in *b" \t,;" {
            for byte in 0..=255_u8 {
                let separates =
                    byte == delimiter || byte == b'\n' || (delimiter == b' ' && byte == b'\t');
                for place in 0..64 {
                    // Beside bytes that a carry might come from, or go to.
                    for other in [b'0', 0xFF, 0x80, delimiter] {
                        let mut block = [other; 64];
                        block[place] = byte;
                        let mut expected = if other == delimiter { u64::MAX } else { 0 };
                        expected &= !(1 << place);
                        expected |= u64::from(separates) << place;
                        // SAFETY: Words need no features.
                        let mask = unsafe { Words::separators(&block, delimiter) };
                        assert_eq!(mask, expected, "{byte} at {place}, {delimiter}, {other}");
                    }
                }
            }
        }
    }

    #[test]
    fn places_are_those_of_the_bits() {
        let mut ends = [0; 64];
        for mask in [0, 1, 1 << 63, 0x8000_0001_0010_0400, 0xFFFF, u64::MAX, u64::MAX << 7] {
            // SAFETY: Words need no features, and there is room for 64.
            unsafe { Words::store_places(mask, 100, ends.as_mut_ptr()) };
            let expected: Vec<u32> = (0..64).filter(|bit| mask >> bit & 1 == 1).collect();
            let places: Vec<u32> = ends[..expected.len()].iter().map(|end| end - 100).collect();
            assert_eq!(places, expected);
        }
    }

    #[test]
    fn digits_are_digits_beside_whatever() {
        for byte in 0..=255_u8 {
            for place in 0..8 {
                let mut bytes = *b"90909090";
                bytes[place] = byte;
                let word = u64::from_le_bytes(bytes);
                assert_eq!(are_digits([values(word)]), byte.is_ascii_digit(), "{bytes:?}");
                let found = bytes.iter().position(|&other| other == byte).unwrap_or(8);
                assert_eq!(find(word, byte), found, "{bytes:?}");
            }
        }
        assert_eq!(find(0, b'.'), 8);
    }
}
