//! Bytes and bits of matplotlib, datashader and NumPy, from `generate_oracle.py`.
#![allow(clippy::unwrap_used, reason = "a test that fails should stop")]

use pointillist_base::{OwnedValues, Values};
use pointillist_bin2d::Page;
use pointillist_colorize::{
    Color, Colormap, Limits, Norm, Options, Paint, Resident, Scale, colorize, limits,
};
use serde_json::Value;

fn oracle() -> Value {
    serde_json::from_str(include_str!("oracle.json")).unwrap()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn f32s(hex: &Value) -> Vec<f32> {
    bytes(hex).as_chunks().0.iter().map(|float| f32::from_be_bytes(*float)).collect()
}

fn f64s(hex: &Value) -> Vec<f64> {
    bytes(hex).as_chunks().0.iter().map(|float| f64::from_be_bytes(*float)).collect()
}

/// A page of the oracle, which is in 64 bits, in the type of the row.
fn page(dtype: &Value, values: Vec<f64>) -> Page {
    let values = match dtype.as_str() {
        Some("float32") => OwnedValues::F32(values.iter().map(|value| *value as f32).collect()),
        _ => OwnedValues::F64(values),
    };
    Page { name: "mean".to_owned(), values }
}

fn shaded(page: &Page, options: &Options) -> Vec<u8> {
    let cells = Values::from(&page.values).len();
    colorize(page, None, cells, 1, options).unwrap().rgba
}

#[test]
fn every_colormap_gives_the_bytes_of_matplotlib_in_both_directions() {
    let oracle = oracle();
    let positions = f32s(&oracle["colormaps"]["positions"]);
    let maps = oracle["colormaps"]["maps"].as_object().unwrap();
    assert_eq!(maps.len(), 2 * Colormap::names().count());
    // Between the limits 0 and 1 a value is its own position.
    for (name, expected) in maps {
        let options = Options {
            vmin: Some(0.0),
            vmax: Some(1.0),
            paint: Paint::Colormap(name.parse().unwrap()),
            ..Options::default()
        };
        let page = Page { name: "mean".to_owned(), values: OwnedValues::F32(positions.clone()) };
        assert_eq!(shaded(&page, &options), bytes(expected), "{name}");
    }
}

#[test]
fn lists_of_colors_are_interpolated_as_matplotlib_does_it() {
    for row in oracle()["lists"].as_array().unwrap() {
        let map: Colormap = row["text"].as_str().unwrap().parse().unwrap();
        let table: Vec<u8> = map.table().unwrap().iter().flat_map(|Color(bytes)| *bytes).collect();
        assert_eq!(table, bytes(&row["table"]), "{map}");
    }
}

/// Compares the rows for these norms: of how many cells, how many differ in position and how many in colour.
fn differences(wanted: impl Fn(&str) -> bool) -> (usize, usize, usize) {
    let oracle = oracle();
    let (mut total, mut positions_differ, mut colors_differ) = (0, 0, 0);
    for row in oracle["norms"].as_array().unwrap() {
        let text = row["norm"].as_str().unwrap();
        if !wanted(text) {
            continue;
        }
        let norm: Norm = text.parse().unwrap();
        let [vmin, vmax] = f64s(&row["limits"])[..] else { unreachable!() };
        let page = page(&row["dtype"], f64s(&oracle["pages"][row["page"].as_str().unwrap()]));
        let cells = Values::from(&page.values);
        let expected = f64s(&row["positions"]);
        let mut found = vec![0.0; cells.len()];
        Scale::new(norm, Limits { vmin, vmax }).unwrap().positions(cells, &mut found);
        for (found, expected) in found.iter().zip(&expected) {
            // A NaN at equal limits is 0 in matplotlib; here it stays a NaN.
            let same = found.to_bits() == expected.to_bits()
                || found.is_nan() && (expected.is_nan() || vmin == vmax);
            positions_differ += usize::from(!same);
            // The last bit of a 32-bit logarithm is worth this much on the page whose values are within a thousandth of each other.
            assert!(same || (found - expected).abs() < 1e-3, "{text} {found} {expected}");
        }
        let options =
            Options { norm: Some(norm), vmin: Some(vmin), vmax: Some(vmax), ..Options::default() };
        let rgba = shaded(&page, &options);
        let expected_rgba = bytes(&row["rgba"]);
        let pixels = rgba.chunks(4).zip(expected_rgba.chunks(4)).zip(&found);
        colors_differ += pixels
            .filter(|((found, expected), position)| {
                found != expected && !(vmin == vmax && position.is_nan())
            })
            .count();
        total += found.len();
    }
    assert!(total > 0);
    (total, positions_differ, colors_differ)
}

#[test]
fn linear_positions_and_colors_are_those_of_matplotlib() {
    let (_, positions, colors) = differences(|norm| norm == "linear" || norm == "sqrt");
    assert_eq!((positions, colors), (0, 0));
}

/// The last bit of a power or a logarithm is the C library's. On another one than the oracle's a position can differ, and a colour only
/// where the position is at the very edge of an entry.
#[test]
fn powers_and_logarithms_are_those_of_matplotlib_on_the_same_c_library() {
    let (total, positions, colors) = differences(|norm| norm != "linear" && norm != "sqrt");
    if cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        assert!(positions * 10 < total, "{positions} of {total} positions differ");
    }
    assert!(colors * 1000 < total, "{colors} of {total} colors differ");
}

#[test]
fn percentiles_are_those_of_numpy() {
    for row in oracle()["percentiles"].as_array().unwrap() {
        let (f32s, f64s_) = (f32s(&row["values"]), f64s(&row["values"]));
        let cells = match row["dtype"].as_str() {
            Some("float32") => Values::F32(&f32s),
            _ => Values::F64(&f64s_),
        };
        let clip = (row["clip"][0].as_f64().unwrap(), row["clip"][1].as_f64().unwrap());
        let layer = Resident::new(cells, None, 1, cells.len()).unwrap();
        let wanted = limits::Wanted { clip: Some(clip), ..limits::Wanted::default() };
        let found = limits::resolve(&layer, Norm::Linear, wanted).unwrap().unwrap();
        let [vmin, vmax] = f64s(&row["limits"])[..] else { unreachable!() };
        assert_eq!(found, Limits { vmin, vmax }, "{} cells, {clip:?}", cells.len());
    }
}

#[test]
fn equalized_colors_roots_and_log1p_are_those_of_datashader() {
    for row in oracle()["shaded"].as_array().unwrap() {
        let values = match row["dtype"].as_str() {
            Some("float32") => OwnedValues::F32(f32s(&row["values"])),
            _ => OwnedValues::F64(f64s(&row["values"])),
        };
        let page = Page { name: "mean".to_owned(), values };
        for (norm, expected) in row["rgba"].as_object().unwrap() {
            let options = Options {
                norm: Some(norm.parse().unwrap()),
                paint: Paint::Colormap("fire".parse().unwrap()),
                ..Options::default()
            };
            assert_eq!(shaded(&page, &options), bytes(expected), "{norm} of {}", row["name"]);
        }
    }
}

#[test]
fn smooth_maps_are_the_lists_of_colors_of_datashader() {
    for page in oracle()["smooth"].as_array().unwrap() {
        let values = OwnedValues::F64(f64s(&page["values"]));
        let values = Page { name: "mean".to_owned(), values };
        let pictures = page["pictures"].as_array().unwrap();
        assert_eq!(pictures.len(), 28);
        for row in pictures {
            let map = format!("smooth:{}", row["map"].as_str().unwrap());
            let options = Options {
                norm: Some(row["norm"].as_str().unwrap().parse().unwrap()),
                vmin: row["span"][0].as_f64(),
                vmax: row["span"][1].as_f64(),
                paint: Paint::Colormap(map.parse().unwrap()),
                ..Options::default()
            };
            let (found, expected) = (shaded(&values, &options), bytes(&row["rgba"]));
            assert!(found == expected, "{} through {map}, {}", row["norm"], row["span"]);
        }
    }
}
