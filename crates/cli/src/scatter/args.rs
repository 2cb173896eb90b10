//! What can be typed behind `scatter`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pointillist_bin2d::Extent;
use pointillist_colorize::spread::Shape;
use pointillist_colorize::{Color, Effort, Norm, Options, Paint};
use pointillist_ingest::Precision;

use super::Kind;
use crate::args::{
    self, Background, Colors, TextArgs, background, colors, effort, pair, positive, shape,
};
use crate::colormaps::Cmap;
use crate::failure::Failure;
use crate::figure::Labels;

/// What is drawn, and where.
#[derive(Debug, Args)]
pub(crate) struct ScatterArgs {
    /// Text files, plain or compressed (gzip, zstd, bzip2, xz), or .npy arrays; - for standard input; or .points
    /// folders
    #[arg(required = true, value_name = "INPUT")]
    pub(super) inputs: Vec<PathBuf>,
    /// The picture, a .png; with --figure also an .svg or a .pdf; - for standard output
    #[arg(long, short, value_name = "OUT.png")]
    pub(super) output: PathBuf,
    /// Where columns are kept, and looked for first [default: beside the input; where that cannot be written, and of a pipe
    /// or what lies below /dev or /proc, beside the picture]
    #[arg(long, value_name = "DIR")]
    pub(super) cache_dir: Option<PathBuf>,
    /// Type of the stored columns; with f32 a point may lie one pixel away from its f64 position; auto takes 64 bits where
    /// the head of the text shows that 32 are too coarse
    #[arg(long, value_name = "TYPE", default_value = "auto", value_parser = args::precision())]
    pub(super) dtype: Precision,
    #[command(flatten)]
    pub(super) text: TextArgs,
    #[command(flatten)]
    pub(super) markers: MarkerArgs,
    #[command(flatten)]
    pub(super) colors: ColorArgs,
    #[command(flatten)]
    pub(super) canvas: CanvasArgs,
    #[command(flatten)]
    pub(super) labels: Labels,
}

/// The form of every point.
#[derive(Debug, Args)]
#[command(next_help_heading = "Markers")]
pub(super) struct MarkerArgs {
    /// Area of a marker in square points, of which 72² are a square inch, as plt.scatter's s [default: 36]
    #[arg(long, value_name = "S", value_parser = positive, allow_negative_numbers = true)]
    pub(super) s: Option<f64>,
    /// Side or diameter of a marker in pixels, instead of --s
    #[arg(long, value_name = "P", value_parser = positive, conflicts_with = "s", allow_negative_numbers = true)]
    pub(super) pixels: Option<f64>,
    /// The form of markers: circle ('o') or square ('s')
    #[arg(long, value_name = "NAME", default_value = "circle", value_parser = shape())]
    pub(super) marker: Shape,
    /// Opacity of every marker, above 0 and at most 1; of own colours with opacities, a factor
    #[arg(long, value_name = "A", default_value_t = 1.0, allow_negative_numbers = true)]
    pub(super) alpha: f64,
    /// How markers are laid over each other: float is exact, agg8 makes the bytes of matplotlib's Agg, which rounds with
    /// every marker
    #[arg(long, value_name = "NAME", value_enum, default_value_t)]
    pub(super) blend: Blend,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Blend {
    #[default]
    Float,
    Agg8,
}

/// The colours of the points.
#[derive(Debug, Args)]
#[command(next_help_heading = "Colour")]
pub(super) struct ColorArgs {
    /// One colour for all, matplotlib's first where nothing is said of colours [default: "#1f77b4"]
    #[arg(long, value_name = "#HEX", conflicts_with_all = ["cmap", "norm", "vmin", "vmax", "z", "rgb"])]
    pub(super) color: Option<Color>,
    /// z through a colormap: what colorize --cmap takes [default: viridis, with --norm, --vmin, --vmax or --z]
    #[arg(long, value_name = "NAME|FILE|#HEX,…")]
    pub(super) cmap: Option<Cmap>,
    /// linear, log, log1p, sqrt, cbrt, power:G, asinh or symlog:T [default: linear]
    #[arg(long, value_name = "NORM")]
    pub(super) norm: Option<Norm>,
    /// Value at the lower end of the colormap [default: the smallest z]
    #[arg(long, value_name = "V", allow_negative_numbers = true)]
    pub(super) vmin: Option<f64>,
    /// Value at the upper end of the colormap [default: the largest z]
    #[arg(long, value_name = "V", allow_negative_numbers = true)]
    pub(super) vmax: Option<f64>,
    /// The column that goes through the colormap [default: z]
    #[arg(long, value_name = "NAME")]
    pub(super) z: Option<String>,
    /// Every point in a colour of its own, from columns r, g and b, and a for its opacity where there is one: from 0 to 1
    /// (unit) or to 255 (byte); auto tells by the largest
    #[arg(long, value_name = "SCALE", value_parser = colors(), conflicts_with_all = ["cmap", "norm", "vmin", "vmax", "z"])]
    pub(super) rgb: Option<Colors>,
}

/// What is drawn on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Canvas")]
pub(super) struct CanvasArgs {
    /// The region that the axes show [default: the bounds of the points and 5 % more, as matplotlib]
    #[arg(long, value_name = "XMIN,XMAX,YMIN,YMAX", allow_hyphen_values = true)]
    pub(super) extent: Option<Extent>,
    /// Width and height in inches; the axes fill it, unless --figure draws them where matplotlib's are
    #[arg(long, value_name = "W,H", default_value = "6.4,4.8", value_parser = pair, allow_hyphen_values = true)]
    pub(super) figsize: (f64, f64),
    /// Pixels of an inch
    #[arg(long, value_name = "D", default_value_t = 100.0, allow_negative_numbers = true)]
    pub(super) dpi: f64,
    /// What lies under the markers: none, black, white or #hex
    #[arg(long, value_name = "COLOUR", default_value = "white", value_parser = background)]
    pub(super) background: Background,
    /// The column that is x
    #[arg(long, value_name = "NAME", default_value = "x")]
    pub(super) x: String,
    /// The column that is y
    #[arg(long, value_name = "NAME", default_value = "y")]
    pub(super) y: String,
    /// How the file is compressed: small takes longer to write and less of the disk; the pixels are the same
    #[arg(long, value_name = "NAME", default_value = "fast", value_parser = effort())]
    pub(super) png: Effort,
}

impl ColorArgs {
    /// Where colours come from, checked as far as that goes without points.
    pub(super) fn kind(&self, alpha: f64) -> Result<Kind, Failure> {
        if let Some(Colors(scale)) = self.rgb {
            return Ok(Kind::Each(scale));
        }
        let mapped = self.cmap.is_some()
            || self.norm.is_some()
            || self.vmin.is_some()
            || self.vmax.is_some()
            || self.z.is_some();
        if !mapped {
            // matplotlib's first colour.
            let Color([r, g, b, a]) = self.color.unwrap_or(Color([0x1f, 0x77, 0xb4, 255]));
            let [r, g, b, a] = [r, g, b, a].map(|channel| f64::from(channel) / 255.0);
            return Ok(Kind::One([r, g, b, a * alpha]));
        }
        let norm = self.norm.unwrap_or(Norm::Linear);
        if norm == Norm::EqHist {
            return Err(Failure::usage(
                "--norm eq_hist needs all values before it draws the first: bin them with pointillist render",
            ));
        }
        let colormap = self.cmap.as_ref().map(Cmap::open).transpose()?.unwrap_or_default();
        let options = Options {
            norm: Some(norm),
            vmin: self.vmin,
            vmax: self.vmax,
            paint: Paint::Colormap(colormap),
            ..Options::default()
        };
        options.validate()?;
        let name = self.z.clone().unwrap_or_else(|| "z".to_owned());
        Ok(Kind::Mapped(name, norm, Box::new(options)))
    }
}
