use pointillist_base::staged::contents::RECORD;
use proptest::prelude::*;

use super::*;
use crate::pipeline::ingest_in_chunks;
use crate::{Input, Options, naive};

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
            let column = points.column(name).unwrap();
            let values: Vec<f64> = match column.read(&mut Buffer::default()).unwrap() {
                Values::F32(values) => values.iter().map(|&value| value.into()).collect(),
                Values::F64(values) => values.to_vec(),
            };
            let zones = column.zones();
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
            "[('min', '<f4'), ('max', '<f4'), ('non_finite', '<u4'), ('hash', '<u8')]",
            [&(-0.5_f32).to_le_bytes()[..], &1_f32.to_le_bytes(), &1_u32.to_le_bytes()].concat(),
        ),
        (
            Dtype::F64,
            "[('min', '<f8'), ('max', '<f8'), ('non_finite', '<u8'), ('hash', '<u8')]",
            [&(-0.5_f64).to_le_bytes()[..], &1_f64.to_le_bytes(), &1_u64.to_le_bytes()].concat(),
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
        let (zone, hash) = bytes[192..].split_at(record.len());
        assert_eq!(zone, record);
        // Of one block, the hash is the first half of that of the column.
        let hash = u64::from_le_bytes(hash.try_into().unwrap());
        assert!(points.sidecar().columns[0].hash.starts_with(&format!("{hash:016x}")));
    }
}

/// Opens the folder again and says why not.
fn refusal(points: &Points) -> String {
    reason(Points::open(points.path()))
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
            let error = Points::open(points.path()).unwrap_err();
            assert!(error.is_damage());
            let message = error.to_string();
            assert!(message.contains("x.zones.npy: "), "{message}");
            assert!(message.contains(expected), "{message} for {expected}");
            assert_eq!(message.matches("; ingest again with --force").count(), 1);
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
        let expected = "x.zones.npy: is missing; ingest again with --force";
        assert!(refusal(&points).ends_with(expected), "{}", refusal(&points));
        std::fs::create_dir(&file).unwrap();
        assert!(refusal(&points).contains("is not a regular file"));
        // What is open already is not of that file.
        points.verify(&()).unwrap();
    }
}

/// Makes a forger's folder: zones, their hash and the sidecar fit each other, but maybe not the column.
fn forge(points: &Points, dtype: Dtype, forged: &Summary) -> Result<Points, Error> {
    let file = points.path().join("x.zones.npy");
    std::fs::remove_file(&file).unwrap();
    zones::write(&file, dtype, forged).unwrap();
    let mut sidecar = points.sidecar().clone();
    sidecar.columns[0].zones = zones::info(dtype, forged);
    let file = points.path().join(RECORD);
    std::fs::write(file, sidecar.to_json().unwrap()).unwrap();
    Points::open(points.path())
}

/// The summary of a column as it is.
fn summary(points: &Points, name: &str) -> Summary {
    summarise(points.column(name).unwrap(), &()).unwrap()
}

#[test]
fn zones_that_cannot_be_are_an_error_even_where_their_hash_is_right() {
    for dtype in [Dtype::F32, Dtype::F64] {
        let folder = tempfile::tempdir().unwrap();
        let points = small(folder.path(), dtype);
        let good = summary(&points, "x");
        let zone = good.zones()[0];
        assert!(forge(&points, dtype, &good).is_ok());
        for bad in [
            Zone { min: f64::NAN, ..zone },
            Zone { max: f64::NAN, ..zone },
            Zone { max: f64::INFINITY, ..zone },
            Zone { min: zone.max, max: zone.min, ..zone },
            Zone { min: zone.min / 2.0, ..zone },
            Zone { non_finite: 0, ..zone },
            Zone { non_finite: 3, ..zone },
            Zone { non_finite: u64::MAX, ..zone },
            Zone { non_finite: 3, ..Zone::EMPTY },
            Zone::EMPTY,
        ] {
            let message = reason(forge(&points, dtype, &good.with_zones(vec![bad])));
            assert!(message.contains("x.zones.npy: differs"), "{message} for {bad:?}");
        }
        // A hash of a block that is not that of the column.
        let message = reason(forge(&points, dtype, &summary(&points, "y").with_zones(vec![zone])));
        assert!(message.contains("x.zones.npy: differs"), "{message}");
    }
}

#[test]
fn zones_of_other_blocks_are_found_when_the_values_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..=Zones::BLOCK).map(|row| format!("{row} 1\n")).collect();
    let points = ingested(folder.path(), text, Dtype::F32, 1 << 20, 2);
    let good = summary(&points, "x");
    let mut zones = good.zones().to_vec();
    assert_eq!(zones.len(), 2);
    zones[0].max += 1.0;
    let forged = forge(&points, Dtype::F32, &good.with_zones(zones)).unwrap();
    assert!(reason(forged.verify(&())).contains("x.zones.npy: differs"));
}

#[test]
fn a_sidecar_with_rows_or_blocks_that_cannot_be_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let points = small(folder.path(), Dtype::F32);
    for rows in [0, 1, 65537, u64::MAX] {
        let mut sidecar = points.sidecar().clone();
        sidecar.rows = rows;
        let message = reason(Points::written(points.path(), points.path(), sidecar));
        assert!(message.contains("x.npy: is "), "{message}");
    }
    let file = points.path().join(RECORD);
    let text = std::fs::read_to_string(&file).unwrap();
    for blocks in ["0", "1", "65535", "18446744073709551615"] {
        std::fs::write(&file, text.replacen("65536", blocks, 1)).unwrap();
        let message = refusal(&points);
        assert!(message.contains(&format!("blocks of {blocks} rows")), "{message}");
    }
}

#[test]
fn an_older_version_and_a_damaged_sidecar_are_damage_and_what_is_no_sidecar_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let points = small(folder.path(), Dtype::F32);
    let file = points.path().join(RECORD);
    let good = std::fs::read_to_string(&file).unwrap();
    for (from, to, is_damage, expected) in [
        (
            "\"version\": 3",
            "\"version\": 2",
            true,
            "has version 2, and this program reads version 3",
        ),
        ("\"rows\": 3", "\"rows\": 4", true, "points.json is damaged: its identity"),
        ("pointillist points", "other points", false, "is not a sidecar of ours"),
        (
            "pointillist points\",",
            "pointillist points\"",
            true,
            "points.json is damaged: expected `,`",
        ),
        ("{", "", true, "points.json is damaged: "),
        ("\"version\"", "\"revision\"", false, "is not a sidecar of ours: missing field"),
    ] {
        assert!(good.contains(from));
        std::fs::write(&file, good.replacen(from, to, 1)).unwrap();
        let error = Points::open(points.path()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.is_damage(), is_damage, "{error}");
        assert_eq!(error.to_string().contains("ingest again with --force"), is_damage);
    }
}

#[cfg(unix)]
#[test]
fn a_sidecar_that_is_no_regular_file_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let points = small(folder.path(), Dtype::F32);
    let file = points.path().join(RECORD);
    std::fs::remove_file(&file).unwrap();
    assert!(refusal(&points).contains("has no points.json"));
    let made = std::process::Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    assert!(refusal(&points).contains("its points.json is not a regular file"));
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("points.json", &file).unwrap();
    Points::open(points.path()).unwrap_err();
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert!(refusal(&points).contains("its points.json is not a regular file"));
}

#[test]
fn damage_of_any_byte_is_found_by_whoever_reads_the_column() {
    for dtype in [Dtype::F32, Dtype::F64] {
        let folder = tempfile::tempdir().unwrap();
        let points = small(folder.path(), dtype);
        let file = points.path().join("y.npy");
        let good = std::fs::read(&file).unwrap();
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 0x10;
            std::fs::write(&file, bytes).unwrap();
            let read =
                |points: Points| points.column("y").unwrap().read(&mut Buffer::default()).map(drop);
            let error = Points::open(points.path()).and_then(read).unwrap_err();
            assert!(error.is_damage() && error.to_string().contains("y.npy: "), "{error}");
        }
        std::fs::write(&file, &good).unwrap();
        Points::open(points.path()).unwrap().verify(&()).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn what_is_opened_is_of_one_ingest_however_often_it_is_replaced() {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    let folder = tempfile::tempdir().unwrap();
    let write = |last: u32| {
        let text: String = (0..300).map(|row| format!("{row} {}\n", row + last)).collect();
        ingested(folder.path(), text, Dtype::F32, 1 << 20, 1)
    };
    let identities = [write(1), write(2)].map(|points| points.identity().to_owned());
    let (stop, written) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let number = written.load(Ordering::Relaxed);
                let points = write(1 + number % 2);
                // What is returned is what was written, whoever replaces it.
                assert_eq!(points.identity(), identities[number as usize % 2]);
                written.store(number + 1, Ordering::Relaxed);
            }
        });
        let mut opened = 0;
        let path = folder.path().join("out.points");
        // A disk that is busy takes a while for one, and a writer that has given up is heard of below.
        while !writer.is_finished() && (opened < 400 || written.load(Ordering::Relaxed) < 8) {
            let points = Points::open(&path).unwrap();
            points.verify(&()).unwrap();
            assert!(identities.iter().any(|identity| identity == points.identity()));
            opened += 1;
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap();
    });
}

#[cfg(unix)]
#[test]
fn a_name_that_is_between_two_renames_is_waited_for_and_one_that_is_missing_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let points = small(folder.path(), Dtype::F32);
    let aside = folder.path().join(".out.points.partial-abcdef-old");
    std::fs::rename(points.path(), &aside).unwrap();
    std::thread::scope(|scope| {
        let opened = scope.spawn(|| Points::open(points.path()));
        std::thread::sleep(Duration::from_millis(20));
        std::fs::rename(&aside, points.path()).unwrap();
        assert_eq!(opened.join().unwrap().unwrap().identity(), points.identity());
    });
    // Nor is one that is made for the first time: its name may not come for hours.
    std::fs::create_dir(folder.path().join(".new.points.partial-abcdef")).unwrap();
    for name in ["other.points", "new.points"] {
        let path = folder.path().join(name);
        let (opened, patience) = Points::attempt(&path);
        let error = opened.unwrap_err();
        assert!(matches!(error, Error::Read { .. }) && !error.is_damage(), "{error}");
        assert_eq!(patience, Duration::ZERO, "{name}");
    }
}

#[test]
fn a_folder_that_is_replaced_after_it_was_opened_is_still_read() {
    let folder = tempfile::tempdir().unwrap();
    let first = small(folder.path(), Dtype::F32);
    let opened = Points::open(first.path()).unwrap();
    let second = ingested(folder.path(), "7 8\n".to_owned(), Dtype::F64, 1 << 20, 1);
    for (points, rows) in [(&first, 3), (&opened, 3), (&second, 1)] {
        assert_eq!(points.rows(), rows);
        points.verify(&()).unwrap();
    }
}
