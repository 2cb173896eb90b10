//! The order of a palette: any will do, and some are better to compress.

use super::colors::Colors;

/// A palette with fewer colours is not turned: places do not wrap around soon after its end.
const WRAPS: usize = 192;

/// Puts colours into the order in which they stand in the file: those that are not opaque first, as the format
/// has it; the others as they were, but turned, so that those that stand beside the background of the picture
/// have places that differ little from its own, in bytes that wrap around.
///
/// The background is the colour that is most frequent in `sample`, rows of `width` pixels. It comes first
/// where the format lets it.
pub(super) fn in_order(mut colors: Vec<[u8; 4]>, sample: &[[u8; 4]], width: usize) -> Colors {
    let background = background(&colors, sample);
    let is_opaque = |color: &[u8; 4]| color[3] == 255;
    colors.sort_by_key(|color| (is_opaque(color), Some(*color) != background));
    let front = colors.iter().filter(|color| !is_opaque(color)).count();
    let front = front + usize::from(colors.get(front).is_some_and(|c| Some(*c) == background));
    if let Some(background) = background
        && colors.len() >= WRAPS
        && front <= 1
    {
        let turn = best_turn(&colors[front..], sample, width, background);
        colors[front..].rotate_left(turn);
    }
    let mut ordered = Colors::new();
    colors.iter().for_each(|color| _ = ordered.add(*color));
    ordered
}

/// The most frequent colour, if it is frequent.
fn background(colors: &[[u8; 4]], sample: &[[u8; 4]]) -> Option<[u8; 4]> {
    let mut all = Colors::new();
    colors.iter().for_each(|color| _ = all.add(*color));
    let mut counts = [0; 256];
    for pixel in sample {
        if let Some(place) = all.find(*pixel) {
            counts[usize::from(place)] += 1;
        }
    }
    let (count, color) = counts.iter().zip(colors).max_by_key(|(count, _)| **count)?;
    (*count >= sample.len() / 8).then_some(*color)
}

/// By how many places the colours are to be turned that follow the background.
fn best_turn(colors: &[[u8; 4]], sample: &[[u8; 4]], width: usize, background: [u8; 4]) -> usize {
    let mut all = Colors::new();
    colors.iter().for_each(|color| _ = all.add(*color));
    let mut beside = [0u32; 256];
    for row in sample.chunks(width) {
        for pair in row.windows(2) {
            let other = match (pair[0] == background, pair[1] == background) {
                (true, false) => pair[1],
                (false, true) => pair[0],
                _ => continue,
            };
            if let Some(place) = all.find(other) {
                beside[usize::from(place)] += 1;
            }
        }
    }
    // A difference takes about as many bits as it has.
    let bits = |difference: usize| u64::from(difference.min(256 - difference).ilog2());
    let cost = |turn: usize| -> u64 {
        let places = (0..colors.len()).map(|i| (i + colors.len() - turn) % colors.len() + 1);
        places.zip(beside).map(|(place, count)| u64::from(count) * bits(place)).sum()
    };
    (0..colors.len()).min_by_key(|turn| cost(*turn)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_opaque_comes_first_and_the_rest_is_as_it_was() {
        let colors = vec![[9, 9, 9, 255], [1, 1, 1, 7], [3, 3, 3, 255], [0; 4]];
        let ordered = in_order(colors, &[[0; 4]; 9], 9);
        assert_eq!(ordered.list(), [[0; 4], [1, 1, 1, 7], [9, 9, 9, 255], [3, 3, 3, 255]]);
    }

    #[test]
    fn a_long_palette_is_turned_to_what_stands_beside_the_background() {
        let gray = |i: u8| [i, i, i, 255];
        for background in [[0; 4], [255, 0, 0, 255]] {
            let mut colors: Vec<_> = (0..=250).map(gray).collect();
            colors.push(background);
            let sample: Vec<_> =
                [90, 100, 104].iter().flat_map(|i| [background, gray(*i)]).collect();
            let ordered = in_order(colors, &sample, 6);
            assert_eq!((ordered.list()[0], ordered.list().len()), (background, 252));
            let place = |i| ordered.find(gray(i)).unwrap();
            for i in [90, 100, 104] {
                assert!(place(i).min(place(i).wrapping_neg()) < 16, "{}", place(i));
            }
            // Neighbours stay neighbours, around the end.
            assert!((0..250).all(|i| (1..=6).contains(&place(i + 1).wrapping_sub(place(i)))));
        }
    }
}
