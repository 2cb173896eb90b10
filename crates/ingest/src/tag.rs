//! What marks a folder as one that can be made again: the file that archivers look for who leave such folders out
//! (`tar --exclude-caches`, restic, Borg).

use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::path::Path;

/// The name of the file. Specification: <https://bford.info/cachedir/>
pub const NAME: &str = "CACHEDIR.TAG";

const CONTENT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # pointillist can make this folder again from its inputs, and `pointillist clean` may remove it.\n";

/// Marks a folder. The mark is on the disk then: a folder that a power cut leaves damaged and unmarked would be nobody's.
///
/// # Errors
/// When the mark cannot be written.
pub fn mark(folder: &Path) -> io::Result<()> {
    let mut file = File::create(folder.join(NAME))?;
    file.write_all(CONTENT.as_bytes())?;
    file.sync_data()
}

/// Whether a folder is marked, and by us: other programs leave files of that name, too.
pub fn is_marked(folder: &Path) -> bool {
    content(folder).is_some_and(|content| content == CONTENT.as_bytes())
}

/// Whether a folder has no mark of anybody, or the beginning of one of ours, as a run that is killed leaves it.
pub fn is_unfinished(folder: &Path) -> bool {
    match content(folder) {
        Some(content) => content.len() < CONTENT.len() && CONTENT.as_bytes().starts_with(&content),
        None => folder.join(NAME).symlink_metadata().is_err(),
    }
}

/// Takes the mark from a folder: somebody has asked for it by its name.
///
/// # Errors
/// When the mark cannot be removed; that there is none is no error.
pub fn unmark(folder: &Path) -> io::Result<()> {
    match std::fs::remove_file(folder.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn content(folder: &Path) -> Option<Vec<u8>> {
    let file = folder.join(NAME);
    let is_short = |about: Metadata| about.is_file() && about.len() < 4096;
    file.metadata().is_ok_and(is_short).then(|| std::fs::read(&file).ok()).flatten()
}
