//! How opaque a cell is, from the number of its points.

use pointillist_base::{Float, Values};

use crate::layer::{Counts, Layer};
use crate::limits::Wanted;
use crate::sample::with_values;
use crate::{Error, Limits, Norm, Scale};

/// Counts up to this one have their opacity in a table, which stays in the first-level cache.
const TABLE: usize = 1024;

/// How the opacity of a cell follows from its number of points. Values without points are transparent in any
/// case.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alpha {
    /// The opacity A of one point, 0 to 1: a cell with n points gets 1-(1-A)^n, as n markers on top of each
    /// other would. Where there are no counts, every occupied cell has one point.
    PerPoint(f64),
    /// The count through a norm, whose limits are the smallest and largest count of an occupied cell.
    Norm {
        /// From count to [0, 1].
        norm: Norm,
        /// The opacities, 0 to 1, of the smallest and the largest count.
        range: (f64, f64),
    },
}

impl Default for Alpha {
    /// Every occupied cell is opaque.
    fn default() -> Self {
        Alpha::PerPoint(1.0)
    }
}

impl Alpha {
    /// Checks the opacities and the norm, as far as that goes without counts.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match *self {
            Alpha::PerPoint(alpha) => check("alpha", alpha),
            Alpha::Norm { norm, range: (low, high) } => {
                check("an end of the alpha range", low)?;
                check("an end of the alpha range", high)?;
                norm.check()
            }
        }
    }
}

/// [`Alpha`] with all that is to be known of the counts: the function from count to opacity.
#[derive(Debug, Clone)]
pub(crate) enum Opacity {
    /// The same for every occupied cell.
    Uniform(f64),
    /// 1-(1-A)^n, tabulated for small n.
    PerPoint { alpha: f64, table: Vec<f64> },
    /// `low` at position 0, `high` at position 1.
    Scaled { scale: Scale, low: f64, high: f64 },
}

impl Opacity {
    pub(crate) fn new(alpha: Alpha, layer: &dyn Layer) -> Result<Opacity, Error> {
        let counts = Counts::of(layer);
        alpha.check()?;
        match alpha {
            Alpha::PerPoint(alpha) => {
                if counts.is_none() || alpha == 1.0 || alpha == 0.0 {
                    return Ok(Opacity::Uniform(alpha));
                }
                let table = (0..TABLE).map(|n| overlapping(alpha, n as f64)).collect();
                Ok(Opacity::PerPoint { alpha, table })
            }
            Alpha::Norm { norm, range: (low, high) } => {
                let counts = counts.ok_or(Error::NoCounts)?;
                let scale = Scale::fit(&counts, norm, Wanted::default())?;
                // Without an occupied cell there is no limit, and no cell to ask.
                Ok(scale.map_or(Opacity::Uniform(low), |scale| Opacity::Scaled {
                    scale,
                    low,
                    high,
                }))
            }
        }
    }

    /// The limits of the norm, if there is one.
    pub(crate) fn limits(&self) -> Option<Limits> {
        match self {
            Opacity::Scaled { scale, .. } => Some(scale.limits()),
            _ => None,
        }
    }

    /// The opacities of counts; any number for a cell that is not occupied.
    pub(crate) fn fill(&self, counts: Values<'_>, opacities: &mut [f64]) {
        match self {
            Opacity::Uniform(opacity) => opacities.fill(*opacity),
            Opacity::PerPoint { alpha, table } => with_values!(counts, counts => {
                for (opacity, &count) in opacities.iter_mut().zip(counts) {
                    let n = count.to_i32().max(0) as usize;
                    *opacity = match table.get(n) {
                        Some(&known) if count.is_whole() => known,
                        _ => overlapping(*alpha, count.to_f64()),
                    };
                }
            }),
            Opacity::Scaled { scale, low, high } => {
                scale.positions(counts, opacities);
                for opacity in opacities {
                    *opacity = low + (high - low) * opacity.clamp(0.0, 1.0);
                }
            }
        }
    }
}

fn check(name: &'static str, value: f64) -> Result<(), Error> {
    let expected = "an opacity from 0 to 1";
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(Error::OutOfRange { name, expected, value })
    }
}

/// 1-(1-A)^n without the cancellation that would leave nothing of a small A; exactly A for one point.
pub(crate) fn overlapping(alpha: f64, n: f64) -> f64 {
    if n == 1.0 { alpha } else { -(n * (-alpha).ln_1p()).exp_m1() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resident;

    fn opacities(alpha: Alpha, counts: &[f32]) -> Vec<f64> {
        let counts = Values::F32(counts);
        let layer = Resident::column(counts, Some(counts));
        let mut found = vec![0.0; counts.len()];
        Opacity::new(alpha, &layer).unwrap().fill(counts, &mut found);
        found
    }

    #[test]
    fn points_on_top_of_each_other_add_up_as_markers_do() {
        let found = opacities(Alpha::PerPoint(0.1), &[1.0, 2.0, 3.0, 5000.0, 1e9]);
        assert_eq!(found[0], 0.1);
        assert!((found[1] - 0.19).abs() < 1e-15);
        assert!((found[2] - 0.271).abs() < 1e-15);
        assert_eq!(found[3..], [1.0, 1.0]);
    }

    #[test]
    fn a_tiny_opacity_is_not_lost() {
        let found = opacities(Alpha::PerPoint(1e-17), &[1.0, 1000.0, 1e6]);
        assert_eq!(found[0], 1e-17);
        assert!((found[1] / 1e-14 - 1.0).abs() < 1e-12);
        assert!((found[2] / 1e-11 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_table_says_what_the_formula_says() {
        let counts: Vec<f32> = (1..3000).map(|n| n as f32).collect();
        for (n, found) in counts.iter().zip(opacities(Alpha::PerPoint(0.003), &counts)) {
            assert_eq!(found, overlapping(0.003, f64::from(*n)));
        }
        assert_eq!(opacities(Alpha::PerPoint(0.5), &[2.5]), [overlapping(0.5, 2.5)]);
    }

    #[test]
    fn whole_opacity_and_none_are_exact() {
        assert_eq!(opacities(Alpha::PerPoint(1.0), &[1.0, 7.0]), [1.0; 2]);
        assert_eq!(opacities(Alpha::PerPoint(0.0), &[1.0, 7.0]), [0.0; 2]);
        assert_eq!(overlapping(1.0, 7.0), 1.0);
    }

    #[test]
    fn a_norm_runs_from_the_smallest_to_the_largest_count() {
        let alpha = Alpha::Norm { norm: Norm::Log, range: (0.2, 0.8) };
        let found = opacities(alpha, &[1.0, 10.0, 100.0]);
        for (found, expected) in found.iter().zip([0.2, 0.5, 0.8]) {
            assert!((found - expected).abs() < 1e-7, "{found}");
        }
        let alpha = Alpha::Norm { norm: Norm::EqHist, range: (1.0, 0.0) };
        assert_eq!(opacities(alpha, &[1.0, 3.0, 100.0]), [1.0, 0.5, 0.0]);
    }

    #[test]
    fn what_is_no_opacity_is_refused() {
        let counts = Values::F32(&[1.0]);
        let counted = Resident::column(counts, Some(counts));
        for alpha in [-0.1, 1.1, f64::NAN] {
            assert!(Opacity::new(Alpha::PerPoint(alpha), &counted).is_err());
            let range = (alpha, 1.0);
            assert!(Opacity::new(Alpha::Norm { norm: Norm::Linear, range }, &counted).is_err());
        }
        let alpha = Alpha::Norm { norm: Norm::Linear, range: (0.0, 1.0) };
        let message = Opacity::new(alpha, &Resident::column(counts, None)).unwrap_err().to_string();
        assert!(message.contains("reduction count"), "{message}");
    }
}
