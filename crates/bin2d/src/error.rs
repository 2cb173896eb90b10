//! What can go wrong between columns and a grid, by culprit.

use std::collections::TryReserveError;
use std::io;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use pointillist_base::Invalid;
use pointillist_base::message::{bytes, plain};

use crate::{Reductions, Shard, Size, Term};

/// An error of this crate. Messages name the file where there is one, and the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The points cannot be read, or lack a column.
    #[error(transparent)]
    Points(#[from] pointillist_ingest::Error),

    /// Several `.points` are binned together, and not all of them have z.
    #[error(
        "{}: no column \"z\", which {} has; ingest it with the same columns, or ask for --reduce count",
        .without.display(), .with.display()
    )]
    Columns {
        /// A `.points` that has no z.
        without: PathBuf,
        /// One that has.
        with: PathBuf,
    },

    /// Columns that belong together differ in length.
    #[error("columns differ in length: {x} x, {y} y{}", .z.map_or_else(String::new, |z| format!(", {z} z")))]
    Lengths {
        /// Values of x.
        x: usize,
        /// Values of y.
        y: usize,
        /// Values of z, where there is one.
        z: Option<usize>,
    },

    /// An option has a value that makes no sense.
    #[error("{0}")]
    Options(String),

    /// No point has a finite x, or none a finite y, so the points have no bounds.
    #[error(
        "no point has a finite {axis}, so the points have no extent; give one: --extent XMIN,XMAX,YMIN,YMAX"
    )]
    NoBounds {
        /// `x` or `y`.
        axis: char,
    },

    /// A reduction of a column is asked for, and there is no such column.
    #[error(
        "{term} is a reduction of {column}, and the points have no column {column}; name one with {}, or \
         ask for --reduce count", .term.column().map_or_else(|| "--z".to_owned(), |_| format!("--reduce {}:NAME", .term.reduction()))
    )]
    NoZ {
        /// The first reduction that there is no column for.
        term: Term,
        /// The column.
        column: String,
    },

    /// Points are to be composited, and have no colors.
    #[error(
        "over composites points in their colors, columns r, g, b and maybe a, and {} no column {column}; name the \
         columns when they are read: --columns x=1,y=2,r=3,g=4,b=5",
        .path.as_ref().map_or_else(|| "the points have".to_owned(), |path| format!("{} has", path.display()))
    )]
    NoColor {
        /// Where the points are, if they are a file.
        path: Option<PathBuf>,
        /// What they lack.
        column: String,
    },

    /// A color is not in its range.
    #[error(
        "column {column} goes from {min} to {max}, and as a color it is from 0 to {limit}; {}",
        if *.limit == 1.0 { "if it counts up to 255, ask for --colors byte" } else { "bring it there first" }
    )]
    ColorRange {
        /// The column.
        column: String,
        /// Its smallest value.
        min: f64,
        /// Its largest value.
        max: f64,
        /// What it may be at most.
        limit: f64,
    },

    /// The grid does not fit into memory.
    #[error(
        "a grid of {size} cells with {reductions} takes {} of memory, and {} can be had; {}",
        bytes(*.needed), bytes(*.available),
        .fitting.map_or_else(
            || "free some memory".to_owned(),
            |size| format!("--size {size} would fit")
        )
    )]
    Memory {
        /// The size of the grid.
        size: Size,
        /// What is kept for each cell.
        reductions: Reductions,
        /// Bytes that the run would take.
        needed: u64,
        /// Bytes that can be had.
        available: u64,
        /// About the largest size of the same shape that would fit.
        fitting: Option<Size>,
    },

    /// The operating system refuses memory.
    #[error("out of memory; a smaller --size or fewer reductions take less")]
    Allocation(#[source] io::Error),

    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,

    /// The grid cannot be written.
    #[error("{}: cannot write: {}", .path.display(), plain(.source))]
    Write {
        /// The output.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// A file cannot be opened or read.
    #[error("{}: {}", .path.display(), plain(.source))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// A file is something else.
    #[error(
        "{}: not a grid that pointillist wrote: {reason}; make one with pointillist bin2d",
        .path.display()
    )]
    NotAGrid {
        /// The file.
        path: PathBuf,
        /// What it is, or lacks.
        reason: String,
    },

    /// A file is a grid of an older or a newer format.
    #[error(
        "{}: its format is version {version}, and this program knows version {known}; make it again with \
         pointillist bin2d",
        .path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The version of its format.
        version: u32,
        /// The one that is read.
        known: u32,
    },

    /// A file was a grid once and is incomplete or altered.
    #[error("{}: damaged: {reason}; make it again with pointillist bin2d", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },

    /// A grid that is to be merged is a whole one.
    #[error(
        "{}: is a whole grid and no shard; merge takes what pointillist bin2d --shard I/N makes",
        .path.display()
    )]
    NotAShard {
        /// The grid.
        path: PathBuf,
    },

    /// Shards that are to be merged do not belong together.
    #[error(
        "{}: is no shard of the same job as {}: {what}; shards are of the same points with the same options",
        .path.display(), .first.display()
    )]
    OtherJob {
        /// A shard.
        path: PathBuf,
        /// The one that it is compared with.
        first: PathBuf,
        /// The first thing in which they differ.
        what: String,
    },

    /// The same shard is to be merged twice.
    #[error("{}: is shard {shard}, and so is {}", .path.display(), .first.display())]
    ShardTwice {
        /// One of the files.
        path: PathBuf,
        /// The other.
        first: PathBuf,
        /// What both are.
        shard: Shard,
    },

    /// Not all shards are there to be merged.
    #[error("{}; make what is missing with pointillist bin2d --shard I/{of}", are_missing(.missing, *.of))]
    ShardsMissing {
        /// The numbers of those that are missing, in order.
        missing: Vec<RangeInclusive<u32>>,
        /// How many shards there should be.
        of: u32,
    },

    /// A grid has no page of that name.
    #[error(
        "{}: no page {name:?}; it has {}; bin the points again with --reduce {name}",
        .path.display(), .known.join(", ")
    )]
    NoPage {
        /// The grid.
        path: PathBuf,
        /// The page that was asked for.
        name: String,
        /// The pages that exist.
        known: Vec<String>,
    },
}

/// `shards 2, 5 and 7 to 9 of 10 are missing`.
fn are_missing(ranges: &[RangeInclusive<u32>], of: u32) -> String {
    let each = ranges.iter().flat_map(|range| match *range.end() - *range.start() {
        0 => vec![range.start().to_string()],
        1 => vec![range.start().to_string(), range.end().to_string()],
        _ => vec![format!("{} to {}", range.start(), range.end())],
    });
    let each: Vec<String> = each.collect();
    match each.as_slice() {
        [some @ .., last] if !some.is_empty() => {
            format!("shards {} and {last} of {of} are missing", some.join(", "))
        }
        [one] if one.contains(' ') => format!("shards {one} of {of} are missing"),
        one => format!("shard {} of {of} is missing", one.concat()),
    }
}

impl From<TryReserveError> for Error {
    fn from(error: TryReserveError) -> Self {
        Self::Allocation(error.into())
    }
}

impl From<Invalid> for Error {
    fn from(Invalid(message): Invalid) -> Self {
        Self::Options(message)
    }
}

impl Error {
    /// Whether columns are damaged or of another version, which making them again mends.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Points(error) if error.is_damage())
    }

    /// Whether the fault is in what was asked for, and not in files, data or memory.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Options(_) | Self::Points(pointillist_ingest::Error::Options(_)))
    }
}
