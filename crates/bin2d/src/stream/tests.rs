use std::path::Path;

use pointillist_base::OwnedValues;
use pointillist_ingest::{Points, Source, ingest};
use proptest::prelude::*;

use super::*;
use crate::{Cells, Size, Term, bin2d};

fn stream(text: impl AsRef<[u8]>) -> Input {
    let reader = Box::new(std::io::Cursor::new(text.as_ref().to_vec()));
    Input::Stream { name: "-".to_owned(), reader }
}

fn in_threads<R: Send>(threads: usize, run: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

/// All pages as bits.
fn pages(binned: &Binned) -> Vec<Vec<u64>> {
    let grid = binned.grid();
    let page = |term: &Term| match grid.page(term, Dtype::F64).unwrap().values {
        OwnedValues::F64(values) => values.into_iter().map(f64::to_bits).collect(),
        OwnedValues::F32(_) => panic!("64 bits were asked for"),
    };
    grid.reductions().as_slice().iter().map(page).collect()
}

fn columns(folder: &Path, text: &str, reading: &Reading) -> Points {
    ingest(vec![stream(text)], &folder.join("out.points"), reading, &()).unwrap().points
}

/// Points all over and beside the unit square; one in `whole` has no x, and one no z.
fn text(rows: u64, seed: u64, whole: u64) -> String {
    let mut state = seed | 1;
    let mut random = |range: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % range
    };
    (0..rows)
        .map(|_| {
            let x = random(1100) as f64 / 1000.0;
            let (y, z) = (random(1100) as f64 / 1000.0, random(1_000_000) as f64 / 7.0);
            match random(whole) {
                0 => format!("nan {y} {z}\n"),
                1 => format!("{x} {y} nan\n"),
                _ => format!("{x} {y} {z}\n"),
            }
        })
        .collect()
}

/// Small stripes and slices, so that few points make many of both.
fn small(lane_bytes: usize) -> Cut {
    Cut { stripe_rows: 64, lanes: 4, lane_bytes, slice_rows: 50, ..Cut::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_grid_is_that_of_the_columns_to_the_bit(
        rows in 1_u64..2000,
        seed in any::<u64>(),
        whole in prop_oneof![Just(50_u64), Just(700)],
        (width, height) in (1_u32..40, 1_u32..40),
        batch_rows in 1_usize..700,
        threads in 1_usize..5,
        in_lanes in any::<bool>(),
        wide in any::<bool>(),
        extent in prop_oneof![Just("0,1,0,1"), Just("0.1,0.7,0.3,0.9")],
        reductions in prop_oneof![
            Just("count"), Just("count,mean"), Just("mean,min,max"),
            Just("count,sum,mean,min,max,std,var,first,last"),
            Just("mean,sum:x,max:y"), Just("count,mean:y,std:x"),
        ],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let text = text(rows, seed, whole);
        let dtype = if wide { Dtype::F64 } else { Dtype::F32 };
        let reading = Reading { dtype: dtype.into(), ..Reading::default() };
        let points = columns(folder.path(), &text, &reading);
        let options = Options {
            cells: Cells::Size(Size::new(width, height).unwrap()),
            extent: Some(extent.parse().unwrap()),
            reductions: Some(reductions.parse().unwrap()),
            ..Options::default()
        };
        // As they are cut up in earnest, and so that there are many parts.
        let expected = bin2d(std::slice::from_ref(&points), &options, &()).unwrap();
        let run = |cut| {
            let inputs = vec![stream(&text)];
            let run = || stream_cut(inputs, &reading, &options, cut, Some(batch_rows), &());
            in_threads(threads, run).unwrap().binned
        };
        let found = run(Cut::default());
        prop_assert_eq!(found.grid().stats(), expected.grid().stats());
        prop_assert_eq!(found.points(), expected.points());
        prop_assert!(pages(&found) == pages(&expected));

        let cut = small(if in_lanes { 1 << 20 } else { 0 });
        let whole = ["x", "y", "z"].map(|name| points.column(name).unwrap());
        let found = run(cut);
        let reductions: Reductions = reductions.parse().unwrap();
        let about = About { may_be_nan: true, is_wide: wide };
        let fields = reductions.columns(Some("z")).unwrap().into_iter();
        let fields = fields.map(|name| Field { name: name.to_owned(), about }).collect();
        let frame = found.grid().frame();
        let binner = Binner::new(&frame, &reductions, Some("z"), fields, cut, Instructions::SCALAR, None);
        let binner = binner.unwrap();
        let [x, y, _] = whole;
        let mut columns = Columns::new(x, y).unwrap();
        for column in whole {
            columns = columns.with_z(column.name(), column, true).unwrap();
        }
        let expected = binner.add(&columns, &()).unwrap().finish().unwrap();
        let expected = Binned::new(expected, options.clone(), Vec::new());
        prop_assert!(pages(&found) == pages(&expected));
    }
}

#[test]
fn rows_beyond_a_batch_and_a_stripe_fall_into_the_lanes_that_they_always_do() {
    let folder = tempfile::tempdir().unwrap();
    // A little more than two stripes of 2^20 rows. The first NaN come when much is counted already.
    let text = text(2_200_000, 7, u64::MAX) + &"0.5 0.5 nan\n0.25 0.5 1\n".repeat(9);
    assert_eq!(text.find("nan"), text.len().checked_sub(9 * 23 - 8));
    let points = columns(folder.path(), &text, &Reading::default());
    for size in [64, 2048] {
        let options = Options {
            cells: Cells::Size(Size::new(size, size).unwrap()),
            extent: Some("0,1,0,1".parse().unwrap()),
            ..Options::default()
        };
        let expected = bin2d(std::slice::from_ref(&points), &options, &()).unwrap();
        for rows in [None, Some(1 << 20), Some(777_777)] {
            let inputs = vec![stream(&text)];
            let found =
                stream_cut(inputs, &Reading::default(), &options, Cut::default(), rows, &());
            let found = found.unwrap();
            assert!(pages(&found.binned) == pages(&expected), "{size} {rows:?}");
            assert_eq!(found.account.bytes, text.len() as u64);
        }
    }
}

fn unit() -> Options {
    Options { extent: Some("0,1,0,1".parse().unwrap()), ..Options::default() }
}

fn refusal(text: &str, columns: &str, options: &Options) -> Error {
    let columns = columns.parse().unwrap();
    let reading = Reading { columns, ..Reading::default() };
    bin2d_stream(vec![stream(text)], &reading, options, &()).unwrap_err()
}

#[test]
fn without_an_extent_that_has_cells_nothing_is_read() {
    struct Untouched;
    impl std::io::Read for Untouched {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            panic!("is not to be read");
        }
    }
    let input = Input::Stream { name: "-".to_owned(), reader: Box::new(Untouched) };
    let options = Options::default();
    let error = bin2d_stream(vec![input], &Reading::default(), &options, &()).unwrap_err();
    assert!(error.is_usage());
    assert!(error.to_string().contains("--extent XMIN,XMAX,YMIN,YMAX"), "{error}");

    // Nor with one that the points could not be told apart in.
    let input = Input::Stream { name: "-".to_owned(), reader: Box::new(Untouched) };
    let extent = Some("0,1,3e7,30000000.5".parse().unwrap());
    let options = Options { extent, ..Options::default() };
    let narrow = Reading { dtype: Dtype::F32.into(), ..Reading::default() };
    let error = bin2d_stream(vec![input], &narrow, &options, &()).unwrap_err();
    assert!(error.is_usage());
    assert!(error.to_string().contains("y = 30000000.0 to 30000000.5 is empty"), "{error}");
}

#[test]
fn where_the_type_is_told_from_the_text_so_is_whether_an_extent_has_cells() {
    let extent = Some("0,1,3e7,30000000.5".parse().unwrap());
    let options = Options { extent, ..Options::default() };
    let read = |text| bin2d_stream(vec![stream(text)], &Reading::default(), &options, &());
    let found = read("0.5 30000000.25 1\n0.5 30000000.375 2\n").unwrap();
    assert_eq!(found.binned.grid().stats().binned, 2);
    let error = read("0.5 0.25 1\n0.5 0.5 2\n").unwrap_err();
    assert!(error.to_string().contains("y = 30000000.0 to 30000000.5 is empty"), "{error}");
}

#[test]
fn columns_are_found_by_name_and_said_where_they_are_not() {
    let options = Options { z: Some("mag".to_owned()), ..unit() };
    let error = refusal("0.5 0.5 1 2\n", "x=1,y=2,z=3", &options);
    assert!(error.is_usage());
    assert!(error.to_string().starts_with("no column \"mag\" is read, only x, y, z; "), "{error}");

    let columns = "y=1,mag=4,x=3".parse().unwrap();
    let reading = Reading { columns, ..Reading::default() };
    let reductions = Some("max".parse().unwrap());
    let cells = Cells::Size(Size::new(2, 2).unwrap());
    let options = Options { cells, reductions, ..options };
    let found = bin2d_stream(vec![stream("0.1 9 0.9 7\n")], &reading, &options, &()).unwrap();
    let nan = f64::NAN.to_bits();
    assert_eq!(pages(&found.binned), [[nan, nan, nan, 7_f64.to_bits()]]);
    assert_eq!(found.account.sidecar.columns.len(), 3);
}

#[test]
fn points_without_z_are_counted_and_nothing_else() {
    let two = Options { cells: Cells::Size(Size::new(1, 1).unwrap()), ..unit() };
    let text = "0.5 0.5\n0.5 2\nnan 1\n";
    let found = bin2d_stream(vec![stream(text)], &Reading::default(), &two, &()).unwrap();
    assert_eq!(found.binned.grid().reductions().to_string(), "count");
    let stats = found.binned.grid().stats();
    assert_eq!((stats.binned, stats.outside, stats.non_finite), (1, 1, 1));
    let reductions = Some("max".parse().unwrap());
    let error = refusal(text, "x=1,y=2", &Options { reductions, ..two });
    assert!(matches!(error, Error::NoZ { .. }), "{error}");
}

#[test]
fn what_was_skipped_and_read_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.txt");
    std::fs::write(&file, "0.5 0.5 1\nbad\n0.25 0.25 2\n").unwrap();
    let reading = Reading { skip_bad: true, ..Reading::default() };
    let inputs = vec![Input::Path(file.clone()), stream("1 1 1\n1\n")];
    let found = bin2d_stream(inputs, &reading, &unit(), &()).unwrap();
    let inputs = found.binned.inputs().unwrap();
    assert_eq!((inputs.skipped, &inputs.options), (2, &reading));
    assert_eq!(inputs.sources.len(), 2);
    assert_eq!(inputs.sources[0], Source::of_file(&file).unwrap());
    assert_eq!((inputs.sources[1].size, inputs.sources[1].modified), (8, None));
    assert_eq!(found.account.bad_lines[1].line, 2);
    let error = refusal("0 0\n0\n", "x=1,y=2", &unit());
    assert!(error.to_string().starts_with("-:2: expected 2 fields, found 1"), "{error}");
}
