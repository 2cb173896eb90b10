//! Figures: the picture of `colorize` with axes, labels and a colorbar around it.

use std::path::{Path, PathBuf};

use clap::Args;
use pointillist_base::Values;
use pointillist_bin2d::{Cells, GridFile, Size, Term};
use pointillist_colorize::limits::{Wanted as WantedLimits, resolve};
use pointillist_colorize::spread::{Grown, Growth, Marker};
use pointillist_colorize::{
    Alpha, Band, Color, Colormap, Drawing, Effort, Layer, Limits, Norm, Options, Paint, Pixels,
    Resident, Scale, Stored, Style, write_png,
};
use pointillist_figure::{Bar, Density, Figure, Layout, Style as Look, check_text};
use serde_json::{Value, json};

use crate::args::pair;
use crate::colorize::{is_stdout, put};
use crate::failure::Failure;
use crate::interrupt::UntilInterrupted;
use crate::report::{Report, shown};

/// Axes, labels and a colorbar around the picture.
#[derive(Debug, Args)]
#[command(next_help_heading = "Figure")]
pub(crate) struct FigureArgs {
    #[command(flatten)]
    labels: Labels,
    /// Width and height of the whole figure in inches, as in 6.4,4.8; render then makes as many cells as its axes have
    /// pixels, unless --size or --resolution says otherwise [default: as large as the picture needs]
    #[arg(long, value_name = "W,H", value_parser = pair, requires = "figure", allow_hyphen_values = true)]
    figsize: Option<(f64, f64)>,
    /// Pixels of an inch, which decide how large letters are: a point is 1/72 inch [default: 100]
    #[arg(long, value_name = "D", requires = "figure", allow_negative_numbers = true)]
    dpi: Option<f64>,
    /// The colour around the picture, and under it where it is not opaque: none, black, white or #hex [default: white]
    #[arg(long, value_name = "COLOUR", requires = "figure", value_parser = face)]
    face: Option<Color>,
}

/// What is drawn around a picture, whatever its size.
#[derive(Debug, Args)]
#[command(next_help_heading = "Figure")]
pub(crate) struct Labels {
    /// Draw axes with ticks, labels and a colorbar around the picture, as matplotlib would; the output may also be an
    /// .svg or a .pdf
    #[arg(long)]
    figure: bool,
    /// Written above the axes
    #[arg(long, value_name = "TEXT", requires = "figure")]
    title: Option<String>,
    /// Written below the x axis [default: the name of the column]
    #[arg(long, value_name = "TEXT", requires = "figure")]
    xlabel: Option<String>,
    /// Written beside the y axis [default: the name of the column]
    #[arg(long, value_name = "TEXT", requires = "figure")]
    ylabel: Option<String>,
    /// Written beside the colorbar [default: what is coloured, a page or a column]
    #[arg(long, value_name = "TEXT", requires = "figure")]
    zlabel: Option<String>,
}

fn face(text: &str) -> Result<Color, pointillist_colorize::Error> {
    if text == "none" { Ok(Color::TRANSPARENT) } else { text.parse() }
}

/// What a figure is to be. What is recorded of it decides on whether another one has to be made.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Wanted {
    pub(crate) title: String,
    pub(crate) xlabel: Option<String>,
    pub(crate) ylabel: Option<String>,
    pub(crate) zlabel: Option<String>,
    figsize: Option<(f64, f64)>,
    dpi: f64,
    face: Color,
}

impl FigureArgs {
    /// What was asked for, checked as far as that goes without a grid; none where no figure was.
    pub(crate) fn wanted(&self, output: &Path) -> Result<Option<Wanted>, Failure> {
        let face = self.face.unwrap_or(Color([255; 4]));
        let wanted = self.labels.wanted(self.figsize, self.dpi.unwrap_or(100.0), face, output)?;
        if let Some(Wanted { figsize, dpi, .. }) = wanted {
            match figsize {
                Some(figsize) => Layout::new(figsize, dpi, true)?,
                None => Layout::around(1, 1, dpi, true)?,
            };
        }
        Ok(wanted)
    }
}

impl Labels {
    /// A figure with these labels, none where none was asked for.
    pub(crate) fn wanted(
        &self,
        figsize: Option<(f64, f64)>,
        dpi: f64,
        face: Color,
        output: &Path,
    ) -> Result<Option<Wanted>, Failure> {
        if !self.figure {
            return match kind(output) {
                Kind::Png => Ok(None),
                _ => Err(Failure::usage(format!(
                    "{} can hold a figure, not a picture alone: add --figure, or write a .png",
                    shown(output)
                ))),
            };
        }
        for label in [&self.title, &self.xlabel, &self.ylabel, &self.zlabel].into_iter().flatten() {
            check_text(label, kind(output) != Kind::Svg)?;
        }
        Ok(Some(Wanted {
            title: self.title.clone().unwrap_or_default(),
            xlabel: self.xlabel.clone(),
            ylabel: self.ylabel.clone(),
            zlabel: self.zlabel.clone(),
            figsize,
            dpi,
            face,
        }))
    }
}

impl Wanted {
    /// The cells of a grid whose picture fills the axes, if the figure has a size, in place of `cells`, unless
    /// these were asked for; then they must fit. `shaded` says how values become colours, where they do, and whether
    /// there are counts.
    pub(crate) fn cells(
        &self,
        cells: Cells,
        asked_for: bool,
        shaded: Option<(&Options, bool)>,
    ) -> Result<Cells, Failure> {
        let Some(figsize) = self.figsize else { return Ok(cells) };
        let bar = shaded.is_some_and(|(options, has_counts)| has_bar(options, has_counts));
        match cells {
            _ if !asked_for => {
                let picture = Layout::new(figsize, self.dpi, bar)?.picture();
                Ok(Cells::Size(Size::new(picture.width as u32, picture.height as u32)?))
            }
            Cells::Size(size) => {
                self.layout((size.width() as usize, size.height() as usize), bar)?;
                Ok(cells)
            }
            // How many these are is known when the points are.
            Cells::Resolution(_) => Ok(cells),
        }
    }

    fn layout(&self, (width, height): (usize, usize), has_bar: bool) -> Result<Layout, Failure> {
        let Some(figsize) = self.figsize else {
            return Ok(Layout::around(width, height, self.dpi, has_bar)?);
        };
        let layout = Layout::new(figsize, self.dpi, has_bar)?;
        let axes = layout.picture();
        if (axes.width, axes.height) == (width, height) {
            return Ok(layout);
        }
        Err(Failure::usage(format!(
            "the axes of a figure of {},{} inches have {}x{} pixels, but the grid has {width}x{height} cells: \
             make it with --size {}x{}, or leave out --figsize",
            figsize.0, figsize.1, axes.width, axes.height, axes.width, axes.height
        )))
    }
}

/// Whether something is drawn beside the axes.
fn has_bar(options: &Options, has_counts: bool) -> bool {
    matches!(options.paint, Paint::Colormap(_)) || has_key(options, has_counts)
}

/// Whether counts decide on opacities.
fn has_key(options: &Options, has_counts: bool) -> bool {
    has_counts
        && match options.alpha {
            Alpha::PerPoint(alpha) => alpha > 0.0 && alpha < 1.0,
            Alpha::Norm { .. } => true,
        }
}

/// What labels are made of where they are not given, which is not part of a grid's identity.
pub(crate) fn columns(grid: &GridFile) -> Value {
    let about = grid.description();
    json!([about.options.x, about.options.y, about.z()])
}

/// How large a figure is, as its facts have it.
pub(crate) fn size(facts: &Value) -> Option<String> {
    let [width, height] = ["width", "height"].map(|key| facts[key].as_u64());
    Some(format!(" in a figure of {}x{}", width?, height?))
}

/// What an output holds, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Png,
    Svg,
    Pdf,
}

pub(crate) fn kind(output: &Path) -> Kind {
    let extension = output.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("svg") => Kind::Svg,
        Some("pdf") => Kind::Pdf,
        _ => Kind::Png,
    }
}

/// The picture that is drawn, and what it was made of.
pub(crate) struct Source<'a> {
    pub(crate) grid: &'a GridFile,
    pub(crate) picture: &'a dyn Pixels,
    /// How values became colours; none where points had colours of their own.
    pub(crate) shaded: Option<Shaded<'a>>,
}

/// Values and how they became colours.
pub(crate) struct Shaded<'a> {
    pub(crate) grid: &'a GridFile,
    pub(crate) layer: &'a dyn Layer,
    pub(crate) drawing: &'a Drawing<'a>,
    pub(crate) by: &'a str,
    pub(crate) marker: Option<Marker>,
    pub(crate) options: &'a Options,
}

impl Source<'_> {
    /// Writes the figure: see [`write()`].
    pub(crate) fn write(
        &self,
        wanted: &Wanted,
        output: &Path,
        effort: Effort,
        facts: &mut Value,
        texts: impl FnOnce(&Value) -> Vec<(String, String)>,
    ) -> Result<(), Failure> {
        let has_bar = self.shaded.as_ref().is_some_and(Shaded::has_bar);
        let layout = wanted.layout((self.picture.width(), self.picture.height()), has_bar)?;
        let (about, extent) = (&self.grid.description().options, self.grid.extent());
        let scale = self.shaded.as_ref().map(Shaded::scale).transpose()?.flatten();
        let figure = Figure {
            picture: self.picture,
            layout,
            x: (extent.xmin, extent.xmax),
            y: (extent.ymin, extent.ymax),
            title: wanted.title.clone(),
            xlabel: named(&wanted.xlabel, &about.x),
            ylabel: named(&wanted.ylabel, &about.y),
            colorbar: match (&scale, &self.shaded) {
                (Some(scale), Some(shaded)) => shaded.bar(scale, &wanted.zlabel)?,
                _ => None,
            },
            density: match &self.shaded {
                Some(shaded) => shaded.density(wanted.face)?,
                None => None,
            },
            style: Look::on(wanted.face),
        };
        write(&figure, output, effort, facts, texts)
    }
}

/// Writes a figure whole or not at all. What `texts` makes of the facts is kept in it, and the layout is added to
/// them.
pub(crate) fn write(
    figure: &Figure<'_>,
    output: &Path,
    effort: Effort,
    facts: &mut Value,
    texts: impl FnOnce(&Value) -> Vec<(String, String)>,
) -> Result<(), Failure> {
    let Layout { width, height, .. } = figure.layout;
    let axes = figure.layout.picture();
    facts["figure"] = json!({
        "width": width,
        "height": height,
        "axes": { "left": axes.left, "top": axes.top, "width": axes.width, "height": axes.height },
    });
    let texts = texts(facts);
    match kind(output) {
        Kind::Png => {
            let raster = figure.raster()?;
            put(output, |out| write_png(out, &raster, &texts, effort))
        }
        Kind::Svg => {
            let svg = figure.svg(&texts)?;
            put(output, |out| out.write_all(svg.as_bytes()).map_err(write_error))
        }
        Kind::Pdf => {
            let pdf = figure.pdf(&texts)?;
            put(output, |out| out.write_all(&pdf).map_err(write_error))
        }
    }
}

impl Shaded<'_> {
    fn has_counts(&self) -> bool {
        self.grid.page_names().any(|name| name == "count")
    }

    fn has_bar(&self) -> bool {
        has_bar(self.options, self.has_counts())
    }

    /// The colorbar, where there is a colormap.
    fn bar<'b>(
        &'b self,
        scale: &'b Scale,
        label: &Option<String>,
    ) -> Result<Option<Bar<'b>>, Failure> {
        let Paint::Colormap(colormap) = &self.options.paint else { return Ok(None) };
        let label = match label {
            Some(label) => label.clone(),
            None => self.name()?,
        };
        Ok(Some(Bar { scale, colormap, beyond: self.beyond(scale, colormap)?, label }))
    }

    /// The page in words: `count`, `mean z`, `max mag`.
    fn name(&self) -> Result<String, Failure> {
        let term: Term = self.by.parse()?;
        let reduction = term.reduction();
        Ok(match term.column().or(self.grid.description().z()) {
            Some(column) if reduction.needs_z() => format!("{reduction} {column}"),
            _ => reduction.to_string(),
        })
    }

    fn scale(&self) -> Result<Option<Scale>, Failure> {
        Ok(match (self.drawing.norm(), self.drawing.limits()) {
            (Some(Norm::EqHist), _) => Scale::equalized(self.layer)?,
            (Some(norm), Some(limits)) => Some(Scale::new(norm, limits)?),
            _ => None,
        })
    }

    /// The smallest and largest value, and the colours of what lies below and above the limits.
    fn beyond(
        &self,
        scale: &Scale,
        colormap: &Colormap,
    ) -> Result<Option<(Limits, Color, Color)>, Failure> {
        let Options { vmin, vmax, clip, .. } = self.options;
        let open = vmin.is_none() && vmax.is_none() && clip.is_none();
        if scale.norm() == Norm::EqHist || open && colormap.data_range().is_none() {
            return Ok(None);
        }
        let Some(data) = resolve(self.layer, scale.norm(), WantedLimits::default())? else {
            return Ok(None);
        };
        // The picture's own colours of these two.
        let Limits { vmin, vmax } = scale.limits();
        let options = Options {
            vmin: Some(vmin),
            vmax: Some(vmax),
            clip: None,
            alpha: Alpha::default(),
            background: None,
            ..self.options.clone()
        };
        let ends = [data.vmin, data.vmax];
        let values = Values::F64(&ends);
        let style = Style::new(&Resident::new(values, None, 2, 1)?, scale.norm(), &options)?;
        let mut colors = [[0; 4]; 2];
        style.shade(Band { values, counts: None }, &mut colors);
        Ok(Some((data, Color(colors[0]), Color(colors[1]))))
    }

    /// The key of opacities, where counts decide on them; none where no cell has a point.
    fn density(&self, face: Color) -> Result<Option<Density>, Failure> {
        if !has_key(self.options, self.has_counts()) {
            return Ok(None);
        }
        let stored;
        let grown;
        let layer: &dyn Layer = match self.marker {
            Some(marker) if marker.radius > 0 => {
                let growth = Growth::Marker(marker);
                grown = Grown::new(self.grid, "count", growth, &UntilInterrupted)?;
                &grown
            }
            _ => {
                stored = Stored::new(self.grid, "count", &UntilInterrupted)?;
                &stored
            }
        };
        let norm = match self.options.alpha {
            Alpha::PerPoint(_) => Norm::Log,
            Alpha::Norm { norm, .. } => norm,
        };
        let Some(scale) = Scale::fit(layer, norm, WantedLimits::default())? else {
            return Ok(None);
        };
        let mut density = Density::new(self.options.alpha, &scale)?;
        let face = Some(face).filter(|face| *face != Color::TRANSPARENT);
        density.background = match (self.options.background, face) {
            (Some(background), Some(face)) => Some(background.over(face)),
            (background, face) => background.or(face),
        };
        density.color = match &self.options.paint {
            Paint::Color(color) => *color,
            Paint::Colormap(_) => Look::on(density.background.unwrap_or(Color::TRANSPARENT)).ink,
        };
        density.label = "points per pixel".to_owned();
        Ok(Some(density))
    }
}

/// A label, or what stands for it.
pub(crate) fn named(label: &Option<String>, name: &str) -> String {
    label.clone().unwrap_or_else(|| name.to_owned())
}

fn write_error(error: std::io::Error) -> pointillist_colorize::Error {
    pointillist_colorize::Error::Write(error)
}

/// Pictures go to files that end in .png or to standard output, figures also to .svg and .pdf.
pub(crate) fn check_output<'a>(
    output: &Path,
    wanted: Option<&Wanted>,
    inputs: impl IntoIterator<Item = &'a PathBuf>,
    report: &Report,
) -> Result<(), Failure> {
    match wanted {
        Some(_) if !is_stdout(output) => {
            crate::outputs::check_name(output, &["png", "svg", "pdf"], inputs)
        }
        _ => crate::colorize::check_picture(output, inputs, report),
    }
}
