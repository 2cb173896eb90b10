//! The oracle of the tests: the same results, one cell at a time, in the plainest way, without the shared
//! kernels.

use crate::{Alpha, Color, Norm, Options, Paint};

/// matplotlib's `Colormap.__call__` for one 32-bit number.
pub(crate) fn entry32(position: f32, entries: u16) -> u16 {
    let n = f32::from(entries);
    let mut x = position * n;
    if x == n {
        x = n - 1.0;
    }
    let inside = if x.is_nan() { 0 } else { x.clamp(0.0, n - 1.0).floor() as u16 };
    if x < 0.0 {
        entries
    } else if x >= n {
        entries + 1
    } else if x.is_nan() {
        entries + 2
    } else if x > n - 1.0 {
        entries - 1
    } else {
        inside
    }
}

/// The same for one 64-bit number.
pub(crate) fn entry64(position: f64, entries: u16) -> u16 {
    let n = f64::from(entries);
    let x = position * n;
    match x {
        x if x.is_nan() => entries + 2,
        x if x < 0.0 => entries,
        x if x > n => entries + 1,
        x if x == n => entries - 1,
        x => (0..entries).rev().find(|i| f64::from(*i) <= x).unwrap_or(0),
    }
}

/// Minimum and maximum of the values that count.
pub(crate) fn span(values: &[f32], counts: Option<&[f64]>, norm: Norm) -> Option<(f64, f64)> {
    let mut found: Vec<f64> = Vec::new();
    for i in 0..values.len() {
        let occupied = counts.is_none_or(|counts| counts[i] > 0.0);
        let value = f64::from(values[i]);
        if occupied && value.is_finite() && (norm != Norm::Log || value > 0.0) {
            found.push(value);
        }
    }
    found.sort_by(|a, b| a.total_cmp(b));
    Some((*found.first()?, *found.last()?))
}

/// The position of a 32-bit value, and whether it is a 64-bit number.
fn position(norm: Norm, value: f32, vmin: f64, vmax: f64) -> (f64, bool) {
    if vmin == vmax {
        return (if value.is_nan() { f64::NAN } else { 0.0 }, false);
    }
    let rounded = |x: f64| f64::from(x as f32);
    let transformed = |value: f64, vmin: f64, vmax: f64| {
        let position = rounded(rounded(value - vmin) / (vmax - vmin));
        if position.is_finite() { position } else { f64::NAN }
    };
    let power = |exponent: f32| {
        let linear = (value - vmin as f32) / ((vmax - vmin) as f32);
        f64::from(if linear > 0.0 { linear.powf(exponent) } else { linear })
    };
    match norm {
        Norm::Linear => (rounded(rounded(f64::from(value) - vmin) / (vmax - vmin)), false),
        Norm::Log => (transformed(value.log10().into(), vmin.log10(), vmax.log10()), false),
        Norm::Sqrt => {
            let linear = (value - vmin as f32) / ((vmax - vmin) as f32);
            (f64::from(if linear > 0.0 { linear.sqrt() } else { linear }), false)
        }
        Norm::Cbrt | Norm::Log1p => {
            let root = |distance: f64| match norm {
                Norm::Cbrt => distance.powf(1.0 / 3.0),
                _ => distance.ln_1p(),
            };
            let distance = f64::from(value) - vmin;
            let stretched = if distance < 0.0 { distance } else { root(distance) };
            (stretched / root(vmax - vmin), true)
        }
        Norm::Power(exponent) => (power(exponent as f32), false),
        Norm::Asinh(width) => {
            let stretched = |v: f64| (v / width).asinh() * width;
            let (low, high) = (stretched(vmin), stretched(vmax));
            let position = (stretched(value.into()) - low) / (high - low);
            (if position.is_finite() { position } else { f64::NAN }, true)
        }
        Norm::SymLog(threshold) => {
            let linear = 1.0 / (1.0 - 0.1);
            let decades = |log: f64| log / 10f64.ln();
            let beyond =
                |log: f64, sign: f64| sign * (linear - decades(threshold.ln()) + decades(log));
            let limit = |v: f64| match v.abs() <= threshold {
                true => v * linear,
                false => beyond(v.abs().ln(), threshold.copysign(v)),
            };
            let value = match f64::from(value.abs()) <= threshold {
                true => f64::from(value) * linear,
                false => beyond(value.abs().ln().into(), threshold.copysign(f64::from(value))),
            };
            let position = (value - limit(vmin)) / (limit(vmax) - limit(vmin));
            (if position.is_finite() { position } else { f64::NAN }, true)
        }
        Norm::EqHist => unreachable!("eq_hist has a twin of its own"),
    }
}

/// The whole picture, for all norms but eq_hist.
pub(crate) fn picture(
    values: &[f32],
    counts: Option<&[f64]>,
    norm: Norm,
    options: &Options,
) -> Vec<u8> {
    let limits = span(values, counts, norm);
    let limits = match (options.vmin, options.vmax, limits) {
        (Some(vmin), Some(vmax), _) => Some((vmin, vmax)),
        (vmin, vmax, Some(limits)) => Some((vmin.unwrap_or(limits.0), vmax.unwrap_or(limits.1))),
        _ => None,
    };
    let counted: Option<Vec<f32>> = counts.map(|c| c.iter().map(|count| *count as f32).collect());
    let mut rgba = Vec::new();
    for (i, &value) in values.iter().enumerate() {
        let n = counts.map_or(f64::from(u8::from(!value.is_nan())), |counts| counts[i]);
        let mut color = match &options.paint {
            _ if n <= 0.0 => Color([0; 4]),
            Paint::Color(color) => *color,
            Paint::Colormap(colormap) => {
                let table = colormap.table().expect("no color table of a file");
                let entries = table.len() as u16;
                let entry = match limits {
                    None => entries + 2,
                    Some((vmin, vmax)) => match position(norm, value, vmin, vmax) {
                        (position, true) => entry64(position, entries),
                        (position, false) => entry32(position as f32, entries),
                    },
                };
                match entry.checked_sub(entries) {
                    None => table[usize::from(entry)],
                    Some(0) => options.under.unwrap_or(table[0]),
                    Some(1) => options.over.unwrap_or(*table.last().unwrap()),
                    Some(_) => options.bad.unwrap_or(Color([0; 4])),
                }
            }
        };
        let opacity = match options.alpha {
            Alpha::PerPoint(1.0) => 1.0,
            Alpha::PerPoint(alpha) if n == 1.0 => alpha,
            Alpha::PerPoint(alpha) => -(n * (-alpha).ln_1p()).exp_m1(),
            Alpha::Norm { norm, range: (low, high) } => {
                let counted = counted.as_ref().expect("counts");
                let exact: Vec<f64> = counted.iter().map(|count| f64::from(*count)).collect();
                let (vmin, vmax) = span(counted, Some(&exact), norm).unwrap_or((0.0, 0.0));
                low + (high - low) * count_position(norm, n, vmin, vmax).clamp(0.0, 1.0)
            }
        };
        color.0[3] = (opacity * f64::from(color.0[3]) + 0.5).floor() as u8;
        rgba.extend(options.background.map_or(color, |below| color.over(below)).0);
    }
    rgba
}

/// The position of a count, which is a 64-bit number.
fn count_position(norm: Norm, n: f64, vmin: f64, vmax: f64) -> f64 {
    let scale = crate::Scale::new(norm, crate::Limits { vmin, vmax });
    let mut position = [0.0];
    if let Ok(scale) = scale {
        scale.positions(crate::Values::F64(&[n]), &mut position);
    }
    position[0]
}

/// datashader's `eq_hist` of 32-bit values, stretched to [0, 1].
pub(crate) fn equalized(values: &[f32]) -> Vec<f64> {
    let first = values.iter().copied().fold(f32::INFINITY, f32::min);
    let above: Vec<f32> = values.iter().map(|value| value - first).collect();
    let range = above.iter().copied().fold(0.0, f32::max);
    let whole = values.iter().all(|value| value.fract() == 0.0);
    let whole_range =
        values.iter().map(|value| f64::from(*value)).fold(0.0, f64::max) - f64::from(first);
    let shares: Vec<f64> = if whole && whole_range < 65536.0 {
        let below = |x: f32| above.iter().filter(|y| **y <= x).count();
        above.iter().map(|&x| below(x) as f64 / values.len() as f64).collect()
    } else if whole {
        let above: Vec<f64> = values.iter().map(|v| f64::from(*v) - f64::from(first)).collect();
        let range = above.iter().copied().fold(0.0, f64::max);
        let edges: Vec<f64> = (0..=65536)
            .map(|k| if k == 65536 { range } else { f64::from(k) * (range / 65536.0) })
            .collect();
        let centres = edges.windows(2).map(|edge| (edge[0] + edge[1]) / 2.0).collect();
        interpolated(&above, &edges, centres)
    } else {
        let edges: Vec<f32> = (0..=65536)
            .map(|k| if k == 65536 { range } else { k as f32 * (range / 65536.0) })
            .collect();
        let centres = edges.windows(2).map(|edge| f64::from((edge[0] + edge[1]) / 2.0)).collect();
        let edges: Vec<f64> = edges.into_iter().map(f64::from).collect();
        let above: Vec<f64> = above.into_iter().map(f64::from).collect();
        interpolated(&above, &edges, centres)
    };
    let low = shares.iter().copied().fold(f64::INFINITY, f64::min);
    shares.iter().map(|share| (share - low) / (1.0 - low)).collect()
}

/// `numpy.interp(values, centres, cdf)` over the centres of the bins that are not empty.
fn interpolated(values: &[f64], edges: &[f64], centres: Vec<f64>) -> Vec<f64> {
    let mut histogram = vec![0u32; centres.len()];
    for value in values {
        let bin = edges[1..centres.len()].partition_point(|edge| edge <= value);
        histogram[bin] += 1;
    }
    let mut sum = 0;
    let mut curve: Vec<(f64, f64)> = Vec::new();
    for (centre, &cells) in centres.into_iter().zip(&histogram) {
        sum += cells;
        if cells > 0 {
            curve.push((centre, f64::from(sum) / values.len() as f64));
        }
    }
    let share = |value: &f64| {
        let above = curve.partition_point(|(centre, _)| centre <= value);
        if above == 0 {
            return curve[0].1;
        }
        let (x, y) = curve[above - 1];
        if above == curve.len() || x == *value {
            return y;
        }
        let (x1, y1) = curve[above];
        (y1 - y) / (x1 - x) * (value - x) + y
    };
    values.iter().map(share).collect()
}
