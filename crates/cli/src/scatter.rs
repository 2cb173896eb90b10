//! The command `scatter`: the picture that `plt.scatter` draws, of any number of points.

mod args;

use std::time::Instant;

use pointillist_base::{Dtype, Values, staged};
use pointillist_bin2d::over::ColorScale;
use pointillist_bin2d::{Columns, Extent, Source, Stats};
use pointillist_colorize::{Color, Norm, Options, Paint, Picture, Resident, Scale, Style};
use pointillist_figure::{Bar, Figure as Drawn, Layout, Style as Look};
use pointillist_ingest::{Batches, Points};
use pointillist_scatter::draw::{Blending, Coloring, Drawing, Style as Markers};
use pointillist_scatter::{Axes, AxesBox, Figure, Limits, Shape, Side, View};
use serde_json::{Value, json};

use crate::args::Global;
use crate::cache::Cache;
use crate::colorize::{is_stdout, reuse, texts, write};
use crate::colormaps::Cmap;
use crate::failure::{Failure, Kept};
use crate::figure::{self, named};
use crate::freshness::{keep_newer, make_newest};
use crate::interrupt::UntilInterrupted;
use crate::progress::{StageProgress, Unit};
use crate::report::{Report, count, number, plural, shown};
use crate::{inputs, outputs, reading};
pub(crate) use args::ScatterArgs;
use args::{Blend, CanvasArgs};

const STAGE: &str = "scatter";

pub(crate) fn run(args: ScatterArgs, global: &Global, report: &Report) -> Result<(), Failure> {
    let face = args.canvas.background.0.unwrap_or(Color::TRANSPARENT);
    let wanted =
        args.labels.wanted(Some(args.canvas.figsize), args.canvas.dpi, face, &args.output)?;
    let inputs = args.inputs.iter().chain(args.colors.cmap.as_ref().and_then(Cmap::file));
    figure::check_output(&args.output, wanted.as_ref(), inputs, report)?;
    // Better to learn what is wrong now than after minutes of parsing.
    let job = Job::new(&args, wanted)?;
    inputs::check(&args.inputs)?;
    if !is_stdout(&args.output) {
        outputs::ensure_writable(&args.output, staged::Kind::File, None)?;
    }
    if job.extent.is_some() && args.inputs.iter().all(|path| path.as_os_str() == "-") {
        return job.streamed(&args, global, report);
    }
    let reading = args.text.options(args.dtype);
    let cache = Cache::new(&args.inputs, &args.output, args.cache_dir.as_deref(), &args.text)?;
    let mut columns = cache.columns(&reading, global.force, global, report)?;
    match job.of_points(&columns.points, &args, global, report) {
        Err(Failure::Damaged(Kept::Columns, why)) if columns.can_be_made_again => {
            report.warning(STAGE, &format!("{}; making it again", why.what));
            columns = cache.columns(&reading, true, global, report)?;
            job.of_points(&columns.points, &args, global, report)?;
        }
        done => done.map_err(|failure| cache.explained(failure, &columns))?,
    }
    if !is_stdout(&args.output) {
        make_newest(&args.output, columns.points.iter().map(Points::path));
    }
    Ok(())
}

/// What is to be drawn, checked as far as that goes without points.
struct Job {
    figure: Figure,
    /// What is drawn around it.
    around: Option<(figure::Wanted, Layout)>,
    extent: Option<Extent>,
    markers: Markers,
    kind: Kind,
    alpha: f64,
    names: Vec<String>,
}

/// Where colours come from.
enum Kind {
    One([f64; 4]),
    /// The column and how it is looked up.
    Mapped(String, Norm, Box<Options>),
    /// What channels count up to, where it was said.
    Each(Option<ColorScale>),
}

impl Job {
    fn new(args: &ScatterArgs, wanted: Option<figure::Wanted>) -> Result<Self, Failure> {
        let ScatterArgs { markers, colors, canvas, .. } = args;
        let CanvasArgs { figsize, dpi, .. } = *canvas;
        let figure = Figure::new(figsize.0, figsize.1, dpi)?;
        let (width, height) = figure.canvas();
        // A row of the picture, and all of it, must have a place.
        if width.saturating_mul(height) > 1 << 28 {
            return Err(Failure::usage(format!(
                "a figure of {},{} inches has {width}x{height} pixels at --dpi {dpi}: 2^28 are the most",
                figsize.0, figsize.1
            )));
        }
        if !(markers.alpha > 0.0 && markers.alpha <= 1.0) {
            let message =
                format!("--alpha {} makes no sense: it is above 0, and 1 at most", markers.alpha);
            return Err(Failure::usage(message));
        }
        let kind = colors.kind(markers.alpha)?;
        let around = match wanted {
            Some(wanted) => {
                let has_bar = matches!(kind, Kind::Mapped(..));
                Some((wanted, Layout::new(figsize, dpi, has_bar)?))
            }
            None => None,
        };
        let side = match markers.pixels {
            Some(pixels) => Side::pixels(pixels)?,
            None => Side::points(markers.s.unwrap_or(36.0), dpi)?,
        };
        Ok(Self {
            figure,
            around,
            extent: canvas.extent,
            markers: Markers {
                shape: markers.marker,
                side,
                blending: match markers.blend {
                    Blend::Float => Blending::Float,
                    Blend::Agg8 => Blending::Agg8,
                },
                background: canvas.background.0,
            },
            kind,
            alpha: markers.alpha,
            names: vec![canvas.x.clone(), canvas.y.clone()],
        })
    }

    /// Points that come from the standard input, drawn as they come.
    fn streamed(
        &self,
        args: &ScatterArgs,
        global: &Global,
        report: &Report,
    ) -> Result<(), Failure> {
        let start = Instant::now();
        if !is_stdout(&args.output) {
            outputs::sweep(&args.output, STAGE, report);
        }
        let progress = StageProgress::new(global, STAGE, &Unit::Bytes, None);
        let reading = args.text.options(args.dtype);
        let mut batches = Batches::open(inputs::inputs(&args.inputs), &reading, &progress)?;
        let has_alpha = batches.names().iter().any(|name| name == "a");
        let names = self.columns(has_alpha);
        let places =
            names.iter().map(|name| batches.column(name)).collect::<Result<Vec<_>, _>>()?;
        let wide = batches.dtype() == Dtype::F64;
        let bounds = |name: &str| {
            Err(Failure::usage(match &self.kind {
                Kind::Each(_) => "the colours of points that are drawn as they come need their scale beforehand: --rgb unit \
                                  or --rgb byte"
                    .to_owned(),
                _ => format!(
                    "{name} of points that are drawn as they come needs its limits beforehand: --vmin and --vmax"
                ),
            }))
        };
        let scene = self.scene(&bounds, has_alpha, wide)?;
        let mut drawing = scene.drawing(self)?;
        while let Some(batch) = batches.next_batch()? {
            let columns = places.iter().map(|&place| batch.columns[place].into());
            let columns: Vec<Source<'_>> = columns.collect();
            let points = Columns::new(columns[0], columns[1])?;
            drawing.add(&points, &columns[2..], &UntilInterrupted)?;
        }
        let account = batches.finish()?;
        drop(progress);
        reading::report(STAGE, &account.sidecar.read_as, report);
        reading::report_bad_lines(STAGE, &account.bad_lines, account.sidecar.skipped, report);
        reading::report_losses(STAGE, &account.sidecar.columns, report);
        let made_from =
            json!({ "points": [account.sidecar.identity], "scatter": self.record(args) });
        self.finish(&scene, drawing, made_from, args, start, report)
    }

    /// The points of these folders, one after another.
    fn of_points(
        &self,
        points: &[Points],
        args: &ScatterArgs,
        global: &Global,
        report: &Report,
    ) -> Result<(), Failure> {
        let start = Instant::now();
        let identities: Vec<&str> = points.iter().map(Points::identity).collect();
        let made_from = json!({ "points": identities, "scatter": self.record(args) });
        let output = &args.output;
        if reuse(output, &made_from, STAGE, global, report)? {
            keep_newer(output, points.iter().map(Points::path));
            return report.stage(
                STAGE,
                &shown(output),
                "up to date",
                json!({ "up_to_date": true }),
            );
        }
        let has_alpha = points.iter().all(|points| points.has_column("a"));
        let names = self.columns(has_alpha);
        let tables = points
            .iter()
            .map(|points| {
                names.iter().map(|name| points.column(name)).collect::<Result<Vec<_>, _>>()
            })
            .collect::<Result<Vec<_>, _>>()?;
        let bounds = |name: &str| -> Result<Option<(f64, f64)>, Failure> {
            let mut all = None::<(f64, f64)>;
            for points in points {
                let here = points.column(name)?.bounds();
                all = match (all, here) {
                    (Some((low, high)), Some((a, b))) => Some((low.min(a), high.max(b))),
                    (all, here) => all.or(here),
                };
            }
            Ok(all)
        };
        let wide = tables.iter().flatten().any(|column| column.dtype() == Dtype::F64);
        let scene = self.scene(&bounds, has_alpha, wide)?;
        let mut drawing = scene.drawing(self)?;
        let rows = points.iter().map(Points::rows).sum();
        let progress = StageProgress::new(global, STAGE, &Unit::Rows, Some(rows));
        for columns in &tables {
            let columns: Vec<Source<'_>> = columns.iter().map(|&column| column.into()).collect();
            let points = Columns::new(columns[0], columns[1])?;
            drawing.add(&points, &columns[2..], &progress)?;
        }
        drop(progress);
        self.finish(&scene, drawing, made_from, args, start, report)
    }

    /// The columns that are needed: x, y, and those of the colours.
    fn columns(&self, has_alpha: bool) -> Vec<String> {
        let mut names = self.names.clone();
        match &self.kind {
            Kind::One(_) => {}
            Kind::Mapped(name, ..) => names.push(name.clone()),
            Kind::Each(_) => {
                let channels = if has_alpha { &["r", "g", "b", "a"][..] } else { &["r", "g", "b"] };
                names.extend(channels.iter().map(|&name| name.to_owned()));
            }
        }
        names
    }

    /// What the points decide on, of whose columns `bounds` knows the smallest and largest values.
    fn scene(&self, bounds: &Bounds<'_>, has_alpha: bool, wide: bool) -> Result<Scene, Failure> {
        let limits = match self.extent {
            Some(Extent { xmin, xmax, ymin, ymax }) => {
                [Limits::new(xmin, xmax)?, Limits::new(ymin, ymax)?]
            }
            None => {
                let around = |name: &str| -> Result<Limits, Failure> {
                    // Without points, the limits of no data.
                    let (low, high) = bounds(name)?.unwrap_or((1.0, 0.0));
                    Ok(Limits::around(low, high))
                };
                [around(&self.names[0])?, around(&self.names[1])?]
            }
        };
        let axes = match &self.around {
            Some((_, layout)) => {
                let area = layout.axes;
                Axes::at(&self.figure, [area.left, area.bottom, area.right, area.top])?
            }
            None => Axes::new(&self.figure, &AxesBox::WHOLE),
        };
        let mut scale = None;
        let coloring = match &self.kind {
            Kind::One(color) => Coloring::One(*color),
            Kind::Mapped(name, norm, options) => {
                let ends = match (options.vmin, options.vmax) {
                    (Some(vmin), Some(vmax)) => Some((vmin, vmax)),
                    _ => bounds(name)?,
                };
                let cells = ends.map_or(vec![], |(low, high)| vec![low, high]);
                let ends = ends.unwrap_or_default();
                if options.vmin.is_none() && ends.0 <= 0.0 && matches!(norm, Norm::Log) {
                    return Err(Failure::usage(format!(
                        "the smallest {name} is {}, which has no logarithm: say with --vmin where the colours begin",
                        number(ends.0)
                    )));
                }
                let layer = Resident::new(Values::F64(&cells), None, cells.len(), 1)?;
                let style = Style::new(&layer, *norm, options)?;
                scale = style.limits().map(|limits| Scale::new(*norm, limits)).transpose()?;
                Coloring::Mapped { style: Box::new(style), opacity: self.alpha, wide }
            }
            Kind::Each(scale) => {
                let limit = |names: &[&str]| -> Result<f32, Failure> {
                    if let Some(scale) = scale {
                        return Ok(scale.limit());
                    }
                    let mut largest = 0.0f64;
                    for name in names {
                        largest = largest.max(bounds(name)?.map_or(0.0, |(_, high)| high));
                    }
                    Ok(ColorScale::of(largest).limit())
                };
                // Opacities have a scale of their own where it is told by the largest.
                let alpha_limit = if has_alpha { Some(limit(&["a"])?) } else { None };
                Coloring::Each { limit: limit(&["r", "g", "b"])?, alpha_limit, opacity: self.alpha }
            }
        };
        let view = View::new(&axes, &limits[0], &limits[1]);
        Ok(Scene { view, limits, coloring, scale })
    }

    fn finish(
        &self,
        scene: &Scene,
        drawing: Drawing,
        made_from: Value,
        args: &ScatterArgs,
        start: Instant,
        report: &Report,
    ) -> Result<(), Failure> {
        let output = &args.output;
        if drawing.is_one_pixel() {
            report.warning(
                STAGE,
                &format!(
                    "markers of {} pixels are drawn as one pixel, or they would hardly be seen: --pixels 1 says so, and a \
                     larger --s or --dpi makes them larger",
                    number(self.markers.side.get())
                ),
            );
        }
        let (picture, stats) = drawing.finish()?;
        let (xmin, xmax) = scene.limits[0].ends();
        let (ymin, ymax) = scene.limits[1].ends();
        let mut facts = json!({
            "width": picture.width,
            "height": picture.height,
            "by": self.what(),
            "extent": { "xmin": xmin, "xmax": xmax, "ymin": ymin, "ymax": ymax },
            "limits": scene.scale.as_ref().map(Scale::limits),
            "norm": scene.scale.as_ref().map(Scale::norm),
            "counts": stats,
        });
        let texts = |facts: &Value| texts(made_from, facts);
        match &self.around {
            None => write(output, &picture, &texts(&facts), args.canvas.png)?,
            Some((wanted, layout)) => {
                let inside = inside(picture, layout);
                let figure = Drawn {
                    picture: &inside,
                    layout: *layout,
                    x: (xmin, xmax),
                    y: (ymin, ymax),
                    title: wanted.title.clone(),
                    xlabel: named(&wanted.xlabel, &args.canvas.x),
                    ylabel: named(&wanted.ylabel, &args.canvas.y),
                    colorbar: match (&scene.scale, &self.kind) {
                        (Some(scale), Kind::Mapped(name, _, options)) => match &options.paint {
                            Paint::Colormap(colormap) => Some(Bar {
                                scale,
                                colormap,
                                beyond: None,
                                label: named(&wanted.zlabel, name),
                            }),
                            Paint::Color(_) => None,
                        },
                        _ => None,
                    },
                    density: None,
                    style: Look::on(args.canvas.background.0.unwrap_or(Color::TRANSPARENT)),
                };
                figure::write(&figure, output, args.canvas.png, &mut facts, texts)?;
            }
        }
        let target = if is_stdout(output) { "standard output".to_owned() } else { shown(output) };
        facts["up_to_date"] = json!(false);
        facts["seconds"] = json!(start.elapsed().as_secs_f64());
        let Stats { points, binned, outside, non_finite } = stats;
        let (width, height) = self.figure.canvas();
        let summary = format!(
            "{width}x{height}, {}: {} drawn, {} outside, {} non-finite; {}; {:.2} s",
            plural(points, "point", "points"),
            count(binned),
            count(outside),
            count(non_finite),
            self.what(),
            start.elapsed().as_secs_f64()
        );
        report.stage(STAGE, &target, &summary, facts)
    }

    /// What markers have which colours, in words.
    fn what(&self) -> String {
        let shape = match self.markers.shape {
            Shape::Circle => "circles",
            Shape::Square => "squares",
        };
        let colors = match &self.kind {
            Kind::One(_) => "in one colour".to_owned(),
            Kind::Mapped(name, norm, options) => match &options.paint {
                Paint::Colormap(colormap) => {
                    format!("with {name} through {} ({norm})", colormap.name())
                }
                Paint::Color(_) => "in one colour".to_owned(),
            },
            Kind::Each(_) => "in colours of their own".to_owned(),
        };
        format!("{shape} of {} pixels {colors}", number(self.markers.side.get()))
    }

    /// All that decides on the picture besides the points.
    fn record(&self, args: &ScatterArgs) -> Value {
        let Markers { shape, side, blending, background } = self.markers;
        let colors = match &self.kind {
            Kind::One(color) => json!({ "color": color }),
            Kind::Mapped(name, norm, options) => {
                json!({ "column": name, "norm": norm, "options": options })
            }
            Kind::Each(scale) => json!({ "rgb": scale }),
        };
        json!({
            "columns": self.names,
            "figure": [args.canvas.figsize.0, args.canvas.figsize.1, args.canvas.dpi],
            "around": self.around.as_ref().map(|(wanted, _)| wanted),
            "extent": self.extent,
            "square": shape == Shape::Square,
            "side": side.get(),
            "blend": blending,
            "background": background,
            "alpha": self.alpha,
            "colors": colors,
            "png": args.canvas.png,
        })
    }
}

/// The smallest and largest finite value of a column.
type Bounds<'a> = dyn Fn(&str) -> Result<Option<(f64, f64)>, Failure> + 'a;

/// What is known with the points.
struct Scene {
    view: View,
    /// Of x and y.
    limits: [Limits; 2],
    coloring: Coloring,
    /// Of the colorbar.
    scale: Option<Scale>,
}

impl Scene {
    fn drawing(&self, job: &Job) -> Result<Drawing, Failure> {
        Ok(Drawing::new(&job.figure, self.view, job.markers, self.coloring.clone())?)
    }
}

/// The part of a picture within the axes.
fn inside(picture: Picture, layout: &Layout) -> Picture {
    let area = layout.picture();
    let rows = picture.rgba.chunks_exact(picture.width * 4).skip(area.top).take(area.height);
    let rgba = rows.flat_map(|row| &row[area.left * 4..(area.left + area.width) * 4]).copied();
    Picture { width: area.width, height: area.height, rgba: rgba.collect(), ..picture }
}
