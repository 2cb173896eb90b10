//! The picture: values and counts to RGBA, in parallel over blocks of cells.
//!
//! A block of cells is small enough to stay in the first-level cache while three simple loops run over it:
//! values to entries of a table of colours ([`Scale`]), counts to opacities, and both to pixels. Whatever
//! does not depend on the cell is worked into the table beforehand: where every occupied cell is equally
//! opaque, that is all but the look-up.

use std::collections::HashSet;

use pointillist_base::{Dtype, Float, Values};

use crate::alpha::Opacity;
use crate::lookup::Lookup;
use crate::sample::with_values;
use crate::{Band, Color, Error, Layer, Limits, Norm, Options, Paint, Scale};

/// Values that pass through all loops together: 8 KB of opacities beside as much of anything else.
const BLOCK: usize = 1024;

/// Values from which on a [`Lookup`] is made up for: it asks the scale for up to 65536 entries.
const LOOKUP_CELLS: usize = 1 << 18;

/// All that decides on the pixel of a cell, with nothing left to be found in the grid.
#[derive(Debug, Clone)]
pub struct Style {
    /// From value to entry; `None` where every occupied cell has entry 0.
    scale: Option<Scale>,
    /// The same function, for 32-bit values, if that pays.
    lookup: Option<Lookup>,
    /// The colours; behind them those of values below, above and without a position, and that of cells that
    /// are not occupied.
    table: Vec<Color>,
    opacity: Opacity,
    /// What is still to be composited under a pixel; `None` also where it is in the table already.
    background: Option<Color>,
}

impl Style {
    /// Resolves options against the cells they are to be used for. The norm is `norm`, whatever
    /// `options.norm` says.
    ///
    /// # Errors
    /// If an option is out of its range or does not fit the cells or the others, and those of the layer.
    pub fn new(layer: &dyn Layer, norm: Norm, options: &Options) -> Result<Style, Error> {
        options.check(norm)?;
        let opacity = Opacity::new(options.alpha, layer)?;
        let (scale, mut table) = match &options.paint {
            Paint::Color(color) => (None, vec![*color; 1 + OUTSIDE]),
            Paint::Colormap(colormap) => {
                let bad = options.bad.unwrap_or(colormap.bad());
                match Scale::fit(layer, norm, options.wanted())? {
                    Some(scale) => {
                        let fitted = colormap.fit(scale)?;
                        let mut table = fitted.colors;
                        table.push(options.under.unwrap_or(fitted.under));
                        table.push(options.over.unwrap_or(fitted.over));
                        table.push(bad);
                        (Some(fitted.scale), table)
                    }
                    // No value has a position.
                    None => (None, vec![bad; 1 + OUTSIDE]),
                }
            }
        };
        let lookup = scale
            .as_ref()
            .filter(|scale| scale.is_slow() && layer.dtype() == Dtype::F32)
            .filter(|_| layer.width().saturating_mul(layer.height()) >= LOOKUP_CELLS)
            .and_then(|scale| {
                Lookup::new(scale, (table.len() - OUTSIDE) as u16, table.len() as u16)
            });
        table.push(Color::TRANSPARENT);
        let mut background = options.background;
        if let Opacity::Uniform(opacity) = opacity {
            let below = background.take();
            table.iter_mut().for_each(|color| *color = pixel(*color, opacity, below));
        }
        Ok(Style { scale, lookup, table, opacity, background })
    }

    /// The limits of the norm; `None` where there is no colormap, or no occupied cell has a finite value.
    pub fn limits(&self) -> Option<Limits> {
        self.scale.as_ref().map(Scale::limits)
    }

    /// The limits of the norm between count and opacity, if there is one.
    pub fn alpha_limits(&self) -> Option<Limits> {
        self.opacity.limits()
    }

    /// The colours of all pixels, in the order of the colormap, if they can be told without the cells and are at
    /// most 256.
    pub(crate) fn palette(&self) -> Option<Vec<Color>> {
        let Opacity::Uniform(_) = self.opacity else { return None };
        let mut seen = HashSet::new();
        let colors = self.table.iter().copied().filter(|color| seen.insert(color.0)).collect();
        (seen.len() <= 256).then_some(colors)
    }

    /// Whether no pixel lets anything shine through, whatever the cells are.
    pub(crate) fn is_opaque(&self) -> bool {
        let opaque = |color: &Color| color.0[3] == 255;
        match self.opacity {
            Opacity::Uniform(_) => self.table.iter().all(opaque),
            _ => self.background.as_ref().is_some_and(opaque),
        }
    }

    /// The entry of cells that are not occupied.
    fn empty(&self) -> u16 {
        (self.table.len() - 1) as u16
    }

    /// Shades cells into as many pixels, RGBA with straight alpha.
    ///
    /// # Panics
    /// If there are not as many pixels as cells.
    pub fn shade(&self, band: Band<'_>, pixels: &mut [[u8; 4]]) {
        assert_eq!(pixels.len(), band.values.len(), "one pixel a cell");
        for (i, out) in pixels.chunks_mut(BLOCK).enumerate() {
            let (start, end) = (i * BLOCK, i * BLOCK + out.len());
            let counts = band.counts.map(|counts| counts.slice(start..end));
            self.shade_block(band.values.slice(start..end), counts, out);
        }
    }

    /// The entries of a block without a look-up.
    fn computed(&self, values: Values<'_>, counts: Option<Values<'_>>, entries: &mut [u16]) {
        if let Some(scale) = &self.scale {
            scale.entries(values, self.empty() - OUTSIDE as u16, entries);
        }
        match counts {
            Some(counts) => with_values!(counts, counts => {
                empty_where(counts, self.empty(), entries, |count| count <= Float::ZERO);
            }),
            None => with_values!(values, values => {
                empty_where(values, self.empty(), entries, |value| value.is_nan());
            }),
        }
    }

    fn shade_block(&self, values: Values<'_>, counts: Option<Values<'_>>, out: &mut [[u8; 4]]) {
        let mut entries = [0; BLOCK];
        let entries = &mut entries[..out.len()];
        match (&self.scale, &self.lookup, values) {
            (Some(scale), Some(lookup), Values::F32(values)) => {
                lookup.entries(scale, values, counts, entries);
            }
            _ => self.computed(values, counts, entries),
        }
        let (Some(counts), false) = (counts, matches!(self.opacity, Opacity::Uniform(_))) else {
            for (out, &entry) in out.iter_mut().zip(&*entries) {
                *out = self.table[usize::from(entry)].0;
            }
            return;
        };
        let mut opacities = [0.0; BLOCK];
        let opacities = &mut opacities[..out.len()];
        self.opacity.fill(counts, opacities);
        for ((out, &entry), &opacity) in out.iter_mut().zip(&*entries).zip(&*opacities) {
            *out = pixel(self.table[usize::from(entry)], opacity, self.background).0;
        }
    }
}

/// How many entries of a table stand for values outside of it: below, above and without a position.
const OUTSIDE: usize = 3;

/// Gives the cells that are not occupied their entry.
fn empty_where<T: Copy>(
    cells: &[T],
    empty: u16,
    entries: &mut [u16],
    is_empty: impl Fn(T) -> bool,
) {
    for (entry, &cell) in entries.iter_mut().zip(cells) {
        *entry = if is_empty(cell) { empty } else { *entry };
    }
}

/// A colour of this opacity, in place of `round(255 * opacity * alpha of the colour)`, over what is below.
#[inline(always)]
fn pixel(Color([r, g, b, a]): Color, opacity: f64, below: Option<Color>) -> Color {
    let color = Color([r, g, b, (f64::from(a) * opacity + 0.5) as u8]);
    below.map_or(color, |below| color.over(below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Alpha, Drawing, Resident, colorize, naive};
    use pointillist_base::OwnedValues;
    use pointillist_bin2d::Page;
    use proptest::prelude::*;

    const NAN: f32 = f32::NAN;

    fn page(name: &str, values: &[f32]) -> Page {
        Page { name: name.to_owned(), values: OwnedValues::F32(values.to_vec()) }
    }

    fn pixels(values: &[f32], counts: Option<&[f32]>, options: &Options) -> Vec<[u8; 4]> {
        let counts = counts.map(|counts| page("count", counts));
        let picture =
            colorize(&page("mean", values), counts.as_ref(), values.len(), 1, options).unwrap();
        picture.rgba.as_chunks().0.to_vec()
    }

    fn map(text: &str) -> Paint {
        Paint::Colormap(text.parse().unwrap())
    }

    #[test]
    fn a_cell_without_points_is_transparent_whatever_its_value() {
        let options = Options { bad: Some(Color([9; 4])), ..Options::default() };
        let found = pixels(&[1.0, 2.0, NAN, NAN], Some(&[1.0, 0.0, 0.0, 2.0]), &options);
        assert_eq!(found, [[68, 1, 84, 255], [0; 4], [0; 4], [9; 4]]);
    }

    #[test]
    fn without_counts_a_cell_is_empty_where_its_value_is_nan() {
        let options = Options { bad: Some(Color([9; 4])), ..Options::default() };
        let found = pixels(&[1.0, NAN, 2.0], None, &options);
        assert_eq!(found, [[68, 1, 84, 255], [0; 4], [253, 231, 36, 255]]);
    }

    #[test]
    fn a_grid_without_points_is_a_transparent_picture_without_limits() {
        let alpha = Alpha::Norm { norm: Norm::Log, range: (0.5, 1.0) };
        for options in [Options::default(), Options { alpha, ..Options::default() }] {
            let counts = page("count", &[0.0; 2]);
            let picture =
                colorize(&page("mean", &[NAN; 2]), Some(&counts), 2, 1, &options).unwrap();
            assert_eq!(picture.rgba, [0; 8]);
            assert_eq!((picture.limits, picture.alpha_limits), (None, None));
            let picture = colorize(&counts, Some(&counts), 2, 1, &options).unwrap();
            assert_eq!((picture.norm, picture.limits), (Some(Norm::Log), None));
        }
        assert!(colorize(&page("mean", &[]), None, 0, 7, &Options::default()).is_ok());
    }

    #[test]
    fn values_without_any_finite_one_are_bad() {
        let bad = Color([1, 2, 3, 255]);
        let options = Options { bad: Some(bad), ..Options::default() };
        let found = pixels(&[NAN, f32::INFINITY, NAN], Some(&[1.0, 1.0, 0.0]), &options);
        assert_eq!(found, [bad.0, bad.0, [0; 4]]);
    }

    #[test]
    fn values_outside_the_limits_have_colors_of_their_own_on_request() {
        let mut options = Options {
            vmin: Some(2.0),
            vmax: Some(3.0),
            paint: map("#000000,#ffffff"),
            ..Options::default()
        };
        let values = [1.0, 2.0, 3.0, 4.0];
        let [black, white] = [[0, 0, 0, 255], [255; 4]];
        assert_eq!(pixels(&values, None, &options), [black, black, white, white]);
        options.under = Some(Color([1; 4]));
        options.over = Some(Color([2; 4]));
        assert_eq!(pixels(&values, None, &options), [[1; 4], black, white, [2; 4]]);
    }

    #[test]
    fn one_color_does_not_look_at_the_value() {
        let options = Options {
            paint: Paint::Color(Color([10, 20, 30, 200])),
            alpha: Alpha::PerPoint(0.5),
            ..Options::default()
        };
        let found = pixels(&[NAN, -1.0, 5.0], Some(&[1.0, 2.0, 0.0]), &options);
        assert_eq!(found, [[10, 20, 30, 100], [10, 20, 30, 150], [0; 4]]);
        let picture = colorize(&page("mean", &[1.0]), None, 1, 1, &options).unwrap();
        assert_eq!((picture.norm, picture.limits), (None, None));
        assert_eq!(picture.rgba, [10, 20, 30, 100]);
    }

    #[test]
    fn over_an_opaque_background_every_pixel_is_opaque() {
        let options = Options {
            alpha: Alpha::PerPoint(0.3),
            background: Some(Color([255; 4])),
            paint: Paint::Color(Color([0, 0, 0, 255])),
            ..Options::default()
        };
        let found = pixels(&[1.0, 1.0, NAN], Some(&[1.0, 100.0, 0.0]), &options);
        assert_eq!(found, [[178, 178, 178, 255], [0, 0, 0, 255], [255; 4]]);
    }

    #[test]
    fn pages_of_another_size_are_refused() {
        let values = page("mean", &[1.0; 6]);
        let error = |counts: &[f32], width, height| {
            colorize(&values, Some(&page("count", counts)), width, height, &Options::default())
                .unwrap_err()
                .to_string()
        };
        assert!(error(&[1.0; 6], 4, 2).contains("the page holds 6 cells"));
        assert!(error(&[1.0; 5], 3, 2).contains("the count page holds 5 cells"));
        assert!(error(&[1.0; 6], usize::MAX, 2).contains("too large"));
        assert!(error(&[1.0; 6], usize::MAX / 4, 2).contains("too large"));
    }

    fn norms() -> impl Strategy<Value = Norm> {
        prop_oneof![
            Just(Norm::Linear),
            Just(Norm::Log),
            Just(Norm::Sqrt),
            Just(Norm::Cbrt),
            Just(Norm::Log1p),
            Just(Norm::Power(2.5)),
            Just(Norm::Asinh(0.7)),
            Just(Norm::SymLog(1.5)),
        ]
    }

    fn alphas() -> impl Strategy<Value = Alpha> {
        let scaled = (norms(), 0.0..=1.0, 0.0..=1.0)
            .prop_map(|(norm, low, high)| Alpha::Norm { norm, range: (low, high) });
        prop_oneof![Just(Alpha::default()), (0.0..=1.0).prop_map(Alpha::PerPoint), scaled]
    }

    fn colors() -> impl Strategy<Value = Option<Color>> {
        prop::option::of(any::<[u8; 4]>().prop_map(Color))
    }

    prop_compose! {
        fn options()(
            norm in norms(),
            paint in prop_oneof![
                Just(map("viridis")),
                Just(map("twilight_r")),
                Just(map("Set3")),
                Just(map("#f008,#0f0,#00f0")),
                Just(Paint::Color(Color([1, 2, 3, 250]))),
            ],
            alpha in alphas(),
            limits in prop::option::of((0.5..2.0, 3.0..9.0)),
            under in colors(),
            bad in colors(),
            background in colors(),
        ) -> Options {
            let (vmin, vmax) = limits.unzip();
            Options { norm: Some(norm), vmin, vmax, clip: None, paint, under, over: None, bad, alpha, background, ..Options::default() }
        }
    }

    /// Values that repeat, with the ones that are no numbers, and counts beside them.
    fn cells() -> impl Strategy<Value = Vec<(f32, u16)>> {
        let value = prop_oneof![
            4 => 0.01f32..10.0,
            1 => prop::sample::select(vec![NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -1.0, 3.0]),
        ];
        prop::collection::vec((value, prop_oneof![Just(0), 1..5u16, 1..3000u16]), 1..3000)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn pixels_are_those_of_the_naive_twin(options in options(), cells in cells(), counted: bool) {
            let values: Vec<f32> = cells.iter().map(|cell| cell.0).collect();
            let counts: Vec<f64> = cells.iter().map(|cell| f64::from(cell.1)).collect();
            let counts = counted.then_some(&counts[..]);
            let norm = options.norm.unwrap();
            let layer = Resident::column(Values::F32(&values), counts.map(Values::F64));
            match Drawing::new(&layer, "mean", &options).and_then(|drawing| drawing.picture()) {
                Ok(found) => prop_assert_eq!(found.rgba, naive::picture(&values, counts, norm, &options)),
                Err(Error::NothingPositive | Error::ReversedLimits { .. } | Error::NoCounts) => {}
                Err(error) => prop_assert!(false, "{error}"),
            }
        }

        #[test]
        fn the_bytes_do_not_depend_on_the_number_of_threads(options in options(), eq_hist: bool) {
            let values: Vec<f64> = (0..200_000u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 16)).collect();
            let counts: Vec<f32> = values.iter().map(|value| (value % 17.0) as f32).collect();
            let options = Options {
                norm: if eq_hist { Some(Norm::EqHist) } else { options.norm },
                vmin: None,
                vmax: None,
                clip: (!eq_hist).then_some((1.0, 99.0)),
                ..options
            };
            let picture = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| {
                    let layer = Resident::column(Values::F64(&values), Some(Values::F32(&counts)));
                    Drawing::new(&layer, "mean", &options).unwrap().picture().unwrap()
                })
            };
            prop_assert_eq!(picture(1), picture(5));
        }
    }
}
