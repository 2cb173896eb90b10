//! Positions to values.

use super::{Curve, Equalized};
use crate::Limits;

impl Equalized {
    /// The value at a position that is a number; those beyond 0 and 1 give the limits that it was fitted to.
    ///
    /// Of whole numbers that were counted one by one, the smallest one at this position or above.
    pub(crate) fn inverse(&self, position: f64, Limits { vmin, vmax }: Limits) -> f64 {
        if position <= 0.0 {
            return vmin;
        }
        if position >= 1.0 {
            return vmax;
        }
        let above = match &self.curve {
            // Positions are quotients of numbers of cells; a third of them may round to below 1/3.
            Curve::Whole(shares) => {
                let position_of = |share: &f64| (share - self.first) / (1.0 - self.first);
                shares.partition_point(|share| position_of(share) < position - 1e-12) as f64
            }
            Curve::Binned { centres, .. } => {
                let share = position * (1.0 - self.first) + self.first;
                let right = centres.partition_point(|centre| centre.share < share);
                let left = centres[right.saturating_sub(1)];
                let end = centres[right.min(centres.len() - 1)].value;
                let step = (share - left.share) / left.slope;
                if step > 0.0 { (left.value + step).min(end) } else { left.value }
            }
        };
        let value = self.offset + above;
        // Limits further apart than the largest number leave no bins to tell values by.
        if value.is_nan() { vmin } else { value.clamp(vmin, vmax) }
    }
}
