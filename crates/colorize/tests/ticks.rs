//! Ticks and labels of matplotlib, from `generate_ticks_oracle.py`.
#![allow(clippy::unwrap_used, reason = "a test that fails should stop")]

use pointillist_colorize::ticks::{self, Colorbar, Label, Tick};
use pointillist_colorize::{Colormap, Limits, Norm, Scale};
use serde_json::Value;

fn oracle() -> Value {
    serde_json::from_str(include_str!("ticks.json")).unwrap()
}

fn rows<'a>(oracle: &'a Value, name: &str) -> &'a Vec<Value> {
    oracle[name].as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    text(value).split_whitespace().map(|number| number.parse().unwrap()).collect()
}

fn limits(value: &Value) -> Limits {
    let [vmin, vmax] = numbers(value)[..] else { panic!("{value} are no limits") };
    Limits { vmin, vmax }
}

/// The label as matplotlib's math text, without the name of the font.
fn math_text(label: &Label) -> String {
    match label {
        Label::None => String::new(),
        Label::Text(text) if text == "0" => "${0}$".to_owned(),
        Label::Text(text) => text.clone(),
        Label::Power { negative, mantissa, exponent } => {
            let sign = if *negative { "-" } else { "" };
            let mantissa = mantissa.as_ref().map(|m| format!("{m}\\times")).unwrap_or_default();
            format!("${{{sign}{mantissa}10^{{{exponent}}}}}$")
        }
    }
}

/// Values to the bit, and labels as `label` writes them.
fn described<'a>(
    ticks: impl Iterator<Item = &'a Tick>,
    label: impl Fn(&Label) -> String,
) -> (Vec<u64>, String) {
    let (values, labels): (Vec<u64>, Vec<String>) =
        ticks.map(|tick| (tick.value.to_bits(), label(&tick.label))).unzip();
    (values, labels.join("|"))
}

fn expected(values: &Value, labels: &Value) -> (Vec<u64>, String) {
    let values = numbers(values).into_iter().map(f64::to_bits).collect();
    (values, text(labels).to_owned())
}

/// Whether powers and logarithms are from the library that NumPy's were from.
const SAME_LIBRARY: bool =
    cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"));

/// The rows that differ are none where the C library is that of the oracle, else few.
fn assert_equal_rows(total: usize, different: &[String]) {
    let allowed = if SAME_LIBRARY { 0 } else { total / 50 };
    assert!(total > 0);
    assert!(
        different.len() <= allowed,
        "{} of {total} rows differ:\n{}",
        different.len(),
        different[..different.len().min(20)].join("\n")
    );
}

#[test]
fn ticks_and_labels_of_axes_are_those_of_matplotlib() {
    let oracle = oracle();
    let rows = rows(&oracle, "axes");
    let mut different = Vec::new();
    for row in rows {
        let asked = limits(&row[0]);
        let max_n = row[1].as_u64().unwrap() as usize;
        let found = ticks::axis(asked.vmin, asked.vmax, max_n).unwrap();
        let wanted = if text(&row[2]).is_empty() { asked } else { limits(&row[2]) };
        let same = found.limits == wanted
            && described(found.ticks.iter(), Label::to_string) == expected(&row[3], &row[4])
            && found.offset.as_deref().unwrap_or_default() == text(&row[5]);
        if !same {
            different.push(format!("{row} {found:?}"));
        }
    }
    assert_equal_rows(rows.len(), &different);
}

#[test]
fn ticks_and_labels_of_colorbars_are_those_of_matplotlib() {
    let oracle = oracle();
    let rows = rows(&oracle, "bars");
    let colormap = Colormap::default();
    let mut different = Vec::new();
    for row in rows {
        let norm: Norm = text(&row[0]).parse().unwrap();
        let asked = limits(&row[1]);
        let max_n = row[2].as_u64().unwrap() as usize;
        let bar = Colorbar::new(&Scale::new(norm, asked).unwrap(), &colormap, max_n).unwrap();
        let wanted = if text(&row[3]).is_empty() { asked } else { limits(&row[3]) };
        let is_scalar = matches!(norm, Norm::Linear | Norm::Sqrt | Norm::Cbrt | Norm::Power(_));
        let label = if is_scalar { Label::to_string } else { math_text };
        let mut same =
            bar.limits == wanted && bar.offset.as_deref().unwrap_or_default() == text(&row[10]);
        for (minor, [values, labels, positions]) in
            [(false, [&row[4], &row[5], &row[6]]), (true, [&row[7], &row[8], &row[9]])]
        {
            let ticks = bar.ticks.iter().filter(|tick| tick.minor == minor);
            same &= described(ticks.clone(), label) == expected(values, labels);
            same &= ticks
                .zip(numbers(positions))
                .all(|(tick, position)| (tick.position - position).abs() < 2e-6);
        }
        if !same {
            different.push(format!("{row} {:?}", bar.ticks));
        }
    }
    assert_equal_rows(rows.len(), &different);
}

#[test]
fn values_at_positions_are_those_of_matplotlib() {
    let oracle = oracle();
    let positions = numbers(&oracle["inverses"]["positions"]);
    let rows = rows(&oracle["inverses"], "norms");
    let mut different = Vec::new();
    for row in rows {
        let scale = Scale::new(text(&row[0]).parse().unwrap(), limits(&row[1])).unwrap();
        for (position, expected) in positions.iter().zip(numbers(&row[2])) {
            let found = scale.inverse(*position);
            assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{row} {found}");
            if found != expected {
                different.push(format!("{} {position} {found} {expected}", row[0]));
            }
        }
    }
    assert_equal_rows(rows.len() * positions.len(), &different);
}

#[test]
fn there_is_room_for_as_many_ticks_as_in_matplotlib() {
    let oracle = oracle();
    for row in rows(&oracle, "spaces") {
        let [width, height, size] = numbers(&row[0])[..] else { panic!("{row}") };
        let found = [ticks::space_x(width, size), ticks::space_y(height, size)];
        assert_eq!(found.map(|n| n as u64), [&row[1], &row[2]].map(|n| n.as_u64().unwrap()));
    }
}
