//! Points to grids: `bin2d/lanes/size=1024/reduce=count,mean/input=uniform` and its like, rows a second.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pointillist_base::Values;
use pointillist_bin2d::{Columns, Extent, Frame, Reductions, Size, bin};

const ROWS: usize = 8 << 20;

/// SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// In [0, 1), with the 24 bits of a float.
    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32
    }
}

struct Points {
    x: Vec<f32>,
    y: Vec<f32>,
    z: Vec<f32>,
}

fn points(input: &str) -> Points {
    let mut random = Random(1);
    let mut points = Points { x: Vec::new(), y: Vec::new(), z: Vec::new() };
    for row in 0..ROWS {
        let (x, y) = match input {
            "uniform" => (random.unit(), random.unit()),
            // Nine of ten points in a ten-thousandth of the area.
            "clustered" if random.unit() < 0.9 => {
                (0.5 + 0.01 * random.unit(), 0.3 + 0.01 * random.unit())
            }
            "clustered" | "sorted" => (random.unit(), random.unit()),
            // Row by row, as an instrument or a raster export writes them.
            _ => ((row % 4096) as f32 / 4096.0, (row / 4096) as f32 / (ROWS / 4096) as f32),
        };
        points.x.push(x);
        points.y.push(y);
        points.z.push(random.unit());
    }
    if input == "sorted" {
        points.x.sort_by(f32::total_cmp);
    }
    points
}

fn bin2d(criterion: &mut Criterion) {
    let extent = |text: &str| text.parse::<Extent>().expect("a valid extent");
    let (all, beside) = (extent("0,1,0,1"), extent("2,3,0,1"));
    let reductions = |text: &str| text.parse::<Reductions>().expect("valid reductions");
    let (count, both) = (reductions("count"), reductions("count,mean"));
    let cases = [
        // What it takes to say of every point that it has no cell: the index alone.
        ("locate", beside, 1024, &count),
        // Straight to the cells of lanes: the scatter.
        ("lanes", all, 256, &both),
        ("lanes", all, 1024, &count),
        ("lanes", all, 1024, &both),
        // By way of tiles: the partition, and adding up.
        ("tiles", all, 4096, &count),
        ("tiles", all, 4096, &both),
    ];
    for input in ["uniform", "clustered", "sorted", "scan"] {
        let points = points(input);
        let columns = Columns::new(Values::F32(&points.x), Values::F32(&points.y))
            .and_then(|columns| columns.with_z("z", Values::F32(&points.z), false))
            .expect("columns of one length");
        for (instructions, extent, size, reductions) in &cases {
            let frame =
                Frame { extent: *extent, size: Size::new(*size, *size).expect("a valid size") };
            let mut group = criterion.benchmark_group(format!("bin2d/{instructions}"));
            group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
            let case = format!("size={size}/reduce={reductions}/input={input}");
            group.bench_function(BenchmarkId::from_parameter(case), |bencher| {
                bencher.iter(|| {
                    let grid = bin(std::slice::from_ref(&columns), &frame, reductions, &())
                        .expect("a grid");
                    let inside = if *extent == all { ROWS as u64 } else { 0 };
                    assert_eq!(grid.stats().binned, inside);
                    black_box(grid)
                });
            });
            group.finish();
        }
    }
}

criterion_group!(benches, bin2d);
criterion_main!(benches);
