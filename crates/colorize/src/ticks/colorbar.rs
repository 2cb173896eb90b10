//! A colorbar, as data: the colours along the bar and its ticks.

use pointillist_base::Values;

use super::scientific::Labelled;
use super::{Label, SLACK, Tick, asinh, auto, log, quantiles, scalar, symlog};
use crate::colormap::Fitted;
use crate::{Color, Colormap, Error, Limits, Norm, Scale};

/// Minor ticks this close to a major one, as a share of the bar, are that one.
const SAME: f64 = 1e-5;

/// How far limits that are equal are moved apart, as a share of them.
const EXPANDER: f64 = 0.1;

/// Parts of a bar whose colormap is a function and no table.
const PARTS: usize = 256;

/// All that is needed to draw a colorbar.
#[derive(Debug, Clone, PartialEq)]
pub struct Colorbar {
    /// The norm between values and positions.
    pub norm: Norm,
    /// The values at the ends of the bar; those of the scale, unless these are too close to each other.
    pub limits: Limits,
    /// The colours along the bar, at equal distances from the lower end to the upper one: the table of the
    /// colormap, or 256 parts of one that is a function.
    pub colors: Vec<Color>,
    /// The ticks: first the major ones, then the minor ones, each in ascending order.
    pub ticks: Vec<Tick>,
    /// What is written once beside the bar, as for an [`Axis`](super::Axis).
    pub offset: Option<String>,
    /// The colour of a pointed end for values below the limits; `None` for a blunt one.
    pub under: Option<Color>,
    /// The colour of a pointed end for values above the limits; `None` for a blunt one.
    pub over: Option<Color>,
}

impl Colorbar {
    /// The colorbar of matplotlib for a picture with this scale and colormap, with blunt ends.
    ///
    /// `max_n` is how many intervals between ticks there is room for, from [`space_y`](super::space_y) for a
    /// vertical bar; of more than 9, 9 are used. The kind of the ticks follows from the norm: round numbers
    /// for linear norms and powers, powers of ten and, if there are few, their multiples for a logarithm,
    /// powers of ten on both sides of zero for `symlog` and `asinh`. For histogram equalization these are
    /// quantiles: eighths, quarters or halves of the cells lie between two ticks.
    ///
    /// Limits that are equal or nearly so are moved apart as in matplotlib, but the colours remain those of
    /// the picture, in which equal limits put every number at position 0.
    ///
    /// # Errors
    /// If the scale and a colormap of values do not fit each other.
    pub fn new(scale: &Scale, colormap: &Colormap, max_n: usize) -> Result<Colorbar, Error> {
        let (norm, limits) = (scale.norm(), scale.limits());
        let expanded = expand(norm, limits).and_then(|limits| Scale::new(norm, limits).ok());
        let drawn = expanded.as_ref().unwrap_or(scale);
        let located = Located::new(drawn, max_n);
        Ok(Colorbar {
            norm,
            limits: drawn.limits(),
            colors: colors(scale, drawn, colormap)?,
            ticks: located.ticks,
            offset: located.offset,
            under: None,
            over: None,
        })
    }

    /// The same bar with pointed ends where the data goes beyond the limits: `under` and `over` are the
    /// colours there.
    #[must_use]
    pub fn extended_to(mut self, data: Limits, under: Color, over: Color) -> Colorbar {
        self.under = (data.vmin < self.limits.vmin).then_some(under);
        self.over = (data.vmax > self.limits.vmax).then_some(over);
        self
    }
}

/// Limits that are too close to each other, moved apart; `None` where they are not.
fn expand(norm: Norm, Limits { vmin, vmax }: Limits) -> Option<Limits> {
    let (low, high) = match norm {
        Norm::EqHist => return None,
        // Below zero there is no logarithm.
        Norm::Log if vmax - vmin <= vmax * 1e-15 => {
            let apart = ((1.0 - EXPANDER) * vmin, (1.0 + EXPANDER) * vmax);
            let least = f64::from_bits(1);
            let high = if apart.1 > vmax { apart.1 } else { 2.0 * vmax };
            (apart.0.max(least), high.min(f64::MAX))
        }
        Norm::Log => return None,
        _ => auto::nonsingular(vmin, vmax, EXPANDER, 1e-15),
    };
    ((low, high) != (vmin, vmax)).then_some(Limits { vmin: low, vmax: high })
}

/// The colours that the scale of the picture gives to the values along the bar that is drawn.
fn colors(scale: &Scale, drawn: &Scale, colormap: &Colormap) -> Result<Vec<Color>, Error> {
    let Limits { vmin, vmax } = scale.limits();
    let len = match colormap.table() {
        Some(table) if drawn.limits() == scale.limits() && vmin < vmax => return Ok(table.to_vec()),
        Some(table) => table.len(),
        None => PARTS,
    };
    let values: Vec<f64> = (0..len).map(|i| drawn.inverse((i as f64 + 0.5) / len as f64)).collect();
    let Fitted { scale, mut colors, under, over } = colormap.fit(scale.clone())?;
    let mut entries = vec![0; len];
    scale.entries(Values::F64(&values), colors.len() as u16, &mut entries);
    colors.extend([under, over, colormap.bad()]);
    Ok(entries.iter().map(|entry| colors[usize::from(*entry)]).collect())
}

/// The ticks of a bar, and what is written once.
struct Located {
    ticks: Vec<Tick>,
    offset: Option<String>,
}

impl Located {
    fn new(scale: &Scale, max_n: usize) -> Located {
        let (low, high) = ends(scale);
        match scale.norm() {
            Norm::EqHist => Located { ticks: quantiles::ticks(scale, max_n), offset: None },
            Norm::Log => {
                let located = log::locate(low, high, max_n);
                let labelled = Labelled::new(low, high, None);
                let ticks = Marks { scale, low, high, labelled: Some(labelled) };
                let ticks = ticks.keep(&located.major, &located.minor, Some(labelled));
                Located { ticks, offset: None }
            }
            Norm::SymLog(threshold) => {
                let major = symlog::locate(low, high, threshold);
                let labelled = Some(Labelled::new(low, high, Some(threshold)));
                let ticks = Marks { scale, low, high, labelled }.keep(&major, &[], None);
                Located { ticks, offset: None }
            }
            Norm::Asinh(width) => {
                let (major, minor) = asinh::locate(low, high, width);
                let labelled = Some(Labelled::new(low, high, None));
                let ticks = Marks { scale, low, high, labelled }.keep(&major, &minor, None);
                Located { ticks, offset: None }
            }
            Norm::Linear | Norm::Log1p | Norm::Sqrt | Norm::Cbrt | Norm::Power(_) => {
                let major = auto::locate(low, high, max_n);
                let format = scalar::Format::new(&major, low, high);
                let mut ticks = Marks { scale, low, high, labelled: None }.keep(&major, &[], None);
                for tick in &mut ticks {
                    tick.label = Label::Text(format.label(tick.value));
                }
                Located { ticks, offset: format.offset_text() }
            }
        }
    }
}

/// The limits of the bar's axis. matplotlib computes them back from the positions 0 and 1, which moves them
/// by a rounding that can decide whether a limit is a power of ten.
fn ends(scale: &Scale) -> (f64, f64) {
    let (low, high) = (scale.inverse(0.0), scale.inverse(1.0));
    let positive = scale.norm() != Norm::Log || low > 0.0;
    if low < high && low.is_finite() && high.is_finite() && positive {
        (low, high)
    } else {
        (scale.limits().vmin, scale.limits().vmax)
    }
}

/// What decides on which ticks are drawn.
struct Marks<'a> {
    scale: &'a Scale,
    low: f64,
    high: f64,
    labelled: Option<Labelled>,
}

impl Marks<'_> {
    /// The ticks on the bar, the minor ones without those that are major ones.
    fn keep(&self, major: &[f64], minor: &[f64], minor_labelled: Option<Labelled>) -> Vec<Tick> {
        let positions = |values: &[f64]| {
            let mut positions = vec![0.0; values.len()];
            self.scale.positions(Values::F64(values), &mut positions);
            positions
        };
        let ends = positions(&[self.low, self.high]);
        let slack = (ends[1] - ends[0]) * SLACK;
        let range = ends[0] - slack..=ends[1] + slack;
        let (major_positions, minor_positions) = (positions(major), positions(minor));
        let tick = |value: f64, position: f64, minor: bool, labelled: Option<Labelled>| Tick {
            value,
            position: position.clamp(0.0, 1.0),
            label: labelled.map_or(Label::None, |labelled| labelled.label(value)),
            minor,
        };
        let majors = major
            .iter()
            .zip(&major_positions)
            .filter(|(_, position)| range.contains(position))
            .map(|(value, position)| tick(*value, *position, false, self.labelled));
        let is_major =
            |position: &f64| major_positions.iter().any(|major| (position - major).abs() <= SAME);
        let minors = minor
            .iter()
            .zip(&minor_positions)
            .filter(|(_, position)| range.contains(position) && !is_major(position))
            .map(|(value, position)| tick(*value, *position, true, minor_labelled));
        majors.chain(minors).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Resident;

    fn bar(norm: Norm, vmin: f64, vmax: f64) -> Colorbar {
        let scale = Scale::new(norm, Limits { vmin, vmax }).unwrap();
        Colorbar::new(&scale, &Colormap::default(), 9).unwrap()
    }

    fn labels(bar: &Colorbar) -> Vec<String> {
        bar.ticks.iter().map(|tick| tick.label.to_string()).collect()
    }

    #[test]
    fn a_logarithm_has_powers_of_ten_at_equal_distances() {
        let bar = bar(Norm::Log, 1.0, 1000.0);
        let major: Vec<&Tick> = bar.ticks.iter().filter(|tick| !tick.minor).collect();
        for (i, tick) in major.iter().enumerate() {
            assert!((tick.position - i as f64 / 3.0).abs() < 1e-15, "{tick:?}");
        }
        assert_eq!(labels(&bar)[..4], ["10^0", "10^1", "10^2", "10^3"]);
        assert_eq!((major.len(), bar.ticks.len(), bar.colors.len()), (4, 28, 256));
        assert_eq!((bar.norm, bar.offset), (Norm::Log, None));
    }

    #[test]
    fn a_power_has_round_numbers_where_the_norm_puts_them() {
        let bar = bar(Norm::Sqrt, 0.0, 4e6);
        assert_eq!(labels(&bar)[..3], ["0.0", "0.5", "1.0"]);
        assert_eq!(bar.ticks[2].position, 0.5);
        assert_eq!(bar.offset.as_deref(), Some("1e6"));
    }

    #[test]
    fn quantiles_stand_at_equal_distances() {
        let values: Vec<f64> = (0..=1024).map(f64::from).collect();
        let scale =
            Scale::equalized(&Resident::column(Values::F64(&values), None)).unwrap().unwrap();
        let bar = Colorbar::new(&scale, &Colormap::default(), 4).unwrap();
        assert_eq!(labels(&bar), ["0", "256", "512", "768", "1020"]);
        for (i, tick) in bar.ticks.iter().enumerate() {
            assert!((tick.position - i as f64 / 4.0).abs() < 1e-12, "{tick:?}");
        }
    }

    #[test]
    fn equal_limits_show_the_one_color_of_the_picture() {
        let colormap = Colormap::default();
        for norm in [Norm::Linear, Norm::Log, Norm::Sqrt, Norm::SymLog(1.0), Norm::Asinh(1.0)] {
            let bar = bar(norm, 5.0, 5.0);
            assert_eq!(bar.limits, Limits { vmin: 4.5, vmax: 5.5 }, "{norm}");
            assert_eq!(bar.colors, vec![colormap.table().unwrap()[0]; 256], "{norm}");
            // Nor has matplotlib ticks where symlog finds no power of ten.
            assert_eq!(bar.ticks.is_empty(), norm == Norm::SymLog(1.0), "{norm}");
        }
        let scale =
            Scale::equalized(&Resident::column(Values::F64(&[5.0, 5.0]), None)).unwrap().unwrap();
        let bar = Colorbar::new(&scale, &colormap, 9).unwrap();
        assert_eq!(
            (labels(&bar), bar.colors),
            (vec!["5".to_owned()], vec![colormap.table().unwrap()[0]; 256])
        );
    }

    #[test]
    fn limits_that_are_moved_apart_keep_the_colors_between_them() {
        let colormap = Colormap::default();
        let bar = bar(Norm::Linear, 0.0, 1e-300);
        assert_eq!(bar.limits, Limits { vmin: -0.1, vmax: 0.1 });
        assert_eq!(
            (bar.colors[0], bar.colors[255]),
            (colormap.table().unwrap()[0], colormap.table().unwrap()[255])
        );
    }

    #[test]
    fn an_end_is_pointed_where_the_data_goes_beyond() {
        let (under, over) = (Color([1; 4]), Color([2; 4]));
        let ends = |vmin, vmax| {
            let bar = bar(Norm::Linear, 0.0, 1.0).extended_to(Limits { vmin, vmax }, under, over);
            (bar.under, bar.over)
        };
        assert_eq!(ends(0.0, 1.0), (None, None));
        assert_eq!(ends(-1.0, 0.5), (Some(under), None));
        assert_eq!(ends(0.5, 1.5), (None, Some(over)));
    }

    #[test]
    fn values_further_apart_than_the_largest_number_have_their_limits_as_quantiles() {
        let (low, high) = (-1.768002258306753e308, 3.44243561162407e306);
        let values = [high, low];
        let layer = Resident::column(Values::F64(&values), None);
        let scale = Scale::equalized(&layer).unwrap().unwrap();
        let bar = Colorbar::new(&scale, &Colormap::default(), 2).unwrap();
        let values: Vec<f64> = bar.ticks.iter().map(|tick| tick.value).collect();
        assert_eq!(values, [low, high]);
    }

    proptest! {
        #[test]
        fn any_limits_of_any_norm_have_a_bounded_number_of_ticks(
            a in prop::num::f64::ANY, b in prop::num::f64::ANY, near: bool, ulps in 0u64..200,
            parameter in prop_oneof![0.01..100.0f64, prop::num::f64::POSITIVE | prop::num::f64::SUBNORMAL],
            which in 0usize..8, max_n in 0usize..20,
        ) {
            let norm = [
                Norm::Linear, Norm::Log, Norm::Sqrt, Norm::Cbrt, Norm::Power(2.0), Norm::Power(parameter),
                Norm::Asinh(parameter), Norm::SymLog(parameter),
            ][which];
            let b = if near { f64::from_bits(a.to_bits().wrapping_add(ulps)) } else { b };
            let (a, b) = if norm == Norm::Log { (a.abs(), b.abs()) } else { (a, b) };
            let Ok(scale) = Scale::new(norm, Limits { vmin: a.min(b), vmax: a.max(b) }) else {
                return Ok(());
            };
            let bar = Colorbar::new(&scale, &Colormap::default(), max_n).unwrap();
            prop_assert_eq!(bar.colors.len(), 256);
            prop_assert!(bar.ticks.len() < 150, "{}", bar.ticks.len());
            for tick in &bar.ticks {
                prop_assert!(tick.value.is_finite() && (0.0..=1.0).contains(&tick.position), "{tick:?}");
            }
        }

        #[test]
        fn any_values_have_quantiles(values in prop::collection::vec(any::<f64>(), 1..50), max_n in 0usize..20) {
            if let Some(scale) = Scale::equalized(&Resident::column(Values::F64(&values), None)).unwrap() {
                let bar = Colorbar::new(&scale, &Colormap::default(), max_n).unwrap();
                prop_assert!(bar.ticks.len() <= 9);
                prop_assert!(bar.ticks.is_sorted_by(|a, b| a.value < b.value));
            }
        }
    }
}
