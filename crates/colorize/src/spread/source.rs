//! What is spread: the pages of a grid that a statistic of the points under a marker follows from.

use std::ops::Range;

use pointillist_base::{Float, Values};
use pointillist_bin2d::{Reduction, Term};

use super::fold::{Fold, Greatest, GreatestOfAll, Least, LeastOfAll, Moment, Moments, Sum};
use super::marker::EXACT_IN_F32;
use super::window::Plane;
use super::{Marker, Tile};
use crate::Error;
use crate::sample::with_values;

/// The pages a spread page is made of; all of the same cells.
///
/// Counts are whole numbers: what is behind the point is dropped, and NaN and what is below 1 is no point. In all
/// other pages NaN is a cell without a value. The pages may differ in type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Source<'a> {
    /// How many points have markers that cover the pixel: exact, rounded once if it is stored in 32 bits and
    /// above 2²⁴.
    Count(Values<'a>),
    /// The sum of their z, added up in 64 bits; NaN where there is none.
    Sum(Values<'a>),
    /// The mean of their z: that of the cells, weighted by count. A cell's points with and without z are not
    /// told apart: it weighs as much as it has points, unless its mean is NaN. NaN where there is none.
    Mean {
        /// The means.
        mean: Values<'a>,
        /// The counts.
        counts: Values<'a>,
        /// What `Count` makes of the counts, without rounding, where that is at hand: as long as what is to be
        /// made. It is not made again then where every cell with points has a mean.
        covering: Option<Values<'a>>,
    },
    /// The smallest z; NaN where there is none.
    Min(Values<'a>),
    /// The largest z; NaN where there is none.
    Max(Values<'a>),
    /// The mean square deviation of their z from the mean of all of them, which is that within the cells and
    /// that between their means, weighted as for `Mean`. NaN where there is none, and where that of a cell with
    /// a mean is.
    Var {
        /// The mean square deviations in each cell.
        var: Values<'a>,
        /// The means.
        mean: Values<'a>,
        /// The counts.
        counts: Values<'a>,
    },
    /// The square root of `Var`.
    Std {
        /// The standard deviations in each cell.
        std: Values<'a>,
        /// The means.
        mean: Values<'a>,
        /// The counts.
        counts: Values<'a>,
    },
}

/// The names of the pages that are needed to spread the page `term`, of those that the grid has: in the order
/// that [`Source::new`] expects, the page itself first.
///
/// # Errors
/// [`Error::SpreadOrder`] for `first`, `last` and pages of `over`: a grid does not say which of two cells has the earlier row.
/// [`Error::SpreadNeeds`] if the grid lacks one of the pages.
pub fn pages(term: &Term, available: &[&str]) -> Result<Vec<String>, Error> {
    let further: &[Reduction] = match term.reduction() {
        Reduction::Count | Reduction::Sum | Reduction::Min | Reduction::Max => &[],
        Reduction::Mean => &[Reduction::Count],
        Reduction::Var | Reduction::Std => &[Reduction::Mean, Reduction::Count],
        Reduction::First
        | Reduction::Last
        | Reduction::OverRed
        | Reduction::OverGreen
        | Reduction::OverBlue
        | Reduction::OverAlpha => {
            return Err(Error::SpreadOrder { page: term.to_string() });
        }
    };
    let mut names = vec![term.to_string()];
    for &reduction in further {
        names.push(match term.column() {
            Some(column) if reduction.needs_z() => format!("{reduction}:{column}"),
            _ => reduction.to_string(),
        });
    }
    match names.iter().find(|name| !available.contains(&name.as_str())) {
        Some(missing) => {
            Err(Error::SpreadNeeds { page: term.to_string(), missing: missing.clone() })
        }
        None => Ok(names),
    }
}

impl<'a> Source<'a> {
    /// The page `reduction` with the others that [`pages`] names, in that order; `None` where these are not as many
    /// as the reduction needs, or it is `first` or `last`.
    pub fn new(reduction: Reduction, cells: &[Values<'a>]) -> Option<Self> {
        Some(match (reduction, cells) {
            (Reduction::Count, &[counts]) => Source::Count(counts),
            (Reduction::Sum, &[sum]) => Source::Sum(sum),
            (Reduction::Mean, &[mean, counts]) => Source::Mean { mean, counts, covering: None },
            (Reduction::Min, &[min]) => Source::Min(min),
            (Reduction::Max, &[max]) => Source::Max(max),
            (Reduction::Var, &[var, mean, counts]) => Source::Var { var, mean, counts },
            (Reduction::Std, &[std, mean, counts]) => Source::Std { std, mean, counts },
            _ => return None,
        })
    }

    /// The pages.
    pub(super) fn pages(&self) -> impl Iterator<Item = Values<'a>> {
        match *self {
            Source::Count(page) | Source::Sum(page) | Source::Min(page) | Source::Max(page) => {
                [Some(page), None, None]
            }
            Source::Mean { mean, counts, .. } => [Some(mean), Some(counts), None],
            Source::Var { var: page, mean, counts } | Source::Std { std: page, mean, counts } => {
                [Some(page), Some(mean), Some(counts)]
            }
        }
        .into_iter()
        .flatten()
    }

    /// Spreads a tile.
    pub(super) fn spread<O: Float>(&self, marker: Marker, area: &Area, tile: Tile<'_, O>) {
        let rows = tile.rows.clone();
        match *self {
            Source::Count(counts) => {
                let total = area.total(counts);
                if total == 0.0 {
                    return tile.write(|_| 0.0);
                }
                let counted = Counted::new(area, (counts, total), |_| true, marker, rows);
                tile.write(|i| counted.number(i));
            }
            Source::Sum(sum) => {
                let sums = with_values!(sum, cells => area.plane::<Sum<f64>>(|at, items| {
                    for (item, cell) in items.iter_mut().zip(&cells[at]) {
                        let value = cell.to_f64() + 0.0;
                        *item = if value.is_nan() { Sum::<f64>::EMPTY } else { value };
                    }
                }))
                .fold::<Sum<f64>>(marker, rows);
                let value = |sum| if Sum::<f64>::is_empty(sum) { f64::NAN } else { sum };
                tile.write(|i| value(sums[i]));
            }
            Source::Mean { mean, counts, covering } => {
                let total = area.total(counts);
                if total == 0.0 {
                    return tile.write(|_| f64::NAN);
                }
                let few = total <= EXACT_IN_F32;
                let (sums, complete) = with_values!(mean, means => with_values!(counts, counts => match few {
                    true => weighted::<_, _, true>(area, means, counts),
                    false => weighted::<_, _, false>(area, means, counts),
                }));
                let sums = sums.fold::<Sum<f64>>(marker, rows.clone());
                let counted = match covering.filter(|_| complete) {
                    Some(covering) => Counted::of(covering, area.width, &tile),
                    None => with_values!(mean, means => {
                        Counted::new(area, (counts, total), |at| !means[at].is_nan(), marker, rows)
                    }),
                };
                // 0 divided by 0 where there is none.
                tile.write(|i| sums[i] / counted.number(i));
            }
            Source::Min(min) => with_values!(min, cells => {
                let least = extremes::<_, Least<_>, LeastOfAll<_>>(area, cells, marker, rows);
                tile.write(|i| least[i].to_f64());
            }),
            Source::Max(max) => with_values!(max, cells => {
                let greatest = extremes::<_, Greatest<_>, GreatestOfAll<_>>(area, cells, marker, rows);
                tile.write(|i| greatest[i].to_f64());
            }),
            Source::Var { var, mean, counts } => {
                let moments = moments(area, [var, mean, counts], |var| var, marker, rows);
                tile.write(|i| moments[i].m2 / moments[i].n);
            }
            Source::Std { std, mean, counts } => {
                let moments = moments(area, [std, mean, counts], |std| std * std, marker, rows);
                tile.write(|i| (moments[i].m2 / moments[i].n).sqrt());
            }
        }
    }
}

/// Where the items of a tile come from.
pub(super) struct Area {
    /// The columns of the grid.
    pub(super) width: usize,
    /// The rows of the grid that the pages have.
    pub(super) given: Range<usize>,
    /// The rows that the markers of the tile reach, which are among these.
    pub(super) rows: Range<usize>,
    /// The columns of the tile.
    pub(super) columns: Range<usize>,
    /// How far the markers reach to its sides.
    pub(super) pad: usize,
}

impl Area {
    /// Items of cells. `load` gets a range of cells in the pages and the items to make of them.
    pub(super) fn plane<F: Fold>(
        &self,
        mut load: impl FnMut(Range<usize>, &mut [F::Item]),
    ) -> Plane<F::Item> {
        let left = self.columns.start.saturating_sub(self.pad);
        let right = self.width.min(self.columns.end + self.pad);
        let margin = left + self.pad - self.columns.start;
        Plane::new::<F>(self.rows.clone(), self.columns.len(), self.pad, |y, items| {
            let start = (y - self.given.start) * self.width;
            load(start + left..start + right, &mut items[margin..margin + right - left]);
        })
    }

    /// The sum of the counts, or more.
    fn total(&self, counts: Values<'_>) -> f64 {
        let mut total = 0.0;
        let left = self.columns.start.saturating_sub(self.pad);
        let right = self.width.min(self.columns.end + self.pad);
        for y in self.rows.clone() {
            let start = (y - self.given.start) * self.width;
            total += with_values!(counts, counts => sum(&counts[start + left..start + right]));
        }
        total
    }
}

/// Adds up what is above zero, in an order that suits vectors.
fn sum<T: Float>(counts: &[T]) -> f64 {
    let mut lanes = [0.0; 8];
    for counts in counts.chunks(lanes.len()) {
        for (lane, count) in lanes.iter_mut().zip(counts) {
            *lane += if *count > T::ZERO { count.to_f64() } else { 0.0 };
        }
    }
    lanes.iter().sum()
}

/// Whether there are points.
#[inline(always)]
fn any<T: Float>(count: T) -> bool {
    count >= T::ONE
}

/// The whole number in a count, quickly where it is one of `FEW`.
#[inline(always)]
fn whole<T: Float, const FEW: bool>(count: T) -> f64 {
    if FEW { f64::from(count.to_i32()) } else { count.to_f64() as u64 as f64 }
}

/// Sums of z: means times counts. And whether every cell with points has a mean.
fn weighted<T: Float, C: Float, const FEW: bool>(
    area: &Area,
    means: &[T],
    counts: &[C],
) -> (Plane<f64>, bool) {
    let mut complete = true;
    let plane = area.plane::<Sum<f64>>(|at, items| {
        let cells = means[at.clone()].iter().zip(&counts[at]);
        for (item, (&mean, &count)) in items.iter_mut().zip(cells) {
            let sum = mean.to_f64() * whole::<_, FEW>(count);
            *item = if any(count) & !mean.is_nan() { sum } else { Sum::<f64>::EMPTY };
            complete &= !(any(count) & mean.is_nan());
        }
    });
    (plane, complete)
}

/// The smallest or largest values: by `Plain`, which has an infinity for no value, unless that is one of
/// the values.
fn extremes<T: Float, Plain: Fold<Item = T>, Exact: Fold<Item = T>>(
    area: &Area,
    cells: &[T],
    marker: Marker,
    rows: Range<usize>,
) -> Vec<T> {
    let mut found = false;
    let plane = area.plane::<Plain>(|at, items| {
        for (item, &cell) in items.iter_mut().zip(&cells[at]) {
            found |= Plain::is_empty(cell);
            *item = if cell.is_nan() { Plain::EMPTY } else { cell };
        }
    });
    if found {
        let plane = area.plane::<Exact>(|at, items| items.copy_from_slice(&cells[at]));
        return plane.fold::<Exact>(marker, rows);
    }
    let mut extremes = plane.fold::<Plain>(marker, rows);
    for value in &mut extremes {
        *value = if Plain::is_empty(*value) { T::NAN } else { *value };
    }
    extremes
}

/// Number, mean and squared deviations of the points under each marker. `variance` takes the first of the
/// pages, deviations, to their squares; the others are means and counts.
fn moments(
    area: &Area,
    [deviation, mean, counts]: [Values<'_>; 3],
    variance: impl Fn(f64) -> f64,
    marker: Marker,
    rows: Range<usize>,
) -> Vec<Moment> {
    let plane = area.plane::<Moments>(|at, items| {
        for (item, at) in items.iter_mut().zip(at) {
            let [deviation, mean, count] = [deviation, mean, counts]
                .map(|cells| with_values!(cells, cells => cells[at].to_f64()));
            let n = whole::<_, false>(count);
            if any(count) && !mean.is_nan() {
                *item = Moment { n, mean, m2: n * variance(deviation) };
            }
        }
    });
    plane.fold::<Moments>(marker, rows)
}

/// The number of points under each marker: exact in 32 bits where there are few, else in 64.
enum Counted {
    Few(Vec<f32>),
    Many(Vec<f64>),
}

impl Counted {
    /// Adds up the counts of those cells that `takes` says yes to, by their place in the pages. All of them together
    /// are `total`, or less.
    fn new(
        area: &Area,
        (counts, total): (Values<'_>, f64),
        takes: impl Fn(usize) -> bool,
        marker: Marker,
        rows: Range<usize>,
    ) -> Self {
        // Below this no sum is rounded, so that both ways give the same.
        if total <= EXACT_IN_F32 {
            let plane = with_values!(counts, counts => area.plane::<Sum<f32>>(|at, items| {
                for ((item, &count), at) in items.iter_mut().zip(&counts[at.clone()]).zip(at) {
                    let number = count.to_i32() as f32;
                    *item = if any(count) & takes(at) { number } else { Sum::<f32>::EMPTY };
                }
            }));
            Self::Few(plane.fold::<Sum<f32>>(marker, rows))
        } else {
            let plane = with_values!(counts, counts => area.plane::<Sum<f64>>(|at, items| {
                for ((item, &count), at) in items.iter_mut().zip(&counts[at.clone()]).zip(at) {
                    let number = whole::<_, false>(count);
                    *item = if any(count) & takes(at) { number } else { Sum::<f64>::EMPTY };
                }
            }));
            Self::Many(plane.fold::<Sum<f64>>(marker, rows))
        }
    }

    /// Those that are at hand for a tile of so wide a grid.
    fn of<O>(covering: Values<'_>, width: usize, tile: &Tile<'_, O>) -> Self {
        let columns = tile.columns.len();
        let rows =
            (tile.start..).step_by(width).take(tile.rows.len()).map(|start| start..start + columns);
        match covering {
            Values::F32(counts) => Self::Few(rows.flat_map(|row| &counts[row]).copied().collect()),
            Values::F64(counts) => Self::Many(rows.flat_map(|row| &counts[row]).copied().collect()),
        }
    }

    #[inline(always)]
    fn number(&self, index: usize) -> f64 {
        // Where there is nothing the sum is -0.0.
        0.0 + match self {
            Self::Few(counts) => counts[index].into(),
            Self::Many(counts) => counts[index],
        }
    }
}
