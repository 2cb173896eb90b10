//! The command `clean`: removes what was kept for pictures and is of no use any more.

use std::path::{Path, PathBuf};

use pointillist_ingest::message::{bytes, plain};
use pointillist_ingest::staged::{Leftover, size, sweep_folder};
use pointillist_ingest::{Points, Source};
use serde_json::json;

use crate::args::CleanArgs;
use crate::cache::{grids, tag};
use crate::failure::Failure;
use crate::report::{Report, plural, shown};

const STAGE: &str = "clean";

pub(crate) fn run(args: &CleanArgs, report: &Report) -> Result<(), Failure> {
    let mut work = Cleaning { args, report, removed: 0, bytes: 0, failures: 0 };
    for folder in &args.folders {
        let entries = std::fs::read_dir(folder)
            .and_then(|entries| {
                entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>()
            })
            .map_err(|error| Failure::read(folder, &error))?;
        if folder.join("points.json").is_file() {
            work.columns(folder)?;
            continue;
        }
        work.unfinished(folder)?;
        let mut entries: Vec<PathBuf> = entries.into_iter().filter(|path| path.is_dir()).collect();
        entries.sort();
        for path in entries {
            // What is shown needs no dot before it.
            let path = path.strip_prefix(".").unwrap_or(&path).to_owned();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("points") => work.columns(&path)?,
                Some("grids") if tag::is_marked(&path) => work.grids(&path, None)?,
                _ => {}
            }
        }
    }
    let Cleaning { removed, bytes: size, failures, .. } = work;
    let would = if args.dry_run { "would be removed" } else { "removed" };
    let kinds = plural(removed, "file or folder", "files and folders");
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
    removed: u64,
    bytes: u64,
    /// What could not be removed.
    failures: u64,
}

/// What has become of the inputs of columns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inputs {
    Unchanged,
    Changed,
    /// Some are not there, or never were files: the columns may be all that is left of them.
    Gone,
}

impl Inputs {
    fn of(points: &Points) -> Self {
        let sources = &points.sidecar().sources;
        let now: Option<Vec<Source>> =
            sources.iter().map(|source| Source::of_file(&source.path)).collect();
        match now {
            Some(now) if now == *sources => Self::Unchanged,
            Some(_) => Self::Changed,
            None => Self::Gone,
        }
    }
}

impl Cleaning<'_> {
    /// A folder of columns, or the grids in it.
    fn columns(&mut self, folder: &Path) -> Result<(), Failure> {
        if is_elsewhere(folder) {
            return Ok(());
        }
        let points = Points::open(folder).ok();
        let why = match (&points, tag::is_marked(folder)) {
            (_, false) => None,
            (None, true) => self.args.all.then_some("cannot be read"),
            (Some(points), true) => match Inputs::of(points) {
                Inputs::Changed => Some("its input has changed"),
                Inputs::Unchanged => self.args.all.then_some("can be made again"),
                Inputs::Gone => None,
            },
        };
        match why {
            Some(why) => self.remove(folder, why),
            // Of a folder that is none of ours, nothing is.
            None if points.is_none() => Ok(()),
            None => self.grids(&folder.join(grids::FOLDER), points.as_ref()),
        }
    }

    /// A folder of grids, of these columns where they are known.
    fn grids(&mut self, folder: &Path, points: Option<&Points>) -> Result<(), Failure> {
        if is_elsewhere(folder) {
            return Ok(());
        }
        if self.args.all {
            return match folder.is_dir() && tag::is_marked(folder) {
                true => self.remove(folder, "can be made again"),
                false => Ok(()),
            };
        }
        self.unfinished(folder)?;
        for kept in grids::kept(folder) {
            let why = match (&kept.grid, points) {
                (None, _) => "cannot be read",
                (Some(_), Some(points)) if !kept.is_of(points) => "its columns have changed",
                _ => continue,
            };
            self.remove(&kept.path, why)?;
        }
        Ok(())
    }

    /// What dead runs have begun in a folder.
    fn unfinished(&mut self, folder: &Path) -> Result<(), Failure> {
        if self.args.dry_run {
            return Ok(());
        }
        for leftover in sweep_folder(folder) {
            if let Leftover::Removed { path, bytes } = leftover {
                self.say(&path, bytes, "an interrupted run left it")?;
            }
        }
        Ok(())
    }

    fn remove(&mut self, path: &Path, why: &str) -> Result<(), Failure> {
        let size = size(path);
        if !self.args.dry_run {
            let removed = match path.is_dir() {
                true => std::fs::remove_dir_all(path),
                false => std::fs::remove_file(path),
            };
            if let Err(error) = removed {
                // The others can go all the same.
                let failure = format!("{}: cannot be removed: {}", shown(path), plain(&error));
                self.report.warning(STAGE, &failure);
                self.failures += 1;
                return Ok(());
            }
        }
        self.say(path, size, why)
    }

    fn say(&mut self, path: &Path, size: u64, why: &str) -> Result<(), Failure> {
        let done = if self.args.dry_run { "would be removed" } else { "removed" };
        self.removed += 1;
        self.bytes += size;
        let facts = json!({ "bytes": size, "because": why, "removed": !self.args.dry_run });
        self.report.stage(STAGE, &shown(path), &format!("{done}, {}: {why}", bytes(size)), facts)
    }
}

/// Whether a folder is a link: what it leads to was put there by somebody.
fn is_elsewhere(folder: &Path) -> bool {
    folder.symlink_metadata().is_ok_and(|about| about.is_symlink())
}
