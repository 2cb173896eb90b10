//! Values to cells along one axis, bit for bit as `numpy.histogram2d` does it.
//!
//! Edges are those of `numpy.linspace(lo, hi, n + 1)`, computed in float64 and then rounded to the type that the values
//! are stored in: for f32, `linspace(lo, hi, n + 1).astype("f4")`. A decimal such as 0.3 is another number in 32 bits
//! than in 64, above it or below; a value that was rounded has to be compared with an edge that was rounded likewise,
//! or points on a lattice of decimals fall on either side of the edges that they are meant to lie on.
//!
//! NumPy looks every value up with `searchsorted(edges, value, side="right")`: a value on an edge belongs to the cell
//! above it, to the last one where rounding made several edges equal; a value on the last edge belongs to the last cell,
//! anything else outside. A search costs tens of nanoseconds, so here a multiply guesses the nearest edge, and that edge,
//! computed with NumPy's own arithmetic (a multiply and an add, each rounded), says on which side of it the value is.
//!
//! Why one edge is enough: with M the larger of |lo| and |hi| and u = 2⁻⁵³, the place of a value, counted in cells,
//! is off by at most 4·n·u of rounding, and a computed edge lies within 7·u·M of where exact arithmetic would put it.
//! For f32 it is then moved by another 2⁻²⁴·M at most. While a cell is wider than 16·u·M, and for f32 by 4·2⁻²⁴·M more,
//! all of this is less than half a cell. The nearest edge is no further than half a cell from the place, so the value
//! lies above the edge before that one and below the edge behind it: in one of the two cells that meet there. Narrower
//! cells, of which only a handful of representable values fall into each, and cells near the smallest and the largest
//! numbers there are, take a binary search over the same edges.

use std::marker::PhantomData;

use pointillist_base::{Dtype, Float};

/// What stands in place of a cell for a value outside the axis. No grid has so many cells.
pub(crate) const OUTSIDE: u32 = u32::MAX;

/// Adding this to a whole number in 0..2³² leaves the number in the low bits of the sum: unlike a cast, the
/// addition rounds to nearest, never branches, and compiles to vector instructions everywhere.
const TO_BITS: f64 = 6_755_399_441_055_744.0; // 1.5 × 2⁵²

/// `cells` equal cells between two edges, for values that are stored as `T`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis<T> {
    lo: f64,
    hi: f64,
    /// The same, rounded, but with no infinite values between them: these are outside in any case.
    first: f64,
    last: f64,
    cells: u32,
    step: f64,
    inverse: f64,
    by_search: bool,
    stored: PhantomData<T>,
}

/// By how much of itself rounding to `T` may move an edge: not at all where edges are computed in it.
fn rounding<T: Float>() -> f64 {
    match T::DTYPE {
        Dtype::F32 => T::HALF_ULP,
        Dtype::F64 => 0.0,
    }
}

/// Rounds an edge to `T`: to infinity, if it is too large.
#[inline(always)]
fn rounded<T: Float>(edge: f64) -> f64 {
    T::from_f64(edge).to_f64()
}

impl<T: Float> Axis<T> {
    /// The axis from `lo` to `hi`, which are finite and a finite width above zero apart, in 1 or more cells. Where both
    /// are rounded to the same number, that number is in the last cell, and nothing in the others.
    pub(crate) fn new(lo: f64, hi: f64, cells: u32) -> Self {
        let width = hi - lo;
        debug_assert!(width > 0.0 && width.is_finite() && cells > 0);
        let step = width / f64::from(cells);
        let inverse = f64::from(cells) / width;
        let (first, last) = (rounded::<T>(lo).max(-T::MAX), rounded::<T>(hi).min(T::MAX));
        let far = lo.abs().max(hi.abs());
        // Below the second limit a product with the step would lose bits to underflow.
        let wide = step > 8.0 * f64::EPSILON * far + 4.0 * Self::most_moved(lo, hi)
            && step > f64::MIN_POSITIVE / f64::EPSILON;
        let by_search = !(wide && inverse.is_finite() && far <= T::MAX);
        Self { lo, hi, first, last, cells, step, inverse, by_search, stored: PhantomData }
    }

    /// How far the rounding to `T` may move an edge of an axis that it does not make infinite.
    pub(crate) fn most_moved(lo: f64, hi: f64) -> f64 {
        lo.abs().max(hi.abs()).max(T::MIN_POSITIVE) * rounding::<T>()
    }

    /// The lower edge of cell `index`, or the last edge for `index == cells`, as `numpy.linspace` computes it, rounded.
    ///
    /// In an axis of subnormal cells the rounded step can carry edges past the last one; they are held there,
    /// as a search needs edges in order.
    pub(crate) fn edge(&self, index: u32) -> f64 {
        if index >= self.cells {
            return rounded::<T>(self.hi);
        }
        let offset = if self.step == 0.0 {
            f64::from(index) / f64::from(self.cells) * (self.hi - self.lo)
        } else {
            f64::from(index) * self.step
        };
        rounded::<T>((offset + self.lo).min(self.hi))
    }

    /// Where edges are computed from and up to, before they are rounded.
    pub(crate) fn span(&self) -> (f64, f64) {
        (self.lo, self.hi)
    }

    /// The first and the last edge, rounded: values that are not between them are outside.
    pub(crate) fn limits(&self) -> (f64, f64) {
        (self.first, self.last)
    }

    /// The number of cells.
    pub(crate) fn cells_in_all(&self) -> u32 {
        self.cells
    }

    /// The cell of one value, or [`OUTSIDE`].
    pub(crate) fn cell(&self, value: T) -> u32 {
        let mut cell = [OUTSIDE];
        self.cells(&[value], &mut cell);
        cell[0]
    }

    /// Writes the cell of each value, 0 being the lowest, or [`OUTSIDE`] for one outside the axis or NaN.
    /// `values` and `cells` have the same length.
    #[inline(always)]
    pub(crate) fn cells(&self, values: &[T], cells: &mut [u32]) {
        debug_assert_eq!(values.len(), cells.len());
        if self.by_search {
            for (cell, &value) in cells.iter_mut().zip(values) {
                *cell = self.search(value.into());
            }
        } else {
            self.guess(values, cells);
        }
    }

    // No branch in the loop, so that it compiles to vector instructions. The selection is written out because
    // `f64::min` does more than the instruction: here a NaN may become anything.
    #[inline(always)]
    fn guess(&self, values: &[T], cells: &mut [u32]) {
        let &Self { lo, first, last, step, inverse, .. } = self;
        let last_cell = f64::from(self.cells - 1);
        for (cell, &value) in cells.iter_mut().zip(values) {
            let value: f64 = value.into();
            let nearest = ((value - lo) * inverse + TO_BITS) - TO_BITS;
            let edge = rounded::<T>(nearest * step + lo);
            let found = if value >= edge { nearest } else { nearest - 1.0 };
            // The last edge is `hi`, whatever the arithmetic makes of it, and belongs to the last cell.
            let found = if found < last_cell { found } else { last_cell };
            let inside = (value >= first) & (value <= last);
            *cell = if inside { (found + TO_BITS).to_bits() as u32 } else { OUTSIDE };
        }
    }

    fn search(&self, value: f64) -> u32 {
        if !(value >= self.first && value <= self.last) {
            return OUTSIDE;
        }
        // The answer is in [low, high): edge(low) <= value at every step.
        let (mut low, mut high) = (0, self.cells);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.edge(middle) <= value {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive;
    use proptest::prelude::*;

    /// Compares with a search in the real array of edges, on every edge, its neighbours, and `extra`, in both types.
    fn check(lo: f64, hi: f64, n: u32, extra: &[f64]) {
        check_stored::<f64>(Dtype::F64, lo, hi, n, extra, |value| {
            [value.next_down(), value, value.next_up()]
        });
        check_stored::<f32>(Dtype::F32, lo, hi, n, extra, |value| {
            let value = value as f32;
            [value.next_down(), value, value.next_up()]
        });
    }

    /// `around` gives the nearest value and its neighbours.
    fn check_stored<T: Float + std::fmt::LowerExp>(
        stored: Dtype,
        lo: f64,
        hi: f64,
        n: u32,
        extra: &[f64],
        around: impl Fn(f64) -> [T; 3],
    ) {
        let axis = Axis::<T>::new(lo, hi, n);
        let edges = naive::edges(stored, lo, hi, n);
        for index in 0..=n {
            let computed = axis.edge(index);
            assert_eq!(computed.to_bits(), edges[index as usize].to_bits(), "edge {index}");
        }
        let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 0.0, -0.0];
        let middles = edges.windows(2).map(|pair| pair[0] / 2.0 + pair[1] / 2.0);
        let values = odd.into_iter().chain(extra.iter().copied()).chain(middles);
        let values = values.chain(edges.iter().copied());
        let values: Vec<T> = values.flat_map(around).collect();
        let mut cells = vec![0; values.len()];
        axis.cells(&values, &mut cells);
        for (&value, &cell) in values.iter().zip(&cells) {
            let expected = naive::search(&edges, value.into());
            assert_eq!(cell, expected, "{value:e} in [{lo:e}, {hi:e}] of {n} cells");
        }
        // The search must agree where the guess is what is used.
        let by_search = Axis { by_search: true, ..axis };
        let mut searched = vec![0; values.len()];
        by_search.cells(&values, &mut searched);
        assert_eq!(cells, searched);
    }

    #[test]
    fn usual_extents_agree_with_a_search_in_the_edges() {
        for n in [1, 2, 3, 7, 10, 100, 1000, 1023, 1024, 20_000] {
            check(0.0, 1.0, n, &[]);
            check(-1.0, 1.0, n, &[]);
            check(0.1, 0.7, n, &[]);
            check(-1e-3, 12345.678, n, &[]);
            check(0.0, f64::from(n), n, &[]);
            check(-f64::from(n), 0.0, n, &[]);
        }
    }

    #[test]
    fn huge_offsets_agree_with_a_search_in_the_edges() {
        for n in [1, 2, 5, 1000, 4097] {
            check(1e16, 1e16 + 2.0, n, &[]);
            check(-1e16, -1e16 + 64.0, n, &[]);
            check(1e9, 1e9 + 1.0, n, &[]);
            check(1.7e18, 1.7e18 + 1e9, n, &[]);
            check(4503599627370496.0, 4503599627370497.0, n, &[]);
            check(-1e16, 3.0, n, &[]);
            check(-8e307, 8e307, n, &[]);
            check(-3e38, 3e38, n, &[]);
            check(-4e38, 3e38, n, &[]);
            check(3.4028e38, 3.4029e38, n, &[]);
        }
    }

    #[test]
    fn subnormal_extents_agree_with_a_search_in_the_edges() {
        let tiny = f64::from_bits(1);
        for n in [1, 2, 3, 5, 7, 11, 1000] {
            for units in [1.0, 2.0, 6.0, 7.0, 8.0, 11.0, 1000.0, 1e9] {
                check(0.0, tiny * units, n, &[]);
                check(-tiny * units, tiny, n, &[]);
            }
            for single in [1e-45, 3e-44, 1e-41, 1e-39, 1e-37] {
                check(0.0, single, n, &[]);
                check(-single, single / 3.0, n, &[]);
            }
            check(0.0, f64::MIN_POSITIVE, n, &[]);
            check(f64::MIN_POSITIVE, f64::MIN_POSITIVE * 2.0, n, &[]);
            check(0.0, 1e-290, n, &[]);
        }
    }

    #[test]
    fn more_cells_than_values_between_the_edges_agree_with_a_search() {
        check(1.0, 1.0 + f64::EPSILON * 3.0, 20_000, &[]);
        check(1.0, 1.0f64.next_up(), 1, &[]);
        check(1.0, 1.0f64.next_up(), 9, &[]);
    }

    #[test]
    fn cells_around_the_limit_of_the_guess_agree_with_a_search() {
        for factor in [1.0, 4.0, 7.0, 7.9, 8.0, 8.1, 9.0, 16.0, 31.0] {
            for (n, ulp) in [(3, 52), (10, 52), (1000, 52), (3, 25), (10, 25), (1000, 25)] {
                let width = f64::from(n) * factor / (1u64 << ulp) as f64;
                check(1.0 - width, 1.0, n, &[]);
                check(1.0, 1.0 + width, n, &[]);
                check(-1.0, -1.0 + width, n, &[]);
            }
        }
    }

    #[test]
    fn values_are_compared_with_edges_of_their_own_precision() {
        // 0.1 as f32 lies above 0.1 as f64, 0.7 below.
        let tenths = [0.1, 0.3, 0.6, 0.7, 1.0];
        let mut cells = [0; 5];
        Axis::new(0.0, 1.0, 10).cells(&tenths.map(|tenth| tenth as f32), &mut cells);
        assert_eq!(cells, [1, 3, 6, 7, 9]);
        // In 64 bits, 0.3 lies below 3 × 0.1, which is the edge there, and so do 0.6 and 0.7.
        Axis::new(0.0, 1.0, 10).cells(&tenths, &mut cells);
        assert_eq!(cells, [1, 2, 5, 6, 9]);
    }

    #[test]
    fn of_equal_edges_the_last_counts() {
        // Four cells between neighbouring floats: the edges are 1, 1, 1 (a tie, to even), next, next.
        let next = 1f32.next_up();
        let axis = Axis::<f32>::new(1.0, f64::from(next), 4);
        let values = [1f32.next_down(), 1.0, next, next.next_up()];
        assert_eq!(values.map(|value| axis.cell(value)), [OUTSIDE, 2, 3, OUTSIDE]);
        // All edges are equal.
        let axis = Axis::<f32>::new(1.0, 1.0 + 1e-9, 4);
        assert_eq!(values.map(|value| axis.cell(value)), [OUTSIDE, 3, OUTSIDE, OUTSIDE]);
        assert_eq!(Axis::<f64>::new(1.0, 1.0 + 1e-9, 4).cell(1.0), 0);
    }

    #[test]
    fn edges_beyond_the_floats_hold_no_infinity() {
        let values = [f32::NEG_INFINITY, f32::MIN, 0.0, f32::MAX, f32::INFINITY];
        let cells = |lo, hi| values.map(|value| Axis::<f32>::new(lo, hi, 4).cell(value));
        assert_eq!(cells(-1e300, 1e300), [OUTSIDE, 1, 2, 2, OUTSIDE]);
        assert_eq!(cells(0.0, 1e300), [OUTSIDE, OUTSIDE, 0, 0, OUTSIDE]);
        assert_eq!(cells(1e300, 2e300), [OUTSIDE; 5]);
    }

    fn finite() -> impl Strategy<Value = f64> {
        prop_oneof![
            -1e3..1e3f64,
            (-1000i32..1000).prop_map(f64::from),
            any::<f32>().prop_filter("finite", |v| v.is_finite()).prop_map(f64::from),
            any::<f64>().prop_filter("finite and halvable", |v| v.is_finite() && v.abs() < 4e307),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn any_axis_agrees_with_a_search_in_the_edges(
            a in finite(), b in finite(), n in prop_oneof![1u32..40, 1u32..3000],
            shares in prop::collection::vec(0.0..=1.0f64, 50),
        ) {
            prop_assume!(a != b);
            let (lo, hi) = if a < b { (a, b) } else { (b, a) };
            let inside: Vec<f64> = shares.iter().map(|share| lo + share * (hi - lo)).collect();
            check(lo, hi, n, &inside);
        }

        #[test]
        fn any_narrow_axis_far_from_zero_agrees_with_a_search_in_the_edges(
            lo in finite(), ulps in 1u32..20_000, n in 1u32..3000,
        ) {
            let hi = (0..ulps).fold(lo, |value, _| value.next_up());
            check(lo, hi, n, &[]);
        }

        #[test]
        fn any_axis_of_a_few_floats_agrees_with_a_search_in_the_edges(
            lo in any::<f32>().prop_filter("finite", |v| v.is_finite()),
            ulps in 1u32..20_000, n in 1u32..3000,
        ) {
            let hi = (0..ulps).fold(lo, |value, _| value.next_up());
            prop_assume!(hi.is_finite());
            check(f64::from(lo), f64::from(hi), n, &[]);
        }
    }
}
