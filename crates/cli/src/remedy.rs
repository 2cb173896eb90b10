//! What mends something that is damaged: the command that made it, with its options, as it is typed in a shell.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use pointillist_base::Dtype;
use pointillist_base::file::metadata_if_there;
use pointillist_base::staged::contents::foreign;
use pointillist_bin2d::{Aspect, Cells, Compression, Description, GridFile, Options, Shards};
use pointillist_ingest::{Delimiter, Options as Reading, Points, Precision, Recorded, Source};

use crate::report::shown;
use crate::{escaped, outputs};

/// What is wrong with something that is kept, and what mends it.
#[derive(Debug)]
pub(crate) struct Damage {
    pub(crate) what: String,
    pub(crate) remedy: String,
}

impl Damage {
    /// Of columns, in this file of theirs or in all of them.
    pub(crate) fn of_columns(path: &Path, reason: &str) -> Self {
        let is_folder = path.extension().is_some_and(|extension| extension == "points");
        let folder = if is_folder { Some(path) } else { path.parent() };
        let folder = folder.unwrap_or(path);
        let mut command = Command::new("ingest");
        let (sources, options) = match Recorded::read(folder) {
            Some(recorded) => (recorded.sources, recorded.options),
            None => (Vec::new(), None),
        };
        command.sources(&sources);
        command.output(folder);
        if let Some(options) = options {
            command.reading(&options);
        }
        let remedy = again(&command.forced());
        let remedy = match foreign(folder) {
            // It would be in the way of the command.
            Ok(Some(found)) => {
                let found = shown(&folder.join(found.path));
                format!("move {found} away, which pointillist did not make, and {remedy}")
            }
            _ => remedy,
        };
        Self { what: format!("{}: {reason}", shown(path)), remedy }
    }

    /// Of a grid.
    pub(crate) fn of_grid(path: &Path, reason: &str) -> Self {
        let remedy = match outputs::ensure_outside(path) {
            Ok(()) => again(&grid_command(path)),
            // Nobody can ask for one that is kept for pictures by its name.
            Err(_) => {
                let linked = path.is_symlink().then(|| path.canonicalize().ok()).flatten();
                let path = linked.as_deref().unwrap_or(path);
                format!("remove it, and pictures make it again: rm {}", typed(path))
            }
        };
        Self { what: format!("{}: damaged: {reason}", shown(path)), remedy }
    }
}

fn again(command: &str) -> String {
    format!("make it again, with the same options: {command}")
}

/// What makes a grid again: of what was binned, or of its shards where these lie beside it.
fn grid_command(path: &Path) -> String {
    let grid = GridFile::open(path).ok();
    let about = grid.as_ref().map(GridFile::description);
    if let Some(shards) = about.and_then(|about| shards_beside(path, about)) {
        let mut command = Command::new("merge");
        command.paths(&shards);
        command.output(path);
        return command.forced();
    }
    let mut command = Command::new("bin2d");
    let mut is_known = true;
    match about {
        Some(Description { inputs: Some(inputs), options, .. }) => {
            command.sources(&inputs.sources);
            command.output(path);
            // The type of the pages follows from that of the numbers that are read.
            command.reading(&inputs.options);
            command.binning(options, false);
        }
        Some(about) => {
            match columns_beside(path, &about.points) {
                Some(columns) => command.paths(&columns),
                None => {
                    is_known = false;
                    command.word("INPUT.points");
                }
            }
            command.output(path);
            command.binning(&about.options, true);
        }
        None => {
            command.word("INPUT");
            command.output(path);
        }
    }
    let is_whole = about.is_some_and(|about| about.options.shard.is_none());
    match is_known || !is_whole {
        true => command.forced(),
        // A grid does not say whether it was merged.
        false => {
            let mut merge = Command::new("merge");
            merge.word("SHARD.tiff…");
            merge.output(path);
            format!("{}, or if it was merged: {}", command.forced(), merge.forced())
        }
    }
}

/// The columns with these identities, if all of them lie in the folder of the grid.
fn columns_beside(grid: &Path, identities: &[String]) -> Option<Vec<PathBuf>> {
    let all: Vec<Points> = beside(grid, &["points"])
        .into_iter()
        .filter(|path| path.is_dir())
        .filter_map(|path| Points::open(&path).ok())
        .collect();
    let of = |identity: &String| {
        let points = all.iter().find(|points| points.identity() == identity)?;
        Some(points.path().to_owned())
    };
    identities.iter().map(of).collect()
}

/// The shards that a grid can be merged from, if all of them lie in its folder.
fn shards_beside(grid: &Path, about: &Description) -> Option<Vec<PathBuf>> {
    if about.options.shard.is_some() {
        return None;
    }
    let mut shards: Vec<_> = beside(grid, &["tiff", "tif"])
        .into_iter()
        .filter(|path| metadata_if_there(path).is_ok_and(|it| it.is_some_and(|it| it.is_file())))
        .filter_map(|path| {
            let shard = GridFile::open(&path).ok()?;
            let its = shard.description();
            let part = its.options.shard?;
            let is_of_same = its.points == about.points
                && Options { shard: None, ..its.options.clone() } == about.options;
            is_of_same.then_some((part.of(), part.index(), path))
        })
        .collect();
    shards.sort();
    // Of one division into shards, as there may be several.
    let all = shards.chunk_by(|one, other| one.0 == other.0);
    let mut all = all.map(|shards| shards.iter().map(|(_, _, path)| path.clone()).collect());
    all.find(|shards: &Vec<PathBuf>| Shards::open(shards).is_ok())
}

/// What lies beside a file under names that end so.
fn beside(file: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(listed).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| folder.join(entry.file_name()))
        .filter(|path| path.extension().is_some_and(|end| extensions.iter().any(|it| end == *it)))
        .collect();
    paths.sort();
    paths
}

/// A command as it is typed.
struct Command(String);

impl Command {
    fn new(name: &str) -> Self {
        Self(format!("pointillist {name}"))
    }

    /// What needs no quotes.
    fn word(&mut self, word: &str) {
        self.0.push(' ');
        self.0.push_str(word);
    }

    fn paths(&mut self, paths: &[PathBuf]) {
        paths.iter().for_each(|path| self.word(&typed(path)));
    }

    /// Inputs as they were recorded, where they were.
    fn sources(&mut self, sources: &[Source]) {
        match sources.is_empty() {
            true => self.word("INPUT"),
            false => sources.iter().for_each(|source| self.word(&recorded(&source.path))),
        }
    }

    fn output(&mut self, path: &Path) {
        self.word("-o");
        self.word(&typed(path));
    }

    /// An option with a value, so that one that begins as options do is taken for what it is.
    fn option(&mut self, name: &str, value: &str) {
        let between = if value.starts_with('-') { '=' } else { ' ' };
        self.word(&format!("{name}{between}{}", quoted(OsStr::new(value))));
    }

    fn flag(&mut self, name: &str, given: bool) {
        if given {
            self.word(name);
        }
    }

    /// How text and arrays are read, where that is not the default.
    fn reading(&mut self, options: &Reading) {
        let Reading {
            columns,
            delimiter,
            comment,
            dtype,
            skip_bad,
            skip_rows,
            missing,
            decimal_comma,
            ragged,
            no_quotes,
            raw,
        } = options;
        if *columns != Reading::default().columns {
            self.option("--columns", &columns.to_string());
        }
        if *delimiter != Delimiter::Auto {
            self.option("--delimiter", &delimiter.to_string());
        }
        if let Some(comment) = comment {
            self.option("--comment", comment);
        }
        match dtype {
            Precision::Auto => {}
            Precision::F32 => self.option("--dtype", "f32"),
            Precision::F64 => self.option("--dtype", "f64"),
        }
        if *skip_rows > 0 {
            self.option("--skip-rows", &skip_rows.to_string());
        }
        if !missing.is_empty() {
            self.option("--missing", &missing.join(","));
        }
        if *decimal_comma {
            self.option("--decimal", ",");
        }
        self.flag("--ragged", *ragged);
        self.flag("--no-quotes", *no_quotes);
        self.flag("--skip-bad", *skip_bad);
        if let Some(raw) = raw {
            self.option("--raw", &raw.dtype.to_string());
            self.option("--columns-per-row", &raw.columns.to_string());
        }
    }

    /// How columns become a grid, where that is not the default.
    fn binning(&mut self, options: &Options, with_dtype: bool) {
        let usual = Options::default();
        let Options {
            cells,
            aspect,
            extent,
            reductions,
            x,
            y,
            z,
            dtype,
            compress,
            shard,
            opacity,
            colors,
        } = options;
        match cells {
            cells if *cells == usual.cells => {}
            Cells::Size(size) if size.width() == size.height() => {
                self.option("--size", &size.width().to_string());
            }
            Cells::Size(size) => self.option("--size", &size.to_string()),
            Cells::Resolution(edge) => self.option("--resolution", &format!("{edge:?}")),
        }
        match aspect {
            Aspect::Auto => {}
            Aspect::Equal => self.option("--aspect", "equal"),
        }
        if let Some(extent) = extent {
            self.option("--extent", &extent.to_string());
        }
        if let Some(reductions) = reductions {
            self.option("--reduce", &reductions.to_string());
        }
        for (option, name, usual) in [("--x", x, &usual.x), ("--y", y, &usual.y)] {
            if name != usual {
                self.option(option, name);
            }
        }
        if let Some(z) = z {
            self.option("--z", z);
        }
        if let Some(opacity) = opacity {
            self.option("--opacity", &format!("{opacity:?}"));
        }
        if let Some(colors) = colors {
            self.option("--colors", colors.name());
        }
        if with_dtype && *dtype == Dtype::F64 {
            self.option("--dtype", "f64");
        }
        match compress {
            Compression::None => {}
            Compression::Deflate => self.option("--compress", "deflate"),
        }
        if let Some(shard) = shard {
            self.option("--shard", &shard.to_string());
        }
    }

    /// All of it, for something that is not made again by itself.
    fn forced(mut self) -> String {
        self.word("--force");
        self.0
    }
}

/// A path as it is typed in a shell.
pub(crate) fn typed(path: &Path) -> String {
    let is_stdin = path.as_os_str() == "-";
    match path.as_os_str().as_encoded_bytes().starts_with(b"-") && !is_stdin {
        true => quoted(Path::new(".").join(path).as_os_str()),
        false => quoted(path.as_os_str()),
    }
}

/// The path of an input as it was recorded, which is escaped where it is not UTF-8, in a way that shells know.
fn recorded(path: &Path) -> String {
    match path.to_str() {
        Some(text) if text.contains('\\') && path.symlink_metadata().is_err() => {
            format!("$'{text}'")
        }
        _ => typed(path),
    }
}

/// A word as it is typed in a shell, with what is not UTF-8 or would not be seen on a terminal as `$'…'`.
fn quoted(word: &OsStr) -> String {
    let is_plain =
        |character: char| character.is_alphanumeric() || "/._-+=:,@%".contains(character);
    match word.to_str() {
        Some(word) if !word.is_empty() && word.chars().all(is_plain) => word.to_owned(),
        Some(word) if !word.contains(escaped::is_active) => {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
        _ => format!("$'{}'", word.as_encoded_bytes().escape_ascii()),
    }
}
