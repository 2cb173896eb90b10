use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::*;
use crate::pipeline::ingest_in_chunks;
use crate::{Input, Options, Points};
use proptest::prelude::*;
use rayon::prelude::*;

/// A folder with a column x of so many rows, each its number.
fn numbers(folder: &Path, rows: u64, dtype: Dtype) -> Points {
    let text: String = (0..rows).map(|row| format!("{row} 1\n")).collect();
    let reader = Box::new(std::io::Cursor::new(text.into_bytes()));
    let inputs = vec![Input::Stream { name: "-".to_owned(), reader }];
    let options = Options { dtype: dtype.into(), ..Options::default() };
    ingest_in_chunks(inputs, &folder.join("n.points"), &options, &(), 1 << 20).unwrap().points
}

/// Flips a bit of a file that may be open.
fn flip(path: &Path, at: u64) {
    let mut byte = std::fs::read(path).unwrap()[at as usize];
    byte ^= 4;
    let mut file = File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte]).unwrap();
}

/// The rows from `first` on, as they must be.
fn expect(values: Values<'_>, first: u64) {
    match values {
        Values::F32(values) => {
            values.iter().zip(first..).for_each(|(&value, row)| assert_eq!(value, row as f32));
        }
        Values::F64(values) => {
            values.iter().zip(first..).for_each(|(&value, row)| assert_eq!(value, row as f64));
        }
    }
}

/// A pass over a file where it is in memory, as one that was just written is, or over one that is read.
fn scan(column: &Column, mapped: bool) -> Scan<'_> {
    if !mapped {
        return Scan::reading(column);
    }
    // A test beside this one may look at too many for a moment.
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let scan = Scan::new(column);
        if scan.is_mapped() || !cfg!(target_os = "linux") {
            return scan;
        }
        assert!(Instant::now() < end, "it is in memory, and not looked at there");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Reads a share in pieces between these cuts, on all threads, and finishes.
fn pass(scan: &Scan<'_>, share: Range<u64>, cuts: &[u64]) -> Result<(), Error> {
    let mut cuts: Vec<u64> = cuts.iter().map(|&cut| cut.clamp(share.start, share.end)).collect();
    cuts.extend([share.start, share.end]);
    cuts.sort_unstable();
    cuts.par_windows(2).try_for_each_init(Buffer::default, |buffer, pair| {
        let values = scan.look(pair[0]..pair[1], buffer)?;
        expect(values, pair[0]);
        scan.check(pair[0], values)
    })?;
    scan.finish(share)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(25))]

    #[test]
    fn damage_in_a_block_is_found_by_all_who_read_of_it_and_by_no_others(
        rows in prop_oneof![Just(BLOCK as u64), 1..3 * BLOCK as u64],
        wide in any::<bool>(),
        mapped in any::<bool>(),
        share in prop::array::uniform2(any::<prop::sample::Index>()),
        cuts in prop::collection::vec(0..3 * BLOCK as u64, 0..9),
        damaged in any::<prop::sample::Index>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let dtype = if wide { Dtype::F64 } else { Dtype::F32 };
        let points = numbers(folder.path(), rows, dtype);
        let column = points.column("x").unwrap();
        let mut share = share.map(|index| index.index(rows as usize + 1) as u64);
        share.sort_unstable();
        let share = share[0]..share[1];
        pass(&scan(column, mapped), share.clone(), &cuts).unwrap();
        // In a row that is read or beside them.
        let row = damaged.index(rows as usize) as u64;
        flip(column.path(), HEADER + row * dtype.size());
        let block = row / BLOCK as u64;
        let reads = !share.is_empty()
            && (share.start / BLOCK as u64..=(share.end - 1) / BLOCK as u64).contains(&block);
        let scan = scan(column, mapped);
        let mut buffer = Buffer::default();
        let looked = scan.look(share.clone(), &mut buffer);
        let read = looked.and_then(|values| scan.check(share.start, values));
        match read.and_then(|()| scan.finish(share)) {
            Ok(()) => prop_assert!(!reads),
            Err(error) => {
                prop_assert!(reads && error.is_damage());
                let message = error.to_string();
                let expected = format!("x.npy: is damaged: rows {} to ", block * BLOCK as u64);
                prop_assert!(message.contains(&expected), "{message}");
                prop_assert!(message.ends_with("; ingest again with --force"));
            }
        }
    }
}

#[test]
fn a_file_that_is_cut_while_it_is_read_is_an_error() {
    for dtype in [Dtype::F32, Dtype::F64] {
        let folder = tempfile::tempdir().unwrap();
        let points = numbers(folder.path(), 70_000, dtype);
        let column = points.column("x").unwrap();
        let scan = scan(column, false);
        let mut buffer = Buffer::default();
        expect(scan.read(0..20_000, &mut buffer).unwrap(), 0);
        let file = File::options().write(true).open(column.path()).unwrap();
        file.set_len(HEADER + 30_000 * dtype.size() + 1).unwrap();
        expect(scan.read(20_000..30_000, &mut buffer).unwrap(), 20_000);
        for rows in [30_000..30_001, 40_000..50_000, 69_999..70_000] {
            let error = scan.read(rows, &mut buffer).unwrap_err();
            assert!(error.is_damage());
            assert!(error.to_string().contains("x.npy: has been shortened"), "{error}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_is_cut_where_it_is_looked_at_in_memory_is_an_error_and_does_not_end_the_process() {
    for (dtype, left) in [(Dtype::F32, 30_000), (Dtype::F64, 30_000), (Dtype::F32, 0)] {
        let folder = tempfile::tempdir().unwrap();
        let points = numbers(folder.path(), 3 * BLOCK as u64, dtype);
        let column = points.column("x").unwrap();
        let scan = scan(column, true);
        let mut buffer = Buffer::default();
        let file = File::options().write(true).open(column.path()).unwrap();
        file.set_len(left * dtype.size()).unwrap();
        // On several threads, all of which come to where there is nothing.
        let rows = (0..column.rows()).step_by(1000).map(|row| row..column.rows().min(row + 1000));
        let errors: Vec<_> = rows
            .collect::<Vec<_>>()
            .into_par_iter()
            .filter_map(|rows| {
                let mut buffer = Buffer::default();
                let values = scan.look(rows.clone(), &mut buffer).ok()?;
                scan.check(rows.start, values).err()
            })
            .collect();
        assert!(!errors.is_empty());
        for error in errors {
            assert!(error.is_damage());
            assert!(error.to_string().contains("x.npy: has been shortened"), "{error}");
        }
        // What was behind the end stays zeros, whatever becomes of the file.
        file.set_len(HEADER + column.rows() * dtype.size()).unwrap();
        let last = column.rows() - 1;
        match scan.look(last..last + 1, &mut buffer).unwrap() {
            Values::F32(values) => assert_eq!(values, [0.0]),
            Values::F64(values) => assert_eq!(values, [0.0]),
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_is_read_where_it_is_not_in_memory_or_too_many_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let points = numbers(folder.path(), 70_000, Dtype::F64);
    let column = points.column("x").unwrap();
    let many: Vec<_> = (0..1000).map(|_| Scan::new(column)).collect();
    let mapped = many.iter().filter(|scan| scan.is_mapped()).count();
    assert!(mapped > 0 && mapped < 1000, "{mapped} are mapped");
    let (first, last) = (&many[0], &many[999]);
    for scan in [first, last] {
        pass(scan, 0..70_000, &[1, 65_000]).unwrap();
    }
    drop(many);
    scan(column, true);
    // A file of which nothing has been read yet, as good as: it is written, and its pages are given back.
    column.file.sync_all().unwrap();
    let advice = rustix::fs::Advice::DontNeed;
    rustix::fs::fadvise(&*column.file, 0, None, advice).unwrap();
    let scan = Scan::new(column);
    pass(&scan, 0..70_000, &[1, 65_000]).unwrap();
}

#[test]
fn what_was_read_stays_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let points = numbers(folder.path(), 2000, Dtype::F32);
    let column = points.column("x").unwrap();
    let (scan, mut buffer) = (scan(column, true), Buffer::default());
    let values = scan.read(0..1000, &mut buffer).unwrap();
    (0..1000).for_each(|row| flip(column.path(), HEADER + 4 * row));
    expect(values, 0);
}

#[test]
fn blocks_that_are_exchanged_and_zeros_in_their_place_are_damage() {
    let folder = tempfile::tempdir().unwrap();
    let points = numbers(folder.path(), 2 * BLOCK as u64, Dtype::F32);
    let column = points.column("x").unwrap();
    let good = std::fs::read(column.path()).unwrap();
    let (header, values) = good.split_at(HEADER as usize);
    let half = values.len() / 2;
    let zeros = vec![0; 4096];
    for bad in [
        [header, &values[half..], &values[..half]].concat(),
        [header, &zeros, &values[4096..]].concat(),
        [header, &values[..values.len() - 4096], &zeros].concat(),
        [header, &values[half..], &values[half..]].concat(),
    ] {
        assert_eq!(bad.len(), good.len());
        std::fs::write(column.path(), bad).unwrap();
        let error = column.read(&mut Buffer::default()).unwrap_err();
        assert!(error.is_damage(), "{error}");
    }
}
