//! What tells one version of a file from another.

use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Time of the last change of content or attributes in nanoseconds since 1970, where there is one.
#[cfg(unix)]
pub fn changed(metadata: &Metadata) -> Option<i64> {
    use std::os::unix::fs::MetadataExt;
    metadata.ctime().checked_mul(1_000_000_000)?.checked_add(metadata.ctime_nsec())
}

#[cfg(not(unix))]
pub fn changed(_: &Metadata) -> Option<i64> {
    None
}

/// The number of a file in its file system, where there is one.
#[cfg(unix)]
pub fn inode(metadata: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::ino(metadata))
}

#[cfg(not(unix))]
pub fn inode(_: &Metadata) -> Option<u64> {
    None
}

/// What `look` finds at a path that others may replace, or take away for a moment, while it is looked at in several steps.
/// What is `doubtful` only counts if the same stood there before and after; so it does in the end where that never happens.
pub fn look_steadily<T>(
    path: &Path,
    doubtful: impl Fn(&T) -> bool,
    mut look: impl FnMut() -> T,
) -> T {
    const ATTEMPTS: usize = 16;
    let this = || path.metadata().ok().as_ref().map(|about| (inode(about), changed(about)));
    for _ in 1..ATTEMPTS {
        let before = this();
        let found = look();
        if !doubtful(&found) || this() == before {
            return found;
        }
    }
    look()
}

/// Whether a file belongs to this user, as far as the system knows users.
pub fn is_of_this_user(about: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::uid(about) == rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    {
        let _ = about;
        true
    }
}

/// How long to wait until the next change of a file must have another time; `None` where it must already, and where
/// the file's clock is ahead of ours.
pub fn time_to_settle(metadata: &Metadata) -> Option<Duration> {
    /// Linux takes the time of its last tick, of which there are 100 to 1000 a second.
    const TICK: Duration = Duration::from_millis(20);
    /// FAT counts in two seconds, and so do some servers.
    const COARSE: Duration = Duration::from_secs(2);
    let changed = changed(metadata).and_then(|nanoseconds| u64::try_from(nanoseconds).ok());
    let changed = changed.and_then(|changed| UNIX_EPOCH.checked_add(Duration::from_nanos(changed)));
    let times = || metadata.modified().into_iter().chain(changed);
    let is_whole = |time: SystemTime| {
        time.duration_since(UNIX_EPOCH).is_ok_and(|since| since.subsec_nanos() == 0)
    };
    let step = if times().all(is_whole) { COARSE } else { TICK };
    let now = SystemTime::now();
    let rest = |time| step.checked_sub(now.duration_since(time).ok()?);
    times().filter_map(rest).max().filter(|rest| !rest.is_zero())
}
