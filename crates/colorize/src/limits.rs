//! Which values become the two ends of the colormap.
//!
//! Only occupied cells count: those with a count above zero where there is a page of counts, else those whose
//! value is not NaN. Of these, only the finite values count, and for a logarithm only the ones above zero.

mod percentile;

use pointillist_base::{Float, Values};

use crate::layer::{Band, Layer, fold};
use crate::sample::with_values;
use crate::{Error, Norm};
use percentile::percentiles;

/// Values that are looked at together for the smallest and the largest.
const LANES: usize = 16;

/// The values at the two ends of the colormap.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// The value at position 0.
    pub vmin: f64,
    /// The value at position 1.
    pub vmax: f64,
}

impl Limits {
    /// Checks that the norm can have these limits.
    pub(crate) fn check(&self, norm: Norm) -> Result<(), Error> {
        check_limit("vmin", Some(self.vmin), norm)?;
        check_limit("vmax", Some(self.vmax), norm)?;
        if self.vmin > self.vmax {
            return Err(Error::ReversedLimits { vmin: self.vmin, vmax: self.vmax });
        }
        Ok(())
    }
}

fn check_limit(name: &'static str, limit: Option<f64>, norm: Norm) -> Result<(), Error> {
    match limit {
        Some(value) if !value.is_finite() => {
            Err(Error::OutOfRange { name, expected: "a finite number", value })
        }
        Some(limit) if norm == Norm::Log && limit <= 0.0 => Err(Error::LogLimits { limit }),
        _ => Ok(()),
    }
}

/// What was asked for in place of the minimum and maximum.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Wanted {
    /// The value at position 0. Default: found in the data.
    pub vmin: Option<f64>,
    /// The value at position 1. Default: found in the data.
    pub vmax: Option<f64>,
    /// Percentiles, from 0 to 100, that stand in for the minimum and maximum. Default: none.
    pub clip: Option<(f64, f64)>,
}

impl Wanted {
    /// Checks all that does not depend on the cells.
    pub(crate) fn check(&self, norm: Norm) -> Result<(), Error> {
        if norm == Norm::EqHist && *self != Wanted::default() {
            return Err(Error::EqHistLimits);
        }
        check_limit("vmin", self.vmin, norm)?;
        check_limit("vmax", self.vmax, norm)?;
        if let (Some(vmin), Some(vmax)) = (self.vmin, self.vmax) {
            Limits { vmin, vmax }.check(norm)?;
        }
        let Some((low, high)) = self.clip else { return Ok(()) };
        for value in [low, high] {
            if !(0.0..=100.0).contains(&value) {
                let expected = "a percentile from 0 to 100";
                return Err(Error::OutOfRange { name: "clip", expected, value });
            }
        }
        if low > high { Err(Error::ReversedClip { low, high }) } else { Ok(()) }
    }
}

/// The limits of a norm: `vmin` and `vmax` where they are given, else the percentiles, else minimum and
/// maximum. `None` where a limit is to be found in the data but no occupied cell has a finite value.
///
/// # Errors
/// If what was asked for cannot be a limit, the limits turn out reversed, or the norm is a logarithm
/// and no finite value is above zero. [`Error::EqHistLimits`] if anything is asked of [`Norm::EqHist`], which
/// otherwise gets minimum and maximum. Whatever the layer says where it cannot be read.
pub fn resolve(layer: &dyn Layer, norm: Norm, wanted: Wanted) -> Result<Option<Limits>, Error> {
    wanted.check(norm)?;
    let found = match (wanted.vmin, wanted.vmax, wanted.clip) {
        (Some(vmin), Some(vmax), _) => Some(Limits { vmin, vmax }),
        (_, _, Some(clip)) => percentiles(layer, norm, clip)?,
        (_, _, None) => span(layer, norm)?.map(|span| span.limits),
    };
    let Some(found) = found else {
        // Where all cells are empty there is nothing to tell; but negative values that vanish are a surprise.
        return match norm {
            Norm::Log if span(layer, Norm::Linear)?.is_some() => Err(Error::NothingPositive),
            _ => Ok(None),
        };
    };
    let limits =
        Limits { vmin: wanted.vmin.unwrap_or(found.vmin), vmax: wanted.vmax.unwrap_or(found.vmax) };
    limits.check(norm)?;
    Ok(Some(limits))
}

/// What one pass over the cells tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) limits: Limits,
    /// Whether all values are whole numbers, where the norm is [`Norm::EqHist`]; else true.
    pub(crate) whole: bool,
}

/// Minimum and maximum of the values that count; `None` where there are none.
pub(crate) fn span(layer: &dyn Layer, norm: Norm) -> Result<Option<Span>, Error> {
    let span = fold(
        layer,
        || None,
        |span, band| *span = Span::of_both(span.take(), Span::of(band, norm)),
        Span::of_both,
    )?;
    // Which of two zeros comes out depends on the order of the blocks; adding zero makes both of them
    // positive.
    Ok(span.map(|span| {
        let limits = Limits { vmin: span.limits.vmin + 0.0, vmax: span.limits.vmax + 0.0 };
        Span { limits, ..span }
    }))
}

impl Span {
    fn of(band: Band<'_>, norm: Norm) -> Option<Span> {
        with_values!(band.values, values => Span::of_values(values, band.counts, norm))
    }

    fn of_values<T: Float>(values: &[T], counts: Option<Values<'_>>, norm: Norm) -> Option<Span> {
        // Neither branches nor one chain of comparisons, so that several values are looked at together.
        let (mut low, mut high) =
            ([T::from_f64(f64::INFINITY); LANES], [T::from_f64(f64::NEG_INFINITY); LANES]);
        let mut look = |lane: usize, value: T, occupied: bool| {
            let counts = occupied & counts_for(value, norm);
            low[lane] = if counts & (value < low[lane]) { value } else { low[lane] };
            high[lane] = if counts & (value > high[lane]) { value } else { high[lane] };
        };
        let (chunks, rest) = values.as_chunks::<LANES>();
        let whole_chunks = chunks.len() * LANES;
        match counts {
            None => {
                chunks.iter().for_each(|chunk| (0..LANES).for_each(|i| look(i, chunk[i], true)));
                rest.iter().for_each(|&value| look(0, value, true));
            }
            Some(counts) => with_values!(counts, counts => {
                for (chunk, counts) in chunks.iter().zip(counts.as_chunks::<LANES>().0) {
                    (0..LANES).for_each(|i| look(i, chunk[i], counts[i] > Float::ZERO));
                }
                for (&value, &count) in rest.iter().zip(&counts[whole_chunks..]) {
                    look(0, value, count > Float::ZERO);
                }
            }),
        }
        let low = low.into_iter().reduce(|a, b| if b < a { b } else { a })?;
        let high = high.into_iter().reduce(|a, b| if b > a { b } else { a })?;
        let mut whole = true;
        // Nobody else asks.
        if norm == Norm::EqHist {
            for_each(values, counts, norm, |value| whole &= value.is_whole());
        }
        let limits = Limits { vmin: low.to_f64(), vmax: high.to_f64() };
        (low <= high).then_some(Span { limits, whole })
    }

    fn of_both(a: Option<Span>, b: Option<Span>) -> Option<Span> {
        let (Some(a), Some(b)) = (a, b) else { return a.or(b) };
        Some(Span {
            limits: Limits {
                vmin: a.limits.vmin.min(b.limits.vmin),
                vmax: a.limits.vmax.max(b.limits.vmax),
            },
            whole: a.whole && b.whole,
        })
    }
}

/// Whether the value counts for the norm: finite, and above zero for a logarithm.
#[inline(always)]
fn counts_for<T: Float>(value: T, norm: Norm) -> bool {
    let floor = T::from_f64(if norm == Norm::Log { 0.0 } else { f64::NEG_INFINITY });
    value.is_finite() & (value > floor)
}

/// Visits the values that count: of occupied cells, finite, and above zero for a logarithm.
#[inline(always)]
pub(crate) fn for_each<T: Float>(
    values: &[T],
    counts: Option<Values<'_>>,
    norm: Norm,
    mut visit: impl FnMut(T),
) {
    let mut visit = |value: T, occupied: bool| {
        if occupied & counts_for(value, norm) {
            visit(value);
        }
    };
    match counts {
        None => values.iter().for_each(|&value| visit(value, true)),
        Some(counts) => with_values!(counts, counts => {
            for (&value, &count) in values.iter().zip(counts) {
                visit(value, count > 0.0);
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Resident, naive};

    const NAN: f32 = f32::NAN;

    fn limits(values: &[f32], counts: Option<&[f32]>, norm: Norm, wanted: Wanted) -> Limits {
        let layer = Resident::column(values.into(), counts.map(Values::from));
        resolve(&layer, norm, wanted).unwrap().unwrap()
    }

    #[test]
    fn only_finite_values_of_occupied_cells_count() {
        let values = [NAN, 3.0, f32::INFINITY, -2.0, f32::NEG_INFINITY, 100.0];
        let found = limits(&values, None, Norm::Linear, Wanted::default());
        assert_eq!(found, Limits { vmin: -2.0, vmax: 100.0 });
        let counts = [0.0, 1.0, 1.0, 1.0, 1.0, 0.0];
        let found = limits(&values, Some(&counts), Norm::Linear, Wanted::default());
        assert_eq!(found, Limits { vmin: -2.0, vmax: 3.0 });
        let found = limits(&values, Some(&counts), Norm::Log, Wanted::default());
        assert_eq!(found, Limits { vmin: 3.0, vmax: 3.0 });
    }

    #[test]
    fn a_given_limit_stands_and_the_other_is_found() {
        let wanted = Wanted { vmin: Some(-5.0), clip: Some((50.0, 100.0)), ..Wanted::default() };
        let found = limits(&[1.0, 2.0, 4.0], None, Norm::Linear, wanted);
        assert_eq!(found, Limits { vmin: -5.0, vmax: 4.0 });
    }

    #[test]
    fn an_empty_grid_has_no_limits_and_no_error() {
        let layer = |values| Resident::column(Values::F32(values), None);
        let nothing = layer(&[NAN, NAN]);
        for norm in [Norm::Linear, Norm::Log, Norm::EqHist] {
            assert_eq!(resolve(&nothing, norm, Wanted::default()).unwrap(), None);
            assert_eq!(resolve(&layer(&[]), norm, Wanted::default()).unwrap(), None);
        }
        let counts = Values::F64(&[0.0, 0.0]);
        let counted = Resident::column(Values::F32(&[-1.0, 2.0]), Some(counts));
        let found = resolve(&counted, Norm::Log, Wanted::default());
        assert_eq!(found.unwrap(), None);
        let clip = Wanted { clip: Some((1.0, 99.0)), ..Wanted::default() };
        assert_eq!(resolve(&nothing, Norm::Linear, clip).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_a_limit_is_refused_with_a_remedy() {
        let error = |norm, vmin, vmax, clip| {
            let wanted = Wanted { vmin, vmax, clip };
            let layer = Resident::column(Values::F32(&[-1.0, -2.0]), None);
            resolve(&layer, norm, wanted).unwrap_err().to_string()
        };
        assert!(error(Norm::Log, None, None, None).contains("symlog"));
        assert!(error(Norm::Log, Some(0.0), Some(1.0), None).contains("above zero"));
        assert!(error(Norm::Linear, Some(2.0), None, None).contains("vmin 2 is above vmax -1"));
        assert!(error(Norm::Linear, Some(f64::NAN), None, None).contains("finite"));
        assert!(error(Norm::Linear, None, None, Some((-1.0, 50.0))).contains("0 to 100"));
        assert!(error(Norm::Linear, None, None, Some((0.0, f64::NAN))).contains("0 to 100"));
        assert!(error(Norm::Linear, None, None, Some((60.0, 50.0))).contains("reversed"));
        assert!(error(Norm::EqHist, Some(0.0), None, None).contains("leave out"));
    }

    #[test]
    fn a_zero_among_the_limits_is_positive() {
        for values in [[0.0, -0.0], [-0.0, 0.0], [-0.0, -0.0]] {
            let found = limits(&values, None, Norm::Linear, Wanted::default());
            assert!(found.vmin.is_sign_positive() && found.vmax.is_sign_positive());
        }
    }

    proptest! {
        #[test]
        fn the_span_is_that_of_the_naive_twin(
            cells in prop::collection::vec((any::<f32>(), 0..3u8), 0..300),
            norm in prop_oneof![Just(Norm::Linear), Just(Norm::Log)],
            counted: bool,
        ) {
            let values: Vec<f32> = cells.iter().map(|cell| cell.0).collect();
            let counts: Vec<f64> = cells.iter().map(|cell| f64::from(cell.1)).collect();
            let counts = counted.then_some(&counts[..]);
            let layer = Resident::column(Values::F32(&values), counts.map(Values::F64));
            let found = span(&layer, norm).unwrap();
            let expected = naive::span(&values, counts, norm);
            prop_assert_eq!(found.map(|span| (span.limits.vmin, span.limits.vmax)), expected);
        }
    }
}
