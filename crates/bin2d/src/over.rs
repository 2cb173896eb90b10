//! Points composited over those of earlier rows, each with a colour and an opacity of its own.
//!
//! [`Over`] takes points by columns, any number of times, and [`Over::finish`] makes the [`Canvas`]. Where points are
//! drawn, and as what, is a [`Place`]; what colour they have, a [`Paint`]; what becomes of a pixel that a colour is drawn
//! on, a [`Blend`]. [`PorterDuff`] is *over* (Porter and Duff 1984) in 32-bit floats.
//!
//! **What a pixel is.** The points that cover it are composited one after another, in the order of their rows, from a pixel
//! that nothing has been drawn on. Nothing else shows in the result: not the number of threads, nor how rows are cut into calls
//! of [`Over::add`]. So it is defined for blends that are not associative, too.
//!
//! **How.** As everywhere in this crate, slices of rows are partitioned, stably, by tiles of the canvas, and then every
//! tile has one owner, which takes the slices in order. A marker goes to every tile that it reaches into. Points carry what
//! their colour is made from, and the owner of the tile makes it: that is less to carry than the colour.
//!
//! What lies under an opaque marker is left out where that is quicker (see `tile`), as it changes nothing. What shines
//! through only a little is not: composited from the front, a pixel could be left when it is all but opaque, but its last bits
//! would be others than in the order of the rows, and depend on how many rows are at hand. So a marker that
//! something shows through costs its area.

mod blend;
mod marker;
#[cfg(test)]
mod naive;
mod pages;
mod paint;
mod place;
#[cfg(test)]
mod tests;
mod tile;

use std::ops::Range;

use bytemuck::Zeroable;
use pointillist_base::memory::{Zeroed, available_memory};
use pointillist_base::{Instructions, Progress};
use rayon::prelude::*;

pub use self::blend::{Blend, PorterDuff};
pub use self::marker::{Along, Lattice, Marker, Mask};
pub use self::pages::{ColorScale, Composited};
pub(crate) use self::pages::{Coloring, Layer, Layering, no_color, values};
pub use self::paint::{Colors, Paint, read_channels};
pub use self::place::Place;
use self::place::Site;
use self::tile::Painter;
use crate::partition::Slice;
use crate::plan::{Cut, fits};
use crate::{Columns, Error, Rows, Size, Source, Stats};

/// What points carry, inks and pixels: numbers that may all be zero.
pub trait Plain: private::Sealed + Copy + Default + Zeroable + PartialEq + Send + Sync {}

mod private {
    pub trait Sealed {}
}

macro_rules! plain {
    ($($type:ty),*) => {$(
        impl private::Sealed for $type {}
        impl Plain for $type {}
    )*};
}

plain!(u8, u32, f32, f64, [f32; 3], [f32; 4], [f64; 4], [u8; 3], [u8; 4], [u16; 4]);

/// Where points went that were drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Drawn {
    pub(crate) stats: Stats,
    pub(crate) undrawn: u64,
}

impl std::ops::Add for Drawn {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { stats: self.stats + other.stats, undrawn: self.undrawn + other.undrawn }
    }
}

/// A canvas in the making, to which points are added.
#[derive(Debug)]
pub struct Over<B: Blend, P: Paint<Ink = B::Ink>> {
    blend: B,
    paint: P,
    canvas: Canvas<B::Pixel>,
    slices: Vec<Slice<P::Row>>,
    cut: Cut,
    instructions: Instructions,
}

impl<B: Blend, P: Paint<Ink = B::Ink>> Over<B, P> {
    /// An empty canvas.
    ///
    /// # Errors
    /// [`Error::Options`] when the place has no extent, or a number of the lattice is out of its range;
    /// [`Error::Memory`] or [`Error::Allocation`] when the canvas does not fit into memory.
    pub fn new(place: Place, blend: B, paint: P) -> Result<Self, Error> {
        let cut = Cut::default();
        let (pixel, more) = (size_of::<B::Pixel>() as u64, Self::bytes_beside(&place, cut)?);
        fits(place.size(), &crate::Reductions::over(), pixel, more, available_memory())?;
        Self::with_cut(place, blend, paint, cut, Instructions::chosen())
    }

    /// The same without a look at how much memory there is.
    pub(crate) fn with_cut(
        place: Place,
        blend: B,
        paint: P,
        cut: Cut,
        instructions: Instructions,
    ) -> Result<Self, Error> {
        let size = place.size();
        let site = Site::new(place, size_of::<B::Pixel>(), cut.tiles, instructions)?;
        let pixels = Zeroed::new(site.pixels(size)).map_err(Error::Allocation)?;
        let canvas = Canvas { size, site, pixels, drawn: Drawn::default() };
        Ok(Self { blend, paint, canvas, slices: Vec::new(), cut, instructions })
    }

    /// Bytes that it takes beside the pixels of the canvas, with the points of two batches.
    pub(crate) fn bytes_beside(place: &Place, cut: Cut) -> Result<u64, Error> {
        let size = place.size();
        let site =
            Site::new(place.clone(), size_of::<B::Pixel>(), cut.tiles, Instructions::default())?;
        let slice = Slice::<P::Row>::bytes(site.tiling(), cut.slice_rows.max(site.copies()));
        let beyond = (site.pixels(size) - size.cells() as usize) * size_of::<B::Pixel>();
        Ok((beyond + cut.slice_bytes.max(2 * slice)) as u64)
    }

    /// Rows of a slice: fewer where each may be put into it several times.
    fn slice_rows(&self) -> usize {
        (self.cut.slice_rows / self.canvas.site.copies()).max(1)
    }

    /// Draws points over those that are there: x and y of `points`, in colours that are made of `colors`, as many columns
    /// as the paint takes. Returns where they went. Runs on the threads of the current rayon pool; `progress` counts rows.
    ///
    /// # Errors
    /// [`Error::Lengths`] when the columns differ in length, [`Error::Options`] when colors are made of another number of
    /// columns, or when the extent of the cells has no width in 32 bits and x or y are stored in these, [`Error::Points`] when
    /// a file cannot be read or is damaged, [`Error::Allocation`] when there is no memory for the points on their way,
    /// [`Error::Cancelled`] when `progress` says so. What is drawn is then not complete.
    pub fn add(
        &mut self,
        points: &Columns<'_>,
        colors: &[Source<'_>],
        progress: &dyn Progress,
    ) -> Result<Stats, Error> {
        if colors.len() != P::COLUMNS {
            return Err(Error::Options(format!(
                "colors are made of {} columns, and {} are given",
                P::COLUMNS,
                colors.len()
            )));
        }
        let all = points.rows();
        let rows = &Rows::new(points, colors)?;
        let limits = self.canvas.site.limits(points)?;
        let slice_rows = self.slice_rows();
        let Self { blend, paint, canvas, slices, cut, instructions } = self;
        let Canvas { site, pixels, drawn, .. } = canvas;
        let tiling = site.tiling();
        let room_rows = slice_rows.saturating_mul(site.copies());
        // Two batches are under way, one that is filled and one that is drawn.
        let most = (cut.slice_bytes / Slice::<P::Row>::bytes(tiling, room_rows)).max(2) / 2;
        let needed = most.min(all.div_ceil(slice_rows));
        while slices.len() < 2 * needed {
            slices.push(Slice::new(tiling, room_rows).map_err(Error::Allocation)?);
        }
        let fill = |batch: usize, slices: &mut [Slice<P::Row>]| {
            // In their order: threads go through the rows side by side.
            let counted = slices.iter_mut().enumerate().par_bridge().map_init(
                place::Room::new,
                |room, (index, slice)| -> Result<Drawn, Error> {
                    if progress.cancelled() {
                        return Err(Error::Cancelled);
                    }
                    slice.clear();
                    let start = all.min(batch + index * slice_rows);
                    let share = start..all.min(start + slice_rows);
                    progress.advance(share.len() as u64);
                    site.gather((rows, share, limits), paint, slice, room)
                },
            );
            counted.try_reduce(Drawn::default, |a, b| Ok(a + b))
        };
        let blocks = match &*site {
            Site::Cells { .. } => None,
            Site::Blocks(blocks) => Some(blocks),
        };
        let painter =
            Painter { blend: &*blend, paint: &*paint, blocks, instructions: *instructions };
        let tile_pixels = site.tile_pixels();
        let mut draw = |slices: &[Slice<P::Row>]| {
            let tiles = pixels.par_chunks_mut(tile_pixels).enumerate();
            tiles.try_for_each_init(tile::Room::new, |room, (index, pixels)| {
                if progress.cancelled() {
                    return Err(Error::Cancelled);
                }
                painter.draw(slices, index, pixels, room);
                Ok(())
            })
        };
        let (filled, free) = slices.split_at_mut(needed);
        let (mut filled, mut free) = (filled, &mut free[..needed]);
        filled.iter_mut().for_each(Slice::clear);
        let mut here = Drawn::default();
        for batch in (0..all).step_by(slice_rows * needed.max(1)) {
            // While the first one is filled, there is none to be drawn.
            let (counted, finished) = rayon::join(|| fill(batch, free), || draw(filled));
            here = here + counted?;
            finished?;
            std::mem::swap(&mut filled, &mut free);
        }
        draw(filled)?;
        rows.finish()?;
        *drawn = *drawn + here;
        Ok(here.stats)
    }

    /// The canvas with all points that were added.
    pub fn finish(self) -> Canvas<B::Pixel> {
        self.canvas
    }
}

/// Pixels that points were drawn on.
#[derive(Debug)]
pub struct Canvas<T> {
    size: Size,
    site: Site,
    pixels: Zeroed<T>,
    drawn: Drawn,
}

impl<T: Plain> Canvas<T> {
    /// Columns and rows of pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Where the points went: binned are those that cover a pixel, in whatever colour.
    pub fn stats(&self) -> Stats {
        self.drawn.stats
    }

    /// Points that cover a pixel and have no colour, as [`Paint::draws`] has it.
    pub fn undrawn(&self) -> u64 {
        self.drawn.undrawn
    }

    /// Gives each pixel of these rows, row 0 being the top, to `take`: row by row, from left to right.
    ///
    /// # Panics
    /// When there are no such rows.
    pub fn rows(&self, rows: Range<u32>, mut take: impl FnMut(T)) {
        assert!(rows.start <= rows.end && rows.end <= self.size.height(), "rows of the canvas");
        let width = self.size.width() as usize;
        let rows = rows.start as usize..rows.end as usize;
        match &self.site {
            Site::Cells { .. } => {
                self.pixels[rows.start * width..rows.end * width].iter().copied().for_each(take);
            }
            Site::Blocks(blocks) => {
                let [across, _] = blocks.sides();
                for row in rows {
                    for start in (0..width).step_by(across) {
                        let index = blocks.index(start, row);
                        let end = index + across.min(width - start);
                        self.pixels[index..end].iter().copied().for_each(&mut take);
                    }
                }
            }
        }
    }
}
