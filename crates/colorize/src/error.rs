//! What can go wrong between a grid and a picture.

use std::collections::TryReserveError;
use std::path::PathBuf;

/// Why there is no picture, grouped by culprit; messages name the remedy where there is one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no norm.
    #[error(
        "{text:?} is not a norm: {reason}; expected linear, log, log1p, sqrt, cbrt, power:G, asinh, asinh:W, symlog:T or eq_hist"
    )]
    Norm {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The text is no colour.
    #[error("{text:?} is not a color: expected #rgb, #rgba, #rrggbb, #rrggbbaa, black or white")]
    Color {
        /// The text as given.
        text: String,
    },
    /// The text is no effort.
    #[error("{text:?} is not an effort: expected fast or small")]
    Effort {
        /// The text as given.
        text: String,
    },
    /// The text is neither the name of a colormap nor a list of colours.
    #[error("no colormap is named {text:?}{}; a list of colors like #000,#f80,#fff makes one too, and so does a file, as in terrain.cpt", did_you_mean(.nearest))]
    Colormap {
        /// The text as given.
        text: String,
        /// The names that come nearest, best first; empty where none is near.
        nearest: Vec<String>,
    },
    /// A part of a list of colours is not what it must be.
    #[error("{part:?} in a list of colors: {reason}")]
    ColorList {
        /// The part as given.
        part: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A line of a file is not one of a color table.
    #[error("{}:{line}: {problem}: {excerpt}", .path.display())]
    ColorTableLine {
        /// The file.
        path: PathBuf,
        /// 1-based line in the file.
        line: usize,
        /// What is wrong with the line, and what to do.
        problem: String,
        /// The beginning of the line, quoted and escaped.
        excerpt: String,
    },
    /// A file is not a color table.
    #[error("{}: {problem}", .path.display())]
    ColorTable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A color table changes its colour more often than a picture can have entries.
    #[error("the color table has more than 65000 changes of color: leave out some of its lines")]
    TooManyColors,
    /// Histogram equalization and a table that says which values have which colours.
    #[error(
        "norm eq_hist gives every color to equally many cells, but {name} says which values have which color: leave out one of them"
    )]
    EqHistOfValues {
        /// The table.
        name: String,
    },
    /// A limit, a percentile, an opacity or a parameter of a norm is outside its range.
    #[error("{name} must be {expected}, not {value}")]
    OutOfRange {
        /// The option, by its field name.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it was.
        value: f64,
    },
    /// The lower limit is above the upper one.
    #[error(
        "vmin {vmin} is above vmax {vmax}: give both, the smaller one as vmin; to reverse the colors add _r to the colormap's name"
    )]
    ReversedLimits {
        /// The lower limit.
        vmin: f64,
        /// The upper limit.
        vmax: f64,
    },
    /// The lower percentile is above the upper one.
    #[error("clip {low},{high} is reversed: give the smaller percentile first")]
    ReversedClip {
        /// The lower percentile.
        low: f64,
        /// The upper percentile.
        high: f64,
    },
    /// A logarithm has no limits that are not above zero.
    #[error(
        "norm log needs limits above zero, not {limit}: give a vmin above zero, or use norm symlog:T or asinh"
    )]
    LogLimits {
        /// The limit.
        limit: f64,
    },
    /// There are values, but the logarithm is defined for none of them.
    #[error("norm log has nothing to show, no value is above zero: use norm symlog:T or asinh")]
    NothingPositive,
    /// Histogram equalization has no limits to choose.
    #[error("norm eq_hist takes its limits from the data: leave out vmin, vmax and clip")]
    EqHistLimits,
    /// An opacity that follows the counts, without counts.
    #[error("opacity from the number of points needs a count page: bin with the reduction count")]
    NoCounts,
    /// The text is no form of a marker.
    #[error("{text:?} is not a marker: expected square or circle")]
    MarkerShape {
        /// The text as given.
        text: String,
    },
    /// The grid does not say which of two cells has the earlier row.
    #[error(
        "the page {page} cannot be spread: a grid does not keep the order of the rows; spread mean, min or max, or bin to a smaller --size"
    )]
    SpreadOrder {
        /// The page.
        page: String,
    },
    /// Spreading takes a page that the grid does not have.
    #[error(
        "spreading the page {page} needs the page {missing}: bin with the reduction {missing}, too"
    )]
    SpreadNeeds {
        /// The page to be spread.
        page: String,
        /// The one that is not there.
        missing: String,
    },
    /// A slice is not as long as the picture asks for.
    #[error("{what} holds {found} cells, but the picture is {width} by {height}")]
    Shape {
        /// Which slice.
        what: &'static str,
        /// Its length in cells.
        found: usize,
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// A page of the grid could not be read.
    #[error(transparent)]
    Grid(#[from] pointillist_bin2d::Error),
    /// Someone has asked to stop.
    #[error("interrupted")]
    Cancelled,
    /// The operating system refuses memory.
    #[error("out of memory; a smaller grid takes less")]
    Allocation(#[from] TryReserveError),
    /// More pixels than memory or the file format can hold.
    #[error("a picture of {width} by {height} pixels is too large")]
    TooLarge {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// The picture could not be written.
    #[error("cannot write the picture")]
    Write(#[source] std::io::Error),
    /// The picture could not be encoded.
    #[error("cannot encode the picture")]
    Encode(#[source] ::png::EncodingError),
    /// The pixels are not those that they were said to be, or change while they are encoded.
    #[error("the picture has other colors than it says")]
    Colors,
    /// The file could not be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The file is no PNG.
    #[error("{} is not a PNG", .path.display())]
    NotPng {
        /// The file.
        path: PathBuf,
    },
    /// The file begins as a PNG and is not one, or not all of one.
    #[error("{} is a damaged PNG, {reason}: make it again", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Error {
    /// Whether the fault is in what was asked for, and not in files, data or memory.
    ///
    /// ```
    /// let error = "lgo".parse::<pointillist_colorize::Norm>().unwrap_err();
    /// assert!(error.is_usage());
    /// ```
    pub fn is_usage(&self) -> bool {
        match self {
            Error::Norm { .. }
            | Error::Color { .. }
            | Error::Effort { .. }
            | Error::Colormap { .. }
            | Error::ColorList { .. }
            | Error::EqHistOfValues { .. }
            | Error::OutOfRange { .. }
            | Error::ReversedLimits { .. }
            | Error::ReversedClip { .. }
            | Error::LogLimits { .. }
            | Error::EqHistLimits
            | Error::MarkerShape { .. }
            | Error::SpreadOrder { .. } => true,
            Error::Grid(error) => error.is_usage(),
            Error::NothingPositive
            | Error::NoCounts
            | Error::Cancelled
            | Error::SpreadNeeds { .. }
            | Error::ColorTableLine { .. }
            | Error::ColorTable { .. }
            | Error::TooManyColors
            | Error::Shape { .. }
            | Error::Allocation(_)
            | Error::TooLarge { .. }
            | Error::Write(_)
            | Error::Encode(_)
            | Error::Colors
            | Error::Read { .. }
            | Error::NotPng { .. }
            | Error::Damaged { .. } => false,
        }
    }
}

fn did_you_mean(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        names => format!(", did you mean {}?", names.join(" or ")),
    }
}
