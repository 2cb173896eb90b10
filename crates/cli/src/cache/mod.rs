//! What lies between input and picture, and where it is kept.
//!
//! It belongs to what it is made from, and not to the picture: columns to the inputs and to how these are read, a grid to
//! the columns and to how these are binned. So any number of pictures, under any names and in any folders, come from
//! one parse, and those that differ in colours alone from one grid.

pub(crate) mod grids;
mod names;
pub(crate) mod piped;

use std::cell::{OnceCell, RefCell};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use pointillist_base::staged::{ELSEWHERE, Kind as Form, TemporaryDir};
use pointillist_base::{file::metadata_if_there, tag};
use pointillist_bin2d::GridFile;
use pointillist_ingest::{Options, Points, ensure_replaceable};

use crate::args::{Global, TextArgs};
use crate::bin2d::{self, MadeFrom, Unwritten};
use crate::colorize::is_stdout;
use crate::failure::Failure;
use crate::freshness::make_newest;
use crate::inputs::{self, are_points};
use crate::report::{Report, shown};
use crate::{hint, ingest, outputs};
use names::Names;

/// What can be done where nothing can be kept.
const REMEDY: &str = "choose another folder with --cache-dir";

/// Where the columns and grids of one command are looked for and kept.
pub(crate) struct Cache<'a> {
    inputs: &'a [PathBuf],
    kind: Kind,
    /// The folder that was asked for.
    asked: Option<&'a Path>,
    /// The folders that were made for it, which go again if nothing comes to lie there.
    made: RefCell<Vec<PathBuf>>,
    /// The folder of the output, where that is a file.
    beside_output: Option<PathBuf>,
    /// For what has no other place: gone afterwards.
    temporary: OnceCell<TemporaryDir>,
}

impl Drop for Cache<'_> {
    fn drop(&mut self) {
        for folder in self.made.take() {
            // One with something in it stays.
            let _ = std::fs::remove_dir(folder);
        }
    }
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
    /// For an `output` that is made from these inputs.
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
            outputs::ensure_outside(&folder.join("any"))?;
            // Even if nothing has to be kept there this time.
            let there = folder.ancestors().find_map(|it| Some((it, it.metadata().ok()?)));
            if let Some((file, about)) = there
                && !about.is_dir()
            {
                let file = shown(file);
                return Err(Failure::error(format!("{file}: is not a folder; {REMEDY}")));
            }
        }
        let beside_output = (!is_stdout(output)).then(|| folder_of(output));
        let (made, temporary) = (RefCell::default(), OnceCell::new());
        Ok(Self { inputs, kind, asked, made, beside_output, temporary })
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
            Kind::Files => self.columns_of_files(options, anew, global, report),
            Kind::Streams { stem } => {
                let names = |folder: &Path| names::of_streams(folder, stem, self.inputs, options);
                self.place_of_columns(None, names).and_then(|path| {
                    outputs::sweep(&path, ingest::STAGE, report);
                    let points = ingest::make(self.inputs, &path, options, false, global, report)?;
                    // Without the mark they are as good, and the next picture makes others.
                    let _ = piped::mark(points.path());
                    Ok(points)
                })
            }
        };
        let points = points.map_err(of_cache)?;
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
            let paths = places.iter().flat_map(|folder| names.all().map(|name| folder.join(name)));
            // A folder is read only where the columns would have to be made.
            let others = places.iter().flat_map(|folder| names.with_other_keys(folder));
            let mut all = paths.chain(others);
            all.find_map(|path| ingest::up_to_date(self.inputs, &path, options))
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
        let place = || {
            // What is made anew takes the place of what is there, if it can.
            let known = anew.then(|| find(self.places_to_make())).flatten();
            let known = known.map(|points| points.path().to_owned());
            self.place_of_columns(known, |folder| names.to_make(folder, self.inputs, options))
        };
        let path = place()?;
        sweep(&folder_of(&path));
        let existing = outputs::up_to_date(&path, !anew, ingest::STAGE, report, known)?;
        if let Some(points) = existing {
            return ingest::reuse(points, self.inputs, report);
        }
        // Whoever was waited for may have made columns of something else.
        self.make_columns(&place()?, options, global, report)
    }

    /// Makes columns that can be made again. Those that somebody asked for by their name and that are damaged stay unmarked.
    fn make_columns(
        &self,
        path: &Path,
        options: &Options,
        global: &Global,
        report: &Report,
    ) -> Result<Points, Failure> {
        let marked = path.symlink_metadata().is_err() || tag::is_marked(path);
        ingest::make(self.inputs, path, options, marked, global, report)
    }

    /// A failure with these columns; one for want of a column says how it is read, if it can be.
    pub(crate) fn explained(&self, failure: Failure, found: &Found) -> Failure {
        match found.points.as_slice() {
            [points] if found.can_be_made_again => {
                hint::with_columns(failure, self.inputs, points.sidecar())
            }
            _ => failure,
        }
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
        let mut unwritten = None;
        let mut made = || self.try_grid(points, options, anew, &mut unwritten, global, report);
        for _ in 1..ATTEMPTS {
            match made() {
                // The columns that we have open were replaced, and the folder of their grids with them.
                Err(Failure::Write(ErrorKind::NotFound, _)) => {}
                made => return made.map_err(of_cache),
            }
        }
        made().map_err(of_cache)
    }

    fn try_grid(
        &self,
        points: &[Points],
        options: &pointillist_bin2d::Options,
        anew: bool,
        unwritten: &mut Option<Unwritten>,
        global: &Global,
        report: &Report,
    ) -> Result<(GridFile, PathBuf), Failure> {
        let (from, name) = (MadeFrom::Columns(points), grids::name(points, options));
        let folders = self.grid_folders(points);
        let ours = || folders.iter().filter(|folder| !folder.is_symlink());
        // Others may be of options that come to the same.
        let others = ours().flat_map(|folder| grids::paths(folder));
        let mut paths = ours().map(|folder| folder.join(&name)).chain(others);
        let known = paths.find_map(|path| Some((from.up_to_date(&path, options)?, path)));
        match known {
            Some((grid, path)) => {
                outputs::sweep(&path, bin2d::STAGE, report);
                if !anew {
                    let grid = bin2d::reuse(from, grid, &path, report)?;
                    // It has been used last.
                    make_newest(&path, points.iter().map(Points::path));
                    return Ok((grid, path));
                }
                // It is made again in its place, if that can be.
                let places = [path].into_iter().chain(folders.iter().map(|it| it.join(&name)));
                let path = self.place_of_grid(places)?;
                Ok((bin2d::make(from, &path, options, unwritten, global, report)?, path))
            }
            None => {
                let path = self.place_of_grid(folders.iter().map(|folder| folder.join(&name)))?;
                match bin2d::stage(from, &path, options, unwritten, global, report) {
                    Ok(grid) => Ok((grid, path)),
                    Err(failure) => {
                        grids::remove_if_empty(&folder_of(&path));
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
                let beside_input = Some(self.beside_input());
                // One of the arrays of a folder of columns lies where nothing can be put.
                let beside_input = beside_input
                    .filter(|folder| outputs::ensure_outside(&folder.join("any")).is_ok());
                beside_input.into_iter().chain(self.beside_output.clone()).collect()
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

    /// Where columns are made: at `known`, or at the first of the paths that each folder has for them, best first.
    fn place_of_columns(
        &self,
        known: Option<PathBuf>,
        paths_in: impl Fn(&Path) -> Vec<PathBuf>,
    ) -> Result<PathBuf, Failure> {
        let places = self.places_to_make();
        let is_known = |path: &Path| known.as_deref() == Some(path);
        let others = places.iter().flat_map(|folder| paths_in(folder));
        let first = self.first_place(known.clone().into_iter().chain(others), |path| {
            ensure_replaceable(path)?;
            if !is_known(path) {
                ensure_kept(path)?;
            }
            outputs::ensure_writable(path, Form::Folder, None)
        })?;
        match first {
            Some(path) => Ok(path),
            None => Ok(paths_in(self.temporary()?).remove(0)),
        }
    }

    /// The first of these paths at which a grid can be written. Makes its folder.
    fn place_of_grid(&self, paths: impl Iterator<Item = PathBuf>) -> Result<PathBuf, Failure> {
        let mut name = OsString::new();
        let first = self.first_place(paths, |path| {
            path.file_name().unwrap_or_default().clone_into(&mut name);
            let folder = folder_of(path);
            let is_new =
                grids::prepare(&folder).map_err(|error| Failure::write(&folder, &error))?;
            grids::ensure_ours(path).map_err(|error| Failure::write(path, &error))?;
            outputs::ensure_writable(path, Form::File, None).inspect_err(|_| {
                if is_new {
                    let _ = grids::remove(&folder);
                }
            })
        })?;
        match first {
            Some(path) => Ok(path),
            None => Ok(self.temporary()?.join(name)),
        }
    }

    /// The first of these paths at which something can be made, as `test` finds out. Where there is none, the failure of the
    /// best of them; or nothing, where something temporary will do as there is no output beside which it could be kept.
    fn first_place(
        &self,
        paths: impl Iterator<Item = PathBuf>,
        mut test: impl FnMut(&Path) -> Result<(), Failure>,
    ) -> Result<Option<PathBuf>, Failure> {
        let mut best = None;
        for path in paths {
            match self.make_asked(&path).and_then(|()| test(&path)) {
                Ok(()) => return Ok(Some(path)),
                Err(failure) if failure.is_of_place() => best = best.or(Some(failure)),
                Err(failure) => return Err(failure),
            }
        }
        match best {
            Some(failure) if self.asked.is_some() || self.beside_output.is_some() => Err(failure),
            _ => Ok(None),
        }
    }

    /// Makes the folder that was asked for, if it is the one that this path lies in.
    fn make_asked(&self, path: &Path) -> Result<(), Failure> {
        let Some(asked) = self.asked.filter(|asked| path.starts_with(asked)) else { return Ok(()) };
        let is_new = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let new = asked.ancestors().take_while(is_new).map(Path::to_owned).collect::<Vec<_>>();
        self.made.borrow_mut().extend(new);
        std::fs::create_dir_all(asked).map_err(|error| Failure::write(asked, &error))
    }

    /// Where grids of these columns may lie, the best place first: with the columns, or where there are several or they
    /// cannot be written to, in a folder of their own, which has a key in its name where something else is called so.
    fn grid_folders(&self, points: &[Points]) -> Vec<PathBuf> {
        let with_columns = match points {
            [points] => vec![points.path().join(grids::FOLDER)],
            _ => Vec::new(),
        };
        let own = |folder: &Path| names::grids(points).map(|name| folder.join(name));
        let asked: Vec<_> = self.asked.into_iter().flat_map(own).collect();
        let is_inside = |folder: &Path| points[0].path().parent() == Some(folder);
        let ordered = match self.asked.is_some_and(is_inside) || self.asked.is_none() {
            true => [with_columns, asked],
            false => [asked, with_columns],
        };
        let beside_output = self.beside_output.iter().flat_map(|folder| own(folder));
        ordered.into_iter().flatten().chain(beside_output).collect()
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

/// Makes sure that no columns stand at `path` but such as were made for pictures. Others were asked for by that name, and would
/// become columns of something else.
fn ensure_kept(path: &Path) -> Result<(), Failure> {
    let may_be_replaced = tag::is_marked(path) || piped::is_marked(path);
    match may_be_replaced
        || metadata_if_there(&path.join("points.json")).is_ok_and(|it| it.is_none())
    {
        true => Ok(()),
        false => Err(Failure::Write(
            ErrorKind::AlreadyExists,
            format!("{}: ingest was asked for it by its name: {ELSEWHERE}", shown(path)),
        )),
    }
}

/// What cannot be written is none of the outputs that were asked for, so the remedy is another one.
fn of_cache(failure: Failure) -> Failure {
    let is_of_place = failure.is_of_place();
    match failure {
        Failure::Write(kind, message) if message.contains(ELSEWHERE) => {
            Failure::Write(kind, message.replace(ELSEWHERE, REMEDY))
        }
        Failure::Write(kind, message) if is_of_place => {
            Failure::Write(kind, format!("{message}; {REMEDY}"))
        }
        failure => failure,
    }
}

fn has_sidecar(folder: &Path) -> io::Result<bool> {
    Ok(metadata_if_there(&folder.join("points.json"))?.is_some())
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_place_is_taken_where_one_may_not_be_written_and_not_where_the_system_is_short_of_something()
     {
        let cache = Cache {
            inputs: &[],
            kind: Kind::Columns,
            asked: None,
            made: RefCell::default(),
            beside_output: Some(PathBuf::new()),
            temporary: OnceCell::new(),
        };
        let paths = || ["first", "second"].map(PathBuf::from).into_iter();
        let fails = |kind: ErrorKind| move |path: &Path| Err(Failure::write(path, &kind.into()));
        for kind in [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem] {
            let found = cache.first_place(paths(), |path| match path == Path::new("first") {
                true => fails(kind)(path),
                false => Ok(()),
            });
            assert_eq!(found.unwrap(), Some("second".into()));
            let failure = of_cache(cache.first_place(paths(), fails(kind)).unwrap_err());
            let Failure::Write(found, message) = failure else { panic!("{failure:?}") };
            assert!(found == kind && message.starts_with("first: "), "{message}");
            assert!(message.ends_with("; choose another folder with --cache-dir"), "{message}");
        }
        for kind in [ErrorKind::OutOfMemory, ErrorKind::Other, ErrorKind::StorageFull] {
            let mut tried = 0;
            let failure = of_cache(
                cache
                    .first_place(paths(), |path| {
                        tried += 1;
                        fails(kind)(path)
                    })
                    .unwrap_err(),
            );
            assert!(
                matches!(&failure, Failure::Write(_, message) if !message.contains("--cache-dir"))
            );
            assert_eq!(tried, 1);
        }
        let message = format!("make room, or {ELSEWHERE}");
        let failure = of_cache(Failure::Write(ErrorKind::StorageFull, message));
        assert!(matches!(&failure, Failure::Write(_, message) if message.contains(REMEDY)));
    }
}
