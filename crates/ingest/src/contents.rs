//! What may lie in a `.points` folder. All else in it was put there by somebody, and is neither replaced nor removed.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use pointillist_base::file::metadata_if_there;
use pointillist_base::staged::is_partial;
use pointillist_base::{file, tag};

use crate::Error;
use crate::points::GRIDS;
use crate::sidecar::{self, Recorded};

/// The first file or folder in a `.points` folder, relative to it, that is none of ours: what its `points.json` does not
/// know as a column, or where that says nothing, what is no array at all. A folder that is not there has none.
///
/// # Errors
/// When a folder cannot be listed.
pub fn foreign(folder: &Path) -> io::Result<Option<PathBuf>> {
    /// How often it may be replaced by another while it is looked at, which then is taken for a file of somebody else's.
    const ATTEMPTS: usize = 16;
    let this =
        || folder.metadata().ok().as_ref().map(|about| (file::inode(about), file::changed(about)));
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
fn foreign_at_once(folder: &Path) -> io::Result<Option<PathBuf>> {
    let recorded = Recorded::read(folder);
    let is_column = |name: &OsStr| {
        let name = name.to_str().and_then(|name| name.strip_suffix(".npy"));
        name.is_some_and(|name| {
            let column = name.strip_suffix(".zones").unwrap_or(name);
            recorded.as_ref().is_none_or(|recorded| recorded.columns.iter().any(|it| it == column))
        })
    };
    // Looked at when it is met: another run may make it, or take it away, at any moment.
    let may_be_grids =
        || folder.join(GRIDS).symlink_metadata().map_or(true, |about| about.is_dir());
    let found = first_other(folder, |name| {
        name == sidecar::FILE_NAME || (name == GRIDS && may_be_grids()) || is_column(name)
    })?;
    Ok(match found {
        None => foreign_in_grids(&folder.join(GRIDS))?.map(|found| Path::new(GRIDS).join(found)),
        found => found,
    })
}

/// The first file or folder in a folder of grids, relative to it, that is none of ours. One that is not there has none.
///
/// # Errors
/// When the folder cannot be listed.
pub fn foreign_in_grids(folder: &Path) -> io::Result<Option<PathBuf>> {
    first_other(folder, |name| is_kept_grid(Path::new(name)))
}

/// Whether a file is called as a grid that is kept: 16 digits of a hash, and `.tiff`.
pub fn is_kept_grid(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().as_encoded_bytes();
    path.extension().is_some_and(|extension| extension == "tiff")
        && stem.len() == 16
        && stem.iter().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte))
}

/// The first name in a folder that is neither known nor that of a mark or of something that was begun.
fn first_other(folder: &Path, is_known: impl Fn(&OsStr) -> bool) -> io::Result<Option<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        if !(name == tag::NAME || is_partial(&name) || is_known(&name)) {
            return Ok(Some(name.into()));
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
        return refuse(format!(
            "holds {}, which pointillist did not make: move that away",
            found.display()
        ));
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
    use pointillist_base::filesystem;
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
            assert_eq!(foreign(&folder).unwrap(), Some(name.into()));
            let error = ensure_replaceable(&folder).unwrap_err().to_string();
            assert!(error.contains(&format!("holds {name}, ")), "{error}");
            fs::remove_file(folder.join(name)).unwrap();
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
                    let old = filesystem::replace(&make("new", column), &path, aside).unwrap();
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
