//! Why the program ends without having done what it was asked for.

use std::error::Error;
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

use pointillist_base::message::plain;

use crate::interrupt;
use crate::remedy::Damage;
use crate::report::shown;

/// The end of a run that has not succeeded.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something went wrong: exit code 1.
    Error(String),
    /// An output cannot be written, for a reason of this kind: exit code 1.
    Write(ErrorKind, String),
    /// Points have no column of this name: exit code 1.
    NoColumn { name: String, message: String },
    /// Something that lies between input and picture is not what was written: exit code 1, unless it can be made again.
    Damaged(Kept, Damage),
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
        Self::Error(format!("{}: {}", shown(path), plain(error)))
    }

    /// An output that cannot be written.
    pub(crate) fn write(path: &Path, error: &std::io::Error) -> Self {
        Self::Write(error.kind(), format!("{}: cannot write: {}", shown(path), plain(error)))
    }

    /// Whether something cannot be written because of where it is to lie: this user may not, or something else is there.
    /// Elsewhere it may well be written, unlike where the system is out of something.
    pub(crate) fn is_of_place(&self) -> bool {
        use ErrorKind::{
            AlreadyExists, InvalidInput, IsADirectory, NotADirectory, PermissionDenied,
            ReadOnlyFilesystem,
        };
        let Self::Write(kind, _) = self else { return false };
        matches!(
            kind,
            AlreadyExists
                | InvalidInput
                | IsADirectory
                | NotADirectory
                | PermissionDenied
                | ReadOnlyFilesystem
        )
    }

    /// An error met while writing to the standard output.
    pub(crate) fn stdout(error: &std::io::Error) -> Self {
        if error.kind() == ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::Error(format!("standard output: {}", plain(error)))
        }
    }

    /// Where there is no standard output, and something is to be written to it.
    pub(crate) fn no_stdout() -> Self {
        Self::Error("standard output: is closed: open it, or write to a file".to_owned())
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::BrokenPipe => ExitCode::SUCCESS,
            Self::Error(_) | Self::NoColumn { .. } | Self::Damaged(..) | Self::Write(..) => {
                ExitCode::from(1)
            }
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

impl From<pointillist_base::Cancelled> for Failure {
    fn from(_: pointillist_base::Cancelled) -> Self {
        Self::Interrupted
    }
}

impl From<pointillist_base::Invalid> for Failure {
    fn from(error: pointillist_base::Invalid) -> Self {
        Self::Usage(error.0)
    }
}

impl From<pointillist_ingest::Error> for Failure {
    fn from(error: pointillist_ingest::Error) -> Self {
        match error {
            pointillist_ingest::Error::Cancelled => Self::Interrupted,
            pointillist_ingest::Error::Options(message) => Self::Usage(message),
            pointillist_ingest::Error::Damaged { path, reason } => {
                Self::Damaged(Kept::Columns, Damage::of_columns(&path, &reason))
            }
            pointillist_ingest::Error::UnknownColumn { ref name, .. } => {
                Self::NoColumn { name: name.clone(), message: chain(&error) }
            }
            pointillist_ingest::Error::Write { path, source } => Self::write(&path, &source),
            pointillist_ingest::Error::Destination { .. } => {
                Self::Write(ErrorKind::AlreadyExists, chain(&error))
            }
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
            pointillist_bin2d::Error::Damaged { path, reason } => {
                Self::Damaged(Kept::Grid, Damage::of_grid(&path, &reason))
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
