//! What marks a folder as one that can be made again: the file that archivers look for who leave such folders out
//! (`tar --exclude-caches`, restic, Borg).

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use crate::file::open_regular;

/// The name of the file. Specification: <https://bford.info/cachedir/>
pub const NAME: &str = "CACHEDIR.TAG";

const CONTENT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # pointillist can make this folder again from its inputs, and `pointillist clean` may remove it.\n";

/// Marks a folder. The mark is on the disk then: a folder that a power cut leaves damaged and unmarked would be nobody's.
///
/// # Errors
/// When the mark cannot be written.
pub fn mark(folder: &Path) -> io::Result<()> {
    mark_with(folder, CONTENT)
}

/// Whether a folder is marked, and by us: other programs leave files of that name, too.
pub fn is_marked(folder: &Path) -> bool {
    is_marked_with(folder, CONTENT)
}

/// The same as [`mark`] with another content, which says something else of the folder.
///
/// # Errors
/// Those of [`mark`].
pub fn mark_with(folder: &Path, mark: &str) -> io::Result<()> {
    let mut file = File::create(folder.join(NAME))?;
    file.write_all(mark.as_bytes())?;
    file.sync_data()
}

/// Whether a folder is marked with that content.
pub fn is_marked_with(folder: &Path, mark: &str) -> bool {
    content(folder).is_some_and(|content| content == mark.as_bytes())
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

/// What the mark says, or as much of it as tells that it is none of ours.
fn content(folder: &Path) -> Option<Vec<u8>> {
    const LONGEST: u64 = 4096;
    let mut content = Vec::new();
    let path = folder.join(NAME);
    // A link was put there by somebody.
    if path.is_symlink() {
        return None;
    }
    let file = open_regular(&path).ok()??;
    file.take(LONGEST).read_to_end(&mut content).ok()?;
    Some(content)
}
