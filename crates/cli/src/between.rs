//! What lies between input and picture, and where it is kept.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use pointillist_ingest::staged::TemporaryDir;
use pointillist_ingest::{Points, Precision};

use crate::args::{Global, TextArgs};
use crate::colorize::is_stdout;
use crate::failure::Failure;
use crate::ingest;
use crate::inputs::are_points;
use crate::report::Report;

/// Where columns and grid are kept.
pub(crate) struct Between {
    folder: PathBuf,
    stem: OsString,
    /// Holds them when nothing was said about where to keep them; gone afterwards.
    _temporary: Option<TemporaryDir>,
}

impl Between {
    /// For an output that is made from these inputs: beside it, or in `folder`.
    pub(crate) fn new(
        inputs: &[PathBuf],
        output: &Path,
        folder: Option<&Path>,
    ) -> Result<Self, Failure> {
        let named_after = if is_stdout(output) { &inputs[0] } else { output };
        let stem = match named_after.file_stem() {
            Some(stem) if stem != "-" => stem.to_owned(),
            _ => "stdin".into(),
        };
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder).map_err(|error| Failure::write(folder, &error))?;
            return Ok(Self { folder: folder.to_owned(), stem, _temporary: None });
        }
        if !is_stdout(output) {
            let folder = output.parent().unwrap_or(Path::new("")).to_path_buf();
            return Ok(Self { folder, stem, _temporary: None });
        }
        let temporary = TemporaryDir::create("pointillist-")
            .map_err(|error| Failure::write(&std::env::temp_dir(), &error))?;
        Ok(Self { folder: temporary.path().to_owned(), stem, _temporary: Some(temporary) })
    }

    /// The path of what has this extension.
    pub(crate) fn path(&self, extension: &str) -> PathBuf {
        let mut name = self.stem.clone();
        name.push(".");
        name.push(extension);
        self.folder.join(name)
    }

    /// The columns: ingested, or as they are where the inputs are folders of them.
    pub(crate) fn points(
        &self,
        inputs: &[PathBuf],
        text: &TextArgs,
        dtype: Precision,
        global: &Global,
        report: &Report,
    ) -> Result<Vec<Points>, Failure> {
        if are_points(inputs, text, |path| path.join("points.json").is_file())? {
            return Ok(inputs.iter().map(|path| Points::open(path)).collect::<Result<_, _>>()?);
        }
        let (output, options) = (self.path("points"), text.options(dtype));
        Ok(vec![ingest::stage(inputs, &output, &options, global, report)?])
    }
}
