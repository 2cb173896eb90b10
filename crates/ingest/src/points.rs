//! The reader of `.points` folders.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::columns::{ColumnMap, Values};
use crate::number::Number;
use crate::sidecar::{self, ColumnInfo, Lost, Sidecar};
use crate::summary::{Part, Summary};
use crate::zones::{self, Zone, Zones, ZonesInfo};
use crate::{Dtype, Error, Progress};

/// The folder within, for grids that are made of the columns and kept with them.
pub const GRIDS: &str = "grids";

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
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
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
    /// [`Error::UnknownColumn`] lists the columns that exist; [`Error::Read`] when the file cannot be read,
    /// [`Error::NotPoints`] when it is missing or not what the sidecar says.
    pub fn column(&self, name: &str) -> Result<Column, Error> {
        let info = self.info(name)?;
        let file = format!("{name}.npy");
        let map = ColumnMap::open(&self.path.join(&file), info.dtype, self.sidecar.rows)
            .map_err(|error| self.unreadable(&file, error))?;
        Ok(Column { info: info.clone(), map })
    }

    /// Maps the zones of the column of that name: of every block of [`Zones::BLOCK`] rows the bounds and the number of
    /// non-finite values. They are checked against the sidecar, not against the values; that is [`Points::verify`]'s
    /// to do. `None` where the folder was written without zones.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`] lists the columns that exist; [`Error::Read`] when the file cannot be read,
    /// [`Error::NotPoints`] when it is missing or not what the sidecar says.
    pub fn zones(&self, name: &str) -> Result<Option<Zones>, Error> {
        let info = self.info(name)?;
        let Some(expected) = &info.zones else { return Ok(None) };
        let file = zones::file_name(name);
        Zones::open(&self.path.join(&file), info, expected, self.sidecar.rows)
            .map(Some)
            .map_err(|error| self.unreadable(&file, error))
    }

    /// Reads every column and compares it, and its zones, with what the sidecar says.
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
            let found = describe(&info.name, info.dtype, &summary);
            let (lost, zones) = (info.lost, info.zones.clone());
            let same = ColumnInfo { lost, zones, ..found.clone() } == *info;
            let differs =
                |file| Err(self.unreadable(file, Ok("differs from what was written".to_owned())));
            if !same {
                return differs(&format!("{}.npy", info.name));
            }
            // A file of zones that is what the sidecar says, and still not what the values are, is wrong as well.
            if self.zones(&info.name)?.is_some() && found.zones != info.zones {
                return differs(&zones::file_name(&info.name));
            }
        }
        Ok(())
    }

    fn info(&self, name: &str) -> Result<&ColumnInfo, Error> {
        let columns = &self.sidecar.columns;
        columns.iter().find(|column| column.name == name).ok_or_else(|| Error::UnknownColumn {
            path: self.path.clone(),
            name: name.to_owned(),
            known: columns.iter().map(|column| column.name.clone()).collect(),
        })
    }

    /// A file of the folder that cannot be read, is missing, or is not what it should be for the reason given.
    fn unreadable(&self, file: &str, error: Result<String, io::Error>) -> Error {
        let path = self.path.join(file);
        let reason = match error {
            Err(source) if source.kind() == io::ErrorKind::NotFound => "is missing".to_owned(),
            Err(source) => return Error::Read { path, source },
            Ok(reason) => reason,
        };
        Error::NotPoints { path, reason: format!("{reason}; ingest again with --force") }
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
        zones: Some(ZonesInfo::new(dtype, summary.zones())),
    }
}

fn summarise<T: Number>(values: &[T], progress: &dyn Progress) -> Result<Summary, Error> {
    const ROWS: usize = 1 << 20;
    let summary = Mutex::new(Summary::default());
    values.par_chunks(ROWS).enumerate().try_for_each(|(index, rows)| {
        if progress.cancelled() {
            return Err(Error::Cancelled);
        }
        let part = Part::new((index * ROWS) as u64, rows);
        summary.lock().unwrap_or_else(PoisonError::into_inner).add(&part);
        progress.advance(rows.len() as u64);
        Ok(())
    })?;
    Ok(summary.into_inner().unwrap_or_else(PoisonError::into_inner))
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
        self.info.bounds()
    }

    /// Values that are NaN or infinite.
    pub fn non_finite(&self) -> u64 {
        self.info.non_finite
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::ingest_in_chunks;
    use crate::{Input, Options, naive};
    use proptest::prelude::*;

    fn ingested(folder: &Path, text: String, dtype: Dtype, chunk: usize, threads: usize) -> Points {
        let reader = Box::new(io::Cursor::new(text.into_bytes()));
        let inputs = vec![Input::Stream { name: "-".to_owned(), reader }];
        let options = Options { dtype: dtype.into(), ..Options::default() };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let destination = folder.join("out.points");
        let run = || ingest_in_chunks(inputs, &destination, &options, &(), chunk);
        pool.install(run).unwrap().points
    }

    fn small(folder: &Path, dtype: Dtype) -> Points {
        ingested(folder, "1 2\nnan 3\n-0.5 inf\n".to_owned(), dtype, 1 << 20, 1)
    }

    fn reason(result: Result<impl std::fmt::Debug, Error>) -> String {
        result.unwrap_err().to_string()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn zones_are_the_naive_ones_for_any_chunks_and_threads(
            rows in prop_oneof![
                Just(1), Just(Zones::BLOCK), Just(Zones::BLOCK + 1), 1..3 * Zones::BLOCK,
            ],
            chunk in 5_000_usize..2_000_000,
            threads in 1_usize..5,
            wide in any::<bool>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let text: String = (0..rows as i64)
                .map(|row| {
                    let y = (row * 7919 % 10007) as f64 / 128.0 - 3.0;
                    let x = if row % 4999 == 17 { f64::NAN } else { row as f64 / 64.0 };
                    format!("{x} {y}\n")
                })
                .collect();
            let dtype = if wide { Dtype::F64 } else { Dtype::F32 };
            let points = ingested(folder.path(), text, dtype, chunk, threads);
            for name in ["x", "y"] {
                let values: Vec<f64> = match points.column(name).unwrap().values() {
                    Values::F32(values) => values.iter().map(|&value| value.into()).collect(),
                    Values::F64(values) => values.to_vec(),
                };
                let zones = points.zones(name).unwrap().unwrap();
                let found: Vec<Zone> = zones.iter().collect();
                prop_assert_eq!(zones.len(), rows.div_ceil(Zones::BLOCK));
                prop_assert_eq!(zones.get(zones.len()), None);
                prop_assert_eq!(found, naive::zones(&values, Zones::BLOCK));
            }
            points.verify(&()).unwrap();
        }
    }

    #[test]
    fn the_file_is_a_structured_array_of_one_record_a_block() {
        for (dtype, descr, record) in [
            (
                Dtype::F32,
                "[('min', '<f4'), ('max', '<f4'), ('non_finite', '<u4')]",
                [&(-0.5_f32).to_le_bytes()[..], &1_f32.to_le_bytes(), &1_u32.to_le_bytes()]
                    .concat(),
            ),
            (
                Dtype::F64,
                "[('min', '<f8'), ('max', '<f8'), ('non_finite', '<u8')]",
                [&(-0.5_f64).to_le_bytes()[..], &1_f64.to_le_bytes(), &1_u64.to_le_bytes()]
                    .concat(),
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let points = small(folder.path(), dtype);
            let bytes = std::fs::read(points.path().join("x.zones.npy")).unwrap();
            assert_eq!(&bytes[..10], b"\x93NUMPY\x01\x00\xb6\x00");
            let dict = std::str::from_utf8(&bytes[10..192]).unwrap();
            let expected = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}");
            assert_eq!(dict.trim_end(), expected);
            assert!(dict.ends_with('\n'));
            assert_eq!(bytes[192..], record);
        }
    }

    #[test]
    fn a_folder_without_zones_is_as_good_and_has_the_same_identity() {
        let folder = tempfile::tempdir().unwrap();
        let points = small(folder.path(), Dtype::F32);
        let file = points.path().join(sidecar::FILE_NAME);
        let mut json: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for (column, name) in json["columns"].as_array_mut().unwrap().iter_mut().zip(["x", "y"]) {
            assert!(column.as_object_mut().unwrap().remove("zones").is_some());
            std::fs::remove_file(points.path().join(zones::file_name(name))).unwrap();
        }
        std::fs::write(&file, json.to_string()).unwrap();
        let older = Points::open(points.path()).unwrap();
        assert_eq!(older.identity(), points.identity());
        assert!(older.zones("x").unwrap().is_none());
        assert!(matches!(older.zones("z"), Err(Error::UnknownColumn { .. })));
        older.verify(&()).unwrap();
    }

    #[test]
    fn zones_that_are_not_what_was_written_are_an_error() {
        for dtype in [Dtype::F32, Dtype::F64] {
            let folder = tempfile::tempdir().unwrap();
            let points = small(folder.path(), dtype);
            let file = points.path().join("x.zones.npy");
            let good = std::fs::read(&file).unwrap();
            let check = |bytes: &[u8], expected: &str| {
                std::fs::write(&file, bytes).unwrap();
                for message in [reason(points.zones("x")), reason(points.verify(&()))] {
                    assert!(message.contains("x.zones.npy: "), "{message}");
                    assert!(message.contains(expected), "{message} for {expected}");
                    assert_eq!(message.matches("; ingest again with --force").count(), 1);
                }
            };
            for at in 192..good.len() {
                let mut bytes = good.clone();
                bytes[at] ^= 1;
                check(&bytes, "differs from what was written");
            }
            let mut header = good.clone();
            header[30] ^= 1;
            check(&header, "does not begin as an array of zones of 3 rows");
            check(&good[..good.len() - 1], "bytes long, which zones of 3 rows");
            check(&[&good[..], &[0]].concat(), "bytes long, which zones of 3 rows");
            check(&[], "is 0 bytes long");
            std::fs::remove_file(&file).unwrap();
            for message in [reason(points.zones("x")), reason(points.verify(&()))] {
                let expected = "x.zones.npy: is missing; ingest again with --force";
                assert!(message.ends_with(expected), "{message}");
            }
            std::fs::create_dir(&file).unwrap();
            assert!(reason(points.zones("x")).contains("is not a regular file"));
            assert!(points.zones("y").unwrap().is_some());
        }
    }

    /// Makes a forger's folder: zones and their hash fit each other, but not the column.
    fn forge(points: &Points, dtype: Dtype, zones: &[Zone]) -> Points {
        let file = points.path().join("x.zones.npy");
        std::fs::remove_file(&file).unwrap();
        zones::write(&file, dtype, zones).unwrap();
        let mut forged = points.clone();
        forged.sidecar.columns[0].zones = Some(ZonesInfo::new(dtype, zones));
        forged
    }

    #[test]
    fn zones_that_cannot_be_are_an_error_even_where_their_hash_is_right() {
        for dtype in [Dtype::F32, Dtype::F64] {
            let folder = tempfile::tempdir().unwrap();
            let points = small(folder.path(), dtype);
            let good = points.zones("x").unwrap().unwrap().get(0).unwrap();
            assert!(forge(&points, dtype, &[good]).zones("x").is_ok());
            for bad in [
                Zone { min: f64::NAN, ..good },
                Zone { max: f64::NAN, ..good },
                Zone { max: f64::INFINITY, ..good },
                Zone { min: good.max, max: good.min, ..good },
                Zone { min: good.min / 2.0, ..good },
                Zone { non_finite: 0, ..good },
                Zone { non_finite: 3, ..good },
                Zone { non_finite: u64::MAX, ..good },
                Zone { non_finite: 3, ..Zone::EMPTY },
                Zone::EMPTY,
            ] {
                let message = reason(forge(&points, dtype, &[bad]).zones("x"));
                assert!(message.contains("x.zones.npy: differs"), "{message} for {bad:?}");
            }
            // Of two blocks, the second may hold what the first should: only the values tell.
            let message = reason(forge(&points, dtype, &[good, good]).zones("x"));
            assert!(message.contains("bytes long"), "{message}");
        }
    }

    #[test]
    fn zones_of_other_blocks_are_found_when_the_values_are_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let text: String = (0..=Zones::BLOCK).map(|row| format!("{row} 1\n")).collect();
        let points = ingested(folder.path(), text, Dtype::F32, 1 << 20, 2);
        let mut zones: Vec<Zone> = points.zones("x").unwrap().unwrap().iter().collect();
        assert_eq!(zones.len(), 2);
        zones[0].max += 1.0;
        let forged = forge(&points, Dtype::F32, &zones);
        assert!(forged.zones("x").is_ok());
        assert!(reason(forged.verify(&())).contains("x.zones.npy: differs"));
    }

    #[test]
    fn a_sidecar_with_rows_or_blocks_that_cannot_be_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let points = small(folder.path(), Dtype::F32);
        let mut forged = points.clone();
        for rows in [0, 1, 65537, u64::MAX] {
            forged.sidecar.rows = rows;
            let message = reason(forged.zones("x"));
            assert!(message.contains("x.zones.npy: "), "{message}");
        }
        let file = points.path().join(sidecar::FILE_NAME);
        let text = std::fs::read_to_string(&file).unwrap();
        for blocks in ["0", "1", "65535", "18446744073709551615"] {
            let text = text.replacen("65536", blocks, 1);
            std::fs::write(&file, text).unwrap();
            let message = reason(Points::open(points.path()));
            assert!(message.contains(&format!("blocks of {blocks} rows")), "{message}");
        }
    }
}
