//! Draws lines and texts where matplotlib's Agg would: on whole pixels.

use pointillist_colorize::Color;
use pointillist_colorize::ticks::{Label, Tick};

use crate::layout::{Area, Layout};
use crate::svg::{Anchor, Superscript, Svg, Words};
use crate::text::Font;

/// Sizes and widths of matplotlib's default style, in points.
pub(crate) const LABEL_SIZE: f64 = 10.0;
pub(crate) const TITLE_SIZE: f64 = 12.0;
pub(crate) const FRAME: f64 = 0.8;
pub(crate) const LABEL_PAD: f64 = 4.0;
pub(crate) const OFFSET_PAD: f64 = 3.0;
/// The distance of further lines is so much more than the height of the font (its line gap).
const LINE_GAP: f64 = 0.2;

/// A superscript in mathtext: its size and how far it rises, as shares of the size, and the gap before it.
const SUPER_SIZE: f64 = 0.7;
const SUPER_RISE: f64 = 0.413;
const SUPER_GAP: f64 = 0.0096;
/// What mathtext leaves free behind a superscript.
const SUPER_SPACE: f64 = 0.0274;

/// The cross with as much room around it as an operator has there.
const TIMES: &str = "\u{2009}\u{d7}\u{2009}";

/// Length, width and distance to the label of a tick, in points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) length: f64,
    pub(crate) width: f64,
    pub(crate) pad: f64,
}

impl Mark {
    pub(crate) fn of(tick: &Tick) -> Mark {
        match tick.minor {
            false => Mark { length: 3.5, width: 0.8, pad: 3.5 },
            true => Mark { length: 2.0, width: 0.6, pad: 3.4 },
        }
    }
}

/// A drawing in the making. Positions are pixels, and y goes up, as in [`Layout`].
pub(crate) struct Painter<'a> {
    pub(crate) svg: Svg,
    pub(crate) layout: &'a Layout,
    pub(crate) font: Font,
    pub(crate) ink: Color,
}

impl<'a> Painter<'a> {
    pub(crate) fn new(layout: &'a Layout, ink: Color) -> Self {
        Painter { svg: Svg::default(), layout, font: Font::new(), ink }
    }

    pub(crate) fn px(&self, points: f64) -> f64 {
        self.layout.points(points)
    }

    /// A height above the lower edge as a depth below the upper one.
    pub(crate) fn down(&self, y: f64) -> f64 {
        self.layout.height as f64 - y
    }

    /// The edges of an area as the middle of lines of `width` points: left, right, upper, lower, with y going
    /// down.
    pub(crate) fn edges(&self, area: Area, width: f64) -> [f64; 4] {
        [area.left, area.right, self.down(area.top), self.down(area.bottom)]
            .map(|edge| snapped(edge, self.px(width)))
    }

    pub(crate) fn frame(&mut self, area: Area) {
        let [left, right, top, bottom] = self.edges(area, FRAME);
        let corners = [(left, bottom), (right, bottom), (right, top), (left, top)];
        let width = self.px(FRAME);
        self.svg.line(&corners, true, width, self.ink);
    }

    /// A tick that goes down from `y` at `x`.
    pub(crate) fn tick_down(&mut self, x: f64, y: f64, mark: Mark) {
        let (width, length) = (self.px(mark.width), self.px(mark.length));
        let (x, y) = (snapped(x, width), snapped(self.down(y), width));
        self.svg.line(&[(x, y), (x, y + (length + 0.5).floor())], false, width, self.ink);
    }

    /// A tick that goes from `x` at `y` to the right, or to the left where `sign` is -1.
    pub(crate) fn tick_beside(&mut self, x: f64, y: f64, sign: f64, mark: Mark) {
        let (width, length) = (self.px(mark.width), self.px(mark.length));
        let (x, y) = (snapped(x, width), snapped(self.down(y), width));
        let end = x + (sign * length + 0.5).floor();
        self.svg.line(&[(x, y), (end, y)], false, width, self.ink);
    }

    /// Words in one line, at the baseline `y`, which is moved to whole pixels.
    pub(crate) fn words(&mut self, words: &Words, (x, y): (f64, f64), size: f64, anchor: Anchor) {
        let place = (x, self.down(y).round());
        self.svg.text(words, place, self.px(size), anchor, false, self.ink);
    }

    /// The label of a tick whose middle is at `y`.
    pub(crate) fn tick_label(&mut self, label: &Label, (x, y): (f64, f64), anchor: Anchor) {
        let size = self.px(LABEL_SIZE);
        if let Some(words) = words(label, size) {
            let ascent = self.label_ascent(&words, size);
            self.words(&words, (x, y - ascent / 2.0), LABEL_SIZE, anchor);
        }
    }

    fn label_ascent(&self, words: &Words, size: f64) -> f64 {
        let plain = self.font.ascent(&words.text, size);
        // Mathtext takes up whole pixels.
        let raised = words.superscript.as_ref().map(|above| {
            let digits = above.text.replace('\u{2212}', "");
            (above.rise + self.font.ink_ascent(&digits, above.size)).ceil()
        });
        plain.max(raised.unwrap_or(0.0))
    }

    /// How wide the label of a tick is, in whole pixels.
    pub(crate) fn label_width(&self, label: &Label) -> f64 {
        let size = self.px(LABEL_SIZE);
        let Some(words) = words(label, size) else { return 0.0 };
        let plain = self.font.width(&words.text, size);
        match words.superscript {
            Some(above) => {
                let gaps = above.gap + SUPER_SPACE * size;
                (plain + gaps + self.font.width(&above.text, above.size)).ceil()
            }
            None => plain.round(),
        }
    }

    /// What lines of text have above their first baseline, between baselines, and below the last one.
    fn block(&self, lines: &[String], size: f64) -> (f64, f64, f64) {
        let size = self.px(size);
        let gap = if lines.len() > 1 { LINE_GAP * size } else { 0.0 };
        let first = lines.first().map_or("", String::as_str);
        let last = lines.last().map_or("", String::as_str);
        let pitch = self.font.ascent("", size) + self.font.descent("", size) + gap;
        let above = self.font.ascent(first, size) + gap / 2.0;
        (above, pitch, self.font.descent(last, size) + gap / 2.0)
    }

    /// Lines in the middle of `x`, all of them below `top`.
    pub(crate) fn below(&mut self, lines: &[String], x: f64, top: f64) {
        let (above, pitch, _) = self.block(lines, LABEL_SIZE);
        for (i, line) in lines.iter().enumerate() {
            let y = top - above - i as f64 * pitch;
            self.words(&line.as_str().into(), (x, y), LABEL_SIZE, Anchor::Middle);
        }
    }

    /// Lines in the middle of `x`, the last of which has its baseline at `y`.
    pub(crate) fn title(&mut self, lines: &[String], x: f64, y: f64) {
        let (_, pitch, _) = self.block(lines, TITLE_SIZE);
        for (i, line) in lines.iter().rev().enumerate() {
            let y = y + i as f64 * pitch;
            self.words(&line.as_str().into(), (x, y), TITLE_SIZE, Anchor::Middle);
        }
    }

    /// Lines that run upwards in the middle of `y`, all of them to the left of `x`.
    pub(crate) fn left_of(&mut self, lines: &[String], x: f64, y: f64) {
        let (_, pitch, below) = self.block(lines, LABEL_SIZE);
        let last = lines.len().saturating_sub(1) as f64;
        let first = x - below - last * pitch;
        self.upwards(lines, first, pitch, y);
    }

    /// Lines that run upwards in the middle of `y`, all of them to the right of `x`.
    pub(crate) fn right_of(&mut self, lines: &[String], x: f64, y: f64) {
        let (above, pitch, _) = self.block(lines, LABEL_SIZE);
        self.upwards(lines, x + above, pitch, y);
    }

    fn upwards(&mut self, lines: &[String], first: f64, pitch: f64, y: f64) {
        let (size, y) = (self.px(LABEL_SIZE), self.down(y));
        for (i, line) in lines.iter().enumerate() {
            let place = ((first + i as f64 * pitch).round(), y);
            self.svg.text(&line.as_str().into(), place, size, Anchor::Middle, true, self.ink);
        }
    }
}

/// The middle of a line of this width, in pixels, where it is sharp: Agg's snapping.
pub(crate) fn snapped(at: f64, width: f64) -> f64 {
    let odd = width.round() % 2.0 == 1.0;
    (at + 0.5).floor() + if odd { 0.5 } else { 0.0 }
}

/// A label with its superscript, for letters of `size` pixels; none where nothing is written.
fn words(label: &Label, size: f64) -> Option<Words> {
    let sign = |negative: bool| if negative { "\u{2212}" } else { "" };
    match label {
        Label::None => None,
        Label::Text(text) => Some(text.as_str().into()),
        Label::Power { negative, mantissa, exponent } => {
            let times = mantissa.as_ref().map_or_else(String::new, |m| format!("{m}{TIMES}"));
            Some(Words {
                text: format!("{}{times}10", sign(*negative)),
                superscript: Some(Superscript {
                    text: format!("{}{}", sign(*exponent < 0), exponent.unsigned_abs()),
                    size: SUPER_SIZE * size,
                    rise: SUPER_RISE * size,
                    gap: SUPER_GAP * size,
                }),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_in_the_middle_of_pixels_or_between_them() {
        assert_eq!(
            [snapped(476.8, 1.11), snapped(57.5, 0.83), snapped(57.49, 2.2)],
            [477.5, 58.5, 57.0]
        );
    }

    #[test]
    fn powers_are_as_wide_and_high_as_in_mathtext() {
        let layout = Layout::new((6.4, 4.8), 100.0, false).unwrap();
        let painter = Painter::new(&layout, Color([0, 0, 0, 255]));
        let power = |negative, mantissa: Option<&str>, exponent| Label::Power {
            negative,
            mantissa: mantissa.map(str::to_owned),
            exponent,
        };
        // What `MathTextParser("path")` says of `$\mathdefault{10^{3}}$` and the others.
        assert_eq!(painter.label_width(&power(false, None, 3)), 25.0);
        assert_eq!(painter.label_width(&power(true, Some("2"), -3)), 71.0);
        let words = words(&power(false, Some("2"), 5), painter.px(10.0)).unwrap();
        assert_eq!(words.text, format!("2{TIMES}10"));
        assert_eq!(painter.label_ascent(&words, painter.px(10.0)), 13.0);
    }
}
