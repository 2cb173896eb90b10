//! Colours of data values, interpolated for every value as the program computes it whose table it is.
//!
//! A table says which values have which colours, so a norm and limits have nothing to choose: by default the
//! norm is linear and the limits are the ends of the table, and every value has the colour that the table
//! gives it. Limits that are asked for move the table's values, linearly, and another norm says how colours
//! run from one of its values to the next.

use pointillist_base::Values;

use crate::steps::{Piece, Steps, TooManyColors, steps};
use crate::{Color, Error, Limits, Scale};

/// The four numbers of a colour, as the [`Rule`] wants them.
pub(super) type Channels = [f64; 4];

/// How the channels are interpolated and rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rule {
    /// GMT: red, green, blue and opacity from 0 to 1, rounded to the nearest byte, a half to the even one.
    Rgb,
    /// GMT with `COLOR_MODEL = hsv`: hue from 0 to 360, saturation, value and opacity from 0 to 1.
    Hsv,
    /// gdaldem: bytes, rounded to the nearest one, a half up, as GDAL has come to do it; to 3.10 it added 0.45
    /// instead of a half, so that one byte in twenty was one less.
    Gdaldem,
}

impl Rule {
    /// The colour of these channels.
    pub(super) fn color(self, channels: Channels) -> Color {
        let byte = |level: f64| (level * 255.0).round_ties_even() as u8;
        match self {
            Rule::Rgb => Color(channels.map(byte)),
            Rule::Hsv => {
                let [h, s, v, a] = channels;
                let [r, g, b] = hsv_to_rgb([h, s, v]);
                Color([r, g, b, a].map(byte))
            }
            Rule::Gdaldem => Color(channels.map(|level| (0.5 + level) as u8)),
        }
    }
}

/// What lies between two values of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) from: Channels,
    pub(super) to: Channels,
}

/// A value of a gdaldem table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum At {
    Value(f64),
    /// A share of the range, from 0 to 1.
    Share(f64),
}

/// Where the colours of a table are.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    /// Segments that ascend and touch, at least one, with values of the data.
    Segments(Vec<Segment>),
    /// The same with values from 0 to 1, or any others, that stand for the range between the limits.
    Normalized(Vec<Segment>),
    /// The same with values that are below zero for data below zero and above zero above; one segment begins
    /// with zero. The limits, where the table names some.
    Hinged(Vec<Segment>, Option<Limits>),
    /// Colours at single values in any order, at least one.
    Knots(Vec<(At, Channels)>),
}

/// A colour table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gradient {
    pub(super) body: Body,
    pub(super) rule: Rule,
    /// Colours of values below and above, where the table has some.
    pub(super) under: Option<Color>,
    pub(super) over: Option<Color>,
    /// The colour of what is no value.
    pub(super) bad: Option<Color>,
    /// Whether the table begins anew where it ends.
    pub(super) cyclic: bool,
}

/// A scale with the colours of its entries.
#[derive(Debug)]
pub(crate) struct Fitted {
    pub(crate) scale: Scale,
    pub(crate) colors: Vec<Color>,
    pub(crate) under: Color,
    pub(crate) over: Color,
}

/// A segment with the rule of its table.
struct Ruled(Segment, Rule);

impl Piece for Ruled {
    fn low(&self) -> f64 {
        self.0.low
    }

    fn high(&self) -> f64 {
        self.0.high
    }

    fn color(&self, x: f64) -> Color {
        let Ruled(Segment { low, high, from, to }, rule) = *self;
        let mix = |share: f64, start: f64| {
            // What is not between them is rounding, or the width of nothing.
            let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
            let mut mixed = [0.0; 4];
            for (i, mixed) in mixed.iter_mut().enumerate() {
                *mixed = start + from[i] + share * (to[i] - from[i]);
            }
            mixed
        };
        match rule {
            // The order of the additions is GDAL's; the half belongs to the rounding.
            Rule::Gdaldem => Color(mix((x - low) / (high - low), 0.5).map(|level| level as u8)),
            _ => rule.color(mix((x - low) * (1.0 / (high - low)), 0.0)),
        }
    }

    fn parts(&self) -> usize {
        /// Enough that within a part not more than one channel turns, by not more than a byte.
        const PARTS: usize = 1024;
        if self.1 == Rule::Hsv && self.0.from != self.0.to { PARTS } else { 1 }
    }
}

impl Gradient {
    /// The values at the ends of the table, where it has some that are not to be found in the data.
    pub(crate) fn data_range(&self) -> Option<Limits> {
        match &self.body {
            Body::Segments(segments) => Some(ends(segments)),
            Body::Normalized(_) => None,
            Body::Hinged(_, range) => *range,
            Body::Knots(knots) => {
                let value = |(at, _): &(At, Channels)| match at {
                    At::Value(value) => Some(*value),
                    At::Share(_) => None,
                };
                let values: Vec<f64> = knots.iter().map(value).collect::<Option<_>>()?;
                let vmin = values.iter().copied().fold(f64::INFINITY, f64::min);
                let vmax = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                Some(Limits { vmin, vmax })
            }
        }
    }

    /// Whether it gives colours to values, rather than to positions between limits.
    pub(crate) fn is_of_values(&self) -> bool {
        !matches!(self.body, Body::Normalized(_))
    }

    /// The scale that finds the entries of values, and their colours.
    ///
    /// # Errors
    /// [`Error::TooManyColors`], and [`Error::LogLimits`] if a value of the table has no logarithm.
    pub(crate) fn fit(&self, scale: Scale) -> Result<Fitted, Error> {
        let limits = scale.limits();
        let linear = scale.is_linear();
        let mut segments = match self.body {
            Body::Normalized(_) if !linear => self.place(Limits { vmin: 0.0, vmax: 1.0 }),
            _ => self.place(limits),
        };
        if !linear && self.is_of_values() {
            for segment in &mut segments {
                let mut positions = [0.0; 2];
                scale.positions(Values::F64(&[segment.low, segment.high]), &mut positions);
                if positions.iter().any(|position| position.is_nan()) {
                    return Err(Error::LogLimits { limit: segment.low });
                }
                [segment.low, segment.high] = positions;
            }
        }
        let (first, last) = (segments[0].from, segments[segments.len() - 1].to);
        segments.retain(|segment| segment.low < segment.high);
        let pieces: Vec<Ruled> = segments.into_iter().map(|s| Ruled(s, self.rule)).collect();
        if pieces.is_empty() {
            // All of it at one value, as where both limits are the same: the color of position 0.
            let color = self.rule.color(first);
            let (under, over) = (self.under.unwrap_or(color), self.over.unwrap_or(color));
            let scale = scale.with_steps(Steps::constant());
            return Ok(Fitted { scale, colors: vec![color], under, over });
        }
        let (steps, colors) =
            steps(&pieces, self.cyclic).map_err(|TooManyColors| Error::TooManyColors)?;
        let scale = if linear { scale.of_values() } else { scale };
        Ok(Fitted {
            scale: scale.with_steps(steps),
            colors,
            under: self.under.unwrap_or(self.rule.color(first)),
            over: self.over.unwrap_or(self.rule.color(last)),
        })
    }

    /// So many colours at equal distances from the first value to the last, in the middle of equal parts.
    pub(crate) fn colors(&self, number: usize) -> Vec<Color> {
        let limits = self.data_range().unwrap_or(match self.body {
            Body::Hinged(..) => Limits { vmin: -1.0, vmax: 1.0 },
            _ => Limits { vmin: 0.0, vmax: 1.0 },
        });
        let pieces: Vec<Ruled> =
            self.place(limits).into_iter().map(|s| Ruled(s, self.rule)).collect();
        let (low, high) = (pieces[0].0.low, pieces[pieces.len() - 1].0.high);
        let color = |i: usize| {
            let x = low + (high - low) * ((i as f64 + 0.5) / number as f64);
            let at = pieces.partition_point(|piece| piece.0.high <= x).min(pieces.len() - 1);
            pieces[at].color(x)
        };
        (0..number).map(color).collect()
    }

    /// The segments with values of the data; at least one, the widths not below zero.
    fn place(&self, limits: Limits) -> Vec<Segment> {
        let knots = match &self.body {
            Body::Segments(segments) | Body::Normalized(segments) => {
                return stretched(segments, ends(segments), limits);
            }
            Body::Hinged(segments, _) => return hinged(segments, limits),
            Body::Knots(knots) => knots,
        };
        let range = self.data_range();
        let mut knots: Vec<(f64, Channels)> = knots
            .iter()
            .map(|&(at, color)| match (at, range) {
                // Where all of them are values, they are stretched like any other table.
                (At::Value(value), Some(range)) => (moved(value, range, limits), color),
                (At::Value(value), None) => (value, color),
                (At::Share(share), _) => (limits.vmin + share * (limits.vmax - limits.vmin), color),
            })
            .collect();
        // A stable sort: of equal values, the first one is the end of what is below.
        knots.sort_by(|a, b| a.0.total_cmp(&b.0));
        if let [(value, color)] = knots[..] {
            return vec![Segment { low: value, high: value, from: color, to: color }];
        }
        knots
            .windows(2)
            .map(|pair| Segment { low: pair[0].0, high: pair[1].0, from: pair[0].1, to: pair[1].1 })
            .collect()
    }
}

/// The lowest and the highest value.
pub(super) fn ends(segments: &[Segment]) -> Limits {
    Limits { vmin: segments[0].low, vmax: segments[segments.len() - 1].high }
}

/// A value of a table that runs over `from`, where it is to run over `to`.
fn moved(value: f64, from: Limits, to: Limits) -> f64 {
    if from == to {
        return value;
    }
    let scale = (to.vmax - to.vmin) / (from.vmax - from.vmin);
    // A table of one value has no width.
    let scale = if scale.is_finite() { scale } else { 0.0 };
    to.vmin + (value - from.vmin) * scale
}

/// Segments that run over `from`, where they are to run over `to`.
pub(super) fn stretched(segments: &[Segment], from: Limits, to: Limits) -> Vec<Segment> {
    let moved = |value| moved(value, from, to);
    segments.iter().map(|s| Segment { low: moved(s.low), high: moved(s.high), ..*s }).collect()
}

/// Both halves by themselves, with zero at zero; where the limits are on one side of zero, that half alone.
/// As GMT does it.
fn hinged(segments: &[Segment], limits: Limits) -> Vec<Segment> {
    let hinge = segments.partition_point(|segment| segment.low < 0.0);
    let (below, above) = segments.split_at(hinge);
    let half =
        |half: &[Segment], vmin: f64, vmax: f64| stretched(half, ends(half), Limits { vmin, vmax });
    match limits {
        Limits { vmin, vmax } if vmin >= 0.0 => half(above, vmin, vmax),
        Limits { vmin, vmax } if vmax <= 0.0 => half(below, vmin, vmax),
        Limits { vmin, vmax } => {
            let mut all = half(below, vmin, 0.0);
            all.extend(half(above, 0.0, vmax));
            all
        }
    }
}

/// Red, green and blue from 0 to 1 of a hue in degrees, saturation and value.
pub(super) fn hsv_to_rgb([h, s, v]: [f64; 3]) -> [f64; 3] {
    if s == 0.0 {
        return [v; 3];
    }
    let sector = h.rem_euclid(360.0) / 60.0;
    let fraction = sector - sector.floor();
    let p = v * (1.0 - s);
    let q = v * (1.0 - s * fraction);
    let t = v * (1.0 - s * (1.0 - fraction));
    let rgb = match sector as u8 {
        0 => [v, t, p],
        1 => [q, v, p],
        2 => [p, v, t],
        3 => [p, q, v],
        4 => [t, p, v],
        _ => [v, p, q],
    };
    rgb.map(|level| level.max(0.0))
}

/// Hue in degrees, saturation and value of red, green and blue from 0 to 1.
pub(super) fn rgb_to_hsv([r, g, b]: [f64; 3]) -> [f64; 3] {
    let (least, most) = (r.min(g).min(b), r.max(g).max(b));
    let range = most - least;
    if range == 0.0 {
        return [0.0, 0.0, most];
    }
    let hue = if most == r {
        60.0 * (g - b) / range
    } else if most == g {
        120.0 + 60.0 * (b - r) / range
    } else {
        240.0 + 60.0 * (r - g) / range
    };
    [if hue < 0.0 { hue + 360.0 } else { hue }, range / most, most]
}
