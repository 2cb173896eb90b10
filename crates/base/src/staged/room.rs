//! Room on the disk: asked for before the work where it is known how much it takes, and named in the error where there turns
//! out to be too little.

use std::io;
use std::path::Path;

use super::ELSEWHERE;
use crate::filesystem;
use crate::message::{bytes, plain};

/// How much room an output takes, and how much there was when it was begun.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Bytes it takes at least, where that is known beforehand.
    takes: Option<u64>,
    /// Bytes that were free.
    free: Option<u64>,
    /// Whether what is written takes as much room.
    exact: bool,
    /// How many more files there could be, where there is a limit.
    files: Option<u64>,
}

impl Room {
    /// Looks how much there is in `folder`.
    pub(super) fn look(folder: &Path, takes: Option<u64>) -> Self {
        let space = filesystem::free_space(folder);
        Self {
            takes,
            free: space.map(|(free, _)| free),
            exact: space.is_some_and(|(_, exact)| exact),
            files: filesystem::free_files(folder),
        }
    }

    /// The same for an output that takes so many bytes.
    pub(super) fn taking(self, bytes: u64) -> Self {
        Self { takes: Some(bytes), ..self }
    }

    /// Refuses what certainly finds no room.
    pub(super) fn check(&self) -> io::Result<()> {
        match (self.takes, self.free) {
            _ if self.files == Some(0) => Err(self.explain(io::ErrorKind::StorageFull.into())),
            (Some(takes), Some(free)) if self.exact && takes > free => {
                Err(self.explain_with("at least", io::ErrorKind::StorageFull.into()))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a file that is longer than this process may write.
    pub(super) fn check_length(&self) -> io::Result<()> {
        match (self.takes, filesystem::longest_file()) {
            (Some(takes), Some(longest)) if takes > longest => {
                Err(self.explain_with("at least", io::ErrorKind::FileTooLarge.into()))
            }
            _ => Ok(()),
        }
    }

    /// An error met while writing; one that says that there is no room says how much it takes, and what there was.
    pub(super) fn explain(&self, error: io::Error) -> io::Error {
        self.explain_with("about", error)
    }

    /// The same, where it is known how exact the number of bytes that it takes is.
    fn explain_with(&self, exactness: &str, error: io::Error) -> io::Error {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        /// A file system that can have no more than so many may run out of them while an output is made.
        const FEW: u64 = 256;
        let kind = error.kind();
        if kind == StorageFull
            && let Some(files @ ..FEW) = self.files
        {
            let free = self.free.map(|free| format!("{} and ", bytes(free))).unwrap_or_default();
            let reason = format!(
                "no space left on device: {free}{files} more files (df -i) were free here when it began; remove files, \
                 or {ELSEWHERE}"
            );
            return io::Error::new(kind, reason);
        }
        let had = match kind {
            StorageFull => {
                self.free.map(|free| format!("{} were free here when it began", bytes(free)))
            }
            QuotaExceeded => Some("a quota limits what the user may write here".to_owned()),
            FileTooLarge => filesystem::longest_file().map(|longest| {
                format!("no file may be longer than {} (ulimit -f)", bytes(longest))
            }),
            _ => return error,
        };
        let takes = self.takes.map(|takes| format!("it takes {exactness} {}", bytes(takes)));
        let facts: Vec<String> = takes.into_iter().chain(had).collect();
        let remedy = match kind {
            FileTooLarge => "raise the limit or make less",
            _ => &format!("make room, or {ELSEWHERE}"),
        };
        let what = match kind {
            StorageFull => "no space left on device".to_owned(),
            _ => plain(&error),
        };
        let facts =
            if facts.is_empty() { String::new() } else { format!(": {}", facts.join(", and ")) };
        io::Error::new(kind, format!("{what}{facts}; {remedy}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_certainly_finds_no_room_is_refused_and_what_may_find_it_is_not() {
        let room = Room { takes: Some(2_000_000), free: Some(1_500_000), exact: true, files: None };
        assert_eq!(
            room.check().unwrap_err().to_string(),
            "no space left on device: it takes at least 2.00 MB, and 1.50 MB were free here when it began; make room, or \
             choose an output elsewhere"
        );
        for room in [
            Room { exact: false, ..room },
            Room { takes: None, ..room },
            Room { free: None, ..room },
            room.taking(1_500_000),
        ] {
            assert!(room.check().is_ok(), "{room:?}");
        }
    }

    #[test]
    fn errors_of_a_full_disk_say_what_is_known_and_all_others_stay() {
        let room = Room { takes: None, free: Some(5), exact: true, files: Some(1000) };
        let text = |error: io::Error| room.explain(error).to_string();
        assert_eq!(
            text(io::ErrorKind::StorageFull.into()),
            "no space left on device: 5 B were free here when it began; make room, or choose an output elsewhere"
        );
        let quota = text(io::ErrorKind::QuotaExceeded.into());
        assert!(quota.contains(": a quota limits"), "{quota}");
        assert_eq!(text(io::Error::other("else")), "else");
        let room = Room { files: Some(0), ..room };
        let error = room.check().unwrap_err().to_string();
        assert!(error.contains(": 5 B and 0 more files (df -i) were free here "), "{error}");
        assert!(error.ends_with("; remove files, or choose an output elsewhere"), "{error}");
        assert!(Room { files: Some(1), ..room }.check().is_ok());
    }
}
