//! Histogram equalization, as datashader's `eq_hist` has it (`transfer_functions/__init__.py`), which follows
//! scikit-image.
//!
//! In: the values of occupied cells. Out: a function from value to position, so that equally many cells fall
//! on each stretch of the colormap. Whole numbers in a range below 65536 are counted exactly; everything else
//! falls into 65536 bins, of which the empty ones are dropped, and is interpolated between the centres of the
//! others.
//!
//! The arithmetic is NumPy's, in the type NumPy has at each step: `histogram` of 32-bit values computes edges
//! and bins in 32 bits, that of whole numbers, and `interp`, in 64. Whether a page holds whole numbers is
//! asked of its values, since a count is stored as a float here. Where all values are equal datashader draws
//! nothing; here they are at position 0.

mod inverse;

use pointillist_base::{Dtype, Float};

use crate::layer::{Layer, fold};
use crate::limits::{Span, for_each, span};
use crate::sample::with_values;
use crate::{Error, Limits, Norm};

/// Bins at most, and the range below which whole numbers are counted exactly.
const BINS: usize = 65536;

/// The function from value to position, fitted to cells.
#[derive(Debug, Clone)]
pub(crate) struct Equalized {
    /// The smallest value, at position 0.
    offset: f64,
    /// The largest difference to it.
    range: f64,
    /// The share of the cells that becomes position 0: that of the smallest value or of the first bin.
    first: f64,
    curve: Curve,
}

#[derive(Debug, Clone)]
enum Curve {
    /// The share of the cells up to each whole number above the offset.
    Whole(Vec<f64>),
    Binned {
        /// Whether bins are computed in 64 bits whatever the type of the values.
        wide: bool,
        /// For each bin, which of the centres is its own.
        ranks: Vec<u32>,
        /// The centres of the bins that are not empty.
        centres: Vec<Centre>,
    },
}

#[derive(Debug, Clone, Copy)]
struct Centre {
    /// The value above the offset.
    value: f64,
    /// The share of the cells in this bin and those below.
    share: f64,
    /// How the share grows up to the next centre.
    slope: f64,
}

impl Equalized {
    /// Minimum and maximum, and the function, which is `None` if these are equal; `None` if no occupied cell
    /// has a finite value.
    ///
    /// # Errors
    /// Those of the layer.
    pub(crate) fn fit(layer: &dyn Layer) -> Result<Option<(Limits, Option<Equalized>)>, Error> {
        let Some(Span { limits, whole }) = span(layer, Norm::EqHist)? else { return Ok(None) };
        if limits.vmin == limits.vmax {
            return Ok(Some((limits, None)));
        }
        let equalized = match layer.dtype() {
            Dtype::F32 if !whole => Equalized::new::<f32>(layer, limits, whole),
            _ => Equalized::new::<f64>(layer, limits, whole),
        };
        Ok(Some((limits, Some(equalized?))))
    }

    /// `B` is the type that bins are computed in.
    fn new<B: Float>(
        layer: &dyn Layer,
        Limits { vmin, vmax }: Limits,
        whole: bool,
    ) -> Result<Equalized, Error> {
        let range = (B::from_f64(vmax) - B::from_f64(vmin)).to_f64();
        if whole && range < BINS as f64 {
            let histogram = histogram(layer, |value: f64| (value - vmin) as usize)?;
            let shares = shares_of_whole(&histogram[..=range as usize]);
            let first = shares[0];
            return Ok(Equalized { offset: vmin, range, first, curve: Curve::Whole(shares) });
        }
        let bins = Bins { first: B::from_f64(vmin), range: B::from_f64(range) };
        let histogram = histogram(layer, |value: f64| bins.index(bins.above(value)))?;
        let mut ranks = Vec::with_capacity(BINS);
        let mut centres: Vec<Centre> = Vec::new();
        let total = histogram.iter().sum::<u64>() as f64;
        let mut sum = 0;
        for (bin, &cells) in histogram.iter().enumerate() {
            if cells > 0 {
                sum += cells;
                let value = bins.centre(bin).to_f64();
                centres.push(Centre { value, share: sum as f64 / total, slope: 0.0 });
            }
            ranks.push((centres.len() as u32).saturating_sub(1));
        }
        for i in 1..centres.len() {
            let (a, b) = (centres[i - 1], centres[i]);
            centres[i - 1].slope = (b.share - a.share) / (b.value - a.value);
        }
        let first = centres.first().map_or(0.0, |centre| centre.share);
        let wide = whole || size_of::<B>() == size_of::<f64>();
        let curve = Curve::Binned { wide, ranks, centres };
        Ok(Equalized { offset: vmin, range, first, curve })
    }

    /// The function from value to the share of the cells, and the share that becomes position 0.
    pub(crate) fn shares(self) -> (Equalized, f64) {
        let first = self.first;
        (Equalized { first: 0.0, ..self }, first)
    }

    /// The position of a value; those beyond the fitted ones are at the ends, NaN has none.
    #[inline]
    pub(crate) fn position<T: Float>(&self, value: T) -> f64 {
        let share = match &self.curve {
            Curve::Whole(shares) => {
                let above = value.to_f64() - self.offset;
                if above.is_nan() {
                    return above;
                }
                shares[(above.max(0.0) as usize).min(shares.len() - 1)]
            }
            Curve::Binned { wide, ranks, centres } => {
                let (above, bin) = if *wide {
                    self.bin_of::<f64>(value.to_f64())
                } else {
                    self.bin_of::<f32>(value.to_f64())
                };
                if above.is_nan() {
                    return above;
                }
                // The centre of a bin lies inside of it, so that the value is above its own or above the one
                // before.
                let mut nearest = ranks[bin] as usize;
                while nearest > 0 && above < centres[nearest].value {
                    nearest -= 1;
                }
                let Centre { value, share, slope } = centres[nearest];
                // As `interp`: the ends are level.
                if above <= value || nearest + 1 == centres.len() {
                    share
                } else {
                    slope * (above - value) + share
                }
            }
        };
        (share - self.first) / (1.0 - self.first)
    }

    /// How far the value is above the offset, and its bin.
    #[inline]
    fn bin_of<B: Float>(&self, value: f64) -> (f64, usize) {
        let bins = Bins { first: B::from_f64(self.offset), range: B::from_f64(self.range) };
        let above = bins.above(value);
        let bin = if above < B::ZERO {
            0
        } else if above < bins.range {
            bins.index(above)
        } else {
            BINS - 1
        };
        (above.to_f64(), bin)
    }
}

/// The bins of `numpy.histogram(values - first, bins=65536)`, in its arithmetic.
#[derive(Clone, Copy)]
struct Bins<B> {
    first: B,
    range: B,
}

impl<B: Float> Bins<B> {
    fn above(self, value: f64) -> B {
        B::from_f64(value) - self.first
    }

    /// The lower edge of a bin, as `linspace` computes it.
    fn edge(self, bin: usize) -> B {
        if bin == BINS {
            self.range
        } else {
            B::from_f64(bin as f64) * (self.range / B::from_f64(BINS as f64))
        }
    }

    /// The bin of a value at this distance above the first one, at most the range.
    fn index(self, above: B) -> usize {
        let guess = (above / self.range * B::from_f64(BINS as f64)).to_i32();
        let guess = (guess.max(0) as usize).min(BINS - 1);
        if above < self.edge(guess) {
            guess - 1
        } else if guess + 1 < BINS && above >= self.edge(guess + 1) {
            guess + 1
        } else {
            guess
        }
    }

    fn centre(self, bin: usize) -> B {
        (self.edge(bin) + self.edge(bin + 1)) / B::from_f64(2.0)
    }
}

/// How many of the occupied cells with finite values fall into each bin.
fn histogram(layer: &dyn Layer, bin: impl Fn(f64) -> usize + Sync) -> Result<Vec<u64>, Error> {
    fold(
        layer,
        || vec![0u64; BINS],
        |histogram, band| {
            with_values!(band.values, values => {
                for_each(values, band.counts, Norm::EqHist, |value| histogram[bin(value.to_f64())] += 1);
            });
        },
        |mut sum, other| {
            sum.iter_mut().zip(other).for_each(|(sum, cells)| *sum += cells);
            sum
        },
    )
}

/// The cumulated shares.
fn shares_of_whole(histogram: &[u64]) -> Vec<f64> {
    let total = histogram.iter().sum::<u64>() as f64;
    histogram
        .iter()
        .scan(0, |sum, cells| {
            *sum += cells;
            Some(*sum as f64 / total)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Resident, naive};
    use pointillist_base::Values;
    use proptest::prelude::*;

    fn fit(values: Values<'_>) -> Option<(Limits, Option<Equalized>)> {
        Equalized::fit(&Resident::column(values, None)).unwrap()
    }

    fn positions(values: &[f32]) -> Vec<f64> {
        let (_, equalized) = fit(Values::F32(values)).unwrap();
        let equalized = equalized.unwrap();
        values.iter().map(|&value| equalized.position(value)).collect()
    }

    #[test]
    fn whole_numbers_are_counted_one_by_one() {
        assert_eq!(
            positions(&[1.0, 1.0, 2.0, 9.0, 9.0, 9.0]),
            [0.0, 0.0, (3.0 / 6.0 - 2.0 / 6.0) / (1.0 - 2.0 / 6.0), 1.0, 1.0, 1.0]
        );
    }

    #[test]
    fn values_beyond_the_fitted_ones_are_at_the_ends() {
        for values in [[1.0, 5.0], [1.5, 5.5], [0.0, 1e9]] {
            let (_, equalized) = fit(Values::F32(&values)).unwrap();
            let equalized = equalized.unwrap();
            for (value, expected) in
                [(-9.0, 0.0), (f32::NEG_INFINITY, 0.0), (2e9, 1.0), (f32::INFINITY, 1.0)]
            {
                assert_eq!(equalized.position(value), expected, "{values:?} {value}");
            }
            assert!(equalized.position(f32::NAN).is_nan());
        }
    }

    #[test]
    fn equal_values_need_no_function_and_no_values_have_none() {
        let (limits, equalized) = fit(Values::F64(&[3.0, f64::NAN, 3.0])).unwrap();
        assert_eq!(limits, Limits { vmin: 3.0, vmax: 3.0 });
        assert!(equalized.is_none());
        assert!(fit(Values::F64(&[f64::NAN, f64::INFINITY])).is_none());
    }

    proptest! {
        #[test]
        fn positions_are_those_of_the_naive_twin(
            values in prop::collection::vec(-100f32..100.0, 2..200),
            scale in prop_oneof![Just(1.0f32), Just(1e-3), Just(1e4), Just(1e30)],
            whole: bool,
        ) {
            let values: Vec<f32> = values
                .iter()
                .map(|value| if whole { (value * scale).round() } else { value * scale })
                .collect();
            prop_assume!(values.iter().any(|value| *value != values[0]));
            prop_assert_eq!(positions(&values), naive::equalized(&values));
        }

        #[test]
        fn extreme_ranges_do_not_panic(values in prop::collection::vec(any::<f32>(), 1..50), wide: bool) {
            let widened: Vec<f64> = values.iter().map(|value| f64::from(*value).powi(7)).collect();
            let cells = if wide { Values::F64(&widened) } else { Values::F32(&values) };
            if let Some((_, Some(equalized))) = fit(cells) {
                for value in widened {
                    equalized.position(value);
                    equalized.position(value as f32);
                }
            }
        }
    }
}
