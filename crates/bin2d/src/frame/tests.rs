use proptest::prelude::*;

use super::*;
use crate::axis::Axis;

fn bounds(x: (f64, f64), y: (f64, f64)) -> Bounds {
    Bounds { x: Some(x), y: Some(y) }
}

fn message<T: std::fmt::Debug>(
    result: Result<T, impl std::fmt::Debug + std::fmt::Display>,
) -> String {
    result.expect_err("an error").to_string()
}

#[test]
fn sizes_are_read_and_written() {
    assert_eq!("1920x1080".parse::<Size>().unwrap(), Size::new(1920, 1080).unwrap());
    assert_eq!("512".parse::<Size>().unwrap(), Size::new(512, 512).unwrap());
    assert_eq!(Size::new(3, 4).unwrap().to_string(), "3x4");
    assert_eq!(Size::default().to_string(), "1024x1024");
}

#[test]
fn sizes_that_make_no_grid_are_refused_with_the_reason() {
    for (text, expected) in [
        ("", "is not a size"),
        ("x", "is not a size"),
        ("10x", "is not a size"),
        ("-5", "is not a size"),
        ("1e3", "is not a size"),
        ("10x10x10", "is not a size"),
        ("0", "no cells"),
        ("5x0", "no cells"),
        ("2147483648x1", "a side longer than"),
        ("99999999999999999999999", "a side longer than"),
        ("65536", "4294967296 cells"),
        ("65535x65537", "4294967295 cells"),
    ] {
        let message = message(text.parse::<Size>());
        assert!(message.contains(expected), "{text:?}: {message}");
    }
    assert!("65534x65537".parse::<Size>().is_ok());
    assert!("2147483647x1".parse::<Size>().is_ok());
}

#[test]
fn extents_are_read_and_written() {
    let extent: Extent = "-1.5, 2,1e-3,0.1".parse().unwrap();
    assert_eq!(extent, Extent { xmin: -1.5, xmax: 2.0, ymin: 1e-3, ymax: 0.1 });
    assert_eq!(extent.to_string(), "-1.5,2.0,0.001,0.1");
    assert_eq!(extent.to_string().parse::<Extent>().unwrap(), extent);
}

#[test]
fn extents_that_hold_nothing_are_refused_with_the_reason() {
    for (text, expected) in [
        ("1,0,0,1", "reversed"),
        ("0,1,2,2", "empty"),
        ("0,nan,0,1", "not finite"),
        ("0,inf,0,1", "not finite"),
        ("-1e308,1e308,0,1", "too wide"),
        ("0,1,0", "found 3"),
        ("0,1,0,one", "\"one\" is not a number"),
    ] {
        let message = message(text.parse::<Extent>());
        assert!(message.contains(expected), "{text:?}: {message}");
    }
}

#[test]
fn bounds_are_the_extent_when_none_is_asked_for() {
    let cells = Cells::Size(Size::new(7, 9).unwrap());
    let frame = Frame::resolve(cells, Aspect::Auto, None, bounds((0.0, 3.0), (-1.0, 1.0))).unwrap();
    assert_eq!(frame.extent, Extent { xmin: 0.0, xmax: 3.0, ymin: -1.0, ymax: 1.0 });
    assert_eq!(frame.size, Size::new(7, 9).unwrap());
}

#[test]
fn bounds_of_no_width_are_widened_until_they_have_one() {
    assert_eq!(widen((3.0, 3.0)), (2.5, 3.5));
    for value in [1e300, -1e300, 9007199254740992.0, f64::MAX, f64::MIN] {
        let (lo, hi) = widen((value, value));
        assert!(lo < hi && lo <= value && value <= hi && (hi - lo).is_finite(), "{value:e}");
    }
}

#[test]
fn bounds_that_are_one_number_in_32_bits_get_a_width_there() {
    let resolve = |x, y, aspect| {
        let cells = Cells::Size(Size::new(2, 2).unwrap());
        let stored = [Dtype::F32, Dtype::F64];
        let frame = Frame::resolve_stored(cells, aspect, None, bounds(x, y), stored).unwrap();
        frame.extent.check(stored[0], stored[1]).unwrap();
        frame.extent.to_string()
    };
    let unit = (0.0, 1.0);
    assert_eq!(resolve((3.0, 3.0), unit, Aspect::Auto), "2.5,3.5,0.0,1.0");
    assert_eq!(resolve((3e7, 3e7), unit, Aspect::Auto), "29999998.0,30000002.0,0.0,1.0");
    assert_eq!(resolve(unit, (3e7, 3e7), Aspect::Auto), "0.0,1.0,29999999.5,30000000.5");
    // As wide as the other axis asks is too narrow.
    let narrow = (0.0, 0.125);
    assert_eq!(resolve((5e6, 5e6), narrow, Aspect::Equal), "4999999.5,5000000.5,0.0,0.125");
    // Of points in 64 bits and others in 32.
    assert_eq!(resolve((3e7, 3e7 + 0.5), unit, Aspect::Auto), "29999998.0,30000002.0,0.0,1.0");
    for value in [f64::from(f32::MAX), f64::from(f32::MIN)] {
        let (single, extent) = (value as f32, resolve((value, value), unit, Aspect::Auto));
        let extent: Extent = extent.parse().unwrap();
        assert!((extent.xmin as f32) < (extent.xmax as f32));
        assert!(extent.xmin as f32 <= single && single <= extent.xmax as f32);
    }
}

#[test]
fn a_resolution_grows_the_extent_to_whole_cells() {
    let cells = Cells::Resolution(2.0);
    let frame = Frame::resolve(cells, Aspect::Auto, None, bounds((0.0, 5.0), (-1.0, 1.0))).unwrap();
    assert_eq!(frame.extent, Extent { xmin: 0.0, xmax: 6.0, ymin: -1.0, ymax: 1.0 });
    assert_eq!(frame.size, Size::new(3, 1).unwrap());
}

#[test]
fn a_decimal_resolution_that_fits_adds_no_cell() {
    for (hi, edge, expected) in
        [(0.7, 0.1, 7), (1.1, 0.1, 11), (0.3, 0.1, 3), (360.0, 0.1, 3600), (0.05, 0.1, 1)]
    {
        let (cells, end) = whole_cells(0.0, hi, edge);
        assert_eq!(cells, expected);
        assert!(end >= hi);
        assert_eq!(end == hi, hi != 0.05);
    }
}

#[test]
fn a_resolution_never_leaves_a_bound_outside() {
    for hi in [1.0, 1.0 + 1e-9, 0.999_999_9, 1e9 + 0.1, 123.456] {
        for edge in [0.1, 0.3, 1.0, 7.0, 1e-3, 1e3] {
            let (cells, end) = whole_cells(0.0, hi, edge);
            assert!(end >= hi);
            if cells == u64::from(u32::MAX) {
                continue; // too many for a grid, and refused
            }
            let actual = end / cells as f64;
            assert!((actual / edge - 1.0).abs() < 1.1e-6, "{hi} {edge}: {actual}");
        }
    }
}

fn equal(size: &str, extent: &str) -> Frame {
    let cells = Cells::Size(size.parse().unwrap());
    let extent = extent.parse().unwrap();
    Frame::resolve(cells, Aspect::Equal, Some(extent), Bounds::default()).unwrap()
}

#[test]
fn an_equal_aspect_grows_one_axis_around_its_middle() {
    for (size, extent, expected) in [
        ("100", "0,4,0,2", "0,4,-1,3"),
        ("100", "0,2,0,4", "-1,3,0,4"),
        ("200x100", "0,4,0,2", "0,4,0,2"),
        ("200x100", "0,2,0,2", "-1,3,0,2"),
        ("100x200", "0,2,0,2", "0,2,-1,3"),
        ("1x3", "5,6,-1,0", "5,6,-2,1"),
        // Square but for what rounding makes of it.
        ("3x1", "0,0.3,0,0.1", "0,0.3,0,0.1"),
        ("7x11", "0,0.7,-0.4,0.7", "0,0.7,-0.4,0.7"),
    ] {
        let frame = equal(size, extent);
        assert_eq!(frame.extent, expected.parse().unwrap(), "{size} {extent}");
        assert_eq!(frame.size, size.parse().unwrap());
    }
}

#[test]
fn an_equal_aspect_changes_nothing_where_the_cells_have_an_edge() {
    let data = bounds((0.0, 5.0), (-1.0, 1.0));
    let [auto, equal] = [Aspect::Auto, Aspect::Equal]
        .map(|aspect| Frame::resolve(Cells::Resolution(2.0), aspect, None, data).unwrap());
    assert_eq!(auto, equal);
}

#[test]
fn bounds_of_no_width_grow_as_wide_as_the_other_axis_asks() {
    let frame = |x, y| {
        let cells = Cells::Size(Size::new(2, 1).unwrap());
        Frame::resolve(cells, Aspect::Equal, None, bounds(x, y)).unwrap().extent.to_string()
    };
    assert_eq!(frame((3.0, 3.0), (0.0, 0.25)), "2.75,3.25,0.0,0.25");
    assert_eq!(frame((0.0, 8.0), (1.0, 1.0)), "0.0,8.0,-1.0,3.0");
    assert_eq!(frame((3.0, 3.0), (1.0, 1.0)), "2.0,4.0,0.5,1.5");
    // Where the other's width is lost among so large numbers.
    let far = frame((1e300, 1e300), (0.0, 1.0)).parse::<Extent>().unwrap();
    assert!(far.xmin < 1e300 && 1e300 < far.xmax);
}

#[test]
fn an_extent_that_would_grow_beyond_the_doubles_is_refused() {
    for (x, y, expected) in [
        ((0.0, 1.0), (-8e307, 8e307), "is not finite"),
        ((f64::MIN, f64::MAX), (0.0, 1.0), "too wide"),
        ((0.0, 1.0), (f64::MIN, f64::MAX), "too wide"),
    ] {
        let cells = Cells::Size(Size::new(4, 1).unwrap());
        let message = message(Frame::resolve(cells, Aspect::Equal, None, bounds(x, y)));
        assert!(message.contains(expected), "{message}");
    }
}

proptest! {
    #[test]
    fn square_cells_are_square_and_hold_what_was_asked_for(
        corner in (-1e6..1e6f64, -1e6..1e6f64),
        sides in (1e-3..1e6f64, 1e-3..1e6f64),
        size in (1u32..5000, 1u32..5000),
    ) {
        let (x, y) = ((corner.0, corner.0 + sides.0), (corner.1, corner.1 + sides.1));
        let asked = Extent::new(x.0, x.1, y.0, y.1).unwrap();
        let cells = Cells::Size(Size::new(size.0, size.1).unwrap());
        let Frame { extent, .. } =
            Frame::resolve(cells, Aspect::Equal, Some(asked), Bounds::default()).unwrap();
        prop_assert!(extent.xmin <= asked.xmin && asked.xmax <= extent.xmax);
        prop_assert!(extent.ymin <= asked.ymin && asked.ymax <= extent.ymax);
        // One axis is as it was, the other has the same middle.
        let same = (extent.xmin, extent.xmax) == x || (extent.ymin, extent.ymax) == y;
        prop_assert!(same, "{extent}");
        let rounding = 1e-15 * extent.xmin.abs().max(extent.xmax.abs()).max(extent.ymin.abs()).max(extent.ymax.abs());
        let middles = [(extent.xmin + extent.xmax) - (x.0 + x.1), (extent.ymin + extent.ymax) - (y.0 + y.1)];
        prop_assert!(middles.iter().all(|moved| moved.abs() <= 8.0 * rounding), "{extent}");
        // The edges that the cells really have, as far from the corner as they are wide.
        let axes = [
            Axis::<f64>::new(extent.xmin, extent.xmax, size.0),
            Axis::<f64>::new(extent.ymin, extent.ymax, size.1),
        ];
        let [width, height] = axes.map(|axis| axis.edge(1) - axis.edge(0));
        prop_assert!((width - height).abs() <= 8.0 * rounding + 2e-6 * width, "{width} {height}");
        let (dx, dy) = (extent.width() / f64::from(size.0), extent.height() / f64::from(size.1));
        prop_assert!((dx / dy - 1.0).abs() <= 1.1e-6, "{dx} {dy}");
    }
}

#[test]
fn a_resolution_that_makes_no_grid_is_refused() {
    let data = bounds((0.0, 1.0), (0.0, 1.0));
    for edge in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = Frame::resolve(Cells::Resolution(edge), Aspect::Auto, None, data);
        assert!(message(error).contains("makes no cells"));
    }
    for edge in [1e-5, 1e-300, f64::from_bits(1)] {
        let error = Frame::resolve(Cells::Resolution(edge), Aspect::Auto, None, data);
        assert!(message(error).contains("coarser than"));
    }
    assert!(Frame::resolve(Cells::Resolution(f64::MAX), Aspect::Auto, None, data).is_ok());
    let far = bounds((f64::MAX / 2.0, f64::MAX), (0.0, 1.0));
    assert!(Frame::resolve(Cells::Resolution(f64::MAX), Aspect::Auto, None, far).is_err());
}

#[test]
fn bounds_too_wide_for_a_double_are_refused() {
    let result = Frame::resolve(
        Cells::Size(Size::default()),
        Aspect::Auto,
        None,
        bounds((f64::MIN, f64::MAX), (0.0, 1.0)),
    );
    assert!(message(result).contains("too wide"));
}

#[test]
fn a_shrunk_size_fits_and_keeps_its_shape() {
    let size = Size::new(40_000, 20_000).unwrap();
    let shrunk = size.shrunk_to(2_000_000).unwrap();
    assert!(shrunk.cells() <= 2_000_000);
    assert_eq!(shrunk.width() / shrunk.height(), 2);
    assert_eq!(Size::new(1_000_000, 1).unwrap().shrunk_to(10).unwrap().to_string(), "10x1");
    assert_eq!(size.shrunk_to(0), None);
}
