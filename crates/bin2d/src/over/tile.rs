//! One tile of the canvas and the points on it.
//!
//! Points are composited in row order, one after another: that is what a pixel is, whatever the threads. Where markers
//! are large and opaque, most of it would be painted over again; so the points of a tile are first gone through from the
//! last to the first, and each fills those of its pixels that no later one has filled. Along a row of pixels, the
//! next one that is not filled is found as in a union-find: by links over what is filled, which are shortened as they
//! are followed. It ends when the tile is full: nothing before that point shows.
//!
//! That is all where no point was met that something shows through. Else points are composited in order after all, but only
//! from there on, which leaves what the filled pixels have as it is.

use std::ops::Range;

use pointillist_base::Instructions;
use pointillist_base::instructions::Job;

use super::place::Blocks;
use super::{Blend, Paint, Plain};
use crate::accumulate::Record;
use crate::partition::Slice;

/// Points whose colours are made at a time: those of a block of a slice.
const BLOCK: usize = Slice::<f32>::CHUNK;

/// Markers of fewer pixels are composited as they come.
const LARGE: usize = 8;

/// So are those that cover every pixel fewer times than this divided by their side, on average: to find the pixels of a
/// row that are free takes as long as to draw on a dozen or two.
const OFTEN: usize = 64;

/// Going back is given up when more than this many points were met that something shows through, and for each
/// opaque one this many more.
const TRANSPARENT: usize = 256;
const TRANSPARENT_EACH: usize = 16;

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
    pub(super) instructions: Instructions,
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
        let (first, mut before) = match self.blocks {
            Some(blocks) if self.is_crowded(blocks, slices, index) => {
                match self.fill(blocks, slices, index, pixels, room) {
                    Some(from) => from,
                    None => return,
                }
            }
            _ => (0, 0),
        };
        for slice in &slices[first..] {
            slice.each(index, |records| {
                let hidden = before.min(records.len());
                before -= hidden;
                let (records, pixels) = (&records[hidden..], &mut *pixels);
                match self.blocks {
                    None => self.instructions.run(Cells { painter: self, records, pixels, room }),
                    Some(blocks) => self.instructions.run(Marks {
                        painter: self,
                        blocks,
                        records,
                        pixels,
                        room,
                    }),
                };
            });
        }
    }

    /// Whether markers are such, and so many, that most are painted over where they are opaque.
    fn is_crowded(&self, blocks: &Blocks, slices: &[Slice<P::Row>], index: usize) -> bool {
        let [width, height] = blocks.shortest.map(|side| side as usize);
        let pixels = blocks.sides().into_iter().product::<usize>();
        let solid = match blocks.mask {
            None => width * height,
            Some(_) => blocks.solid.iter().map(Range::len).sum(),
        };
        let points = || slices.iter().map(|slice| slice.points_in(index)).sum::<usize>();
        // Of a large marker, little may lie in the block.
        let area = solid.min(pixels);
        area >= LARGE && points().saturating_mul(area * width) >= OFTEN * pixels
    }

    /// Fills from the last point on. Where that is not all, returns the first slice and, of that, the first point that
    /// may show.
    fn fill(
        &self,
        blocks: &Blocks,
        slices: &[Slice<P::Row>],
        index: usize,
        pixels: &mut [B::Pixel],
        room: &mut Room<P::Row, P::Ink>,
    ) -> Option<(usize, usize)> {
        room.skip.clear(blocks, index);
        let mut chunks = std::mem::take(&mut room.chunks);
        let mut way = Way::default();
        let mut from = (0, 0);
        for (number, slice) in slices.iter().enumerate().rev() {
            way.met = 0;
            slice.each_back(index, &mut chunks, |records| {
                let (pixels, way) = (&mut *pixels, &mut way);
                let job = Backwards { painter: self, blocks, records, pixels, room, way };
                self.instructions.run(job) > 0
            });
            if way.full {
                from = (number, slice.points_in(index) - way.met);
                break;
            }
            if way.is_long() {
                break;
            }
        }
        room.chunks = chunks;
        (way.transparent > 0 || blocks.mask.is_some()).then_some(from)
    }
}

/// What was met on the way back.
#[derive(Debug, Default)]
struct Way {
    /// Points of a slice.
    met: usize,
    /// Points of all slices.
    opaque: usize,
    transparent: usize,
    /// No pixel is free.
    full: bool,
}

impl Way {
    /// Whether it leads nowhere.
    fn is_long(&self) -> bool {
        self.transparent > TRANSPARENT + TRANSPARENT_EACH * self.opaque
    }
}

/// Composites points on their cells.
struct Cells<'a, B: Blend, P: Paint> {
    painter: &'a Painter<'a, B, P>,
    records: &'a [Record<P::Row>],
    pixels: &'a mut [B::Pixel],
    room: &'a mut Room<P::Row, P::Ink>,
}

impl<B: Blend, P: Paint<Ink = B::Ink>> Job for Cells<'_, B, P> {
    type Output = u32;

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
    type Output = u32;

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

/// Fills a block from the last of these points on. Returns 1 where it goes on before them.
struct Backwards<'a, B: Blend, P: Paint> {
    painter: &'a Painter<'a, B, P>,
    blocks: &'a Blocks,
    records: &'a [Record<P::Row>],
    pixels: &'a mut [B::Pixel],
    room: &'a mut Room<P::Row, P::Ink>,
    way: &'a mut Way,
}

impl<B: Blend, P: Paint<Ink = B::Ink>> Job for Backwards<'_, B, P> {
    type Output = u32;

    #[inline(always)]
    fn run(self) -> u32 {
        let Self { painter, blocks, records, pixels, room, way } = self;
        let [width, height] = blocks.sides();
        room.paint(records, painter.paint);
        for (record, &ink) in records.iter().zip(&room.inks).rev() {
            way.met += 1;
            if !painter.blend.hides(ink) {
                way.transparent += 1;
                if way.is_long() {
                    return 0;
                }
                continue;
            }
            way.opaque += 1;
            let skip = &mut room.skip;
            if skip.has_seen(record.cell) {
                continue;
            }
            let [(left, right), (top, bottom)] = blocks.unpack(record.cell);
            let bottom = height.min(bottom as usize);
            let mut row = next(&mut skip.rows, top.max(0) as usize);
            while row < bottom {
                let (left, right) = match &blocks.mask {
                    None => (left, right),
                    Some(_) => {
                        let solid = &blocks.solid[(row as i32 - top) as usize];
                        (left + solid.start, left + solid.end)
                    }
                };
                let (left, right) = (left.max(0) as usize, right.clamp(0, width as i32) as usize);
                let line = &mut skip.pixels[row * (width + 1)..(row + 1) * (width + 1)];
                let mut column = if left < right { next(line, left) } else { right };
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
                way.full = true;
                return 0;
            }
        }
        1
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
