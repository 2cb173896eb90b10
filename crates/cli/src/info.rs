//! The command `info`.

use std::io::Read;
use std::path::Path;

use pointillist_bin2d::{GridFile, PageValues};
use pointillist_colorize::over::OVER;
use pointillist_colorize::spread::Marker;
use pointillist_ingest::message::{bytes, plain};
use pointillist_ingest::{Dtype, Points, Zones};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{Global, InfoArgs};
use crate::bin2d::{composited, counts, shard_of};
use crate::colorize::{drawn, record};
use crate::failure::Failure;
use crate::figure;
use crate::progress::{StageProgress, Unit};
use crate::reading;
use crate::report::{Report, bounds, count, number, plural, shown};

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

fn points(path: &Path, verify: bool, global: &Global) -> Result<Found, Failure> {
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
    lines.push(identity(points.identity(), verify));
    let mut facts = json!({ "kind": "points", "path": shown(path), "verified": verify });
    facts["points"] = json!(sidecar);
    facts["blocks"] = json!(points.rows().div_ceil(Zones::BLOCK as u64));
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
        let page = grid.page(name)?;
        let (dtype, (min, max, cells)) = match &page.values {
            PageValues::F32(values) => {
                (Dtype::F32, span(values.iter().map(|&value| f64::from(value))))
            }
            PageValues::F64(values) => (Dtype::F64, span(values.iter().copied())),
        };
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
        let what = match figure::kind(path) {
            figure::Kind::Png => "is a PNG, but not one of ours",
            _ => "is not one of ours, or not complete",
        };
        return Err(Failure::error(format!("{}: {what}", shown(path))));
    };
    if verify {
        return Err(Failure::usage(
            "a picture cannot be verified, only made again: pointillist colorize --force",
        ));
    }
    let Some(mut lines) = described(&record) else {
        return Err(Failure::error(format!(
            "{}: its record is damaged; make the picture again with pointillist colorize",
            shown(path)
        )));
    };
    lines[0] = format!("{}: {}", shown(path), lines[0]);
    let facts = json!({ "kind": "picture", "path": shown(path), "record": record });
    Ok((lines, facts))
}

/// What a record says in lines, or nothing where it lacks what every record has. Anybody can edit a PNG, so nothing
/// of it reaches a terminal as it is.
fn described(record: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(|text| text.escape_debug().to_string());
    let json = |value: &Value| value.to_string().replace(char::is_control, "?");
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
    fn an_edited_record_is_refused_or_shown_without_control_characters() {
        let mut record = json!({
            "program": "mine\u{1b}[2J", "by": "me\u{9b}an", "grid": "00\n", "options": {},
            "picture": { "width": 3, "height": 2, "norm": "log\u{7}", "limits": "\u{7f}" },
        });
        let lines = described(&record).unwrap();
        assert_eq!(lines[0], "picture of 3x2 pixels by mine\\u{1b}[2J");
        assert!(!lines.concat().contains(char::is_control), "{lines:?}");
        record["picture"]["marker"] = json!({ "radius": 3, "shape": "star\u{9b}" });
        assert!(described(&record).is_none());
        record["picture"] = json!({ "width": 3 });
        assert!(described(&record).is_none());
        assert!(described(&json!([])).is_none());
    }
}
