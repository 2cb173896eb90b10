//! The kernels: for every pixel of a tile, all items under the marker around it, merged.
//!
//! A square is two windows, one after the other. Down the columns it is van Herk's and Gil and Werman's: the rows
//! are cut into blocks as long as the window, which begins in one block and ends in the next, so that it is
//! what is left of the one and the beginning of the other; three merges a pixel, whatever the radius. Along
//! the rows, where that would be one merge after the other, windows of 1, 2, 4, 8, … are made of one another,
//! and those in the binary digits of 2R+1 are put side by side: a few more merges, but of many pixels at once.
//! Blocks are counted from the first row of the grid, not of the tile.
//!
//! A disk has no such short way unless something is taken away again. Its columns are windows of all
//! heights from 0 to R, which are made of one another, a row more above and below each time; the pixel takes them
//! from its left and right as they become as high as the disk is there. That is 4R merges a pixel, of many
//! pixels at once, in what the first-level cache holds.
//!
//! In both the items of a pixel are merged in an order that depends on nothing but its row in the grid.

use std::ops::Range;

use super::fold::Fold;
use super::marker::{Marker, Shape};

/// Rows of a disk that are filled together, so that each row of items is used that often while it is in the
/// cache.
const DISK_ROWS: usize = 4;

/// The items of a tile and of those around it, at most `pad` to each side.
pub(super) struct Plane<T> {
    items: Vec<T>,
    /// The rows of the grid that are here.
    rows: Range<usize>,
    /// The columns of a tile, without those around it.
    width: usize,
    pad: usize,
    /// Whether there is anything in a row.
    occupied: Vec<bool>,
}

impl<T: Copy> Plane<T> {
    /// Fills a plane row by row. `fill` gets the number of a row in the grid and its items, all of them
    /// empty, beginning `pad` to the left of the tile.
    pub(super) fn new<F: Fold<Item = T>>(
        rows: Range<usize>,
        width: usize,
        pad: usize,
        mut fill: impl FnMut(usize, &mut [T]),
    ) -> Self {
        let stride = width + 2 * pad;
        let mut items = vec![F::EMPTY; rows.len() * stride];
        let mut occupied = Vec::with_capacity(rows.len());
        for (y, row) in rows.clone().zip(items.chunks_exact_mut(stride)) {
            fill(y, row);
            occupied.push(!row.iter().all(|&item| F::is_empty(item)));
        }
        Self { items, rows, width, pad, occupied }
    }

    /// A row of the grid, without what is more than `reach` to the sides of the tile; `None` where there is
    /// nothing in it.
    fn row(&self, y: usize, reach: usize) -> Option<&[T]> {
        if !self.rows.contains(&y) {
            return None;
        }
        let row = y - self.rows.start;
        let start = row * (self.width + 2 * self.pad) + self.pad - reach;
        self.occupied[row].then(|| &self.items[start..start + self.width + 2 * reach])
    }

    /// The items under the marker around each pixel of the tile's rows `rows`: `len = rows * width`.
    ///
    /// The plane has all rows of the grid that the marker reaches, and `pad` is not less than its radius.
    pub(super) fn fold<F: Fold<Item = T>>(&self, marker: Marker, rows: Range<usize>) -> Vec<T> {
        let mut out = vec![F::EMPTY; rows.len() * self.width];
        if self.occupied.contains(&true) {
            match marker.shape {
                Shape::Square => self.square::<F>(marker.reach(), rows, &mut out),
                // Three by three pixels are a square, too.
                Shape::Circle if marker.radius <= 1 => {
                    self.square::<F>(marker.reach(), rows, &mut out);
                }
                Shape::Circle => self.disk::<F>(marker, rows, &mut out),
            }
        }
        out
    }

    fn square<F: Fold<Item = T>>(&self, reach: usize, rows: Range<usize>, out: &mut [T]) {
        let window = 2 * reach + 1;
        let stride = self.width + 2 * reach;
        // Row y of the grid has the number y + reach here, so that its window is [y, y + window).
        let row = |number: usize| number.checked_sub(reach).and_then(|y| self.row(y, reach));
        let mut ends = vec![F::EMPTY; window.min(rows.len()) * stride];
        let [mut begun, mut whole, mut spare] = [(); 3].map(|()| vec![F::EMPTY; stride]);
        let mut out = out.chunks_exact_mut(self.width);
        let mut first = rows.start;
        while first < rows.end {
            let next_block = (first / window + 1) * window;
            let end = rows.end.min(next_block);
            // From the end of this block back to each row of the tile.
            let mut any_left = false;
            begun.fill(F::EMPTY);
            for number in (first..next_block).rev() {
                if let Some(items) = row(number) {
                    merge_into::<F>(&mut begun, items);
                    any_left = true;
                }
                if number < end {
                    ends[(number - first) * stride..][..stride].copy_from_slice(&begun);
                }
            }
            // From the beginning of the next block on.
            let mut any_begun = false;
            begun.fill(F::EMPTY);
            let mut reached = next_block;
            for (number, out) in (first..end).zip(&mut out) {
                while reached < number + window {
                    if let Some(items) = row(reached) {
                        merge_into::<F>(&mut begun, items);
                        any_begun = true;
                    }
                    reached += 1;
                }
                if any_left || any_begun {
                    merge_to::<F>(&mut whole, &ends[(number - first) * stride..][..stride], &begun);
                    along::<F>(window, &mut whole, &mut spare, out);
                }
            }
            first = end;
        }
    }

    fn disk<F: Fold<Item = T>>(&self, marker: Marker, rows: Range<usize>, out: &mut [T]) {
        let reach = marker.reach();
        let stride = self.width + 2 * reach;
        // The distances of the columns that are as high as each height, ends included.
        let mut distances = vec![None; reach + 1];
        for distance in 0..=reach {
            let (first, _) = distances[marker.height(distance)].unwrap_or((distance, distance));
            distances[marker.height(distance)] = Some((first, distance));
        }
        let mut columns = vec![F::EMPTY; DISK_ROWS * stride];
        let lines = out.chunks_mut(DISK_ROWS * self.width);
        for (first, out) in rows.step_by(DISK_ROWS).zip(lines) {
            columns.fill(F::EMPTY);
            let mut any = [false; DISK_ROWS];
            for (height, distances) in distances.iter().enumerate() {
                let of_rows =
                    out.chunks_exact_mut(self.width).zip(columns.chunks_exact_mut(stride));
                for (index, (out, columns)) in of_rows.enumerate() {
                    let y = first + index;
                    let above = y.checked_sub(height).and_then(|y| self.row(y, reach));
                    let below = self.row(y + height, reach).filter(|_| height > 0);
                    any[index] |= above.is_some() || below.is_some();
                    match (above, below) {
                        (Some(a), Some(b)) => merge_pairs_into::<F>(columns, a, b),
                        (Some(one), None) | (None, Some(one)) => merge_into::<F>(columns, one),
                        (None, None) => {}
                    }
                    if let (true, &Some((nearest, furthest))) = (any[index], distances) {
                        self.beside::<F>(reach, columns, nearest, furthest, out);
                    }
                }
            }
        }
    }

    /// Merges into each pixel the columns `nearest..=furthest` to its left and right.
    fn beside<F: Fold<Item = T>>(
        &self,
        reach: usize,
        columns: &[T],
        nearest: usize,
        furthest: usize,
        out: &mut [T],
    ) {
        let right = |distance: usize| &columns[reach + distance..][..self.width];
        let left = |distance: usize| &columns[reach - distance..][..self.width];
        let mut distance = nearest;
        if distance == 0 {
            merge_into::<F>(out, right(0));
            distance = 1;
        }
        while distance < furthest {
            let next = distance + 1;
            merge_fours_into::<F>(out, [left(distance), right(distance), left(next), right(next)]);
            distance += 2;
        }
        if distance == furthest {
            merge_pairs_into::<F>(out, left(distance), right(distance));
        }
    }
}

/// The windows along a row, which begin at each of its items: `whole` has `window - 1` more of these than
/// `out`, and is spent.
fn along<F: Fold>(
    window: usize,
    whole: &mut Vec<F::Item>,
    spare: &mut Vec<F::Item>,
    out: &mut [F::Item],
) {
    let (mut length, mut from) = (1, 0);
    loop {
        if window & length != 0 {
            merge_into::<F>(out, &whole[from..]);
            from += length;
        }
        if from == window {
            return;
        }
        let count = whole.len() - length;
        merge_to::<F>(&mut spare[..count], &whole[..count], &whole[length..]);
        std::mem::swap(whole, spare);
        length *= 2;
    }
}

/// Merges items into others, one by one.
fn merge_into<F: Fold>(into: &mut [F::Item], items: &[F::Item]) {
    for (into, &item) in into.iter_mut().zip(items) {
        *into = F::merge(*into, item);
    }
}

/// Merges items, one by one.
fn merge_to<F: Fold>(to: &mut [F::Item], a: &[F::Item], b: &[F::Item]) {
    for ((to, &a), &b) in to.iter_mut().zip(a).zip(b) {
        *to = F::merge(a, b);
    }
}

/// Merges pairs of items into others.
fn merge_pairs_into<F: Fold>(into: &mut [F::Item], a: &[F::Item], b: &[F::Item]) {
    for ((into, &a), &b) in into.iter_mut().zip(a).zip(b) {
        *into = F::merge(*into, F::merge(a, b));
    }
}

/// Merges two pairs of items into others.
fn merge_fours_into<F: Fold>(into: &mut [F::Item], [a, b, c, d]: [&[F::Item]; 4]) {
    for ((((into, &a), &b), &c), &d) in into.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *into = F::merge(*into, F::merge(F::merge(a, b), F::merge(c, d)));
    }
}
