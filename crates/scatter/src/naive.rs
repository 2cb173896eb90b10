//! Points drawn one after another, as matplotlib draws them: slow, plain, and what the fast kernels are held against.

use crate::Shape;
use crate::blend::{blend, over, to_bytes};
use crate::geometry::{Clip, View};
use crate::marker::{Footprint, Mode, Round, Side, Square};

/// The colours of the markers: red, green, blue and opacity from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub enum Colors<'a> {
    /// The same for all.
    One([f64; 4]),
    /// One a point.
    Each(&'a [[f64; 4]]),
}

/// Points with their markers.
#[derive(Debug, Clone, Copy)]
pub struct Points<'a> {
    /// Data coordinates.
    pub x: &'a [f64],
    /// As many as `x`.
    pub y: &'a [f64],
    /// One or as many as `x`.
    pub colors: Colors<'a>,
    /// The shape of all markers: `'s'` or `'o'`.
    pub shape: Shape,
    /// The size of all markers.
    pub side: Side,
}

/// A canvas whose pixels are straight RGBA, bytes or floats.
#[derive(Debug, Clone, PartialEq)]
pub struct Canvas<T> {
    /// Columns.
    pub width: usize,
    /// Row by row from the top.
    pub pixels: Vec<[T; 4]>,
}

impl<T: Copy> Canvas<T> {
    /// A canvas of one colour.
    pub fn new((width, height): (usize, usize), start: [T; 4]) -> Self {
        Self { width, pixels: vec![start; width * height] }
    }
}

impl Canvas<f64> {
    /// Rounded to bytes, once.
    pub fn to_bytes(&self) -> Canvas<u8> {
        Canvas { width: self.width, pixels: self.pixels.iter().copied().map(to_bytes).collect() }
    }
}

/// Draws the points as Agg does, with eight bits.
///
/// # Panics
///
/// Where the canvas is not that of the view, or lengths differ.
pub fn draw(canvas: &mut Canvas<u8>, view: &View, points: &Points, mode: Mode) {
    walk(canvas, view, points, mode, |pixel, color, cover| blend(pixel, to_bytes(color), cover));
}

/// Draws the points with the same footprints and covers in floats.
///
/// # Panics
///
/// As [`draw`].
pub fn draw_floats(canvas: &mut Canvas<f64>, view: &View, points: &Points, mode: Mode) {
    walk(canvas, view, points, mode, |pixel, [red, green, blue, opacity], cover| {
        *pixel = over(*pixel, [red, green, blue, opacity * f64::from(cover) / 255.0]);
    });
}

fn walk<T>(
    canvas: &mut Canvas<T>,
    view: &View,
    points: &Points,
    mode: Mode,
    mut lay: impl FnMut(&mut [T; 4], [f64; 4], u8),
) {
    let axes = view.axes();
    let width = canvas.width;
    assert_eq!((width, canvas.pixels.len()), (axes.canvas().0, axes.canvas().0 * axes.canvas().1));
    assert_eq!(points.x.len(), points.y.len());
    let clip = match mode {
        Mode::Markers => axes.clip_of_markers(),
        Mode::Paths => axes.clip_of_paths(),
    };
    let mut draw = |column: i32, row: i32, color: [f64; 4], cover: u8| {
        if clip.contains(column, row) {
            lay(&mut canvas.pixels[row as usize * width + column as usize], color, cover);
        }
    };
    let square = Square::new(points.side);
    let mut round = Round::new(points.side);
    let stamp = round.stamp();
    for (at, (&x, &y)) in points.x.iter().zip(points.y).enumerate() {
        let color = match points.colors {
            Colors::One(color) => color,
            Colors::Each(colors) => colors[at],
        };
        match mode {
            Mode::Markers => {
                let [column, row] = view.pixel(x, y);
                // What is farther away than this has no pixel of any canvas, and its numbers have no room in 32 bits.
                if !(column.abs() < 1e8 && row.abs() < 1e8) {
                    continue;
                }
                let (column, row) = (column as i32, row as i32);
                match points.shape {
                    Shape::Square => {
                        let all = square.stamp();
                        let here = Footprint {
                            left: column + all.left,
                            top: row + all.top,
                            right: column + all.right,
                            bottom: row + all.bottom,
                        };
                        fill(here, clip, |column, row| draw(column, row, color, 255));
                    }
                    Shape::Circle => {
                        for _ in 0..stamp.times {
                            for (dx, dy, cover) in stamp.mask.pixels() {
                                draw(column + dx, row + dy, color, cover);
                            }
                        }
                    }
                }
            }
            Mode::Paths => {
                let place = view.offset(x, y);
                match points.shape {
                    Shape::Square => {
                        if place.iter().all(|value| value.is_finite()) {
                            fill(square.at(place), clip, |column, row| {
                                draw(column, row, color, 255)
                            });
                        }
                    }
                    Shape::Circle => round.at(place, axes, |column, row, length, cover| {
                        (column..column + length as i32)
                            .for_each(|column| draw(column, row, color, cover));
                    }),
                }
            }
        }
    }
}

/// Every pixel of the footprint in the clip.
fn fill(footprint: Footprint, clip: Clip, mut draw: impl FnMut(i32, i32)) {
    for row in footprint.top.max(clip.top)..footprint.bottom.min(clip.bottom) {
        for column in footprint.left.max(clip.left)..footprint.right.min(clip.right) {
            draw(column, row);
        }
    }
}
