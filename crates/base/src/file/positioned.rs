//! Reading and writing at a place in a file, from any number of threads.

use std::fs::File;
use std::io;
use std::ops::Range;

#[cfg(target_os = "linux")]
use crate::filesystem::EXT4;

/// Reads into `buffer` from byte `offset` of `file`, without moving a shared cursor where the system allows it.
/// Returns the number of bytes read: less than asked for at the end of the file, 0 past it.
pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
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
pub fn place_in_page(buffer: &mut Vec<u8>, bytes: usize, offset: u64) -> usize {
    const PAGE: usize = 4096;
    if buffer.len() < bytes + PAGE {
        buffer.resize(bytes + PAGE, 0);
    }
    (offset as usize).wrapping_sub(buffer.as_ptr().addr()) % PAGE
}

/// Writes all of `data` at byte `offset` of `file`, which may lie beyond its end.
pub fn write_all_at(file: &File, mut data: &[u8], mut offset: u64) -> io::Result<()> {
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
pub fn reserve(file: &File, bytes: Range<u64>) -> bool {
    use rustix::fs::{FallocateFlags, fallocate, fstatfs};
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
pub fn reserve(_: &File, _: Range<u64>) -> bool {
    false
}

#[cfg(unix)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

// `seek_read` and `seek_write` move the cursor, but nobody here relies on where it is.
#[cfg(windows)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(unix)]
fn write_some_at(file: &File, data: &[u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, data, offset)
}

#[cfg(windows)]
fn write_some_at(file: &File, data: &[u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, data, offset)
}

/// Gives a file back to the system and says what that still has to say. Dropping it would not: where files are kept by
/// another machine, this is when it learns that its disk or the user's quota is full.
pub fn close(file: File) -> io::Result<()> {
    #[cfg(unix)]
    #[expect(unsafe_code, reason = "nothing safe says how closing a file went")]
    {
        use std::os::fd::IntoRawFd;
        // SAFETY: the descriptor is open, and `file`, which owned it, is gone: nobody uses or closes it after this.
        if unsafe { libc::close(file.into_raw_fd()) } == 0 {
            return Ok(());
        }
        match io::Error::last_os_error() {
            // It is closed all the same.
            error if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            error => Err(error),
        }
    }
    #[cfg(not(unix))]
    {
        drop(file);
        Ok(())
    }
}

/// Lets the disk begin with what was written to a file, without waiting for it.
pub fn begin_to_sync(file: &File, bytes: Range<u64>) {
    #[cfg(target_os = "linux")]
    #[expect(unsafe_code, reason = "nothing safe starts to write back without waiting")]
    {
        use std::os::fd::AsRawFd;
        let (Ok(start), Ok(length)) =
            (i64::try_from(bytes.start), i64::try_from(bytes.end - bytes.start))
        else {
            return;
        };
        // SAFETY: the descriptor is that of `file`, which is open, and the call touches no memory of ours. Where it cannot be
        // done, all is left to the end.
        unsafe {
            libc::sync_file_range(file.as_raw_fd(), start, length, libc::SYNC_FILE_RANGE_WRITE);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, bytes);
}

/// Fills `buffer` from byte `offset` of `file`, without moving a shared cursor where the system allows it.
///
/// # Errors
/// As reading; `UnexpectedEof` when the file ends before the buffer is full.
#[cfg(unix)]
pub fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

// `seek_read` moves the cursor, but nobody here relies on where it is.
#[cfg(windows)]
pub fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                buffer = &mut buffer[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
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
