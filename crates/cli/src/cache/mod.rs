//! What lies between input and picture, and where it is kept.
//!
//! It belongs to what it is made from, and not to the picture: columns to the inputs and to how these are read, a grid to
//! the columns and to how these are binned. So any number of pictures, under any names and in any folders, come from
//! one parse, and those that differ in colours alone from one grid.

pub(crate) mod grids;
mod names;
pub(crate) mod tag;

use std::cell::OnceCell;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use pointillist_bin2d::GridFile;
use pointillist_ingest::staged::{Kind as Form, TemporaryDir};
use pointillist_ingest::{Options, Points, metadata_if_there};

use crate::args::{Global, TextArgs};
use crate::bin2d::{self, MadeFrom};
use crate::colorize::is_stdout;
use crate::failure::Failure;
use crate::freshness::make_newest;
use crate::inputs::{self, are_points};
use crate::report::Report;
use crate::{ingest, outputs};
use names::Names;

/// Where the columns and grids of one command are looked for and kept.
pub(crate) struct Cache<'a> {
    inputs: &'a [PathBuf],
    kind: Kind,
    /// The folder that was asked for.
    asked: Option<&'a Path>,
    /// The folder of the output, where that is a file.
    beside_output: Option<PathBuf>,
    /// For what has no other place: gone afterwards.
    temporary: OnceCell<TemporaryDir>,
}

/// What the inputs are.
enum Kind {
    Columns,
    /// They can be read again.
    Files,
    /// Some can be read only once, so what is made of them is called as the output is, and found there by its name.
    Streams {
        stem: OsString,
    },
}

/// Columns for a picture.
pub(crate) struct Found {
    pub(crate) points: Vec<Points>,
    /// Whether they were made of inputs that can be read again.
    pub(crate) can_be_made_again: bool,
}

impl<'a> Cache<'a> {
    /// For an `output` that is made from these inputs. Makes the folder that was `asked` for.
    pub(crate) fn new(
        inputs: &'a [PathBuf],
        output: &Path,
        asked: Option<&'a Path>,
        text: &TextArgs,
    ) -> Result<Self, Failure> {
        let kind = if are_points(inputs, text, has_sidecar)? {
            Kind::Columns
        } else {
            inputs::check(inputs)?;
            match inputs::are_files(inputs) {
                true => Kind::Files,
                false => Kind::Streams { stem: names::of_output(output) },
            }
        };
        if let Some(folder) = asked {
            std::fs::create_dir_all(folder).map_err(|error| Failure::write(folder, &error))?;
        }
        let beside_output = (!is_stdout(output)).then(|| folder_of(output));
        Ok(Self { inputs, kind, asked, beside_output, temporary: OnceCell::new() })
    }

    /// The columns of the inputs, which are these themselves where they are folders of columns. With `anew`, they are made
    /// again even if they are up to date.
    pub(crate) fn columns(
        &self,
        options: &Options,
        anew: bool,
        global: &Global,
        report: &Report,
    ) -> Result<Found, Failure> {
        let points = match &self.kind {
            Kind::Columns => {
                let points = self.inputs.iter().map(|path| Points::open(path));
                let points = points.collect::<Result<_, _>>()?;
                return Ok(Found { points, can_be_made_again: false });
            }
            Kind::Files => self.columns_of_files(options, anew, global, report)?,
            Kind::Streams { stem } => {
                let name = |folder: &Path| names::of_streams(folder, stem, self.inputs, options);
                let path = self.first_place(name)?;
                outputs::sweep(&path, ingest::STAGE, report);
                ingest::make(self.inputs, &path, options, global, report)?
            }
        };
        let can_be_made_again = matches!(self.kind, Kind::Files);
        Ok(Found { points: vec![points], can_be_made_again })
    }

    fn columns_of_files(
        &self,
        options: &Options,
        anew: bool,
        global: &Global,
        report: &Report,
    ) -> Result<Points, Failure> {
        let names = Names::of(self.inputs, options);
        let find = |places: Vec<PathBuf>| {
            let all = names.all().collect::<Vec<_>>();
            let paths =
                places.into_iter().flat_map(|folder| all.iter().map(move |name| folder.join(name)));
            paths.into_iter().find_map(|path| ingest::up_to_date(self.inputs, &path, options))
        };
        // What was killed may have been about to make those of the other name, or in another place.
        let sweep = |folder: &Path| {
            let mut folders = self.places_to_make();
            folders.retain(|other| other != folder);
            folders.push(folder.to_owned());
            for path in folders.iter().flat_map(|folder| names.all().map(|name| folder.join(name)))
            {
                outputs::sweep(&path, ingest::STAGE, report);
            }
        };
        let known = || find(self.places_to_look());
        if !anew && let Some(points) = known() {
            sweep(&folder_of(points.path()));
            return ingest::reuse(points, self.inputs, report);
        }
        // What is made anew is made where that was asked for.
        if anew && let Some(points) = find(self.places_to_make()) {
            sweep(&folder_of(points.path()));
            return self.make_columns(points.path(), options, global, report);
        }
        let place = || self.first_place(|folder| names.to_make(folder, self.inputs, options));
        let path = place()?;
        sweep(&folder_of(&path));
        let existing = outputs::up_to_date(&path, !anew, ingest::STAGE, report, known)?;
        if let Some(points) = existing {
            return ingest::reuse(points, self.inputs, report);
        }
        // Whoever was waited for may have made columns of something else.
        self.make_columns(&place()?, options, global, report)
    }

    /// Makes columns that can be made again. Those that somebody asked for by their name stay unmarked.
    fn make_columns(
        &self,
        path: &Path,
        options: &Options,
        global: &Global,
        report: &Report,
    ) -> Result<Points, Failure> {
        let is_ours = path.symlink_metadata().is_err() || tag::is_marked(path);
        let points = ingest::make(self.inputs, path, options, global, report)?;
        if is_ours {
            tag::mark(path);
        }
        Ok(points)
    }

    /// The grid of these columns, and its path. It is made where there is none that is up to date, or `anew`.
    pub(crate) fn grid(
        &self,
        points: &[Points],
        options: &pointillist_bin2d::Options,
        anew: bool,
        global: &Global,
        report: &Report,
    ) -> Result<(GridFile, PathBuf), Failure> {
        /// How often columns may be replaced while a grid is made among them.
        const ATTEMPTS: usize = 16;
        let made = || self.try_grid(points, options, anew, global, report);
        for _ in 1..ATTEMPTS {
            match made() {
                // The columns that we have open were replaced, and the folder of their grids with them.
                Err(Failure::Gone(_)) => {}
                made => return made,
            }
        }
        made()
    }

    fn try_grid(
        &self,
        points: &[Points],
        options: &pointillist_bin2d::Options,
        anew: bool,
        global: &Global,
        report: &Report,
    ) -> Result<(GridFile, PathBuf), Failure> {
        let (from, name) = (MadeFrom::Columns(points), grids::name(points, options));
        let folders = self.grid_folders(points);
        let mut paths = folders.iter().map(|folder| folder.join(&name));
        let known = paths.find_map(|path| Some((from.up_to_date(&path, options)?, path)));
        match known {
            Some((grid, path)) => {
                outputs::sweep(&path, bin2d::STAGE, report);
                if anew {
                    return Ok((bin2d::make(from, &path, options, global, report)?, path));
                }
                let grid = bin2d::reuse(from, grid, &path, report)?;
                // It has been used last.
                make_newest(&path, points.iter().map(Points::path));
                Ok((grid, path))
            }
            None => {
                let folder = self.first_folder(&folders)?;
                let path = folder.join(&name);
                match bin2d::stage(from, &path, options, global, report) {
                    Ok(grid) => Ok((grid, path)),
                    Err(failure) => {
                        grids::remove_if_empty(&folder);
                        Err(failure)
                    }
                }
            }
        }
    }

    /// The folders in which columns that are still good may lie.
    fn places_to_look(&self) -> Vec<PathBuf> {
        let asked = self.asked.map(Path::to_owned);
        let mut places = Vec::new();
        for place in [asked, self.beside_output.clone(), Some(self.beside_input())] {
            places.extend(place.filter(|place| !places.contains(place)));
        }
        places
    }

    /// The folders in which something may be made, the best first.
    fn places_to_make(&self) -> Vec<PathBuf> {
        match (self.asked, &self.kind) {
            (Some(asked), _) => vec![asked.to_owned()],
            // Other pictures find it there, whatever their folder.
            (None, Kind::Files) => {
                [self.beside_input()].into_iter().chain(self.beside_output.clone()).collect()
            }
            (None, Kind::Columns | Kind::Streams { .. }) => {
                self.beside_output.clone().into_iter().collect()
            }
        }
    }

    fn beside_input(&self) -> PathBuf {
        // The command line has one at least.
        self.inputs.first().map_or_else(PathBuf::new, |input| folder_of(input))
    }

    /// The path in the first folder that can be written; the error of the best of them where there is none.
    fn first_place(&self, path_in: impl Fn(&Path) -> PathBuf) -> Result<PathBuf, Failure> {
        let paths = self.places_to_make().into_iter().map(|folder| path_in(&folder));
        let first = first_that(paths, |path| outputs::ensure_writable(path, Form::Folder, None));
        match first {
            Err(failure) if self.asked.is_some() || self.beside_output.is_some() => Err(failure),
            Ok(Some(path)) => Ok(path),
            _ => Ok(path_in(self.temporary()?)),
        }
    }

    /// Where grids of these columns may lie, the best place first: with the columns, or where there are several or they
    /// cannot be written to, in a folder of their own.
    fn grid_folders(&self, points: &[Points]) -> Vec<PathBuf> {
        let with_columns = match points {
            [points] => Some(points.path().join(grids::FOLDER)),
            _ => None,
        };
        let own = names::grids(points[0].path());
        let asked = self.asked.map(|folder| folder.join(&own));
        let is_inside = |folder: &Path| points[0].path().parent() == Some(folder);
        let ordered = match self.asked.is_some_and(is_inside) || self.asked.is_none() {
            true => [with_columns, asked],
            false => [asked, with_columns],
        };
        let beside_output = self.beside_output.as_ref().map(|folder| folder.join(&own));
        ordered.into_iter().flatten().chain(beside_output).collect()
    }

    /// The first of these folders in which a grid can be written.
    fn first_folder(&self, folders: &[PathBuf]) -> Result<PathBuf, Failure> {
        let first = first_that(folders.iter().cloned(), |folder| {
            grids::prepare(folder).map_err(|error| Failure::write(folder, &error))?;
            outputs::ensure_writable(&folder.join(grids::PROBE), Form::File, None)
        });
        match first {
            Err(failure) if self.beside_output.is_some() => Err(failure),
            Ok(Some(folder)) => Ok(folder),
            _ => Ok(self.temporary()?.to_owned()),
        }
    }

    fn temporary(&self) -> Result<&Path, Failure> {
        if self.temporary.get().is_none() {
            let made = TemporaryDir::create("pointillist-")
                .map_err(|error| Failure::write(&std::env::temp_dir(), &error))?;
            let _ = self.temporary.set(made);
        }
        Ok(self.temporary.get().map_or(Path::new(""), TemporaryDir::path))
    }
}

/// The first of these paths that stands the test; the failure of the best of them where none does, and nothing where there are
/// none.
fn first_that(
    paths: impl Iterator<Item = PathBuf>,
    test: impl Fn(&Path) -> Result<(), Failure>,
) -> Result<Option<PathBuf>, Failure> {
    let mut best = None;
    for path in paths {
        match test(&path) {
            Ok(()) => return Ok(Some(path)),
            Err(failure) => best = best.or(Some(failure)),
        }
    }
    best.map_or(Ok(None), Err)
}

fn has_sidecar(folder: &Path) -> io::Result<bool> {
    Ok(metadata_if_there(&folder.join("points.json"))?.is_some())
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).to_owned()
}
