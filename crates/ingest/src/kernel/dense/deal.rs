//! Numbers in the order of the text to columns: a vector of one column is permuted out of as many vectors as rows have
//! fields.

use std::arch::x86_64::*;

use super::tables::{MOST_FIELDS, Tables};
use super::{Lists, load};
use crate::number::Number;
use crate::options::Dtype;

/// Appends the numbers of so many rows to the columns that are wanted.
///
/// # Safety
/// The processor has the features. There are so many numbers, and those of 16 rows more can be read.
#[inline(always)]
pub(super) unsafe fn deal<T: Number>(
    tables: &Tables,
    lists: &Lists,
    rows: usize,
    columns: &mut [Vec<T>],
) {
    // SAFETY: The caller's promise.
    unsafe {
        match tables.fields {
            1 => deal_fields::<T, 1>(tables, lists, rows, columns),
            2 => deal_fields::<T, 2>(tables, lists, rows, columns),
            3 => deal_fields::<T, 3>(tables, lists, rows, columns),
            4 => deal_fields::<T, 4>(tables, lists, rows, columns),
            5 => deal_fields::<T, 5>(tables, lists, rows, columns),
            6 => deal_fields::<T, 6>(tables, lists, rows, columns),
            7 => deal_fields::<T, 7>(tables, lists, rows, columns),
            _ => deal_fields::<T, MOST_FIELDS>(tables, lists, rows, columns),
        }
    }
}

/// The same for rows of so many fields.
#[inline(never)]
#[target_feature(enable = "avx512f")]
unsafe fn deal_fields<T: Number, const FIELDS: usize>(
    tables: &Tables,
    lists: &Lists,
    rows: usize,
    columns: &mut [Vec<T>],
) {
    // Rows of a tile, which is as many vectors as rows have fields.
    let tile = 64 / size_of::<T>();
    let mut targets = [std::ptr::null_mut::<T>(); FIELDS];
    for (target, column) in targets.iter_mut().zip(&tables.columns) {
        if let Some(column) = column {
            let column = &mut columns[*column];
            column.reserve(rows + tile);
            // SAFETY: Within what is reserved.
            *target = unsafe { column.as_mut_ptr().add(column.len()) };
        }
    }
    // SAFETY: Rows of a whole tile can be read, and there is room for them in every column.
    unsafe {
        let numbers = lists.numbers.as_ptr();
        for start in (0..rows).step_by(tile) {
            let mut parts = [_mm512_setzero_si512(); FIELDS];
            for (part, numbers_of_part) in parts.iter_mut().enumerate() {
                *numbers_of_part = load(&*numbers.add(start / tile * FIELDS + part));
            }
            for (field, target) in targets.into_iter().enumerate() {
                if target.is_null() {
                    continue;
                }
                let mut row = _mm512_setzero_si512();
                for (part, numbers) in parts.into_iter().enumerate() {
                    let from = |row: usize| field + row * FIELDS;
                    let is_here = |row: &usize| from(*row) / tile == part;
                    let mask = (0..tile).filter(is_here).fold(0_u16, |mask, row| mask | 1 << row);
                    row = match T::DTYPE {
                        Dtype::F32 => {
                            let order: [u32; 16] =
                                std::array::from_fn(|row| (from(row) % tile) as u32);
                            let order = _mm512_loadu_si512(order.as_ptr().cast());
                            _mm512_mask_permutexvar_epi32(row, mask, order, numbers)
                        }
                        Dtype::F64 => {
                            let order: [u64; 8] =
                                std::array::from_fn(|row| (from(row) % tile) as u64);
                            let order = _mm512_loadu_si512(order.as_ptr().cast());
                            _mm512_mask_permutexvar_epi64(row, mask as u8, order, numbers)
                        }
                    };
                }
                _mm512_storeu_si512(target.add(start).cast(), row);
            }
        }
    }
    for column in tables.columns[..FIELDS].iter().flatten() {
        let column = &mut columns[*column];
        // SAFETY: So many more have been written.
        unsafe { column.set_len(column.len() + rows) };
    }
}
