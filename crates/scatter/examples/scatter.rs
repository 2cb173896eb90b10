//! Draws points from stdin one after another, for comparison with matplotlib itself.
//!
//! stdin holds pictures one after another: a line of JSON, then what it announces in little-endian binary. Of each, stdout gets
//! the canvas as raw RGBA. The line has `figure` (width and height in inches, dots an inch), `axes` (left, bottom, width, height, or
//! null for those of a subplot), `x` and `y` (limits, or null to choose them), `start` (the pixels before), `shape` (`s`, `o`),
//! `s` (points squared), `colors` (how many), `points` (how many). After it come x, y, and red, green, blue and opacity of each colour, all
//! 64-bit floats.
#![allow(clippy::unwrap_used, reason = "a development tool that may stop anywhere")]

use std::io::{BufRead, Read, Write};

use pointillist_scatter::naive::{Canvas, Colors, Points, draw};
use pointillist_scatter::{Axes, AxesBox, Figure, Limits, Mode, Shape, Side, View};
use serde_json::Value;

fn numbers<const N: usize>(value: &Value) -> [f64; N] {
    std::array::from_fn(|at| value[at].as_f64().unwrap())
}

fn floats(input: &mut impl Read, count: usize) -> Vec<f64> {
    let mut bytes = vec![0; count * 8];
    input.read_exact(&mut bytes).unwrap();
    bytes.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fn limits(asked: &Value, values: &[f64], others: &[f64]) -> Limits {
    if asked.is_null() {
        let both = values.iter().zip(others).filter(|(a, b)| a.is_finite() && b.is_finite());
        let (low, high) = both.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (&v, _)| {
            (v.min(low), v.max(high))
        });
        Limits::around(low, high)
    } else {
        let [low, high] = numbers(asked);
        Limits::new(low, high).unwrap()
    }
}

fn main() {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut line = String::new();
    while input.read_line(&mut line).unwrap() > 0 {
        let asked: Value = serde_json::from_str(&line).unwrap();
        line.clear();
        let [width, height, dpi] = numbers(&asked["figure"]);
        let figure = Figure::new(width, height, dpi).unwrap();
        let axes = match &asked["axes"] {
            Value::Null => AxesBox::subplot(),
            given => {
                let [left, bottom, width, height] = numbers(given);
                AxesBox::new(left, bottom, width, height).unwrap()
            }
        };
        let count = asked["points"].as_u64().unwrap() as usize;
        let (x, y) = (floats(&mut input, count), floats(&mut input, count));
        let colors = floats(&mut input, 4 * asked["colors"].as_u64().unwrap() as usize);
        let colors: Vec<[f64; 4]> =
            colors.chunks_exact(4).map(|color| color.try_into().unwrap()).collect();
        let axes = Axes::new(&figure, &axes);
        let view = View::new(&axes, &limits(&asked["x"], &x, &y), &limits(&asked["y"], &y, &x));
        let side = Side::points(asked["s"].as_f64().unwrap(), dpi).unwrap();
        let points = Points {
            x: &x,
            y: &y,
            colors: if let [color] = colors[..] {
                Colors::One(color)
            } else {
                Colors::Each(&colors)
            },
            shape: if asked["shape"] == "o" { Shape::Circle } else { Shape::Square },
            side,
        };
        let start = numbers::<4>(&asked["start"]).map(|value| value as u8);
        let mut canvas = Canvas::new(axes.canvas(), start);
        draw(&mut canvas, &view, &points, Mode::of(colors.len() == 1, side, &figure));
        output.write_all(canvas.pixels.as_flattened()).unwrap();
        output.flush().unwrap();
    }
}
