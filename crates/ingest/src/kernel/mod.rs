//! The fast paths from rows to numbers, and the choice of one for this processor.
//!
//! A file that a program has written has one layout in all its rows: so many fields, with this between them. A
//! [`Shape`] is that layout, learnt from one row that the general path has read. From then on rows are parsed in bulk:
//! [`separators`] finds where fields end, 64 bytes at a time, and one of these kernels makes numbers of them.
//!
//! - [`fixed`]: a column has the same number of digits after the point in every row, as `%.6f` gives. Then the place of
//!   every digit is known from where its field ends, and a few rows are parsed at once without looking for anything.
//! - `dense`, for AVX-512: a few fields at once, of whichever rows, where all fields are such numbers, or all are as `%.18e`
//!   gives them.
//! - [`varying`]: numbers of any length and with or without exponents, as `%g`, `%.18e` and the shortest digits give. A
//!   field at a time, without a branch that its digits decide.
//!
//! [`words`] does both without vectors, on any processor.
//!
//! Rows that fit neither are left to the general path: they are rare, or the guess is learnt anew.

#![cfg_attr(
    not(target_arch = "x86_64"),
    allow(dead_code, unused_variables, reason = "other processors have no vectors here yet")
)]

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "processor intrinsics")]
mod dense;
#[expect(unsafe_code, reason = "calls code for the processor at hand")]
mod fixed;
#[expect(unsafe_code, reason = "calls code for the processor at hand")]
mod separators;
mod shape;
#[expect(unsafe_code, reason = "calls code for the processor at hand")]
mod varying;
#[expect(unsafe_code, reason = "processor intrinsics")]
mod vector;
#[expect(unsafe_code, reason = "has the interface of vectors, and writes where there is room")]
mod words;

pub(crate) use shape::Shape;

use pointillist_base::Instructions;
use pointillist_base::instructions::Set;

use crate::losses::Lost;
use crate::number::{Number, Scale};

/// Parses rows of fixed fields for as long as they have the shape. Stops before the first few rows that do not all fit,
/// and near the end of the text.
pub(crate) fn parse_fixed<T: Number>(instructions: Instructions, work: Work<'_, T>) -> Done {
    match instructions.set() {
        Set::General => Done { rows: 0, at: work.at },
        #[cfg(target_arch = "x86_64")]
        Set::Avx512 => {
            let mut work = work;
            // SAFETY: The processor has the instructions, or there would be no value that says so.
            #[expect(unsafe_code, reason = "calls code for the processor at hand")]
            let dense = unsafe { dense::avx512(&mut work) };
            if !work.shape.is_fixed() {
                return Done { rows: dense, at: work.at };
            }
            // From rows on that only look less like the one that was learnt.
            // SAFETY: The processor has the instructions, or there would be no value that says so.
            #[expect(unsafe_code, reason = "calls code for the processor at hand")]
            let Done { rows, at } = unsafe { fixed::avx512(work) };
            Done { rows: dense + rows, at }
        }
        _ if !work.shape.is_fixed() => Done { rows: 0, at: work.at },
        Set::Scalar => words::fixed::parse(work),
        // SAFETY: The processor has the instructions, or there would be no value that says so.
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "calls code for the processor at hand")]
        Set::Avx2 => unsafe { fixed::avx2(work) },
    }
}

/// Parses up to `most` rows for as long as they have the shape's fields, each with a number whose value is certain or
/// none at all.
pub(crate) fn parse_varying<T: Number>(
    instructions: Instructions,
    work: Work<'_, T>,
    most: usize,
) -> Done {
    match instructions.set() {
        Set::General => Done { rows: 0, at: work.at },
        Set::Scalar => varying::words(work, most),
        // SAFETY: The processor has the instructions, or there would be no value that says so.
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "calls code for the processor at hand")]
        Set::Avx2 => unsafe { varying::avx2(work, most) },
        // SAFETY: The processor has the instructions, or there would be no value that says so.
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "calls code for the processor at hand")]
        Set::Avx512 => unsafe { varying::avx512(work, most) },
    }
}

/// What a kernel is to parse, and where to.
pub(crate) struct Work<'a, T> {
    /// Whole lines.
    pub(crate) text: &'a [u8],
    /// Where the first row begins.
    pub(crate) at: usize,
    pub(crate) shape: &'a Shape,
    pub(crate) scratch: &'a mut Scratch,
    /// Numbers are appended to them.
    pub(crate) columns: &'a mut [Vec<T>],
}

/// Memory that is used again and again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// What the kernel for dense rows knows of the fields of a block.
    #[cfg(target_arch = "x86_64")]
    lists: dense::Lists,
    /// Where fields end; first, the byte before the first field.
    ends: Vec<u32>,
    /// How long each field is, as the vectors of the kernel for fixed fields want to know it.
    marks: Vec<u16>,
    /// Of one column of fixed fields, two halves of eight digits a row; or all digits, of a few rows of all columns.
    halves: Vec<u64>,
    /// Of one column of varying fields, all digits of a row.
    mantissas: Vec<u64>,
    /// Their powers of ten, and signs.
    scales: Vec<Scale>,
    /// The rows without a number.
    missing: Vec<u32>,
    /// By column: numbers that the type has no value near.
    pub(crate) lost: Vec<(usize, Lost)>,
}

/// What a kernel made of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    /// Rows parsed.
    pub(crate) rows: usize,
    /// Where the next row begins.
    pub(crate) at: usize,
}

/// Bytes whose separators are found at once: few enough that text and separators stay in the first-level cache. It
/// starts small, so that where only a few rows fit little is found in vain.
#[derive(Debug, Clone, Copy)]
struct Block {
    length: usize,
    /// Whether there was more text than that.
    more: bool,
}

impl Block {
    const FIRST: Self = Self { length: 1 << 10, more: false };
    /// For rows as they usually are.
    const USUAL: usize = 8 << 10;
    /// For rows so long that nothing smaller holds enough of them.
    const LONGEST: usize = 64 << 10;

    /// Whole 64-byte blocks of what is left.
    fn length(&mut self, left: usize) -> usize {
        self.more = left > self.length;
        left.min(self.length) / 64 * 64
    }

    /// Says whether it is worth while to go on, where the last block held enough rows or not, and how far at once.
    fn grow(&mut self, enough: bool) -> bool {
        let longest = if enough { Self::USUAL.max(self.length) } else { Self::LONGEST };
        let before = self.length;
        self.length = (2 * self.length).min(longest);
        enough || (self.more && self.length > before)
    }
}

#[cfg(test)]
mod tests;
