//! Text and arrays to columns: the first stage of pointillist, and the owner of the `.points` folder.
//!
//! [`ingest`] parses text with one point a line, of any size, into one `.npy` file a column beside a
//! `points.json` with the bounds of each; arrays need no parsing. [`Points`] reads such a folder. A
//! text is parsed once; everything that follows works on the columns.
//!
//! Numbers are rounded correctly to the stored type, and the result does not depend on the number of threads.
//!
//! ```
//! use pointillist_ingest::{Buffer, Input, Options, Points, Values, ingest};
//!
//! let folder = tempfile::tempdir()?;
//! let (text, columns) = (folder.path().join("stars.csv"), folder.path().join("stars.points"));
//! std::fs::write(&text, "id,x,y,mag\n1,0.5,-1.0,12.5\n2,2.5,3.0,\n")?;
//! let options = Options { columns: "x=x,y=y,z=mag".parse()?, ..Options::default() };
//! ingest(vec![Input::Path(text)], &columns, &options, &())?;
//!
//! let points = Points::open(&columns)?;
//! assert_eq!((points.rows(), points.column("x")?.bounds()), (2, Some((0.5, 2.5))));
//! let mut buffer = Buffer::default();
//! let Values::F32(z) = points.column("z")?.read(&mut buffer)? else { panic!("32 bits will do") };
//! assert!(z[0] == 12.5 && z[1].is_nan());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod absent;
mod array;
mod batches;
mod column_info;
mod columns;
mod contents;
mod ending;
mod error;
#[cfg(test)]
mod exact_tests;
mod explain;
mod fields;
mod foreign;
mod head;
mod kernel;
mod layout;
mod limits;
mod line;
mod losses;
mod mapped;
mod missing;
#[cfg(test)]
mod mutated_tests;
#[cfg(test)]
mod naive;
mod number;
mod options;
mod pipeline;
mod points;
mod read_as;
mod scan;
mod sidecar;
mod source;
mod summary;
mod text;
mod zone;
mod zones;

pub use batches::{Batch, Batches};
pub use column_info::ZonesInfo;
pub use column_info::{Coarseness, ColumnInfo};
pub use contents::ensure_replaceable;
pub use error::{Error, Problem};
pub use explain::{Explained, explain};
pub use losses::Skipped;
pub use options::{ColumnChoice, Delimiter, Options, Precision, Raw};
pub use pipeline::{Account, Ingested, SkippedLine, ingest, ingest_to_cache};
pub use pointillist_base::{Dtype, Instructions, Progress, Values};
pub use points::Points;
pub use read_as::{ReadAs, ReadColumn};
pub use scan::{Buffer, Column, Scan};
pub use sidecar::{Recorded, Sidecar};
pub use source::{Input, Source, are_read_alike};
pub use text::{Columns, Reading, Table, parse_text};
pub use zone::Zone;
pub use zones::Zones;
