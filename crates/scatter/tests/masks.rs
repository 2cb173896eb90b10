//! What round markers cover in matplotlib, from `generate_masks_oracle.py`.
#![allow(clippy::unwrap_used, reason = "a test that fails should stop")]

use pointillist_scatter::naive::{Canvas, Colors, Points, draw};
use pointillist_scatter::{Axes, AxesBox, Figure, Limits, Mode, Round, Shape, Side, View};
use serde_json::Value;

#[test]
fn round_markers_cover_what_matplotlibs_do() {
    let oracle: Value = serde_json::from_str(include_str!("masks.json")).unwrap();
    let rows = oracle.as_array().unwrap();
    assert!(rows.len() > 50);
    for row in rows {
        let [side, x, y, diameter] = std::array::from_fn(|at| row[at + 1].as_f64().unwrap());
        let figure = Figure::new(side / 72.0, side / 72.0, 72.0).unwrap();
        let axes = Axes::new(&figure, &AxesBox::WHOLE);
        let limits = Limits::new(0.0, side).unwrap();
        let view = View::new(&axes, &limits, &limits);
        let mode = if row[0] == "one" { Mode::Markers } else { Mode::Paths };
        let points = Points {
            x: &[x],
            y: &[side - y],
            colors: Colors::One([0.0, 0.0, 0.0, 1.0]),
            shape: Shape::Circle,
            side: Side::points(diameter * diameter, 72.0).unwrap(),
        };
        let mut canvas = Canvas::new(axes.canvas(), [255; 4]);
        draw(&mut canvas, &view, &points, mode);
        let covers: String =
            canvas.pixels.iter().map(|pixel| format!("{:02x}", 255 - pixel[0])).collect();
        assert_eq!(covers, row[5].as_str().unwrap(), "{} marker of {diameter} at {x}, {y}", row[0]);
    }
}

#[test]
fn a_disk_within_one_pixel_is_drawn_twice() {
    let stamp = |diameter| Round::new(Side::pixels(diameter).unwrap()).stamp();
    let (small, least, large) = (stamp(0.9), stamp(0.01), stamp(1.2));
    assert_eq!((small.times, small.mask.covers.len()), (2, 1));
    assert!(least.mask.is_empty());
    assert_eq!((large.times, large.mask.width, large.mask.height()), (1, 3, 3));
    assert_eq!(large.mask.pixels().count(), 5);
}

#[test]
fn the_outline_of_a_disk_cancels_out_whatever_its_size() {
    for step in 25..2000 {
        let stamp = Round::new(Side::pixels(f64::from(step) / 21.0).unwrap()).stamp();
        assert_eq!(stamp.times, 1, "{step}");
    }
}
