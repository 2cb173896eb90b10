//! How points are added to the cells of a tile: one loop over a block of points for each plane. Points of a cell
//! arrive in row order, so what is added up here is in row order too.

use bytemuck::Zeroable;
use pointillist_base::Values;
use pointillist_base::memory::prefetch;

use crate::within::Moved;

/// The type of a plane of counts.
pub(crate) trait Counter: Copy + Zeroable + Send + Sync {
    /// Counts one more and returns the number, exact up to 2⁵³.
    fn count(&mut self) -> f64;

    /// Counts as many more as `other` has.
    fn merge(&mut self, other: Self);

    /// The number, exact up to 2⁵³.
    fn number(self) -> f64;

    /// The nearest there is to a number.
    fn nearest(number: f64) -> Self;
}

impl Counter for u32 {
    fn count(&mut self) -> f64 {
        *self += 1;
        self.number()
    }

    fn merge(&mut self, other: Self) {
        *self += other;
    }

    fn number(self) -> f64 {
        f64::from(self)
    }

    fn nearest(number: f64) -> Self {
        number as Self
    }
}

impl Counter for u64 {
    fn count(&mut self) -> f64 {
        *self += 1;
        self.number()
    }

    fn merge(&mut self, other: Self) {
        *self += other;
    }

    fn number(self) -> f64 {
        self as f64
    }

    fn nearest(number: f64) -> Self {
        number as Self
    }
}

/// The z of a point: a float, or nothing at all.
pub(crate) trait Sample: Copy + Default + Zeroable + Send + Sync + Moved {
    fn value(self) -> f64;

    /// Those of so many rows, of a column of this type.
    fn of(column: Option<Values<'_>>, rows: usize) -> &[Self];
}

impl Sample for f32 {
    fn value(self) -> f64 {
        f64::from(self)
    }

    fn of(column: Option<Values<'_>>, _rows: usize) -> &[Self] {
        match column {
            Some(Values::F32(values)) => values,
            _ => &[],
        }
    }
}

impl Sample for f64 {
    fn value(self) -> f64 {
        self
    }

    fn of(column: Option<Values<'_>>, _rows: usize) -> &[Self] {
        match column {
            Some(Values::F64(values)) => values,
            _ => &[],
        }
    }
}

/// There is no z, or none is needed.
impl Sample for () {
    fn value(self) -> f64 {
        f64::NAN
    }

    fn of(_column: Option<Values<'_>>, rows: usize) -> &[Self] {
        // They take no room.
        const NOTHING: &[()] = &[(); usize::MAX];
        &NOTHING[..rows]
    }
}

/// A point on its way to its cell.
#[derive(Debug, Clone, Copy, Default, Zeroable)]
pub(crate) struct Record<Z> {
    /// Counted from the first cell of the grid, or of a tile of it.
    pub(crate) cell: u32,
    pub(crate) z: Z,
}

/// Points in row order: cells and z.
pub(crate) trait Points<Z>: Iterator<Item = (u32, Z)> + Clone {}

impl<Z, I: Iterator<Item = (u32, Z)> + Clone> Points<Z> for I {}

/// `a + b`, rounded, and what rounding took from it, exactly (Knuth's two-sum).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let from_b = sum - a;
    (sum, (a - (sum - from_b)) + (b - from_b))
}

/// The planes of consecutive cells, for one owner to add points to.
#[derive(Debug)]
pub(crate) struct Tile<'a, C> {
    pub(crate) count: &'a mut [C],
    pub(crate) valid: &'a mut [C],
    pub(crate) sum: &'a mut [f64],
    pub(crate) carry: &'a mut [f64],
    pub(crate) mean: &'a mut [f64],
    pub(crate) m2: &'a mut [f64],
    pub(crate) min: &'a mut [f64],
    pub(crate) max: &'a mut [f64],
    pub(crate) first: &'a mut [f64],
    pub(crate) last: &'a mut [f64],
}

impl<C> Default for Tile<'_, C> {
    fn default() -> Self {
        Self {
            count: &mut [],
            valid: &mut [],
            sum: &mut [],
            carry: &mut [],
            mean: &mut [],
            m2: &mut [],
            min: &mut [],
            max: &mut [],
            first: &mut [],
            last: &mut [],
        }
    }
}

impl<C: Counter> Tile<'_, C> {
    /// Adds points in their order: a block of a thousand or so, each with its cell, counted from the tile's
    /// first. `room` for those whose z is not NaN is needed where some may be.
    pub(crate) fn add<Z: Sample>(
        &mut self,
        points: impl Points<Z>,
        room: Option<&mut Vec<Record<Z>>>,
    ) {
        self.fetch(points.clone());
        if !self.count.is_empty() {
            tally(self.count, points.clone());
        }
        if size_of::<Z>() == 0 {
            return;
        }
        let is_nan = |z: Z| z.value().is_nan();
        match room {
            Some(room) if points.clone().fold(false, |found, (_, z)| found | is_nan(z)) => {
                room.clear();
                let valid = points.filter(|&(_, z)| !is_nan(z));
                room.extend(valid.map(|(cell, z)| Record { cell, z }));
                self.add_valid(room.iter().map(|record| (record.cell, record.z)));
            }
            _ => self.add_valid(points),
        }
    }

    // Planes are handed on as slices: through `self` they would be looked up for every point.
    fn add_valid<Z: Sample>(&mut self, points: impl Points<Z>) {
        if !self.m2.is_empty() {
            welford(self.valid, self.mean, self.m2, points.clone());
        } else if !self.valid.is_empty() {
            tally(self.valid, points.clone());
        }
        if !self.carry.is_empty() {
            carry(self.sum, self.carry, points.clone());
        } else if !self.sum.is_empty() {
            match one_cell(points.clone()) {
                Some(cell) => add_all(&mut self.sum[cell], points.clone()),
                None => update(self.sum, points.clone(), |sum, z| *sum += z),
            }
        }
        if !self.min.is_empty() {
            update(self.min, points.clone(), lower);
        }
        if !self.max.is_empty() {
            update(self.max, points.clone(), raise);
        }
        if !self.first.is_empty() {
            update(self.first, points.clone(), keep);
        }
        if !self.last.is_empty() {
            update(self.last, points, |last, z| *last = z);
        }
    }

    /// Asks for the cells that the points will be added to.
    fn fetch<Z: Sample>(&self, points: impl Points<Z>) {
        for plane in [&*self.count, &*self.valid] {
            fetch(plane, points.clone());
        }
        let Self { sum, carry, mean, m2, min, max, first, last, .. } = self;
        for plane in [sum, carry, mean, m2, min, max, first, last] {
            fetch(plane, points.clone());
        }
    }

    /// Takes what is kept of these cells of `tile`, one after another, and leaves it there as it is without points.
    pub(crate) fn take(&mut self, tile: &mut Self, cells: impl Iterator<Item = usize> + Clone) {
        let none = C::zeroed();
        take(self.count, tile.count, cells.clone(), none);
        take(self.valid, tile.valid, cells.clone(), none);
        take(self.sum, tile.sum, cells.clone(), 0.0);
        take(self.carry, tile.carry, cells.clone(), 0.0);
        take(self.mean, tile.mean, cells.clone(), 0.0);
        take(self.m2, tile.m2, cells.clone(), 0.0);
        take(self.min, tile.min, cells.clone(), f64::NAN);
        take(self.max, tile.max, cells.clone(), f64::NAN);
        take(self.first, tile.first, cells.clone(), f64::NAN);
        take(self.last, tile.last, cells, f64::NAN);
    }

    /// Adds what is kept of other points of the same cells, which come after these. Planes that are empty there
    /// stay as they are; of those that are computed together (`valid`, `mean` and `m2`; `sum` and `carry`), all
    /// or none are.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (ours, &theirs) in self.count.iter_mut().zip(&*other.count) {
            ours.merge(theirs);
        }
        for cell in 0..self.m2.len().min(other.m2.len()) {
            let (ours, theirs) = (self.valid[cell].number(), other.valid[cell].number());
            if ours == 0.0 {
                (self.mean[cell], self.m2[cell]) = (other.mean[cell], other.m2[cell]);
            } else if theirs > 0.0 {
                // Chan, Golub and LeVeque (1979).
                let (deviation, all) = (other.mean[cell] - self.mean[cell], ours + theirs);
                self.mean[cell] += deviation * (theirs / all);
                self.m2[cell] += other.m2[cell] + deviation * deviation * (ours * (theirs / all));
            }
        }
        for (ours, &theirs) in self.valid.iter_mut().zip(&*other.valid) {
            ours.merge(theirs);
        }
        if self.carry.is_empty() {
            join(self.sum, other.sum, |ours, theirs| *ours += theirs);
        } else {
            for cell in 0..self.sum.len().min(other.sum.len()) {
                let (sum, lost) = two_sum(self.sum[cell], other.sum[cell]);
                self.sum[cell] = sum;
                self.carry[cell] += lost + other.carry[cell];
            }
        }
        // The NaN of a cell without points changes nothing.
        join(self.min, other.min, lower);
        join(self.max, other.max, raise);
        join(self.first, other.first, keep);
        join(self.last, other.last, |last, z| *last = if z.is_nan() { *last } else { z });
    }
}

/// Planes of fewer cells than this stay in the second level of cache without being asked for.
const NEAR: usize = 1 << 14;

fn fetch<T, Z>(plane: &[T], points: impl Points<Z>) {
    if plane.len() > NEAR {
        points.for_each(|(cell, _)| prefetch(plane, cell as usize));
    }
}

/// The cell of all points, where they share one. Then what they add to can stay in a register: through memory
/// each would wait for the one before.
pub(crate) fn one_cell<Z>(mut points: impl Points<Z>) -> Option<usize> {
    let (first, _) = points.next()?;
    points.all(|(cell, _)| cell == first).then_some(first as usize)
}

pub(crate) fn add_all<Z: Sample>(sum: &mut f64, points: impl Points<Z>) {
    *sum = points.fold(*sum, |sum, (_, z)| sum + z.value());
}

fn tally<C: Counter, Z>(plane: &mut [C], points: impl Points<Z>) {
    if let Some(cell) = one_cell(points.clone()) {
        points.for_each(|_| {
            plane[cell].count();
        });
        return;
    }
    for (cell, _) in points {
        plane[cell as usize].count();
    }
}

fn update<Z: Sample>(plane: &mut [f64], points: impl Points<Z>, apply: impl Fn(&mut f64, f64)) {
    for (cell, z) in points {
        apply(&mut plane[cell as usize], z.value());
    }
}

fn carry<Z: Sample>(sums: &mut [f64], carries: &mut [f64], points: impl Points<Z>) {
    for (cell, z) in points {
        let (sum, lost) = two_sum(sums[cell as usize], z.value());
        sums[cell as usize] = sum;
        carries[cell as usize] += lost;
    }
}

fn welford<C: Counter, Z: Sample>(
    numbers: &mut [C],
    means: &mut [f64],
    m2s: &mut [f64],
    points: impl Points<Z>,
) {
    for (cell, z) in points {
        let (cell, z) = (cell as usize, z.value());
        let deviation = z - means[cell];
        means[cell] += deviation / numbers[cell].count();
        m2s[cell] += deviation * (z - means[cell]);
    }
}

fn take<T: Copy>(to: &mut [T], from: &mut [T], cells: impl Iterator<Item = usize>, nothing: T) {
    if from.is_empty() {
        return;
    }
    for (to, cell) in to.iter_mut().zip(cells) {
        *to = std::mem::replace(&mut from[cell], nothing);
    }
}

fn join(ours: &mut [f64], theirs: &[f64], apply: impl Fn(&mut f64, f64)) {
    for (ours, &theirs) in ours.iter_mut().zip(theirs) {
        apply(ours, theirs);
    }
}

// NaN on the left says that there is no value yet; it must be the comparison that is false for it. A NaN on the right is
// no value either.

fn lower(min: &mut f64, z: f64) {
    *min = if *min <= z || z.is_nan() { *min } else { z };
}

fn raise(max: &mut f64, z: f64) {
    *max = if *max >= z || z.is_nan() { *max } else { z };
}

fn keep(first: &mut f64, z: f64) {
    *first = if first.is_nan() { z } else { *first };
}
