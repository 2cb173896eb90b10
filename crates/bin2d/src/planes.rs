//! What is kept of the points of each cell.
//!
//! Every quantity is a plane of its own over the whole grid, and only those are kept that the reductions need. A
//! plane is cut into tiles of consecutive cells that stay in a core's cache while points are added.

mod kept;

use std::io;
use std::ops::Range;

use pointillist_base::Float;
use pointillist_base::memory::Zeroed;
use rayon::prelude::*;

use crate::Reduction;
use crate::accumulate::{Counter, Tile};
pub(crate) use kept::{About, Kept, Plane, Planes};

/// A plane as it lies in memory.
#[derive(Debug)]
pub(crate) enum PlaneMut<'a, C> {
    Numbers(&'a mut [C]),
    Floats(&'a mut [f64]),
}

/// The planes of a grid, each as long as there are cells, or empty where it is not kept.
#[derive(Debug)]
pub(crate) struct Accumulators<C> {
    count: Zeroed<C>,
    fields: Vec<Field<C>>,
}

/// The planes of one z.
#[derive(Debug)]
struct Field<C> {
    valid: Zeroed<C>,
    sum: Zeroed<f64>,
    carry: Zeroed<f64>,
    mean: Zeroed<f64>,
    m2: Zeroed<f64>,
    min: Zeroed<f64>,
    max: Zeroed<f64>,
    first: Zeroed<f64>,
    last: Zeroed<f64>,
}

impl<C: Counter> Field<C> {
    fn new(cells: usize, planes: Planes) -> io::Result<Self> {
        let zeros = |kept| Zeroed::new(if kept { cells } else { 0 });
        // NaN says that there is no value yet.
        let nothing = |kept| -> io::Result<Zeroed<f64>> {
            let mut plane = zeros(kept)?;
            plane.par_chunks_mut(1 << 16).for_each(|chunk| chunk.fill(f64::NAN));
            Ok(plane)
        };
        Ok(Self {
            valid: Zeroed::new(if planes.valid { cells } else { 0 })?,
            sum: zeros(planes.sum)?,
            carry: zeros(planes.carry)?,
            mean: zeros(planes.spread)?,
            m2: zeros(planes.spread)?,
            min: nothing(planes.min)?,
            max: nothing(planes.max)?,
            first: nothing(planes.first)?,
            last: nothing(planes.last)?,
        })
    }
}

impl<C: Counter> Accumulators<C> {
    /// Of no points at all.
    pub(crate) fn new(cells: usize, kept: &Kept) -> io::Result<Self> {
        Ok(Self {
            count: Zeroed::new(if kept.count { cells } else { 0 })?,
            fields: kept
                .fields
                .iter()
                .map(|&planes| Field::new(cells, planes))
                .collect::<io::Result<_>>()?,
        })
    }

    /// Which planes there are.
    pub(crate) fn kept(&self) -> Kept {
        let planes = |field: &Field<C>| Planes {
            valid: !field.valid.is_empty(),
            sum: !field.sum.is_empty(),
            carry: !field.carry.is_empty(),
            spread: !field.m2.is_empty(),
            min: !field.min.is_empty(),
            max: !field.max.is_empty(),
            first: !field.first.is_empty(),
            last: !field.last.is_empty(),
        };
        Kept { count: !self.count.is_empty(), fields: self.fields.iter().map(planes).collect() }
    }

    /// A plane of z number `field`, or the counts, to be filled.
    pub(crate) fn plane(&mut self, plane: Plane, field: usize) -> PlaneMut<'_, C> {
        if plane == Plane::Count {
            return PlaneMut::Numbers(&mut self.count);
        }
        let field = &mut self.fields[field];
        PlaneMut::Floats(match plane {
            Plane::Count | Plane::Valid => return PlaneMut::Numbers(&mut field.valid),
            Plane::Sum => &mut field.sum,
            Plane::Carry => &mut field.carry,
            Plane::Mean => &mut field.mean,
            Plane::M2 => &mut field.m2,
            Plane::Min => &mut field.min,
            Plane::Max => &mut field.max,
            Plane::First => &mut field.first,
            Plane::Last => &mut field.last,
        })
    }

    /// All that is kept of z number `field`, and the counts for number 0, as one tile.
    pub(crate) fn whole(&mut self, field: usize) -> Tile<'_, C> {
        self.tiles(field, 1, usize::MAX).pop().unwrap_or_default()
    }

    /// Cuts what is kept of z number `field` into `tiles` tiles of `tile_cells` consecutive cells; the last may be
    /// shorter. The counts go with number 0, also where there is no z.
    pub(crate) fn tiles(
        &mut self,
        field: usize,
        tiles: usize,
        tile_cells: usize,
    ) -> Vec<Tile<'_, C>> {
        self.cut(field, std::iter::repeat_n(tile_cells, tiles))
    }

    /// The same into tiles of these lengths.
    pub(crate) fn cut(
        &mut self,
        field: usize,
        lengths: impl Iterator<Item = usize>,
    ) -> Vec<Tile<'_, C>> {
        let mut count: &mut [C] = if field == 0 { &mut self.count } else { &mut [] };
        let (mut valid, mut floats): (&mut [C], [&mut [f64]; 8]) = match self.fields.get_mut(field)
        {
            None => (&mut [], Default::default()),
            Some(field) => {
                let floats = [
                    &mut *field.sum,
                    &mut field.carry,
                    &mut field.mean,
                    &mut field.m2,
                    &mut field.min,
                    &mut field.max,
                    &mut field.first,
                    &mut field.last,
                ];
                (&mut field.valid, floats)
            }
        };
        lengths
            .map(|length| {
                let [sum, carry, mean, m2, min, max, first, last] =
                    floats.each_mut().map(|plane| split_off(plane, length));
                let (count, valid) = (split_off(&mut count, length), split_off(&mut valid, length));
                Tile { count, valid, sum, carry, mean, m2, min, max, first, last }
            })
            .collect()
    }

    /// The same with wider counters.
    pub(crate) fn widen(self) -> io::Result<Accumulators<u64>> {
        let widen = |narrow: Zeroed<C>| -> io::Result<Zeroed<u64>> {
            let mut wide = Zeroed::new(narrow.len())?;
            let pairs = wide.par_chunks_mut(1 << 16).zip(narrow.par_chunks(1 << 16));
            pairs.for_each(|(wide, narrow)| {
                for (wide, narrow) in wide.iter_mut().zip(narrow) {
                    *wide = narrow.number() as u64;
                }
            });
            Ok(wide)
        };
        let fields = self.fields.into_iter().map(|field| {
            let Field { valid, sum, carry, mean, m2, min, max, first, last } = field;
            let valid = widen(valid)?;
            Ok(Field { valid, sum, carry, mean, m2, min, max, first, last })
        });
        Ok(Accumulators { fields: fields.collect::<io::Result<_>>()?, count: widen(self.count)? })
    }

    /// The same where some z may be NaN from now on, for which `kept` is needed. So far none was, and as many are
    /// valid as were counted.
    pub(crate) fn expect_nan(mut self, kept: &Kept) -> io::Result<Self> {
        for (field, planes) in self.fields.iter_mut().zip(&kept.fields) {
            if planes.valid && field.valid.is_empty() {
                let mut valid = Zeroed::<C>::new(self.count.len())?;
                let pairs = valid.par_chunks_mut(1 << 16).zip(self.count.par_chunks(1 << 16));
                pairs.for_each(|(valid, count)| valid.copy_from_slice(count));
                field.valid = valid;
            }
        }
        Ok(self)
    }

    /// Adds what is kept of other points, which come after these, in a grid of `width` columns. There a row
    /// begins `pitch` cells after the one before, of which the first `width` count. It may be one of the
    /// [`Kept::parts`]; other planes then stay as they are.
    pub(crate) fn merge(&mut self, mut other: Self, width: usize, pitch: usize) {
        for field in 0..self.fields.len().max(1) {
            let rows = self.cells(field).div_ceil(width);
            let (ours, theirs) = (self.tiles(field, rows, width), other.tiles(field, rows, pitch));
            ours.into_par_iter().zip(theirs).for_each(|(mut ours, theirs)| ours.merge(&theirs));
        }
    }

    /// The planes of counts and of sums of a grid that keeps nothing else.
    pub(crate) fn pairs(&mut self) -> Option<(&mut [C], &mut [f64])> {
        let [field] = self.fields.as_mut_slice() else { return None };
        Some((&mut self.count, &mut field.sum))
    }

    /// The length of the planes of a z, and of the counts for number 0.
    fn cells(&self, field: usize) -> usize {
        let Some(field) = self.fields.get(field) else { return self.count.len() };
        let floats = [&field.sum, &field.m2, &field.min, &field.max, &field.first, &field.last]
            .map(|plane| plane.len());
        floats.into_iter().fold(self.count.len().max(field.valid.len()), usize::max)
    }

    /// Computes `reduction` of z number `field` for a range of cells.
    pub(crate) fn reduce<T: Float>(
        &self,
        reduction: Reduction,
        field: usize,
        cells: Range<usize>,
        values: &mut [T],
    ) {
        if reduction == Reduction::Count {
            for (value, count) in values.iter_mut().zip(&self.count[cells]) {
                *value = T::from_f64(count.number());
            }
            return;
        }
        let field = &self.fields[field];
        let numbers = if field.valid.is_empty() { &self.count } else { &field.valid };
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
        // Zeros of both signs are equal, so which of them came first must not show, nor how a value became zero.
        let unsigned = |plane: &[f64], values: &mut [T]| {
            copied(plane, values);
            let zero = T::default();
            values.iter_mut().filter(|value| **value == zero).for_each(|value| *value = zero);
        };
        let carried = |values: &mut [T], by: fn(f64, f64, f64) -> f64| {
            let sums = field.sum[cells.clone()].iter().zip(&field.carry[cells.clone()]);
            let kept = sums.zip(&numbers[cells.clone()]);
            for (value, ((&sum, &carry), number)) in values.iter_mut().zip(kept) {
                let number = number.number();
                *value = store(if number == 0.0 {
                    f64::NAN
                } else {
                    // What was taken from an infinity, or from a sum too large, means nothing.
                    by(sum, if sum.is_finite() { carry } else { 0.0 }, number)
                });
            }
        };
        match reduction {
            Reduction::Count
            | Reduction::OverRed
            | Reduction::OverGreen
            | Reduction::OverBlue
            | Reduction::OverAlpha => {}
            Reduction::Sum if !field.carry.is_empty() => {
                carried(values, |sum, carry, _| sum + carry)
            }
            Reduction::Mean if !field.carry.is_empty() => carried(values, quotient),
            Reduction::Sum => divided(&field.sum, values, |sum, _| sum),
            Reduction::Mean => divided(&field.sum, values, |sum, n| sum / n),
            Reduction::Var => divided(&field.m2, values, |m2, n| m2 / n),
            Reduction::Std => divided(&field.m2, values, |m2, n| (m2 / n).sqrt()),
            Reduction::Min => unsigned(&field.min, values),
            Reduction::Max => unsigned(&field.max, values),
            Reduction::First => copied(&field.first, values),
            Reduction::Last => copied(&field.last, values),
        }
    }

    /// Copies a range of a plane of z number `field`, or of the counts.
    pub(crate) fn copy<T: Float>(
        &self,
        plane: Plane,
        field: usize,
        cells: Range<usize>,
        values: &mut [T],
    ) {
        let numbers = |plane: &[C], values: &mut [T]| {
            for (value, &number) in values.iter_mut().zip(&plane[cells.clone()]) {
                *value = T::from_f64(number.number());
            }
        };
        if plane == Plane::Count {
            return numbers(&self.count, values);
        }
        let field = &self.fields[field];
        let floats = match plane {
            Plane::Count | Plane::Valid => return numbers(&field.valid, values),
            Plane::Sum => &field.sum,
            Plane::Carry => &field.carry,
            Plane::Mean => &field.mean,
            Plane::M2 => &field.m2,
            Plane::Min => &field.min,
            Plane::Max => &field.max,
            Plane::First => &field.first,
            Plane::Last => &field.last,
        };
        for (value, &kept) in values.iter_mut().zip(&floats[cells]) {
            *value = store(kept);
        }
    }

    /// Whether a 32-bit float would round some count.
    pub(crate) fn counts_need_f64(&self) -> bool {
        self.count.par_iter().any(|count| f64::from(count.number() as f32) != count.number())
    }
}

/// Takes the first of these values, so many or all there are.
fn split_off<'a, T>(values: &mut &'a mut [T], length: usize) -> &'a mut [T] {
    let all = std::mem::take(values);
    let (first, rest) = all.split_at_mut(length.min(all.len()));
    *values = rest;
    first
}

/// All NaN get the same bits, whatever arithmetic they are from, as results must not depend on the machine.
fn store<T: Float>(value: f64) -> T {
    T::from_f64(if value.is_nan() { f64::NAN } else { value })
}

/// `(sum + carry) / number`, rounded as if only once: the mean of equal values is that value. The quotient of the
/// rounded sum may be a unit off; what is left over, which a fused multiply-add gives exactly, mends it.
fn quotient(sum: f64, carry: f64, number: f64) -> f64 {
    let total = sum + carry;
    let lost = carry - (total - sum);
    let quotient = total / number;
    let rest = (-quotient).mul_add(number, total) + lost;
    if rest.is_finite() { quotient + rest / number } else { quotient }
}

#[cfg(test)]
mod tests;
