//! What may lie in a `.points` folder: files of our names, and one folder. All else in it, and what only has such a name,
//! was put there by somebody, and is neither replaced nor removed.

use std::ffi::OsStr;
use std::fmt;
use std::fs::FileType;
use std::io;
use std::path::{Path, PathBuf};

use crate::points::GRIDS;
use crate::regular::metadata_if_there;
use crate::sidecar::{self, Recorded};
use crate::staged::is_partial;
use crate::{Error, os, printable, tag};

/// Something that is none of ours, in a folder of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Where it lies in the folder.
    pub path: PathBuf,
    kind: FileType,
}

impl Foreign {
    /// What is wrong with the folder that it lies in, and what to do about it.
    pub(crate) fn in_the_way(&self) -> String {
        format!("holds {self}, which pointillist did not make: move that away")
    }
}

impl fmt::Display for Foreign {
    /// The path, after what it is where it is no regular file: it may have the name of one of ours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            kind if kind.is_file() => "",
            kind if kind.is_dir() => "the folder ",
            kind if kind.is_symlink() => "the link ",
            _ => "the pipe or device ",
        };
        write!(f, "{what}{}", printable(&self.path).display())
    }
}

/// The first file or folder in a `.points` folder, relative to it, that is none of ours: what its `points.json` does not
/// know as a column, or where that says nothing, what is no array at all, and whatever is a link, or a folder where a file
/// should be. A folder that is not there has none.
///
/// # Errors
/// When a folder cannot be listed.
pub fn foreign(folder: &Path) -> io::Result<Option<Foreign>> {
    /// How often it may be replaced by another while it is looked at, which then is taken for a file of somebody else's.
    const ATTEMPTS: usize = 16;
    let this =
        || folder.metadata().ok().as_ref().map(|about| (os::inode(about), os::changed(about)));
    for _ in 1..ATTEMPTS {
        let before = this();
        match foreign_at_once(folder)? {
            Some(_) if this() != before => {}
            found => return Ok(found),
        }
    }
    foreign_at_once(folder)
}

/// The same of one that nobody replaces meanwhile.
fn foreign_at_once(folder: &Path) -> io::Result<Option<Foreign>> {
    let recorded = Recorded::read(folder);
    let is_column = |name: &OsStr| {
        let name = name.to_str().and_then(|name| name.strip_suffix(".npy"));
        name.is_some_and(|name| {
            let column = name.strip_suffix(".zones").unwrap_or(name);
            recorded.as_ref().is_none_or(|recorded| recorded.columns.iter().any(|it| it == column))
        })
    };
    let found = first_other(
        folder,
        |name| name == sidecar::FILE_NAME || is_column(name),
        |name| name == GRIDS,
    )?;
    let in_grids = || foreign_in_grids(&folder.join(GRIDS));
    let within = |found: Foreign| Foreign { path: Path::new(GRIDS).join(found.path), ..found };
    found.map_or_else(|| Ok(in_grids()?.map(within)), |found| Ok(Some(found)))
}

/// The first file or folder in a folder of grids, relative to it, that is none of ours. One that is not there has none.
///
/// # Errors
/// When the folder cannot be listed.
pub fn foreign_in_grids(folder: &Path) -> io::Result<Option<Foreign>> {
    first_other(folder, |name| is_kept_grid(Path::new(name)), |_| false)
}

/// The same of a folder in which both are put for a while, and the file that is locked.
pub(crate) fn foreign_in_temporary(folder: &Path) -> io::Result<Option<Foreign>> {
    let is_columns = |name: &OsStr| {
        is_partial(name) || Path::new(name).extension().is_some_and(|it| it == "points")
    };
    let is_file = |name: &OsStr| name == sidecar::FILE_NAME || is_kept_grid(Path::new(name));
    if let Some(found) = first_other(folder, is_file, is_columns)? {
        return Ok(Some(found));
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir()
            && let Some(found) = foreign(&entry.path())?
        {
            let path = Path::new(&entry.file_name()).join(found.path);
            return Ok(Some(Foreign { path, ..found }));
        }
    }
    Ok(None)
}

/// Whether a file is called as a grid that is kept: 16 digits of a hash, and `.tiff`.
pub fn is_kept_grid(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().as_encoded_bytes();
    path.extension().is_some_and(|extension| extension == "tiff")
        && stem.len() == 16
        && stem.iter().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte))
}

/// The first thing in a folder that is no regular file of a known name, of a mark or of something that was begun, and no folder
/// of a known name.
fn first_other(
    folder: &Path,
    is_file: impl Fn(&OsStr) -> bool,
    is_folder: impl Fn(&OsStr) -> bool,
) -> io::Result<Option<Foreign>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let kind = match entry.file_type() {
            // It is gone again: not every system tells with the name what it is of.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            kind => kind?,
        };
        let is_ours = match kind {
            kind if kind.is_file() => name == tag::NAME || is_partial(&name) || is_file(&name),
            kind => kind.is_dir() && is_folder(&name),
        };
        if !is_ours {
            return Ok(Some(Foreign { path: name.into(), kind }));
        }
    }
    Ok(None)
}

/// Makes sure that an ingest may take the place of what stands at `path`, if anything does: a `.points` folder with nothing in
/// it that is anybody else's, what is left of one that is marked as a cache, or an empty folder.
///
/// # Errors
/// [`Error::Destination`] says what is in the way, [`Error::Write`] that it cannot be told.
pub fn ensure_replaceable(path: &Path) -> Result<(), Error> {
    let refuse = |reason: String| Err(Error::Destination { path: path.to_owned(), reason });
    let unknown = |source| Error::Write { path: path.to_owned(), source };
    let Some(metadata) = metadata_if_there(path).map_err(unknown)? else { return Ok(()) };
    if !metadata.is_dir() {
        return refuse("exists and is not a .points folder: remove it".to_owned());
    }
    if let Some(found) = foreign(path).map_err(unknown)? {
        return refuse(found.in_the_way());
    }
    let is_empty = || std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    let sidecar = metadata_if_there(&path.join(sidecar::FILE_NAME)).map_err(unknown)?;
    if sidecar.is_some_and(|about| about.is_file()) || tag::is_marked(path) || is_empty() {
        return Ok(());
    }
    refuse(
        "is a folder of arrays without a points.json, and may be somebody else's: remove it"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_somebody_has_put_into_a_folder_of_columns_is_told_from_what_belongs_there() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("s.points");
        fs::create_dir_all(folder.join(GRIDS)).unwrap();
        let text = r#"{"format":"pointillist points","version":2,"columns":[{"name":"x"}]}"#;
        let ours = [
            ("points.json", text),
            ("x.npy", ""),
            ("x.zones.npy", ""),
            ("CACHEDIR.TAG", ""),
            (".grids.partial-abcdef", ""),
            ("grids/0123456789abcdef.tiff", ""),
            ("grids/.0123456789abcdef.tiff.partial-abcdef", ""),
            ("grids/CACHEDIR.TAG", ""),
        ];
        for (name, content) in ours {
            fs::write(folder.join(name), content).unwrap();
        }
        assert_eq!(foreign(&folder).unwrap(), None);
        assert!(ensure_replaceable(&folder).is_ok());
        for name in ["notes.txt", "mine.npy", "grids/mine.tiff", "grids/0123456789ABCDEF.tiff"] {
            fs::write(folder.join(name), "mine").unwrap();
            assert_eq!(foreign(&folder).unwrap().unwrap().path, Path::new(name));
            let error = ensure_replaceable(&folder).unwrap_err().to_string();
            assert!(error.contains(&format!("holds {name}, ")), "{error}");
            fs::remove_file(folder.join(name)).unwrap();
        }
        // What has a name of ours, and is something else.
        for (name, content) in ours {
            fs::remove_file(folder.join(name)).unwrap();
            fs::create_dir(folder.join(name)).unwrap();
            assert_eq!(foreign(&folder).unwrap().unwrap().path, Path::new(name));
            let error = ensure_replaceable(&folder).unwrap_err().to_string();
            assert!(error.contains(&format!("holds the folder {name}, ")), "{error}");
            fs::remove_dir(folder.join(name)).unwrap();
            #[cfg(unix)]
            for target in ["nowhere", Path::new(name).file_name().unwrap().to_str().unwrap()] {
                std::os::unix::fs::symlink(target, folder.join(name)).unwrap();
                let error = ensure_replaceable(&folder).unwrap_err().to_string();
                assert!(error.contains(&format!("holds the link {name}, ")), "{error}");
                fs::remove_file(folder.join(name)).unwrap();
            }
            fs::write(folder.join(name), content).unwrap();
        }
        // Without a sidecar, a mark of ours says whose it is.
        fs::remove_file(folder.join(sidecar::FILE_NAME)).unwrap();
        assert!(ensure_replaceable(&folder).is_err());
        tag::mark(&folder).unwrap();
        assert!(ensure_replaceable(&folder).is_ok());
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_that_is_replaced_or_gets_grids_meanwhile_has_nothing_foreign() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("s.points");
        let make = |name: &str, column: &str| {
            let folder = parent.path().join(name);
            fs::create_dir(&folder).unwrap();
            let text = format!(
                r#"{{"format":"pointillist points","version":2,"columns":[{{"name":"{column}"}}]}}"#
            );
            fs::write(folder.join("points.json"), text).unwrap();
            fs::write(folder.join(format!("{column}.npy")), "").unwrap();
            folder
        };
        make("s.points", "x");
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut number = 0;
                while !stop.load(Ordering::Relaxed) {
                    number += 1;
                    let column = ["x", "y"][number % 2];
                    let aside = parent.path().join(format!(".s.points.partial-aside{number}"));
                    let old = os::replace(&make("new", column), &path, aside).unwrap();
                    fs::remove_dir_all(old).unwrap();
                    let grids = path.join(GRIDS);
                    fs::create_dir(&grids).unwrap();
                    fs::write(grids.join("0123456789abcdef.tiff"), "").unwrap();
                }
                number
            });
            for _ in 0..3000 {
                assert_eq!(foreign(&path).unwrap(), None);
            }
            stop.store(true, Ordering::Relaxed);
            assert!(writer.join().unwrap() > 1);
        });
    }
}
