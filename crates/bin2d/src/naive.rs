//! The same results the slow, obvious way: what the tests hold the fast code against.

use pointillist_base::Dtype;

use crate::axis::OUTSIDE;
use crate::reduction::Reduction;
use crate::{Frame, Stats};

/// `numpy.linspace(lo, hi, n + 1).astype(stored)`, with edges past `hi` held there.
pub(crate) fn edges(stored: Dtype, lo: f64, hi: f64, n: u32) -> Vec<f64> {
    let width = hi - lo;
    let step = width / f64::from(n);
    let mut edges: Vec<f64> = (0..=n)
        .map(|i| {
            let offset =
                if step == 0.0 { f64::from(i) / f64::from(n) * width } else { f64::from(i) * step };
            (offset + lo).min(hi)
        })
        .collect();
    edges[n as usize] = hi;
    if stored == Dtype::F32 {
        edges = edges.into_iter().map(|edge| f64::from(edge as f32)).collect();
    }
    edges
}

/// `numpy.searchsorted(edges, value, side="right")`, then NumPy's rule for the last edge. What is not finite is in no cell,
/// whatever the edges.
pub(crate) fn search(edges: &[f64], value: f64) -> u32 {
    let cells = edges.len() - 1;
    if !value.is_finite() {
        return OUTSIDE;
    }
    let right = edges.partition_point(|&edge| edge <= value);
    match right {
        0 => OUTSIDE,
        _ if value == edges[cells] => cells as u32 - 1,
        _ if right > cells => OUTSIDE,
        _ => right as u32 - 1,
    }
}

/// All points of a grid, each cell with the list of its rows and their z (NaN included).
pub(crate) struct Cells {
    pub(crate) cells: Vec<Vec<(u64, f64)>>,
    pub(crate) stats: Stats,
}

/// Bins `(x, y, z)` rows, whose x and y are stored as these types, into lists.
pub(crate) fn bin(
    frame: &Frame,
    stored: [Dtype; 2],
    rows: impl Iterator<Item = (f64, f64, f64)>,
) -> Cells {
    let (width, height) = (frame.size.width(), frame.size.height());
    let x_edges = edges(stored[0], frame.extent.xmin, frame.extent.xmax, width);
    let y_edges = edges(stored[1], frame.extent.ymin, frame.extent.ymax, height);
    let mut cells = vec![Vec::new(); width as usize * height as usize];
    let mut stats = Stats::default();
    for (x, y, z) in rows {
        stats.points += 1;
        let (column, row) = (search(&x_edges, x), search(&y_edges, y));
        if !x.is_finite() || !y.is_finite() {
            stats.non_finite += 1;
        } else if column == OUTSIDE || row == OUTSIDE {
            stats.outside += 1;
        } else {
            stats.binned += 1;
            let from_top = (height - 1 - row) as usize;
            cells[from_top * width as usize + column as usize].push((stats.points - 1, z));
        }
    }
    Cells { cells, stats }
}

/// How rows are dealt out to lanes before they are added up.
#[derive(Clone, Copy)]
pub(crate) struct Order {
    pub(crate) lanes: usize,
    pub(crate) stripe_rows: u64,
}

/// The reduction of the z of one cell, each with its row.
pub(crate) fn reduce(reduction: Reduction, all: &[(u64, f64)], order: Order) -> f64 {
    if reduction == Reduction::Count {
        return all.len() as f64;
    }
    let valid: Vec<(u64, f64)> = all.iter().copied().filter(|(_, z)| !z.is_nan()).collect();
    let z: Vec<f64> = valid.iter().map(|&(_, z)| z).collect();
    let (Some(&first), Some(&last)) = (z.first(), z.last()) else { return f64::NAN };
    let n = z.len() as f64;
    let mut lanes = vec![0.0; order.lanes];
    for (row, z) in valid {
        lanes[(row / order.stripe_rows) as usize % order.lanes] += z;
    }
    let sum = lanes.into_iter().fold(0.0, |sum, lane| sum + lane);
    let variance = || {
        let (mut mean, mut m2) = (0.0, 0.0);
        for (i, z) in z.iter().enumerate() {
            let delta = z - mean;
            mean += delta / (i + 1) as f64;
            m2 += delta * (z - mean);
        }
        m2 / n
    };
    match reduction {
        Reduction::Count => n,
        Reduction::Sum => sum,
        Reduction::Mean => sum / n,
        Reduction::Min => z.iter().copied().fold(f64::INFINITY, f64::min),
        Reduction::Max => z.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Reduction::Std => variance().sqrt(),
        Reduction::Var => variance(),
        Reduction::First => first,
        Reduction::Last => last,
        other => unreachable!("{other} is of no z"),
    }
}

/// The sum or the mean of the z of one cell, added up exactly and rounded once, or twice for the mean: with partial sums
/// that do not overlap (Shewchuk 1997).
pub(crate) fn exact(reduction: Reduction, all: &[(u64, f64)]) -> f64 {
    let z: Vec<f64> = all.iter().map(|&(_, z)| z).filter(|z| !z.is_nan()).collect();
    if z.is_empty() {
        return f64::NAN;
    }
    let mut sum = z.iter().fold(0.0, |sum, z| sum + z);
    if sum.is_finite() {
        let mut partials: Vec<f64> = Vec::new();
        for &z in &z {
            let mut z = z;
            let mut kept = Vec::new();
            for partial in partials {
                let (large, small) =
                    if z.abs() > partial.abs() { (z, partial) } else { (partial, z) };
                let total = large + small;
                let rest = small - (total - large);
                if rest != 0.0 {
                    kept.push(rest);
                }
                z = total;
            }
            kept.push(z);
            partials = kept;
        }
        sum = partials.iter().fold(0.0, |sum, partial| sum + partial);
    }
    if reduction == Reduction::Mean { sum / z.len() as f64 } else { sum }
}
