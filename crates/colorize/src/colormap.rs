//! Positions in [0, 1] to colours, byte for byte as matplotlib's `Colormap.__call__(…, bytes=True)` has it.
//!
//! Named maps are tables, taken over from matplotlib and colorcet. Lists of colours are interpolated to 256
//! entries as matplotlib's `LinearSegmentedColormap.from_list` does it.

use std::fmt;
use std::str::FromStr;

use crate::color::Color;
use crate::sample::Sample;
use crate::{Error, tables};

/// How many entries a list of colours is interpolated to.
const INTERPOLATED: usize = 256;

/// A table of colours, with the colours of what lies below, above or nowhere.
///
/// Read from `NAME`, `NAME_r` (reversed) or two or more colours `#hex,#hex,…` that stand at equal distances,
/// and printed and serialized as this text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Colormap {
    name: String,
    table: Vec<Color>,
}

impl Colormap {
    /// The names of all maps, in alphabetical order whatever the case. Each can be reversed by `_r`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        tables::names()
    }

    /// The text it was made from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The colours from position 0 to position 1; 256 of them, more in the cyclic maps, less in the
    /// qualitative ones.
    pub fn table(&self) -> &[Color] {
        &self.table
    }

    /// The colour below position 0: the first one.
    pub fn under(&self) -> Color {
        self.table[0]
    }

    /// The colour above position 1: the last one.
    pub fn over(&self) -> Color {
        self.table[self.table.len() - 1]
    }

    /// The colour of a value that has no position: none.
    pub fn bad(&self) -> Color {
        Color::TRANSPARENT
    }

    fn between(name: &str, colors: &[Color]) -> Colormap {
        let channel = |i: usize| interpolate(colors.iter().map(|Color(bytes)| bytes[i]));
        let [r, g, b, a] = [channel(0), channel(1), channel(2), channel(3)];
        let table = (0..INTERPOLATED).map(|i| Color([r[i], g[i], b[i], a[i]])).collect();
        Colormap { name: name.to_owned(), table }
    }
}

/// One channel of `LinearSegmentedColormap.from_list`, operation by operation: `numpy.linspace` multiplies by
/// its rounded step, `searchsorted` looks to the left, and the bytes are truncated.
fn interpolate(bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    let levels: Vec<f64> = bytes.map(|byte| f64::from(byte) / 255.0).collect();
    let last = levels.len() - 1;
    let scale = (INTERPOLATED - 1) as f64;
    let linspace = |i: usize, last: usize| {
        if i == last { 1.0 } else { i as f64 * (1.0 / last as f64) }
    };
    let knots: Vec<f64> = (0..=last).map(|i| linspace(i, last) * scale).collect();
    let level = |i: usize| {
        if i == 0 {
            return levels[0];
        }
        if i == INTERPOLATED - 1 {
            return levels[last];
        }
        let x = scale * linspace(i, INTERPOLATED - 1);
        let right = knots.partition_point(|knot| *knot < x);
        let distance = (x - knots[right - 1]) / (knots[right] - knots[right - 1]);
        distance * (levels[right] - levels[right - 1]) + levels[right - 1]
    };
    (0..INTERPOLATED).map(|i| (level(i).clamp(0.0, 1.0) * 255.0) as u8).collect()
}

/// The entry of a table of `entries` colours for a position; beyond the table stand, in this order, under,
/// over and bad.
///
/// The product is made in the type of the position, and position 1 belongs to the last entry.
#[inline(always)]
pub(crate) fn entry<T: Sample>(position: T, entries: u16) -> u16 {
    let n = T::narrow(f64::from(entries));
    let x = position * n;
    let inside = if x == n { entries - 1 } else { x.truncated() as u16 };
    let outside = if x > n { entries + 1 } else { entries + 2 };
    let outside = if x < T::ZERO { entries } else { outside };
    if x >= T::ZERO && x <= n { inside } else { outside }
}

impl Default for Colormap {
    /// `viridis`.
    fn default() -> Self {
        "viridis".parse().expect("viridis is in the tables")
    }
}

impl FromStr for Colormap {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.contains(',') {
            let colors: Vec<Color> =
                text.split(',').map(|color| color.trim().parse()).collect::<Result<_, _>>()?;
            // More colours than entries would leave some of them out without a word.
            return if colors.len() <= INTERPOLATED {
                Ok(Colormap::between(text, &colors))
            } else {
                let value = colors.len() as f64;
                Err(Error::OutOfRange {
                    name: "the number of colors in a list",
                    expected: "256 at most",
                    value,
                })
            };
        }
        match tables::find(text) {
            Some(table) => {
                let table = table.into_iter().map(|[r, g, b]| Color([r, g, b, 255])).collect();
                Ok(Colormap { name: text.to_owned(), table })
            }
            None => Err(Error::Colormap { text: text.to_owned(), nearest: nearest(text) }),
        }
    }
}

/// The names that look or sound most like the text, at most three, in the direction (`_r`) of the text.
fn nearest(text: &str) -> Vec<String> {
    /// Below this, a Jaro-Winkler similarity is chance.
    const SIMILAR: f64 = 0.85;
    let lower = text.to_lowercase();
    let (base, suffix) = match lower.strip_suffix("_r") {
        Some(base) => (base, "_r"),
        None => (lower.as_str(), ""),
    };
    let mut names: Vec<(f64, &str)> = tables::names()
        .map(|name| (strsim::jaro_winkler(base, &name.to_lowercase()), name))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .collect();
    // A stable sort: names that are equally near stay in alphabetical order.
    names.sort_by(|a, b| b.0.total_cmp(&a.0));
    if names.first().is_some_and(|(similarity, _)| *similarity == 1.0) {
        names.truncate(1);
    }
    names.iter().take(3).map(|(_, name)| format!("{name}{suffix}")).collect()
}

impl fmt::Display for Colormap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::naive;

    #[test]
    fn viridis_is_truncated_and_not_rounded() {
        let viridis: Colormap = "viridis".parse().unwrap();
        assert_eq!(viridis.table().len(), 256);
        assert_eq!(viridis.under(), Color([68, 1, 84, 255]));
        assert_eq!(viridis.table()[128], Color([32, 144, 140, 255]));
        assert_eq!(viridis.over(), Color([253, 231, 36, 255]));
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_nearest_ones() {
        for (text, nearest) in [
            ("virdis", "viridis"),
            ("VIRIDIS_R", "viridis_r"),
            ("blues", "Blues"),
            ("infrno", "inferno"),
            ("Viridis", "viridis"),
        ] {
            let message = text.parse::<Colormap>().unwrap_err().to_string();
            assert!(message.contains(&format!("did you mean {nearest}")), "{message}");
        }
        let message = "zzz".parse::<Colormap>().unwrap_err().to_string();
        assert!(!message.contains("did you mean"), "{message}");
    }

    #[test]
    fn a_list_runs_from_its_first_to_its_last_color() {
        let map: Colormap = "#000, #f00,#ffff0080".parse().unwrap();
        assert_eq!(map.under(), Color([0, 0, 0, 255]));
        assert_eq!(map.over(), Color([255, 255, 0, 128]));
        assert_eq!(map.name(), "#000, #f00,#ffff0080");
        assert!("#000,".parse::<Colormap>().is_err());
        assert!("#000,#12345".parse::<Colormap>().is_err());
        assert!(vec!["#000"; 257].join(",").parse::<Colormap>().is_err());
    }

    #[test]
    fn the_ends_of_the_range_belong_to_the_table() {
        for (position, expected) in [
            (0.0, 0),
            (-0.0, 0),
            (1.0, 255),
            (f32::from_bits(1.0f32.to_bits() - 1), 255),
            (f32::from_bits(1.0f32.to_bits() + 1), 257),
            (-1e-30, 256),
            (f32::INFINITY, 257),
            (f32::NEG_INFINITY, 256),
            (f32::NAN, 258),
        ] {
            assert_eq!(entry(position, 256), expected, "{position}");
        }
    }

    proptest! {
        #[test]
        fn an_entry_is_found_as_the_naive_twin_finds_it(
            position in prop_oneof![any::<f64>(), -0.1..1.1f64],
            entries in 1u16..600,
        ) {
            prop_assert_eq!(entry(position, entries), naive::entry64(position, entries));
            prop_assert_eq!(entry(position as f32, entries), naive::entry32(position as f32, entries));
        }

        #[test]
        fn any_text_makes_a_map_or_an_error(text in ".{0,24}") {
            let _ = text.parse::<Colormap>();
        }
    }
}
