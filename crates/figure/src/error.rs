//! What can go wrong.

/// Characters of the longest label that is drawn.
pub(crate) const LONGEST_LABEL: usize = 1000;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A width or height of the figure that is none.
    #[error("a figure of {width}x{height} inches: expected two numbers above zero")]
    FigureSize {
        /// As it was asked for, in inches.
        width: f64,
        /// As it was asked for, in inches.
        height: f64,
    },
    /// Dots per inch out of their range.
    #[error("{dpi} dots per inch: expected a number from 10 to 10000")]
    Dpi {
        /// As it was asked for.
        dpi: f64,
    },
    /// A figure that is too large to be drawn.
    #[error(
        "a figure of {width:.0}x{height:.0} pixels is too large: at most 1048576 a side and 536870912 in all; \
         make it of fewer inches or dots per inch"
    )]
    TooLarge {
        /// In pixels.
        width: f64,
        /// In pixels.
        height: f64,
    },
    /// A figure that has no room for its picture.
    #[error(
        "a figure of {width}x{height} pixels has no room for a picture; make it of more inches or dots per inch"
    )]
    TooSmall {
        /// In pixels.
        width: usize,
        /// In pixels.
        height: usize,
    },
    /// A picture that does not fit the axes.
    #[error(
        "the picture has {}x{} pixels, but the axes of this figure {}x{}",
        found.0, found.1, expected.0, expected.1
    )]
    PictureSize {
        /// Width and height of the picture, in pixels.
        found: (usize, usize),
        /// Width and height of the axes, in pixels.
        expected: (usize, usize),
    },
    /// A picture that is too large to stand in a document of text.
    #[error(
        "a picture of {width}x{height} pixels is too large for an SVG or a PDF, which hold at most 67108864; \
         write a PNG, or make it of fewer pixels"
    )]
    Embedded {
        /// In pixels.
        width: usize,
        /// In pixels.
        height: usize,
    },
    /// A text that is longer than any figure is wide.
    #[error("a label of {len} characters: at most {} are drawn", LONGEST_LABEL)]
    LongText {
        /// Its characters.
        len: usize,
    },
    /// A character that the font of PNG and PDF does not have.
    #[error(
        "the font of figures has no {character:?} (U+{:04X}); an SVG is shown with the fonts of its viewer",
        u32::from(*character)
    )]
    Glyph {
        /// The first one that is missing.
        character: char,
    },
    /// Ticks or colours cannot be told, or the picture cannot be read.
    #[error(transparent)]
    Picture(#[from] pointillist_colorize::Error),
    /// A figure that cannot be read.
    #[error("{}: cannot read", path.display())]
    Read {
        /// The file.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A figure that is not what was written.
    #[error("{} is damaged or not complete: make it again", path.display())]
    Damaged {
        /// The file.
        path: std::path::PathBuf,
    },
    /// What was drawn is not understood.
    #[error("cannot draw the figure")]
    Svg(#[from] resvg::usvg::Error),
    /// The PDF cannot be made.
    #[error("cannot make the PDF: {0}")]
    Deflate(std::io::Error),
}

impl Error {
    /// Whether what was asked for makes no sense, whatever the picture.
    pub fn is_usage(&self) -> bool {
        match self {
            Error::Picture(error) => error.is_usage(),
            Error::Read { .. } | Error::Damaged { .. } | Error::Svg(_) | Error::Deflate(_) => false,
            _ => true,
        }
    }
}
