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
        let mut mask = unsafe {
            if blanks {
                V::equal_any(block, [b' ', b'\t', b'\n'])
            } else {
                V::equal_any(block, [delimiter, b'\n', b'\n'])
            }
        };
        if blanks {
            let runs = mask << 1 | before;
            before = mask >> 63;
            mask &= !runs;
        }
        let base = (start + index * 64) as u32;
        let count = mask.count_ones() as usize;
        let length = ends.len();
        let spare = ends.spare_capacity_mut();
        // Eight at a time without a branch for each; what is written too much is overwritten later.
        let mut written = 0;
        while written < count {
            for slot in &mut spare[written..written + 8] {
                slot.write(base.wrapping_add(mask.trailing_zeros()));
                mask &= mask.wrapping_sub(1);
            }
            written += 8;
        }
        // SAFETY: `count` elements have been written, and there was room for one each byte, and 64 more.
        unsafe { ends.set_len(length + count) };
    }
}
