//! The kernel, and the choice of one for this processor.

use super::finish::{FromHalves, finish};
use super::separators::find_ends;
use super::shape::{ColumnShape, LANE, Shape};
use super::vector::Vector;

/// Bytes whose separators are found at once: few enough that text and separators stay in the first-level cache.
const BLOCK: usize = 8 << 10;

/// A window into these 32 bytes has 0xFF in so many of its last bytes as it is moved up.
static FIELD_MASKS: [u8; 2 * LANE] = {
    let mut masks = [0; 2 * LANE];
    let mut at = LANE;
    while at < 2 * LANE {
        masks[at] = 0xFF;
        at += 1;
    }
    masks
};

/// The ways to parse rows of one shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    /// None: every row takes the general path.
    Scalar,
    /// Four rows at once.
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Kernel {
    /// The fastest that this processor has, unless `POINTILLIST_KERNEL=scalar` in the environment asks for none: for tests,
    /// and for whoever doubts a result.
    pub(crate) fn detect() -> Self {
        let asked = std::env::var_os("POINTILLIST_KERNEL");
        if asked.is_some_and(|asked| asked == "scalar") { Self::Scalar } else { Self::fastest() }
    }

    /// The fastest that this processor has.
    pub(crate) fn fastest() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt")
        {
            return Self::Avx2;
        }
        Self::Scalar
    }
}

/// Memory that is used again and again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Where fields end; first, the byte before the first field.
    ends: Vec<u32>,
    /// Of each column in turn, two halves of eight digits a row.
    halves: Vec<u64>,
}

/// What a kernel made of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    /// Rows parsed.
    pub(crate) rows: usize,
    /// Where the next row begins.
    pub(crate) at: usize,
}

impl Kernel {
    /// Parses rows from `at`, where a row begins, for as long as they have the shape, and appends them to `columns`. Stops
    /// before the first few rows that do not all fit, and near the end of the text. `correct` is called for every
    /// number that may not be the nearest one, with its text, and returns the one that is.
    pub(crate) fn parse<T: FromHalves + Copy + Default>(
        self,
        text: &[u8],
        at: usize,
        shape: &Shape,
        scratch: &mut Scratch,
        columns: &mut [Vec<T>],
        correct: impl Fn(&[u8]) -> Option<T>,
    ) -> Done {
        match self {
            Self::Scalar => Done { rows: 0, at },
            // SAFETY: This kernel is only chosen where the processor has the features.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2(text, at, shape, scratch, columns, correct) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn avx2<T: FromHalves + Copy + Default>(
    text: &[u8],
    at: usize,
    shape: &Shape,
    scratch: &mut Scratch,
    columns: &mut [Vec<T>],
    correct: impl Fn(&[u8]) -> Option<T>,
) -> Done {
    // SAFETY: This function has the features.
    unsafe { parse::<super::vector::avx2::Avx2, T>(text, at, shape, scratch, columns, correct) }
}

/// # Safety
/// The processor has the features of `V`.
#[inline(always)]
unsafe fn parse<V: Vector, T: FromHalves + Copy + Default>(
    text: &[u8],
    mut at: usize,
    shape: &Shape,
    scratch: &mut Scratch,
    columns: &mut [Vec<T>],
    correct: impl Fn(&[u8]) -> Option<T>,
) -> Done {
    let mut all_rows = 0;
    // Windows reach back behind the first field, and offsets are 32 bits wide.
    if at < LANE || u32::try_from(text.len()).is_err() {
        return Done { rows: 0, at };
    }
    let step = 2 * V::LANES;
    loop {
        let blocks = (text.len() - at).min(BLOCK) / 64 * 64;
        let ends = &mut scratch.ends;
        ends.clear();
        ends.push(at as u32 - 1);
        // SAFETY: The features are the caller's promise.
        unsafe { find_ends::<V>(text, at, at + blocks, shape.delimiter, ends) };
        let groups = (ends.len() - 1) / shape.fields / step;
        let capacity = groups * step;
        // Grows but never shrinks: zeros would have to be written again for every block.
        if scratch.halves.len() < capacity * shape.columns.len() {
            scratch.halves.resize(capacity * shape.columns.len(), 0);
        }
        // SAFETY: The features are the caller's promise; the ends are offsets into the text at which fields end,
        // none of them in its first 16 bytes; there are as many as the rows have fields, and room for their halves.
        let good = unsafe { add_up::<V>(text, ends, shape, groups, capacity, &mut scratch.halves) };
        let rows = good * step;
        for (index, column) in shape.columns.iter().enumerate() {
            let target = &mut columns[column.column];
            let length = target.len();
            target.resize(length + rows, T::default());
            let halves = &scratch.halves[index * capacity..index * capacity + rows];
            if finish(halves, column.decimals, &mut target[length..]) {
                correct_column(text, ends, shape, column, halves, &mut target[length..], &correct);
            }
        }
        all_rows += rows;
        at = ends[rows * shape.fields] as usize + 1;
        if good < groups || groups == 0 {
            return Done { rows: all_rows, at };
        }
    }
}

/// Looks again at the numbers that may not be the nearest ones.
#[cold]
fn correct_column<T: FromHalves>(
    text: &[u8],
    ends: &[u32],
    shape: &Shape,
    column: &ColumnShape,
    halves: &[u64],
    numbers: &mut [T],
    correct: &impl Fn(&[u8]) -> Option<T>,
) {
    for (row, (number, &halves)) in numbers.iter_mut().zip(halves).enumerate() {
        if T::from_halves(halves, column.decimals).1 {
            let end = row * shape.fields + column.field + 1;
            let field = &text[ends[end - 1] as usize + 1..ends[end] as usize];
            if let Some(right) = correct(field.trim_ascii()) {
                *number = right;
            }
        }
    }
}

/// Adds up the digits of whole groups of rows to halves, until a group does not fit the shape. Returns how many fit.
///
/// # Safety
/// The processor has the features of `V`. `ends` ascend, are offsets into `text`, and from the second on are at least
/// 15; there are `groups * 2 * V::LANES * shape.fields` and one before them, and `capacity * shape.columns.len()`
/// halves, where `capacity` is at least `groups * 2 * V::LANES`.
#[inline(always)]
unsafe fn add_up<V: Vector>(
    text: &[u8],
    ends: &[u32],
    shape: &Shape,
    groups: usize,
    capacity: usize,
    halves: &mut [u64],
) -> usize {
    let step = 2 * V::LANES;
    debug_assert!(ends.len() > groups * step * shape.fields);
    debug_assert!(halves.len() >= capacity * shape.columns.len() && capacity >= groups * step);
    debug_assert!(ends.iter().skip(1).all(|&end| end >= 15 && (end as usize) < text.len()));
    // SAFETY: The features are the caller's promise. Every end is at least 15 and lies in the text, so the 16 bytes up
    // to it and with it can be read; halves are written to their places in memory that holds them all.
    unsafe {
        let (always, blank) = (V::splat(0xFF), V::splat(b' '));
        for group in 0..groups {
            let mut good = always;
            let mut longest = 0;
            for (index, column) in shape.columns.iter().enumerate() {
                let pattern = Pattern::<V>::new(column);
                let ends = ends.as_ptr().add(group * step * shape.fields + column.field);
                let even = fields::<V>(text, ends, shape.fields, 0, blank, &mut longest);
                let odd = fields::<V>(text, ends, shape.fields, 1, blank, &mut longest);
                let (even, even_fits) = pattern.digits(even);
                let (odd, odd_fits) = pattern.digits(odd);
                good = good.and(even_fits).and(odd_fits);
                let target = halves.as_mut_ptr().add(index * capacity + group * step);
                V::store_halves(even, odd, target);
            }
            for &(field, last) in &shape.others {
                for row in 0..step {
                    let end = (group * step + row) * shape.fields + field + 1;
                    let field = &text[ends[end - 1] as usize + 1..=ends[end] as usize];
                    if (field[field.len() - 1] == b'\n') != last || !shape.may_be_other(field) {
                        return group;
                    }
                }
            }
            // Longer fields may begin before the window. Their length counts the separator.
            if longest as usize >= LANE || !good.all() {
                return group;
            }
        }
    }
    groups
}

/// Loads one field of every second row, from row `parity` on: the bytes that end with its separator, and blanks where the
/// field has not begun. `ends` points to the end of the field before that of the first row.
///
/// # Safety
/// The processor has the features of `V`. The ends of `2 * V::LANES` rows of `stride` fields can be read, are at least
/// 15 where fields end, and lie in the text.
#[inline(always)]
unsafe fn fields<V: Vector>(
    text: &[u8],
    ends: *const u32,
    stride: usize,
    parity: usize,
    blank: V,
    longest: &mut u32,
) -> V {
    let mut windows = [std::ptr::null(); 4];
    let mut masks = [std::ptr::null(); 4];
    for lane in 0..V::LANES {
        let row = (2 * lane + parity) * stride;
        // SAFETY: As the caller promises; a field mask is read from byte 16 at most, of 32.
        unsafe {
            let (before, end) = (*ends.add(row), *ends.add(row + 1));
            let length = end - before;
            // Which is 0 in all bits but the last four as long as no field is longer than a window.
            *longest |= length - 1;
            windows[lane] = text.as_ptr().add(end as usize - (LANE - 1));
            masks[lane] = FIELD_MASKS.as_ptr().add((length as usize).min(LANE));
        }
    }
    // SAFETY: As above.
    unsafe {
        let text = V::load(|lane| windows[lane]);
        V::select(V::load(|lane| masks[lane]), text, blank)
    }
}

/// What the fields of a column are compared with, in registers.
#[derive(Clone, Copy)]
struct Pattern<V> {
    fixed: V,
    expected: V,
    digit: V,
    order: V,
    first: V,
    sign: V,
}

impl<V: Vector> Pattern<V> {
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn new(column: &ColumnShape) -> Self {
        const FIRST: [u8; LANE] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        const SIGN: [u8; LANE] = [16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        // SAFETY: The caller's promise.
        unsafe {
            Self {
                fixed: V::repeat(&column.fixed),
                expected: V::repeat(&column.expected),
                digit: V::repeat(&column.digit),
                order: V::repeat(&column.shuffle),
                first: V::repeat(&FIRST),
                sign: V::repeat(&SIGN),
            }
        }
    }

    /// The digits of fields, right-justified, with a sign as a digit of 16 in front; and 0xFF where the text is as it
    /// must be.
    ///
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn digits(&self, text: V) -> (V, V) {
        // SAFETY: The caller's promise.
        unsafe {
            let blank = V::splat(b' ');
            let value = text.sub(V::splat(b'0'));
            let is_digit = value.min(V::splat(9)).equal(value);
            let is_blank = text.equal(blank);
            let is_minus = text.equal(V::splat(b'-'));
            let lead = is_blank.or(is_minus);
            let right = V::select(
                self.fixed,
                text.equal(self.expected),
                is_digit.or(lead.and_not(self.digit)),
            );
            // Before a blank or a sign there is nothing but blanks.
            let late = lead.and_not(is_blank.shift_up().or(self.fixed.or(self.first)));
            let digits = value.and(is_digit).shuffle(self.order);
            (digits.or(is_minus.any_to_first().and(self.sign)), right.and_not(late))
        }
    }
}
