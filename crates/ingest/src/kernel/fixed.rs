//! Rows whose columns have fixed numbers of digits after the point: a few at once.
//!
//! 1. The 16 bytes that end with a field's separator are loaded into a lane of a vector, one row a lane.
//! 2. All of it is compared with the shape: separator and point in their places, digits elsewhere, at most one sign, and
//!    nothing but blanks before it.
//! 3. One shuffle drops point and separator, and three steps add up the digits (tens, hundreds, ten thousands) to two
//!    halves of eight digits.
//! 4. [`super::finish`] makes numbers of the halves with one multiplication, and notices those that this might round to the
//!    wrong float; why the others are right is said in [`crate::number::decimal`].

use super::separators::find_ends;
use super::shape::{ColumnShape, LANE, Shape};
use super::vector::{MOST_LANES, Vector};
use super::{Block, Done, Scratch, Work};
use crate::number::finish;
use crate::number::{Number, parse_field};

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn avx2<T: Number>(work: Work<'_, T>) -> Done {
    // SAFETY: This function has the features.
    unsafe { parse::<super::vector::Avx2, T>(work) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,lzcnt,popcnt"
)]
pub(super) fn avx512<T: Number>(work: Work<'_, T>) -> Done {
    // SAFETY: This function has the features.
    unsafe { parse::<super::vector::Avx512, T>(work) }
}

/// # Safety
/// The processor has the features of `V`.
#[inline(always)]
unsafe fn parse<V: Vector, T: Number>(work: Work<'_, T>) -> Done {
    let Work { text, mut at, shape, scratch, columns } = work;
    let mut all_rows = 0;
    // Windows reach back behind the first field, and offsets are 32 bits wide.
    if at < LANE || u32::try_from(text.len()).is_err() {
        return Done { rows: 0, at };
    }
    let step = 2 * V::LANES;
    let mut block = Block::FIRST;
    loop {
        let length = block.length(text.len() - at);
        let Scratch { ends, marks, halves, .. } = scratch;
        ends.clear();
        ends.push(at as u32 - 1);
        // SAFETY: The processor has the features of `V`, as the caller promises.
        unsafe { find_ends::<V>(text, at, at + length, shape.delimiter, ends) };
        marks.clear();
        marks.extend(ends.iter().zip(&ends[1..]).map(|(before, end)| V::mark(end - before)));
        let groups = (ends.len() - 1) / shape.fields / step;
        // Grows but never shrinks: zeros would have to be written again for every block.
        if halves.len() < groups * step {
            halves.resize(groups * step, 0);
        }
        let fitting = if shape.others.is_empty() {
            groups * step
        } else {
            shape.fitting_rows(text, ends, groups * step)
        };
        let mut good = fitting / step;
        for column in &shape.columns {
            // SAFETY: The caller promises the features; the ends are offsets into the text at which fields end,
            // none of them in its first 16 bytes; there are as many as the rows have fields, and room for their
            // halves.
            good = unsafe { add_up::<V>(text, ends, marks, shape.fields, column, good, halves) };
            let target = &mut columns[column.column];
            let start = target.len();
            target.resize(start + good * step, T::default());
            let halves = &halves[..good * step];
            if finish(halves, column.decimals, &mut target[start..]) {
                correct_column(text, ends, shape, column, halves, &mut target[start..]);
            }
        }
        let rows = good * step;
        // A later column may have ended earlier.
        let last = &shape.columns[shape.columns.len() - 1];
        let length = columns[last.column].len();
        for column in &shape.columns {
            columns[column.column].truncate(length);
        }
        all_rows += rows;
        at = ends[rows * shape.fields] as usize + 1;
        if good < groups || !block.grow(groups > 0) {
            return Done { rows: all_rows, at };
        }
    }
}

/// Looks again at the numbers that may not be the nearest ones.
#[cold]
fn correct_column<T: Number>(
    text: &[u8],
    ends: &[u32],
    shape: &Shape,
    column: &ColumnShape,
    halves: &[u64],
    numbers: &mut [T],
) {
    for (row, (number, &halves)) in numbers.iter_mut().zip(halves).enumerate() {
        if T::from_halves(halves, column.decimals).1 {
            let end = row * shape.fields + column.field + 1;
            let field = &text[ends[end - 1] as usize + 1..ends[end] as usize];
            if let Some(right) = parse_field(field.trim_ascii()) {
                *number = right;
            }
        }
    }
}

/// Adds up the digits of one column to halves, by whole groups of rows, until a group does not fit the shape. Returns
/// how many fit.
///
/// # Safety
/// The processor has the features of `V`. `ends` ascend, are offsets into `text`, and from the second on are at least
/// 15; there are `groups * 2 * V::LANES * fields` and one before them, as many marks, and
/// `groups * 2 * V::LANES` halves.
#[inline(always)]
unsafe fn add_up<V: Vector>(
    text: &[u8],
    ends: &[u32],
    marks: &[u16],
    fields: usize,
    column: &ColumnShape,
    groups: usize,
    halves: &mut [u64],
) -> usize {
    let step = 2 * V::LANES;
    debug_assert!(ends.len() > groups * step * fields && column.field < fields);
    debug_assert!(marks.len() >= groups * step * fields && halves.len() >= groups * step);
    debug_assert!(ends.iter().skip(1).all(|&end| end >= 15 && (end as usize) < text.len()));
    // SAFETY: The caller promises the features. Every end is at least 15 and lies in the text, so the 16 bytes up
    // to it and with it can be read; halves are written to their places in memory that holds them all.
    unsafe {
        let pattern = Pattern::<V>::new(column);
        let mut ends = ends.as_ptr().add(column.field + 1);
        let mut marks = marks.as_ptr().add(column.field);
        let mut target = halves.as_mut_ptr();
        for group in 0..groups {
            let even = load::<V>(text, ends, marks, fields);
            let odd = load::<V>(text, ends.add(fields), marks.add(fields), fields);
            let (even, even_fits) = pattern.digits(even);
            let (odd, odd_fits) = pattern.digits(odd);
            if !V::all(even_fits, odd_fits) {
                return group;
            }
            V::store_halves(even, odd, target);
            (ends, marks) = (ends.add(step * fields), marks.add(step * fields));
            target = target.add(step);
        }
    }
    groups
}

/// Loads one field of every second row: the bytes that end with its separator, and blanks where the field has not begun, or
/// everywhere where it begins before those bytes. `ends` and `marks` point to those of the first row.
///
/// # Safety
/// The processor has the features of `V`. The ends and marks of `2 * V::LANES - 1` rows of `stride` fields can be read;
/// ends are at least 15 and lie in the text, and marks are what [`Vector::mark`] makes.
#[inline(always)]
unsafe fn load<V: Vector>(text: &[u8], ends: *const u32, marks: *const u16, stride: usize) -> V {
    let mut windows = [std::ptr::null(); MOST_LANES];
    let mut lengths = [0; MOST_LANES];
    for lane in 0..V::LANES {
        let row = 2 * lane * stride;
        // SAFETY: `row` is one of the `2 * V::LANES - 1` that the caller promises: the last lane's is `2 * V::LANES - 2` rows on. Its
        // end is at least 15 and lies in the text, so that the window begins in the text too.
        unsafe {
            windows[lane] = text.as_ptr().add(*ends.add(row) as usize - (LANE - 1));
            lengths[lane] = *marks.add(row);
        }
    }
    // SAFETY: The caller promises the features. A window ends with the separator at its `end`, which is at least 15 and
    // lies in the text: all of its 16 bytes do. The marks are the caller's, who had them from `V::mark`.
    unsafe { V::load_fields(&windows, &lengths) }
}

/// What the fields of a column are compared with, in registers.
#[derive(Clone, Copy)]
struct Pattern<V: Vector> {
    expected: V,
    order: V,
    fixed: V::Mask,
    digit: V::Mask,
    first: V::Mask,
}

impl<V: Vector> Pattern<V> {
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn new(column: &ColumnShape) -> Self {
        const FIRST: [u8; LANE] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        // SAFETY: The processor has the features of `V`, as the caller promises, and these methods take references, not pointers.
        unsafe {
            Self {
                expected: V::repeat(&column.expected),
                order: V::repeat(&column.shuffle),
                fixed: V::repeat(&column.fixed).to_mask(),
                digit: V::repeat(&column.digit).to_mask(),
                first: V::repeat(&FIRST).to_mask(),
            }
        }
    }

    /// The digits of fields, right-justified, with a sign as a digit of 16 in front; and where the text is as it must be.
    ///
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn digits(&self, text: V) -> (V, V::Mask) {
        // SAFETY: The processor has the features of `V`, as the caller promises; only registers are touched.
        unsafe {
            let (value, is_digit) = text.digits();
            let is_blank = text.equal(V::splat(b' '));
            let is_minus = text.equal(V::splat(b'-'));
            let lead = V::or(is_blank, is_minus);
            let right = V::choose(
                self.fixed,
                text.equal(self.expected),
                V::or(is_digit, V::and_not(lead, self.digit)),
            );
            // Before a blank or a sign there is nothing but blanks.
            let late =
                V::and_not(lead, V::or(V::shift_up(is_blank), V::or(self.fixed, self.first)));
            let digits = value.shuffle(self.order);
            (digits.with_sign(is_minus), V::and_not(right, late))
        }
    }
}
