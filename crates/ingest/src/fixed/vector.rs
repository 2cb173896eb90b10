//! The few vector operations that the kernel is made of, over registers of 16-byte lanes.

/// A register of 16-byte lanes. Every method needs the processor features of the type, and is inlined into a function
/// that has them.
pub(super) trait Vector: Copy {
    /// Lanes in a register.
    const LANES: usize;

    /// Bit i is set where byte i of the block is one of `bytes`.
    unsafe fn equal_any(block: &[u8; 64], bytes: [u8; 3]) -> u64;
    /// Lane i is loaded from `address(i)`, from which 16 bytes can be read.
    unsafe fn load(address: impl Fn(usize) -> *const u8) -> Self;
    /// The same 16 bytes in all lanes.
    unsafe fn repeat(lane: &[u8; 16]) -> Self;
    /// The same byte everywhere.
    unsafe fn splat(byte: u8) -> Self;
    unsafe fn and(self, other: Self) -> Self;
    unsafe fn or(self, other: Self) -> Self;
    /// `self & !other`.
    unsafe fn and_not(self, other: Self) -> Self;
    /// `self` where the bytes of `mask` are 0xFF, `other` where they are 0.
    unsafe fn select(mask: Self, this: Self, other: Self) -> Self;
    /// Byte by byte, wrapping around.
    unsafe fn sub(self, other: Self) -> Self;
    /// 0xFF where bytes are equal, else 0.
    unsafe fn equal(self, other: Self) -> Self;
    /// The smaller of unsigned bytes.
    unsafe fn min(self, other: Self) -> Self;
    /// Every lane moved by one byte to the higher addresses, with a 0 coming in.
    unsafe fn shift_up(self) -> Self;
    /// Byte i of a lane becomes its byte `order[i]`, or 0 where that is 0x80.
    unsafe fn shuffle(self, order: Self) -> Self;
    /// A byte in the first half or the second that is 0xFF, of which there is at most one in a lane, is brought to the
    /// first byte; other bytes are not defined.
    unsafe fn any_to_first(self) -> Self;
    /// Each lane of `even` and `odd` has 16 digits, a byte each. Stores for every pair of lanes the value of the first
    /// and of the second eight digits of the lane of `even`, then of that of `odd`, as 32-bit integers.
    unsafe fn store_halves(even: Self, odd: Self, target: *mut u64);
    /// Whether all bytes are 0xFF.
    unsafe fn all(self) -> bool;
}

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2 {
    use std::arch::x86_64::*;

    use super::Vector;

    /// Two lanes, for AVX2.
    #[derive(Clone, Copy)]
    pub(in crate::fixed) struct Avx2(__m256i);

    // Not closures: those would not inherit the features of the function that all of this is inlined into.

    #[inline(always)]
    unsafe fn equal_any_32(half: __m256i, [a, b, c]: [u8; 3]) -> u32 {
        // SAFETY: The features are the caller's promise, here and in all that follows.
        unsafe {
            let a = _mm256_cmpeq_epi8(half, _mm256_set1_epi8(a as i8));
            let b = _mm256_cmpeq_epi8(half, _mm256_set1_epi8(b as i8));
            let c = _mm256_cmpeq_epi8(half, _mm256_set1_epi8(c as i8));
            _mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(a, b), c)) as u32
        }
    }

    /// The value of every four digits, as 32-bit integers.
    #[inline(always)]
    unsafe fn four_digits(digits: __m256i) -> __m256i {
        // SAFETY: As above.
        unsafe {
            let pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010A));
            _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001_0064))
        }
    }

    impl Vector for Avx2 {
        const LANES: usize = 2;

        #[inline(always)]
        unsafe fn equal_any(block: &[u8; 64], bytes: [u8; 3]) -> u64 {
            // SAFETY: The block is 64 bytes long, and loads need no alignment.
            unsafe {
                let low = equal_any_32(_mm256_loadu_si256(block.as_ptr().cast()), bytes);
                let high = equal_any_32(_mm256_loadu_si256(block.as_ptr().add(32).cast()), bytes);
                u64::from(high) << 32 | u64::from(low)
            }
        }

        #[inline(always)]
        unsafe fn load(address: impl Fn(usize) -> *const u8) -> Self {
            // SAFETY: 16 bytes can be read from each address.
            unsafe {
                let low = _mm_loadu_si128(address(0).cast());
                let high = _mm_loadu_si128(address(1).cast());
                Self(_mm256_set_m128i(high, low))
            }
        }

        #[inline(always)]
        unsafe fn repeat(lane: &[u8; 16]) -> Self {
            // SAFETY: The lane is 16 bytes long.
            unsafe { Self(_mm256_broadcastsi128_si256(_mm_loadu_si128(lane.as_ptr().cast()))) }
        }

        #[inline(always)]
        unsafe fn splat(byte: u8) -> Self {
            // SAFETY: As above.
            unsafe { Self(_mm256_set1_epi8(byte as i8)) }
        }

        #[inline(always)]
        unsafe fn and(self, other: Self) -> Self {
            // SAFETY: As above.
            unsafe { Self(_mm256_and_si256(self.0, other.0)) }
        }

        #[inline(always)]
        unsafe fn or(self, other: Self) -> Self {
            // SAFETY: As above.
            unsafe { Self(_mm256_or_si256(self.0, other.0)) }
        }

        #[inline(always)]
        unsafe fn and_not(self, other: Self) -> Self {
            // SAFETY: As above.
            unsafe { Self(_mm256_andnot_si256(other.0, self.0)) }
        }

        #[inline(always)]
        unsafe fn select(mask: Self, this: Self, other: Self) -> Self {
            // SAFETY: As above.
            unsafe { Self(_mm256_blendv_epi8(other.0, this.0, mask.0)) }
        }

        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            // SAFETY: As above.
            unsafe { Self(_mm256_sub_epi8(self.0, other.0)) }
        }

        #[inline(always)]
        unsafe fn equal(self, other: Self) -> Self {
            // SAFETY: As above.
            unsafe { Self(_mm256_cmpeq_epi8(self.0, other.0)) }
        }

        #[inline(always)]
        unsafe fn min(self, other: Self) -> Self {
            // SAFETY: As above.
            unsafe { Self(_mm256_min_epu8(self.0, other.0)) }
        }

        #[inline(always)]
        unsafe fn shift_up(self) -> Self {
            // SAFETY: As above.
            unsafe { Self(_mm256_slli_si256::<1>(self.0)) }
        }

        #[inline(always)]
        unsafe fn shuffle(self, order: Self) -> Self {
            // SAFETY: As above.
            unsafe { Self(_mm256_shuffle_epi8(self.0, order.0)) }
        }

        #[inline(always)]
        unsafe fn any_to_first(self) -> Self {
            // SAFETY: As above.
            unsafe {
                let halves = _mm256_sad_epu8(self.0, _mm256_setzero_si256());
                Self(_mm256_or_si256(halves, _mm256_srli_si256::<8>(halves)))
            }
        }

        #[inline(always)]
        unsafe fn store_halves(even: Self, odd: Self, target: *mut u64) {
            // SAFETY: Four integers can be written to the target.
            unsafe {
                let packed = _mm256_packus_epi32(four_digits(even.0), four_digits(odd.0));
                let thousands = _mm256_set1_epi32(0x0001_2710);
                _mm256_storeu_si256(target.cast(), _mm256_madd_epi16(packed, thousands));
            }
        }

        #[inline(always)]
        unsafe fn all(self) -> bool {
            // SAFETY: As above.
            unsafe { _mm256_movemask_epi8(self.0) == -1 }
        }
    }
}
