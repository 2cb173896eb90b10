//! One tile of the canvas and the points on it.
//!
//! Points are composited in row order, one after another: that is what a pixel is, whatever the threads. Where markers
//! are large and opaque, most of it would be painted over again; so the points of a tile are first gone through from the
//! last to the first, and each fills those of its pixels that no later one has filled. Along a row of pixels, the
//! next one that is not filled is found as in a union-find: by links over what is filled, which are shortened as they
//! are followed. It ends when the tile is full. Only when there is a point that something shows through is all
//! composited in order after all, which leaves what the filled pixels have as it is.

use pointillist_ingest::Kernel;

use super::place::Blocks;
use super::{Blend, Paint, Plain};
use crate::accumulate::Record;
use crate::locate::{Job, run};
use crate::partition::Slice;

/// Points whose colours are made at a time: those of a block of a slice.
const BLOCK: usize = 256;

/// Markers of fewer pixels are composited as they come.
const LARGE: i32 = 8;

/// Places of markers that are remembered, at most.
const MOST_PLACES: usize = 1 << 20;

/// Room for one tile, reused from tile to tile.
#[derive(Debug)]
pub(super) struct Room<R, I> {
    rows: [R; BLOCK],
    inks: [I; BLOCK],
    chunks: Vec<u32>,
    skip: Skip,
}

impl<R: Plain, I: Plain> Room<R, I> {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            rows: [R::default(); BLOCK],
            inks: [I::default(); BLOCK],
            chunks: Vec::new(),
            skip: Skip::default(),
        })
    }

    /// The colours of these points.
    #[inline(always)]
    fn paint(&mut self, records: &[Record<R>], paint: &impl Paint<Row = R, Ink = I>) {
        let rows = &mut self.rows[..records.len()];
        for (row, record) in rows.iter_mut().zip(records) {
            *row = record.z;
        }
        paint.paint(rows, &mut self.inks[..records.len()]);
    }
}

/// What draws on tiles, and how.
pub(super) struct Painter<'a, B, P> {
    pub(super) blend: &'a B,
    pub(super) paint: &'a P,
    /// Where points are markers.
    pub(super) blocks: Option<&'a Blocks>,
    pub(super) kernel: Kernel,
}

impl<B: Blend, P: Paint<Ink = B::Ink>> Painter<'_, B, P> {
    /// Draws the points of tile number `index` of slices, in their order.
    pub(super) fn draw(
        &self,
        slices: &[Slice<P::Row>],
        index: usize,
        pixels: &mut [B::Pixel],
        room: &mut Room<P::Row, P::Ink>,
    ) {
        if let Some(blocks) = self.blocks
            && blocks.mask.is_none()
            && blocks.shortest.into_iter().product::<i32>() >= LARGE
            && self.fill(blocks, slices, index, pixels, room)
        {
            return;
        }
        for slice in slices {
            slice.each(index, |records| match self.blocks {
                None => {
                    run(self.kernel, Cells { painter: self, records, pixels: &mut *pixels, room });
                }
                Some(blocks) => {
                    let pixels = &mut *pixels;
                    run(self.kernel, Marks { painter: self, blocks, records, pixels, room });
                }
            });
        }
    }

    /// Fills from the last point on; false where something shows through one.
    fn fill(
        &self,
        blocks: &Blocks,
        slices: &[Slice<P::Row>],
        index: usize,
        pixels: &mut [B::Pixel],
        room: &mut Room<P::Row, P::Ink>,
    ) -> bool {
        room.skip.clear(blocks, index);
        let mut chunks = std::mem::take(&mut room.chunks);
        let mut state = Fill::More;
        for slice in slices.iter().rev() {
            slice.each_back(index, &mut chunks, |records| {
                let pixels = &mut *pixels;
                let job =
                    Backwards { painter: self, blocks, records, pixels, room, state: &mut state };
                run(self.kernel, job);
                state == Fill::More
            });
            if state != Fill::More {
                break;
            }
        }
        room.chunks = chunks;
        state != Fill::ShowsThrough
    }
}

/// How far filling has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fill {
    More,
    Full,
    ShowsThrough,
}

/// Composites points on their cells.
struct Cells<'a, B: Blend, P: Paint> {
    painter: &'a Painter<'a, B, P>,
    records: &'a [Record<P::Row>],
    pixels: &'a mut [B::Pixel],
    room: &'a mut Room<P::Row, P::Ink>,
}

impl<B: Blend, P: Paint<Ink = B::Ink>> Job for Cells<'_, B, P> {
    #[inline(always)]
    fn run(self) -> u32 {
        let Self { painter, records, pixels, room } = self;
        room.paint(records, painter.paint);
        for (record, &ink) in records.iter().zip(&room.inks) {
            let pixel = &mut pixels[record.cell as usize];
            painter.blend.over(std::slice::from_mut(pixel), ink);
        }
        0
    }
}

/// Composites markers on a block.
struct Marks<'a, B: Blend, P: Paint> {
    painter: &'a Painter<'a, B, P>,
    blocks: &'a Blocks,
    records: &'a [Record<P::Row>],
    pixels: &'a mut [B::Pixel],
    room: &'a mut Room<P::Row, P::Ink>,
}

impl<B: Blend, P: Paint<Ink = B::Ink>> Job for Marks<'_, B, P> {
    #[inline(always)]
    fn run(self) -> u32 {
        let Self { painter, blocks, records, pixels, room } = self;
        let [width, height] = blocks.sides();
        room.paint(records, painter.paint);
        for (record, &ink) in records.iter().zip(&room.inks) {
            let [(left, right), (top, bottom)] = blocks.unpack(record.cell);
            let columns = left.max(0) as usize..width.min(right as usize);
            let rows = top.max(0) as usize..height.min(bottom as usize);
            let lines = pixels[rows.start * width..rows.end * width].chunks_exact_mut(width);
            match &blocks.mask {
                None => lines.for_each(|line| painter.blend.over(&mut line[columns.clone()], ink)),
                Some(mask) => {
                    let first = (rows.start as i32 - top) as usize;
                    let covers = mask.covers.chunks_exact(mask.width as usize).skip(first);
                    let cut = columns.len();
                    let first = (columns.start as i32 - left) as usize;
                    for (line, covers) in lines.zip(covers) {
                        let covers = &covers[first..first + cut];
                        painter.blend.over_covered(&mut line[columns.clone()], ink, covers);
                    }
                }
            }
        }
        0
    }
}

/// Fills a block from the last of these points on.
struct Backwards<'a, B: Blend, P: Paint> {
    painter: &'a Painter<'a, B, P>,
    blocks: &'a Blocks,
    records: &'a [Record<P::Row>],
    pixels: &'a mut [B::Pixel],
    room: &'a mut Room<P::Row, P::Ink>,
    state: &'a mut Fill,
}

impl<B: Blend, P: Paint<Ink = B::Ink>> Job for Backwards<'_, B, P> {
    #[inline(always)]
    fn run(self) -> u32 {
        let Self { painter, blocks, records, pixels, room, state } = self;
        let [width, height] = blocks.sides();
        room.paint(records, painter.paint);
        for (record, &ink) in records.iter().zip(&room.inks).rev() {
            if !painter.blend.hides(ink) {
                *state = Fill::ShowsThrough;
                break;
            }
            let skip = &mut room.skip;
            if skip.has_seen(record.cell) {
                continue;
            }
            let [(left, right), (top, bottom)] = blocks.unpack(record.cell);
            let (left, right) = (left.max(0) as usize, width.min(right as usize));
            let bottom = height.min(bottom as usize);
            let mut row = next(&mut skip.rows, top.max(0) as usize);
            while row < bottom {
                let line = &mut skip.pixels[row * (width + 1)..(row + 1) * (width + 1)];
                let mut column = next(line, left);
                while column < right {
                    let start = column;
                    while column < right && line[column] as usize == column {
                        line[column] = right as u16;
                        column += 1;
                    }
                    let run = row * width + start..row * width + column;
                    skip.left -= run.len();
                    painter.blend.over(&mut pixels[run], ink);
                    column = next(line, column);
                }
                if next(line, 0) == width {
                    skip.rows[row] = row as u16 + 1;
                }
                row = next(&mut skip.rows, row + 1);
            }
            if skip.left == 0 {
                *state = Fill::Full;
                break;
            }
        }
        0
    }
}

/// What is filled of a block.
#[derive(Debug, Default)]
struct Skip {
    /// Of each row, for each pixel the next one that may be free, or itself where it is; one more at the end.
    pixels: Vec<u16>,
    /// The same of rows that have a free pixel.
    rows: Vec<u16>,
    /// Free pixels.
    left: usize,
    /// Of each place where a marker may begin, how long the last one there was, or 0 for none: one that is as long is
    /// hidden by it. Empty where there are too many.
    seen: Vec<u8>,
    /// Places along x.
    across: usize,
}

impl Skip {
    /// Nothing is filled but what of the block is no part of the canvas.
    fn clear(&mut self, blocks: &Blocks, index: usize) {
        let [width, height] = blocks.sides();
        let [used_width, used_height] = blocks.used(index);
        self.pixels.clear();
        self.rows.clear();
        let free = (0..width).map(|x| if x < used_width { x } else { width } as u16);
        let line: Vec<u16> = free.chain([width as u16]).collect();
        for row in 0..height {
            self.pixels.extend_from_slice(&line);
            self.rows.push(if row < used_height { row } else { height } as u16);
        }
        self.rows.push(height as u16);
        self.left = used_width * used_height;
        let [across, down] = blocks.places();
        self.across = across;
        self.seen.clear();
        if across * down <= MOST_PLACES {
            self.seen.resize(across * down, 0);
        }
    }

    /// Whether the same marker has been here before.
    #[inline(always)]
    fn has_seen(&mut self, packed: u32) -> bool {
        let (x, y, longer) = Blocks::place(packed);
        let length = longer as u8 + 1;
        self.seen
            .get_mut(y * self.across + x)
            .is_some_and(|seen| std::mem::replace(seen, length) == length)
    }
}

/// The first at or after `at` that is free: one that links to itself. Links over what is filled are halved on the way.
#[inline(always)]
fn next(links: &mut [u16], at: usize) -> usize {
    let mut at = at;
    while links[at] as usize != at {
        let over = links[links[at] as usize];
        links[at] = over;
        at = over as usize;
    }
    at
}
