//! What is said of how inputs were read: what was concluded, what was left out, and what a column could not hold.

use std::path::PathBuf;

use pointillist_base::Dtype;
use pointillist_ingest::{
    Coarseness, ColumnInfo, Explained, Options, ReadAs, Sidecar, SkippedLine, explain as explained,
};
use serde_json::json;

use crate::failure::Failure;
use crate::inputs;
use crate::report::{Report, count, number, plural, shown};

/// One line an input, or a line for all that were read alike.
pub(crate) fn report(stage: &str, read_as: &[ReadAs], report: &Report) {
    let mut alike = 0;
    let mut before = String::new();
    for (index, read) in read_as.iter().enumerate() {
        let text = read.to_string();
        if text != before {
            report.note(stage, &format!("{}: read as: {text}", shown(&read.path)));
            before = text;
        } else {
            alike += 1;
        }
        let differs = read_as.get(index + 1).is_none_or(|next| next.to_string() != before);
        if differs && alike > 0 {
            report.note(stage, &format!("{} more read alike", plural(alike, "input", "inputs")));
            alike = 0;
        }
    }
}

/// Says how inputs would be read, on standard output.
pub(crate) fn explain(
    paths: &[PathBuf],
    options: &Options,
    report: &Report,
) -> Result<(), Failure> {
    inputs::check(paths)?;
    let all = explained(inputs::inputs(paths), options)?;
    if all.is_empty() {
        return Err(Failure::error(
            "the inputs are arrays, which say themselves what they hold: nothing to explain",
        ));
    }
    for Explained { read_as, dtype, first_rows } in all {
        if report.is_json() {
            let facts = json!({ "read_as": read_as, "dtype": dtype, "first_rows": first_rows });
            report.json(&facts)?;
            continue;
        }
        report.line(&format!("{}: {read_as}", shown(&read_as.path)))?;
        let header = match (read_as.header, read_as.header_is_comment) {
            (Some(line), false) => format!("names in line {line}"),
            (Some(line), true) => format!("names in the comment of line {line}"),
            (None, _) if read_as.format.is_some() => "names as the format has them".to_owned(),
            (None, _) => "no line that names the columns".to_owned(),
        };
        report.line(&format!("  {header}; the first row is line {}", read_as.first_row))?;
        for (column, values) in read_as.columns.iter().zip(&first_rows) {
            let called = column.called.as_ref().filter(|called| !called.is_empty());
            let from = match called {
                Some(called) => format!("field {}, {called}", column.field),
                None => format!("field {}", column.field),
            };
            let values: Vec<String> = values.iter().map(|&value| exactly(value, dtype)).collect();
            report.line(&format!("  {} ({dtype}, {from}): {}", column.name, values.join("  ")))?;
        }
    }
    Ok(())
}

/// A value with as many digits as tell it from its neighbours.
fn exactly(value: f64, dtype: Dtype) -> String {
    match dtype {
        Dtype::F32 => (value as f32).to_string(),
        Dtype::F64 => value.to_string(),
    }
}

/// `12 bad (9 with another number of fields, 3 with text for a number)`, and rows that are undefined.
pub(crate) fn left_out(sidecar: &Sidecar) -> String {
    let because = sidecar.skipped_because;
    let kinds = [
        (because.fields, "with another number of fields"),
        (because.text, "with text for a number"),
    ];
    let kinds: Vec<String> = kinds
        .iter()
        .filter(|(kind, _)| *kind > 0)
        .map(|(kind, why)| format!("{} {why}", count(*kind)))
        .collect();
    let mut text = format!("{} bad", count(sidecar.skipped));
    if !kinds.is_empty() {
        text.push_str(&format!(" ({})", kinds.join(", ")));
    }
    if sidecar.undefined > 0 {
        text.push_str(&format!(", {} undefined", count(sidecar.undefined)));
    }
    text
}

/// Warns of lines that were skipped: `skipped` in all, of which `lines` are the first.
pub(crate) fn report_bad_lines(stage: &str, lines: &[SkippedLine], skipped: u64, report: &Report) {
    for line in lines {
        report.warning(
            stage,
            &format!("{}:{}: {}: {}", shown(&line.path), line.line, line.problem, line.excerpt),
        );
    }
    let more = skipped - lines.len() as u64;
    if more > 0 {
        report.warning(stage, &format!("{} more", plural(more, "bad line", "bad lines")));
    }
}

/// The columns that 32 bits are too coarse for.
pub(crate) fn coarse(columns: &[ColumnInfo]) -> impl Iterator<Item = (&str, Coarseness)> {
    columns.iter().filter_map(|column| Some((column.name.as_str(), column.coarseness()?)))
}

/// Warns of columns that 32 bits are too coarse for, and of values that became others. Whoever reads it has just read text,
/// by `ingest`, `render`, `bin2d` or `scatter`, and all have the option.
pub(crate) fn report_losses(stage: &str, columns: &[ColumnInfo], report: &Report) {
    let mut each: Vec<String> = Vec::new();
    for (name, Coarseness { near, spacing, extent }) in coarse(columns) {
        let share = match (extent / spacing).round() as u64 {
            1 => "as far as the extent reaches".to_owned(),
            share => format!("1/{} of the extent", count(share)),
        };
        let (near, spacing) = (number(near), number(spacing));
        each.push(match each.len() {
            0 => format!(
                "{name}: neighbouring float32 values near {near} are {spacing} apart, {share}"
            ),
            _ => format!("{name}: near {near} they are {spacing} apart, {share}"),
        });
    }
    let mut beyond = false;
    for column in columns {
        let (name, lost, bits) = (&column.name, column.lost, column.dtype.size() * 8);
        let value = |number| plural(number, "value", "values");
        if lost.collapsed {
            each.push(format!("{name}: values that differ are all the same in {bits} bits"));
        }
        if lost.overflowed > 0 {
            let few = value(lost.overflowed);
            each.push(format!("{name}: {few} too large for {bits} bits became infinite"));
        }
        if lost.underflowed > 0 {
            let few = value(lost.underflowed);
            each.push(format!("{name}: {few} too small for {bits} bits became 0"));
        }
        beyond |= column.dtype == Dtype::F64 && !lost.is_nothing();
    }
    if each.is_empty() {
        return;
    }
    let advice = match beyond {
        true => "there is no wider type: scale the numbers before they are written",
        false => "keep the columns in 64 bits with --dtype f64",
    };
    report.warning(stage, &format!("{}; {advice}", each.join("; ")));
}
