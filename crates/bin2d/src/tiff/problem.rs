//! What goes wrong while a grid is written.

use std::collections::TryReserveError;
use std::io;

use tiff::TiffError;

use crate::Error;

/// Why a grid is not written; the path is added where it is known.
#[derive(Debug)]
pub(super) enum Problem {
    Tiff(TiffError),
    Ours(Error),
}

impl From<TiffError> for Problem {
    fn from(error: TiffError) -> Self {
        Self::Tiff(error)
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Tiff(error.into())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl From<TryReserveError> for Problem {
    fn from(error: TryReserveError) -> Self {
        Self::Ours(error.into())
    }
}
