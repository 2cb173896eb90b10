//! Any bytes as a picture: its record is read without a panic, and only from what is whole: no record is left once a byte is
//! added, and none is longer than the file.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

const KEYWORD: &str = "pointillist";

/// The file's name, this process's own.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    std::env::temp_dir().join(format!("pointillist-fuzz-{}.picture", std::process::id()))
});

/// The record in a PNG, and that in an SVG or a PDF.
fn records(path: &Path) -> [Option<String>; 2] {
    let png = pointillist_colorize::read_text(path, KEYWORD).ok().flatten();
    let figure = pointillist_figure::read_text(path, KEYWORD).ok().flatten();
    [png, figure]
}

fuzz_target!(|data: &[u8]| {
    std::fs::write(&*FILE, data).expect("the temporary folder can be written to");
    let found = records(&FILE);
    // Latin-1 grows by half at most.
    assert!(found.iter().flatten().all(|record| record.len() <= 2 * data.len()));
    if found.iter().any(Option::is_some) {
        let longer = [data, b"\n"].concat();
        std::fs::write(&*FILE, longer).expect("the temporary folder can be written to");
        assert_eq!(records(&FILE), [None, None]);
    }
    std::fs::remove_file(&*FILE).expect("the file has just been written");
});
