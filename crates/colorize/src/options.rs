//! What can be asked of a picture.

use pointillist_bin2d::Reduction;

use crate::limits::Wanted;
use crate::over::OVER;
use crate::{Alpha, Color, Colormap, Effort, Error, Norm};

/// All that decides on a picture besides the grid. Serialized, it can be recorded beside the picture and
/// compared later.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The function from value to position on the colormap.
    ///
    /// Default: none, which is linear for a color table of data values, else [`Norm::default_for`] the page.
    pub norm: Option<Norm>,
    /// The value at the lower end of the colormap, in data units.
    ///
    /// Default: none, which is the smallest finite value of an occupied cell, or, where there is neither
    /// this nor [`clip`](Options::clip), the one that the colormap [names](Colormap::data_range).
    pub vmin: Option<f64>,
    /// The value at the upper end of the colormap, in data units.
    ///
    /// Default: none, which is the largest finite value of an occupied cell, or, where there is neither this
    /// nor [`clip`](Options::clip), the one that the colormap [names](Colormap::data_range).
    pub vmax: Option<f64>,
    /// Percentiles of the occupied cells that stand in for their smallest and largest value, 0 to 100, as
    /// `numpy.percentile` has them.
    ///
    /// Default: none.
    pub clip: Option<(f64, f64)>,
    /// A colormap, or one colour for all.
    ///
    /// Default: the colormap viridis.
    pub paint: Paint,
    /// The colour of values below `vmin`.
    ///
    /// Default: none, which is the one that the file of the colormap names, else its first colour.
    pub under: Option<Color>,
    /// The colour of values above `vmax`.
    ///
    /// Default: none, which is the one that the file of the colormap names, else its last colour.
    pub over: Option<Color>,
    /// The colour of occupied cells whose value has no position: NaN, or without a logarithm.
    ///
    /// Default: none, which is the one that the file of the colormap names, else transparent.
    pub bad: Option<Color>,
    /// How opaque a cell is.
    ///
    /// Default: every occupied cell as opaque as its colour.
    pub alpha: Alpha,
    /// The colour composited under the picture.
    ///
    /// Default: none.
    pub background: Option<Color>,
    /// Whether the file is to be made fast or small; the pixels are the same.
    ///
    /// Default: fast.
    pub effort: Effort,
}

impl Options {
    /// Checks everything that can be told without a grid: opacities, the parameters of norms, limits and
    /// percentiles. Without a [`norm`](Options::norm) the limits need not be above zero, as the page decides
    /// on it.
    ///
    /// # Errors
    /// Those for which [`Error::is_usage`] holds; [`colorize`](crate::colorize) gives the same ones.
    pub fn validate(&self) -> Result<(), Error> {
        self.check(self.norm.unwrap_or(Norm::Linear))
    }

    /// [`Options::validate`] where the norm is known, whatever the options say of it.
    pub(crate) fn check(&self, norm: Norm) -> Result<(), Error> {
        self.alpha.check()?;
        norm.check()?;
        if let (Norm::EqHist, Some(colormap)) = (norm, self.colormap())
            && colormap.is_of_values()
        {
            return Err(Error::EqHistOfValues { name: colormap.name().to_owned() });
        }
        self.wanted().check(norm)
    }

    /// The norm for a page of this name.
    pub(crate) fn norm_for(&self, page: &str) -> Norm {
        let of_values = self.colormap().is_some_and(Colormap::is_of_values);
        let default = if of_values { Norm::Linear } else { Norm::default_for(page) };
        self.norm.unwrap_or(default)
    }

    fn colormap(&self) -> Option<&Colormap> {
        match &self.paint {
            Paint::Colormap(colormap) => Some(colormap),
            Paint::Color(_) => None,
        }
    }

    pub(crate) fn wanted(&self) -> Wanted {
        let range = self.colormap().and_then(Colormap::data_range);
        let range = range.filter(|_| self.clip.is_none());
        Wanted {
            vmin: self.vmin.or(range.map(|range| range.vmin)),
            vmax: self.vmax.or(range.map(|range| range.vmax)),
            clip: self.clip,
        }
    }
}

/// What gives a cell its colour.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paint {
    /// The value, through norm and colormap.
    Colormap(Colormap),
    /// The same colour for every occupied cell, whatever its value.
    Color(Color),
}

impl Default for Paint {
    fn default() -> Self {
        Paint::Colormap(Colormap::default())
    }
}

/// The page that is coloured where nobody says which: `over`, where points were composited, else the mean where there
/// is one (`mean`, or `mean:NAME`), else `count`, else none.
pub fn default_page<'a>(names: &[&'a str]) -> Option<&'a str> {
    if names.contains(&Reduction::OverAlpha.name()) {
        return Some(OVER);
    }
    let is_mean = |name: &&&str| **name == "mean" || name.starts_with("mean:");
    names.iter().find(is_mean).or_else(|| names.iter().find(|name| **name == "count")).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_comes_before_the_count() {
        assert_eq!(default_page(&["count", "mean"]), Some("mean"));
        assert_eq!(default_page(&["count", "mean:z", "mean:v"]), Some("mean:z"));
        assert_eq!(default_page(&["max", "count"]), Some("count"));
        assert_eq!(default_page(&["meant", "max"]), None);
        let over = ["count", "mean", "over-red", "over-green", "over-blue", "over-alpha"];
        assert_eq!(default_page(&over), Some("over"));
    }

    #[test]
    fn what_no_grid_can_make_good_is_refused_without_one() {
        let good = || Options { norm: Some(Norm::Log), vmin: Some(1.0), ..Options::default() };
        let ranged = |low, high| Alpha::Norm { norm: Norm::Log, range: (low, high) };
        assert!(Options::default().validate().is_ok());
        assert!(good().validate().is_ok());
        assert!(Options { vmin: Some(-1.0), norm: None, ..good() }.validate().is_ok());
        assert!(Options { vmax: Some(1.0), clip: Some((0.0, 100.0)), ..good() }.validate().is_ok());
        let eq_hist = Some(Norm::EqHist);
        let color = Paint::Color(Color([1; 4]));
        for bad in [
            Options { alpha: Alpha::PerPoint(1.5), ..good() },
            Options { alpha: Alpha::PerPoint(f64::NAN), ..good() },
            Options { alpha: ranged(-0.1, 1.0), ..good() },
            Options { alpha: ranged(0.0, f64::NAN), ..good() },
            Options { alpha: Alpha::Norm { norm: Norm::Asinh(0.0), range: (0.0, 1.0) }, ..good() },
            Options { norm: Some(Norm::Power(-1.0)), ..good() },
            Options { norm: Some(Norm::SymLog(f64::NAN)), ..good() },
            Options { vmin: Some(f64::NAN), ..good() },
            Options { vmax: Some(f64::INFINITY), ..good() },
            Options { vmax: Some(0.5), ..good() },
            Options { vmax: Some(0.5), paint: color, ..good() },
            Options { vmin: Some(0.0), ..good() },
            Options { vmin: None, vmax: Some(-1.0), ..good() },
            Options { clip: Some((60.0, 40.0)), ..good() },
            Options { clip: Some((-1.0, 40.0)), ..good() },
            Options { clip: Some((1.0, f64::NAN)), ..good() },
            Options { norm: eq_hist, ..good() },
            Options { norm: eq_hist, vmin: None, clip: Some((1.0, 99.0)), ..good() },
        ] {
            let error = bad.validate().unwrap_err();
            assert!(error.is_usage(), "{bad:?}: {error}");
        }
    }

    #[test]
    fn options_come_back_from_their_record() {
        let options = Options {
            norm: Some(Norm::Power(0.1)),
            vmin: Some(1.0 / 3.0),
            clip: Some((0.5, 99.5)),
            paint: Paint::Colormap("magma_r".parse().unwrap()),
            bad: Some(Color([1, 2, 3, 4])),
            alpha: Alpha::Norm { norm: Norm::SymLog(2.0), range: (0.1, 1.0) },
            background: Some(Color([255; 4])),
            effort: Effort::Small,
            ..Options::default()
        };
        for options in [options, Options::default()] {
            let record = serde_json::to_string(&options).unwrap();
            assert_eq!(serde_json::from_str::<Options>(&record).unwrap(), options, "{record}");
        }
        assert_eq!(serde_json::from_str::<Options>("{}").unwrap(), Options::default());
        assert!(serde_json::from_str::<Options>(r#"{"norm":"lgo"}"#).is_err());
        assert!(serde_json::from_str::<Options>(r#"{"paint":{"colormap":"virdis"}}"#).is_err());
        assert!(serde_json::from_str::<Options>(r#"{"colour":1}"#).is_err());
    }
}
