//! The colorbar.

use pointillist_colorize::ticks::{Colorbar, Tick, space_y};
use pointillist_colorize::{Color, Colormap, Limits, Scale};

use crate::Error;
use crate::layout::Area;
use crate::painter::{FRAME, LABEL_PAD, LABEL_SIZE, Mark, OFFSET_PAD, Painter};
use crate::svg::Anchor;
use crate::text::lines;

/// Height of a pointed end, as a share of the bar between the ends (`extendfrac`).
const POINTED: f64 = 0.05;

/// What lies under colours that are not opaque.
const PAPER: Color = Color([255; 4]);

/// How values became colours.
#[derive(Debug, Clone)]
pub struct Bar<'a> {
    /// From value to position on the colormap.
    pub scale: &'a Scale,
    /// From position to colour.
    pub colormap: &'a Colormap,
    /// The smallest and largest value there is and the colours below and above the limits of the scale: an end of
    /// the bar is pointed where there are values beyond.
    ///
    /// None: both ends are blunt.
    pub beyond: Option<(Limits, Color, Color)>,
    /// What the values are, written beside the bar.
    pub label: String,
}

impl Bar<'_> {
    pub(crate) fn draw(&self, painter: &mut Painter<'_>, area: Area) -> Result<(), Error> {
        let height = painter.layout.in_points(area.height());
        let colorbar = Colorbar::new(self.scale, self.colormap, space_y(height, LABEL_SIZE))?;
        let colorbar = match self.beyond {
            Some((data, under, over)) => colorbar.extended_to(data, under, over),
            None => colorbar,
        };
        let ends = [colorbar.under, colorbar.over];
        let [below, above] = ends.map(|end| if end.is_some() { POINTED } else { 0.0 });
        let whole = 1.0 + below + above;
        let inner = area.part(below / whole, 1.0 - above / whole);
        let colors: Vec<Color> = colorbar.colors.iter().map(|color| color.over(PAPER)).collect();
        let ends = ends.map(|end| end.map(|color| color.over(PAPER)));
        pointed(painter, area, inner, ends);
        bands(painter, inner, &colors);
        outline(painter, area, inner, ends.map(|end| end.is_some()));
        let beside = Beside {
            ticks: &colorbar.ticks,
            offset: colorbar.offset.as_deref(),
            label: &lines(&self.label)?,
        };
        beside.draw(painter, area, inner);
        Ok(())
    }
}

/// Opaque colours from the lower end to the upper one, each as high as the others.
///
/// Every band reaches up to the upper end and lies under those above it: where bands only touch, viewers of SVG and
/// PDF show what is behind them as a line between the two.
pub(crate) fn bands(painter: &mut Painter<'_>, area: Area, colors: &[Color]) {
    let pixels = painter.layout.pixels(area);
    let (left, width) = (pixels.left as f64, pixels.width as f64);
    let bottom = pixels.top + pixels.height;
    let mut last = None;
    for row in (pixels.top..bottom).rev() {
        let share = (painter.down(row as f64 + 0.5) - area.bottom) / area.height();
        let entry = (share * colors.len() as f64).max(0.0) as usize;
        let color = colors.get(entry).or(colors.last()).copied();
        if let Some(color) = color.filter(|color| last != Some(*color)) {
            let height = (row + 1 - pixels.top) as f64;
            painter.svg.rectangle([left, pixels.top as f64, width, height], color);
            last = Some(color);
        }
    }
}

/// The pointed ends of a bar: the lower one, the upper one. They reach below the bands, as these have sharp edges.
fn pointed(painter: &mut Painter<'_>, area: Area, inner: Area, ends: [Option<Color>; 2]) {
    let [left, right, top, bottom] = painter.edges(inner, FRAME);
    let middle = (left + right) / 2.0;
    let tips = [painter.down(area.bottom), painter.down(area.top)];
    for (color, base, below, tip) in
        [(ends[0], bottom, bottom - 2.0, tips[0]), (ends[1], top, top + 2.0, tips[1])]
    {
        if let Some(color) = color {
            let corners =
                [(left, below), (left, base), (middle, tip), (right, base), (right, below)];
            painter.svg.polygon(&corners, color);
        }
    }
}

/// The line around a bar, of which the lower end, the upper end may be pointed.
fn outline(painter: &mut Painter<'_>, area: Area, inner: Area, [lower, upper]: [bool; 2]) {
    let [left, right, top, bottom] = painter.edges(inner, FRAME);
    let middle = (left + right) / 2.0;
    let mut points = vec![(left, bottom)];
    if lower {
        points.push((middle, painter.down(area.bottom)));
    }
    points.extend([(right, bottom), (right, top)]);
    if upper {
        points.push((middle, painter.down(area.top)));
    }
    points.push((left, top));
    let width = painter.px(FRAME);
    painter.svg.line(&points, true, width, painter.ink);
}

/// What stands to the right of a bar.
pub(crate) struct Beside<'a> {
    pub(crate) ticks: &'a [Tick],
    pub(crate) offset: Option<&'a str>,
    pub(crate) label: &'a [String],
}

impl Beside<'_> {
    /// `inner` is what lies between the pointed ends of `area`.
    pub(crate) fn draw(&self, painter: &mut Painter<'_>, area: Area, inner: Area) {
        let mut right = area.right;
        for tick in self.ticks {
            let (mark, y) = (Mark::of(tick), inner.bottom + tick.position * inner.height());
            painter.tick_beside(inner.right, y, 1.0, mark);
            let left = inner.right + painter.px(mark.length + mark.pad);
            painter.tick_label(&tick.label, (left, y), Anchor::Start);
            right = right.max(left + painter.label_width(&tick.label));
        }
        if let Some(offset) = self.offset {
            let place = (area.right, area.top + painter.px(OFFSET_PAD));
            painter.words(&offset.into(), place, LABEL_SIZE, Anchor::End);
        }
        let middle = inner.bottom + inner.height() / 2.0;
        painter.right_of(self.label, right + painter.px(LABEL_PAD), middle);
    }
}
