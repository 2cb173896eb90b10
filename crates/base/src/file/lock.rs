//! Locks that the system frees when their holder dies.

use std::fs::File;
#[cfg(unix)]
use std::fs::TryLockError;
#[cfg(unix)]
use std::os::fd::BorrowedFd;
use std::path::Path;

#[cfg(unix)]
use super::open_at;

/// What became of asking for a lock.
#[derive(Debug)]
pub enum Lock {
    /// It is held for as long as the file is open.
    Held(File),
    /// Another process holds it.
    Taken,
    /// There are no locks here, or no such file, or none that may be opened.
    Unknown,
}

/// Asks for the lock of the regular file at `path`, alone or with others who ask like that, and never waits. It is that of the
/// file that still has this name once the lock is held.
pub fn lock(path: &Path, alone: bool) -> Lock {
    #[cfg(unix)]
    return lock_at(rustix::fs::CWD, path, alone);
    // A file that is open cannot be renamed there, nor can the folder it lies in.
    #[cfg(not(unix))]
    {
        let _ = (path, alone);
        Lock::Unknown
    }
}

/// The same for a path from `folder`.
#[cfg(unix)]
pub fn lock_at(folder: BorrowedFd<'_>, path: impl rustix::path::Arg + Copy, alone: bool) -> Lock {
    use rustix::fs::OFlags;
    // A lock for one alone may need a file that is open for writing.
    let access = OFlags::RDWR | OFlags::NOFOLLOW;
    let Ok(Some(file)) = open_at(folder, path, access) else { return Lock::Unknown };
    let locked = if alone { file.try_lock() } else { file.try_lock_shared() };
    match locked {
        Ok(()) if has_name(&file, folder, path) => Lock::Held(file),
        Err(TryLockError::WouldBlock) => Lock::Taken,
        _ => Lock::Unknown,
    }
}

/// Holds the lock of a new file for as long as it is open, where there are locks. Says whether the file is ours: before
/// the lock was held, somebody may have taken it for one that was left behind.
pub fn hold(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    return match file.try_lock() {
        Ok(()) => has_name(file, rustix::fs::CWD, path),
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => true,
    };
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        true
    }
}

/// Whether a file is the one at this path from `folder`.
#[cfg(unix)]
fn has_name(file: &File, folder: BorrowedFd<'_>, path: impl rustix::path::Arg) -> bool {
    use rustix::fs::{AtFlags, fstat, statat};
    match (fstat(file), statat(folder, path, AtFlags::SYMLINK_NOFOLLOW)) {
        (Ok(file), Ok(named)) => (file.st_dev, file.st_ino) == (named.st_dev, named.st_ino),
        _ => false,
    }
}
