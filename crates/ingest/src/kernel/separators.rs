//! Where fields end.

use super::vector::Vector;

/// Appends to `ends`, as offsets into `text`, where the fields end that begin in `text[start..end]`, a number of whole
/// 64-byte blocks. Where the delimiter is a blank, only the first separator of a run ends a field; the byte before
/// `start` counts as a separator.
///
/// # Safety
/// The processor has the features of `V`.
#[inline(always)]
pub(super) unsafe fn find_ends<V: Vector>(
    text: &[u8],
    start: usize,
    end: usize,
    delimiter: u8,
    ends: &mut Vec<u32>,
) {
    let blanks = delimiter == b' ';
    let mut before = 1;
    let (blocks, _) = text[start..end].as_chunks::<64>();
    ends.reserve(end - start + 64);
    for (index, block) in blocks.iter().enumerate() {
        // SAFETY: The features are the caller's promise.
        let mut mask = unsafe { V::separators(block, delimiter) };
        if blanks {
            let runs = mask << 1 | before;
            before = mask >> 63;
            mask &= !runs;
        }
        let base = (start + index * 64) as u32;
        let length = ends.len();
        // SAFETY: There was room for one end each byte, and 64 more; as many are written as the mask has bits.
        unsafe {
            V::store_places(mask, base, ends.as_mut_ptr().add(length));
            ends.set_len(length + mask.count_ones() as usize);
        }
    }
}
