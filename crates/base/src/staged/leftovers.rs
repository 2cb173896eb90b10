//! What other runs have begun and not finished: the living are waited for, what the dead left is tidied up.
//!
//! A run holds a lock on what it writes for as long as it lives, and the system frees it when it is killed, so whoever
//! can have the lock knows that nobody writes any more. Where locks cannot be asked for, nothing is touched, and where those of
//! other machines may not be seen, nothing that was written to a short while ago.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::abandoned::{Abandoned, Place, is_certainly_dead};
use super::contents::RECORD;
use super::listing::temporary_names;
use super::names::{Names, Role, is_partial, replacing};
use super::{folder, resolve};
use crate::file;
use crate::file::Lock;
use crate::file::is_of_nothing;
use crate::filesystem;
use crate::{Cancelled, Progress};

/// What was done with something that a dead run has left.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Leftover {
    /// It was removed.
    Removed {
        /// What it was called.
        path: PathBuf,
        /// Bytes of its files.
        bytes: u64,
    },
    /// It was what had stood at the destination, was being replaced, and stands there again.
    Restored {
        /// The destination.
        path: PathBuf,
    },
}

/// Tidies up what dead runs have left of the output `destination`. What cannot be removed, or is no file or folder, stays
/// without a word.
pub fn sweep(destination: &Path) -> Vec<Leftover> {
    let Ok(destination) = resolve(destination) else { return Vec::new() };
    let entries = entries(&Names::of(&destination), folder(&destination));
    let of = |wanted: Role| {
        entries.iter().filter(move |(_, role)| *role == wanted).map(|(path, _)| path.as_path())
    };
    // Whether a folder that stands aside may be touched is told by the one that was to replace it.
    let asides = of(Role::Aside).filter_map(|path| settle_aside(path, &destination));
    let partials = of(Role::Partial).filter_map(|path| remove_abandoned(path, Place::Named));
    asides.chain(partials).collect()
}

/// Removes what dead runs have begun in `folder`, whatever the output. What they were about to replace is left to [`sweep`].
pub fn sweep_folder(folder: &Path) {
    // What cannot be removed stays.
    abandoned(folder)
        .filter(|found| found.foreign().is_none())
        .for_each(|found| drop(found.remove()));
}

/// What dead runs have begun in `folder`, whatever the output.
pub fn abandoned(folder: &Path) -> impl Iterator<Item = Abandoned> {
    partials(folder).filter_map(|path| Abandoned::look(&path, Place::Named))
}

/// Whether another run is writing an output into `folder` at this moment, as far as there are locks.
pub fn is_written_to(folder: &Path) -> bool {
    partials(folder).filter_map(|path| held(&path)).any(|path| is_taken(&path))
}

/// What is called in `folder` as an output that is being written.
fn partials(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let names = temporary_names(folder).into_iter().filter(|name| is_partial(name));
    names.map(|name| folder.join(name))
}

/// Removes the folders that dead runs of this user have left in `folder` under one of these names.
pub(super) fn sweep_own_folders(names: &Names, folder: &Path) {
    for (path, _) in entries(names, folder) {
        // What cannot be removed stays.
        let _ = remove_abandoned(&path, Place::OfAll);
    }
}

/// Whether another run is making the output `destination` at this moment, as far as there are locks.
pub fn others_at_work(destination: &Path) -> bool {
    resolve(destination).is_ok_and(|destination| at_work(&destination).is_some())
}

/// Whether the output `destination` stands aside at this moment, for another to take its place.
pub fn is_aside(destination: &Path) -> bool {
    let Ok(destination) = resolve(destination) else { return false };
    let entries = entries(&Names::of(&destination), folder(&destination));
    entries.iter().any(|(_, role)| *role == Role::Aside)
}

/// Waits for as long as other runs are making the output `destination`. Whoever waits should hold no unfinished output, so
/// that no two wait for each other.
///
/// # Errors
/// [`Cancelled`] when `progress` says so.
pub fn wait_for_others(destination: &Path, progress: &dyn Progress) -> Result<(), Cancelled> {
    /// Between two looks.
    const PAUSE: Duration = Duration::from_millis(20);
    let Ok(destination) = resolve(destination) else { return Ok(()) };
    while let Some(held) = at_work(&destination) {
        while is_taken(&held) {
            if progress.cancelled() {
                return Err(Cancelled);
            }
            std::thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// The locked file of a run that makes `destination`.
fn at_work(destination: &Path) -> Option<PathBuf> {
    let entries = entries(&Names::of(destination), folder(destination)).into_iter();
    let partials = entries.filter(|(_, role)| *role == Role::Partial);
    partials.filter_map(|(path, _)| held(&path)).find(|path| is_taken(path))
}

/// The file that is locked while a temporary output is written: itself, or one in it. `None` for what is neither file
/// nor folder.
fn held(temporary: &Path) -> Option<PathBuf> {
    let kind = fs::symlink_metadata(temporary).ok()?.file_type();
    match kind.is_dir() {
        true => Some(temporary.join(RECORD)),
        false => kind.is_file().then(|| temporary.to_owned()),
    }
}

/// Two who only look do not take each other for the one who writes.
fn is_taken(path: &Path) -> bool {
    matches!(file::lock(path, false), Lock::Taken)
}

/// What lies in `folder` under one of these names.
fn entries(names: &Names, folder: &Path) -> Vec<(PathBuf, Role)> {
    let entries = temporary_names(folder).into_iter();
    entries.filter_map(|name| Some((folder.join(&name), names.role(&name)?))).collect()
}

/// Removes what nobody writes any more, if all of it is ours.
fn remove_abandoned(path: &Path, place: Place) -> Option<Leftover> {
    let found = Abandoned::look(path, place).filter(|found| found.foreign().is_none())?;
    let removed = Leftover::Removed { path: found.path().to_owned(), bytes: found.bytes() };
    found.remove().ok()?;
    Some(removed)
}

/// Puts a folder back from which the name was taken, or removes it where there is another by now.
fn settle_aside(aside: &Path, destination: &Path) -> Option<Leftover> {
    let new = replacing(aside)?;
    // Where that is gone, it has come to its place.
    let _lock = match held(&new) {
        Some(held) => match file::lock(&held, true) {
            Lock::Held(lock)
                if is_certainly_dead(&new, filesystem::may_be_of_other_machines(folder(&new))) =>
            {
                Some(lock)
            }
            _ => return None,
        },
        None => None,
    };
    match fs::symlink_metadata(destination) {
        Ok(_) => remove_abandoned(aside, Place::Named),
        Err(error) if is_of_nothing(&error) => {
            // It is all there is of the output, so it stays if it cannot come back now.
            fs::rename(aside, destination).ok()?;
            Some(Leftover::Restored { path: destination.to_owned() })
        }
        Err(_) => None,
    }
}

#[cfg(unix)]
#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::super::{StagedDir, StagedFile};
    use super::*;

    /// All that is in a folder.
    pub(in super::super) fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_is_swept_of_whatever_the_dead_have_begun_there() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name);
        let _living = StagedFile::create(&path("a.png")).unwrap();
        let kept = names(parent.path());
        let long = "n".repeat(250);
        for name in ["b.tiff", "a.png", ".hidden", &long] {
            let staged = StagedFile::create(&path(name)).unwrap();
            // As a process that is killed leaves it.
            let dead = staged.temporary.path().to_owned();
            drop(staged);
            fs::write(dead, "12345").unwrap();
        }
        let others = [".partial-abcdef", ".a.partial-abc", "a.partial-abcdef", ".a.partial-abcde+"];
        others.iter().for_each(|name| fs::write(path(name), "").unwrap());
        let all: Vec<_> = abandoned(parent.path()).map(|found| found.bytes()).collect();
        assert_eq!(all, [5; 4]);
        assert!(is_written_to(parent.path()));
        sweep_folder(parent.path());
        let mut expected: Vec<String> = others.iter().map(|&name| name.to_owned()).collect();
        expected.extend(kept);
        expected.sort();
        assert_eq!(names(parent.path()), expected);
    }

    #[test]
    fn what_a_dead_run_left_is_removed_and_what_a_living_one_writes_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let (file, folder) = (parent.path().join("a.png"), parent.path().join("a.points"));
        let living = (StagedFile::create(&file).unwrap(), StagedDir::create(&folder).unwrap());
        let before = names(parent.path());
        assert_eq!(before.len(), 2);
        assert_eq!((sweep(&file), sweep(&folder)), (vec![], vec![]));
        assert_eq!(names(parent.path()), before);
        drop(living);

        let dead = parent.path().join(".a.png.partial-abcdef");
        fs::write(&dead, "12345").unwrap();
        assert_eq!(sweep(&file), [Leftover::Removed { path: dead, bytes: 5 }]);
        let dead = parent.path().join(".a.points.partial-abcdef");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join("x.npy"), "\0\0\0").unwrap();
        // Without the file that is locked, it is nobody's that we know.
        assert_eq!(sweep(&folder), []);
        // One that was whole once has columns with zones.
        fs::write(dead.join("points.json"), "{}").unwrap();
        assert_eq!(sweep(&folder), []);
        fs::write(dead.join("points.json"), "").unwrap();
        assert_eq!(sweep(&folder), [Leftover::Removed { path: dead.clone(), bytes: 3 }]);
        fs::create_dir(&dead).unwrap();
        assert_eq!(sweep(&folder), [Leftover::Removed { path: dead, bytes: 0 }]);
        assert_eq!(names(parent.path()), [""; 0]);
    }

    #[test]
    fn leftovers_of_other_outputs_and_of_other_kinds_are_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let of = |name: &str| parent.path().join(name);
        fs::write(of(".b.png.partial-abcdef"), "").unwrap();
        fs::write(of(".a.png.partial-abcdef.txt"), "").unwrap();
        std::os::unix::fs::symlink(of("missing"), of(".a.png.partial-aaaaaa")).unwrap();
        std::os::unix::fs::symlink(of(".b.png.partial-abcdef"), of(".a.png.partial-bbbbbb"))
            .unwrap();
        let pipe = of(".a.png.partial-cccccc");
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
        let before = names(parent.path());
        assert_eq!(sweep(&of("a.png")), []);
        assert!(!others_at_work(&of("a.png")));
        assert_eq!(names(parent.path()), before);
    }

    #[test]
    fn a_folder_whose_replacement_was_cut_short_stands_in_its_place_again() {
        let parent = tempfile::tempdir().unwrap();
        let destination = parent.path().join("a.points");
        let new = parent.path().join(".a.points.partial-abcdef");
        let aside = super::super::names::aside(&new);
        for (folder, content) in [(&aside, "old"), (&new, "new")] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("points.json"), content).unwrap();
        }
        // Not while its writer lives.
        let lock = file::lock(&new.join("points.json"), true);
        assert!(matches!(lock, Lock::Held(_)));
        assert_eq!(sweep(&destination), []);
        drop(lock);
        let restored = Leftover::Restored { path: destination.clone() };
        assert_eq!(sweep(&destination), [restored, Leftover::Removed { path: new, bytes: 3 }]);
        assert_eq!(names(parent.path()), ["a.points"]);
        assert_eq!(fs::read_to_string(destination.join("points.json")).unwrap(), "old");

        // The name is taken, so the one aside is of no use.
        fs::create_dir(&aside).unwrap();
        fs::write(aside.join("points.json"), "older").unwrap();
        assert_eq!(sweep(&destination), [Leftover::Removed { path: aside, bytes: 5 }]);
        assert_eq!(names(parent.path()), ["a.points"]);
    }

    struct Until(AtomicBool);

    impl Progress for Until {
        fn advance(&self, _: u64) {}

        fn cancelled(&self) -> bool {
            self.0.swap(true, Ordering::Relaxed)
        }
    }

    #[test]
    fn a_run_waits_for_the_others_until_they_are_done_or_it_is_cancelled() {
        let parent = tempfile::tempdir().unwrap();
        let destination = parent.path().join("a.points");
        wait_for_others(&destination, &()).unwrap();
        let staged = StagedDir::create(&destination).unwrap();
        assert!(others_at_work(&destination));
        let cancelled = wait_for_others(&destination, &Until(AtomicBool::new(false)));
        assert!(matches!(cancelled, Err(Cancelled)));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                wait_for_others(&destination, &()).unwrap();
                // What was waited for is there when the wait ends.
                fs::read(destination.join("points.json")).unwrap()
            });
            std::thread::sleep(Duration::from_millis(50));
            staged.commit(b"done").unwrap();
            assert_eq!(waiting.join().unwrap(), b"done");
        });
        assert!(!others_at_work(&destination));
    }
}
