//! What this process has not finished, for its sudden end.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::remove;

/// The temporary outputs that exist now, for [`remove_unfinished`].
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes every temporary output of this process that is not yet complete: for a process that is about to exit
/// while other threads still write, when nothing is dropped. They cannot commit any more.
pub fn remove_unfinished() {
    let unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    // What was begun last may lie in what was begun before it.
    for path in unfinished.iter().rev() {
        // A folder that a thread still fills can need another try; what cannot be removed is left.
        let _ = (0..3).find(|_| remove(path).is_ok());
    }
    // Whoever would begin or commit an output from here on waits for a lock that is never free again.
    std::mem::forget(unfinished);
}

/// A temporary output that is on the list for as long as this lives.
#[derive(Debug)]
pub(super) struct Unfinished(Option<PathBuf>);

impl Unfinished {
    /// Makes a temporary output and lists it, in one step for [`remove_unfinished`].
    pub(super) fn list<T>(
        make: impl FnOnce() -> io::Result<T>,
        path: impl FnOnce(&T) -> &Path,
    ) -> io::Result<(T, Self)> {
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        let made = make()?;
        let path = path(&made).to_owned();
        unfinished.push(path.clone());
        Ok((made, Self(Some(path))))
    }

    /// Takes it from the list when `commit` succeeds, and lists what that says is left to be removed. None is removed
    /// while it is being committed.
    pub(super) fn complete(
        mut self,
        commit: impl FnOnce() -> io::Result<Option<PathBuf>>,
    ) -> io::Result<Self> {
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        // Until now, or an error would have to take the lock again to drop it.
        let committed = commit();
        if let Ok(left) = &committed {
            unfinished.retain(|path| Some(path) != self.0.as_ref());
            unfinished.extend(left.clone());
            self.0.clone_from(left);
        }
        drop(unfinished);
        committed.map(|_| self)
    }

    /// What is listed.
    pub(super) fn path(&self) -> Option<&Path> {
        self.0.as_deref()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.0.is_some() {
            let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
            unfinished.retain(|path| Some(path) != self.0.as_ref());
        }
    }
}
