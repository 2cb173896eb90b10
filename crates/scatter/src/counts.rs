//! From how many points a pixel has to how many markers cover it.
//!
//! Square markers of one colour are all the same box around their pixel, so a pixel is covered by as many as there are points in
//! a box around it. The sums slide: a row enters and a row leaves the sums of the columns, and along the row a column enters and a
//! column leaves, so that the cost of a pixel is four additions whatever the size of the markers. Bands of rows are independent
//! and run in parallel; sums of whole numbers do not depend on them.

use std::ops::Range;

use rayon::prelude::*;

use crate::geometry::Clip;
use crate::marker::Footprint;

/// The pixels around which markers are drawn that reach into a clip: the clip, with margins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    clip: Clip,
    stamp: Footprint,
    sides: [usize; 2],
}

impl Region {
    /// The region of markers of this stamp.
    pub fn new(clip: Clip, stamp: Footprint) -> Self {
        let side = |low: i32, high: i32| usize::try_from(high - low).unwrap_or(0);
        Self { clip, stamp, sides: [side(stamp.left, stamp.right), side(stamp.top, stamp.bottom)] }
    }

    /// Whether no marker of this stamp can be seen.
    pub fn is_empty(&self) -> bool {
        self.stamp.is_empty() || self.clip.width() == 0 || self.clip.height() == 0
    }

    /// The number of columns; 0 where the region is empty.
    pub fn width(&self) -> usize {
        if self.is_empty() { 0 } else { self.clip.width() + self.sides[0] - 1 }
    }

    /// The number of rows; 0 where the region is empty.
    pub fn height(&self) -> usize {
        if self.is_empty() { 0 } else { self.clip.height() + self.sides[1] - 1 }
    }

    /// The column of the canvas in which the region begins, and the row.
    pub fn start(&self) -> (i32, i32) {
        (self.clip.left - self.stamp.right + 1, self.clip.top - self.stamp.bottom + 1)
    }

    /// Where a point is counted whose pixel this is ([`View::pixel`](crate::View::pixel)): row by row from the top. `None` for
    /// points whose markers do not reach into the clip, and for NaN.
    #[inline]
    pub fn index(&self, [column, row]: [f64; 2]) -> Option<usize> {
        let (left, top) = self.start();
        let (column, row) = (column - f64::from(left), row - f64::from(top));
        let inside = column >= 0.0
            && row >= 0.0
            && column < self.width() as f64
            && row < self.height() as f64;
        inside.then(|| row as usize * self.width() + column as usize)
    }

    /// Counts what covers the pixels of some rows of the clip (0 is its first), and gives out each row with its counts, `clip.width()` of
    /// them. Memory for two rows.
    ///
    /// # Panics
    ///
    /// Where `centres` is not as large as the region, or `rows` goes beyond the clip.
    pub fn covering<C>(
        &self,
        centres: &[C],
        rows: Range<usize>,
        mut emit: impl FnMut(usize, &[u64]),
    ) where
        C: Copy + Into<u64>,
    {
        let (width, [side, high]) = (self.width(), self.sides);
        assert_eq!(centres.len(), width * self.height(), "centres of another region");
        if self.is_empty() || rows.is_empty() {
            return;
        }
        let row_of = |row: usize| &centres[row * width..(row + 1) * width];
        let mut columns = vec![0u64; width];
        for row in rows.start..rows.start + high - 1 {
            columns.iter_mut().zip(row_of(row)).for_each(|(sum, &count)| *sum += count.into());
        }
        let mut covers = vec![0u64; self.clip.width()];
        for row in rows {
            let entering = row_of(row + high - 1);
            columns.iter_mut().zip(entering).for_each(|(sum, &count)| *sum += count.into());
            let mut sum: u64 = columns[..side - 1].iter().sum();
            for ((cover, entering), leaving) in
                covers.iter_mut().zip(&columns[side - 1..]).zip(&columns)
            {
                sum += entering;
                *cover = sum;
                sum -= leaving;
            }
            emit(row, &covers);
            columns.iter_mut().zip(row_of(row)).for_each(|(sum, &count)| *sum -= count.into());
        }
    }

    /// Draws all markers: gives each pixel of the clip that is covered the colour of its count. Runs on rayon's current pool; the
    /// result does not depend on it.
    ///
    /// `centres` has the number of points of each pixel of the region; `canvas` has `canvas_width` pixels a row, the first
    /// row at the top.
    ///
    /// # Panics
    ///
    /// Where `centres` is not as large as the region, or the clip goes beyond the canvas.
    pub fn draw<C>(
        &self,
        centres: &[C],
        color: impl Fn(u64) -> [u8; 4] + Sync,
        canvas: &mut [[u8; 4]],
        canvas_width: usize,
    ) where
        C: Copy + Into<u64> + Sync,
    {
        if self.is_empty() {
            return;
        }
        let (left, top) = (self.clip.left as usize, self.clip.top as usize);
        let (width, height) = (self.clip.width(), self.clip.height());
        let rows = &mut canvas[top * canvas_width..(top + height) * canvas_width];
        // A band begins with as many rows as a marker has; with bands as high as that, it is half the work at most.
        let band = self.sides[1].max(64);
        rows.par_chunks_mut(band * canvas_width).enumerate().for_each(|(number, pixels)| {
            let first = number * band;
            let last = first + pixels.len() / canvas_width;
            self.covering(centres, first..last, |row, covers| {
                let start = (row - first) * canvas_width + left;
                for (pixel, &count) in pixels[start..start + width].iter_mut().zip(covers) {
                    if count > 0 {
                        *pixel = color(count);
                    }
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sliding_sums_are_the_sums_of_boxes(
            (width, height) in (1i32..40, 1i32..200),
            (left, top) in (0i32..5, 0i32..5),
            (low, side) in (-6i32..1, 1i32..12),
            seed: u64,
        ) {
            let clip = Clip { left, top, right: left + width, bottom: top + height };
            let stamp = Footprint { left: low, top: low, right: low + side, bottom: low + side };
            let region = Region::new(clip, stamp);
            let mut state = seed | 1;
            let centres: Vec<u32> = (0..region.width() * region.height())
                .map(|_| {
                    state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    if state >> 62 == 0 { (state >> 32) as u32 } else { 0 }
                })
                .collect();
            let canvas_width = (left + width + 2) as usize;
            let mut canvas = vec![[0; 4]; canvas_width * (top + height + 3) as usize];
            let as_color = |count: u64| (count % (1 << 32)) as u32;
            region.draw(&centres, |count| as_color(count).to_le_bytes(), &mut canvas, canvas_width);
            for (at, pixel) in canvas.iter().enumerate() {
                let (column, row) = ((at % canvas_width) as i32, (at / canvas_width) as i32);
                let mut expected = 0u64;
                if clip.contains(column, row) {
                    for dy in low..low + side {
                        for dx in low..low + side {
                            let centre = [f64::from(column - dx), f64::from(row - dy)];
                            let index = region.index(centre);
                            expected += u64::from(centres[index.expect("a margin is missing")]);
                        }
                    }
                }
                prop_assert_eq!(*pixel, as_color(expected).to_le_bytes());
            }
        }
    }

    #[test]
    fn points_whose_markers_do_not_reach_the_clip_are_left_out() {
        let clip = Clip { left: 3, top: 2, right: 5, bottom: 4 };
        let region = Region::new(clip, Footprint { left: -1, top: -1, right: 2, bottom: 2 });
        assert_eq!((region.width(), region.height(), region.start()), (4, 4, (2, 1)));
        assert_eq!(region.index([2.0, 1.0]), Some(0));
        assert_eq!(region.index([5.0, 4.0]), Some(15));
        for far in [[1.0, 1.0], [6.0, 1.0], [2.0, 0.0], [2.0, 5.0], [f64::NAN; 2], [1e300, 2.0]] {
            assert_eq!(region.index(far), None);
        }
        let nothing = Region::new(clip, Footprint { left: 0, top: 0, right: 0, bottom: 0 });
        assert_eq!((nothing.width(), nothing.height(), nothing.index([3.0, 3.0])), (0, 0, None));
        nothing.draw::<u32>(&[], |_| [0; 4], &mut [], 0);
    }
}
