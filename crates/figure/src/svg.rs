//! Writes the elements of an SVG. Coordinates are pixels, and y goes down.

use std::fmt::Write;

use pointillist_colorize::Color;

use crate::layout::PixelArea;

/// The part of a text that is left, in the middle or right of its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// What is written: letters, or letters and a superscript behind them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) superscript: Option<Superscript>,
}

/// A smaller text behind another one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Superscript {
    pub(crate) text: String,
    pub(crate) size: f64,
    /// How far above the baseline, and how far behind.
    pub(crate) rise: f64,
    pub(crate) gap: f64,
}

impl From<&str> for Words {
    fn from(text: &str) -> Words {
        Words { text: text.to_owned(), superscript: None }
    }
}

/// Elements, in the order in which they are drawn.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    elements: String,
}

impl Svg {
    pub(crate) fn elements(&self) -> &str {
        &self.elements
    }

    fn element(&mut self, name: &str, attributes: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.elements, "<{name} {attributes}/>");
    }

    /// A rectangle of whole pixels, without soft edges.
    pub(crate) fn rectangle(&mut self, [left, top, width, height]: [f64; 4], color: Color) {
        let (left, top, width, height) = (number(left), number(top), number(width), number(height));
        self.element(
            "rect",
            format_args!(
                r#"x="{left}" y="{top}" width="{width}" height="{height}" {} shape-rendering="crispEdges""#,
                paint("fill", color)
            ),
        );
    }

    /// A picture, a PNG in base64, pixel for pixel.
    pub(crate) fn image(&mut self, at: PixelArea, base64: &str) {
        let PixelArea { left, top, width, height } = at;
        // One of the two is for browsers, the other for those who follow SVG 1.1.
        let _ = writeln!(
            self.elements,
            "<image x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" \
             image-rendering=\"optimizeSpeed\" style=\"image-rendering: pixelated\" \
             xlink:href=\"data:image/png;base64,{base64}\"/>"
        );
    }

    /// A line through these points; closed it ends where it begins. Corners are sharp and ends are cut, as in matplotlib.
    pub(crate) fn line(&mut self, points: &[(f64, f64)], closed: bool, width: f64, color: Color) {
        let (path, width) = (path(points, closed), number(width));
        self.element(
            "path",
            format_args!(
                r#"d="{path}" fill="none" {} stroke-width="{width}""#,
                paint("stroke", color)
            ),
        );
    }

    /// The inside of these points.
    pub(crate) fn polygon(&mut self, points: &[(f64, f64)], color: Color) {
        let path = path(points, true);
        self.element("path", format_args!(r#"d="{path}" {}"#, paint("fill", color)));
    }

    /// A text at its baseline; `upwards` it is turned by a right angle.
    pub(crate) fn text(
        &mut self,
        words: &Words,
        (x, y): (f64, f64),
        size: f64,
        anchor: Anchor,
        upwards: bool,
        color: Color,
    ) {
        let (x, y) = (number(x), number(y));
        let place = match upwards {
            false => format!(r#"x="{x}" y="{y}""#),
            true => format!(r#"transform="translate({x} {y}) rotate(-90)""#),
        };
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let superscript = words.superscript.as_ref().map_or_else(String::new, |above| {
            let Superscript { text, size, rise, gap } = above;
            let (size, rise, gap) = (number(*size), number(-rise), number(*gap));
            let text = escaped(text);
            format!(r#"<tspan dx="{gap}" dy="{rise}" font-size="{size}">{text}</tspan>"#)
        });
        let (size, text) = (number(size), escaped(&words.text));
        let fill = paint("fill", color);
        let _ = writeln!(
            self.elements,
            r#"<text {place} font-size="{size}" text-anchor="{anchor}" {fill}>{text}{superscript}</text>"#
        );
    }
}

/// Points as the data of a path.
fn path(points: &[(f64, f64)], closed: bool) -> String {
    let mut path = String::new();
    for (i, (x, y)) in points.iter().enumerate() {
        let command = if i == 0 { "M" } else { "L" };
        let _ = write!(path, "{command}{} {}", number(*x), number(*y));
    }
    if closed {
        path.push('Z');
    }
    path
}

/// A colour as the value of an attribute, and its opacity as another one.
fn paint(attribute: &str, Color([r, g, b, a]): Color) -> String {
    let opacity = match a {
        255 => String::new(),
        _ => format!(r#" {attribute}-opacity="{}""#, number(f64::from(a) / 255.0)),
    };
    format!(r##"{attribute}="#{r:02x}{g:02x}{b:02x}"{opacity}"##)
}

/// A number with up to four decimals.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A text without the characters that mean something in XML, or may not stand there.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.5, 80.0, -0.00001, 1e6 / 3.0].map(number), ["0.5", "80", "0", "333333.3333"]);
    }

    #[test]
    fn a_text_is_no_markup() {
        let mut svg = Svg::default();
        let words = Words::from("</text><script>&\u{ffff}");
        svg.text(&words, (1.0, 2.0), 10.0, Anchor::Middle, true, Color([0, 0, 0, 128]));
        let expected = "<text transform=\"translate(1 2) rotate(-90)\" font-size=\"10\" text-anchor=\"middle\" \
                        fill=\"#000000\" fill-opacity=\"0.502\">&lt;/text&gt;&lt;script&gt;&amp;\u{fffd}</text>\n";
        assert_eq!(svg.elements(), expected);
    }
}
