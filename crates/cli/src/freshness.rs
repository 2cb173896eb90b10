//! What is up to date, and how its time is kept in step with `make`.
//!
//! Whether an output is reused is decided by what it records of itself: the identity of its input and the options.
//! `make` only looks at times. So a stage that finds nothing to do still makes its output newer than its input.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// Makes `output` at least as new as each of `inputs`, if it is not.
///
/// # Errors
/// When the time of the output cannot be changed.
pub(crate) fn keep_newer<'a>(
    output: &Path,
    inputs: impl IntoIterator<Item = &'a Path>,
) -> io::Result<()> {
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified());
    let newest = inputs.into_iter().filter_map(|input| modified(input).ok()).max();
    match newest {
        // An input may come from a machine whose clock is ahead.
        Some(newest) if modified(output)? < newest => touch(output, newest.max(SystemTime::now())),
        _ => Ok(()),
    }
}

/// A folder can be opened for this on Unix; elsewhere, what `make` looks at are the files in it.
fn touch(output: &Path, time: SystemTime) -> io::Result<()> {
    if !output.is_dir() {
        return File::options().append(true).open(output)?.set_modified(time);
    }
    if cfg!(unix) {
        File::open(output)?.set_modified(time)?;
    }
    File::options().append(true).open(output.join("points.json"))?.set_modified(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_output_becomes_as_new_as_its_newest_input_even_one_from_the_future() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        for path in [&old, &new] {
            std::fs::write(path, "").unwrap();
        }
        let future = SystemTime::now() + Duration::from_secs(3600);
        File::options().append(true).open(&new).unwrap().set_modified(future).unwrap();
        keep_newer(&old, [new.as_path()]).unwrap();
        assert!(old.metadata().unwrap().modified().unwrap() >= future);
        let before = new.metadata().unwrap().modified().unwrap();
        keep_newer(&new, [old.as_path()]).unwrap();
        assert_eq!(new.metadata().unwrap().modified().unwrap(), before);
    }
}
