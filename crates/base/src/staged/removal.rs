//! Removing outputs: never through a link, and in an order in which what is left can be told if it is cut short.

use std::fs;
use std::io;
use std::path::Path;

use rayon::prelude::*;

use super::ATTEMPTS;
use super::LAST;
use crate::file::Folder;

/// Folders in one another, at most: columns have one for grids, and what is kept for a while has columns.
const DEEPEST: usize = 8;

/// Removes a file, or a folder with all that is in it. What is gone already, somebody else has removed; and who was about to
/// put something there when the folder was taken away may do so while it is removed.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    for _ in 1..ATTEMPTS {
        match remove_once(path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            removed => return removed,
        }
    }
    remove_once(path)
}

fn remove_once(path: &Path) -> io::Result<()> {
    match Folder::open_to_change(path) {
        // Whoever else removes it does so to its end.
        Ok(folder) => unless_gone(remove_folder(&folder, path)),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            unless_gone(fs::remove_file(path))
        }
        // An empty one goes even where no more can be open, or it may not be read.
        Err(error) => fs::remove_dir(path).or_else(|_| unless_gone(Err(error))),
    }
}

/// Removes the folder at `path`, which is open, with all that is in it: its `points.json` last, since without that nobody
/// could tell what else is left.
pub(super) fn remove_folder(folder: &Folder, path: &Path) -> io::Result<()> {
    for name in folder.names()?.iter().filter(|name| *name != LAST) {
        remove_in(folder, name, 1)?;
    }
    unless_gone(folder.remove_file(LAST.as_ref()))?;
    // If another one has taken the name, this finds that it is not empty.
    unless_gone(fs::remove_dir(path))
}

/// The same on the threads of the current rayon pool: the system takes a while to give back the memory that holds large
/// files.
pub(super) fn remove_in_parallel(path: &Path) -> io::Result<()> {
    if let Ok(folder) = Folder::open_to_change(path) {
        // What cannot be listed or removed is tried again, and an error, after that.
        let mut names = folder.names().unwrap_or_default();
        names.retain(|name| name != LAST);
        names.par_iter().for_each(|name| drop(folder.remove_file(name)));
    }
    remove(path)
}

fn remove_in(folder: &Folder, name: &std::ffi::OsStr, depth: usize) -> io::Result<()> {
    let Err(error) = unless_gone(folder.remove_file(name)) else { return Ok(()) };
    // Systems differ in what they say of a folder.
    let Ok(inner) = folder.folder_to_change(name) else { return Err(error) };
    if depth == DEEPEST {
        return Err(io::Error::other("holds more folders in one another than any output does"));
    }
    for name in inner.names()? {
        remove_in(&inner, &name, depth + 1)?;
    }
    unless_gone(folder.remove_folder(name))
}

pub(super) fn unless_gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn nothing_is_removed_through_a_link_even_one_that_takes_the_place_of_the_folder() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name);
        for folder in ["theirs/inner", "ours/grids", "ours.moved"] {
            fs::create_dir_all(path(folder)).unwrap();
        }
        for file in ["x.npy", "points.json", "inner/a"] {
            fs::write(path("theirs").join(file), "theirs").unwrap();
        }
        for file in ["x.npy", "points.json", "grids/a.tiff"] {
            fs::write(path("ours").join(file), "").unwrap();
        }
        symlink(path("theirs"), path("ours/link")).unwrap();
        symlink(path("theirs"), path("ours/grids/link")).unwrap();
        let folder = Folder::open_to_change(&path("ours")).unwrap();
        fs::remove_dir(path("ours.moved")).unwrap();
        fs::rename(path("ours"), path("ours.moved")).unwrap();
        symlink(path("theirs"), path("ours")).unwrap();
        assert!(remove_folder(&folder, &path("ours")).is_err());
        assert_eq!(fs::read_dir(path("ours.moved")).unwrap().count(), 0);
        assert!(remove_in_parallel(&path("ours")).is_ok());
        assert!(path("ours").symlink_metadata().is_err(), "the link is gone");
        for file in ["x.npy", "points.json", "inner/a"] {
            assert!(path("theirs").join(file).exists(), "{file}");
        }
    }
}
