//! Points composited one over another: `bin2d/over/size=1024/side=5/alpha=1` and its like, points a second. A side of 0
//! is the cell of a grid.

use std::hint::black_box;
use std::ops::Range;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pointillist_base::Values;
use pointillist_bin2d::over::{Along, Lattice, Marker, Over, Paint, Place, PorterDuff};
use pointillist_bin2d::{Columns, Extent, Frame, Size};

const ROWS: usize = 4 << 20;

/// SplitMix64: the same numbers on every machine, in [0, 1).
fn unit(state: &mut u64) -> f32 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 40) as f32 / (1 << 24) as f32
}

/// A table of 256 colours.
struct Table(Vec<[f32; 4]>);

impl Paint for Table {
    const COLUMNS: usize = 1;
    type Row = f32;
    type Ink = [f32; 4];

    fn read(&self, columns: &[Values<'_>], rows: Range<usize>, into: &mut [f32]) {
        if let [Values::F32(z)] = columns {
            into.copy_from_slice(&z[rows]);
        }
    }

    #[inline(always)]
    fn paint(&self, rows: &[f32], inks: &mut [[f32; 4]]) {
        for (ink, &z) in inks.iter_mut().zip(rows) {
            *ink = self.0[((z * 256.0) as usize).min(255)];
        }
    }
}

fn table(alpha: f32) -> Table {
    let color = |entry: i32| {
        let t = entry as f32 / 255.0;
        [t * alpha, (1.0 - t) * alpha, 0.5 * alpha, alpha]
    };
    Table((0..256).map(color).collect())
}

fn over(criterion: &mut Criterion) {
    let mut state = 1;
    let mut column = || (0..ROWS).map(|_| unit(&mut state)).collect::<Vec<_>>();
    let (x, y, z) = (column(), column(), column());
    let mut group = criterion.benchmark_group("bin2d/over");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    for side in [1024, 4096] {
        for marker in [0, 5, 50] {
            for alpha in [0.1, 1.0] {
                if marker == 50 && alpha < 1.0 {
                    // Every pixel of every marker: seconds.
                    continue;
                }
                let size = Size::new(side, side).expect("a valid size");
                let scale = f64::from(side);
                let along = Along::new(scale, 0.0);
                let place = match marker {
                    0 => {
                        let extent = Extent::new(0.0, 1.0, 0.0, 1.0).expect("a valid extent");
                        Place::Cells(Frame { extent, size })
                    }
                    side => Place::Lattice(Lattice {
                        size,
                        x: along,
                        y: along,
                        marker: Marker::Edges { half: f64::from(side) / 2.0 },
                    }),
                };
                let id = format!("size={side}/side={marker}/alpha={alpha}");
                group.bench_function(BenchmarkId::from_parameter(id), |bencher| {
                    bencher.iter(|| {
                        let mut over =
                            Over::new(place.clone(), PorterDuff, table(alpha)).expect("a canvas");
                        let points = Columns::new(Values::F32(&x), Values::F32(&y));
                        let z = Values::F32(&z).into();
                        over.add(&points.expect("one length"), &[z], &()).expect("drawn");
                        let canvas = over.finish();
                        assert!(canvas.stats().binned > ROWS as u64 - 1000);
                        black_box(canvas)
                    });
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, over);
criterion_main!(benches);
