//! What lies under temporary names in a folder. One with a hundred thousand files takes longer to read than all else that is
//! done where outputs are up to date, and one command asks several times: so what was read last is kept for as long as the
//! folder does not change.

use std::ffi::OsString;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::names;
use crate::file;

/// Folders that are remembered: where columns lie, and the picture.
const MOST: usize = 4;

/// What was read last.
static LISTED: Mutex<Vec<Listing>> = Mutex::new(Vec::new());

/// All names in `folder` that may be temporary ones, of whatever output; none where it cannot be read.
pub(super) fn temporary_names(folder: &Path) -> Vec<OsString> {
    list(folder, &mut LISTED.lock().unwrap_or_else(PoisonError::into_inner))
}

struct Listing {
    folder: PathBuf,
    version: Version,
    names: Vec<OsString>,
}

/// What is another after every change of the folder.
#[derive(PartialEq, Eq)]
struct Version {
    inode: Option<u64>,
    modified: SystemTime,
    changed: Option<i64>,
}

impl Version {
    /// None where the next change may have the time of the last one.
    fn of(about: &Metadata) -> Option<Self> {
        let modified = about.modified().ok()?;
        let is_settled = file::time_to_settle(about).is_none() && modified <= SystemTime::now();
        is_settled.then(|| Self {
            inode: file::inode(about),
            modified,
            changed: file::changed(about),
        })
    }
}

fn list(folder: &Path, listed: &mut Vec<Listing>) -> Vec<OsString> {
    // Before it is read: what comes in meanwhile makes another version.
    let version = folder.metadata().ok().and_then(|about| Version::of(&about));
    if let Some(at) = listed.iter().position(|listing| listing.folder == folder) {
        if Some(&listed[at].version) == version.as_ref() {
            return listed[at].names.clone();
        }
        listed.remove(at);
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names: Vec<OsString> =
        entries.map(|entry| entry.file_name()).filter(|name| names::may_be_one(name)).collect();
    if let Some(version) = version {
        listed.truncate(MOST - 1);
        listed.insert(0, Listing { folder: folder.to_owned(), version, names: names.clone() });
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;

    #[test]
    fn a_folder_is_read_again_when_it_may_have_changed_and_only_then() {
        let folder = tempfile::tempdir().unwrap();
        let name = |index: u32| OsString::from(format!(".a.png.partial-{index:06}"));
        let mut listed = Vec::new();
        // One after another, within what the clocks of file systems tell apart.
        let mut expected = Vec::new();
        for index in 0..20 {
            fs::write(folder.path().join(name(index)), "").unwrap();
            fs::write(folder.path().join(format!("{index}.png")), "").unwrap();
            expected.push(name(index));
            for _ in 0..2 {
                let mut seen = list(folder.path(), &mut listed);
                seen.sort();
                assert_eq!(seen, expected);
            }
            if index % 2 == 0 {
                fs::remove_file(folder.path().join(name(index))).unwrap();
                expected.pop();
            }
        }
        assert_eq!(list(folder.path(), &mut listed).len(), expected.len());
        while Version::of(&folder.path().metadata().unwrap()).is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        list(folder.path(), &mut listed);
        // What was read is what is said, as long as the folder is as it was.
        listed[0].names.clear();
        assert!(list(folder.path(), &mut listed).is_empty());
        fs::remove_file(folder.path().join(name(1))).unwrap();
        assert_eq!(list(folder.path(), &mut listed).len(), expected.len() - 1);
    }
}
