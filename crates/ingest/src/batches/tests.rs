use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::*;
use crate::Raw;
use crate::line::MOST_REPORTS;
use crate::pipeline::ingest_in_chunks;
use crate::pipeline::tests::{in_threads, naive_bits, stream, text};

/// All batches as bits, a vector a column, and what is said of them.
type Read = (Vec<Vec<u64>>, Account);

/// Reads all batches, each of which must be full but the last, and keeps nothing that need not be kept.
fn read(mut batches: Batches<'_>, rows: usize, chunk: usize) -> Result<Read, Error> {
    let names = batches.names().len();
    let mut columns = vec![Vec::new(); names];
    let mut before = rows;
    batches = batches.with_rows(rows);
    while let Some(batch) = batches.next_batch()? {
        let Batch { columns: batch, may_be_non_finite } = batch;
        assert_eq!((batch.len(), may_be_non_finite.len()), (names, names));
        assert_eq!(before, rows, "only the last batch is not full");
        before = batch[0].len();
        assert!((1..=rows).contains(&before));
        for (column, values) in columns.iter_mut().zip(batch) {
            assert_eq!(values.len(), before);
            match values {
                Values::F32(values) => column.extend(values.iter().map(|v| u64::from(v.to_bits()))),
                Values::F64(values) => column.extend(values.iter().map(|v| v.to_bits())),
            }
        }
        let later = match &batches.room {
            Room::F32(room) => room.later[0].len(),
            Room::F64(room) => room.later[0].len(),
        };
        // A chunk is of the lines that begin in it, each at least two bytes long, and any worker may hold one.
        assert!(later <= rayon::current_num_threads() * (chunk / 2 + 2), "{later} rows wait");
    }
    assert!(matches!(batches.next_batch(), Ok(None)));
    Ok((columns, batches.finish()?))
}

fn read_all(
    inputs: Vec<Input>,
    options: &Options,
    rows: usize,
    chunk: usize,
) -> Result<Read, Error> {
    // The head of a stream comes in one piece.
    let is_stream = inputs.iter().any(|input| matches!(input, Input::Stream { .. }));
    let longest = if is_stream { chunk.max(64 << 10) } else { chunk };
    read(Batches::open_in_chunks(inputs, options, &(), chunk)?, rows, longest)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn batches_are_the_naive_rows_whatever_chunks_threads_and_their_own_length(
        text in text(), chunk in 1_usize..300, threads in 1_usize..6, rows in 1_usize..120,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("points.txt");
        std::fs::write(&file, &text).unwrap();
        let (expected, bad) = naive_bits(&text);
        let expected: Vec<Vec<u64>> = expected
            .into_iter()
            .map(|column| column.into_iter().map(u64::from).collect())
            .collect();
        let options = Options { skip_bad: true, dtype: Dtype::F32.into(), ..Options::default() };
        let destination = folder.path().join("out.points");
        let columns = ingest_in_chunks(vec![stream(&text)], &destination, &options, &(), 100).unwrap();
        for piped in [false, true] {
            let input = if piped { stream(&text) } else { Input::Path(file.clone()) };
            let run = || read_all(vec![input], &options, rows, chunk);
            let (found, account) = in_threads(threads, run).unwrap();
            prop_assert_eq!(&found, &expected);
            let known = columns.points.sidecar();
            prop_assert_eq!(&account.sidecar.identity, &known.identity);
            prop_assert_eq!(&account.sidecar.columns, &known.columns);
            prop_assert_eq!(account.sidecar.lines, known.lines);
            prop_assert_eq!(account.sidecar.skipped, bad.len() as u64);
            prop_assert_eq!(account.bytes, text.len() as u64);
            let lines: Vec<u64> = account.bad_lines.iter().map(|line| line.line).collect();
            prop_assert_eq!(&lines, &bad[..bad.len().min(MOST_REPORTS)]);
        }

        // Without skipping, the first bad line is the error, in whichever batch it is.
        let strict = Options { skip_bad: false, ..options.clone() };
        let run = || read_all(vec![stream(&text)], &strict, rows, chunk);
        match (in_threads(threads, run), bad.first()) {
            (Ok((found, _)), None) => prop_assert_eq!(&found, &expected),
            (Err(Error::Malformed { line, .. }), Some(first)) => prop_assert_eq!(line, *first),
            (other, _) => prop_assert!(false, "{:?} for bad lines {:?}", other, bad),
        }
    }
}

#[test]
fn a_batch_takes_at_most_64_mib_and_is_as_long_as_that_allows() {
    for (fields, dtype, rows) in
        [(3, Dtype::F32, 1 << 22), (2, Dtype::F32, 1 << 23), (3, Dtype::F64, 1 << 21)]
    {
        let line = "1 ".repeat(fields) + "\n";
        let options = Options { dtype: dtype.into(), ..Options::default() };
        let mut batches = Batches::open(vec![stream(&line)], &options, &()).unwrap();
        assert_eq!(batches.rows, rows);
        let batch = batches.next_batch().unwrap().unwrap().columns;
        assert_eq!((batch.len(), batch[0].len()), (fields, 1));
    }
}

#[test]
fn several_inputs_and_numbers_that_need_no_parsing_are_batched_alike() {
    let values: Vec<f64> = (0..999).map(|value| f64::from(value) / 7.0).collect();
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let text: String = values
        .as_chunks::<3>()
        .0
        .iter()
        .fold(String::new(), |text, [x, y, z]| text + &format!("{x} {y} {z}\n"));
    let options = Options { dtype: Dtype::F64.into(), ..Options::default() };
    let as_raw = Options { raw: Some(Raw { dtype: Dtype::F64, columns: 3 }), ..options.clone() };
    let (begin, end) = raw.split_at(24 * 100);
    for rows in [1, 7, 333, 1000] {
        let whole = read_all(vec![stream(&text)], &options, rows, 500).unwrap();
        let parts = read_all(vec![stream(begin), stream(end)], &as_raw, rows, 500).unwrap();
        assert_eq!(whole.0, parts.0);
        assert_eq!(whole.1.sidecar.identity, parts.1.sidecar.identity);
        assert_eq!(parts.1.sidecar.sources.len(), 2);
    }
}

#[test]
fn a_column_is_finite_until_something_else_is_read() {
    let text = "1 2 3\n".repeat(100) + "1 2 nan\n" + &"1 2 3\n".repeat(100);
    // Of a stream, the head comes in one piece.
    let head = "1 2 3\n".repeat(11_000);
    let text = head.clone() + &text;
    for (rows, before) in [(10, 1110), (1, 11_100)] {
        let options = Options::default();
        let mut batches = Batches::open_in_chunks(vec![stream(&text)], &options, &(), 6).unwrap();
        batches = batches.with_rows(rows);
        let run = || {
            let mut found = Vec::new();
            while let Some(Batch { may_be_non_finite, .. }) = batches.next_batch().unwrap() {
                found.push(may_be_non_finite);
            }
            found
        };
        let found = in_threads(1, run);
        let expected = [vec![[false; 3]; before], vec![[false, false, true]; found.len() - before]];
        assert_eq!(found, expected.concat());
    }
}

#[test]
fn what_was_not_read_to_its_end_cannot_be_summed_up() {
    let open = |text: &str| Batches::open(vec![stream(text)], &Options::default(), &()).unwrap();
    assert!(matches!(open("1 2\n").finish(), Err(Error::Cancelled)));
    let mut batches = open("1 2\n3 4\n").with_rows(1);
    assert!(batches.next_batch().unwrap().is_some());
    assert!(matches!(batches.finish(), Err(Error::Cancelled)));

    // After an error there is nothing more, and nothing that could be waited for.
    let mut batches = open("1 2\n3 4\nfive 6\n7 8\n").with_rows(2);
    assert!(matches!(batches.next_batch(), Err(Error::Malformed { line: 3, .. })));
    assert!(matches!(batches.next_batch(), Ok(None)));
    assert!(matches!(batches.finish(), Err(Error::Cancelled)));
}

#[test]
fn text_without_a_good_line_has_no_batch_and_is_an_error_at_its_end() {
    let options = Options { skip_bad: true, ..Options::default() };
    let mut batches = Batches::open(vec![stream("x y\n1 two\n")], &options, &()).unwrap();
    assert!(matches!(batches.next_batch(), Ok(None)));
    let message = batches.finish().unwrap_err().to_string();
    assert!(message.ends_with("no points in it: all 1 lines are bad"), "{message}");
    assert!(matches!(Batches::open(vec![stream("")], &options, &()), Err(Error::NoPoints { .. })));
}

#[test]
fn a_wish_to_stop_is_heard_within_a_batch() {
    struct AfterTwo(AtomicU64);
    impl Progress for AfterTwo {
        fn advance(&self, _: u64) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        fn cancelled(&self) -> bool {
            self.0.load(Ordering::Relaxed) >= 2
        }
    }
    let (text, progress) = ("1 2 3\n".repeat(1000), AfterTwo(AtomicU64::new(0)));
    let options = Options::default();
    let mut batches = Batches::open_in_chunks(vec![stream(text)], &options, &progress, 64).unwrap();
    assert!(matches!(batches.next_batch(), Err(Error::Cancelled)));
}
