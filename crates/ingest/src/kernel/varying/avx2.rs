//! A number in the 32 bytes that end with it, with AVX2.
//!
//! The bytes are loaded into one register, and compares turn them into bit masks, a bit a byte: digits, point, and what is
//! neither. Nothing else in the field than a sign in front is the usual case; an exponent is cut off and read by
//! itself. To drop the point, what stands left of it is taken from a load that begins a byte earlier. The digits,
//! right-justified now, are added up in three steps to four numbers of eight digits, and those to a mantissa of up to
//! 19.

use std::arch::x86_64::*;

use super::{Field, WINDOW, usual_exponent};
use crate::kernel::vector::four_digits;
use crate::number::decimal::Decimal;

/// A load from its byte `n` has 0xFF in all but the last `n` bytes.
static ALL_BUT_LAST: [u8; 2 * WINDOW] = {
    let mut masks = [0; 2 * WINDOW];
    let mut at = 0;
    while at < WINDOW {
        masks[at] = 0xFF;
        at += 1;
    }
    masks
};

/// A load from its byte `n` has 0xFF in the last `n` bytes.
static LAST: [u8; 2 * WINDOW] = {
    let mut masks = [0; 2 * WINDOW];
    let mut at = WINDOW;
    while at < 2 * WINDOW {
        masks[at] = 0xFF;
        at += 1;
    }
    masks
};

/// Reads the `length` bytes before `end` as a number. Where `EXPONENT` is set it is expected to end with an exponent of a
/// letter, a sign and two digits, as C writes.
///
/// # Safety
/// The processor has the features of [`super::avx2`]. `length` is 1 to 32, and the 64 bytes before `end` can be read.
#[inline(always)]
pub(super) unsafe fn decimal<const EXPONENT: bool>(
    mut end: *const u8,
    mut length: usize,
) -> Option<Field> {
    debug_assert!((1..=WINDOW).contains(&length));
    let mut exponent = 0;
    if EXPONENT {
        // SAFETY: The caller promises that the 64 bytes before the end can be read, of which these are the last four.
        match usual_exponent(unsafe { end.sub(4).cast::<u32>().read_unaligned() }) {
            // SAFETY: Four bytes before the end lie within the 64 that can be read.
            Some(value) if length > 4 => (end, exponent) = (unsafe { end.sub(4) }, value),
            // SAFETY: End and length are still those of which the caller promises what this needs, as it does the features.
            _ => return unsafe { other_decimal(end, length) },
        }
        length -= 4;
    }
    // SAFETY: The caller promises the features, and that 64 bytes can be read before the first end. An exponent that is cut off has
    // at most 31 bytes, and is cut off once; windows begin at most 33 bytes before what is the end then. The field has
    // `length` bytes, from 1 to 32. Masks are loaded from places that count bits of 32, so are 32 at most.
    unsafe {
        let mut window = _mm256_loadu_si256(end.sub(WINDOW).cast());
        let mut inside = u32::MAX << (WINDOW - length);
        let mut first = inside & inside.wrapping_neg();
        let value = _mm256_sub_epi8(window, splat(b'0'));
        let is_digit = _mm256_cmpeq_epi8(_mm256_min_epu8(value, splat(9)), value);
        let mut digits = mask(is_digit) & inside;
        let mut points = equal(window, b'.') & inside;
        let mut negative = *end.sub(length) == b'-';
        let sign = if negative { first } else { 0 };
        if inside & !(digits | points) != sign {
            // Something else than digits, a point and a minus: blanks before it, a plus, or an exponent.
            let blanks = (equal(window, b' ') | equal(window, b'\t')) & inside;
            inside &= !blanks;
            first = inside & inside.wrapping_neg();
            // No blank behind the first byte, of which there is one.
            if blanks & first.wrapping_neg() != 0 || inside == 0 {
                return None;
            }
            negative = equal(window, b'-') & first != 0;
            let sign = (equal(window, b'-') | equal(window, b'+')) & first;
            // 'd', 'D', 'e' and 'E', and nothing else, become 'e' so.
            let letters = equal(_mm256_or_si256(window, splat(0x21)), b'e') & inside;
            if letters != 0 {
                let behind = letters.leading_zeros();
                let cut = behind + 1;
                // Nothing but digits behind one that has been cut off already.
                if letters << behind != 1 << 31 || cut >= WINDOW as u32 || EXPONENT {
                    return None;
                }
                exponent = exponent_part(end, digits, behind)?;
                end = end.sub(cut as usize);
                window = _mm256_loadu_si256(end.sub(WINDOW).cast());
                (digits, points, inside) = (digits << cut, points << cut, inside << cut);
                if inside & !(digits | points) != sign << cut {
                    return None;
                }
            } else if inside & !(digits | points) != sign {
                let nan = inside == 7 << 29
                    && (end.sub(4).cast::<u32>().read_unaligned() >> 8) | 0x0020_2020 == NAN;
                return nan.then_some(Field::Missing);
            }
        }
        let count = digits.count_ones() as usize;
        if points & points.wrapping_sub(1) != 0 || count == 0 {
            return None;
        }
        // 32 without a point.
        let behind = points.leading_zeros();
        let earlier = _mm256_loadu_si256(end.sub(WINDOW + 1).cast());
        let before_point = load(&ALL_BUT_LAST, behind as usize);
        let joined = _mm256_blendv_epi8(window, earlier, before_point);
        let value = _mm256_sub_epi8(joined, splat(b'0'));
        let fours = four_digits(_mm256_and_si256(value, load(&LAST, count)));
        let packed = _mm256_packus_epi32(fours, fours);
        let eights = _mm256_madd_epi16(packed, _mm256_set1_epi32(0x0001_2710));
        let high = _mm256_extract_epi64::<0>(eights) as u64;
        let low = _mm256_extract_epi64::<2>(eights) as u64;
        // At most 1023 beyond sixteen digits, so that the mantissa fits 64 bits.
        if high & 0xFFFF_FC00_FFFF_FFFF != 0 {
            return None;
        }
        let mantissa =
            (high >> 32) * 10_000_000_000_000_000 + (low & 0xFFFF_FFFF) * 100_000_000 + (low >> 32);
        let exponent = exponent - (behind % 32) as i32;
        Some(Field::Number(Decimal { negative, mantissa, exponent }))
    }
}

/// Three bytes, of which the first is the lowest.
const NAN: u32 = u32::from_le_bytes(*b"nan\0");

/// A number that does not end as others in its column do.
///
/// # Safety
/// As [`decimal`].
#[cold]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn other_decimal(end: *const u8, length: usize) -> Option<Field> {
    // SAFETY: This needs of end and length what the caller promises, and the function is compiled for the features.
    unsafe { decimal::<false>(end, length) }
}

/// The exponent in the last `length` bytes before `end`, of which `digits` are digits: a sign perhaps, and one to four
/// digits.
///
/// # Safety
/// 33 bytes before `end` can be read.
#[inline(always)]
unsafe fn exponent_part(end: *const u8, digits: u32, length: u32) -> Option<i32> {
    // Digits at the end of the field; the letter is none, so that they are no more than `length`.
    let count = digits.leading_ones();
    // SAFETY: The caller promises the bytes: the four before the end, and the one before at most 32 digits.
    let (word, before) =
        unsafe { (end.sub(4).cast::<u32>().read_unaligned(), *end.sub(count as usize + 1)) };
    let signed = length == count + 1 && (before == b'-' || before == b'+');
    if !(1..=4).contains(&count) || !(signed || length == count) {
        return None;
    }
    // The digits are the last bytes, the first of them the lowest.
    let word = word & 0x0F0F_0F0F & (u32::MAX << (32 - 8 * count));
    let pairs = (word * 10 + (word >> 8)) & 0x00FF_00FF;
    let value = ((pairs & 0xFF) * 100 + (pairs >> 16)) as i32;
    Some(if signed && before == b'-' { -value } else { value })
}

/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn splat(byte: u8) -> __m256i {
    // SAFETY: The caller promises AVX2; only registers are touched.
    unsafe { _mm256_set1_epi8(byte as i8) }
}

/// A bit is set where a byte is 0xFF.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn mask(bytes: __m256i) -> u32 {
    // SAFETY: The caller promises AVX2; only registers are touched.
    unsafe { _mm256_movemask_epi8(bytes) as u32 }
}

/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn equal(window: __m256i, byte: u8) -> u32 {
    // SAFETY: The caller promises AVX2; only registers are touched.
    unsafe { mask(_mm256_cmpeq_epi8(window, splat(byte))) }
}

/// # Safety
/// The processor has AVX2, and `at` is at most 32.
#[inline(always)]
unsafe fn load(masks: &[u8; 2 * WINDOW], at: usize) -> __m256i {
    debug_assert!(at <= WINDOW);
    // SAFETY: The caller promises AVX2, and at most 32. There are 64 bytes of masks, and 32 from any of the first 33.
    unsafe { _mm256_loadu_si256(masks.as_ptr().add(at).cast()) }
}
