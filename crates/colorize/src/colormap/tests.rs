//! Names, lists, records, and colors of values.

use pointillist_base::OwnedValues;
use pointillist_bin2d::Page;
use proptest::prelude::*;

use super::*;
use crate::steps::entry;
use crate::{Options, Paint, colorize, naive};

#[test]
fn viridis_is_truncated_and_not_rounded() {
    let viridis: Colormap = "viridis".parse().unwrap();
    let table = viridis.table().unwrap();
    assert_eq!(table.len(), 256);
    assert_eq!(table[0], Color([68, 1, 84, 255]));
    assert_eq!(table[128], Color([32, 144, 140, 255]));
    assert_eq!(table[255], Color([253, 231, 36, 255]));
}

#[test]
fn a_misspelt_name_is_answered_with_the_nearest_ones() {
    for (text, nearest) in [
        ("virdis", "viridis"),
        ("VIRIDIS_R", "viridis_r"),
        ("blues", "Blues"),
        ("infrno", "inferno"),
        ("Viridis", "viridis"),
    ] {
        let message = text.parse::<Colormap>().unwrap_err().to_string();
        assert!(message.contains(&format!("did you mean {nearest}")), "{message}");
    }
    let message = "zzz".parse::<Colormap>().unwrap_err().to_string();
    assert!(!message.contains("did you mean"), "{message}");
}

#[test]
fn a_list_runs_from_its_first_to_its_last_color() {
    let map: Colormap = "#000, #f00,#ffff0080".parse().unwrap();
    assert_eq!(map.table().unwrap()[0], Color([0, 0, 0, 255]));
    assert_eq!(map.table().unwrap()[255], Color([255, 255, 0, 128]));
    assert_eq!(map.name(), "#000, #f00,#ffff0080");
    assert!("#000,".parse::<Colormap>().is_err());
    assert!("#000,#12345".parse::<Colormap>().is_err());
    assert!(vec!["#000"; 257].join(",").parse::<Colormap>().is_err());
}

#[test]
fn the_ends_of_the_range_belong_to_the_table() {
    for (position, expected) in [
        (0.0, 0),
        (-0.0, 0),
        (1.0, 255),
        (f32::from_bits(1.0f32.to_bits() - 1), 255),
        (f32::from_bits(1.0f32.to_bits() + 1), 257),
        (-1e-30, 256),
        (f32::INFINITY, 257),
        (f32::NEG_INFINITY, 256),
        (f32::NAN, 258),
    ] {
        assert_eq!(entry(position, 256), expected, "{position}");
    }
}

fn fixture(name: &str) -> Colormap {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/colormaps");
    Colormap::open(&Path::new(folder).join(name)).unwrap()
}

fn table(name: &str, text: &str) -> Colormap {
    Colormap::in_file(name.to_owned(), text).unwrap()
}

/// The pixels of values through a map. Counts keep NaN from being empty cells.
fn pixels(values: OwnedValues, options: &Options) -> Vec<[u8; 4]> {
    let cells = match &values {
        OwnedValues::F32(values) => values.len(),
        OwnedValues::F64(values) => values.len(),
    };
    let counts = Page { name: "count".to_owned(), values: OwnedValues::F32(vec![1.0; cells]) };
    let page = Page { name: "count".to_owned(), values };
    colorize(&page, Some(&counts), cells, 1, options).unwrap().rgba.as_chunks().0.to_vec()
}

fn through(map: &Colormap) -> Options {
    Options { paint: Paint::Colormap(map.clone()), ..Options::default() }
}

fn of(values: &[f64], options: &Options) -> Vec<[u8; 4]> {
    pixels(OwnedValues::F64(values.to_vec()), options)
}

#[test]
fn the_colors_of_a_gmt_table_are_those_of_gmt() {
    let expected =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/colormaps/gmt.txt"));
    assert_eq!(expected.lines().count(), 7);
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    };
    for line in expected.lines() {
        let [name, values, colors] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let values: Vec<f32> =
            bytes(values).as_chunks().0.iter().map(|float| f32::from_be_bytes(*float)).collect();
        let options = through(&fixture(&format!("{name}.cpt")));
        let wide = values.iter().map(|value| f64::from(*value)).collect();
        let found = pixels(OwnedValues::F32(values.clone()), &options);
        assert_eq!(found, pixels(OwnedValues::F64(wide), &options), "{name}");
        // So many cells that entries are looked up.
        let many = pixels(OwnedValues::F32(values.repeat(1000)), &options);
        assert!(many.chunks(values.len()).all(|chunk| chunk == found), "{name}");
        for ((value, found), expected) in values.iter().zip(found).zip(bytes(colors).chunks(3)) {
            let [r, g, b, a] = found;
            // What is not painted shows GMT's paper.
            let found = if a == 0 { [255; 3] } else { [r, g, b] };
            assert_eq!(found, *expected, "{name} of {value}");
        }
    }
}

/// gdaldem's own search and interpolation, with its rounding of today.
fn gdaldem(knots: &[(f64, [u8; 4])], value: f64) -> [u8; 4] {
    let above = knots.iter().position(|knot| value < knot.0).unwrap_or(knots.len());
    if above == 0 {
        return knots[0].1;
    }
    let Some(next) = knots.get(above) else { return knots[knots.len() - 1].1 };
    let last = knots[above - 1];
    let share = (value - last.0) / (next.0 - last.0);
    std::array::from_fn(|i| {
        let (from, to) = (f64::from(last.1[i]), f64::from(next.1[i]));
        (0.5 + from + share * (to - from)) as u8
    })
}

#[test]
fn the_colors_of_a_gdaldem_table_are_those_of_gdaldem() {
    let map = fixture("relief.txt");
    let knots = [
        (-50.0, [0, 191, 191, 0]),
        (0.0, [50, 180, 50, 255]),
        (700.0, [240, 250, 150, 255]),
        (900.0, [190, 185, 135, 128]),
        (2500.0, [235, 220, 175, 255]),
        (3500.0, [255, 255, 255, 255]),
    ];
    assert_eq!(map.data_range(), Some(Limits { vmin: -50.0, vmax: 3500.0 }));
    let values: Vec<f64> = (-300..4000).map(|i| f64::from(i) + f64::from(i % 7) / 7.0).collect();
    let expected: Vec<[u8; 4]> = values.iter().map(|value| gdaldem(&knots, *value)).collect();
    assert_eq!(of(&values, &through(&map)), expected);
    assert_eq!(of(&[f64::NAN, f64::INFINITY], &through(&map)), [[0; 4], [255; 4]]);
}

#[test]
fn a_file_of_positions_is_a_list_with_positions() {
    let list: Colormap = "#000004@0,#932667@0.3,#fca50a@0.8,#fcffa4@1".parse().unwrap();
    let file = fixture("positions.txt");
    assert_eq!(file.table(), list.table());
    assert_eq!((file.data_range(), file.is_of_values()), (None, false));
}

#[test]
fn values_keep_their_colors_until_limits_move_them() {
    let map = table("t.txt", "0 0 0 0\n10 100 0 0\n20 100 200 0");
    let options = through(&map);
    let [a, b, c] = [[0, 0, 0, 255], [100, 0, 0, 255], [100, 200, 0, 255]];
    // The norm of a page of counts would be logarithmic.
    assert_eq!(of(&[-5.0, 0.0, 10.0, 20.0, 25.0], &options), [a, a, b, c, c]);
    let stretched = Options { vmax: Some(40.0), ..options.clone() };
    assert_eq!(of(&[0.0, 20.0, 40.0], &stretched), [a, b, c]);
    let stretched = Options { vmin: Some(-20.0), ..options.clone() };
    assert_eq!(of(&[-20.0, 0.0, 20.0], &stretched), [a, b, c]);
    let clipped = Options { clip: Some((0.0, 100.0)), ..options.clone() };
    assert_eq!(of(&[7.0, 8.0, 9.0], &clipped), [a, b, c]);
    let same = Options { vmin: Some(5.0), vmax: Some(5.0), ..options };
    assert_eq!(of(&[4.0, 5.0, 6.0], &same), [a; 3]);
}

#[test]
fn another_norm_says_how_colors_run_between_the_values() {
    let options = Options {
        norm: Some(crate::Norm::Log),
        ..through(&table("t.txt", "1 0 0 0\n100 200 0 0\n10000 200 100 0"))
    };
    let found = of(&[1.0, 10.0, 100.0, 1000.0, 10000.0], &options);
    assert_eq!(found.reds_and_greens(), [[0, 0], [100, 0], [200, 0], [200, 50], [200, 100]]);
    let zero = through(&table("t.txt", "0 0 0 0\n100 200 0 0"));
    let error = Options { norm: Some(crate::Norm::Log), ..zero }.validate().unwrap_err();
    assert!(error.to_string().contains("limits above zero, not 0"), "{error}");
    let mixed = through(&table("t.txt", "-1 0 0 0\n100% 200 0 0"));
    let page = Page { name: "mean".to_owned(), values: OwnedValues::F32(vec![1.0, 2.0]) };
    let error =
        colorize(&page, None, 2, 1, &Options { norm: Some(crate::Norm::Log), ..mixed.clone() });
    assert!(error.unwrap_err().to_string().contains("not -1"));
    let error = Options { norm: Some(crate::Norm::EqHist), ..mixed }.validate().unwrap_err();
    assert!(error.is_usage() && error.to_string().contains("t.txt says which values"), "{error}");
}

trait RedsAndGreens {
    fn reds_and_greens(&self) -> Vec<[u8; 2]>;
}

impl RedsAndGreens for Vec<[u8; 4]> {
    fn reds_and_greens(&self) -> Vec<[u8; 2]> {
        self.iter().map(|[r, g, _, _]| [*r, *g]).collect()
    }
}

#[test]
fn percentages_are_of_the_range_and_values_beside_them_stay() {
    let options = through(&table("t.txt", "0% 0 0 0\n50% 100 0 0\n100% 200 0 0"));
    assert_eq!(of(&[10.0, 20.0, 30.0], &options).reds_and_greens(), [[0, 0], [100, 0], [200, 0]]);
    let options = through(&table("t.txt", "100% 200 0 0\n0 0 0 0\n15 100 0 0\n"));
    let found = of(&[0.0, 15.0, 25.0, 35.0], &options).reds_and_greens();
    assert_eq!(found, [[0, 0], [100, 0], [150, 0], [200, 0]]);
    let one = through(&table("t.txt", "5 1 2 3"));
    assert_eq!(of(&[0.0, 5.0, 9.0], &one), [[1, 2, 3, 255]; 3]);
}

#[test]
fn two_lines_for_one_value_are_a_step() {
    let options = through(&table("t.txt", "0 0 0 0\n5 100 0 0\n5 0 200 0\n10 0 100 0"));
    let below = 5f64.next_down();
    let found = of(&[below, 5.0, 7.5], &options).reds_and_greens();
    assert_eq!(found, [[100, 0], [0, 200], [0, 150]]);
}

#[test]
fn what_is_outside_has_the_colors_of_the_file_unless_asked_otherwise() {
    let map = table("t.cpt", "0 0 10 255\nB 1/2/3\nF -\nN 7/8/9@20");
    let values = [-1.0, 11.0, f64::NAN];
    assert_eq!(of(&values, &through(&map)), [[1, 2, 3, 255], [0; 4], [7, 8, 9, 204]]);
    let gray = |level| Some(Color([level; 4]));
    let options = Options { under: gray(1), over: gray(2), bad: gray(3), ..through(&map) };
    assert_eq!(of(&values, &options), [[1; 4], [2; 4], [3; 4]]);
    let map = table("t.txt", "0 0 0 0\n1 9 9 9\ndefault 5 6 7\nnv blue");
    let found = of(&values, &through(&map));
    assert_eq!(found, [[5, 6, 7, 255], [5, 6, 7, 255], [0, 0, 255, 255]]);
}

#[test]
fn a_hinge_is_at_zero_whatever_the_limits() {
    let map = fixture("master.cpt");
    assert_eq!(map.data_range(), Some(Limits { vmin: -100.0, vmax: 400.0 }));
    let options = through(&map);
    let [black, blue, land, yellow, white] =
        [[0, 0, 0, 255], [0, 0, 255, 255], [0, 100, 0, 255], [255, 255, 0, 255], [255; 4]];
    assert_eq!(
        of(&[-100.0, -50.0, 0.0, 200.0, 400.0], &options),
        [black, blue, land, yellow, white]
    );
    let limits = |vmin, vmax| Options { vmin: Some(vmin), vmax: Some(vmax), ..options.clone() };
    let found = of(&[-10.0, -5.0, 0.0, 1.0, 2.0], &limits(-10.0, 2.0));
    assert_eq!(found, [black, blue, land, yellow, white]);
    assert_eq!(of(&[5.0, 7.0, 9.0], &limits(5.0, 9.0)), [land, yellow, white]);
    assert_eq!(of(&[-9.0, -7.0], &limits(-9.0, -5.0)), [black, blue]);
    let text = "# HARD_HINGE\n-1 black 0 blue\n0 white 1 red";
    let unlimited = table("t.cpt", text);
    assert_eq!((unlimited.data_range(), unlimited.is_of_values()), (None, true));
    let found = of(&[-3.0, 0.0, 9.0], &through(&unlimited));
    assert_eq!(found, [black, [255; 4], [255, 0, 0, 255]]);
}

#[test]
fn a_normalized_table_is_stretched_over_the_data() {
    let map = table("t.cpt", "# SOFT_HINGE\n-1 0 0 100\n0 100 1 200");
    assert_eq!((map.data_range(), map.is_of_values()), (None, false));
    let found = of(&[1.0, 10.0, 100.0], &through(&map)).reds_and_greens();
    // On a page of counts by the logarithm.
    assert_eq!(found, [[0, 0], [100, 100], [200, 200]]);
    assert_eq!(of(&[3.0, 3.0], &through(&map)).reds_and_greens(), [[0, 0]; 2]);
    let equalized = Options { norm: Some(crate::Norm::EqHist), ..through(&map) };
    let found = of(&[1.0, 2.0, 1000.0], &equalized).reds_and_greens();
    assert_eq!(found, [[0, 0], [100, 100], [200, 200]]);
}

#[test]
fn a_record_of_a_file_is_its_content_and_needs_no_file() {
    let record = |map: &Colormap| serde_json::to_string(map).unwrap();
    for name in
        ["discrete.cpt", "made-cyclic.cpt", "hue.cpt", "master.cpt", "relief.txt", "positions.txt"]
    {
        let map = fixture(name);
        let again: Colormap = serde_json::from_str(&record(&map)).unwrap();
        assert_eq!(again, map, "{name}");
        assert_eq!(record(&again), record(&map));
        assert!(map.name().ends_with(name) && map.file().is_some());
    }
    let map = table("/no/such.cpt", "0 black 1 white");
    let comments = table("/no/such.cpt", "# a comment\n0\tblack  1 white\n\n");
    let changed = table("/no/such.cpt", "0 black 1 red");
    assert_eq!(record(&map), r#""/no/such.cpt\n0 black 1 white""#);
    assert_eq!(record(&comments), record(&map));
    assert_ne!(record(&changed), record(&map));
}

#[test]
fn a_file_that_is_no_table_is_refused_with_line_and_remedy() {
    for (name, text, part) in [
        ("t.cpt", "", "t.cpt: has no segments"),
        ("t.cpt", "# c\n\nB black\n", "t.cpt: has no segments"),
        (
            "t.cpt",
            "0 black 1 white\n\n2 black 3 white",
            "t.cpt:3: leaves a gap behind the segment before, which ends at 1",
        ),
        ("t.cpt", "0 black 1 white\n0.5 black 3 white", "t.cpt:2: overlaps the segment before"),
        ("t.cpt", "1 black 0 white", "t.cpt:1: a segment must end above"),
        ("t.cpt", "1 black 1 white", "must end above"),
        ("t.cpt", "nan black 1 white", "\"nan\" is not a finite number"),
        ("t.cpt", "0 black 1e999 white", "\"1e999\" is not a finite number"),
        ("t.cpt", "-1e308 black 1e308 white", "must end above"),
        ("t.cpt", "-1e308 black 0 white\n0 1 1e308 1", "too far apart"),
        ("t.cpt", "0 blak 1 white", "t.cpt:1: \"blak\" is not a color"),
        ("t.cpt", "0 256 1 white", "\"256\" is not a color"),
        ("t.cpt", "0 1/2 1 white", "\"1/2\" is not a color"),
        ("t.cpt", "0 -5 1 white", "\"-5\" is not a color"),
        ("t.cpt", "0 red@101 1 white", "\"red@101\" is not a color"),
        ("t.cpt", "0 #ff800 1 white", "\"#ff800\" is not a color"),
        ("t.cpt", "0 400-1-1 1 white", "is not a color"),
        ("t.cpt", "0 0/0/0/101 1 white", "is not a color"),
        ("t.cpt", "0 p200/5 1 -", "\"p200/5\" is not a color"),
        ("t.cpt", "water blue\nland green", "t.cpt:1: a categorical table"),
        ("t.cpt", "0 0 0 0 255", "a table of gdaldem must not be named .cpt: \"0 0 0 0 255\""),
        ("t.cpt", "B 1 2\n0 black 1 white", "t.cpt:1: \"1 2\" is not a color"),
        ("t.cpt", "# COLOR_MODEL = Lab\n0 1 1 2", "t.cpt:1: expected COLOR_MODEL"),
        ("t.cpt", "# RANGE = 5\n0 1 1 2", "t.cpt:1: expected RANGE"),
        ("t.cpt", "# RANGE = 5/5\n0 1 1 2", "t.cpt:1: expected RANGE"),
        ("t.cpt", "# HINGE = 0\n0 1 1 2", "t.cpt:1: a master table of GMT 5"),
        ("t.cpt", "# HARD_HINGE\n0 1 1 2", "t.cpt: has a HARD_HINGE"),
        ("t.txt", "", "t.txt: has no line with a color"),
        ("t.txt", "nv 0 0 0", "no line with a color for a value"),
        ("t.txt", "0 0 0 0\n1 2 3 256", "t.txt:2: \"256\" is not a whole number"),
        ("t.txt", "0 0 0 0\n1 2 3.5 4", "\"3.5\" is not a whole number"),
        ("t.txt", "0 hotpink", "\"hotpink\" is none of gdaldem's colors"),
        ("t.txt", "0 0 0 0 1 255 255 255", "a table of GMT must be named .cpt"),
        ("t.txt", "inf 0 0 0", "\"inf\" is not a finite number"),
        ("t.txt", "1e308 0 0 0", "is not a finite number"),
        ("t.txt", "101% 0 0 0", "\"101%\" is not a percentage"),
        ("t.txt", ",,:", "t.txt:1: expected VALUE R G B"),
        ("t.txt", "5", "t.txt:1: expected VALUE R G B"),
        ("t.txt", "INTERPOLATION:DISCRETE\n1,2,3,4,255,a", "t.txt:1: only INTERPOLATED"),
        ("t.txt", "0 #000\n1 2 3 4", "t.txt:2: expected POSITION #hex"),
        ("t.txt", "0 #000\n1 #ff", "t.txt:2: \"#ff\" is not a color"),
        ("t.txt", "0 #000\n0.5 #fff", "t.txt:2: the last position must be 1"),
        ("t.txt", "0 #000\n700 #fff", "t.txt:2: positions end at 1; for colors of data values"),
        ("t.txt", "-700 #000\n1 #fff", "t.txt:1: the first position must be 0"),
    ] {
        let error = Colormap::in_file(name.to_owned(), text).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert!(!error.is_usage(), "{error}");
    }
    let long = "0 0 0 0 ".repeat(100);
    let error = Colormap::in_file("t.txt".to_owned(), &long).unwrap_err().to_string();
    assert!(error.len() < 250 && error.ends_with('…'), "{error}");
}

#[test]
fn files_that_are_too_large_are_refused() {
    let lines =
        |number: usize| (0..number).map(|i| format!("{i} 0 0 {}\n", i % 2)).collect::<String>();
    assert!(Colormap::in_file("t.txt".to_owned(), &lines(1 << 14)).is_ok());
    let error = Colormap::in_file("t.txt".to_owned(), &lines((1 << 14) + 1)).unwrap_err();
    assert!(error.to_string().contains("t.txt:16385: too long"), "{error}");
    let colorful = |number: usize| {
        (0..number).map(|i| format!("{i} 0 0 {}\n", i % 2 * 255)).collect::<String>()
    };
    let error = Colormap::in_file("t.txt".to_owned(), &colorful(300)).unwrap_err();
    assert!(matches!(error, Error::TooManyColors), "{error}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "#".repeat((1 << 20) + 1)).unwrap();
    assert!(
        Colormap::open(file.path()).unwrap_err().to_string().contains("larger than a mebibyte")
    );
    let error = Colormap::open(Path::new("/no/such.cpt")).unwrap_err();
    assert!(matches!(error, Error::Read { .. }) && error.to_string().contains("/no/such.cpt"));
}

#[test]
fn tables_as_other_programs_write_them_are_read() {
    let qgis = "# QGIS Generated Color Map Export File\r\nINTERPOLATION:INTERPOLATED\r\n\
                0,215,25,28,255,0\r\n100,44,123,182,255,100 m\r\n";
    let found = of(&[0.0, 100.0], &through(&table("q.txt", qgis)));
    assert_eq!(found, [[215, 25, 28, 255], [44, 123, 182, 255]]);
    // gdaldem, too, takes tables of GMT by this comment, whatever they are called.
    let map = table("g.txt", "\u{feff}# COLOR_MODEL = RGB\r0 0 0 0 1 255 255 255\r");
    assert_eq!(of(&[1.0], &through(&map)), [[255; 4]]);
}

#[test]
fn swatches_run_from_end_to_end() {
    let ends = |map: &Colormap| [map.colors(1000)[0], map.colors(1000)[999]];
    let map = table("t.txt", "10 0 0 0\n20 255 255 255");
    assert_eq!(ends(&map), [Color([0, 0, 0, 255]), Color([255; 4])]);
    assert_eq!(map.colors(2), [Color([64, 64, 64, 255]), Color([191, 191, 191, 255])]);
    assert_eq!(ends(&Colormap::default()), [Color([68, 1, 84, 255]), Color([253, 231, 36, 255])]);
    assert_eq!(ends(&fixture("master.cpt")), [Color([0, 0, 1, 255]), Color([255; 4])]);
    assert_eq!(table("t.txt", "10 1 2 3").colors(3), [Color([1, 2, 3, 255]); 3]);
}

/// Lines of words that tables are made of.
fn tables_or_not() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "0",
        "1",
        "2",
        "-1",
        "0.5",
        "255",
        "1e300",
        "5e-324",
        "nan",
        "50%",
        "nv",
        "B",
        "F",
        "N",
        "-",
        "red",
        "#ff8000",
        "10/20/30",
        "120-1-1",
        "0/0/0/50",
        "red@50",
        "L",
        ";",
        "default",
        "#",
        "# CYCLIC",
        "# COLOR_MODEL = hsv",
        "# HARD_HINGE",
        "# SOFT_HINGE",
        "# RANGE = -5/5",
    ]);
    let line = prop::collection::vec(word, 0..9).prop_map(|words| words.join(" "));
    prop::collection::vec(line, 0..6).prop_map(|lines| lines.join("\n"))
}

/// Tables of which most are good.
fn segments() -> impl Strategy<Value = String> {
    let color = prop::sample::select(vec!["red", "0", "10/200/30", "-", "300-0.5-1", "blue@30"]);
    let header = prop::sample::select(vec![
        "",
        "# COLOR_MODEL = hsv\n",
        "# CYCLIC\n",
        "# HARD_HINGE\n",
        "# SOFT_HINGE\n",
    ]);
    let steps = prop::collection::vec((1u8..9, color.clone(), color), 1..5);
    (header, -9i32..3, steps).prop_map(|(header, start, steps)| {
        let (mut at, mut text) = (start, header.to_owned());
        for (width, from, to) in steps {
            let high = at + i32::from(width);
            text += &format!("{at} {from} {high} {to}\n");
            at = high;
        }
        text
    })
}

fn check(
    name: &str,
    text: &str,
    values: &[f64],
    limits: Option<(f64, f64)>,
    norm: Option<crate::Norm>,
) {
    let Ok(map) = Colormap::in_file(name.to_owned(), text) else { return };
    let again: Colormap = map.to_string().parse().unwrap();
    assert_eq!(again, map);
    assert_eq!(map.colors(7).len(), 7);
    let (vmin, vmax) = limits.unzip();
    let options = Options { vmin, vmax, norm, ..through(&map) };
    let page = Page { name: "mean".to_owned(), values: OwnedValues::F64(values.to_vec()) };
    let _ = colorize(&page, None, values.len(), 1, &options);
}

proptest! {
    #[test]
    fn an_entry_is_found_as_the_naive_twin_finds_it(
        position in prop_oneof![any::<f64>(), -0.1..1.1f64],
        entries in 1u16..600,
    ) {
        prop_assert_eq!(entry(position, entries), naive::entry64(position, entries));
        prop_assert_eq!(entry(position as f32, entries), naive::entry32(position as f32, entries));
    }

    #[test]
    fn any_text_makes_a_map_or_an_error(text in ".{0,24}") {
        let _ = text.parse::<Colormap>();
    }

    #[test]
    fn any_bytes_make_a_map_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), is_cpt: bool) {
        let text = String::from_utf8_lossy(&bytes);
        check(if is_cpt { "t.cpt" } else { "t.txt" }, &text, &[0.0, 1.0], None, None);
    }

    #[test]
    fn any_table_makes_a_picture_or_an_error(
        text in prop_oneof![tables_or_not(), segments()],
        is_cpt: bool,
        values in prop::collection::vec(prop_oneof![any::<f64>(), -9.0..9.0f64], 0..20),
        limits in prop::option::of((any::<f64>(), any::<f64>())),
        norm in prop_oneof![Just(None), Just(Some(crate::Norm::Log)), Just(Some(crate::Norm::EqHist)), Just(Some(crate::Norm::Asinh(1.0)))],
    ) {
        check(if is_cpt { "t.cpt" } else { "t.txt" }, &text, &values, limits, norm);
    }
}
