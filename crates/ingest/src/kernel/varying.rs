//! Rows whose numbers vary in length: a field at a time, with AVX2.
//!
//! The 32 bytes that end with a field are loaded into one register, and compares turn them into bit masks, a bit a byte:
//! digits, point, and what is neither. Nothing else in the field than a sign in front is the usual case; an exponent is
//! cut off and read by itself. To drop the point, what stands left of it is taken from a load that begins a byte
//! earlier. The digits, right-justified now, are added up in three steps to four numbers of eight digits, and those to a
//! mantissa of up to 19. No step has a branch that depends on how many digits there are, or where the point is, as long
//! as all fields are of one kind.

use std::arch::x86_64::*;

use super::finish::Scale;
use super::separators::find_ends;
use super::shape::Shape;
use super::vector::{Avx2, Avx512, Vector, four_digits};
use super::{Block, Done, Scratch, Work};
use crate::number::Number;
use crate::number::decimal::Decimal;

/// Bytes of a window, and as long as a field can be.
const WINDOW: usize = 32;

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

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn avx2<T: Number>(work: Work<'_, T>, most: usize) -> Done {
    // SAFETY: This function has the features.
    unsafe { parse::<Avx2, T>(work, most) }
}

#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,lzcnt,popcnt"
)]
pub(super) fn avx512<T: Number>(work: Work<'_, T>, most: usize) -> Done {
    // SAFETY: This function has the features.
    unsafe { parse::<Avx512, T>(work, most) }
}

/// # Safety
/// The processor has the features of `V` and of [`avx2`].
#[inline(always)]
unsafe fn parse<V: Vector, T: Number>(work: Work<'_, T>, most: usize) -> Done {
    let Work { text, mut at, shape, scratch, columns } = work;
    let mut all_rows = 0;
    // Windows reach back behind the first field, even without its exponent, and offsets are 32 bits wide.
    if at < 2 * WINDOW || u32::try_from(text.len()).is_err() {
        return Done { rows: 0, at };
    }
    let mut block = Block::FIRST;
    loop {
        let length = block.length(text.len() - at);
        let Scratch { ends, mantissas, scales, missing, .. } = scratch;
        ends.clear();
        ends.push(at as u32 - 1);
        // SAFETY: The features are the caller's promise.
        unsafe { find_ends::<V>(text, at, at + length, shape.delimiter, ends) };
        let found = ((ends.len() - 1) / shape.fields).min(most - all_rows);
        let mut rows = shape.fitting_rows(text, ends, found);
        let before = columns.first().map_or(0, Vec::len);
        if mantissas.len() < rows {
            mantissas.resize(rows, 0);
            scales.resize(rows, Scale::default());
        }
        for wanted in &shape.wanted {
            let fields = ColumnFields::new(text, ends, shape, wanted.position);
            let (mantissas, scales) = (&mut mantissas[..rows], &mut scales[..rows]);
            missing.clear();
            // SAFETY: The features are the caller's promise. Fields lie in the text, behind its first 64 bytes.
            rows = unsafe {
                if fields.have_exponents(rows) {
                    fields.read::<true>(mantissas, scales, missing)
                } else {
                    fields.read::<false>(mantissas, scales, missing)
                }
            };
            let column = &mut columns[wanted.column];
            column.truncate(before);
            column.resize(before + rows, T::NAN);
            let target = &mut column[before..];
            if T::from_decimals(&mantissas[..rows], &scales[..rows], target) {
                rows = correct(&mantissas[..rows], &scales[..rows], target);
            }
            for &row in missing.iter() {
                if let Some(number) = target.get_mut(row as usize) {
                    *number = T::NAN;
                }
            }
        }
        for wanted in &shape.wanted {
            columns[wanted.column].truncate(before + rows);
        }
        all_rows += rows;
        if rows > 0 {
            at = ends[rows * shape.fields] as usize + 1 + shape.blanks_at_end;
        }
        if rows < found || all_rows == most || !block.grow(found > 0) {
            return Done { rows: all_rows, at };
        }
    }
}

/// The fields of one column in a block.
struct ColumnFields<'a> {
    text: &'a [u8],
    ends: &'a [u32],
    shape: &'a Shape,
    /// Index in the row.
    position: usize,
    last: bool,
}

impl<'a> ColumnFields<'a> {
    fn new(text: &'a [u8], ends: &'a [u32], shape: &'a Shape, position: usize) -> Self {
        Self { text, ends, shape, position, last: position + 1 == shape.fields }
    }

    /// Whether the first of so many fields ends with an exponent of two digits: then others will.
    fn have_exponents(&self, rows: usize) -> bool {
        let cut = 4 + usize::from(self.last && self.shape.carriage_return);
        let end = self.ends.get(self.position + 1).filter(|_| rows > 0);
        end.is_some_and(|&end| self.text[end as usize - cut] | 0x21 == b'e')
    }

    /// Reads the field in every row, up to one that is doubtful. Returns how many come before it.
    ///
    /// # Safety
    /// The processor has the features of [`avx2`]. As many rows as there are mantissas have all their ends, which lie in
    /// the text, behind its first 64 bytes.
    #[inline(always)]
    unsafe fn read<const EXPONENT: bool>(
        &self,
        mantissas: &mut [u64],
        scales: &mut [Scale],
        missing: &mut Vec<u32>,
    ) -> usize {
        let blanks = if self.position == 0 { self.shape.blanks_at_end } else { 0 };
        let mut index = self.position;
        for (row, (mantissa, scale)) in mantissas.iter_mut().zip(&mut *scales).enumerate() {
            let (before, end) = (self.ends[index] as usize, self.ends[index + 1] as usize);
            index += self.shape.fields;
            let start = before + 1 + if row > 0 { blanks } else { 0 };
            // SAFETY: The caller's promise.
            match unsafe { field::<EXPONENT>(self.text, start, end, self.last, self.shape) } {
                Some(Field::Number(decimal)) => {
                    *mantissa = decimal.mantissa;
                    *scale = Scale::new(decimal.exponent, decimal.negative);
                }
                // A letter may begin a comment.
                Some(Field::Missing)
                    if self.position == 0
                        && start < end
                        && !self.shape.may_begin(&self.text[start..end]) =>
                {
                    return row;
                }
                Some(Field::Missing) => {
                    (*mantissa, *scale) = (0, Scale::default());
                    missing.push(row as u32);
                }
                None => return row,
            }
        }
        mantissas.len()
    }
}

/// Looks again at the numbers that may not be the nearest ones. Returns how many come before the first one for which
/// that is not enough.
#[cold]
fn correct<T: Number>(mantissas: &[u64], scales: &[Scale], numbers: &mut [T]) -> usize {
    for (row, number) in numbers.iter_mut().enumerate() {
        let (exponent, negative) = scales[row].parts();
        let decimal = Decimal { negative, mantissa: mantissas[row], exponent };
        match T::from_decimal(decimal) {
            Some(right) => *number = right,
            None => return row,
        }
    }
    numbers.len()
}

/// What a field holds, if there is nothing doubtful about it.
///
/// # Safety
/// The processor has the features of [`avx2`]. `64 <= start <= end < text.len()`, and a separator stands at `end`.
#[inline(always)]
unsafe fn field<const EXPONENT: bool>(
    text: &[u8],
    mut start: usize,
    mut end: usize,
    last: bool,
    shape: &Shape,
) -> Option<Field> {
    debug_assert!(2 * WINDOW <= start && start <= end && end < text.len());
    if last && shape.carriage_return {
        // Lines may end otherwise further down.
        if text[end - 1] != b'\r' {
            return None;
        }
        end -= 1;
    } else if !last && text[end] == b'\n' {
        return None;
    }
    if end.wrapping_sub(start).wrapping_sub(1) >= WINDOW {
        if start >= end {
            // Between two delimiters there may be nothing, which is a missing value; but a line of nothing is no row.
            let missing = matches!(shape.delimiter, b',' | b';') && shape.fields > 1;
            return (start == end && missing).then_some(Field::Missing);
        }
        start = skip_blanks(text, start, end)?;
    }
    // SAFETY: The field has 1 to 32 bytes, and there are 64 before it.
    unsafe { decimal::<EXPONENT>(text.as_ptr().add(end), end - start) }
}

/// Where a field begins that has many blanks in front, if it is no longer than a window.
#[cold]
fn skip_blanks(text: &[u8], start: usize, end: usize) -> Option<usize> {
    let window = end - WINDOW;
    text[start..window].iter().all(|&byte| byte == b' ' || byte == b'\t').then_some(window)
}

enum Field {
    Number(Decimal),
    /// Nothing, or `nan`.
    Missing,
}

/// Reads the `length` bytes before `end` as a number. Where `EXPONENT` is set it is expected to end with an exponent of a
/// letter, a sign and two digits, as C writes.
///
/// # Safety
/// The processor has the features of [`avx2`]. `length` is 1 to 32, and the 64 bytes before `end` can be read.
#[inline(always)]
unsafe fn decimal<const EXPONENT: bool>(mut end: *const u8, mut length: usize) -> Option<Field> {
    debug_assert!((1..=WINDOW).contains(&length));
    let mut exponent = 0;
    if EXPONENT {
        // SAFETY: 64 bytes can be read.
        match usual_exponent(unsafe { end.sub(4).cast::<u32>().read_unaligned() }) {
            // SAFETY: As above.
            Some(value) if length > 4 => (end, exponent) = (unsafe { end.sub(4) }, value),
            // SAFETY: As the caller promises.
            _ => return unsafe { other_decimal(end, length) },
        }
        length -= 4;
    }
    // SAFETY: The features are the caller's promise. Windows begin at most 33 bytes before an end that is at most 31
    // bytes before the first one.
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
    // SAFETY: The caller's promise.
    unsafe { decimal::<false>(end, length) }
}

/// The exponent that four bytes, the first of them lowest, are if they are a letter, a sign and two digits, as C writes.
#[inline(always)]
fn usual_exponent(word: u32) -> Option<i32> {
    let [letter, sign, tens, units] = word.to_le_bytes();
    let (tens, units) = (tens.wrapping_sub(b'0'), units.wrapping_sub(b'0'));
    // 'd', 'D', 'e' and 'E', and nothing else, become 'e' so.
    let usual =
        (letter | 0x21 == b'e') & ((sign == b'-') | (sign == b'+')) & (tens <= 9) & (units <= 9);
    let value = i32::from(tens) * 10 + i32::from(units);
    // 1 or -1.
    usual.then_some(value * (i32::from(b',') - i32::from(sign)))
}

/// The exponent in the last `length` bytes before `end`, of which `digits` are digits: a sign perhaps, and one to four
/// digits.
///
/// # Safety
/// The four bytes before `end` can be read.
#[inline(always)]
unsafe fn exponent_part(end: *const u8, digits: u32, length: u32) -> Option<i32> {
    // Digits at the end of the field; the letter is none, so that they are no more than `length`.
    let count = digits.leading_ones();
    // SAFETY: The caller's promise.
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

#[inline(always)]
unsafe fn splat(byte: u8) -> __m256i {
    // SAFETY: The features are the caller's promise, here and below.
    unsafe { _mm256_set1_epi8(byte as i8) }
}

/// A bit is set where a byte is 0xFF.
#[inline(always)]
unsafe fn mask(bytes: __m256i) -> u32 {
    // SAFETY: As above.
    unsafe { _mm256_movemask_epi8(bytes) as u32 }
}

#[inline(always)]
unsafe fn equal(window: __m256i, byte: u8) -> u32 {
    // SAFETY: As above.
    unsafe { mask(_mm256_cmpeq_epi8(window, splat(byte))) }
}

/// # Safety
/// `at` is at most 32.
#[inline(always)]
unsafe fn load(masks: &[u8; 2 * WINDOW], at: usize) -> __m256i {
    debug_assert!(at <= WINDOW);
    // SAFETY: 32 bytes follow the 32nd.
    unsafe { _mm256_loadu_si256(masks.as_ptr().add(at).cast()) }
}
