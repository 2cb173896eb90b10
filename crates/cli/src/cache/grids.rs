//! The grids that are kept with columns: one for each way to bin them, of which the last few stay.

use std::fs::{DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use pointillist_base::message::bytes;
pub(crate) use pointillist_base::staged::contents::GRIDS as FOLDER;
use pointillist_base::staged::contents::{foreign_in_grids, is_kept_grid};
use pointillist_base::staged::{create_marked, explain, sweep_folder};
use pointillist_base::tag;
use pointillist_bin2d::{Error, GridFile, Options};
use pointillist_ingest::Points;
use serde_json::{Value, json};
use xxhash_rust::xxh3::Xxh3;

use crate::report::shown;

/// The name of a grid of these points, binned with these options. Of other points, it is another one.
pub(super) fn name(points: &[Points], options: &Options) -> String {
    let mut hasher = Xxh3::new();
    for points in points {
        hasher.update(points.identity().as_bytes());
        hasher.update(&[0]);
    }
    // Options are plain data, which JSON can always hold.
    hasher.update(serde_json::to_string(options).unwrap_or_default().as_bytes());
    format!("{:016x}.tiff", hasher.digest())
}

/// Makes sure that nothing stands in the place of a grid but such a file: a link or a folder was put there by somebody.
pub(super) fn ensure_ours(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(about) if !about.is_file() => {
            let reason = "is no file, and pointillist did not make it";
            Err(io::Error::new(io::ErrorKind::AlreadyExists, reason))
        }
        _ => Ok(()),
    }
}

/// Whether a folder is that of the grids in a folder of columns, all of which is ours.
fn is_with_columns(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name == FOLDER)
}

/// Makes a folder for grids where there is none. Columns that get one keep their time: for `make` they are as old as they
/// were. Says whether it has made the folder.
pub(super) fn prepare(folder: &Path) -> io::Result<bool> {
    if folder.is_symlink() {
        let reason = "is a link, which pointillist did not make";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, reason));
    }
    if folder.is_dir() {
        if tag::is_marked(folder) {
            return Ok(false);
        }
        // A run that was killed may have made it, and left it without its mark. An empty one elsewhere is somebody else's.
        if is_with_columns(folder)
            && tag::is_unfinished(folder)
            && foreign_in_grids(folder)?.is_none()
        {
            return tag::mark(folder).map(|()| false);
        }
        let reason = "is a folder that pointillist did not make";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, reason));
    }
    let parent = folder.parent().unwrap_or(Path::new(""));
    let time = parent.metadata().and_then(|metadata| metadata.modified());
    let made = match is_with_columns(folder) {
        true => std::fs::create_dir(folder),
        false => create_marked(folder),
    };
    match made {
        // Another run has made it since we looked.
        Err(error)
            if error.kind() == io::ErrorKind::AlreadyExists
                && folder.is_dir()
                && (is_with_columns(folder) || tag::is_marked(folder)) =>
        {
            return Ok(false);
        }
        // Who removes columns that can be made again need not ask those who read them.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let reason = "the folder that it is to lie in is not there any more";
            return Err(io::Error::new(io::ErrorKind::NotADirectory, reason));
        }
        made => made.map_err(|error| explain(parent, error))?,
    }
    if is_with_columns(folder) {
        tag::mark(folder)
            .inspect_err(|_| drop(remove(folder)))
            .map_err(|error| explain(parent, error))?;
        if let Ok(time) = time {
            // What cannot be done is no fault: `make` then asks once more for a grid that is up to date.
            let _ = File::open(parent).and_then(|parent| parent.set_modified(time));
        }
    }
    Ok(true)
}

/// Removes a folder that has nothing in it but maybe its mark.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    tag::unmark(folder).and_then(|()| std::fs::remove_dir(folder)).inspect_err(|_| {
        if folder.is_dir() {
            // Another run has come to use it meanwhile.
            let _ = tag::mark(folder);
        }
    })
}

/// Removes a folder of grids with what we put into it, and nothing else, even if it has come to lie there this moment.
pub(crate) fn discard(folder: &Path) -> io::Result<()> {
    sweep_folder(folder);
    for path in paths(folder) {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    remove(folder)
}

/// Removes a folder that was made for a grid which there is none of.
pub(super) fn remove_if_empty(folder: &Path) {
    let is_tag = |entry: io::Result<DirEntry>| entry.is_ok_and(|it| it.file_name() == tag::NAME);
    let is_empty = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.all(is_tag));
    if is_empty && (tag::is_marked(folder) || tag::is_unfinished(folder)) {
        // Else it stays empty.
        let _ = remove(folder);
    }
}

/// Leaves the `most` grids in a folder of ours that were used last, and nothing that was begun and never finished.
pub(crate) fn keep(folder: &Path, most: usize) {
    if folder.is_symlink() || !tag::is_marked(folder) {
        return;
    }
    sweep_folder(folder);
    let mut grids: Vec<(SystemTime, PathBuf)> = paths(folder)
        .into_iter()
        .filter_map(|path| Some((path.metadata().and_then(|about| about.modified()).ok()?, path)))
        .collect();
    grids.sort_by(|one, other| other.cmp(one));
    for (_, path) in grids.into_iter().skip(most) {
        // Another run may have removed it, and who reads it keeps it open.
        let _ = std::fs::remove_file(path);
    }
}

/// The grids in a folder: files of such names. A link in their place, or in that of the folder, is somebody else's.
pub(crate) fn paths(folder: &Path) -> Vec<PathBuf> {
    if folder.is_symlink() {
        return Vec::new();
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut paths: Vec<PathBuf> =
        files.map(|entry| entry.path()).filter(|path| is_kept_grid(path)).collect();
    paths.sort();
    paths
}

/// A grid that is kept with columns.
pub(crate) struct Kept {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) grid: Result<GridFile, Error>,
}

/// The grids in a folder.
pub(crate) fn kept(folder: &Path) -> Vec<Kept> {
    let of = |path: PathBuf| Kept {
        bytes: path.metadata().map_or(0, |about| about.len()),
        grid: GridFile::open(&path),
        path,
    };
    paths(folder).into_iter().map(of).collect()
}

impl Kept {
    /// Its path, size and options in a line.
    pub(crate) fn line(&self, points: &Points) -> String {
        let (path, size) = (shown(&self.path), bytes(self.bytes));
        let Ok(grid) = &self.grid else { return format!("grid {path}: {size}, cannot be read") };
        let (pages, extent) = (grid.page_names().collect::<Vec<_>>().join(","), grid.extent());
        let what = if self.is_of(points) { "" } else { ", of other columns" };
        format!("grid {path}: {}x{}, {pages}, {extent}; {size}{what}", grid.width(), grid.height())
    }

    /// The same for programs.
    pub(crate) fn facts(&self, points: &Points) -> Value {
        let about = self.grid.as_ref().ok().map(GridFile::description);
        json!({
            "path": shown(&self.path),
            "bytes": self.bytes,
            "of_these_columns": self.is_of(points),
            "size": about.map(|about| about.size),
            "extent": about.map(|about| about.extent),
            "options": about.map(|about| &about.options),
        })
    }

    /// Compares all of it with what was written.
    pub(crate) fn verify(self) -> Result<(), Error> {
        self.grid.and_then(|grid| grid.verify())
    }

    /// Whether it is of these points.
    pub(crate) fn is_of(&self, points: &Points) -> bool {
        self.grid.as_ref().is_ok_and(|grid| grid.description().points == [points.identity()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_grids_that_were_used_last_stay_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, age: u64| {
            let path = folder.path().join(name);
            let file = File::create(path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        };
        for index in 0..5 {
            write(&format!("{index:016x}.tiff"), (index * 7919) % 5);
        }
        let others = ["mine.tiff", "0123456789ABCDEF.tiff", "0123456789abcdef.png"];
        others.iter().for_each(|name| write(name, 1000));
        std::fs::create_dir(folder.path().join("0123456789abcdef.tiff")).unwrap();
        keep(folder.path(), 2);
        assert_eq!(paths(folder.path()).len(), 5);
        tag::mark(folder.path()).unwrap();
        keep(folder.path(), 2);
        let names: Vec<_> = paths(folder.path());
        let expected: Vec<_> = (0..5u64)
            .filter(|index| (index * 7919) % 5 < 2)
            .map(|index| folder.path().join(format!("{index:016x}.tiff")))
            .collect();
        assert_eq!(names, expected);
        assert!(others.iter().all(|name| folder.path().join(name).exists()));
        keep(folder.path(), 0);
        assert!(paths(folder.path()).is_empty());
        assert!(folder.path().join("0123456789abcdef.tiff").is_dir());
        write("0123456789abcdea.tiff", 0);
        let error = discard(folder.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::DirectoryNotEmpty);
        assert!(paths(folder.path()).is_empty());
        assert!(tag::is_marked(folder.path()));
        assert!(others.iter().all(|name| folder.path().join(name).exists()));
    }
}
