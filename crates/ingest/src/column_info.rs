//! What a sidecar says of one column.

use pointillist_base::Dtype;
use serde::{Deserialize, Serialize};

use crate::losses::Lost;

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

/// What the sidecar says of the zones of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZonesInfo {
    /// Rows of every block but the last, which may have fewer: 65536.
    pub rows_per_block: u64,
    /// Hash of the records, in hexadecimal.
    pub hash: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::BLOCK;

    fn column(dtype: Dtype, bounds: Option<(f64, f64)>) -> ColumnInfo {
        let (name, hash) = ("x".to_owned(), String::new());
        let (min, max) = bounds.unzip();
        let lost = Lost::default();
        let zones = ZonesInfo { rows_per_block: BLOCK as u64, hash: String::new() };
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
