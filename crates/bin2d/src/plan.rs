//! How the work of a run is cut up, whether there is memory for it, and what is missing.

use crate::lane;
use crate::partition::Tiling;
use crate::planes::{About, Kept};
use crate::{Error, Reduction, Reductions, Size, Term};

/// How the work is cut up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    /// Rows of a stripe. Sums depend on it, in their last bits, as on the number of lanes.
    pub(crate) stripe_rows: u64,
    /// The most lanes: a power of two.
    pub(crate) lanes: usize,
    /// Bytes that all lanes may take together.
    pub(crate) lane_bytes: usize,
    /// Rows of a slice.
    pub(crate) slice_rows: usize,
    /// Bytes that the slices of a batch may take.
    pub(crate) slice_bytes: usize,
    /// The most tiles: points of a slice are written to as many places at a time.
    pub(crate) tiles: usize,
    /// Points that may wait, for a hundred cells.
    pub(crate) waiting: u64,
}

impl Default for Cut {
    fn default() -> Self {
        Self {
            stripe_rows: 1 << 20,
            lanes: 8,
            lane_bytes: 80 << 20,
            slice_rows: 1 << 18,
            slice_bytes: 160 << 20,
            tiles: 1024,
            waiting: 25,
        }
    }
}

impl Cut {
    /// Points that may wait, if they also take no more bytes than as many cells.
    pub(crate) fn most_waiting(self, size: Size) -> u64 {
        u64::from(size.cells()) * self.waiting / 100
    }
}

/// How points get to their cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Straight, in so many lanes.
    Lanes(usize),
    /// By way of these tiles.
    Tiles(Tiling),
    /// The same, all at once in the end, if all points may wait until then: see [`Cut::most_waiting`].
    Waiting(Tiling),
}

impl Plan {
    /// Fewer lanes than this would keep threads waiting.
    const FEW_LANES: usize = 4;

    /// `rows` is the number of rows, where it is known.
    pub(crate) fn new(size: Size, kept: &Kept, cut: Cut, rows: Option<u64>) -> Self {
        let bytes_per_cell = kept.bytes_per_cell(size_of::<u32>());
        let fitting = cut.lane_bytes / lane::cells(size).saturating_mul(bytes_per_cell).max(1);
        let lanes = cut.lanes.min(1 << fitting.max(1).ilog2());
        // Rows of a cell are spread over the lanes: they would not come in order.
        if lanes >= Self::FEW_LANES.min(cut.lanes) && !kept.depends_on_order() {
            // Counts are the same however they are shared out: every thread takes a lane and what rows there are.
            let any = kept.is_counts() && fitting > 0;
            return Self::Lanes(if any {
                fitting.min(rayon::current_num_threads())
            } else {
                lanes
            });
        }
        let tiling = Tiling::new(size.cells(), bytes_per_cell, cut.tiles);
        if kept.fields.len() > 1 || rows.is_some_and(|rows| rows > cut.most_waiting(size)) {
            Self::Tiles(tiling)
        } else {
            Self::Waiting(tiling)
        }
    }
}

/// There is no such column, which reductions that name none are of.
pub(crate) fn no_column(reductions: &Reductions, column: &str) -> Error {
    let of = |term: &&Term| term.reduction().needs_z() && term.column().unwrap_or(column) == column;
    let term = reductions.as_slice().iter().find(of).cloned();
    Error::NoZ { term: term.unwrap_or(Reduction::Mean.into()), column: column.to_owned() }
}

/// A column that is reduced, before there is any of it.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) about: About,
}

/// Refuses a grid that would not fit into memory before anything is allocated: a process that takes more than
/// there is would be ended by the operating system, without a message. The grid takes `cell` bytes a cell and `more`.
pub(crate) fn fits(
    size: Size,
    reductions: &Reductions,
    cell: u64,
    more: u64,
    available: Option<u64>,
) -> Result<(), Error> {
    let needed = u64::from(size.cells()).saturating_mul(cell).saturating_add(more);
    match available {
        Some(available) if needed > available => Err(Error::Memory {
            size,
            reductions: reductions.clone(),
            needed,
            available,
            fitting: size.shrunk_to(available.saturating_sub(more) / cell.max(1)),
        }),
        _ => Ok(()),
    }
}
