//! Text and arrays to columns: the first stage of pointillist, and the owner of the `.points` folder.
//!
//! [`ingest`] parses text with one point a line, of any size, into one `.npy` file a column beside a
//! `points.json` with the bounds of each; arrays need no parsing. [`Points`] reads such a folder. A
//! text is parsed once; everything that follows works on the columns.
//!
//! Numbers are rounded correctly to the stored type, and the result does not depend on the number of threads.

mod array;
mod batches;
mod columns;
mod contents;
mod ending;
mod error;
#[cfg(test)]
mod exact_tests;
mod explain;
mod fields;
mod folder;
mod foreign;
mod head;
mod kernel;
mod layout;
mod line;
mod mapped;
pub mod message;
mod missing;
#[cfg(test)]
mod mutated_tests;
#[cfg(test)]
mod naive;
mod npy;
mod number;
mod options;
mod os;
mod pipeline;
mod points;
mod progress;
mod read_as;
mod regular;
mod scan;
mod sidecar;
mod source;
pub mod staged;
mod summary;
pub mod tag;
mod text;
mod zones;

pub use batches::{Batch, Batches};
pub use columns::Values;
pub use contents::{Foreign, ensure_replaceable, foreign, foreign_in_grids, is_kept_grid};
pub use error::{Error, Problem};
pub use explain::{Explained, explain};
pub use kernel::Kernel;
pub use options::{ColumnChoice, Delimiter, Dtype, Options, Precision, Raw};
pub use pipeline::{Account, Ingested, SkippedLine, ingest, ingest_to_cache};
pub use points::{GRIDS, Points};
pub use progress::Progress;
pub use read_as::{ReadAs, ReadColumn};
pub use regular::{metadata_if_there, open_regular};
pub use scan::{Buffer, Column, Scan};
pub use sidecar::{Coarseness, ColumnInfo, Recorded, Sidecar, Skipped};
pub use source::{Input, Source, are_read_alike, printable};
pub use text::{Columns, Reading, Table, parse_text};
pub use zones::{Zone, Zones, ZonesInfo};
