//! What is known of a file besides its name, by which one is told from another and from what it becomes.
//!
//! A file that is written to gets a new time of change, and no program can set that one back; another file that takes
//! its name has another inode. Both are compared beside size and time of modification, which may well be equal.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use pointillist_base::file;
use pointillist_base::file::{is_of_nothing, open_regular, time_to_settle};
use pointillist_base::message::printable;
use serde::{Deserialize, Serialize};

use crate::Error;

/// An input as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The one path without links, dots and the like, with what is not UTF-8 escaped, as JSON is; `-` for the standard
    /// input.
    pub path: PathBuf,
    /// Bytes read.
    pub size: u64,
    /// Time of the last modification in nanoseconds since 1970; `None` where the input has none: such an input never
    /// counts as unchanged.
    pub modified: Option<i64>,
    /// Time of the last change of content or attributes in nanoseconds since 1970, which no program can choose; `None`
    /// where the system does not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<i64>,
    /// The number of the file in its file system; `None` where the system has none that stays the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inode: Option<u64>,
    /// Hash of samples of the content, in hexadecimal: of its beginning, its end, and places between them. It tells apart
    /// what has the same size and times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
}

impl Source {
    /// Describes the file at `path` as it is now, or `None` where it is not a regular file that can be read.
    pub fn of_file(path: &Path) -> Option<Self> {
        Self::look(path).ok().flatten()
    }

    /// The same, where an error is one.
    fn look(path: &Path) -> io::Result<Option<Self>> {
        let Some(file) = open_regular(path)? else { return Ok(None) };
        Self::new(path, &file, &file.metadata()?)
    }

    /// Describes an open file, or `None` where it is not a regular file. One that was written to just now is looked at
    /// again until its times are older than what the clock tells apart: a later change then has another time.
    ///
    /// # Errors
    /// [`Error::Read`], and [`Error::Changed`] where it is written to all the time.
    pub(super) fn of_open(path: &Path, file: &File) -> Result<Option<Self>, Error> {
        const MOST_LOOKS: u32 = 50;
        for _ in 0..MOST_LOOKS {
            let metadata = file.metadata().map_err(|source| Error::read(path, source))?;
            match time_to_settle(&metadata) {
                Some(time) if metadata.is_file() => std::thread::sleep(time),
                _ => {
                    let source = Self::new(path, file, &metadata);
                    return source.map_err(|source| Error::read(path, source));
                }
            }
        }
        Err(Error::Changed { path: path.to_owned() })
    }

    /// Describes what is no file, of which so many bytes were read.
    pub(super) fn of_stream(path: PathBuf, size: u64) -> Self {
        Self { path, size, modified: None, changed: None, inode: None, sample: None }
    }

    fn new(path: &Path, file: &File, metadata: &Metadata) -> io::Result<Option<Self>> {
        if !metadata.is_file() {
            return Ok(None);
        }
        Ok(Some(Self {
            path: printable(&path.canonicalize().unwrap_or_else(|_| path.to_owned())),
            size: metadata.len(),
            modified: metadata.modified().ok().and_then(nanoseconds),
            changed: file::changed(metadata),
            inode: file::inode(metadata),
            sample: Some(sample(file, metadata.len())?),
        }))
    }

    /// Opens the file at `path` once more.
    ///
    /// # Errors
    /// [`Error::Read`], and [`Error::Changed`] where it is not what it was.
    pub(super) fn open_again(&self, path: &Path) -> Result<File, Error> {
        let read = |source: io::Error| Error::read(path, source);
        let changed = || Error::Changed { path: path.to_owned() };
        let file = open_regular(path).map_err(read)?.ok_or_else(changed)?;
        let metadata = file.metadata().map_err(read)?;
        let is_same = self.size == metadata.len()
            && self.modified == metadata.modified().ok().and_then(nanoseconds)
            && self.changed == file::changed(&metadata)
            && self.inode == file::inode(&metadata);
        if is_same { Ok(file) } else { Err(changed()) }
    }

    /// Makes sure that the file at `path` is the same as ever, with the same content.
    ///
    /// # Errors
    /// [`Error::Changed`], and [`Error::Read`] where that cannot be said: a system that is short of something has changed
    /// nothing.
    pub(super) fn check(&self, path: &Path) -> Result<(), Error> {
        match Self::look(path) {
            Ok(now) if now.as_ref() == Some(self) => Ok(()),
            Err(source) if !is_of_nothing(&source) => Err(Error::read(path, source)),
            _ => Err(Error::Changed { path: path.to_owned() }),
        }
    }

    /// Whether the file at `path` is certainly another one now, or has other content.
    pub(super) fn has_changed(&self, path: &Path) -> bool {
        matches!(self.check(path), Err(Error::Changed { .. }))
    }
}

/// Hash of the bytes at the beginning and the end of a file of `size` bytes, and at places between them: cheap, but it notices
/// what most changes of a text change.
fn sample(file: &File, size: u64) -> io::Result<String> {
    const BLOCKS: u64 = 16;
    const BLOCK: u64 = 4 << 10;
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    let mut buffer = [0; BLOCK as usize];
    let last = size.saturating_sub(BLOCK);
    for block in 0..BLOCKS {
        // In 128 bits, for sizes that are made up.
        let offset = (u128::from(last) * u128::from(block) / u128::from(BLOCKS - 1)) as u64;
        let read = file::read_at(file, &mut buffer, offset)?;
        hasher.update(&buffer[..read]);
    }
    Ok(format!("{:032x}", hasher.digest128()))
}

/// Nanoseconds since 1970, negative before.
fn nanoseconds(time: SystemTime) -> Option<i64> {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).ok(),
        Err(before) => i64::try_from(before.duration().as_nanos()).ok().map(|nanos| -nanos),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn a_file_that_was_written_just_now_is_described_when_the_clock_has_gone_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), "points", "1 2\n");
        let file = File::open(&path).unwrap();
        let source = Source::of_open(&path, &file).unwrap().unwrap();
        assert_eq!(time_to_settle(&file.metadata().unwrap()), None);
        assert_eq!(Source::of_file(&path), Some(source));
    }

    #[test]
    fn a_time_in_the_future_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), "points", "1 2\n");
        let future = SystemTime::now() + Duration::from_secs(3600);
        File::options().append(true).open(&path).unwrap().set_modified(future).unwrap();
        let source = Source::of_open(&path, &File::open(&path).unwrap()).unwrap().unwrap();
        assert_eq!(source.modified, nanoseconds(future));
        assert_eq!(time_to_settle(&path.metadata().unwrap()), None);
    }

    #[cfg(unix)]
    #[test]
    fn another_file_of_the_same_name_size_time_and_samples_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), "points", "1 2\n");
        let time = path.metadata().unwrap().modified().unwrap();
        let source = Source::of_open(&path, &File::open(&path).unwrap()).unwrap().unwrap();
        assert!(!source.has_changed(&path) && source.open_again(&path).is_ok());
        let other = written(folder.path(), "other", "1 2\n");
        File::options().append(true).open(&other).unwrap().set_modified(time).unwrap();
        std::fs::rename(&other, &path).unwrap();
        let now = Source::of_file(&path).unwrap();
        assert_eq!((now.size, now.modified), (source.size, source.modified));
        assert_eq!(now.sample, source.sample);
        assert!(source.has_changed(&path));
        assert!(matches!(source.open_again(&path), Err(Error::Changed { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_written_to_and_got_its_old_time_back_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        // More than is sampled, changed where no sample is.
        let mut text = "1 2\n".repeat(1 << 16);
        let path = written(folder.path(), "points", &text);
        let time = path.metadata().unwrap().modified().unwrap();
        let source = Source::of_open(&path, &File::open(&path).unwrap()).unwrap().unwrap();
        text.replace_range(8192..8193, "3");
        std::fs::write(&path, &text).unwrap();
        File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
        let now = Source::of_file(&path).unwrap();
        assert_eq!((now.modified, &now.sample), (source.modified, &source.sample));
        assert!(source.has_changed(&path));
        assert!(matches!(source.open_again(&path), Err(Error::Changed { .. })));
    }

    #[test]
    fn what_is_no_file_is_not_described() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Source::of_file(folder.path()), None);
        assert_eq!(Source::of_file(&folder.path().join("none")), None);
    }
}
