//! The command `merge`: the shards of one job to one grid.

use std::path::{Path, PathBuf};
use std::time::Instant;

use pointillist_base::staged::Kind;
use pointillist_bin2d::{GridFile, Shards, write_grid};
use serde_json::json;

use crate::args::{Global, MergeArgs};
use crate::bin2d::{counts, facts};
use crate::failure::Failure;
use crate::freshness::make_newest;
use crate::outputs;
use crate::progress::{StageProgress, Unit};
use crate::report::{Report, plural, shown};

const STAGE: &str = "merge";

pub(crate) fn run(args: &MergeArgs, global: &Global, report: &Report) -> Result<(), Failure> {
    let MergeArgs { shards, output, .. } = args;
    outputs::check_name(output, &["tiff", "tif"], shards)?;
    merge(&Shards::open(shards)?, shards.len(), output, global, report)?;
    make_newest(output, shards.iter().map(PathBuf::as_path));
    Ok(())
}

/// Makes `output` from the shards unless it is up to date.
fn merge(
    shards: &Shards,
    number: usize,
    output: &Path,
    global: &Global,
    report: &Report,
) -> Result<(), Failure> {
    let existing =
        outputs::up_to_date(output, !global.force, STAGE, report, || up_to_date(shards, output))?;
    if let Some(grid) = existing {
        let points = grid.description().counts.points;
        let summary = format!("up to date, {}", plural(points, "point", "points"));
        let mut facts = facts(&grid, true);
        facts["shards"] = json!(number);
        return report.stage(STAGE, &shown(output), &summary, facts);
    }
    outputs::ensure_writable(output, Kind::File, shards.options().fewest_bytes())?;
    let start = Instant::now();
    let total = Some(shards.stats().points);
    let progress = StageProgress::new(global, STAGE, &Unit::Rows, total);
    let binned = shards.merge(&progress)?;
    let merging = start.elapsed();
    let grid = write_grid(&binned, output, &progress)?;
    drop(progress);
    let time = start.elapsed();
    let writing = time - merging;
    let about = &grid.description().counts;
    if about.binned == 0 {
        report.warning(STAGE, "no point lies in the extent; see the bounds: pointillist info");
    }
    let summary = format!(
        "{}x{}, {}, {}; {:.2} s ({:.2} writing)",
        grid.width(),
        grid.height(),
        plural(number as u64, "shard", "shards"),
        counts(about),
        time.as_secs_f64(),
        writing.as_secs_f64(),
    );
    let mut facts = facts(&grid, false);
    facts["shards"] = json!(number);
    facts["seconds"] = json!(time.as_secs_f64());
    facts["seconds_merging"] = json!(merging.as_secs_f64());
    facts["seconds_writing"] = json!(writing.as_secs_f64());
    report.stage(STAGE, &shown(output), &summary, facts)
}

/// The existing output, if it is complete and a grid of the same points with the same options: merged from these or
/// other shards, or of a single run.
fn up_to_date(shards: &Shards, output: &Path) -> Option<GridFile> {
    let grid = GridFile::open(output).ok()?;
    let about = grid.description();
    let same = about.options == shards.options()
        && about.points == shards.points()
        && about.counts == shards.stats();
    same.then_some(grid)
}
