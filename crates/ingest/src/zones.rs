//! `NAME.zones.npy`: of every block of a column the smallest and the largest value, so that a reader who looks for a
//! region can pass over the blocks that lie beyond it, and the hash of its values, so that what is read is known to be
//! what was written.
//!
//! A structured array with one record a block, of which NumPy makes `zones["min"]`, `zones["max"]`,
//! `zones["non_finite"]` and `zones["hash"]`. It follows from the values and is no part of their identity.

use std::fs::File;
use std::io;
use std::path::Path;

use pointillist_base::npy::{self, ZONES_HEADER as HEADER, zone_size, zones_header as header};
use pointillist_base::{Dtype, file, memory};

use crate::column_info::{ColumnInfo, ZonesInfo};
use crate::summary::{Summary, first_half};
use crate::zone::{BLOCK, Zone};

/// What the sidecar says of the zones in this summary.
pub(crate) fn info(dtype: Dtype, summary: &Summary) -> ZonesInfo {
    let records = records(dtype, summary.zones(), summary.hashes());
    ZonesInfo { rows_per_block: BLOCK as u64, hash: hash(&records) }
}

/// The name of the file with the zones of a column.
pub(crate) fn file_name(column: &str) -> String {
    format!("{column}{}", npy::ZONES_SUFFIX)
}

/// Writes the zones of a column of type `dtype` to a new file.
pub(crate) fn write(path: &Path, dtype: Dtype, summary: &Summary) -> io::Result<()> {
    let mut bytes = header(dtype, summary.zones().len() as u64).to_vec();
    bytes.extend(records(dtype, summary.zones(), summary.hashes()));
    std::fs::write(path, bytes)
}

/// The records as they lie in the file.
fn records(dtype: Dtype, zones: &[Zone], hashes: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(zones.len() * zone_size(dtype) as usize);
    for (&Zone { min, max, non_finite }, &hash) in zones.iter().zip(hashes) {
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
        bytes.extend_from_slice(&hash.to_ne_bytes());
    }
    bytes
}

/// What a record says.
fn parse(dtype: Dtype, record: &[u8]) -> (Zone, u64) {
    let (zone, hash) = record.split_at(3 * dtype.size() as usize);
    let zone = match dtype {
        Dtype::F32 => {
            let [min, max, non_finite]: [u32; 3] = bytemuck::pod_read_unaligned(zone);
            Zone {
                min: f32::from_bits(min).into(),
                max: f32::from_bits(max).into(),
                non_finite: non_finite.into(),
            }
        }
        Dtype::F64 => {
            let [min, max, non_finite]: [u64; 3] = bytemuck::pod_read_unaligned(zone);
            Zone { min: f64::from_bits(min), max: f64::from_bits(max), non_finite }
        }
    };
    (zone, bytemuck::pod_read_unaligned(hash))
}

fn hash(records: &[u8]) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(records))
}

/// The zones of a column: one a block of [`Zones::BLOCK`] rows, of which the last may have fewer.
#[derive(Debug)]
pub struct Zones {
    zones: Vec<Zone>,
    hashes: Vec<u64>,
}

impl Zones {
    /// Rows of every block but the last.
    pub const BLOCK: usize = BLOCK;

    /// Reads the zones of the column that `info` describes, of `rows` rows, and checks them. `Err(Ok(reason))` where
    /// they are not what `info` says.
    pub(crate) fn read(
        file: &File,
        info: &ColumnInfo,
        rows: u64,
    ) -> Result<Self, Result<String, io::Error>> {
        let differs = || Err(Ok("differs from what was written".to_owned()));
        let dtype = info.dtype;
        let blocks = rows.div_ceil(BLOCK as u64);
        let what = format!("zones of {rows} rows of {dtype}");
        let size = zone_size(dtype) as usize;
        npy::check(file, &header(dtype, blocks), blocks, size as u64, &what)?;
        // As long as the file, which may be all hole.
        let length = blocks as usize * size;
        let mut records = memory::filled(length, 0).map_err(|error| Err(error.into()))?;
        let read = file::read_at(file, &mut records, HEADER as u64).map_err(Err)?;
        if read < length || hash(&records) != info.zones.hash {
            return differs();
        }
        let (zones, hashes): (Vec<Zone>, Vec<u64>) =
            records.chunks_exact(size).map(|record| parse(dtype, record)).unzip();
        // Who trusts the zones never looks at the values, so they must make sense, and be those of the column.
        let mut left = rows;
        let sound = zones.iter().all(|zone| {
            let here = left.min(BLOCK as u64);
            left -= here;
            zone.fits(here)
        });
        let all = Zone::of_all(zones.iter().copied());
        if !sound
            || all.bounds() != info.bounds()
            || all.non_finite != info.non_finite
            || !info.hash.starts_with(&first_half(&hashes))
        {
            return differs();
        }
        Ok(Self { zones, hashes })
    }

    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.zones.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.zones.is_empty()
    }

    /// The zone of the rows from `block * Zones::BLOCK` on, or `None` beyond the last block.
    pub fn get(&self, block: usize) -> Option<Zone> {
        self.zones.get(block).copied()
    }

    /// The zones of all blocks, in the order of the rows.
    pub fn iter(&self) -> impl Iterator<Item = Zone> + '_ {
        self.zones.iter().copied()
    }

    /// The hash of each block.
    pub(crate) fn hashes(&self) -> &[u64] {
        &self.hashes
    }
}
