//! The reader of `.points` folders.

use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::columns::{ColumnMap, Values};
use crate::number::Number;
use crate::sidecar::{self, ColumnInfo, Sidecar};
use crate::summary::Summary;
use crate::{Error, Progress};

/// A `.points` folder whose sidecar has been read and checked.
#[derive(Debug, Clone)]
pub struct Points {
    path: PathBuf,
    sidecar: Sidecar,
}

impl Points {
    /// Opens the folder at `path`.
    ///
    /// # Errors
    /// [`Error::Read`] when it cannot be read, [`Error::NotPoints`] when it is not a complete `.points` folder.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let read = |source| Error::Read { path: path.to_owned(), source };
        let not_points = |reason: String| Error::NotPoints { path: path.to_owned(), reason };
        if !std::fs::metadata(path).map_err(read)?.is_dir() {
            return Err(not_points("is not a .points folder; make one: pointillist ingest".into()));
        }
        let file = match std::fs::File::open(path.join(sidecar::FILE_NAME)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(not_points(format!(
                    "has no {}: it is not a .points folder, or not a complete one",
                    sidecar::FILE_NAME
                )));
            }
            result => result.map_err(read)?,
        };
        let mut text = Vec::new();
        file.take(sidecar::LONGEST).read_to_end(&mut text).map_err(read)?;
        let sidecar = Sidecar::parse(&text).map_err(not_points)?;
        Ok(Self { path: path.to_owned(), sidecar })
    }

    /// A folder that has just been written.
    pub(crate) fn written(path: &Path, sidecar: Sidecar) -> Self {
        Self { path: path.to_owned(), sidecar }
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

    /// Maps the column of that name.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`] lists the columns that exist; [`Error::NotPoints`] when the file is not what the
    /// sidecar says.
    pub fn column(&self, name: &str) -> Result<Column, Error> {
        let columns = &self.sidecar.columns;
        let info = columns.iter().find(|column| column.name == name).ok_or_else(|| {
            Error::UnknownColumn {
                path: self.path.clone(),
                name: name.to_owned(),
                known: columns.iter().map(|column| column.name.clone()).collect(),
            }
        })?;
        let file = self.path.join(format!("{name}.npy"));
        let map =
            ColumnMap::open(&file, info.dtype, self.sidecar.rows).map_err(|error| match error {
                Err(source) => Error::Read { path: file.clone(), source },
                Ok(reason) => Error::NotPoints { path: file.clone(), reason },
            })?;
        Ok(Column { info: info.clone(), map })
    }

    /// Reads every column and compares it with what the sidecar says.
    ///
    /// # Errors
    /// [`Error::NotPoints`] names the first file that differs, [`Error::Cancelled`] when `progress` says so.
    pub fn verify(&self, progress: &dyn Progress) -> Result<(), Error> {
        for info in &self.sidecar.columns {
            let column = self.column(&info.name)?;
            let summary = match column.values() {
                Values::F32(values) => summarise(values, progress),
                Values::F64(values) => summarise(values, progress),
            }?;
            if describe(&info.name, info.dtype, &summary) != *info {
                return Err(Error::NotPoints {
                    path: self.path.join(format!("{}.npy", info.name)),
                    reason: "differs from what was written; ingest again with --force".to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// What the sidecar says of a column with this summary.
pub(crate) fn describe(name: &str, dtype: crate::Dtype, summary: &Summary) -> ColumnInfo {
    let bounds = summary.bounds();
    ColumnInfo {
        name: name.to_owned(),
        dtype,
        min: bounds.map(|(min, _)| min),
        max: bounds.map(|(_, max)| max),
        non_finite: summary.non_finite,
        hash: summary.hash(),
    }
}

fn summarise<T: Number>(values: &[T], progress: &dyn Progress) -> Result<Summary, Error> {
    const ROWS: usize = 1 << 20;
    values
        .par_chunks(ROWS)
        .enumerate()
        .map(|(index, block)| {
            if progress.cancelled() {
                return Err(Error::Cancelled);
            }
            let mut summary = Summary::EMPTY;
            summary.add((index * ROWS) as u64, block);
            progress.advance(block.len() as u64);
            Ok(summary)
        })
        .try_reduce(
            || Summary::EMPTY,
            |mut sum, part| {
                sum.merge(&part);
                Ok(sum)
            },
        )
}

/// A column of a `.points` folder, mapped into memory.
#[derive(Debug)]
pub struct Column {
    info: ColumnInfo,
    map: ColumnMap,
}

impl Column {
    /// The values, `len = rows`.
    pub fn values(&self) -> Values<'_> {
        self.map.values()
    }

    /// Smallest and largest finite value, in data units; `None` where no value is finite.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        self.info.min.zip(self.info.max)
    }

    /// Values that are NaN or infinite.
    pub fn non_finite(&self) -> u64 {
        self.info.non_finite
    }
}
