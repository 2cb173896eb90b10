//! Files that are looked at where the system has them in memory, instead of being copied from there.
//!
//! That saves a copy of all that is looked at, which takes a fifth of the time of what is then done with it, but
//! only where the file is in memory as a whole: the system brings in what is not page by page, which takes twice as
//! long as reading. And it has a danger of its own, which [`guard`] takes away.

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod guard;

use std::fs::File;

/// The bytes of a file, from its first on. They are those that the file has at the moment when they are looked at: whoever
/// writes to it changes them. Where it has been cut, or cannot be read, they are zeros.
#[derive(Debug)]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) struct Mapped {
    // In this order: what is no longer guarded must not be looked at any more.
    map: memmap2::Mmap,
    guarded: guard::Guarded,
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
impl Mapped {
    /// The first so many bytes of a file, if all of them are in memory, as far as that can be told from a few of them.
    pub(crate) fn new(file: &File, bytes: usize) -> Option<Self> {
        if bytes == 0 || !is_in_memory(file, bytes as u64) {
            return None;
        }
        #[expect(unsafe_code, reason = "maps a file")]
        // SAFETY: Others may write to the file, and cut it. The map is guarded before anything of it is looked at, so what
        // was cut is zeros; and values of any bits are values of the types that are made of it. Whoever looks at a value
        // twice may find another one, which is why no index is ever made of one but by arithmetic whose result is checked.
        let map = unsafe { memmap2::MmapOptions::new().len(bytes).map(file) }.ok()?;
        let guarded = guard::Guarded::new(&map)?;
        Some(Self { map, guarded })
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map
    }
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
impl Drop for Mapped {
    fn drop(&mut self) {
        self.guarded.end();
    }
}

/// Whether these bytes of a file are in memory: looks at a few places of them.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn is_in_memory(file: &File, bytes: u64) -> bool {
    use std::io::IoSliceMut;

    use rustix::io::{ReadWriteFlags, preadv2};

    /// If one page of twenty is elsewhere, so many find one nineteen times of twenty.
    const PLACES: u64 = 64;
    (0..PLACES).all(|place| {
        let mut byte = [0];
        let at = (u128::from(bytes - 1) * u128::from(place) / u128::from(PLACES - 1)) as u64;
        // A file system that cannot say is taken for one that has it elsewhere.
        let read = preadv2(file, &mut [IoSliceMut::new(&mut byte)], at, ReadWriteFlags::NOWAIT);
        read.is_ok_and(|read| read == 1)
    })
}

/// Elsewhere, files are read.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
#[derive(Debug)]
pub(crate) enum Mapped {}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
impl Mapped {
    pub(crate) fn new(_: &File, _: usize) -> Option<Self> {
        None
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match *self {}
    }
}
