//! What is done about an output before it is made: its name, what stands there, what other runs have left, and those that
//! make it at this moment.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pointillist_base::message::bytes;
use pointillist_base::staged::{self, ELSEWHERE, Kind, Leftover};
use pointillist_base::{Progress, tag};
use pointillist_ingest::Recorded;

use crate::failure::Failure;
use crate::interrupt::UntilInterrupted;
use crate::report::{Report, shown};

/// An output must say by its name what it is, so that a slip of the hand does not replace somebody's data, and must
/// not be one of the inputs.
pub(crate) fn check_name<'a>(
    output: &Path,
    extensions: &[&str],
    inputs: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<(), Failure> {
    let extension = output.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    if !extension.is_some_and(|extension| extensions.contains(&extension.as_str())) {
        return Err(Failure::usage(format!(
            "the output {} must end in .{}",
            shown(output),
            extensions.join(" or .")
        )));
    }
    // A folder's name may end so, and a file of that name there cannot be.
    let name = output.file_name().unwrap_or_default().as_encoded_bytes();
    if !extensions.contains(&"points") && !output.as_os_str().as_encoded_bytes().ends_with(name) {
        return Err(Failure::usage(format!(
            "the output {} is called as a folder is, and will be a file: leave out what follows the name",
            shown(output)
        )));
    }
    ensure_outside(output)?;
    let real = |path: &Path| path.canonicalize().ok();
    let existing = real(output);
    if existing.is_some() && inputs.into_iter().any(|input| real(input) == existing) {
        return Err(Failure::usage(format!("{} is both input and output", shown(output))));
    }
    // Opening a pipe to see what it holds would wait for somebody to write to it.
    match output.metadata() {
        Ok(metadata) if !(metadata.is_file() || metadata.is_dir()) => Err(Failure::error(format!(
            "{}: exists and is neither a regular file nor a folder; remove it or choose another output",
            shown(output)
        ))),
        _ => Ok(()),
    }
}

/// A folder of columns or of grids is replaced and removed as a whole, so nothing of the user's is put there, through a link
/// neither.
pub(crate) fn ensure_outside(output: &Path) -> Result<(), Failure> {
    let Ok(path) = std::path::absolute(output) else { return Ok(()) };
    let is_ours = |folder: &Path| tag::is_marked(folder) || Recorded::read(folder).is_some();
    let ours = |path: &Path| {
        // Not all of it need be there.
        let around = path.ancestors().skip(1).find_map(|folder| folder.canonicalize().ok())?;
        around.ancestors().find(|folder| is_ours(folder)).map(Path::to_owned)
    };
    let target = || path.canonicalize().ok();
    match ours(&path).or_else(|| ours(&target()?)) {
        None => Ok(()),
        Some(folder) => Err(Failure::usage(format!(
            "{} would lie in {}, which is made and removed as a whole: {ELSEWHERE}",
            shown(output),
            shown(&folder)
        ))),
    }
}

/// Makes sure, before any work, that there can be such an output, which `takes` so many bytes at least where that is
/// known.
pub(crate) fn ensure_writable(
    output: &Path,
    kind: Kind,
    takes: Option<u64>,
) -> Result<(), Failure> {
    staged::ensure_writable(output, kind, takes).map_err(|error| Failure::write(output, &error))
}

/// The existing output, if it may be the same as a new one, and `look` finds that it is up to date: now, or when those are
/// done that are making it. Before that, what dead runs have left of it is tidied up.
pub(crate) fn up_to_date<T>(
    output: &Path,
    may_be_same: bool,
    stage: &str,
    report: &Report,
    look: impl Fn() -> Option<T>,
) -> Result<Option<T>, Failure> {
    sweep(output, stage, report);
    if !may_be_same {
        return Ok(None);
    }
    if let Some(found) = look() {
        return Ok(Some(found));
    }
    staged::wait_for_others(output, &Waiting::new(output, stage, report))?;
    // Whoever was at work when that was looked at may have been killed since, or is done.
    sweep(output, stage, report);
    Ok(look())
}

/// Says, once and after a moment, that another run is waited for.
struct Waiting<'a> {
    output: &'a Path,
    stage: &'a str,
    report: &'a Report,
    since: Instant,
    is_said: AtomicBool,
}

impl<'a> Waiting<'a> {
    fn new(output: &'a Path, stage: &'a str, report: &'a Report) -> Self {
        Self { output, stage, report, since: Instant::now(), is_said: AtomicBool::new(false) }
    }
}

impl Progress for Waiting<'_> {
    fn advance(&self, _amount: u64) {}

    fn cancelled(&self) -> bool {
        /// Most waits are over by then.
        const MOMENT: Duration = Duration::from_secs(1);
        if self.since.elapsed() >= MOMENT && !self.is_said.swap(true, Ordering::Relaxed) {
            let message = format!("waiting for another run that makes {}", shown(self.output));
            self.report.note(self.stage, &message);
        }
        UntilInterrupted.cancelled()
    }
}

/// Tidies up what dead runs have left of an output, and says so.
pub(crate) fn sweep(output: &Path, stage: &str, report: &Report) {
    for leftover in staged::sweep(output) {
        match leftover {
            Leftover::Removed { path, bytes: size } => {
                let message = format!(
                    "removed what an interrupted run left: {}, {}",
                    shown(&path),
                    bytes(size)
                );
                report.note(stage, &message);
            }
            Leftover::Restored { path } => {
                let message = format!(
                    "{} is back, which an interrupted run had begun to replace",
                    shown(&path)
                );
                report.note(stage, &message);
            }
            _ => {}
        }
    }
}
