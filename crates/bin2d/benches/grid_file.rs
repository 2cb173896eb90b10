//! Grids to files and back: `bin2d/write/size=4096/compress=none` and its like, bytes of pixels a second.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pointillist_base::Values;
use pointillist_bin2d::{
    Binned, Columns, Compression, Extent, Frame, GridFile, Options, Size, bin, write_grid,
};

const ROWS: usize = 4 << 20;

/// Points along a spiral arm with noise of their own, as a fraction of 24 bits: most cells stay empty.
fn points() -> [Vec<f32>; 3] {
    let mut state = 1u32;
    let mut unit = || {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    let mut columns = [const { Vec::new() }; 3];
    for _ in 0..ROWS {
        let (along, z) = (unit(), unit());
        let spread = 0.1 * (unit() + unit() + unit() - 1.5);
        let (sin, cos) = (9.0 * along).sin_cos();
        columns[0].push(0.5 + (0.35 * along + spread) * cos);
        columns[1].push(0.5 + (0.35 * along + spread) * sin);
        columns[2].push(z);
    }
    columns
}

fn grid_file(criterion: &mut Criterion) {
    let [x, y, z] = points();
    let [x, y, z] = [&x, &y, &z].map(|column| Values::F32(column));
    let columns = Columns::new(x, y)
        .and_then(|columns| columns.with_z("z", z, false))
        .expect("columns of one length");
    let reductions = "count,mean".parse().expect("valid reductions");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("grid.tiff");
    for size in [1024, 4096] {
        let frame = Frame {
            extent: Extent::new(0.0, 1.0, 0.0, 1.0).expect("a valid extent"),
            size: Size::new(size, size).expect("a valid size"),
        };
        for (name, compress) in [("none", Compression::None), ("deflate", Compression::Deflate)] {
            let grid =
                bin(std::slice::from_ref(&columns), &frame, &reductions, &()).expect("a grid");
            let options = Options { compress, ..Options::default() };
            let binned = Binned::new(grid, options, Vec::new());
            let id = BenchmarkId::from_parameter(format!("size={size}/compress={name}"));
            let page = u64::from(frame.size.cells()) * 4;
            let mut group = criterion.benchmark_group("bin2d/write");
            group.throughput(Throughput::Bytes(2 * page)).sample_size(10);
            group.bench_function(id.clone(), |bencher| {
                bencher.iter(|| write_grid(&binned, &path, &()).expect("a file"));
            });
            group.finish();
            let file = GridFile::open(&path).expect("a grid");
            file.verify().expect("what was written");
            let mut group = criterion.benchmark_group("bin2d/read");
            group.throughput(Throughput::Bytes(page)).sample_size(10);
            group.bench_function(id, |bencher| {
                bencher.iter(|| black_box(file.page("mean").expect("a page")));
            });
            group.finish();
        }
    }
}

criterion_group!(benches, grid_file);
criterion_main!(benches);
