//! A folder for what nobody is to see.

use std::io;
use std::path::Path;

use super::unfinished::Unfinished;

/// A folder in the system's place for temporary ones, removed when it is dropped and by
/// [`remove_unfinished`](super::remove_unfinished): for what nobody is to see.
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
