//! The command `render`: all stages, with what lies between them kept.

use std::path::{Path, PathBuf};

use pointillist_bin2d::GridFile;
use pointillist_ingest::Points;
use pointillist_ingest::staged::StagedFile;

use crate::args::{Global, RenderArgs};
use crate::colorize::{check_picture, is_stdout};
use crate::failure::Failure;
use crate::report::{Report, shown};
use crate::{bin2d, colorize, ingest};

pub(crate) fn run(args: RenderArgs, global: &Global, report: &Report) -> Result<(), Failure> {
    check_picture(&args.output, &args.inputs, report)?;
    if !is_stdout(&args.output) {
        // Better to learn this now than after minutes of parsing.
        StagedFile::create(&args.output)
            .map(drop)
            .map_err(|error| Failure::write(&args.output, &error))?;
    }
    let between = Between::new(&args)?;
    let points = points(&args, &between, global, report)?;
    let grid = between.path("tiff");
    if grid.exists()
        && let Err(error) = GridFile::open(&grid)
    {
        return Err(Failure::error(format!(
            "{error}; render would replace it: remove it, or keep the grid elsewhere with --cache-dir"
        )));
    }
    let options = args.grid.options(args.dtype);
    let opened = bin2d::stage(&points, &grid, &options, global, report)?;
    let by = args.picture.by.as_deref();
    colorize::stage(opened, &grid, &args.output, by, &args.picture.options(), global, report)
}

/// The columns: ingested, or as they are where the inputs are folders of them.
fn points(
    args: &RenderArgs,
    between: &Between,
    global: &Global,
    report: &Report,
) -> Result<Vec<Points>, Failure> {
    let is_points = |path: &PathBuf| path.join("points.json").is_file();
    if args.inputs.iter().all(is_points) {
        return Ok(args.inputs.iter().map(|path| Points::open(path)).collect::<Result<_, _>>()?);
    }
    if let Some(folder) = args.inputs.iter().find(|path| is_points(path)) {
        return Err(Failure::usage(format!(
            "{} is a .points folder among text files: ingest the text first",
            shown(folder)
        )));
    }
    let output = between.path("points");
    let options = args.text.options(args.dtype);
    Ok(vec![ingest::stage(&args.inputs, &output, &options, global, report)?])
}

/// Where columns and grid are kept.
struct Between {
    folder: PathBuf,
    stem: String,
    /// Holds them when nothing was said about where to keep them; gone afterwards.
    _temporary: Option<tempfile::TempDir>,
}

impl Between {
    fn new(args: &RenderArgs) -> Result<Self, Failure> {
        let named_after = if is_stdout(&args.output) { &args.inputs[0] } else { &args.output };
        let stem = match named_after.file_stem() {
            Some(stem) if stem != "-" => stem.to_string_lossy().into_owned(),
            _ => "stdin".to_owned(),
        };
        if let Some(folder) = &args.cache_dir {
            std::fs::create_dir_all(folder).map_err(|error| Failure::write(folder, &error))?;
            return Ok(Self { folder: folder.clone(), stem, _temporary: None });
        }
        if !is_stdout(&args.output) {
            let folder = args.output.parent().unwrap_or(Path::new("")).to_path_buf();
            return Ok(Self { folder, stem, _temporary: None });
        }
        let temporary = tempfile::Builder::new()
            .prefix("pointillist-")
            .tempdir()
            .map_err(|error| Failure::write(&std::env::temp_dir(), &error))?;
        Ok(Self { folder: temporary.path().to_owned(), stem, _temporary: Some(temporary) })
    }

    fn path(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.stem))
    }
}
