use std::sync::atomic::{AtomicU64, Ordering};

use pointillist_base::Values;
use pointillist_base::staged::contents::RECORD;
use proptest::prelude::*;

use super::*;
use crate::head::read_head;
use crate::{Buffer, naive};

pub(crate) fn bits(points: &Points) -> Vec<Vec<u32>> {
    let columns = points.sidecar().columns.iter();
    columns
        .map(|column| {
            match points.column(&column.name).unwrap().read(&mut Buffer::default()).unwrap() {
                Values::F32(values) => values.iter().map(|value| value.to_bits()).collect(),
                Values::F64(_) => panic!("the columns are 32 bits wide"),
            }
        })
        .collect()
}

pub(crate) fn in_threads<R: Send>(threads: usize, run: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

pub(crate) fn stream(bytes: impl AsRef<[u8]>) -> Input {
    let reader = Box::new(std::io::Cursor::new(bytes.as_ref().to_vec()));
    Input::Stream { name: "-".to_owned(), reader }
}

/// Text of good lines, blank lines, comments and bad lines.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        r"-?[0-9]{1,5}\.[0-9]{1,8}",
        r"[0-9]{1,19}",
        r"-?[0-9]\.[0-9]{6}e[+-]?[0-9]{1,2}",
    ];
    let line = prop_oneof![
        12 => prop::collection::vec(number, 3..5).prop_map(|fields| fields.join(" ")),
        1 => Just(String::new()),
        1 => Just("# comment, 1 2 3".to_owned()),
        1 => Just("  1\t 2 3 \r".to_owned()),
        1 => prop_oneof![Just("1 2".to_owned()), Just("1 two 3".to_owned())],
    ];
    (prop::collection::vec(line, 0..80), any::<bool>()).prop_map(|(lines, newline)| {
        format!("1 2 3\n{}{}", lines.join("\n"), if newline { "\n" } else { "" })
    })
}

/// How the tests read.
fn in_32_bits() -> Options {
    Options { dtype: Dtype::F32.into(), ..Options::default() }
}

/// What the naive reader makes of a whole text, its head included: the bits of all columns, and the bad lines, from 1 on.
pub(crate) fn naive_bits(text: &str) -> (Vec<Vec<u32>>, Vec<u64>) {
    let head = read_head(Path::new("-"), &mut text.as_bytes(), &Options::default(), None);
    let head = head.unwrap().unwrap();
    let read = naive::read(&text.as_bytes()[head.offset as usize..], &head.layout);
    let bits = |column: &Vec<f32>| column.iter().map(|value| value.to_bits()).collect();
    let bad = read.bad.iter().map(|line| head.lines + line + 1).collect();
    (read.singles.iter().map(bits).collect(), bad)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_chunk_size_and_any_number_of_threads_give_the_naive_rows(
        text in text(), chunk in 1_usize..300, threads in 1_usize..6,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("points.txt");
        std::fs::write(&file, &text).unwrap();
        let destination = folder.path().join("out.points");
        let (expected, bad) = naive_bits(&text);
        let options = Options { skip_bad: true, ..in_32_bits() };
        let mut identities = Vec::new();
        let kernels = Instructions::available().into_iter();
        for (instructions, piped) in kernels.flat_map(|instructions| [(instructions, false), (instructions, true)]) {
            let input = if piped { stream(&text) } else { Input::Path(file.clone()) };
            let run =
                || ingest_with(vec![input], &destination, &options, &(), instructions, chunk, false);
            let done = in_threads(threads, run).unwrap();
            prop_assert_eq!(&bits(&done.points), &expected);
            prop_assert_eq!(done.points.sidecar().skipped, bad.len() as u64);
            let lines: Vec<u64> = done.bad_lines.iter().map(|line| line.line).collect();
            prop_assert_eq!(&lines, &bad[..bad.len().min(MOST_REPORTS)]);
            prop_assert_eq!(done.bytes, text.len() as u64);
            done.points.verify(&()).unwrap();
            identities.push(done.points.identity().to_owned());
        }
        prop_assert!(identities.iter().all(|identity| *identity == identities[0]));

        // Without skipping, the first bad line is the error, and the old folder stays as it is.
        for instructions in Instructions::available() {
            let run = || {
                let inputs = vec![Input::Path(file.clone())];
                let options = in_32_bits();
                ingest_with(inputs, &destination, &options, &(), instructions, chunk, false)
            };
            match (in_threads(threads, run), bad.first()) {
                (Ok(_), None) => {}
                (Err(Error::Malformed { line, .. }), Some(first)) => {
                    prop_assert_eq!(line, *first)
                }
                (other, _) => prop_assert!(false, "{:?} for bad lines {:?}", other, bad),
            }
        }
        prop_assert_eq!(&bits(&Points::open(&destination).unwrap()), &expected);
    }

    #[test]
    fn rows_that_look_alike_are_the_naive_ones_however_they_are_cut(
        numbers in prop::collection::vec([-1e3..1e3, -1.0..1.0, 0.0..100.0], 100..500),
        exponents in any::<bool>(),
        odd in prop::option::of(any::<prop::sample::Index>()),
        chunk in 200_usize..6000,
        threads in 1_usize..5,
    ) {
        let exponent = |value: &f64| {
            let text = format!("{value:.18e}");
            let (digits, power) = text.split_once('e').unwrap();
            let power: i32 = power.parse().unwrap();
            format!("{digits}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
        };
        let mut rows: Vec<String> = numbers
            .iter()
            .map(|row| match (exponents, row) {
                (true, row) => format!("{}\n", row.each_ref().map(exponent).join(" ")),
                (false, [x, y, z]) => format!("{x:.6} {y:.6} {z:.4}\n"),
            })
            .collect();
        if let Some(at) = odd {
            let at = at.index(rows.len());
            rows[at] = "7 1e5 -2.5\n".to_owned();
        }
        let text = rows.concat();
        let (expected, _) = naive_bits(&text);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("points.txt");
        std::fs::write(&file, &text).unwrap();
        let destination = folder.path().join("out.points");
        for instructions in Instructions::available() {
            let inputs = vec![Input::Path(file.clone())];
            let options = in_32_bits();
            let run = || ingest_with(inputs, &destination, &options, &(), instructions, chunk, false);
            let done = in_threads(threads, run).unwrap();
            prop_assert_eq!(&bits(&done.points), &expected, "{}", instructions);
        }
    }
}

#[test]
fn several_inputs_follow_one_another_with_line_numbers_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("out.points");
    let mut inputs = Vec::new();
    for (name, text) in
        [("a", "x y\n1 2\n3 4"), ("empty", ""), ("b", "# c\n\n5,6\n7\n8,9\n"), ("c", "1 1\n")]
    {
        std::fs::write(folder.path().join(name), text).unwrap();
        inputs.push(name);
    }
    let options = Options { skip_bad: true, ..Options::default() };
    for chunk in [1, 3, 1000] {
        let paths = inputs.iter().map(|name| Input::Path(folder.path().join(name))).collect();
        let done = ingest_in_chunks(paths, &destination, &options, &(), chunk).unwrap();
        let columns: Vec<Vec<f32>> = bits(&done.points)
            .into_iter()
            .map(|column| column.into_iter().map(f32::from_bits).collect())
            .collect();
        assert_eq!(columns, [[1., 3., 5., 8., 1.], [2., 4., 6., 9., 1.]]);
        assert_eq!(done.bad_lines.len(), 1);
        assert_eq!(done.bad_lines[0].line, 4);
        assert!(done.bad_lines[0].path.ends_with("b"));
        assert_eq!(done.points.sidecar().lines, 9);
    }
}

#[test]
fn columns_found_by_name_in_another_order_are_not_confused_by_what_was_learnt_before() {
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("out.points");
    // 32 bytes a row and a multiple of four rows after the first: the kernel comes to the very end of the text, so
    // that nothing there makes it doubt what it has learnt.
    let rows = "1.2500000000000 2.7500000000000\n".repeat(1001);
    let mut inputs = Vec::new();
    for (name, header) in [("a", "lon lat\n"), ("b", "lat lon\n")] {
        std::fs::write(folder.path().join(name), format!("{header}{rows}")).unwrap();
        inputs.push(Input::Path(folder.path().join(name)));
    }
    let columns = "x=lon,y=lat".parse().unwrap();
    let options = Options { columns, ..Options::default() };
    // One worker reads both.
    let done = in_threads(1, || ingest(inputs, &destination, &options, &())).unwrap();
    let x: Vec<f32> = bits(&done.points)[0].iter().map(|&bits| f32::from_bits(bits)).collect();
    assert!(x[..1001].iter().all(|&x| x == 1.25));
    assert!(x[1001..].iter().all(|&x| x == 2.75));
}

#[test]
fn a_cancelled_run_leaves_nothing() {
    struct AfterTwo(AtomicU64);
    impl Progress for AfterTwo {
        fn advance(&self, _: u64) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        fn cancelled(&self) -> bool {
            self.0.load(Ordering::Relaxed) >= 2
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("out.points");
    let text = "1 2 3\n".repeat(1000);
    let progress = AfterTwo(AtomicU64::new(0));
    let result =
        ingest_in_chunks(vec![stream(&text)], &destination, &Options::default(), &progress, 64);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_holds_anything_else_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("out.points");
    let run = || ingest(vec![stream("1 2 3\n")], &destination, &Options::default(), &());
    std::fs::create_dir(&destination).unwrap();
    run().unwrap();
    run().unwrap();
    std::fs::write(destination.join("notes.txt"), "mine").unwrap();
    assert!(matches!(run(), Err(Error::Destination { .. })));
    std::fs::remove_file(destination.join("notes.txt")).unwrap();
    std::fs::remove_file(destination.join(RECORD)).unwrap();
    assert!(matches!(run(), Err(Error::Destination { .. })));
    assert!(destination.join("x.npy").is_file());
    std::fs::remove_dir_all(&destination).unwrap();
    std::fs::write(&destination, "mine").unwrap();
    assert!(matches!(run(), Err(Error::Destination { .. })));
    assert_eq!(std::fs::read(&destination).unwrap(), b"mine");
}

#[test]
fn a_file_that_shrinks_or_grows_while_it_is_read_is_an_error() {
    struct Change<'a>(&'a Path, &'a str);
    impl Progress for Change<'_> {
        fn advance(&self, _: u64) {
            std::fs::write(self.0, self.1).unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("points.txt");
    let text = "1 2 3\n".repeat(1000);
    for changed in [&text[..60], &text.repeat(2)] {
        std::fs::write(&file, &text).unwrap();
        let result = ingest_in_chunks(
            vec![Input::Path(file.clone())],
            &folder.path().join("out.points"),
            &Options::default(),
            &Change(&file, changed),
            64,
        );
        assert!(matches!(result, Err(Error::Changed { .. })), "{result:?}");
    }
    assert!(!folder.path().join("out.points").exists());
}
