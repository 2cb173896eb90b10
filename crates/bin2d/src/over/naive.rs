//! The same canvas the slow, obvious way: point after point, pixel after pixel.

use pointillist_base::Dtype;

use super::{Along, Blend, Lattice, Marker, Mask, Place};
use crate::axis::OUTSIDE;
use crate::naive::{edges, search};

/// The pixels that a point covers, as columns, rows (from the top, maybe beside the canvas) and covers.
fn covered(place: &Place, stored: [Dtype; 2], x: f64, y: f64) -> Vec<(i64, i64, u8)> {
    let lattice = match place {
        Place::Cells(frame) => {
            let (width, height) = (frame.size.width(), frame.size.height());
            let column = search(&edges(stored[0], frame.extent.xmin, frame.extent.xmax, width), x);
            let row = search(&edges(stored[1], frame.extent.ymin, frame.extent.ymax, height), y);
            return match (column, row) {
                (OUTSIDE, _) | (_, OUTSIDE) => Vec::new(),
                (column, row) => vec![(column.into(), (height - 1 - row).into(), 255)],
            };
        }
        Place::Lattice(lattice) => lattice,
    };
    let Lattice { x: along_x, y: along_y, marker, .. } = lattice;
    let place = |value: f64, along: &Along| {
        let v = value * along.scale + along.offset;
        along.end.map_or(v, |end| end - v)
    };
    let (x, y) = (place(x, along_x), place(y, along_y));
    if !(x.abs() < 1e9 && y.abs() < 1e9) {
        return Vec::new();
    }
    let (first_x, first_y) = (i64::from(along_x.first), i64::from(along_y.first));
    let rectangle = |columns: (f64, f64), rows: (f64, f64)| {
        let mut all = Vec::new();
        for row in rows.0 as i64..rows.1 as i64 {
            let columns = columns.0 as i64..columns.1 as i64;
            all.extend(columns.map(|column| (column - first_x, row - first_y, 255)));
        }
        all
    };
    match marker {
        Marker::Edges { half } => {
            let along = |v: f64| ((v - half + 0.5).floor(), (v + half + 0.5).floor());
            rectangle(along(x), along(y))
        }
        Marker::Centered { half } => {
            let along = |v: f64| {
                let c = v.floor();
                (c + (-half + 0.5).floor(), c + (half + 0.5).floor())
            };
            rectangle(along(x), along(y))
        }
        Marker::Mask(Mask { covers, width, left, top, .. }) => {
            let (x, y) = (x.floor() as i64 - first_x, y.floor() as i64 - first_y);
            let at =
                |index: usize| (index as i64 % i64::from(*width), index as i64 / i64::from(*width));
            let place = |(index, &cover): (usize, &u8)| {
                let (column, row) = at(index);
                (x + i64::from(*left) + column, y + i64::from(*top) + row, cover)
            };
            covers.iter().enumerate().map(place).collect()
        }
    }
}

/// Points with their inks, where they have one, and x and y stored as these types, composited in their order: all
/// pixels, row 0 = top, and how many points cover a pixel, how many do not, how many are not finite, and how many that
/// cover one have no ink.
pub(super) fn over<B: Blend>(
    place: &Place,
    blend: &B,
    stored: [Dtype; 2],
    points: &[(f64, f64, Option<B::Ink>)],
) -> (Vec<B::Pixel>, [u64; 4]) {
    let size = place.size();
    let (width, height) = (i64::from(size.width()), i64::from(size.height()));
    let mut pixels = vec![B::Pixel::default(); (width * height) as usize];
    let mut counts = [0; 4];
    for &(x, y, ink) in points {
        if !(x.is_finite() && y.is_finite()) {
            counts[2] += 1;
            continue;
        }
        let mut all = covered(place, stored, x, y);
        all.retain(|(column, row, _)| (0..width).contains(column) && (0..height).contains(row));
        if all.is_empty() {
            counts[1] += 1;
            continue;
        }
        counts[0] += 1;
        let Some(ink) = ink else {
            counts[3] += 1;
            continue;
        };
        for (column, row, cover) in all {
            let pixel = &mut pixels[(row * width + column) as usize];
            blend.over_covered(std::slice::from_mut(pixel), ink, &[cover]);
        }
    }
    (pixels, counts)
}
