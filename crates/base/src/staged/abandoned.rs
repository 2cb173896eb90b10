//! What a dead run has begun: how it is told from what somebody else has put there, or still writes.
//!
//! A name alone does not make something ours: a file must belong to this user, and a folder hold nothing but what we put into
//! one. For both, their lock must be free.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::contents::RECORD;
use super::contents::{Foreign, foreign_in_begun, foreign_in_temporary};
use super::removal::remove_folder;
use super::{folder, size};
use crate::file;
use crate::file::Folder;
use crate::file::Lock;
use crate::filesystem;
use crate::tag;

/// Where leftovers lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a folder that somebody named: whoever may write there is trusted with what comes of it.
    Named,
    /// Where all may write: only folders of this user to which nobody else can add anything are ours.
    OfAll,
}

/// What a dead run has begun. Nobody else takes it up or removes it for as long as this lives.
#[derive(Debug)]
pub struct Abandoned {
    path: PathBuf,
    bytes: u64,
    foreign: Option<Foreign>,
    /// Where it is a folder.
    within: Option<Folder>,
    /// None where a folder with nothing in it, but maybe a mark, has no file that could be locked.
    lock: Option<File>,
}

impl Abandoned {
    /// What it is called.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What lies in it and is none of ours, for which it must stay.
    pub fn foreign(&self) -> Option<&Foreign> {
        self.foreign.as_ref()
    }

    /// Removes it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(self) -> io::Result<()> {
        match &self.within {
            None => fs::remove_file(&self.path),
            Some(_) if self.lock.is_none() => {
                tag::unmark(&self.path).and_then(|()| fs::remove_dir(&self.path))
            }
            Some(within) => remove_folder(within, &self.path),
        }
    }

    /// What lies at `path` under a temporary name, if it is ours and nobody writes it any more.
    pub(super) fn look(path: &Path, place: Place) -> Option<Self> {
        let found = |within, lock, foreign| {
            Some(Self { path: path.to_owned(), bytes: size(path), foreign, within, lock })
        };
        let within = match Folder::open_to_change(path) {
            Ok(within) => within,
            Err(_) if place == Place::OfAll => return None,
            Err(_) => {
                let Lock::Held(file) = file::lock(path, true) else { return None };
                let is_ours = file.metadata().is_ok_and(|about| file::is_of_this_user(&about));
                let is_dead =
                    is_certainly_dead(path, filesystem::may_be_of_other_machines(folder(path)));
                return (is_ours && is_dead).then(|| found(None, Some(file), None))?;
            }
        };
        if place == Place::OfAll && !within.is_of_this_user_alone() {
            return None;
        }
        // A run that was killed before it made the file that it locks has left nothing else. One that lives and finds its
        // folder gone makes another.
        // The mark of a folder that has no such file is all that it gets before it has its name.
        let names = within.names().ok()?;
        let is_ours = || tag::is_marked(path) || tag::is_unfinished(path);
        if names.is_empty() || (names == [tag::NAME] && is_ours()) {
            return found(Some(within), None, None);
        }
        let Lock::Held(lock) = within.lock(RECORD, true) else { return None };
        if !is_certainly_dead(path, filesystem::may_be_of_other_machines(path)) {
            return None;
        }
        let foreign = match place {
            Place::Named => foreign_in_begun(path).ok()?,
            Place::OfAll => foreign_in_temporary(path).ok()?,
        };
        found(Some(within), Some(lock), foreign)
    }
}

/// Whether something whose lock could be had is written by nobody. If it lies where the locks of `other_machines` may not be
/// seen, that is only so when nobody has written to it for a while.
pub(super) fn is_certainly_dead(path: &Path, other_machines: bool) -> bool {
    /// A run that lives rarely waits for so long between two writes, and clocks are not further apart.
    const WHILE: Duration = Duration::from_secs(10 * 60);
    let is_old = |path: &Path| {
        let written = fs::symlink_metadata(path).and_then(|about| about.modified());
        written.is_ok_and(|time| time.elapsed().is_ok_and(|age| age >= WHILE))
    };
    let within = || fs::read_dir(path).into_iter().flatten().flatten();
    !other_machines || (is_old(path) && within().all(|entry| is_old(&entry.path())))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::leftovers::tests::names;
    use super::super::leftovers::{abandoned, sweep_own_folders};
    use super::super::names::Names;
    use super::super::{sweep, sweep_folder};
    use super::*;

    #[test]
    fn what_only_has_the_name_of_a_leftover_stays() {
        let parent = tempfile::tempdir().unwrap();
        let of = |name: &str| parent.path().join(name);
        for (folder, mine) in [
            (".a.points.partial-aaaaaa", "notes.txt"),
            (".a.points.partial-bbbbbb", "x.npy/mine"),
            (".a.points.partial-gggggg", "mask.npy"),
            (".a.points.partial-cccccc", "grids/0123456789abcdef.tiff/mine"),
            (".a.points.partial-dddddd-old", "mine"),
        ] {
            let mine = of(folder).join(mine);
            fs::create_dir_all(mine.parent().unwrap()).unwrap();
            fs::write(mine, "mine").unwrap();
            fs::write(of(folder).join("points.json"), "").unwrap();
        }
        // The output that was being replaced.
        fs::create_dir(of("a.points")).unwrap();
        let mut before = names(parent.path());
        fs::write(of(".a.points.partial-eeeeee"), "").unwrap();
        // Who is root can make what belongs to somebody else.
        fs::write(of(".a.points.partial-ffffff"), "").unwrap();
        if std::os::unix::fs::chown(of(".a.points.partial-ffffff"), Some(1), Some(1)).is_ok() {
            before.push(".a.points.partial-ffffff".to_owned());
            before.sort();
        } else {
            fs::remove_file(of(".a.points.partial-ffffff")).unwrap();
        }
        let kept = abandoned(parent.path()).filter(|found| found.foreign().is_some());
        assert_eq!(kept.count(), 4);
        assert_eq!(sweep(&of("a.points")).len(), 1);
        sweep_folder(parent.path());
        assert_eq!(names(parent.path()), before);
        for path in ["aaaaaa/notes.txt", "bbbbbb/x.npy/mine", "gggggg/mask.npy", "dddddd-old/mine"]
        {
            assert!(of(&format!(".a.points.partial-{path}")).exists(), "{path}");
        }
        assert!(of(".a.points.partial-cccccc/grids/0123456789abcdef.tiff/mine").exists());
    }

    #[test]
    fn where_all_may_write_only_what_nobody_else_can_have_made_is_removed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let parent = tempfile::tempdir().unwrap();
        let of = |letters: &str| parent.path().join(format!("a-partial-{letters}"));
        for (letters, mode) in [("aaaaaa", 0o700), ("bbbbbb", 0o770), ("cccccc", 0o707)] {
            fs::create_dir(of(letters)).unwrap();
            fs::write(of(letters).join("points.json"), "").unwrap();
            fs::set_permissions(of(letters), fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir(parent.path().join("theirs")).unwrap();
        fs::write(parent.path().join("theirs/points.json"), "").unwrap();
        fs::create_dir_all(of("gggggg").join("s.points/grids")).unwrap();
        for file in ["points.json", "0123456789abcdef.tiff", "s.points/x.npy"] {
            fs::write(of("gggggg").join(file), "").unwrap();
        }
        fs::create_dir(of("hhhhhh")).unwrap();
        for file in ["points.json", "notes.txt"] {
            fs::write(of("hhhhhh").join(file), "").unwrap();
        }
        symlink(parent.path().join("theirs"), of("dddddd")).unwrap();
        fs::write(of("eeeeee"), "").unwrap();
        // Who is root can make what belongs to somebody else.
        let is_root = std::os::unix::fs::chown(of("eeeeee"), Some(1), Some(1)).is_ok();
        let mut left =
            vec!["a-partial-bbbbbb", "a-partial-cccccc", "a-partial-dddddd", "a-partial-eeeeee"];
        if is_root {
            fs::create_dir(of("ffffff")).unwrap();
            std::os::unix::fs::chown(of("ffffff"), Some(1), Some(1)).unwrap();
            left.push("a-partial-ffffff");
        }
        left.extend(["a-partial-hhhhhh", "theirs"]);
        sweep_own_folders(&Names::of_folders("a-"), parent.path());
        assert_eq!(names(parent.path()), left);
        assert!(parent.path().join("theirs/points.json").exists());
    }

    #[test]
    fn where_locks_of_other_machines_may_not_be_seen_what_was_written_just_now_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join(".a.points.partial-abcdef");
        fs::create_dir(&folder).unwrap();
        let file = File::create(folder.join("points.json")).unwrap();
        assert!(is_certainly_dead(&folder, false));
        assert!(!is_certainly_dead(&folder, true));
        let old = std::time::SystemTime::now() - Duration::from_secs(3600);
        File::open(&folder).unwrap().set_modified(old).unwrap();
        // Its columns may be written to, and nothing come or go in it.
        assert!(!is_certainly_dead(&folder, true));
        file.set_modified(old).unwrap();
        assert!(is_certainly_dead(&folder, true));
        // The clock of the other machine may be ahead.
        file.set_modified(std::time::SystemTime::now() + Duration::from_secs(3600)).unwrap();
        assert!(!is_certainly_dead(&folder, true));
        assert!(!filesystem::may_be_of_other_machines(Path::new("/proc")));
    }
}
