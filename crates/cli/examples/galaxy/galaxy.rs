//! The galaxy put together from its parts: a seed and row numbers in, stars out.

use std::f64::consts::TAU;
use std::ops::Range;

use crate::disc::{ARMS, Arm, Disc};
use crate::noise::{clouds, lerp};
use crate::random::{Alias, Profile, Rng};
use crate::sky::{around, on_the_sky, turned};

#[derive(Clone, Copy)]
pub(crate) struct Star {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) z: f64,
}

/// A round group of stars on the sky or, for the knots, in the plane of the disc.
struct Cluster {
    centre: [f64; 2],
    size: f64,
    metallicity: f64,
}

/// A stream of stars along a cubic Bézier curve on the sky.
struct Stream {
    points: [[f64; 2]; 4],
    /// Standard deviation across, at both ends.
    width: [f64; 2],
    metallicity: [f64; 2],
}

impl Stream {
    fn at(&self, t: f64) -> [f64; 2] {
        let s = 1.0 - t;
        let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
        [0, 1].map(|axis| (0..4).map(|i| weights[i] * self.points[i][axis]).sum())
    }
}

/// The parts of the galaxy, in the order of [`SHARES`].
#[derive(Clone, Copy)]
enum Part {
    Disc,
    Knots,
    Halo,
    Streams,
    Companion,
    Globulars,
}

const SHARES: [(Part, f64); 6] = [
    (Part::Disc, 0.855),
    (Part::Knots, 0.05),
    (Part::Halo, 0.045),
    (Part::Streams, 0.013),
    (Part::Companion, 0.035),
    (Part::Globulars, 0.002),
];

/// Chooses the galaxy's clusters: one fixed number, so that every file shows the same galaxy.
const MODEL: u64 = 5194;
/// Knots of young stars: how many groups of how many.
const FAMILIES: usize = 240;
const FAMILY: usize = 7;
const GLOBULARS: usize = 26;
const COMPANION: [f64; 2] = [0.98, 1.12];

pub(crate) struct Galaxy {
    parts: Alias,
    disc: Disc,
    knots: Vec<Cluster>,
    knot: Alias,
    globulars: Vec<Cluster>,
    streams: Vec<Stream>,
    halo: Profile,
    cluster: Profile,
    companion: Profile,
}

impl Galaxy {
    pub(crate) fn new() -> Self {
        let mut rng = Rng::at(MODEL, 0);
        let disc = Disc::new();
        let (knots, weights): (Vec<_>, Vec<_>) = knots(&disc, &mut rng).unzip();
        let taper = |t: f64, power: i32| (1.0 - t * t).powi(power);
        Self {
            parts: Alias::new(&SHARES.map(|(_, share)| share)),
            knots,
            knot: Alias::new(&weights),
            globulars: globulars(&mut rng),
            streams: streams(),
            halo: Profile::new(|t| taper(t, 3) / (1.0 + (t / 0.35).powi(2)).powf(1.3)),
            cluster: Profile::new(|t| taper(t, 2) / (1.0 + (t / 0.22).powi(2)).powi(2)),
            companion: Profile::new(|t| taper(t, 3) * (-11.0 * t.powf(0.8)).exp()),
            disc,
        }
    }

    /// The stars of some rows, in order. The map is larger than the caches, so that its look-ups are most of
    /// the time: they are made for many rows at once, close together, where the processor can wait for all of
    /// them in parallel.
    pub(crate) fn stars(&self, seed: u64, rows: Range<u64>, mut each: impl FnMut(Star)) {
        const GROUP: usize = 64;
        let mut group = Vec::with_capacity(GROUP);
        for first in rows.clone().step_by(GROUP) {
            group.clear();
            group.extend((first..rows.end.min(first + GROUP as u64)).map(|row| {
                let mut rng = Rng::at(seed, row);
                (self.disc.stars.draw(&mut rng), 0.0, rng)
            }));
            for (cell, metallicity, _) in &mut group {
                *metallicity = f64::from(self.disc.metallicity[*cell]);
            }
            for (cell, metallicity, rng) in &mut group {
                each(self.star(*cell, *metallicity, rng));
            }
        }
    }

    /// One star, given a cell of the disc and its metallicity in case it is one of the disc's.
    fn star(&self, cell: usize, metallicity: f64, rng: &mut Rng) -> Star {
        let ([x, y], metallicity) = match SHARES[self.parts.draw(rng)].0 {
            Part::Disc => {
                let plane = Disc::within(cell, rng);
                (on_the_sky(plane, 0.008 * rng.bell()), metallicity)
            }
            Part::Knots => {
                let knot = &self.knots[self.knot.draw(rng)];
                let radius = self.cluster.draw(rng);
                let plane = around(knot.centre, knot.size * radius, rng);
                let young = knot.metallicity * (1.0 - radius);
                (on_the_sky(plane, 0.003 * rng.bell()), self.disc.metallicity_at(plane) + young)
            }
            Part::Halo => self.halo_star(rng),
            Part::Streams => self.stream_star(rng),
            Part::Companion => {
                let radius = self.companion.draw(rng);
                let [u, v] = around([0.0, 0.0], 0.5 * radius, rng);
                let [x, y] = turned([u, 0.70 * v], (1.7 + 2.2 * radius).sin_cos());
                ([COMPANION[0] + x, COMPANION[1] + y], 0.3 - 1.9 * radius.powf(0.6))
            }
            Part::Globulars => {
                let globular = &self.globulars[(rng.unit() * GLOBULARS as f64) as usize];
                (
                    around(globular.centre, globular.size * self.cluster.draw(rng), rng),
                    globular.metallicity,
                )
            }
        };
        Star { x, y, z: metallicity + 0.012 * rng.bell() }
    }

    /// The halo is a little lopsided: its rim is not a circle.
    fn halo_star(&self, rng: &mut Rng) -> ([f64; 2], f64) {
        let angle = TAU * rng.unit();
        let rim = 1.5
            * (1.0
                + 0.045 * (angle - 0.8).cos()
                + 0.05 * (2.0 * angle - 1.3).cos()
                + 0.03 * (3.0 * angle + 1.0).cos()
                + 0.018 * (5.0 * angle).cos());
        let share = self.halo.draw(rng);
        let (sin, cos) = angle.sin_cos();
        ([rim * share * cos, rim * share * sin], -0.70 - 0.80 * share)
    }

    fn stream_star(&self, rng: &mut Rng) -> ([f64; 2], f64) {
        loop {
            let stream = &self.streams[(rng.unit() * self.streams.len() as f64) as usize];
            // Most in the middle, none at the ends, so that no end shows.
            let t = 0.5 + rng.bell() / 7.0;
            let [x, y] = stream.at(t);
            // Bells of many widths together: dense along the middle, and no edge on the outside.
            let breadth = 0.5 + 1.5 * rng.unit().powi(3);
            let width = breadth * lerp(stream.width[0], stream.width[1], t);
            let [x, y] = [x + width * rng.bell(), y + width * rng.bell()];
            // Ragged: stars torn away come in clumps and wisps. None leaves the frame.
            let ragged = 0.5 + 0.9 * clouds([13.0 * x + 5.0 * y, 6.0 * y - 3.0 * x], 4, 8);
            if x.abs().max(y.abs()) < 1.56 && rng.unit() < ragged.max(0.15) {
                let mean = lerp(stream.metallicity[0], stream.metallicity[1], t);
                return ([x, y], mean - 0.12 * breadth + 0.45 * (ragged - 0.5));
            }
        }
    }
}

/// Knots lie along the crests of the arms, in families; many are small, few are large. With each comes its
/// share of the stars.
fn knots(disc: &Disc, rng: &mut Rng) -> impl Iterator<Item = (Cluster, f64)> {
    let weights: Vec<f64> = disc.arm.iter().map(|&arm| f64::from(arm)).collect();
    let arms = Alias::new(&weights);
    (0..FAMILIES * FAMILY).scan([0.0, 0.0], move |parent, i| {
        if i % FAMILY == 0 {
            *parent = Disc::centre(arms.draw(rng));
        }
        let centre = [parent[0] + 0.016 * rng.bell(), parent[1] + 0.016 * rng.bell()];
        let size = 0.008 * rng.unit().max(0.015).powf(-0.45);
        let weight = size * size * rng.within(0.1, 1.0) * (-parent[0].hypot(parent[1]) / 0.6).exp();
        Some((Cluster { centre, size, metallicity: rng.within(0.04, 0.12) }, weight))
    })
}

fn globulars(rng: &mut Rng) -> Vec<Cluster> {
    (0..GLOBULARS)
        .map(|_| Cluster {
            centre: around([0.0, 0.0], 0.5 + 0.85 * rng.unit(), rng),
            size: rng.within(0.012, 0.026),
            metallicity: rng.within(-1.1, -0.8),
        })
        .collect()
}

/// The bridge to the companion, the tail it has drawn out on the far side, and what is left of an older meal.
fn streams() -> Vec<Stream> {
    let end_of = |arm: &Arm, radius: f64| {
        let (sin, cos) = arm.ridge(radius).sin_cos();
        on_the_sky([radius * cos, radius * sin], 0.0)
    };
    let along = |arm: &Arm, radius: f64| {
        let ([x0, y0], [x1, y1]) = (end_of(arm, radius), end_of(arm, radius * 1.12));
        [x1 + (x1 - x0), y1 + (y1 - y0)]
    };
    let mut streams = Vec::new();
    // Strands that part on the way make a fan; a single one would look like a hose.
    for strand in 0..5 {
        let (apart, wide) = (f64::from(strand) - 2.0, 0.018 + 0.007 * f64::from(strand * 2 % 5));
        let bridge = (&ARMS[0], 0.72 + 0.02 * apart);
        streams.push(Stream {
            points: [
                end_of(bridge.0, bridge.1),
                along(bridge.0, bridge.1),
                [1.02 + 0.04 * apart, 0.60],
                [COMPANION[0] + 0.04 + 0.03 * apart, COMPANION[1] + 0.12],
            ],
            width: [1.3 * wide, 0.5 * wide],
            metallicity: [-0.35, -0.75],
        });
        let tail = (&ARMS[1], 0.80 + 0.02 * apart);
        streams.push(Stream {
            points: [
                end_of(tail.0, tail.1),
                along(tail.0, tail.1),
                [-0.90 - 0.03 * apart, -1.0],
                [-0.20 + 0.06 * apart, -1.42 - 0.05 * apart],
            ],
            width: [wide, 2.2 * wide],
            metallicity: [-0.35, -1.25],
        });
    }
    streams
}
