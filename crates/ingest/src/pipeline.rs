//! The whole stage: text in, `.points` folder out, on all threads, in memory that does not grow with the file.
//!
//! Every worker takes the next chunk, reads it, parses it into columns of its own, waits for its turn to learn
//! the number of its first row, and puts its rows to their place. Nothing but the
//! taking of turns is serial: a few additions a chunk. Errors surface at their turn too, so the first
//! one in the text is the one that is reported, whatever the threads did.
//!
//! Where the rows go is a [`Sink`]'s to say: the files of the folder, or the batches of [`crate::Batches`].

mod files;

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use pointillist_base::staged::{StagedDir, size};
use pointillist_base::{Dtype, Instructions, Progress, tag};

use crate::Error;
use crate::contents::ensure_replaceable;
use crate::ending::Ending;
use crate::error::Problem;
use crate::foreign::After;
use crate::head::Sample;
use crate::line::{BadLine, MOST_REPORTS, Rows};
use crate::losses::{Lost, Skipped};
use crate::number::Number;
use crate::options::Options;
use crate::points::{Points, describe};
use crate::sidecar::{Counted, Sidecar};
use crate::source::{
    Chunk, Chunker, Input, Opened, Source, dtype, names, open, rows, unless_changed,
};
use crate::summary::{Part, Summary};
use files::{keep_grids, write_columns};

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
    ingest_with(inputs, destination, options, progress, Instructions::chosen(), CHUNK, false)
}

/// As [`ingest`], and the folder is marked ([`tag`]) as one that can be made again.
///
/// # Errors
/// Those of [`ingest`].
pub fn ingest_to_cache(
    inputs: Vec<Input>,
    destination: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Ingested, Error> {
    ingest_with(inputs, destination, options, progress, Instructions::chosen(), CHUNK, true)
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
    ingest_with(inputs, destination, options, progress, Instructions::chosen(), chunk, false)
}

/// The same with the kernel and the length of chunks at the caller's choice, which the result does not depend on, marked as a
/// cache or not.
fn ingest_with(
    inputs: Vec<Input>,
    destination: &Path,
    options: &Options,
    progress: &dyn Progress,
    instructions: Instructions,
    chunk: usize,
    marked: bool,
) -> Result<Ingested, Error> {
    options.validate()?;
    ensure_replaceable(destination)?;
    let total = length(&inputs);
    let sources = open(inputs, options)?;
    let write = |source| Error::Write { path: destination.to_owned(), source };
    let staged = StagedDir::create(destination).map_err(write)?;
    let known = taken_by_arrays(&sources, options);
    known.map_or(Ok(()), |takes| staged.ensure_room(takes)).map_err(write)?;
    let progress = Watched { progress, bytes: AtomicU64::new(0) };
    let shared = Shared::new(sources, options, instructions, chunk, &progress);
    let account = match shared.dtype() {
        Dtype::F32 => write_columns::<f32>(shared, staged.path(), destination),
        Dtype::F64 => write_columns::<f64>(shared, staged.path(), destination),
    };
    let account = account.map_err(|error| match error {
        Error::Write { path, source } => {
            let takes = known.or_else(|| progress.extrapolate(total?, size(staged.path())));
            Error::Write { path, source: staged.explain(source, takes) }
        }
        error => error,
    })?;
    if marked {
        tag::mark(staged.path()).map_err(|error| write(staged.explain(error, None)))?;
    }
    let json = account.sidecar.to_json().map_err(|error| write(error.into()))?;
    let identity = account.sidecar.identity.clone();
    // Before it is renamed, where that can be with its files open: from then on, another run may replace it.
    let written = || Points::written(staged.path(), destination, account.sidecar);
    let points = cfg!(unix).then(written).transpose()?;
    // What has come to stand there meanwhile is exchanged with it, and removed.
    ensure_replaceable(destination)?;
    let keep = |old: &Path, new: &Path| keep_grids(old, new, &identity);
    staged.commit_keeping(&json, keep).map_err(write)?;
    let points = points.map_or_else(|| Points::open(destination), Ok)?;
    Ok(Ingested { points, bytes: account.bytes, bad_lines: account.bad_lines })
}

/// Bytes of all inputs as they lie on the disk, where all of them are files.
fn length(inputs: &[Input]) -> Option<u64> {
    let each = inputs.iter().map(|input| match input {
        Input::Path(path) => {
            path.metadata().ok().filter(Metadata::is_file).map(|metadata| metadata.len())
        }
        Input::Stream { .. } => None,
    });
    each.sum()
}

/// Bytes of the values of all columns, where the inputs are arrays that say how many there are.
fn taken_by_arrays(sources: &[Opened], options: &Options) -> Option<u64> {
    let columns = names(sources)?.len() as u64;
    rows(sources)?.checked_mul(columns)?.checked_mul(dtype(sources, options).size())
}

/// Counts what is done, for an estimate of what the whole takes.
struct Watched<'a> {
    progress: &'a dyn Progress,
    bytes: AtomicU64,
}

impl Progress for Watched<'_> {
    fn advance(&self, amount: u64) {
        self.bytes.fetch_add(amount, Ordering::Relaxed);
        self.progress.advance(amount);
    }

    fn cancelled(&self) -> bool {
        self.progress.cancelled()
    }
}

impl Watched<'_> {
    /// What the whole of `total` bytes takes, if what is done has made `written`.
    fn extrapolate(&self, total: u64, written: u64) -> Option<u64> {
        let done = self.bytes.load(Ordering::Relaxed);
        (done > 0).then(|| (written as f64 / done as f64 * total as f64) as u64)
    }
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
    bad: Skipped,
    /// Rows before it that gnuplot could not compute.
    undefined: u64,
    /// Of each column, what the type has no value near.
    lost: Vec<Lost>,
    /// Lines of rows of that input before it, where a header has counted them, and how many there are to be.
    counted: Option<(u64, u64)>,
    reports: Vec<SkippedLine>,
    failure: Option<Error>,
}

impl Ledger {
    /// Begins with the input of a chunk, if another one was read before it.
    fn begin(&mut self, chunk: &Chunk, chunker: &Mutex<Chunker>) -> Result<(), Error> {
        if self.source == Some(chunk.source) {
            return Ok(());
        }
        if self.counted.is_some() {
            self.check_count(lock(chunker).sources())?;
        }
        self.source = Some(chunk.source);
        self.lines = chunk.head_lines;
        let lines = chunk.layout.as_ref().and_then(|layout| layout.lines);
        self.counted = lines.map(|lines| (0, lines));
        Ok(())
    }

    /// Checks that the input before had all the rows that its header has counted.
    fn check_count(&self, sources: &[Opened]) -> Result<(), Error> {
        let (Some((before, lines)), Some(index)) = (self.counted, self.source) else {
            return Ok(());
        };
        let path = sources[index].path.as_path();
        Ending { path, lines, before, head: 0, after: None }.check(before, self.lines)
    }
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
    /// The type of the columns.
    dtype: Dtype,
    options: Options,
    chunker: Mutex<Chunker>,
    ledger: Mutex<Ledger>,
    turned: Condvar,
    /// Of each column, the rows that have been put to their place.
    summaries: Vec<Mutex<Summary>>,
    instructions: Instructions,
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

/// One worker: takes chunks until there are no more, or no room for them.
fn work<T: Number, S: Sink<T>>(shared: &Shared<'_>, sink: &S) {
    let _guard = Guard(shared);
    let mut buffer = Vec::new();
    let mut rows = Rows::<T>::new(shared.names.len(), shared.instructions);
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
fn read_rows<T: Number>(
    chunk: &mut Chunk,
    buffer: &mut Vec<u8>,
    rows: &mut Rows<T>,
) -> Result<(), Error> {
    if chunk.append_numbers(buffer, rows)? {
        return Ok(());
    }
    let layout = chunk.layout.clone();
    while let (Some(text), Some(layout)) =
        (chunk.next_piece(buffer).map_err(|error| error.behind(rows.lines))?, &layout)
    {
        rows.parse(text, layout);
        if rows.is_at_end(layout) {
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
        instructions: Instructions,
        chunk: usize,
        progress: &'a dyn Progress,
    ) -> Self {
        let names = names(&sources).unwrap_or_default().to_vec();
        let ledger = Ledger { lost: vec![Lost::default(); names.len()], ..Ledger::default() };
        Self {
            summaries: names.iter().map(|_| Mutex::default()).collect(),
            names,
            dtype: dtype(&sources, options),
            options: options.clone(),
            chunker: Mutex::new(Chunker::new(sources, options.clone(), chunk)),
            ledger: Mutex::new(ledger),
            turned: Condvar::new(),
            instructions,
            progress,
        }
    }

    /// The columns, in their order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The type of the columns.
    pub(crate) fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Reads on until the sink is full or nothing is left, on the threads of the current rayon pool. After an error
    /// there must be no further run.
    pub(crate) fn run<T: Number>(&self, sink: &impl Sink<T>) -> Result<(), Error> {
        let workers = lock(&self.chunker).most_chunks().min(rayon::current_num_threads());
        rayon::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|_| work(self, sink));
            }
        });
        let failure = lock(&self.ledger).failure.take();
        failure.map_or(Ok(()), |error| Err(unless_changed(error, lock(&self.chunker).sources())))
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
        ledger.check_count(&sources).map_err(|error| unless_changed(error, &sources))?;
        let lines = ledger.lines_of_data + sources.iter().map(|source| source.lines).sum::<u64>();
        if ledger.rows == 0 {
            let path = sources.last().map(|source| source.path.clone()).unwrap_or_default();
            let found = format!("all {} lines are bad", ledger.bad.all());
            return Err(unless_changed(Error::NoPoints { path, found }, &sources));
        }
        let facts = || sources.iter().filter_map(|source| source.facts.as_ref());
        let read_as = facts().map(|facts| facts.read_as.clone()).collect();
        let mut samples: Vec<Sample> = facts().map(|facts| facts.sample.clone()).collect();
        let is_one = |summary: &Mutex<Summary>| {
            describe("", self.dtype, &lock(summary)).bounds().is_some_and(|(min, max)| min == max)
        };
        if self.dtype == Dtype::F32 && self.summaries.iter().any(is_one) {
            // Further down values may differ that do not in the head.
            samples.extend(sources.iter().flat_map(Opened::samples));
        }
        let finished = sources.into_iter().map(Opened::finish);
        let (sources, bytes): (Vec<Source>, Vec<u64>) =
            finished.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let columns = self.names.iter().zip(&self.summaries).enumerate();
        let columns = columns.map(|(index, (name, summary))| {
            let mut column = describe(name, self.dtype, &lock(summary));
            column.lost = ledger.lost[index];
            column.lost.collapsed = have_collapsed(&samples, index, column.bounds());
            column
        });
        let (rows, skipped, undefined) = (ledger.rows, ledger.bad, ledger.undefined);
        let counted = Counted { rows, lines, skipped, undefined };
        let sidecar = Sidecar::new(counted, columns.collect(), self.options, sources, read_as);
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
        let result = ledger
            .begin(chunk, &self.chunker)
            .and_then(|()| self.enter(&mut ledger, chunk, outcome, rows))
            .map(|first_row| (first_row, sink.place(&rows.columns)));
        ledger.turn += 1;
        self.turned.notify_all();
        result.map_err(|error| ledger.failure = Some(error)).ok()
    }

    /// Enters what was read of a chunk whose turn it is. Returns the number of its first row.
    fn enter<T: Number>(
        &self,
        ledger: &mut Ledger,
        chunk: &Chunk,
        outcome: Result<(), Error>,
        rows: &mut Rows<T>,
    ) -> Result<u64, Error> {
        if let Some((before, lines)) = ledger.counted {
            // Behind the last row that counts nothing can be wrong.
            if before == lines && outcome.is_err() {
                return Ok(ledger.rows);
            }
            let mut chunker = lock(&self.chunker);
            let after = chunker.after(chunk.source);
            let (path, head) = (chunk.path.as_path(), chunk.head_lines);
            let at_end = Ending { path, lines, before, head, after }.cut(rows)?;
            if at_end && after == Some(After::Ignored) {
                chunker.end_source(chunk.source);
            }
        }
        let before = ledger.lines;
        outcome.map_err(|error| error.behind(before))?;
        if let Some(bad) = rows.fatal.take() {
            return Err(SkippedLine::new(&chunk.path, before, bad).into_error());
        }
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
        ledger.undefined += rows.undefined;
        for (sum, lost) in ledger.lost.iter_mut().zip(&rows.lost) {
            *sum += *lost;
        }
        if let Some((before, _)) = &mut ledger.counted {
            *before += rows.len() as u64 + rows.bad.all();
        }
        Ok(first_row)
    }

    /// Ends the run, unless it has failed before.
    fn fail(&self, error: Error) {
        lock(&self.ledger).failure.get_or_insert(error);
        self.turned.notify_all();
    }
}

/// Whether a column became one value and was not, as far as samples of texts show.
fn have_collapsed(samples: &[Sample], column: usize, bounds: Option<(f64, f64)>) -> bool {
    let values = samples.iter().filter_map(|sample| sample.columns.get(column));
    let differ = |(min, max): (f64, f64)| min < max;
    bounds.is_some_and(|(min, max)| min == max)
        && Sample::bounds(values.flatten().copied()).is_some_and(differ)
}

#[cfg(test)]
pub(crate) mod tests;
