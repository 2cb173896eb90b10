//! What operating systems do differently, each with a plain fallback.

use std::fs::File;
use std::io;
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
