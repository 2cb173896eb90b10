//! The command `bin2d`, and its stage for `render`.

use std::path::Path;
use std::time::Instant;

use pointillist_bin2d::{GridFile, Options, bin2d, write_grid};
use pointillist_ingest::Points;
use serde_json::json;

use crate::args::{Bin2dArgs, Global};
use crate::failure::Failure;
use crate::freshness::{keep_newer, make_newest};
use crate::ingest::check_output;
use crate::progress::{StageProgress, Unit};
use crate::report::{Report, count, plural, shown};

const STAGE: &str = "bin2d";

pub(crate) fn run(args: Bin2dArgs, global: &Global, report: &Report) -> Result<(), Failure> {
    check_output(&args.output, &["tiff", "tif"], &args.points)?;
    let points =
        args.points.iter().map(|path| Points::open(path)).collect::<Result<Vec<_>, _>>()?;
    stage(&points, &args.output, &args.grid.options(args.dtype), global, report)?;
    make_newest(&args.output, points.iter().map(Points::path));
    Ok(())
}

/// Makes `output` from `points` unless it is up to date.
pub(crate) fn stage(
    points: &[Points],
    output: &Path,
    options: &Options,
    global: &Global,
    report: &Report,
) -> Result<GridFile, Failure> {
    if !global.force
        && let Some(grid) = up_to_date(points, output, options)
    {
        keep_newer(output, points.iter().map(Points::path));
        let summary =
            format!("up to date, {}", plural(grid.description().counts.points, "point", "points"));
        report.stage(STAGE, &shown(output), &summary, facts(&grid, true))?;
        return Ok(grid);
    }
    let start = Instant::now();
    let total = points.iter().map(Points::rows).sum();
    let progress = StageProgress::new(global, STAGE, &Unit::Rows, Some(total));
    let binned = bin2d(points, options, &progress)?;
    let binning = start.elapsed();
    write_grid(&binned, output, &progress)?;
    drop(progress);
    let time = start.elapsed();
    let writing = time - binning;
    let grid = GridFile::open(output)?;
    let about = &grid.description().counts;
    if about.binned == 0 {
        report.warning(STAGE, "no point lies in the extent; see the bounds: pointillist info");
    }
    let summary = format!(
        "{}x{}, {}: {} binned, {} outside, {} non-finite; {:.2} s ({:.2} writing)",
        grid.width(),
        grid.height(),
        plural(about.points, "point", "points"),
        count(about.binned),
        count(about.outside),
        count(about.non_finite),
        time.as_secs_f64(),
        writing.as_secs_f64(),
    );
    let mut facts = facts(&grid, false);
    facts["seconds"] = json!(time.as_secs_f64());
    facts["seconds_binning"] = json!(binning.as_secs_f64());
    facts["seconds_writing"] = json!(writing.as_secs_f64());
    report.stage(STAGE, &shown(output), &summary, facts)?;
    Ok(grid)
}

fn facts(grid: &GridFile, up_to_date: bool) -> serde_json::Value {
    let about = &grid.description().counts;
    json!({
        "up_to_date": up_to_date,
        "width": grid.width(),
        "height": grid.height(),
        "extent": grid.extent(),
        "pages": grid.page_names().collect::<Vec<_>>(),
        "points": about.points,
        "binned": about.binned,
        "outside": about.outside,
        "non_finite": about.non_finite,
        "identity": grid.identity(),
    })
}

/// The existing output, if it is complete and was made from these points with these options.
fn up_to_date(points: &[Points], output: &Path, options: &Options) -> Option<GridFile> {
    let grid = GridFile::open(output).ok()?;
    let about = grid.description();
    let same = about.options == *options
        && about.points.iter().map(String::as_str).eq(points.iter().map(Points::identity));
    same.then_some(grid)
}
