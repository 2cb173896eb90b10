//! What is kept of the points of each cell, and how a run of points is added to it.
//!
//! Every quantity is a plane of its own over the whole grid, and only those are kept that the reductions need. A
//! plane is cut into tiles of consecutive cells that stay in a core's cache while points are added, one loop over
//! a tile's points for each plane. Points of a cell arrive in row order, so the sums do too.

use std::collections::TryReserveError;
use std::ops::Range;

use rayon::prelude::*;

use crate::Reduction;
use crate::grid::PageValue;

/// The type of a plane of counts.
pub(crate) trait Counter: Copy + Send + Sync {
    const ZERO: Self;

    /// Counts one more and returns the number, exact up to 2⁵³.
    fn count(&mut self) -> f64;

    /// The number, exact up to 2⁵³.
    fn number(self) -> f64;
}

impl Counter for u32 {
    const ZERO: Self = 0;

    fn count(&mut self) -> f64 {
        *self += 1;
        self.number()
    }

    fn number(self) -> f64 {
        f64::from(self)
    }
}

impl Counter for u64 {
    const ZERO: Self = 0;

    fn count(&mut self) -> f64 {
        *self += 1;
        self.number()
    }

    fn number(self) -> f64 {
        self as f64
    }
}

/// The z of a point: a float, or nothing at all.
pub(crate) trait Sample: Copy + Default + Send + Sync {
    fn value(self) -> f64;
}

impl Sample for f32 {
    fn value(self) -> f64 {
        f64::from(self)
    }
}

impl Sample for f64 {
    fn value(self) -> f64 {
        self
    }
}

/// There is no z, or none is needed.
impl Sample for () {
    fn value(self) -> f64 {
        f64::NAN
    }
}

/// Which planes a list of reductions needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planes {
    count: bool,
    /// The number of points whose z is not NaN, where it can differ from the count.
    valid: bool,
    sum: bool,
    /// Welford's running mean and sum of squared deviations.
    spread: bool,
    min: bool,
    max: bool,
    first: bool,
    last: bool,
}

impl Planes {
    pub(crate) fn of(reductions: &[Reduction], z_has_nan: bool) -> Self {
        use Reduction::{Count, First, Last, Max, Mean, Min, Std, Sum, Var};
        let any = |list: &[Reduction]| list.iter().any(|item| reductions.contains(item));
        let divides = any(&[Sum, Mean, Std, Var]);
        Self {
            count: any(&[Count]) || (divides && !z_has_nan),
            valid: divides && z_has_nan,
            sum: any(&[Sum, Mean]),
            spread: any(&[Std, Var]),
            min: any(&[Min]),
            max: any(&[Max]),
            first: any(&[First]),
            last: any(&[Last]),
        }
    }

    /// Bytes of all planes, a cell.
    pub(crate) fn bytes_per_cell(self, counter: usize) -> usize {
        let Self { count, valid, sum, spread, min, max, first, last } = self;
        let floats = [sum, spread, spread, min, max, first, last];
        let kept = |planes: &[bool]| planes.iter().filter(|&&kept| kept).count();
        kept(&[count, valid]) * counter + kept(&floats) * size_of::<f64>()
    }
}

/// The planes of a grid, each as long as there are cells, or empty where it is not kept.
#[derive(Debug)]
pub(crate) struct Accumulators<C> {
    count: Vec<C>,
    valid: Vec<C>,
    sum: Vec<f64>,
    mean: Vec<f64>,
    m2: Vec<f64>,
    min: Vec<f64>,
    max: Vec<f64>,
    first: Vec<f64>,
    last: Vec<f64>,
}

impl<C: Counter> Accumulators<C> {
    /// Of no points at all.
    pub(crate) fn new(cells: usize, planes: Planes) -> Result<Self, TryReserveError> {
        let counts = |kept| plane(if kept { cells } else { 0 }, C::ZERO);
        let floats = |kept, value| plane(if kept { cells } else { 0 }, value);
        Ok(Self {
            count: counts(planes.count)?,
            valid: counts(planes.valid)?,
            sum: floats(planes.sum, 0.0)?,
            mean: floats(planes.spread, 0.0)?,
            m2: floats(planes.spread, 0.0)?,
            min: floats(planes.min, f64::NAN)?,
            max: floats(planes.max, f64::NAN)?,
            first: floats(planes.first, f64::NAN)?,
            last: floats(planes.last, f64::NAN)?,
        })
    }

    /// Cuts the planes into `tiles` tiles of `tile_cells` consecutive cells; the last may be shorter.
    pub(crate) fn tiles(&mut self, tiles: usize, tile_cells: usize) -> Vec<Tile<'_, C>> {
        let mut count = self.count.chunks_mut(tile_cells);
        let mut valid = self.valid.chunks_mut(tile_cells);
        let mut sum = self.sum.chunks_mut(tile_cells);
        let mut mean = self.mean.chunks_mut(tile_cells);
        let mut m2 = self.m2.chunks_mut(tile_cells);
        let mut min = self.min.chunks_mut(tile_cells);
        let mut max = self.max.chunks_mut(tile_cells);
        let mut first = self.first.chunks_mut(tile_cells);
        let mut last = self.last.chunks_mut(tile_cells);
        (0..tiles)
            .map(|_| Tile {
                count: count.next().unwrap_or_default(),
                valid: valid.next().unwrap_or_default(),
                sum: sum.next().unwrap_or_default(),
                mean: mean.next().unwrap_or_default(),
                m2: m2.next().unwrap_or_default(),
                min: min.next().unwrap_or_default(),
                max: max.next().unwrap_or_default(),
                first: first.next().unwrap_or_default(),
                last: last.next().unwrap_or_default(),
            })
            .collect()
    }

    /// Computes `reduction` for a range of cells.
    pub(crate) fn reduce<T: PageValue>(
        &self,
        reduction: Reduction,
        cells: Range<usize>,
        values: &mut [T],
    ) {
        let numbers = if self.valid.is_empty() { &self.count } else { &self.valid };
        let divided = |plane: &[f64], values: &mut [T], by: fn(f64, f64) -> f64| {
            let kept = plane[cells.clone()].iter().zip(&numbers[cells.clone()]);
            for (value, (&kept, number)) in values.iter_mut().zip(kept) {
                let number = number.number();
                *value = store(if number == 0.0 { f64::NAN } else { by(kept, number) });
            }
        };
        let copied = |plane: &[f64], values: &mut [T]| {
            for (value, &kept) in values.iter_mut().zip(&plane[cells.clone()]) {
                *value = store(kept);
            }
        };
        match reduction {
            Reduction::Count => {
                for (value, count) in values.iter_mut().zip(&self.count[cells]) {
                    *value = T::nearest(count.number());
                }
            }
            Reduction::Sum => divided(&self.sum, values, |sum, _| sum),
            Reduction::Mean => divided(&self.sum, values, |sum, n| sum / n),
            Reduction::Var => divided(&self.m2, values, |m2, n| m2 / n),
            Reduction::Std => divided(&self.m2, values, |m2, n| (m2 / n).sqrt()),
            Reduction::Min => copied(&self.min, values),
            Reduction::Max => copied(&self.max, values),
            Reduction::First => copied(&self.first, values),
            Reduction::Last => copied(&self.last, values),
        }
    }

    /// Whether a 32-bit float would round some count.
    pub(crate) fn counts_need_f64(&self) -> bool {
        self.count.par_iter().any(|count| f64::from(count.number() as f32) != count.number())
    }
}

/// All NaN get the same bits, whatever arithmetic they are from, as results must not depend on the machine.
fn store<T: PageValue>(value: f64) -> T {
    T::nearest(if value.is_nan() { f64::NAN } else { value })
}

/// A plane of equal values. The memory is reserved first, so that a refusal is an error and not the end of the
/// process, and first written by all threads, as most of the time of a large plane is the kernel's, page by page.
fn plane<T: Copy + Send + Sync>(cells: usize, value: T) -> Result<Vec<T>, TryReserveError> {
    let mut plane = Vec::new();
    plane.try_reserve_exact(cells)?;
    (0..cells).into_par_iter().with_min_len(1 << 16).map(|_| value).collect_into_vec(&mut plane);
    Ok(plane)
}

/// The planes of consecutive cells, for one owner to add points to.
#[derive(Debug)]
pub(crate) struct Tile<'a, C> {
    count: &'a mut [C],
    valid: &'a mut [C],
    sum: &'a mut [f64],
    mean: &'a mut [f64],
    m2: &'a mut [f64],
    min: &'a mut [f64],
    max: &'a mut [f64],
    first: &'a mut [f64],
    last: &'a mut [f64],
}

/// Room for the points of a run whose z is not NaN.
#[derive(Debug)]
pub(crate) struct Valid<Z> {
    cells: Vec<u32>,
    z: Vec<Z>,
}

impl<Z: Sample> Valid<Z> {
    pub(crate) fn new() -> Self {
        Self { cells: Vec::new(), z: Vec::new() }
    }

    fn select(&mut self, cells: &[u32], z: &[Z]) {
        self.cells.clear();
        self.z.clear();
        for (&cell, &z) in cells.iter().zip(z) {
            if !z.value().is_nan() {
                self.cells.push(cell);
                self.z.push(z);
            }
        }
    }
}

impl<C: Counter> Tile<'_, C> {
    /// Adds points in their order: `cells` counted from the tile's first, `z` of the same length. `valid` is
    /// needed where z may be NaN.
    pub(crate) fn add<Z: Sample>(&mut self, cells: &[u32], z: &[Z], valid: Option<&mut Valid<Z>>) {
        // Where all z are numbers, Welford's method counts as it goes.
        let counted_by_spread = !self.m2.is_empty() && self.valid.is_empty();
        if !self.count.is_empty() && !counted_by_spread {
            tally(self.count, cells);
        }
        if size_of::<Z>() == 0 {
            return;
        }
        let (cells, z) = match valid {
            Some(valid) => {
                valid.select(cells, z);
                (valid.cells.as_slice(), valid.z.as_slice())
            }
            None => (cells, z),
        };
        if !self.m2.is_empty() {
            let numbers = if counted_by_spread { &mut *self.count } else { &mut *self.valid };
            for (&cell, z) in cells.iter().zip(z) {
                let (cell, z) = (cell as usize, z.value());
                let deviation = z - self.mean[cell];
                self.mean[cell] += deviation / numbers[cell].count();
                self.m2[cell] += deviation * (z - self.mean[cell]);
            }
        } else if !self.valid.is_empty() {
            tally(self.valid, cells);
        }
        if !self.sum.is_empty() {
            update(self.sum, cells, z, |sum, z| *sum += z);
        }
        // The comparisons are false for the NaN that stands for no value yet.
        if !self.min.is_empty() {
            update(self.min, cells, z, |min, z| *min = if *min <= z { *min } else { z });
        }
        if !self.max.is_empty() {
            update(self.max, cells, z, |max, z| *max = if *max >= z { *max } else { z });
        }
        if !self.first.is_empty() {
            update(self.first, cells, z, |first, z| {
                *first = if first.is_nan() { z } else { *first }
            });
        }
        if !self.last.is_empty() {
            update(self.last, cells, z, |last, z| *last = z);
        }
    }
}

fn tally<C: Counter>(plane: &mut [C], cells: &[u32]) {
    for &cell in cells {
        plane[cell as usize].count();
    }
}

fn update<Z: Sample>(plane: &mut [f64], cells: &[u32], z: &[Z], apply: impl Fn(&mut f64, f64)) {
    for (&cell, z) in cells.iter().zip(z) {
        apply(&mut plane[cell as usize], z.value());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_planes_that_are_needed_are_kept() {
        use Reduction::{Count, First, Last, Max, Mean, Min, Std, Sum, Var};
        let bytes = |list: &[Reduction], nan| Planes::of(list, nan).bytes_per_cell(4);
        assert_eq!(bytes(&[Count], false), 4);
        assert_eq!(bytes(&[Count], true), 4);
        assert_eq!(bytes(&[Count, Mean], false), 12);
        assert_eq!(bytes(&[Count, Mean], true), 16);
        assert_eq!(bytes(&[Mean, Sum], true), 12);
        assert_eq!(bytes(&[Min, Max, First, Last], true), 32);
        assert_eq!(bytes(&[Std, Var], false), 20);
        assert_eq!(bytes(&Reduction::ALL, true), 64);
    }

    #[test]
    fn counts_beyond_the_mantissa_of_a_float_are_noticed() {
        let accumulators = |count| Accumulators::<u64> {
            count: vec![0, count],
            ..Accumulators::new(2, Planes::of(&[], false)).unwrap()
        };
        assert!(!accumulators(1 << 24).counts_need_f64());
        assert!(accumulators((1 << 24) + 1).counts_need_f64());
        assert!(!accumulators((1 << 24) + 2).counts_need_f64());
    }

    #[test]
    fn a_plane_that_cannot_be_had_is_an_error() {
        assert!(plane(usize::MAX / 16, 0.0).is_err());
    }
}
