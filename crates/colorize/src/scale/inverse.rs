//! Positions to values, as the method `inverse` of matplotlib's norms computes them, step by step.

use super::{Kind, LINEAR, Scale, Transformed};
use std::f64::consts::LN_10;

impl Scale {
    /// The value at a position; the inverse of [`Scale::positions`].
    ///
    /// 0 and 1 give the limits but for the rounding of the function and its inverse. Positions beyond [0, 1]
    /// continue the function, in histogram equalization they give the limits. Where whole numbers were
    /// counted one by one, the value is the smallest one at this position or above. Where all numbers are at
    /// position 0, it is the limit whatever the position. NaN gives NaN.
    pub fn inverse(&self, position: f64) -> f64 {
        let vmin = self.limits.vmin;
        let powered = |vmin: f64, range: f64, power: &dyn Fn(f64) -> f64| {
            (if position > 0.0 { power(position) } else { position }) * range + vmin
        };
        let above = |distance: f64, inverse: &dyn Fn(f64) -> f64| {
            if distance > 0.0 { inverse(distance) } else { distance }
        };
        match &self.kind {
            _ if position.is_nan() => position,
            Kind::Constant => vmin,
            Kind::Value => position,
            Kind::Distance { vmin } => vmin + position,
            Kind::Linear { vmin, range } => vmin + position * range,
            Kind::Log(transformed) => (transformed.inverse(position) * LN_10).exp(),
            Kind::Sqrt { vmin, range } => powered(*vmin, *range, &|p| p * p),
            Kind::Square { vmin, range } => powered(*vmin, *range, &f64::sqrt),
            Kind::Power { vmin, range, exponent } => {
                powered(*vmin, *range, &|p| p.powf(1.0 / exponent))
            }
            Kind::Cbrt { vmin, range } => vmin + above(position * range, &|d| d * d * d),
            Kind::Log1p { vmin, range } => vmin + above(position * range, &f64::exp_m1),
            Kind::Asinh { width, transformed } => {
                width * (transformed.inverse(position) / width).sinh()
            }
            Kind::SymLog { threshold, transformed } => {
                let value = transformed.inverse(position);
                let magnitude = value.abs();
                if magnitude <= threshold * LINEAR {
                    value / LINEAR
                } else {
                    let decades = magnitude / threshold - LINEAR;
                    threshold.copysign(value) * (decades * LN_10).exp()
                }
            }
            Kind::EqHist(equalized) => equalized.inverse(position, self.limits),
        }
    }
}

impl Transformed {
    /// What the function makes of the value at a position.
    fn inverse(self, position: f64) -> f64 {
        position * self.range + self.vmin
    }
}

#[cfg(test)]
mod tests {
    use crate::{Limits, Norm, Resident, Scale};
    use pointillist_base::Values;
    use proptest::prelude::*;

    fn position(scale: &Scale, value: f64) -> f64 {
        let mut position = [0.0];
        scale.positions(Values::F64(&[value]), &mut position);
        position[0]
    }

    #[test]
    fn equal_limits_are_the_value_everywhere() {
        let scale = Scale::new(Norm::Log, Limits { vmin: 7.0, vmax: 7.0 }).unwrap();
        assert_eq!([-1.0, 0.0, 0.3, 1.0].map(|p| scale.inverse(p)), [7.0; 4]);
        assert!(scale.inverse(f64::NAN).is_nan());
    }

    #[test]
    fn whole_numbers_come_back_as_those_that_occur() {
        let counts = [1.0, 1.0, 2.0, 9.0, 9.0, 9.0];
        let scale =
            Scale::equalized(&Resident::column(Values::F64(&counts), None)).unwrap().unwrap();
        let found = [-1.0, 0.0, 0.1, 0.25, 0.26, 1.0, 2.0].map(|p| scale.inverse(p));
        assert_eq!(found, [1.0, 1.0, 2.0, 2.0, 9.0, 9.0, 9.0]);
        assert!(scale.inverse(f64::NAN).is_nan());
    }

    proptest! {
        #[test]
        fn the_position_of_the_value_at_a_position_is_that_position(
            norm in prop_oneof![
                Just(Norm::Linear), Just(Norm::Log), Just(Norm::Log1p), Just(Norm::Sqrt), Just(Norm::Cbrt),
                (0.2..5.0).prop_map(Norm::Power), Just(Norm::Power(2.0)),
                (0.01..100.0).prop_map(Norm::Asinh), (0.01..100.0).prop_map(Norm::SymLog),
            ],
            (low, range) in (-1000.0..1000.0, 1.0..1e5),
            p in -0.1..1.1f64,
        ) {
            let vmin: f64 = if norm == Norm::Log { f64::abs(low) + 0.1 } else { low };
            let scale = Scale::new(norm, Limits { vmin, vmax: vmin + range }).unwrap();
            let found = position(&scale, scale.inverse(p));
            prop_assert!((found - p).abs() < 1e-6, "{norm} {p} {found}");
        }

        #[test]
        fn equalized_positions_come_back(
            values in prop::collection::vec(-100f64..100.0, 2..200),
            narrow: bool,
            p in 0.0..1.0f64,
        ) {
            let narrowed: Vec<f32> = values.iter().map(|value| *value as f32).collect();
            let cells = if narrow { Values::F32(&narrowed) } else { Values::F64(&values) };
            let scale = Scale::equalized(&Resident::column(cells, None)).unwrap().unwrap();
            let Limits { vmin, vmax } = scale.limits();
            prop_assume!(vmin < vmax);
            let value = scale.inverse(p);
            prop_assert!((vmin..=vmax).contains(&value));
            // Bins of 32 bits are 1/65536 of the range wide, and so may be the step between two values.
            let (below, above) = (value - (vmax - vmin) / 6e4, value + (vmax - vmin) / 6e4);
            prop_assert!(position(&scale, below) <= p + 1e-9 && p - 1e-9 <= position(&scale, above));
        }
    }
}
