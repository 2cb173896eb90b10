use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::*;
use crate::{Dtype, PageValues, Reduction, naive};

/// A grid with all reductions of these points in the unit square.
fn grid(
    points: &[(f64, f64, f64)],
    size: Size,
    cut: Cut,
    z_may_be_nan: bool,
) -> Result<Grid, Error> {
    let x: Vec<f64> = points.iter().map(|point| point.0).collect();
    let y: Vec<f64> = points.iter().map(|point| point.1).collect();
    let z: Vec<f64> = points.iter().map(|point| point.2).collect();
    let columns =
        Columns::new(Values::F64(&x), Values::F64(&y), Some(Values::F64(&z)), z_may_be_nan)?;
    bin_cut(&[columns], &unit(size), &all(), cut, &())
}

fn unit(size: Size) -> Frame {
    Frame { extent: Extent::new(0.0, 1.0, 0.0, 1.0).unwrap(), size }
}

fn all() -> Reductions {
    Reductions::new(Reduction::ALL.to_vec()).unwrap()
}

fn size(width: u32, height: u32) -> Size {
    Size::new(width, height).unwrap()
}

const SMALL: Cut = Cut { slice_rows: 100, batch_slices: 3, tiles: 16 };

fn bits(grid: &Grid) -> Vec<u64> {
    grid.reductions().as_slice().iter().flat_map(|&reduction| page_bits(grid, reduction)).collect()
}

fn page_bits(grid: &Grid, reduction: Reduction) -> Vec<u64> {
    match grid.page(reduction, Dtype::F64).unwrap().values {
        PageValues::F64(values) => values.into_iter().map(f64::to_bits).collect(),
        PageValues::F32(_) => unreachable!("64 bits were asked for"),
    }
}

fn with_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

fn check_against_naive(points: &[(f64, f64, f64)], size: Size, z_may_be_nan: bool) {
    let expected = naive::bin(&unit(size), points.iter().copied());
    let found = grid(points, size, SMALL, z_may_be_nan).unwrap();
    assert_eq!(found.stats(), expected.stats);
    for reduction in Reduction::ALL {
        for (cell, (bits, z)) in
            page_bits(&found, reduction).into_iter().zip(&expected.cells).enumerate()
        {
            let (found, expected) = (f64::from_bits(bits), naive::reduce(reduction, z));
            assert!(
                found == expected || (found.is_nan() && expected.is_nan()),
                "{reduction} of cell {cell}: {found} for {expected} of {z:?}"
            );
        }
    }
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
        width in 1u32..12, height in 1u32..12,
    ) {
        check_against_naive(&points, size(width, height), true);
        let known: Vec<_> = points.into_iter().filter(|point| !point.2.is_nan()).collect();
        check_against_naive(&known, size(width, height), false);
    }

    #[test]
    fn the_result_does_not_depend_on_threads_slices_batches_or_tiles(
        points in prop::collection::vec((coordinate(), coordinate(), z()), 0..900),
        width in 1u32..40, height in 1u32..40,
        slice_rows in 1usize..200, batch_slices in 1usize..9, tiles in 2usize..300,
    ) {
        let expected = bits(&grid(&points, size(width, height), SMALL, true).unwrap());
        for threads in [1, 2, 3, 7] {
            let cut = Cut { slice_rows, batch_slices, tiles };
            let found =
                with_threads(threads, || grid(&points, size(width, height), cut, true)).unwrap();
            prop_assert!(bits(&found) == expected, "{} threads, {:?}", threads, cut);
        }
    }
}

#[test]
fn no_points_make_an_empty_grid() {
    let grid = grid(&[], size(2, 1), SMALL, false).unwrap();
    assert_eq!(grid.stats(), Stats::default());
    assert_eq!(page_bits(&grid, Reduction::Count), [0, 0]);
    for reduction in Reduction::ALL.into_iter().filter(|reduction| reduction.needs_z()) {
        assert_eq!(page_bits(&grid, reduction), [f64::NAN.to_bits(); 2], "{reduction}");
    }
}

#[test]
fn one_point_is_all_that_its_cell_holds() {
    let grid = grid(&[(0.9, 0.9, 5.0)], size(2, 2), SMALL, false).unwrap();
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
    let grid = grid(&points, size(2, 1), SMALL, true).unwrap();
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
    let grid = grid(&points, size(1, 1), SMALL, false).unwrap();
    let var = f64::from_bits(page_bits(&grid, Reduction::Var)[0]);
    assert!((var - 0.25).abs() < 1e-9, "{var}");
}

#[test]
fn columns_of_mixed_types_and_several_sources_are_one_table() {
    let (x, y, z) = ([0.25f32, 0.75], [0.75f64, 0.25], [1.0f32, 2.0]);
    let one = Columns::new(Values::F32(&x), Values::F64(&y), Some(Values::F32(&z)), false).unwrap();
    let (a, b, c) = ([0.25f64], [0.75f32], [5.0f64]);
    let two = Columns::new(Values::F64(&a), Values::F32(&b), Some(Values::F64(&c)), false).unwrap();
    let grid = bin(&[one, two], &unit(size(2, 2)), &all(), &()).unwrap();
    assert_eq!(grid.stats().binned, 3);
    let mut last = [0.0f32; 4];
    grid.page_rows(Reduction::Last, 0..2, &mut last);
    assert_eq!(last[0], 5.0);
    assert_eq!(last[3], 2.0);
    let mut bottom = [0.0f32; 2];
    grid.page_rows(Reduction::Sum, 1..2, &mut bottom);
    assert!(bottom[0].is_nan() && bottom[1] == 2.0);
}

#[test]
fn wide_counters_count_as_narrow_ones() {
    let points: Vec<_> = (0..500).map(|i| (f64::from(i % 7) / 7.0, 0.5, f64::from(i))).collect();
    let (x, (y, z)): (Vec<_>, (Vec<_>, Vec<_>)) =
        points.iter().map(|&(x, y, z)| (x, (y, z))).unzip();
    let columns =
        Columns::new(Values::F64(&x), Values::F64(&y), Some(Values::F64(&z)), true).unwrap();
    let frame = unit(size(7, 2));
    let run = Run {
        frame: &frame,
        planes: Planes::of(&Reduction::ALL, true),
        cut: SMALL,
        tiling: Tiling::new(14, 64, 16),
        z_has_nan: true,
        z_needed: true,
        progress: &(),
    };
    let (stats, cells) = run.bin(&[columns]).unwrap();
    let wide = Grid::new(frame, all(), stats, Counted::Wide(cells));
    assert_eq!(bits(&wide), bits(&grid(&points, size(7, 2), SMALL, true).unwrap()));
}

#[test]
fn a_reduction_of_z_without_z_is_refused() {
    let columns = Columns::new(Values::F32(&[0.5]), Values::F32(&[0.5]), None, false).unwrap();
    let message = bin(&[columns], &unit(size(1, 1)), &all(), &()).unwrap_err().to_string();
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
    let error = Columns::new(Values::F32(&[0.5]), Values::F64(&[]), None, false).unwrap_err();
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
    let columns = Columns::new(Values::F32(&x), Values::F32(&x), None, false).unwrap();
    let count = Reductions::default_for(false);
    let watch = Watch::default();
    bin_cut(&[columns], &unit(size(3, 3)), &count, SMALL, &watch).unwrap();
    assert_eq!(watch.rows.into_inner(), 1000);

    let watch = Watch { stop_at: Some(301), ..Watch::default() };
    let result = bin_cut(&[columns], &unit(size(3, 3)), &count, SMALL, &watch);
    assert!(matches!(result, Err(Error::Cancelled)));
    assert_eq!(watch.rows.into_inner(), 600);
}
