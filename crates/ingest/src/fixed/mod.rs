//! The fast path for rows that all look alike, as rows that a program has written do.
//!
//! A file from `%.6f %.6f %.4f` has the same number of digits after each column's point in every row. So where a
//! field *ends* is enough to know where its point and its digits are, relative to that end. A [`Shape`] is that guess,
//! learnt from one row. For a few rows at once the kernel
//!
//! 1. finds where fields end ([`separators`]), 64 bytes at a time,
//! 2. loads the 16 bytes that end with each field's separator into a lane of a vector, one vector a column,
//! 3. compares all of it with the shape: separator and point in their places, digits elsewhere, at most one sign, and
//!    nothing but blanks before it,
//! 4. drops point and separator with one shuffle and adds up the digits in three steps (tens, hundreds, ten thousands)
//!    to two halves of eight digits ([`kernel`]),
//! 5. makes numbers of the halves with one division, and notices those that this might round to the wrong float
//!    ([`finish`]; why the others are right is said in [`crate::number::decimal`]).
//!
//! Rows that do not fit go to the general path, and the guess is learnt anew.

mod finish;
#[expect(unsafe_code, reason = "calls code for the processor at hand")]
mod kernel;
#[expect(unsafe_code, reason = "calls code for the processor at hand")]
mod separators;
mod shape;
#[expect(unsafe_code, reason = "processor intrinsics")]
mod vector;

pub(crate) use finish::FromHalves;
pub(crate) use kernel::{Done, Kernel, Scratch};
pub(crate) use shape::Shape;

#[cfg(test)]
mod tests;
