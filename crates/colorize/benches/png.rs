//! Pictures to PNG files: noise in a palette, noise with opacities of its own, a smooth one, an empty one.
#![allow(clippy::unwrap_used, reason = "a benchmark that fails should stop")]

use std::hint::black_box;
use std::ops::Range;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pointillist_colorize::{Color, Colormap, Effort, Error, Pixels, write_png};

/// Square, of pixels that are known.
struct Made {
    side: usize,
    rgba: Vec<u8>,
    palette: Option<Vec<Color>>,
}

impl Pixels for Made {
    fn width(&self) -> usize {
        self.side
    }

    fn height(&self) -> usize {
        self.side
    }

    fn fill(&self, rows: Range<usize>, rgba: &mut [u8]) -> Result<(), Error> {
        rgba.copy_from_slice(&self.rgba[rows.start * 4 * self.side..rows.end * 4 * self.side]);
        Ok(())
    }

    fn palette(&self) -> Option<Vec<Color>> {
        self.palette.clone()
    }
}

/// From the position of a pixel, each from 0 to 1, and some noise of that range.
type Paint = fn(f32, f32, f32, &[Color]) -> Color;

fn made(side: usize, known: bool, paint: Paint) -> Made {
    let colormap = Colormap::default();
    let mut state = 1u64;
    let pixels = (0..side * side).map(|i| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (state >> 40) as f32 / (1 << 24) as f32;
        let (x, y) = ((i % side) as f32 / side as f32, (i / side) as f32 / side as f32);
        paint(x, y, noise, colormap.table().unwrap()).0
    });
    let rgba = pixels.collect::<Vec<_>>().into_flattened();
    let palette = [&[Color::TRANSPARENT], colormap.table().unwrap()].concat();
    Made { side, rgba, palette: known.then_some(palette) }
}

fn smooth(x: f32, y: f32) -> f32 {
    ((9.0 * x).sin() + (5.0 * y).cos()) / 4.0 + 0.5
}

/// Most cells are empty far from the middle, and few within.
fn is_empty(x: f32, y: f32, noise: f32) -> bool {
    noise < (4.0 * ((x - 0.5).powi(2) + (y - 0.5).powi(2))).sqrt()
}

fn at(table: &[Color], position: f32) -> Color {
    table[((position * table.len() as f32) as usize).min(table.len() - 1)]
}

fn noisy(x: f32, y: f32, noise: f32, table: &[Color]) -> Color {
    if is_empty(x, y, noise) {
        return Color::TRANSPARENT;
    }
    at(table, smooth(x, y) * 0.7 + 0.3 * (997.0 * noise).fract())
}

fn translucent(x: f32, y: f32, noise: f32, table: &[Color]) -> Color {
    let Color([r, g, b, a]) = noisy(x, y, noise, table);
    let points = ((7919.0 * noise).fract() * 20.0) as i32;
    Color([r, g, b, (f32::from(a) * (1.0 - 0.9f32.powi(1 + points))) as u8])
}

fn encoding(c: &mut Criterion) {
    let mut group = c.benchmark_group("colorize/png");
    group.sample_size(10);
    let cases: [(&str, bool, Paint); 5] = [
        ("noisy", true, noisy),
        ("noisy,palette=unknown", false, noisy),
        ("translucent", false, translucent),
        ("smooth", true, |x, y, _, table| at(table, smooth(x, y))),
        ("empty", true, |_, _, _, _| Color::TRANSPARENT),
    ];
    for (effort, side) in [(Effort::Fast, 4096), (Effort::Small, 1024)] {
        for (name, known, paint) in cases {
            let pixels = made(side, known, paint);
            let mut file = Vec::new();
            group.throughput(Throughput::Elements((side * side) as u64));
            group.bench_function(format!("effort={effort},{name}"), |b| {
                b.iter(|| {
                    file.clear();
                    write_png(&mut file, black_box(&pixels), &[], effort).unwrap();
                });
            });
            let decoded = image::load_from_memory(&file).unwrap().into_rgba8();
            assert!(decoded.into_raw() == pixels.rgba, "{name} does not come back");
        }
    }
    group.finish();
}

criterion_group!(benches, encoding);
criterion_main!(benches);
