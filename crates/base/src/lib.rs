//! What all crates of pointillist stand on, and what stands on none of them.
//!
//! [`staged`] makes outputs appear whole or not at all. [`file`](mod@file), [`filesystem`] and [`memory`] are what operating systems do
//! differently, each with a plain fallback. [`npy`] are the arrays of a `.points` folder. [`Values`] are those of a column or page in either [`Float`] type. [`Instructions`] are what loops are compiled for. [`Progress`] watches and stops a run, and [`message`] is how sizes and errors
//! of the system are said.
//!
//! ```
//! use std::io::Write;
//!
//! use pointillist_base::staged::StagedFile;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("out.txt");
//! let mut output = StagedFile::create(&path)?;
//! output.write_all(b"all of it, ")?;
//! assert!(!path.exists());
//! output.write_all(b"or nothing")?;
//! output.commit()?;
//! assert_eq!(std::fs::read_to_string(&path)?, "all of it, or nothing");
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod file;
pub mod filesystem;
pub mod instructions;
mod invalid;
#[expect(unsafe_code, reason = "a map of zeroed pages as values, and cache hints")]
pub mod memory;
pub mod message;
pub mod npy;
mod progress;
pub mod staged;
pub mod tag;
mod values;

pub use instructions::Instructions;
pub use invalid::Invalid;
pub use progress::{Cancelled, OnlyCancelled, Progress};
pub use values::{Dtype, Float, OwnedValues, Values, ValuesMut};
