//! Any bytes as a `.points` folder: opened, mapped and verified without a panic.
//!
//! The first two bytes are the length of `points.json`, little-endian; it follows, and what is left is every column's file.
#![no_main]

use std::cell::LazyCell;

use libfuzzer_sys::fuzz_target;
use pointillist_ingest::Points;

thread_local! {
    static FOLDER: LazyCell<tempfile::TempDir> = LazyCell::new(|| {
        tempfile::tempdir().expect("the temporary folder can be written to")
    });
}

fuzz_target!(|data: &[u8]| {
    let [low, high, rest @ ..] = data else { return };
    let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
    let (json, column) = rest.split_at(length);
    FOLDER.with(|folder| {
        let write = |name: &str, bytes: &[u8]| {
            // Replaced, not shortened: a map of the old one may not have gone yet.
            let path = folder.path().join(name);
            let _ = std::fs::remove_file(&path);
            std::fs::write(path, bytes).expect("the temporary folder can be written to");
        };
        write("points.json", json);
        let Ok(points) = Points::open(folder.path()) else { return };
        for info in &points.sidecar().columns {
            write(&format!("{}.npy", info.name), column);
            if let Ok(column) = points.column(&info.name) {
                assert_eq!(column.values().len() as u64, points.rows());
            }
        }
        let _ = points.verify(&());
        for info in &points.sidecar().columns {
            let _ = std::fs::remove_file(folder.path().join(format!("{}.npy", info.name)));
        }
    });
});
