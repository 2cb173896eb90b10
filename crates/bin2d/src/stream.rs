//! The whole stage in one pass: text or arrays to a grid, without columns on disk.
//!
//! Rows are parsed and binned a batch at a time, both on all threads. The region has to be known beforehand, as
//! bounds are only known at the end. A row has the number that it would have in columns, so the grid is the same
//! to the bit.

use pointillist_base::{Dtype, Instructions, OnlyCancelled, Progress};
use pointillist_ingest::{Account, Batch, Batches, Input, Options as Reading, Precision};

use crate::over::{self, Coloring};
use crate::plan::{Cut, Field, no_column};
use crate::planes::About;
use crate::run::{Binner, Wanted};
use crate::{Binned, Bounds, Columns, Error, Frame, Inputs, Options, Reductions};

/// What became of inputs that were binned as they were read.
#[derive(Debug)]
pub struct Streamed {
    /// The grid. Its points have the identity that [`ingest`](pointillist_ingest::ingest) would have given them.
    pub binned: Binned,
    /// What was read, of whose columns x, y and z were binned.
    pub account: Account,
}

/// Bins the points of `inputs`, one after another, as they are read: text, plain or compressed, or arrays, which
/// `reading` says how to read. The grid is that of [`bin2d`](crate::bin2d) from the columns that
/// [`ingest`](pointillist_ingest::ingest) makes of them, to the bit. Runs on the threads of the current rayon pool, in memory
/// that does not grow with the inputs; `progress` counts bytes as they lie on the disk or come from a pipe.
///
/// # Errors
/// [`Error::Options`] when no extent is asked for, or a share of the rows, when a column is not among those that are read, or when the
/// options make no grid; [`Error::Points`] when an input cannot be read; and the errors of [`bin`](crate::bin).
pub fn bin2d_stream(
    inputs: Vec<Input>,
    reading: &Reading,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Streamed, Error> {
    stream_cut(inputs, reading, options, Cut::default(), None, progress)
}

/// The same in batches of so many rows, where that is said: the result does not depend on it.
fn stream_cut(
    inputs: Vec<Input>,
    reading: &Reading,
    options: &Options,
    cut: Cut,
    batch_rows: Option<usize>,
    progress: &dyn Progress,
) -> Result<Streamed, Error> {
    if options.shard.is_some() {
        return Err(Error::Options(
            "--shard bins a share of the rows of .points folders, which know how many they have: make them first \
             with pointillist ingest"
                .to_owned(),
        ));
    }
    if options.extent.is_none() {
        return Err(Error::Options(
            "points that are binned as they are read need their region beforehand: --extent \
             XMIN,XMAX,YMIN,YMAX; or make columns of them first, which know their bounds: pointillist \
             ingest"
                .to_owned(),
        ));
    }
    let frame = Frame::resolve(options.cells, options.aspect, options.extent, Bounds::default())?;
    if reading.dtype == Precision::F32 {
        // Before a pipe is read.
        frame.extent.check(Dtype::F32, Dtype::F32)?;
    }
    let mut batches = Batches::open(inputs, reading, progress)?;
    frame.extent.check(batches.dtype(), batches.dtype())?;
    if let Some(rows) = batch_rows {
        batches = batches.with_rows(rows);
    }
    let names = batches.names();
    let (x, y) = (batches.column(&options.x)?, batches.column(&options.y)?);
    let z = match &options.z {
        Some(name) => Some(name.as_str()),
        None => names.iter().any(|name| name == "z").then_some("z"),
    };
    let reductions =
        options.reductions.clone().unwrap_or_else(|| Reductions::default_for(z.is_some()));
    let reduced: Vec<(&str, usize)> = reductions
        .columns(z)
        .ok_or_else(|| no_column(&reductions, "z"))?
        .into_iter()
        .map(|name| Ok((name, batches.column(name)?)))
        .collect::<Result<_, Error>>()?;
    let coloring = Coloring::of_stream(options, &reductions, names)?;
    let channels: Vec<(&str, usize)> = coloring
        .columns(&reductions)
        .iter()
        .map(|&name| (name, names.iter().position(|known| known == name)))
        .map(|(name, at)| Ok((name, at.ok_or_else(|| over::no_color(None, name))?)))
        .collect::<Result<_, Error>>()?;
    // Until the first NaN comes.
    let about = About { may_be_nan: false, is_wide: batches.dtype() == Dtype::F64 };
    let fields =
        reduced.iter().map(|(name, _)| Field { name: (*name).to_owned(), about }).collect();
    let (wanted, instructions) =
        (Wanted { reductions: &reductions, coloring }, Instructions::chosen());
    let mut binner = Binner::new(&frame, wanted, z, fields, cut, instructions, None)?;
    let progress = OnlyCancelled(progress);
    while let Some(batch) = batches.next_batch()? {
        let Batch { columns: values, may_be_non_finite } = &batch;
        let mut columns = Columns::new(values[x], values[y])?;
        let others = channels.iter().filter(|channel| !reduced.contains(channel));
        for &(name, z) in reduced.iter().chain(others) {
            columns = columns.with_z(name, values[z], may_be_non_finite[z])?;
        }
        binner = binner.add(&columns, &progress)?;
    }
    let account = batches.finish()?;
    let sidecar = &account.sidecar;
    coloring.check(&reductions, sidecar.columns.iter())?;
    let inputs = Inputs {
        sources: sidecar.sources.clone(),
        options: sidecar.options.clone(),
        skipped: sidecar.skipped,
    };
    let binned = Binned::new(binner.finish()?, options.clone(), vec![sidecar.identity.clone()]);
    Ok(Streamed { binned: binned.read_from(inputs), account })
}

#[cfg(test)]
mod tests;
