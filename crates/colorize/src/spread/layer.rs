//! The pages of a grid, grown, as a layer to be coloured.

use std::ops::Range;

use pointillist_base::{Dtype, OwnedValues, Progress, Values, ValuesMut};
use pointillist_bin2d::{GridFile, PageRows, Reduction, Term};

use super::{Density, Marker, Occupancy, Shape, Source, Spread, pages};
use crate::layer::{Buffer, COUNT, CountRows, Counts, resident_rows, slice};
use crate::limits::span;
use crate::{Band, Error, Layer, Norm, Resident, Stored};

/// Pages that take no more than this, before and after, are grown at once and kept. All others are grown row by
/// row, and again for every pass over the cells.
const KEPT: u64 = 512 << 20;

/// Rows that are grown together, at least: those around them that the markers reach come on top.
const ROWS: usize = 64;

/// How large points are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Growth {
    /// Every point as this marker.
    Marker(Marker),
    /// Every point as a marker of this form and the radius that [`Density`] finds, as datashader's `dynspread`.
    Dynamic(Shape),
}

/// The page of a grid with every point grown to a marker, and its counts.
pub struct Grown<'a> {
    plan: Plan,
    pages: Pages<'a>,
    progress: &'a dyn Progress,
}

/// What is grown, and to what.
struct Plan {
    spread: Spread,
    reduction: Reduction,
    /// Pages that the values are made of. The counts are the last one of these or stand behind them.
    needed: usize,
    dtype: Dtype,
    counts_dtype: Option<Dtype>,
}

enum Pages<'a> {
    /// The pages as they are: those that the values are made of, in the order of [`pages`], and the counts, if there
    /// are any, as the last one.
    Stored(Vec<PageRows<'a>>),
    /// The grown ones. Without counts also where the values are those.
    Kept { values: OwnedValues, counts: Option<OwnedValues> },
}

impl<'a> Grown<'a> {
    /// The page `by` of a grid with its counts, if it has any, grown.
    ///
    /// # Errors
    /// Those of [`pages`], those of [`GridFile::page_rows`], and a radius that is out of its range.
    pub fn new(
        grid: &'a GridFile,
        by: &str,
        growth: Growth,
        progress: &'a dyn Progress,
    ) -> Result<Self, Error> {
        Self::with_room(grid, by, growth, KEPT, progress)
    }

    /// The same, where `kept` bytes of pages are grown at once.
    fn with_room(
        grid: &'a GridFile,
        by: &str,
        growth: Growth,
        kept: u64,
        progress: &'a dyn Progress,
    ) -> Result<Self, Error> {
        let term: Term = by.parse().map_err(pointillist_bin2d::Error::from)?;
        let available: Vec<&str> = grid.page_names().collect();
        let mut names = pages(&term, &available)?;
        let needed = names.len();
        let counted = available.contains(&COUNT);
        if counted && names[needed - 1] != COUNT {
            names.push(COUNT.to_owned());
        }
        let plan = |layer: &dyn Layer| {
            let points = grid.description().counts.binned as f64;
            Plan::new(&term, needed, growth, layer, points)
        };
        // As many again for the grown ones.
        let bytes = 2 * 8 * names.len() as u64;
        let cells = u64::from(grid.width()) * u64::from(grid.height());
        if cells.saturating_mul(bytes) > kept {
            let rows = |name: &String| grid.page_rows(name, progress);
            let pages: Vec<PageRows<'_>> = names.iter().map(rows).collect::<Result<_, _>>()?;
            let counts = match by {
                COUNT => Some(CountRows::Same),
                _ => pages.last().filter(|_| counted).copied().map(CountRows::Other),
            };
            let plan = plan(&Stored::of(grid, pages[0], counts, progress))?;
            return Ok(Grown { plan, pages: Pages::Stored(pages), progress });
        }
        let mut read: Vec<OwnedValues> = Vec::new();
        for name in &names {
            go_on(progress)?;
            read.push(grid.page(name)?.values);
        }
        let counts = read.last().filter(|_| counted).map(Values::from);
        let (width, height) = (grid.width() as usize, grid.height() as usize);
        let plan = plan(&Resident::new(Values::from(&read[0]), counts, width, height)?)?;
        go_on(progress)?;
        let (mut values, mut counts) = (OwnedValues::default(), OwnedValues::default());
        plan.grow(&read, 0..height, &mut values, &mut counts, true)?;
        let counts = (counted && by != COUNT).then_some(counts);
        Ok(Grown { plan, pages: Pages::Kept { values, counts }, progress })
    }

    /// What every point is grown to.
    pub fn marker(&self) -> Marker {
        self.plan.spread.marker
    }
}

fn go_on(progress: &dyn Progress) -> Result<(), Error> {
    if progress.cancelled() { Err(Error::Cancelled) } else { Ok(()) }
}

impl Plan {
    /// For the page `term` of a layer of so many points, which is made of `needed` pages.
    fn new(
        term: &Term,
        needed: usize,
        growth: Growth,
        layer: &dyn Layer,
        points: f64,
    ) -> Result<Self, Error> {
        let marker = match growth {
            Growth::Marker(marker) => marker,
            Growth::Dynamic(shape) => Marker { radius: dynamic_radius(layer)?, shape },
        };
        let spread = Spread::new(marker, layer.width(), layer.height())?;
        let reduction = term.reduction();
        let counts_dtype = match Counts::of(layer) {
            Some(counts) => Some(counts_dtype(&counts, marker, points)?),
            None => None,
        };
        let is_count = reduction == Reduction::Count;
        let dtype = counts_dtype.filter(|_| is_count).unwrap_or(layer.dtype());
        Ok(Plan { spread, reduction, needed, dtype, counts_dtype })
    }

    /// Grows `rows` of the pages that were read, which are as in [`Pages::Stored`], into the values and, where these
    /// are others, the counts.
    fn grow(
        &self,
        read: &[OwnedValues],
        rows: Range<usize>,
        values: &mut OwnedValues,
        counts: &mut OwnedValues,
        in_parallel: bool,
    ) -> Result<(), Error> {
        let cells: Vec<Values<'_>> = read.iter().map(Values::from).collect();
        let mut source = Source::new(self.reduction, &cells[..self.needed])
            .ok_or_else(|| Error::SpreadOrder { page: self.reduction.to_string() })?;
        let len = rows.len() * self.spread.width;
        if let (Some(dtype), Some(&last)) = (self.counts_dtype, cells.last())
            && self.reduction != Reduction::Count
        {
            counts.resize(dtype, len)?;
            let counted = Source::Count(last);
            self.spread.rows_of(counted, rows.clone(), cells_mut(counts), in_parallel);
            if let Source::Mean { covering, .. } = &mut source {
                *covering = Some(Values::from(&*counts));
            }
        }
        values.resize(self.dtype, len)?;
        self.spread.rows_of(source, rows, cells_mut(values), in_parallel);
        Ok(())
    }
}

impl Layer for Grown<'_> {
    fn width(&self) -> usize {
        self.plan.spread.width
    }

    fn height(&self) -> usize {
        self.plan.spread.height
    }

    fn dtype(&self) -> Dtype {
        self.plan.dtype
    }

    fn counts_dtype(&self) -> Option<Dtype> {
        self.plan.counts_dtype
    }

    fn block_rows(&self) -> usize {
        match &self.pages {
            Pages::Kept { .. } => resident_rows(self.width()),
            Pages::Stored(pages) => self.least_rows().next_multiple_of(pages[0].rows_per_strip()),
        }
    }

    fn least_rows(&self) -> usize {
        match &self.pages {
            Pages::Kept { .. } => 1,
            // As many as lie around them.
            Pages::Stored(_) => ROWS.max(2 * self.marker().radius as usize),
        }
    }

    fn read<'b>(&'b self, rows: Range<usize>, buffer: &'b mut Buffer) -> Result<Band<'b>, Error> {
        let is_count = self.plan.reduction == Reduction::Count;
        let (values, counts) = match &self.pages {
            Pages::Kept { values, counts } => {
                let cells = rows.start * self.width()..rows.end * self.width();
                (slice(values, cells.clone()), counts.as_ref().map(|counts| slice(counts, cells)))
            }
            Pages::Stored(pages) => {
                go_on(self.progress)?;
                let given = self.plan.spread.input_rows(rows.clone());
                let Buffer { values, counts, pages: read, file } = buffer;
                read.resize_with(pages.len(), OwnedValues::default);
                for (page, read) in pages.iter().zip(&mut *read) {
                    page.read(given.clone(), read, file)?;
                }
                self.plan.grow(read, rows, values, counts, false)?;
                let has_others = self.plan.counts_dtype.is_some() && !is_count;
                (Values::from(&*values), has_others.then(|| Values::from(&*counts)))
            }
        };
        Ok(Band { values, counts: if is_count { Some(values) } else { counts } })
    }
}

/// The radius for the occupied cells of a layer.
fn dynamic_radius(layer: &dyn Layer) -> Result<u32, Error> {
    let (width, height) = (layer.width(), layer.height());
    let mut density = Density::new(width, height, Density::MAX_RADIUS)?;
    let rows = layer.block_rows().max(ROWS);
    let mut buffer = Buffer::default();
    for start in (0..height).step_by(rows) {
        let rows = start..height.min(start + rows);
        let band = layer.read(density.input_rows(rows.clone()), &mut buffer)?;
        let cells = band.counts.map_or(Occupancy::Values(band.values), Occupancy::Counts);
        density.add(cells, rows);
    }
    density.radius(Density::THRESHOLD)
}

/// The type that the grown counts of so many points fit into.
fn counts_dtype(counts: &Counts<'_>, marker: Marker, points: f64) -> Result<Dtype, Error> {
    let largest = || span(counts, Norm::Linear);
    let fits = counts.dtype() == Dtype::F32
        && (marker.counts_fit_f32(points, f64::INFINITY)
            || largest()?.is_none_or(|span| marker.counts_fit_f32(points, span.limits.vmax)));
    Ok(if fits { Dtype::F32 } else { Dtype::F64 })
}

fn cells_mut(values: &mut OwnedValues) -> ValuesMut<'_> {
    match values {
        OwnedValues::F32(values) => ValuesMut::F32(values),
        OwnedValues::F64(values) => ValuesMut::F64(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Drawing;
    use pointillist_base::Values;
    use pointillist_bin2d::{Aspect, Binned, Columns, Frame, Options, Size, bin, write_grid};
    use std::path::Path;

    /// A grid of three thousand points, most of them on a few lines.
    fn grid(folder: &Path, dtype: Dtype) -> GridFile {
        let scattered = |i: u64, step: u64| (i * step % 3001) as f64 / 3001.0;
        let x: Vec<f64> = (0..3000).map(|i| scattered(i, 7)).collect();
        let y: Vec<f64> = (0..3000).map(|i| scattered(i, 1009) * scattered(i, 3)).collect();
        let z: Vec<f64> =
            (0..3000).map(|i| if i % 50 == 0 { f64::NAN } else { scattered(i, 13) }).collect();
        let columns = Columns::new(Values::F64(&x), Values::F64(&y)).unwrap();
        let columns = columns.with_z("z", Values::F64(&z), true).unwrap();
        let options = Options {
            cells: pointillist_bin2d::Cells::Size(Size::new(3000, 300).unwrap()),
            reductions: Some("count,mean,max,std,sum,first".parse().unwrap()),
            extent: Some("0,1,0,1".parse().unwrap()),
            z: Some("z".to_owned()),
            dtype,
            ..Options::default()
        };
        let frame = Frame::resolve(options.cells, Aspect::Auto, options.extent, Default::default());
        let binned = bin(&[columns], &frame.unwrap(), options.reductions.as_ref().unwrap(), &());
        let binned = Binned::new(binned.unwrap(), options, vec!["0".to_owned()]);
        let path = folder.join("grid.tiff");
        write_grid(&binned, &path, &()).unwrap();
        GridFile::open(&path).unwrap()
    }

    #[test]
    fn pages_grown_at_once_and_row_by_row_make_the_same_picture() {
        let folder = tempfile::tempdir().unwrap();
        for dtype in [Dtype::F32, Dtype::F64] {
            let grid = grid(folder.path(), dtype);
            for by in ["count", "mean", "max", "std", "sum"] {
                for growth in [
                    Growth::Marker(Marker { radius: 3, shape: Shape::Circle }),
                    Growth::Marker(Marker { radius: 50, shape: Shape::Square }),
                    Growth::Dynamic(Shape::Circle),
                ] {
                    let options =
                        crate::Options { alpha: crate::Alpha::PerPoint(0.3), ..Default::default() };
                    let [kept, stored] = [KEPT, 0].map(|kept| {
                        let grown = Grown::with_room(&grid, by, growth, kept, &()).unwrap();
                        Drawing::new(&grown, by, &options).unwrap().picture().unwrap()
                    });
                    assert!(kept == stored, "{by} {growth:?}");
                    let as_it_is = Stored::new(&grid, by, &()).unwrap();
                    let as_it_is =
                        Drawing::new(&as_it_is, by, &options).unwrap().picture().unwrap();
                    let drawn = |rgba: &[u8]| rgba.chunks(4).filter(|pixel| pixel[3] > 0).count();
                    assert!(drawn(&kept.rgba) > 5 * drawn(&as_it_is.rgba), "{by} {growth:?}");
                }
            }
        }
    }

    #[test]
    fn what_a_grid_cannot_tell_of_grown_points_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let grid = grid(folder.path(), Dtype::F32);
        let growth = Growth::Marker(Marker { radius: 1, shape: Shape::Square });
        let error = |by| Grown::new(&grid, by, growth, &()).err().unwrap();
        assert!(matches!(error("first"), Error::SpreadOrder { .. }));
        assert!(matches!(error("var"), Error::SpreadNeeds { .. } | Error::Grid(_)));
        let growth = Growth::Marker(Marker { radius: 201, shape: Shape::Square });
        assert!(Grown::new(&grid, "mean", growth, &()).err().unwrap().is_usage());
    }
}
