//! Any bytes as a grid's TIFF: opened, verified and read without a panic, and without more memory than deflate can
//! make of a file of that length; and, where it is a shard, merged or refused.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pointillist_bin2d::{Compression, GridFile, Shards};

/// The file's name, this process's own. It is removed as soon as it is open.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    std::env::temp_dir().join(format!("pointillist-fuzz-{}.tiff", std::process::id()))
});

fuzz_target!(|data: &[u8]| {
    std::fs::write(&*FILE, data).expect("the temporary folder can be written to");
    let grid = GridFile::open(&FILE);
    let merged = Shards::open(&[FILE.clone()]).and_then(|shards| shards.merge(&()));
    std::fs::remove_file(&*FILE).expect("the file has just been written");
    let Ok(grid) = grid else { return };
    let verified = grid.verify();
    let cells = u64::from(grid.width()) * u64::from(grid.height());
    let compressed = grid.description().options.compress == Compression::Deflate;
    let most = data.len() as u64 * if compressed { 1032 } else { 1 };
    assert!(cells * 4 <= most, "{cells} cells in {} bytes", data.len());
    let mut all_read = true;
    for name in grid.page_names() {
        all_read &= grid.page(name).is_ok();
    }
    if grid.description().options.shard.is_none() {
        assert_eq!(verified.is_ok(), all_read, "{verified:?}");
    } else {
        // What it carries is verified, too.
        assert!(all_read || verified.is_err(), "{verified:?}");
    }
    assert!(merged.is_err() || grid.description().options.shard.is_some());
});
