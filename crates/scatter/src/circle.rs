//! matplotlib's circle: eight Bézier curves, and the polygon that Agg makes of them.

/// How far control points lie from the ends of their curve, for an eighth of the unit circle.
const MAGIC: f64 = 0.2652031;

/// The control points of `Path.unit_circle()`: a start, then three a curve, with radius 1/2 as markers have it.
fn control_points() -> [(f64, f64); 25] {
    let half = 0.5f64.sqrt();
    let magic = half * MAGIC;
    let (more, less) = (half + magic, half - magic);
    [
        (0.0, -1.0),
        (MAGIC, -1.0),
        (less, -more),
        (half, -half),
        (more, -less),
        (1.0, -MAGIC),
        (1.0, 0.0),
        (1.0, MAGIC),
        (more, less),
        (half, half),
        (less, more),
        (MAGIC, 1.0),
        (0.0, 1.0),
        (-MAGIC, 1.0),
        (-less, more),
        (-half, half),
        (-more, less),
        (-1.0, MAGIC),
        (-1.0, 0.0),
        (-1.0, -MAGIC),
        (-more, -less),
        (-half, -half),
        (-less, -more),
        (-MAGIC, -1.0),
        (0.0, -1.0),
    ]
    .map(|(x, y)| (x * 0.5, y * 0.5))
}

type Point = (f64, f64);

/// A circle that is put to many places.
#[derive(Debug)]
pub(crate) struct Circle {
    controls: [Point; 25],
}

impl Circle {
    /// A circle whose diameter has so many pixels.
    pub(crate) fn new(diameter: f64) -> Self {
        // Rows go down where y goes up.
        Self { controls: control_points().map(|(x, y)| (x * diameter, y * -diameter)) }
    }

    /// The corners of its polygon around `middle`, in pixels from the left and from the top; the last one is the first again.
    pub(crate) fn corners(&self, middle: Point, corners: &mut Vec<Point>) {
        let placed = self.controls.map(|(x, y)| (x + middle.0, y + middle.1));
        corners.clear();
        corners.push(placed[0]);
        for ends in (0..24).step_by(3) {
            let curve = [placed[ends], placed[ends + 1], placed[ends + 2], placed[ends + 3]];
            flatten(curve, 0, corners);
            corners.push(curve[3]);
        }
    }
}

fn halfway(a: Point, b: Point) -> Point {
    ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0)
}

fn square_distance(a: Point, b: Point) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    dx * dx + dy * dy
}

/// Adds the corners between the ends of a curve: it is halved until its control points lie within half a pixel of the line
/// between its ends, and then the middle of the two control points stands for it. This is Agg's `curve4_div` with the options that
/// matplotlib leaves as they are: scale 1, no tolerance of angles, no limit of cusps.
fn flatten([p1, p2, p3, p4]: [Point; 4], level: u32, corners: &mut Vec<Point>) {
    const DEEPEST: u32 = 32;
    const COLLINEAR: f64 = 1e-30;
    const TOLERANCE: f64 = 0.25;
    if level > DEEPEST {
        return;
    }
    let p23 = halfway(p2, p3);
    let (dx, dy) = (p4.0 - p1.0, p4.1 - p1.1);
    let d2 = ((p2.0 - p4.0) * dy - (p2.1 - p4.1) * dx).abs();
    let d3 = ((p3.0 - p4.0) * dy - (p3.1 - p4.1) * dx).abs();
    let near = |distance: f64| distance * distance <= TOLERANCE * (dx * dx + dy * dy);
    let flat = match (d2 > COLLINEAR, d3 > COLLINEAR) {
        (true, true) => near(d2 + d3),
        (true, false) => near(d2),
        (false, true) => near(d3),
        // A curve so small that all of it lies in a line, to the last bit.
        (false, false) => {
            let length = dx * dx + dy * dy;
            let (s2, s3) = if length == 0.0 {
                (square_distance(p1, p2), square_distance(p4, p3))
            } else {
                let inverse = 1.0 / length;
                let along = |p: Point| inverse * ((p.0 - p1.0) * dx + (p.1 - p1.1) * dy);
                let (a2, a3) = (along(p2), along(p3));
                if a2 > 0.0 && a2 < 1.0 && a3 > 0.0 && a3 < 1.0 {
                    return;
                }
                let beside = |p: Point, a: f64| {
                    if a <= 0.0 {
                        square_distance(p, p1)
                    } else if a >= 1.0 {
                        square_distance(p, p4)
                    } else {
                        square_distance(p, (p1.0 + a * dx, p1.1 + a * dy))
                    }
                };
                (beside(p2, a2), beside(p3, a3))
            };
            let (farther, square) = if s2 > s3 { (p2, s2) } else { (p3, s3) };
            if square < TOLERANCE {
                corners.push(farther);
                return;
            }
            false
        }
    };
    if flat {
        corners.push(p23);
        return;
    }
    let (p12, p34) = (halfway(p1, p2), halfway(p3, p4));
    let (p123, p234) = (halfway(p12, p23), halfway(p23, p34));
    let middle = halfway(p123, p234);
    flatten([p1, p12, p123, middle], level + 1, corners);
    flatten([middle, p234, p34, p4], level + 1, corners);
}
