//! `points.json`: what a `.points` folder holds and what it was made from.

use std::path::{Path, PathBuf};

use pointillist_base::staged::contents::{FORMAT, RECORD, recorded, recorded_columns};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::absent::is_zero;
use crate::column_info::ColumnInfo;
use crate::losses::Skipped;
use crate::options::{Options, check_name};
use crate::read_as::ReadAs;
use crate::source::{Source, are_read_alike};
use crate::zone::BLOCK;

/// Grows when older programs could not read what newer ones write.
const VERSION: u32 = 3;
/// This program, with its version.
const PROGRAM: &str = concat!("pointillist ", env!("CARGO_PKG_VERSION"));

/// The sidecar of a `.points` folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sidecar {
    format: String,
    version: u32,
    /// The program that wrote it, with its version.
    pub program: String,
    /// Hash of all that is said of the columns, their content included, in hexadecimal.
    pub identity: String,
    /// Number of rows.
    pub rows: u64,
    /// Lines of text read, of all kinds.
    pub lines: u64,
    /// Malformed lines that were skipped.
    pub skipped: u64,
    /// The same, by what is wrong with them.
    #[serde(default, skip_serializing_if = "Skipped::is_none")]
    pub skipped_because: Skipped,
    /// Rows that gnuplot marks as undefined, which are left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub undefined: u64,
    /// The columns, in their order.
    pub columns: Vec<ColumnInfo>,
    /// How the text was read.
    pub options: Options,
    /// What it was read from.
    pub sources: Vec<Source>,
    /// What was concluded from the heads of texts; none of arrays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_as: Vec<ReadAs>,
}

/// What a `points.json` says of itself in every version of the format: enough to tell what is made of what, and nothing is
/// checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// What they were made of.
    pub sources: Vec<Source>,
    /// How that was read, or `None` where this program knows no such options.
    pub options: Option<Options>,
}

impl Recorded {
    /// What the `points.json` of the folder at `path` says, or `None` where there is none that is ours and can be read.
    pub fn read(path: &Path) -> Option<Self> {
        let mut recorded = recorded(path)?;
        let columns = recorded_columns(&recorded)?;
        let sources = match recorded.remove("sources") {
            Some(sources) => serde_json::from_value(sources).ok()?,
            None => Vec::new(),
        };
        let options = serde_json::from_value(recorded.remove("options").unwrap_or_default()).ok();
        Some(Self { columns, sources, options })
    }
}

/// Why a text is no sidecar that can be used.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// It is something else.
    Other(String),
    /// It was one, or is one of another version.
    Damaged(String),
}

/// What has been counted of all inputs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) rows: u64,
    pub(crate) lines: u64,
    pub(crate) skipped: Skipped,
    pub(crate) undefined: u64,
}

impl Sidecar {
    /// What is known in the end.
    pub(crate) fn new(
        counted: Counted,
        columns: Vec<ColumnInfo>,
        options: Options,
        sources: Vec<Source>,
        read_as: Vec<ReadAs>,
    ) -> Self {
        let Counted { rows, lines, skipped, undefined } = counted;
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            program: PROGRAM.to_owned(),
            identity: identity(rows, &columns),
            rows,
            lines,
            skipped: skipped.all(),
            skipped_because: skipped,
            undefined,
            columns,
            options,
            sources,
            read_as,
        }
    }

    /// Whether `files`, if they are what these columns were read from and have not changed, would be read into the same columns
    /// with other options: as [`are_read_alike`] finds, and with no malformed line that is skipped in one case and an
    /// error in the other. Of columns that another version of the program has made, it is not known what their options came
    /// to, so these must be the same.
    pub fn is_of(&self, files: &[PathBuf], options: &Options) -> bool {
        self.options == *options
            || (self.program == PROGRAM
                && (self.skipped == 0 || self.options.skip_bad == options.skip_bad)
                && are_read_alike(files, &self.options, options))
    }

    /// Parses a sidecar.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Unfit> {
        /// What every version has.
        #[derive(Deserialize)]
        struct Marker {
            format: String,
            version: u32,
        }
        let other =
            |what: String| Unfit::Other(format!("{RECORD} is not a sidecar of ours: {what}"));
        let damaged = |what: String| Unfit::Damaged(format!("{RECORD} is damaged: {what}"));
        let marker: Marker = serde_json::from_slice(text).map_err(|error| {
            // What is no JSON at all was written by nobody as it is.
            match serde_json::from_slice::<IgnoredAny>(text) {
                Ok(_) => other(error.to_string()),
                Err(error) => damaged(error.to_string()),
            }
        })?;
        if marker.format != FORMAT {
            return Err(other(format!("format is {:?}", marker.format)));
        }
        if marker.version != VERSION {
            return Err(Unfit::Damaged(format!(
                "{RECORD} has version {}, and this program reads version {VERSION}",
                marker.version
            )));
        }
        let sidecar: Self =
            serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
        for (index, column) in sidecar.columns.iter().enumerate() {
            // The name becomes a path.
            check_name(&column.name).map_err(|error| damaged(error.to_string()))?;
            if sidecar.columns[..index].iter().any(|other| other.name == column.name) {
                return Err(damaged(format!("two columns {:?}", column.name)));
            }
            let rows_per_block = column.zones.rows_per_block;
            if rows_per_block != BLOCK as u64 {
                return Err(damaged(format!("blocks of {rows_per_block} rows")));
            }
        }
        if sidecar.columns.is_empty() {
            return Err(damaged("it has no columns".to_owned()));
        }
        if identity(sidecar.rows, &sidecar.columns) != sidecar.identity {
            return Err(damaged("its identity is not that of its columns".to_owned()));
        }
        Ok(sidecar)
    }

    pub(crate) fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }
}

fn identity(rows: u64, columns: &[ColumnInfo]) -> String {
    let mut text = format!("{rows}\n");
    for column in columns {
        // The zones follow from the values.
        let ColumnInfo { name, dtype, min, max, non_finite, hash, lost: _, zones: _ } = column;
        text.push_str(&format!("{name} {dtype} {min:?} {max:?} {non_finite} {hash}\n"));
    }
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(text.as_bytes()))
}
