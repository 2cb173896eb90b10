//! Numbers with an exponent, a digit before the point and a fixed number of them after it, as `%.18e` gives them: two to a
//! vector.
//!
//! The digits make one integer of 64 bits, the exponent another. What number they mean is left to
//! [`FromDigits::from_decimals`](crate::kernel::FromDigits::from_decimals).

use std::arch::x86_64::*;

use pointillist_base::Dtype;

use super::{BATCH, Batch, Bytes, EIGHT, Kind, Lists, MOST_FIELDS, Rows, Sum};
use super::{behind, compare, constant, eight_digits, lanes, load, load_at, tables, unload};
use crate::kernel::vector::four_digits_avx512 as four_digits;
use crate::losses::Lost;
use crate::number::Scale;
use crate::number::decimal::{self, Decimal, FAR_FROM_MIDDLE, MOST_DIGITS, TO_MIDDLE};
use crate::number::decimal::{LARGEST, SMALLEST};
use crate::number::{Number, parse_field};

/// Fields in a vector of bytes.
const GROUP: usize = 2;
/// Bytes of a lane.
const LANE: usize = 32;
/// Where the exponent's sign is, behind point, letter, separator, and carriage return or separator again. Of all that is no
/// digit, it alone may be either of two bytes. Then comes the separator once more.
const SIGN: usize = 4;
/// Where the exponent's digits are. The mantissa's follow.
const DIGITS: usize = 6;

/// The layout of a field.
#[derive(Debug, Clone, Copy)]
struct Field {
    decimals: usize,
    letter: u8,
    separator: u8,
    carriage_return: bool,
}

impl Field {
    fn learn(text: &[u8], separator: u8) -> Option<Self> {
        let (text, carriage_return) = match text {
            [text @ .., b'\r'] if separator == b'\n' => (text, true),
            _ => (text, false),
        };
        let (mantissa, exponent) = text.split_at_checked(text.len().checked_sub(4)?)?;
        let [letter @ (b'e' | b'E' | b'd' | b'D'), b'+' | b'-', tens, units] = *exponent else {
            return None;
        };
        let [first, b'.', decimals @ ..] = mantissa.strip_prefix(b"-").unwrap_or(mantissa) else {
            return None;
        };
        let mut digits = decimals.iter().chain([first, &tens, &units]);
        let fits =
            (1..MOST_DIGITS as usize).contains(&decimals.len()) && digits.all(u8::is_ascii_digit);
        fits.then_some(Self { decimals: decimals.len(), letter, separator, carriage_return })
    }

    /// What stands behind the exponent.
    fn tail(&self) -> usize {
        1 + usize::from(self.carriage_return)
    }

    /// Bytes without sign, but with what separates it.
    fn length(&self) -> usize {
        // Digit, point, decimals, letter, sign and two digits.
        6 + self.decimals + self.tail()
    }

    /// How far before the end, separator included, a byte of the lane stands; 0 where it is empty.
    fn back(&self, at: usize) -> usize {
        let tail = self.tail();
        match at {
            0 => tail + 5 + self.decimals,
            1 => tail + 4,
            3 => tail,
            2 | 5 => 1,
            SIGN => tail + 3,
            DIGITS | 7 => tail + 8 - at,
            _ => match LANE - 1 - at {
                digit if digit < self.decimals => tail + 5 + digit,
                digit if digit == self.decimals => tail + 6 + digit,
                _ => 0,
            },
        }
    }

    /// What a byte of the lane must be, if it is a check.
    fn expected(&self, at: usize) -> Option<u8> {
        match at {
            0 => Some(b'.'),
            1 => Some(self.letter),
            3 if self.carriage_return => Some(b'\r'),
            2 | 3 | 5 => Some(self.separator),
            _ => None,
        }
    }
}

/// What is looked up for rows of such fields.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::kernel) struct Exponents {
    rows: Rows,
    /// By the first of two fields: where each byte comes from, relative to the byte behind the end of its field.
    order: [Bytes; MOST_FIELDS],
    /// The bytes that are not empty.
    there: [u64; MOST_FIELDS],
    /// What the checks must be, after '0' has been taken from each; else 0.
    expected: [Bytes; MOST_FIELDS],
    /// By field, again and again: its bytes without sign, but with what separates it, and its decimals.
    length: [u8; BATCH + MOST_FIELDS],
    decimals: [i64; EIGHT + MOST_FIELDS],
}

impl Exponents {
    /// `None` where a field is of another kind.
    pub(super) fn learn(rows: Rows, fields: &[(&[u8], u8)]) -> Option<Self> {
        // Those who write these do not align them.
        if rows.padded {
            return None;
        }
        let fields = fields.iter().map(|(text, separator)| Field::learn(text, *separator));
        let fields: Vec<Field> = fields.collect::<Option<_>>()?;
        let field = |at: usize| &fields[at % fields.len()];
        let order = |field: &Field, at: usize| 0_u8.wrapping_sub(field.back(at) as u8);
        let there = |first: usize| {
            let is_there = |at: &usize| field(first + at / LANE).back(at % LANE) != 0;
            (0..64).filter(is_there).fold(0, |bits, at| bits | 1_u64 << at)
        };
        let expected =
            |field: &Field, at: usize| field.expected(at).map_or(0, |byte| byte.wrapping_sub(b'0'));
        Some(Self {
            rows,
            order: tables(&fields, LANE, order),
            there: std::array::from_fn(there),
            expected: tables(&fields, LANE, expected),
            length: std::array::from_fn(|at| field(at).length() as u8),
            decimals: std::array::from_fn(|at| field(at).decimals as i64),
        })
    }
}

impl Kind for Exponents {
    const PLAIN: bool = false;

    fn rows(&self) -> &Rows {
        &self.rows
    }

    #[inline]
    unsafe fn measure(&self, lists: &mut Lists, fields: usize) -> usize {
        // SAFETY: The processor has the features and so many fields are listed: what this function needs, that one does.
        unsafe { measure(self, lists, fields) }
    }

    #[inline]
    unsafe fn add_up<T: Number, const CAREFUL: bool>(
        &self,
        text: &[u8],
        lists: &mut Lists,
        eights: usize,
    ) -> Sum {
        // SAFETY: The caller promises the features, that so many fields are measured, and the text behind the last. `finish` is
        // called for those whose mantissas and scales `add_up` has written.
        unsafe {
            let sum = add_up::<CAREFUL>(text, self, lists, eights);
            finish::<T>(text, lists, &self.rows, sum.eights * EIGHT);
            sum
        }
    }
}

/// See [`Kind::measure`].
///
/// # Safety
/// As there.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn measure(tables: &Exponents, lists: &mut Lists, fields: usize) -> usize {
    let mut phase = 0;
    // SAFETY: The caller promises the features, and that so many fields are listed. The lists have a whole batch behind the last
    // field, and the tables 64 entries from every field of a row on, of which `phase` is one.
    unsafe {
        for batch in 0..fields.div_ceil(BATCH) {
            let Batch { before, end, signs, reach } = lists.batch::<GROUP>(batch);
            let length = _mm512_sub_epi8(end, before);
            let length = _mm512_mask_sub_epi8(length, signs, length, _mm512_set1_epi8(1));
            let expected = load_at(tables.length.as_ptr().add(phase));
            lists.reach[batch] = unload(reach);
            // Two of the longest end within a vector.
            let unfit = _mm512_cmpneq_epi8_mask(length, expected);
            if unfit != 0 {
                return fields.min(batch * BATCH + unfit.trailing_zeros() as usize);
            }
            phase = behind(phase, BATCH % tables.rows.fields, tables.rows.fields);
        }
    }
    fields
}

/// See [`Kind::add_up`]: as far as digits, exponents and signs.
///
/// # Safety
/// As there.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")]
unsafe fn add_up<const CAREFUL: bool>(
    text: &[u8],
    tables: &Exponents,
    lists: &mut Lists,
    eights: usize,
) -> Sum {
    /// What the exponent's sign becomes, times 100: `+` and `-`, from which '0' has been taken.
    const PLUS: i64 = 100 * b'+'.wrapping_sub(b'0') as i64;
    const MINUS: i64 = 100 * b'-'.wrapping_sub(b'0') as i64;
    let fields = tables.rows.fields;
    let [group_step, eight_step] = [GROUP % fields, EIGHT % fields];
    // SAFETY: The caller promises the features, and that so many fields are measured. For each of them, the lists have the entries
    // that are read, and room for those that are written, in whole vectors that they are aligned to. `phase` and `first` are
    // fields of a row, from each of which on the tables have as many entries as are loaded. `start` is where the first field
    // of a group begins, whose end lies in the block, so that 64 bytes can be read from there.
    unsafe {
        let spread = load(&constant(|at| at / LANE));
        let tens = load(&constant(|at| match at % LANE {
            SIGN => 1,
            0..DIGITS => 0,
            at if at.is_multiple_of(2) => 10,
            _ => 1,
        }));
        // What must be 0: of checks all bits, of digits the upper ones.
        let is_digit = |at: usize| at % LANE >= DIGITS;
        let telling = load(&constant(|at| match at % LANE {
            SIGN => 0,
            _ if is_digit(at) => 0xF0,
            _ => 0xFF,
        }));
        let digits = load(&constant(|at| if is_digit(at) { 0xFF } else { 0 }));
        let [fronts, backs] = [0, 1].map(|odd| std::array::from_fn(|at| 2 * at as u64 + odd));
        let fronts: [u64; 8] = fronts;
        let backs: [u64; 8] = backs;
        let fronts = _mm512_loadu_si512(fronts.as_ptr().cast());
        let backs = _mm512_loadu_si512(backs.as_ptr().cast());
        let low = _mm512_set1_epi64(0xFFFF_FFFF);
        let hundred_million = _mm512_set1_epi64(100_000_000);
        let reach = lists.reach.as_ptr().cast::<u8>();
        let signs = lists.signs.as_ptr().cast::<u8>();
        let mantissas = lists.mantissas.as_mut_ptr();
        let scales = lists.scales.as_mut_ptr().cast::<i32>();
        let mut wrong = _mm512_setzero_si512();
        let mut largest = _mm512_setzero_si512();
        let mut unusual = 0;
        let mut phase = 0;
        let mut start = 0;
        for eight in 0..eights {
            let start_of_eight = start;
            let mut sums = [_mm512_setzero_si512(); 4];
            let mut first = phase;
            for (group, sum) in sums.iter_mut().enumerate() {
                let reach = reach.add(EIGHT * eight + GROUP * group);
                let ends = _mm512_set1_epi16(reach.cast::<i16>().read());
                let ends = _mm512_shuffle_epi8(ends, spread);
                let order = tables.order.get_unchecked(first);
                let there = *tables.there.get_unchecked(first);
                let lanes = lanes(text.as_ptr().add(start), ends, order, there);
                start += usize::from(*reach.add(GROUP - 1));
                wrong = compare(wrong, lanes, tables.expected.get_unchecked(first));
                largest = _mm512_max_epu8(largest, lanes);
                *sum = four_digits(lanes, tens);
                first = behind(first, group_step, fields);
            }
            // Of each field four integers: exponent with its sign, and three times eight digits.
            let mut halves = [_mm512_setzero_si512(); 2];
            for (half, pair) in halves.iter_mut().zip(sums.as_chunks::<2>().0) {
                *half = eight_digits(pair[0], pair[1]);
            }
            let front = _mm512_permutex2var_epi64(halves[0], fronts, halves[1]);
            let back = _mm512_permutex2var_epi64(halves[0], backs, halves[1]);
            let upper = _mm512_mul_epu32(_mm512_srli_epi64::<32>(front), hundred_million);
            let upper = _mm512_add_epi64(upper, _mm512_and_si512(back, low));
            let upper = _mm512_mullo_epi64(upper, hundred_million);
            let mantissa = _mm512_add_epi64(upper, _mm512_srli_epi64::<32>(back));
            _mm512_store_si512(mantissas.add(eight).cast(), mantissa);

            let exponent = _mm512_sub_epi64(_mm512_and_si512(front, low), _mm512_set1_epi64(PLUS));
            let step = _mm512_set1_epi64(MINUS - PLUS);
            let negative = _mm512_cmpge_epi64_mask(exponent, step);
            let exponent = _mm512_mask_sub_epi64(exponent, negative, exponent, step);
            unusual |= _mm512_cmpgt_epu64_mask(exponent, _mm512_set1_epi64(99));
            let zero = _mm512_setzero_si512();
            let exponent = _mm512_mask_sub_epi64(exponent, negative, zero, exponent);
            let decimals = _mm512_loadu_si512(tables.decimals.as_ptr().add(phase).cast());
            let exponent = _mm512_cvtepi64_epi32(_mm512_sub_epi64(exponent, decimals));
            // As in `Scale`.
            let scale = _mm256_slli_epi32::<1>(exponent);
            let scale = _mm256_mask_or_epi32(scale, *signs.add(eight), scale, _mm256_set1_epi32(1));
            _mm256_store_si256(scales.add(eight * EIGHT).cast(), scale);

            if CAREFUL || eight + 1 == eights {
                let digits = _mm512_movepi8_mask(digits);
                let beyond = _mm512_mask_cmpgt_epu8_mask(digits, largest, _mm512_set1_epi8(9));
                if beyond != 0 || unusual != 0 || _mm512_test_epi8_mask(wrong, telling) != 0 {
                    let good = Sum { eights: eight, bytes: start_of_eight };
                    return if CAREFUL { good } else { Sum::NOTHING };
                }
            }
            phase = behind(phase, eight_step, fields);
        }
        Sum { eights, bytes: start }
    }
}

/// Makes numbers of so many mantissas and scales, which stand for the fields that the text begins with.
///
/// # Safety
/// The processor has the features. So many fields, whole eights, have a mantissa and a scale in the lists.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn finish<T: Number>(text: &[u8], lists: &mut Lists, rows: &Rows, fields: usize) {
    let mantissas: &[u64] = &bytemuck::cast_slice(&lists.mantissas)[..fields];
    // SAFETY: A scale is an integer of 32 bits and nothing else, of which any is valid. The list has so many, is aligned to more, and
    // is not written to while they are borrowed.
    let scales =
        unsafe { std::slice::from_raw_parts(lists.scales.as_ptr().cast::<Scale>(), fields) };
    // SAFETY: The caller promises the features. The list of numbers has room for one of eight bytes for every field that is listed.
    let doubt = unsafe {
        match T::DTYPE {
            Dtype::F32 => floats(mantissas, scales, lists.numbers.as_mut_ptr().cast()),
            Dtype::F64 => {
                T::from_decimals(mantissas, scales, bytemuck::cast_slice_mut(&mut lists.numbers))
            }
        }
    };
    if doubt {
        let numbers: &mut [T] = bytemuck::cast_slice_mut(&mut lists.numbers);
        let next: &[u8] = bytemuck::cast_slice(&lists.next);
        correct(text, next, mantissas, scales, &mut numbers[..fields]);
        for (field, (number, &mantissa)) in numbers.iter().zip(mantissas).enumerate() {
            let is_lost = mantissa != 0 && (*number == T::default() || number.abs() == T::INFINITY);
            // Of rows that have not ended, others speak.
            if is_lost
                && field < fields / rows.fields * rows.fields
                && let Some(column) = rows.columns[field % rows.fields]
            {
                lists.lost.push((column, Lost::of(*number)));
            }
        }
    }
}

/// What [`crate::number::decimal::float`] does, to whole eights of numbers. Returns whether there is a doubt about any.
///
/// # Safety
/// The processor has the features, and there is room for as many numbers.
#[inline(always)]
unsafe fn floats(mantissas: &[u64], scales: &[Scale], numbers: *mut f32) -> bool {
    let mut doubts = 0;
    let (mantissas, _) = mantissas.as_chunks::<EIGHT>();
    let (scales, _) = scales.as_chunks::<EIGHT>();
    // SAFETY: The caller promises the features, and room for the numbers; mantissas and scales are loaded from arrays of eight.
    // Powers are looked up at places from 0 to twice `MOST`, which their table has all of.
    unsafe {
        let most = _mm512_set1_epi64(decimal::MOST.into());
        for (eight, (mantissas, scales)) in mantissas.iter().zip(scales).enumerate() {
            let scales = _mm256_loadu_si256(scales.as_ptr().cast());
            let exponents = _mm512_cvtepi32_epi64(_mm256_srai_epi32::<1>(scales));
            let places =
                _mm512_min_epi64(_mm512_add_epi64(exponents, most), _mm512_add_epi64(most, most));
            let places = _mm512_max_epi64(places, _mm512_setzero_si512());
            let powers = _mm512_i64gather_pd::<8>(places, decimal::POWERS.as_ptr());
            let mantissas = _mm512_loadu_si512(mantissas.as_ptr().cast());
            let values = _mm512_mul_pd(_mm512_cvtepu64_pd(mantissas), powers);
            let bits = _mm512_castpd_si512(values);
            // As in `is_near_middle`.
            let raised = _mm512_add_epi64(bits, _mm512_set1_epi64(TO_MIDDLE as i64));
            doubts |= _mm512_testn_epi64_mask(raised, _mm512_set1_epi64(FAR_FROM_MIDDLE as i64));
            for [from, below] in [[f64::from_bits(1), SMALLEST], [LARGEST, f64::INFINITY]] {
                let above = _mm512_cmp_pd_mask::<_CMP_GE_OQ>(values, _mm512_set1_pd(from));
                doubts |=
                    _mm512_mask_cmp_pd_mask::<_CMP_LE_OQ>(above, values, _mm512_set1_pd(below));
            }
            let signs = _mm512_slli_epi64::<63>(_mm512_cvtepi32_epi64(scales));
            let signed = _mm512_castsi512_pd(_mm512_or_si512(bits, signs));
            _mm256_storeu_ps(numbers.add(eight * EIGHT), _mm512_cvtpd_ps(signed));
        }
    }
    doubts != 0
}

/// Looks again at numbers that may not be the nearest ones. `next` are the low bytes of the places where fields begin.
#[cold]
fn correct<T: Number>(
    text: &[u8],
    next: &[u8],
    mantissas: &[u64],
    scales: &[Scale],
    numbers: &mut [T],
) {
    let mut begin = 0;
    for (field, number) in numbers.iter_mut().enumerate() {
        let end = begin + usize::from(next[field + 1].wrapping_sub(next[field]));
        let (exponent, negative) = scales[field].parts();
        let decimal = Decimal { negative, mantissa: mantissas[field], exponent };
        let right = T::from_decimal(decimal);
        if let Some(right) = right.or_else(|| parse_field(text[begin..end - 1].trim_ascii())) {
            *number = right;
        }
        begin = end;
    }
}
