//! The color tables of `gdaldem color-relief`, and lists of colors with positions.
//!
//! A line of a gdaldem table is `VALUE R G B`, `VALUE R G B A` or `VALUE NAME`, with blanks, tabs, commas or
//! colons between them; `N%` in place of a value is a share of the range of the data, `nv` the color of what
//! is no value, and `default`, as in GRASS, that of all values outside of the table. Lines may be in any
//! order. Of two lines for one value, the first is the end of what is below, the second begins what is above
//! and has the value itself. QGIS exports such tables under a line `INTERPOLATION:INTERPOLATED`, with a label
//! behind each color.
//!
//! A line of a list is `POSITION #hex`, with positions from 0 to 1.

use super::{Line, Problem};
use crate::Color;
use crate::colormap::gradient::{At, Body, Channels, Gradient, Rule};
use crate::colormap::{list, names};

/// What a line may be, for messages.
const LINE: &str =
    "expected VALUE R G B, VALUE R G B A or VALUE NAME; a table of GMT must be named .cpt";

/// What is in these lines, which are no comments.
pub(super) enum Table {
    Relief(Gradient),
    List(Vec<Color>),
}

/// The table in these lines.
pub(super) fn parse(lines: &[Line<'_>]) -> Result<Table, Problem> {
    let is_list =
        |line: &Line<'_>| fields(line.text).nth(1).is_some_and(|color| color.starts_with('#'));
    match lines.first() {
        None => Err(Problem::of_file("has no line with a color".to_owned())),
        Some(first) if is_list(first) => list(lines).map(Table::List),
        Some(_) => relief(lines).map(Table::Relief),
    }
}

fn fields(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\t', ',', ':']).filter(|field| !field.is_empty())
}

fn list(lines: &[Line<'_>]) -> Result<Vec<Color>, Problem> {
    let mut stops: Vec<(f64, Color)> = Vec::new();
    for line in lines {
        let fields: Vec<&str> = fields(line.text).collect();
        let &[position, color] = &fields[..] else {
            return Err(line.problem("expected POSITION #hex, as in the lines before"));
        };
        let position =
            position.parse().map_err(|_| line.problem("its position is not a number"))?;
        let color = color.parse().map_err(|error| line.problem(format!("{error}")))?;
        stops.push((position, color));
        list::check(&stops).map_err(|reason| line.problem(reason))?;
    }
    // There is one, or this would be no list.
    let last = &lines[lines.len() - 1];
    list::check_end(&stops).map_err(|reason| last.problem(reason))?;
    Ok(list::table(&stops))
}

fn relief(lines: &[Line<'_>]) -> Result<Gradient, Problem> {
    let rule = Rule::Gdaldem;
    let mut knots: Vec<(At, Channels)> = Vec::new();
    let (mut bad, mut outside, mut labels) = (None, None, false);
    for line in lines {
        let mut fields: Vec<&str> = fields(line.text).collect();
        let Some(&first) = fields.first() else { return Err(line.problem(LINE)) };
        if first.eq_ignore_ascii_case("interpolation") {
            if fields.get(1).is_none_or(|how| !how.eq_ignore_ascii_case("interpolated")) {
                return Err(line.problem(
                    "only INTERPOLATED tables are read: export it from QGIS with linear interpolation",
                ));
            }
            labels = true;
            continue;
        }
        if labels {
            fields.truncate(5);
        }
        let color = color(line, &fields[1..])?;
        match first {
            nv if nv.eq_ignore_ascii_case("nv") => bad = Some(rule.color(color)),
            "default" => outside = Some(rule.color(color)),
            at => knots.push((place(line, at)?, color)),
        }
    }
    if knots.is_empty() {
        return Err(Problem::of_file("has no line with a color for a value".to_owned()));
    }
    let body = Body::Knots(knots);
    Ok(Gradient { body, rule, under: outside, over: outside, bad, cyclic: false })
}

fn place(line: &Line<'_>, text: &str) -> Result<At, Problem> {
    /// Beyond this, the distance of two values has no number.
    const LARGEST: f64 = f64::MAX / 2.0;
    let number = |text: &str| text.parse().ok().filter(|number: &f64| number.abs() <= LARGEST);
    match text.strip_suffix('%') {
        Some(percent) => number(percent)
            .filter(|percent| (0.0..=100.0).contains(percent))
            .map(|percent| At::Share(percent / 100.0))
            .ok_or_else(|| line.problem(format!("{text:?} is not a percentage from 0 to 100"))),
        None => number(text)
            .map(At::Value)
            .ok_or_else(|| line.problem(format!("{text:?} is not a finite number; {LINE}"))),
    }
}

fn color(line: &Line<'_>, fields: &[&str]) -> Result<Channels, Problem> {
    let byte = |text: &&str| {
        text.parse::<u8>().map(f64::from).map_err(|_| {
            line.problem(format!("{text:?} is not a whole number from 0 to 255; {LINE}"))
        })
    };
    let opacity = |text: Option<&&str>| text.map_or(Ok(255.0), byte);
    match fields {
        [name] | [name, _] => {
            let [r, g, b] = names::of_gdaldem(name)
                .ok_or_else(|| {
                    line.problem(format!(
                        "{name:?} is none of gdaldem's colors, which are white, black, red, green, blue, \
                         yellow, magenta, cyan, aqua, gray, orange, brown, purple, violet and indigo; {LINE}"
                    ))
                })?
                .map(f64::from);
            Ok([r, g, b, opacity(fields.get(1))?])
        }
        [r, g, b] | [r, g, b, _] => Ok([byte(r)?, byte(g)?, byte(b)?, opacity(fields.get(3))?]),
        _ => Err(line.problem(LINE)),
    }
}
