//! A folder that is held open: what is read of it is read of this very folder, whatever becomes of its name meanwhile.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A folder, held by a descriptor where the system has such, else only by its name.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    #[cfg(unix)]
    descriptor: std::os::fd::OwnedFd,
}

impl Folder {
    /// Opens the folder at `path`; `NotADirectory` where something else is there.
    #[cfg(unix)]
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
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
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if !std::fs::metadata(path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Opens a file for reading, or says with `None` that it is no regular file. It never waits, as a pipe that nobody
    /// writes to would have it.
    #[cfg(unix)]
    pub(crate) fn file(&self, name: &str) -> io::Result<Option<File>> {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let open = || rustix::fs::openat(&self.descriptor, name, flags, Mode::empty());
        let file = match rustix::io::retry_on_intr(open) {
            // A socket.
            Err(rustix::io::Errno::NXIO) => return Ok(None),
            result => File::from(result?),
        };
        Ok(file.metadata()?.is_file().then_some(file))
    }

    #[cfg(not(unix))]
    pub(crate) fn file(&self, name: &str) -> io::Result<Option<File>> {
        let path = self.path.join(name);
        if !std::fs::metadata(&path)?.is_file() {
            return Ok(None);
        }
        File::open(path).map(Some)
    }

    /// Whether its name is now that of another folder, or of none.
    #[cfg(unix)]
    pub(crate) fn is_replaced(&self) -> bool {
        let (Ok(held), Ok(named)) =
            (rustix::fs::fstat(&self.descriptor), rustix::fs::stat(&self.path))
        else {
            return true;
        };
        (held.st_dev, held.st_ino) != (named.st_dev, named.st_ino)
    }

    #[cfg(not(unix))]
    pub(crate) fn is_replaced(&self) -> bool {
        !self.path.is_dir()
    }
}

/// Whether the system refuses to open a file because this process has as many open as it may.
pub(crate) fn has_too_many_open(error: &io::Error) -> bool {
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
