//! Where fields end.

/// How a kernel finds them. Every method is inlined into a function that has the processor features of the type.
pub(super) trait Separators: Copy {
    /// Bit i is set where byte i of the block is `delimiter` or a newline, or a tab where the delimiter is a blank.
    ///
    /// # Safety
    /// The processor has the features of the type.
    unsafe fn separators(block: &[u8; 64], delimiter: u8) -> u64;
    /// Writes `base` plus the place of every set bit of `mask` to `ends`, and possibly more behind them, up to 64 in all.
    ///
    /// # Safety
    /// The processor has the features of the type, and there is room for 64 places.
    unsafe fn store_places(mask: u64, base: u32, ends: *mut u32);
}

/// Appends to `ends`, as offsets into `text`, where the fields end that begin in `text[start..end]`, a number of whole
/// 64-byte blocks. Where the delimiter is a blank, only the first separator of a run ends a field; the byte before
/// `start` counts as a separator.
///
/// # Safety
/// The processor has the features of `V`.
#[inline(always)]
pub(super) unsafe fn find_ends<V: Separators>(
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
        // SAFETY: The processor has the features of `V`, as the caller promises.
        let mut mask = unsafe { V::separators(block, delimiter) };
        if blanks {
            let runs = mask << 1 | before;
            before = mask >> 63;
            mask &= !runs;
        }
        let base = (start + index * 64) as u32;
        let length = ends.len();
        // SAFETY: The features as above. There was room for one end each byte, and 64 more. The blocks before this one, of 64
        // bytes each, have ended as many fields at most, so there is room for 64. Of these, as many as the mask has bits
        // have been written, and only they are counted.
        unsafe {
            V::store_places(mask, base, ends.as_mut_ptr().add(length));
            ends.set_len(length + mask.count_ones() as usize);
        }
    }
}
