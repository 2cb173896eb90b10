//! What operating systems do differently, each with a plain fallback.

use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::path::Path;

/// Reads into `buffer` from byte `offset` of `file`, without moving a shared cursor where the system allows it.
/// Returns the number of bytes read: less than asked for at the end of the file, 0 past it.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match read_some_at(file, &mut buffer[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Makes room in `buffer` for bytes of a file, of which the first is byte `offset`, and says where that should go: to the
/// same place in a page of memory as it has in a page of the file. The system copies with an instruction that on some
/// processors (AMD's Zen 3 and 4) takes two to four times as long where that place is 1 to 31 bytes further on.
///
/// The buffer only grows: zeros would have to be written again for every piece.
pub(crate) fn place_in_page(buffer: &mut Vec<u8>, bytes: usize, offset: u64) -> usize {
    const PAGE: usize = 4096;
    if buffer.len() < bytes + PAGE {
        buffer.resize(bytes + PAGE, 0);
    }
    (offset as usize).wrapping_sub(buffer.as_ptr().addr()) % PAGE
}

/// Writes all of `data` at byte `offset` of `file`, which may lie beyond its end.
pub(crate) fn write_all_at(file: &File, mut data: &[u8], mut offset: u64) -> io::Result<()> {
    while !data.is_empty() {
        match write_some_at(file, data, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                data = &data[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Finds room on the disk for bytes of `file`, of which some may lie behind its end, which stays where it is. Says whether
/// that was done: only on ext4, which else looks for room block by block (tmpfs, the other way round, would clear
/// it), and only where plenty is free, so that what is reserved in vain is missed by nobody.
#[cfg(target_os = "linux")]
pub(crate) fn reserve(file: &File, bytes: Range<u64>) -> bool {
    use rustix::fs::{FallocateFlags, fallocate, fstatfs};
    const EXT4: u64 = 0xEF53;
    const PLENTY: u64 = 1 << 30;
    let Ok(system) = fstatfs(file) else { return false };
    #[allow(clippy::unnecessary_cast, reason = "the types differ between processors")]
    let (kind, free) =
        (system.f_type as u64, (system.f_bavail as u64).saturating_mul(system.f_bsize as u64));
    kind == EXT4
        && free > PLENTY
        && fallocate(file, FallocateFlags::KEEP_SIZE, bytes.start, bytes.end - bytes.start).is_ok()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn reserve(_: &File, _: Range<u64>) -> bool {
    false
}

/// Time of the last change of content or attributes in nanoseconds since 1970, where there is one.
#[cfg(unix)]
pub(crate) fn changed(metadata: &Metadata) -> Option<i64> {
    use std::os::unix::fs::MetadataExt;
    metadata.ctime().checked_mul(1_000_000_000)?.checked_add(metadata.ctime_nsec())
}

#[cfg(not(unix))]
pub(crate) fn changed(_: &Metadata) -> Option<i64> {
    None
}

/// The number of a file in its file system, where there is one.
#[cfg(unix)]
pub(crate) fn inode(metadata: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::ino(metadata))
}

#[cfg(not(unix))]
pub(crate) fn inode(_: &Metadata) -> Option<u64> {
    None
}

#[cfg(unix)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(unix)]
fn write_some_at(file: &File, data: &[u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, data, offset)
}

// `seek_read` and `seek_write` move the cursor, but nobody here relies on where it is.
#[cfg(windows)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(windows)]
fn write_some_at(file: &File, data: &[u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, data, offset)
}

/// Exchanges two folders: in one step on Linux; elsewhere, or on a file system that cannot, through a third
/// name, with the first step taken back when the second fails.
pub(crate) fn exchange(first: &Path, second: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, first, CWD, second, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    let mut aside = first.as_os_str().to_owned();
    aside.push("-old");
    std::fs::rename(second, &aside)?;
    if let Err(error) = std::fs::rename(first, second) {
        let _ = std::fs::rename(&aside, second);
        return Err(error);
    }
    std::fs::rename(&aside, first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_file_have_their_place_in_a_page() {
        let mut buffer = Vec::new();
        for (bytes, offset) in [(0, 0), (1, 4095), (10, 1), (5000, 4096 * 7 + 12), (3, u64::MAX)] {
            let start = place_in_page(&mut buffer, bytes, offset);
            assert!(start < 4096 && start + bytes <= buffer.len());
            let address = buffer[start..].as_ptr().addr();
            assert_eq!(address as u64 % 4096, offset % 4096);
        }
    }
}
