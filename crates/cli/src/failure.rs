//! Why the program ends without having done what it was asked for.

use std::error::Error;
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

use pointillist_ingest::message::plain;

use crate::interrupt;

/// The end of a run that has not succeeded.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something went wrong: exit code 1.
    Error(String),
    /// The folder of an output has gone, or been replaced, while the output was made: exit code 1.
    Gone(String),
    /// Something that lies between input and picture is not what was written: exit code 1, unless it can be made again.
    Damaged(Kept, String),
    /// The command makes no sense: exit code 2.
    Usage(String),
    /// A signal has stopped the run: exit code 128 and its number, 130 for Ctrl-C.
    Interrupted,
    /// Whoever reads the standard output has seen enough: no error.
    BrokenPipe,
}

/// What lies between input and picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// What `ingest` makes.
    Columns,
    /// What `bin2d` makes.
    Grid,
}

impl Failure {
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::Error(message.into())
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// What cannot be read.
    pub(crate) fn read(path: &Path, error: &std::io::Error) -> Self {
        Self::Error(format!("{}: {}", path.display(), plain(error)))
    }

    /// An output that cannot be written.
    pub(crate) fn write(path: &Path, error: &std::io::Error) -> Self {
        let message = format!("{}: cannot write: {}", path.display(), plain(error));
        if error.kind() == ErrorKind::NotFound { Self::Gone(message) } else { Self::Error(message) }
    }

    /// An error met while writing to the standard output.
    pub(crate) fn stdout(error: &std::io::Error) -> Self {
        if error.kind() == ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::Error(format!("standard output: {}", plain(error)))
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::BrokenPipe => ExitCode::SUCCESS,
            Self::Error(_) | Self::Damaged(..) | Self::Gone(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
            Self::Interrupted => ExitCode::from(interrupt::exit_code()),
        }
    }
}

/// An error and what caused it, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.downcast_ref().map_or_else(|| cause.to_string(), plain);
        // Some errors quote their cause themselves.
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        source = cause.source();
    }
    message
}

impl From<pointillist_ingest::Error> for Failure {
    fn from(error: pointillist_ingest::Error) -> Self {
        match error {
            pointillist_ingest::Error::Cancelled => Self::Interrupted,
            pointillist_ingest::Error::Options(message) => Self::Usage(message),
            error if error.is_damage() => Self::Damaged(Kept::Columns, chain(&error)),
            error => Self::Error(chain(&error)),
        }
    }
}

impl From<pointillist_bin2d::Error> for Failure {
    fn from(error: pointillist_bin2d::Error) -> Self {
        match error {
            pointillist_bin2d::Error::Cancelled => Self::Interrupted,
            pointillist_bin2d::Error::Points(error) => error.into(),
            pointillist_bin2d::Error::Write { path, source } => Self::write(&path, &source),
            error if error.is_usage() => Self::Usage(chain(&error)),
            error @ pointillist_bin2d::Error::Damaged { .. } => {
                Self::Damaged(Kept::Grid, chain(&error))
            }
            error => Self::Error(chain(&error)),
        }
    }
}

impl From<pointillist_colorize::Error> for Failure {
    fn from(error: pointillist_colorize::Error) -> Self {
        match error {
            pointillist_colorize::Error::Cancelled => Self::Interrupted,
            pointillist_colorize::Error::Grid(error) => error.into(),
            error if error.is_usage() => Self::Usage(chain(&error)),
            error => Self::Error(chain(&error)),
        }
    }
}

impl From<pointillist_figure::Error> for Failure {
    fn from(error: pointillist_figure::Error) -> Self {
        match error {
            pointillist_figure::Error::Picture(error) => error.into(),
            error if error.is_usage() => Self::Usage(chain(&error)),
            error => Self::Error(chain(&error)),
        }
    }
}

impl From<pointillist_scatter::Error> for Failure {
    fn from(error: pointillist_scatter::Error) -> Self {
        match error {
            pointillist_scatter::Error::Points(error) => error.into(),
            pointillist_scatter::Error::Colormap(error) => error.into(),
            error if error.is_usage() => Self::Usage(chain(&error)),
            error => Self::Error(chain(&error)),
        }
    }
}
