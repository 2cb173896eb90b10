//! Colours over colours: with Agg's eight bits, and in floats with one rounding at the end.
//!
//! A pixel is red, green, blue and opacity, straight (not multiplied by the opacity). In eight bits every marker is rounded by
//! itself, downwards, as matplotlib's `fixed_blender_rgba_plain` does it, so that many faint markers fall short of what they mean:
//! after a hundred of opacity 0.01, black on white is 55 where 93 would be right, and on nothing the opacity stays at 171 for ever. The float twin
//! says what was meant.

/// Red, green, blue and opacity as floats from 0 to 1, to bytes: rounded to the nearest, halves up.
pub fn to_bytes(color: [f64; 4]) -> [u8; 4] {
    // Agg's cast from what lies beyond is undefined; matplotlib lets no such colour in. This one saturates.
    color.map(|value| (value * 255.0 + 0.5) as u8)
}

/// The opacity of a colour in a pixel that is covered in part (255 is whole): their product over 255, rounded.
#[inline]
pub fn covered(opacity: u8, cover: u8) -> u8 {
    let product = u32::from(opacity) * u32::from(cover) + 128;
    (((product >> 8) + product) >> 8) as u8
}

/// Draws a colour over a pixel that it covers in part (255 is whole), as Agg does.
#[inline]
pub fn blend(pixel: &mut [u8; 4], color: [u8; 4], cover: u8) {
    let opacity = covered(color[3], cover);
    if opacity == 255 {
        *pixel = color;
    } else if opacity > 0 {
        let (alpha, below) = (u32::from(opacity), u32::from(pixel[3]));
        let above = ((alpha + below) << 8) - alpha * below;
        for (channel, new) in pixel[..3].iter_mut().zip(color) {
            let old = u32::from(*channel) * below;
            // Below 2^25: the difference may be negative, the sum is not.
            let mixed = (u32::from(new) << 8).wrapping_sub(old).wrapping_mul(alpha);
            *channel = (mixed.wrapping_add(old << 8) / above) as u8;
        }
        pixel[3] = (above >> 8) as u8;
    }
}

/// What n markers of one colour, each covering the pixel alike, make of it, for any n.
///
/// Each further marker changes a channel or, from some number on, nothing more: the table ends there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountTable {
    steps: Vec<[u8; 4]>,
}

impl CountTable {
    /// The table for a pixel as it was before, and the colour of the markers.
    pub fn new(start: [u8; 4], color: [u8; 4]) -> Self {
        Self::of_cover(start, color, 255, 1)
    }

    /// The table for markers that each cover the pixel in part (255 is whole) and are drawn so many times: round ones that lie
    /// in one pixel, see [`Stamp`](crate::Stamp).
    pub fn of_cover(start: [u8; 4], color: [u8; 4], cover: u8, times: u32) -> Self {
        let mut steps = vec![start];
        let mut pixel = start;
        loop {
            let before = pixel;
            (0..times).for_each(|_| blend(&mut pixel, color, cover));
            // The opacity never falls and has one value after 255 markers at most; then each channel only rises or
            // only falls. So there is an end.
            if pixel == before {
                return Self { steps };
            }
            steps.push(pixel);
        }
    }

    /// The pixel after `count` markers.
    #[inline]
    pub fn pixel(&self, count: u64) -> [u8; 4] {
        let last = self.steps.len() - 1;
        self.steps[usize::try_from(count).map_or(last, |count| count.min(last))]
    }

    /// From how many markers on nothing changes any more.
    pub fn settles_at(&self) -> usize {
        self.steps.len() - 1
    }
}

/// How opaque n markers of this opacity are together: 1 - (1 - opacity)^n.
pub fn together(opacity: f64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { -(count as f64 * (-opacity).ln_1p()).exp_m1() }
}

/// Draws a colour over a pixel, both in floats; the opacity is the colour's fourth number.
pub fn over(pixel: [f64; 4], color: [f64; 4]) -> [f64; 4] {
    let alpha = color[3];
    let below = pixel[3] * (1.0 - alpha);
    let above = alpha + below;
    if above <= 0.0 {
        return pixel;
    }
    let mix = |channel: usize| (color[channel] * alpha + pixel[channel] * below) / above;
    [mix(0), mix(1), mix(2), above]
}

/// What `count` markers of one colour make of a pixel, computed in floats and rounded once: the float twin of [`CountTable`].
pub fn over_many(start: [u8; 4], color: [f64; 4], count: u64) -> [u8; 4] {
    let [red, green, blue, opacity] = color;
    let start = start.map(|value| f64::from(value) / 255.0);
    to_bytes(over(start, [red, green, blue, together(opacity, count)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_hundred_faint_markers_fall_short_as_matplotlibs_do() {
        let faint = to_bytes([0.0, 0.0, 0.0, 0.01]);
        assert_eq!(faint, [0, 0, 0, 3]);
        let on_white = CountTable::new([255; 4], faint);
        assert_eq!(on_white.pixel(100), [55, 55, 55, 255]);
        assert_eq!(over_many([255; 4], [0.0, 0.0, 0.0, 0.01], 100), [93, 93, 93, 255]);
        let on_nothing = CountTable::new([255, 255, 255, 0], faint);
        assert_eq!(on_nothing.pixel(u64::MAX)[3], 171);
        assert_eq!(over_many([255, 255, 255, 0], [0.0, 0.0, 0.0, 0.01], u64::MAX), [0, 0, 0, 255]);
    }

    #[test]
    fn tables_end_for_all_opacities() {
        for alpha in 0..=255 {
            for start in [[255; 4], [0, 0, 0, 255], [255, 255, 255, 0], [9, 200, 31, 7]] {
                let table = CountTable::new(start, [0, 130, 255, alpha]);
                assert!(table.settles_at() <= 4 * 255, "{alpha} over {start:?}");
                assert!(alpha > 0 || table.settles_at() == 0);
            }
        }
    }

    proptest! {
        #[test]
        fn a_table_is_one_marker_after_another(
            start: [u8; 4],
            color: [u8; 4],
            cover: u8,
            times in 1u32..3,
            count in 0u64..3000,
        ) {
            let (mut whole, mut part) = (start, start);
            for _ in 0..count {
                blend(&mut whole, color, 255);
                (0..times).for_each(|_| blend(&mut part, color, cover));
            }
            prop_assert_eq!(CountTable::new(start, color).pixel(count), whole);
            prop_assert_eq!(CountTable::of_cover(start, color, cover, times).pixel(count), part);
        }

        #[test]
        fn blending_once_is_near_what_floats_say(start: [u8; 4], color: [u8; 4], cover: u8) {
            let mut pixel = start;
            blend(&mut pixel, color, cover);
            let part = [color[0], color[1], color[2], covered(color[3], cover)];
            let [expected, old] = [part, start].map(|bytes| bytes.map(|value| f64::from(value) / 255.0));
            let expected = over(old, expected);
            prop_assert!((f64::from(pixel[3]) - expected[3] * 255.0).abs() < 2.0);
            for channel in 0..3 {
                let premultiplied = f64::from(pixel[channel]) * expected[3];
                prop_assert!((premultiplied - expected[channel] * expected[3] * 255.0).abs() < 2.0);
            }
        }

        #[test]
        fn together_is_over_again_and_again(opacity in 0.0..1.0f64, count in 0u64..500) {
            let mut pixel = [0.0; 4];
            for _ in 0..count {
                pixel = over(pixel, [1.0, 0.5, 0.25, opacity]);
            }
            prop_assert!((pixel[3] - together(opacity, count)).abs() < 1e-12);
        }
    }
}
