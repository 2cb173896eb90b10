//! The frame of the picture with its ticks, labels and title.

use pointillist_colorize::ticks::{self, Axis, Tick};

use crate::Error;
use crate::painter::{LABEL_PAD, LABEL_SIZE, Mark, OFFSET_PAD, Painter, TITLE_SIZE};
use crate::svg::Anchor;
use crate::text::lines;

/// Distance of the title, in points.
const TITLE_PAD: f64 = 6.0;

/// What the axes say.
pub(crate) struct Axes {
    x: Axis,
    y: Axis,
    xlabel: Vec<String>,
    ylabel: Vec<String>,
    title: Vec<String>,
}

impl Axes {
    pub(crate) fn new(
        painter: &Painter<'_>,
        (xmin, xmax): (f64, f64),
        (ymin, ymax): (f64, f64),
        [xlabel, ylabel, title]: [&str; 3],
    ) -> Result<Axes, Error> {
        let layout = painter.layout;
        let [width, height] =
            [layout.axes.width(), layout.axes.height()].map(|length| layout.in_points(length));
        Ok(Axes {
            x: ticks::axis(xmin, xmax, ticks::space_x(width, LABEL_SIZE))?,
            y: ticks::axis(ymin, ymax, ticks::space_y(height, LABEL_SIZE))?,
            xlabel: lines(xlabel)?,
            ylabel: lines(ylabel)?,
            title: lines(title)?,
        })
    }

    pub(crate) fn draw(&self, painter: &mut Painter<'_>) {
        self.draw_x(painter);
        self.draw_y(painter);
        painter.frame(painter.layout.axes);
        self.draw_title(painter);
    }

    fn draw_x(&self, painter: &mut Painter<'_>) {
        let axes = painter.layout.axes;
        let size = painter.px(LABEL_SIZE);
        let (ascent, descent) = (painter.font.ascent("", size), painter.font.descent("", size));
        let mut lower = axes.bottom;
        for tick in &self.x.ticks {
            let (mark, x) = (Mark::of(tick), axes.left + tick.position * axes.width());
            painter.tick_down(x, axes.bottom, mark);
            let baseline = axes.bottom - painter.px(mark.length + mark.pad) - ascent;
            painter.words(&words(tick), (x, baseline), LABEL_SIZE, Anchor::Middle);
            lower = lower.min(baseline - descent);
        }
        if let Some(offset) = &self.x.offset {
            let baseline = lower - painter.px(OFFSET_PAD) - ascent;
            let place = (axes.right, baseline);
            painter.words(&offset.as_str().into(), place, LABEL_SIZE, Anchor::End);
        }
        let middle = axes.left + axes.width() / 2.0;
        painter.below(&self.xlabel, middle, lower - painter.px(LABEL_PAD));
    }

    fn draw_y(&self, painter: &mut Painter<'_>) {
        let axes = painter.layout.axes;
        let mut left = axes.left;
        for tick in &self.y.ticks {
            let (mark, y) = (Mark::of(tick), axes.bottom + tick.position * axes.height());
            painter.tick_beside(axes.left, y, -1.0, mark);
            let right = axes.left - painter.px(mark.length + mark.pad);
            painter.tick_label(&tick.label, (right, y), Anchor::End);
            left = left.min(right - painter.label_width(&tick.label));
        }
        if let Some(offset) = &self.y.offset {
            let place = (axes.left, axes.top + painter.px(OFFSET_PAD));
            painter.words(&offset.as_str().into(), place, LABEL_SIZE, Anchor::Start);
        }
        let middle = axes.bottom + axes.height() / 2.0;
        painter.left_of(&self.ylabel, left - painter.px(LABEL_PAD), middle);
    }

    /// The title, above what the y axis has there where the two would meet.
    fn draw_title(&self, painter: &mut Painter<'_>) {
        let axes = painter.layout.axes;
        let middle = axes.left + axes.width() / 2.0;
        let mut top = axes.top;
        if let Some(offset) = &self.y.offset {
            let (small, large) = (painter.px(LABEL_SIZE), painter.px(TITLE_SIZE));
            let end = axes.left + painter.font.width(offset, small);
            let widths = self.title.iter().map(|line| painter.font.width(line, large));
            let start = middle - widths.fold(0.0, f64::max) / 2.0;
            if start <= end {
                top += painter.px(OFFSET_PAD) + painter.font.ascent(offset, small);
            }
        }
        painter.title(&self.title, middle, top + painter.px(TITLE_PAD));
    }
}

/// The label of a tick at equal distances, which is a text.
fn words(tick: &Tick) -> crate::svg::Words {
    tick.label.to_string().as_str().into()
}
