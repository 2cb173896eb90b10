//! The pages of a grid whose points are composited: where the columns of their colors come from, and what is said of
//! them.

use std::ops::Range;
use std::path::Path;

use pointillist_base::{Float, Instructions, Progress};
use pointillist_ingest::{ColumnInfo, Points};
use serde::{Deserialize, Serialize};

use super::{Canvas, Colors, Over, Place, PorterDuff};
use crate::plan::Cut;
use crate::{Columns, Error, Frame, Options, Reduction, Reductions, Stats};

/// The columns that are colors.
const CHANNELS: [&str; 4] = ["r", "g", "b", "a"];

/// What a column of colors counts up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorScale {
    /// From 0 to 1.
    #[default]
    Unit,
    /// From 0 to 255.
    Byte,
}

impl ColorScale {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Unit, Self::Byte];

    /// The name: `unit` or `byte`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Byte => "byte",
        }
    }

    /// The largest value: 1 or 255.
    pub fn limit(self) -> f32 {
        match self {
            Self::Unit => 1.0,
            Self::Byte => 255.0,
        }
    }

    /// What values up to `max` tell: bytes where it is above 1.
    pub fn of(max: f64) -> Self {
        if max > 1.0 { Self::Byte } else { Self::Unit }
    }
}

/// How points were composited into the pages `over-red`, `over-green`, `over-blue` and `over-alpha`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Composited {
    /// Colors are multiplied by alpha: always true.
    pub premultiplied: bool,
    /// What the columns r, g and b counted up to.
    pub colors: ColorScale,
    /// The same of the column a; `None` where there was none.
    pub alpha: Option<ColorScale>,
    /// The opacity of every point, times its a.
    pub opacity: f64,
    /// Points in a cell that are not drawn, as their color is not finite. They are among those that are binned.
    pub undrawn: u64,
}

/// What the values of a page are, where its name does not tell.
pub(crate) fn values(reduction: Reduction) -> Option<&'static str> {
    Some(match reduction {
        Reduction::OverRed => "red times alpha, 0 to 1, of points composited in row order",
        Reduction::OverGreen => "green times alpha, 0 to 1, of points composited in row order",
        Reduction::OverBlue => "blue times alpha, 0 to 1, of points composited in row order",
        Reduction::OverAlpha => "alpha, 0 to 1, of points composited in row order",
        _ => return None,
    })
}

/// How the colors of points are made of their columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Coloring {
    has_alpha: bool,
    colors: ColorScale,
    alpha: ColorScale,
    opacity: f64,
}

impl Default for Coloring {
    fn default() -> Self {
        let unit = ColorScale::Unit;
        Self { has_alpha: false, colors: unit, alpha: unit, opacity: 1.0 }
    }
}

impl Coloring {
    /// For the columns of points.
    pub(crate) fn of_points(
        options: &Options,
        reductions: &Reductions,
        points: &[Points],
    ) -> Result<Self, Error> {
        let mut coloring = Self::asked(options, reductions)?;
        if !reductions.has_over() {
            return Ok(coloring);
        }
        coloring.has_alpha = points.iter().any(|points| points.has_column("a"));
        for name in coloring.columns(reductions) {
            if let Some(without) = points.iter().find(|points| !points.has_column(name)) {
                return Err(no_color(Some(without.path()), name));
            }
        }
        let columns = || points.iter().flat_map(|points| &points.sidecar().columns);
        let max = |names: &[&str]| {
            let named = columns().filter(|column| names.contains(&column.name.as_str()));
            named.filter_map(ColumnInfo::bounds).map(|(_, max)| max).fold(0.0, f64::max)
        };
        if options.colors.is_none() {
            coloring.colors = ColorScale::of(max(&CHANNELS[..3]));
            coloring.alpha = ColorScale::of(max(&CHANNELS[3..]));
        }
        if !coloring.has_alpha {
            // Of what is not there, one scale is as good as the other.
            coloring.alpha = coloring.colors;
        }
        coloring.check(reductions, columns())?;
        Ok(coloring)
    }

    /// For columns of these names that are still to come.
    pub(crate) fn of_stream(
        options: &Options,
        reductions: &Reductions,
        names: &[String],
    ) -> Result<Self, Error> {
        let coloring = Self::asked(options, reductions)?;
        if reductions.has_over() && options.colors.is_none() {
            return Err(Error::Options(
                "points that are binned as they are read need to say beforehand what their colors count up to: \
                 --colors unit, for 1, or --colors byte, for 255; or make columns of them first, which know: \
                 pointillist ingest"
                    .to_owned(),
            ));
        }
        Ok(Self { has_alpha: names.iter().any(|name| name == "a"), ..coloring })
    }

    /// As far as it is known without points.
    fn asked(options: &Options, reductions: &Reductions) -> Result<Self, Error> {
        let &Options { opacity, colors, shard, .. } = options;
        if !reductions.has_over() {
            let given =
                [(opacity.is_some(), "--opacity"), (colors.is_some(), "--colors")].into_iter();
            return match given.filter_map(|(given, name)| given.then_some(name)).next() {
                Some(name) => Err(Error::Options(format!(
                    "{name} is for points that are composited: ask for --reduce over"
                ))),
                None => Ok(Self::default()),
            };
        }
        if shard.is_some() {
            return Err(Error::Options(
                "over composites points in the order of their rows, and shards of it cannot be merged to what one \
                 run makes: leave out --shard"
                    .to_owned(),
            ));
        }
        let (scale, opacity) = (colors.unwrap_or_default(), opacity.unwrap_or(1.0));
        Colors::<4>::new(scale.limit(), scale.limit(), opacity)?;
        Ok(Self { has_alpha: false, colors: scale, alpha: scale, opacity })
    }

    /// The same with a column a, or without.
    pub(crate) fn with_alpha(self, has_alpha: bool) -> Self {
        Self { has_alpha, ..self }
    }

    /// The columns that are needed.
    pub(crate) fn columns(&self, reductions: &Reductions) -> &'static [&'static str] {
        match (reductions.has_over(), self.has_alpha) {
            (false, _) => &[],
            (true, false) => &CHANNELS[..3],
            (true, true) => &CHANNELS,
        }
    }

    /// Whether all colors are in their range.
    pub(crate) fn check<'a>(
        &self,
        reductions: &Reductions,
        columns: impl Iterator<Item = &'a ColumnInfo>,
    ) -> Result<(), Error> {
        let channels = self.columns(reductions);
        for column in columns.filter(|column| channels.contains(&column.name.as_str())) {
            let scale = if column.name == "a" { self.alpha } else { self.colors };
            let limit = f64::from(scale.limit());
            match column.bounds() {
                Some((min, max)) if min < 0.0 || max > limit => {
                    return Err(Error::ColorRange { column: column.name.clone(), min, max, limit });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn about(&self, undrawn: u64) -> Composited {
        Composited {
            premultiplied: true,
            colors: self.colors,
            alpha: self.has_alpha.then_some(self.alpha),
            opacity: self.opacity,
            undrawn,
        }
    }

    fn paint<const N: usize>(&self) -> Result<Colors<N>, Error> {
        Colors::new(self.colors.limit(), self.alpha.limit(), self.opacity)
    }
}

/// The points lack a column that is a color.
pub(crate) fn no_color(path: Option<&Path>, column: &str) -> Error {
    Error::NoColor { path: path.map(Path::to_owned), column: column.to_owned() }
}

/// Points on their way to the pages, with or without alpha.
#[derive(Debug)]
pub(crate) struct Layering {
    coloring: Coloring,
    over: Channels,
}

#[derive(Debug)]
enum Channels {
    Three(Over<PorterDuff, Colors<3>>),
    Four(Over<PorterDuff, Colors<4>>),
}

impl Layering {
    pub(crate) fn new(
        frame: &Frame,
        coloring: &Coloring,
        cut: Cut,
        instructions: Instructions,
    ) -> Result<Self, Error> {
        let place = Place::Cells(*frame);
        let over = if coloring.has_alpha {
            Channels::Four(Over::with_cut(place, PorterDuff, coloring.paint()?, cut, instructions)?)
        } else {
            Channels::Three(Over::with_cut(
                place,
                PorterDuff,
                coloring.paint()?,
                cut,
                instructions,
            )?)
        };
        Ok(Self { coloring: *coloring, over })
    }

    /// Bytes of a cell, and beside the cells.
    pub(crate) fn bytes(frame: &Frame, coloring: &Coloring, cut: Cut) -> Result<(u64, u64), Error> {
        let place = Place::Cells(*frame);
        let beside = if coloring.has_alpha {
            Over::<PorterDuff, Colors<4>>::bytes_beside(&place, cut)?
        } else {
            Over::<PorterDuff, Colors<3>>::bytes_beside(&place, cut)?
        };
        Ok((size_of::<[f32; 4]>() as u64, beside))
    }

    /// Composites points over those that are there. Returns where they went.
    pub(crate) fn add(
        &mut self,
        columns: &Columns<'_>,
        progress: &dyn Progress,
    ) -> Result<Stats, Error> {
        let channel =
            |name: &str| columns.z(name).map(|z| z.source).ok_or_else(|| no_color(None, name));
        let [r, g, b] = [channel("r")?, channel("g")?, channel("b")?];
        match &mut self.over {
            Channels::Three(over) => over.add(columns, &[r, g, b], progress),
            Channels::Four(over) => over.add(columns, &[r, g, b, channel("a")?], progress),
        }
    }

    pub(crate) fn finish(self) -> Layer {
        let canvas = match self.over {
            Channels::Three(over) => over.finish(),
            Channels::Four(over) => over.finish(),
        };
        Layer { about: self.coloring.about(canvas.undrawn()), canvas }
    }
}

/// Points composited, and how.
#[derive(Debug)]
pub(crate) struct Layer {
    canvas: Canvas<[f32; 4]>,
    about: Composited,
}

impl Layer {
    pub(crate) fn about(&self) -> &Composited {
        &self.about
    }

    /// These rows of a page. What rounding has carried beyond 1 is 1.
    pub(crate) fn page_rows<T: Float>(&self, channel: usize, rows: Range<u32>, values: &mut [T]) {
        let mut values = values.iter_mut();
        self.canvas.rows(rows, |pixel| {
            if let Some(value) = values.next() {
                *value = T::from_f64(f64::from(pixel[channel].min(1.0)));
            }
        });
    }
}

#[cfg(test)]
mod tests;
