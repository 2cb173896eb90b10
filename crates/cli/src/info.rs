//! The command `info`.

use std::io::Read;
use std::path::{Path, PathBuf};

use pointillist_base::Dtype;
use pointillist_base::message::{bytes, plain};
use pointillist_bin2d::{GridFile, Span};
use pointillist_colorize::over::OVER;
use pointillist_colorize::spread::Marker;
use pointillist_ingest::{Points, Zones};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{Global, InfoArgs};
use crate::bin2d::{composited, counts, shard_of};
use crate::cache::grids;
use crate::colorize::{drawn, record};
use crate::failure::Failure;
use crate::interrupt::UntilInterrupted;
use crate::progress::{StageProgress, Unit};
use crate::remedy::typed;
use crate::report::{Report, bounds, count, number, plural, shown};
use crate::{figure, reading};

const STAGE: &str = "info";

pub(crate) fn run(args: &InfoArgs, global: &Global, report: &Report) -> Result<(), Failure> {
    let path = &args.path;
    let mut unfit = Vec::new();
    let (lines, facts) = match kind(path)? {
        Kind::Points => points(path, args.verify, &mut unfit, global)?,
        Kind::Grid => grid(path, args.verify)?,
        Kind::Picture => picture(path, args.verify)?,
    };
    match report.is_json() {
        true => report.json(&facts)?,
        false => lines.iter().try_for_each(|line| report.line(line))?,
    }
    match unfit.is_empty() {
        true => Ok(()),
        false => Err(Failure::error(format!(
            "{}; remove what is damaged, and pictures make it again: rm {}",
            unfit.iter().map(|(_, why)| why.as_str()).collect::<Vec<_>>().join("; "),
            unfit.iter().map(|(path, _)| typed(path)).collect::<Vec<_>>().join(" "),
        ))),
    }
}

enum Kind {
    Points,
    Grid,
    Picture,
}

fn kind(path: &Path) -> Result<Kind, Failure> {
    let read = |error| Failure::error(format!("{}: {}", shown(path), plain(&error)));
    let metadata = path.metadata().map_err(read)?;
    if metadata.is_dir() {
        return Ok(Kind::Points);
    }
    if !metadata.is_file() {
        // Opening a pipe would wait for somebody to write to it.
        return Err(Failure::error(format!(
            "{}: is neither a folder nor a regular file",
            shown(path)
        )));
    }
    let mut magic = Vec::new();
    std::fs::File::open(path).map_err(read)?.take(8).read_to_end(&mut magic).map_err(read)?;
    match magic.as_slice() {
        b"\x89PNG\r\n\x1a\n" => Ok(Kind::Picture),
        [b'<', b's', b'v', b'g', ..] | [b'%', b'P', b'D', b'F', ..] => Ok(Kind::Picture),
        [b'I', b'I', ..] | [b'M', b'M', ..] => Ok(Kind::Grid),
        _ => Err(Failure::error(format!(
            "{}: is not a .points folder, a .tiff or a .png, .svg or .pdf that pointillist made",
            shown(path)
        ))),
    }
}

type Found = (Vec<String>, Value);

/// What is said of columns. Grids kept with them that are to be verified and are not what was written are `unfit`, for the
/// reason given.
fn points(
    path: &Path,
    verify: bool,
    unfit: &mut Vec<(PathBuf, String)>,
    global: &Global,
) -> Result<Found, Failure> {
    let points = Points::open(path)?;
    let sidecar = points.sidecar();
    if verify {
        let total = points.rows().saturating_mul(sidecar.columns.len() as u64);
        points.verify(&StageProgress::new(global, STAGE, &Unit::Rows, Some(total)))?;
    }
    let spans: Vec<(String, String)> = sidecar
        .columns
        .iter()
        .map(|column| match column.bounds() {
            Some((min, max)) => bounds(min, max, digits(column.dtype)),
            None => ("-".to_owned(), "-".to_owned()),
        })
        .collect();
    let width = spans.iter().map(|(min, max)| min.len().max(max.len())).fold(14, usize::max);
    let mut lines = vec![
        format!("{}: {}", shown(path), plural(points.rows(), "point", "points")),
        format!(
            "{:<12} {:<5} {:>width$} {:>width$} {:>12}",
            "column", "type", "min", "max", "non-finite"
        ),
    ];
    for (column, (min, max)) in sidecar.columns.iter().zip(&spans) {
        lines.push(format!(
            "{:<12} {:<5} {min:>width$} {max:>width$} {:>12}",
            column.name,
            column.dtype.to_string(),
            count(column.non_finite)
        ));
    }
    for source in &sidecar.sources {
        lines.push(format!("from {} ({})", shown(&source.path), bytes(source.size)));
    }
    // Arrays have no lines.
    if sidecar.lines > 0 {
        let left_out = reading::left_out(sidecar);
        lines.push(format!("read {}, {left_out}", plural(sidecar.lines, "line", "lines")));
    }
    for read in &sidecar.read_as {
        lines.push(format!("{} read as: {read}", shown(&read.path)));
    }
    let grids = grids::kept(&path.join(grids::FOLDER));
    lines.extend(grids.iter().map(|grid| grid.line(&points)));
    lines.push(identity(points.identity(), verify));
    let mut facts = json!({ "kind": "points", "path": shown(path), "verified": verify });
    facts["points"] = json!(sidecar);
    facts["grids"] = json!(grids.iter().map(|grid| grid.facts(&points)).collect::<Vec<_>>());
    facts["blocks"] = json!(points.rows().div_ceil(Zones::BLOCK as u64));
    for kept in grids.into_iter().filter(|_| verify) {
        let path = kept.path.clone();
        if let Err(error) = kept.verify() {
            let why = match error.into() {
                Failure::Damaged(_, damage) => damage.what,
                Failure::Error(why) => why,
                failure => return Err(failure),
            };
            unfit.push((path, why));
        }
    }
    Ok((lines, facts))
}

/// Decimal digits that tell any two values apart.
fn digits(dtype: Dtype) -> usize {
    match dtype {
        Dtype::F32 => 9,
        Dtype::F64 => 17,
    }
}

fn grid(path: &Path, verify: bool) -> Result<Found, Failure> {
    let grid = GridFile::open(path)?;
    if verify {
        grid.verify()?;
    }
    let (about, extent) = (grid.description(), grid.extent());
    let what = match about.options.shard {
        Some(shard) => format!("{} of a grid", shard_of(shard)),
        None => "grid".to_owned(),
    };
    let mut lines = vec![
        format!("{}: {what} of {}x{} cells", shown(path), grid.width(), grid.height()),
        format!("x from {} to {}", extent.xmin, extent.xmax),
        format!("y from {} to {}", extent.ymin, extent.ymax),
        format!("{:<12} {:<5} {:>14} {:>14} {:>14}", "page", "type", "min", "max", "cells"),
    ];
    let mut pages = Vec::new();
    for name in grid.page_names() {
        let dtype = grid.dtype(name)?;
        let Span { min, max, cells } = grid.span(name, &UntilInterrupted)?;
        let shown = |value: f64| if cells == 0 { "-".to_owned() } else { number(value) };
        lines.push(format!(
            "{name:<12} {:<5} {:>14} {:>14} {:>14}",
            dtype.to_string(),
            shown(min),
            shown(max),
            count(cells)
        ));
        let bound = |value: f64| (cells > 0).then_some(value);
        pages.push(json!({
            "name": name, "dtype": dtype, "min": bound(min), "max": bound(max), "cells": cells,
        }));
    }
    if !about.carried.is_empty() {
        lines.push(format!("carries for merge {}", about.carried.join(", ")));
    }
    let drawn = about.composited.as_ref().map_or_else(String::new, composited);
    lines.push(format!("{}{drawn}", counts(&about.counts)));
    for source in &about.points {
        lines.push(format!("from points with identity {source}"));
    }
    for source in about.inputs.iter().flat_map(|inputs| &inputs.sources) {
        lines.push(format!("from {} ({})", shown(&source.path), bytes(source.size)));
    }
    lines.push(identity(grid.identity(), verify));
    let facts = json!({
        "kind": "grid",
        "path": shown(path),
        "verified": verify,
        "identity": grid.identity(),
        "description": about,
        "pages": pages,
    });
    Ok((lines, facts))
}

fn picture(path: &Path, verify: bool) -> Result<Found, Failure> {
    let Some(record) = record(path, verify)? else {
        let what = match figure::kind(path) {
            figure::Kind::Png => "is a PNG, but not one of ours",
            _ => "is not one of ours, or not complete",
        };
        return Err(Failure::error(format!("{}: {what}", shown(path))));
    };
    let Some(mut lines) = described(&record) else {
        return Err(Failure::error(format!(
            "{}: its record is damaged; make the picture again with pointillist colorize",
            shown(path)
        )));
    };
    lines[0] = format!("{}: {}", shown(path), lines[0]);
    // It was, before the record was read.
    if verify {
        lines.push("verified: all of it is what was written".to_owned());
    }
    let facts = json!({
        "kind": "picture",
        "path": shown(path),
        "verified": verify,
        "record": record,
    });
    Ok((lines, facts))
}

/// What a record says in lines, or nothing where it lacks what every record has.
fn described(record: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let json = Value::to_string;
    let picture = &record["picture"];
    // Older pictures say nothing of markers.
    let marker: Option<Marker> = Deserialize::deserialize(&picture["marker"]).ok()?;
    let figure = picture.get("figure").and_then(figure::size).unwrap_or_default();
    let norm = text(&picture["norm"]).unwrap_or_else(|| json(&picture["norm"]));
    let mut lines = vec![format!(
        "picture of {}x{} pixels{figure} by {}",
        picture["width"].as_u64()?,
        picture["height"].as_u64()?,
        text(&record["program"])?
    )];
    if let Some(scatter) = record.get("scatter") {
        lines.push(format!("shows {}", text(&picture["by"])?));
        lines.push(format!("options {}", json(scatter)));
        lines.push(format!("from points with identity {}", json(record.get("points")?)));
        return Some(lines);
    }
    lines.push(format!("shows {}", drawn(&text(&record["by"])?, marker)));
    // Points that were composited have colors, and no values.
    if record["by"] != OVER {
        lines.push(format!("norm {norm}"));
        lines.push(format!("limits {}", json(&picture["limits"])));
    }
    lines.push(format!("options {}", json(record.get("options")?)));
    lines.push(format!("from a grid with identity {}", text(&record["grid"])?));
    Some(lines)
}

fn identity(identity: &str, verified: bool) -> String {
    format!("identity {identity}{}", if verified { ", verified" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_record_is_shown_or_refused() {
        let mut record = json!({
            "program": "mine", "by": "mean", "grid": "00", "options": {},
            "picture": { "width": 3, "height": 2, "norm": "log", "limits": "wide" },
        });
        let lines = described(&record).unwrap();
        assert_eq!(lines[0], "picture of 3x2 pixels by mine");
        record["picture"]["marker"] = json!({ "radius": 3, "shape": "star\u{9b}" });
        assert!(described(&record).is_none());
        record["picture"] = json!({ "width": 3 });
        assert!(described(&record).is_none());
        assert!(described(&json!([])).is_none());
    }
}
