//! A temporary folder, and the file in it that is locked for as long as somebody fills it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::contents::RECORD;
use super::names::Names;
use super::removal::remove;
use super::unfinished::Unfinished;
use super::{ATTEMPTS, builder};
use crate::file;

/// A temporary folder, removed when it is dropped. It is there with an empty `points.json`, locked, from the beginning.
#[derive(Debug)]
pub(super) struct PartialFolder {
    /// None once it may be removed.
    lock: Option<File>,
    unfinished: Unfinished,
}

impl PartialFolder {
    /// Makes one in `folder`. The mode is narrowed by the umask.
    pub(super) fn create(names: &Names, folder: &Path, mode: u32) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let ((), unfinished) = Unfinished::list(|| {
                let path = builder(names, mode).tempdir_in(folder)?.keep();
                Ok(((), path))
            })?;
            let mut made = Self { lock: None, unfinished };
            let path = made.path().join(RECORD);
            match File::options().read(true).write(true).create_new(true).open(&path) {
                Ok(file) if file::hold(&file, &path) => {
                    made.lock = Some(file);
                    return Ok(made);
                }
                Ok(_) => {}
                // Somebody took the empty folder for one that was left behind.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        // It is listed until it has come to its place.
        self.unfinished.path().unwrap_or(Path::new(""))
    }

    /// The file that is locked.
    pub(super) fn locked(&mut self) -> Option<&mut File> {
        self.lock.as_mut()
    }

    /// Lets go of the lock where a folder with an open file can be neither renamed nor removed.
    pub(super) fn close_where_needed(&mut self) {
        if !cfg!(unix) {
            self.lock = None;
        }
    }

    /// Brings the folder to its place with `place`, which says what is left to be removed then, and returns the same. When it
    /// fails, the folder is still to be removed.
    pub(super) fn complete(
        &mut self,
        place: impl FnOnce(&Path) -> io::Result<Option<PathBuf>>,
    ) -> io::Result<Option<&Path>> {
        self.unfinished.complete(place)?;
        Ok(self.unfinished.path())
    }
}

impl Drop for PartialFolder {
    fn drop(&mut self) {
        let Some(path) = self.unfinished.path() else { return };
        // While it is locked, nobody takes it for what a dead run has left. Where that fails, the lock may have had the
        // descriptor which removing takes. What cannot be removed now is left to the next run.
        let is_removed = cfg!(unix) && remove(path).is_ok();
        self.lock = None;
        if !is_removed {
            let _ = remove(path);
        }
    }
}
