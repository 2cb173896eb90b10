//! The whole stage: text in, `.points` folder out, on all threads, in memory that does not grow with the file.
//!
//! Every worker takes the next chunk, reads it, parses it into columns of its own, waits for its turn to learn
//! the number of its first row, and writes its rows to their place in the files. Nothing but the
//! taking of turns is serial: a few additions a chunk. Errors surface at their turn too, so the first
//! one in the text is the one that is reported, whatever the threads did.
//!
//! Where the rows go is a [`Sink`]'s to say: the files of the folder, or the batches of [`crate::Batches`].

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::array::element::Stored;
use crate::columns::ColumnFile;
use crate::error::Problem;
use crate::kernel::Kernel;
use crate::line::{BadLine, MOST_REPORTS, Rows};
use crate::number::Number;
use crate::options::{Dtype, Options};
use crate::points::{Points, describe};
use crate::sidecar::{self, Sidecar, Source};
use crate::source::{Chunk, Chunker, Input, Opened, names, open};
use crate::staged::StagedDir;
use crate::summary::{Part, Summary};
use crate::{Error, Progress, zones};

/// Bytes of text in a chunk: large enough that turns and writes cost little, small enough that its columns stay in the
/// last-level cache until they are written. The text is read in smaller pieces.
pub(crate) const CHUNK: usize = 2 << 20;

/// What an ingest did.
#[derive(Debug)]
pub struct Ingested {
    /// The new `.points` folder.
    pub points: Points,
    /// Bytes of text read, unpacked where it was compressed.
    pub bytes: u64,
    /// The first few malformed lines that were skipped.
    pub bad_lines: Vec<SkippedLine>,
}

/// A malformed line that was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedLine {
    /// The input.
    pub path: PathBuf,
    /// 1-based line in the input.
    pub line: u64,
    /// What is wrong with the line.
    pub problem: Problem,
    /// The beginning of the line, quoted and escaped.
    pub excerpt: String,
}

impl SkippedLine {
    /// A malformed line of the input `path`, in a piece of it that has `before` lines before.
    pub(crate) fn new(path: &Path, before: u64, bad: BadLine) -> Self {
        let BadLine { line, problem, excerpt } = bad;
        Self { path: path.to_owned(), line: before + line + 1, problem, excerpt }
    }

    /// The error that it is where malformed lines are not skipped.
    pub(crate) fn into_error(self) -> Error {
        let Self { path, line, problem, excerpt } = self;
        Error::Malformed { path, line, problem, excerpt }
    }
}

/// Parses `inputs`, one after another, into the columns of a new `.points` folder at `destination`. Text may be
/// compressed with gzip, zstd, bzip2 or xz; `.npy` arrays and raw numbers need no parsing. Progress counts bytes as they
/// lie on the disk. Runs on the threads of the current rayon pool.
///
/// # Errors
/// Any [`Error`]. Nothing is left behind then, and a `.points` that stood at `destination` is still there.
pub fn ingest(
    inputs: Vec<Input>,
    destination: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Ingested, Error> {
    ingest_with(inputs, destination, options, progress, Kernel::choose()?, CHUNK)
}

/// The same in chunks of so many bytes, for tests.
#[cfg(test)]
pub(crate) fn ingest_in_chunks(
    inputs: Vec<Input>,
    destination: &Path,
    options: &Options,
    progress: &dyn Progress,
    chunk: usize,
) -> Result<Ingested, Error> {
    ingest_with(inputs, destination, options, progress, Kernel::choose()?, chunk)
}

/// The same with the kernel and the length of chunks at the caller's choice, which the result does not depend on.
fn ingest_with(
    inputs: Vec<Input>,
    destination: &Path,
    options: &Options,
    progress: &dyn Progress,
    kernel: Kernel,
    chunk: usize,
) -> Result<Ingested, Error> {
    options.validate()?;
    check_destination(destination)?;
    let sources = open(inputs, options)?;
    let write = |source| Error::Write { path: destination.to_owned(), source };
    let staged = StagedDir::create(destination).map_err(write)?;
    let shared = Shared::new(sources, options, kernel, chunk, progress);
    let account = match options.dtype {
        Dtype::F32 => write_columns::<f32>(shared, staged.path(), destination),
        Dtype::F64 => write_columns::<f64>(shared, staged.path(), destination),
    }?;
    let json = account.sidecar.to_json().map_err(|error| write(error.into()))?;
    std::fs::write(staged.path().join(sidecar::FILE_NAME), json).map_err(write)?;
    staged.commit().map_err(write)?;
    let points = Points::written(destination, account.sidecar);
    Ok(Ingested { points, bytes: account.bytes, bad_lines: account.bad_lines })
}

/// A folder may only be replaced when nothing in it is anybody else's.
fn check_destination(path: &Path) -> Result<(), Error> {
    let refuse =
        |reason: &str| Err(Error::Destination { path: path.to_owned(), reason: reason.to_owned() });
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    if !metadata.is_dir() {
        return refuse("exists and is not a .points folder");
    }
    let entries =
        std::fs::read_dir(path).map_err(|source| Error::Write { path: path.to_owned(), source })?;
    for entry in entries {
        let name =
            entry.map_err(|source| Error::Write { path: path.to_owned(), source })?.file_name();
        let name = name.to_string_lossy();
        if name != sidecar::FILE_NAME && !name.ends_with(".npy") {
            return refuse(&format!("is a folder that holds {name}, which no .points does"));
        }
    }
    let empty = std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    if !empty && !path.join(sidecar::FILE_NAME).is_file() {
        return refuse(
            "is a folder of .npy files without a points.json, and may be somebody else's",
        );
    }
    Ok(())
}

/// What is to be said of inputs, once all of them are read.
#[derive(Debug)]
pub struct Account {
    /// What a `points.json` would say: the identity is that of the same points in a `.points` folder.
    pub sidecar: Sidecar,
    /// Bytes of text read, unpacked where it was compressed.
    pub bytes: u64,
    /// The first few malformed lines that were skipped.
    pub bad_lines: Vec<SkippedLine>,
}

/// What is settled in the order of the text.
#[derive(Debug, Default)]
struct Ledger {
    /// The chunk whose turn it is.
    turn: u64,
    /// Rows of all chunks before it.
    rows: u64,
    /// The input of the chunk before it.
    source: Option<usize>,
    /// Lines of that input before it.
    lines: u64,
    /// Lines of all inputs before it, without those before their data.
    lines_of_data: u64,
    /// Malformed lines before it.
    bad: u64,
    reports: Vec<SkippedLine>,
    failure: Option<Error>,
}

/// Where rows go.
pub(crate) trait Sink<T>: Sync {
    /// The place of the rows of a chunk.
    type Place;

    /// Whether there is room for no more. Chunks that have been taken still come.
    fn is_full(&self) -> bool;

    /// Finds the place for rows that follow those before. Called in the order of the text, by one worker at a time.
    fn place(&self, columns: &[Vec<T>]) -> Self::Place;

    /// Puts the rows from `first_row` on to their place. Called by many workers at a time.
    fn put(&self, place: Self::Place, first_row: u64, columns: &[Vec<T>]) -> Result<(), Error>;
}

/// What the workers share, in one run or in several that go on where the one before has stopped.
pub(crate) struct Shared<'a> {
    names: Vec<String>,
    options: Options,
    chunker: Mutex<Chunker>,
    ledger: Mutex<Ledger>,
    turned: Condvar,
    /// Of each column, the rows that have been put to their place.
    summaries: Vec<Mutex<Summary>>,
    kernel: Kernel,
    progress: &'a dyn Progress,
}

/// Ends the run when its worker panics, so that the others do not wait for a turn that never comes.
struct Guard<'a>(&'a Shared<'a>);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(Error::Cancelled);
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere ends the run: see `Guard`.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unlocked<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The column files of a folder, each with its path for messages.
struct Files(Vec<(ColumnFile, PathBuf)>);

impl<T: Number> Sink<T> for Files {
    type Place = ();

    fn is_full(&self) -> bool {
        false
    }

    fn place(&self, _: &[Vec<T>]) {}

    fn put(&self, (): (), first_row: u64, columns: &[Vec<T>]) -> Result<(), Error> {
        self.0.iter().zip(columns).try_for_each(|((file, path), values)| {
            file.write(first_row, values)
                .map_err(|source| Error::Write { path: path.clone(), source })
        })
    }
}

/// Writes all rows, and the zones of all columns, to files in `folder`, which messages call `destination`.
fn write_columns<T: Stored>(
    shared: Shared<'_>,
    folder: &Path,
    destination: &Path,
) -> Result<Account, Error> {
    let files = shared
        .names
        .iter()
        .map(|name| {
            let file = format!("{name}.npy");
            let shown = destination.join(&file);
            match ColumnFile::create(&folder.join(file)) {
                Ok(file) => Ok((file, shown)),
                Err(source) => Err(Error::Write { path: shown, source }),
            }
        })
        .collect::<Result<_, _>>()?;
    let files = Files(files);
    shared.run::<T>(&files)?;
    let rows = lock(&shared.ledger).rows;
    for (file, path) in &files.0 {
        file.finish(T::DTYPE, rows)
            .map_err(|source| Error::Write { path: path.clone(), source })?;
    }
    for (name, summary) in shared.names.iter().zip(&shared.summaries) {
        let file = zones::file_name(name);
        zones::write(&folder.join(&file), T::DTYPE, lock(summary).zones())
            .map_err(|source| Error::Write { path: destination.join(file), source })?;
    }
    shared.finish()
}

/// One worker: takes chunks until there are no more, or no room for them.
fn work<T: Stored, S: Sink<T>>(shared: &Shared<'_>, sink: &S) {
    let _guard = Guard(shared);
    let mut buffer = Vec::new();
    let mut rows = Rows::<T>::new(shared.names.len(), shared.kernel);
    while !sink.is_full() {
        if shared.progress.cancelled() {
            shared.fail(Error::Cancelled);
        }
        let Some(mut chunk) = lock(&shared.chunker).next(&mut buffer) else { break };
        rows.clear();
        let outcome = read_rows(&mut chunk, &mut buffer, &mut rows);
        let Some((first_row, place)) = shared.settle(&chunk, outcome, &mut rows, sink) else {
            break;
        };
        for (values, summary) in rows.columns.iter().zip(&shared.summaries) {
            let part = Part::new(first_row, values);
            lock(summary).add(&part);
        }
        if let Err(error) = sink.put(place, first_row, &rows.columns) {
            shared.fail(error);
            break;
        }
        shared.progress.advance(chunk.bytes());
    }
}

/// Reads a chunk, to its end or to the first line that is the end of the run.
fn read_rows<T: Stored>(
    chunk: &mut Chunk,
    buffer: &mut Vec<u8>,
    rows: &mut Rows<T>,
) -> Result<(), Error> {
    if chunk.append_numbers(buffer, &mut rows.columns)? {
        return Ok(());
    }
    let layout = chunk.layout.clone();
    while let (Some(text), Some(layout)) = (chunk.next_piece(buffer)?, &layout) {
        rows.parse(text, layout);
        if rows.bad > 0 && !layout.skip_bad {
            break;
        }
    }
    Ok(())
}

impl<'a> Shared<'a> {
    /// Nothing is read yet but the heads of the sources.
    pub(crate) fn new(
        sources: Vec<Opened>,
        options: &Options,
        kernel: Kernel,
        chunk: usize,
        progress: &'a dyn Progress,
    ) -> Self {
        let names = names(&sources).unwrap_or_default().to_vec();
        Self {
            summaries: names.iter().map(|_| Mutex::default()).collect(),
            names,
            options: options.clone(),
            chunker: Mutex::new(Chunker::new(sources, options.clone(), chunk)),
            ledger: Mutex::new(Ledger::default()),
            turned: Condvar::new(),
            kernel,
            progress,
        }
    }

    /// The columns, in their order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads on until the sink is full or nothing is left, on the threads of the current rayon pool. After an error
    /// there must be no further run.
    pub(crate) fn run<T: Stored>(&self, sink: &impl Sink<T>) -> Result<(), Error> {
        let workers = lock(&self.chunker).most_chunks().min(rayon::current_num_threads());
        rayon::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|_| work(self, sink));
            }
        });
        lock(&self.ledger).failure.take().map_or(Ok(()), Err)
    }

    /// Of each column, whether a value that is not finite has been put to its place.
    pub(crate) fn have_non_finite(&self) -> Vec<bool> {
        let has =
            |summary: &Mutex<Summary>| lock(summary).zones().iter().any(|zone| zone.non_finite > 0);
        self.summaries.iter().map(has).collect()
    }

    /// Sums up what was read, all of it.
    pub(crate) fn finish(self) -> Result<Account, Error> {
        let (ledger, sources) = (unlocked(self.ledger), unlocked(self.chunker).into_sources());
        let lines = ledger.lines_of_data + sources.iter().map(|source| source.lines).sum::<u64>();
        if ledger.rows == 0 {
            let path =
                sources.into_iter().next_back().map(|source| source.path).unwrap_or_default();
            return Err(Error::NoPoints {
                path,
                found: format!("all {} lines are bad", ledger.bad),
            });
        }
        let finished = sources.into_iter().map(Opened::finish);
        let (sources, bytes): (Vec<Source>, Vec<u64>) =
            finished.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let dtype = self.options.dtype;
        let columns = self.names.iter().zip(&self.summaries);
        let columns =
            columns.map(|(name, summary)| describe(name, dtype, &lock(summary))).collect();
        let sidecar = Sidecar::new(ledger.rows, lines, ledger.bad, columns, self.options, sources);
        Ok(Account { sidecar, bytes: bytes.iter().sum(), bad_lines: ledger.reports })
    }

    /// Waits for the chunk's turn and enters it into the ledger. Returns the number of its first row and the place for
    /// its rows, or `None` when the run has failed, here or elsewhere.
    ///
    /// Chunks are taken in order by workers that are running, so the one whose turn it is never waits.
    fn settle<T: Number, S: Sink<T>>(
        &self,
        chunk: &Chunk,
        outcome: Result<(), Error>,
        rows: &mut Rows<T>,
        sink: &S,
    ) -> Option<(u64, S::Place)> {
        let mut ledger = lock(&self.ledger);
        while ledger.turn != chunk.sequence && ledger.failure.is_none() {
            ledger = self.turned.wait(ledger).unwrap_or_else(PoisonError::into_inner);
        }
        if ledger.failure.is_some() {
            return None;
        }
        if ledger.source != Some(chunk.source) {
            ledger.source = Some(chunk.source);
            ledger.lines = chunk.head_lines;
        }
        let result = outcome.and_then(|()| {
            let before = ledger.lines;
            let skip_bad = chunk.layout.as_ref().is_some_and(|layout| layout.skip_bad);
            for bad in rows.reports.drain(..) {
                let report = SkippedLine::new(&chunk.path, before, bad);
                if !skip_bad {
                    return Err(report.into_error());
                }
                if ledger.reports.len() < MOST_REPORTS {
                    ledger.reports.push(report);
                }
            }
            let first_row = ledger.rows;
            ledger.rows += rows.len() as u64;
            ledger.lines += rows.lines;
            ledger.lines_of_data += rows.lines;
            ledger.bad += rows.bad;
            ledger.turn += 1;
            Ok((first_row, sink.place(&rows.columns)))
        });
        self.turned.notify_all();
        result.map_err(|error| ledger.failure = Some(error)).ok()
    }

    /// Ends the run, unless it has failed before.
    fn fail(&self, error: Error) {
        lock(&self.ledger).failure.get_or_insert(error);
        self.turned.notify_all();
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Values, naive};
    use proptest::prelude::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    pub(crate) fn bits(points: &Points) -> Vec<Vec<u32>> {
        let columns = points.sidecar().columns.iter();
        columns
            .map(|column| match points.column(&column.name).unwrap().values() {
                Values::F32(values) => values.iter().map(|value| value.to_bits()).collect(),
                Values::F64(_) => panic!("the columns are 32 bits wide"),
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
            let (expected, bad) = naive::rows(&text, 3);
            let expected: Vec<Vec<u32>> = expected
                .iter()
                .map(|column| column.iter().map(|value| value.to_bits()).collect())
                .collect();
            let options = Options { skip_bad: true, ..Options::default() };
            let mut identities = Vec::new();
            let kernels = Kernel::available().into_iter();
            for (kernel, piped) in kernels.flat_map(|kernel| [(kernel, false), (kernel, true)]) {
                let input = if piped { stream(&text) } else { Input::Path(file.clone()) };
                let run =
                    || ingest_with(vec![input], &destination, &options, &(), kernel, chunk);
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
            for kernel in Kernel::available() {
                let run = || {
                    let inputs = vec![Input::Path(file.clone())];
                    let options = Options::default();
                    ingest_with(inputs, &destination, &options, &(), kernel, chunk)
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
        std::fs::remove_file(destination.join(sidecar::FILE_NAME)).unwrap();
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
}
