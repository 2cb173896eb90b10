//! A grid of 4096 by 4096 cells spread to markers: radii, shapes and pages, of a sparse and a dense grid.
//!
//! In the dense grid three quarters of the cells are occupied, as in the benchmark of shading; in the sparse one, one
//! in five hundred, and most rows of it not at all.
#![allow(clippy::unwrap_used, reason = "a benchmark that fails should stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pointillist_base::{Values, ValuesMut};
use pointillist_colorize::spread::{Density, Marker, Occupancy, Shape, Source, Spread};

const SIDE: usize = 4096;

/// Means and counts, the same on every run.
fn grid(sparse: bool) -> (Vec<f32>, Vec<f32>) {
    let mut state = 1u64;
    (0..SIDE * SIDE)
        .map(|i| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let noise = (state >> 40) as f32 / (1 << 24) as f32;
            let beside = sparse && (i / SIDE) % 1024 > 200;
            if beside || noise < if sparse { 0.99 } else { 0.25 } {
                return (f32::NAN, 0.0);
            }
            ((i % SIDE) as f32 / SIDE as f32 + 0.1 * noise, (0.6 / (1.01 - noise)).ceil())
        })
        .unzip()
}

fn spread(c: &mut Criterion) {
    let mut group = c.benchmark_group("spread");
    group.throughput(Throughput::Elements((SIDE * SIDE) as u64)).sample_size(10);
    let mut out = vec![0.0f32; SIDE * SIDE];
    for (name, sparse) in [("dense", false), ("sparse", true)] {
        let (means, counts) = grid(sparse);
        let (mean, counts) = (Values::F32(&means), Values::F32(&counts));
        let pages = [
            ("count", Source::Count(counts)),
            ("mean", Source::Mean { mean, counts, covering: None }),
        ];
        for (page, source) in pages {
            for shape in Shape::ALL {
                for radius in [1, 5, 20, 100] {
                    let spread = Spread::new(Marker { radius, shape }, SIDE, SIDE).unwrap();
                    group.bench_function(format!("{name}/{page}/{shape}={radius}"), |b| {
                        b.iter(|| {
                            spread.rows(source, 0..SIDE, ValuesMut::F32(black_box(&mut out)))
                        });
                    });
                    let occupied = out.iter().filter(|&&value| value > 0.0).count();
                    assert!(occupied > SIDE * SIDE / 100, "{occupied}");
                }
            }
        }
        group.bench_function(format!("{name}/density"), |b| {
            b.iter(|| {
                let mut density = Density::new(SIDE, SIDE, Density::MAX_RADIUS).unwrap();
                density.add(Occupancy::Counts(black_box(counts)), 0..SIDE);
                density.radius(Density::THRESHOLD).unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, spread);
criterion_main!(benches);
