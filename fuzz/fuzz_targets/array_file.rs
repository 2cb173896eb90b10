//! Any bytes as an array, a `.npy` file or raw numbers, read from a stream without a panic; and some from a file too, which
//! gives the same columns.
//!
//! The first byte chooses between these, and what raw numbers are like; the rest is the array.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use pointillist_base::Dtype;
use pointillist_ingest::{Error, Input, Options, Precision, Raw, ingest};

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a temporary folder");
}

/// The identity of the columns.
fn identity(input: Input, options: &Options) -> Result<String, Error> {
    FOLDER.with(|folder| {
        let output = folder.path().join("out.points");
        let ingested = ingest(vec![input], &output, options, &())?;
        let _ = std::fs::remove_dir_all(&output);
        Ok(ingested.points.identity().to_owned())
    })
}

fuzz_target!(|data: &[u8]| {
    const MAGIC: &[u8] = b"\x93NUMPY";
    let [choice, rest @ ..] = data else { return };
    let (bytes, raw) = match choice & 1 {
        0 => ([MAGIC, rest].concat(), None),
        _ => {
            let dtype = if choice & 2 == 0 { Dtype::F32 } else { Dtype::F64 };
            (rest.to_vec(), Some(Raw { dtype, columns: usize::from(choice >> 2) % 4 + 2 }))
        }
    };
    // The type of columns is else told from the first rows of a file.
    let options = Options { raw, dtype: Precision::F64, ..Options::default() };
    let reader = Box::new(Cursor::new(bytes.clone()));
    let of_stream = identity(Input::Stream { name: "-".to_owned(), reader }, &options);
    // What was written just now is waited for, so that this takes a while.
    if choice & 0x80 == 0 {
        return;
    }
    let path = FOLDER.with(|folder| folder.path().join("array"));
    std::fs::write(&path, &bytes).expect("the temporary folder can be written to");
    match (identity(Input::Path(path), &options), of_stream) {
        // Only files may be in Fortran order.
        (Ok(_), Err(Error::Array { .. })) | (Err(_), Err(_)) => {}
        (Ok(file), Ok(stream)) => assert_eq!(file, stream),
        (file, stream) => panic!("{file:?} from a file, {stream:?} from a stream"),
    }
});
