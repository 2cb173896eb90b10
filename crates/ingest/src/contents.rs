//! Whether an ingest may take the place of a folder.

use std::path::Path;

use pointillist_base::file::{look_steadily, metadata_if_there};
use pointillist_base::staged::contents::{RECORD, foreign};
use pointillist_base::tag;

use crate::Error;

/// Makes sure that an ingest may take the place of what stands at `path`, if anything does: a `.points` folder with nothing in
/// it that is anybody else's, what is left of one that is marked as a cache, or an empty folder.
///
/// # Errors
/// [`Error::Destination`] says what is in the way, [`Error::Write`] that it cannot be told.
pub fn ensure_replaceable(path: &Path) -> Result<(), Error> {
    let doubtful = |found: &Result<(), Error>| matches!(found, Err(Error::Destination { .. }));
    look_steadily(path, doubtful, || ensure_replaceable_at_once(path))
}

/// The same of one that nobody replaces meanwhile.
fn ensure_replaceable_at_once(path: &Path) -> Result<(), Error> {
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
    let sidecar = metadata_if_there(&path.join(RECORD)).map_err(unknown)?;
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
    use pointillist_base::staged::contents::GRIDS;
    use pointillist_base::{Dtype, filesystem, npy};
    use std::fs;

    #[test]
    fn what_somebody_has_put_into_a_folder_of_columns_is_told_from_what_belongs_there() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("s.points");
        fs::create_dir_all(folder.join(GRIDS)).unwrap();
        let text = r#"{"format":"pointillist points","version":2,"columns":[{"name":"x"}]}"#;
        let (column, zones) = (npy::column_header(Dtype::F64, 0), npy::zones_header(Dtype::F64, 0));
        let ours = [
            ("x.npy", &column[..]),
            ("CACHEDIR.TAG", b""),
            (".grids.partial-abcdef", b""),
            ("grids/0123456789abcdef.tiff", b""),
            ("grids/.0123456789abcdef.tiff.partial-abcdef", b""),
            ("grids/CACHEDIR.TAG", b""),
            ("points.json", text.as_bytes()),
            ("x.zones.npy", &zones),
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
        // Without a sidecar, a mark of ours says whose it is, and what the arrays hold.
        fs::remove_file(folder.join(RECORD)).unwrap();
        assert!(ensure_replaceable(&folder).is_err());
        tag::mark(&folder).unwrap();
        for damaged in [None, Some(""), Some(&text[..20]), Some("{}"), Some("mine")] {
            let _ = damaged.map(|damaged| fs::write(folder.join(RECORD), damaged).unwrap());
            assert!(ensure_replaceable(&folder).is_ok());
            // As NumPy writes the same numbers, and anything else.
            for content in [&column[..], b"mine", b""] {
                fs::write(folder.join("mask.npy"), content).unwrap();
                assert_eq!(foreign(&folder).unwrap().unwrap().path, Path::new("mask.npy"));
                assert!(ensure_replaceable(&folder).is_err());
                fs::remove_file(folder.join("mask.npy")).unwrap();
            }
        }
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
                ensure_replaceable(&path).unwrap();
            }
            stop.store(true, Ordering::Relaxed);
            assert!(writer.join().unwrap() > 1);
        });
    }
}
