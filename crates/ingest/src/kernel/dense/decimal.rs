//! Numbers with a fixed number of digits after the point, four to a vector.
//!
//! All digits of a field make one integer, which is multiplied by a power of ten. Numbers that this might round to the wrong
//! float are noticed; why the others are right is said in [`crate::number::decimal`].

use std::arch::x86_64::*;

use pointillist_base::Dtype;

use super::{BATCH, Batch, Bytes, EIGHT, Kind, Lists, MOST_FIELDS, Rows, Sum};
use super::{behind, compare, constant, eight_digits, lanes, load, load_at, tables, unload};
use crate::kernel::shape::{ColumnShape, LANE};
use crate::kernel::vector::four_digits_avx512 as four_digits;
use crate::number::decimal::{FAR_FROM_MIDDLE, TO_MIDDLE, power_of_ten};
use crate::number::{Number, parse_field};

/// Fields in a vector of bytes.
const GROUP: usize = 4;

/// What is looked up for rows of such fields. A lane has 16 bytes. Its checks are the point, the separator and, in texts that
/// have them, the carriage return, each of which the separator stands for where there is none.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::kernel) struct Decimals {
    rows: Rows,
    /// How many bytes of a lane are checks.
    checks: usize,
    /// By the first of four fields: where each byte comes from, relative to the byte behind the end of its field.
    order: [Bytes; MOST_FIELDS],
    /// What the checks must be, after '0' has been taken from each; else 0.
    expected: [Bytes; MOST_FIELDS],
    /// What must not be set in any byte, after `expected` has been taken from it: digits leave the lower half.
    telling: Bytes,
    /// What bytes are multiplied with to add up digits two and two.
    tens: Bytes,
    /// By field, again and again: the bytes of the shortest, without sign and separator; how many more the longest may have;
    /// and how many bytes of a lane are empty, with those bytes.
    shortest: [u8; BATCH + MOST_FIELDS],
    slack: [u8; BATCH + MOST_FIELDS],
    room: [u8; BATCH + MOST_FIELDS],
    /// By field, again and again: what its digits are to be multiplied with, and what they are to be divided by.
    factors: [f64; EIGHT + MOST_FIELDS],
    divisors: [f64; EIGHT + MOST_FIELDS],
    /// By the first of eight fields: two bits a field, of which the lower is set where it has decimals.
    rounded: [u16; MOST_FIELDS],
}

impl Decimals {
    /// `None` where a field is of another kind.
    pub(super) fn learn(rows: Rows, fields: &[(&[u8], u8)]) -> Option<Self> {
        let shapes =
            fields.iter().map(|(field, separator)| ColumnShape::learn(0, 0, field, *separator));
        let shapes: Vec<ColumnShape> = shapes.collect::<Option<_>>()?;
        let fields = rows.fields;
        let checks = if shapes.iter().any(ColumnShape::has_carriage_return) { 3 } else { 2 };
        let most_digits = LANE - checks;
        let shape = |at: usize| &shapes[at % fields];
        // What stands behind the digits, and what stands among or behind them but for the separator.
        let tail = |shape: &ColumnShape| 1 + usize::from(shape.has_carriage_return());
        let others = |shape: &ColumnShape| tail(shape) - 1 + usize::from(shape.decimals > 0);
        let fewest = |shape: &ColumnShape| shape.decimals.max(1);
        // How far before the end of the field, and the separator, each byte stands.
        let order = |shape: &ColumnShape, at: usize| {
            let back = match at {
                0 if shape.decimals > 0 => tail(shape) + shape.decimals + 1,
                2 if checks == 3 => tail(shape),
                0 | 1 => 1,
                _ => {
                    let digit = LANE - 1 - at;
                    let point = usize::from(shape.decimals > 0 && digit >= shape.decimals);
                    tail(shape) + digit + point + 1
                }
            };
            0_u8.wrapping_sub(back as u8)
        };
        let expected = |shape: &ColumnShape, at: usize| {
            let byte = match at {
                0 if shape.decimals > 0 => b'.',
                2 if shape.has_carriage_return() => b'\r',
                _ if at < checks => shape.expected[LANE - 1],
                _ => b'0',
            };
            byte.wrapping_sub(b'0')
        };
        let rounded = |first: usize| {
            let decimals = (0..EIGHT).filter(|at| shape(first + at).decimals > 0);
            decimals.fold(0, |bits, at| bits | 1 << (2 * at))
        };
        Some(Self {
            rows,
            checks,
            order: tables(&shapes, LANE, order),
            expected: tables(&shapes, LANE, expected),
            telling: constant(|at| if at % LANE < checks { 0xFF } else { 0xF0 }),
            tens: constant(|at| match at % LANE {
                at if at < checks => 0,
                at if at.is_multiple_of(2) => 10,
                _ => 1,
            }),
            shortest: std::array::from_fn(|at| (fewest(shape(at)) + others(shape(at))) as u8),
            slack: std::array::from_fn(|at| (most_digits - fewest(shape(at))) as u8),
            room: std::array::from_fn(|at| (LANE + others(shape(at))) as u8),
            factors: std::array::from_fn(|at| power_of_ten(-(shape(at).decimals as i32))),
            divisors: std::array::from_fn(|at| power_of_ten(shape(at).decimals as i32)),
            rounded: std::array::from_fn(rounded),
        })
    }
}

impl Kind for Decimals {
    const PLAIN: bool = true;

    fn rows(&self) -> &Rows {
        &self.rows
    }

    #[inline]
    unsafe fn measure(&self, lists: &mut Lists, fields: usize) -> usize {
        // SAFETY: The processor has the features and so many fields are listed: what this function needs, those do.
        unsafe {
            if self.rows.padded {
                measure::<true>(self, lists, fields)
            } else {
                measure::<false>(self, lists, fields)
            }
        }
    }

    #[inline]
    unsafe fn add_up<T: Number, const CAREFUL: bool>(
        &self,
        text: &[u8],
        lists: &mut Lists,
        eights: usize,
    ) -> Sum {
        // SAFETY: The caller promises the features, that so many fields are measured, and the text behind the last: all that this
        // needs.
        unsafe { add_up::<T, CAREFUL>(text, self, lists, eights) }
    }
}

/// See [`Kind::measure`].
///
/// # Safety
/// As there.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn measure<const PADDED: bool>(
    tables: &Decimals,
    lists: &mut Lists,
    fields: usize,
) -> usize {
    let mut phase = 0;
    // SAFETY: The caller promises the features, and that so many fields are listed. The lists have a whole batch behind the last
    // field, and the tables 64 entries from every field of a row on, of which `phase` is one.
    unsafe {
        let checks = _mm512_set1_epi16((1 << tables.checks) - 1);
        for batch in 0..fields.div_ceil(BATCH) {
            let Batch { before, end, signs, reach } = lists.batch::<GROUP>(batch);
            // With the sign; both are places behind the byte that is meant.
            let length = if PADDED {
                _mm512_sub_epi8(end, load(&lists.first[batch]))
            } else {
                _mm512_add_epi8(_mm512_sub_epi8(end, before), _mm512_set1_epi8(-1))
            };
            let length = _mm512_mask_sub_epi8(length, signs, length, _mm512_set1_epi8(1));
            let longer = _mm512_sub_epi8(length, load_at(tables.shortest.as_ptr().add(phase)));
            let slack = load_at(tables.slack.as_ptr().add(phase));
            let mut unfit = _mm512_cmpgt_epu8_mask(longer, slack);
            unfit |= _mm512_cmpgt_epu8_mask(reach, _mm512_set1_epi8(64));
            if PADDED {
                // So that no group is longer than a byte can tell.
                let width = _mm512_sub_epi8(end, before);
                unfit |= _mm512_cmpgt_epu8_mask(width, _mm512_set1_epi8(60));
            }
            lists.reach[batch] = unload(reach);
            // Where the digits are, behind what is empty.
            let empty = _mm512_sub_epi8(load_at(tables.room.as_ptr().add(phase)), length);
            let halves = [_mm512_castsi512_si256(empty), _mm512_extracti64x4_epi64::<1>(empty)];
            for (half, empty) in halves.into_iter().enumerate() {
                let digits = _mm512_sllv_epi16(_mm512_set1_epi16(-1), _mm512_cvtepu8_epi16(empty));
                lists.there[2 * batch + half] = unload(_mm512_or_si512(digits, checks));
            }
            if unfit != 0 {
                return fields.min(batch * BATCH + unfit.trailing_zeros() as usize);
            }
            phase = behind(phase, BATCH % tables.rows.fields, tables.rows.fields);
        }
    }
    fields
}

/// See [`Kind::add_up`]. Mends numbers of which there is a doubt, if it is careful; does nothing where there are some, if not.
///
/// # Safety
/// As there.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vbmi")]
unsafe fn add_up<T: Number, const CAREFUL: bool>(
    text: &[u8],
    tables: &Decimals,
    lists: &mut Lists,
    eights: usize,
) -> Sum {
    let fields = tables.rows.fields;
    let [group_step, eight_step] = [GROUP % fields, EIGHT % fields];
    // SAFETY: The caller promises the features, and that so many fields are measured. For each of them, the lists have the entries
    // that are read, and room for those that are written, in whole vectors that they are aligned to. `phase` and `first` are
    // fields of a row, from each of which on the tables have as many entries as are loaded. `start` is where the first field
    // of a group begins, whose end lies in the block, so that 64 bytes can be read from there.
    unsafe {
        let spread = load(&constant(|at| at / LANE));
        let tens = load(&tables.tens);
        let telling = load(&tables.telling);
        let reach = lists.reach.as_ptr().cast::<u8>();
        let there = lists.there.as_ptr().cast::<u64>();
        let signs = lists.signs.as_ptr().cast::<u8>();
        let mut wrong = _mm512_setzero_si512();
        let mut doubt = _mm512_set1_epi32(-1);
        let mut phase = 0;
        let mut start = 0;
        for eight in 0..eights {
            let start_of_eight = start;
            let mut largest = _mm512_setzero_si512();
            let mut sums = [_mm512_setzero_si512(); 2];
            let phases = [phase, behind(phase, group_step, fields)];
            for half in 0..2 {
                let group = 2 * eight + half;
                let reach = reach.add(GROUP * group);
                let ends = _mm512_set1_epi32(reach.cast::<i32>().read());
                let ends = _mm512_shuffle_epi8(ends, spread);
                let order = tables.order.get_unchecked(phases[half]);
                let lanes = lanes(text.as_ptr().add(start), ends, order, there.add(group).read());
                start += usize::from(*reach.add(GROUP - 1));
                wrong = compare(wrong, lanes, tables.expected.get_unchecked(phases[half]));
                if CAREFUL {
                    largest = _mm512_max_epu8(largest, lanes);
                }
                sums[half] = four_digits(lanes, tens);
            }
            let halves = eight_digits(sums[0], sums[1]);
            let integers = _mm512_add_epi64(
                _mm512_mul_epu32(halves, _mm512_set1_epi64(100_000_000)),
                _mm512_srli_epi64::<32>(halves),
            );
            let digits = _mm512_cvtepi64_pd(integers);
            let signs = *signs.add(eight);
            let sign_bit = _mm512_set1_epi64(i64::MIN);
            let numbers = lists.numbers.as_mut_ptr();
            match T::DTYPE {
                Dtype::F32 => {
                    let factors = _mm512_loadu_pd(tables.factors.as_ptr().add(phase));
                    let products = _mm512_castpd_si512(_mm512_mul_pd(digits, factors));
                    // As in `is_near_middle`: zero there.
                    let raised = _mm512_add_epi32(products, _mm512_set1_epi32(TO_MIDDLE as i32));
                    let far = _mm512_set1_epi32(FAR_FROM_MIDDLE as i32);
                    let distance = _mm512_and_si512(raised, far);
                    let rounded = *tables.rounded.get_unchecked(phase);
                    doubt = _mm512_mask_min_epu32(doubt, rounded, doubt, distance);
                    let signed = _mm512_mask_or_epi64(products, signs, products, sign_bit);
                    let floats = _mm512_cvtpd_ps(_mm512_castsi512_pd(signed));
                    _mm256_store_ps(numbers.cast::<f32>().add(eight * EIGHT), floats);
                }
                Dtype::F64 => {
                    let divisors = _mm512_loadu_pd(tables.divisors.as_ptr().add(phase));
                    let quotients = _mm512_castpd_si512(_mm512_div_pd(digits, divisors));
                    let signed = _mm512_mask_or_epi64(quotients, signs, quotients, sign_bit);
                    _mm512_store_si512(numbers.add(eight).cast(), signed);
                }
            }
            if CAREFUL {
                let checks = _mm512_cmpeq_epi8_mask(telling, _mm512_set1_epi8(-1));
                let beyond = _mm512_mask_cmpgt_epu8_mask(!checks, largest, _mm512_set1_epi8(9));
                if beyond != 0 || _mm512_mask_test_epi8_mask(checks, wrong, wrong) != 0 {
                    return Sum { eights: eight, bytes: start_of_eight };
                }
                let doubts = _mm512_testn_epi32_mask(doubt, doubt);
                if doubts != 0 {
                    mend::<T>(&text[start_of_eight..], lists, eight * EIGHT, doubts);
                    doubt = _mm512_set1_epi32(-1);
                }
            }
            phase = behind(phase, eight_step, fields);
        }
        let certain = _mm512_testn_epi32_mask(doubt, doubt) == 0;
        let right = _mm512_test_epi8_mask(wrong, telling) == 0;
        let all = CAREFUL || (certain && right);
        if all { Sum { eights, bytes: start } } else { Sum::NOTHING }
    }
}

/// Reads those of eight fields again, with which the text begins, of whose numbers there is a doubt: two bits a field.
#[cold]
fn mend<T: Number>(text: &[u8], lists: &mut Lists, start: usize, doubts: u16) {
    for field in (0..EIGHT).filter(|field| doubts >> (2 * field) & 1 != 0) {
        let place =
            |field: usize| usize::from(lists.place(start + field).wrapping_sub(lists.place(start)));
        let (begin, end) = (place(field), place(field + 1) - 1);
        if let Some(number) = parse_field::<T>(text[begin..end].trim_ascii()) {
            bytemuck::cast_slice_mut(&mut lists.numbers)[start + field] = number;
        }
    }
}
