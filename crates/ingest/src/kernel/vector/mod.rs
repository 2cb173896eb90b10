//! The few vector operations that the kernels are made of, over registers of 16-byte lanes.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

#[cfg(target_arch = "x86_64")]
pub(super) use avx2::{Avx2, four_digits};
#[cfg(target_arch = "x86_64")]
pub(super) use avx512::{Avx512, four_digits as four_digits_avx512};

use super::separators::Separators;

/// As many lanes as a register can have.
pub(super) const MOST_LANES: usize = 4;

/// A register of 16-byte lanes. Every method is inlined into a function that has the processor features of the type.
///
/// # Safety
/// Whoever calls an unsafe method vouches for these features, and for what the method says of its pointers.
pub(super) trait Vector: Separators {
    /// Lanes in a register.
    const LANES: usize;
    /// A truth value a byte.
    type Mask: Copy;

    /// Tells [`Self::load_fields`] that a field and its separator have so many bytes.
    fn mark(length: u32) -> u16;
    /// Lane i is loaded from `windows[i]`, from which 16 bytes can be read; before the field that `marks[i]` tells of, which
    /// ends with them, it is blank. All of it is blank where the field is longer than that.
    unsafe fn load_fields(windows: &[*const u8; MOST_LANES], marks: &[u16; MOST_LANES]) -> Self;
    /// The same 16 bytes in all lanes.
    unsafe fn repeat(lane: &[u8; 16]) -> Self;
    /// The same byte everywhere.
    unsafe fn splat(byte: u8) -> Self;
    /// True where bytes are 0xFF, false where they are 0.
    unsafe fn to_mask(self) -> Self::Mask;
    /// The values of the digits in the text, 0 for other bytes, and where there are digits.
    unsafe fn digits(self) -> (Self, Self::Mask);
    /// Where bytes are equal.
    unsafe fn equal(self, other: Self) -> Self::Mask;
    /// Byte i of a lane becomes its byte `order[i]`, or 0 where that is 0x80.
    unsafe fn shuffle(self, order: Self) -> Self;
    /// Sets the first byte of each lane, which is 0, to 16 where the lane has a true byte, of which it has one at most.
    unsafe fn with_sign(self, is_minus: Self::Mask) -> Self;
    /// Each lane of `even` and `odd` has 16 digits, a byte each. Stores for every pair of lanes the value of the first
    /// and of the second eight digits of the lane of `even`, then of that of `odd`, as 32-bit integers. The target has room for two times eight bytes a lane.
    unsafe fn store_halves(even: Self, odd: Self, target: *mut u64);

    unsafe fn or(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    /// `a & !b`.
    unsafe fn and_not(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    /// `yes` where `which` is true, else `no`.
    unsafe fn choose(which: Self::Mask, yes: Self::Mask, no: Self::Mask) -> Self::Mask;
    /// Every lane moved by one byte to the higher addresses; its first byte is not defined.
    unsafe fn shift_up(mask: Self::Mask) -> Self::Mask;
    /// Whether all of both is true.
    unsafe fn all(a: Self::Mask, b: Self::Mask) -> bool;
}
