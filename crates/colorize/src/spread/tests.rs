use std::ops::Range;

use pointillist_base::{Values, ValuesMut};
use pointillist_bin2d::{Reduction, Term};
use proptest::prelude::*;

use super::*;

const NAN: f64 = f64::NAN;

/// Pages in 64 bits, all exact in 32, and what is asked of them.
#[derive(Debug, Clone)]
struct Grid {
    width: usize,
    height: usize,
    counts: Vec<f64>,
    values: Vec<f64>,
    deviations: Vec<f64>,
}

/// One page of [`Grid`] in the type it is stored in.
#[derive(Debug, Clone)]
enum Stored {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Stored {
    fn new(values: &[f64], wide: bool) -> Self {
        match wide {
            true => Self::F64(values.to_vec()),
            false => Self::F32(values.iter().map(|&value| value as f32).collect()),
        }
    }

    fn cells(&self, start: usize, end: usize) -> Values<'_> {
        match self {
            Self::F32(values) => Values::F32(&values[start..end]),
            Self::F64(values) => Values::F64(&values[start..end]),
        }
    }
}

/// Pages to be spread by a marker, in bands.
struct Job {
    spread: Spread,
    width: usize,
    height: usize,
    reduction: Reduction,
    pages: Vec<Stored>,
}

impl Job {
    fn new(grid: &Grid, marker: Marker, reduction: Reduction, wide: [bool; 2]) -> Self {
        let counts = || Stored::new(&grid.counts, wide[0]);
        let values = || Stored::new(&grid.values, wide[1]);
        let pages = match reduction {
            Reduction::Count => vec![counts()],
            Reduction::Mean => vec![values(), counts()],
            Reduction::Var | Reduction::Std => {
                vec![Stored::new(&grid.deviations, wide[1]), values(), counts()]
            }
            _ => vec![values()],
        };
        let (width, height) = (grid.width, grid.height);
        let spread = Spread::new(marker, width, height).unwrap();
        Self { spread, width, height, reduction, pages }
    }

    fn band(&self, rows: Range<usize>) -> Vec<f64> {
        let given = self.spread.input_rows(rows.clone());
        let (start, end) = (given.start * self.width, given.end * self.width);
        let cells: Vec<Values> = self.pages.iter().map(|page| page.cells(start, end)).collect();
        let mut out = vec![7.0; rows.len() * self.width];
        let source = Source::new(self.reduction, &cells).unwrap();
        self.spread.rows(source, rows.clone(), ValuesMut::F64(&mut out));
        let mut narrow = vec![7.0; out.len()];
        self.spread.rows(source, rows.clone(), ValuesMut::F32(&mut narrow));
        if let Source::Mean { mean, counts, .. } = source {
            let mut covering = vec![7.0; out.len()];
            let counted = Source::Count(counts);
            self.spread.rows(counted, rows.clone(), ValuesMut::F64(&mut covering));
            let source = Source::Mean { mean, counts, covering: Some(Values::F64(&covering)) };
            let mut again = vec![7.0; out.len()];
            self.spread.rows(source, rows, ValuesMut::F64(&mut again));
            assert_eq!(bits(&again), bits(&out));
        }
        let rounded: Vec<f32> = out.iter().map(|&value| value as f32).collect();
        for (narrow, rounded) in narrow.iter().zip(rounded) {
            assert_eq!(narrow.to_bits(), rounded.to_bits(), "{}: {narrow}", self.reduction);
        }
        out
    }

    fn whole(&self) -> Vec<f64> {
        self.band(0..self.height)
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn shapes() -> impl Strategy<Value = Shape> {
    prop::sample::select(Shape::ALL.to_vec())
}

fn markers() -> impl Strategy<Value = Marker> {
    let radius = prop_oneof![8 => 0..6u32, 4 => 6..24u32, 1 => 24..=200u32];
    (radius, shapes()).prop_map(|(radius, shape)| Marker { radius, shape })
}

/// A grid of which a share is occupied. Some cells have points without z, a few an infinite one.
fn grids(max: usize) -> impl Strategy<Value = Grid> {
    let share = prop_oneof![Just(0.0), 0.001..0.05f64, 0.05..1.0f64, Just(1.0)];
    let largest = prop_oneof![Just(1u32), 2..100u32, 1_000_000..16_777_216u32];
    (1..=max, 1..=max, share, largest, any::<u64>(), any::<bool>()).prop_map(
        |(width, height, share, largest, seed, infinite)| {
            let mut state = seed;
            let mut random = move || {
                state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
            };
            let cells = width * height;
            let mut grid = Grid {
                width,
                height,
                counts: vec![0.0; cells],
                values: vec![NAN; cells],
                deviations: vec![NAN; cells],
            };
            for at in 0..cells {
                if random() >= share {
                    continue;
                }
                grid.counts[at] = 1.0 + (random() * f64::from(largest)).floor();
                let scale = 10f64.powi((random() * 12.0) as i32 - 6);
                grid.values[at] = match (random() * 40.0) as u32 {
                    0 => NAN,
                    1 => [0.0, -0.0][usize::from(random() < 0.5)],
                    2 if infinite => [f64::INFINITY, -f64::INFINITY][usize::from(random() < 0.3)],
                    _ => f64::from(((random() - 0.5) * scale) as f32),
                };
                if grid.values[at].is_finite() {
                    grid.deviations[at] = f64::from((random() * scale) as f32);
                }
            }
            grid
        },
    )
}

/// Not further apart than rounding in 64 bits can be for terms that add up to `magnitude`.
fn close(found: f64, expected: f64, magnitude: f64) -> bool {
    found.to_bits() == expected.to_bits()
        || found == expected
        || (found.is_nan() && expected.is_nan())
        || (found - expected).abs() <= 1e-12 * magnitude
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn pixels_are_those_of_the_naive_twin(
        grid in grids(40),
        marker in markers(),
        wide: [bool; 2],
    ) {
        let covered = naive::covered(marker, grid.width, grid.height);
        let spread = |reduction| Job::new(&grid, marker, reduction, wide).whole();
        let all = [
            Reduction::Count, Reduction::Sum, Reduction::Mean, Reduction::Min, Reduction::Max,
            Reduction::Var, Reduction::Std,
        ];
        let [counts, sums, means, least, greatest, vars, stds] = all.map(spread);
        let squares: Vec<f64> = grid.deviations.iter().map(|std| std * std).collect();
        for (at, places) in covered.iter().enumerate() {
            prop_assert_eq!(counts[at].to_bits(), naive::count(&grid.counts, places).to_bits());
            let (sum, magnitude) = naive::sum(&grid.values, places);
            prop_assert!(close(sums[at], sum, magnitude), "sum {} {sum}", sums[at]);
            let (mean, magnitude) = naive::mean(&grid.values, &grid.counts, places);
            prop_assert!(close(means[at], mean, magnitude), "mean {} {mean}", means[at]);
            let min = naive::extreme(&grid.values, places, |a, b| a < b);
            prop_assert!(close(least[at], min, 0.0), "min {} {min}", least[at]);
            let max = naive::extreme(&grid.values, places, |a, b| a > b);
            prop_assert!(close(greatest[at], max, 0.0), "max {} {max}", greatest[at]);
            let var = |vars: &[f64]| naive::var(vars, &grid.values, &grid.counts, places);
            let (var, std) = (var(&grid.deviations), var(&squares).sqrt());
            // Of a difference of means that are rounded, 16 digits are left of the largest.
            prop_assert!(close(vars[at], var, var + 1e-4 * magnitude.powi(2)), "var {} {var}", vars[at]);
            prop_assert!(close(stds[at], std, std + magnitude), "std {} {std}", stds[at]);
        }
    }

    #[test]
    fn neither_bands_nor_threads_change_a_bit(
        grid in grids(150),
        marker in markers(),
        wide: [bool; 2],
        heights in prop::collection::vec(1..70usize, 1..8),
        threads in 1..6usize,
    ) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for reduction in [Reduction::Count, Reduction::Sum, Reduction::Mean, Reduction::Min, Reduction::Std] {
            let job = Job::new(&grid, marker, reduction, wide);
            let mut banded = Vec::new();
            let (mut start, mut heights) = (0, heights.iter().cycle());
            while start < grid.height {
                let end = grid.height.min(start + heights.next().unwrap());
                banded.extend(pool.install(|| job.band(start..end)));
                start = end;
            }
            prop_assert_eq!(bits(&banded), bits(&job.whole()), "{}", reduction);
        }
    }

    #[test]
    fn a_marker_of_radius_0_changes_nothing(grid in grids(80), shape in shapes(), wide: [bool; 2]) {
        let marker = Marker { radius: 0, shape };
        let same = |reduction, page: &[f64]| {
            let found = Job::new(&grid, marker, reduction, wide).whole();
            found.iter().zip(page).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
        };
        prop_assert!(same(Reduction::Count, &grid.counts));
        for reduction in [Reduction::Sum, Reduction::Mean, Reduction::Min, Reduction::Max] {
            prop_assert!(same(reduction, &grid.values), "{}", reduction);
        }
    }

    #[test]
    fn the_mean_of_equal_means_is_that_mean(grid in grids(60), marker in markers(), value: f32) {
        prop_assume!(value.is_finite());
        let mut grid = grid;
        for (mean, deviation) in grid.values.iter_mut().zip(&mut grid.deviations) {
            *mean = if mean.is_nan() { NAN } else { f64::from(value) };
            *deviation = if mean.is_nan() { NAN } else { 0.0 };
        }
        prop_assume!(grid.counts.iter().sum::<f64>() < 2f64.powi(29));
        let means = Job::new(&grid, marker, Reduction::Mean, [false, false]).whole();
        prop_assert!(means.iter().all(|mean| mean.is_nan() || *mean == f64::from(value)));
        let stds = Job::new(&grid, marker, Reduction::Std, [false, false]).whole();
        prop_assert!(stds.iter().all(|std| std.is_nan() || *std == 0.0));
    }

    #[test]
    fn the_radius_follows_the_densities_of_the_naive_twin(
        grid in grids(60),
        max_radius in 0..6u32,
        threshold in 0.0..=1.0f64,
        band in 1..70usize,
        wide: [bool; 2],
        by_counts: bool,
    ) {
        let occupied: Vec<bool> = match by_counts {
            true => grid.counts.iter().map(|count| *count > 0.0).collect(),
            false => grid.values.iter().map(|value| !value.is_nan()).collect(),
        };
        let page = Stored::new(if by_counts { &grid.counts } else { &grid.values }, wide[0]);
        let mut density = Density::new(grid.width, grid.height, max_radius).unwrap();
        for start in (0..grid.height).step_by(band) {
            let rows = start..grid.height.min(start + band);
            let given = density.input_rows(rows.clone());
            let cells = page.cells(given.start * grid.width, given.end * grid.width);
            density.add(if by_counts { Occupancy::Counts(cells) } else { Occupancy::Values(cells) }, rows);
        }
        let mut expected = 0;
        for radius in 1..=max_radius {
            let distance = 2 * radius as usize;
            if naive::density(&occupied, grid.width, grid.height, distance) > threshold {
                break;
            }
            expected = radius;
        }
        prop_assert_eq!(density.radius(threshold).unwrap(), expected);
    }
}

/// A grid of 300 by 200 cells of which a few are occupied, so that there are tiles and rows without any.
fn corner() -> Grid {
    let (width, height) = (300, 200);
    let mut grid = Grid {
        width,
        height,
        counts: vec![0.0; width * height],
        values: vec![NAN; width * height],
        deviations: vec![NAN; width * height],
    };
    for (place, count, value) in [(0, 3.0, 2.0), (299, 1.0, -5.0), (100 * 300 + 255, 2.0, 0.5)] {
        grid.counts[place] = count;
        grid.values[place] = value;
        grid.deviations[place] = 0.0;
    }
    grid
}

#[test]
fn an_isolated_point_becomes_its_marker_across_tiles() {
    let grid = corner();
    for marker in [
        Marker { radius: 3, shape: Shape::Circle },
        Marker { radius: 30, shape: Shape::Circle },
        Marker { radius: 30, shape: Shape::Square },
    ] {
        let counts = Job::new(&grid, marker, Reduction::Count, [false; 2]).whole();
        let of_point = counts.iter().filter(|&&count| count == 2.0).count();
        assert_eq!(of_point as u64, marker.pixels());
        let means = Job::new(&grid, marker, Reduction::Mean, [false; 2]).whole();
        for (count, mean) in counts.iter().zip(means) {
            let expected = [NAN, -5.0, 0.5, 2.0][*count as usize];
            assert!(mean == expected || (mean.is_nan() && expected.is_nan()));
        }
    }
}

#[test]
fn counts_above_16777216_are_exact_and_what_is_no_count_is_none() {
    let counts = [16_777_216.0f32, 1.0, 1.0, NAN as f32, -3.0, 0.5, 2.75];
    let spread = Spread::new(Marker { radius: 1, shape: Shape::Square }, 7, 1).unwrap();
    let mut out = [0.0; 7];
    spread.rows(Source::Count(Values::F32(&counts)), 0..1, ValuesMut::F64(&mut out));
    assert_eq!(out, [16_777_217.0, 16_777_218.0, 2.0, 1.0, 0.0, 2.0, 2.0]);
    let mean = Values::F32(&[1.0, 4.0, 1.0, f32::INFINITY, f32::INFINITY, f32::INFINITY, 2.0]);
    let source = Source::Mean { mean, counts: Values::F32(&counts), covering: None };
    spread.rows(source, 0..1, ValuesMut::F64(&mut out));
    assert_eq!(out[2..4], [2.5, 1.0]);
    assert!(out[4].is_nan());
    assert_eq!(out[5..], [2.0, 2.0]);
}

#[test]
fn values_that_cancel_are_no_empty_pixel_and_a_large_one_spoils_no_other() {
    let values = [1e300, f64::INFINITY, 1.0, -1.0, NAN, NAN, NAN, 0.1, 1e30, -0.0, -0.0];
    let spread = Spread::new(Marker { radius: 1, shape: Shape::Circle }, 11, 1).unwrap();
    let mut out = [7.0; 11];
    spread.rows(Source::Sum(Values::F64(&values)), 0..1, ValuesMut::F64(&mut out));
    assert_eq!(out[..5], [f64::INFINITY, f64::INFINITY, f64::INFINITY, 0.0, -1.0]);
    assert!(out[5].is_nan());
    assert_eq!(out[6..], [0.1, 1e30, 1e30, 1e30, 0.0]);
}

#[test]
fn a_spread_page_names_the_pages_it_is_made_of() {
    let term = |text: &str| text.parse::<Term>().unwrap();
    let has = ["count", "mean", "std", "std:mag", "mean:mag", "first", "sum:b"];
    for (text, expected) in [
        ("count", &["count"][..]),
        ("sum:b", &["sum:b"]),
        ("mean", &["mean", "count"]),
        ("std", &["std", "mean", "count"]),
        ("std:mag", &["std:mag", "mean:mag", "count"]),
    ] {
        let pages = pages(&term(text), &has).unwrap();
        assert_eq!(pages, expected);
        let cells = vec![Values::F32(&[]); pages.len()];
        assert!(Source::new(term(text).reduction(), &cells).is_some());
        assert!(Source::new(term(text).reduction(), &cells[1..]).is_none());
    }
    let error = pages(&term("mean"), &["mean"]).unwrap_err();
    assert!(!error.is_usage());
    assert_eq!(
        error.to_string(),
        "spreading the page mean needs the page count: bin with the reduction count, too"
    );
    let error = pages(&term("last:mag"), &["last:mag", "count"]).unwrap_err();
    assert!(error.is_usage());
    assert!(error.to_string().starts_with("the page last:mag cannot be spread"), "{error}");
    assert!(Source::new(Reduction::First, &[Values::F32(&[])]).is_none());
}

#[test]
fn a_grid_without_cells_and_a_band_without_rows_are_nothing_to_do() {
    let marker = Marker { radius: 2, shape: Shape::Circle };
    for (width, height, rows) in [(0, 5, 1..3), (5, 0, 0..0), (5, 4, 2..2)] {
        let spread = Spread::new(marker, width, height).unwrap();
        let cells = vec![1.0f32; spread.input_rows(rows.clone()).len() * width];
        spread.rows(Source::Count(Values::F32(&cells)), rows, ValuesMut::F32(&mut []));
    }
    assert!(Spread::new(Marker { radius: 201, ..marker }, 1, 1).is_err());
    assert!(Density::new(1, 1, 201).is_err());
    assert!(Density::new(1, 1, 3).unwrap().radius(1.5).is_err());
}

#[test]
#[should_panic(expected = "the rows around those to be made")]
fn a_page_without_the_rows_around_is_refused() {
    let spread = Spread::new(Marker { radius: 1, shape: Shape::Circle }, 1, 3).unwrap();
    spread.rows(Source::Count(Values::F32(&[1.0])), 1..2, ValuesMut::F32(&mut [0.0]));
}
