//! Outputs that appear whole or not at all.
//!
//! A [`StagedFile`] or [`StagedDir`] is written under a temporary name beside its destination and renamed into
//! place by `commit`. Dropped before that, by an error, a cancelled run or a panic, it removes what it wrote
//! and leaves whatever stood at the destination as it was.
//!
//! Data is handed to the operating system before the rename but not forced to the platter: every output can be
//! made again, readers check lengths before they trust a file, and an `fsync` of gigabytes would cost
//! more than the whole run.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::os;

/// The temporary outputs that exist now, for [`remove_unfinished`].
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes every temporary output of this process that is not yet complete: for a process that is about to exit
/// while other threads still write, when nothing is dropped. They cannot commit any more.
pub fn remove_unfinished() {
    let unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    // What was begun last may lie in what was begun before it.
    for path in unfinished.iter().rev() {
        // A folder that a thread still fills can need another try; what cannot be removed is left.
        let _ = (0..3).find(|_| {
            let removed =
                if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            removed.is_ok()
        });
    }
    // Whoever would begin or commit an output from here on waits for a lock that is never free again.
    std::mem::forget(unfinished);
}

/// A temporary output that is on the list for as long as this lives.
#[derive(Debug)]
struct Unfinished(PathBuf);

impl Unfinished {
    /// Makes a temporary output and lists it, in one step for [`remove_unfinished`].
    fn list<T>(
        make: impl FnOnce() -> io::Result<T>,
        path: impl FnOnce(&T) -> &Path,
    ) -> io::Result<(T, Self)> {
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        let made = make()?;
        let path = path(&made).to_owned();
        unfinished.push(path.clone());
        Ok((made, Self(path)))
    }

    /// Takes it from the list when `commit` succeeds. None is removed while it is being committed.
    fn complete<T>(&self, commit: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        let done = commit()?;
        unfinished.retain(|path| *path != self.0);
        Ok(done)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        unfinished.retain(|path| *path != self.0);
    }
}

/// A file that is written beside its destination and renamed over it by [`StagedFile::commit`].
#[derive(Debug)]
pub struct StagedFile {
    temporary: tempfile::NamedTempFile,
    destination: PathBuf,
    unfinished: Unfinished,
}

impl StagedFile {
    /// Opens an empty temporary file in the folder of `destination`. A destination that is a symbolic link
    /// keeps being one: the file it points to is the one that is replaced.
    ///
    /// # Errors
    /// When the folder does not exist or cannot be written, or when `destination` exists and is not a regular
    /// file: a folder, a device or a pipe must never be renamed over.
    pub fn create(destination: &Path) -> io::Result<Self> {
        let destination = resolve(destination)?;
        if let Ok(existing) = fs::metadata(&destination) {
            if existing.is_dir() {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory"));
            }
            if !existing.is_file() {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "exists and is not a regular file",
                ));
            }
        }
        let (temporary, unfinished) = Unfinished::list(
            || builder(&prefix(&destination), 0o666).tempfile_in(folder(&destination)),
            tempfile::NamedTempFile::path,
        )?;
        Ok(Self { temporary, destination, unfinished })
    }

    /// The file to write to.
    pub fn file(&mut self) -> &mut File {
        self.temporary.as_file_mut()
    }

    /// Renames the file to its destination, replacing a file that stands there.
    ///
    /// # Errors
    /// When the rename fails; the temporary file is removed then.
    pub fn commit(self) -> io::Result<()> {
        let Self { temporary, destination, unfinished } = self;
        unfinished
            .complete(|| temporary.persist(&destination).map(drop).map_err(|error| error.error))
    }
}

/// A folder that is filled beside its destination and renamed to it by [`StagedDir::commit`].
#[derive(Debug)]
pub struct StagedDir {
    temporary: tempfile::TempDir,
    destination: PathBuf,
    unfinished: Unfinished,
}

impl StagedDir {
    /// Makes an empty temporary folder beside `destination`. Whether a folder that already stands there may be
    /// replaced is the caller's to decide, before.
    ///
    /// # Errors
    /// When the parent folder does not exist or cannot be written.
    pub fn create(destination: &Path) -> io::Result<Self> {
        let destination = resolve(destination)?;
        let (temporary, unfinished) = Unfinished::list(
            || builder(&prefix(&destination), 0o777).tempdir_in(folder(&destination)),
            tempfile::TempDir::path,
        )?;
        Ok(Self { temporary, destination, unfinished })
    }

    /// The temporary folder to fill.
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Renames the folder to its destination. A folder that stands there is exchanged with it in one step where
    /// the operating system can do that, and removed afterwards.
    ///
    /// # Errors
    /// When a rename fails; the destination is then what it was, and the temporary folder is removed.
    pub fn commit(self) -> io::Result<()> {
        match fs::symlink_metadata(&self.destination) {
            Ok(_) => {
                self.unfinished
                    .complete(|| os::exchange(self.temporary.path(), &self.destination))?;
                // The temporary name now holds the old folder.
                remove(self.temporary)
            }
            Err(_) => {
                self.unfinished
                    .complete(|| fs::rename(self.temporary.path(), &self.destination))?;
                // Nothing is left under the temporary name to remove.
                let _ = self.temporary.keep();
                Ok(())
            }
        }
    }
}

/// Removes a folder, with the files in it on the threads of the current rayon pool: the system takes a while to give back
/// the memory that holds large ones.
fn remove(folder: tempfile::TempDir) -> io::Result<()> {
    let entries = fs::read_dir(folder.path())?.collect::<io::Result<Vec<_>>>()?;
    rayon::scope(|scope| {
        for entry in entries {
            // What cannot be removed is tried again, and an error, below.
            scope.spawn(move |_| drop(fs::remove_file(entry.path())));
        }
    });
    folder.close()
}

/// A folder in the system's place for temporary ones, removed when it is dropped and by [`remove_unfinished`]: for what
/// nobody is to see.
#[derive(Debug)]
pub struct TemporaryDir {
    temporary: tempfile::TempDir,
    _unfinished: Unfinished,
}

impl TemporaryDir {
    /// Makes an empty folder whose name begins with `prefix`.
    ///
    /// # Errors
    /// When the system's place for temporary folders cannot be written.
    pub fn create(prefix: &str) -> io::Result<Self> {
        let (temporary, _unfinished) = Unfinished::list(
            || tempfile::Builder::new().prefix(prefix).tempdir(),
            tempfile::TempDir::path,
        )?;
        Ok(Self { temporary, _unfinished })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }
}

/// Follows a symbolic link at `destination`, so that the link survives and its target is what is replaced.
fn resolve(destination: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(destination) {
        Ok(metadata) if metadata.is_symlink() => fs::canonicalize(destination),
        _ => Ok(destination.to_path_buf()),
    }
}

fn folder(destination: &Path) -> &Path {
    match destination.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Temporary names start with a dot and say what they are, for whoever finds one after a crash.
fn prefix(destination: &Path) -> String {
    let name = destination.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.partial-")
}

/// Whether there is a temporary output of this destination, of a run that goes on or has ended before its time.
pub(crate) fn is_under_way(destination: &Path) -> bool {
    let prefix = prefix(destination);
    fs::read_dir(folder(destination)).is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
    })
}

/// The mode is narrowed by the umask, as for any new file.
fn builder(prefix: &str, mode: u32) -> tempfile::Builder<'_, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_was_replaced_is_removed_with_all_that_is_in_it() {
        let parent = tempfile::tempdir().unwrap();
        let destination = parent.path().join("out");
        fs::create_dir_all(destination.join("inner")).unwrap();
        for name in ["a", "b", "inner/c"] {
            fs::write(destination.join(name), name).unwrap();
        }
        let staged = StagedDir::create(&destination).unwrap();
        fs::write(staged.path().join("new"), "new").unwrap();
        staged.commit().unwrap();
        let names = |path: &Path| -> Vec<_> {
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect()
        };
        assert_eq!(names(parent.path()), ["out"]);
        assert_eq!(names(&destination), ["new"]);
    }
}
