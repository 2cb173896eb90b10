use std::fs;

use pointillist_base::{Dtype, OwnedValues, Values};
use proptest::prelude::*;

use super::*;
use crate::stage::share;
use crate::{Bounds, Cells, Columns, Compression, Reduction, Size, Term, bin, write_grid};

type Point = (f64, f64, f64, f64);

/// A job: its points, in one or two tables, and how they are binned.
#[derive(Debug, Clone)]
struct Job {
    points: Vec<Point>,
    /// Where the second table begins, and that its z have 64 bits.
    cut: usize,
    wide: bool,
    may_be_nan: bool,
    options: Options,
}

impl Job {
    fn new(points: Vec<Point>, reductions: &str) -> Self {
        let options = Options {
            cells: Cells::Size(Size::new(3, 2).unwrap()),
            extent: Some("0,1,0,1".parse().unwrap()),
            reductions: Some(reductions.parse().unwrap()),
            ..Options::default()
        };
        Self { points, cut: 0, wide: true, may_be_nan: true, options }
    }

    fn binned(&self, shard: Option<Shard>) -> Binned {
        let column = |get: fn(&Point) -> f64| -> Vec<f64> { self.points.iter().map(get).collect() };
        let (x, y) = (column(|point| point.0), column(|point| point.1));
        let z = [column(|point| point.2), column(|point| point.3)];
        let narrow = z.clone().map(|z| z.into_iter().map(|z| z as f32).collect::<Vec<_>>());
        let names = self.options.reductions.as_ref().unwrap().columns(Some("z")).unwrap();
        let table = |rows: std::ops::Range<usize>, wide: bool| {
            let (x, y) = (Values::F64(&x[rows.clone()]), Values::F64(&y[rows.clone()]));
            let mut columns = Columns::new(x, y).unwrap();
            // As the stage hands them on: what names none is of the first.
            for (index, name) in [(0, "z"), (1, "m")] {
                if names.contains(&name) {
                    let values = match wide {
                        true => Values::F64(&z[index][rows.clone()]),
                        false => Values::F32(&narrow[index][rows.clone()]),
                    };
                    columns = columns.with_z(name, values, self.may_be_nan).unwrap();
                }
            }
            columns
        };
        let all = self.points.len();
        let cut = self.cut.min(all);
        let mut sources = vec![table(0..cut, self.wide), table(cut..all, false)];
        if let Some(shard) = shard {
            sources = share(sources, &shard.rows(all as u64));
        }
        let options = Options { shard, ..self.options.clone() };
        let frame =
            Frame::resolve(options.cells, options.aspect, options.extent, Bounds::default())
                .unwrap();
        let grid = bin(&sources, &frame, options.reductions.as_ref().unwrap(), &()).unwrap();
        Binned::new(grid, options, vec!["0123".to_owned(), "4567".to_owned()])
    }

    /// Writes the shards, the last one first.
    fn write(&self, folder: &Path, of: u32) -> Vec<PathBuf> {
        let write = |index: u32| {
            let path = folder.join(format!("{index}.tiff"));
            let shard = Shard::new(index, of).unwrap();
            write_grid(&self.binned(Some(shard)), &path, &()).unwrap();
            path
        };
        (1..=of).rev().map(write).collect()
    }
}

fn page(binned: &Binned, term: &Term, dtype: Dtype) -> Vec<f64> {
    match binned.grid().page(term, dtype).unwrap().values {
        OwnedValues::F32(values) => values.into_iter().map(f64::from).collect(),
        OwnedValues::F64(values) => values,
    }
}

/// Compares what was merged with what a single run makes of the same points.
fn check(job: &Job, merged: &Binned) {
    let whole = job.binned(None);
    assert_eq!(merged.options(), whole.options());
    assert_eq!(merged.points(), whole.points());
    assert_eq!(merged.grid().stats(), whole.grid().stats());
    assert_eq!(merged.grid().extent(), whole.grid().extent());
    for term in whole.grid().reductions().as_slice() {
        use Reduction::{Count, First, Last, Max, Min};
        let exact = [Count, Min, Max, First, Last].contains(&term.reduction());
        let dtype = job.options.dtype;
        for (found, expected) in page(merged, term, dtype).iter().zip(page(&whole, term, dtype)) {
            let near = match dtype {
                Dtype::F32 => {
                    let expected = expected as f32;
                    let found = *found as f32;
                    found == expected
                        || found == expected.next_up()
                        || found == expected.next_down()
                }
                Dtype::F64 => (found - expected).abs() <= 1e-11 * expected.abs(),
            };
            assert!(
                found.to_bits() == expected.to_bits() || (!exact && near),
                "{term}: {found} for {expected}"
            );
        }
    }
}

fn coordinate() -> impl Strategy<Value = f64> {
    prop_oneof![10 => 0.0..1.0f64, 1 => -0.5..1.5f64, 1 => Just(f64::NAN)]
}

fn z() -> impl Strategy<Value = f64> {
    prop_oneof![
        20 => -1e3..1e3f64,
        3 => Just(f64::NAN),
        2 => prop_oneof![Just(0.0), Just(-0.0), Just(1e-300), Just(-1e-300)],
        1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(1e30)],
    ]
}

/// Any pages of two columns, in any order.
fn reductions() -> impl Strategy<Value = String> {
    let all: Vec<String> = ["", ":m", ":z"]
        .iter()
        .flat_map(|column| {
            Reduction::ALL
                .iter()
                .filter(|reduction| reduction.needs_z() || column.is_empty())
                .map(move |reduction| format!("{reduction}{column}"))
        })
        .collect();
    prop::sample::subsequence(all, 1..=12).prop_shuffle().prop_map(|list| list.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn shards_merge_to_what_a_single_run_makes(
        points in prop::collection::vec((coordinate(), coordinate(), z(), z()), 0..60),
        of in 1u32..10,
        cut in 0usize..60,
        (wide, known, f64_pages, deflate) in any::<(bool, bool, bool, bool)>(),
        reductions in reductions(),
    ) {
        let known = |point: &Point| !known || !(point.2.is_nan() || point.3.is_nan());
        let points: Vec<Point> = points.into_iter().filter(known).collect();
        let mut job = Job::new(points, &reductions);
        job.may_be_nan = job.points.iter().any(|point| point.2.is_nan() || point.3.is_nan());
        (job.cut, job.wide) = (cut, wide);
        job.options.dtype = if f64_pages { Dtype::F64 } else { Dtype::F32 };
        job.options.compress = if deflate { Compression::Deflate } else { Compression::None };
        let folder = tempfile::tempdir().unwrap();
        let paths = job.write(folder.path(), of);
        let shards = Shards::open(&paths).unwrap();
        let merged = shards.merge(&()).unwrap();
        check(&job, &merged);
        if of == 1 {
            // Nothing was added to anything.
            let names = ["whole.tiff", "merged.tiff"].map(|name| folder.path().join(name));
            write_grid(&job.binned(None), &names[0], &()).unwrap();
            write_grid(&merged, &names[1], &()).unwrap();
            prop_assert!(fs::read(&names[0]).unwrap() == fs::read(&names[1]).unwrap());
        }
        let wide = Shards { stats: Stats { points: 1 << 40, ..shards.stats }, ..shards };
        for term in merged.grid().reductions().as_slice() {
            let found = page(&wide.merge(&()).unwrap(), term, Dtype::F64);
            let expected = page(&merged, term, Dtype::F64);
            prop_assert!(found.iter().map(|v| v.to_bits()).eq(expected.iter().map(|v| v.to_bits())));
        }
    }
}

fn job() -> Job {
    let points = (0..50).map(f64::from);
    let points = points.map(|i| (i / 50.0, i * 7.0 % 50.0 / 50.0, i, -i)).collect();
    Job::new(points, "count,mean,max:m")
}

/// What is said of these shards.
fn refused(paths: &[PathBuf]) -> String {
    let error = Shards::open(paths).unwrap_err();
    assert!(!error.is_usage(), "{error}");
    error.to_string()
}

#[test]
fn shards_that_are_missing_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let paths = job().write(folder.path(), 8);
    let without = |numbers: &[usize]| {
        // They were written from the last on.
        let kept = paths.iter().enumerate().filter(|(at, _)| !numbers.contains(&(8 - at)));
        refused(&kept.map(|(_, path)| path.clone()).collect::<Vec<_>>())
    };
    for (numbers, message) in [
        (&[3][..], "shard 3 of 8 is missing; make"),
        (&[2, 5], "shards 2 and 5 of 8 are missing"),
        (&[1, 2], "shards 1 and 2 of 8 are missing"),
        (&[1, 2, 8], "shards 1, 2 and 8 of 8 are missing"),
        (&[2, 3, 4, 5, 6, 7, 8], "shards 2 to 8 of 8 are missing"),
        (&[1, 4, 5, 6, 8], "shards 1, 4 to 6 and 8 of 8 are missing"),
    ] {
        let found = without(numbers);
        assert!(found.starts_with(message), "{found}");
    }
    assert!(Shards::open(&[]).unwrap_err().is_usage());
}

#[test]
fn what_is_of_another_job_is_named_with_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let paths = job().write(folder.path(), 2);
    let other = folder.path().join("other.tiff");
    let with = |change: &dyn Fn(&mut Job), shard: &str| {
        let mut job = job();
        change(&mut job);
        write_grid(&job.binned(Some(shard.parse().unwrap())), &other, &()).unwrap();
        refused(&[paths[1].clone(), other.clone()])
    };
    let options = |change: fn(&mut Options)| move |job: &mut Job| change(&mut job.options);
    for (message, expected) in [
        (with(&|_| (), "2/3"), "its number of shards is 3, not 2"),
        (
            with(&options(|o| o.cells = Cells::Size(Size::new(4, 4).unwrap())), "2/2"),
            "its size is 4x4, not 3x2",
        ),
        (
            with(&options(|o| o.extent = Some("0,2,0,1".parse().unwrap())), "2/2"),
            "its extent is 0.0,2.0,0.0,1.0, not 0.0,1.0,0.0,1.0",
        ),
        (
            with(&options(|o| o.reductions = Some("count".parse().unwrap())), "2/2"),
            "its list of pages is count, not count,mean,max:m",
        ),
        (with(&options(|o| o.x = "lon".to_owned()), "2/2"), "its option x is \"lon\", not \"x\""),
        (
            with(&options(|o| o.dtype = Dtype::F64), "2/2"),
            "its option dtype is \"f64\", not \"f32\"",
        ),
    ] {
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("other.tiff: is no shard of the same job as"), "{message}");
    }
    let message = with(&|job| job.points.truncate(40), "2/2");
    let expected = "is no shard of the same job as";
    assert!(message.contains(expected), "{message}");
    assert!(message.contains("it has 25 rows, and shard 1/2 of all 45 rows has 22;"), "{message}");

    let of_others = job().binned(Some("2/2".parse().unwrap())).of(vec!["ffff".to_owned()]);
    write_grid(&of_others, &other, &()).unwrap();
    assert!(refused(&[paths[1].clone(), other.clone()]).contains("it is of other points"));

    write_grid(&job().binned(None), &other, &()).unwrap();
    assert!(refused(&[paths[0].clone(), other.clone()]).contains("other.tiff: is a whole grid"));
    fs::copy(&paths[0], &other).unwrap();
    let message = refused(&[other.clone(), paths[1].clone(), paths[0].clone()]);
    assert!(message.contains("2.tiff: is shard 2/2, and so is "), "{message}");
    fs::write(&other, "no grid").unwrap();
    assert!(refused(&[paths[0].clone(), other]).contains("other.tiff: not a grid"));
}

#[test]
fn a_shard_that_is_replaced_while_it_is_merged_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let paths = job().write(folder.path(), 2);
    let shards = Shards::open(&paths).unwrap();
    fs::copy(&paths[0], &paths[1]).unwrap();
    let message = shards.merge(&()).unwrap_err().to_string();
    assert!(message.ends_with("1.tiff: it changed while it was merged"), "{message}");
}

#[test]
fn counts_of_points_that_cannot_be_are_damage() {
    let shard = |index, binned, points| Opened {
        path: PathBuf::from("a.tiff"),
        shard: Shard::new(index, 2).unwrap(),
        identity: String::new(),
        counts: Stats { points, binned, ..Stats::default() },
    };
    assert_eq!(total(&[shard(1, 3, 3), shard(2, 4, 4)]).unwrap().points, 7);
    let most = 1 << 53;
    for shards in [
        [shard(1, 3, 4), shard(2, 4, 4)],
        [shard(1, 3, 3), shard(2, u64::MAX, u64::MAX)],
        [shard(1, most / 2, most / 2), shard(2, most / 2 + 1, most / 2 + 1)],
    ] {
        let message = total(&shards).unwrap_err().to_string();
        assert!(message.contains("its counts of points do not add up"), "{message}");
    }
    let most = [shard(1, most / 2, most / 2), shard(2, most / 2, most / 2)];
    assert_eq!(total(&most).unwrap().binned, 1 << 53);
}

#[test]
fn a_cancelled_merge_ends() {
    struct Stop;
    impl Progress for Stop {
        fn advance(&self, _: u64) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let shards = Shards::open(&job().write(folder.path(), 3)).unwrap();
    assert!(matches!(shards.merge(&Stop), Err(Error::Cancelled)));
}
