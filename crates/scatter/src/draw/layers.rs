//! Which engine draws which markers.

use pointillist_base::Progress;
use pointillist_bin2d::over::{
    self, Along, Blend, Colors, Lattice, Marker, Mask, Over, Paint, Place, Plain, PorterDuff,
};
use pointillist_bin2d::{Columns, Size, Source, Stats};
use rayon::prelude::*;

use super::bands::Bands;
use super::canvas::{Canvas, Layer, Show};
use super::paint::{Bytes, Coloring, Mapped, Uniform};
use super::{Blending, Job};
use crate::blend::{CountTable, blend, over_many, to_bytes};
use crate::counts::Region;
use crate::geometry::View;
use crate::marker::{Mode, Round, Square};
use crate::{Clip, Error, Shape};

/// The engine for these markers and colours.
pub(super) fn new(job: &Job, coloring: Coloring) -> Result<Box<dyn Layer>, Error> {
    if job.clip.width() == 0 || job.clip.height() == 0 {
        return Ok(Box::new(Nowhere::default()));
    }
    match (coloring, job.style.blending) {
        (Coloring::One(color), _) if is_counted(job) => counted(job, color),
        (Coloring::One(color), Blending::Float) => floats(job, Uniform(premultiplied(color))),
        (Coloring::One(color), Blending::Agg8) => agg8(job, Uniform(to_bytes(color))),
        (Coloring::Mapped { style, opacity, wide }, blending) => match (blending, wide) {
            (Blending::Float, false) => floats(job, Mapped::<f32, _>::new(style, opacity)),
            (Blending::Float, true) => floats(job, Mapped::<f64, _>::new(style, opacity)),
            (Blending::Agg8, false) => agg8(job, Mapped::<f32, _>::new(style, opacity)),
            (Blending::Agg8, true) => agg8(job, Mapped::<f64, _>::new(style, opacity)),
        },
        (Coloring::Each { limit, alpha_limit, opacity }, blending) => {
            let limits = [limit, limit, limit, alpha_limit.unwrap_or(1.0)];
            match (blending, alpha_limit) {
                (Blending::Float, None) => floats(job, Colors::<3>::new(limit, 1.0, opacity)?),
                (Blending::Float, Some(of)) => floats(job, Colors::<4>::new(limit, of, opacity)?),
                (Blending::Agg8, None) => agg8(job, Bytes::<3> { limits, opacity }),
                (Blending::Agg8, Some(_)) => agg8(job, Bytes::<4> { limits, opacity }),
            }
        }
    }
}

/// Whether a pixel depends on nothing but how many markers cover it, where they have one colour.
fn is_counted(job: &Job) -> bool {
    job.style.shape == Shape::Square && job.mode == Mode::Markers
}

fn premultiplied([r, g, b, a]: [f64; 4]) -> [f32; 4] {
    [r * a, g * a, b * a, a].map(|channel| channel as f32)
}

fn floats<P>(job: &Job, paint: P) -> Result<Box<dyn Layer>, Error>
where
    P: Paint<Ink = [f32; 4]> + Send + 'static,
{
    let start = job.start;
    composited(job, PorterDuff, paint, Box::new(move |ink| beneath(start, ink)))
}

fn agg8<P>(job: &Job, paint: P) -> Result<Box<dyn Layer>, Error>
where
    P: Paint<Ink = [u8; 4]> + Send + 'static,
{
    let eight = Agg8 { start: job.start };
    composited(job, eight, paint, Box::new(move |pixel| eight.shown(pixel)))
}

fn composited<B, P>(
    job: &Job,
    blend: B,
    paint: P,
    show: Show<B::Pixel>,
) -> Result<Box<dyn Layer>, Error>
where
    B: Blend + 'static,
    P: Paint<Ink = B::Ink> + Send + 'static,
{
    let Job { view, clip, mode, style, .. } = job;
    let marker = match (style.shape, mode) {
        (Shape::Circle, Mode::Paths) => {
            return Ok(Box::new(Bands::new(*view, *clip, style.side, (blend, paint), show)?));
        }
        (Shape::Circle, Mode::Markers) => {
            let stamp = Round::new(style.side).stamp();
            if stamp.mask.is_empty() {
                return Ok(Box::new(Nowhere::default()));
            }
            let marker = Marker::Mask(mask(&stamp.mask)?);
            let blend = Times { blend, times: stamp.times };
            let over = Over::new(place(view, *clip, *mode, marker)?, blend, paint)?;
            return Ok(Box::new(Drawn { over, finish: shown(show) }));
        }
        (Shape::Square, Mode::Markers) => Marker::Centered { half: style.side.get() / 2.0 },
        (Shape::Square, Mode::Paths) => Marker::Edges { half: style.side.get() / 2.0 },
    };
    let over = Over::new(place(view, *clip, *mode, marker)?, blend, paint)?;
    Ok(Box::new(Drawn { over, finish: shown(show) }))
}

fn mask(mask: &crate::Mask) -> Result<Mask, Error> {
    let too_large = |_| Error::Colors("a round marker has too many pixels".to_owned());
    let [width, height] = [mask.width, mask.height()].map(u32::try_from);
    Ok(Mask {
        covers: mask.covers.clone(),
        width: width.map_err(too_large)?,
        height: height.map_err(too_large)?,
        left: mask.left,
        top: mask.top,
    })
}

/// The pixels of the clip, as matplotlib finds those of points.
fn place(view: &View, clip: Clip, mode: Mode, marker: Marker) -> Result<Place, Error> {
    let size = size(clip.width(), clip.height())?;
    let [x, y] = along(view, mode, [clip.left, clip.top]);
    Ok(Place::Lattice(Lattice { size, x, y, marker }))
}

fn size(width: usize, height: usize) -> Result<Size, Error> {
    match (u32::try_from(width), u32::try_from(height)) {
        (Ok(columns), Ok(rows)) => {
            Ok(Size::new(columns, rows).map_err(pointillist_bin2d::Error::from)?)
        }
        _ => Err(Error::Memory { width, height }),
    }
}

/// [`View::pixel`] or [`View::offset`], operation by operation.
fn along(view: &View, mode: Mode, [left, top]: [i32; 2]) -> [Along; 2] {
    let ([x, y], [x_shift, y_shift]) = view.matrix();
    let height = view.axes().canvas().1 as f64;
    match mode {
        Mode::Markers => [
            Along { first: left, ..Along::new(x, x_shift + 0.5) },
            Along { first: top, ..Along::new(-y, -y_shift + (height + 0.5)) },
        ],
        Mode::Paths => [
            Along { first: left, ..Along::new(x, x_shift) },
            Along { first: top, end: Some(height), ..Along::new(y, y_shift) },
        ],
    }
}

/// Points drawn by bin2d.
struct Drawn<B: Blend, P: Paint<Ink = B::Ink>> {
    over: Over<B, P>,
    /// Draws what came of them.
    finish: Finish<B::Pixel>,
}

type Finish<T> = Box<dyn FnOnce(over::Canvas<T>, Canvas<'_>)>;

impl<B: Blend, P: Paint<Ink = B::Ink> + Send> Layer for Drawn<B, P> {
    fn add(
        &mut self,
        points: &Columns<'_>,
        colors: &[Source<'_>],
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        self.over.add(points, colors, progress)?;
        Ok(())
    }

    fn finish(self: Box<Self>, canvas: Canvas<'_>) -> Stats {
        let Self { over, finish } = *self;
        let drawn = over.finish();
        let stats = drawn.stats();
        finish(drawn, canvas);
        stats
    }
}

/// Shows every pixel that something has been drawn on.
fn shown<T: Plain + 'static>(show: Show<T>) -> Finish<T> {
    Box::new(move |drawn, canvas| {
        canvas.rows().enumerate().for_each(|(number, row)| {
            let number = number as u32;
            let mut pixels = row.iter_mut();
            drawn.rows(number..number + 1, |pixel| {
                if let Some(to) = pixels.next()
                    && pixel != T::default()
                {
                    *to = show(pixel);
                }
            });
        });
    })
}

/// A canvas of floats over the pixel that was there before, rounded.
pub(super) fn beneath(start: [u8; 4], [r, g, b, a]: [f32; 4]) -> [u8; 4] {
    let [r, g, b, a] = [r, g, b, a].map(f64::from);
    let below = f64::from(start[3]) / 255.0 * (1.0 - a);
    let alpha = a + below;
    if alpha <= 0.0 {
        return start;
    }
    let mix = |ink: f64, channel: usize| (ink + f64::from(start[channel]) / 255.0 * below) / alpha;
    to_bytes([mix(r, 0), mix(g, 1), mix(b, 2), alpha])
}

/// Agg's eight bits. As a pixel that nothing has been drawn on is zero, it is kept as how it differs from that.
#[derive(Debug, Clone, Copy)]
struct Agg8 {
    start: [u8; 4],
}

impl Agg8 {
    fn shown(self, pixel: [u8; 4]) -> [u8; 4] {
        std::array::from_fn(|channel| pixel[channel] ^ self.start[channel])
    }

    fn draw(self, pixel: &mut [u8; 4], ink: [u8; 4], cover: u8) {
        let mut shown = self.shown(*pixel);
        blend(&mut shown, ink, cover);
        *pixel = self.shown(shown);
    }
}

impl Blend for Agg8 {
    type Pixel = [u8; 4];
    type Ink = [u8; 4];

    fn over(&self, pixels: &mut [[u8; 4]], ink: [u8; 4]) {
        pixels.iter_mut().for_each(|pixel| self.draw(pixel, ink, 255));
    }

    fn over_covered(&self, pixels: &mut [[u8; 4]], ink: [u8; 4], covers: &[u8]) {
        pixels.iter_mut().zip(covers).for_each(|(pixel, &cover)| self.draw(pixel, ink, cover));
    }

    fn hides(&self, ink: [u8; 4]) -> bool {
        ink[3] == 255
    }
}

/// Draws every point so many times.
struct Times<B> {
    blend: B,
    times: u32,
}

impl<B: Blend> Blend for Times<B> {
    type Pixel = B::Pixel;
    type Ink = B::Ink;

    fn over(&self, pixels: &mut [B::Pixel], ink: B::Ink) {
        (0..self.times).for_each(|_| self.blend.over(pixels, ink));
    }

    fn over_covered(&self, pixels: &mut [B::Pixel], ink: B::Ink, covers: &[u8]) {
        (0..self.times).for_each(|_| self.blend.over_covered(pixels, ink, covers));
    }

    fn hides(&self, ink: B::Ink) -> bool {
        self.blend.hides(ink)
    }
}

/// Adds up points; more than four billion in a pixel count as that many.
struct Tally;

impl Blend for Tally {
    type Pixel = u32;
    type Ink = u8;

    fn over(&self, pixels: &mut [u32], _ink: u8) {
        pixels.iter_mut().for_each(|count| *count = count.saturating_add(1));
    }

    fn over_covered(&self, pixels: &mut [u32], ink: u8, _covers: &[u8]) {
        self.over(pixels, ink);
    }

    fn hides(&self, _ink: u8) -> bool {
        false
    }
}

/// Square markers of one colour, counted.
fn counted(job: &Job, color: [f64; 4]) -> Result<Box<dyn Layer>, Error> {
    let stamp = Square::new(job.style.side).stamp();
    // Those farther out reach nothing, whatever their size.
    let region = Region::new(job.clip, stamp);
    if region.is_empty() {
        return Ok(Box::new(Nowhere::default()));
    }
    let (left, top) = region.start();
    let [x, y] = along(&job.view, Mode::Markers, [left, top]);
    let size = size(region.width(), region.height())?;
    // A pixel each.
    let marker = Marker::Centered { half: 0.5 };
    let place = Place::Lattice(Lattice { size, x, y, marker });
    let over = Over::new(place, Tally, Uniform(0))?;
    let start = job.start;
    let color: Box<dyn Fn(u64) -> [u8; 4] + Sync> = match job.style.blending {
        Blending::Agg8 => {
            let table = CountTable::new(start, to_bytes(color));
            Box::new(move |count| table.pixel(count))
        }
        Blending::Float => {
            /// Counts up to here are looked up.
            const FEW: u64 = 1 << 12;
            let few: Vec<[u8; 4]> = (0..FEW).map(|count| over_many(start, color, count)).collect();
            Box::new(move |count| match few.get(count as usize) {
                Some(pixel) => *pixel,
                None => over_many(start, color, count),
            })
        }
    };
    let finish: Finish<u32> = Box::new(move |counts, canvas| {
        let mut centres = Vec::with_capacity(region.width() * region.height());
        counts.rows(0..counts.size().height(), |count| centres.push(count));
        drop(counts);
        region.draw(&centres, color, canvas.pixels, canvas.width);
    });
    Ok(Box::new(Drawn { over, finish }))
}

/// Nothing is ever seen.
#[derive(Default)]
struct Nowhere {
    points: u64,
}

impl Layer for Nowhere {
    fn add(
        &mut self,
        points: &Columns<'_>,
        _colors: &[Source<'_>],
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        let points = points.rows() as u64;
        progress.advance(points);
        self.points += points;
        Ok(())
    }

    fn finish(self: Box<Self>, _canvas: Canvas<'_>) -> Stats {
        Stats { points: self.points, outside: self.points, ..Stats::default() }
    }
}
