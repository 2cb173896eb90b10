//! How the disc lies on the sky: positions in its plane in, positions on the sky out; and the turns and circles
//! of either.

use crate::random::Rng;

/// Between the line of sight and the axis of the disc (36°), as sine and cosine.
pub(crate) const TILT: (f64, f64) = (0.581, 0.814);
/// From the x axis to the line where the disc meets the sky (30°).
const NODE: (f64, f64) = (0.497, 0.868);

/// From the plane of the disc, and a height above it, to the sky.
pub(crate) fn on_the_sky([u, v]: [f64; 2], height: f64) -> [f64; 2] {
    turned([u, v * TILT.1 + height * TILT.0], NODE)
}

pub(crate) fn turned([u, v]: [f64; 2], (sin, cos): (f64, f64)) -> [f64; 2] {
    [u * cos - v * sin, u * sin + v * cos]
}

pub(crate) fn around([x, y]: [f64; 2], radius: f64, rng: &mut Rng) -> [f64; 2] {
    let [cos, sin] = rng.direction();
    [x + radius * cos, y + radius * sin]
}
