//! What a point is drawn as: a square or a disk of pixels around its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// The form of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Shape {
    /// All pixels at most R columns and R rows away: (2R+1)² of them.
    Square,
    /// The pixels whose centres are at most R + 0.5 away, as datashader has it. For R = 1 that is the square.
    #[default]
    Circle,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Square, Self::Circle];

    /// The name: `square` or `circle`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Square => "square",
            Self::Circle => "circle",
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Shape {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let shape = Self::ALL.into_iter().find(|shape| shape.name() == text);
        shape.ok_or_else(|| Error::MarkerShape { text: text.to_owned() })
    }
}

/// What every point is grown to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    /// How many pixels it reaches to each side of the point's own, at most [`Marker::MAX_RADIUS`]; 0 leaves
    /// a point as it is.
    pub radius: u32,
    /// Its form.
    pub shape: Shape,
}

impl Marker {
    /// The largest radius, in pixels.
    pub const MAX_RADIUS: u32 = 200;

    /// Checks the radius.
    ///
    /// # Errors
    /// If it is above [`Marker::MAX_RADIUS`].
    pub fn check(self) -> Result<(), Error> {
        if self.radius <= Self::MAX_RADIUS {
            return Ok(());
        }
        let expected = "a radius of 0 to 200 pixels";
        Err(Error::OutOfRange { name: "spread", expected, value: self.radius.into() })
    }

    /// How many pixels it covers.
    pub fn pixels(self) -> u64 {
        let (first, others) = (self.height(0), 1..=self.reach());
        let column = |height: usize| 2 * height as u64 + 1;
        column(first) + 2 * others.map(|d| column(self.height(d))).sum::<u64>()
    }

    /// Whether no pixel of the grid can hold more points than 32-bit floats count exactly (2²⁴), so that a
    /// page of counts may stay in 32 bits. Of the grid this asks for nothing but the number of its `points`
    /// and the `largest` count of a cell; where one is not known, infinity does.
    ///
    /// ```
    /// use pointillist_colorize::spread::{Marker, Shape};
    ///
    /// let marker = Marker { radius: 1, shape: Shape::Square };
    /// assert!(marker.counts_fit_f32(16_777_216.0, f64::INFINITY));
    /// assert!(marker.counts_fit_f32(1e9, 1_864_135.0));
    /// assert!(!marker.counts_fit_f32(1e9, 1_864_136.0));
    /// ```
    pub fn counts_fit_f32(self, points: f64, largest: f64) -> bool {
        points.min(largest * self.pixels() as f64) <= EXACT_IN_F32
    }

    /// The radius as a length.
    pub(super) fn reach(self) -> usize {
        self.radius as usize
    }

    /// How many rows the marker reaches up and down in the columns that are `distance` away from the
    /// point's.
    pub(super) fn height(self, distance: usize) -> usize {
        match self.shape {
            Shape::Square => self.reach(),
            // Below sqrt(dx² + dy²) <= R + 0.5 stand whole numbers, which are at most R² + R + 1/4.
            Shape::Circle => {
                let r = self.reach();
                (r * r + r - distance * distance).isqrt()
            }
        }
    }
}

/// Whole numbers up to this one, 2²⁴, are 32-bit floats, and so are all sums on the way to it.
pub(super) const EXACT_IN_F32: f64 = 16_777_216.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_the_mask_of_datashader() {
        for radius in 0..=Marker::MAX_RADIUS {
            let marker = Marker { radius, shape: Shape::Circle };
            let r = i64::from(radius);
            let mut pixels = 0;
            for dx in 0..=r {
                let covers = |dy: i64| ((dx * dx + dy * dy) as f64).sqrt() <= r as f64 + 0.5;
                let height = (0..=r).rev().find(|&dy| covers(dy)).unwrap();
                assert_eq!(marker.height(dx as usize), height as usize, "{radius} {dx}");
                pixels += (if dx == 0 { 1 } else { 2 }) * (2 * height as u64 + 1);
            }
            assert_eq!(marker.pixels(), pixels);
            assert_eq!(
                Marker { shape: Shape::Square, ..marker }.pixels(),
                (2 * u64::from(radius) + 1).pow(2)
            );
        }
    }

    #[test]
    fn shapes_are_read_by_their_names() {
        for shape in Shape::ALL {
            assert_eq!(shape.to_string().parse::<Shape>().unwrap(), shape);
            assert_eq!(serde_json::to_string(&shape).unwrap(), format!("\"{shape}\""));
        }
        let error = "disc".parse::<Shape>().unwrap_err();
        assert!(error.is_usage());
        assert_eq!(error.to_string(), "\"disc\" is not a marker: expected square or circle");
    }

    #[test]
    fn a_marker_comes_back_from_its_record() {
        let marker = Marker { radius: 7, shape: Shape::Square };
        let record = serde_json::to_string(&marker).unwrap();
        assert_eq!(record, r#"{"radius":7,"shape":"square"}"#);
        assert_eq!(serde_json::from_str::<Marker>(&record).unwrap(), marker);
        assert!(serde_json::from_str::<Marker>(r#"{"radius":7,"shape":"disc"}"#).is_err());
        assert!(serde_json::from_str::<Marker>(r#"{"radius":-1,"shape":"circle"}"#).is_err());
    }

    #[test]
    fn a_radius_beyond_200_pixels_is_refused() {
        let marker = |radius| Marker { radius, shape: Shape::Circle };
        assert!(marker(200).check().is_ok());
        let error = marker(201).check().unwrap_err();
        assert!(error.is_usage());
        assert_eq!(error.to_string(), "spread must be a radius of 0 to 200 pixels, not 201");
    }
}
