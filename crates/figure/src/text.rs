//! The font of figures, DejaVu Sans, and how much room text takes up.

use ttf_parser::Face;

use crate::Error;
use crate::error::LONGEST_LABEL;

/// See `fonts/README.md`.
pub(crate) const FONT: &[u8] = include_bytes!("../fonts/DejaVuSans-Labels.ttf");

/// Its name, and those that are tried in its place where an SVG is shown without it.
pub(crate) const FAMILIES: &str =
    "'DejaVu Sans', 'Bitstream Vera Sans', Verdana, Geneva, sans-serif";

/// The font, to measure text with.
pub(crate) struct Font(Face<'static>);

impl Font {
    pub(crate) fn new() -> Font {
        Font(Face::parse(FONT, 0).expect("the font is part of the program"))
    }

    /// Units of the font that are as long as its size.
    pub(crate) fn units_per_em(&self) -> u16 {
        self.0.units_per_em()
    }

    /// How far the next glyph is from this one.
    pub(crate) fn advance(&self, glyph: u16, size: f64) -> f64 {
        let advance = self.0.glyph_hor_advance(ttf_parser::GlyphId(glyph)).unwrap_or(0);
        self.scale(advance.into(), size)
    }

    /// What all glyphs lie in: left, lower, right and upper edge.
    pub(crate) fn bounds(&self, size: f64) -> [f64; 4] {
        let all = self.0.global_bounding_box();
        [all.x_min, all.y_min, all.x_max, all.y_max].map(|edge| self.scale(edge.into(), size))
    }

    fn scale(&self, units: i32, size: f64) -> f64 {
        f64::from(units) * size / f64::from(self.0.units_per_em())
    }

    /// How wide a text is, without kerning, which digits do not have.
    pub(crate) fn width(&self, text: &str, size: f64) -> f64 {
        let advance = |letter| {
            let glyph = self.0.glyph_index(letter).unwrap_or_default();
            i32::from(self.0.glyph_hor_advance(glyph).unwrap_or(0))
        };
        self.scale(text.chars().map(advance).sum(), size)
    }

    /// What matplotlib takes a line to reach above its baseline: as far as the font says, or its ink if that is
    /// more.
    pub(crate) fn ascent(&self, text: &str, size: f64) -> f64 {
        let least = i32::from(self.0.typographic_ascender().unwrap_or(self.0.ascender()));
        self.scale(least, size).max(self.ink_ascent(text, size))
    }

    /// What there is of ink above the baseline.
    pub(crate) fn ink_ascent(&self, text: &str, size: f64) -> f64 {
        let ink = self.boxes(text).map(|glyph| i32::from(glyph.y_max)).max();
        self.scale(ink.unwrap_or(0), size)
    }

    /// What matplotlib takes a line to reach below its baseline.
    pub(crate) fn descent(&self, text: &str, size: f64) -> f64 {
        let least = -i32::from(self.0.typographic_descender().unwrap_or(self.0.descender()));
        let ink = self.boxes(text).map(|glyph| -i32::from(glyph.y_min)).max();
        self.scale(ink.unwrap_or(0).max(least), size)
    }

    fn boxes(&self, text: &str) -> impl Iterator<Item = ttf_parser::Rect> {
        text.chars().filter_map(|letter| self.0.glyph_bounding_box(self.0.glyph_index(letter)?))
    }

    /// The first character that the font does not have.
    pub(crate) fn missing(&self, text: &str) -> Option<char> {
        text.chars().find(|letter| *letter != '\n' && self.0.glyph_index(*letter).is_none())
    }
}

/// Checks that a label can be drawn: in an SVG, or with `embedded` also with the font of PNG and PDF.
///
/// # Errors
/// [`Error::LongText`], and with `embedded` [`Error::Glyph`].
pub fn check_text(text: &str, embedded: bool) -> Result<(), Error> {
    let missing = |line: &String| Font::new().missing(line);
    match lines(text)?.iter().find_map(missing) {
        Some(character) if embedded => Err(Error::Glyph { character }),
        _ => Ok(()),
    }
}

/// The lines of a text, if it is not too long. What is no character to be drawn (controls, tabs) is a blank.
pub(crate) fn lines(text: &str) -> Result<Vec<String>, Error> {
    let len = text.chars().count();
    if len > LONGEST_LABEL {
        return Err(Error::LongText { len });
    }
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    Ok(text.trim_end().lines().map(|line| line.chars().map(plain).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_measured_as_matplotlib_measures_it() {
        // The size of 10 points at 100 dots per inch, and what `Text._get_layout` says of it.
        let (font, size) = (Font::new(), 1000.0 / 72.0);
        assert!((font.ascent("x", size) - 10.552300347222223).abs() < 1e-9);
        assert!((font.descent("x", size) - 3.336588541666667).abs() < 1e-9);
        assert!(font.ascent("Å", size) > 12.0 && font.descent("ẙ̡", size) > 3.0);
        assert!((font.width("10", size) - 17.675).abs() < 0.01);
        assert_eq!(font.width("", size), 0.0);
    }

    #[test]
    fn labels_of_science_are_in_the_font() {
        let font = Font::new();
        let text = "\u{2009}αβγΔΩµ ±×÷\u{2212}·°′″ x² 10⁻³ H₂O ħ Å ☉ ≤ ∞ √ ∂ ∫ Čeština Ümlaut Кириллица € … – — “q”";
        assert_eq!(font.missing(text), None);
        assert_eq!(font.missing("km\n漢"), Some('漢'));
    }

    #[test]
    fn a_text_is_cut_into_lines_without_controls() {
        assert_eq!(lines("a\tb\nc\u{7}d\n").unwrap(), ["a b", "c d"]);
        assert_eq!(lines(" \n").unwrap(), [""; 0]);
        assert!(lines(&"x".repeat(1001)).is_err());
    }
}
