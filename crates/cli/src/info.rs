//! The command `info`.

use std::io::Read;
use std::path::Path;

use pointillist_bin2d::{GridFile, PageValues};
use pointillist_ingest::Points;
use pointillist_ingest::message::bytes;
use serde_json::{Value, json};

use crate::args::{Global, InfoArgs};
use crate::colorize::record;
use crate::failure::Failure;
use crate::progress::{StageProgress, Unit};
use crate::report::{Report, count, number, plural, shown};

const STAGE: &str = "info";

pub(crate) fn run(args: &InfoArgs, global: &Global, report: &Report) -> Result<(), Failure> {
    let path = &args.path;
    let (lines, facts) = match kind(path)? {
        Kind::Points => points(path, args.verify, global)?,
        Kind::Grid => grid(path, args.verify)?,
        Kind::Picture => picture(path, args.verify)?,
    };
    if report.is_json() {
        return report.line(&facts.to_string());
    }
    lines.iter().try_for_each(|line| report.line(line))
}

enum Kind {
    Points,
    Grid,
    Picture,
}

fn kind(path: &Path) -> Result<Kind, Failure> {
    let read = |error| Failure::error(format!("{}: {error}", shown(path)));
    if path.metadata().map_err(read)?.is_dir() {
        return Ok(Kind::Points);
    }
    let mut magic = Vec::new();
    std::fs::File::open(path).map_err(read)?.take(8).read_to_end(&mut magic).map_err(read)?;
    match magic.as_slice() {
        b"\x89PNG\r\n\x1a\n" => Ok(Kind::Picture),
        [b'I', b'I', ..] | [b'M', b'M', ..] => Ok(Kind::Grid),
        _ => Err(Failure::error(format!(
            "{}: is not a .points folder, a .tiff or a .png that pointillist made",
            shown(path)
        ))),
    }
}

type Found = (Vec<String>, Value);

fn points(path: &Path, verify: bool, global: &Global) -> Result<Found, Failure> {
    let points = Points::open(path)?;
    let sidecar = points.sidecar();
    if verify {
        let total = points.rows().saturating_mul(sidecar.columns.len() as u64);
        points.verify(&StageProgress::new(global, STAGE, &Unit::Rows, Some(total)))?;
    }
    let mut lines = vec![
        format!("{}: {}", shown(path), plural(points.rows(), "point", "points")),
        format!("{:<12} {:<5} {:>14} {:>14} {:>12}", "column", "type", "min", "max", "non-finite"),
    ];
    for column in &sidecar.columns {
        let bound = |bound: Option<f64>| bound.map_or("-".to_owned(), number);
        lines.push(format!(
            "{:<12} {:<5} {:>14} {:>14} {:>12}",
            column.name,
            column.dtype.to_string(),
            bound(column.min),
            bound(column.max),
            count(column.non_finite)
        ));
    }
    for source in &sidecar.sources {
        lines.push(format!("from {} ({})", shown(&source.path), bytes(source.size)));
    }
    lines.push(format!(
        "read {}, {} bad",
        plural(sidecar.lines, "line", "lines"),
        count(sidecar.skipped)
    ));
    lines.push(identity(points.identity(), verify));
    let mut facts = json!({ "kind": "points", "path": path, "verified": verify });
    facts["points"] = json!(sidecar);
    Ok((lines, facts))
}

fn grid(path: &Path, verify: bool) -> Result<Found, Failure> {
    let grid = GridFile::open(path)?;
    if verify {
        grid.verify()?;
    }
    let (about, extent) = (grid.description(), grid.extent());
    let mut lines = vec![
        format!("{}: grid of {}x{} cells", shown(path), grid.width(), grid.height()),
        format!("x from {} to {}", extent.xmin, extent.xmax),
        format!("y from {} to {}", extent.ymin, extent.ymax),
        format!("{:<12} {:>14} {:>14} {:>14}", "page", "min", "max", "cells"),
    ];
    let mut pages = Vec::new();
    for name in grid.page_names() {
        let page = grid.page(name)?;
        let (min, max, cells) = match &page.values {
            PageValues::F32(values) => span(values.iter().map(|&value| f64::from(value))),
            PageValues::F64(values) => span(values.iter().copied()),
        };
        let shown = |value: f64| if cells == 0 { "-".to_owned() } else { number(value) };
        lines.push(format!(
            "{name:<12} {:>14} {:>14} {:>14}",
            shown(min),
            shown(max),
            count(cells)
        ));
        let bound = |value: f64| (cells > 0).then_some(value);
        pages.push(json!({
            "name": name, "min": bound(min), "max": bound(max), "cells": cells,
        }));
    }
    lines.push(format!(
        "{}: {} binned, {} outside, {} non-finite",
        plural(about.counts.points, "point", "points"),
        count(about.counts.binned),
        count(about.counts.outside),
        count(about.counts.non_finite)
    ));
    for source in &about.points {
        lines.push(format!("from points with identity {source}"));
    }
    lines.push(identity(grid.identity(), verify));
    let facts = json!({
        "kind": "grid",
        "path": path,
        "verified": verify,
        "identity": grid.identity(),
        "description": about,
        "pages": pages,
    });
    Ok((lines, facts))
}

/// Minimum and maximum over the finite values, and how many there are.
fn span(values: impl Iterator<Item = f64>) -> (f64, f64, u64) {
    values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY, 0), |(min, max, cells), value| {
            (min.min(value), max.max(value), cells + 1)
        })
}

fn picture(path: &Path, verify: bool) -> Result<Found, Failure> {
    let Some(record) = record(path)? else {
        return Err(Failure::error(format!("{}: is a PNG, but not one of ours", shown(path))));
    };
    if verify {
        return Err(Failure::usage(
            "a picture cannot be verified, only made again: pointillist colorize --force",
        ));
    }
    let picture = &record["picture"];
    let mut lines = vec![format!(
        "{}: picture of {}x{} pixels by {}",
        shown(path),
        picture["width"],
        picture["height"],
        record["program"].as_str().unwrap_or("pointillist")
    )];
    for (name, value) in [("shows", &record["by"]), ("norm", &picture["norm"])] {
        lines.push(format!("{name} {}", value.as_str().map_or(value.to_string(), str::to_owned)));
    }
    lines.push(format!("limits {}", picture["limits"]));
    lines.push(format!("options {}", record["options"]));
    lines.push(format!(
        "from a grid with identity {}",
        record["grid"].as_str().unwrap_or("unknown")
    ));
    let facts = json!({ "kind": "picture", "path": path, "record": record });
    Ok((lines, facts))
}

fn identity(identity: &str, verified: bool) -> String {
    format!("identity {identity}{}", if verified { ", verified" } else { "" })
}
