//! Polygons to pixels that are covered in part, as the scanline rasteriser of Anti-Grain Geometry 2.4 does it.
//!
//! Vertices are rounded to 1/256 of a pixel. Each line leaves, in every pixel that it crosses, how far it climbs there (`cover`)
//! and twice the area between it and the pixel's left edge (`area`), all of it in whole numbers, in which divisions along a line
//! carry their remainder, and fall alike whichever way it is drawn. Sweeping a row from the left, the sum of the covers so far
//! less the area of the pixel is how much of the pixel lies inside; 255 is all of it.
//!
//! A clipped polygon ([`Raster::clip_to`]) is cut in floating point, before it is rounded.

use crate::geometry::Clip;

const SHIFT: i32 = 8;
const SCALE: i32 = 1 << SHIFT;
const MASK: i32 = SCALE - 1;

/// What lines leave in a pixel.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    x: i32,
    y: i32,
    cover: i32,
    area: i32,
}

/// Pixels side by side in a row that are covered alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) length: i32,
    /// How much of each pixel: 1 to 255.
    pub(crate) cover: u8,
}

/// A polygon in the making. Its memory is used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct Raster {
    cells: Vec<Cell>,
    /// Where they are sorted.
    sorted: Vec<Cell>,
    /// For each row, where its cells end among those that are sorted, then where they begin.
    ends: Vec<usize>,
    current: Cell,
    clip: Option<[f64; 4]>,
    start: (f64, f64),
    last: (f64, f64),
}

/// A total that is given out in whole parts which differ by one at most.
struct Shares {
    each: i32,
    rest: i32,
    parts: i32,
}

impl Shares {
    fn new(total: i64, parts: i32) -> Self {
        // A division of 32 bits is quicker, and all that short lines need.
        let (each, rest) = if let Ok(total) = i32::try_from(total) {
            (total / parts, total % parts)
        } else {
            ((total / i64::from(parts)) as i32, (total % i64::from(parts)) as i32)
        };
        if rest < 0 {
            Self { each: each - 1, rest: rest + parts, parts }
        } else {
            Self { each, rest, parts }
        }
    }
}

impl Raster {
    /// Cuts what follows to these pixels; `None` lets all of it through.
    pub(crate) fn clip_to(&mut self, clip: Option<Clip>) {
        self.clip = clip.map(|clip| [clip.left, clip.top, clip.right, clip.bottom].map(f64::from));
    }

    /// Begins a contour.
    pub(crate) fn move_to(&mut self, x: f64, y: f64) {
        self.start = (x, y);
        self.last = (x, y);
    }

    /// Goes on in a straight line.
    pub(crate) fn line_to(&mut self, x: f64, y: f64) {
        let (from, to) = (self.last, (x, y));
        self.last = to;
        let Some(clip @ [left, _, right, _]) = self.clip else {
            return self.rounded(from, to);
        };
        // Beyond the left or right edge a line goes on along that edge.
        let side = |x: f64| {
            if x > right {
                Some(right)
            } else if x < left {
                Some(left)
            } else {
                None
            }
        };
        let crossing = |edge: f64| from.1 + (edge - from.0) * (to.1 - from.1) / (to.0 - from.0);
        match (side(from.0), side(to.0)) {
            (Some(first), Some(second)) if first == second => {
                self.within_rows((first, from.1), (first, to.1), clip);
            }
            (first, second) => {
                let mut at = from;
                if let Some(edge) = first {
                    at = (edge, crossing(edge));
                    self.within_rows((edge, from.1), at, clip);
                }
                let Some(edge) = second else {
                    return self.within_rows(at, to, clip);
                };
                let out = (edge, crossing(edge));
                self.within_rows(at, out, clip);
                self.within_rows(out, (edge, to.1), clip);
            }
        }
    }

    /// Goes back to where the contour began.
    pub(crate) fn close(&mut self) {
        let (x, y) = self.start;
        self.line_to(x, y);
    }

    /// The part of a line that lies between the upper and the lower edge.
    fn within_rows(&mut self, from: (f64, f64), to: (f64, f64), [_, top, _, bottom]: [f64; 4]) {
        let beyond = |y: f64| {
            if y > bottom {
                Some(bottom)
            } else if y < top {
                Some(top)
            } else {
                None
            }
        };
        let (first, second) = (beyond(from.1), beyond(to.1));
        if first.is_some() && first == second {
            return;
        }
        let cut = |edge: f64| (from.0 + (edge - from.1) * (to.0 - from.0) / (to.1 - from.1), edge);
        self.rounded(first.map_or(from, cut), second.map_or(to, cut));
    }

    fn rounded(&mut self, from: (f64, f64), to: (f64, f64)) {
        let fixed = |value: f64| {
            let scaled = value * f64::from(SCALE);
            (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
        };
        self.line(fixed(from.0), fixed(from.1), fixed(to.0), fixed(to.1));
    }

    /// A line between two points in 1/256 of a pixel.
    fn line(&mut self, x1: i32, y1: i32, x2: i32, y2: i32) {
        let (mut row, last) = (y1 >> SHIFT, y2 >> SHIFT);
        let (fy1, fy2) = (y1 & MASK, y2 & MASK);
        self.enter(x1 >> SHIFT, row);
        if row == last {
            return self.in_row(row, x1, fy1, x2, fy2);
        }
        // `far` is the edge by which a row is left, `near` the one by which the next is entered.
        let (step, far, near) = if y2 > y1 { (1, SCALE, 0) } else { (-1, 0, SCALE) };
        let dx = x2 - x1;
        if dx == 0 {
            let twice = (x1 & MASK) * 2;
            let mut from = fy1;
            while row != last {
                self.add(far - from, twice * (far - from));
                from = near;
                row += step;
                self.enter(x1 >> SHIFT, row);
            }
            return self.add(fy2 - from, twice * (fy2 - from));
        }
        let dy = (y2 - y1).abs();
        let first = Shares::new(i64::from((far - fy1).abs()) * i64::from(dx), dy);
        let mut x = x1 + first.each;
        self.in_row(row, x1, fy1, x, far);
        row += step;
        self.enter(x >> SHIFT, row);
        if row != last {
            let whole = Shares::new(i64::from(SCALE) * i64::from(dx), dy);
            let mut rest = first.rest - first.parts;
            while row != last {
                let mut next = x + whole.each;
                rest += whole.rest;
                if rest >= 0 {
                    rest -= whole.parts;
                    next += 1;
                }
                self.in_row(row, x, near, next, far);
                x = next;
                row += step;
                self.enter(x >> SHIFT, row);
            }
        }
        self.in_row(row, x, near, x2, fy2);
    }

    /// The part of a line that lies in one row, from `fy1` to `fy2` in 1/256 of it.
    fn in_row(&mut self, row: i32, x1: i32, fy1: i32, x2: i32, fy2: i32) {
        let (mut column, last) = (x1 >> SHIFT, x2 >> SHIFT);
        let (fx1, fx2) = (x1 & MASK, x2 & MASK);
        if fy1 == fy2 {
            return self.enter(last, row);
        }
        if column == last {
            return self.add(fy2 - fy1, (fx1 + fx2) * (fy2 - fy1));
        }
        let (step, far, near) = if x2 > x1 { (1, SCALE, 0) } else { (-1, 0, SCALE) };
        let dx = (x2 - x1).abs();
        let first = Shares::new(i64::from((far - fx1).abs()) * i64::from(fy2 - fy1), dx);
        self.add(first.each, (fx1 + far) * first.each);
        let mut y = fy1 + first.each;
        column += step;
        self.enter(column, row);
        if column != last {
            let whole = Shares::new(i64::from(SCALE) * i64::from(fy2 - y + first.each), dx);
            let mut rest = first.rest - first.parts;
            while column != last {
                let mut climb = whole.each;
                rest += whole.rest;
                if rest >= 0 {
                    rest -= whole.parts;
                    climb += 1;
                }
                self.add(climb, SCALE * climb);
                y += climb;
                column += step;
                self.enter(column, row);
            }
        }
        self.add(fy2 - y, (fx2 + near) * (fy2 - y));
    }

    fn add(&mut self, cover: i32, area: i32) {
        self.current.cover += cover;
        self.current.area += area;
    }

    fn enter(&mut self, x: i32, y: i32) {
        if (self.current.x, self.current.y) != (x, y) {
            self.keep();
            self.current = Cell { x, y, cover: 0, area: 0 };
        }
    }

    fn keep(&mut self) {
        if self.current.area | self.current.cover != 0 {
            self.cells.push(self.current);
        }
    }

    /// Gives out what is covered, row by row from the top and from left to right, and forgets the polygon. Says whether any
    /// cell was kept, even one that turns out to be covered by nothing.
    pub(crate) fn sweep(&mut self, mut emit: impl FnMut(Span)) -> bool {
        self.keep();
        let any = !self.cells.is_empty();
        self.current = Cell::default();
        self.sort();
        let mut cells = self.cells.iter().peekable();
        let (mut row, mut cover) = (i32::MIN, 0);
        while let Some(cell) = cells.next() {
            let (mut x, y, mut area) = (cell.x, cell.y, cell.area);
            if y != row {
                (row, cover) = (y, 0);
            }
            cover += cell.cover;
            while let Some(same) = cells.next_if(|next| (next.x, next.y) == (x, y)) {
                area += same.area;
                cover += same.cover;
            }
            if area != 0 {
                let covered = coverage((cover << (SHIFT + 1)) - area);
                if covered > 0 {
                    emit(Span { x, y, length: 1, cover: covered });
                }
                x += 1;
            }
            if let Some(next) = cells.peek().filter(|next| next.y == y && next.x > x) {
                let covered = coverage(cover << (SHIFT + 1));
                if covered > 0 {
                    emit(Span { x, y, length: next.x - x, cover: covered });
                }
            }
        }
        self.cells.clear();
        any
    }

    /// Puts the cells in the order of rows, and within a row of columns. Where there are many, rows are found by counting, and the few
    /// cells of each compared.
    fn sort(&mut self) {
        const FEW: usize = 64;
        if self.cells.len() <= FEW {
            let key = |cell: &Cell| (i64::from(cell.y) << 32) + i64::from(cell.x);
            return self.cells.sort_unstable_by_key(key);
        }
        let rows = || self.cells.iter().map(|cell| cell.y);
        let (top, bottom) = (rows().min().unwrap_or(0), rows().max().unwrap_or(-1));
        self.ends.clear();
        self.ends.resize((bottom - top + 1) as usize, 0);
        for row in rows() {
            self.ends[(row - top) as usize] += 1;
        }
        let mut end = 0;
        for count in &mut self.ends {
            end += *count;
            *count = end;
        }
        self.sorted.resize(self.cells.len(), Cell::default());
        for cell in &self.cells {
            let place = &mut self.ends[(cell.y - top) as usize];
            *place -= 1;
            self.sorted[*place] = *cell;
        }
        std::mem::swap(&mut self.cells, &mut self.sorted);
        self.cells
            .chunk_by_mut(|one, next| one.y == next.y)
            .for_each(|row| row.sort_unstable_by_key(|cell| cell.x));
    }
}

/// Of twice an area in 1/65536 of a pixel, the part of 255, by the rule that what is wound around at all is inside.
fn coverage(area: i32) -> u8 {
    (area >> (SHIFT + 1)).abs().min(255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_polygon_covers_the_same_wherever_it_begins_and_nothing_there_and_back(
            mut corners in prop::collection::vec((-20.0..60.0f64, -20.0..60.0f64), 3..40),
            turn in 0usize..40,
            clipped: bool,
        ) {
            let clip = clipped.then_some(Clip { left: 1, top: -3, right: 37, bottom: 20 });
            let expected = spans(&corners, clip);
            prop_assert!(expected.is_sorted_by_key(|&(x, y, ..)| (y, x)));
            let turn = turn % corners.len();
            corners.rotate_left(turn);
            prop_assert_eq!(spans(&corners, clip), expected);
            let back: Vec<_> = corners.iter().rev().chain(&corners[corners.len() - 1..]).copied().collect();
            corners.push(corners[0]);
            corners.extend(back);
            // What is cut is rounded at the cut, which depends on the end that a line begins from.
            prop_assert_eq!(spans(&corners, None), []);
        }
    }

    fn spans(corners: &[(f64, f64)], clip: Option<Clip>) -> Vec<(i32, i32, i32, u8)> {
        let mut raster = Raster::default();
        raster.clip_to(clip);
        raster.move_to(corners[0].0, corners[0].1);
        for &(x, y) in &corners[1..] {
            raster.line_to(x, y);
        }
        raster.close();
        let mut found: Vec<(i32, i32, i32, u8)> = Vec::new();
        raster.sweep(|span| match found.last_mut() {
            // Where a span is cut in two depends on where the polygon begins.
            Some((x, y, length, cover))
                if (*x + *length, *y, *cover) == (span.x, span.y, span.cover) =>
            {
                *length += span.length;
            }
            _ => found.push((span.x, span.y, span.length, span.cover)),
        });
        found
    }

    #[test]
    fn a_box_covers_its_inner_pixels_whole_and_its_edges_in_part() {
        let corners = [(1.5, 1.0), (4.0, 1.0), (4.0, 2.25), (1.5, 2.25)];
        let expected = [(1, 1, 1, 128), (2, 1, 2, 255), (1, 2, 1, 32), (2, 2, 2, 64)];
        assert_eq!(spans(&corners, None), expected);
        let reversed: Vec<_> = corners.into_iter().rev().collect();
        assert_eq!(spans(&reversed, None), expected);
    }

    #[test]
    fn what_lies_beyond_the_clip_is_cut_off() {
        let far = [(-1e9, -1e9), (1e9, -1e9), (1e9, 1e9), (-1e9, 1e9)];
        let clip = Clip { left: 2, top: 3, right: 7, bottom: 5 };
        assert_eq!(spans(&far, Some(clip)), [(2, 3, 5, 255), (2, 4, 5, 255)]);
        let triangle = [(0.0, 0.0), (20.0, 0.0), (0.0, 20.0)];
        assert_eq!(spans(&triangle, Some(clip)), [(2, 3, 5, 255), (2, 4, 5, 255)]);
    }

    #[test]
    fn no_area_is_no_pixel() {
        assert_eq!(spans(&[(1.0, 1.0), (5.0, 1.0)], None), []);
        assert_eq!(spans(&[(1.3, 1.2); 3], None), []);
    }
}
