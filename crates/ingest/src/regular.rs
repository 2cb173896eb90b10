//! Regular files, and nothing that only has a name like one.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// Opens the file at `path` for reading; `None` where it is a folder, a pipe or a device: opening a pipe would wait for
/// somebody to write to it.
///
/// # Errors
/// As opening a file.
pub fn open_regular(path: &Path) -> io::Result<Option<File>> {
    if !std::fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let mut options = File::options();
    options.read(true);
    // It may have become a pipe by now.
    #[cfg(target_os = "linux")]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = options.open(path)?;
    let is_file = file.metadata().as_ref().is_ok_and(Metadata::is_file);
    Ok(is_file.then_some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_opened_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(open_regular(&path).is_err());
        std::fs::write(&path, "text").unwrap();
        assert!(open_regular(&path).unwrap().is_some());
        assert!(open_regular(folder.path()).unwrap().is_none());
        assert!(!cfg!(unix) || open_regular(Path::new("/dev/null")).unwrap().is_none());
    }
}
