//! Noise for the grain of the disc and the streams: a place and a layer in, a number out, always the same one;
//! and the smooth steps between two values.

use crate::random::{Rng, mix};

/// Sixteen directions around the circle.
#[rustfmt::skip]
const SLOPES: [[f64; 2]; 16] = {
    const A: f64 = 0.923_879_532_511_286_7;
    const B: f64 = 0.382_683_432_365_089_8;
    const C: f64 = std::f64::consts::FRAC_1_SQRT_2;
    [
        [1.0, 0.0], [A, B], [C, C], [B, A], [0.0, 1.0], [-B, A], [-C, C], [-A, B],
        [-1.0, 0.0], [-A, -B], [-C, -C], [-B, -A], [0.0, -1.0], [B, -A], [C, -C], [A, -B],
    ]
};

/// Gradient noise (K. Perlin, 2002) in about -1 ..= 1, with cells of size 1.
fn noise([x, y]: [f64; 2], layer: u64) -> f64 {
    let floor = |t: f64| t as i64 - i64::from(t < 0.0);
    let (left, low) = (floor(x), floor(y));
    let (u, v) = (x - left as f64, y - low as f64);
    let corner = |i: i64, j: i64| {
        let place = (left + i) as u64 ^ ((low + j) as u64).rotate_left(32);
        let slope = SLOPES[(mix(place.wrapping_add(layer.wrapping_mul(Rng::STEP))) >> 60) as usize];
        slope[0] * (u - i as f64) + slope[1] * (v - j as f64)
    };
    let fade = |t: f64| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let lower = lerp(corner(0, 0), corner(1, 0), fade(u));
    let upper = lerp(corner(0, 1), corner(1, 1), fade(u));
    1.5 * lerp(lower, upper, fade(v))
}

/// Octaves of [`noise`], each half as large and half as strong as the one before, in about -1 ..= 1.
pub(crate) fn clouds(mut at: [f64; 2], octaves: usize, layer: u64) -> f64 {
    let (mut sum, mut strength) = (0.0, 0.6);
    for octave in 0..octaves {
        sum += strength * noise(at, layer * 16 + octave as u64);
        // Turned a little, so that the lattices of the octaves do not line up.
        at = [1.6 * at[0] - 1.2 * at[1], 1.2 * at[0] + 1.6 * at[1]];
        strength *= 0.5;
    }
    sum
}

/// Thin bright threads where [`clouds`] change sign, in 0 ..= 1.
pub(crate) fn threads(at: [f64; 2], octaves: usize, layer: u64) -> f64 {
    (1.0 - 2.2 * clouds(at, octaves, layer).abs()).max(0.0)
}

pub(crate) fn lerp(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

/// 0 before `from`, 1 after `to`, smooth between (`from` may be the larger).
pub(crate) fn ramp(value: f64, from: f64, to: f64) -> f64 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
