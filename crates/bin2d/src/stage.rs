//! The whole stage: opened points and options to a grid that knows where it came from.

use std::ops::Range;

use pointillist_base::{Dtype, Progress};
use pointillist_ingest::{Column, Points};

use crate::over::Coloring;
use crate::plan::no_column;
use crate::run::bin_colored;
use crate::{Binned, Bounds, Columns, Compression, Error, Frame, Options, Reductions, Shard, Size};

/// Bins `points`, one after another, as if their rows were one table, or the share of it that the options ask
/// for. The extent, where none is asked for, is what all rows span, also those of other shares. Runs on the
/// threads of the current rayon pool; `progress` counts rows.
///
/// # Errors
/// [`Error::Points`] when a column is missing or cannot be read, [`Error::Columns`] when only some have z,
/// [`Error::Options`] when the options make no grid, and the errors of [`bin`](crate::bin).
pub fn bin2d(
    points: &[Points],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Binned, Error> {
    let z = z_column(points, options)?;
    let reductions = reductions(options, z);
    // A column that nothing is computed from is not read.
    let names = reductions.columns(z).ok_or_else(|| no_column(&reductions, "z"))?;
    // Reductions that name no column are of the first that is handed on.
    let names: Vec<&str> = match z.filter(|z| names.contains(z)) {
        Some(z) => [z].into_iter().chain(names.into_iter().filter(|&name| name != z)).collect(),
        None => names,
    };
    let coloring = Coloring::of_points(options, &reductions, points)?;
    let channels = coloring.columns(&reductions).iter().copied();
    let channels: Vec<&str> = channels.filter(|name| !names.contains(name)).collect();
    let names = [names, channels].concat();
    let tables: Vec<Table<'_>> = points
        .iter()
        .map(|points| Table::new(points, options, &names))
        .collect::<Result<_, _>>()?;
    let frame = frame(points, options)?;
    let mut sources: Vec<Columns<'_>> =
        tables.iter().map(|table| table.columns(&names)).collect::<Result<_, _>>()?;
    if let Some(shard) = options.shard {
        let all = sources.iter().map(|columns| columns.rows() as u64).sum();
        sources = share(sources, &shard.rows(all));
    }
    let grid = bin_colored(&sources, &frame, &reductions, &coloring, progress)?;
    let identities = points.iter().map(|points| points.identity().to_owned()).collect();
    Ok(Binned::new(grid, options.clone(), identities))
}

/// The pages that are asked for, where `z` is the column of those that name none.
fn reductions(options: &Options, z: Option<&str>) -> Reductions {
    options.reductions.clone().unwrap_or_else(|| Reductions::default_for(z.is_some()))
}

/// Where the cells lie that are asked for.
fn frame(points: &[Points], options: &Options) -> Result<Frame, Error> {
    let all = |name: &str| -> Result<Vec<&Column>, pointillist_ingest::Error> {
        points.iter().map(|points| points.column(name)).collect()
    };
    let (x, y) = (all(&options.x)?, all(&options.y)?);
    let each = x.iter().zip(&y).map(|(x, y)| Bounds { x: x.bounds(), y: y.bounds() });
    let bounds = each.fold(Bounds::default(), Bounds::union);
    // As the coarser of the types says, where there are several.
    let stored = [x, y].map(|columns| {
        let is_single = columns.iter().any(|column| column.dtype() == Dtype::F32);
        if is_single { Dtype::F32 } else { Dtype::F64 }
    });
    let Options { cells, aspect, extent, .. } = *options;
    Frame::resolve_stored(cells, aspect, extent, bounds, stored)
}

/// What options come to, of some points: all that a grid of them depends on.
#[derive(PartialEq)]
struct Resolved<'a> {
    /// As it is recorded, in which zeros have a sign.
    extent: String,
    size: Size,
    reductions: Reductions,
    /// The column of the reductions that name none, where there are any.
    z: Option<&'a str>,
    coloring: Coloring,
    x: &'a str,
    y: &'a str,
    dtype: Dtype,
    compress: Compression,
    shard: Option<Shard>,
}

impl<'a> Resolved<'a> {
    fn new(options: &'a Options, points: &[Points]) -> Result<Self, Error> {
        let Options { x, y, dtype, compress, shard, .. } = options;
        let z = z_column(points, options)?;
        let reductions = reductions(options, z);
        let Frame { extent, size } = frame(points, options)?;
        Ok(Self {
            extent: extent.to_string(),
            size,
            z: z.filter(|_| reductions.first_of_z().is_some()),
            coloring: Coloring::of_points(options, &reductions, points)?,
            reductions,
            x,
            y,
            dtype: *dtype,
            compress: *compress,
            shard: *shard,
        })
    }
}

impl Options {
    /// Bytes that a file of such a grid of these points has at least; `None` where that is not known before it is compressed, and
    /// where there can be no such grid.
    pub fn fewest_bytes_of(&self, points: &[Points]) -> Option<u64> {
        let Resolved { size, reductions, .. } = Resolved::new(self, points).ok()?;
        self.bytes_of_pages(size, reductions.as_slice().len())
    }

    /// Whether other options make the same grid of these points: with the extent spelled out that is theirs, say, or the
    /// reductions that are the default.
    pub fn make_same(&self, other: &Self, points: &[Points]) -> bool {
        let resolved = |options| Resolved::new(options, points).ok();
        self == other
            || resolved(self).is_some_and(|this| resolved(other).is_some_and(|that| this == that))
    }
}

/// Only these of the rows, which are counted through all columns. Those that have none of them stay, with no
/// rows: what is kept depends on what is known of all, so that all shards keep the same.
pub(crate) fn share<'a>(sources: Vec<Columns<'a>>, rows: &Range<u64>) -> Vec<Columns<'a>> {
    let mut before = 0;
    let cut = |columns: Columns<'a>| {
        let here = before..before + columns.rows() as u64;
        before = here.end;
        // Within the columns, whose rows have numbers that fit.
        let [start, end] = [rows.start, rows.end]
            .map(|row| (row.clamp(here.start, here.end) - here.start) as usize);
        columns.share(start..end)
    };
    sources.into_iter().map(cut).collect()
}

/// The columns of one of several points that are binned together.
struct Table<'a> {
    x: &'a Column,
    y: &'a Column,
    /// Those that are reduced.
    z: Vec<&'a Column>,
}

impl<'a> Table<'a> {
    fn new(
        points: &'a Points,
        options: &Options,
        names: &[&str],
    ) -> Result<Self, pointillist_ingest::Error> {
        Ok(Self {
            x: points.column(&options.x)?,
            y: points.column(&options.y)?,
            z: names.iter().map(|name| points.column(name)).collect::<Result<_, _>>()?,
        })
    }

    fn columns(&self, names: &[&'a str]) -> Result<Columns<'a>, Error> {
        let mut columns = Columns::new(self.x, self.y)?;
        for (name, &z) in names.iter().zip(&self.z) {
            columns = columns.with_z(name, z, z.non_finite() > 0)?;
        }
        Ok(columns)
    }
}

/// The name of the column that reductions are of when they name none: the one asked for, or `z` where all points
/// have it.
fn z_column<'a>(points: &[Points], options: &'a Options) -> Result<Option<&'a str>, Error> {
    if let Some(name) = &options.z {
        return Ok(Some(name));
    }
    let needed = options.reductions.as_ref().is_none_or(|list| list.first_of_z().is_some());
    let with = points.iter().find(|points| points.has_column("z"));
    let without = points.iter().find(|points| !points.has_column("z"));
    match (with, without) {
        (Some(with), Some(without)) if needed => {
            Err(Error::Columns { with: with.path().to_owned(), without: without.path().to_owned() })
        }
        (Some(_), None) => Ok(Some("z")),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cells, Reduction, Size};
    use pointillist_base::{Dtype, OwnedValues};
    use pointillist_ingest::{Input, ingest};
    use std::path::Path;

    fn points(folder: &Path, name: &str, text: &'static str) -> Points {
        let path = folder.join(name);
        let reader = Box::new(text.as_bytes());
        let input = Input::Stream { name: "-".to_owned(), reader };
        ingest(vec![input], &path, &pointillist_ingest::Options::default(), &()).unwrap();
        Points::open(&path).unwrap()
    }

    fn two_by_two() -> Options {
        Options { cells: Cells::Size(Size::new(2, 2).unwrap()), ..Options::default() }
    }

    #[test]
    fn several_points_are_binned_as_if_they_were_one() {
        let folder = tempfile::tempdir().unwrap();
        let a = points(folder.path(), "a.points", "0 0 1\n1 1 3\n");
        let b = points(folder.path(), "b.points", "4 4 5\n0 4 nan\n1 0 2\n");
        let binned = bin2d(&[a, b], &two_by_two(), &()).unwrap();
        let grid = binned.grid();
        assert_eq!(grid.extent(), "0,4,0,4".parse().unwrap());
        assert_eq!(grid.reductions().to_string(), "count,mean");
        assert_eq!(
            grid.page(&Reduction::Count.into(), Dtype::F32).unwrap().values,
            OwnedValues::F32(vec![1.0, 1.0, 3.0, 0.0])
        );
        let OwnedValues::F64(mean) = grid.page(&Reduction::Mean.into(), Dtype::F64).unwrap().values
        else {
            panic!("64 bits were asked for");
        };
        assert!(mean[0].is_nan() && mean[3].is_nan());
        assert_eq!(mean[1..3], [5.0, 2.0]);
        assert_eq!(binned.points().len(), 2);
    }

    #[test]
    fn a_shard_has_its_rows_and_no_others_whatever_the_blocks_of_the_zones() {
        let folder = tempfile::tempdir().unwrap();
        // In order, so that whole blocks lie beside the extent.
        let table = |name: &str, rows: Range<u32>| {
            let text: String = rows.map(|row| format!("{row} 0\n")).collect();
            points(folder.path(), name, text.leak())
        };
        let tables = [table("a.points", 0..150_000), table("b.points", 150_000..310_000)];
        let extent = Some("70000,240000,-1,1".parse().unwrap());
        for of in [1, 2, 3, 7] {
            let mut all = 0;
            for index in 1..=of {
                let shard = Shard::new(index, of).unwrap();
                let options = Options { extent, shard: Some(shard), ..two_by_two() };
                let stats = bin2d(&tables, &options, &()).unwrap().grid().stats();
                let rows = shard.rows(310_000);
                let inside = rows.end.min(240_001).saturating_sub(rows.start.max(70_000));
                assert_eq!((stats.points, stats.binned), (rows.end - rows.start, inside));
                all += inside;
            }
            assert_eq!(all, 170_001);
            let options = Options { shard: Some(Shard::new(of, of).unwrap()), ..two_by_two() };
            let extent = bin2d(&tables, &options, &()).unwrap().grid().extent();
            assert_eq!(extent.xmax, 309_999.0);
        }
    }

    #[test]
    fn blocks_of_zones_are_left_out_by_edges_of_the_precision_of_their_columns() {
        let folder = tempfile::tempdir().unwrap();
        // In 32 bits, 0.1 lies above 0.1 in 64, and 0.7 below.
        for (value, extent) in [("0.1", "0,0.1,0,1"), ("0.7", "0.7,1,0,1")] {
            let text = format!("{value} 0.5 0 0 0\n").repeat(70_000);
            for dtype in [Dtype::F32, Dtype::F64] {
                let path = folder.path().join(format!("{value}-{dtype}.points"));
                let columns = "x=1,y=2,r=3,g=4,b=5".parse().unwrap();
                let reading = pointillist_ingest::Options {
                    dtype: dtype.into(),
                    columns,
                    ..Default::default()
                };
                let reader = Box::new(std::io::Cursor::new(text.clone()));
                let input = Input::Stream { name: "-".to_owned(), reader };
                ingest(vec![input], &path, &reading, &()).unwrap();
                let points = [Points::open(&path).unwrap()];
                for reductions in ["count", "over", "count,over"] {
                    let options = Options {
                        extent: Some(extent.parse().unwrap()),
                        reductions: Some(reductions.parse().unwrap()),
                        ..two_by_two()
                    };
                    let stats = bin2d(&points, &options, &()).unwrap().grid().stats();
                    assert_eq!((stats.binned, stats.outside), (70_000, 0), "{value} {dtype}");
                }
            }
        }
    }

    #[test]
    fn bounds_that_are_one_number_in_32_bits_are_widened_to_its_neighbours() {
        let folder = tempfile::tempdir().unwrap();
        let points = points(folder.path(), "a.points", "3e7 0\n3e7 1\n");
        for aspect in [crate::Aspect::Auto, crate::Aspect::Equal] {
            let options = Options { aspect, ..two_by_two() };
            let binned = bin2d(std::slice::from_ref(&points), &options, &()).unwrap();
            let grid = binned.grid();
            assert_eq!(grid.stats().binned, 2);
            assert_eq!(grid.extent(), "29999998,30000002,0,1".parse().unwrap());
        }
    }

    #[test]
    fn the_fewest_bytes_are_those_of_all_pages_where_the_points_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let with = [points(folder.path(), "a.points", "0 0 1\n1 2 3\n")];
        let without = [points(folder.path(), "b.points", "0 0\n1 2\n")];
        let options = two_by_two();
        assert_eq!(options.fewest_bytes_of(&with), Some(2 * 4 * 4));
        assert_eq!(options.fewest_bytes_of(&without), Some(4 * 4));
        let cells = Cells::Resolution(0.5);
        assert_eq!(Options { cells, ..two_by_two() }.fewest_bytes_of(&without), Some(2 * 4 * 4));
        let compress = Compression::Deflate;
        assert_eq!(Options { compress, ..two_by_two() }.fewest_bytes_of(&with), None);
    }

    #[test]
    fn options_make_the_same_where_they_come_to_the_same_of_these_points() {
        let folder = tempfile::tempdir().unwrap();
        let all = [points(folder.path(), "a.points", "0 0 1\n1 2 3\n")];
        let usual = two_by_two();
        let extent = |text: &str| Options { extent: Some(text.parse().unwrap()), ..two_by_two() };
        let reduced =
            |text: &str| Options { reductions: Some(text.parse().unwrap()), ..two_by_two() };
        for same in [
            extent("0,1,0,2"),
            reduced("count,mean"),
            Options { z: Some("z".to_owned()), ..two_by_two() },
        ] {
            assert!(usual.make_same(&same, &all) && same.make_same(&usual, &all), "{same:?}");
        }
        let square = Options { aspect: crate::Aspect::Equal, ..extent("0,1,0,2") };
        assert!(extent("-0.5,1.5,0,2").make_same(&square, &all));
        let resolution = Options { cells: Cells::Resolution(1.0), ..extent("0,2,0,2") };
        assert!(extent("0,2,0,2").make_same(&resolution, &all));
        // Without a reduction of it, z is of no importance.
        let counted = |z: &str| Options { z: Some(z.to_owned()), ..reduced("count") };
        assert!(reduced("count").make_same(&counted("y"), &all));
        for differs in [
            extent("0,1,0,3"),
            extent("-0.0,1,0,2"),
            reduced("mean,count"),
            reduced("count,mean:z"),
            Options { z: Some("y".to_owned()), ..two_by_two() },
            Options { x: "y".to_owned(), ..two_by_two() },
            Options { dtype: Dtype::F64, ..two_by_two() },
            Options { compress: Compression::Deflate, ..two_by_two() },
            Options { shard: Some("1/2".parse().unwrap()), ..two_by_two() },
            Options { x: "none".to_owned(), ..two_by_two() },
        ] {
            assert!(!usual.make_same(&differs, &all), "{differs:?}");
        }
    }

    #[test]
    fn points_without_z_are_counted_only() {
        let folder = tempfile::tempdir().unwrap();
        let points = points(folder.path(), "a.points", "0 0\n1 1\n");
        let binned = bin2d(std::slice::from_ref(&points), &two_by_two(), &()).unwrap();
        assert_eq!(binned.grid().reductions().to_string(), "count");

        let options = Options { reductions: Some("count,max".parse().unwrap()), ..two_by_two() };
        let message = bin2d(std::slice::from_ref(&points), &options, &()).unwrap_err().to_string();
        assert!(message.starts_with("max is a reduction of z"), "{message}");

        let options = Options { z: Some("w".to_owned()), ..two_by_two() };
        let message = bin2d(&[points], &options, &()).unwrap_err().to_string();
        assert!(message.contains("no column \"w\""), "{message}");
    }

    #[test]
    fn points_of_which_only_some_have_z_are_refused_unless_they_are_only_counted() {
        let folder = tempfile::tempdir().unwrap();
        let both = [
            points(folder.path(), "a.points", "0 0 1\n"),
            points(folder.path(), "b.points", "1 1\n"),
        ];
        let message = bin2d(&both, &two_by_two(), &()).unwrap_err().to_string();
        assert!(message.contains("b.points: no column \"z\", which"), "{message}");
        let options = Options { reductions: Some("count".parse().unwrap()), ..two_by_two() };
        assert_eq!(bin2d(&both, &options, &()).unwrap().grid().stats().binned, 2);
    }
}
