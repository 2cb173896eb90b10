//! A function from numbers to 8-bit colours as the numbers at which the colour changes.
//!
//! Between two knots every channel goes one way, so it has at most 255 changes, each between two neighbouring
//! floats that bisection finds. Looking a number up among them gives the very colour that computing it would
//! give, and does not compute anything: an entry of a table, as the shading loops want it.

use pointillist_base::Float;

use crate::Color;

/// Entries at most; what is beyond has no number that tells it from the entries outside of the table.
const ENTRIES: usize = u16::MAX as usize - 16;

/// The entry of a table of `entries` colours for a position; beyond the table stand, in this order, under,
/// over and bad.
///
/// The product is made in the type of the position, and position 1 belongs to the last entry.
#[inline(always)]
pub(crate) fn entry<T: Float>(position: T, entries: u16) -> u16 {
    let n = T::from_f64(f64::from(entries));
    let x = position * n;
    let inside = if x == n { entries - 1 } else { x.to_i32() as u16 };
    let outside = if x > n { entries + 1 } else { entries + 2 };
    let outside = if x < T::ZERO { entries } else { outside };
    if x >= T::ZERO && x <= n { inside } else { outside }
}

/// The numbers at which the colour changes.
#[derive(Debug, Clone)]
pub(crate) struct Steps {
    /// Entry `i` begins at `starts[i]`.
    starts: Vec<f64>,
    /// Where the last one ends; the end belongs to it.
    end: f64,
    /// Whether what is outside is brought inside by whole lengths.
    cyclic: bool,
}

impl Steps {
    /// One entry for every number.
    pub(crate) fn constant() -> Steps {
        Steps { starts: vec![f64::NEG_INFINITY], end: f64::INFINITY, cyclic: false }
    }

    /// The entry of a number; behind the entries of the table stand under, over and bad.
    #[inline]
    pub(crate) fn entry(&self, x: f64) -> u16 {
        let first = self.starts[0];
        let x = if self.cyclic {
            let length = self.end - first;
            let offset = x - first;
            offset - length * (offset / length).floor() + first
        } else {
            x
        };
        let entries = self.starts.len();
        let entry = if x < first {
            entries
        } else if x <= self.end {
            self.starts.partition_point(|start| *start <= x) - 1
        } else if x > self.end {
            entries + 1
        } else {
            entries + 2
        };
        entry as u16
    }

    /// Whether greater numbers never have lower entries, from under to over.
    pub(crate) fn is_ascending(&self) -> bool {
        !self.cyclic
    }
}

/// A stretch of numbers, `low` included, on which a colour is a function of the number.
pub(crate) trait Piece {
    fn low(&self) -> f64;
    /// Above `low`, where the next piece begins.
    fn high(&self) -> f64;
    /// The colour of a number from `low` to `high`.
    fn color(&self, x: f64) -> Color;
    /// Into how many parts of equal length it must be cut so that in each of them every channel goes one way.
    fn parts(&self) -> usize;
}

/// More changes of colour than a table has entries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TooManyColors;

/// The steps of pieces that touch, in ascending order, at least one, and the colours of the entries.
pub(crate) fn steps(
    pieces: &[impl Piece],
    cyclic: bool,
) -> Result<(Steps, Vec<Color>), TooManyColors> {
    let mut found = Found::default();
    for (i, piece) in pieces.iter().enumerate() {
        let end = if i + 1 == pieces.len() { piece.high() } else { piece.high().next_down() };
        let mut from = piece.low();
        found.push(from, piece.color(from))?;
        let parts = piece.parts();
        for part in 1..=parts {
            let share = part as f64 / parts as f64;
            let to = if part == parts { end } else { from.max(along(piece, share).min(end)) };
            found.changes(piece, from, to)?;
            from = to;
        }
    }
    let end = pieces.last().map_or(f64::INFINITY, Piece::high);
    Ok((Steps { starts: found.starts, end, cyclic }, found.colors))
}

fn along(piece: &impl Piece, share: f64) -> f64 {
    piece.low() + share * (piece.high() - piece.low())
}

#[derive(Default)]
struct Found {
    starts: Vec<f64>,
    colors: Vec<Color>,
}

impl Found {
    fn push(&mut self, start: f64, color: Color) -> Result<(), TooManyColors> {
        if self.colors.last() == Some(&color) {
            return Ok(());
        }
        if self.starts.len() == ENTRIES {
            return Err(TooManyColors);
        }
        self.starts.push(start);
        self.colors.push(color);
        Ok(())
    }

    /// All changes above `from`, up to and with `to`.
    fn changes(&mut self, piece: &impl Piece, from: f64, to: f64) -> Result<(), TooManyColors> {
        // What is still to be looked through, the lowest on top.
        let mut open = vec![((from, piece.color(from)), (to, piece.color(to)))];
        while let Some((low, high)) = open.pop() {
            if low.1 == high.1 {
                continue;
            }
            // Among all floats, so that it takes 64 halvings wherever that is; both zeros are one number.
            let rank = |x: f64| (x + 0.0).rank();
            let middle = f64::of_rank(rank(low.0).midpoint(rank(high.0)));
            if middle <= low.0 || middle >= high.0 {
                self.push(high.0, high.1)?;
                continue;
            }
            let middle = (middle, piece.color(middle));
            open.push((middle, high));
            open.push((low, middle));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Line {
        low: f64,
        high: f64,
        levels: [f64; 2],
    }

    impl Piece for Line {
        fn low(&self) -> f64 {
            self.low
        }
        fn high(&self) -> f64 {
            self.high
        }
        fn color(&self, x: f64) -> Color {
            let share = (x - self.low) / (self.high - self.low);
            let level = self.levels[0] + share * (self.levels[1] - self.levels[0]);
            Color([level.round() as u8, (255.0 - level).round() as u8, 7, 255])
        }
        fn parts(&self) -> usize {
            1
        }
    }

    #[test]
    fn the_ends_belong_to_the_table_and_the_rest_is_outside() {
        let pieces = [
            Line { low: -1.0, high: 0.0, levels: [0.0, 0.0] },
            Line { low: 0.0, high: 2.0, levels: [9.0, 9.0] },
        ];
        let (steps, colors) = steps(&pieces, false).unwrap();
        assert_eq!(colors.len(), 2);
        for (x, entry) in [
            (-1.0, 0),
            (-f64::MIN_POSITIVE, 0),
            (-0.0, 1),
            (0.0, 1),
            (2.0, 1),
            (2.0f64.next_up(), 3),
            ((-1.0f64).next_down(), 2),
            (f64::INFINITY, 3),
            (f64::NEG_INFINITY, 2),
            (f64::NAN, 4),
        ] {
            assert_eq!(steps.entry(x), entry, "{x}");
        }
        assert_eq!(Steps::constant().entry(-5.0), 0);
        assert_eq!(Steps::constant().entry(f64::INFINITY), 0);
        assert_eq!(Steps::constant().entry(f64::NAN), 3);
    }

    #[test]
    fn a_cyclic_table_has_no_outside() {
        let pieces = [
            Line { low: 1.0, high: 2.0, levels: [0.0, 0.0] },
            Line { low: 2.0, high: 3.0, levels: [9.0, 9.0] },
        ];
        let (steps, _) = steps(&pieces, true).unwrap();
        for (x, entry) in
            [(1.0, 0), (2.5, 1), (3.0, 0), (3.5, 0), (4.5, 1), (0.5, 1), (-0.5, 0), (201.5, 0)]
        {
            assert_eq!(steps.entry(x), entry, "{x}");
        }
        assert_eq!(steps.entry(f64::INFINITY), 4);
        assert_eq!(steps.entry(f64::NAN), 4);
    }

    #[test]
    fn more_colors_than_entries_are_refused() {
        let pieces: Vec<Line> = (0..300)
            .map(|i| Line { low: f64::from(i), high: f64::from(i + 1), levels: [0.0, 255.0] })
            .collect();
        assert_eq!(steps(&pieces, false).unwrap_err(), TooManyColors);
    }

    proptest! {
        #[test]
        fn every_number_has_the_color_that_computing_it_gives(
            low in -1e3..1e3f64,
            widths in prop::collection::vec((1e-6..1e3f64, 0.0..255.0f64, 0.0..255.0f64), 1..5),
            shares in prop::collection::vec((0usize..5, 0.0..1.0f64), 1..200),
        ) {
            let mut pieces = Vec::new();
            let mut at = low;
            for (width, from, to) in widths {
                pieces.push(Line { low: at, high: at + width, levels: [from, to] });
                at += width;
            }
            let (steps, colors) = steps(&pieces, false).unwrap();
            for (i, share) in shares {
                let piece = &pieces[i % pieces.len()];
                let x = along(piece, share);
                prop_assume!(x < piece.high());
                for x in [x, piece.low()] {
                    prop_assert_eq!(colors[usize::from(steps.entry(x))], piece.color(x));
                }
            }
        }
    }
}
