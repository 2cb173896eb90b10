//! The command `colorize`, and its stage for `render`.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use pointillist_base::staged::{Kind, StagedFile};
use pointillist_bin2d::GridFile;
use pointillist_colorize::over::{self, Composite, OVER};
use pointillist_colorize::spread::{Grown, Growth, Marker};
use pointillist_colorize::{
    Drawing, Effort, Error, Layer, Options, Paint, Pixels, Stored, default_page, read_sealed_text,
    read_text, write_png,
};
use serde_json::{Value, json};

use crate::args::{ColorizeArgs, Global};
use crate::failure::{Failure, chain};
use crate::figure::{self, Shaded};
use crate::freshness::{keep_newer, make_newest};
use crate::interrupt::{UntilInterrupted, interrupted};
use crate::report::{Report, number, shown};
use crate::{outputs, stdout};

const STAGE: &str = "colorize";
/// The text chunk that records what a picture was made from.
const RECORD: &str = "pointillist";

/// What a picture is to be.
pub(crate) struct Wanted {
    /// The page that is coloured; none where the grid decides.
    pub(crate) by: Option<String>,
    pub(crate) growth: Option<Growth>,
    pub(crate) options: Options,
    /// Of points that were composited.
    pub(crate) composite: over::Options,
    /// Whether a gain was asked for.
    pub(crate) gain: bool,
    /// The first option that was typed of those that make colours of values.
    pub(crate) of_values: Option<&'static str>,
    /// What is drawn around it, if anything is.
    pub(crate) figure: Option<figure::Wanted>,
}

impl Wanted {
    /// Whether the options are for this page.
    pub(crate) fn check(&self, by: &str) -> Result<(), Failure> {
        match self.of_values {
            Some(name) if by == OVER => Err(Failure::usage(format!(
                "{name} makes colors of values, and composited points have their own: leave it out, or choose another \
                 page with --by"
            ))),
            _ if by != OVER && self.gain => Err(Failure::usage(
                "--gain is for points that are composited: bin them with --reduce over, and choose --by over",
            )),
            _ => Ok(()),
        }
    }
}

pub(crate) fn run(args: ColorizeArgs, global: &Global, report: &Report) -> Result<(), Failure> {
    let wanted = Wanted { figure: args.figure.wanted(&args.output)?, ..args.picture.wanted()? };
    let inputs = [&args.grid].into_iter().chain(args.picture.cmap_file());
    figure::check_output(&args.output, wanted.figure.as_ref(), inputs, report)?;
    let grid = GridFile::open(&args.grid)?;
    stage(grid, &args.grid, &args.output, &wanted, global, report)?;
    if !is_stdout(&args.output) {
        let inputs = [args.grid.as_path()].into_iter().chain(cmap_file(&wanted.options));
        make_newest(&args.output, inputs);
    }
    Ok(())
}

/// Pictures go to files that end in .png, or to standard output.
pub(crate) fn check_picture<'a>(
    output: &Path,
    inputs: impl IntoIterator<Item = &'a PathBuf>,
    report: &Report,
) -> Result<(), Failure> {
    if !is_stdout(output) {
        return outputs::check_name(output, &["png"], inputs);
    }
    if report.is_json() {
        return Err(Failure::usage("standard output can carry the picture or --json, not both"));
    }
    if stdout::is_closed() {
        return Err(Failure::no_stdout());
    }
    if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        return Err(Failure::usage("standard output is a terminal: redirect it, or name a file"));
    }
    Ok(())
}

pub(crate) fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Makes `output` from the grid at `path` unless it is up to date.
pub(crate) fn stage(
    grid: GridFile,
    path: &Path,
    output: &Path,
    wanted: &Wanted,
    global: &Global,
    report: &Report,
) -> Result<(), Failure> {
    let start = Instant::now();
    let names: Vec<&str> = grid.page_names().collect();
    let Wanted { by, growth, options, composite, figure, .. } = wanted;
    let by = match by.as_deref().or_else(|| default_page(&names)) {
        Some(by) => by.to_owned(),
        None => {
            return Err(Failure::usage(format!(
                "{} has neither mean nor count: choose with --by one of {}",
                shown(path),
                names.join(", ")
            )));
        }
    };
    wanted.check(&by)?;
    let mut inputs = match by == OVER {
        true => json!({ "grid": grid.identity(), "by": by, "options": composite }),
        false => {
            json!({ "grid": grid.identity(), "by": by, "growth": growth, "options": options })
        }
    };
    if let Some(figure) = figure {
        inputs["figure"] = json!({ "wanted": figure, "columns": figure::columns(&grid) });
    }
    if reuse(output, &inputs, STAGE, global, report)? {
        keep_newer(output, [path].into_iter().chain(cmap_file(options)));
        let facts = json!({ "up_to_date": true, "by": by });
        return report.stage(STAGE, &shown(output), "up to date", facts);
    }
    if by == OVER {
        let picture = Composite::new(&grid, *composite, &UntilInterrupted)?;
        let facts = json!({ "width": picture.width(), "height": picture.height(), "by": by });
        let what = match composite.gain {
            1.0 => "composited points".to_owned(),
            gain => format!("composited points, {} times as opaque", number(gain)),
        };
        let effort = composite.effort;
        let made = Made { grid: &grid, picture: &picture, shaded: None, effort, facts, what };
        return made.finish(figure.as_ref(), output, inputs, start, report);
    }
    let stored;
    let grown;
    let (layer, marker): (&dyn Layer, _) = match *growth {
        None => {
            stored = Stored::new(&grid, &by, &UntilInterrupted)?;
            (&stored, None)
        }
        Some(growth) => {
            grown = Grown::new(&grid, &by, growth, &UntilInterrupted)?;
            (&grown, Some(grown.marker()))
        }
    };
    let picture = Drawing::new(layer, &by, options)?;
    let mut facts = facts(&picture, &by);
    facts["marker"] = json!(marker);
    let made = Made {
        grid: &grid,
        picture: &picture,
        shaded: Some(Shaded { grid: &grid, layer, drawing: &picture, by: &by, marker, options }),
        effort: options.effort,
        facts,
        what: describe(&picture, &by, marker, options),
    };
    made.finish(figure.as_ref(), output, inputs, start, report)
}

/// A picture that only has to be written.
struct Made<'a> {
    grid: &'a GridFile,
    picture: &'a dyn Pixels,
    /// How values became colours, where they did.
    shaded: Option<Shaded<'a>>,
    effort: Effort,
    /// What became of what was left open.
    facts: Value,
    /// The same in words.
    what: String,
}

impl Made<'_> {
    /// Writes it, or the figure around it, with a record of that and of what it was made from, `inputs`, and reports it.
    fn finish(
        self,
        figure: Option<&figure::Wanted>,
        output: &Path,
        inputs: Value,
        start: Instant,
        report: &Report,
    ) -> Result<(), Failure> {
        let Self { grid, picture, shaded, effort, mut facts, what } = self;
        let texts = |facts: &Value| texts(inputs, facts);
        match figure {
            None => write(output, picture, &texts(&facts), effort)?,
            Some(figure) => {
                let source = figure::Source { grid, picture, shaded };
                source.write(figure, output, effort, &mut facts, texts)?;
            }
        }
        let target = if is_stdout(output) { "standard output".to_owned() } else { shown(output) };
        facts["up_to_date"] = json!(false);
        facts["seconds"] = json!(start.elapsed().as_secs_f64());
        let summary = format!(
            "{}x{}{}, {what}; {:.2} s",
            picture.width(),
            picture.height(),
            facts.get("figure").and_then(figure::size).unwrap_or_default(),
            start.elapsed().as_secs_f64()
        );
        report.stage(STAGE, &target, &summary, facts)
    }
}

/// The texts of a picture: a record of what it was made from and of what became of that, `facts`.
pub(crate) fn texts(mut made_from: Value, facts: &Value) -> Vec<(String, String)> {
    let program = concat!("pointillist ", env!("CARGO_PKG_VERSION"));
    made_from["program"] = json!(program);
    made_from["picture"] = facts.clone();
    vec![("Software".to_owned(), program.to_owned()), (RECORD.to_owned(), made_from.to_string())]
}

/// The file that the colormap was read from.
fn cmap_file(options: &Options) -> Option<&Path> {
    match &options.paint {
        Paint::Colormap(colormap) => colormap.file(),
        Paint::Color(_) => None,
    }
}

/// An interrupted run ends between two steps and makes no picture.
fn go_on() -> Result<(), Failure> {
    if interrupted() { Err(Failure::Interrupted) } else { Ok(()) }
}

fn describe(picture: &Drawing<'_>, by: &str, marker: Option<Marker>, options: &Options) -> String {
    let by = drawn(by, marker);
    let Paint::Colormap(colormap) = &options.paint else {
        return format!("{by} in one colour");
    };
    let limits = match picture.limits() {
        Some(limits) => format!("{} to {}", number(limits.vmin), number(limits.vmax)),
        None => "no values".to_owned(),
    };
    let norm = picture.norm().map_or_else(String::new, |norm| format!("{norm}, "));
    format!("{by} through {} ({norm}{limits})", colormap.name())
}

/// The page, and what its points were grown to.
pub(crate) fn drawn(by: &str, marker: Option<Marker>) -> String {
    match marker {
        Some(Marker { radius, shape }) => format!("{by} spread by {radius} ({shape})"),
        None => by.to_owned(),
    }
}

/// What became of what was left open: the numbers another picture needs to share this one's scale.
fn facts(picture: &Drawing<'_>, by: &str) -> Value {
    json!({
        "width": picture.width(),
        "height": picture.height(),
        "by": by,
        "norm": picture.norm(),
        "limits": picture.limits(),
        "alpha_limits": picture.alpha_limits(),
    })
}

/// Writes a picture whole or not at all.
pub(crate) fn write(
    output: &Path,
    pixels: &dyn Pixels,
    texts: &[(String, String)],
    effort: Effort,
) -> Result<(), Failure> {
    put(output, |out| write_png(out, pixels, texts, effort))
}

/// Writes an output whole or not at all.
pub(crate) fn put(
    output: &Path,
    encode: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<(), Failure> {
    if is_stdout(output) {
        let mut out = BufWriter::new(std::io::stdout().lock());
        return match encode(&mut out).map(|()| out.flush()) {
            Ok(flushed) => flushed.map_err(|error| Failure::stdout(&error)),
            Err(error) if is_broken_pipe(&error) => Err(Failure::BrokenPipe),
            Err(error) => Err(unwritten("standard output", error)),
        };
    }
    let failed = |error| Failure::write(output, &error);
    let mut staged = StagedFile::create(output).map_err(failed)?;
    let mut out = BufWriter::new(&mut staged);
    encode(&mut out).map_err(|error| unwritten(&shown(output), error))?;
    out.flush().map_err(failed)?;
    drop(out);
    go_on()?;
    staged.commit().map_err(failed)
}

/// Why there is no picture at `target`. Its cells are read while it is written, so that may be a signal or the grid.
fn unwritten(target: &str, error: Error) -> Failure {
    match error {
        Error::Cancelled | Error::Grid(_) => error.into(),
        error => Failure::error(format!("{target}: {}", chain(&error))),
    }
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
        || error.source().is_some_and(is_broken_pipe)
}

/// Whether the picture is there and need not be made again. Where it must be, makes sure that it can.
pub(crate) fn reuse(
    output: &Path,
    inputs: &Value,
    stage: &str,
    global: &Global,
    report: &Report,
) -> Result<bool, Failure> {
    if is_stdout(output) {
        return Ok(false);
    }
    let existing = outputs::up_to_date(output, !global.force, stage, report, || {
        up_to_date(output, inputs).then_some(())
    })?;
    if existing.is_none() {
        outputs::ensure_writable(output, Kind::File, None)?;
    }
    Ok(existing.is_some())
}

/// Whether the picture is complete and was made from the same grid in the same way.
fn up_to_date(output: &Path, inputs: &Value) -> bool {
    let Some(Value::Object(record)) = record(output, true).ok().flatten() else { return false };
    // A picture is not up to date where it stands in a figure.
    if record.contains_key("figure") && inputs.get("figure").is_none() {
        return false;
    }
    inputs
        .as_object()
        .is_some_and(|inputs| inputs.iter().all(|(key, value)| record.get(key) == Some(value)))
}

/// What a picture says it was made from; `None` where it is not one of ours. With `whole`, it must be what was written, in
/// all its parts; else another program may have changed it and left the record.
///
/// # Errors
/// Where it cannot be read, or is not what was written.
pub(crate) fn record(path: &Path, whole: bool) -> Result<Option<Value>, Failure> {
    let record = match figure::kind(path) {
        figure::Kind::Png if whole => read_sealed_text(path, RECORD)?,
        figure::Kind::Png => read_text(path, RECORD)?,
        _ => pointillist_figure::read_text(path, RECORD)?,
    };
    Ok(record.and_then(|record| serde_json::from_str(&record).ok()))
}
