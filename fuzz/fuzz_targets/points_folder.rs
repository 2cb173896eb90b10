//! Any bytes as a `.points` folder: opened, read and verified without a panic.
//!
//! The first two bytes are the length of `points.json`, the next two that of the zones, little-endian; both follow, and what
//! is left is every column's file.
#![no_main]

use std::cell::LazyCell;

use libfuzzer_sys::fuzz_target;
use pointillist_ingest::{Buffer, Points};

thread_local! {
    static FOLDER: LazyCell<tempfile::TempDir> = LazyCell::new(|| {
        tempfile::tempdir().expect("the temporary folder can be written to")
    });
}

fuzz_target!(|data: &[u8]| {
    let [low, high, zones_low, zones_high, rest @ ..] = data else { return };
    let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
    let (json, rest) = rest.split_at(length);
    let length = usize::from(u16::from_le_bytes([*zones_low, *zones_high])).min(rest.len());
    let (zones, column) = rest.split_at(length);
    FOLDER.with(|folder| {
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes)
                .expect("the temporary folder can be written to");
        };
        write("points.json", json);
        // Every file that the sidecar may name; whether it names one is for the sidecar to be parsed.
        for name in ["x", "y", "z"] {
            write(&format!("{name}.npy"), column);
            write(&format!("{name}.zones.npy"), zones);
        }
        let Ok(points) = Points::open(folder.path()) else { return };
        for info in &points.sidecar().columns {
            let column = points.column(&info.name).expect("the column is there");
            if let Ok(values) = column.read(&mut Buffer::default()) {
                assert_eq!(values.len() as u64, points.rows());
            }
        }
        let _ = points.verify(&());
    });
});
