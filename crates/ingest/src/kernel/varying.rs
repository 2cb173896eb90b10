//! Rows whose numbers vary in length: a field at a time.
//!
//! Where fields end is found first, so that no field waits for the one before it. One of at most 32 bytes is read from
//! its end backwards: with AVX2 in one register (`avx2`), without a branch that depends on how many digits there are, or
//! where the point is, as long as all fields are of one kind; else in one to three words of eight bytes,
//! with a branch on how many it takes ([`super::words`]).

#[cfg(target_arch = "x86_64")]
mod avx2;

use super::separators::{Separators, find_ends};
use super::shape::Shape;
#[cfg(target_arch = "x86_64")]
use super::vector::{Avx2, Avx512};
use super::words::Words;
use super::{Block, Done, Scratch, Work};
use crate::number::Number;
use crate::number::Scale;
use crate::number::decimal::Decimal;

/// Bytes of a window, and as long as a field can be.
const WINDOW: usize = 32;

/// How a kernel reads a number.
pub(super) trait ReadDecimal: Separators {
    /// Reads the field `text[start..end]`, if there is nothing doubtful about it. Where `EXPONENT` is set it is expected
    /// to end with an exponent of a letter, a sign and two digits, as C writes.
    ///
    /// # Safety
    /// The processor has the features of the type. `64 <= start < end < text.len()`, and the field has at most 32 bytes.
    unsafe fn decimal<const EXPONENT: bool>(text: &[u8], start: usize, end: usize)
    -> Option<Field>;
}

#[cfg(target_arch = "x86_64")]
impl ReadDecimal for Avx2 {
    #[inline(always)]
    unsafe fn decimal<const EXPONENT: bool>(
        text: &[u8],
        start: usize,
        end: usize,
    ) -> Option<Field> {
        // SAFETY: The caller promises the features, that the field ends within the text, so that a pointer to its end is one into
        // the text, that it has 1 to 32 bytes, and that it begins at byte 64 or later, so that 64 can be read before its end.
        unsafe { avx2::decimal::<EXPONENT>(text.as_ptr().add(end), end - start) }
    }
}

/// Wider registers would hold no more of a number.
#[cfg(target_arch = "x86_64")]
impl ReadDecimal for Avx512 {
    #[inline(always)]
    unsafe fn decimal<const EXPONENT: bool>(
        text: &[u8],
        start: usize,
        end: usize,
    ) -> Option<Field> {
        // SAFETY: A processor with the features of AVX-512 has those of AVX2, as the kernel for it is only run where it has both; of
        // the field, the caller promises what that one needs.
        unsafe { <Avx2 as ReadDecimal>::decimal::<EXPONENT>(text, start, end) }
    }
}

// Not inlined, so that it has registers enough.
#[inline(never)]
pub(super) fn words<T: Number>(work: Work<'_, T>, most: usize) -> Done {
    // SAFETY: Words are on every processor.
    unsafe { parse::<Words, T>(work, most) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn avx2<T: Number>(work: Work<'_, T>, most: usize) -> Done {
    // SAFETY: This function has the features.
    unsafe { parse::<Avx2, T>(work, most) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,lzcnt,popcnt"
)]
pub(super) fn avx512<T: Number>(work: Work<'_, T>, most: usize) -> Done {
    // SAFETY: This function has the features.
    unsafe { parse::<Avx512, T>(work, most) }
}

/// # Safety
/// The processor has the features of `V`.
#[inline(always)]
unsafe fn parse<V: ReadDecimal, T: Number>(work: Work<'_, T>, most: usize) -> Done {
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
        // SAFETY: The processor has the features of `V`, as the caller promises.
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
            // SAFETY: The caller promises the features. `find_ends` has made the ends of `rows` whole rows, which lie in the text, and
            // the first of them, like the byte before the first field, lies at byte 63 or later.
            rows = unsafe {
                if fields.have_exponents(rows) {
                    fields.read::<V, true>(mantissas, scales, missing)
                } else {
                    fields.read::<V, false>(mantissas, scales, missing)
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
    /// The processor has the features of `V`. As many rows as there are mantissas have all their ends, which lie in
    /// the text, at byte 63 or later.
    #[inline(always)]
    unsafe fn read<V: ReadDecimal, const EXPONENT: bool>(
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
            // SAFETY: The caller promises the features, and that all ends lie in the text: the one before this field, behind which
            // it begins, at byte 63 or later.
            match unsafe { field::<V, EXPONENT>(self.text, start, end, self.last, self.shape) } {
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
/// The processor has the features of `V`. `64 <= start`, and `end < text.len()`.
#[inline(always)]
unsafe fn field<V: ReadDecimal, const EXPONENT: bool>(
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
    // SAFETY: The caller promises the features, `64 <= start`, of which `skip_blanks` has made more at most, and that the end lies in
    // the text. That the field has 1 to 32 bytes is what was looked at last.
    unsafe { V::decimal::<EXPONENT>(text, start, end) }
}

/// Where a field begins that has many blanks in front, if it is no longer than a window.
#[cold]
fn skip_blanks(text: &[u8], start: usize, end: usize) -> Option<usize> {
    let window = end - WINDOW;
    text[start..window].iter().all(|&byte| byte == b' ' || byte == b'\t').then_some(window)
}

pub(super) enum Field {
    Number(Decimal),
    /// Nothing, or `nan`.
    Missing,
}

/// The exponent that four bytes, the first of them lowest, are if they are a letter, a sign and two digits, as C writes.
#[inline(always)]
pub(super) fn usual_exponent(word: u32) -> Option<i32> {
    let [letter, sign, tens, units] = word.to_le_bytes();
    let (tens, units) = (tens.wrapping_sub(b'0'), units.wrapping_sub(b'0'));
    // 'd', 'D', 'e' and 'E', and nothing else, become 'e' so.
    let usual =
        (letter | 0x21 == b'e') & ((sign == b'-') | (sign == b'+')) & (tens <= 9) & (units <= 9);
    let value = i32::from(tens) * 10 + i32::from(units);
    // 1 or -1.
    usual.then_some(value * (i32::from(b',') - i32::from(sign)))
}
