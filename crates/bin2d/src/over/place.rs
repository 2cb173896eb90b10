//! Points to marks: which pixels they cover, and in which tiles of the canvas these lie.
//!
//! Where a point is one cell of a grid, tiles are runs of cells. Where it may be more pixels, tiles are blocks of the
//! canvas, and a marker is put into every block that it reaches into: each block then has all that is drawn on it.

use std::ops::Range;

use pointillist_base::instructions::Job;
use pointillist_base::{Instructions, Values};
use pointillist_ingest::Buffer;

use super::marker::{Along, Lattice, Marker, Mask, Reach};
use super::{Drawn, Paint, Plain};
use crate::accumulate::Record;
use crate::axis::OUTSIDE;
use crate::locate::{BLOCK, Locator};
use crate::partition::{Slice, Tiling};
use crate::{Columns, Error, Extent, Frame, Rows, Size};

/// Where points are drawn, and as what.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// Each in its cell of a grid, by NumPy's rule, with edges rounded as x and y are stored, as everywhere in this crate.
    /// Points outside the extent are not drawn.
    Cells(Frame),
    /// As markers. Those of points outside the canvas may reach into it.
    Lattice(Lattice),
}

impl Place {
    /// Columns and rows of pixels.
    pub fn size(&self) -> Size {
        match self {
            Self::Cells(frame) => frame.size,
            Self::Lattice(lattice) => lattice.size,
        }
    }
}

/// The same with what it takes to find pixels.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a canvas has one")]
pub(super) enum Site {
    Cells { locator: Locator, tiling: Tiling },
    Blocks(Blocks),
}

/// A canvas in blocks of pixels, and the markers on it. In memory, block follows block, each of them whole rows of
/// pixels; those at the right and lower edge may have more pixels than the canvas.
#[derive(Debug)]
pub(super) struct Blocks {
    pub(super) size: Size,
    x: Along,
    y: Along,
    reach: [Reach; 2],
    /// Pixels of markers along x and y: these at least, and three more at most.
    pub(super) shortest: [i32; 2],
    pub(super) longest: [i32; 2],
    pub(super) mask: Option<Mask>,
    /// Of each row of the mask, the pixels that are covered wholly.
    pub(super) solid: Vec<Range<i32>>,
    /// Blocks along x and y.
    across: u32,
    down: u32,
    /// Pixels of a block along x and y: powers of two, these.
    shift: [u32; 2],
    instructions: Instructions,
}

/// Bits that tell a place in a block and beside it.
const PLACE_BITS: u32 = 14;

impl Blocks {
    /// A block of 128² pixels of 16 bytes stays in the second level of cache.
    const LEAST_SHIFT: u32 = 7;
    /// Markers that are longer than blocks are put into many.
    const WISHED_SHIFT: u32 = 8;
    /// Longer places beside a block would not fit their bits.
    const MOST_SHIFT: u32 = 13;
    /// Blocks are written to as many places at a time.
    const MOST: u64 = 1024;

    fn new(lattice: Lattice, instructions: Instructions) -> Result<Self, Error> {
        lattice.check()?;
        let Lattice { size, x, y, marker } = lattice;
        let reach = Reach::both(&marker);
        let (shortest, longest) = (reach.map(Reach::shortest), reach.map(Reach::longest));
        let side = longest.into_iter().fold(1, i32::max) as u32;
        let wished = side.next_power_of_two().ilog2();
        let wished = wished.clamp(Self::LEAST_SHIFT, Self::WISHED_SHIFT);
        let sides = [size.width(), size.height()];
        let shifts = |wished: u32| sides.map(|side| wished.min(side.next_power_of_two().ilog2()));
        let counts = |shift: [u32; 2]| [0, 1].map(|axis| sides[axis].div_ceil(1 << shift[axis]));
        let too_many = |&wished: &u32| {
            let [across, down] = counts(shifts(wished));
            u64::from(across) * u64::from(down) > Self::MOST
        };
        let wished = (wished..Self::MOST_SHIFT).find(|wished| !too_many(wished));
        let shift = shifts(wished.unwrap_or(Self::MOST_SHIFT));
        let [across, down] = counts(shift);
        let mask = match marker {
            Marker::Mask(mask) => Some(mask),
            Marker::Edges { .. } | Marker::Centered { .. } => None,
        };
        let solid = mask.as_ref().map_or_else(Vec::new, Mask::solid);
        Ok(Self {
            size,
            x,
            y,
            reach,
            shortest,
            longest,
            mask,
            solid,
            across,
            down,
            shift,
            instructions,
        })
    }

    fn number(&self) -> usize {
        self.across as usize * self.down as usize
    }

    /// Columns and rows of a block.
    pub(super) fn sides(&self) -> [usize; 2] {
        self.shift.map(|shift| 1 << shift)
    }

    /// The most blocks that a marker can reach into.
    fn copies(&self) -> usize {
        let along = |axis: usize, blocks: u32| {
            let beside = (self.longest[axis].max(1) - 1) as usize;
            (beside.div_ceil(1 << self.shift[axis]) + 1).min(blocks as usize)
        };
        along(0, self.across) * along(1, self.down)
    }

    /// Columns and rows of block number `index` that are part of the canvas.
    pub(super) fn used(&self, index: usize) -> [usize; 2] {
        let at = [index as u32 % self.across, index as u32 / self.across];
        let sides = [self.size.width(), self.size.height()];
        [0, 1]
            .map(|axis| (sides[axis] - (at[axis] << self.shift[axis])).min(1 << self.shift[axis]))
            .map(|side| side as usize)
    }

    /// Where the pixel of this column and row of the canvas is in memory.
    pub(super) fn index(&self, column: usize, row: usize) -> usize {
        let [across, down] = self.shift;
        let block = (row >> down) * self.across as usize + (column >> across);
        let inside = ((row & ((1 << down) - 1)) << across) + (column & ((1 << across) - 1));
        (block << (across + down)) + inside
    }

    /// A marker in a block, in the bits of a cell: where it begins, counted so that nothing is below zero, and how much
    /// longer it is than the shortest.
    #[inline(always)]
    fn pack(&self, block: [i32; 2], start: [i32; 2], end: [i32; 2]) -> u32 {
        let mut packed = 0;
        for axis in [0, 1] {
            let place = start[axis] - (block[axis] << self.shift[axis]) + self.longest[axis];
            let longer = end[axis] - start[axis] - self.shortest[axis];
            packed |= (place as u32) << (axis as u32 * PLACE_BITS);
            packed |= (longer as u32) << (2 * PLACE_BITS + 2 * axis as u32);
        }
        packed
    }

    /// What was packed: where it begins along x and y, from the first pixel of the block, and where it ends.
    #[inline(always)]
    pub(super) fn unpack(&self, packed: u32) -> [(i32, i32); 2] {
        [0, 1].map(|axis| {
            let place = (packed >> (axis as u32 * PLACE_BITS)) & ((1 << PLACE_BITS) - 1);
            let longer = (packed >> (2 * PLACE_BITS + 2 * axis as u32)) & 3;
            let start = place as i32 - self.longest[axis];
            (start, start + self.shortest[axis] + longer as i32)
        })
    }

    /// Where a packed marker begins, counted as in [`Blocks::places`], and the bits that tell how long it is.
    #[inline(always)]
    pub(super) fn place(packed: u32) -> (usize, usize, u32) {
        let mask = (1 << PLACE_BITS) - 1;
        let (x, y) = (packed & mask, (packed >> PLACE_BITS) & mask);
        (x as usize, y as usize, packed >> (2 * PLACE_BITS))
    }

    /// Places along x and y where a marker that reaches into a block may begin.
    pub(super) fn places(&self) -> [usize; 2] {
        [0, 1].map(|axis| (1 << self.shift[axis]) + self.longest[axis] as usize)
    }

    /// Puts the points whose markers reach into the canvas into `marks`, once for each block, and returns how many
    /// points these are.
    fn mark(&self, spans: &Spans, rows: usize, marks: &mut Vec<Mark>) -> u64 {
        marks.clear();
        let (width, height) = (self.size.width() as i32, self.size.height() as i32);
        let mut reaching = 0;
        for row in 0..rows {
            let start = [spans.start[0][row], spans.start[1][row]];
            let end = [spans.end[0][row], spans.end[1][row]];
            // From the first pixel of it on the canvas to the last.
            let first = start.map(|start| start.max(0));
            let last = [end[0].min(width) - 1, end[1].min(height) - 1];
            if (first[0] > last[0]) | (first[1] > last[1]) {
                continue;
            }
            reaching += 1;
            for down in first[1] >> self.shift[1]..=last[1] >> self.shift[1] {
                for across in first[0] >> self.shift[0]..=last[0] >> self.shift[0] {
                    let block = down as usize * self.across as usize + across as usize;
                    let packed = self.pack([across, down], start, end);
                    marks.push(Mark { block: block as u32, packed, row: row as u32 });
                }
            }
        }
        reaching
    }
}

/// A marker in a block.
#[derive(Debug, Clone, Copy)]
struct Mark {
    block: u32,
    packed: u32,
    /// Of a block of rows.
    row: u32,
}

/// Where the markers of a block of rows begin and end, along x and y.
#[derive(Debug)]
struct Spans {
    start: [[i32; BLOCK]; 2],
    end: [[i32; BLOCK]; 2],
}

/// Finds these along one axis.
struct Find<'a, T> {
    values: &'a [T],
    along: Along,
    reach: Reach,
    start: &'a mut [i32],
    end: &'a mut [i32],
}

impl<T: Copy + Into<f64>> Job for Find<'_, T> {
    type Output = u32;

    #[inline(always)]
    fn run(self) -> u32 {
        let Self { values, along: Along { scale, offset, end: last, first }, reach, start, end } =
            self;
        // Both are exact where there is no end: a number times one, and a zero added.
        let (sign, base) = last.map_or((1.0, 0.0), |end| (-1.0, end));
        for ((&value, start), end) in values.iter().zip(start).zip(end) {
            let (from, to) = reach.span((value.into() * scale + offset) * sign + base);
            (*start, *end) = (from.wrapping_sub(first), to.wrapping_sub(first));
        }
        0
    }
}

/// Room for a block of rows, reused from block to block.
#[derive(Debug)]
pub(super) struct Room<R> {
    cells: [u32; BLOCK],
    rows: [R; BLOCK],
    spans: Spans,
    marks: Vec<Mark>,
    buffers: Vec<Buffer>,
}

impl<R: Plain> Room<R> {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            cells: [0; BLOCK],
            rows: [R::default(); BLOCK],
            spans: Spans { start: [[0; BLOCK]; 2], end: [[0; BLOCK]; 2] },
            marks: Vec::new(),
            buffers: Vec::new(),
        })
    }
}

impl Site {
    /// `bytes` of a pixel.
    pub(super) fn new(
        place: Place,
        bytes: usize,
        tiles: usize,
        instructions: Instructions,
    ) -> Result<Self, Error> {
        Ok(match place {
            Place::Cells(frame) => {
                // The fields of an extent are public, so it may have come about without its checks.
                let Extent { xmin, xmax, ymin, ymax } = frame.extent;
                Extent::new(xmin, xmax, ymin, ymax)?;
                let tiling = Tiling::new(frame.size.cells(), bytes, tiles);
                Self::Cells { locator: Locator::new(&frame, instructions), tiling }
            }
            Place::Lattice(lattice) => Self::Blocks(Blocks::new(lattice, instructions)?),
        })
    }

    /// The region that has cells, where there are cells: what lies beside it is not drawn. An error where these points
    /// cannot be told apart there.
    pub(super) fn limits(&self, points: &Columns<'_>) -> Result<Option<Extent>, Error> {
        let (x, y) = (points.x.dtype(), points.y.dtype());
        match self {
            Self::Cells { locator, .. } => {
                locator.check(x, y)?;
                Ok(Some(locator.limits(x, y)))
            }
            Self::Blocks(_) => Ok(None),
        }
    }

    pub(super) fn tiling(&self) -> Tiling {
        match self {
            Self::Cells { tiling, .. } => *tiling,
            Self::Blocks(blocks) => Tiling::of(blocks.number()),
        }
    }

    /// Pixels of a tile; the last may have fewer.
    pub(super) fn tile_pixels(&self) -> usize {
        match self {
            Self::Cells { tiling, .. } => tiling.tile_cells(),
            Self::Blocks(blocks) => blocks.sides().into_iter().product(),
        }
    }

    /// All pixels in memory for a canvas of this size.
    pub(super) fn pixels(&self, size: Size) -> usize {
        match self {
            Self::Cells { .. } => size.cells() as usize,
            Self::Blocks(blocks) => blocks.number().saturating_mul(self.tile_pixels()),
        }
    }

    /// The most tiles that a point is put into.
    pub(super) fn copies(&self) -> usize {
        match self {
            Self::Cells { .. } => 1,
            Self::Blocks(blocks) => blocks.copies(),
        }
    }

    /// Puts a share of the points into a slice, in row order, with what their colours are made of. Of what lies beside the
    /// limits, blocks are passed over.
    pub(super) fn gather<P: Paint>(
        &self,
        (rows, share, limits): (&Rows<'_>, Range<usize>, Option<Extent>),
        paint: &P,
        slice: &mut Slice<P::Row>,
        room: &mut Room<P::Row>,
    ) -> Result<Drawn, Error> {
        let mut drawn = Drawn::default();
        drawn.stats.points = share.len() as u64;
        let mut buffers = std::mem::take(&mut room.buffers);
        let beside = rows.each(share, limits, &mut buffers, |block| {
            let number = block.len();
            paint.read(block.others, 0..number, &mut room.rows[..number]);
            let (kept, undrawn) = match self {
                Self::Cells { locator, .. } => {
                    locator.cells(block.x, block.y, &mut room.cells[..number]);
                    put_cells(paint, number, slice, room)
                }
                Self::Blocks(blocks) => {
                    blocks.find(block.x, block.y, &mut room.spans);
                    put_marks(blocks, paint, number, slice, room)
                }
            };
            drawn.stats.binned += kept;
            drawn.undrawn += undrawn;
            let dropped = number as u64 - kept;
            if dropped > 0 {
                let non_finite = block.non_finite();
                drawn.stats.non_finite += non_finite;
                drawn.stats.outside += dropped - non_finite;
            }
        })?;
        room.buffers = buffers;
        drawn.stats.outside += beside;
        Ok(drawn)
    }
}

impl Blocks {
    fn find(&self, x: Values<'_>, y: Values<'_>, spans: &mut Spans) {
        let Spans { start: [x_start, y_start], end: [x_end, y_end] } = spans;
        self.find_along(x, self.x, self.reach[0], x_start, x_end);
        self.find_along(y, self.y, self.reach[1], y_start, y_end);
    }

    fn find_along(
        &self,
        values: Values<'_>,
        along: Along,
        reach: Reach,
        start: &mut [i32],
        end: &mut [i32],
    ) {
        match values {
            Values::F32(values) => {
                self.instructions.run(Find { values, along, reach, start, end });
            }
            Values::F64(values) => {
                self.instructions.run(Find { values, along, reach, start, end });
            }
        }
    }
}

/// Puts those of a block of rows that lie in a cell and are drawn. Returns how many lie in a cell, and how many of these
/// are not drawn.
fn put_cells<R: Plain>(
    paint: &impl Paint<Row = R>,
    rows: usize,
    slice: &mut Slice<R>,
    room: &mut Room<R>,
) -> (u64, u64) {
    let (cells, rows) = (&mut room.cells[..rows], &mut room.rows[..rows]);
    let points = || cells.iter().zip(&*rows);
    if points().fold(true, |all, (&cell, &row)| all & (cell != OUTSIDE) & paint.draws(row)) {
        slice.put(cells, rows);
        return (cells.len() as u64, 0);
    }
    let (mut inside, mut kept) = (0, 0);
    for at in 0..cells.len() {
        let (cell, row) = (cells[at], rows[at]);
        (cells[kept], rows[kept]) = (cell, row);
        inside += u64::from(cell != OUTSIDE);
        kept += usize::from((cell != OUTSIDE) & paint.draws(row));
    }
    slice.put(&cells[..kept], &rows[..kept]);
    (inside, inside - kept as u64)
}

/// The same of those whose markers cover a pixel.
fn put_marks<R: Plain>(
    blocks: &Blocks,
    paint: &impl Paint<Row = R>,
    rows: usize,
    slice: &mut Slice<R>,
    room: &mut Room<R>,
) -> (u64, u64) {
    let Room { rows: carried, spans, marks, .. } = room;
    let reaching = blocks.mark(spans, rows, marks);
    let mut undrawn = 0;
    if !carried[..rows].iter().fold(true, |all, &row| all & paint.draws(row)) {
        let mut last = None;
        marks.retain(|mark| {
            let draws = paint.draws(carried[mark.row as usize]);
            // The marks of a point stand together.
            undrawn += u64::from(!draws && last != Some(mark.row));
            last = Some(mark.row);
            draws
        });
    }
    slice.put_in(marks.iter().map(|mark| {
        (mark.block as usize, Record { cell: mark.packed, z: carried[mark.row as usize] })
    }));
    (reaching, undrawn)
}
