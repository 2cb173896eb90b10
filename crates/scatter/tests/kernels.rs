//! The fast ways against points that are drawn one after another.
#![allow(clippy::unwrap_used, reason = "a test that fails should stop")]

use pointillist_scatter::counts::Region;
use pointillist_scatter::naive::{Canvas, Colors, Points, draw, draw_floats};
use pointillist_scatter::{
    Axes, AxesBox, CountTable, Figure, Limits, Mode, Round, Shape, Side, Square, View, blend,
};
use proptest::prelude::*;

/// Coordinates within the axes, around them and far away, on edges of pixels and between them.
fn coordinate() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -0.2..1.2f64,
        4 => (-4i32..36).prop_map(|step| f64::from(step) / 32.0),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, -1e300, 1e300, 1e9, -1e9]),
    ]
}

fn axes_box() -> impl Strategy<Value = AxesBox> {
    prop_oneof![
        Just(AxesBox::WHOLE),
        Just(AxesBox::subplot()),
        (-0.2..0.7f64, -0.2..0.7f64, 0.1..1.3f64, 0.1..1.3f64).prop_map(
            |(left, bottom, width, height)| AxesBox::new(left, bottom, width, height).unwrap()
        ),
    ]
}

fn view(figure: &Figure, axes: &AxesBox) -> View {
    let limits = Limits::new(0.0, 1.0).unwrap();
    View::new(&Axes::new(figure, axes), &limits, &limits)
}

proptest! {
    #[test]
    fn counts_and_a_table_draw_what_points_one_after_another_draw(
        points in prop::collection::vec((coordinate(), coordinate()), 0..300),
        axes in axes_box(),
        (width, height) in (1.0..60.0f64, 1.0..60.0f64),
        side in 0.0..20.0f64,
        color in [0.0..=1.0f64, 0.0..=1.0, 0.0..=1.0, 0.0..=1.0],
        start in prop::sample::select(vec![[255; 4], [0, 0, 0, 255], [255, 255, 255, 0], [9, 90, 200, 77]]),
    ) {
        let figure = Figure::new(width, height, 1.0).unwrap();
        let view = view(&figure, &axes);
        let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
        let side = Side::pixels(side).unwrap();
        let all = Points { x: &x, y: &y, colors: Colors::One(color), shape: Shape::Square, side };
        let mut expected = Canvas::new(view.axes().canvas(), start);
        draw(&mut expected, &view, &all, Mode::Markers);

        let region = Region::new(view.axes().clip_of_markers(), Square::new(side).stamp());
        let mut centres = vec![0u32; region.width() * region.height()];
        for (&x, &y) in x.iter().zip(&y) {
            if let Some(index) = region.index(view.pixel(x, y)) {
                centres[index] += 1;
            }
        }
        let table = CountTable::new(start, blend::to_bytes(color));
        let mut canvas = Canvas::new(view.axes().canvas(), start);
        region.draw(&centres, |count| table.pixel(count), &mut canvas.pixels, canvas.width);
        prop_assert!(canvas == expected);

        let mut floats = Canvas::new(view.axes().canvas(), start.map(|value| f64::from(value) / 255.0));
        draw_floats(&mut floats, &view, &all, Mode::Markers);
        region.draw(&centres, |count| blend::over_many(start, color, count), &mut canvas.pixels, canvas.width);
        for (found, expected) in canvas.pixels.iter().zip(&floats.to_bytes().pixels) {
            // The last bit of a power may fall on the other side of a half.
            prop_assert!(found.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= 1), "{found:?} {expected:?}");
        }
    }

    #[test]
    fn a_size_of_whole_pixels_covers_as_many_in_both_modes(
        (x, y) in (0.0..1.0f64, 0.0..1.0f64),
        side in 1u32..9,
    ) {
        let figure = Figure::new(40.0, 30.0, 1.0).unwrap();
        let view = view(&figure, &AxesBox::WHOLE);
        let square = Square::new(Side::pixels(f64::from(side)).unwrap());
        let (stamp, placed) = (square.stamp(), square.at(view.offset(x, y)));
        prop_assert_eq!(stamp.right - stamp.left, side as i32);
        prop_assert!((placed.right - placed.left).abs_diff(side as i32) <= 1);
        prop_assert!((placed.bottom - placed.top).abs_diff(side as i32) <= 1);
    }
}

proptest! {
    #[test]
    fn a_table_draws_round_markers_that_lie_in_one_pixel(
        points in prop::collection::vec((coordinate(), coordinate()), 0..300),
        diameter in 0.1..1.0f64,
        alpha in 0.0..=1.0f64,
    ) {
        let figure = Figure::new(12.0, 9.0, 1.0).unwrap();
        let view = view(&figure, &AxesBox::subplot());
        let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
        let (side, color) = (Side::pixels(diameter).unwrap(), [1.0, 0.3, 0.0, alpha]);
        let all = Points { x: &x, y: &y, colors: Colors::One(color), shape: Shape::Circle, side };
        let mut expected = Canvas::new(view.axes().canvas(), [255; 4]);
        draw(&mut expected, &view, &all, Mode::Markers);

        let stamp = Round::new(side).stamp();
        prop_assert_eq!(stamp.mask.covers.len(), 1);
        let region = Region::new(view.axes().clip_of_markers(), stamp.mask.footprint());
        let mut centres = vec![0u64; region.width() * region.height()];
        x.iter().zip(&y).filter_map(|(&x, &y)| region.index(view.pixel(x, y))).for_each(|index| centres[index] += 1);
        let table = CountTable::of_cover([255; 4], blend::to_bytes(color), stamp.mask.covers[0], stamp.times);
        let mut canvas = Canvas::new(view.axes().canvas(), [255; 4]);
        region.draw(&centres, |count| table.pixel(count), &mut canvas.pixels, canvas.width);
        prop_assert!(canvas == expected);
    }
}

#[test]
fn a_square_of_less_than_a_pixel_is_invisible_and_means_one_pixel() {
    let side = Side::points(0.001, 100.0).unwrap();
    let small = Square::new(side);
    assert!(small.is_invisible(Mode::Markers) && small.stamp().is_empty());
    assert!(!small.is_invisible(Mode::Paths));
    assert!(Square::new(Side::pixels(0.0).unwrap()).is_invisible(Mode::Paths));
    let meant = Square::one_pixel().stamp();
    assert_eq!((meant.left, meant.right, meant.top, meant.bottom), (0, 1, 0, 1));
    let least = Square::new(Side::points((72.0f64 / 100.0).powi(2), 100.0).unwrap());
    assert!(!least.is_invisible(Mode::Markers));
}

#[test]
fn markers_as_large_as_the_figure_are_drawn_as_paths() {
    let figure = Figure::new(4.0, 2.0, 10.0).unwrap();
    let mode = |one, pixels| Mode::of(one, Side::pixels(pixels).unwrap(), &figure);
    assert_eq!(mode(true, 19.9), Mode::Markers);
    assert_eq!(mode(true, 20.0), Mode::Paths);
    assert_eq!(mode(false, 1.0), Mode::Paths);
}

#[test]
fn what_is_no_figure_is_refused() {
    assert!(Figure::new(1.0, 0.5, 1.0).is_err());
    assert!(Figure::new(8_388_608.0, 1.0, 1.0).is_err());
    assert!(Figure::new(f64::NAN, 1.0, 1.0).is_err());
    assert!(Figure::new(-2.0, -2.0, -2.0).is_err());
    assert!(AxesBox::new(0.0, 0.0, 0.0, 1.0).is_err());
    assert!(Limits::new(0.0, f64::INFINITY).is_err());
    assert!(Side::pixels(-1.0).is_err() && Side::points(-1.0, 72.0).is_err());
    let longest = pointillist_scatter::limits::MAX_MARKER;
    assert!(Side::pixels(longest).is_ok() && Side::pixels(longest.next_up()).is_err());
    assert!(Side::points(1e300, 100.0).is_err() && Side::pixels(f64::NAN).is_err());
    // The circle is still one that is stamped.
    let stamp = Round::new(Side::pixels(longest).unwrap()).stamp();
    assert!(stamp.mask.width as f64 >= longest && stamp.mask.width <= 8000);
}
