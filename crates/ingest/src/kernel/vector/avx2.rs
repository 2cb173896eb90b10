//! Two lanes, for AVX2. A mask is a register of 0xFF and 0.
//!
//! Helpers are functions, not closures: those would not inherit the features of the function that all of this is inlined
//! into.

use std::arch::x86_64::*;

use super::{MOST_LANES, Separators, Vector};

#[derive(Clone, Copy)]
pub(in crate::kernel) struct Avx2(__m256i);

/// A window into these 32 bytes has 0xFF in so many of its last bytes as it is moved up.
static FIELD_MASKS: [u8; 32] = {
    let mut masks = [0; 32];
    let mut at = 16;
    while at < 32 {
        masks[at] = 0xFF;
        at += 1;
    }
    masks
};

/// # Safety
/// The processor has AVX2, and 16 bytes can be read from each address.
#[inline(always)]
unsafe fn load_two(addresses: [*const u8; 2]) -> __m256i {
    // SAFETY: The caller promises AVX2, and that 16 bytes can be read from each address.
    unsafe {
        let low = _mm_loadu_si128(addresses[0].cast());
        let high = _mm_loadu_si128(addresses[1].cast());
        _mm256_set_m128i(high, low)
    }
}

/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn equal_any(half: __m256i, [a, b, c]: [u8; 3]) -> u32 {
    // SAFETY: The caller promises AVX2; only registers are touched.
    unsafe {
        let a = _mm256_cmpeq_epi8(half, _mm256_set1_epi8(a as i8));
        let b = _mm256_cmpeq_epi8(half, _mm256_set1_epi8(b as i8));
        let c = _mm256_cmpeq_epi8(half, _mm256_set1_epi8(c as i8));
        _mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(a, b), c)) as u32
    }
}

/// The value of every four digits, as 32-bit integers.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
pub(in crate::kernel) unsafe fn four_digits(digits: __m256i) -> __m256i {
    // SAFETY: The caller promises AVX2; only registers are touched.
    unsafe {
        let pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010A));
        _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001_0064))
    }
}

impl Separators for Avx2 {
    #[inline(always)]
    unsafe fn separators(block: &[u8; 64], delimiter: u8) -> u64 {
        let third = if delimiter == b' ' { b'\t' } else { delimiter };
        // SAFETY: The caller promises the features. The block is 64 bytes long, and loads need no alignment.
        unsafe {
            let bytes = [delimiter, b'\n', third];
            let low = equal_any(_mm256_loadu_si256(block.as_ptr().cast()), bytes);
            let high = equal_any(_mm256_loadu_si256(block.as_ptr().add(32).cast()), bytes);
            u64::from(high) << 32 | u64::from(low)
        }
    }

    #[inline(always)]
    unsafe fn store_places(mut mask: u64, base: u32, ends: *mut u32) {
        // Eight at a time without a branch for each; what is written too much is overwritten later.
        let mut written = 0;
        let count = mask.count_ones() as usize;
        while written < count {
            for slot in written..written + 8 {
                // SAFETY: The caller promises room for 64 places. Of these, `slot` is at most 63: there are as many bits, in
                // groups of eight.
                unsafe { *ends.add(slot) = base.wrapping_add(mask.trailing_zeros()) };
                mask &= mask.wrapping_sub(1);
            }
            written += 8;
        }
    }
}

impl Vector for Avx2 {
    const LANES: usize = 2;
    type Mask = __m256i;

    /// The length.
    #[inline(always)]
    fn mark(length: u32) -> u16 {
        if length <= 16 { length as u16 } else { 0 }
    }

    #[inline(always)]
    unsafe fn load_fields(windows: &[*const u8; MOST_LANES], marks: &[u16; MOST_LANES]) -> Self {
        // SAFETY: The caller promises AVX2, that 16 bytes can be read from a window, and marks that `mark` made: these
        // are 16 at most, and from any of the first 17 of the 32 bytes of masks, 16 can be read.
        unsafe {
            let text = load_two([windows[0], windows[1]]);
            let masks = FIELD_MASKS.as_ptr();
            let mask = load_two([masks.add(marks[0].into()), masks.add(marks[1].into())]);
            Self(_mm256_blendv_epi8(_mm256_set1_epi8(b' ' as i8), text, mask))
        }
    }

    #[inline(always)]
    unsafe fn repeat(lane: &[u8; 16]) -> Self {
        // SAFETY: The caller promises the features. The lane is 16 bytes long.
        unsafe { Self(_mm256_broadcastsi128_si256(_mm_loadu_si128(lane.as_ptr().cast()))) }
    }

    #[inline(always)]
    unsafe fn splat(byte: u8) -> Self {
        // SAFETY: The caller promises AVX2; only registers are touched.
        unsafe { Self(_mm256_set1_epi8(byte as i8)) }
    }

    #[inline(always)]
    unsafe fn to_mask(self) -> __m256i {
        self.0
    }

    #[inline(always)]
    unsafe fn digits(self) -> (Self, __m256i) {
        // SAFETY: The caller promises AVX2; only registers are touched.
        unsafe {
            let value = _mm256_sub_epi8(self.0, _mm256_set1_epi8(b'0' as i8));
            let small = _mm256_min_epu8(value, _mm256_set1_epi8(9));
            let is_digit = _mm256_cmpeq_epi8(small, value);
            (Self(_mm256_and_si256(value, is_digit)), is_digit)
        }
    }

    #[inline(always)]
    unsafe fn equal(self, other: Self) -> __m256i {
        // SAFETY: The caller promises AVX2; only registers are touched.
        unsafe { _mm256_cmpeq_epi8(self.0, other.0) }
    }

    #[inline(always)]
    unsafe fn shuffle(self, order: Self) -> Self {
        // SAFETY: The caller promises AVX2; only registers are touched.
        unsafe { Self(_mm256_shuffle_epi8(self.0, order.0)) }
    }

    #[inline(always)]
    unsafe fn with_sign(self, is_minus: __m256i) -> Self {
        // SAFETY: The caller promises AVX2; only registers are touched.
        unsafe {
            // Sums of eight bytes: 0xFF in one of the two, or nowhere.
            let halves = _mm256_sad_epu8(is_minus, _mm256_setzero_si256());
            let any = _mm256_or_si256(halves, _mm256_srli_si256::<8>(halves));
            let sign = _mm256_and_si256(any, _mm256_set_epi64x(0, 16, 0, 16));
            Self(_mm256_or_si256(self.0, sign))
        }
    }

    #[inline(always)]
    unsafe fn store_halves(even: Self, odd: Self, target: *mut u64) {
        // SAFETY: The caller promises AVX2, and room for four integers at the target, aligned or not.
        unsafe {
            let packed = _mm256_packus_epi32(four_digits(even.0), four_digits(odd.0));
            let thousands = _mm256_set1_epi32(0x0001_2710);
            _mm256_storeu_si256(target.cast(), _mm256_madd_epi16(packed, thousands));
        }
    }

    #[inline(always)]
    unsafe fn or(a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: The caller promises AVX2; only registers are touched.
        unsafe { _mm256_or_si256(a, b) }
    }

    #[inline(always)]
    unsafe fn and_not(a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: The caller promises AVX2; only registers are touched.
        unsafe { _mm256_andnot_si256(b, a) }
    }

    #[inline(always)]
    unsafe fn choose(which: __m256i, yes: __m256i, no: __m256i) -> __m256i {
        // SAFETY: The caller promises AVX2; only registers are touched.
        unsafe { _mm256_blendv_epi8(no, yes, which) }
    }

    #[inline(always)]
    unsafe fn shift_up(mask: __m256i) -> __m256i {
        // SAFETY: The caller promises AVX2; only registers are touched.
        unsafe { _mm256_slli_si256::<1>(mask) }
    }

    #[inline(always)]
    unsafe fn all(a: __m256i, b: __m256i) -> bool {
        // SAFETY: The caller promises AVX2; only registers are touched.
        unsafe { _mm256_movemask_epi8(_mm256_and_si256(a, b)) == -1 }
    }
}
