//! What can be asked of a picture.

use crate::{Alpha, Color, Colormap, Norm};

/// All that decides on a picture besides the grid. Serialized, it can be recorded beside the picture and compared later.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The function from value to position on the colormap.
    ///
    /// Default: none, which is [`Norm::default_for`] the page.
    pub norm: Option<Norm>,
    /// The value at the lower end of the colormap, in data units.
    ///
    /// Default: none, which is the smallest finite value of an occupied cell.
    pub vmin: Option<f64>,
    /// The value at the upper end of the colormap, in data units.
    ///
    /// Default: none, which is the largest finite value of an occupied cell.
    pub vmax: Option<f64>,
    /// Percentiles of the occupied cells that stand in for their smallest and largest value, 0 to 100, as `numpy.percentile` has them.
    ///
    /// Default: none.
    pub clip: Option<(f64, f64)>,
    /// A colormap, or one colour for all.
    ///
    /// Default: the colormap viridis.
    pub paint: Paint,
    /// The colour of values below `vmin`.
    ///
    /// Default: none, which is the first colour of the colormap.
    pub under: Option<Color>,
    /// The colour of values above `vmax`.
    ///
    /// Default: none, which is the last colour of the colormap.
    pub over: Option<Color>,
    /// The colour of occupied cells whose value has no position: NaN, or without a logarithm.
    ///
    /// Default: none, which is transparent.
    pub bad: Option<Color>,
    /// How opaque a cell is.
    ///
    /// Default: every occupied cell as opaque as its colour.
    pub alpha: Alpha,
    /// The colour composited under the picture.
    ///
    /// Default: none.
    pub background: Option<Color>,
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

/// The page that is coloured where nobody says which: the mean where there is one (`mean`, or `mean:NAME`), else `count`, else none.
pub fn default_page<'a>(names: &[&'a str]) -> Option<&'a str> {
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
