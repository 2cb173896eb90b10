//! Numbers in the order of the text to columns: a vector of one column is permuted out of as many vectors as rows have
//! fields.

use std::arch::x86_64::*;

use pointillist_base::Dtype;

use super::{Lists, MOST_FIELDS, Rows, load};
use crate::number::Number;

/// Appends the numbers of so many rows to the columns that are wanted.
///
/// # Safety
/// The processor has AVX-512F. [`Lists::numbers`] begins with the numbers of so many rows, in the type `T`, and is long enough
/// for those of 64 bytes a column more.
#[inline(always)]
pub(super) unsafe fn deal<T: Number>(
    layout: &Rows,
    lists: &Lists,
    rows: usize,
    columns: &mut [Vec<T>],
) {
    // SAFETY: What these need is what this needs, for as many fields as they are compiled for: a layout has 1 to 8.
    unsafe {
        match layout.fields {
            1 => deal_fields::<T, 1>(layout, lists, rows, columns),
            2 => deal_fields::<T, 2>(layout, lists, rows, columns),
            3 => deal_fields::<T, 3>(layout, lists, rows, columns),
            4 => deal_fields::<T, 4>(layout, lists, rows, columns),
            5 => deal_fields::<T, 5>(layout, lists, rows, columns),
            6 => deal_fields::<T, 6>(layout, lists, rows, columns),
            7 => deal_fields::<T, 7>(layout, lists, rows, columns),
            _ => deal_fields::<T, MOST_FIELDS>(layout, lists, rows, columns),
        }
    }
}

/// How a tile of rows is dealt out, which is as many rows as numbers fit a vector, and as many vectors as a row has fields.
struct Tile<const ROWS: usize, const FIELDS: usize>;

impl<const ROWS: usize, const FIELDS: usize> Tile<ROWS, FIELDS> {
    /// By field and row: the place of the number in its vector.
    const PLACES: [[u64; ROWS]; FIELDS] = {
        let mut places = [[0; ROWS]; FIELDS];
        let mut at = 0;
        while at < ROWS * FIELDS {
            places[at % FIELDS][at / FIELDS] = (at % ROWS) as u64;
            at += 1;
        }
        places
    };

    /// By field and vector: a bit for every row whose number is in that vector.
    const ROWS_IN: [[u16; FIELDS]; FIELDS] = {
        let mut masks = [[0; FIELDS]; FIELDS];
        let mut at = 0;
        while at < ROWS * FIELDS {
            masks[at % FIELDS][at / ROWS] |= 1 << (at / FIELDS);
            at += 1;
        }
        masks
    };
}

/// The same for rows of so many fields.
///
/// # Safety
/// As [`deal`].
#[inline(never)]
#[target_feature(enable = "avx512f")]
unsafe fn deal_fields<T: Number, const FIELDS: usize>(
    layout: &Rows,
    lists: &Lists,
    rows: usize,
    columns: &mut [Vec<T>],
) {
    let tile = 64 / size_of::<T>();
    let tiles = rows.div_ceil(tile);
    for (field, column) in layout.columns[..FIELDS].iter().enumerate() {
        let Some(column) = column else { continue };
        let column = &mut columns[*column];
        column.reserve(tiles * tile);
        // SAFETY: The caller promises AVX-512F. A tile is as many rows as numbers fit a vector, so it takes `FIELDS` whole vectors,
        // of which part `part` of tile `at` is number `at * FIELDS + part`: the last tile, which may have rows beyond those
        // that there are, ends less than a tile behind them, as far as the caller promises that numbers can be read. Room
        // for all rows of all tiles was reserved behind the column's values, and of what is stored there in whole vectors
        // the first `rows` values are counted.
        unsafe {
            let target = column.as_mut_ptr().add(column.len());
            for at in 0..tiles {
                let numbers = lists.numbers.as_ptr().add(at * FIELDS);
                let mut row = _mm512_setzero_si512();
                for part in 0..FIELDS {
                    let numbers = load(&*numbers.add(part));
                    row = match T::DTYPE {
                        Dtype::F32 => {
                            let places =
                                Tile::<16, FIELDS>::PLACES[field].map(|place| place as u32);
                            let places = _mm512_loadu_si512(places.as_ptr().cast());
                            let mask = Tile::<16, FIELDS>::ROWS_IN[field][part];
                            _mm512_mask_permutexvar_epi32(row, mask, places, numbers)
                        }
                        Dtype::F64 => {
                            let places = Tile::<8, FIELDS>::PLACES[field];
                            let places = _mm512_loadu_si512(places.as_ptr().cast());
                            let mask = Tile::<8, FIELDS>::ROWS_IN[field][part] as u8;
                            _mm512_mask_permutexvar_epi64(row, mask, places, numbers)
                        }
                    };
                }
                _mm512_storeu_si512(target.add(at * tile).cast(), row);
            }
            column.set_len(column.len() + rows);
        }
    }
}
