//! Of a block of points, those that lie in a cell, moved together.
//!
//! Where a picture shows a part of the points, every block of them comes by here: point by point that took a quarter of
//! all the time. A processor with 512-bit vectors has an instruction for it.

use pointillist_base::Instructions;
use pointillist_base::instructions::Set;

use crate::axis::OUTSIDE;

/// Moves the cells that are not [`OUTSIDE`] to the front, and copies what is in `z` for them to the front of `kept`, both
/// in their order. Returns how many they are. `z` and `kept` are as long as `cells`.
pub(crate) fn within<Z: Moved>(
    instructions: Instructions,
    cells: &mut [u32],
    z: &[Z],
    kept: &mut [Z],
) -> usize {
    assert!(z.len() == cells.len() && kept.len() == cells.len(), "a z a cell");
    let (done, number) = match instructions.set() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: The processor has the instructions, or there would be no value that says so.
        Set::Avx512 => unsafe { wide(cells, z, kept) },
        _ => (0, 0),
    };
    one_by_one(cells, z, kept, done, number)
}

/// Goes on at row `start`, when `number` have been found.
fn one_by_one<Z: Moved>(
    cells: &mut [u32],
    z: &[Z],
    kept: &mut [Z],
    start: usize,
    mut number: usize,
) -> usize {
    for row in start..cells.len() {
        let cell = cells[row];
        cells[number] = cell;
        kept[number] = z[row];
        number += usize::from(cell != OUTSIDE);
    }
    number
}

/// The first rows, sixteen at a time. Returns how many these are, and how many of them lie in a cell.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn wide<Z: Moved>(cells: &mut [u32], z: &[Z], kept: &mut [Z]) -> (usize, usize) {
    use std::arch::x86_64::{
        _mm512_cmpneq_epu32_mask, _mm512_loadu_epi32, _mm512_maskz_compress_epi32,
        _mm512_set1_epi32, _mm512_storeu_epi32,
    };

    let outside = _mm512_set1_epi32(OUTSIDE.cast_signed());
    let (mut row, mut number) = (0, 0);
    for z in z.as_chunks::<16>().0 {
        // What is written begins at a row that has been read or is read here: `number` is `row` at most, and there are
        // sixteen from either on.
        let from: &[u32; 16] = cells[row..].first_chunk().unwrap_or(&[OUTSIDE; 16]);
        // SAFETY: Sixteen cells are read from an array of sixteen.
        let found = unsafe { _mm512_loadu_epi32(from.as_ptr().cast()) };
        let inside = _mm512_cmpneq_epu32_mask(found, outside);
        if let Some(to) = cells[number..].first_chunk_mut::<16>() {
            let found = _mm512_maskz_compress_epi32(inside, found);
            // SAFETY: Sixteen cells are written to an array of sixteen.
            unsafe { _mm512_storeu_epi32(to.as_mut_ptr().cast(), found) };
        }
        if let Some(to) = kept[number..].first_chunk_mut() {
            // SAFETY: The processor has AVX-512F, as this function may be called.
            unsafe { Z::compress(z, inside, to) };
        }
        row += 16;
        number += inside.count_ones() as usize;
    }
    (row, number)
}

/// What is moved with the cells.
pub(crate) trait Moved: Copy {
    /// Copies those of sixteen of which a bit of `which` is set to the front of `to`, in their order. What comes behind
    /// them is of no use.
    ///
    /// # Safety
    /// The processor must have AVX-512F.
    #[cfg(target_arch = "x86_64")]
    unsafe fn compress(from: &[Self; 16], which: u16, to: &mut [Self; 16]);
}

impl Moved for f32 {
    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn compress(from: &[Self; 16], which: u16, to: &mut [Self; 16]) {
        use std::arch::x86_64::{_mm512_loadu_ps, _mm512_maskz_compress_ps, _mm512_storeu_ps};
        // SAFETY: Sixteen floats are read from an array of sixteen, and as many are written to one.
        unsafe {
            let found = _mm512_maskz_compress_ps(which, _mm512_loadu_ps(from.as_ptr()));
            _mm512_storeu_ps(to.as_mut_ptr(), found);
        }
    }
}

impl Moved for f64 {
    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn compress(from: &[Self; 16], which: u16, to: &mut [Self; 16]) {
        use std::arch::x86_64::{_mm512_loadu_pd, _mm512_maskz_compress_pd, _mm512_storeu_pd};
        let (first, second) = (which as u8, (which >> 8) as u8);
        // SAFETY: Twice eight floats are read from an array of sixteen. Eight are written to the front of one of sixteen, and
        // then eight behind as many as there are bits in eight, which is to its end at most.
        unsafe {
            let found = _mm512_maskz_compress_pd(first, _mm512_loadu_pd(from.as_ptr()));
            _mm512_storeu_pd(to.as_mut_ptr(), found);
            let found = _mm512_maskz_compress_pd(second, _mm512_loadu_pd(from.as_ptr().add(8)));
            _mm512_storeu_pd(to.as_mut_ptr().add(first.count_ones() as usize), found);
        }
    }
}

impl Moved for () {
    #[cfg(target_arch = "x86_64")]
    unsafe fn compress(_: &[Self; 16], _: u16, _: &mut [Self; 16]) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accumulate::Sample;
    use proptest::prelude::*;

    /// Compares all instructions with a filter.
    fn check<Z: Sample + PartialEq + std::fmt::Debug>(cells: &[u32], z: &[Z]) {
        let inside = |(&cell, &z): (&u32, &Z)| (cell != OUTSIDE).then_some((cell, z));
        let expected: Vec<_> = cells.iter().zip(z).filter_map(inside).collect();
        for instructions in Instructions::available() {
            let (mut cells, mut kept) = (cells.to_vec(), vec![Z::default(); cells.len()]);
            let number = within(instructions, &mut cells, z, &mut kept);
            let found: Vec<_> = cells.into_iter().zip(kept).take(number).collect();
            assert_eq!(found, expected, "{instructions:?}");
        }
    }

    proptest! {
        #[test]
        fn those_that_lie_in_a_cell_stay_in_order_with_their_z(
            rows in prop::collection::vec((prop_oneof![Just(OUTSIDE), any::<u32>()], -9e9..9e9), 0..200),
        ) {
            let (cells, z): (Vec<u32>, Vec<f64>) = rows.into_iter().unzip();
            check(&cells, &z);
            check(&cells, &z.iter().map(|&z| z as f32).collect::<Vec<_>>());
            check(&cells, &vec![(); cells.len()]);
        }
    }

    #[test]
    fn blocks_of_which_all_or_none_lie_in_a_cell_are_no_exception() {
        let z: Vec<f32> = (0..1024).map(|row| row as f32).collect();
        check(&vec![7; 1024], &z);
        check(&vec![OUTSIDE; 1024], &z);
        check::<f32>(&[], &[]);
    }
}
