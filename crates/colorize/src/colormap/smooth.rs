//! Colours that are interpolated for every value, as datashader's `shade` takes a list of colours.
//!
//! Its `_interpolate` has the knots at `linspace` over what the norm's function makes of the limits, and gives
//! each value what `numpy.interp` finds there for each channel, truncated. A table of entries would be a
//! level off between few colours, and as much as neighbours are apart where there are many.

use super::gradient::Fitted;
use super::list::linspace;
use crate::steps::{Piece, TooManyColors, steps};
use crate::{Color, Error, Limits, Norm, Scale};

/// A list of colours with what is between them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Smooth {
    /// At least two, as [`list::stops`](super::list::stops) has them.
    stops: Vec<(f64, Color)>,
}

impl Smooth {
    /// # Errors
    /// [`Error::TooManyColors`].
    pub(super) fn new(stops: Vec<(f64, Color)>) -> Result<Smooth, Error> {
        let smooth = Smooth { stops };
        // How many colours there are hardly depends on the limits.
        smooth.fit(Scale::new(Norm::Linear, Limits { vmin: 0.0, vmax: 1.0 })?)?;
        Ok(smooth)
    }

    /// The scale that finds the entries of values, and their colours.
    ///
    /// # Errors
    /// [`Error::TooManyColors`].
    pub(super) fn fit(&self, scale: Scale) -> Result<Fitted, Error> {
        let (scale, ends) = scale.undivided();
        let (steps, colors) =
            steps(&self.pieces(ends), false).map_err(|TooManyColors| Error::TooManyColors)?;
        let (under, over) = (self.stops[0].1, self.last().1);
        Ok(Fitted { scale: scale.with_steps(steps), colors, under, over })
    }

    /// So many colours at equal distances, in the middle of equal parts.
    pub(super) fn colors(&self, number: usize) -> Vec<Color> {
        let pieces = self.pieces([0.0, 1.0]);
        let color = |i: usize| {
            let x = (i as f64 + 0.5) / number as f64;
            pieces[pieces.partition_point(|piece| piece.high <= x)].color(x)
        };
        (0..number).map(color).collect()
    }

    fn last(&self) -> (f64, Color) {
        self.stops[self.stops.len() - 1]
    }

    /// The pieces between two numbers; at the second one there is nothing but the last colour, and where both
    /// are the same, nothing else.
    fn pieces(&self, [low, high]: [f64; 2]) -> Vec<Between> {
        let (end, color) = self.last();
        let at = |position| linspace(position, end, [low, high]);
        let mut pieces: Vec<Between> = self
            .stops
            .windows(2)
            .map(|pair| Between {
                low: at(pair[0].0),
                high: at(pair[1].0),
                from: pair[0].1,
                to: pair[1].1,
            })
            .filter(|piece| piece.low < piece.high)
            .collect();
        pieces.push(Between { low: high, high, from: color, to: color });
        pieces
    }
}

/// What lies between two knots.
struct Between {
    low: f64,
    high: f64,
    from: Color,
    to: Color,
}

impl Piece for Between {
    fn low(&self) -> f64 {
        self.low
    }

    fn high(&self) -> f64 {
        self.high
    }

    /// In the operations of `numpy.interp`.
    fn color(&self, x: f64) -> Color {
        if x == self.low {
            return self.from;
        }
        let level = |i: usize| {
            let (from, to) = (f64::from(self.from.0[i]), f64::from(self.to.0[i]));
            let slope = (to - from) / (self.high - self.low);
            (slope * (x - self.low) + from) as u8
        };
        Color([level(0), level(1), level(2), level(3)])
    }

    fn parts(&self) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use crate::{Color, Colormap, Norm, Options, Paint, colorize};
    use pointillist_base::OwnedValues;
    use pointillist_bin2d::Page;
    use proptest::prelude::*;

    fn pixels(map: &str, norm: Norm, limits: Option<(f64, f64)>, values: &[f64]) -> Vec<[u8; 4]> {
        let (vmin, vmax) = limits.unzip();
        let paint = Paint::Colormap(map.parse().unwrap());
        let options = Options { norm: Some(norm), vmin, vmax, paint, ..Options::default() };
        let page = Page { name: "mean".to_owned(), values: OwnedValues::F64(values.to_vec()) };
        colorize(&page, None, values.len(), 1, &options).unwrap().rgba.as_chunks().0.to_vec()
    }

    /// `numpy.interp` between the knots for one value above the lower limit, where `high` is the upper one.
    fn interpolated(colors: &[[u8; 4]], high: f64, x: f64) -> [u8; 4] {
        let last = colors.len() - 1;
        let knot = |i: usize| if i == last { high } else { i as f64 * (high / last as f64) };
        let i = (0..=last).rev().find(|&i| knot(i) <= x).unwrap();
        std::array::from_fn(|channel| {
            let level = |i: usize| f64::from(colors[i][channel]);
            if i == last || knot(i) == x {
                return level(i) as u8;
            }
            let slope = (level(i + 1) - level(i)) / (knot(i + 1) - knot(i));
            (slope * (x - knot(i)) + level(i)) as u8
        })
    }

    #[test]
    fn a_channel_turns_at_its_knot_and_levels_are_truncated() {
        let values = [0.0, 1.0, 49.0, 50.0, 51.0, 99.0, 100.0, -1.0, 101.0];
        let found = pixels("smooth:#000,#0f0,#000", Norm::Linear, Some((0.0, 100.0)), &values);
        let green = [0, 5, 249, 255, 249, 5, 0, 0, 0];
        assert_eq!(found, green.map(|g| [0, g, 0, 255]));
        let found = pixels("smooth:#000@0,#0f0@0.5,#f00@0.5,#fff0@1", Norm::Linear, None, &values);
        assert_eq!(found[2..5], [[0, 250, 0, 255], [255, 0, 0, 255], [255, 5, 5, 250]]);
        assert_eq!(found[8], [255, 255, 255, 0]);
    }

    #[test]
    fn equal_values_have_the_last_color_as_in_datashader() {
        for norm in [Norm::Linear, Norm::Log, Norm::Log1p, Norm::Cbrt, Norm::Sqrt, Norm::EqHist] {
            let found = pixels("smooth:#000,#fff,#00f", norm, None, &[7.0, 7.0, f64::NAN]);
            assert_eq!(found, [[0, 0, 255, 255], [0, 0, 255, 255], [0; 4]], "{norm}");
        }
        let found = pixels("smooth:#000,#00f", Norm::Linear, Some((5.0, 5.0)), &[4.0, 5.0, 6.0]);
        assert_eq!(found, [[0, 0, 255, 255]; 3]);
    }

    #[test]
    fn every_named_map_can_be_smooth_in_both_directions() {
        for name in Colormap::names() {
            for name in [name.to_owned(), format!("{name}_r")] {
                let table: Colormap = name.parse().unwrap();
                let table = table.table().unwrap();
                let smooth: Colormap = format!("smooth:{name}").parse().unwrap();
                // The knots are the entries of the table.
                let knots: Vec<f64> = (0..table.len()).map(|i| i as f64).collect();
                let found = pixels(smooth.name(), Norm::Linear, None, &knots);
                assert!(found.iter().zip(table).all(|(found, Color(entry))| found == entry));
            }
        }
    }

    #[test]
    fn a_smooth_map_is_recorded_as_its_text_and_misspelt_ones_are_answered() {
        for text in ["smooth:fire_r", "smooth:#000, #f80,#fff", "smooth:#000@0,#f80@0.3,#fff8@1"] {
            let map: Colormap = text.parse().unwrap();
            assert_eq!(
                (map.to_string().parse::<Colormap>().unwrap(), map.name()),
                (map.clone(), text)
            );
            assert!(map.table().is_none() && map.data_range().is_none() && !map.is_of_values());
        }
        for (text, part) in [
            ("smooth:virdis_r", "named \"smooth:virdis_r\", did you mean smooth:viridis_r"),
            ("smooth:", "named \"smooth:\"; a list"),
            ("smooth:#000", "named \"smooth:#000\"; a list"),
            ("smooth:#000,#12345", "\"#12345\" is not a color"),
            ("smooth:#000@0,#fff@0.9", "the last position must be 1"),
        ] {
            let error = text.parse::<Colormap>().unwrap_err();
            assert!(error.is_usage() && error.to_string().contains(part), "{error}");
        }
        assert!(format!("smooth:{}", vec!["#000"; 257].join(",")).parse::<Colormap>().is_err());
        let wild: Vec<&str> =
            (0..256).map(|i| if i % 2 == 0 { "#000" } else { "#ff8040" }).collect();
        let error = format!("smooth:{}", wild.join(",")).parse::<Colormap>().unwrap_err();
        assert!(error.to_string().contains("changes of color"), "{error}");
    }

    #[test]
    fn a_swatch_has_the_colors_between_the_ends() {
        let map: Colormap = "smooth:#000,#fff".parse().unwrap();
        assert_eq!(map.colors(2), [Color([63, 63, 63, 255]), Color([191, 191, 191, 255])]);
        let map: Colormap = "smooth:fire".parse().unwrap();
        assert_eq!(map.colors(256).len(), 256);
    }

    #[test]
    fn entries_that_are_looked_up_are_those_of_the_values() {
        let few: Vec<f32> = (0..512u32).map(|i| (i * i % 911) as f32).collect();
        let wide: Vec<f64> = few.iter().map(|value| f64::from(*value)).collect();
        for norm in [Norm::Linear, Norm::Log1p, Norm::Cbrt, Norm::EqHist] {
            let expected = pixels("smooth:fire", norm, None, &wide);
            let paint = Paint::Colormap("smooth:fire".parse().unwrap());
            let options = Options { norm: Some(norm), paint, ..Options::default() };
            let values = OwnedValues::F32(few.repeat(600));
            let page = Page { name: "mean".to_owned(), values };
            let found = colorize(&page, None, few.len(), 600, &options).unwrap().rgba;
            assert!(
                found.chunks(4 * few.len()).all(|row| row == expected.as_flattened()),
                "{norm}"
            );
        }
    }

    proptest! {
        #[test]
        fn pixels_are_those_that_interpolating_every_value_gives(
            colors in prop::collection::vec(any::<[u8; 4]>(), 2..7),
            values in prop::collection::vec(0.0..1e4f64, 2..300),
            whole: bool,
            norm in prop_oneof![Just(Norm::Linear), Just(Norm::Log1p), Just(Norm::Cbrt)],
            limits in prop::option::of((0.0..100.0f64, 200.0..8000.0f64)),
        ) {
            let values: Vec<f64> =
                values.iter().map(|value| if whole { value.floor() } else { *value }).collect();
            let list: Vec<String> = colors.iter().map(|color| Color(*color).to_string()).collect();
            let (vmin, vmax) = limits.unwrap_or((
                values.iter().copied().fold(f64::INFINITY, f64::min),
                values.iter().copied().fold(0.0, f64::max),
            ));
            let found = pixels(&format!("smooth:{}", list.join(",")), norm, limits, &values);
            let function = |distance: f64| match norm {
                Norm::Log1p => distance.ln_1p(),
                Norm::Cbrt => distance.powf(1.0 / 3.0),
                _ => distance,
            };
            for (value, found) in values.iter().zip(found) {
                let x = function(value.clamp(vmin, vmax) - vmin);
                prop_assert_eq!(found, interpolated(&colors, function(vmax - vmin), x), "{}", value);
            }
        }
    }
}
