//! Grids, matrices and pictures: values in rows and columns, whose places a header gives.

use super::Kind;
use crate::foreign::opening::{
    Opening, begins, fields, is_number, numbers, whole_number, whole_numbers, word,
};
use crate::foreign::remedy::{BY_GDAL, by_python};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        what: "a Matrix Market file of coordinates",
        is: |text| begins(text.line(0), "%%MatrixMarket matrix coordinate"),
        remedy: "awk '!/^%/ && rows++' FILE > FILE.txt keeps the rows behind the line of sizes",
    },
    Kind {
        what: "a Matrix Market file, column by column",
        is: |text| begins(text.line(0), "%%MatrixMarket"),
        remedy: by_python!("numpy, scipy.io", "scipy.io.mmread('FILE')"),
    },
    Kind {
        what: "a Surfer grid",
        is: |text| {
            text.line(0) == b"DSAA"
                && whole_numbers::<2>(text.line(1)).is_some()
                && numbers(text.line(2)) == Some(2)
        },
        remedy: BY_GDAL,
    },
    Kind { what: "an ESRI ASCII grid", is: is_esri, remedy: BY_GDAL },
    Kind {
        what: "a GRASS ASCII grid",
        is: |text| {
            ["north:", "south:"].iter().enumerate().all(|(at, name)| begins(text.line(at), name))
        },
        remedy: BY_GDAL,
    },
    Kind {
        what: "a ZMap grid",
        is: |text| {
            let mut lines = text.lines().filter(|line| !line.starts_with(b"!"));
            lines.next().is_some_and(|line| line.starts_with(b"@") && has_field(line, b"GRID"))
        },
        remedy: BY_GDAL,
    },
    Kind {
        what: "a netpbm picture",
        is: |text| {
            let mut lines = text.content();
            let magic = lines.next().unwrap_or_default();
            let is_count = |line: &[u8]| whole_numbers::<1>(line).is_some();
            matches!(magic, b"P2" | b"P3" | b"P5" | b"P6")
                && lines.next().is_some_and(|sizes| whole_numbers::<2>(sizes).is_some())
                && lines.next().is_some_and(is_count)
        },
        remedy: BY_GDAL,
    },
];

/// Whether one of the fields that commas separate is this one.
fn has_field(line: &[u8], name: &[u8]) -> bool {
    line.split(|&byte| byte == b',').any(|field| field.trim_ascii() == name)
}

/// The numbers of columns and rows, and then a corner or the size of a cell.
fn is_esri(text: &Opening) -> bool {
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let mut pair = || {
        let line = lines.next()?;
        let value = fields(line).nth(1).filter(|value| is_number(value))?;
        (fields(line).count() == 2).then(|| (word(line).to_ascii_lowercase(), value))
    };
    let [Some((first, columns)), Some((second, rows)), Some((third, _))] = [pair(), pair(), pair()]
    else {
        return false;
    };
    let counts = [columns, rows].iter().all(|count| whole_number(count).is_some());
    let named = matches!((&first[..], &second[..]), (b"ncols", b"nrows") | (b"nrows", b"ncols"));
    let places: [&[u8]; 5] = [b"xll", b"yll", b"dx", b"dy", b"cellsize"];
    counts && named && places.iter().any(|place| third.starts_with(place))
}
