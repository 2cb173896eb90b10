//! The command `clean`: removes what was kept for pictures and is of no use any more.

use std::io;
use std::path::{Path, PathBuf};

use pointillist_base::message::{bytes, plain};
use pointillist_base::staged::contents::{Foreign, foreign, foreign_in_grids};
use pointillist_base::staged::{abandoned, discard, ensure_removable, is_written_to, size};
use pointillist_base::tag;
use pointillist_bin2d::Error as GridError;
use pointillist_ingest::{Error, Points, Recorded, Source};
use serde_json::json;

use crate::args::CleanArgs;
use crate::cache::{grids, piped};
use crate::failure::{Failure, chain};
use crate::inputs::{is_of, is_unchanged};
use crate::remedy::Damage;
use crate::report::{Report, plural, shown};

const STAGE: &str = "clean";

pub(crate) fn run(args: &CleanArgs, report: &Report) -> Result<(), Failure> {
    let mut work = Cleaning { args, report, removed: Vec::new(), bytes: 0, failures: 0 };
    for folder in &args.folders {
        work.folder(folder)?;
    }
    let Cleaning { removed, bytes: size, failures, .. } = work;
    let would = if args.dry_run { "would be removed" } else { "removed" };
    let kinds = plural(removed.len() as u64, "file or folder", "files and folders");
    report.note(STAGE, &format!("{kinds} {would}, {}", bytes(size)));
    match failures {
        0 => Ok(()),
        some => Err(Failure::error(format!(
            "{} could not be removed",
            plural(some, "file or folder", "files or folders")
        ))),
    }
}

struct Cleaning<'a> {
    args: &'a CleanArgs,
    report: &'a Report,
    /// What was removed, or would be.
    removed: Vec<PathBuf>,
    bytes: u64,
    /// What could not be removed.
    failures: u64,
}

/// What has become of the inputs of columns.
enum Inputs {
    Unchanged,
    Changed,
    /// This one is not there, or never was a file: the columns may be all that is left of it.
    Gone(PathBuf),
}

impl Inputs {
    /// Of columns in `folder`. The folder of both may have another name now.
    fn of(sources: &[Source], folder: &Path) -> Self {
        let mut all = Self::Unchanged;
        for source in sources {
            let now = Source::of_file(&source.path);
            let beside = || beside(&source.path, folder).and_then(|path| Source::of_file(&path));
            let is_same = |now: &Source| is_unchanged(now, source);
            if now.as_ref().is_some_and(is_same) || beside().as_ref().is_some_and(is_same) {
                continue;
            }
            if now.is_none() && !beside().is_some_and(|now| is_of(&now, source)) {
                return Self::Gone(source.path.clone());
            }
            all = Self::Changed;
        }
        all
    }
}

/// What lies beside `folder` under the name that `path` has, which was recorded, with what is not UTF-8 escaped.
fn beside(path: &Path, folder: &Path) -> Option<PathBuf> {
    let name = path.file_name()?;
    let around = folder.canonicalize().ok()?.parent()?.to_owned();
    if !name.as_encoded_bytes().contains(&b'\\') {
        return Some(around.join(name));
    }
    let mut names = std::fs::read_dir(&around).ok()?.flatten().map(|entry| entry.file_name());
    let found = names.find(|it| *it == *name || *shown(Path::new(it)) == *name)?;
    Some(around.join(found))
}

impl Cleaning<'_> {
    /// What lies in a folder, or is a folder of columns.
    fn folder(&mut self, folder: &Path) -> Result<(), Failure> {
        // Within the current folder, that has no name by which it could be removed.
        let named = match folder.file_name() {
            None => folder.canonicalize().map_err(|error| Failure::read(folder, &error))?,
            Some(_) => folder.to_owned(),
        };
        if self.removed.contains(&absolute(&named)) {
            return Ok(());
        }
        if Recorded::read(folder).is_some()
            || (tag::is_marked(folder) && is_called(folder, "points"))
        {
            return self.columns(&named);
        }
        let entries = std::fs::read_dir(folder)
            .and_then(|entries| {
                entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()
            })
            .map_err(|error| Failure::read(folder, &error))?;
        self.unfinished(folder)?;
        let mut entries: Vec<PathBuf> = entries.into_iter().filter(|path| path.is_dir()).collect();
        entries.sort();
        for path in entries {
            // What is shown needs no dot before it.
            let path = path.strip_prefix(".").unwrap_or(&path).to_owned();
            if is_called(&path, "points") {
                self.columns(&path)?;
            } else if is_called(&path, "grids") {
                self.grids(&path, None)?;
            }
        }
        Ok(())
    }

    /// A folder of columns, or the grids in it.
    fn columns(&mut self, folder: &Path) -> Result<(), Failure> {
        if self.is_elsewhere(folder) {
            return Ok(());
        }
        let points = Points::open(folder);
        if let Err(Error::TooManyFiles { path, .. }) = &points {
            return Err(Failure::error(format!(
                "{}: cannot be looked at: no more files can be open: allow more, ulimit -n 65536",
                shown(path)
            )));
        }
        if tag::is_marked(folder) {
            let sources = match &points {
                Ok(points) => Some(points.sidecar().sources.clone()),
                Err(_) => Recorded::read(folder).map(|recorded| recorded.sources),
            };
            let inputs = sources.map(|sources| Inputs::of(&sources, folder));
            let why = match (inputs, &points) {
                (Some(Inputs::Gone(path)), _) => {
                    self.leave(folder, &format!("its input is not there: {}", shown(&path)));
                    None
                }
                (Some(Inputs::Changed), _) => Some("its input has changed".to_owned()),
                (Some(Inputs::Unchanged), Ok(_)) => {
                    self.args.all.then(|| "can be made again".to_owned())
                }
                // Whatever it was made of, nobody can use it any more.
                (_, Err(Error::NotPoints { reason, .. })) => Some(reason.clone()),
                (_, Err(Error::Damaged { path, reason })) => {
                    let name = path.strip_prefix(folder).unwrap_or(path);
                    let name = if path == folder { String::new() } else { shown(name) + " " };
                    Some(format!("{name}{reason}"))
                }
                (_, Err(error)) => {
                    self.leave(folder, &error.to_string());
                    None
                }
                (None, Ok(_)) => None,
            };
            if let Some(why) = why {
                // Some systems rename no folder of which a file is open.
                drop(points);
                let found = foreign(folder);
                return self.remove_folder(folder, &why, found, discard);
            }
        } else if piped::is_marked(folder) {
            self.leave(folder, "it was made from a pipe, which cannot be read again");
        } else {
            let why = points.as_ref().err().map(|error| match error {
                Error::NotPoints { reason, .. } => reason.clone(),
                Error::Damaged { path, reason } => {
                    let why = Damage::of_columns(path, reason);
                    format!("ingest was asked for it, and it is damaged: {reason}; {}", why.remedy)
                }
                error => chain(error),
            });
            let tag = folder.join(tag::NAME).symlink_metadata();
            let why = match tag {
                Ok(tag) if why.is_none() && !tag.is_file() => {
                    Some(format!("its {} is no file, and pointillist did not make that", tag::NAME))
                }
                _ => why,
            };
            self.leave(folder, why.as_deref().unwrap_or("ingest was asked for it"));
        }
        match points {
            Ok(points) => self.grids(&folder.join(grids::FOLDER), Some(&points)),
            Err(_) => Ok(()),
        }
    }

    /// A folder of grids, of these columns where they are known.
    fn grids(&mut self, folder: &Path, points: Option<&Points>) -> Result<(), Failure> {
        // Of a folder that is none of ours, nothing is.
        if !tag::is_marked(folder) || self.is_elsewhere(folder) {
            return Ok(());
        }
        if self.args.all {
            let found = foreign_in_grids(folder);
            return self.remove_folder(folder, "can be made again", found, grids::discard);
        }
        self.unfinished(folder)?;
        for kept in grids::kept(folder) {
            let why = match (&kept.grid, points) {
                (Err(error), _) if is_damage(error) => "cannot be used",
                (Ok(_), Some(points)) if !kept.is_of(points) => "its columns have changed",
                _ => continue,
            };
            self.remove(&kept.path, kept.bytes, why, |path| std::fs::remove_file(path))?;
        }
        Ok(())
    }

    /// What dead runs have begun in a folder.
    fn unfinished(&mut self, folder: &Path) -> Result<(), Failure> {
        const WHY: &str = "an interrupted run left it";
        for found in abandoned(folder) {
            let path = found.path();
            // What is shown needs no dot before it.
            let path = path.strip_prefix(".").unwrap_or(path).to_owned();
            match found.foreign() {
                Some(other) => self.leave_foreign(&path, WHY, other),
                None => self.remove(&path, found.bytes(), WHY, |_| found.remove())?,
            }
        }
        Ok(())
    }

    /// Removes a folder, unless something in it was `found` to be none of ours, or another run is writing there.
    fn remove_folder(
        &mut self,
        folder: &Path,
        why: &str,
        found: io::Result<Option<Foreign>>,
        remove: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let because = match found {
            Ok(Some(other)) => {
                self.leave_foreign(folder, why, &other);
                return Ok(());
            }
            Ok(None) if is_written_to(folder) || is_written_to(&folder.join(grids::FOLDER)) => {
                "another run is writing in it".to_owned()
            }
            Ok(None) => return self.remove(folder, size(folder), why, remove),
            Err(error) => plain(&error),
        };
        self.report.note(STAGE, &format!("{}: left, though {why}: {because}", shown(folder)));
        Ok(())
    }

    /// Says what is left since something in it is none of ours.
    fn leave_foreign(&self, folder: &Path, why: &str, found: &Foreign) {
        let folder = shown(folder);
        let message =
            format!("{folder}: left, though {why}: pointillist did not make {found} in it");
        self.report.note(STAGE, &message);
    }

    /// Removes what is known to be ours. What cannot be removed is told in a dry run too.
    fn remove(
        &mut self,
        path: &Path,
        size: u64,
        why: &str,
        remove: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let removed = ensure_removable(path).and_then(|()| match self.args.dry_run {
            true => Ok(()),
            false => remove(path),
        });
        if let Err(error) = removed {
            if error.kind() == io::ErrorKind::DirectoryNotEmpty {
                let name = shown(path);
                let left =
                    format!("{name}: left, though {why}: something has come to lie in it just now");
                self.report.note(STAGE, &left);
                return Ok(());
            }
            // The others can go all the same.
            let failure = format!("{}: cannot be removed: {}", shown(path), plain(&error));
            self.report.warning(STAGE, &failure);
            self.failures += 1;
            return Ok(());
        }
        self.say(path, size, why)
    }

    fn say(&mut self, path: &Path, size: u64, why: &str) -> Result<(), Failure> {
        let done = if self.args.dry_run { "would be removed" } else { "removed" };
        self.removed.push(absolute(path));
        self.bytes += size;
        let facts = json!({ "bytes": size, "because": why, "removed": !self.args.dry_run });
        self.report.stage(STAGE, &shown(path), &format!("{done}, {}: {why}", bytes(size)), facts)
    }

    /// Says what is left of all that was to be removed.
    fn leave(&self, path: &Path, why: &str) {
        if self.args.all {
            self.report.note(STAGE, &format!("{}: left: {why}", shown(path)));
        }
    }

    /// Whether a folder is a link: what it leads to was put there by somebody.
    fn is_elsewhere(&self, folder: &Path) -> bool {
        let is_link = folder.symlink_metadata().is_ok_and(|about| about.is_symlink());
        if is_link {
            self.leave(folder, "is a link to a folder elsewhere");
        }
        is_link
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether a file is no grid that can be used, and not only one that cannot be read at the moment.
fn is_damage(error: &GridError) -> bool {
    matches!(
        error,
        GridError::Damaged { .. } | GridError::NotAGrid { .. } | GridError::Version { .. }
    )
}

fn is_called(folder: &Path, extension: &str) -> bool {
    folder.extension().is_some_and(|it| it == extension)
}
