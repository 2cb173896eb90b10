//! What may lie in a `.points` folder: files of our names, and one folder. All else in it, and what only has such a name,
//! was put there by somebody, and is neither replaced nor removed.

use std::ffi::OsStr;
use std::fmt;
use std::fs::FileType;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::is_partial;
use crate::file::{look_steadily, open_regular};
use crate::message::printable;
use crate::{npy, tag};

/// The file of a folder that is written last, and is locked until then: a folder without it is none of ours, or not finished.
pub const RECORD: &str = "points.json";
/// What it begins with saying, to mark it as ours.
pub const FORMAT: &str = "pointillist points";
/// It is a few kilobytes; what is longer is none of ours.
pub const LONGEST_RECORD: u64 = 16 << 20;
/// The folder within, for grids that are made of the columns and kept with them.
pub const GRIDS: &str = "grids";

/// What the record of the folder at `path` says, whatever version of the format it is, or `None` where there is none that is
/// ours and can be read. Nothing else of it is checked.
pub fn recorded(path: &Path) -> Option<serde_json::Map<String, Value>> {
    let file = open_regular(&path.join(RECORD)).ok()??;
    let mut text = Vec::new();
    file.take(LONGEST_RECORD).read_to_end(&mut text).ok()?;
    let recorded: serde_json::Map<String, Value> = serde_json::from_slice(&text).ok()?;
    (recorded.get("format")? == FORMAT).then_some(recorded)
}

/// The names of the columns in what is recorded, or `None` where that is damaged.
pub fn recorded_columns(recorded: &serde_json::Map<String, Value>) -> Option<Vec<String>> {
    let Some(columns) = recorded.get("columns") else { return Some(Vec::new()) };
    let name = |column: &Value| Some(column.get("name")?.as_str()?.to_owned());
    columns.as_array()?.iter().map(name).collect()
}

/// Something that is none of ours, in a folder of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Where it lies in the folder.
    pub path: PathBuf,
    kind: FileType,
}

impl Foreign {
    /// What is wrong with the folder that it lies in, and what to do about it.
    pub fn in_the_way(&self) -> String {
        format!("holds {self}, which pointillist did not make: move that away")
    }
}

impl fmt::Display for Foreign {
    /// The path, after what it is where it is no regular file: it may have the name of one of ours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            kind if kind.is_file() => "",
            kind if kind.is_dir() => "the folder ",
            kind if kind.is_symlink() => "the link ",
            _ => "the pipe or device ",
        };
        write!(f, "{what}{}", printable(&self.path).display())
    }
}

/// The first file or folder in a `.points` folder, relative to it, that is none of ours: what its `points.json` does not
/// know as a column, or where that says nothing, what is no column with its zones by what it holds, and whatever is a link, or
/// a folder where a file should be. A folder that is not there has none.
///
/// # Errors
/// When a folder cannot be listed.
pub fn foreign(folder: &Path) -> io::Result<Option<Foreign>> {
    foreign_but(folder, Unrecorded::Whole)
}

/// The same of a folder that has a temporary name: a run may have been killed before its columns were whole.
pub(super) fn foreign_in_begun(folder: &Path) -> io::Result<Option<Foreign>> {
    // Of one that was whole once, and is being removed, the record goes last.
    let is_begun = || folder.join(RECORD).symlink_metadata().is_ok_and(|about| about.len() == 0);
    foreign_but(folder, if is_begun() { Unrecorded::Begun } else { Unrecorded::Whole })
}

/// Which arrays are ours in a folder whose record says nothing.
#[derive(Clone, Copy)]
enum Unrecorded {
    /// Columns with their zones. Zones alone are what a removal that was cut short leaves of a column.
    Whole,
    /// What begins as these, too, or was not written yet.
    Begun,
}

impl Unrecorded {
    /// Whether that of a column, or its zones, is ours in `folder`.
    fn is_ours(self, folder: &Path, column: &str, is_zones: bool) -> bool {
        let [values, zones] =
            [npy::SUFFIX, npy::ZONES_SUFFIX].map(|end| folder.join(format!("{column}{end}")));
        let is_whole = match is_zones {
            true => npy::is_zones(&zones),
            false => npy::is_column(&values, &zones),
        };
        let is_begun = || npy::is_begun(if is_zones { &zones } else { &values });
        is_whole || (matches!(self, Self::Begun) && is_begun())
    }
}

fn foreign_but(folder: &Path, unrecorded: Unrecorded) -> io::Result<Option<Foreign>> {
    // Of a folder that is replaced meanwhile, something could be taken for somebody else's.
    let doubtful = |found: &io::Result<Option<Foreign>>| matches!(found, Ok(Some(_)));
    look_steadily(folder, doubtful, || foreign_at_once(folder, unrecorded))
}

/// The same of one that nobody replaces meanwhile.
fn foreign_at_once(folder: &Path, unrecorded: Unrecorded) -> io::Result<Option<Foreign>> {
    let columns = recorded(folder).and_then(|recorded| recorded_columns(&recorded));
    let is_column = |name: &OsStr| {
        let Some(name) = name.to_str() else { return false };
        let zones = name.strip_suffix(npy::ZONES_SUFFIX);
        let Some(column) = zones.or_else(|| name.strip_suffix(npy::SUFFIX)) else { return false };
        match &columns {
            Some(columns) => columns.iter().any(|it| it == column),
            None => unrecorded.is_ours(folder, column, zones.is_some()),
        }
    };
    let found =
        first_other(folder, |name| name == RECORD || is_column(name), |name| name == GRIDS)?;
    let in_grids = || foreign_in_grids(&folder.join(GRIDS));
    let within = |found: Foreign| Foreign { path: Path::new(GRIDS).join(found.path), ..found };
    found.map_or_else(|| Ok(in_grids()?.map(within)), |found| Ok(Some(found)))
}

/// The first file or folder in a folder of grids, relative to it, that is none of ours. One that is not there has none.
///
/// # Errors
/// When the folder cannot be listed.
pub fn foreign_in_grids(folder: &Path) -> io::Result<Option<Foreign>> {
    first_other(folder, |name| is_kept_grid(Path::new(name)), |_| false)
}

/// The same of a folder in which both are put for a while, and the file that is locked. Nobody else could put anything there.
pub(super) fn foreign_in_temporary(folder: &Path) -> io::Result<Option<Foreign>> {
    let is_columns = |name: &OsStr| {
        is_partial(name) || Path::new(name).extension().is_some_and(|it| it == "points")
    };
    let is_file = |name: &OsStr| name == RECORD || is_kept_grid(Path::new(name));
    if let Some(found) = first_other(folder, is_file, is_columns)? {
        return Ok(Some(found));
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir()
            && let Some(found) = foreign_but(&entry.path(), Unrecorded::Begun)?
        {
            let path = Path::new(&entry.file_name()).join(found.path);
            return Ok(Some(Foreign { path, ..found }));
        }
    }
    Ok(None)
}

/// Whether a file is called as a grid that is kept: 16 digits of a hash, and `.tiff`.
pub fn is_kept_grid(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().as_encoded_bytes();
    path.extension().is_some_and(|extension| extension == "tiff")
        && stem.len() == 16
        && stem.iter().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte))
}

/// The first thing in a folder that is no regular file of a known name, of a mark or of something that was begun, and no folder
/// of a known name.
fn first_other(
    folder: &Path,
    is_file: impl Fn(&OsStr) -> bool,
    is_folder: impl Fn(&OsStr) -> bool,
) -> io::Result<Option<Foreign>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let kind = match entry.file_type() {
            // It is gone again: not every system tells with the name what it is of.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            kind => kind?,
        };
        let is_ours = match kind {
            kind if kind.is_file() => name == tag::NAME || is_partial(&name) || is_file(&name),
            kind => kind.is_dir() && is_folder(&name),
        };
        if !is_ours {
            return Ok(Some(Foreign { path: name.into(), kind }));
        }
    }
    Ok(None)
}
