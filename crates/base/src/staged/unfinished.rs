//! What this process has not finished, for its sudden end.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::removal::remove;

/// The temporary outputs that exist now, for [`remove_unfinished`].
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes every temporary output of this process that is not yet complete: for a process that is about to exit
/// while other threads still write, when nothing is dropped. They cannot commit any more. One that is being made or committed
/// just now is waited for, but not longer than `patience`: on the disk of a machine that does not answer, that takes as
/// long as it likes, and all is left then.
pub fn remove_unfinished(patience: Duration) {
    remove_all(&UNFINISHED, patience);
}

fn remove_all(listed: &Mutex<Vec<PathBuf>>, patience: Duration) {
    /// Between two looks.
    const PAUSE: Duration = Duration::from_millis(5);
    let start = Instant::now();
    let unfinished = loop {
        match listed.try_lock() {
            Ok(unfinished) => break unfinished,
            Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
            Err(TryLockError::WouldBlock) if start.elapsed() >= patience => return,
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
        }
    };
    // What was begun last may lie in what was begun before it.
    for path in unfinished.iter().rev() {
        // What cannot be removed is left.
        let _ = remove(path);
    }
    // Whoever would begin or commit an output from here on waits for a lock that is never free again.
    std::mem::forget(unfinished);
}

/// A temporary output that is on the list for as long as this lives.
#[derive(Debug)]
pub(super) struct Unfinished(Option<PathBuf>);

impl Unfinished {
    /// Makes a temporary output and lists its path, in one step for [`remove_unfinished`].
    pub(super) fn list<T>(
        make: impl FnOnce() -> io::Result<(T, PathBuf)>,
    ) -> io::Result<(T, Self)> {
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        let (made, path) = make()?;
        unfinished.push(path.clone());
        Ok((made, Self(Some(path))))
    }

    /// Takes it from the list when `commit`, which is given its path, succeeds, and lists what that says is left to be
    /// removed. None is removed while it is being committed.
    pub(super) fn complete(
        &mut self,
        commit: impl FnOnce(&Path) -> io::Result<Option<PathBuf>>,
    ) -> io::Result<()> {
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        let left = commit(self.0.as_deref().unwrap_or(Path::new("")))?;
        unfinished.retain(|path| Some(path) != self.0.as_ref());
        unfinished.extend(left.clone());
        self.0 = left;
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_whose_commit_does_not_end_keeps_no_process_from_its_own_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("partial");
        std::fs::write(&path, "").unwrap();
        let listed = Mutex::new(vec![path.clone()]);
        let committing = listed.lock().unwrap();
        remove_all(&listed, Duration::from_millis(20));
        assert!(path.exists());
        drop(committing);
        remove_all(&listed, Duration::ZERO);
        assert!(!path.exists());
        assert!(listed.try_lock().is_err(), "nothing is committed after that");
    }
}
