//! The command `bin2d`, and its stage for `render`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pointillist_base::file::metadata_if_there;
use pointillist_base::message::bytes;
use pointillist_base::staged::Kind;
use pointillist_bin2d::over::{ColorScale, Composited};
use pointillist_bin2d::{
    Binned, Error, GridFile, Options, Shard, Stats, Streamed, bin2d, bin2d_stream, write_grid,
};
use pointillist_ingest::{Account, ColumnInfo, Options as Reading, Points};
use serde_json::json;

use crate::args::{Bin2dArgs, Global};
use crate::failure::Failure;
use crate::freshness::{keep_newer, make_newest};
use crate::inputs::{self, are_points, are_unchanged};
use crate::progress::{StageProgress, Unit};
use crate::report::{Report, count, number, plural, shown};
use crate::{outputs, reading};

pub(crate) const STAGE: &str = "bin2d";

pub(crate) fn run(args: Bin2dArgs, global: &Global, report: &Report) -> Result<(), Failure> {
    outputs::check_name(&args.output, &["tiff", "tif"], &args.inputs)?;
    let options = Options { shard: args.shard, ..args.grid.options(args.dtype)? };
    let is_folder = |path: &Path| Ok(metadata_if_there(path)?.is_some_and(|about| about.is_dir()));
    if are_points(&args.inputs, &args.text, is_folder)? {
        let points =
            args.inputs.iter().map(|path| Points::open(path)).collect::<Result<Vec<_>, _>>()?;
        stage(MadeFrom::Columns(&points), &args.output, &options, &mut None, global, report)?;
    } else {
        inputs::check(&args.inputs)?;
        let reading = args.text.options(args.dtype);
        let from = MadeFrom::Inputs(&args.inputs, &reading);
        stage(from, &args.output, &options, &mut None, global, report)?;
    }
    make_newest(&args.output, args.inputs.iter().map(PathBuf::as_path));
    Ok(())
}

/// What a grid is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum MadeFrom<'a> {
    /// Columns.
    Columns(&'a [Points]),
    /// Text or arrays, binned as they are read.
    Inputs(&'a [PathBuf], &'a Reading),
}

impl MadeFrom<'_> {
    fn paths(&self) -> Vec<&Path> {
        match self {
            Self::Columns(points) => points.iter().map(Points::path).collect(),
            Self::Inputs(paths, _) => paths.iter().map(PathBuf::as_path).collect(),
        }
    }

    /// Whether another run can have made the same of it: what is no file is always read again.
    fn may_be_same(&self) -> bool {
        match self {
            Self::Columns(_) => true,
            Self::Inputs(paths, _) => inputs::size(paths).is_some(),
        }
    }

    /// The existing output, if it is complete and was made from this with these options, or with such as come to the same.
    pub(crate) fn up_to_date(&self, output: &Path, options: &Options) -> Option<GridFile> {
        let grid = GridFile::open(output).ok()?;
        let about = grid.description();
        let same = match self {
            Self::Columns(points) => {
                let identities = points.iter().map(Points::identity);
                about.points.iter().map(String::as_str).eq(identities)
                    && about.options.make_same(options, points)
            }
            // What options come to is known when these are read.
            Self::Inputs(paths, reading) => about.inputs.as_ref().is_some_and(|inputs| {
                about.options == *options
                    && inputs.options == **reading
                    && are_unchanged(paths, &inputs.sources)
            }),
        };
        same.then_some(grid)
    }
}

/// What is binned and has yet to be written: kept where that fails, for another place.
pub(crate) struct Unwritten {
    binned: Binned,
    read: Option<Account>,
    progress: StageProgress,
    binning: Duration,
}

/// Makes `output` unless it is up to date; see [`make`].
pub(crate) fn stage(
    from: MadeFrom<'_>,
    output: &Path,
    options: &Options,
    unwritten: &mut Option<Unwritten>,
    global: &Global,
    report: &Report,
) -> Result<GridFile, Failure> {
    let may_be_same = !global.force && from.may_be_same();
    let existing = outputs::up_to_date(output, may_be_same, STAGE, report, || {
        from.up_to_date(output, options)
    })?;
    match existing {
        Some(grid) => reuse(from, grid, output, report),
        None => make(from, output, options, unwritten, global, report),
    }
}

/// Says that this grid, which lies at `output`, is up to date.
pub(crate) fn reuse(
    from: MadeFrom<'_>,
    grid: GridFile,
    output: &Path,
    report: &Report,
) -> Result<GridFile, Failure> {
    keep_newer(output, from.paths());
    let about = grid.description();
    let bad = match about.inputs.as_ref().map_or(0, |inputs| inputs.skipped) {
        0 => String::new(),
        bad => format!(", {} bad", count(bad)),
    };
    let summary = format!("up to date, {}{bad}", plural(about.counts.points, "point", "points"));
    report.stage(STAGE, &shown(output), &summary, facts(&grid, true))?;
    Ok(grid)
}

/// Makes `output` of what is `unwritten`, or where there is nothing, of what it is made from. What is binned and cannot be
/// written is `unwritten` afterwards.
pub(crate) fn make(
    from: MadeFrom<'_>,
    output: &Path,
    options: &Options,
    unwritten: &mut Option<Unwritten>,
    global: &Global,
    report: &Report,
) -> Result<GridFile, Failure> {
    let made = match unwritten.take() {
        Some(made) => made,
        None => {
            // Nobody generates points a second time because there is no such folder.
            let takes = match from {
                MadeFrom::Columns(points) => options.fewest_bytes_of(points),
                MadeFrom::Inputs(..) => options.fewest_bytes(),
            };
            outputs::ensure_writable(output, Kind::File, takes)?;
            if let Err(error @ Error::Damaged { .. }) = GridFile::open(output)
                && let Failure::Damaged(_, damage) = error.into()
            {
                report.note(STAGE, &format!("{}; making it again", damage.what));
            }
            bin(from, options, global)?
        }
    };
    let start = Instant::now();
    let grid = match write_grid(&made.binned, output, &made.progress) {
        Ok(grid) => grid,
        Err(error) => {
            *unwritten = Some(made);
            return Err(error.into());
        }
    };
    say_made(&grid, made, start.elapsed(), output, options, report)?;
    Ok(grid)
}

/// Bins what a grid is made from.
fn bin(from: MadeFrom<'_>, options: &Options, global: &Global) -> Result<Unwritten, Failure> {
    let start = Instant::now();
    let (progress, binned, read) = match from {
        MadeFrom::Columns(points) => {
            let all = points.iter().map(Points::rows).sum();
            let total = options.shard.map_or(all, |shard| {
                let rows = shard.rows(all);
                rows.end - rows.start
            });
            let progress = StageProgress::new(global, STAGE, &Unit::Rows, Some(total));
            let binned = bin2d(points, options, &progress)?;
            (progress, binned, None)
        }
        MadeFrom::Inputs(paths, reading) => {
            let progress = StageProgress::new(global, STAGE, &Unit::Bytes, inputs::size(paths));
            let streamed = bin2d_stream(inputs::inputs(paths), reading, options, &progress)?;
            let Streamed { binned, account } = streamed;
            (progress, binned, Some(account))
        }
    };
    Ok(Unwritten { binned, read, progress, binning: start.elapsed() })
}

/// Says how a grid has come about.
fn say_made(
    grid: &GridFile,
    made: Unwritten,
    writing: Duration,
    output: &Path,
    options: &Options,
    report: &Report,
) -> Result<(), Failure> {
    let Unwritten { read, progress, binning, .. } = made;
    drop(progress);
    let time = binning + writing;
    let (about, inputs) = (&grid.description().counts, &grid.description().inputs);
    let bad = inputs.as_ref().map_or(0, |inputs| inputs.skipped);
    if let Some(Account { sidecar, bad_lines, .. }) = &read {
        reading::report(STAGE, &sidecar.read_as, report);
        reading::report_bad_lines(STAGE, bad_lines, bad, report);
        reading::report_losses(STAGE, &sidecar.columns, report);
    }
    // Of a region, some shards may well have nothing.
    if about.binned == 0 && options.shard.is_none() {
        let bounds = match &read {
            Some(account) => bounds(&account.sidecar.columns, options),
            None => "see the bounds: pointillist info".to_owned(),
        };
        report.warning(STAGE, &format!("no point lies in the extent; {bounds}"));
    }
    let part = options.shard.map_or_else(String::new, |shard| format!(", {}", shard_of(shard)));
    let drawn = grid.description().composited.as_ref().map_or_else(String::new, composited);
    let summary = format!("{}x{}{part}, {}{drawn}", grid.width(), grid.height(), counts(about));
    let (seconds, writing) = (time.as_secs_f64(), writing.as_secs_f64());
    let mut facts = facts(grid, false);
    facts["seconds"] = json!(seconds);
    facts["seconds_binning"] = json!(binning.as_secs_f64());
    facts["seconds_writing"] = json!(writing);
    let summary = match read {
        None => format!("{summary}; {seconds:.2} s ({writing:.2} writing)"),
        Some(Account { sidecar, bytes: size, .. }) => {
            facts["bytes"] = json!(size);
            facts["read_as"] = json!(sidecar.read_as);
            format!(
                "{summary}, {}; {} in {seconds:.2} s ({:.2} GB/s; {writing:.2} writing)",
                reading::left_out(&sidecar),
                bytes(size),
                size as f64 / 1e9 / seconds.max(1e-9),
            )
        }
    };
    report.stage(STAGE, &shown(output), &summary, facts)
}

/// Where the points lie, for whoever asked for another region.
fn bounds(columns: &[ColumnInfo], options: &Options) -> String {
    let each = [&options.x, &options.y].map(|name| {
        let bounds =
            columns.iter().find(|column| column.name == *name).and_then(ColumnInfo::bounds);
        match bounds {
            Some((min, max)) => format!("{name} goes from {} to {}", number(min), number(max)),
            None => format!("{name} is never finite"),
        }
    });
    each.join(", ")
}

/// `shard 2 of 8`.
pub(crate) fn shard_of(shard: Shard) -> String {
    format!("shard {} of {}", count(shard.index().into()), count(shard.of().into()))
}

/// What became of the colors of points, to follow their counts.
pub(crate) fn composited(about: &Composited) -> String {
    let Composited { colors, alpha, opacity, undrawn, .. } = about;
    let alpha = alpha.map_or_else(String::new, |alpha| format!(", a in {}", of_scale(alpha)));
    let without = match undrawn {
        0 => String::new(),
        &undrawn => format!(", {} without a color", count(undrawn)),
    };
    format!(", colors in {}{alpha}, opacity {}{without}", of_scale(*colors), number(*opacity))
}

/// `0 to 255`.
fn of_scale(scale: ColorScale) -> &'static str {
    match scale {
        ColorScale::Unit => "0 to 1",
        ColorScale::Byte => "0 to 255",
    }
}

/// Where the points of a grid went.
pub(crate) fn counts(stats: &Stats) -> String {
    format!(
        "{}: {} binned, {} outside, {} non-finite",
        plural(stats.points, "point", "points"),
        count(stats.binned),
        count(stats.outside),
        count(stats.non_finite)
    )
}

pub(crate) fn facts(grid: &GridFile, up_to_date: bool) -> serde_json::Value {
    let about = &grid.description().counts;
    let mut facts = json!({
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
    });
    if let Some(inputs) = &grid.description().inputs {
        facts["bad"] = json!(inputs.skipped);
    }
    if let Some(composited) = &grid.description().composited {
        facts["composited"] = json!(composited);
    }
    if let Some(shard) = grid.description().options.shard {
        facts["shard"] = json!({ "index": shard.index(), "of": shard.of() });
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::ShowProgress;

    #[test]
    fn what_is_binned_is_not_binned_again_where_only_its_folder_has_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("s.txt"), "1 2 3\n2 3 4\n").unwrap();
        let inputs = vec![pointillist_ingest::Input::Path(path("s.txt"))];
        let ingested =
            pointillist_ingest::ingest(inputs, &path("s.points"), &Reading::default(), &());
        let points = [ingested.unwrap().points];
        let global = Global {
            threads: None,
            force: false,
            quiet: true,
            progress: ShowProgress::Never,
            json: false,
        };
        let (report, options) = (Report::new(&global), Options::default());
        let from = MadeFrom::Columns(&points);
        let mut unwritten = Some(bin(from, &options, &global).unwrap());
        // From here on, they cannot be binned.
        let file = std::fs::File::options().write(true).open(path("s.points/x.npy")).unwrap();
        file.set_len(130).unwrap();
        assert!(bin(from, &options, &global).is_err());
        let mut write =
            |to: &str| make(from, &path(to), &options, &mut unwritten, &global, &report);
        for _ in 0..2 {
            let failure = write("gone/s.tiff").unwrap_err();
            assert!(matches!(failure, Failure::Write(std::io::ErrorKind::NotFound, _)));
        }
        assert_eq!(write("s.tiff").unwrap().description().counts.binned, 2);
        assert!(write("s.tiff").is_err());
    }
}
