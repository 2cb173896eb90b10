//! A folder that is held open: what is read of it, or removed from it, is in this very folder, whatever becomes of its name
//! meanwhile.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
#[cfg(unix)]
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use super::Lock;
#[cfg(not(unix))]
use super::lock;
#[cfg(not(unix))]
use super::open_regular;
#[cfg(unix)]
use super::{lock_at, open_at};

/// A folder, held by a descriptor where the system has such, else only by its name.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    #[cfg(unix)]
    descriptor: std::os::fd::OwnedFd,
}

impl Folder {
    /// Opens the folder at `path`; `NotADirectory` where something else is there.
    #[cfg(unix)]
    pub fn open(path: &Path) -> io::Result<Self> {
        use rustix::fs::{Mode, OFlags};
        // To find files in a folder takes less permission than to list them.
        #[cfg(target_os = "linux")]
        const ACCESS: OFlags = OFlags::PATH;
        #[cfg(not(target_os = "linux"))]
        const ACCESS: OFlags = OFlags::RDONLY;
        let flags = ACCESS | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = || rustix::fs::open(path, flags, Mode::empty());
        let descriptor = rustix::io::retry_on_intr(open)?;
        Ok(Self { path: path.to_owned(), descriptor })
    }

    #[cfg(not(unix))]
    pub fn open(path: &Path) -> io::Result<Self> {
        if !std::fs::metadata(path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Opens a file for reading, or says with `None` that it is no regular file. It never waits, as a pipe that nobody
    /// writes to would have it.
    #[cfg(unix)]
    pub fn file(&self, name: &str) -> io::Result<Option<File>> {
        open_at(self.descriptor.as_fd(), name, rustix::fs::OFlags::RDONLY)
    }

    #[cfg(not(unix))]
    pub fn file(&self, name: &str) -> io::Result<Option<File>> {
        open_regular(&self.path.join(name))
    }

    /// Opens the folder at `path` to list it and to remove what is in it; `NotADirectory` where something else is there, and
    /// be it a link to a folder.
    pub fn open_to_change(path: &Path) -> io::Result<Self> {
        #[cfg(unix)]
        return Self::open_to_change_in(rustix::fs::CWD, path.as_os_str(), path.to_owned());
        #[cfg(not(unix))]
        match std::fs::symlink_metadata(path)?.is_dir() {
            true => Ok(Self { path: path.to_owned() }),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The same for a folder in this one.
    pub fn folder_to_change(&self, name: &OsStr) -> io::Result<Self> {
        let path = self.path.join(name);
        #[cfg(unix)]
        return Self::open_to_change_in(self.descriptor.as_fd(), name, path);
        #[cfg(not(unix))]
        Self::open_to_change(&path)
    }

    #[cfg(unix)]
    fn open_to_change_in(
        folder: std::os::fd::BorrowedFd<'_>,
        name: &OsStr,
        path: PathBuf,
    ) -> io::Result<Self> {
        use rustix::fs::{Mode, OFlags, openat};
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::io::retry_on_intr(|| openat(folder, name, flags, Mode::empty())) {
            Ok(descriptor) => Ok(Self { path, descriptor }),
            // What some systems say of a link.
            Err(rustix::io::Errno::LOOP) => Err(io::ErrorKind::NotADirectory.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// The names of all that is in a folder that was opened to be changed. On Linux that takes no further descriptor.
    #[cfg(unix)]
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        use std::os::unix::ffi::OsStrExt;
        let mut names = Vec::new();
        let mut keep = |name: &std::ffi::CStr| {
            if ![&b"."[..], b".."].contains(&name.to_bytes()) {
                names.push(OsStr::from_bytes(name.to_bytes()).to_owned());
            }
        };
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{RawDir, SeekFrom, seek};
            let mut buffer = [std::mem::MaybeUninit::uninit(); 16 << 10];
            // It may have been listed before.
            seek(&self.descriptor, SeekFrom::Start(0))?;
            let mut entries = RawDir::new(&self.descriptor, &mut buffer);
            while let Some(entry) = entries.next() {
                keep(entry?.file_name());
            }
        }
        #[cfg(not(target_os = "linux"))]
        for entry in rustix::fs::Dir::read_from(&self.descriptor)? {
            keep(entry?.file_name());
        }
        Ok(names)
    }

    #[cfg(not(unix))]
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        std::fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    /// Removes what is no folder.
    pub fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        #[cfg(unix)]
        return Ok(rustix::fs::unlinkat(&self.descriptor, name, rustix::fs::AtFlags::empty())?);
        #[cfg(not(unix))]
        std::fs::remove_file(self.path.join(name))
    }

    /// Removes an empty folder.
    pub fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        #[cfg(unix)]
        return Ok(rustix::fs::unlinkat(&self.descriptor, name, rustix::fs::AtFlags::REMOVEDIR)?);
        #[cfg(not(unix))]
        std::fs::remove_dir(self.path.join(name))
    }

    /// Asks for the lock of a file in it, as [`lock`](super::lock) does.
    pub fn lock(&self, name: &str, alone: bool) -> Lock {
        #[cfg(unix)]
        return lock_at(self.descriptor.as_fd(), name, alone);
        #[cfg(not(unix))]
        lock(&self.path.join(name), alone)
    }

    /// Whether it belongs to this user, and nobody else may put anything into it, as far as the system knows users.
    pub fn is_of_this_user_alone(&self) -> bool {
        /// For the group and for all others.
        #[cfg(unix)]
        const WRITABLE: u32 = 0o022;
        #[cfg(unix)]
        return rustix::fs::fstat(&self.descriptor).is_ok_and(|about| {
            #[allow(clippy::useless_conversion, reason = "the types differ between systems")]
            let mode = u32::from(about.st_mode);
            about.st_uid == rustix::process::geteuid().as_raw() && mode & WRITABLE == 0
        });
        #[cfg(not(unix))]
        true
    }

    /// Whether its name is now that of another folder, or of none.
    #[cfg(unix)]
    pub fn is_replaced(&self) -> bool {
        let (Ok(held), Ok(named)) =
            (rustix::fs::fstat(&self.descriptor), rustix::fs::stat(&self.path))
        else {
            return true;
        };
        (held.st_dev, held.st_ino) != (named.st_dev, named.st_ino)
    }

    #[cfg(not(unix))]
    pub fn is_replaced(&self) -> bool {
        !self.path.is_dir()
    }
}

/// Whether the system refuses to open a file because this process has as many open as it may.
pub fn has_too_many_open(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error());
    #[cfg(not(unix))]
    {
        // There is no such limit.
        let _ = error;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_nothing_is_waited_for() {
        let parent = tempfile::tempdir().unwrap();
        std::fs::write(parent.path().join("file"), "text").unwrap();
        std::fs::create_dir(parent.path().join("folder")).unwrap();
        let folder = Folder::open(parent.path()).unwrap();
        assert!(folder.file("file").unwrap().is_some());
        assert!(folder.file("folder").unwrap().is_none());
        assert_eq!(folder.file("none").unwrap_err().kind(), io::ErrorKind::NotFound);
        #[cfg(unix)]
        {
            let path = |name| parent.path().join(name);
            let made = std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap();
            assert!(made.success());
            assert!(folder.file("pipe").unwrap().is_none());
            let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
            assert!(folder.file("socket").unwrap().is_none());
            std::os::unix::fs::symlink("loop", path("loop")).unwrap();
            assert!(folder.file("loop").is_err());
        }
        let error = Folder::open(&parent.path().join("file")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_renamed_is_still_the_one_that_is_read() {
        let parent = tempfile::tempdir().unwrap();
        let [name, other] = ["name", "other"].map(|name| parent.path().join(name));
        std::fs::create_dir(&name).unwrap();
        std::fs::write(name.join("file"), "old").unwrap();
        let folder = Folder::open(&name).unwrap();
        assert!(!folder.is_replaced());
        std::fs::rename(&name, &other).unwrap();
        assert!(folder.is_replaced());
        std::fs::create_dir(&name).unwrap();
        std::fs::write(name.join("file"), "new").unwrap();
        assert!(folder.is_replaced());
        let file = folder.file("file").unwrap().unwrap();
        assert_eq!(io::read_to_string(file).unwrap(), "old");
    }
}
