//! How inputs would be read, before any of them is.

use pointillist_base::Dtype;

use crate::head::Sample;
use crate::source::{Input, open};
use crate::{Error, Options, ReadAs};

/// How an input of text would be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// What is concluded from its head.
    pub read_as: ReadAs,
    /// The type of the columns, which all inputs share.
    pub dtype: Dtype,
    /// The first rows, as they would be stored: of each column up to three values.
    pub first_rows: Vec<Vec<f64>>,
}

/// Reads the heads of `inputs` and says how they would be read. Of arrays nothing is to be said, nor of pipes behind other
/// inputs, which are opened when their turn comes.
///
/// # Errors
/// Those of [`ingest`](crate::ingest) for inputs that cannot be read, hold no data, or do not fit the options.
pub fn explain(inputs: Vec<Input>, options: &Options) -> Result<Vec<Explained>, Error> {
    /// Rows that are shown.
    const ROWS: usize = 3;
    options.validate()?;
    let sources = open(inputs, options)?;
    let dtype = crate::source::dtype(&sources, options);
    let first = |Sample { columns, singles, .. }: &Sample| -> Vec<Vec<f64>> {
        match dtype {
            Dtype::F32 => {
                let singles = singles.iter();
                singles
                    .map(|column| column.iter().take(ROWS).map(|&value| value.into()).collect())
                    .collect()
            }
            Dtype::F64 => {
                columns.iter().map(|column| column.iter().copied().take(ROWS).collect()).collect()
            }
        }
    };
    let explained = sources.into_iter().filter_map(|source| source.facts);
    let explained = explained.map(|facts| Explained {
        dtype,
        first_rows: first(&facts.sample),
        read_as: facts.read_as,
    });
    Ok(explained.collect())
}
