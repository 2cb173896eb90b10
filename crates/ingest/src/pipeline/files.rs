//! The folder of an ingest: its files, and what it takes over from the one that it replaces.

use std::path::{Path, PathBuf};

use pointillist_base::staged::contents::GRIDS;

use super::{Account, Shared, Sink, lock};
use crate::columns::ColumnFile;
use crate::number::Number;
use crate::points::Points;
use crate::{Error, zones};

/// Takes over what was made of the same columns before, from the folder that has been replaced to the one that has its
/// place: a text that was only touched has the same grids. Those that are being written stay: who writes them finds out.
pub(super) fn keep_grids(old: &Path, new: &Path, identity: &str) {
    let (from, to) = (old.join(GRIDS), new.join(GRIDS));
    let Ok(entries) = std::fs::read_dir(&from) else { return };
    if !Points::open(old).is_ok_and(|points| points.identity() == identity) {
        return;
    }
    // Another run may have made it by now, for grids of its own.
    let _ = std::fs::create_dir(&to);
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !name.as_encoded_bytes().starts_with(b".") {
            // What cannot be taken over is made again.
            let _ = std::fs::rename(entry.path(), to.join(name));
        }
    }
}

/// The column files of a folder, each with its path for messages.
struct Files(Vec<(ColumnFile, PathBuf)>);

impl<T: Number> Sink<T> for Files {
    type Place = ();

    fn is_full(&self) -> bool {
        false
    }

    fn place(&self, _: &[Vec<T>]) {}

    fn put(&self, (): (), first_row: u64, columns: &[Vec<T>]) -> Result<(), Error> {
        self.0.iter().zip(columns).try_for_each(|((file, path), values)| {
            file.write(first_row, values)
                .map_err(|source| Error::Write { path: path.clone(), source })
        })
    }
}

/// Writes all rows, and the zones of all columns, to files in `folder`, which messages call `destination`.
pub(super) fn write_columns<T: Number>(
    shared: Shared<'_>,
    folder: &Path,
    destination: &Path,
) -> Result<Account, Error> {
    let files = shared
        .names
        .iter()
        .map(|name| {
            let file = format!("{name}.npy");
            let shown = destination.join(&file);
            match ColumnFile::create(&folder.join(file)) {
                Ok(file) => Ok((file, shown)),
                Err(source) => Err(Error::Write { path: shown, source }),
            }
        })
        .collect::<Result<_, _>>()?;
    let files = Files(files);
    shared.run::<T>(&files)?;
    let rows = lock(&shared.ledger).rows;
    for (file, path) in files.0 {
        file.finish(T::DTYPE, rows)
            .and_then(|()| file.close())
            .map_err(|source| Error::Write { path, source })?;
    }
    for (name, summary) in shared.names.iter().zip(&shared.summaries) {
        let file = zones::file_name(name);
        zones::write(&folder.join(&file), T::DTYPE, &lock(summary))
            .map_err(|source| Error::Write { path: destination.join(file), source })?;
    }
    shared.finish()
}
