//! What can be typed. Each group of options knows how to become the options of its stage.

mod picture;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use pointillist_base::Dtype;
use pointillist_bin2d::over::ColorScale;
use pointillist_bin2d::{Aspect, Cells, Compression, Extent, Reductions, Shard, Size};
use pointillist_ingest::{ColumnChoice, Delimiter, Precision, Raw};

use crate::colormaps::Cmap;
use crate::failure::Failure;
use crate::figure::FigureArgs;
pub(crate) use picture::{Background, PictureArgs, background, effort, pair, shape};

/// Turns text files of points, hundreds of millions of `x y z` lines, into one picture, in little memory.
///
/// Text is parsed once into columns, binned once into a grid, and coloured in milliseconds. Every result is reused
/// while it is valid.
#[derive(Debug, Parser)]
#[command(name = "pointillist", version, propagate_version = true, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Text or arrays to picture, through all three stages
    ///
    /// Keeps columns and grids with the input (stars.points for stars.txt), for pictures of any name, and makes only those
    /// again whose input or options have changed: another colormap takes milliseconds.
    #[command(after_help = "Examples:\n  \
        pointillist render galaxy.txt -o galaxy.png\n  \
        pointillist render galaxy.txt -o galaxy.png --by count --cmap inferno --background black\n  \
        curl -s https://example.org/galaxy.txt.gz | pointillist render - -o galaxy.png --columns x=2,y=3")]
    Render(RenderArgs),
    /// The picture of plt.scatter(x, y), of any number of points
    ///
    /// Points are drawn as markers in the order of their rows: in one colour, with z through a colormap, or each in its
    /// own. Keeps the columns with the input, for any picture; points from standard input with --extent are drawn as they come.
    #[command(after_help = "Examples:\n  \
        pointillist scatter stars.txt -o stars.png --s 1 --marker square --alpha 0.01\n  \
        pointillist scatter stars.txt -o stars.pdf --figure --cmap viridis --s 4\n  \
        simulate | pointillist scatter - -o stars.png --columns x=1,y=2,r=3,g=4,b=5 --rgb unit --extent 0,10,0,10 \
        --alpha 0.3 --background none")]
    Scatter(crate::scatter::ScatterArgs),
    /// Text or arrays to columns
    #[command(after_help = "Examples:\n  \
        pointillist ingest stars.csv -o stars.points --columns x=ra,y=dec,z=parallax\n  \
        pointillist ingest x.npy y.npy z.npy -o stars.points")]
    Ingest(IngestArgs),
    /// Columns to a grid of counts and statistics; with --extent, text or arrays in one pass
    #[command(
        name = "bin2d",
        after_help = "Examples:\n  \
        pointillist bin2d stars.points -o stars.tiff --size 2000x1000 --reduce count,mean,max\n  \
        simulate | pointillist bin2d - -o stars.tiff --extent 0,10,0,10"
    )]
    Bin2d(Bin2dArgs),
    /// The shards that bin2d --shard made, to one grid
    ///
    /// They can be given in any order, and all of them must be there. Counts, minima, maxima, and first and last values
    /// are those of a single run, to the bit; sums, means and deviations to a unit in the last place of a 32-bit float.
    #[command(after_help = "Example:\n  \
        pointillist bin2d stars.points -o 1.tiff --shard 1/2   # here\n  \
        pointillist bin2d stars.points -o 2.tiff --shard 2/2   # there\n  \
        pointillist merge 1.tiff 2.tiff -o stars.tiff")]
    Merge(MergeArgs),
    /// A grid to a picture
    #[command(after_help = "Example:\n  \
        pointillist colorize stars.tiff -o stars.png --by count --norm log --cmap magma --alpha 0.01\n  \
        pointillist colorize stars.tiff -o stars.pdf --figure --title Stars")]
    Colorize(ColorizeArgs),
    /// What is in a file that pointillist made
    Info(InfoArgs),
    /// Removes what nothing needs any more of what was kept for pictures
    ///
    /// Columns whose input has changed since, columns and grids that are incomplete or of another version or whose records are
    /// damaged (values are compared with what was written by info --verify alone), and what interrupted runs left. Columns that
    /// ingest was asked for stay, and so do those whose input is gone, and folders with files of yours in them.
    #[command(after_help = "Examples:\n  \
        pointillist clean                 # in this folder\n  \
        pointillist clean data --dry-run\n  \
        pointillist clean --all data      # also what is still good and can be made again")]
    Clean(CleanArgs),
    /// The names of the colormaps, on a terminal with their colours, or a picture of them
    #[command(after_help = "Examples:\n  \
        pointillist colormaps viridis magma_r terrain.cpt\n  \
        pointillist colormaps -o colormaps.png")]
    Colormaps(ColormapsArgs),
}

impl Command {
    /// The stage that messages name.
    pub(crate) fn stage(&self) -> &'static str {
        match self {
            Self::Render(_) => "render",
            Self::Scatter(_) => "scatter",
            Self::Ingest(_) => "ingest",
            Self::Bin2d(_) => "bin2d",
            Self::Merge(_) => "merge",
            Self::Colorize(_) => "colorize",
            Self::Info(_) => "info",
            Self::Clean(_) => "clean",
            Self::Colormaps(_) => "colormaps",
        }
    }
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Run")]
pub(crate) struct Global {
    /// Threads to work with, at most 512 and four a core [default: one a core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) threads: Option<u16>,
    /// Make outputs again even if they are up to date
    #[arg(long, global = true)]
    pub(crate) force: bool,
    /// Print nothing but errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Whether to show how far a stage has come
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) progress: ShowProgress,
    /// Print results to standard output as JSON, one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShowProgress {
    /// On a terminal
    #[default]
    Auto,
    /// On a terminal as a bar, elsewhere as lines
    Always,
    /// Not at all
    Never,
}

#[derive(Debug, Args)]
pub(crate) struct RenderArgs {
    /// Text files, plain or compressed (gzip, zstd, bzip2, xz), or .npy arrays; - for standard input; or .points
    /// folders
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The picture, a .png; with --figure also an .svg or a .pdf; - for standard output
    #[arg(long, short, value_name = "OUT.png")]
    pub(crate) output: PathBuf,
    /// Where columns and grids are kept, and looked for first [default: beside the input; where that cannot be written,
    /// and of a pipe or what lies below /dev or /proc, beside the picture]
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// How many grids are kept with the columns, of those that were used last
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) keep_grids: usize,
    /// Type of the stored columns and of the grid; auto takes 64 bits for columns that 32 are too coarse for, as far as
    /// the head of the text shows, and 32 for the grid, whose counts are f64 all the same where f32 would round them
    #[arg(long, value_name = "TYPE", default_value = "auto", value_parser = precision())]
    pub(crate) dtype: Precision,
    #[command(flatten)]
    pub(crate) text: TextArgs,
    #[command(flatten)]
    pub(crate) grid: GridArgs,
    #[command(flatten)]
    pub(crate) picture: PictureArgs,
    #[command(flatten)]
    pub(crate) figure: FigureArgs,
}

#[derive(Debug, Args)]
pub(crate) struct IngestArgs {
    /// Text files, plain or compressed (gzip, zstd, bzip2, xz), or .npy arrays, read one after another; - for
    /// standard input
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The folder of columns
    #[arg(
        long,
        short,
        value_name = "OUT.points",
        required_unless_present = "explain",
        conflicts_with = "explain"
    )]
    pub(crate) output: Option<PathBuf>,
    /// Say how the inputs would be read, with the first three rows as they would be stored, and stop
    #[arg(long)]
    pub(crate) explain: bool,
    /// Type of the stored columns; auto takes 64 bits where the head of the text shows that 32 are too coarse, too large
    /// or too small for a column, else 32
    #[arg(long, value_name = "TYPE", default_value = "auto", value_parser = precision())]
    pub(crate) dtype: Precision,
    #[command(flatten)]
    pub(crate) text: TextArgs,
}

/// How text and arrays are read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct TextArgs {
    /// Which fields to read, by position or header name: x=1,y=2,z=4 or x=lon,y=lat; further columns may be
    /// named; of arrays of one column each, which inputs, by position or file name [default: the columns that a header
    /// calls x, y and z; else the first three fields; of two, x and y]
    #[arg(long, value_name = "LIST")]
    columns: Option<ColumnChoice>,
    /// What separates the fields: space (any blanks), tab, comma, semicolon, pipe, or one character; auto tells from what
    /// the first lines agree on [default: auto]
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    delimiter: Option<Delimiter>,
    /// Characters that begin a comment line; where they are given, such a line is never a row
    #[arg(
        long,
        help = "Characters that begin a comment line; where they are given, such a line is never a row \
                [default: #%>]",
        value_name = "CHARS"
    )]
    comment: Option<String>,
    /// Pass over the first N lines of each input
    #[arg(long, value_name = "N")]
    skip_rows: Option<u64>,
    /// Words and numbers that stand for a missing value, beside NA, NaN, null, None, \N, - and their like
    #[arg(long, value_name = "WORD,…", value_delimiter = ',', allow_hyphen_values = true)]
    missing: Vec<String>,
    /// What begins the decimals of a number: a point or a comma [default: .]
    #[arg(long, value_name = "CHAR", value_parser = [".", ","])]
    decimal: Option<String>,
    /// Take rows with any number of further fields behind those that are read
    #[arg(long)]
    ragged: bool,
    /// Take quotes for characters like any other, as sqlite3, MySQL and ClickHouse write them in text
    #[arg(long)]
    no_quotes: bool,
    /// Count malformed lines and go on instead of stopping at the first
    #[arg(long)]
    skip_bad: bool,
    /// Inputs are not text but rows of raw numbers of this type, as np.memmap and tofile write them
    #[arg(
        long,
        value_name = "TYPE",
        value_parser = dtype(),
        requires = "columns_per_row",
        conflicts_with_all = ["delimiter", "comment", "skip_rows", "missing", "decimal", "ragged", "no_quotes", "skip_bad"]
    )]
    raw: Option<Dtype>,
    /// How many raw numbers make a row; with 1, every input is one column
    #[arg(
        long,
        value_name = "K",
        value_parser = clap::value_parser!(u32).range(1..=65536),
        requires = "raw"
    )]
    columns_per_row: Option<u32>,
}

impl TextArgs {
    /// The first option that was typed.
    pub(crate) fn first_given(&self) -> Option<&'static str> {
        [
            (self.columns.is_some(), "--columns"),
            (self.delimiter.is_some(), "--delimiter"),
            (self.comment.is_some(), "--comment"),
            (self.skip_rows.is_some(), "--skip-rows"),
            (!self.missing.is_empty(), "--missing"),
            (self.decimal.is_some(), "--decimal"),
            (self.ragged, "--ragged"),
            (self.no_quotes, "--no-quotes"),
            (self.skip_bad, "--skip-bad"),
            (self.raw.is_some(), "--raw"),
        ]
        .into_iter()
        .find_map(|(given, name)| given.then_some(name))
    }

    pub(crate) fn options(&self, dtype: Precision) -> pointillist_ingest::Options {
        pointillist_ingest::Options {
            columns: self.columns.clone().unwrap_or_default(),
            delimiter: self.delimiter.unwrap_or(Delimiter::Auto),
            comment: self.comment.clone(),
            dtype,
            skip_bad: self.skip_bad,
            skip_rows: self.skip_rows.unwrap_or(0),
            missing: self.missing.clone(),
            decimal_comma: self.decimal.as_deref() == Some(","),
            ragged: self.ragged,
            no_quotes: self.no_quotes,
            raw: self
                .raw
                .zip(self.columns_per_row)
                .map(|(dtype, columns)| Raw { dtype, columns: columns as usize }),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Bin2dArgs {
    /// .points folders, binned together; or, with --extent, what ingest takes, binned as it is read and not kept: text
    /// files, plain or compressed, or .npy arrays, one after another; - for standard input
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The grid, a .tiff
    #[arg(long, short, value_name = "OUT.tiff")]
    pub(crate) output: PathBuf,
    /// Type of the pages: f32, or with f64 that; a count page that f32 cannot hold exactly is stored as f64. For text or
    /// array input also the type of the numbers that are binned, of which auto takes 64 bits where 32 are too coarse
    #[arg(long, value_name = "TYPE", default_value = "auto", value_parser = precision())]
    pub(crate) dtype: Precision,
    #[command(flatten)]
    pub(crate) text: TextArgs,
    #[command(flatten)]
    pub(crate) grid: GridArgs,
    /// Bin the I-th of N equal shares of the rows, in the extent of all of them, for pointillist merge to add up
    #[arg(long, value_name = "I/N", help_heading = "Grid", allow_hyphen_values = true)]
    pub(crate) shard: Option<Shard>,
}

#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// All shards of one job, in any order
    #[arg(required = true, value_name = "GRID.tiff")]
    pub(crate) shards: Vec<PathBuf>,
    /// The grid, a .tiff
    #[arg(long, short, value_name = "OUT.tiff")]
    pub(crate) output: PathBuf,
}

/// Region, cells and reductions.
#[derive(Debug, Args)]
#[command(next_help_heading = "Grid")]
pub(crate) struct GridArgs {
    /// Cells, WxH or N for both [default: 1024x1024]
    #[arg(long, value_name = "WxH", conflicts_with = "resolution", allow_hyphen_values = true)]
    size: Option<Size>,
    /// Edge of a square cell in data units, instead of --size; where it does not divide the extent, xmax and ymax
    /// move up to whole cells
    #[arg(long, value_name = "R", value_parser = positive, allow_hyphen_values = true)]
    resolution: Option<f64>,
    /// equal keeps cells square: one axis of the extent grows, by as much on both sides; auto divides the extent as it
    /// is
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = aspect())]
    aspect: Aspect,
    /// The region [default: the bounds of the points]
    #[arg(long, value_name = "XMIN,XMAX,YMIN,YMAX", allow_hyphen_values = true)]
    extent: Option<Extent>,
    /// Pages, of count, sum, mean, min, max, std, var, first, last, as in count,mean,max:mag, where a column after
    /// the colon is reduced instead of z; over composites every point over those of earlier rows, in its color, columns
    /// r, g, b and maybe a, into four pages [default: count,mean; count where there is no z]
    #[arg(long, value_name = "LIST")]
    reduce: Option<Reductions>,
    /// The column that is x
    #[arg(long, value_name = "NAME", default_value = "x")]
    x: String,
    /// The column that is y
    #[arg(long, value_name = "NAME", default_value = "y")]
    y: String,
    /// The column that is reduced by what names none [default: z where there is one]
    #[arg(long, value_name = "NAME")]
    z: Option<String>,
    /// Opacity of every point for --reduce over, above 0 and up to 1, times its a where there is that column [default:
    /// 1]
    #[arg(long, value_name = "A", allow_negative_numbers = true)]
    opacity: Option<f64>,
    /// What r, g, b and a count up to for --reduce over: unit for 1, byte for 255; auto tells from the largest of r, g
    /// and b, and of a, which are bytes where it is above 1 [default: auto]
    #[arg(long, value_name = "NAME", value_parser = colors())]
    colors: Option<Colors>,
    /// How pages are compressed: deflate takes longer to write and read and a fraction of the disk; the values are the
    /// same
    #[arg(long, value_name = "NAME", default_value = "none", value_parser = compression())]
    compress: Compression,
}

/// What colors count up to, or none where their columns tell; a type of its own as `Background`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Colors(pub(crate) Option<ColorScale>);

impl GridArgs {
    /// Whether it was said how many cells there are to be.
    pub(crate) fn is_sized(&self) -> bool {
        self.size.is_some() || self.resolution.is_some()
    }

    pub(crate) fn options(&self, dtype: Precision) -> Result<pointillist_bin2d::Options, Failure> {
        if self.colors.is_some() && !self.reduce.as_ref().is_some_and(Reductions::has_over) {
            let message = "--colors is for points that are composited: ask for --reduce over";
            return Err(Failure::usage(message));
        }
        let cells = match self.resolution {
            Some(edge) => Cells::Resolution(edge),
            None => Cells::Size(self.size.unwrap_or_default()),
        };
        Ok(pointillist_bin2d::Options {
            cells,
            aspect: self.aspect,
            extent: self.extent,
            reductions: self.reduce.clone(),
            x: self.x.clone(),
            y: self.y.clone(),
            z: self.z.clone(),
            dtype: match dtype {
                Precision::F64 => Dtype::F64,
                Precision::Auto | Precision::F32 => Dtype::F32,
            },
            compress: self.compress,
            shard: None,
            opacity: self.opacity,
            colors: self.colors.as_ref().and_then(|colors| colors.0),
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct ColorizeArgs {
    /// A grid that bin2d made
    #[arg(value_name = "GRID.tiff")]
    pub(crate) grid: PathBuf,
    /// The picture, a .png; with --figure also an .svg or a .pdf; - for standard output
    #[arg(long, short, value_name = "OUT.png")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) picture: PictureArgs,
    #[command(flatten)]
    pub(crate) figure: FigureArgs,
}

#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// A .points folder, a grid or a picture
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Read all of it and compare with what was recorded when it was written
    #[arg(long)]
    pub(crate) verify: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CleanArgs {
    /// Folders that hold .points, or .points folders
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub(crate) folders: Vec<PathBuf>,
    /// Remove also what is still good and can be made again, all grids, and columns whose input is there; say what is left
    /// and why
    #[arg(long)]
    pub(crate) all: bool,
    /// Only say what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ColormapsArgs {
    /// Colormaps by name, reversed with _r, lists of colours, or files, as --cmap takes them [default: all names]
    #[arg(value_name = "NAME|FILE")]
    pub(crate) maps: Vec<Cmap>,
    /// A picture of them instead, a .png; - for standard output
    #[arg(long, short, value_name = "OUT.png")]
    pub(crate) output: Option<PathBuf>,
}

fn dtype() -> impl TypedValueParser<Value = Dtype> {
    PossibleValuesParser::new(["f32", "f64"]).map(|name| match name.as_str() {
        "f64" => Dtype::F64,
        _ => Dtype::F32,
    })
}

pub(crate) fn precision() -> impl TypedValueParser<Value = Precision> {
    PossibleValuesParser::new(["auto", "f32", "f64"]).map(|name| match name.as_str() {
        "f64" => Precision::F64,
        "f32" => Precision::F32,
        _ => Precision::Auto,
    })
}

fn aspect() -> impl TypedValueParser<Value = Aspect> {
    PossibleValuesParser::new(["auto", "equal"]).map(|name| match name.as_str() {
        "equal" => Aspect::Equal,
        _ => Aspect::Auto,
    })
}

pub(crate) fn colors() -> impl TypedValueParser<Value = Colors> {
    let names = ["auto"].into_iter().chain(ColorScale::ALL.map(ColorScale::name));
    PossibleValuesParser::new(names)
        .map(|name| Colors(ColorScale::ALL.into_iter().find(|scale| scale.name() == name)))
}

fn compression() -> impl TypedValueParser<Value = Compression> {
    PossibleValuesParser::new(["none", "deflate"]).map(|name| match name.as_str() {
        "deflate" => Compression::Deflate,
        _ => Compression::None,
    })
}

pub(crate) fn positive(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(value) if value > 0.0 && value.is_finite() => Ok(value),
        _ => Err("expected a number greater than 0".to_owned()),
    }
}
