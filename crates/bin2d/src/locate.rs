//! Points to cells: both axes at once, many rows at a time, exactly by NumPy's rule.
//!
//! The exact rule ([`Axis`]) compares a value with a computed edge. Nearly always that is not needed: the
//! place of a value along the axis, in cells, comes from a subtraction, a multiply and an add, in the float type
//! of the column, and only when it lies within the rounding error of a whole number can the value be on the other
//! side of an edge. So a first pass, without branches, settles all other points and marks these, which then take
//! the exact rule. Of `f32` points in a grid of 1024² cells that is one in a thousand.
//!
//! How close is too close ([`Line::slack`]): let u be half a unit in the last place of the float type F (2⁻²⁴ or
//! 2⁻⁵³), n the number of cells, and place = (value - origin) × scale + shift, where origin is `lo` rounded to F,
//! scale is n / (hi - lo) rounded to F, and shift is (origin - lo) × n / (hi - lo), rounded to F. The difference
//! is off by u of itself, scale by 1.1 u, the product by another u, shift by 1.1 u of itself, and the sum by u of
//! itself, unless shift is zero. As |place| ≤ n + 2 where it matters, that comes to less than 4.2 u (n + 2 + |shift|), or
//! 3.2 u (n + 2) without a shift.
//!
//! NumPy's edges are rounded too: by 7 × 2⁻⁵³ × max(|lo|, |hi|) at most, and where values are stored in 32 bits by
//! another 2⁻²⁴ × max(|lo|, |hi|) (see [`Axis`]), or that divided by the width of a cell when counted in cells. The slack is
//! more than the sum of all.

use pointillist_base::instructions::Job;
use pointillist_base::{Dtype, Float, Instructions, Values};

use crate::axis::{Axis, OUTSIDE};
use crate::{Error, Extent, Frame};

/// Rows that are located at once: few enough for the first level of cache.
pub(crate) const BLOCK: usize = 1024;

/// Marks a point that the quick pass leaves to the exact rule. No grid has so many cells.
const UNSURE: u32 = u32::MAX - 1;

/// Rows of a quick pass: so few that most have no unsure point, which would have to be looked for.
const PASS: usize = 128;

/// With more unsure points than this in a pass, as on a lattice of edges, the exact rule takes all of it at once.
const MANY: u32 = PASS as u32 / 16;

/// A wider slack than this leaves more to the exact rule than the quick pass saves.
const MOST_SLACK: f64 = 1.0 / 64.0;

/// The float type that places are computed in.
trait Place: Float {
    /// Places up to here keep their distance from a whole number, and have it in their low bits: see `TO_BITS`.
    const MOST_CELLS: u32;
    const HALF: Self;
    /// Adding this to a number rounds it to a whole one and leaves that in the low bits of the sum: unlike a cast, an
    /// addition never branches, and is a vector instruction everywhere.
    const TO_BITS: Self;

    fn low_bits(self) -> u32;
}

impl Place for f32 {
    const MOST_CELLS: u32 = 1 << 20;
    const HALF: Self = 0.5;
    const TO_BITS: Self = 12_582_912.0; // 1.5 × 2²³

    fn low_bits(self) -> u32 {
        self.to_bits() & 0x003f_ffff
    }
}

impl Place for f64 {
    const MOST_CELLS: u32 = 1 << 31;
    const HALF: Self = 0.5;
    const TO_BITS: Self = 6_755_399_441_055_744.0; // 1.5 × 2⁵²

    fn low_bits(self) -> u32 {
        self.to_bits() as u32
    }
}

/// One axis of the quick pass.
#[derive(Debug, Clone, Copy)]
struct Line<F> {
    origin: F,
    scale: F,
    shift: F,
    cells: F,
    slack: F,
    one_less_slack: F,
}

impl<F: Place> Line<F> {
    /// None where the numbers are too large, too small, or too many for the estimate of the slack, or the slack
    /// too wide.
    fn new<T: Float>(axis: &Axis<T>) -> Option<Self> {
        let (lo, hi) = axis.span();
        let cells = f64::from(axis.cells_in_all());
        let origin = F::from_f64(lo);
        let scale = cells / (hi - lo);
        let shift = (origin.into() - lo) * scale;
        let far = lo.abs().max(hi.abs());
        let edges = 14.0 * f64::EPSILON * far + 1.01 * Axis::<T>::most_moved(lo, hi);
        let of_each = if shift == 0.0 { 3.5 } else { 4.5 };
        let slack = of_each * F::HALF_ULP * (cells + 2.0 + shift.abs()) + edges * scale;
        let in_range = |value: f64| (F::MIN_POSITIVE..=F::MAX / 4.0).contains(&value);
        let holds = axis.cells_in_all() <= F::MOST_CELLS
            && in_range(scale)
            && in_range(hi - lo)
            && far <= F::MAX / 4.0
            && far <= T::MAX
            && slack <= MOST_SLACK;
        holds.then(|| Self {
            origin,
            scale: F::from_f64(scale),
            shift: F::from_f64(shift),
            cells: F::from_f64(cells),
            slack: F::from_f64(slack * 1.001),
            one_less_slack: F::from_f64(1.0 - slack * 1.001),
        })
    }

    /// The cell of a value, whether that is certain, and whether it is certain that there is none.
    #[inline(always)]
    fn cell(&self, value: F) -> (u32, bool, bool) {
        let place = (value - self.origin) * self.scale + self.shift;
        let whole = (place - F::HALF) + F::TO_BITS;
        let part = place - (whole - F::TO_BITS);
        let sure = (part > self.slack)
            & (part < self.one_less_slack)
            & (place > F::ZERO)
            & (place < self.cells);
        // A NaN is no place either, and infinity minus infinity would be one.
        let beside = !((place >= F::ZERO - F::ONE) & (place <= self.cells + F::ONE));
        (whole.low_bits(), sure, beside)
    }
}

/// How the cells of a grid are numbered.
#[derive(Debug, Clone, Copy)]
struct Order {
    /// Cells from one row of the grid to the next.
    pitch: u32,
    last_row: u32,
}

impl Order {
    /// The cell of this column and row of the grid, of which row 0 is the lowest.
    #[inline(always)]
    fn join(self, column: u32, row: u32) -> u32 {
        let index = self.index(column, row);
        if (column == OUTSIDE) | (row == OUTSIDE) { OUTSIDE } else { index }
    }

    /// Wraps where there is no such cell.
    #[inline(always)]
    fn index(self, column: u32, row: u32) -> u32 {
        self.last_row.wrapping_sub(row).wrapping_mul(self.pitch).wrapping_add(column)
    }
}

/// An axis, for values that are stored as `T`.
#[derive(Debug, Clone, Copy)]
struct Along<T> {
    axis: Axis<T>,
    /// Of the quick pass in 64 bits.
    double: Option<Line<f64>>,
}

impl<T: Float> Along<T> {
    fn new(lo: f64, hi: f64, cells: u32) -> Self {
        let axis = Axis::new(lo, hi, cells);
        Self { axis, double: Line::new(&axis) }
    }
}

/// Which cell a point falls into.
#[derive(Debug, Clone)]
pub(crate) struct Locator {
    extent: Extent,
    /// x and y, whichever of them is stored in 32 bits, and in 64.
    x32: Along<f32>,
    y32: Along<f32>,
    x64: Along<f64>,
    y64: Along<f64>,
    /// The quick pass where both are stored in 32 bits.
    single: Option<(Line<f32>, Line<f32>)>,
    order: Order,
    instructions: Instructions,
}

impl Locator {
    pub(crate) fn new(frame: &Frame, instructions: Instructions) -> Self {
        let Frame { extent, size } = *frame;
        let Extent { xmin, xmax, ymin, ymax } = extent;
        let (width, height) = (size.width(), size.height());
        let (x32, y32) = (Along::new(xmin, xmax, width), Along::new(ymin, ymax, height));
        Self {
            extent,
            x32,
            y32,
            x64: Along::new(xmin, xmax, width),
            y64: Along::new(ymin, ymax, height),
            single: Line::new(&x32.axis).zip(Line::new(&y32.axis)),
            order: Order { pitch: width, last_row: height - 1 },
            instructions,
        }
    }

    /// The region that has cells for columns of these types: what lies beside it, in that type, is in no cell.
    pub(crate) fn limits(&self, x: Dtype, y: Dtype) -> Extent {
        let (xmin, xmax) = match x {
            Dtype::F32 => self.x32.axis.limits(),
            Dtype::F64 => self.x64.axis.limits(),
        };
        let (ymin, ymax) = match y {
            Dtype::F32 => self.y32.axis.limits(),
            Dtype::F64 => self.y64.axis.limits(),
        };
        Extent { xmin, xmax, ymin, ymax }
    }

    /// Whether the extent has a width in the types of these columns.
    pub(crate) fn check(&self, x: Dtype, y: Dtype) -> Result<(), Error> {
        Ok(self.extent.check(x, y)?)
    }

    /// The same for a grid whose rows of cells begin so far from each other.
    pub(crate) fn with_pitch(self, pitch: u32) -> Self {
        Self { order: Order { pitch, ..self.order }, ..self }
    }

    /// What its loops are compiled for.
    pub(crate) fn instructions(&self) -> Instructions {
        self.instructions
    }

    /// Writes the cell of each row, counted row-major from the top left and by the pitch, or [`OUTSIDE`]. Columns
    /// and `cells` have one length, of [`BLOCK`] at most.
    pub(crate) fn cells(&self, x: Values<'_>, y: Values<'_>, cells: &mut [u32]) {
        let Self { x32, y32, x64, y64, .. } = self;
        match (x, y) {
            (Values::F32(x), Values::F32(y)) => match &self.single {
                Some(lines) => self.quick(lines, (&x32.axis, x), (&y32.axis, y), cells),
                None => self.double((x32, x), (y32, y), cells),
            },
            (Values::F32(x), Values::F64(y)) => self.double((x32, x), (y64, y), cells),
            (Values::F64(x), Values::F32(y)) => self.double((x64, x), (y32, y), cells),
            (Values::F64(x), Values::F64(y)) => self.double((x64, x), (y64, y), cells),
        }
    }

    fn double<X: Float, Y: Float>(
        &self,
        (along_x, x): (&Along<X>, &[X]),
        (along_y, y): (&Along<Y>, &[Y]),
        cells: &mut [u32],
    ) {
        let (x, y) = ((&along_x.axis, x), (&along_y.axis, y));
        match &along_x.double.zip(along_y.double) {
            Some(lines) => self.quick(lines, x, y, cells),
            None => self.exact(x, y, cells),
        }
    }

    fn quick<F, X, Y>(
        &self,
        lines: &(Line<F>, Line<F>),
        (along_x, x): (&Axis<X>, &[X]),
        (along_y, y): (&Axis<Y>, &[Y]),
        cells: &mut [u32],
    ) where
        F: Place,
        X: Float + Into<F>,
        Y: Float + Into<F>,
    {
        let order = self.order;
        for ((cells, x), y) in cells.chunks_mut(PASS).zip(x.chunks(PASS)).zip(y.chunks(PASS)) {
            let unsure = self.instructions.run(Quick { order, lines, x, y, cells: &mut *cells });
            if unsure > MANY {
                self.exact((along_x, x), (along_y, y), cells);
            } else if unsure > 0 {
                for ((cell, &x), &y) in cells.iter_mut().zip(x).zip(y) {
                    if *cell == UNSURE {
                        *cell = order.join(along_x.cell(x), along_y.cell(y));
                    }
                }
            }
        }
    }

    fn exact<X: Float, Y: Float>(
        &self,
        x: (&Axis<X>, &[X]),
        y: (&Axis<Y>, &[Y]),
        cells: &mut [u32],
    ) {
        self.instructions.run(Exact { order: self.order, x, y, cells });
    }
}

/// The quick pass over some rows: writes cells, [`OUTSIDE`], or [`UNSURE`], and returns how many are unsure.
struct Quick<'a, F, X, Y> {
    /// By value: what only sure points need would else be loaded only for these, by a gather.
    order: Order,
    lines: &'a (Line<F>, Line<F>),
    x: &'a [X],
    y: &'a [Y],
    cells: &'a mut [u32],
}

impl<F: Place, X: Copy + Into<F>, Y: Copy + Into<F>> Job for Quick<'_, F, X, Y> {
    type Output = u32;

    #[inline(always)]
    fn run(self) -> u32 {
        let Self { order, lines: (along_x, along_y), x, y, cells } = self;
        let mut unsure = 0;
        for ((cell, &x), &y) in cells.iter_mut().zip(x).zip(y) {
            let (column, x_sure, x_beside) = along_x.cell(x.into());
            let (row, y_sure, y_beside) = along_y.cell(y.into());
            let found = if x_sure & y_sure { order.index(column, row) } else { UNSURE };
            let found = if x_beside | y_beside { OUTSIDE } else { found };
            unsure += u32::from(found == UNSURE);
            *cell = found;
        }
        unsure
    }
}

/// The exact rule for some rows, [`BLOCK`] at most: writes cells or [`OUTSIDE`].
struct Exact<'a, X, Y> {
    order: Order,
    x: (&'a Axis<X>, &'a [X]),
    y: (&'a Axis<Y>, &'a [Y]),
    cells: &'a mut [u32],
}

impl<X: Float, Y: Float> Job for Exact<'_, X, Y> {
    type Output = u32;

    #[inline(always)]
    fn run(self) -> u32 {
        let Self { order, x: (along_x, x), y: (along_y, y), cells } = self;
        let mut rows = [0; BLOCK];
        let rows = &mut rows[..cells.len()];
        along_x.cells(x, cells);
        along_y.cells(y, rows);
        for (cell, &row) in cells.iter_mut().zip(&*rows) {
            *cell = order.join(*cell, row);
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Size, naive};

    fn frame(extent: Extent, width: u32, height: u32) -> Frame {
        Frame { extent, size: Size::new(width, height).unwrap() }
    }

    /// The column or row of a value, by a search in the real array of edges, of which there are those for each type.
    struct Edges([(Dtype, Vec<f64>); 2]);

    impl Edges {
        fn new(lo: f64, hi: f64, cells: u32) -> Self {
            let edges = |stored| (stored, naive::edges(stored, lo, hi, cells));
            Self([edges(Dtype::F32), edges(Dtype::F64)])
        }

        fn search(&self, values: Values<'_>, row: usize) -> u32 {
            let value = match values {
                Values::F32(values) => f64::from(values[row]),
                Values::F64(values) => values[row],
            };
            let (_, edges) = self.0.iter().find(|(stored, _)| *stored == values.dtype()).unwrap();
            naive::search(edges, value)
        }
    }

    /// Compares all instructions, for columns of all types, with a search in the real array of edges.
    fn check(frame: &Frame, points: &[(f64, f64)]) {
        let (Frame { extent, size }, height) = (frame, frame.size.height());
        let along_x = Edges::new(extent.xmin, extent.xmax, size.width());
        let along_y = Edges::new(extent.ymin, extent.ymax, height);
        for instructions in Instructions::available() {
            let locator = Locator::new(frame, instructions);
            for block in points.chunks(BLOCK) {
                let (x, y): (Vec<f64>, Vec<f64>) = block.iter().copied().unzip();
                let single = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<_>>();
                let (x32, y32) = (single(&x), single(&y));
                let check = |x: Values<'_>, y: Values<'_>| {
                    let mut cells = vec![7; block.len()];
                    locator.cells(x, y, &mut cells);
                    for (row, &cell) in cells.iter().enumerate() {
                        let expected = match (along_x.search(x, row), along_y.search(y, row)) {
                            (OUTSIDE, _) | (_, OUTSIDE) => OUTSIDE,
                            (column, row) => (height - 1 - row) * size.width() + column,
                        };
                        let (x, y, types) = (block[row].0, block[row].1, (x.dtype(), y.dtype()));
                        assert_eq!(
                            cell, expected,
                            "{x:e}, {y:e} as {types:?} in {extent} of {size}, {instructions:?}"
                        );
                    }
                };
                check(Values::F32(&x32), Values::F32(&y32));
                check(Values::F32(&x32), Values::F64(&y));
                check(Values::F64(&x), Values::F32(&y32));
                check(Values::F64(&x), Values::F64(&y));
            }
        }
    }

    /// Values around every so many edges of an axis, in both float types, and some that are far away.
    fn hard(lo: f64, hi: f64, cells: u32) -> Vec<f64> {
        let edges = naive::edges(Dtype::F64, lo, hi, cells);
        let mut values = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, -0.0];
        values.extend([f64::from(f32::MAX), f64::from(f32::MIN), lo - (hi - lo), hi + (hi - lo)]);
        for &edge in edges.iter().step_by(edges.len().div_ceil(300)).chain(edges.last()) {
            values.extend([edge, edge.next_up(), edge.next_down()]);
            let single = edge as f32;
            values.extend([single, single.next_up(), single.next_down()].map(f64::from));
        }
        values
    }

    fn check_axis(lo: f64, hi: f64, cells: u32) {
        let values = hard(lo, hi, cells);
        let along_x: Vec<_> = values.iter().map(|&value| (value, 0.4)).collect();
        check(&frame(Extent::new(lo, hi, 0.0, 1.0).unwrap(), cells, 3), &along_x);
        let along_y: Vec<_> = values.iter().map(|&value| (0.4, value)).collect();
        check(&frame(Extent::new(0.0, 1.0, lo, hi).unwrap(), 3, cells), &along_y);
    }

    #[test]
    fn values_on_and_beside_the_edges_of_usual_extents_find_their_cells() {
        for cells in [1, 2, 3, 10, 999, 1000, 1024, 4096, 16_384, 20_000, 1 << 21] {
            check_axis(0.0, 1.0, cells);
            check_axis(-1.357_516_050_338_745, 1.554_653_048_515_319_8, cells);
            check_axis(0.1, 0.7, cells);
            check_axis(0.0, f64::from(cells), cells);
        }
    }

    #[test]
    fn values_on_and_beside_the_edges_of_unusual_extents_find_their_cells() {
        for cells in [1, 7, 1000, 4097] {
            check_axis(1e6, 1e6 + 1.0, cells);
            check_axis(-1e16, -1e16 + 64.0, cells);
            check_axis(4_503_599_627_370_496.0, 4_503_599_627_370_497.0, cells);
            check_axis(1e6, 1e6 + 4000.0, cells);
            check_axis(16_777_215.3, 16_777_420.8, cells);
            check_axis(1.6e9, 1.6e9 + 86_400.0, cells);
            check_axis(1.0, 1.0 + f64::from(f32::EPSILON) * 3.0, cells);
            check_axis(1.0, 1.0 + f64::from(f32::EPSILON) / 4.0, cells);
            check_axis(0.0, f64::from_bits(1) * 9.0, cells);
            check_axis(0.0, f64::from(f32::from_bits(9)), cells);
            check_axis(-1e-44, 1e-41, cells);
            check_axis(1e-38, 3e-38, cells);
            check_axis(-4e38, 1e38, cells);
            check_axis(0.0, 1e-310, cells);
            check_axis(-1e-40, 1e-40, cells);
            check_axis(1e-30, 2e-30, cells);
            check_axis(-1e38, 2e38, cells);
            check_axis(-8e307, 8e307, cells);
            check_axis(1.0, 1.0 + f64::EPSILON * 3.0, cells);
        }
    }

    #[test]
    fn most_points_need_no_second_look() {
        let frame = frame(Extent::new(0.0, 1.0, 0.0, 1.0).unwrap(), 1024, 1024);
        let locator = Locator::new(&frame, Instructions::SCALAR);
        let lines = locator.single.as_ref().unwrap();
        let values: Vec<f32> = (0..BLOCK as u32).map(|i| (i as f32 + 0.3) / 1024.0).collect();
        let (x, y, mut cells) = (&values[..], &values[..], vec![0; BLOCK]);
        let quick = Quick { order: locator.order, lines, x, y, cells: &mut cells };
        assert_eq!(quick.run(), 0);
        assert_eq!(cells[0], 1023 * 1024);
    }

    #[test]
    fn an_axis_that_rounding_could_spoil_is_left_to_the_exact_rule() {
        fn quick<F: Place, T: Float>(lo: f64, hi: f64, cells: u32) -> bool {
            Line::<F>::new(&Axis::<T>::new(lo, hi, cells)).is_some()
        }
        assert!(quick::<f64, f64>(1e9, 1e9 + 1.0, 1000));
        assert!(!quick::<f32, f32>(1e9, 1e9 + 1.0, 1000), "edges are 64 apart");
        assert!(!quick::<f64, f32>(1e9, 1e9 + 1.0, 1000));
        // The difference is exact, and a cell as wide as 64 floats are apart.
        assert!(quick::<f32, f32>(1e6, 1e6 + 4000.0, 1000));
        assert!(!quick::<f32, f32>(0.0, 1.0, 100_000));
        assert!(quick::<f64, f32>(0.0, 1.0, 100_000));
        assert!(quick::<f64, f64>(0.0, 1.0, 100_000));
        assert!(!quick::<f64, f64>(1e16, 1e16 + 64.0, 64));
        assert!(!quick::<f32, f32>(0.0, 1e300, 10));
        assert!(!quick::<f64, f32>(0.0, 1e39, 10));
        assert!(quick::<f64, f64>(0.0, 1e300, 10));
    }

    fn edge() -> impl Strategy<Value = f64> {
        prop_oneof![
            -1e3..1e3f64,
            (-1000i32..1000).prop_map(f64::from),
            any::<f32>().prop_filter("finite", |v| v.is_finite()).prop_map(f64::from),
            any::<f64>().prop_filter("finite and halvable", |v| v.is_finite() && v.abs() < 4e307),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_points_find_the_cells_that_a_search_finds(
            a in edge(), b in edge(), cells in prop_oneof![1u32..40, 1u32..20_001],
            shares in prop::collection::vec(-0.2..=1.2f64, 200),
        ) {
            prop_assume!(a != b);
            let (lo, hi) = if a < b { (a, b) } else { (b, a) };
            check_axis(lo, hi, cells);
            let inside: Vec<_> = shares.iter().map(|share| (lo + share * (hi - lo), 0.3)).collect();
            check(&frame(Extent::new(lo, hi, 0.0, 1.0).unwrap(), cells, 2), &inside);
        }

        #[test]
        fn any_lattice_finds_the_cells_that_a_search_finds(
            lo in -50i32..50, steps in 1u32..2000, cells in 1u32..2000, unit in prop_oneof![
                Just(1.0), Just(0.1), Just(0.25), Just(1e-3), Just(1.0 / 3.0),
            ],
        ) {
            let at = |step: u32| (f64::from(lo) + f64::from(step)) * unit;
            let extent = Extent::new(at(0), at(steps), at(0), at(steps)).unwrap();
            let lattice: Vec<_> = (0..=steps).map(|step| (at(step), at(steps - step))).collect();
            check(&frame(extent, cells, cells / 2 + 1), &lattice);
        }
    }
}
