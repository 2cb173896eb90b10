use pointillist_base::Values;
use pointillist_colorize::{Norm, Options, Resident};
use proptest::prelude::*;

use super::*;
use crate::naive::{self, Canvas, Colors, Points};
use crate::{Axes, AxesBox, Limits};

/// A picture to draw in both ways.
#[derive(Debug, Clone)]
struct Case {
    figure: Figure,
    axes: AxesBox,
    style: Style,
    points: Vec<[f64; 2]>,
    /// One, or one each.
    colors: Vec<[f64; 4]>,
    each: bool,
    alpha: bool,
    threads: usize,
    call: usize,
}

fn coordinate() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -0.3..1.3f64,
        4 => (-10i32..42).prop_map(|n| f64::from(n) / 32.0),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, -1e300, 1e12, 0.0]),
    ]
}

/// Channels that 32 bits and bytes have exactly.
fn channel() -> impl Strategy<Value = f64> {
    (0u8..=255).prop_map(|byte| f64::from(byte) / 255.0)
}

fn color() -> impl Strategy<Value = [f64; 4]> {
    let opacity = prop_oneof![Just(1.0), Just(3.0 / 255.0), channel()];
    (channel(), channel(), channel(), opacity).prop_map(|(r, g, b, a)| [r, g, b, a])
}

fn axes() -> impl Strategy<Value = AxesBox> {
    let some = |left, bottom, width, height| AxesBox::new(left, bottom, width, height).ok();
    prop::sample::select(
        [
            Some(AxesBox::WHOLE),
            Some(AxesBox::subplot()),
            some(-0.1, 0.3, 0.7, 1.2),
            some(0.1, 0.2, 0.5, 0.33),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>(),
    )
}

fn style() -> impl Strategy<Value = Style> {
    let side =
        prop_oneof![0.0..1.5f64, 1.0..30.0f64, (0u32..20).prop_map(f64::from), 60.0..120.0f64];
    let background = prop::option::of(any::<[u8; 4]>().prop_map(Color));
    (prop::bool::ANY, side, prop::bool::ANY, background).prop_map(
        |(square, side, float, background)| Style {
            shape: if square { Shape::Square } else { Shape::Circle },
            side: Side::pixels(side).expect("a side"),
            blending: if float { Blending::Float } else { Blending::Agg8 },
            background,
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let points = prop::collection::vec((coordinate(), coordinate(), color()), 0..120);
    let figure = (8.0..90.0f64, 8.0..90.0f64);
    (figure, axes(), style(), points, any::<[bool; 2]>(), 1usize..4, 1usize..80).prop_map(
        |((width, height), axes, style, points, [each, alpha], threads, call)| Case {
            figure: Figure::new(width / 50.0, height / 50.0, 50.0).expect("a figure"),
            axes,
            style,
            colors: points
                .iter()
                .map(|&(_, _, [r, g, b, a])| [r, g, b, if alpha || !each { a } else { 1.0 }])
                .collect(),
            points: points.into_iter().map(|(x, y, _)| [x, y]).collect(),
            each,
            alpha,
            threads,
            call,
        },
    )
}

impl Case {
    fn view(&self) -> View {
        let limits = Limits::new(0.0, 1.0).expect("limits");
        View::new(&Axes::new(&self.figure, &self.axes), &limits, &limits)
    }

    /// The picture, and whether markers were one pixel.
    fn drawn(&self) -> (Picture, Stats, bool) {
        let coloring = match self.each {
            true => Coloring::Each {
                limit: 255.0,
                alpha_limit: self.alpha.then_some(255.0),
                opacity: 1.0,
            },
            false => Coloring::One(self.colors.first().copied().unwrap_or([0.0, 0.0, 0.0, 1.0])),
        };
        let columns = coloring.columns();
        let mut drawing =
            Drawing::new(&self.figure, self.view(), self.style, coloring).expect("a canvas");
        let column = |axis: usize| self.points.iter().map(|point| point[axis]).collect::<Vec<_>>();
        let (x, y) = (column(0), column(1));
        let channels: Vec<Vec<f32>> = (0..columns)
            .map(|channel| {
                self.colors.iter().map(|color| (color[channel] * 255.0) as f32).collect()
            })
            .collect();
        for start in (0..x.len()).step_by(self.call) {
            let rows = start..x.len().min(start + self.call);
            let colors: Vec<Source<'_>> =
                channels.iter().map(|channel| Values::F32(&channel[rows.clone()]).into()).collect();
            let (x, y) = (Values::F64(&x[rows.clone()]), Values::F64(&y[rows]));
            let points = Columns::new(x, y).expect("one length");
            drawing.add(&points, &colors, &()).expect("points");
        }
        let one_pixel = drawing.is_one_pixel();
        let (picture, stats) = drawing.finish().expect("a picture");
        (picture, stats, one_pixel)
    }

    fn expected(&self, one_pixel: bool) -> Vec<u8> {
        let (x, y): (Vec<f64>, Vec<f64>) = self.points.iter().map(|&[x, y]| (x, y)).unzip();
        let colors = match (self.each, self.colors.first()) {
            (true, _) => Colors::Each(&self.colors),
            (false, color) => Colors::One(color.copied().unwrap_or_default()),
        };
        let (shape, side) = match one_pixel {
            true => (Shape::Square, Side::pixels(1.0).expect("a side")),
            false => (self.style.shape, self.style.side),
        };
        let mode = Mode::of(!self.each, self.style.side, &self.figure);
        let points = Points { x: &x, y: &y, colors, shape, side };
        let (view, start) = (self.view(), start(self.style));
        let size = view.axes().canvas();
        match self.style.blending {
            Blending::Agg8 => {
                let mut canvas = Canvas::new(size, start);
                naive::draw(&mut canvas, &view, &points, mode);
                canvas.pixels.into_flattened()
            }
            Blending::Float => {
                let mut canvas = Canvas::new(size, start.map(|byte| f64::from(byte) / 255.0));
                naive::draw_floats(&mut canvas, &view, &points, mode);
                canvas.to_bytes().pixels.into_flattened()
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn pictures_are_those_of_the_naive_twin(case in case()) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(case.threads).build().expect("threads");
        let (picture, stats, one_pixel) = pool.install(|| case.drawn());
        prop_assert_eq!(stats.points, case.points.len() as u64);
        prop_assert_eq!(stats.points, stats.binned + stats.outside + stats.non_finite);
        let expected = case.expected(one_pixel);
        // Of floats, those of 32 bits are rounded where the twin's of 64 are not, and colours of nearly nothing are coarse.
        let pairs = picture.rgba.chunks_exact(4).zip(expected.chunks_exact(4));
        for (pixel, expected) in pairs {
            let same = match case.style.blending {
                Blending::Agg8 => pixel == expected,
                Blending::Float => {
                    let channels = pixel.iter().zip(expected);
                    pixel[3].abs_diff(expected[3]) <= 1
                        && channels.fold(0, |most, (a, b)| most.max(a.abs_diff(*b))) <= 1
                }
            };
            prop_assert!(same, "{:?} for {:?}", pixel, expected);
        }
    }
}

#[test]
fn values_through_a_colormap_are_the_colours_of_the_picture() {
    let figure = Figure::new(1.0, 1.0, 4.0).expect("a figure");
    let limits = Limits::new(0.0, 4.0).expect("limits");
    let view = View::new(&Axes::new(&figure, &AxesBox::WHOLE), &limits, &limits);
    let bounds = [0.0, 255.0];
    let layer = Resident::new(Values::F64(&bounds), None, 2, 1).expect("a layer");
    let style = pointillist_colorize::Style::new(&layer, Norm::Linear, &Options::default());
    let style = Box::new(style.expect("a style"));
    let z = [0.0f32, 255.0, f32::NAN, 128.0];
    let along = [0.5, 1.5, 2.5, 3.5];
    for blending in [Blending::Float, Blending::Agg8] {
        for wide in [false, true] {
            let coloring = Coloring::Mapped { style: style.clone(), opacity: 1.0, wide };
            let drawn = Style {
                shape: Shape::Square,
                side: Side::pixels(1.0).expect("a side"),
                blending,
                background: None,
            };
            let points =
                Columns::new(Values::F64(&along), Values::F64(&along)).expect("one length");
            let mut drawing = Drawing::new(&figure, view, drawn, coloring).expect("a canvas");
            drawing.add(&points, &[Values::F32(&z).into()], &()).expect("points");
            let (picture, stats) = drawing.finish().expect("a picture");
            assert_eq!(stats.binned, 4);
            let pixel = |at: usize| &picture.rgba[4 * ((3 - at) * 4 + at)..][..4];
            assert_eq!(pixel(0), [68, 1, 84, 255]);
            assert_eq!(pixel(1), [253, 231, 36, 255]);
            assert_eq!(pixel(2)[3], 0);
            assert_eq!(pixel(3), [32, 144, 140, 255]);
        }
    }
}

#[test]
fn columns_that_colours_are_made_of_must_be_as_many_as_they_need() {
    let figure = Figure::new(1.0, 1.0, 4.0).expect("a figure");
    let limits = Limits::new(0.0, 4.0).expect("limits");
    let view = View::new(&Axes::new(&figure, &AxesBox::WHOLE), &limits, &limits);
    let drawn = Style {
        shape: Shape::Square,
        side: Side::pixels(1.0).expect("a side"),
        blending: Blending::Float,
        background: None,
    };
    let each = Coloring::Each { limit: 1.0, alpha_limit: None, opacity: 1.0 };
    let mut drawing = Drawing::new(&figure, view, drawn, each).expect("a canvas");
    let x = Source::Memory(Values::F64(&[1.0]));
    let points = Columns::new(x, x).expect("one length");
    let error = drawing.add(&points, &[x], &()).expect_err("two are missing");
    assert_eq!(error.to_string(), "colors are made of 3 columns, and 1 are given");
    let none = Source::Memory(Values::F64(&[]));
    assert!(drawing.add(&points, &[x, x, none], &()).is_err());
    for value in [-0.1, 1.1] {
        let wrong = Source::Memory(Values::F64(&[value]));
        let error = drawing.add(&points, &[x, wrong, x], &()).expect_err("out of range");
        assert!(error.to_string().contains(&format!("g {value}")), "{error}");
    }
    let none = Source::Memory(Values::F32(&[f32::NAN]));
    assert!(drawing.add(&points, &[x, none, x], &()).is_ok());
}
