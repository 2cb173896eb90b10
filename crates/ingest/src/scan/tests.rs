use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

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

/// Reads a share in pieces between these cuts, on all threads, and finishes.
fn pass(column: &Column, share: Range<u64>, cuts: &[u64]) -> Result<(), Error> {
    let mut cuts: Vec<u64> = cuts.iter().map(|&cut| cut.clamp(share.start, share.end)).collect();
    cuts.extend([share.start, share.end]);
    cuts.sort_unstable();
    let scan = Scan::new(column);
    cuts.par_windows(2).try_for_each_init(Buffer::default, |buffer, pair| {
        scan.read(pair[0]..pair[1], buffer).map(|values| expect(values, pair[0]))
    })?;
    scan.finish(share)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(25))]

    #[test]
    fn damage_in_a_block_is_found_by_all_who_read_of_it_and_by_no_others(
        rows in prop_oneof![Just(BLOCK as u64), 1..3 * BLOCK as u64],
        wide in any::<bool>(),
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
        pass(column, share.clone(), &cuts).unwrap();
        // In a row that is read or beside them.
        let row = damaged.index(rows as usize) as u64;
        flip(column.path(), HEADER + row * dtype.size());
        let block = row / BLOCK as u64;
        let reads = !share.is_empty()
            && (share.start / BLOCK as u64..=(share.end - 1) / BLOCK as u64).contains(&block);
        let scan = Scan::new(column);
        let mut buffer = Buffer::default();
        let read = scan.read(share.clone(), &mut buffer).map(drop);
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
        let scan = Scan::new(column);
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
