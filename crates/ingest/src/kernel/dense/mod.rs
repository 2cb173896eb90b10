//! Rows of fields that all have the same layout in every row, as `%.6f` or `%.18e` gives it: all fields one after another, a few
//! to a vector, of whichever rows. For AVX-512 with the byte permutations of Ice Lake and Zen 4.
//!
//! 1. [`find_fields`] finds where fields end and which have a sign, 64 bytes at a time.
//! 2. [`Kind::measure`] makes of these, 64 fields at a time, how long each is, and where it ends, seen from the first of those
//!    that share a vector.
//! 3. [`Kind::add_up`] permutes the bytes of a few fields so that each has a *lane*. In front of that are *checks*, which must be
//!    the same in every row: the point, the separator and their like. Behind them are the digits, right-justified, which are
//!    added up two and two (tens, hundreds, ten thousands, hundred millions).
//! 4. [`deal()`] deals the numbers out to their columns.
//!
//! What is wrong in a block is noticed once for all of it; then it is gone through again, carefully.
//!
//! *The features* are those of [`avx512`], which everything here is called from, and inlined into or compiled for. Functions, not
//! closures, are what inherits them.

mod deal;
mod decimal;
mod exponent;

use std::arch::x86_64::*;

use super::separators::Separators;
use super::vector::Avx512;
use super::{Block, Work};
use crate::layout::Layout;
use crate::losses::Lost;
use crate::number::Number;
use deal::deal;
use decimal::Decimals;
use exponent::Exponents;

/// Fields of a row, at most.
pub(super) const MOST_FIELDS: usize = 8;
/// Fields that numbers are made of at once.
const EIGHT: usize = 8;
/// Fields that are measured at once.
const BATCH: usize = 64;

/// A vector of bytes, where a register takes all of it at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(align(64))]
struct Bytes([u8; 64]);

// SAFETY: Bytes, which may all be 0.
unsafe impl bytemuck::Zeroable for Bytes {}
// SAFETY: Bytes, as many as it is aligned to.
unsafe impl bytemuck::Pod for Bytes {}

/// A row in which every field, wanted or not, has a fixed layout.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Dense {
    Decimals(Box<Decimals>),
    Exponents(Box<Exponents>),
}

impl Dense {
    /// Learns from the fields of a row, each with its text and what separates it from the next. `padded` says that more than
    /// one blank separates some. `None` where they have no layout for this kernel, or are wanted twice.
    pub(super) fn learn(
        fields: &[(&[u8], u8)],
        layout: &Layout,
        delimiter: u8,
        padded: bool,
    ) -> Option<Self> {
        if fields.is_empty() || fields.len() > MOST_FIELDS || (padded && delimiter != b' ') {
            return None;
        }
        let mut columns = [None; MOST_FIELDS];
        for wanted in &layout.fields {
            if columns.get_mut(wanted.position)?.replace(wanted.column).is_some() {
                return None;
            }
        }
        let rows = Rows { fields: fields.len(), columns, delimiter, padded };
        if let Some(decimals) = Decimals::learn(rows, fields) {
            return Some(Self::Decimals(Box::new(decimals)));
        }
        Exponents::learn(rows, fields).map(|exponents| Self::Exponents(Box::new(exponents)))
    }
}

/// What rows are made of, whatever their fields are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rows {
    fields: usize,
    /// By field: the column that it becomes, if any.
    columns: [Option<usize>; MOST_FIELDS],
    delimiter: u8,
    /// Whether more than one blank may separate two fields.
    padded: bool,
}

/// The field `step` fields behind another one, of a row of more `fields` than either number says: without a division.
#[inline(always)]
fn behind(field: usize, step: usize, fields: usize) -> usize {
    let next = field + step;
    if next < fields { next } else { next - fields }
}

/// A kind of fields, of which rows are made.
trait Kind {
    /// Whether [`Self::add_up`] must not be asked for the fast way if some byte comes behind the digits in the order of bytes.
    const PLAIN: bool;

    fn rows(&self) -> &Rows;

    /// Measures the first `fields` fields. Returns how many there are before the first one of the wrong length, or that does not
    /// end within the vector of its group.
    ///
    /// # Safety
    /// The processor has the features. [`find_fields`] has listed so many fields.
    unsafe fn measure(&self, lists: &mut Lists, fields: usize) -> usize;

    /// Makes numbers of `eights` times eight fields of a `text` that begins with them. If `CAREFUL`, looks at each eight, and ends
    /// before one that does not fit; if not, does nothing where there is one.
    ///
    /// # Safety
    /// The processor has the features. [`Self::measure`] has measured so many fields, and there are 64 bytes of text behind
    /// the last.
    unsafe fn add_up<T: Number, const CAREFUL: bool>(
        &self,
        text: &[u8],
        lists: &mut Lists,
        eights: usize,
    ) -> Sum;
}

/// What [`Kind::add_up`] has made numbers of: so many times eight fields, which end with so many bytes of the text.
#[derive(Debug, Clone, Copy)]
struct Sum {
    eights: usize,
    bytes: usize,
}

impl Sum {
    const NOTHING: Self = Self { eights: 0, bytes: 0 };
}

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
    /// 16 bits a field: the bytes of its lane that come from the text. Only of decimals.
    there: List,
    /// All digits, and powers of ten with signs, in 64 and 32 bits. Only of exponents.
    mantissas: List,
    scales: List,
    /// All numbers, in the order of the text.
    numbers: List,
    /// By column: numbers that the type has no value near.
    lost: Vec<(usize, Lost)>,
}

/// Memory that begins with a whole vector.
type List = Vec<Bytes>;

impl Lists {
    /// Makes room for the fields of a block of so many bytes, with a batch more of each.
    fn reserve(&mut self, bytes: usize) {
        // No two fields end with neighbouring bytes.
        let batches = bytes / 2 / BATCH + 2;
        if self.next.len() >= batches {
            return;
        }
        let lists = [
            (&mut self.next, 1),
            (&mut self.first, 1),
            (&mut self.signs, 1),
            (&mut self.reach, 1),
            (&mut self.there, 2),
            (&mut self.mantissas, 8),
            (&mut self.scales, 4),
            (&mut self.numbers, 8),
        ];
        for (list, bytes_of_field) in lists {
            list.resize(bytes_of_field * batches, Bytes([0; 64]));
        }
        // A tile of rows more.
        self.numbers.resize(8 * batches + 2 * MOST_FIELDS, Bytes([0; 64]));
    }

    /// The low byte of the place where a field begins, blanks before it included.
    fn place(&self, field: usize) -> u8 {
        bytemuck::cast_slice::<_, u8>(&self.next)[field]
    }
}

/// Parses rows until there are some that do not fit, or the end of the text is near. Returns how many, and moves `work.at`
/// behind them.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")]
pub(super) fn avx512<T: Number>(work: &mut Work<'_, T>) -> usize {
    // SAFETY: This function is compiled for the features, and whoever calls it vouches for the processor.
    unsafe {
        match &work.shape.dense {
            Some(Dense::Decimals(decimals)) => parse(&**decimals, work),
            Some(Dense::Exponents(exponents)) => parse(&**exponents, work),
            None => 0,
        }
    }
}

/// # Safety
/// The processor has the features.
#[inline(always)]
unsafe fn parse<T: Number, K: Kind>(kind: &K, work: &mut Work<'_, T>) -> usize {
    let rows = kind.rows();
    let lists = &mut work.scratch.lists;
    let mut all_rows = 0;
    let mut block = Block::FIRST;
    loop {
        // Vectors of text are loaded from where fields begin.
        let text = &work.text[work.at..];
        let length = block.length(text.len().saturating_sub(64));
        lists.reserve(length);
        // SAFETY: The caller promises the features. `find_fields` has room for all fields of so many bytes, just reserved, and
        // lists `found`; so many are measured, and of these, whole eights are added up. There are 64 bytes of text behind
        // the block, in which the last of them ends.
        let (found, sum) = unsafe {
            let (found, plain) = if rows.padded {
                find_fields::<true>(&text[..length], rows.delimiter, lists)
            } else {
                find_fields::<false>(&text[..length], rows.delimiter, lists)
            };
            let eights = kind.measure(lists, found) / EIGHT;
            let fast = if plain || !K::PLAIN {
                kind.add_up::<T, false>(text, lists, eights)
            } else {
                Sum::NOTHING
            };
            let all = fast.eights == eights;
            (found, if all { fast } else { kind.add_up::<T, true>(text, lists, eights) })
        };
        let whole_rows = |fields: usize| fields / EIGHT * EIGHT / rows.fields;
        let good = whole_rows(sum.eights * EIGHT);
        // SAFETY: The caller promises the features. `add_up` has written the numbers of all these eights, of which `good` rows are
        // whole; the list of numbers has room for all of a block, a batch of 64, and a vector more for each of the most
        // fields.
        unsafe { deal(rows, lists, good, work.columns) };
        work.scratch.lost.append(&mut lists.lost);
        // Back to the end of the last row.
        let over = lists.place(sum.eights * EIGHT).wrapping_sub(lists.place(good * rows.fields));
        work.at += sum.bytes - usize::from(over);
        all_rows += good;
        if good == 0 || good < whole_rows(found) || !block.grow(true) {
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
    delimiter: u8,
    lists: &mut Lists,
) -> (usize, bool) {
    let (blocks, _) = text.as_chunks::<64>();
    // SAFETY: The caller promises the features. A block ends 32 fields at most, since no two separators that are neighbours both
    // end one (it is left before anything is stored where they would), and begins as many at most. The lists of places have
    // a byte for every two of the text, and 128 more: room for all that are stored and for the half vector that is
    // written from the next place on. That of signs is as long, and has a bit a field and up to eight bytes behind them.
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
            let separators = Avx512::separators(block, delimiter);
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
            let others =
                if delimiter > b'9' { _mm512_maskz_mov_epi8(!separators, bytes) } else { bytes };
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

/// Stores as many places as the mask has bits, and some bytes more.
///
/// # Safety
/// The processor has the features, the mask has at most 32 bits, and 32 bytes can be written to `list`.
#[inline(always)]
unsafe fn store_places(list: *mut u8, places: __m512i, mask: u64) {
    // SAFETY: The caller promises the features, and room for the larger of the two stores, which need no alignment.
    unsafe {
        if mask.count_ones() <= 16 {
            _mm_storeu_si128(list.cast(), _mm512_castsi512_si128(places));
        } else {
            _mm256_storeu_si256(list.cast(), _mm512_castsi512_si256(places));
        }
    }
}

/// What [`Kind::measure`] starts from: fields of a batch.
struct Batch {
    /// Places behind the field before, and behind this one.
    before: __m512i,
    end: __m512i,
    signs: u64,
    /// See [`Lists::reach`].
    reach: __m512i,
}

impl Lists {
    /// # Safety
    /// The processor has the features, and [`find_fields`] has listed fields of this batch.
    #[inline(always)]
    unsafe fn batch<const GROUP: usize>(&self, batch: usize) -> Batch {
        let next = self.next.as_ptr().cast::<u8>();
        // SAFETY: The caller promises the features. The lists, which a batch begins in that has a field, are whole batches and one
        // more: the 64 bytes from any of the first 65 of this batch can be read, and so can the eight bytes of its signs,
        // whose list is aligned to 64.
        unsafe {
            let before = load_at(next.add(batch * BATCH));
            let end = load_at(next.add(batch * BATCH + 1));
            let signs = self.signs.as_ptr().cast::<u64>().add(batch).read();
            let first_of_group = load(&constant(|at| at % 16 / GROUP * GROUP));
            let reach = _mm512_sub_epi8(end, _mm512_shuffle_epi8(before, first_of_group));
            Batch { before, end, signs, reach }
        }
    }
}

/// The bytes that `order` takes out of the text, each without '0', in the lanes of a group whose fields end at `ends`; 0 where
/// nothing is `there`.
///
/// # Safety
/// The processor has the features, and 64 bytes of text can be read.
#[inline(always)]
unsafe fn lanes(text: *const u8, ends: __m512i, order: &Bytes, there: u64) -> __m512i {
    // SAFETY: The caller promises the features, and the 64 bytes that are loaded from `text`; all else is in registers, since a
    // permutation takes the low six bits of a place only.
    unsafe {
        let bytes = _mm512_permutexvar_epi8(_mm512_add_epi8(ends, load(order)), load_at(text));
        _mm512_maskz_sub_epi8(there, bytes, _mm512_set1_epi8(b'0' as i8))
    }
}

/// `wrong`, and all bits in which lanes are not what is expected.
///
/// # Safety
/// The processor has the features.
#[inline(always)]
unsafe fn compare(wrong: __m512i, lanes: __m512i, expected: &Bytes) -> __m512i {
    // SAFETY: The caller promises the features; memory is read from the reference only.
    // Of three bits, the first or that the others differ.
    unsafe { _mm512_ternarylogic_epi64::<0b1111_0110>(wrong, lanes, load(expected)) }
}

/// The values of every eight digits, from those of every four, in the order of the fields.
///
/// # Safety
/// The processor has the features.
#[inline(always)]
unsafe fn eight_digits(first: __m512i, second: __m512i) -> __m512i {
    let lower_halves: [u16; 32] = std::array::from_fn(|at| 2 * at as u16);
    // SAFETY: The caller promises the features. The array that is loaded is 32 times 16 bits, which is a vector.
    unsafe {
        let lower_halves = _mm512_loadu_si512(lower_halves.as_ptr().cast());
        let four = _mm512_permutex2var_epi16(first, lower_halves, second);
        _mm512_madd_epi16(four, _mm512_set1_epi32(0x0001_2710))
    }
}

/// Lanes of so many bytes, by the field that has the first of them: those of every field that there is.
fn tables<S>(shapes: &[S], lane: usize, byte: impl Fn(&S, usize) -> u8) -> [Bytes; MOST_FIELDS] {
    std::array::from_fn(|first| {
        let mut bytes = Bytes([0; 64]);
        if first < shapes.len() {
            for (at, to) in bytes.0.iter_mut().enumerate() {
                *to = byte(&shapes[(first + at / lane) % shapes.len()], at % lane);
            }
        }
        bytes
    })
}

/// A vector of constants.
#[inline(always)]
fn constant(byte: impl Fn(usize) -> usize) -> Bytes {
    Bytes(std::array::from_fn(|at| byte(at) as u8))
}

/// # Safety
/// The processor has the features.
#[inline(always)]
unsafe fn load(bytes: &Bytes) -> __m512i {
    // SAFETY: The caller promises the features. `Bytes` are 64, aligned to as many.
    unsafe { _mm512_load_si512(bytes.0.as_ptr().cast()) }
}

/// # Safety
/// The processor has the features, and 64 bytes can be read.
#[inline(always)]
unsafe fn load_at(bytes: *const u8) -> __m512i {
    // SAFETY: The caller promises the features, and that 64 bytes can be read.
    unsafe { _mm512_loadu_si512(bytes.cast()) }
}

/// # Safety
/// The processor has the features.
#[inline(always)]
unsafe fn unload(vector: __m512i) -> Bytes {
    let mut bytes = Bytes([0; 64]);
    // SAFETY: The caller promises the features. `Bytes` are 64, aligned to as many.
    unsafe { _mm512_store_si512(bytes.0.as_mut_ptr().cast(), vector) };
    bytes
}

#[cfg(test)]
mod tests;
