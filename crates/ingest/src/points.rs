//! The reader of `.points` folders.
//!
//! A folder is opened once: its sidecar, its zones and all its columns are those of one and the same folder, whatever is
//! renamed to its place later.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pointillist_base::file::{Folder, has_too_many_open};
use pointillist_base::staged::contents::{LONGEST_RECORD, RECORD};
use pointillist_base::{Dtype, Progress, Values, staged};
use rayon::prelude::*;

use crate::column_info::ColumnInfo;
use crate::losses::Lost;
use crate::scan::{Buffer, Column};
use crate::sidecar::{Sidecar, Unfit};
use crate::summary::{Part, Summary};
use crate::zone::{BLOCK, Zone};
use crate::zones::{self, Zones};
use crate::{Error, columns};

/// A `.points` folder whose sidecar and zones have been read and checked, and whose columns are open.
#[derive(Debug, Clone)]
pub struct Points {
    path: PathBuf,
    sidecar: Sidecar,
    /// In the order of the sidecar.
    columns: Arc<[Column]>,
}

impl Points {
    /// Opens the folder at `path`, with all its columns: what is read later is of this folder, even when another is
    /// renamed to its place. A folder that is replaced just now is opened again, for some seconds at most.
    ///
    /// # Errors
    /// [`Error::Read`] when it cannot be read, [`Error::NotPoints`] when it is not a complete `.points` folder,
    /// [`Error::Damaged`] when a file is missing or not what the sidecar says, [`Error::TooManyFiles`] when the process
    /// may not open as many.
    pub fn open(path: &Path) -> Result<Self, Error> {
        const PAUSE: Duration = Duration::from_millis(2);
        let start = Instant::now();
        loop {
            let (opened, patience) = Self::attempt(path);
            if opened.is_ok() || start.elapsed() >= patience {
                return opened;
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Tries to open the folder, and says for how long after the first try another is worth it, should this fail.
    fn attempt(path: &Path) -> (Result<Self, Error>, Duration) {
        /// How often a folder may be replaced, a moment after it was opened, until somebody should look into it.
        const REPLACED: Duration = Duration::from_secs(5);
        /// Where folders cannot be exchanged in one step, there is none between two renames.
        const BETWEEN: Duration = Duration::from_secs(1);
        let folder = match Folder::open(path) {
            Ok(folder) => folder,
            Err(source) if source.kind() == io::ErrorKind::NotADirectory => {
                let reason = "is not a .points folder; make one: pointillist ingest".to_owned();
                return (Err(Error::NotPoints { path: path.to_owned(), reason }), Duration::ZERO);
            }
            Err(source) => {
                let is_missing = source.kind() == io::ErrorKind::NotFound;
                // It may have come back since.
                let waits = is_missing && (staged::is_aside(path) || path.exists());
                let patience = if waits { BETWEEN } else { Duration::ZERO };
                return (Err(Error::Read { path: path.to_owned(), source }), patience);
            }
        };
        let opened =
            read_sidecar(&folder, path).and_then(|sidecar| Self::of(&folder, path, sidecar));
        let is_replaced = opened.is_err() && folder.is_replaced();
        (opened, if is_replaced { REPLACED } else { Duration::ZERO })
    }

    /// The folder `written`, which is to be renamed to `path`, and to which `sidecar` belongs.
    pub(crate) fn written(written: &Path, path: &Path, sidecar: Sidecar) -> Result<Self, Error> {
        let read = |source| Error::Read { path: path.to_owned(), source };
        Self::of(&Folder::open(written).map_err(read)?, path, sidecar)
    }

    /// Opens the columns of a folder, which messages call `path`.
    fn of(folder: &Folder, path: &Path, sidecar: Sidecar) -> Result<Self, Error> {
        let open = |name: &str| -> Result<_, Error> {
            let shown = path.join(name);
            match folder.file(name) {
                Ok(Some(file)) => Ok((file, shown)),
                Ok(None) => Err(Error::damaged(&shown, "is not a regular file")),
                Err(error) if has_too_many_open(&error) => {
                    let columns = sidecar.columns.len();
                    Err(Error::TooManyFiles { path: path.to_owned(), columns })
                }
                Err(error) => Err(unreadable(&shown, Err(error))),
            }
        };
        let rows = sidecar.rows;
        let columns = sidecar.columns.iter().map(|info| {
            // First what shows that there are as many rows as the sidecar says: memory is taken for their zones.
            let (file, path) = open(&format!("{}.npy", info.name))?;
            columns::check(&file, info.dtype, rows).map_err(|error| unreadable(&path, error))?;
            let (zones, zones_path) = open(&zones::file_name(&info.name))?;
            let zones =
                Zones::read(&zones, info, rows).map_err(|error| unreadable(&zones_path, error))?;
            Ok(Column::new(info.clone(), rows, path, file, zones))
        });
        let columns = columns.collect::<Result<_, Error>>()?;
        Ok(Self { path: path.to_owned(), sidecar, columns })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the sidecar says.
    pub fn sidecar(&self) -> &Sidecar {
        &self.sidecar
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.sidecar.rows
    }

    /// Hash of the columns' names, types and content, in hexadecimal.
    pub fn identity(&self) -> &str {
        &self.sidecar.identity
    }

    /// Whether there is a column of that name.
    pub fn has_column(&self, name: &str) -> bool {
        self.sidecar.columns.iter().any(|column| column.name == name)
    }

    /// The column of that name.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`] lists the columns that exist.
    pub fn column(&self, name: &str) -> Result<&Column, Error> {
        let known = || self.columns.iter().map(|column| column.name().to_owned()).collect();
        self.columns.iter().find(|column| column.name() == name).ok_or_else(|| {
            Error::UnknownColumn { path: self.path.clone(), name: name.to_owned(), known: known() }
        })
    }

    /// Reads every column and compares it, and its zones, with what the sidecar says.
    ///
    /// # Errors
    /// [`Error::Damaged`] names the first file that differs, [`Error::Read`] one that cannot be read,
    /// [`Error::Cancelled`] when `progress` says so.
    pub fn verify(&self, progress: &dyn Progress) -> Result<(), Error> {
        const DIFFERS: &str = "differs from what was written";
        for (info, column) in self.sidecar.columns.iter().zip(&*self.columns) {
            let found = describe(&info.name, info.dtype, &summarise(column, progress)?);
            let (lost, zones) = (info.lost, info.zones.clone());
            let same = ColumnInfo { lost, zones, ..found.clone() } == *info;
            if !same {
                return Err(Error::damaged(column.path(), DIFFERS));
            }
            // A file of zones that is what the sidecar says, and still not what the values are, is wrong as well.
            if found.zones != info.zones {
                return Err(Error::damaged(&self.path.join(zones::file_name(&info.name)), DIFFERS));
            }
        }
        Ok(())
    }
}

/// Reads the sidecar of a folder, which messages call `path`.
fn read_sidecar(folder: &Folder, path: &Path) -> Result<Sidecar, Error> {
    let read = |source| Error::Read { path: path.join(RECORD), source };
    let not_points = |reason: String| Error::NotPoints { path: path.to_owned(), reason };
    let file = match folder.file(RECORD) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(not_points(format!(
                "has no {}: it is not a .points folder, or not a complete one",
                RECORD
            )));
        }
        Err(error) if has_too_many_open(&error) => {
            return Err(Error::TooManyFiles { path: path.to_owned(), columns: 1 });
        }
        result => result
            .map_err(read)?
            .ok_or_else(|| not_points(format!("its {} is not a regular file", RECORD)))?,
    };
    let mut text = Vec::new();
    file.take(LONGEST_RECORD).read_to_end(&mut text).map_err(read)?;
    Sidecar::parse(&text).map_err(|unfit| match unfit {
        Unfit::Other(reason) => not_points(reason),
        Unfit::Damaged(reason) => Error::Damaged { path: path.to_owned(), reason },
    })
}

/// A file of a folder that cannot be read, is missing, or is not what it should be for the reason given.
fn unreadable(path: &Path, error: Result<String, io::Error>) -> Error {
    match error {
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            Error::damaged(path, "is missing")
        }
        Err(source) => Error::Read { path: path.to_owned(), source },
        Ok(reason) => Error::damaged(path, &reason),
    }
}

/// What the sidecar says of a column with this summary.
pub(crate) fn describe(name: &str, dtype: Dtype, summary: &Summary) -> ColumnInfo {
    let all = Zone::of_all(summary.zones().iter().copied());
    let bounds = all.bounds();
    ColumnInfo {
        name: name.to_owned(),
        dtype,
        min: bounds.map(|(min, _)| min),
        max: bounds.map(|(_, max)| max),
        non_finite: all.non_finite,
        hash: summary.hash(),
        lost: Lost::default(),
        zones: zones::info(dtype, summary),
    }
}

/// The summary of the values as they are in the file.
fn summarise(column: &Column, progress: &dyn Progress) -> Result<Summary, Error> {
    let summary = Mutex::new(Summary::default());
    let block = BLOCK as u64;
    let blocks = (0..column.rows().div_ceil(block)).into_par_iter();
    blocks.try_for_each_init(Buffer::default, |buffer, index| {
        if progress.cancelled() {
            return Err(Error::Cancelled);
        }
        let rows = index * block..column.rows().min((index + 1) * block);
        let part = match column.unchecked(rows.clone(), buffer)? {
            Values::F32(values) => Part::new(rows.start, values),
            Values::F64(values) => Part::new(rows.start, values),
        };
        summary.lock().unwrap_or_else(PoisonError::into_inner).add(&part);
        progress.advance(rows.end - rows.start);
        Ok(())
    })?;
    Ok(summary.into_inner().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests;
