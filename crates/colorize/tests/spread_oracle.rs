//! What datashader's spread and dynspread make of small grids, from `generate_spread_oracle.py`.
#![allow(clippy::unwrap_used, reason = "a test that fails should stop")]

use pointillist_base::{Values, ValuesMut};
use pointillist_colorize::spread::{Density, Marker, Occupancy, Source, Spread};
use serde_json::Value;

fn oracle() -> Value {
    serde_json::from_str(include_str!("spread_oracle.json")).unwrap()
}

fn floats(hex: &Value) -> Vec<f64> {
    let digits = hex.as_str().unwrap().as_bytes().as_chunks::<16>().0;
    let float = |digits: &[u8; 16]| {
        f64::from_bits(u64::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap())
    };
    digits.iter().map(float).collect()
}

fn size(row: &Value) -> (usize, usize) {
    let side = |name: &str| row[name].as_u64().unwrap() as usize;
    (side("width"), side("height"))
}

#[test]
fn counts_and_sums_are_those_of_datashader() {
    let mut compared = 0;
    for row in oracle()["spread"].as_array().unwrap() {
        let (width, height) = size(row);
        let (page, cells) = (row["page"].as_str().unwrap(), floats(&row["cells"]));
        let narrow: Vec<f32> = cells.iter().map(|&cell| cell as f32).collect();
        let cells = match row["dtype"].as_str().unwrap() {
            "float64" => Values::F64(&cells),
            _ => Values::F32(&narrow),
        };
        let source = if page == "count" { Source::Count(cells) } else { Source::Sum(cells) };
        for made in row["spread"].as_array().unwrap() {
            let marker = Marker {
                radius: made["radius"].as_u64().unwrap() as u32,
                shape: made["shape"].as_str().unwrap().parse().unwrap(),
            };
            let mut out = vec![0.0; width * height];
            let spread = Spread::new(marker, width, height).unwrap();
            spread.rows(source, 0..height, ValuesMut::F64(&mut out));
            for (found, expected) in out.iter().zip(floats(&made["cells"])) {
                // Terms of all sizes are added in another order.
                let is_close = page == "any" && (found - expected).abs() <= 1e-12 * 1e6;
                let is_same = *found == expected || (found.is_nan() && expected.is_nan());
                assert!(is_same || is_close, "{page} {marker:?}: {found} {expected}");
            }
            compared += out.len();
        }
    }
    assert!(compared > 4000, "{compared}");
}

#[test]
fn radii_are_those_of_datashader() {
    let mut found = [0; 8];
    for row in oracle()["radii"].as_array().unwrap() {
        let (width, height) = size(row);
        let mut counts = vec![0.0f32; width * height];
        for place in row["occupied"].as_str().unwrap().split_whitespace() {
            counts[place.parse::<usize>().unwrap()] = 1.0;
        }
        let max_radius = row["max_radius"].as_u64().unwrap() as u32;
        let mut density = Density::new(width, height, max_radius).unwrap();
        density.add(Occupancy::Counts(Values::F32(&counts)), 0..height);
        let radius = density.radius(row["threshold"].as_f64().unwrap()).unwrap();
        assert_eq!(u64::from(radius), row["radius"].as_u64().unwrap(), "{row}");
        found[radius as usize] += 1;
    }
    assert!(found[..4].iter().all(|&rows| rows > 0), "{found:?}");
}
