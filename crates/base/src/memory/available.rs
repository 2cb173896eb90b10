//! How much memory there is to take, as Linux says it.

use std::fs;
use std::path::Path;

pub(super) fn available_memory() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| meminfo(&text));
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let of = |version: &Version| group_memory(version, Path::new(version.root), &groups);
    [machine, of(&V2), of(&V1)].into_iter().flatten().min()
}

/// Where a version of control groups says what.
struct Version {
    root: &'static str,
    /// The group in a line `hierarchy:controllers:group` of `/proc/self/cgroup`, if it is the one of memory.
    group: fn(&str) -> Option<&str>,
    limit: &'static str,
    /// What stands before the bytes of anonymous memory, those of the groups below included, in `memory.stat`.
    anonymous: &'static str,
}

/// One hierarchy for all controllers, which has number 0 and names none.
const V2: Version = Version {
    root: "/sys/fs/cgroup",
    group: |line| line.strip_prefix("0::"),
    limit: "memory.max",
    anonymous: "anon ",
};

/// A hierarchy for each controller, or for a few.
const V1: Version = Version {
    root: "/sys/fs/cgroup/memory",
    group: |line| {
        let (controllers, group) = line.split_once(':')?.1.split_once(':')?;
        controllers.split(',').any(|controller| controller == "memory").then_some(group)
    },
    limit: "memory.limit_in_bytes",
    anonymous: "total_rss ",
};

/// Limits from here on are none: version 1 has no other word for that than the largest whole number of pages.
const UNLIMITED: u64 = 1 << 60;

fn meminfo(text: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// What the own group, as `/proc/self/cgroup` names it, and all groups above it leave, the tightest of them. In
/// a container the name may be the one outside, which leads nowhere: then the root has the limit.
fn group_memory(version: &Version, root: &Path, groups: &str) -> Option<u64> {
    let group = groups.lines().find_map(version.group)?;
    let own = root.join(group.trim_start_matches('/'));
    own.ancestors()
        .take_while(|folder| folder.starts_with(root))
        .filter_map(|folder| {
            let number = |text: String| text.trim().parse::<u64>().ok();
            let limit = fs::read_to_string(folder.join(version.limit)).ok().and_then(number)?;
            // Pages of files are given back under pressure, so only anonymous memory counts as taken.
            let taken = fs::read_to_string(folder.join("memory.stat"))
                .ok()
                .and_then(|text| anonymous(&text, version))
                .unwrap_or(0);
            (limit < UNLIMITED).then(|| limit.saturating_sub(taken))
        })
        .min()
}

fn anonymous(stat: &str, version: &Version) -> Option<u64> {
    stat.lines().find_map(|line| line.strip_prefix(version.anonymous))?.trim().parse().ok()
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
        let memory = || group_memory(&V2, root.path(), "0::/user/job\n");
        assert_eq!(memory(), None);
        fs::write(inner.join("memory.max"), "max\n").unwrap();
        assert_eq!(memory(), None);
        fs::write(root.path().join("user/memory.max"), "1000\n").unwrap();
        assert_eq!(memory(), Some(1000));
        fs::write(root.path().join("user/memory.stat"), "anon 300\nfile 5\n").unwrap();
        assert_eq!(memory(), Some(700));
        fs::write(inner.join("memory.max"), "500\n").unwrap();
        assert_eq!(memory(), Some(500));
    }

    #[test]
    fn a_group_of_version_1_sets_the_limit_too() {
        let groups = "12:cpuset:/a\n4:cpu,memory:/docker/job\n1:name=systemd:/a\n0::/\n";
        let root = tempfile::tempdir().unwrap();
        let memory = || group_memory(&V1, root.path(), groups);
        assert_eq!(memory(), None);
        // In the container, the path outside of it does not exist.
        fs::write(root.path().join("memory.limit_in_bytes"), "9223372036854771712\n").unwrap();
        assert_eq!(memory(), None);
        fs::write(root.path().join("memory.limit_in_bytes"), "5000\n").unwrap();
        assert_eq!(memory(), Some(5000));
        let stat = "cache 700\nrss 1\ntotal_cache 700\ntotal_rss 1000\n";
        fs::write(root.path().join("memory.stat"), stat).unwrap();
        assert_eq!(memory(), Some(4000));
        let inner = root.path().join("docker/job");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("memory.limit_in_bytes"), "3000\n").unwrap();
        assert_eq!(memory(), Some(3000));
    }

    #[test]
    fn the_own_group_is_that_of_the_version() {
        let group = |version: &Version, text: &'static str| {
            text.lines().find_map(version.group).unwrap_or("none")
        };
        assert_eq!(group(&V2, "1:cpu:/a\n0::/user.slice/x\n"), "/user.slice/x");
        assert_eq!(group(&V2, "1:memory:/a\n"), "none");
        assert_eq!(group(&V1, "2:cpu:/b\n1:memory:/a:b\n"), "/a:b");
        assert_eq!(group(&V1, "1:cpu,cpuacct:/a\n0::/x\n"), "none");
        assert_eq!(group(&V1, "2:name=memory:/a\nnonsense\n"), "none");
    }

    #[test]
    fn this_machine_says_what_it_has() {
        assert!(available_memory().is_some_and(|bytes| bytes > 1 << 20));
    }
}
