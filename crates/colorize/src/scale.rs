//! Values to positions: a norm with its limits.
//!
//! Every step is computed as matplotlib 3.11 computes it, in the type it has there, so that positions agree
//! bit for bit: `Normalize` and `LogNorm` subtract and divide in 64 bits and round the result of each step to
//! the type of the values; `PowerNorm` rounds the limits to that type first; `AsinhNorm` and `SymLogNorm`
//! leave it for 64 bits. `Log1p` and `Cbrt` are computed in 64 bits, as datashader computes them of its counts
//! and means.
//!
//! What the last bit of a logarithm or a power is, the platform's C library says, as it does for NumPy. Where
//! NumPy has kernels of its own (of all of these functions with AVX-512; of the natural logarithm of 32-bit
//! values, in `symlog`, with AVX2 too), a position can differ in its last bits, and the colour of about one
//! cell in a million is the neighbouring one.

mod arsinh;
mod inverse;

use std::f64::consts::LN_10;

use pointillist_base::{Float, Values};

use crate::eq_hist::Equalized;
use crate::limits::{self, Wanted};
use crate::sample::with_values;
use crate::steps::{Steps, entry};
use crate::{Error, Layer, Limits, Norm};
pub(crate) use arsinh::arsinh;

/// A norm with its limits: the function from values to positions.
///
/// `vmin` is at position 0, `vmax` at position 1, and values outside are below 0 or above 1. Where both
/// limits are equal, every number is at position 0. NaN marks what has no position: NaN itself, what the
/// function is not defined for, and infinite values for `log`, `asinh` and `symlog`.
#[derive(Debug, Clone)]
pub struct Scale {
    norm: Norm,
    limits: Limits,
    kind: Kind,
    /// Where the entries begin, of a colormap that is no table of equal parts.
    steps: Option<Steps>,
}

#[derive(Debug, Clone)]
enum Kind {
    Constant,
    Value,
    Distance { vmin: f64 },
    Linear { vmin: f64, range: f64 },
    Log(Transformed),
    Sqrt { vmin: f64, range: f64 },
    Square { vmin: f64, range: f64 },
    Power { vmin: f64, range: f64, exponent: f64 },
    Cbrt { vmin: f64, range: f64 },
    Log1p { vmin: f64, range: f64 },
    Asinh { width: f64, transformed: Transformed },
    SymLog { threshold: f64, transformed: Transformed },
    EqHist(Box<Equalized>),
}

/// The limits after the function was applied to them.
#[derive(Debug, Clone, Copy)]
struct Transformed {
    vmin: f64,
    range: f64,
}

impl Transformed {
    fn new(limits: Limits, function: impl Fn(f64) -> f64) -> Self {
        let vmin = function(limits.vmin);
        Transformed { vmin, range: function(limits.vmax) - vmin }
    }

    /// The position of a value to which the function was applied.
    #[inline(always)]
    fn position<T: Float>(self, value: T) -> T {
        let offset = T::from_f64(value.to_f64() - self.vmin);
        let position = T::from_f64(offset.to_f64() / self.range);
        if position.is_finite() { position } else { T::NAN }
    }
}

impl Scale {
    /// The norm between these limits.
    ///
    /// # Errors
    /// If a limit is not finite, the limits are reversed or not above zero for a logarithm, or the
    /// norm's parameter is not above zero; [`Error::EqHistLimits`] for [`Norm::EqHist`], which is
    /// [`Scale::equalized`].
    pub fn new(norm: Norm, limits: Limits) -> Result<Scale, Error> {
        norm.check()?;
        limits.check(norm)?;
        let Limits { vmin, vmax } = limits;
        let range = vmax - vmin;
        let kind = match norm {
            Norm::EqHist => return Err(Error::EqHistLimits),
            _ if vmin == vmax => Kind::Constant,
            Norm::Linear => Kind::Linear { vmin, range },
            Norm::Log => Kind::Log(Transformed::new(limits, f64::log10)),
            // As in NumPy, these two powers are exactly rounded, and quick.
            Norm::Sqrt | Norm::Power(0.5) => Kind::Sqrt { vmin, range },
            Norm::Power(2.0) => Kind::Square { vmin, range },
            Norm::Cbrt => Kind::Cbrt { vmin, range: cbrt(range) },
            Norm::Log1p => Kind::Log1p { vmin, range: range.ln_1p() },
            Norm::Power(exponent) => Kind::Power { vmin, range, exponent },
            Norm::Asinh(width) => {
                Kind::Asinh { width, transformed: Transformed::new(limits, |v| asinh(v, width)) }
            }
            Norm::SymLog(threshold) => Kind::SymLog {
                threshold,
                transformed: Transformed::new(limits, |v| symlog(v, threshold)),
            },
        };
        Ok(Scale { norm, limits, kind, steps: None })
    }

    /// The norm with the limits that were asked for, or else those of the cells; `None` where a limit is to be found
    /// in the cells but none that is occupied has a finite value.
    ///
    /// # Errors
    /// Those of [`limits::resolve`].
    pub fn fit(layer: &dyn Layer, norm: Norm, wanted: Wanted) -> Result<Option<Scale>, Error> {
        if norm == Norm::EqHist {
            wanted.check(norm)?;
            return Scale::equalized(layer);
        }
        let limits = limits::resolve(layer, norm, wanted)?;
        limits.map(|limits| Scale::new(norm, limits)).transpose()
    }

    /// Histogram equalization over the occupied cells with finite values; `None` where there are none.
    ///
    /// # Errors
    /// Those of the layer.
    pub fn equalized(layer: &dyn Layer) -> Result<Option<Scale>, Error> {
        let Some((limits, equalized)) = Equalized::fit(layer)? else { return Ok(None) };
        let kind = match equalized {
            Some(equalized) => Kind::EqHist(Box::new(equalized)),
            None => Kind::Constant,
        };
        Ok(Some(Scale { norm: Norm::EqHist, limits, kind, steps: None }))
    }

    /// The norm that it was made from.
    pub fn norm(&self) -> Norm {
        self.norm
    }

    /// The values at positions 0 and 1.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether positions are proportional to values.
    pub(crate) fn is_linear(&self) -> bool {
        matches!(self.kind, Kind::Constant | Kind::Linear { .. } | Kind::Value)
    }

    /// This scale with the values themselves as positions, for steps that are values.
    pub(crate) fn of_values(self) -> Scale {
        Scale { kind: Kind::Value, ..self }
    }

    /// This scale with entries that begin at these positions.
    pub(crate) fn with_steps(self, steps: Steps) -> Scale {
        Scale { steps: Some(steps), ..self }
    }

    /// This scale without its last step, which brings what the norm's function gives to [0, 1], and what the
    /// function gives for the limits: the numbers over which datashader interpolates colours. Norms that
    /// datashader does not have keep their positions.
    pub(crate) fn undivided(self) -> (Scale, [f64; 2]) {
        let (kind, ends) = match self.kind {
            Kind::Constant => (Kind::Constant, [0.0, 0.0]),
            Kind::Linear { vmin, range } => (Kind::Distance { vmin }, [0.0, range]),
            Kind::Cbrt { vmin, range } => (Kind::Cbrt { vmin, range: 1.0 }, [0.0, range]),
            Kind::Log1p { vmin, range } => (Kind::Log1p { vmin, range: 1.0 }, [0.0, range]),
            Kind::EqHist(equalized) => {
                let (equalized, first) = equalized.shares();
                (Kind::EqHist(Box::new(equalized)), [first, 1.0])
            }
            kind => (kind, [0.0, 1.0]),
        };
        (Scale { kind, ..self }, ends)
    }

    /// Whether an entry takes much longer than a look-up, which wants entries that ascend with values.
    pub(crate) fn is_slow(&self) -> bool {
        if let Some(steps) = &self.steps {
            return steps.is_ascending();
        }
        matches!(
            self.kind,
            Kind::Log(_)
                | Kind::Power { .. }
                | Kind::Cbrt { .. }
                | Kind::Log1p { .. }
                | Kind::Asinh { .. }
                | Kind::SymLog { .. }
                | Kind::EqHist(_)
        )
    }

    /// The positions of values. Those of 32-bit values are 32-bit numbers, except for `cbrt`, `log1p`, `asinh`,
    /// `symlog` and `eq_hist`.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn positions(&self, values: Values<'_>, positions: &mut [f64]) {
        assert_eq!(values.len(), positions.len(), "one position a value");
        with_values!(values, values => self.run(ToPositions { values, positions }));
    }

    /// The entries of the values in a table of `table_len` colours; beyond the table stand, in this order,
    /// under, over and bad.
    pub(crate) fn entries(&self, values: Values<'_>, table_len: u16, entries: &mut [u16]) {
        match &self.steps {
            Some(steps) => {
                with_values!(values, values => self.run(ToSteps { values, steps, entries }))
            }
            None => {
                with_values!(values, values => self.run(ToEntries { values, table_len, entries }))
            }
        }
    }

    /// Hands the function to a loop, so that each pair of function and loop is one kernel without a branch on
    /// the norm.
    fn run<T: Float>(&self, kernel: impl Kernel<T>) {
        match &self.kind {
            // A product with zero would make infinite values bad.
            Kind::Constant => kernel.run(|v: T| if v.is_nan() { v } else { T::ZERO }),
            Kind::Value => kernel.run(|v: T| v),
            &Kind::Distance { vmin } => kernel.run(|v: T| v.to_f64() - vmin),
            &Kind::Linear { vmin, range } => kernel.run(|v: T| {
                let offset = T::from_f64(v.to_f64() - vmin);
                T::from_f64(offset.to_f64() / range)
            }),
            &Kind::Log(transformed) => kernel.run(|v: T| transformed.position(v.log10())),
            &Kind::Sqrt { vmin, range } => {
                let (vmin, range) = (T::from_f64(vmin), T::from_f64(range));
                kernel.run(|v: T| {
                    let position = (v - vmin) / range;
                    if position > T::ZERO { position.sqrt() } else { position }
                });
            }
            &Kind::Square { vmin, range } => {
                let (vmin, range) = (T::from_f64(vmin), T::from_f64(range));
                kernel.run(|v: T| {
                    let position = (v - vmin) / range;
                    if position > T::ZERO { position * position } else { position }
                });
            }
            &Kind::Power { vmin, range, exponent } => {
                let (vmin, range) = (T::from_f64(vmin), T::from_f64(range));
                let exponent = T::from_f64(exponent);
                kernel.run(|v: T| {
                    let position = (v - vmin) / range;
                    if position > T::ZERO { position.powf(exponent) } else { position }
                });
            }
            &Kind::Cbrt { vmin, range } => {
                kernel.run(|v: T| above(v, vmin, cbrt) / range);
            }
            &Kind::Log1p { vmin, range } => {
                kernel.run(|v: T| above(v, vmin, f64::ln_1p) / range);
            }
            &Kind::Asinh { width, transformed } => {
                kernel.run(|v: T| transformed.position(asinh(v, width)));
            }
            &Kind::SymLog { threshold, transformed } => {
                kernel.run(|v: T| transformed.position(symlog(v, threshold)));
            }
            Kind::EqHist(equalized) => kernel.run(|v: T| equalized.position(v)),
        }
    }
}

/// A loop over values that is given the function to apply.
trait Kernel<T> {
    fn run<O: Float>(self, position: impl Fn(T) -> O);
}

struct ToPositions<'a, T> {
    values: &'a [T],
    positions: &'a mut [f64],
}

impl<T: Float> Kernel<T> for ToPositions<'_, T> {
    fn run<O: Float>(self, position: impl Fn(T) -> O) {
        for (out, &value) in self.positions.iter_mut().zip(self.values) {
            *out = position(value).to_f64();
        }
    }
}

struct ToEntries<'a, T> {
    values: &'a [T],
    table_len: u16,
    entries: &'a mut [u16],
}

impl<T: Float> Kernel<T> for ToEntries<'_, T> {
    fn run<O: Float>(self, position: impl Fn(T) -> O) {
        for (out, &value) in self.entries.iter_mut().zip(self.values) {
            *out = entry(position(value), self.table_len);
        }
    }
}

/// The function of the distance to the lower limit; what is below it, which datashader moves up to it, stays
/// below.
#[inline(always)]
fn above<T: Float>(value: T, vmin: f64, function: impl Fn(f64) -> f64) -> f64 {
    let distance = value.to_f64() - vmin;
    if distance > 0.0 { function(distance) } else { distance }
}

/// The power that datashader takes for the cube root.
#[inline(always)]
fn cbrt(value: f64) -> f64 {
    value.powf(1.0 / 3.0)
}

struct ToSteps<'a, T> {
    values: &'a [T],
    steps: &'a Steps,
    entries: &'a mut [u16],
}

impl<T: Float> Kernel<T> for ToSteps<'_, T> {
    fn run<O: Float>(self, position: impl Fn(T) -> O) {
        for (out, &value) in self.entries.iter_mut().zip(self.values) {
            *out = self.steps.entry(position(value).to_f64());
        }
    }
}

/// matplotlib's `AsinhTransform`, in which the division of a masked array makes 64 bits of 32.
#[inline(always)]
fn asinh<T: Float>(value: T, width: f64) -> f64 {
    width * arsinh(value.to_f64() / width)
}

/// How far the linear part of `symlog` is stretched, in thresholds.
const LINEAR: f64 = 1.0 / (1.0 - 1.0 / 10.0);

/// matplotlib's `SymmetricalLogTransform` with base 10 and linscale 1, in which only the logarithm keeps to
/// 32 bits.
#[inline(always)]
fn symlog<T: Float>(value: T, threshold: f64) -> f64 {
    let magnitude = value.abs();
    if magnitude.to_f64() <= threshold {
        return value.to_f64() * LINEAR;
    }
    let signed = if value < T::ZERO { -threshold } else { threshold };
    let decades = magnitude.ln().to_f64() / LN_10;
    signed * (LINEAR - threshold.ln() / LN_10 + decades)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(norm: Norm, vmin: f64, vmax: f64, values: &[f64]) -> Vec<f64> {
        let scale = Scale::new(norm, Limits { vmin, vmax }).unwrap();
        let mut positions = vec![0.0; values.len()];
        scale.positions(Values::F64(values), &mut positions);
        positions
    }

    #[test]
    fn limits_are_at_zero_and_one_for_every_norm() {
        for norm in [
            Norm::Linear,
            Norm::Log,
            Norm::Sqrt,
            Norm::Cbrt,
            Norm::Log1p,
            Norm::Power(0.3),
            Norm::Asinh(0.5),
            Norm::SymLog(2.0),
        ] {
            assert_eq!(positions(norm, 1.5, 20.0, &[1.5, 20.0]), [0.0, 1.0], "{norm}");
        }
    }

    #[test]
    fn equal_limits_put_every_number_at_zero() {
        let values = [-1.0, 0.0, 7.0, f64::INFINITY, f64::NAN];
        for norm in [Norm::Linear, Norm::Log, Norm::Log1p, Norm::Sqrt, Norm::SymLog(1.0)] {
            let found = positions(norm, 7.0, 7.0, &values);
            assert_eq!(found[..4], [0.0; 4]);
            assert!(found[4].is_nan());
        }
    }

    #[test]
    fn what_has_no_logarithm_is_bad() {
        let values = [0.0, -0.0, -1.0, f64::INFINITY, f64::NAN];
        assert!(positions(Norm::Log, 1.0, 10.0, &values).iter().all(|p| p.is_nan()));
        for norm in [Norm::Asinh(1.0), Norm::SymLog(1.0)] {
            let found = positions(norm, 0.0, 10.0, &[f64::INFINITY, f64::NEG_INFINITY, -1.0]);
            assert!(found[0].is_nan() && found[1].is_nan() && found[2] < 0.0, "{norm}");
        }
    }

    #[test]
    fn a_power_leaves_what_is_below_the_limits_linear() {
        assert_eq!(positions(Norm::Sqrt, 0.0, 4.0, &[-4.0, 1.0, 16.0]), [-1.0, 0.5, 2.0]);
    }

    #[test]
    fn the_inverse_hyperbolic_sine_is_right_on_both_sides_of_every_branch() {
        // As glibc 2.36 has it.
        for (x, expected) in [
            (0x3e2f_fff9_87d4_d6ab, 0x3e2f_fff9_87d4_d6ab),
            (0x3e30_0000_1d82_2374, 0x3e30_0000_1d82_2374),
            (0x3e30_0002_28e0_e795, 0x3e30_0002_28e0_e795),
            (0x3fff_fff9_2df9_ba28, 0x3ff7_191e_763b_0152),
            (0x4000_0000_13eb_c0af, 0x3ff7_1921_94e5_2c01),
            (0x4000_0002_777f_715a, 0x3ff7_1923_b7e7_db85),
            (0x41af_fff8_59c7_eee3, 0x4034_19ec_79e0_fca7),
            (0x41b0_0000_9862_71d1, 0x4034_19ec_c098_eb70),
            (0x41b0_0001_ca87_6946, 0x4034_19ec_d3bb_397a),
            (0x3fde_2dbb_6659_00c4, 0x3fdd_28c6_e18f_4f9a),
            (0x3fd1_c972_1d8b_80f4, 0x3fd1_90c6_c1fc_0237),
            (0x4055_0037_47ab_ea91, 0x4014_7f04_3abe_37fc),
            (0x3f66_0d96_c156_2c0e, 0x3f66_0d95_0273_c3fd),
        ] {
            let x = f64::from_bits(x);
            // Another library may round the logarithm the other way.
            assert!(arsinh(x).to_bits().abs_diff(expected) <= 1, "{x}");
            assert_eq!(arsinh(-x), -arsinh(x));
        }
        for x in [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(arsinh(x).to_bits(), x.to_bits());
        }
        assert!(arsinh(f64::NAN).is_nan());
    }

    #[test]
    fn limits_that_cannot_be_are_refused_with_a_remedy() {
        let error =
            |norm, vmin, vmax| Scale::new(norm, Limits { vmin, vmax }).unwrap_err().to_string();
        assert!(error(Norm::Linear, 2.0, 1.0).contains("_r"));
        assert!(error(Norm::Log, 0.0, 1.0).contains("symlog"));
        assert!(error(Norm::Linear, f64::NAN, 1.0).contains("finite"));
        assert!(error(Norm::Linear, 0.0, f64::INFINITY).contains("finite"));
        assert!(error(Norm::Power(-1.0), 0.0, 1.0).contains("above zero"));
        assert!(error(Norm::EqHist, 0.0, 1.0).contains("leave out"));
    }
}
