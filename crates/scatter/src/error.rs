//! What can be wrong with a figure.

/// Why there is nothing to draw on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The figure has no pixels, or more than a canvas can have.
    #[error(
        "a figure of {width} x {height} inches at {dpi} dots an inch has no canvas: each side needs 1 to {} pixels",
        crate::limits::MAX_SIDE
    )]
    Figure {
        /// Inches.
        width: f64,
        /// Inches.
        height: f64,
        /// Pixels an inch.
        dpi: f64,
    },
    /// The box of the axes is no box.
    #[error(
        "axes from {corners:?} (left, bottom, right, top) of the figure are empty or not finite"
    )]
    Axes {
        /// Left, bottom, right and top in shares of the figure.
        corners: [f64; 4],
    },
    /// The limits are not finite.
    #[error("limits from {0} to {1} are not finite")]
    Limits(f64, f64),
    /// The size of the markers is no size, or too large.
    #[error("markers of {} pixels cannot be drawn: they have from 0 to {}", .0, crate::limits::MAX_MARKER)]
    Side(f64),
    /// The canvas does not fit into memory.
    #[error("there is no memory for a picture of {width}x{height} pixels: ask for a smaller one")]
    Memory {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// Points have no colours, or some that make no sense.
    #[error("{0}")]
    Colors(String),
    /// What bin2d says of the points.
    #[error(transparent)]
    Points(#[from] pointillist_bin2d::Error),
    /// What colorize says of the colormap.
    #[error(transparent)]
    Colormap(#[from] pointillist_colorize::Error),
}

impl Error {
    /// Whether columns are damaged or of another version, which making them again mends.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Points(error) if error.is_damage())
    }

    /// Whether the options are to blame, rather than the points or the machine.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Memory { .. } => false,
            Self::Points(error) => error.is_usage(),
            Self::Colormap(error) => error.is_usage(),
            _ => true,
        }
    }
}
