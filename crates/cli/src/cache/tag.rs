//! What marks a folder as one that a program can make again: the file that archivers look for who leave such folders out
//! (`tar --exclude-caches`, restic, Borg).

use std::fs::Metadata;
use std::io;
use std::path::Path;

/// The name of the file. Specification: <https://bford.info/cachedir/>
const NAME: &str = "CACHEDIR.TAG";

const CONTENT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # pointillist can make this folder again from its inputs, and `pointillist clean` may remove it.\n";

/// Marks a folder, if that can be done: one that is not marked is as good, and stays where it could go.
pub(crate) fn mark(folder: &Path) {
    let _ = std::fs::write(folder.join(NAME), CONTENT);
}

/// Whether a folder is marked, and by us: other programs leave files of that name, too.
pub(crate) fn is_marked(folder: &Path) -> bool {
    let is_short = |about: Metadata| about.is_file() && about.len() < 4096;
    folder.join(NAME).metadata().is_ok_and(is_short)
        && std::fs::read(folder.join(NAME)).is_ok_and(|content| content == CONTENT.as_bytes())
}

/// Whether a file is what marks its folder.
pub(super) fn is_tag(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == NAME)
}

/// Takes the mark from a folder: somebody has asked for it by its name.
pub(crate) fn unmark(folder: &Path) -> io::Result<()> {
    match std::fs::remove_file(folder.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
