//! What file systems can do, and what they do not let this user do.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// How Linux calls the file system ext4, and its predecessors.
#[cfg(target_os = "linux")]
pub(crate) const EXT4: u64 = 0xEF53;

/// Puts the folder `new` in the place of `old`: in one step on Linux; elsewhere, or on a file system that cannot, the old one
/// goes to `aside` first and comes back when the second step fails. Returns where the old one is then.
pub fn replace(new: &Path, old: &Path, aside: PathBuf) -> io::Result<PathBuf> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE).is_ok() {
            return Ok(new.to_owned());
        }
    }
    std::fs::rename(old, &aside)?;
    if let Err(error) = std::fs::rename(new, old) {
        let _ = std::fs::rename(&aside, old);
        return Err(error);
    }
    Ok(aside)
}

/// Renames a folder to a name that nothing has. On Linux what appears there at this moment stays in its place; elsewhere an
/// empty folder may not.
pub fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Not every file system can do that.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            renamed => return Ok(renamed?),
        }
    }
    match to.symlink_metadata() {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => std::fs::rename(from, to),
    }
}

/// Makes the names in a folder reach the disk before anything that is done after this.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    match File::open(path)?.sync_all() {
        // Some file systems do not know what that is for a folder.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(())
    }
}

/// Whether a file could be made in a folder, which has no name and is gone again. Not every system knows such.
pub fn can_have_nameless_file(folder: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        open(folder, flags, Mode::RUSR | Mode::WUSR).is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        false
    }
}

/// Why this user cannot put something in the place of what stands at `path`, in `folder`, as far as the system says so
/// beforehand.
pub fn why_irreplaceable(path: &Path, folder: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        use std::os::unix::fs::MetadataExt;
        const STICKY: u32 = 0o1000;
        let user = rustix::process::geteuid();
        // Within `parent`, only owners remove or rename.
        let is_kept = |child: &Metadata, parent: &Metadata| {
            parent.mode() & STICKY != 0
                && ![child.uid(), parent.uid()].contains(&user.as_raw())
                && !user.is_root()
        };
        let (here, around) =
            (std::fs::symlink_metadata(path).ok()?, std::fs::metadata(folder).ok()?);
        let owner = here.uid();
        if is_mounted(path, &here, &around) {
            return Some("something is mounted here".to_owned());
        }
        if let Some(reason) = why_unchangeable(folder) {
            return Some(reason);
        }
        if is_kept(&here, &around) {
            return Some(format!(
                "belongs to user {owner}, who alone may replace it in this folder, as its sticky bit says"
            ));
        }
        // What is said of a link is said of what it leads to.
        if here.is_symlink() {
            return None;
        }
        if is_append_only(path) {
            return Some("is marked as append-only (chattr +a)".to_owned());
        }
        // Not that it may be written, which a replacement does not need, but that it can be changed at all.
        match access(path, Access::WRITE_OK) {
            Err(rustix::io::Errno::PERM) => {
                return Some("is marked as immutable (chattr +i)".to_owned());
            }
            Err(rustix::io::Errno::ROFS) => {
                return Some("lies on a read-only file system".to_owned());
            }
            _ => {}
        }
        if here.is_dir() {
            if access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_err() {
                return Some(format!(
                    "is a folder of user {owner}, and you may not remove what is in it"
                ));
            }
            let of_others = std::fs::read_dir(path).ok()?.flatten();
            let mut of_others = of_others.filter_map(|entry| entry.metadata().ok());
            if of_others.any(|entry| is_kept(&entry, &here)) {
                return Some(
                    "is a folder with a sticky bit and with files of other users".to_owned(),
                );
            }
        }
        None
    }
    #[cfg(not(unix))]
    {
        let _ = (path, folder);
        None
    }
}

/// Why nobody can rename or remove anything in a folder, as far as the system says so beforehand.
pub fn why_unchangeable(folder: &Path) -> Option<String> {
    is_append_only(folder)
        .then(|| "lies in a folder that is marked as append-only (chattr +a)".to_owned())
}

/// Whether a file or folder can be added to, and nothing else.
fn is_append_only(path: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
        statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty())
            .is_ok_and(|about| about.stx_attributes.contains(StatxAttributes::APPEND))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        false
    }
}

/// Makes sure that this user may put names into a folder and take them away, as far as the system says so beforehand.
pub fn ensure_changeable(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        Ok(())
    }
}

/// Whether a file system begins at `path`, or is bound there. Older systems tell it only by the numbers of folders: layers
/// of an overlay give files numbers of their own.
#[cfg(unix)]
fn is_mounted(path: &Path, here: &Metadata, around: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
        const ROOT: StatxAttributes = StatxAttributes::MOUNT_ROOT;
        if let Ok(about) = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty())
            && about.stx_attributes_mask.contains(ROOT)
        {
            return about.stx_attributes.contains(ROOT);
        }
    }
    let _ = path;
    here.is_dir() && here.dev() != around.dev()
}

/// Whether the file system of a folder may be that of other machines too, which may not see the locks that are held here:
/// NFS has an option for that, and others never tell anybody.
pub fn may_be_of_other_machines(folder: &Path) -> bool {
    /// NFS, three of SMB, Lustre, GPFS, Ceph, AFS, 9P, BeeGFS, GFS2, OCFS2, those of VirtualBox, and all in user space.
    #[cfg(target_os = "linux")]
    const SHARED: [u64; 14] = [
        0x6969,
        0x517B,
        0xFF53_4D42,
        0xFE53_4D42,
        0x0BD0_0BD0,
        0x4750_4653,
        0x00C3_6400,
        0x5346_414F,
        0x0102_1997,
        0x1983_0326,
        0x0116_1970,
        0x7461_636F,
        0x786F_4256,
        0x6573_5546,
    ];
    #[cfg(target_os = "linux")]
    #[allow(clippy::unnecessary_cast, reason = "the types differ between processors")]
    return rustix::fs::statfs(folder)
        .is_ok_and(|system| SHARED.contains(&(system.f_type as u64 & 0xFFFF_FFFF)));
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        false
    }
}

/// Bytes that the user can still write to the file system of `folder`, if it says so, and whether it keeps a byte for every
/// one that is written, which one that compresses does not.
pub fn free_space(folder: &Path) -> Option<(u64, bool)> {
    #[cfg(target_os = "linux")]
    {
        const XFS: u64 = 0x5846_5342;
        const TMPFS: u64 = 0x0102_1994;
        let system = rustix::fs::statfs(folder).ok()?;
        #[allow(clippy::unnecessary_cast, reason = "the types differ between processors")]
        let (kind, blocks, size) =
            (system.f_type as u64, system.f_bavail as u64, system.f_bsize as u64);
        Some((blocks.saturating_mul(size), [EXT4, XFS, TMPFS].contains(&kind)))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        None
    }
}

/// How many more files the file system of `folder` can have, if it has a limit and says so.
pub fn free_files(folder: &Path) -> Option<u64> {
    #[cfg(target_os = "linux")]
    #[allow(clippy::unnecessary_cast, reason = "the types differ between processors")]
    return rustix::fs::statfs(folder)
        .ok()
        .and_then(|system| (system.f_files as u64 > 0).then_some(system.f_ffree as u64));
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        None
    }
}

/// Bytes of the longest file that this process may write, where there is such a limit.
pub fn longest_file() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    #[cfg(not(unix))]
    None
}
