//! Large memory that begins as zeros, in huge pages where the system has them.
//!
//! The system hands out zeroed pages when they are first touched, by whichever thread touches them, so a plane of
//! zeros is neither written twice nor written by one thread. With pages of 2 MiB that costs a fifth of what it costs
//! with 4 KiB, and points that fall anywhere in a large grid find their page without a walk through its table.

#[cfg(target_os = "linux")]
mod available;

use std::collections::TryReserveError;
use std::io;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::Zeroable;
use memmap2::MmapMut;

/// `len` values, at first all zero. Asking for more than there is is an error and not the end of the process, as far as
/// the system says so in time.
#[derive(Debug)]
pub struct Zeroed<T> {
    /// None where there are no bytes.
    map: Option<MmapMut>,
    len: usize,
    values: PhantomData<T>,
}

impl<T: Zeroable + Copy> Zeroed<T> {
    /// So many zeros.
    ///
    /// # Errors
    /// `OutOfMemory`, or what the system says, when there are not so many.
    pub fn new(len: usize) -> io::Result<Self> {
        const {
            assert!(align_of::<T>() <= 4096, "a map begins at a page");
        }
        let bytes = len
            .checked_mul(size_of::<T>())
            .filter(|&bytes| bytes <= isize::MAX as usize)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let map = if bytes == 0 {
            None
        } else {
            let map = MmapMut::map_anon(bytes)?;
            #[cfg(target_os = "linux")]
            {
                // Where there are none, small ones do.
                let _ = map.advise(memmap2::Advice::HugePage);
            }
            Some(map)
        };
        Ok(Self { map, len, values: PhantomData })
    }
}

impl<T: Zeroable + Copy> Deref for Zeroed<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.map {
            None => &[],
            // SAFETY: the map holds `len` values, begins at a page, and is borrowed as long as the slice. It began as
            // zeros, which are a value of this type, and only values of this type have been written since.
            Some(map) => unsafe { std::slice::from_raw_parts(map.as_ptr().cast(), self.len) },
        }
    }
}

impl<T: Zeroable + Copy> DerefMut for Zeroed<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.map {
            None => &mut [],
            // SAFETY: the map holds `len` values, begins at a page, and is borrowed exclusively as long as the slice. It began as
            // zeros, which are a value of this type, and only values of this type can be written through the slice.
            Some(map) => unsafe {
                std::slice::from_raw_parts_mut(map.as_mut_ptr().cast(), self.len)
            },
        }
    }
}

/// Asks for the cache line of `values[index]`, which will be needed soon, in the second level of cache. It goes on
/// without waiting, and many such requests are under way at a time, many more than loads could be. Does nothing where
/// there is no such value or no such instruction.
#[inline(always)]
pub fn prefetch<T>(values: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instruction is part of every x86-64, and reads nothing: any address will do.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(values.as_ptr().wrapping_add(index).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, index);
}

/// `len` times this value.
///
/// # Errors
/// Where the system has no room for them.
pub fn filled<T: Clone>(len: usize, value: T) -> Result<Vec<T>, TryReserveError> {
    let mut values = Vec::new();
    values.try_reserve_exact(len)?;
    values.resize(len, value);
    Ok(values)
}

/// Makes a buffer `len` values long; where the system has no room for them, it is as it was.
///
/// # Errors
/// Where there is no room.
pub fn resize<T: Default + Clone>(buffer: &mut Vec<T>, len: usize) -> Result<(), TryReserveError> {
    buffer.try_reserve_exact(len.saturating_sub(buffer.len()))?;
    buffer.resize(len, T::default());
    Ok(())
}

/// Bytes of memory that can be taken without pushing anything else out: what is available on the machine, or
/// less where a control group sets a limit. `None` where the system does not say.
pub fn available_memory() -> Option<u64> {
    #[cfg(target_os = "linux")]
    return available::available_memory();
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_begins_as_zeros_and_keeps_what_is_written() {
        let mut values = Zeroed::<u32>::new(3_000_000).unwrap();
        assert!(values.iter().all(|&value| value == 0));
        values[2_999_999] = 7;
        assert_eq!((values.len(), values[2_999_999]), (3_000_000, 7));
    }

    #[test]
    fn no_values_take_no_memory() {
        assert!(Zeroed::<f64>::new(0).unwrap().is_empty());
        assert_eq!(Zeroed::<()>::new(5).unwrap().len(), 0);
    }

    #[test]
    fn memory_that_cannot_be_had_is_an_error() {
        assert!(filled(isize::MAX as usize, 0_u8).is_err());
        assert_eq!(filled(3, 7).unwrap(), [7; 3]);
        let mut few = vec![1_u8; 2];
        assert!(resize(&mut few, isize::MAX as usize).is_err());
        assert_eq!(few, [1; 2]);
        resize(&mut few, 3).unwrap();
        assert_eq!(few, [1, 1, 0]);
        assert!(Zeroed::<f64>::new(usize::MAX / 16).is_err());
        assert!(Zeroed::<f64>::new(usize::MAX / 4).is_err());
    }
}
