//! Canvases, limits and places of matplotlib, from `generate_geometry_oracle.py`.
#![allow(clippy::unwrap_used, reason = "a test that fails should stop")]

use pointillist_scatter::{Axes, AxesBox, Clip, Figure, Limits, View};
use serde_json::Value;

fn numbers(row: &Value, name: &str) -> Vec<f64> {
    row[name].as_str().unwrap().split_whitespace().map(|number| number.parse().unwrap()).collect()
}

fn bits(values: &[f64]) -> Vec<u64> {
    // Zero has one place, whatever its sign.
    values.iter().map(|&value| (value + 0.0).to_bits()).collect()
}

fn limits(row: &Value, name: &str, set: &str, other: &str) -> Limits {
    if let [low, high] = numbers(row, set)[..] {
        return Limits::new(low, high).unwrap();
    }
    let (values, others) = (numbers(row, name), numbers(row, other));
    let finite = values.iter().zip(&others).filter(|(a, b)| a.is_finite() && b.is_finite());
    let (low, high) = finite
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (&value, _)| {
            (low.min(value), high.max(value))
        });
    Limits::around(low, high)
}

/// The pixels of a clip by Agg's own words: from matplotlib's corners, y up.
fn clip_of_paths(corners: &[f64], width: f64, height: f64) -> [f64; 4] {
    let near = |value: f64| (value + 0.5).floor();
    let (left, right) = (near(corners[0]).max(0.0), near(corners[2]).min(width));
    let (bottom, top) = (near(height - corners[1]).max(0.0), near(height - corners[3]).min(height));
    [left, top.max(0.0), right, bottom.min(height)]
}

#[test]
fn canvases_limits_and_places_are_matplotlibs_to_the_bit() {
    let oracle: Value = serde_json::from_str(include_str!("geometry.json")).unwrap();
    let rows = oracle.as_array().unwrap();
    assert!(rows.len() >= 60);
    for row in rows {
        let [width, height, dpi] = numbers(row, "figure")[..] else { panic!("{row}") };
        let figure = Figure::new(width, height, dpi).unwrap();
        let axes = match numbers(row, "axes")[..] {
            [left, bottom, width, height] => AxesBox::new(left, bottom, width, height).unwrap(),
            _ => AxesBox::subplot(),
        };
        let axes = Axes::new(&figure, &axes);
        let canvas = axes.canvas();
        assert_eq!(vec![canvas.0 as f64, canvas.1 as f64], numbers(row, "canvas"), "{row}");
        assert_eq!(bits(&axes.bounds()), bits(&numbers(row, "bounds")), "{row}");

        let [left, top, right, bottom] =
            clip_of_paths(&numbers(row, "clip"), canvas.0 as f64, canvas.1 as f64)
                .map(|edge| edge as i32);
        let clip = axes.clip_of_paths();
        if left < right && top < bottom {
            assert_eq!(clip, Clip { left, top, right, bottom }, "{row}");
        }

        let x = limits(row, "x", "set_x", "y");
        let y = limits(row, "y", "set_y", "x");
        let ends = [x.ends().0, x.ends().1, y.ends().0, y.ends().1];
        assert_eq!(bits(&ends), bits(&numbers(row, "limits")), "{row}");

        let view = View::new(&axes, &x, &y);
        let (scale, shift) = view.matrix();
        assert_eq!(bits(&[scale, shift].concat()), bits(&numbers(row, "matrix")), "{row}");
        let (places, display) = (numbers(row, "places"), numbers(row, "display"));
        for (place, expected) in places.chunks_exact(2).zip(display.chunks_exact(2)) {
            assert_eq!(
                bits(&view.display(place[0], place[1])),
                bits(expected),
                "{place:?} in {row}"
            );
        }
    }
}
