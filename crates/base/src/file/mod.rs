//! What is at a path: regular files, and nothing that only has a name like one.

mod folder;
mod lock;
mod positioned;
mod version;

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

pub use folder::{Folder, has_too_many_open};
#[cfg(unix)]
pub use lock::lock_at;
pub use lock::{Lock, hold, lock};
pub use positioned::{
    begin_to_sync, close, place_in_page, read_at, read_exact_at, reserve, write_all_at,
};
pub use version::{changed, inode, is_of_this_user, look_steadily, time_to_settle};

/// What is at `path`, or where a link there leads; `None` where that is nothing.
///
/// # Errors
/// When the system does not say: that is no reason to believe that there is nothing.
pub fn metadata_if_there(path: &Path) -> io::Result<Option<Metadata>> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if is_of_nothing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether an error says that there is nothing at a path.
pub fn is_of_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Opens the file at `path` for reading; `None` where it is a folder, a pipe or a device: opening a pipe would wait for
/// somebody to write to it.
///
/// # Errors
/// As opening a file.
pub fn open_regular(path: &Path) -> io::Result<Option<File>> {
    // Some devices do something when they are opened, and whoever waits to write to a pipe would believe to be read.
    if !std::fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    // It may have become a pipe by now.
    #[cfg(unix)]
    return open_at(rustix::fs::CWD, path, rustix::fs::OFlags::RDONLY);
    #[cfg(not(unix))]
    File::open(path).map(Some)
}

/// Opens a regular file by its path from `folder` without ever waiting, as a pipe would have it; `None` where it is
/// something else.
#[cfg(unix)]
pub fn open_at(
    folder: std::os::fd::BorrowedFd<'_>,
    path: impl rustix::path::Arg + Copy,
    access: rustix::fs::OFlags,
) -> io::Result<Option<File>> {
    use rustix::fs::{Mode, OFlags, openat};
    let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::io::retry_on_intr(|| openat(folder, path, flags, Mode::empty())) {
        // A socket, or a pipe that nobody reads.
        Err(rustix::io::Errno::NXIO) => return Ok(None),
        opened => File::from(opened?),
    };
    Ok(file.metadata()?.is_file().then_some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_opened_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(open_regular(&path).is_err());
        std::fs::write(&path, "text").unwrap();
        assert!(open_regular(&path).unwrap().is_some());
        assert!(open_regular(folder.path()).unwrap().is_none());
        assert!(!cfg!(unix) || open_regular(Path::new("/dev/null")).unwrap().is_none());
    }

    #[test]
    fn nothing_is_at_a_path_only_where_the_system_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(metadata_if_there(&path).unwrap().is_none());
        std::fs::write(&path, "text").unwrap();
        assert!(metadata_if_there(&path).unwrap().unwrap().is_file());
        assert!(metadata_if_there(&path.join("within")).unwrap().is_none());
        // Longer than any name can be.
        assert!(metadata_if_there(&folder.path().join("n".repeat(5000))).is_err());
    }
}
