//! Where points went.

use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// Where the points went: `points = binned + outside + non_finite`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Rows that were read.
    pub points: u64,
    /// Points that lie in a cell.
    pub binned: u64,
    /// Points with finite x and y that lie outside the extent.
    pub outside: u64,
    /// Points whose x or y is NaN or infinite.
    pub non_finite: u64,
}

impl Add for Stats {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            points: self.points + other.points,
            binned: self.binned + other.binned,
            outside: self.outside + other.outside,
            non_finite: self.non_finite + other.non_finite,
        }
    }
}

impl AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
