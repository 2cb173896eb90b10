//! One colour and its spelling.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// A colour: red, green, blue and straight (not premultiplied) alpha, 8 bits each.
///
/// Read from `#rgb`, `#rgba`, `#rrggbb`, `#rrggbbaa`, `black` or `white`, printed as `#rrggbb`, or
/// `#rrggbbaa` where it is not opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Color(pub [u8; 4]);

impl Color {
    /// Nothing: what a cell without points shows.
    pub const TRANSPARENT: Color = Color([0; 4]);

    /// This colour over another one.
    ///
    /// Alpha is `a + b*(1 - a)` and each channel `(c*a + d*b*(1 - a)) / alpha`, with a and c of this colour,
    /// b and d of the one below, computed in integers and rounded to nearest. Over an opaque colour the
    /// result is opaque.
    #[inline]
    pub fn over(self, below: Color) -> Color {
        let (Color([r, g, b, a]), Color([below_r, below_g, below_b, below_a])) = (self, below);
        let upper = u32::from(a) * 255;
        let lower = u32::from(below_a) * (255 - u32::from(a));
        let alpha = upper + lower;
        if alpha == 0 {
            return Color::TRANSPARENT;
        }
        let mix = |c: u8, d: u8| {
            ((u32::from(c) * upper + u32::from(d) * lower + alpha / 2) / alpha) as u8
        };
        Color([mix(r, below_r), mix(g, below_g), mix(b, below_b), ((alpha + 127) / 255) as u8])
    }
}

impl FromStr for Color {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || Error::Color { text: text.to_owned() };
        let hex = match text {
            "black" => return Ok(Color([0, 0, 0, 255])),
            "white" => return Ok(Color([255; 4])),
            _ => text.strip_prefix('#').ok_or_else(error)?,
        };
        let digits: Vec<u8> = hex
            .chars()
            .map(|c| c.to_digit(16).map(|digit| digit as u8))
            .collect::<Option<_>>()
            .ok_or_else(error)?;
        let pair = |i: usize| digits[2 * i] * 16 + digits[2 * i + 1];
        match digits[..] {
            [r, g, b] => Ok(Color([r * 17, g * 17, b * 17, 255])),
            [r, g, b, a] => Ok(Color([r * 17, g * 17, b * 17, a * 17])),
            [_, _, _, _, _, _] => Ok(Color([pair(0), pair(1), pair(2), 255])),
            [_, _, _, _, _, _, _, _] => Ok(Color([pair(0), pair(1), pair(2), pair(3)])),
            _ => Err(error()),
        }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Color([r, g, b, a]) = self;
        write!(f, "#{r:02x}{g:02x}{b:02x}")?;
        if *a == 255 { Ok(()) } else { write!(f, "{a:02x}") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_is_read() {
        for (text, expected) in [
            ("#f80", [255, 136, 0, 255]),
            ("#f808", [255, 136, 0, 136]),
            ("#Ff8000", [255, 128, 0, 255]),
            ("#ff800040", [255, 128, 0, 64]),
            ("black", [0, 0, 0, 255]),
            ("white", [255, 255, 255, 255]),
        ] {
            assert_eq!(text.parse::<Color>().unwrap(), Color(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_spellings() {
        for text in ["", "#", "#12", "#12345", "#1234567", "ff8000", "#ggg", "#é1", "red", "#+12"]
        {
            let message = text.parse::<Color>().unwrap_err().to_string();
            assert!(message.contains("#rrggbb"), "{message}");
        }
    }

    #[test]
    fn an_opaque_background_leaves_an_opaque_picture() {
        assert_eq!(
            Color([255, 0, 0, 128]).over(Color([0, 0, 255, 255])),
            Color([128, 0, 127, 255])
        );
        assert_eq!(Color::TRANSPARENT.over(Color([1, 2, 3, 255])), Color([1, 2, 3, 255]));
        assert_eq!(Color([9, 8, 7, 255]).over(Color([1, 2, 3, 255])), Color([9, 8, 7, 255]));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(channels: [u8; 4]) {
            let color = Color(channels);
            prop_assert_eq!(color.to_string().parse::<Color>().unwrap(), color);
        }

        #[test]
        fn compositing_rounds_the_exact_result_to_nearest(upper: [u8; 4], lower: [u8; 4]) {
            let [a, b] = [upper[3], lower[3]].map(|alpha| f64::from(alpha) / 255.0);
            let alpha = a + b * (1.0 - a);
            let Color(found) = Color(upper).over(Color(lower));
            prop_assert!((f64::from(found[3]) - 255.0 * alpha).abs() < 0.5 + 1e-9);
            for i in 0..3 {
                let mixed = f64::from(upper[i]) * a + f64::from(lower[i]) * b * (1.0 - a);
                let exact = if alpha > 0.0 { mixed / alpha } else { 0.0 };
                prop_assert!((f64::from(found[i]) - exact).abs() < 0.5 + 1e-9);
            }
        }
    }
}
