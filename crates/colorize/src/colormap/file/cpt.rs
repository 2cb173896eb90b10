//! GMT's color palette tables, `.cpt`.
//!
//! Read as GMT 6 reads them (`gmt makecpt` writes them; the format is described under "Color palette tables"
//! in its cookbook): segments `z0 color z1 color`, continuous or, with the same color twice, discrete; the
//! colors of values below (`B`), above (`F`) and of NaN (`N`); and, in comments, `COLOR_MODEL`, `RANGE`,
//! `HARD_HINGE`, `SOFT_HINGE` and `CYCLIC`. Labels and the letters that say what a color bar annotates say
//! nothing about colors and are passed over. GMT takes colors that are missing from its settings (black,
//! white, gray); here they are those of every other map, the first, the last and none.

use super::{Line, Problem};
use crate::colormap::gradient::{
    Body, Channels, Gradient, Rule, Segment, ends, hsv_to_rgb, rgb_to_hsv, stretched,
};
use crate::colormap::names;
use crate::{Color, Limits};

/// What a line must be, for messages.
const SEGMENT: &str = "expected a segment z0 COLOR z1 COLOR";

/// Segments that are further apart, or overlap by more, do not touch. GMT's own tolerance.
const TOLERANCE: f64 = 1e-12;

/// What three numbers in a row are.
#[derive(Clone, Copy, PartialEq)]
enum Model {
    Rgb,
    Hsv,
    Cmyk,
}

/// What comments say.
struct Header {
    model: Model,
    rule: Rule,
    range: Option<Limits>,
    hinge: Hinge,
    cyclic: bool,
}

#[derive(PartialEq)]
enum Hinge {
    None,
    /// Values are normalized, without a hinge until somebody asks for one.
    Soft,
    Hard,
}

/// Whether a comment says something about colors.
pub(super) fn is_header(comment: &str) -> bool {
    ["COLOR_MODEL", "RANGE =", "HARD_HINGE", "SOFT_HINGE", "HINGE =", "CYCLIC"]
        .iter()
        .any(|word| comment.contains(word))
}

/// The table in these lines: comments for which [`is_header`] holds, and lines that are no comments.
pub(super) fn parse(lines: &[Line<'_>]) -> Result<Gradient, Problem> {
    let mut header = Header {
        model: Model::Rgb,
        rule: Rule::Rgb,
        range: None,
        hinge: Hinge::None,
        cyclic: false,
    };
    let mut outside: [Option<Color>; 3] = [None; 3];
    let mut segments: Vec<Segment> = Vec::new();
    for line in lines {
        if line.text.starts_with('#') {
            header.read(line)?;
            continue;
        }
        let text = line.text.split(';').next().unwrap_or_default();
        let mut fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() > 1 && fields.last().is_some_and(|last| matches!(*last, "L" | "U" | "B")) {
            fields.pop();
        }
        let letter =
            fields.first().and_then(|first| ["B", "F", "N"].iter().position(|l| l == first));
        match letter {
            Some(letter) => {
                outside[letter] = Some(header.rule.color(header.color(line, &fields[1..])?));
            }
            None => {
                let segment = header.segment(line, &fields)?;
                touch(line, &mut segments, segment)?;
            }
        }
    }
    if segments.is_empty() {
        return Err(Problem::of_file(format!("has no segments: {SEGMENT}, as gmt makecpt writes")));
    }
    if !(segments[segments.len() - 1].high - segments[0].low).is_finite() {
        return Err(Problem::of_file("has values that are too far apart".to_owned()));
    }
    let [under, over, bad] = outside;
    let Header { rule, cyclic, .. } = header;
    Ok(Gradient { body: header.body(segments)?, rule, under, over, bad, cyclic })
}

/// Puts a segment behind the others, which it must touch.
fn touch(line: &Line<'_>, segments: &mut Vec<Segment>, mut next: Segment) -> Result<(), Problem> {
    if let Some(last) = segments.last_mut() {
        let distance = next.low - last.high;
        if distance.abs() > TOLERANCE {
            let what = if distance > 0.0 { "leaves a gap behind" } else { "overlaps" };
            return Err(line.problem(format!(
                "{what} the segment before, which ends at {}: segments must ascend and touch",
                last.high
            )));
        }
        next.low = last.high.midpoint(next.low);
        last.high = next.low;
    }
    segments.push(next);
    Ok(())
}

impl Header {
    fn read(&mut self, line: &Line<'_>) -> Result<(), Problem> {
        let text = line.text;
        if let Some((_, model)) = text.split_once("COLOR_MODEL") {
            let has = |words: [&str; 2]| words.iter().any(|word| model.contains(word));
            (self.model, self.rule) = if has(["RGB", "rgb"]) {
                (Model::Rgb, Rule::Rgb)
            } else if has(["+HSV", "hsv"]) {
                (Model::Hsv, Rule::Hsv)
            } else if model.contains("HSV") {
                // Without the plus, colors are only written that way.
                (Model::Hsv, Rule::Rgb)
            } else if has(["CMYK", "cmyk"]) {
                (Model::Cmyk, Rule::Rgb)
            } else {
                return Err(line.problem("expected COLOR_MODEL = RGB, HSV, +HSV or CMYK"));
            };
        } else if text.contains("HARD_HINGE") {
            self.hinge = Hinge::Hard;
        } else if text.contains("SOFT_HINGE") {
            self.hinge = Hinge::Soft;
        } else if text.contains("HINGE =") {
            return Err(line.problem(
                "a master table of GMT 5: write one for your data with gmt makecpt -C… -T…",
            ));
        } else if let Some((_, range)) = text.split_once("RANGE =") {
            let ends = range.split_whitespace().next().and_then(|range| range.split_once('/'));
            let ends = ends.and_then(|(a, b)| Some((number(a)?, number(b)?)));
            let ascends = |(vmin, vmax): &(f64, f64)| vmin < vmax && (vmax - vmin).is_finite();
            let Some((vmin, vmax)) = ends.filter(ascends) else {
                return Err(line.problem("expected RANGE = LOW/HIGH, two numbers that ascend"));
            };
            self.range = Some(Limits { vmin, vmax });
        } else if text.contains("CYCLIC") {
            self.cyclic = true;
        }
        Ok(())
    }

    fn segment(&self, line: &Line<'_>, fields: &[&str]) -> Result<Segment, Problem> {
        // A color takes one field, or as many as its model has numbers.
        let wide = if self.model == Model::Cmyk { 4 } else { 3 };
        let width = match fields.len() {
            4 => 1,
            2 => {
                return Err(line.problem(
                    "a categorical table, which has colors for keys and none between them: write segments \
                     z0 COLOR z1 COLOR",
                ));
            }
            number if number == 2 * (1 + wide) => wide,
            _ => {
                return Err(line.problem(format!(
                    "{SEGMENT}, where COLOR is one word or {wide} numbers; a table of gdaldem must not be \
                     named .cpt"
                )));
            }
        };
        let z = |text: &str| {
            number(text)
                .ok_or_else(|| line.problem(format!("{text:?} is not a finite number; {SEGMENT}")))
        };
        let (low, high) = (z(fields[0])?, z(fields[1 + width])?);
        if low >= high || !(high - low).is_finite() {
            return Err(line.problem("a segment must end above where it begins"));
        }
        let (from, to) = (&fields[1..=width], &fields[2 + width..]);
        let from = self.color(line, from)?;
        let to = if to == ["-"] { from } else { self.color(line, to)? };
        Ok(Segment { low, high, from, to })
    }

    /// The channels of a color in as many fields as there are.
    fn color(&self, line: &Line<'_>, fields: &[&str]) -> Result<Channels, Problem> {
        let problem = || {
            line.problem(format!(
                "{:?} is not a color: expected a name of X11, #rrggbb, r/g/b or one gray from 0 to 255, \
                 h-s-v with h to 360 and s and v to 1, c/m/y/k in percent, or - for nothing, each with \
                 @TRANSPARENCY in percent where wanted",
                fields.join(" ")
            ))
        };
        let separator = if self.model == Model::Hsv { "-" } else { "/" };
        let text = match fields {
            [one] => (*one).to_owned(),
            [_, _, _] | [_, _, _, _] => fields.join(separator),
            _ => return Err(problem()),
        };
        if text == "-" {
            return Ok([0.0; 4]);
        }
        let (text, opacity) = match text.split_once('@') {
            Some((text, percent)) => {
                (text, 1.0 - within(percent, 100.0).ok_or_else(problem)? / 100.0)
            }
            None => (text.as_str(), 1.0),
        };
        let [a, b, c] = self.opaque(text).ok_or_else(problem)?;
        Ok([a, b, c, opacity])
    }

    fn opaque(&self, text: &str) -> Option<[f64; 3]> {
        let bytes = |bytes: [u8; 3]| bytes.map(|byte| f64::from(byte) / 255.0);
        let rgb = if text.starts_with('#') {
            let Color([r, g, b, 255]) = text.parse().ok().filter(|_| text.len() == 7)? else {
                return None;
            };
            bytes([r, g, b])
        } else if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            bytes(names::of_gmt(text)?)
        } else if let Some([h, s, v]) = split(text, '-') {
            let hsv = [within(h, 360.0)?, within(s, 1.0)?, within(v, 1.0)?];
            match self.rule {
                Rule::Hsv => return Some(hsv),
                _ => hsv_to_rgb(hsv),
            }
        } else if let Some([c, m, y, k]) = split(text, '/') {
            let ink = |text| Some(within(text, 100.0)? * 0.01);
            let (inks, black) = ([ink(c)?, ink(m)?, ink(y)?], ink(k)?);
            inks.map(|ink| (1.0 - ink) * (1.0 - black))
        } else if let Some(levels) = split(text, '/') {
            let [r, g, b] = levels.map(|level| within(level, 255.0));
            [r? / 255.0, g? / 255.0, b? / 255.0]
        } else {
            [within(text, 255.0)? / 255.0; 3]
        };
        Some(if self.rule == Rule::Hsv { rgb_to_hsv(rgb) } else { rgb })
    }

    /// What the values of the segments are.
    fn body(&self, segments: Vec<Segment>) -> Result<Body, Problem> {
        if self.hinge == Hinge::Hard {
            if !segments.iter().skip(1).any(|segment| segment.low == 0.0) {
                return Err(Problem::of_file(
                    "has a HARD_HINGE, but no segment that begins with 0 after one below it"
                        .to_owned(),
                ));
            }
            return Ok(Body::Hinged(segments, self.range));
        }
        Ok(match self.range {
            // A master table with values from 0 to 1, or -1 to 1, and the range that they stand for.
            Some(range) => Body::Segments(stretched(&segments, ends(&segments), range)),
            None if self.hinge == Hinge::Soft => Body::Normalized(segments),
            None => Body::Segments(segments),
        })
    }
}

/// Exactly so many parts.
fn split<const N: usize>(text: &str, separator: char) -> Option<[&str; N]> {
    let parts: Vec<&str> = text.split(separator).collect();
    parts.try_into().ok()
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn within(text: &str, most: f64) -> Option<f64> {
    number(text).filter(|number| (0.0..=most).contains(number))
}
