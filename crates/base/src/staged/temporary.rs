//! A folder for what nobody is to see.

use std::io;
use std::path::Path;

use super::leftovers::sweep_own_folders;
use super::names::Names;
use super::partial::PartialFolder;

/// A folder in the system's place for temporary ones, removed when it is dropped and by
/// [`remove_unfinished`](super::remove_unfinished): for what nobody is to see.
#[derive(Debug)]
pub struct TemporaryDir(PartialFolder);

impl TemporaryDir {
    /// Makes a folder whose name begins with `prefix`, with nothing in it but the file that is locked. Those that
    /// killed runs of the same user have left are removed before.
    ///
    /// # Errors
    /// When the system's place for temporary folders cannot be written.
    pub fn create(prefix: &str) -> io::Result<Self> {
        let (names, folder) = (Names::of_folders(prefix), std::env::temp_dir());
        sweep_own_folders(&names, &folder);
        let mut made = PartialFolder::create(&names, &folder, 0o700)?;
        made.close_where_needed();
        Ok(Self(made))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
