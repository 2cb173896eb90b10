//! Removing outputs: never through a link, and in an order in which what is left can be told if it is cut short.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

use rayon::prelude::*;

use super::contents::RECORD;
use super::contents::foreign;
use super::names::Names;
use super::{ATTEMPTS, builder, folder};
use crate::file::Folder;
use crate::filesystem;
use crate::message::{plain, printable};
use crate::npy;

/// Folders in one another, at most: columns have one for grids, and what is kept for a while has columns.
const DEEPEST: usize = 8;

/// Makes sure that nothing in a folder of columns is anybody else's.
pub(super) fn ensure_ours(path: &Path) -> io::Result<()> {
    let Some(found) = foreign(path)? else { return Ok(()) };
    Err(io::Error::new(io::ErrorKind::AlreadyExists, found.in_the_way()))
}

/// The error of a folder that is not ours to remove, and that could not go back from where it was moved to.
pub(super) fn moved(error: &io::Error, to: &Path) -> io::Error {
    let reason = format!("what stood here {error}; it is now {}", to.display());
    io::Error::new(error.kind(), reason)
}

/// Makes sure that this user may remove a file of ours, or a folder with what we put into it, as far as the system says so
/// beforehand.
///
/// # Errors
/// Why it cannot be removed.
pub fn ensure_removable(path: &Path) -> io::Result<()> {
    match why_irremovable(path) {
        Some(reason) => Err(io::Error::new(io::ErrorKind::PermissionDenied, reason)),
        None => filesystem::ensure_changeable(folder(path)),
    }
}

/// Why this user cannot remove what stands at `path`, or something in it, as far as the system says so beforehand.
pub(super) fn why_irremovable(path: &Path) -> Option<String> {
    filesystem::why_irreplaceable(path, folder(path)).or_else(|| why_something_stays(path, path, 1))
}

/// The same of what lies in `folder`, in or below the folder at `path`.
fn why_something_stays(path: &Path, folder: &Path, depth: usize) -> Option<String> {
    // What cannot be listed for another reason than that, or is gone by now, is found out when it is removed.
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).find_map(|entry| {
        let name = || printable(entry.strip_prefix(path).unwrap_or(&entry)).display().to_string();
        match filesystem::why_irreplaceable(&entry, folder) {
            Some(reason) => Some(format!("{} in it {reason}", name())),
            None if depth < DEEPEST && entry.is_dir() && !entry.is_symlink() => {
                why_something_stays(path, &entry, depth + 1)
            }
            None => None,
        }
    })
}

/// Removes a folder of columns so that nobody ever sees a part of it: it gets a temporary name first, and loses its
/// `points.json` last. What is left should that be cut short, [`sweep`](super::sweep) and
/// [`sweep_folder`](super::sweep_folder) remove.
///
/// # Errors
/// When this user may not remove it, or something in it is none of ours, and nothing is changed then; when a file in it
/// cannot be removed, and then what is left.
pub fn discard(path: &Path) -> io::Result<()> {
    ensure_removable(path)?;
    let around = folder(path);
    let renamed = builder(&Names::of(path), 0o777).make_in(around, |to| fs::rename(path, to))?;
    let renamed = renamed.into_temp_path().keep().map_err(|error| error.error)?;
    // By its old name, nobody can put anything into it any more.
    if let Err(error) = ensure_ours(&renamed) {
        return Err(match fs::rename(&renamed, path) {
            Ok(()) => error,
            Err(_) => moved(&error, &renamed),
        });
    }
    unless_gone(remove_in_parallel(&renamed)).map_err(|error| {
        let reason = format!("{}; what is left of it is {}", plain(&error), renamed.display());
        io::Error::new(error.kind(), reason)
    })
}

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
    let (zones, others) = sorted(folder.names()?);
    for name in others.iter().chain(&zones) {
        remove_in(folder, name, 1)?;
    }
    unless_gone(folder.remove_file(RECORD.as_ref()))?;
    // If another one has taken the name, this finds that it is not empty.
    unless_gone(fs::remove_dir(path))
}

/// The same on the threads of the current rayon pool: the system takes a while to give back the memory that holds large
/// files.
pub(super) fn remove_in_parallel(path: &Path) -> io::Result<()> {
    if let Ok(folder) = Folder::open_to_change(path) {
        // What cannot be listed or removed is tried again, and an error, after that.
        let (zones, others) = sorted(folder.names().unwrap_or_default());
        for names in [others, zones] {
            names.par_iter().for_each(|name| drop(folder.remove_file(name)));
        }
    }
    remove(path)
}

/// The names of zones, and all others, but for the record. Zones go after the columns: where the record says nothing, they tell that
/// a column is ours.
fn sorted(mut names: Vec<OsString>) -> (Vec<OsString>, Vec<OsString>) {
    names.retain(|name| name != RECORD);
    let is_zones =
        |name: &OsString| name.as_encoded_bytes().ends_with(npy::ZONES_SUFFIX.as_bytes());
    names.into_iter().partition(is_zones)
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

fn unless_gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::sweep;
    use super::*;
    use crate::Dtype;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_folder_is_discarded_whole_and_what_is_left_of_it_is_swept() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("s.points");
        let make = || {
            fs::create_dir_all(folder.join("grids")).unwrap();
            fs::write(folder.join("x.npy"), npy::column_header(Dtype::F32, 0)).unwrap();
            fs::write(folder.join("x.zones.npy"), npy::zones_header(Dtype::F32, 0)).unwrap();
            for name in ["points.json", "grids/0123456789abcdef.tiff"] {
                fs::write(folder.join(name), name).unwrap();
            }
        };
        make();
        fs::write(folder.join("notes.txt"), "mine").unwrap();
        let error = discard(&folder).unwrap_err().to_string();
        assert!(error.contains("holds notes.txt, "), "{error}");
        assert_eq!(fs::read(folder.join("notes.txt")).unwrap(), b"mine");
        fs::remove_file(folder.join("notes.txt")).unwrap();
        discard(&folder).unwrap();
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
        // As a run that is killed after the first step leaves it.
        make();
        fs::rename(&folder, parent.path().join(".s.points.partial-abcdef")).unwrap();
        assert_eq!(sweep(&folder).len(), 1);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
        assert_eq!(discard(&folder).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

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
