//! What marks columns that were made for a picture of what can be read only once: the next such picture may replace them, and
//! nothing else may, since there is nothing that they could be made again from.

use std::io;
use std::path::Path;

use pointillist_base::tag;

/// Without the signature of a cache: archivers keep the folder.
const CONTENT: &str = "pointillist made this folder for a picture of points from a pipe, and replaces it with those \
    of the next one.\n";

/// Marks a folder, under the name that is known in folders of columns.
pub(super) fn mark(folder: &Path) -> io::Result<()> {
    tag::mark_with(folder, CONTENT)
}

/// Whether a folder is marked so.
pub(crate) fn is_marked(folder: &Path) -> bool {
    tag::is_marked_with(folder, CONTENT)
}
