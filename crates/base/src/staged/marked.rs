//! A folder that is there with its mark, or not at all: what has none is somebody else's.

use std::io;
use std::path::Path;

use super::names::Names;
use super::removal::remove;
use super::unfinished::Unfinished;
use super::{ATTEMPTS, builder, folder, sweep};
use crate::{filesystem, tag};

/// Makes a folder with our mark, and nothing else in it, where nothing stands. What killed runs have left of it is removed
/// before.
///
/// # Errors
/// `AlreadyExists` when something has come to stand there, and when it cannot be made.
pub fn create_marked(destination: &Path) -> io::Result<()> {
    let parent = folder(destination);
    sweep(destination);
    for _ in 1..ATTEMPTS {
        match create_once(destination, parent) {
            // Somebody took it for what a dead run has left.
            Err(error) if error.kind() == io::ErrorKind::NotFound && parent.is_dir() => {}
            made => return made,
        }
    }
    create_once(destination, parent)
}

fn create_once(destination: &Path, parent: &Path) -> io::Result<()> {
    let names = Names::of(destination);
    let ((), mut unfinished) = Unfinished::list(|| {
        let path = builder(&names, 0o777).tempdir_in(parent)?.keep();
        Ok(((), path))
    })?;
    let path = unfinished.path().unwrap_or(Path::new("")).to_owned();
    let made = tag::mark(&path).and_then(|()| {
        unfinished.complete(|new| filesystem::rename_to_new(new, destination).map(|()| None))
    });
    // What cannot be removed now is left to the next run.
    made.inspect_err(|_| drop(remove(&path)))
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::abandoned;
    use super::*;
    use std::fs;

    #[test]
    fn a_marked_folder_takes_no_place_and_a_killed_run_leaves_nothing_for_long() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name);
        for (name, mine) in [("empty.grids", None), ("full.grids", Some("mine"))] {
            fs::create_dir(path(name)).unwrap();
            let _ = mine.map(|mine| fs::write(path(name).join(mine), mine).unwrap());
            let error = create_marked(&path(name)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            assert!(!tag::is_marked(&path(name)));
        }
        assert_eq!(abandoned(parent.path()).count(), 0);
        // As runs that are killed before, while and after they mark it leave it.
        for (name, begun) in
            [("aaaaaa", None), ("bbbbbb", Some("Sig")), ("cccccc", Some("Signature: else"))]
        {
            let left = path(&format!(".s.grids.partial-{name}"));
            fs::create_dir(&left).unwrap();
            let _ = begun.map(|begun| fs::write(left.join(tag::NAME), begun).unwrap());
        }
        let whole = path(".s.grids.partial-dddddd");
        fs::create_dir(&whole).unwrap();
        tag::mark(&whole).unwrap();
        assert_eq!(abandoned(parent.path()).count(), 3);
        create_marked(&path("s.grids")).unwrap();
        assert!(tag::is_marked(&path("s.grids")));
        assert_eq!(fs::read_dir(path("s.grids")).unwrap().count(), 1);
        assert_eq!(abandoned(parent.path()).count(), 0);
        assert!(path(".s.grids.partial-cccccc").join(tag::NAME).exists(), "the mark of another");
        let error = create_marked(&path("none/s.grids")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
