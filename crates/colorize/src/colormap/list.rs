//! Lists of colours, interpolated to a table as matplotlib's `LinearSegmentedColormap.from_list` does it.

use crate::{Color, Error};

/// How many entries a list of colours is interpolated to.
const INTERPOLATED: usize = 256;

/// A list as text: `#hex,#hex,…` at equal distances, whose positions are 0, 1, 2, …, or `#hex@position,…` with
/// positions from 0 to 1. What a position means is its share of the last one.
pub(super) fn stops(text: &str) -> Result<Vec<(f64, Color)>, Error> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    // More colours than entries would leave some of them out without a word.
    if parts.len() > INTERPOLATED {
        let value = parts.len() as f64;
        let name = "the number of colors in a list";
        return Err(Error::OutOfRange { name, expected: "256 at most", value });
    }
    if !text.contains('@') {
        let color = |(i, part): (usize, &&str)| Ok((i as f64, part.parse()?));
        return parts.iter().enumerate().map(color).collect();
    }
    let mut stops = Vec::new();
    for part in parts {
        let error = |reason| Error::ColorList { part: part.to_owned(), reason };
        let (color, position) = part
            .split_once('@')
            .ok_or(error("it has no position, where others have one, as in #f80@0.3"))?;
        let position: f64 =
            position.trim().parse().map_err(|_| error("its position is not a number"))?;
        stops.push((position, color.trim().parse()?));
        check(&stops).map_err(error)?;
    }
    check_end(&stops)
        .map_err(|reason| Error::ColorList { part: text.to_owned(), reason })
        .map(|()| stops)
}

/// Whether the last stop may stand behind those before it.
pub(super) fn check(stops: &[(f64, Color)]) -> Result<(), &'static str> {
    match *stops {
        [(position, _)] if position != 0.0 => Err("the first position must be 0"),
        [.., (before, _), (position, _)] if position.is_nan() || position < before => {
            Err("positions must not descend")
        }
        [.., (position, _)] if position > 1.0 => {
            Err("positions end at 1; for colors of data values write a table of lines VALUE R G B")
        }
        _ => Ok(()),
    }
}

/// Whether a list may end here.
pub(super) fn check_end(stops: &[(f64, Color)]) -> Result<(), &'static str> {
    match stops {
        [.., (1.0, _)] if stops.len() > INTERPOLATED => Err("a list has 256 colors at most"),
        [.., (1.0, _)] => Ok(()),
        _ => Err("the last position must be 1"),
    }
}

/// The table of colours at these positions, which begin with 0, do not descend and are shares of the last one.
pub(super) fn table(stops: &[(f64, Color)]) -> Vec<Color> {
    let last = stops[stops.len() - 1].0;
    let share = |position| linspace(position, last, [0.0, 1.0]);
    let channel =
        |i: usize| interpolate(stops.iter().map(|(at, Color(bytes))| (share(*at), bytes[i])));
    let [r, g, b, a] = [channel(0), channel(1), channel(2), channel(3)];
    (0..INTERPOLATED).map(|i| Color([r[i], g[i], b[i], a[i]])).collect()
}

/// `numpy.linspace(low, high, last + 1)[i]`, which multiplies by its rounded step.
pub(super) fn linspace(i: f64, last: f64, [low, high]: [f64; 2]) -> f64 {
    if i == last { high } else { i * ((high - low) / last) + low }
}

/// One channel of `LinearSegmentedColormap.from_list`, operation by operation: `searchsorted` looks to the
/// left, and the bytes are truncated.
fn interpolate(stops: impl Iterator<Item = (f64, u8)>) -> Vec<u8> {
    let scale = (INTERPOLATED - 1) as f64;
    let (knots, levels): (Vec<f64>, Vec<f64>) =
        stops.map(|(position, byte)| (position * scale, f64::from(byte) / 255.0)).unzip();
    let level = |i: usize| {
        if i == 0 {
            return levels[0];
        }
        if i == INTERPOLATED - 1 {
            return levels[levels.len() - 1];
        }
        let x = scale * linspace(i as f64, scale, [0.0, 1.0]);
        let right = knots.partition_point(|knot| *knot < x);
        let distance = (x - knots[right - 1]) / (knots[right] - knots[right - 1]);
        distance * (levels[right] - levels[right - 1]) + levels[right - 1]
    };
    (0..INTERPOLATED).map(|i| (level(i).clamp(0.0, 1.0) * 255.0) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_say_where_the_colors_are() {
        let parse = |text| table(&stops(text).unwrap());
        assert_eq!(parse("#000@0, #f80@0.5 ,#fff@1"), parse("#000,#f80,#fff"));
        let table = parse("#000@0,#f00@0.2,#00f@0.2,#fff@1");
        // Entry 51 is at 0.2 of 255: the last of the first part.
        assert_eq!(table[51], Color([255, 0, 0, 255]));
        assert_eq!(table[52], Color([1, 1, 255, 255]));
        assert_eq!(table[255], Color([255; 4]));
    }

    #[test]
    fn positions_that_cannot_be_are_refused_with_the_part() {
        for (text, part) in [
            ("#000@0.1,#fff@1", "\"#000@0.1\" in a list of colors: the first position must be 0"),
            ("#000@0,#fff@0.9", "the last position must be 1"),
            ("#000@0,#888,#fff@1", "\"#888\" in a list of colors: it has no position"),
            ("#000@0,#888@0.6,#999@0.5,#fff@1", "must not descend"),
            ("#000@0,#888@nan,#fff@1", "must not descend"),
            ("#000@0,#888@5,#fff@1", "positions end at 1"),
            ("#000@0,#888@x,#fff@1", "not a number"),
            ("#000@0,#88@0.5,#fff@1", "not a color"),
            ("#000@0,#fff@-1", "must not descend"),
        ] {
            let error = stops(text).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
            assert!(error.is_usage());
        }
        assert!(stops(&vec!["#000"; 257].join(",")).is_err());
    }
}
