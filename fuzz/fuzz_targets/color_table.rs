//! Any bytes as a color table, of GMT and of gdaldem: opened without a panic; and what opens has a colour for every
//! value, which stays the same where values are coloured together, and is read back from its record.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pointillist_bin2d::{OwnedValues, Page};
use pointillist_colorize::{Colormap, Error, Norm, Options, Paint, Picture, colorize};

/// The files' names, this process's own: `.cpt` is GMT's.
static FILES: LazyLock<[PathBuf; 2]> = LazyLock::new(|| {
    ["cpt", "txt"].map(|end| {
        std::env::temp_dir().join(format!("pointillist-fuzz-{}.{end}", std::process::id()))
    })
});

/// As many numbers of the file are tried as values.
const NUMBERS: usize = 64;

/// Those where arithmetic ends, and those of the table with their neighbours.
fn values(data: &[u8], colormap: &Colormap) -> Vec<f64> {
    let text = String::from_utf8_lossy(data);
    let numbers = text
        .split(|c: char| c.is_whitespace() || ",:/".contains(c))
        .filter_map(|word| word.parse().ok())
        .filter(|number: &f64| number.is_finite())
        .take(NUMBERS);
    let ends = colormap.data_range().map(|range| [range.vmin, range.vmax]);
    let numbers: Vec<f64> = numbers.chain(ends.into_iter().flatten()).collect();
    let between = numbers.windows(2).map(|pair| pair[0] / 2.0 + pair[1] / 2.0);
    let near = numbers.iter().flat_map(|number| [*number, number.next_down(), number.next_up()]);
    let mut values = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 0.5, 1.0, 1e9];
    values.extend([f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, -5e-324]);
    values.extend(near.chain(between));
    values
}

/// A picture of one row, whose last cell has no points.
fn picture(values: &[f64], options: &Options) -> Result<Picture, Error> {
    let (width, mut counts) = (values.len(), vec![1.0; values.len()]);
    counts[width - 1] = 0.0;
    let page = |name: &str, values: &[f64]| Page {
        name: name.to_owned(),
        values: OwnedValues::F64(values.to_vec()),
    };
    colorize(&page("max", values), Some(&page("count", &counts)), width, 1, options)
}

fuzz_target!(|data: &[u8]| {
    for file in &*FILES {
        std::fs::write(file, data).expect("the temporary folder can be written to");
        let colormap = Colormap::open(file);
        std::fs::remove_file(file).expect("the file has just been written");
        let Ok(colormap) = colormap else { continue };
        let again: Colormap = colormap.to_string().parse().expect("a record is read back");
        assert_eq!(again, colormap);
        assert_eq!(colormap.colors(7).len(), 7);
        let mut values = values(data, &colormap);
        values.push(0.0);
        let bad = colormap.bad().0;
        for norm in [None, Some(Norm::Log1p), Some(Norm::Asinh(0.1)), Some(Norm::SymLog(1.0))] {
            let paint = Paint::Colormap(colormap.clone());
            let options = Options { norm, paint, ..Options::default() };
            let made = match picture(&values, &options) {
                Ok(made) => made,
                Err(error) => {
                    assert!(norm.is_some(), "{error}");
                    continue;
                }
            };
            let pixels = made.rgba.as_chunks::<4>().0;
            assert_eq!(pixels.len(), values.len());
            assert_eq!(pixels[pixels.len() - 1], [0; 4]);
            assert!(pixels[0] == bad || bad[3] == 0 && pixels[0][3] == 0, "{:?}", pixels[0]);
            let others: Vec<f64> = values.iter().rev().chain([&0.0]).copied().collect();
            let limits = made.limits.map(|limits| (limits.vmin, limits.vmax)).unzip();
            let options = Options { vmin: limits.0, vmax: limits.1, ..options };
            let reversed = picture(&others, &options).expect("the same limits are as good");
            let reversed = reversed.rgba.as_chunks::<4>().0;
            assert!(pixels.iter().rev().skip(1).eq(reversed.iter().skip(1).take(pixels.len() - 1)));
        }
    }
});
