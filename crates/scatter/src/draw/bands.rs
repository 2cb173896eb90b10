//! Round markers with a colour each: every band of rows goes through all points.
//!
//! What such a marker covers depends on fractions of a pixel, so it is rendered for every point, by whoever owns the rows it
//! reaches into. A point that reaches into no row of a band costs it little more than a comparison.

use std::ops::Range;

use pointillist_base::{Progress, Values};
use pointillist_bin2d::over::{Blend, Paint};
use pointillist_bin2d::{Columns, Rows, Source, Stats};
use rayon::prelude::*;

use super::canvas::{Canvas, Layer, Show};
use super::filled;
use super::paint::check_number;
use crate::geometry::View;
use crate::marker::{Round, Side};
use crate::{Clip, Error};

/// Points that are looked at together.
const BLOCK: usize = 1024;

/// Points between two looks at whether to go on.
const STRIDE: usize = 1 << 20;

pub(super) struct Bands<B: Blend, P> {
    view: View,
    clip: Clip,
    side: Side,
    blend: B,
    paint: P,
    show: Show<B::Pixel>,
    /// Those of the clip.
    pixels: Vec<B::Pixel>,
    stats: Stats,
}

impl<B: Blend, P: Paint<Ink = B::Ink>> Bands<B, P> {
    pub(super) fn new(
        view: View,
        clip: Clip,
        side: Side,
        (blend, paint): (B, P),
        show: Show<B::Pixel>,
    ) -> Result<Self, Error> {
        let pixels = filled([clip.width(), clip.height()], B::Pixel::default())?;
        Ok(Self { view, clip, side, blend, paint, show, pixels, stats: Stats::default() })
    }

    /// The place of a point if its marker may reach into these rows of the canvas; the corners of what is drawn lie within a
    /// pixel of the circle.
    fn near(&self, [x, y]: [f64; 2], rows: &Range<f64>) -> Option<[f64; 2]> {
        let place = self.view.offset(x, y);
        let reach = self.side.get() / 2.0 + 1.0;
        let columns = f64::from(self.clip.left)..f64::from(self.clip.right);
        let reaches =
            |at: f64, range: &Range<f64>| at + reach >= range.start && at - reach <= range.end;
        (reaches(place[1], rows) && reaches(place[0], &columns)).then_some(place)
    }
}

/// Value number `row`.
fn value(values: Values<'_>, row: usize) -> f64 {
    match values {
        Values::F32(values) => values[row].into(),
        Values::F64(values) => values[row],
    }
}

impl<B: Blend, P: Paint<Ink = B::Ink> + Send> Layer for Bands<B, P> {
    fn add(
        &mut self,
        points: &Columns<'_>,
        colors: &[Source<'_>],
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        check_number(P::COLUMNS, colors.len())?;
        let all_rows = Rows::new(points, colors)?;
        let mut buffers = Vec::new();
        let mut pixels = std::mem::take(&mut self.pixels);
        let (width, height) = (self.clip.width(), self.clip.height());
        let all = f64::from(self.clip.top)..f64::from(self.clip.bottom);
        // A few for every thread, as points may crowd in some of them.
        let band = height.div_ceil(4 * rayon::current_num_threads()).max(1);
        for start in (0..points.rows()).step_by(STRIDE) {
            if progress.cancelled() {
                return Err(pointillist_bin2d::Error::Cancelled.into());
            }
            let stride = start..points.rows().min(start + STRIDE);
            // Every band goes through these rows: they are read once, and stay in memory meanwhile.
            let read = all_rows.read(stride.clone(), &mut buffers)?;
            let [x, y, colors @ ..] = read.as_slice() else { continue };
            let (x, y, rows) = (*x, *y, 0..stride.len());
            let counts = rows.clone().into_par_iter().map(|row| {
                let at = [value(x, row), value(y, row)];
                let finite = at.iter().all(|value| value.is_finite());
                let binned = finite && self.near(at, &all).is_some();
                Stats {
                    points: 1,
                    binned: binned.into(),
                    outside: (finite && !binned).into(),
                    non_finite: (!finite).into(),
                }
            });
            self.stats += counts.reduce(Stats::default, |a, b| a + b);
            pixels.par_chunks_mut(band * width).enumerate().for_each(|(number, pixels)| {
                let top = self.clip.top + (number * band) as i32;
                let bottom = top + (pixels.len() / width) as i32;
                let mut drawer = Drawer::new(self, top..bottom, pixels);
                for start in rows.clone().step_by(BLOCK) {
                    let rows = start..rows.end.min(start + BLOCK);
                    drawer.draw(rows, |row| [value(x, row), value(y, row)], colors);
                }
            });
            progress.advance(rows.len() as u64);
        }
        all_rows.finish()?;
        self.pixels = pixels;
        Ok(())
    }

    fn finish(self: Box<Self>, canvas: Canvas<'_>) -> Stats {
        let Self { pixels, show, clip, stats, .. } = *self;
        let drawn = pixels.par_chunks_exact(clip.width());
        canvas.rows().zip(drawn).for_each(|(row, drawn)| {
            for (to, &pixel) in row.iter_mut().zip(drawn) {
                if pixel != B::Pixel::default() {
                    *to = show(pixel);
                }
            }
        });
        stats
    }
}

/// Draws on the rows of a band.
struct Drawer<'a, B: Blend, P: Paint> {
    bands: &'a Bands<B, P>,
    round: Round,
    rows: Range<i32>,
    pixels: &'a mut [B::Pixel],
    near: Vec<(usize, [f64; 2])>,
    carried: Vec<P::Row>,
    taken: Vec<P::Row>,
    inks: Vec<P::Ink>,
    covers: Vec<u8>,
}

impl<'a, B: Blend, P: Paint<Ink = B::Ink>> Drawer<'a, B, P> {
    fn new(bands: &'a Bands<B, P>, rows: Range<i32>, pixels: &'a mut [B::Pixel]) -> Self {
        Self {
            bands,
            round: Round::new(bands.side),
            rows,
            pixels,
            near: Vec::new(),
            carried: vec![P::Row::default(); BLOCK],
            taken: Vec::new(),
            inks: Vec::new(),
            covers: vec![0; bands.clip.width()],
        }
    }

    /// Draws those of at most [`BLOCK`] points that reach into the band.
    fn draw(
        &mut self,
        rows: Range<usize>,
        point: impl Fn(usize) -> [f64; 2],
        colors: &[Values<'_>],
    ) {
        let Self { bands, round, pixels, near, taken, inks, covers, .. } = self;
        let Bands { view, clip, blend, paint, .. } = bands;
        let within = f64::from(self.rows.start)..f64::from(self.rows.end);
        near.clear();
        near.extend(rows.clone().enumerate().filter_map(|(index, row)| {
            bands.near(point(row), &within).map(|place| (index, place))
        }));
        if near.is_empty() {
            return;
        }
        let read = &mut self.carried[..rows.len()];
        paint.read(colors, rows, read);
        near.retain(|&(index, _)| paint.draws(read[index]));
        taken.clear();
        taken.extend(near.iter().map(|&(index, _)| read[index]));
        inks.resize(taken.len(), P::Ink::default());
        paint.paint(taken, inks);
        for (&(_, place), &ink) in near.iter().zip(&*inks) {
            round.at(place, view.axes(), |column, row, length, cover| {
                if self.rows.contains(&row) {
                    let start = (row - self.rows.start) as usize * clip.width()
                        + (column - clip.left) as usize;
                    covers[..length].fill(cover);
                    blend.over_covered(&mut pixels[start..start + length], ink, &covers[..length]);
                }
            });
        }
    }
}
