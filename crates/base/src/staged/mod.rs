//! Outputs that appear whole or not at all.
//!
//! A [`StagedFile`] or [`StagedDir`] is written under a temporary name beside its destination and renamed into
//! place by `commit`. Dropped before that, by an error, a cancelled run or a panic, it removes what it wrote
//! and leaves whatever stood at the destination as it was. It is locked for as long as its writer lives: [`sweep`] removes
//! what the dead have left, and [`wait_for_others`] waits for the living.
//!
//! A file is on the disk before it is renamed, and so is the `points.json` of a folder: after a power cut there is the old
//! output or the new one. Columns are only handed to the operating system, as an `fsync` of gigabytes
//! would cost more than the whole run; what they lack then differs from the hashes in `points.json`.

mod abandoned;
pub mod contents;
mod leftovers;
mod listing;
mod marked;
mod names;
mod partial;
mod removal;
mod room;
mod temporary;
mod unfinished;

use crate::file;
use crate::filesystem;
use contents::RECORD;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

pub use abandoned::Abandoned;
pub use leftovers::is_aside;
pub use leftovers::{
    Leftover, abandoned, is_written_to, others_at_work, sweep, sweep_folder, wait_for_others,
};
pub use marked::create_marked;
use names::Names;
pub use names::is_partial;
pub use names::{LONGEST_NAME, shortened};
use partial::PartialFolder;
pub use removal::{discard, ensure_removable};
use removal::{ensure_ours, moved, remove, remove_in_parallel, why_irremovable};
use room::Room;
pub use temporary::TemporaryDir;
use unfinished::Unfinished;
pub use unfinished::remove_unfinished;

/// What can be done about an output that cannot be put where it was asked for, as errors say it.
pub const ELSEWHERE: &str = "choose an output elsewhere";

/// How often something is tried that fails only when somebody else gets in between.
const ATTEMPTS: usize = 64;

/// What an output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// Makes sure, before any work, that an output can be put at `destination`: that its folder can be written, that what
/// stands there is of its kind and this user may replace and remove it, and that there is room for it, where it is
/// known that it `takes` so many bytes at least.
///
/// # Errors
/// What is in the way, and what can be done.
pub fn ensure_writable(destination: &Path, kind: Kind, takes: Option<u64>) -> io::Result<()> {
    let destination = target(destination, kind)?;
    let folder = folder(&destination);
    let reason = match fs::symlink_metadata(&destination) {
        Ok(_) => why_irremovable(&destination),
        Err(_) => filesystem::why_unchangeable(folder),
    };
    if let Some(reason) = reason {
        let reason = format!("{reason}: {ELSEWHERE}");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    }
    let room = Room::look(folder, takes);
    room.check()?;
    if kind == Kind::File {
        room.check_length()?;
    }
    // A file without a name leaves the folder as it was, for all who look whether it has changed.
    match filesystem::can_have_nameless_file(folder) {
        true => Ok(()),
        false => create_file(&destination).map(drop),
    }
}

/// An error met while something is put into `folder`; one that says that there is no room says what there is.
pub fn explain(folder: &Path, error: io::Error) -> io::Error {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    Room::look(folder, None).explain(error)
}

/// A file that is written beside its destination and renamed over it by [`StagedFile::commit`].
#[derive(Debug)]
pub struct StagedFile {
    temporary: tempfile::NamedTempFile,
    destination: PathBuf,
    room: Room,
    /// Bytes written, as if one after another.
    written: u64,
    unfinished: Unfinished,
}

impl StagedFile {
    /// Bytes of a large file that the disk begins with while the next ones are made.
    const STEP: u64 = 32 << 20;

    /// Opens an empty temporary file in the folder of `destination`. A destination that is a symbolic link
    /// keeps being one: the file it points to is the one that is replaced.
    ///
    /// # Errors
    /// When the folder does not exist or cannot be written, or when `destination` exists and is not a regular
    /// file: a folder, a device or a pipe must never be renamed over.
    pub fn create(destination: &Path) -> io::Result<Self> {
        let destination = target(destination, Kind::File)?;
        let room = Room::look(folder(&destination), None);
        let (temporary, unfinished) =
            create_file(&destination).map_err(|error| room.explain(error))?;
        Ok(Self { temporary, destination, room, written: 0, unfinished })
    }

    /// The same, for an output of about so many bytes, which the error names if there is no room for them.
    pub fn taking(mut self, bytes: u64) -> Self {
        self.room = self.room.taking(bytes);
        self
    }

    /// The file, to read what was written: it is the same one after it has been committed.
    ///
    /// # Errors
    /// When there can be no further descriptor.
    pub fn try_clone(&self) -> io::Result<File> {
        self.temporary.as_file().try_clone()
    }

    /// Brings the file to the disk and renames it to its destination, replacing a file that stands there.
    ///
    /// # Errors
    /// When what was written finds no place on the disk, or the rename fails; the temporary file is removed then.
    pub fn commit(self) -> io::Result<()> {
        let Self { temporary, destination, room, mut unfinished, .. } = self;
        // What closing it could still find, this finds.
        temporary.as_file().sync_data().map_err(|error| room.explain(error))?;
        let mut file = None;
        unfinished.complete(|_| {
            // The lock is held until after the rename, so that whoever waits for it finds the file.
            file = Some(temporary.persist(&destination).map_err(|error| error.error)?);
            Ok(None)
        })?;
        Ok(())
    }
}

impl Write for StagedFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count =
            self.temporary.as_file_mut().write(buffer).map_err(|error| self.room.explain(error))?;
        let steps = self.written / Self::STEP;
        self.written += count as u64;
        let done = self.written / Self::STEP;
        if done > steps {
            // Else the end would have to wait for all of it. What is written out of order is left to the end.
            let bytes = steps * Self::STEP..done * Self::STEP;
            file::begin_to_sync(self.temporary.as_file(), bytes);
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.as_file_mut().flush()
    }
}

impl Seek for StagedFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.temporary.as_file_mut().seek(position)
    }
}

/// A folder that is filled beside its destination and renamed to it by [`StagedDir::commit`].
#[derive(Debug)]
pub struct StagedDir {
    temporary: PartialFolder,
    destination: PathBuf,
    room: Room,
}

impl StagedDir {
    /// Makes a temporary folder beside `destination`, with nothing in it but an empty `points.json`. Whether a folder
    /// that already stands there may be replaced is the caller's to decide, before.
    ///
    /// # Errors
    /// When the parent folder does not exist or cannot be written.
    pub fn create(destination: &Path) -> io::Result<Self> {
        let destination = target(destination, Kind::Folder)?;
        let folder = folder(&destination);
        let room = Room::look(folder, None);
        let temporary = PartialFolder::create(&Names::of(&destination), folder, 0o777)
            .map_err(|error| room.explain(error))?;
        Ok(Self { temporary, destination, room })
    }

    /// The temporary folder to fill.
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// An error met while filling it; one that says that there is no room says what there was, and how much
    /// the whole `takes` where that is known.
    pub fn explain(&self, error: io::Error, takes: Option<u64>) -> io::Error {
        takes.map_or(self.room, |takes| self.room.taking(takes)).explain(error)
    }

    /// Makes sure that there may be room for so many bytes.
    ///
    /// # Errors
    /// When there certainly is none.
    pub fn ensure_room(&self, takes: u64) -> io::Result<()> {
        self.room.taking(takes).check()
    }

    /// Writes its `points.json`, brings that to the disk and renames the folder to its destination. A folder that stands
    /// there, even one that has appeared meanwhile, is exchanged with it, in one step where the operating system can do
    /// that, and removed afterwards. Except on Unix, no file in it may be open.
    ///
    /// # Errors
    /// When something fails before the new folder is in its place, or something in the old one is none of ours; the
    /// destination is then what it was, and the temporary folder is removed. And when the old one cannot be removed after
    /// that.
    pub fn commit(self, points_json: &[u8]) -> io::Result<()> {
        self.commit_keeping(points_json, |_, _| ())
    }

    /// The same; `keep` may take something over from the old folder, whose path comes first, to the new one, before the
    /// old one is removed.
    ///
    /// # Errors
    /// As [`StagedDir::commit`].
    pub fn commit_keeping(
        self,
        points_json: &[u8],
        keep: impl FnOnce(&Path, &Path),
    ) -> io::Result<()> {
        let Self { mut temporary, destination, room } = self;
        if let Some(last) = temporary.locked() {
            let written = last.write_all(points_json).and_then(|()| last.sync_all());
            written.map_err(|error| room.explain(error))?;
        }
        temporary.close_where_needed();
        filesystem::sync_folder(temporary.path())?;
        // The lock is held until all is done.
        let mut unmoved = None;
        let placed = temporary.complete(|new| {
            let Some(old) = place(new, &destination, filesystem::replace)? else { return Ok(None) };
            let Err(error) = ensure_ours(&old) else { return Ok(Some(old)) };
            // Somebody has put something into it since the caller looked: it comes back.
            match filesystem::replace(&old, &destination, new.to_owned()) {
                Ok(_) => Err(error),
                Err(_) => {
                    unmoved = Some(moved(&error, &old));
                    Ok(None)
                }
            }
        });
        let Some(old) = placed? else { return unmoved.map_or(Ok(()), Err) };
        // So that nobody takes it for what a dead run has left.
        let _lock = file::lock(&old.join(RECORD), true);
        keep(old, &destination);
        remove_in_parallel(old).map_err(|error| {
            let message = format!(
                "what stood here before is replaced, but cannot be removed: {}: {}",
                old.display(),
                crate::message::plain(&error)
            );
            io::Error::new(error.kind(), message)
        })
    }
}

/// Renames a folder to its destination, whether another stands there or not, which `replace` is for. Returns where the old
/// one is then.
fn place(
    new: &Path,
    destination: &Path,
    replace: impl Fn(&Path, &Path, PathBuf) -> io::Result<PathBuf>,
) -> io::Result<Option<PathBuf>> {
    let aside = names::aside(new);
    let attempt = || match fs::symlink_metadata(destination) {
        Ok(_) => {
            // One that an attempt before has put aside, and that could not come back, as another had taken its place.
            remove(&aside)?;
            replace(new, destination, aside.clone()).map(Some)
        }
        Err(_) => fs::rename(new, destination).map(|()| None),
    };
    for _ in 1..ATTEMPTS {
        match attempt() {
            // Another run has come to stand there since we looked, or has just taken it away.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound
                        | io::ErrorKind::AlreadyExists
                        | io::ErrorKind::DirectoryNotEmpty
                ) => {}
            placed => return placed,
        }
    }
    attempt()
}

/// A new temporary file of an output, which is locked.
fn create_file(destination: &Path) -> io::Result<(tempfile::NamedTempFile, Unfinished)> {
    let (names, folder) = (Names::of(destination), folder(destination));
    for _ in 0..ATTEMPTS {
        let (temporary, unfinished) = Unfinished::list(|| {
            let made = builder(&names, 0o666).tempfile_in(folder)?;
            let path = made.path().to_owned();
            Ok((made, path))
        })?;
        if file::hold(temporary.as_file(), temporary.path()) {
            return Ok((temporary, unfinished));
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Bytes of a file, or of all files in a folder.
pub fn size(path: &Path) -> u64 {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.map(|entry| size(&entry.path())).sum()
        }
        about => about.map_or(0, |about| about.len()),
    }
}

/// Where an output goes, if what stands there is of its kind.
fn target(destination: &Path, kind: Kind) -> io::Result<PathBuf> {
    let destination = resolve(destination)?;
    let refuse = |kind, reason| Err(io::Error::new(kind, reason));
    match (fs::metadata(&destination), kind) {
        (Err(error), _) if error.kind() != io::ErrorKind::NotFound => Err(error),
        (Ok(metadata), Kind::File) if metadata.is_dir() => {
            refuse(io::ErrorKind::IsADirectory, "is a directory")
        }
        (Ok(metadata), Kind::File) if !metadata.is_file() => {
            refuse(io::ErrorKind::InvalidInput, "exists and is not a regular file")
        }
        (Ok(metadata), Kind::Folder) if !metadata.is_dir() => {
            refuse(io::ErrorKind::NotADirectory, "exists and is not a folder")
        }
        _ => Ok(destination),
    }
}

/// Follows a symbolic link at `destination`, so that the link survives and its target is what is replaced.
fn resolve(destination: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(destination) {
        Ok(metadata) if metadata.is_symlink() => match fs::canonicalize(destination) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let target = fs::read_link(destination)?;
                let reason = format!(
                    "is a link to {}, which does not exist: remove the link, or {ELSEWHERE}",
                    target.display()
                );
                Err(io::Error::new(io::ErrorKind::AlreadyExists, reason))
            }
            resolved => resolved,
        },
        _ => Ok(destination.to_path_buf()),
    }
}

fn folder(destination: &Path) -> &Path {
    match destination.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The mode is narrowed by the umask, as for any new file.
fn builder(names: &Names, mode: u32) -> tempfile::Builder<'_, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(names.prefix()).rand_bytes(names::RANDOM);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_was_replaced_is_removed_with_all_that_is_ours_in_it_and_else_stays() {
        let parent = tempfile::tempdir().unwrap();
        let destination = parent.path().join("out");
        fs::create_dir_all(destination.join("grids")).unwrap();
        let record = r#"{"format":"pointillist points","columns":[{"name":"a"},{"name":"b"}]}"#;
        fs::write(destination.join(RECORD), record).unwrap();
        for name in ["a.npy", "b.npy", "grids/0123456789abcdef.tiff"] {
            fs::write(destination.join(name), name).unwrap();
        }
        let names = |path: &Path| -> Vec<_> {
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect()
        };
        let staged = StagedDir::create(&destination).unwrap();
        let mine = destination.join("grids/mine");
        fs::write(&mine, "mine").unwrap();
        let error = staged.commit(b"{}").unwrap_err().to_string();
        assert!(error.contains("holds grids/mine, "), "{error}");
        assert_eq!(names(parent.path()), ["out"]);
        assert_eq!(fs::read(&mine).unwrap(), b"mine");
        fs::remove_file(mine).unwrap();

        let staged = StagedDir::create(&destination).unwrap();
        fs::write(staged.path().join("new"), "new").unwrap();
        staged.commit(b"{}").unwrap();
        assert_eq!(names(parent.path()), ["out"]);
        let mut new = names(&destination);
        new.sort();
        assert_eq!(new, ["new", "points.json"]);
        assert_eq!(fs::read(destination.join("points.json")).unwrap(), b"{}");
    }

    #[test]
    fn a_folder_that_appeared_meanwhile_is_replaced_and_removed() {
        let parent = tempfile::tempdir().unwrap();
        let destination = parent.path().join("out");
        let [first, second] = [(); 2].map(|()| StagedDir::create(&destination).unwrap());
        second.commit(b"second").unwrap();
        first.commit(b"first").unwrap();
        assert_eq!(fs::read(destination.join("points.json")).unwrap(), b"first");
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_could_not_come_back_from_aside_is_in_nobodys_way() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name);
        let new = path(".out.partial-abcdef");
        for (folder, content) in [("out", "old"), (".out.partial-abcdef", "new")] {
            fs::create_dir(path(folder)).unwrap();
            fs::write(path(folder).join("points.json"), content).unwrap();
        }
        // Where two cannot be exchanged. The first time, another run takes the place between two steps.
        let comes_between = std::cell::Cell::new(true);
        let replace = |new: &Path, old: &Path, aside: PathBuf| {
            fs::rename(old, &aside)?;
            if comes_between.take() {
                fs::create_dir(old)?;
                fs::write(old.join("points.json"), "other")?;
                return Err(fs::rename(&aside, old).unwrap_err());
            }
            fs::rename(new, old).map(|()| aside)
        };
        let old = place(&new, &path("out"), replace).unwrap().unwrap();
        assert_eq!(fs::read_to_string(old.join("points.json")).unwrap(), "other");
        assert_eq!(fs::read_to_string(path("out/points.json")).unwrap(), "new");
    }

    #[test]
    fn what_is_of_another_kind_is_refused_before_any_work() {
        let parent = tempfile::tempdir().unwrap();
        let [file, folder] = ["file", "folder"].map(|name| parent.path().join(name));
        fs::write(&file, "").unwrap();
        fs::create_dir(&folder).unwrap();
        assert!(ensure_writable(&file, Kind::File, None).is_ok());
        assert!(ensure_writable(&folder, Kind::Folder, Some(1)).is_ok());
        assert!(ensure_writable(&file, Kind::Folder, None).is_err());
        assert!(ensure_writable(&folder, Kind::File, None).is_err());
        assert!(ensure_writable(&parent.path().join("n".repeat(256)), Kind::File, None).is_err());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 2);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_cannot_be_replaced_is_refused_before_any_work() {
        let error = ensure_writable(Path::new("/proc"), Kind::Folder, None).unwrap_err();
        assert_eq!(error.to_string(), "something is mounted here: choose an output elsewhere");
    }

    #[test]
    fn names_as_long_as_the_file_system_takes_are_written() {
        let parent = tempfile::tempdir().unwrap();
        for length in [235, 236, 255] {
            let destination = parent.path().join("n".repeat(length));
            let mut staged = StagedFile::create(&destination).unwrap();
            staged.write_all(b"new").unwrap();
            staged.commit().unwrap();
            assert_eq!(fs::read(&destination).unwrap(), b"new");
            fs::remove_file(&destination).unwrap();
            for content in [&b"old"[..], b"new"] {
                StagedDir::create(&destination).unwrap().commit(content).unwrap();
            }
            fs::remove_dir_all(&destination).unwrap();
        }
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
