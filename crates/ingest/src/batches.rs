//! Text and arrays to columns in memory, a batch of rows at a time, for whoever needs every row once and none of them
//! twice: nothing is written, and memory does not grow with the text.
//!
//! A batch is filled by all threads, as [`ingest`](crate::ingest) fills files: the rows of a chunk of text go where those of
//! the chunk before have ended. All batches but the last have the same number of rows, so where chunks end, and how
//! many threads there are, makes no difference. Chunks that are in the works when a batch is full end up
//! in the next: at most one a thread.

use std::sync::Mutex;

use pointillist_base::{Dtype, Instructions, Progress, Values};

use crate::number::Number;
use crate::pipeline::{Account, CHUNK, Shared, Sink, lock};
use crate::source::{Input, open};
use crate::{Error, Options};

/// Bytes that a batch takes, at most: enough rows for all threads to be busy with for a while.
const BATCH: usize = 64 << 20;

/// Inputs that are read batch by batch.
pub struct Batches<'a> {
    shared: Shared<'a>,
    rows: usize,
    room: Room,
    state: State,
}

/// Rows in memory.
#[derive(Debug)]
pub struct Batch<'a> {
    /// One for each of [`Batches::names`], all of one length.
    pub columns: Vec<Values<'a>>,
    /// For each column, whether it may hold values that are NaN or infinite: `false` where none has been read so far.
    pub may_be_non_finite: Vec<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
    Failed,
}

enum Room {
    F32(RoomOf<f32>),
    F64(RoomOf<f64>),
}

impl<'a> Batches<'a> {
    /// Reads the heads of `inputs`, which are what [`ingest`](crate::ingest) takes. Progress counts bytes as they lie on
    /// the disk or come from a pipe.
    ///
    /// # Errors
    /// Those of [`ingest`](crate::ingest) for inputs that cannot be read, hold no data, or do not fit the options.
    pub fn open(
        inputs: Vec<Input>,
        options: &Options,
        progress: &'a dyn Progress,
    ) -> Result<Self, Error> {
        Self::open_in_chunks(inputs, options, progress, CHUNK)
    }

    fn open_in_chunks(
        inputs: Vec<Input>,
        options: &Options,
        progress: &'a dyn Progress,
        chunk: usize,
    ) -> Result<Self, Error> {
        options.validate()?;
        let instructions = Instructions::chosen();
        let shared = Shared::new(open(inputs, options)?, options, instructions, chunk, progress);
        let columns = shared.names().len();
        let room = match shared.dtype() {
            Dtype::F32 => Room::F32(RoomOf::new(columns)),
            Dtype::F64 => Room::F64(RoomOf::new(columns)),
        };
        // At least one column, and each at most 8 bytes: this is never 0.
        let rows = BATCH / (columns * shared.dtype().size() as usize).max(1);
        let rows = 1 << rows.max(1).ilog2();
        Ok(Self { shared, rows, room, state: State::Reading })
    }

    /// The same in batches of `rows` rows, at least one. Default: the largest power of two that takes no more than 64 MiB,
    /// which is 2²² rows of three columns in 32 bits.
    #[must_use]
    pub fn with_rows(self, rows: usize) -> Self {
        Self { rows: rows.max(1), ..self }
    }

    /// The type of the columns.
    pub fn dtype(&self) -> Dtype {
        self.shared.dtype()
    }

    /// The names of the columns, in their order.
    pub fn names(&self) -> &[String] {
        self.shared.names()
    }

    /// Which column of a batch has this name.
    ///
    /// # Errors
    /// [`Error::Options`] where none has, with those that are read.
    pub fn column(&self, name: &str) -> Result<usize, Error> {
        let names = self.names();
        names.iter().position(|known| known == name).ok_or_else(|| {
            Error::Options(format!(
                "no column {name:?} is read, only {}; say which fields become which columns: --columns \
                 x=1,y=2,{name}=4",
                names.join(", ")
            ))
        })
    }

    /// The next rows, in the order of the inputs: as many as in the batches before, unless it is the last. `None` after
    /// the last, and after an error. Runs on the threads of the current rayon pool. Waits for a slow pipe until the
    /// batch is full.
    ///
    /// # Errors
    /// As [`ingest`](crate::ingest): the first bad line in the text is the one that is reported, unless bad lines are
    /// skipped. [`Error::Cancelled`] when the progress says so.
    pub fn next_batch(&mut self) -> Result<Option<Batch<'_>>, Error> {
        if self.state != State::Reading {
            return Ok(None);
        }
        let filled = match &mut self.room {
            Room::F32(room) => room.fill(self.rows, &self.shared),
            Room::F64(room) => room.fill(self.rows, &self.shared),
        };
        let filled = filled.inspect_err(|_| self.state = State::Failed)?;
        if filled < self.rows {
            self.state = State::Ended;
        }
        let columns = match &self.room {
            Room::F32(room) => room.part(filled).map(Values::F32).collect(),
            Room::F64(room) => room.part(filled).map(Values::F64).collect(),
        };
        let may_be_non_finite = self.shared.have_non_finite();
        Ok((filled > 0).then_some(Batch { columns, may_be_non_finite }))
    }

    /// Says what was read, once the last batch is.
    ///
    /// # Errors
    /// [`Error::NoPoints`] when all lines were bad, [`Error::Changed`] when a file was written to while it was read,
    /// and [`Error::Cancelled`] when not all of it was read.
    pub fn finish(self) -> Result<Account, Error> {
        match self.state {
            State::Ended => self.shared.finish(),
            State::Reading | State::Failed => Err(Error::Cancelled),
        }
    }
}

impl std::fmt::Debug for Batches<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batches")
            .field("names", &self.names())
            .field("rows", &self.rows)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Room for a batch, a vector a column, reused from batch to batch.
struct RoomOf<T> {
    columns: Vec<Vec<T>>,
    /// Rows that have been read for the batch after this.
    later: Vec<Vec<T>>,
}

impl<T: Number> RoomOf<T> {
    fn new(columns: usize) -> Self {
        Self { columns: vec![Vec::new(); columns], later: vec![Vec::new(); columns] }
    }

    /// The first `rows` rows of every column.
    fn part(&self, rows: usize) -> impl Iterator<Item = &[T]> {
        self.columns.iter().map(move |column| &column[..rows])
    }

    /// Reads `rows` rows, or fewer at the end. Returns how many.
    fn fill(&mut self, rows: usize, shared: &Shared<'_>) -> Result<usize, Error> {
        let before = self.later.first().map_or(0, |later| later.len().min(rows));
        let mut places = Vec::with_capacity(self.columns.len());
        for (column, later) in self.columns.iter_mut().zip(&mut self.later) {
            if column.len() != rows {
                // Zeroed by the system, page by page as they are written to: a small input takes little.
                *column = vec![T::default(); rows];
            }
            let (begin, rest) = column.split_at_mut(before);
            begin.copy_from_slice(&later[..before]);
            later.drain(..before);
            places.push(rest);
        }
        let batch = Filling { open: Mutex::new(Open { places, later: &mut self.later }) };
        if !Sink::<T>::is_full(&batch) {
            shared.run(&batch)?;
        }
        Ok(rows - batch.rows_left())
    }
}

/// A batch that is being filled.
struct Filling<'a, T> {
    open: Mutex<Open<'a, T>>,
}

struct Open<'a, T> {
    /// Of every column, the rows that nobody has taken.
    places: Vec<&'a mut [T]>,
    /// Rows that come after those.
    later: &'a mut [Vec<T>],
}

impl<T> Filling<'_, T> {
    fn rows_left(&self) -> usize {
        lock(&self.open).places.first().map_or(0, |place| place.len())
    }
}

impl<'a, T: Number> Sink<T> for Filling<'a, T> {
    /// For as many rows of a chunk as there is room for: its first ones.
    type Place = Vec<&'a mut [T]>;

    fn is_full(&self) -> bool {
        self.rows_left() == 0
    }

    fn place(&self, columns: &[Vec<T>]) -> Self::Place {
        let Open { places, later } = &mut *lock(&self.open);
        let columns = columns.iter().zip(places).zip(later.iter_mut());
        columns
            .map(|((column, place), later)| {
                let fitting = place.len().min(column.len());
                let (taken, left) = std::mem::take(place).split_at_mut(fitting);
                *place = left;
                later.extend_from_slice(&column[fitting..]);
                taken
            })
            .collect()
    }

    fn put(&self, place: Self::Place, _: u64, columns: &[Vec<T>]) -> Result<(), Error> {
        for (place, column) in place.into_iter().zip(columns) {
            place.copy_from_slice(&column[..place.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
