//! A grid of 4096 by 4096 cells to pixels, for each norm and opacity.
//!
//! The grid is what a large scatter leaves: a quarter of the cells empty, counts that fall off steeply, values with noise.
#![allow(clippy::unwrap_used, reason = "a benchmark that fails should stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pointillist_base::Values;
use pointillist_colorize::{Alpha, Color, Drawing, Norm, Options, Pixels, Resident};
use rayon::prelude::*;

const SIDE: usize = 4096;

/// Values and counts, the same on every run.
fn grid() -> (Vec<f32>, Vec<f32>) {
    let mut state = 1u64;
    (0..SIDE * SIDE)
        .map(|i| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let noise = (state >> 40) as f32 / (1 << 24) as f32;
            let (x, y) = ((i % SIDE) as f32 / SIDE as f32, (i / SIDE) as f32 / SIDE as f32);
            if noise < 0.25 {
                return (f32::NAN, 0.0);
            }
            ((9.0 * x).sin() + (5.0 * y).cos() + 0.1 * noise, (0.6 / (1.01 - noise)).ceil())
        })
        .unzip()
}

fn norms(c: &mut Criterion) {
    let (values, counts) = grid();
    let (values, counts) = (Values::F32(&values), Values::F32(&counts));
    let mut rgba = vec![0; 4 * SIDE * SIDE];
    let mut group = c.benchmark_group("colorize/shade");
    group.throughput(Throughput::Elements((SIDE * SIDE) as u64)).sample_size(10);
    let default = Options::default;
    let cases = [
        ("norm=linear", values, Norm::Linear, default()),
        ("norm=log", counts, Norm::Log, default()),
        ("norm=sqrt", values, Norm::Sqrt, default()),
        ("norm=cbrt", values, Norm::Cbrt, default()),
        ("norm=asinh", values, Norm::Asinh(1.0), default()),
        ("norm=symlog", values, Norm::SymLog(0.5), default()),
        ("norm=eq_hist,counts", counts, Norm::EqHist, default()),
        ("norm=eq_hist,values", values, Norm::EqHist, default()),
        (
            "norm=linear,alpha=0.1",
            values,
            Norm::Linear,
            Options { alpha: Alpha::PerPoint(0.1), ..default() },
        ),
        (
            "norm=linear,alpha=0.1,background=white",
            values,
            Norm::Linear,
            Options { alpha: Alpha::PerPoint(0.1), background: Some(Color([255; 4])), ..default() },
        ),
    ];
    for (name, values, norm, options) in cases {
        let options = &Options { norm: Some(norm), ..options };
        // Limits included: this is what one picture costs.
        group.bench_function(name, |b| {
            b.iter(|| {
                let layer = Resident::new(values, Some(counts), SIDE, SIDE).unwrap();
                let drawing = Drawing::new(&layer, "mean", options).unwrap();
                rgba.par_chunks_mut(16 * 4 * SIDE).enumerate().for_each(|(band, rgba)| {
                    drawing.fill(16 * band..16 * (band + 1), black_box(rgba)).unwrap();
                });
            });
        });
        let drawn = rgba.chunks(4).filter(|pixel| pixel[3] > 0).count();
        assert!((0.7..=1.0).contains(&(drawn as f64 / (SIDE * SIDE) as f64)), "{name}: {drawn}");
    }
    group.finish();
}

criterion_group!(benches, norms);
criterion_main!(benches);
