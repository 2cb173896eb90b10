//! A folder for what nobody is to see.

use std::fs::File;
use std::io;
use std::path::Path;

use super::create_folder;
use super::leftovers::sweep_folders;
use super::names::Names;
use super::unfinished::Unfinished;

/// A folder in the system's place for temporary ones, removed when it is dropped and by
/// [`remove_unfinished`](super::remove_unfinished): for what nobody is to see.
#[derive(Debug)]
pub struct TemporaryDir {
    temporary: tempfile::TempDir,
    /// Tells others that somebody uses the folder.
    _lock: Option<File>,
    _unfinished: Unfinished,
}

impl TemporaryDir {
    /// Makes a folder whose name begins with `prefix`, with nothing in it but the file that is locked. Those that
    /// killed runs have left are removed before.
    ///
    /// # Errors
    /// When the system's place for temporary folders cannot be written.
    pub fn create(prefix: &str) -> io::Result<Self> {
        let (names, folder) = (Names::of_folders(prefix), std::env::temp_dir());
        sweep_folders(&names, &folder);
        let (temporary, lock, _unfinished) = create_folder(&names, &folder, 0o700)?;
        // Elsewhere, a folder with an open file cannot be removed.
        let _lock = cfg!(unix).then_some(lock);
        Ok(Self { temporary, _lock, _unfinished })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }
}
