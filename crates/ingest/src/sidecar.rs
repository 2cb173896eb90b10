//! `points.json`: what a `.points` folder holds and what it was made from.

use std::path::{Path, PathBuf};

use pointillist_base::Dtype;
use pointillist_base::contents::{FORMAT, RECORD, recorded, recorded_columns};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::options::{Options, check_name};
use crate::read_as::ReadAs;
use crate::source::{Source, are_read_alike};
use crate::zones::{self, ZonesInfo};

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

/// How many malformed lines were skipped, by what is wrong with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// They have another number of fields than rows have.
    pub fields: u64,
    /// They have text where a number must be.
    pub text: u64,
}

impl Skipped {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.fields + self.text
    }

    fn is_none(&self) -> bool {
        self.all() == 0
    }
}

impl std::ops::AddAssign for Skipped {
    fn add_assign(&mut self, other: Self) {
        self.fields += other.fields;
        self.text += other.text;
    }
}

/// What happened to values that the stored type has no value near.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Too large for the type: infinite.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub overflowed: u64,
    /// Too small for the type: zero.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub underflowed: u64,
    /// Whether all values became one, and were not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub collapsed: bool,
}

impl Lost {
    /// Whether nothing happened.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::AddAssign for Lost {
    fn add_assign(&mut self, other: Self) {
        self.overflowed += other.overflowed;
        self.underflowed += other.underflowed;
        self.collapsed |= other.collapsed;
    }
}

pub(crate) fn is_false(value: &bool) -> bool {
    !value
}

pub(crate) fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// What the sidecar says of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnInfo {
    /// The name; the file is `NAME.npy`.
    pub name: String,
    /// The stored type.
    pub dtype: Dtype,
    /// Smallest finite value, in data units; `None` where no value is finite.
    pub min: Option<f64>,
    /// Largest finite value, in data units; `None` where no value is finite.
    pub max: Option<f64>,
    /// Values that are NaN or infinite.
    pub non_finite: u64,
    /// Hash of the values, in hexadecimal.
    pub hash: String,
    /// What happened to values that the stored type has no value near.
    #[serde(default, skip_serializing_if = "Lost::is_nothing")]
    pub lost: Lost,
    /// The zones in `NAME.zones.npy`.
    pub zones: ZonesInfo,
}

impl ColumnInfo {
    /// Smallest and largest finite value, in data units; `None` where no value is finite.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        self.min.zip(self.max)
    }

    /// How coarse 32-bit floats are for this column, where that can be seen: neighbouring ones at its bounds are
    /// further apart than 1/65536 of its extent. `None` where they are not, where the column is stored in 64 bits, and
    /// where its bounds are one value: whether all its values were equal before they were rounded is not known then.
    pub fn coarseness(&self) -> Option<Coarseness> {
        let (min, max) = self.bounds().filter(|_| self.dtype == Dtype::F32)?;
        coarseness(min, max)
    }
}

/// How coarse 32-bit floats are for values from `min` to `max`, if they are too coarse.
pub(crate) fn coarseness(min: f64, max: f64) -> Option<Coarseness> {
    let near = if -min > max { min } else { max };
    // Of the two neighbours of the bound the one towards zero: the values lie there.
    let largest = near.abs() as f32;
    let spacing = f64::from(largest) - f64::from(largest.next_down());
    let extent = max - min;
    (extent > 0.0 && spacing > extent / 65536.0).then_some(Coarseness { near, spacing, extent })
}

/// How far apart the values are that a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Coarseness {
    /// The bound with the larger absolute value, in data units.
    pub near: f64,
    /// Distance of neighbouring values there, in data units.
    pub spacing: f64,
    /// Distance of the bounds, in data units.
    pub extent: f64,
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
            if rows_per_block != zones::BLOCK as u64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn column(dtype: Dtype, bounds: Option<(f64, f64)>) -> ColumnInfo {
        let (name, hash) = ("x".to_owned(), String::new());
        let (min, max) = bounds.unzip();
        let lost = Lost::default();
        let zones = ZonesInfo { rows_per_block: zones::BLOCK as u64, hash: String::new() };
        ColumnInfo { name, dtype, min, max, non_finite: 0, hash, lost, zones }
    }

    fn coarse(min: f64, max: f64) -> Option<Coarseness> {
        column(Dtype::F32, Some((min, max))).coarseness()
    }

    #[test]
    fn what_32_bits_are_too_coarse_for_begins_beyond_1_in_65536_of_the_extent() {
        // From 2^23 on, neighbours are 1 apart.
        let start = 8_388_608.0;
        assert_eq!(coarse(start, start + 65536.0), None);
        let found = coarse(start, start + 65535.0);
        assert_eq!(
            found,
            Some(Coarseness { near: start + 65535.0, spacing: 1.0, extent: 65535.0 })
        );
        // The lower bound counts where it is further from zero.
        assert_eq!(coarse(-start - 65536.0, -start), None);
        let found = coarse(-start - 65535.0, -start).unwrap();
        assert_eq!((found.near, found.spacing), (-start - 65535.0, 1.0));
        // Up to 2^23 they are half as far apart.
        assert_eq!(coarse(start - 32768.0, start), None);
        assert_eq!(coarse(start - 32767.5, start).unwrap().spacing, 0.5);
    }

    #[test]
    fn seconds_since_1970_are_coarse_and_degrees_are_not() {
        let found = coarse(1_600_000_000.0, 1_600_086_400.0).unwrap();
        assert_eq!((found.spacing, found.extent), (128.0, 86400.0));
        assert_eq!(coarse(-180.0, 180.0), None);
        assert_eq!(coarse(0.0, 1.6e9), None);
        assert_eq!(column(Dtype::F64, Some((1.6e9, 1.600_086_4e9))).coarseness(), None);
    }

    #[test]
    fn constants_and_columns_without_bounds_are_not_coarse_and_extremes_do_no_harm() {
        assert_eq!(coarse(1.6e9, 1.6e9), None);
        assert_eq!(coarse(0.0, 0.0), None);
        assert_eq!(column(Dtype::F32, None).coarseness(), None);
        let (largest, smallest) = (f64::from(f32::MAX), f64::from(f32::from_bits(1)));
        assert_eq!(coarse(-largest, largest), None);
        assert_eq!(coarse(0.0, smallest).unwrap().spacing, smallest);
        assert_eq!(coarse(-smallest, 0.0).unwrap().near, -smallest);
        let below = f64::from(f32::MAX.next_down());
        let found = coarse(below, largest).unwrap();
        assert_eq!(found.spacing, found.extent);
    }
}
