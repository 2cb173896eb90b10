//! Values to cells along one axis, bit for bit as `numpy.histogram2d` does it.
//!
//! NumPy makes float64 edges with `linspace(lo, hi, n + 1)` and looks every value up with
//! `searchsorted(edges, value, side="right")`: a value on an edge belongs to the cell above it, a value on the
//! last edge to the last cell, anything else outside. A search costs tens of nanoseconds, so here a multiply
//! guesses the nearest edge, and that edge, computed with NumPy's own arithmetic (a multiply and an add, each
//! rounded), says on which side of it the value is.
//!
//! Why one edge is enough: with M the larger of |lo| and |hi| and u = 2⁻⁵³, the place of a value, counted in cells,
//! is off by at most 4·n·u of rounding, and a computed edge lies within 7·u·M of where exact arithmetic would put it.
//! While a cell is wider than 16·u·M, both together are less than half a cell. The nearest edge is no further than half a
//! cell from the place, so the value lies above the edge before that one and below the edge behind it: in one of the
//! two cells that meet there. Narrower cells, of which only a handful of representable values fall into each, and
//! cells near the smallest numbers there are, take a binary search over the same computed edges.

/// What stands in place of a cell for a value outside the axis. No grid has so many cells.
pub(crate) const OUTSIDE: u32 = u32::MAX;

/// Adding this to a whole number in 0..2³² leaves the number in the low bits of the sum: unlike a cast, the
/// addition rounds to nearest, never branches, and compiles to vector instructions everywhere.
const TO_BITS: f64 = 6_755_399_441_055_744.0; // 1.5 × 2⁵²

/// `cells` equal cells between two edges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    lo: f64,
    hi: f64,
    cells: u32,
    step: f64,
    inverse: f64,
    by_search: bool,
}

impl Axis {
    /// The axis from `lo` to `hi`, which are finite and a finite width above zero apart, in 1 or more cells.
    pub(crate) fn new(lo: f64, hi: f64, cells: u32) -> Self {
        let width = hi - lo;
        debug_assert!(width > 0.0 && width.is_finite() && cells > 0);
        let step = width / f64::from(cells);
        let inverse = f64::from(cells) / width;
        let spacing = lo.abs().max(hi.abs()) * f64::EPSILON;
        // Below the second limit a product with the step would lose bits to underflow.
        let wide = step > 8.0 * spacing && step > f64::MIN_POSITIVE / f64::EPSILON;
        Self { lo, hi, cells, step, inverse, by_search: !(wide && inverse.is_finite()) }
    }

    /// The lower edge of cell `index`, or the last edge for `index == cells`, as `numpy.linspace` computes it.
    ///
    /// In an axis of subnormal cells the rounded step can carry edges past the last one; they are held there,
    /// as a search needs edges in order.
    pub(crate) fn edge(&self, index: u32) -> f64 {
        if index >= self.cells {
            return self.hi;
        }
        let offset = if self.step == 0.0 {
            f64::from(index) / f64::from(self.cells) * (self.hi - self.lo)
        } else {
            f64::from(index) * self.step
        };
        (offset + self.lo).min(self.hi)
    }

    /// The first edge.
    pub(crate) fn lo(&self) -> f64 {
        self.lo
    }

    /// The last edge.
    pub(crate) fn hi(&self) -> f64 {
        self.hi
    }

    /// The number of cells.
    pub(crate) fn cells_in_all(&self) -> u32 {
        self.cells
    }

    /// The cell of one value, or [`OUTSIDE`].
    pub(crate) fn cell(&self, value: f64) -> u32 {
        let mut cell = [OUTSIDE];
        self.cells(&[value], &mut cell);
        cell[0]
    }

    /// Writes the cell of each value, 0 being the lowest, or [`OUTSIDE`] for one outside the axis or NaN.
    /// `values` and `cells` have the same length.
    #[inline(always)]
    pub(crate) fn cells<T: Copy + Into<f64>>(&self, values: &[T], cells: &mut [u32]) {
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
    fn guess<T: Copy + Into<f64>>(&self, values: &[T], cells: &mut [u32]) {
        let &Self { lo, hi, step, inverse, .. } = self;
        let last = f64::from(self.cells - 1);
        for (cell, &value) in cells.iter_mut().zip(values) {
            let value: f64 = value.into();
            let nearest = ((value - lo) * inverse + TO_BITS) - TO_BITS;
            let edge = nearest * step + lo;
            let found = if value >= edge { nearest } else { nearest - 1.0 };
            // The last edge is `hi`, whatever the arithmetic makes of it, and belongs to the last cell.
            let found = if found < last { found } else { last };
            let inside = (value >= lo) & (value <= hi);
            *cell = if inside { (found + TO_BITS).to_bits() as u32 } else { OUTSIDE };
        }
    }

    fn search(&self, value: f64) -> u32 {
        if !(value >= self.lo && value <= self.hi) {
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
    use proptest::prelude::*;

    use super::*;
    use crate::naive;

    /// Compares with a search in the real array of edges, on every edge, its neighbours, and `extra`.
    fn check(lo: f64, hi: f64, n: u32, extra: &[f64]) {
        let axis = Axis::new(lo, hi, n);
        let edges = naive::edges(lo, hi, n);
        for index in 0..=n {
            let computed = axis.edge(index);
            assert_eq!(computed.to_bits(), edges[index as usize].to_bits(), "edge {index}");
        }
        let mut values =
            vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 0.0, -0.0];
        values.extend_from_slice(extra);
        for &edge in &edges {
            values.extend([edge, edge.next_up(), edge.next_down()]);
        }
        for pair in edges.windows(2) {
            values.push(pair[0] / 2.0 + pair[1] / 2.0);
        }
        let mut cells = vec![0; values.len()];
        axis.cells(&values, &mut cells);
        for (&value, &cell) in values.iter().zip(&cells) {
            let expected = naive::search(&edges, value);
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
            for n in [3, 10, 1000] {
                let width = f64::from(n) * factor * f64::EPSILON;
                check(1.0 - width, 1.0, n, &[]);
                check(1.0, 1.0 + width, n, &[]);
                check(-1.0, -1.0 + width, n, &[]);
            }
        }
    }

    #[test]
    fn single_precision_values_are_compared_as_doubles() {
        // 0.1 as f32 lies above 0.1 as f64, the edge of the second cell.
        let axis = Axis::new(0.0, 1.0, 10);
        let mut cells = [0; 3];
        axis.cells(&[0.1f32, 0.7f32, 1.0f32], &mut cells);
        assert_eq!(cells, [1, 6, 9]);
    }

    fn finite() -> impl Strategy<Value = f64> {
        prop_oneof![
            -1e3..1e3f64,
            (-1000i32..1000).prop_map(f64::from),
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
    }
}
