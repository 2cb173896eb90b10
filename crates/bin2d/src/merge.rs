//! The shards of one job, merged into the grid of all their points.
//!
//! Counts, minima, maxima, and first and last values are those of a single run, to the bit. Sums, means and
//! deviations are added up in another order, so they may be a unit off in the last place of a 32-bit float; in 64
//! bits, they agree as far as any two orders do.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use pointillist_base::Progress;
use pointillist_base::memory::available_memory;

use crate::accumulate::Counter;
use crate::carried::{self, Stored};
use crate::grid::{Body, Counted};
use crate::plan::fits;
use crate::planes::{Accumulators, Kept};
use crate::{Binned, Description, Error, Extent, Frame, Grid, GridFile, Options, Shard, Stats};

/// All shards of one job, checked and ready to be merged.
#[derive(Debug)]
pub struct Shards {
    /// In the order of their rows.
    shards: Vec<Opened>,
    /// What the first of them says of itself, and all but for their counts, and for how their options were typed.
    about: Description,
    stats: Stats,
}

/// What is known of a shard while its file is closed.
#[derive(Debug)]
struct Opened {
    path: PathBuf,
    shard: Shard,
    identity: String,
    counts: Stats,
}

impl Shards {
    /// Opens and checks the shards of a job, in any order. Their pages are not read yet.
    ///
    /// # Errors
    /// [`Error::NotAShard`], [`Error::OtherJob`], [`Error::ShardTwice`] and [`Error::ShardsMissing`] say which file does
    /// not belong to the others, or what is missing; and the errors of [`GridFile::open`]. [`Error::Options`] where
    /// there are no paths at all.
    pub fn open(paths: &[PathBuf]) -> Result<Self, Error> {
        let mut first: Option<(&Path, Description)> = None;
        // Options may be typed in several ways: those of the first rows are recorded, whatever the order of the paths.
        let mut of_first_rows: Option<Description> = None;
        let mut shards = Vec::with_capacity(paths.len());
        for path in paths {
            let grid = GridFile::open(path)?;
            let about = grid.description();
            let Some(shard) = about.options.shard else {
                return Err(Error::NotAShard { path: path.clone() });
            };
            let (identity, counts) = (grid.identity().to_owned(), about.counts);
            let (first, expected) = first.get_or_insert_with(|| (path, about.clone()));
            if let Some(what) = difference(about, expected) {
                return Err(other_job(path, first, what));
            }
            if shard.index() == 1 {
                of_first_rows = Some(about.clone());
            }
            shards.push(Opened { path: path.clone(), shard, identity, counts });
        }
        let Some(about) = of_first_rows.or_else(|| first.map(|(_, about)| about)) else {
            return Err(Error::Options("there are no shards to merge".to_owned()));
        };
        shards.sort_by_key(|shard| shard.shard);
        let same = shards.iter().zip(shards.iter().skip(1)).find(|(a, b)| a.shard == b.shard);
        if let Some((one, again)) = same {
            return Err(Error::ShardTwice {
                path: again.path.clone(),
                first: one.path.clone(),
                shard: one.shard,
            });
        }
        let of = shards.first().map_or(0, |shard| shard.shard.of());
        let missing = missing(shards.iter().map(|shard| shard.shard.index()), of);
        if !missing.is_empty() {
            return Err(Error::ShardsMissing { missing, of });
        }
        let stats = total(&shards)?;
        Ok(Self { shards, about, stats })
    }

    /// The options of the whole: those of the shard with the first rows, but for which of them it is.
    pub fn options(&self) -> Options {
        Options { shard: None, ..self.about.options.clone() }
    }

    /// The identities of the points, in the order they were binned.
    pub fn points(&self) -> &[String] {
        &self.about.points
    }

    /// Where the points of all shards went.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Merges the shards, one after another, on the threads of the current rayon pool. What comes of it says of
    /// itself what the grid of a single run says, so that it is as up to date: its counts, minima, maxima, and
    /// first and last values are the same to the bit, and its sums, means and deviations to a unit in the last
    /// place of a 32-bit float, unless they are what far larger values leave that cancel. The result does not
    /// depend on the order of the paths nor on the number of threads. `progress` counts rows.
    ///
    /// Takes the memory of the grid, and of what of one shard has to be known together: three planes at most.
    ///
    /// # Errors
    /// Those of [`GridFile::open`] and [`GridFile::page`]; [`Error::Read`] where a file has changed since it was
    /// opened; [`Error::Memory`], [`Error::Allocation`] and [`Error::Cancelled`].
    pub fn merge(&self, progress: &dyn Progress) -> Result<Binned, Error> {
        let Description { size, extent, reductions, options, carried, .. } = &self.about;
        let read = carried::read(reductions, options.z.as_deref(), carried);
        let Some((fields, kept, stored)) = read else {
            // It was read when the file was opened.
            return Err(self.changed(0));
        };
        let counted = if self.stats.points <= u64::from(u32::MAX) {
            Counted::Narrow(Body::Dense(self.add_up(&kept, &stored, progress)?))
        } else {
            Counted::Wide(Body::Dense(self.add_up(&kept, &stored, progress)?))
        };
        let Extent { xmin, xmax, ymin, ymax } = *extent;
        let frame = Frame { extent: Extent::new(xmin, xmax, ymin, ymax)?, size: *size };
        let grid = Grid::new(frame, reductions.clone(), fields, self.stats, counted);
        Ok(Binned::new(grid, self.options(), self.about.points.clone()))
    }

    fn add_up<C: Counter>(
        &self,
        kept: &Kept,
        stored: &[Stored],
        progress: &dyn Progress,
    ) -> Result<Accumulators<C>, Error> {
        let size = self.about.size;
        let bytes = |kept: &Kept| kept.bytes_per_cell(size_of::<C>());
        let part = kept.parts().map(|part| bytes(&part)).max();
        let cell = bytes(kept) + part.unwrap_or(0);
        fits(size, &self.about.reductions, cell as u64, 0, available_memory()).map_err(
            |error| match error {
                // The size is what it is.
                Error::Memory { size, reductions, needed, available, .. } => {
                    Error::Memory { size, reductions, needed, available, fitting: None }
                }
                error => error,
            },
        )?;
        let (cells, width) = (size.cells() as usize, size.width() as usize);
        let mut all = Accumulators::new(cells, kept).map_err(Error::Allocation)?;
        for (number, shard) in self.shards.iter().enumerate() {
            let grid = GridFile::open(&shard.path)?;
            if grid.identity() != shard.identity || grid.description().counts != shard.counts {
                return Err(self.changed(number));
            }
            for part in kept.parts() {
                let mut theirs = Accumulators::<C>::new(cells, &part).map_err(Error::Allocation)?;
                for Stored { plane, field, page, .. } in stored {
                    if part.has(*plane, *field) {
                        let most = shard.counts.binned;
                        grid.fill(page, theirs.plane(*plane, *field), most, progress)?;
                    }
                }
                all.merge(theirs, width, width);
            }
            progress.advance(shard.counts.points);
        }
        Ok(all)
    }

    fn changed(&self, number: usize) -> Error {
        let path = self.shards.get(number).map(|shard| shard.path.clone()).unwrap_or_default();
        Error::Read { path, source: std::io::Error::other("it changed while it was merged") }
    }
}

fn other_job(path: &Path, first: &Path, what: String) -> Error {
    Error::OtherJob { path: path.to_owned(), first: first.to_owned(), what }
}

/// What a shard says of itself that another shard of the same job cannot.
fn difference(about: &Description, expected: &Description) -> Option<String> {
    let is = |what: &str, found: String, expected: String| {
        (found != expected).then(|| format!("its {what} is {found}, not {expected}"))
    };
    let shards = |about: &Description| about.options.shard.map_or(0, Shard::of);
    let of_points =
        || (about.points != expected.points).then(|| "it is of other points".to_owned());
    is("number of shards", shards(about).to_string(), shards(expected).to_string())
        .or_else(of_points)
        .or_else(|| is("size", about.size.to_string(), expected.size.to_string()))
        .or_else(|| is("extent", about.extent.to_string(), expected.extent.to_string()))
        .or_else(|| {
            is("list of pages", about.reductions.to_string(), expected.reductions.to_string())
        })
        .or_else(|| other_option(about, expected))
        .or_else(|| is("list of what is kept", about.carried.join(","), expected.carried.join(",")))
}

/// The first option that differs, as it is recorded. What options say of the cells and pages counts by what it came to, which
/// is compared before: a shard is up to date, and stays as it is, however that is typed.
fn other_option(about: &Description, expected: &Description) -> Option<String> {
    let record = |about: &Description| {
        let Options { cells, aspect, extent, reductions, .. } = Options::default();
        let z = about.z().map(str::to_owned);
        let options = about.options.clone();
        let same = Options { shard: None, cells, aspect, extent, reductions, z, ..options };
        serde_json::to_value(same).unwrap_or_default()
    };
    let (found, expected) = (record(about), record(expected));
    found.as_object()?.iter().find_map(|(name, value)| {
        let other = &expected[name];
        (value != other).then(|| format!("its option {name} is {value}, not {other}"))
    })
}

/// The counts of all shards together.
fn total(shards: &[Opened]) -> Result<Stats, Error> {
    let mut sum = Stats::default();
    for Opened { path, counts, .. } in shards {
        let Stats { points, binned, outside, non_finite } = *counts;
        let damaged = || Error::Damaged {
            path: path.clone(),
            reason: "its counts of points do not add up".to_owned(),
        };
        let all = binned.checked_add(outside).and_then(|some| some.checked_add(non_finite));
        if all != Some(points) {
            return Err(damaged());
        }
        // Up to here pages hold counts exactly. The other sums are no larger.
        let all = sum.points.checked_add(points).filter(|&all| all <= 1 << f64::MANTISSA_DIGITS);
        all.ok_or_else(damaged)?;
        sum += *counts;
    }
    // Shards that were cut by another rule, or of other points in spite of all, would hold some rows twice.
    let others = shards.iter().cycle().skip(1);
    for (Opened { path, shard, counts, .. }, other) in shards.iter().zip(others) {
        let share = shard.rows(sum.points);
        if counts.points != share.end - share.start {
            let what = format!(
                "it has {} rows, and shard {shard} of all {} rows has {}",
                counts.points,
                sum.points,
                share.end - share.start
            );
            return Err(other_job(path, &other.path, what));
        }
    }
    Ok(sum)
}

/// The numbers from 1 to `of` that are not among `present`, which are in order.
fn missing(present: impl Iterator<Item = u32>, of: u32) -> Vec<RangeInclusive<u32>> {
    let mut ranges = Vec::new();
    let mut before = 0;
    for index in present {
        if index - before > 1 {
            ranges.push(before + 1..=index - 1);
        }
        before = index;
    }
    if before < of {
        ranges.push(before + 1..=of);
    }
    ranges
}

#[cfg(test)]
mod tests;
