//! What the stages take: text and arrays, by path or from the standard input, or folders of columns.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use pointillist_base::file::metadata_if_there;
use pointillist_bin2d::GridFile;
use pointillist_ingest::{Error, Input, Source};

use crate::args::TextArgs;
use crate::failure::Failure;
use crate::remedy::typed;
use crate::report::shown;

/// Whether all inputs are `.points` folders, as `is_points` knows them. Some among others are an error, and so are
/// options that say how text is read where there is none.
pub(crate) fn are_points(
    inputs: &[PathBuf],
    text: &TextArgs,
    is_points: impl Fn(&Path) -> io::Result<bool>,
) -> Result<bool, Failure> {
    let unknown = |path: &Path, error| Failure::read(path, &error);
    let are_points =
        inputs.iter().map(|path| is_points(path).map_err(|error| unknown(path, error)));
    let are_points = are_points.collect::<Result<Vec<bool>, _>>()?;
    let Some(first) = are_points.iter().position(|&is_points| is_points) else {
        let is_called = |path: &&PathBuf| path.extension().is_some_and(|end| end == "points");
        for path in inputs.iter().filter(is_called) {
            // To open a pipe of that name would be to wait for somebody to write to it.
            let about = metadata_if_there(path).map_err(|error| unknown(path, error))?;
            if about.is_some_and(|about| !about.is_dir()) {
                return Err(Failure::error(format!("{}: is not a .points folder", shown(path))));
            }
        }
        return Ok(false);
    };
    if are_points.contains(&false) {
        return Err(Failure::usage(format!(
            "{} is a .points folder among inputs that are not: ingest those first",
            shown(&inputs[first])
        )));
    }
    match text.first_given() {
        Some(option) => Err(Failure::usage(format!(
            "{option} says how inputs are ingested, and .points folders are ingested already: leave it out"
        ))),
        None => Ok(true),
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether all of them are files, which can be read again by their names. The standard input is called as a file may be, and
/// `/dev/stdin` is another file in every run.
pub(crate) fn are_files(paths: &[PathBuf]) -> bool {
    let is_name_of_a_moment = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_default();
        // What lies in memory is a file like any other.
        let is_file = path.starts_with("/dev/shm");
        cfg!(unix) && !is_file && ["/dev", "/proc"].iter().any(|folder| path.starts_with(folder))
    };
    paths.iter().all(|path| !is_stdin(path) && path.is_file() && !is_name_of_a_moment(path))
}

/// Whether a file is what was read: all that is known of it is the same, but maybe the folder that it is in has another name
/// now.
pub(crate) fn is_unchanged(now: &Source, read: &Source) -> bool {
    let renamed = || Source { path: read.path.clone(), ..now.clone() };
    now.modified.is_some() && (now == read || (is_of(now, read) && renamed() == *read))
}

/// Whether a file has the path of the one that was read, or is the same one and only its folder has another name now.
pub(crate) fn is_of(now: &Source, read: &Source) -> bool {
    now.path == read.path
        || (now.path.file_name() == read.path.file_name()
            && now.inode.is_some()
            && now.inode == read.inode)
}

/// All of them as they are now, if they are files.
fn sources(paths: &[PathBuf]) -> Option<Vec<Source>> {
    paths.iter().map(|path| Source::of_file(path).filter(|_| !is_stdin(path))).collect()
}

/// Whether all of them are there, and the standard input only once.
pub(crate) fn check(paths: &[PathBuf]) -> Result<(), Failure> {
    if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(Failure::usage("standard input can be read only once"));
    }
    for path in paths.iter().filter(|path| !is_stdin(path)) {
        std::fs::metadata(path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let is_called = path.extension().is_some_and(|end| end == "tiff" || end == "tif");
        if is_called && GridFile::open(path).is_ok() {
            return Err(Failure::error(format!(
                "{}: is a grid, which needs no points: pointillist colorize {0} -o OUT.png",
                typed(path)
            )));
        }
    }
    Ok(())
}

/// The inputs at these paths.
pub(crate) fn inputs(paths: &[PathBuf]) -> Vec<Input> {
    let input = |path: &PathBuf| match is_stdin(path) {
        true => Input::Stream { name: "-".to_owned(), reader: Box::new(io::stdin()) },
        false => Input::Path(path.clone()),
    };
    paths.iter().map(input).collect()
}

/// Bytes of all of them, where that is known.
pub(crate) fn size(paths: &[PathBuf]) -> Option<u64> {
    let size = |path: &PathBuf| {
        let metadata = std::fs::metadata(path).ok().filter(Metadata::is_file)?;
        (!is_stdin(path)).then_some(metadata.len())
    };
    paths.iter().map(size).sum()
}

/// Whether these are the inputs that were read, and are as they were then.
pub(crate) fn are_unchanged(paths: &[PathBuf], read: &[Source]) -> bool {
    pairs(paths, read, is_unchanged)
}

/// Whether these are the inputs that were read, changed since or not.
pub(crate) fn are_of(paths: &[PathBuf], read: &[Source]) -> bool {
    pairs(paths, read, is_of)
}

fn pairs(paths: &[PathBuf], read: &[Source], are: impl Fn(&Source, &Source) -> bool) -> bool {
    let fits = |now: Vec<Source>| now.iter().zip(read).all(|(now, read)| are(now, read));
    paths.len() == read.len() && sources(paths).is_some_and(fits)
}
