//! The disc and the bulge, painted once, face on: for every cell of a square map the density of stars and
//! their metallicity. Stars are drawn from the map; the arms also say where knots and streams begin.

use std::f64::consts::{PI, TAU};

use rayon::prelude::*;

use crate::noise::{clouds, lerp, ramp, threads};
use crate::random::{Alias, Rng};
use crate::sky::TILT;

/// A logarithmic spiral arm, φ = `angle` + `winding` · ln r; the winding is the cotangent of the pitch angle.
pub(crate) struct Arm {
    angle: f64,
    winding: f64,
    /// Radii between which it grows to its full strength.
    begins: [f64; 2],
    /// Radii between which it dies away.
    ends: [f64; 2],
    strength: f64,
}

pub(crate) const ARMS: [Arm; 4] = [
    Arm { angle: 0.35, winding: 2.92, begins: [0.06, 0.2], ends: [0.95, 1.28], strength: 1.0 },
    Arm { angle: 3.40, winding: 3.12, begins: [0.06, 0.2], ends: [0.85, 1.22], strength: 0.95 },
    Arm { angle: 1.75, winding: 2.58, begins: [0.34, 0.6], ends: [0.8, 1.15], strength: 0.5 },
    Arm { angle: 5.05, winding: 2.66, begins: [0.45, 0.75], ends: [0.8, 1.1], strength: 0.4 },
];

impl Arm {
    /// The middle of the arm at a radius, as an angle.
    pub(crate) fn ridge(&self, radius: f64) -> f64 {
        self.angle + self.winding * radius.ln()
    }

    fn presence(&self, radius: f64) -> f64 {
        self.strength
            * ramp(radius, self.begins[0], self.begins[1])
            * ramp(radius, self.ends[1], self.ends[0])
    }
}

/// What is at one place of the disc, seen face on.
struct Place {
    /// Stars per area, in no particular unit.
    density: f64,
    metallicity: f64,
    /// How much of it is arm, for the knots of young stars.
    arm: f64,
}

/// The stars of disc and bulge and their metallicities, painted on a square of ±`Disc::HALF`.
pub(crate) struct Disc {
    pub(crate) stars: Alias,
    pub(crate) metallicity: Vec<f32>,
    /// Where the knots of young stars may lie.
    pub(crate) arm: Vec<f32>,
}

impl Disc {
    const SIDE: usize = 1536;
    const HALF: f64 = 1.45;
    const CELL: f64 = 2.0 * Self::HALF / Self::SIDE as f64;

    pub(crate) fn new() -> Self {
        let places: Vec<Place> = (0..Self::SIDE * Self::SIDE)
            .into_par_iter()
            .map(|i| Self::paint(Self::centre(i)))
            .collect();
        let density: Vec<f64> = places.iter().map(|place| place.density).collect();
        Self {
            stars: Alias::new(&density),
            metallicity: places.iter().map(|place| place.metallicity as f32).collect(),
            arm: places.iter().map(|place| place.arm as f32).collect(),
        }
    }

    pub(crate) fn centre(cell: usize) -> [f64; 2] {
        [cell % Self::SIDE, cell / Self::SIDE].map(|i| (i as f64 + 0.5) * Self::CELL - Self::HALF)
    }

    fn paint([u, v]: [f64; 2]) -> Place {
        let radius = u.hypot(v).max(1e-3);
        let angle = v.atan2(u);
        // Winding the plane back along the arms makes clouds that are round there into streaks along the arms
        // here; winding it back by less leaves them at a steeper angle than the arms, as spurs are.
        let log_radius = radius.ln();
        let unwound = |winding: f64, size: f64| {
            let (sin, cos) = (angle - winding * log_radius).sin_cos();
            let radius = size * radius.sqrt();
            [radius * cos, radius * sin]
        };
        if radius > Self::HALF {
            return Place { density: 0.0, metallicity: -1.0, arm: 0.0 };
        }
        let wobble =
            0.05 * clouds([2.3 * u, 2.3 * v], 3, 1) + 0.014 * clouds([11.0 * u, 11.0 * v], 3, 2);
        let streaks = clouds(unwound(2.66, 9.0), 5, 3);
        let spurs = threads(unwound(0.88, 10.5), 4, 4);
        let lanes = threads(unwound(1.83, 10.0), 4, 5);
        let grain = clouds([26.0 * u, 26.0 * v], 4, 6);

        let width = 0.018 + 0.045 * radius;
        let (mut crest, mut skirt, mut dust, mut spurred) = (0f64, 0f64, 0f64, 0f64);
        for arm in &ARMS {
            let turn = (angle - arm.ridge(radius) + PI).rem_euclid(TAU) - PI;
            // Distance from the ridge in widths, positive on the outer, trailing side.
            let across = (-turn * radius / arm.winding.hypot(1.0) + wobble) / width;
            let presence = arm.presence(radius);
            let side = if across < 0.0 { 0.75 } else { 1.25 };
            crest += presence * (-0.5 * (across / side).powi(2)).exp();
            skirt += presence * (-0.5 * (across / (2.2 * side)).powi(2)).exp();
            spurred += presence * (-0.5 * ((across - 2.0) / 1.8).powi(2)).exp();
            let lane = (-0.5 * ((across + 1.05 + 0.3 * streaks) / 0.36).powi(2)).exp();
            dust += presence.sqrt() * lane * (0.75 + 0.6 * lanes) * ramp(radius, 1.25, 0.5);
        }
        let feathers = spurred * spurs.powi(2);
        let edge =
            ramp(radius + 0.12 * clouds([2.0 * u, 2.0 * v], 3, 7) + 0.05 * streaks, 1.36, 0.80);
        let clumps = (1.0 + 0.9 * streaks + 0.7 * grain).max(0.05);
        let between =
            0.085 * (1.0 + 1.5 * streaks + 0.5 * grain).max(0.12) * (1.0 + 1.2 * spurs.powi(3));
        let shine = between
            + 1.15 * crest * clumps.powf(1.4)
            + 0.14 * skirt * clumps
            + 0.8 * feathers * clumps;
        let dark =
            dust + 0.35 * (skirt * lanes.powi(3)) + 0.45 * lanes.powi(4) * ramp(radius, 0.03, 0.2);
        let disc = (-radius / 0.40).exp() * edge * shine * (-2.1 * dark).exp();
        // The bulge is round on the sky, hence long across the node here; only the dust before it dims it.
        let bulge = 1.9
            * (-(u.hypot(v * TILT.1) / 0.042).powf(0.85)).exp()
            * (0.45 + 0.55 * (-2.1 * dark).exp());

        let young =
            (0.62 * crest + 0.38 * skirt + 0.4 * feathers).min(1.1) * ramp(radius, 0.05, 0.3);
        let disc_metallicity = 0.20 - 1.14 * radius.powf(0.8)
            + 0.60 * young * (1.0 + 0.35 * streaks + 0.25 * grain)
            + 0.10 * streaks
            - 0.14 * dark.min(1.5) * ramp(radius, 0.05, 0.3);
        let density = disc + bulge;
        let metallicity = lerp(disc_metallicity, 0.5 - 0.9 * radius, bulge / density.max(1e-12));
        Place { density, metallicity, arm: crest * disc }
    }

    /// A place in or near a cell.
    pub(crate) fn within(cell: usize, rng: &mut Rng) -> [f64; 2] {
        let [u, v] = Self::centre(cell);
        let bits = rng.bits();
        // Two uniforms make the triangle that joins neighbouring cells without a seam.
        let triangle =
            |bits: u64| ((bits & 0xffff) + ((bits >> 16) & 0xffff) + 1) as f64 / 65536.0 - 1.0;
        [u + Self::CELL * triangle(bits), v + Self::CELL * triangle(bits >> 32)]
    }

    pub(crate) fn metallicity_at(&self, place: [f64; 2]) -> f64 {
        let last = (Self::SIDE - 1) as f64;
        let [column, row] =
            place.map(|p| ((p + Self::HALF) / Self::CELL).clamp(0.0, last) as usize);
        f64::from(self.metallicity[row * Self::SIDE + column])
    }
}
