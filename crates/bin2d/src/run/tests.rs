use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use pointillist_base::{Dtype, OwnedValues, Values};
use pointillist_ingest::{Buffer, Zones};
use proptest::prelude::*;

use super::*;
use crate::grid::Body;
use crate::{Reduction, Size, naive};

/// What is binned, and how.
#[derive(Clone, Copy)]
struct Case<'a> {
    points: &'a [(f64, f64, f64)],
    size: Size,
    reductions: &'a str,
    cut: Cut,
    instructions: Instructions,
    z_may_be_nan: bool,
    /// z is stored in 32 bits.
    narrow_z: bool,
    /// x and y are.
    narrow_xy: [bool; 2],
    /// The points come in so many columns, one after another.
    sources: usize,
}

const ALL: &str = "count,sum,mean,min,max,std,var,first,last";
/// Those that lanes can hold.
const IN_LANES: &str = "count,sum,mean,min,max";

impl<'a> Case<'a> {
    /// All reductions, by tiles.
    fn new(points: &'a [(f64, f64, f64)], size: Size) -> Self {
        Self {
            points,
            size,
            reductions: ALL,
            cut: SMALL,
            instructions: Instructions::SCALAR,
            z_may_be_nan: true,
            narrow_z: false,
            narrow_xy: [false; 2],
            sources: 1,
        }
    }

    fn late(self) -> Self {
        Self { cut: LATE, ..self }
    }

    fn in_lanes(self) -> Self {
        Self { reductions: IN_LANES, cut: IN_STRIPES, ..self }
    }

    fn grid(&self) -> Result<Grid, Error> {
        let Self {
            points,
            size,
            cut,
            instructions,
            z_may_be_nan,
            narrow_z,
            narrow_xy,
            sources,
            ..
        } = *self;
        let x: Vec<f64> = points.iter().map(|point| point.0).collect();
        let y: Vec<f64> = points.iter().map(|point| point.1).collect();
        let z: Vec<f64> = points.iter().map(|point| point.2).collect();
        let single = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<_>>();
        let (x32, y32, z32) = (single(&x), single(&y), single(&z));
        let rows = points.len().div_ceil(sources).max(1);
        let columns = (0..sources)
            .map(|source| {
                let range =
                    (source * rows).min(points.len())..((source + 1) * rows).min(points.len());
                let [x, y, z] =
                    [(narrow_xy[0], &x32, &x), (narrow_xy[1], &y32, &y), (narrow_z, &z32, &z)].map(
                        |(narrow, single, double)| match narrow {
                            true => Values::F32(&single[range.clone()]),
                            false => Values::F64(&double[range.clone()]),
                        },
                    );
                Columns::new(x, y)?.with_z("z", z, z_may_be_nan)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let reductions = self.reductions.parse()?;
        bin_cut(&columns, &unit(size), &reductions, cut, instructions, &())
    }

    fn bits(&self) -> Vec<u64> {
        bits(&self.grid().unwrap())
    }

    /// Compares with the lists of z of all cells. Sums of 64 bits are held against the exact sum, to a unit in the last
    /// place; others must be what additions in the order of rows, stripe by stripe, make of them.
    fn check_against_naive(&self) {
        let [narrow_x, narrow_y] = self.narrow_xy;
        let as_stored = |value, narrow| if narrow { f64::from(value as f32) } else { value };
        let points = self.points.iter().map(|&(x, y, z)| {
            (as_stored(x, narrow_x), as_stored(y, narrow_y), as_stored(z, self.narrow_z))
        });
        let stored = self.narrow_xy.map(|narrow| if narrow { Dtype::F32 } else { Dtype::F64 });
        let expected = naive::bin(&unit(self.size), stored, points);
        let found = self.grid().unwrap();
        assert_eq!(found.stats(), expected.stats);
        let in_lanes = self.cut.lane_bytes > 0;
        let order = naive::Order {
            lanes: if in_lanes { self.cut.lanes } else { 1 },
            stripe_rows: self.cut.stripe_rows,
        };
        for term in found.reductions().as_slice() {
            let reduction = term.reduction();
            for (cell, (bits, z)) in
                page_bits(&found, reduction).into_iter().zip(&expected.cells).enumerate()
            {
                let found = f64::from_bits(bits);
                let summed = matches!(reduction, Reduction::Sum | Reduction::Mean);
                let (expected, tolerance) = if summed && !self.narrow_z {
                    let exact = naive::exact(reduction, z);
                    (exact, exact.abs() * f64::EPSILON + f64::MIN_POSITIVE)
                } else {
                    (naive::reduce(reduction, z, order), 0.0)
                };
                assert!(
                    found == expected
                        || (found - expected).abs() <= tolerance
                        || (found.is_nan() && expected.is_nan()),
                    "{reduction} of cell {cell}: {found} for {expected} of {z:?}"
                );
            }
        }
    }
}

fn unit(size: Size) -> Frame {
    Frame { extent: Extent::new(0.0, 1.0, 0.0, 1.0).unwrap(), size }
}

fn all() -> Reductions {
    ALL.parse().unwrap()
}

fn size(width: u32, height: u32) -> Size {
    Size::new(width, height).unwrap()
}

/// By tiles.
const SMALL: Cut = Cut {
    stripe_rows: 100,
    lanes: 4,
    lane_bytes: 0,
    slice_rows: 100,
    slice_bytes: 1 << 17,
    tiles: 16,
    waiting: 0,
};

/// By tiles, when all points are there.
const LATE: Cut = Cut { waiting: 1 << 20, ..SMALL };

/// In lanes, where the reductions allow it.
const IN_STRIPES: Cut = Cut { lane_bytes: usize::MAX, ..SMALL };

fn bits(grid: &Grid) -> Vec<u64> {
    grid.reductions().as_slice().iter().flat_map(|term| term_bits(grid, term)).collect()
}

fn page_bits(grid: &Grid, reduction: Reduction) -> Vec<u64> {
    term_bits(grid, &reduction.into())
}

fn term_bits(grid: &Grid, term: &Term) -> Vec<u64> {
    match grid.page(term, Dtype::F64).unwrap().values {
        OwnedValues::F64(values) => values.into_iter().map(f64::to_bits).collect(),
        OwnedValues::F32(_) => unreachable!("64 bits were asked for"),
    }
}

fn with_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

fn coordinate() -> impl Strategy<Value = f64> {
    prop_oneof![
        10 => 0.0..1.0f64,
        2 => (0u32..=20).prop_map(|step| f64::from(step) / 20.0),
        1 => -0.5..1.5f64,
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY)],
    ]
}

fn z() -> impl Strategy<Value = f64> {
    prop_oneof![
        20 => -1e3..1e3f64,
        3 => Just(f64::NAN),
        1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(1e300), Just(-0.0)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_reduction_agrees_with_the_naive_one(
        points in prop::collection::vec((coordinate(), coordinate(), z()), 0..900),
        width in 1u32..12, height in 1u32..12, narrow_z: bool, narrow_xy: [bool; 2],
    ) {
        let case = Case { narrow_z, narrow_xy, ..Case::new(&points, size(width, height)) };
        case.check_against_naive();
        case.late().check_against_naive();
        case.in_lanes().check_against_naive();
        let known: Vec<_> = points.iter().copied().filter(|point| !point.2.is_nan()).collect();
        let case = Case { points: &known, z_may_be_nan: false, ..case };
        case.check_against_naive();
        case.late().check_against_naive();
        case.in_lanes().check_against_naive();
    }

    #[test]
    fn the_result_does_not_depend_on_threads_kernels_sources_slices_batches_or_tiles(
        points in prop::collection::vec((coordinate(), coordinate(), z()), 0..900),
        width in 1u32..40, height in 1u32..40, narrow_z: bool, narrow_xy: [bool; 2],
        slice_rows in 1usize..200, slice_bytes in 1usize..1 << 18, tiles in 2usize..300,
        waiting in prop_oneof![Just(0), 0u64..20_000, Just(1 << 20)],
    ) {
        let case = Case { narrow_z, narrow_xy, ..Case::new(&points, size(width, height)) };
        for case in [case, case.in_lanes()] {
            let expected = case.bits();
            for (threads, sources) in [(1, 4), (2, 1), (3, 2), (7, 3), (64, 1)] {
                for instructions in Instructions::available() {
                    let cut = Cut { slice_rows, slice_bytes, tiles, waiting, ..case.cut };
                    let case = Case { cut, instructions, sources, ..case };
                    let found = with_threads(threads, || case.bits());
                    prop_assert!(found == expected, "{} threads, {:?}, {:?}", threads, instructions, cut);
                }
            }
        }
    }
}

#[test]
fn a_grid_with_few_points_has_the_pages_and_planes_of_one_that_keeps_all_cells() {
    // Cells of a tile are more than those that are computed together.
    let (width, height) = (999, 613);
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24)
    };
    // Half of them in the corner that has the last cell.
    let points: Vec<_> = (0..4000)
        .map(|row| {
            let part = if row % 2 == 0 { 1.0 } else { 0.01 };
            (1.0 - part * next(), part * next(), if row % 7 == 0 { f64::NAN } else { next() })
        })
        .collect();
    for reductions in [ALL, "count", "max", "sum", "std,first"] {
        let case = Case { reductions, ..Case::new(&points, size(width, height)) };
        let (dense, late) = (case.grid().unwrap(), case.late().grid().unwrap());
        let (Counted::Narrow(Body::Dense(_)), Counted::Narrow(Body::Sparse(_))) =
            (dense.counted(), late.counted())
        else {
            panic!("one of each");
        };
        assert_eq!(bits(&dense), bits(&late));
        assert_eq!(dense.stored(), late.stored());
        for rows in [0..1, 7..8, 5..42, 300..613, 612..613, 9..9] {
            let number = rows.len() * width as usize;
            let page = |grid: &Grid, term: &Term| {
                let mut values = vec![-1.0; number];
                grid.page_rows(term, rows.clone(), &mut values);
                values.into_iter().map(f64::to_bits).collect::<Vec<_>>()
            };
            for term in dense.reductions().as_slice() {
                assert_eq!(page(&dense, term), page(&late, term), "{term} of {rows:?}");
            }
            for stored in dense.stored() {
                let plane = |grid: &Grid| {
                    let mut values = vec![-1.0; number];
                    grid.plane_rows(stored.plane, stored.field, rows.clone(), &mut values);
                    values.into_iter().map(f64::to_bits).collect::<Vec<_>>()
                };
                assert_eq!(plane(&dense), plane(&late), "{} of {rows:?}", stored.page);
            }
        }
    }
}

#[test]
fn points_of_several_types_and_more_than_may_wait_are_added_up_in_their_order() {
    let x: Vec<f64> = (0..5000).map(|row| f64::from(row * 7 % 997) / 997.0).collect();
    let z: Vec<f64> = (0..5000).map(|row| f64::from(row * row % 1013) / 7.0).collect();
    let z32: Vec<f32> = z.iter().map(|&z| z as f32).collect();
    let grid = |cut: Cut| {
        let of = |z: Values<'static>| {
            let x = Values::F64(Vec::leak(x.clone()));
            Columns::new(x, x).unwrap().with_z("z", z, false).unwrap()
        };
        let narrow = || of(Values::F32(Vec::leak(z32.clone())));
        let sources = [narrow(), narrow(), of(Values::F64(Vec::leak(z.clone()))), narrow()];
        let grid = bin_cut(&sources, &unit(size(30, 30)), &all(), cut, Instructions::SCALAR, &());
        bits(&grid.unwrap())
    };
    let expected = grid(SMALL);
    // There are 22 rows a cell. The second type comes when half of them wait.
    for waiting in [2300, 5000, 1 << 20] {
        assert!(grid(Cut { waiting, ..SMALL }) == expected, "{waiting}");
    }
}

#[test]
fn no_points_make_an_empty_grid() {
    let grid = Case::new(&[], size(2, 1)).grid().unwrap();
    assert_eq!(grid.stats(), Stats::default());
    assert_eq!(page_bits(&grid, Reduction::Count), [0, 0]);
    for reduction in Reduction::ALL.into_iter().filter(|reduction| reduction.needs_z()) {
        assert_eq!(page_bits(&grid, reduction), [f64::NAN.to_bits(); 2], "{reduction}");
    }
}

#[test]
fn one_point_is_all_that_its_cell_holds() {
    let grid = Case::new(&[(0.9, 0.9, 5.0)], size(2, 2)).grid().unwrap();
    let top_right = |reduction| f64::from_bits(page_bits(&grid, reduction)[1]);
    use Reduction::{Count, First, Last, Max, Mean, Min, Std, Sum, Var};
    for reduction in [Sum, Mean, Min, Max, First, Last] {
        assert_eq!(top_right(reduction), 5.0, "{reduction}");
    }
    assert_eq!(top_right(Count), 1.0);
    assert_eq!((top_right(Std), top_right(Var)), (0.0, 0.0));
}

#[test]
fn infinite_z_flow_through_as_in_numpy() {
    let inf = f64::INFINITY;
    let points = [(0.1, 0.5, inf), (0.1, 0.5, 1.0), (0.9, 0.5, inf), (0.9, 0.5, -inf)];
    let grid = Case::new(&points, size(2, 1)).grid().unwrap();
    let page = |reduction| page_bits(&grid, reduction).into_iter().map(f64::from_bits);
    assert_eq!(page(Reduction::Mean).next(), Some(inf));
    assert!(page(Reduction::Mean).nth(1).unwrap().is_nan());
    assert!(page(Reduction::Var).all(f64::is_nan));
    assert!(page(Reduction::Min).eq([1.0, -inf]));
    assert!(page(Reduction::Max).eq([inf, inf]));
}

#[test]
fn the_variance_of_large_numbers_close_together_is_exact_enough() {
    let points: Vec<_> = (0..1000).map(|i| (0.5, 0.5, 1e9 + f64::from(i % 2))).collect();
    let grid = Case::new(&points, size(1, 1)).grid().unwrap();
    let var = f64::from_bits(page_bits(&grid, Reduction::Var)[0]);
    assert!((var - 0.25).abs() < 1e-9, "{var}");
}

#[test]
fn columns_of_mixed_types_and_several_sources_are_one_table() {
    let (x, y, z) = ([0.25f32, 0.75], [0.75f64, 0.25], [1.0f32, 2.0]);
    let one = Columns::new(Values::F32(&x), Values::F64(&y))
        .and_then(|columns| columns.with_z("z", Values::F32(&z), false))
        .unwrap();
    let (a, b, c) = ([0.25f64], [0.75f32], [5.0f64]);
    let two = Columns::new(Values::F64(&a), Values::F32(&b))
        .and_then(|columns| columns.with_z("z", Values::F64(&c), false))
        .unwrap();
    let grid = bin(&[one, two], &unit(size(2, 2)), &all(), &()).unwrap();
    assert_eq!(grid.stats().binned, 3);
    let mut last = [0.0f32; 4];
    grid.page_rows(&Reduction::Last.into(), 0..2, &mut last);
    assert_eq!(last[0], 5.0);
    assert_eq!(last[3], 2.0);
    let mut bottom = [0.0f32; 2];
    grid.page_rows(&Reduction::Sum.into(), 1..2, &mut bottom);
    assert!(bottom[0].is_nan() && bottom[1] == 2.0);
}

#[test]
fn wide_counters_count_as_narrow_ones() {
    let points: Vec<_> = (0..500).map(|i| (f64::from(i % 7) / 7.0, 0.5, f64::from(i))).collect();
    let (x, (y, z)): (Vec<_>, (Vec<_>, Vec<_>)) =
        points.iter().map(|&(x, y, z)| (x, (y, z))).unzip();
    let values = |values| Values::F64(values);
    for case in [Case::new(&points, size(7, 2)), Case::new(&points, size(7, 2)).in_lanes()] {
        let about = About { may_be_nan: true, is_wide: true };
        let fields = vec![Field { name: "z".to_owned(), about }];
        let reductions = case.reductions.parse().unwrap();
        let mut binner = Binner::new(
            &unit(size(7, 2)),
            &reductions,
            Some("z"),
            fields,
            case.cut,
            case.instructions,
            None,
        )
        .unwrap();
        // Half of the points before, half after.
        for half in [0..250, 250..500] {
            let (x, y, z) = (&x[half.clone()], &y[half.clone()], &z[half]);
            let columns = Columns::new(values(x), values(y))
                .and_then(|columns| columns.with_z("z", values(z), true))
                .unwrap();
            binner = binner.add(&columns, &()).unwrap().widen().unwrap();
        }
        assert!(matches!(binner.store, Store::Wide(_)));
        assert_eq!(bits(&binner.finish().unwrap()), case.bits());
    }
}

#[test]
fn the_mean_of_a_hundred_million_equal_values_is_that_value() {
    const ROWS: usize = 1 << 20;
    let (x, z32, z64) = (vec![0.5f32; ROWS], vec![0.1f32; ROWS], vec![0.7f64; ROWS]);
    let mean = |z: Values<'_>, is_wide| {
        let (size, reductions) = (size(1, 1), "mean".parse().unwrap());
        let about = About { may_be_nan: false, is_wide };
        let fields = vec![Field { name: "z".to_owned(), about }];
        let mut binner = Binner::new(
            &unit(size),
            &reductions,
            Some("z"),
            fields,
            Cut::default(),
            Instructions::default(),
            None,
        )
        .unwrap();
        for _ in 0..100 {
            let columns = Columns::new(Values::F32(&x), Values::F32(&x))
                .and_then(|columns| columns.with_z("z", z, false))
                .unwrap();
            binner = binner.add(&columns, &()).unwrap();
        }
        f64::from_bits(page_bits(&binner.finish().unwrap(), Reduction::Mean)[0])
    };
    assert_eq!(mean(Values::F32(&z32), false), f64::from(0.1f32));
    assert_eq!(mean(Values::F64(&z64), true), 0.7);
}

#[test]
fn blocks_beside_the_extent_are_passed_over_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    // Sorted along x; some rows in the middle are not finite.
    let rows = 5 * Zones::BLOCK + 1000;
    let text: String = (0..rows)
        .map(|row| {
            let x = row as f64 / rows as f64 * 3.0 - 1.0;
            let y = if row == 2 * Zones::BLOCK + 7 { f64::NAN } else { 0.5 };
            format!("{x:.9} {y} {row}\n")
        })
        .collect();
    let path = folder.path().join("sorted.points");
    let reader = Box::new(io::Cursor::new(text.into_bytes()));
    let input = pointillist_ingest::Input::Stream { name: "-".to_owned(), reader };
    pointillist_ingest::ingest(vec![input], &path, &pointillist_ingest::Options::default(), &())
        .unwrap();
    let points = pointillist_ingest::Points::open(&path).unwrap();
    let read = ["x", "y", "z"].map(|name| points.column(name).unwrap());
    let [x, y, z] = read;
    let zoned = Columns::new(x, y).and_then(|columns| columns.with_z("z", z, false)).unwrap();
    let mut buffers = [Buffer::default(), Buffer::default(), Buffer::default()];
    let mut values = read.into_iter().zip(&mut buffers).map(|(column, buffer)| column.read(buffer));
    let [x, y, z] = std::array::from_fn(|_| values.next().unwrap().unwrap());
    let columns = Columns::new(x, y).and_then(|columns| columns.with_z("z", z, false)).unwrap();
    for (cut, reductions) in [(SMALL, ALL), (IN_STRIPES, IN_LANES)] {
        for extent in ["0,1,0,1", "-1,-0.9,0,1", "0.5,0.501,0.2,0.7", "5,6,0,1", "0,1,2,3"] {
            let frame = Frame { extent: extent.parse().unwrap(), size: size(30, 7) };
            let reductions = reductions.parse().unwrap();
            let bin = |columns: &Columns<'_>| {
                let sources = std::slice::from_ref(columns);
                bin_cut(sources, &frame, &reductions, cut, Instructions::default(), &()).unwrap()
            };
            let (with, without) = (bin(&zoned), bin(&columns));
            assert_eq!(with.stats(), without.stats(), "{extent}");
            assert_eq!(with.stats().non_finite, 1);
            assert_eq!(bits(&with), bits(&without), "{extent}");
        }
    }
    // What is passed over is not even read: of a column that is damaged in its first block, all others are as they were.
    let path = path.join("x.npy");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[5000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    for (extent, is_read) in [("0.5,0.6,0,1", false), ("-1,-0.9,0,1", true)] {
        let frame = Frame { extent: extent.parse().unwrap(), size: size(3, 3) };
        let count = Reductions::default_for(false);
        let sources = std::slice::from_ref(&zoned);
        let found = bin_cut(sources, &frame, &count, SMALL, Instructions::default(), &());
        assert_eq!(found.is_err_and(|error| error.is_damage()), is_read, "{extent}");
    }
}

#[test]
fn several_columns_are_reduced_as_each_alone() {
    let points: Vec<_> = (0..700).map(|i| (f64::from(i % 31) / 31.0, 0.5, f64::from(i))).collect();
    let x: Vec<f64> = points.iter().map(|point| point.0).collect();
    let z: Vec<f64> = points.iter().map(|point| point.2).collect();
    let mag: Vec<f32> =
        (0..700).map(|i| if i % 5 == 0 { f32::NAN } else { i as f32 / 7.0 }).collect();
    let frame = unit(size(9, 2));
    let columns = || Columns::new(Values::F64(&x), Values::F64(&x)).unwrap();
    let grid = |columns: Columns<'_>, reductions: &str, cut| {
        let reductions = reductions.parse().unwrap();
        bin_cut(&[columns], &frame, &reductions, cut, Instructions::SCALAR, &()).unwrap()
    };
    let both = |first: &'static str| {
        let mut named = [("z", Values::F64(&z)), ("mag", Values::F32(&mag))];
        if first == "mag" {
            named.reverse();
        }
        named
            .into_iter()
            .fold(columns(), |columns, (name, values)| columns.with_z(name, values, true).unwrap())
    };
    for (cut, of_each) in [
        (SMALL, ["sum", "mean", "min", "max", "std", "var", "first", "last"].as_slice()),
        (IN_STRIPES, &["sum", "mean", "min", "max"]),
    ] {
        let list: Vec<String> =
            of_each.iter().map(|name| format!("{name}:mag,{name},{name}:z")).collect();
        let found = grid(both("z"), &format!("{},count", list.join(",")), cut);
        let swapped = grid(both("mag"), &of_each.join(","), cut);
        let z_alone = columns().with_z("z", Values::F64(&z), true).unwrap();
        let z_alone = grid(z_alone, &format!("{},count", of_each.join(",")), cut);
        let mag_alone = columns().with_z("mag", Values::F32(&mag), true).unwrap();
        let mag_alone = grid(mag_alone, &of_each.join(","), cut);
        let page = |grid: &Grid, name: &str| term_bits(grid, &name.parse().unwrap());
        assert_eq!(page(&found, "count"), page(&z_alone, "count"));
        assert_eq!(found.stats(), z_alone.stats());
        for name in of_each {
            assert_eq!(page(&found, name), page(&z_alone, name), "{name}");
            assert_eq!(page(&found, &format!("{name}:z")), page(&z_alone, name), "{name}:z");
            assert_eq!(page(&found, &format!("{name}:mag")), page(&mag_alone, name), "{name}:mag");
            assert_eq!(page(&swapped, name), page(&mag_alone, name), "the first is z: {name}");
        }
    }
}

#[test]
fn a_column_that_only_some_sources_have_is_refused() {
    let columns = || Columns::new(Values::F32(&[0.5]), Values::F32(&[0.5])).unwrap();
    let with = columns().with_z("mag", Values::F32(&[1.0]), false).unwrap();
    let reductions = "count,max:mag".parse().unwrap();
    let error = bin(&[with, columns()], &unit(size(1, 1)), &reductions, &()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "max:mag is a reduction of mag, and the points have no column mag; name one with \
         --reduce max:NAME, or ask for --reduce count"
    );
}

#[test]
fn a_reduction_of_z_without_z_is_refused() {
    let columns = Columns::new(Values::F32(&[0.5]), Values::F32(&[0.5])).unwrap();
    let message = bin(std::slice::from_ref(&columns), &unit(size(1, 1)), &all(), &())
        .unwrap_err()
        .to_string();
    assert!(message.starts_with("sum is a reduction of z"), "{message}");
    let counted = bin(&[columns], &unit(size(1, 1)), &Reductions::default_for(false), &()).unwrap();
    assert_eq!(page_bits(&counted, Reduction::Count), [1.0f64.to_bits()]);
}

#[test]
fn an_extent_without_width_is_refused() {
    let mut frame = unit(size(2, 2));
    frame.extent.xmax = f64::NAN;
    let result = bin(&[], &frame, &Reductions::default_for(false), &());
    assert!(matches!(result, Err(Error::Options(_))));
}

#[test]
fn columns_of_different_lengths_are_refused() {
    let error = Columns::new(Values::F32(&[0.5]), Values::F64(&[])).unwrap_err();
    assert_eq!(error.to_string(), "columns differ in length: 1 x, 0 y");
}

#[test]
fn a_grid_that_does_not_fit_is_refused_with_a_size_that_does() {
    let asked = size(60_000, 60_000);
    let reductions: Reductions = "count,mean".parse().unwrap();
    let error = fits(asked, &reductions, 12, 1 << 20, Some(8 << 30)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a grid of 60000x60000 cells with count,mean takes 43.2 GB of memory, and 8.59 GB can be \
         had; --size 26753x26753 would fit"
    );
    let Error::Memory { fitting: Some(fitting), .. } = error else { panic!("a size fits") };
    assert!(fits(fitting, &reductions, 12, 1 << 20, Some(8 << 30)).is_ok());
    let error = fits(asked, &reductions, 12, 1 << 20, Some(1 << 19)).unwrap_err();
    assert!(error.to_string().ends_with("free some memory"), "{error}");
    assert!(fits(asked, &reductions, 12, 1 << 20, None).is_ok());
}

#[derive(Default)]
struct Watch {
    rows: AtomicU64,
    stop_at: Option<u64>,
}

impl Progress for Watch {
    fn advance(&self, amount: u64) {
        self.rows.fetch_add(amount, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.stop_at.is_some_and(|rows| self.rows.load(Ordering::Relaxed) >= rows)
    }
}

#[test]
fn progress_counts_every_row_and_can_stop_the_run() {
    let x = vec![0.5f32; 1000];
    let columns = Columns::new(Values::F32(&x), Values::F32(&x)).unwrap();
    let count = Reductions::default_for(false);
    let watch = Watch::default();
    let sources = [columns];
    bin_cut(&sources, &unit(size(3, 3)), &count, SMALL, Instructions::SCALAR, &watch).unwrap();
    assert_eq!(watch.rows.into_inner(), 1000);

    let watch = Watch { stop_at: Some(301), ..Watch::default() };
    let result = bin_cut(&sources, &unit(size(3, 3)), &count, SMALL, Instructions::SCALAR, &watch);
    assert!(matches!(result, Err(Error::Cancelled)));
    let done = watch.rows.into_inner();
    assert!((301..1000).contains(&done), "{done} rows");
}

#[test]
fn a_lattice_binned_on_itself_in_32_bits_has_the_counts_of_64() {
    for cells in [3u32, 7, 10, 30, 100, 1000, 3000] {
        for (origin, step) in
            [(0.0, 0.1), (0.1, 0.1), (-0.7, 0.01), (5.0, 1e-3), (-1e-3, 1.0 / 3.0)]
        {
            let hi = origin + f64::from(cells) * step;
            let lattice = naive::edges(Dtype::F64, origin, hi, cells);
            let single: Vec<f32> = lattice.iter().map(|&value| value as f32).collect();
            let frame = Frame {
                extent: Extent::new(origin, hi, origin, hi).unwrap(),
                size: size(cells, cells),
            };
            let columns = [
                Columns::new(Values::F64(&lattice), Values::F64(&lattice)).unwrap(),
                Columns::new(Values::F32(&single), Values::F32(&single)).unwrap(),
                Columns::new(Values::F64(&lattice), Values::F32(&single)).unwrap(),
            ];
            let count = "count".parse().unwrap();
            let [double, single, mixed] = columns.map(|columns| {
                let grid = bin(&[columns], &frame, &count, &()).unwrap();
                assert_eq!(grid.stats().binned, u64::from(cells) + 1);
                page_bits(&grid, Reduction::Count)
            });
            // One each on the diagonal, and the last two in one cell.
            let occupied = double.iter().filter(|&&count| count == 1f64.to_bits()).count();
            assert_eq!(occupied, cells as usize - 1);
            assert!(double == single && double == mixed, "{cells} cells of {step} from {origin}");
        }
    }
}

#[test]
fn an_extent_that_is_empty_in_32_bits_is_refused_for_columns_of_these() {
    let frame = Frame { extent: Extent::new(3e7, 3e7 + 0.5, 0.0, 1.0).unwrap(), size: size(4, 4) };
    let (single, double) = ([3e7f32, 0.5], [3e7, 0.5]);
    let (single, double) = (Values::F32(&single), Values::F64(&double));
    let run = |x, y| bin(&[Columns::new(x, y).unwrap()], &frame, &"count".parse().unwrap(), &());
    assert!(run(double, double).is_ok() && run(double, single).is_ok());
    for y in [single, double] {
        let error = run(single, y).unwrap_err();
        assert!(error.is_usage());
        assert_eq!(
            error.to_string(),
            "the extent from x = 30000000.0 to 30000000.5 is empty in 32 bits, which x is stored in: both are \
             30000000.0 there; read the points with --dtype f64, or ask for a wider extent"
        );
    }
}
