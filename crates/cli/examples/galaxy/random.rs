//! Random numbers, and what is drawn with them: an index by its weight ([`Alias`]), a radius by a density
//! ([`Profile`]).

use std::f64::consts::TAU;

/// SplitMix64 (Steele, Lea, Flood 2014): fast, and it can begin anywhere, so that each row has a stream of
/// its own.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    pub(crate) fn at(seed: u64, row: u64) -> Self {
        // Mixed twice: streams that begin a whole number of steps apart would be one stream, shifted.
        Self(mix(mix(seed.wrapping_add(Self::STEP)) ^ mix(row.wrapping_mul(Self::STEP))))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(Self::STEP);
        mix(self.0)
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [lo, hi).
    pub(crate) fn within(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * self.unit()
    }

    /// A bell with standard deviation 1 that ends at ±3.5: four uniforms of 16 bits. No outliers, by design.
    pub(crate) fn bell(&mut self) -> f64 {
        let bits = self.bits();
        let sum = (0..4).map(|i| (bits >> (16 * i)) & 0xffff).sum::<u64>() as f64 + 2.0;
        (sum / 65536.0 - 2.0) * 3f64.sqrt()
    }

    /// Uniform on the unit circle.
    pub(crate) fn direction(&mut self) -> [f64; 2] {
        let (sin, cos) = (TAU * self.unit()).sin_cos();
        [cos, sin]
    }
}

pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Draws an index in proportion to its weight, in one look-up whatever the number of weights.
pub(crate) struct Alias(Vec<(f32, u32)>);

impl Alias {
    pub(crate) fn new(weights: &[f64]) -> Self {
        let scale = weights.len() as f64 / weights.iter().sum::<f64>();
        let mut left: Vec<f64> = weights.iter().map(|weight| weight * scale).collect();
        let mut slots: Vec<_> = (0..weights.len() as u32).map(|i| (1.0, i)).collect();
        let (mut small, mut large): (Vec<_>, Vec<_>) =
            (0..left.len()).partition(|&i| left[i] < 1.0);
        // Each poor slot is filled up to 1 from a rich one, which may become poor by it.
        while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
            slots[poor] = (left[poor] as f32, rich as u32);
            left[rich] -= 1.0 - left[poor];
            if left[rich] < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
        Self(slots)
    }

    pub(crate) fn draw(&self, rng: &mut Rng) -> usize {
        let bits = rng.bits();
        let slot = ((u128::from(bits >> 24) * self.0.len() as u128) >> 40) as usize;
        let (keep, other) = self.0[slot];
        // A choice by index, not by branch: no branch predictor guesses it.
        [other as usize, slot][usize::from(((bits & 0xff_ffff) as f32) < keep * 16_777_216.0)]
    }
}

/// A surface density that depends on the radius alone, on [0, 1), drawn by its inverted distribution.
pub(crate) struct Profile(Vec<f64>);

impl Profile {
    const STEPS: usize = 1024;

    pub(crate) fn new(density: impl Fn(f64) -> f64) -> Self {
        const FINE: usize = 1 << 16;
        let mut mass = 0.0;
        let cumulative: Vec<f64> = (0..FINE)
            .map(|i| {
                let radius = (i as f64 + 0.5) / FINE as f64;
                mass += density(radius) * radius;
                mass
            })
            .collect();
        let radius =
            |share: f64| cumulative.partition_point(|&m| m < share * mass) as f64 / FINE as f64;
        // Steps of equal share would be coarse in the core and at the faint edge; these are fine at both
        // ends.
        Self((0..=Self::STEPS).map(|i| radius(share_at(i as f64 / Self::STEPS as f64))).collect())
    }

    pub(crate) fn draw(&self, rng: &mut Rng) -> f64 {
        let place = place_of(rng.unit()) * Self::STEPS as f64;
        let i = (place as usize).min(Self::STEPS - 1);
        self.0[i] + (self.0[i + 1] - self.0[i]) * (place - i as f64)
    }
}

/// From the place in a profile's table, in [0, 1], to the share of the stars within: flat at both ends.
fn share_at(place: f64) -> f64 {
    place * place * (3.0 - 2.0 * place)
}

/// The inverse of [`share_at`].
fn place_of(share: f64) -> f64 {
    0.5 - ((1.0 - 2.0 * share).asin() / 3.0).sin()
}
