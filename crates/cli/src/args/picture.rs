//! What can be typed of colours.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pointillist_colorize::spread::{Growth, Marker, Shape};
use pointillist_colorize::{Alpha, Color, Effort, Norm, Paint, over};

use crate::colorize::Wanted;
use crate::colormaps::Cmap;
use crate::failure::Failure;

/// From values to colours.
#[derive(Debug, Args)]
#[command(next_help_heading = "Colour")]
pub(crate) struct PictureArgs {
    /// The page that is coloured; render makes it where --reduce does not say which. over is that of points composited in
    /// their colors, which --gain and --background are for, and none of the other options of colour [default: over where
    /// there is that, else mean, else count]
    #[arg(long, value_name = "PAGE")]
    by: Option<String>,
    /// linear, log, log1p, sqrt, cbrt, power:G, asinh, symlog:T or eq_hist [default: log for count, linear for all else
    /// and for a colour table of values]
    #[arg(long, value_name = "NORM")]
    norm: Option<Norm>,
    /// Value at the lower end of the colormap [default: the smallest of the occupied cells, or that of a colour
    /// table in a file]
    #[arg(long, value_name = "V", allow_negative_numbers = true)]
    vmin: Option<f64>,
    /// Value at the upper end of the colormap [default: the largest of the occupied cells, or that of a colour
    /// table in a file]
    #[arg(long, value_name = "V", allow_negative_numbers = true)]
    vmax: Option<f64>,
    /// Percentiles of the occupied cells for both ends, as in 2,98
    #[arg(long, value_name = "LO,HI", value_parser = pair, allow_hyphen_values = true)]
    clip: Option<(f64, f64)>,
    /// A colormap by name, reversed with _r; colours #hex,#hex,… or, with positions from 0 to 1,
    /// #hex@0,#hex@0.3,#hex@1; or a file: a GMT .cpt or a gdaldem colour table, which says which values have which
    /// colours, or lines POSITION #hex; smooth:NAME and smooth:#hex,… are datashader's lists of colours, without steps
    /// [default: viridis]
    #[arg(long, value_name = "NAME|FILE")]
    cmap: Option<Cmap>,
    /// One colour instead of a colormap
    #[arg(long, value_name = "#HEX", conflicts_with_all = ["cmap", "norm", "vmin", "vmax", "clip", "bad"])]
    color: Option<Color>,
    /// Opacity of one point; a cell with n points gets 1-(1-A)^n [default: 1]
    #[arg(long, value_name = "A", allow_negative_numbers = true)]
    alpha: Option<f64>,
    /// Opacity from the count through a norm instead
    #[arg(long, value_name = "NORM", conflicts_with = "alpha")]
    alpha_norm: Option<Norm>,
    /// Opacities of the smallest and the largest count [default: 0,1]
    #[arg(long, value_name = "LO,HI", value_parser = pair, requires = "alpha_norm", allow_hyphen_values = true)]
    alpha_range: Option<(f64, f64)>,
    /// How many times as opaque composited points are, at most wholly; with 1 over the largest over-alpha that info
    /// shows, nothing is cut off [default: 1]
    #[arg(long, value_name = "G", allow_negative_numbers = true)]
    gain: Option<f64>,
    /// What lies under the picture: none, black, white or #hex
    #[arg(long, value_name = "COLOUR", default_value = "none", value_parser = background)]
    background: Background,
    /// The colour of cells that have points but no value [default: that of a colour table in a file, else transparent]
    #[arg(long, value_name = "#HEX")]
    bad: Option<Color>,
    /// Draw every point as a marker that reaches so many pixels to each side, 0 to 200; means are those of all points
    /// that cover a pixel [default: 0]
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u32).range(..=i64::from(Marker::MAX_RADIUS)))]
    spread: Option<u32>,
    /// The largest radius up to 3 pixels at which no more than half of the occupied cells have a neighbour within twice
    /// that radius, so that points which stand alone are seen and crowds are not smeared; as datashader's dynspread
    #[arg(long, conflicts_with = "spread")]
    dynspread: bool,
    /// The form of markers: circle or square [default: circle]
    #[arg(long, value_name = "NAME", value_parser = shape())]
    marker: Option<Shape>,
    /// How the file is compressed: small takes longer to write and less of the disk; the pixels are the same
    #[arg(long, value_name = "NAME", default_value = "fast", value_parser = effort())]
    png: Effort,
}

/// A colour or none; a type of its own because clap reads an `Option` as an option that may be missing.
#[derive(Debug, Clone)]
pub(crate) struct Background(pub(crate) Option<Color>);

impl PictureArgs {
    /// What was asked for, with the colormap read where it is a file.
    pub(crate) fn wanted(&self) -> Result<Wanted, Failure> {
        let options = self.options()?;
        options.validate()?;
        let shape = self.marker.unwrap_or_default();
        let growth = match self.spread {
            _ if self.dynspread => Some(Growth::Dynamic(shape)),
            Some(radius) if radius > 0 => Some(Growth::Marker(Marker { radius, shape })),
            None if self.marker.is_some() => {
                let message = "--marker is the form of what --spread R or --dynspread draws: give one of them";
                return Err(Failure::usage(message));
            }
            _ => None,
        };
        let composite = over::Options {
            gain: self.gain.unwrap_or(1.0),
            background: options.background,
            effort: options.effort,
        };
        composite.validate()?;
        let (gain, of_values) = (self.gain.is_some(), self.first_of_values());
        Ok(Wanted {
            by: self.by.clone(),
            growth,
            options,
            composite,
            gain,
            of_values,
            figure: None,
        })
    }

    /// The file that the colormap is read from.
    pub(crate) fn cmap_file(&self) -> Option<&PathBuf> {
        self.cmap.as_ref().and_then(Cmap::file)
    }

    /// The first option that was typed of those that make colours of values.
    fn first_of_values(&self) -> Option<&'static str> {
        [
            (self.norm.is_some(), "--norm"),
            (self.vmin.is_some(), "--vmin"),
            (self.vmax.is_some(), "--vmax"),
            (self.clip.is_some(), "--clip"),
            (self.cmap.is_some(), "--cmap"),
            (self.color.is_some(), "--color"),
            (self.alpha.is_some(), "--alpha"),
            (self.alpha_norm.is_some(), "--alpha-norm"),
            (self.bad.is_some(), "--bad"),
            (self.spread.is_some(), "--spread"),
            (self.dynspread, "--dynspread"),
        ]
        .into_iter()
        .find_map(|(given, name)| given.then_some(name))
    }

    fn options(&self) -> Result<pointillist_colorize::Options, pointillist_colorize::Error> {
        let alpha = match (self.alpha_norm, self.alpha) {
            (Some(norm), _) => Alpha::Norm { norm, range: self.alpha_range.unwrap_or((0.0, 1.0)) },
            (None, Some(alpha)) => Alpha::PerPoint(alpha),
            (None, None) => Alpha::default(),
        };
        let paint = match self.color {
            Some(color) => Paint::Color(color),
            None => {
                Paint::Colormap(self.cmap.as_ref().map(Cmap::open).transpose()?.unwrap_or_default())
            }
        };
        Ok(pointillist_colorize::Options {
            norm: self.norm,
            vmin: self.vmin,
            vmax: self.vmax,
            clip: self.clip,
            paint,
            bad: self.bad,
            alpha,
            background: self.background.0,
            effort: self.png,
            ..pointillist_colorize::Options::default()
        })
    }
}

pub(crate) fn shape() -> impl TypedValueParser<Value = Shape> {
    PossibleValuesParser::new(Shape::ALL.map(Shape::name)).map(|name| match name.as_str() {
        "square" => Shape::Square,
        _ => Shape::Circle,
    })
}

pub(crate) fn effort() -> impl TypedValueParser<Value = Effort> {
    PossibleValuesParser::new(["fast", "small"]).map(|name| match name.as_str() {
        "small" => Effort::Small,
        _ => Effort::Fast,
    })
}

pub(crate) fn pair(text: &str) -> Result<(f64, f64), String> {
    let numbers: Option<Vec<f64>> = text
        .split(',')
        .map(|part| part.trim().parse().ok().filter(|value: &f64| !value.is_nan()))
        .collect();
    match numbers.as_deref() {
        Some(&[low, high]) => Ok((low, high)),
        _ => Err("expected two numbers with a comma between them, as in 2,98".to_owned()),
    }
}

pub(crate) fn background(text: &str) -> Result<Background, pointillist_colorize::Error> {
    if text == "none" { Ok(Background(None)) } else { Ok(Background(Some(text.parse()?))) }
}
