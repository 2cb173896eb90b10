//! What operating systems do differently, each with a plain fallback.

use std::fs::File;
use std::io;

/// Bytes of memory that can be taken without pushing anything else out: what is available on the machine, or
/// less where a control group sets a limit. `None` where the system does not say.
pub(crate) fn available_memory() -> Option<u64> {
    #[cfg(target_os = "linux")]
    return linux::available_memory();
    #[cfg(not(target_os = "linux"))]
    None
}

/// Fills `buffer` from byte `offset` of `file`, without moving a shared cursor where the system allows it.
///
/// # Errors
/// As reading; `UnexpectedEof` when the file ends before the buffer is full.
#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

// `seek_read` moves the cursor, but nobody here relies on where it is.
#[cfg(windows)]
pub(crate) fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                buffer = &mut buffer[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::path::Path;

    pub(super) fn available_memory() -> Option<u64> {
        let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| meminfo(&text));
        let group = fs::read_to_string("/proc/self/cgroup")
            .ok()
            .and_then(|text| own_group(&text).map(str::to_owned))
            .and_then(|group| group_memory(Path::new("/sys/fs/cgroup"), &group));
        match (machine, group) {
            (Some(machine), Some(group)) => Some(machine.min(group)),
            (one, None) | (None, one) => one,
        }
    }

    fn meminfo(text: &str) -> Option<u64> {
        let rest = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        let kibibytes: u64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kibibytes.checked_mul(1024)
    }

    /// The version 2 group in `/proc/self/cgroup`: the line with hierarchy 0 and no controllers.
    fn own_group(text: &str) -> Option<&str> {
        text.lines().find_map(|line| line.strip_prefix("0::"))
    }

    /// What the group and all groups above it leave, the tightest of them.
    fn group_memory(root: &Path, group: &str) -> Option<u64> {
        let own = root.join(group.trim_start_matches('/'));
        own.ancestors()
            .take_while(|folder| folder.starts_with(root))
            .filter_map(|folder| {
                let number = |text: String| text.trim().parse::<u64>().ok();
                let limit = fs::read_to_string(folder.join("memory.max")).ok().and_then(number)?;
                // Pages of files are given back under pressure, so only anonymous memory counts as taken.
                let taken = fs::read_to_string(folder.join("memory.stat"))
                    .ok()
                    .and_then(|text| anonymous(&text))
                    .unwrap_or(0);
                Some(limit.saturating_sub(taken))
            })
            .min()
    }

    fn anonymous(stat: &str) -> Option<u64> {
        stat.lines().find_map(|line| line.strip_prefix("anon "))?.trim().parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_available_memory_of_the_machine_is_read() {
            let text = "MemTotal:       24689764 kB\nMemFree: 1 kB\nMemAvailable:   23456 kB\n";
            assert_eq!(meminfo(text), Some(23456 * 1024));
            assert_eq!(meminfo("MemTotal: 1 kB\n"), None);
            assert_eq!(meminfo("MemAvailable: much\n"), None);
        }

        #[test]
        fn the_tightest_group_sets_the_limit() {
            let root = tempfile::tempdir().unwrap();
            let inner = root.path().join("user/job");
            fs::create_dir_all(&inner).unwrap();
            assert_eq!(group_memory(root.path(), "/user/job"), None);
            fs::write(inner.join("memory.max"), "max\n").unwrap();
            assert_eq!(group_memory(root.path(), "/user/job"), None);
            fs::write(root.path().join("user/memory.max"), "1000\n").unwrap();
            assert_eq!(group_memory(root.path(), "/user/job"), Some(1000));
            fs::write(root.path().join("user/memory.stat"), "anon 300\nfile 5\n").unwrap();
            assert_eq!(group_memory(root.path(), "/user/job"), Some(700));
            fs::write(inner.join("memory.max"), "500\n").unwrap();
            assert_eq!(group_memory(root.path(), "/user/job"), Some(500));
        }

        #[test]
        fn the_own_group_is_that_of_version_2() {
            assert_eq!(own_group("1:cpu:/a\n0::/user.slice/x\n"), Some("/user.slice/x"));
            assert_eq!(own_group("1:memory:/a\n"), None);
        }

        #[test]
        fn this_machine_says_what_it_has() {
            assert!(available_memory().is_some_and(|bytes| bytes > 1 << 20));
        }
    }
}
