//! Four lanes, for AVX-512 with the byte instructions of Ice Lake and Zen 4. A mask is a bit a byte.
//!
//! Helpers are functions, not closures: those would not inherit the features of the function that all of this is inlined
//! into.

use std::arch::x86_64::*;

use super::{MOST_LANES, Separators, Vector};

#[derive(Clone, Copy)]
pub(in crate::kernel) struct Avx512(__m512i);

/// 0 to 63.
static PLACES: [u8; 64] = {
    let mut places = [0; 64];
    let mut at = 0;
    while at < 64 {
        places[at] = at as u8;
        at += 1;
    }
    places
};

/// At the place that its last four bits name, each of the bytes that separate fields where blanks do. A shuffle by the bytes of
/// a text, which takes those bits as places, gives the same byte there, and only there: it makes 0 of bytes beyond 0x7F, and
/// of no other byte itself.
static BLANKS: [u8; 16] = {
    let mut blanks = [0xFF; 16];
    let mut at = 0;
    while at < 3 {
        let blank = b" \t\n"[at];
        blanks[(blank & 15) as usize] = blank;
        at += 1;
    }
    blanks
};

/// The value of every four digits, as 32-bit integers. `tens` has 10 and 1 in turn, or 0 for bytes that are no digits.
///
/// # Safety
/// The processor has AVX-512BW.
#[inline(always)]
pub(in crate::kernel) unsafe fn four_digits(digits: __m512i, tens: __m512i) -> __m512i {
    // SAFETY: The caller promises the features; only registers are touched.
    unsafe {
        let pairs = _mm512_maddubs_epi16(digits, tens);
        _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x0001_0064))
    }
}

impl Separators for Avx512 {
    #[inline(always)]
    unsafe fn separators(block: &[u8; 64], delimiter: u8) -> u64 {
        // SAFETY: The caller promises the features. The block is 64 bytes long, and loads need no alignment.
        unsafe {
            let block = _mm512_loadu_si512(block.as_ptr().cast());
            if delimiter == b' ' {
                let blanks = _mm512_broadcast_i32x4(_mm_loadu_si128(BLANKS.as_ptr().cast()));
                _mm512_cmpeq_epi8_mask(block, _mm512_shuffle_epi8(blanks, block))
            } else {
                _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(delimiter as i8))
                    | _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(b'\n' as i8))
            }
        }
    }

    #[inline(always)]
    unsafe fn store_places(mask: u64, base: u32, ends: *mut u32) {
        let count = mask.count_ones() as usize;
        // SAFETY: The caller promises the features, and room for 64 places: four vectors of 16, which is all that is written.
        unsafe {
            let places = _mm512_loadu_si512(PLACES.as_ptr().cast());
            let places = _mm512_maskz_compress_epi8(mask, places);
            let base = _mm512_set1_epi32(base as i32);
            let wide = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places));
            _mm512_storeu_si512(ends.cast(), _mm512_add_epi32(wide, base));
            if count > 16 {
                let wide = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<1>(places));
                _mm512_storeu_si512(ends.add(16).cast(), _mm512_add_epi32(wide, base));
            }
            // Fields of less than a digit are rare.
            if count > 32 {
                let wide = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<2>(places));
                _mm512_storeu_si512(ends.add(32).cast(), _mm512_add_epi32(wide, base));
                let wide = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<3>(places));
                _mm512_storeu_si512(ends.add(48).cast(), _mm512_add_epi32(wide, base));
            }
        }
    }
}

impl Vector for Avx512 {
    const LANES: usize = 4;
    type Mask = u64;

    /// A bit for each byte of the window before the field.
    #[inline(always)]
    fn mark(length: u32) -> u16 {
        if length <= 16 { (0xFFFF_u32 >> length) as u16 } else { 0xFFFF }
    }

    #[inline(always)]
    unsafe fn load_fields(windows: &[*const u8; MOST_LANES], marks: &[u16; MOST_LANES]) -> Self {
        // SAFETY: The caller promises the features, and that 16 bytes can be read from each window.
        unsafe {
            // By halves: inserting a lane into all 64 bytes takes longer.
            let low = _mm256_loadu2_m128i(windows[1].cast(), windows[0].cast());
            let high = _mm256_loadu2_m128i(windows[3].cast(), windows[2].cast());
            let text = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high);
            let [a, b, c, d] = marks.map(u64::from);
            let before = a | b << 16 | c << 32 | d << 48;
            Self(_mm512_mask_blend_epi8(before, text, _mm512_set1_epi8(b' ' as i8)))
        }
    }

    #[inline(always)]
    unsafe fn repeat(lane: &[u8; 16]) -> Self {
        // SAFETY: The caller promises the features. The lane is 16 bytes long.
        unsafe { Self(_mm512_broadcast_i32x4(_mm_loadu_si128(lane.as_ptr().cast()))) }
    }

    #[inline(always)]
    unsafe fn splat(byte: u8) -> Self {
        // SAFETY: The caller promises the features; only registers are touched.
        unsafe { Self(_mm512_set1_epi8(byte as i8)) }
    }

    #[inline(always)]
    unsafe fn to_mask(self) -> u64 {
        // SAFETY: The caller promises the features; only registers are touched.
        unsafe { _mm512_movepi8_mask(self.0) }
    }

    #[inline(always)]
    unsafe fn digits(self) -> (Self, u64) {
        // SAFETY: The caller promises the features; only registers are touched.
        unsafe {
            let value = _mm512_sub_epi8(self.0, _mm512_set1_epi8(b'0' as i8));
            let is_digit = _mm512_cmple_epu8_mask(value, _mm512_set1_epi8(9));
            (Self(_mm512_maskz_mov_epi8(is_digit, value)), is_digit)
        }
    }

    #[inline(always)]
    unsafe fn equal(self, other: Self) -> u64 {
        // SAFETY: The caller promises the features; only registers are touched.
        unsafe { _mm512_cmpeq_epi8_mask(self.0, other.0) }
    }

    #[inline(always)]
    unsafe fn shuffle(self, order: Self) -> Self {
        // SAFETY: The caller promises the features; only registers are touched.
        unsafe { Self(_mm512_shuffle_epi8(self.0, order.0)) }
    }

    #[inline(always)]
    unsafe fn with_sign(self, is_minus: u64) -> Self {
        // SAFETY: The caller promises the features; only registers are touched.
        unsafe {
            // Sums of eight bytes: 16 in one of the two, or nowhere.
            let minus = _mm512_maskz_set1_epi8(is_minus, 16);
            let halves = _mm512_sad_epu8(minus, _mm512_setzero_si512());
            let any = _mm512_or_si512(halves, _mm512_bsrli_epi128::<8>(halves));
            Self(_mm512_mask_or_epi64(self.0, 0b0101_0101, self.0, any))
        }
    }

    #[inline(always)]
    unsafe fn store_halves(even: Self, odd: Self, target: *mut u64) {
        // SAFETY: The caller promises the features, and room for eight integers at the target, aligned or not.
        unsafe {
            let tens = _mm512_set1_epi16(0x010A);
            let packed = _mm512_packus_epi32(four_digits(even.0, tens), four_digits(odd.0, tens));
            let thousands = _mm512_set1_epi32(0x0001_2710);
            _mm512_storeu_si512(target.cast(), _mm512_madd_epi16(packed, thousands));
        }
    }

    #[inline(always)]
    unsafe fn or(a: u64, b: u64) -> u64 {
        a | b
    }

    #[inline(always)]
    unsafe fn and_not(a: u64, b: u64) -> u64 {
        a & !b
    }

    #[inline(always)]
    unsafe fn choose(which: u64, yes: u64, no: u64) -> u64 {
        yes & which | no & !which
    }

    #[inline(always)]
    unsafe fn shift_up(mask: u64) -> u64 {
        mask << 1
    }

    #[inline(always)]
    unsafe fn all(a: u64, b: u64) -> bool {
        a & b == u64::MAX
    }
}
