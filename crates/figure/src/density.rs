//! The key of opacities: how opaque the picture is where so many points lie on each other.

use pointillist_colorize::ticks::{Colorbar, space_y};
use pointillist_colorize::{Alpha, Color, Colormap, Limits, Norm, Scale};

use crate::Error;
use crate::bar::{Beside, bands};
use crate::layout::Area;
use crate::painter::{LABEL_SIZE, Painter};
use crate::text::lines;

/// Parts of the key, each with its opacity.
const PARTS: usize = 256;

/// Squares beside each other on the board that shows what is transparent.
const SQUARES: usize = 4;

/// The two colours of that board.
const BOARD: [Color; 2] = [Color([255; 4]), Color([204, 204, 204, 255])];

/// How numbers of points became opacities.
#[derive(Debug, Clone)]
pub struct Density {
    scale: Scale,
    alpha: Alpha,
    /// The colour whose opacity is shown.
    pub color: Color,
    /// What lies under it.
    ///
    /// None: the two grays of what is transparent.
    pub background: Option<Color>,
    /// What is counted, written beside the key.
    pub label: String,
}

impl Density {
    /// The key of a picture with this opacity.
    ///
    /// `counts` is the scale of [`Alpha::Norm`]; of [`Alpha::PerPoint`], the opacity of one point, any with the
    /// largest count as its upper limit: from one point to that count it is shown on a logarithmic scale. The
    /// colour is black on no background.
    ///
    /// # Errors
    /// If the largest count is not above zero.
    pub fn new(alpha: Alpha, counts: &Scale) -> Result<Density, Error> {
        let scale = match alpha {
            Alpha::PerPoint(_) => {
                let vmax = counts.limits().vmax;
                Scale::new(Norm::Log, Limits { vmin: vmax.min(1.0), vmax })?
            }
            Alpha::Norm { .. } => counts.clone(),
        };
        let (color, background) = (Color([0, 0, 0, 255]), None);
        Ok(Density { scale, alpha, color, background, label: String::new() })
    }

    /// The opacity at a position from 0, the lower end, to 1.
    fn opacity(&self, colorbar: &Colorbar, position: f64) -> f64 {
        match self.alpha {
            Alpha::PerPoint(alpha) => {
                let Limits { vmin, vmax } = colorbar.limits;
                let count = vmin * (vmax / vmin).powf(position);
                // Ends that were moved apart, as there is one count alone, show that one's.
                let Limits { vmin, vmax } = self.scale.limits();
                -(count.clamp(vmin, vmax) * (-alpha).ln_1p()).exp_m1()
            }
            Alpha::Norm { range: (low, high), .. } => {
                let shown = self.scale.limits();
                let position = if shown.vmin < shown.vmax { position } else { 0.0 };
                low + (high - low) * position
            }
        }
    }

    pub(crate) fn draw(&self, painter: &mut Painter<'_>, area: Area) -> Result<(), Error> {
        let height = painter.layout.in_points(area.height());
        let room = space_y(height, LABEL_SIZE);
        let colorbar = Colorbar::new(&self.scale, &Colormap::default(), room)?;
        let colors = |below: Color| -> Vec<Color> {
            let color = |part: usize| {
                let position = (part as f64 + 0.5) / PARTS as f64;
                let Color([r, g, b, a]) = self.color;
                let opacity = self.opacity(&colorbar, position).clamp(0.0, 1.0);
                Color([r, g, b, (f64::from(a) * opacity + 0.5) as u8]).over(below)
            };
            (0..PARTS).map(color).collect()
        };
        match self.background {
            Some(background) => bands(painter, area, &colors(background.over(BOARD[0]))),
            None => board(painter, area, BOARD.map(colors)),
        }
        painter.frame(area);
        let (ticks, offset) = (&colorbar.ticks[..], colorbar.offset.as_deref());
        Beside { ticks, offset, label: &lines(&self.label)? }.draw(painter, area, area);
        Ok(())
    }
}

/// Columns of squares of which every other one is darker, through the colours over each.
fn board(painter: &mut Painter<'_>, area: Area, colors: [Vec<Color>; 2]) {
    let side = area.width() / SQUARES as f64;
    let rows = (area.height() / side).ceil();
    for column in 0..SQUARES {
        let left = area.left + column as f64 * side;
        let part = Area { left, right: left + side, ..area };
        let mixed: Vec<Color> = (0..PARTS * 4)
            .map(|i| {
                let share = (i as f64 + 0.5) / (PARTS * 4) as f64;
                let row = (share * area.height() / side).min(rows - 1.0) as usize;
                colors[(row + column) % 2][i / 4]
            })
            .collect();
        bands(painter, part, &mixed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(alpha: Alpha, norm: Norm, vmin: f64, vmax: f64) -> [f64; 2] {
        let scale = Scale::new(norm, Limits { vmin, vmax }).unwrap();
        let key = Density::new(alpha, &scale).unwrap();
        let colorbar = Colorbar::new(&key.scale, &Colormap::default(), 9).unwrap();
        [0.0, 1.0].map(|position| key.opacity(&colorbar, position))
    }

    #[test]
    fn opacities_are_those_of_the_picture() {
        let near = |found: [f64; 2], expected: [f64; 2]| {
            assert!((found[0] - expected[0]).abs() < 1e-12, "{found:?} {expected:?}");
            assert!((found[1] - expected[1]).abs() < 1e-12, "{found:?} {expected:?}");
        };
        // From one point on, also where every cell has more.
        near(ends(Alpha::PerPoint(0.2), Norm::Log, 3.0, 41.0), [0.2, 1.0 - 0.8f64.powi(41)]);
        near(ends(Alpha::PerPoint(0.2), Norm::Log, 1.0, 1.0), [0.2, 0.2]);
        let scaled = Alpha::Norm { norm: Norm::Sqrt, range: (0.1, 0.7) };
        near(ends(scaled, Norm::Sqrt, 3.0, 41.0), [0.1, 0.7]);
        near(ends(scaled, Norm::Sqrt, 3.0, 3.0), [0.1, 0.1]);
    }
}
