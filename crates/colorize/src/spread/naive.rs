//! The oracle of the tests: for each pixel the cells under its marker, one after the other.

use super::{Marker, Shape};

/// The places of the cells under the marker around a pixel, for each pixel.
pub(super) fn covered(marker: Marker, width: usize, height: usize) -> Vec<Vec<usize>> {
    let r = i64::from(marker.radius);
    let mut all = Vec::new();
    for y in 0..height as i64 {
        for x in 0..width as i64 {
            let mut places = Vec::new();
            for dy in -r.min(y)..=r.min(height as i64 - 1 - y) {
                for dx in -r.min(x)..=r.min(width as i64 - 1 - x) {
                    let is_near = ((dx * dx + dy * dy) as f64).sqrt() <= r as f64 + 0.5;
                    if is_near || marker.shape == Shape::Square {
                        places.push((y + dy) as usize * width + (x + dx) as usize);
                    }
                }
            }
            all.push(places);
        }
    }
    all
}

/// Sum of n over the cells, as a whole number.
pub(super) fn count(counts: &[f64], places: &[usize]) -> f64 {
    places.iter().map(|&at| counts[at] as u64).sum::<u64>() as f64
}

/// Sum of the values that are no NaN, and of their magnitudes; NaN where there is none.
pub(super) fn sum(values: &[f64], places: &[usize]) -> (f64, f64) {
    let found: Vec<f64> =
        places.iter().map(|&at| values[at]).filter(|value| !value.is_nan()).collect();
    let magnitude = found.iter().map(|value| value.abs()).sum();
    (if found.is_empty() { f64::NAN } else { found.iter().sum() }, magnitude)
}

/// The values with points, and how many.
fn weighted(values: &[f64], counts: &[f64], places: &[usize]) -> Vec<(usize, f64)> {
    let has = |&at: &usize| counts[at] >= 1.0 && !values[at].is_nan();
    places.iter().copied().filter(has).map(|at| (at, counts[at].floor())).collect()
}

/// Mean of the means weighted by count, and the mean of their magnitudes.
pub(super) fn mean(means: &[f64], counts: &[f64], places: &[usize]) -> (f64, f64) {
    let found = weighted(means, counts, places);
    let n: f64 = found.iter().map(|(_, n)| n).sum();
    let of =
        |value: fn(f64) -> f64| found.iter().map(|&(at, n)| value(means[at]) * n).sum::<f64>() / n;
    (of(|value| value), of(f64::abs))
}

/// Mean square deviation from the mean, in two passes.
pub(super) fn var(vars: &[f64], means: &[f64], counts: &[f64], places: &[usize]) -> f64 {
    let found = weighted(means, counts, places);
    let n: f64 = found.iter().map(|(_, n)| n).sum();
    let mean = found.iter().map(|&(at, n)| means[at] * n).sum::<f64>() / n;
    found.iter().map(|&(at, n)| n * (vars[at] + (means[at] - mean).powi(2))).sum::<f64>() / n
}

/// The first value that none comes before.
pub(super) fn extreme(values: &[f64], places: &[usize], before: fn(&f64, &f64) -> bool) -> f64 {
    let mut found = f64::NAN;
    for &at in places {
        if found.is_nan() || before(&values[at], &found) {
            found = values[at];
        }
    }
    found
}

/// datashader's `_array_density`.
pub(super) fn density(occupied: &[bool], width: usize, height: usize, distance: usize) -> f64 {
    let (mut cells, mut crowded) = (0.0, 0.0);
    for y in 0..height {
        for x in 0..width {
            if !occupied[y * width + x] {
                continue;
            }
            cells += 1.0;
            let mut neighbours = 0;
            for y in y.saturating_sub(distance)..height.min(y + distance + 1) {
                for x in x.saturating_sub(distance)..width.min(x + distance + 1) {
                    neighbours += usize::from(occupied[y * width + x]);
                }
            }
            crowded += f64::from(u8::from(neighbours > 1));
        }
    }
    if cells > 0.0 { crowded / cells } else { f64::INFINITY }
}
