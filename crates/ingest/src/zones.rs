//! `NAME.zones.npy`: of every block of a column the smallest and the largest value, so that a reader who looks for a
//! region can pass over the blocks that lie beyond it, and need not compare the values of those that lie within.
//!
//! A structured array with one record a block, of which NumPy makes `zones["min"]`, `zones["max"]` and
//! `zones["non_finite"]`. It follows from the values and is no part of their identity.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::npy;
use crate::options::Dtype;
use crate::sidecar::ColumnInfo;

/// Rows of a block. Small enough to be told apart where rows are in some order, large enough that zones are next to
/// nothing beside the values: 12 bytes to 262,144.
pub(crate) const BLOCK: usize = 65536;

/// Bytes before the first record.
const HEADER: usize = 192;

/// What is known of a block of a column, without looking at its values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zone {
    /// Smallest finite value, in data units; `+inf` where no value is finite. A zero is positive.
    pub min: f64,
    /// Largest finite value, in data units; `-inf` where no value is finite. A zero is positive.
    pub max: f64,
    /// Values that are NaN or infinite.
    pub non_finite: u64,
}

impl Zone {
    /// The zone of no values.
    pub(crate) const EMPTY: Self =
        Self { min: f64::INFINITY, max: f64::NEG_INFINITY, non_finite: 0 };

    /// Adds the zone of other values.
    pub(crate) fn merge(&mut self, other: &Self) {
        // Of zeros of both signs `min` takes either; the sum with zero is positive.
        self.min = self.min.min(other.min) + 0.0;
        self.max = self.max.max(other.max) + 0.0;
        self.non_finite += other.non_finite;
    }

    /// Smallest and largest finite value, in data units; `None` where no value is finite.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        (self.min <= self.max).then_some((self.min, self.max))
    }

    /// The zone of all values of all `zones`.
    pub(crate) fn of_all(zones: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::EMPTY;
        zones.into_iter().for_each(|zone| all.merge(&zone));
        all
    }

    /// Whether there can be `rows` values with this zone.
    fn fits(&self, rows: u64) -> bool {
        if self.non_finite == rows {
            self.min == f64::INFINITY && self.max == f64::NEG_INFINITY
        } else {
            self.non_finite < rows
                && self.min.is_finite()
                && self.max.is_finite()
                && self.min <= self.max
        }
    }
}

/// What the sidecar says of the zones of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZonesInfo {
    /// Rows of every block but the last, which may have fewer: 65536.
    pub rows_per_block: u64,
    /// Hash of the records, in hexadecimal.
    pub hash: String,
}

impl ZonesInfo {
    pub(crate) fn new(dtype: Dtype, zones: &[Zone]) -> Self {
        Self { rows_per_block: BLOCK as u64, hash: hash(&records(dtype, zones)) }
    }
}

/// The name of the file with the zones of a column. The name of a column has no dot, so it is no column's file.
pub(crate) fn file_name(column: &str) -> String {
    format!("{column}.zones.npy")
}

/// Writes the zones of a column of type `dtype` to a new file.
pub(crate) fn write(path: &Path, dtype: Dtype, zones: &[Zone]) -> io::Result<()> {
    let mut bytes = header(dtype, zones.len() as u64).to_vec();
    bytes.extend(records(dtype, zones));
    std::fs::write(path, bytes)
}

fn header(dtype: Dtype, blocks: u64) -> [u8; HEADER] {
    let size = dtype.size();
    let descr = format!("[('min', '<f{size}'), ('max', '<f{size}'), ('non_finite', '<u{size}')]");
    npy::header(&descr, blocks)
}

/// The records as they lie in the file.
fn records(dtype: Dtype, zones: &[Zone]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(zones.len() * 3 * dtype.size() as usize);
    for &Zone { min, max, non_finite } in zones {
        match dtype {
            Dtype::F32 => bytes.extend_from_slice(bytemuck::bytes_of(&[
                (min as f32).to_bits(),
                (max as f32).to_bits(),
                non_finite as u32,
            ])),
            Dtype::F64 => bytes.extend_from_slice(bytemuck::bytes_of(&[
                min.to_bits(),
                max.to_bits(),
                non_finite,
            ])),
        }
    }
    bytes
}

fn hash(records: &[u8]) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(records))
}

/// The zones of a column: one a block of [`Zones::BLOCK`] rows, of which the last may have fewer.
#[derive(Debug)]
pub struct Zones {
    map: npy::Map,
    dtype: Dtype,
}

impl Zones {
    /// Rows of every block but the last.
    pub const BLOCK: usize = BLOCK;

    /// Maps the zones of the column that `info` describes, of `rows` rows, and checks them. `Err(Ok(reason))` where
    /// they are not what `info` says.
    pub(crate) fn open(
        path: &Path,
        info: &ColumnInfo,
        expected: &ZonesInfo,
        rows: u64,
    ) -> Result<Self, Result<String, io::Error>> {
        let differs = || Err(Ok("differs from what was written".to_owned()));
        let dtype = info.dtype;
        let blocks = rows.div_ceil(BLOCK as u64);
        let what = format!("zones of {rows} rows of {dtype}");
        let header = header(dtype, blocks);
        let map = npy::Map::open(path, &header, blocks, 3 * dtype.size(), &what)?;
        let zones = Self { map, dtype };
        if hash(zones.map.data()) != expected.hash {
            return differs();
        }
        // Who trusts the zones never looks at the values, so they must make sense, and be those of the bounds.
        let mut left = rows;
        let sound = zones.iter().all(|zone| {
            let here = left.min(BLOCK as u64);
            left -= here;
            zone.fits(here)
        });
        if !sound {
            return differs();
        }
        let all = Zone::of_all(zones.iter());
        if all.bounds() != info.bounds() || all.non_finite != info.non_finite {
            return differs();
        }
        Ok(zones)
    }

    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.map.data().len() / self.size()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The zone of the rows from `block * Zones::BLOCK` on, or `None` beyond the last block.
    pub fn get(&self, block: usize) -> Option<Zone> {
        let at = block.checked_mul(self.size())?;
        let record = self.map.data().get(at..)?.get(..self.size())?;
        Some(match self.dtype {
            Dtype::F32 => {
                let &[min, max, non_finite]: &[u32; 3] = bytemuck::from_bytes(record);
                Zone {
                    min: f32::from_bits(min).into(),
                    max: f32::from_bits(max).into(),
                    non_finite: non_finite.into(),
                }
            }
            Dtype::F64 => {
                let &[min, max, non_finite]: &[u64; 3] = bytemuck::from_bytes(record);
                Zone { min: f64::from_bits(min), max: f64::from_bits(max), non_finite }
            }
        })
    }

    /// The zones of all blocks, in the order of the rows.
    pub fn iter(&self) -> impl Iterator<Item = Zone> + '_ {
        (0..self.len()).map_while(|block| self.get(block))
    }

    /// Bytes of a record.
    fn size(&self) -> usize {
        3 * self.dtype.size() as usize
    }
}
