//! What is known of a block of a column beside its values.

pub(crate) use pointillist_base::npy::BLOCK;

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
    pub(crate) fn fits(&self, rows: u64) -> bool {
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
