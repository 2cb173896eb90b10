use pointillist_base::{Dtype, Values};
use proptest::prelude::*;

use super::*;
use crate::{Extent, Frame};

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

/// Few rows a slice, few slices a batch.
fn cut(slice_rows: usize, slice_bytes: usize) -> Cut {
    Cut { slice_rows, slice_bytes, tiles: 7, ..Cut::default() }
}

/// Integers, blended so that no two orders give the same: what somebody else's blend may be like.
#[derive(Debug, Clone, Copy)]
struct Mixed;

impl Blend for Mixed {
    type Pixel = [u8; 4];
    type Ink = [u8; 4];

    fn over(&self, pixels: &mut [[u8; 4]], ink: [u8; 4]) {
        for pixel in pixels {
            if ink[3] == 255 {
                *pixel = ink;
            } else {
                for channel in 0..4 {
                    pixel[channel] = pixel[channel].wrapping_mul(5).wrapping_add(ink[channel]);
                }
            }
        }
    }

    fn over_covered(&self, pixels: &mut [[u8; 4]], ink: [u8; 4], covers: &[u8]) {
        for (pixel, &cover) in pixels.iter_mut().zip(covers) {
            match cover {
                0 => {}
                255 => self.over(std::slice::from_mut(pixel), ink),
                _ => pixel[0] = pixel[0].wrapping_mul(3).wrapping_add(cover ^ ink[0]),
            }
        }
    }

    fn hides(&self, ink: [u8; 4]) -> bool {
        ink[3] == 255
    }
}

/// The ink is what was carried.
struct AsIs;

impl Paint for AsIs {
    const COLUMNS: usize = 4;
    type Row = [f32; 4];
    type Ink = [u8; 4];

    fn read(&self, columns: &[Values<'_>], rows: Range<usize>, into: &mut [[f32; 4]]) {
        read_channels(columns, rows, into);
    }

    fn paint(&self, rows: &[[f32; 4]], inks: &mut [[u8; 4]]) {
        for (ink, row) in inks.iter_mut().zip(rows) {
            *ink = row.map(|channel| (channel * 255.0) as u8);
        }
    }

    fn draws(&self, row: [f32; 4]) -> bool {
        row.iter().all(|channel| channel.is_finite())
    }
}

/// Columns of points.
#[derive(Debug, Clone)]
struct Table {
    x: Vec<f64>,
    y: Vec<f64>,
    /// How x and y are stored.
    stored: [Dtype; 2],
    rgba: [Vec<f32>; 4],
}

impl Table {
    fn new(rows: &[(f64, f64, [f32; 4])]) -> Self {
        Self::stored([Dtype::F64; 2], rows)
    }

    fn stored(stored: [Dtype; 2], rows: &[(f64, f64, [f32; 4])]) -> Self {
        let mut table = Self { x: Vec::new(), y: Vec::new(), stored, rgba: Default::default() };
        for &(x, y, rgba) in rows {
            let [x, y] = [(x, stored[0]), (y, stored[1])].map(|(value, stored)| match stored {
                Dtype::F32 => f64::from(value as f32),
                Dtype::F64 => value,
            });
            table.x.push(x);
            table.y.push(y);
            for (column, channel) in table.rgba.iter_mut().zip(rgba) {
                column.push(channel);
            }
        }
        table
    }

    /// Composites them, in calls of so many rows.
    fn over<B: Blend + Copy, P: Paint<Row = [f32; 4], Ink = B::Ink>>(
        &self,
        place: &Place,
        (blend, paint): (B, P),
        cut: Cut,
        instructions: Instructions,
        calls: usize,
    ) -> (Vec<B::Pixel>, [u64; 4]) {
        let mut over = Over::with_cut(place.clone(), blend, paint, cut, instructions).unwrap();
        let mut start = 0;
        while start < self.x.len() {
            let rows = start..self.x.len().min(start + calls);
            start = rows.end;
            let single = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<_>>();
            let (x, y) = (&self.x[rows.clone()], &self.y[rows.clone()]);
            let (x32, y32) = (single(x), single(y));
            let [x, y] = [(x, &x32, 0), (y, &y32, 1)].map(|(double, single, axis)| {
                match self.stored[axis] {
                    Dtype::F32 => Values::F32(single),
                    Dtype::F64 => Values::F64(double),
                }
            });
            let points = Columns::new(x, y).unwrap();
            let rgba = self.rgba.each_ref().map(|column| Values::F32(&column[rows.clone()]).into());
            over.add(&points, &rgba, &()).unwrap();
        }
        let canvas = over.finish();
        let mut pixels = Vec::new();
        let height = canvas.size().height();
        canvas.rows(0..height / 2, |pixel| pixels.push(pixel));
        canvas.rows(height / 2..height, |pixel| pixels.push(pixel));
        let Stats { points, binned, outside, non_finite } = canvas.stats();
        assert_eq!(points, binned + outside + non_finite);
        (pixels, [binned, outside, non_finite, canvas.undrawn()])
    }

    /// The same the slow way.
    fn naive<B: Blend, P: Paint<Row = [f32; 4], Ink = B::Ink>>(
        &self,
        place: &Place,
        (blend, paint): (B, P),
    ) -> (Vec<B::Pixel>, [u64; 4]) {
        let points: Vec<_> = (0..self.x.len())
            .map(|row| {
                let rgba = self.rgba.each_ref().map(|column| column[row]);
                let mut ink = [B::Ink::default()];
                paint.paint(&[rgba], &mut ink);
                (self.x[row], self.y[row], paint.draws(rgba).then_some(ink[0]))
            })
            .collect();
        naive::over(place, &blend, self.stored, &points)
    }
}

/// Compares with the naive twin, to the bit, in every blend.
fn check(place: &Place, table: &Table, cut: Cut, instructions: Instructions, calls: usize) {
    let colors = Colors::<4>::new(1.0, 1.0, 1.0).unwrap();
    let bits = |(pixels, counts): (Vec<[f32; 4]>, [u64; 4])| {
        (pixels.into_iter().map(|pixel| pixel.map(f32::to_bits)).collect::<Vec<_>>(), counts)
    };
    assert_eq!(
        bits(table.over(place, (PorterDuff, colors), cut, instructions, calls)),
        bits(table.naive(place, (PorterDuff, colors))),
        "{place:?}"
    );
    assert_eq!(
        table.over(place, (Mixed, AsIs), cut, instructions, calls),
        table.naive(place, (Mixed, AsIs)),
        "{place:?}"
    );
}

fn size() -> impl Strategy<Value = Size> {
    let side = || prop_oneof![1u32..5, 1u32..80, 120u32..300];
    (side(), side()).prop_map(|(width, height)| Size::new(width, height).unwrap())
}

fn marker() -> impl Strategy<Value = Marker> {
    let half = || {
        prop_oneof![
            Just(0.0),
            Just(0.5),
            Just(1.0),
            Just(2.5),
            0.0..4.0f64,
            0.0..40.0f64,
            Just(100.0),
            Just(333.3),
        ]
    };
    let mask =
        (1u32..9, 1u32..9, -9i32..9, -9i32..9).prop_flat_map(|(width, height, left, top)| {
            let cover = prop_oneof![Just(0u8), Just(255), any::<u8>()];
            let covers = prop::collection::vec(cover, (width * height) as usize);
            covers.prop_map(move |covers| Marker::Mask(Mask { covers, width, height, left, top }))
        });
    prop_oneof![
        half().prop_map(|half| Marker::Edges { half }),
        half().prop_map(|half| Marker::Centered { half }),
        mask,
    ]
}

/// x and y in -0.2 to 1.2 or odd, channels in 0 to 1 or NaN, of which `opaque` of a hundred are opaque.
fn rows(opaque: u32) -> impl Strategy<Value = Vec<(f64, f64, [f32; 4])>> {
    let place = || {
        prop_oneof![
            40 => -0.2..1.2f64, 10 => (0u32..9).prop_map(|step| f64::from(step) / 8.0),
            10 => (-1i32..12).prop_map(|step| f64::from(step) * 0.1),
            1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(-1e300), 1 => Just(1e300),
        ]
    };
    let channel = || prop_oneof![60 => 0.0..=1.0f32, 1 => Just(f32::NAN)];
    let alpha = prop_oneof![
        100 - opaque => 0.0..1.0f32, opaque => Just(1.0f32), 1 => Just(f32::NEG_INFINITY),
    ];
    let row = (place(), place(), channel(), channel(), channel(), alpha);
    let row = row.prop_map(|(x, y, r, g, b, a)| (x, y, [r, g, b, a]));
    prop_oneof![
        4 => prop::collection::vec(row.clone(), 0..60),
        1 => prop::collection::vec(row, 500..900),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_canvas_is_that_of_the_naive_twin(
        size in size(), marker in marker(), opaque in prop_oneof![Just(0u32), Just(60), Just(99)],
        instructions in any::<prop::sample::Index>(),
        threads in 1usize..4, slice_rows in 1usize..400, slice_bytes in 1usize..(1 << 21),
        calls in 1usize..1000,
        (few, half, most) in (rows(0), rows(60), rows(99)), flip in any::<bool>(),
        single in any::<[bool; 2]>(),
    ) {
        let rows = match opaque { 0 => few, 60 => half, _ => most };
        let stored = single.map(|single| if single { Dtype::F32 } else { Dtype::F64 });
        let table = Table::stored(stored, &rows);
        let kernels = Instructions::available();
        let instructions = kernels[instructions.index(kernels.len())];
        let (width, height) = (f64::from(size.width()), f64::from(size.height()));
        let y = if flip {
            Along { end: Some(height), first: 1, ..Along::new(height, -0.4) }
        } else {
            Along::new(height * 1.1, -0.37)
        };
        let x = Along { first: -2, ..Along::new(width, 0.0) };
        let lattice = Lattice { size, x, y, marker };
        let cells = Frame { size, extent: Extent::new(0.0, 1.0, -0.1, 1.05).unwrap() };
        pool(threads).install(|| {
            check(&Place::Lattice(lattice), &table, cut(slice_rows, slice_bytes), instructions, calls);
            check(&Place::Cells(cells), &table, cut(slice_rows, slice_bytes), instructions, calls);
        });
    }
}

/// Random numbers that are the same everywhere.
fn random(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 11) as f64 / (1u64 << 53) as f64
}

/// A disk that is covered less at its edge, and has a hole.
fn disk(radius: i32) -> Marker {
    let side = 2 * radius + 1;
    let cover = |at: i32| {
        let (x, y) = (at % side - radius, at / side - radius);
        let beyond = f64::from(x * x + y * y).sqrt() - f64::from(radius);
        if (x, y) == (0, 1) { 77 } else { (255.0 * (0.5 - beyond).clamp(0.0, 1.0)) as u8 }
    };
    Marker::Mask(Mask {
        covers: (0..side * side).map(cover).collect(),
        width: side as u32,
        height: side as u32,
        left: -radius,
        top: -radius - 1,
    })
}

#[test]
fn large_markers_over_many_blocks_are_those_of_the_naive_twin() {
    for (side, half, opaque) in
        [(700, 100.0, true), (700, 100.0, false), (400, 250.25, true), (300, 3.0, true)]
    {
        let mut seed = 7;
        let rows: Vec<_> = (0..1200)
            .map(|row| {
                let [x, y, r, g] = std::array::from_fn(|_| random(&mut seed));
                let alpha = if opaque || row % 3 == 0 { 1.0 } else { 0.25 };
                (x * 1.4 - 0.2, y * 1.4 - 0.2, [r as f32, g as f32, 0.5, alpha])
            })
            .collect();
        let table = Table::new(&rows);
        let size = Size::new(side, side - 33).unwrap();
        let along = Along::new(f64::from(side), 0.25);
        for marker in [Marker::Edges { half }, Marker::Centered { half }, disk(half as i32)] {
            let place = Place::Lattice(Lattice { size, x: along, y: along, marker });
            pool(3).install(|| {
                check(&place, &table, cut(300, 64 << 20), Instructions::default(), 700)
            });
        }
    }
}

#[test]
fn what_lies_under_opaque_markers_does_not_show_and_what_lies_beside_them_does() {
    let rows = [
        (2.0, 2.0, [0.0, 1.0, 0.0, 0.5]),
        (2.0, 2.0, [1.0, 0.0, 0.0, 1.0]),
        (3.0, 2.0, [0.0, 0.0, 1.0, 0.25]),
    ];
    let along = Along::new(1.0, 0.0);
    let place = |half| {
        Place::Lattice(Lattice {
            size: Size::new(6, 4).unwrap(),
            x: along,
            y: along,
            marker: Marker::Centered { half },
        })
    };
    let colors = Colors::<4>::new(1.0, 1.0, 1.0).unwrap();
    let table = Table::new(&rows);
    let (pixels, _) =
        table.over(&place(2.0), (PorterDuff, colors), Cut::default(), Instructions::default(), 9);
    assert_eq!(pixels[0], [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(pixels[2], [0.75, 0.0, 0.25, 1.0]);
    assert_eq!(pixels[4], [0.0, 0.0, 0.25, 0.25]);
    assert_eq!(pixels[5], [0.0; 4]);
    // Of less than half a pixel's half, nothing is left.
    let (pixels, counts) =
        table.over(&place(0.4), (PorterDuff, colors), Cut::default(), Instructions::default(), 9);
    assert_eq!((pixels, counts), (vec![[0.0; 4]; 24], [0, 3, 0, 0]));
}

#[test]
fn colors_are_divided_by_their_limits_and_multiplied_by_their_opacity() {
    let mut inks = [[9.0; 4]; 2];
    Colors::<3>::new(255.0, 1.0, 0.5)
        .unwrap()
        .paint(&[[255.0, 51.0, 0.0], [0.0, 0.0, 255.0]], &mut inks);
    assert_eq!(inks, [[0.5, 0.1, 0.0, 0.5], [0.0, 0.0, 0.5, 0.5]]);
    Colors::<4>::new(1.0, 255.0, 0.5)
        .unwrap()
        .paint(&[[1.0, 0.5, 0.0, 255.0], [1.0, 1.0, 1.0, 0.0]], &mut inks);
    assert_eq!(inks, [[0.5, 0.25, 0.0, 0.5], [0.0; 4]]);
    for (limit, opacity) in [(0.0, 1.0), (f32::NAN, 1.0), (1.0, 0.0), (1.0, 1.1), (1.0, f64::NAN)] {
        assert!(Colors::<3>::new(limit, 1.0, opacity).unwrap_err().is_usage());
        assert!(Colors::<3>::new(1.0, limit, opacity).unwrap_err().is_usage());
    }
}

#[test]
fn places_that_make_no_sense_are_refused() {
    let along = Along::new(1.0, 0.0);
    let size = Size::new(3, 3).unwrap();
    let mask = |width, height, covers: usize, left| {
        Marker::Mask(Mask { covers: vec![1; covers], width, height, left, top: 0 })
    };
    let colors = Colors::<3>::new(1.0, 1.0, 1.0).unwrap();
    for (x, marker) in [
        (Along { end: Some(f64::NAN), ..along }, Marker::Edges { half: 1.0 }),
        (Along { first: i32::MIN, ..along }, Marker::Edges { half: 1.0 }),
        (Along { scale: f64::NAN, ..along }, Marker::Edges { half: 1.0 }),
        (Along { offset: f64::INFINITY, ..along }, Marker::Edges { half: 1.0 }),
        (along, Marker::Edges { half: -1.0 }),
        (along, Marker::Edges { half: f64::NAN }),
        (along, Marker::Centered { half: 4000.0 }),
        (along, mask(2, 2, 3, 0)),
        (along, mask(0, 2, 0, 0)),
        (along, mask(9000, 1, 9000, 0)),
        (along, mask(1, 1, 1, i32::MIN)),
    ] {
        let place = Place::Lattice(Lattice { size, x, y: along, marker });
        let error = Over::new(place.clone(), PorterDuff, colors).unwrap_err();
        assert!(error.is_usage(), "{place:?}: {error}");
    }
    let extent = Extent { xmin: 1.0, xmax: 0.0, ymin: 0.0, ymax: 1.0 };
    let place = Place::Cells(Frame { extent, size });
    assert!(Over::new(place, PorterDuff, colors).unwrap_err().is_usage());
}

#[test]
fn canvases_that_do_not_fit_into_memory_are_refused_and_those_that_should_stop_stop() {
    let colors = Colors::<3>::new(1.0, 1.0, 1.0).unwrap();
    let extent = Extent::new(0.0, 1.0, 0.0, 1.0).unwrap();
    let place = |side| Place::Cells(Frame { extent, size: Size::new(side, side).unwrap() });
    if available_memory().is_some() {
        let error = Over::new(place(65_000), PorterDuff, colors).unwrap_err();
        assert!(matches!(error, Error::Memory { .. }), "{error}");
    }

    struct Stop;
    impl Progress for Stop {
        fn advance(&self, _rows: u64) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let mut over = Over::new(place(3), PorterDuff, colors).unwrap();
    let points = || Columns::new(Values::F32(&[0.5]), Values::F32(&[0.5])).unwrap();
    let channel = Source::Memory(Values::F32(&[1.0]));
    let error = over.add(&points(), &[channel; 3], &Stop).unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error}");
    let error = over.add(&points(), &[channel; 4], &()).unwrap_err();
    assert!(error.to_string().contains("made of 3 columns, and 4 are given"), "{error}");
    let channel = Source::Memory(Values::F32(&[1.0, 2.0]));
    let error = over.add(&points(), &[channel; 3], &()).unwrap_err();
    assert!(matches!(error, Error::Lengths { .. }), "{error}");
}
