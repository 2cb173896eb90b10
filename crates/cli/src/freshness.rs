//! What is up to date, and how its time is kept in step with `make`.
//!
//! Whether an output is reused is decided by what it records of itself: the identity of its input and the options.
//! `make` only looks at times. So a stage that finds nothing to do still makes its output newer than its input.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// Makes `output` at least as new as each of `inputs`, if it is not.
pub(crate) fn keep_newer<'a>(output: &Path, inputs: impl IntoIterator<Item = &'a Path>) {
    let newest = newest(inputs);
    if newest > modified(output) {
        renew(output, newest);
    }
}

/// Makes `output` newer than all there is: its rule may name more than what the command reads, a Makefile for one.
pub(crate) fn make_newest<'a>(output: &Path, inputs: impl IntoIterator<Item = &'a Path>) {
    renew(output, newest(inputs));
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

fn newest<'a>(inputs: impl IntoIterator<Item = &'a Path>) -> Option<SystemTime> {
    inputs.into_iter().filter_map(modified).max()
}

/// An input may come from a machine whose clock is ahead, so now is not always enough. An output whose time cannot
/// be changed, another user's or one on a read-only disk, is as good as before.
fn renew(output: &Path, newest: Option<SystemTime>) {
    let now = SystemTime::now();
    let _ = touch(output, newest.map_or(now, |newest| newest.max(now)));
}

/// On Unix the owner may do this to a file or folder that is open for reading. Elsewhere a file must be open for
/// writing, and of a folder, what `make` looks at are the files in it.
fn touch(output: &Path, time: SystemTime) -> io::Result<()> {
    let open = |path: &Path| match cfg!(unix) {
        true => File::open(path),
        false => File::options().append(true).open(path),
    };
    if !output.is_dir() {
        return open(output)?.set_modified(time);
    }
    if cfg!(unix) {
        open(output)?.set_modified(time)?;
    }
    open(&output.join("points.json"))?.set_modified(time)
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
        keep_newer(&old, [new.as_path()]);
        assert!(old.metadata().unwrap().modified().unwrap() >= future);
        let before = new.metadata().unwrap().modified().unwrap();
        keep_newer(&new, [old.as_path()]);
        assert_eq!(new.metadata().unwrap().modified().unwrap(), before);
    }
}
