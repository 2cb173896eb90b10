//! The command `ingest`, and its stage for `render` and `scatter`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use pointillist_base::message::{bytes, plain};
use pointillist_base::staged::Kind;
use pointillist_base::tag;
use pointillist_ingest::{Ingested, Options, Points, ensure_replaceable, ingest, ingest_to_cache};
use serde_json::json;

use crate::args::{Global, IngestArgs};
use crate::cache::piped;
use crate::failure::Failure;
use crate::freshness::{keep_newer, make_newest};
use crate::inputs::{self, are_unchanged};
use crate::progress::{StageProgress, Unit};
use crate::report::{Report, count, plural, shown, speed};
use crate::{outputs, reading};

pub(crate) const STAGE: &str = "ingest";

pub(crate) fn run(args: IngestArgs, global: &Global, report: &Report) -> Result<(), Failure> {
    let options = args.text.options(args.dtype);
    // One or the other has been asked for.
    let Some(output) = args.output else { return reading::explain(&args.inputs, &options, report) };
    outputs::check_name(&output, &["points"], &args.inputs)?;
    let points = stage(&args.inputs, &output, &options, global, report)?;
    let is_cache = tag::is_marked(points.path());
    if is_cache || piped::is_marked(points.path()) {
        match tag::unmark(points.path()) {
            Ok(()) if is_cache => {
                let message = "is no cache any more, and clean leaves it";
                report.note(STAGE, &format!("{}: {message}", shown(&output)));
            }
            Ok(()) => {}
            // They are what was asked for all the same.
            Err(error) => {
                let tag = shown(&points.path().join(tag::NAME));
                let reason = plain(&error);
                let message = match is_cache {
                    true => "it stays a cache, which clean removes",
                    false => "it stays, and the next picture of a pipe may replace it",
                };
                let message = format!(
                    "{tag}: cannot be removed: {reason}; {message}: to keep it, choose an output elsewhere"
                );
                report.warning(STAGE, &message);
            }
        }
    }
    make_newest(&output, args.inputs.iter().map(PathBuf::as_path));
    Ok(())
}

/// Makes `output` from `inputs` unless it is up to date.
fn stage(
    inputs: &[PathBuf],
    output: &Path,
    options: &Options,
    global: &Global,
    report: &Report,
) -> Result<Points, Failure> {
    inputs::check(inputs)?;
    // What is no file is always read again.
    let may_be_same = !global.force && inputs::size(inputs).is_some();
    let existing = outputs::up_to_date(output, may_be_same, STAGE, report, || {
        up_to_date(inputs, output, options)
    })?;
    match existing {
        Some(points) => reuse(points, inputs, report),
        None => make(inputs, output, options, false, global, report),
    }
}

/// Says that these columns are up to date.
pub(crate) fn reuse(
    points: Points,
    inputs: &[PathBuf],
    report: &Report,
) -> Result<Points, Failure> {
    keep_newer(points.path(), inputs.iter().map(PathBuf::as_path));
    let bad = match points.sidecar().skipped {
        0 => String::new(),
        bad => format!(", {} bad", count(bad)),
    };
    let summary = format!("up to date, {}{bad}", plural(points.rows(), "point", "points"));
    report.stage(STAGE, &shown(points.path()), &summary, facts(&points, true))?;
    Ok(points)
}

/// Makes `output` from `inputs`, marked as a cache or not.
pub(crate) fn make(
    inputs: &[PathBuf],
    output: &Path,
    options: &Options,
    marked: bool,
    global: &Global,
    report: &Report,
) -> Result<Points, Failure> {
    ensure_replaceable(output)?;
    outputs::ensure_writable(output, Kind::Folder, None)?;
    if output.exists()
        && let Err(error) = Points::open(output)
        && let Failure::Damaged(_, damage) = error.into()
    {
        report.note(STAGE, &format!("{}; making it again", damage.what));
    }
    let start = Instant::now();
    let progress = StageProgress::new(global, STAGE, &Unit::Bytes, inputs::size(inputs));
    let ingest = if marked { ingest_to_cache } else { ingest };
    let done = ingest(inputs::inputs(inputs), output, options, &progress)?;
    drop(progress);
    let time = start.elapsed();
    let sidecar = done.points.sidecar();
    reading::report(STAGE, &sidecar.read_as, report);
    reading::report_bad_lines(STAGE, &done.bad_lines, sidecar.skipped, report);
    reading::report_losses(STAGE, &sidecar.columns, report);
    let Ingested { points, bytes: size, .. } = done;
    let sidecar = points.sidecar();
    let non_finite: u64 = sidecar.columns.iter().map(|column| column.non_finite).sum();
    let summary = format!(
        "{}, {}, {} non-finite; {} in {}",
        plural(points.rows(), "point", "points"),
        reading::left_out(sidecar),
        count(non_finite),
        bytes(size),
        speed(time, size),
    );
    let mut facts = facts(&points, false);
    facts["bytes"] = json!(size);
    facts["seconds"] = json!(time.as_secs_f64());
    report.stage(STAGE, &shown(output), &summary, facts)?;
    Ok(points)
}

fn facts(points: &Points, up_to_date: bool) -> serde_json::Value {
    let sidecar = points.sidecar();
    json!({
        "up_to_date": up_to_date,
        "points": points.rows(),
        "bad": sidecar.skipped,
        "bad_because": sidecar.skipped_because,
        "undefined": sidecar.undefined,
        "read_as": sidecar.read_as,
        "columns": sidecar.columns,
        "coarse": reading::coarse(&sidecar.columns)
            .map(|(column, coarseness)| {
                let mut facts = json!(coarseness);
                facts["column"] = json!(column);
                facts
            })
            .collect::<Vec<_>>(),
        "identity": points.identity(),
    })
}

/// The existing output, if it is complete and was made from these inputs, as they are, with options that come to the same.
pub(crate) fn up_to_date(inputs: &[PathBuf], output: &Path, options: &Options) -> Option<Points> {
    let points = Points::open(output).ok()?;
    let sidecar = points.sidecar();
    let are_unchanged = || are_unchanged(inputs, &sidecar.sources);
    // Where inputs are looked at to tell what options come to, they have not changed meanwhile either.
    let same = are_unchanged()
        && (sidecar.options == *options || (sidecar.is_of(inputs, options) && are_unchanged()));
    same.then_some(points)
}
