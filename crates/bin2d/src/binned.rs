//! A grid that knows where it came from.

use pointillist_ingest::{Options as Reading, Source};
use serde::{Deserialize, Serialize};

use crate::{Grid, Options};

/// A grid, the options it was asked for, and the identities of the points in it.
#[derive(Debug)]
pub struct Binned {
    grid: Grid,
    options: Options,
    points: Vec<String>,
    inputs: Option<Inputs>,
}

impl Binned {
    /// A grid of points that have these identities, in any notation that changes when the points do.
    pub fn new(grid: Grid, options: Options, points: Vec<String>) -> Self {
        Self { grid, options, points, inputs: None }
    }

    /// The same, of points that were binned as they were read.
    pub(crate) fn read_from(self, inputs: Inputs) -> Self {
        Self { inputs: Some(inputs), ..self }
    }

    /// The same as if it were of other points.
    #[cfg(test)]
    pub(crate) fn of(self, points: Vec<String>) -> Self {
        Self { points, ..self }
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The options as they were asked for.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The identities of the points, in the order they were binned.
    pub fn points(&self) -> &[String] {
        &self.points
    }

    /// What they were read from, where they were binned as they were read.
    pub fn inputs(&self) -> Option<&Inputs> {
        self.inputs.as_ref()
    }
}

/// What points were read from that were binned as they were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// The inputs as they were then, in their order.
    pub sources: Vec<Source>,
    /// How they were read.
    pub options: Reading,
    /// Malformed lines that were skipped.
    pub skipped: u64,
}
