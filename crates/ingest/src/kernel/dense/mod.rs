//! Rows of nothing but fixed fields: all of them one after another, four to a vector. For AVX-512 with the byte
//! permutations of Ice Lake and Zen 4.
//!
//! 1. [`find_fields`] finds where fields end and which have a sign, 64 bytes at a time.
//! 2. [`measure`] makes of these, 64 fields at a time, how many digits each has, and where it ends, seen from the first of the
//!    four that share a vector.
//! 3. [`add_up`] permutes the 64 bytes in which four fields lie so that each has a lane: see [`Tables`]. Digits are added up two
//!    and two (tens, hundreds, ten thousands, hundred millions) to one integer a field, which is multiplied by a power of ten.
//!    Numbers that this might round to the wrong float are noticed; why the others are right is said in
//!    [`crate::number::decimal`].
//! 4. [`deal()`] deals the numbers out to their columns.
//!
//! What is wrong in a block is noticed once for all of it; then it is gone through again with [`add_up`] in its careful form.
//! The features are the caller's promise in every unsafe block here, and functions, not closures, are what inherits them.

mod deal;
mod tables;

use std::arch::x86_64::*;

use super::separators::Separators;
use super::shape::LANE;
use super::vector::Avx512;
use super::{Block, Work};
use crate::number::{Number, parse_field};
use crate::options::Dtype;
use deal::deal;
use tables::{BATCH, Bytes, GROUP, PAIR};
pub(super) use tables::{MOST_FIELDS, Tables};

/// What is known of the fields of a block, in memory that is used again and again. Of places the low bytes are enough: only
/// such are compared that are less than 128 bytes apart.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Of field i, at i + 1: the place behind the byte that ends it, counted from the first byte of the first field. At 0 is 0.
    next: List,
    /// The place behind its first byte, which a sign may be; only where blanks may be in front of it.
    first: List,
    /// A bit a field: whether there is a sign.
    signs: List,
    /// Where the field ends, counted from the first byte of its group.
    reach: List,
    /// 16 bits a field: the bytes of its lane that come from the text.
    there: List,
    /// All numbers, in the order of the text.
    numbers: List,
}

/// Memory that begins with a whole vector.
type List = Vec<Bytes>;

impl Lists {
    /// Makes room for the fields of a block of so many bytes, with a batch more of each.
    fn reserve(&mut self, bytes: usize) {
        // No two fields end with neighbouring bytes.
        let batches = bytes / 2 / BATCH + 2;
        if self.next.len() < batches {
            for list in [&mut self.next, &mut self.first, &mut self.signs, &mut self.reach] {
                list.resize(batches, Bytes([0; 64]));
            }
            self.there.resize(2 * batches, Bytes([0; 64]));
            // Eight bytes a number, and a tile of rows more.
            self.numbers.resize(8 * batches + 2 * MOST_FIELDS, Bytes([0; 64]));
        }
    }
}

/// A vector of constants.
#[inline(always)]
fn constant(byte: impl Fn(usize) -> usize) -> Bytes {
    Bytes(std::array::from_fn(|at| byte(at) as u8))
}

/// Parses rows until there are some that do not fit, or the end of the text is near. Returns how many, and moves `work.at`
/// behind them.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")]
pub(super) fn avx512<T: Number>(work: &mut Work<'_, T>) -> usize {
    let Some(tables) = &work.shape.dense else { return 0 };
    let mut all_rows = 0;
    let lists = &mut work.scratch.lists;
    let mut block = Block::FIRST;
    loop {
        // Vectors of text are loaded from where fields begin.
        let text = &work.text[work.at..];
        let length = block.length(text.len().saturating_sub(64));
        lists.reserve(length);
        // SAFETY: This function has the features; there are 64 bytes of text behind those of the block, and room for all
        // its fields.
        let (possible, rows, bytes) = unsafe {
            let (fields, plain) = if tables.padded {
                find_fields::<true>(&text[..length], tables, lists)
            } else {
                find_fields::<false>(&text[..length], tables, lists)
            };
            let fitting = if tables.padded {
                measure::<true>(tables, lists, fields)
            } else {
                measure::<false>(tables, lists, fields)
            };
            let pairs = fitting / PAIR;
            let mut sum = if plain {
                add_up::<T, false>(text, tables, lists, pairs)
            } else {
                Sum { pairs: 0, bytes: 0 }
            };
            if sum.pairs < pairs {
                sum = add_up::<T, true>(text, tables, lists, pairs);
            }
            let rows = sum.pairs * PAIR / tables.fields;
            deal(tables, lists, rows, work.columns);
            // Back to the end of the last row.
            let next = bytemuck::cast_slice::<_, u8>(&lists.next);
            let over = next[sum.pairs * PAIR].wrapping_sub(next[rows * tables.fields]);
            (fields / PAIR * PAIR / tables.fields, rows, sum.bytes - usize::from(over))
        };
        all_rows += rows;
        work.at += bytes;
        if rows == 0 || rows < possible || !block.grow(true) {
            return all_rows;
        }
    }
}

/// Lists the fields that end in `text`, whole blocks of 64 bytes of which the first is the first of a row, until there is
/// something between them that does not belong there. Returns how many there are, and whether no byte of them comes behind
/// the digits in the order of bytes.
///
/// # Safety
/// The processor has the features. There is room in the lists for the fields of so many bytes.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,avx512vl,bmi2,popcnt")]
unsafe fn find_fields<const PADDED: bool>(
    text: &[u8],
    tables: &Tables,
    lists: &mut Lists,
) -> (usize, bool) {
    let (blocks, _) = text.as_chunks::<64>();
    // SAFETY: A block has 32 fields at most, since no two separators that are neighbours both end one, and there is room for
    // so many and a whole vector behind them.
    unsafe {
        let places = load(&constant(|at| at + 1));
        let next = lists.next.as_mut_ptr().cast::<u8>();
        let first_places = lists.first.as_mut_ptr().cast::<u8>();
        let mut signs = lists.signs.as_mut_ptr().cast::<u8>();
        *next = 0;
        let (mut ends, mut firsts) = (0, 0);
        let mut behind_end = 1;
        // Bits of signs that are not yet a byte, and how many.
        let (mut bits, mut filled) = (0, 0);
        let mut base = _mm512_setzero_si512();
        let mut largest = _mm512_setzero_si512();
        for block in blocks {
            let separators = Avx512::separators(block, tables.delimiter);
            let bytes = _mm512_loadu_si512(block.as_ptr().cast());
            let behind = separators << 1 | behind_end;
            behind_end = separators >> 63;
            // Where separators may follow each other, only blanks may: a second newline is a line of its own.
            let (end, first, wrong) = if PADDED {
                let newlines = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'\n' as i8));
                (separators & !behind, behind & !separators, newlines & behind)
            } else {
                (separators, behind, separators & behind)
            };
            if wrong != 0 || end == 0 {
                break;
            }
            let others = if tables.delimiter > b'9' {
                _mm512_maskz_mov_epi8(!separators, bytes)
            } else {
                bytes
            };
            largest = _mm512_max_epu8(largest, others);

            let places_of_ends = _mm512_add_epi8(_mm512_maskz_compress_epi8(end, places), base);
            store_places(next.add(ends + 1), places_of_ends, end);
            ends += end.count_ones() as usize;

            let minus = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'-' as i8));
            bits |= _pext_u64(minus, first) << filled;
            signs.cast::<u64>().write_unaligned(bits);
            filled += first.count_ones();
            signs = signs.add(filled as usize / 8);
            bits >>= filled & !7;
            filled &= 7;
            if PADDED {
                let places = _mm512_add_epi8(_mm512_maskz_compress_epi8(first, places), base);
                store_places(first_places.add(firsts), places, first);
                firsts += first.count_ones() as usize;
            }
            base = _mm512_add_epi8(base, _mm512_set1_epi8(64));
        }
        (ends, _mm512_cmpgt_epu8_mask(largest, _mm512_set1_epi8(b'9' as i8)) == 0)
    }
}

/// Stores as many places as the mask has bits, which are 32 at most, and some bytes more.
#[inline(always)]
unsafe fn store_places(list: *mut u8, places: __m512i, mask: u64) {
    // SAFETY: There is room for a vector.
    unsafe {
        if mask.count_ones() <= 16 {
            _mm_storeu_si128(list.cast(), _mm512_castsi512_si128(places));
        } else {
            _mm256_storeu_si256(list.cast(), _mm512_castsi512_si256(places));
        }
    }
}

/// Measures the first `fields` fields. Returns how many there are before the first one that is too short or too long, or that
/// does not end within the vector of its group.
///
/// # Safety
/// The processor has the features. [`find_fields`] has listed so many fields.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn measure<const PADDED: bool>(tables: &Tables, lists: &mut Lists, fields: usize) -> usize {
    let mut phase = 0;
    // SAFETY: The lists have room for a whole batch behind the last field; tables have a batch from every field on.
    unsafe {
        let first_of_group = load(&constant(|at| at % LANE / GROUP * GROUP));
        let checks = _mm512_set1_epi16((1 << tables.checks) - 1);
        let next = lists.next.as_ptr().cast::<u8>();
        for batch in 0..fields.div_ceil(BATCH) {
            let start = batch * BATCH;
            let before = load_at(next.add(start));
            let end = load_at(next.add(start + 1));
            // With the sign; both are places behind the byte that is meant.
            let length = if PADDED {
                _mm512_sub_epi8(end, load(&lists.first[batch]))
            } else {
                _mm512_add_epi8(_mm512_sub_epi8(end, before), _mm512_set1_epi8(-1))
            };
            let signs = lists.signs.as_ptr().cast::<u64>().add(batch).read();
            let length = _mm512_mask_sub_epi8(length, signs, length, _mm512_set1_epi8(1));
            let longer = _mm512_sub_epi8(length, load_at(tables.shortest.as_ptr().add(phase)));
            let slack = load_at(tables.slack.as_ptr().add(phase));
            let mut unfit = _mm512_cmpgt_epu8_mask(longer, slack);
            let reach = _mm512_sub_epi8(end, _mm512_shuffle_epi8(before, first_of_group));
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
                return fields.min(start + unfit.trailing_zeros() as usize);
            }
            phase = (phase + BATCH) % tables.fields;
        }
    }
    fields
}

/// What [`add_up`] has made numbers of: so many times eight fields, which end with so many bytes of the text.
struct Sum {
    pairs: usize,
    bytes: usize,
}

/// Makes numbers of `pairs` times eight fields of a `text` that begins with them. If `CAREFUL`, looks at each, mends those of
/// which there is a doubt, and ends before eight that do not all fit. If not, does nothing where there are such ones; then the
/// text must have no byte that comes behind the digits in the order of bytes, but for the delimiter.
///
/// # Safety
/// The processor has the features. [`measure`] has measured so many fields, and there are 64 bytes of text behind the last.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vbmi")]
unsafe fn add_up<T: Number, const CAREFUL: bool>(
    text: &[u8],
    tables: &Tables,
    lists: &mut Lists,
    pairs: usize,
) -> Sum {
    let fields = tables.fields;
    let [group_step, pair_step] = [GROUP % fields, PAIR % fields];
    let step = |phase: usize, step: usize| {
        let next = phase + step;
        if next < fields { next } else { next - fields }
    };
    // SAFETY: Everything lies in lists that are long enough, or in tables of all phases.
    unsafe {
        let spread = load(&constant(|at| at / LANE));
        let lower_halves: [u16; 32] = std::array::from_fn(|at| 2 * at as u16);
        let lower_halves = _mm512_loadu_si512(lower_halves.as_ptr().cast());
        let tens = load(&tables.tens);
        let telling = load(&tables.telling);
        let reach = lists.reach.as_ptr().cast::<u8>();
        let there = lists.there.as_ptr().cast::<u64>();
        let signs = lists.signs.as_ptr().cast::<u8>();
        let mut wrong = _mm512_setzero_si512();
        let mut doubt = _mm512_set1_epi32(-1);
        let mut phase = 0;
        let mut start = 0;
        for pair in 0..pairs {
            let start_of_pair = start;
            let mut largest = _mm512_setzero_si512();
            let mut sums = [_mm512_setzero_si512(); 2];
            let phases = [phase, step(phase, group_step)];
            for half in 0..2 {
                let group = 2 * pair + half;
                let reach = reach.add(GROUP * group);
                let ends = _mm512_set1_epi32(reach.cast::<i32>().read());
                let ends = _mm512_shuffle_epi8(ends, spread);
                let order = _mm512_add_epi8(ends, load(tables.order.get_unchecked(phases[half])));
                let bytes = load_at(text.as_ptr().add(start));
                start += usize::from(*reach.add(GROUP - 1));
                let there = there.add(group).read();
                let lanes = _mm512_permutexvar_epi8(order, bytes);
                let lanes = _mm512_maskz_sub_epi8(there, lanes, _mm512_set1_epi8(b'0' as i8));
                let expected = load(tables.expected.get_unchecked(phases[half]));
                // wrong | (lanes ^ expected)
                wrong = _mm512_ternarylogic_epi64::<0b1111_0110>(wrong, lanes, expected);
                if CAREFUL {
                    largest = _mm512_max_epu8(largest, lanes);
                }
                let two = _mm512_maddubs_epi16(lanes, tens);
                sums[half] = _mm512_madd_epi16(two, _mm512_set1_epi32(0x0001_0064));
            }
            let four = _mm512_permutex2var_epi16(sums[0], lower_halves, sums[1]);
            let eight = _mm512_madd_epi16(four, _mm512_set1_epi32(0x0001_2710));
            let integers = _mm512_add_epi64(
                _mm512_mul_epu32(eight, _mm512_set1_epi64(100_000_000)),
                _mm512_srli_epi64::<32>(eight),
            );
            let digits = _mm512_cvtepi64_pd(integers);
            let signs = *signs.add(pair);
            let sign_bit = _mm512_set1_epi64(i64::MIN);
            let numbers = lists.numbers.as_mut_ptr();
            match T::DTYPE {
                Dtype::F32 => {
                    let factors = _mm512_loadu_pd(tables.factors.as_ptr().add(phase));
                    let products = _mm512_castpd_si512(_mm512_mul_pd(digits, factors));
                    // As in `is_near_middle`: zero there.
                    let raised = _mm512_add_epi32(products, _mm512_set1_epi32(0x1000_0008));
                    let distance = _mm512_and_si512(raised, _mm512_set1_epi32(0x1FFF_FFF0));
                    let rounded = *tables.rounded.get_unchecked(phase);
                    doubt = _mm512_mask_min_epu32(doubt, rounded, doubt, distance);
                    let signed = _mm512_mask_or_epi64(products, signs, products, sign_bit);
                    let floats = _mm512_cvtpd_ps(_mm512_castsi512_pd(signed));
                    _mm256_store_ps(numbers.cast::<f32>().add(pair * PAIR), floats);
                }
                Dtype::F64 => {
                    let divisors = _mm512_loadu_pd(tables.divisors.as_ptr().add(phase));
                    let quotients = _mm512_castpd_si512(_mm512_div_pd(digits, divisors));
                    let signed = _mm512_mask_or_epi64(quotients, signs, quotients, sign_bit);
                    _mm512_store_si512(numbers.add(pair).cast(), signed);
                }
            }
            if CAREFUL {
                let checks = _mm512_cmpeq_epi8_mask(telling, _mm512_set1_epi8(-1));
                let beyond = _mm512_mask_cmpgt_epu8_mask(!checks, largest, _mm512_set1_epi8(9));
                if beyond != 0 || _mm512_mask_test_epi8_mask(checks, wrong, wrong) != 0 {
                    return Sum { pairs: pair, bytes: start_of_pair };
                }
                let doubts = _mm512_testn_epi32_mask(doubt, doubt);
                if doubts != 0 {
                    mend::<T>(&text[start_of_pair..], lists, pair * PAIR, doubts);
                    doubt = _mm512_set1_epi32(-1);
                }
            }
            phase = step(phase, pair_step);
        }
        let certain = _mm512_testn_epi32_mask(doubt, doubt) == 0;
        let right = _mm512_test_epi8_mask(wrong, telling) == 0;
        let all = CAREFUL || (certain && right);
        if all { Sum { pairs, bytes: start } } else { Sum { pairs: 0, bytes: 0 } }
    }
}

/// Reads those of eight fields again, with which the text begins, of whose numbers there is a doubt: two bits a field.
#[cold]
fn mend<T: Number>(text: &[u8], lists: &mut Lists, start: usize, doubts: u16) {
    for field in (0..PAIR).filter(|field| doubts >> (2 * field) & 1 != 0) {
        let place = |field: usize| {
            let next = bytemuck::cast_slice::<_, u8>(&lists.next);
            usize::from(next[start + field].wrapping_sub(next[start]))
        };
        let (begin, end) = (place(field), place(field + 1) - 1);
        if let Some(number) = parse_field::<T>(text[begin..end].trim_ascii()) {
            bytemuck::cast_slice_mut(&mut lists.numbers)[start + field] = number;
        }
    }
}

#[inline(always)]
unsafe fn load(bytes: &Bytes) -> __m512i {
    // SAFETY: The features are the caller's promise.
    unsafe { _mm512_load_si512(bytes.0.as_ptr().cast()) }
}

#[inline(always)]
unsafe fn load_at(bytes: *const u8) -> __m512i {
    // SAFETY: That 64 bytes can be read is the caller's promise, too.
    unsafe { _mm512_loadu_si512(bytes.cast()) }
}

#[inline(always)]
unsafe fn unload(vector: __m512i) -> Bytes {
    let mut bytes = Bytes([0; 64]);
    // SAFETY: As above.
    unsafe { _mm512_store_si512(bytes.0.as_mut_ptr().cast(), vector) };
    bytes
}
