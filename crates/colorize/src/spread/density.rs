//! How large markers may be before they hide each other: datashader's `dynspread`.

use std::ops::Range;

use pointillist_base::{Float, Values};
use rayon::prelude::*;

use super::fold::Occupied;
use super::source::Area;
use super::{Marker, Shape, TILE, around};
use crate::Error;
use crate::sample::with_values;

/// Which cells are occupied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Occupancy<'a> {
    /// Those that have a point.
    Counts(Values<'a>),
    /// Those that are not NaN.
    Values(Values<'a>),
}

/// Finds the radius at which isolated points are seen and others not smeared, as datashader's `dynspread`
/// does: radii are tried from 1 pixel on, and the first one for which more than a threshold of the occupied cells
/// have another one at most *twice* that many columns and rows away is too large. The radius is the one before
/// that, or else the largest that is allowed. A grid without occupied cells has radius 0.
///
/// Bands of rows are added in any order, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Density {
    width: usize,
    height: usize,
    occupied: u64,
    /// For each radius from 1 on, how many occupied cells have another one that near.
    crowded: Vec<u64>,
}

impl Density {
    /// The share of crowded cells that datashader takes as the threshold.
    pub const THRESHOLD: f64 = 0.5;

    /// The largest radius that datashader tries, in pixels.
    pub const MAX_RADIUS: u32 = 3;

    /// For a grid of `width` columns and `height` rows and radii up to `max_radius`.
    ///
    /// # Errors
    /// If `max_radius` is above [`Marker::MAX_RADIUS`].
    pub fn new(width: usize, height: usize, max_radius: u32) -> Result<Self, Error> {
        let marker = Marker { radius: max_radius, shape: Shape::Square };
        marker.check()?;
        Ok(Self { width, height, occupied: 0, crowded: vec![0; marker.reach()] })
    }

    /// How far the neighbours are looked for.
    fn reach(&self) -> usize {
        2 * self.crowded.len()
    }

    /// The rows of the grid that have to be known for the rows `rows`.
    pub fn input_rows(&self, rows: Range<usize>) -> Range<usize> {
        around(rows, self.reach(), self.height)
    }

    /// Adds the cells of the rows `rows`. `cells` are the rows [`input_rows`](Density::input_rows) of the
    /// grid and no others.
    ///
    /// # Panics
    /// If `rows` are not rows of the grid, or there are not as many cells as in the rows around them.
    pub fn add(&mut self, cells: Occupancy<'_>, rows: Range<usize>) {
        assert!(rows.start <= rows.end && rows.end <= self.height, "rows of the grid");
        let (Occupancy::Counts(page) | Occupancy::Values(page)) = cells;
        let given = self.input_rows(rows.clone());
        assert_eq!(page.len(), given.len() * self.width, "the rows around those to be added");
        let reach = self.reach();
        let (tile_rows, tile_columns) = (TILE.0.max(2 * reach), TILE.1.max(2 * reach));
        let tiles: Vec<Area> = rows
            .clone()
            .step_by(tile_rows)
            .flat_map(|row| (0..self.width).step_by(tile_columns).map(move |column| (row, column)))
            .map(|(row, column)| Area {
                width: self.width,
                given: given.clone(),
                rows: row..rows.end.min(row + tile_rows),
                columns: column..self.width.min(column + tile_columns),
                pad: reach,
            })
            .collect();
        let none = || vec![0; 1 + self.crowded.len()];
        let found = tiles.into_par_iter().map(|tile| self.count(cells, tile)).reduce(none, added);
        self.occupied += found[0];
        for (crowded, found) in self.crowded.iter_mut().zip(&found[1..]) {
            *crowded += found;
        }
    }

    /// Of a tile: how many cells are occupied, and how many of them crowded at each radius.
    fn count(&self, cells: Occupancy<'_>, tile: Area) -> Vec<u64> {
        let rows = tile.rows.clone();
        let area = Area { rows: around(rows.clone(), self.reach(), self.height), ..tile };
        let plane = match cells {
            Occupancy::Counts(counts) => with_values!(counts, counts => {
                area.plane::<Occupied>(|at, items| {
                    for (item, &count) in items.iter_mut().zip(&counts[at]) {
                        *item = u8::from(count >= Float::ONE);
                    }
                })
            }),
            Occupancy::Values(values) => with_values!(values, values => {
                area.plane::<Occupied>(|at, items| {
                    for (item, &value) in items.iter_mut().zip(&values[at]) {
                        *item = u8::from(!value.is_nan());
                    }
                })
            }),
        };
        let square = |radius| Marker { radius, shape: Shape::Square };
        let occupied = plane.fold::<Occupied>(square(0), rows.clone());
        let mut found: Vec<u64> = vec![occupied.iter().map(|&cell| u64::from(cell)).sum()];
        let mut crowded = 0;
        for radius in 1..=self.crowded.len() as u32 {
            // What is crowded stays so.
            if crowded < found[0] {
                let near = plane.fold::<Occupied>(square(2 * radius), rows.clone());
                let pairs = near.iter().zip(&occupied);
                crowded = pairs.map(|(&near, &cell)| u64::from((near > 1) & (cell > 0))).sum();
            }
            found.push(crowded);
        }
        found
    }

    /// The radius, in pixels, for a threshold of 0 to 1 (see [`Density::THRESHOLD`]), when all rows are added.
    ///
    /// # Errors
    /// If the threshold is out of its range.
    pub fn radius(&self, threshold: f64) -> Result<u32, Error> {
        if !(0.0..=1.0).contains(&threshold) {
            let (name, expected) = ("the threshold of the density", "a share from 0 to 1");
            return Err(Error::OutOfRange { name, expected, value: threshold });
        }
        let too_dense = |&crowded: &u64| crowded as f64 / self.occupied as f64 > threshold;
        Ok(match self.occupied {
            0 => 0,
            _ => self.crowded.iter().take_while(|crowded| !too_dense(crowded)).count() as u32,
        })
    }
}

fn added(mut sums: Vec<u64>, terms: Vec<u64>) -> Vec<u64> {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += term;
    }
    sums
}
