mod declared;
mod refused;

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

/// What real programs have written: the README in the folder says which.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/text")
}

fn written(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

fn told(text: &str) -> Result<Option<Declared>, Refusal> {
    tell(Path::new("F"), text.as_bytes(), true)
}

fn declared(text: &[u8]) -> Declared {
    tell(Path::new("F"), text, true).unwrap().unwrap()
}

/// The names, the positions, the lines before rows and the rows.
fn columns(declared: &Declared) -> (String, Vec<usize>, u64, Option<u64>) {
    let names = declared.names.clone().unwrap_or_default().join(" ");
    let Declared { positions, lines, rows, .. } = declared;
    (names, positions.clone().unwrap_or_default(), *lines, *rows)
}

fn error(text: &str) -> String {
    recognise(Path::new("F"), text.as_bytes(), true).unwrap_err().to_string()
}

#[test]
fn a_byte_order_mark_hides_no_format() {
    let text = format!("\u{feff}{}", String::from_utf8(written("trimesh.ply")).unwrap());
    assert_eq!(declared(text.as_bytes()).lines, 10);
}

/// All that real programs have written.
fn all() -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    let named = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read(path).unwrap())
    };
    files.into_iter().map(named).collect()
}

#[test]
fn every_fixture_is_told_and_none_panics_wherever_it_is_cut() {
    for (name, text) in all() {
        let path = Path::new(&name);
        if name != "README.md" {
            assert_ne!(tell(path, &text, true), Ok(None), "{name}");
            assert_eq!(tell(path, &text, true), tell(path, &text, false), "{name}");
        }
        for length in 0..text.len() {
            let _ = tell(path, &text[..length], true);
            let _ = tell(path, &text[..length], false);
        }
    }
}

#[test]
fn a_head_without_a_line_end_is_no_trouble() {
    for start in [
        "ply\nformat ",
        "VERSION ",
        "ITEM: TIMESTEP\n",
        "@ title \"",
        "{\"",
        "[[1,",
        "<a ",
        "1\nProperties=",
        "3\n",
    ] {
        for fill in ["1", ":", " ", "a", "\"", "[", "0 ", "\n"] {
            let text = format!("{start}{}", fill.repeat((64 << 10) / fill.len()));
            let _ = tell(Path::new("F"), text.as_bytes(), false);
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(head in proptest::collection::vec(any::<u8>(), 0..600), whole: bool) {
        let _ = recognise(Path::new("F"), &head, whole);
    }

    #[test]
    fn fixtures_with_bytes_replaced_never_panic(
        which in any::<proptest::sample::Index>(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), "[0-9a-z\"\\[: \n-]|\\PC"), 1..6),
        whole: bool,
    ) {
        let all = all();
        let (name, mut text) = all[which.index(all.len())].clone();
        for (at, byte) in changes {
            let at = at.index(text.len());
            text.splice(at..at + 1, byte.bytes());
        }
        let _ = recognise(Path::new(&name), &text, whole);
    }

    #[test]
    fn numbers_in_columns_are_a_table_or_say_what_else(
        rows in proptest::collection::vec(proptest::collection::vec(-99.0..99.0_f64, 2..6), 1..20),
    ) {
        let line = |row: &Vec<f64>| row.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
        let text = rows.iter().map(line).collect::<Vec<_>>().join("\n");
        prop_assert_eq!(told(&text), Ok(None));
    }
}
