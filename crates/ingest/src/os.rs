//! What operating systems do differently, each with a plain fallback.

#[cfg(unix)]
use std::fs::TryLockError;
use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
#[cfg(unix)]
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

#[cfg(unix)]
use crate::regular::open_at;

/// How Linux calls the file system ext4, and its predecessors.
#[cfg(target_os = "linux")]
const EXT4: u64 = 0xEF53;

/// Reads into `buffer` from byte `offset` of `file`, without moving a shared cursor where the system allows it.
/// Returns the number of bytes read: less than asked for at the end of the file, 0 past it.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match read_some_at(file, &mut buffer[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Makes room in `buffer` for bytes of a file, of which the first is byte `offset`, and says where that should go: to the
/// same place in a page of memory as it has in a page of the file. The system copies with an instruction that on some
/// processors (AMD's Zen 3 and 4) takes two to four times as long where that place is 1 to 31 bytes further on.
///
/// The buffer only grows: zeros would have to be written again for every piece.
pub(crate) fn place_in_page(buffer: &mut Vec<u8>, bytes: usize, offset: u64) -> usize {
    const PAGE: usize = 4096;
    if buffer.len() < bytes + PAGE {
        buffer.resize(bytes + PAGE, 0);
    }
    (offset as usize).wrapping_sub(buffer.as_ptr().addr()) % PAGE
}

/// Writes all of `data` at byte `offset` of `file`, which may lie beyond its end.
pub(crate) fn write_all_at(file: &File, mut data: &[u8], mut offset: u64) -> io::Result<()> {
    while !data.is_empty() {
        match write_some_at(file, data, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                data = &data[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Finds room on the disk for bytes of `file`, of which some may lie behind its end, which stays where it is. Says whether
/// that was done: only on ext4, which else looks for room block by block (tmpfs, the other way round, would clear
/// it), and only where plenty is free, so that what is reserved in vain is missed by nobody.
#[cfg(target_os = "linux")]
pub(crate) fn reserve(file: &File, bytes: Range<u64>) -> bool {
    use rustix::fs::{FallocateFlags, fallocate, fstatfs};
    const PLENTY: u64 = 1 << 30;
    let Ok(system) = fstatfs(file) else { return false };
    #[allow(clippy::unnecessary_cast, reason = "the types differ between processors")]
    let (kind, free) =
        (system.f_type as u64, (system.f_bavail as u64).saturating_mul(system.f_bsize as u64));
    kind == EXT4
        && free > PLENTY
        && fallocate(file, FallocateFlags::KEEP_SIZE, bytes.start, bytes.end - bytes.start).is_ok()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn reserve(_: &File, _: Range<u64>) -> bool {
    false
}

/// Time of the last change of content or attributes in nanoseconds since 1970, where there is one.
#[cfg(unix)]
pub(crate) fn changed(metadata: &Metadata) -> Option<i64> {
    use std::os::unix::fs::MetadataExt;
    metadata.ctime().checked_mul(1_000_000_000)?.checked_add(metadata.ctime_nsec())
}

#[cfg(not(unix))]
pub(crate) fn changed(_: &Metadata) -> Option<i64> {
    None
}

/// The number of a file in its file system, where there is one.
#[cfg(unix)]
pub(crate) fn inode(metadata: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::ino(metadata))
}

#[cfg(not(unix))]
pub(crate) fn inode(_: &Metadata) -> Option<u64> {
    None
}

#[cfg(unix)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(unix)]
fn write_some_at(file: &File, data: &[u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, data, offset)
}

// `seek_read` and `seek_write` move the cursor, but nobody here relies on where it is.
#[cfg(windows)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(windows)]
fn write_some_at(file: &File, data: &[u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, data, offset)
}

/// Puts the folder `new` in the place of `old`: in one step on Linux; elsewhere, or on a file system that cannot, the old one
/// goes to `aside` first and comes back when the second step fails. Returns where the old one is then.
pub(crate) fn replace(new: &Path, old: &Path, aside: PathBuf) -> io::Result<PathBuf> {
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

/// Gives a file back to the system and says what that still has to say. Dropping it would not: where files are kept by
/// another machine, this is when it learns that its disk or the user's quota is full.
pub(crate) fn close(file: File) -> io::Result<()> {
    #[cfg(unix)]
    #[expect(unsafe_code, reason = "nothing safe says how closing a file went")]
    {
        use std::os::fd::IntoRawFd;
        // SAFETY: the descriptor is open, and `file`, which owned it, is gone: nobody uses or closes it after this.
        if unsafe { libc::close(file.into_raw_fd()) } == 0 {
            return Ok(());
        }
        match io::Error::last_os_error() {
            // It is closed all the same.
            error if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            error => Err(error),
        }
    }
    #[cfg(not(unix))]
    {
        drop(file);
        Ok(())
    }
}

/// Makes the names in a folder reach the disk before anything that is done after this.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
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

/// Lets the disk begin with what was written to a file, without waiting for it.
pub(crate) fn begin_to_sync(file: &File, bytes: Range<u64>) {
    #[cfg(target_os = "linux")]
    #[expect(unsafe_code, reason = "nothing safe starts to write back without waiting")]
    {
        use std::os::fd::AsRawFd;
        let (Ok(start), Ok(length)) =
            (i64::try_from(bytes.start), i64::try_from(bytes.end - bytes.start))
        else {
            return;
        };
        // SAFETY: the descriptor is that of `file`, which is open, and the call touches no memory of ours. Where it cannot be
        // done, all is left to the end.
        unsafe {
            libc::sync_file_range(file.as_raw_fd(), start, length, libc::SYNC_FILE_RANGE_WRITE);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, bytes);
}

/// What became of asking for a lock.
#[derive(Debug)]
pub(crate) enum Lock {
    /// It is held for as long as the file is open.
    Held(File),
    /// Another process holds it.
    Taken,
    /// There are no locks here, or no such file, or none that may be opened.
    Unknown,
}

/// Asks for the lock of the regular file at `path`, alone or with others who ask like that, and never waits. It is that of the
/// file that still has this name once the lock is held.
pub(crate) fn lock(path: &Path, alone: bool) -> Lock {
    #[cfg(unix)]
    return lock_at(rustix::fs::CWD, path, alone);
    // A file that is open cannot be renamed there, nor can the folder it lies in.
    #[cfg(not(unix))]
    {
        let _ = (path, alone);
        Lock::Unknown
    }
}

/// The same for a path from `folder`.
#[cfg(unix)]
pub(crate) fn lock_at(
    folder: BorrowedFd<'_>,
    path: impl rustix::path::Arg + Copy,
    alone: bool,
) -> Lock {
    use rustix::fs::OFlags;
    // A lock for one alone may need a file that is open for writing.
    let access = OFlags::RDWR | OFlags::NOFOLLOW;
    let Ok(Some(file)) = open_at(folder, path, access) else { return Lock::Unknown };
    let locked = if alone { file.try_lock() } else { file.try_lock_shared() };
    match locked {
        Ok(()) if has_name(&file, folder, path) => Lock::Held(file),
        Err(TryLockError::WouldBlock) => Lock::Taken,
        _ => Lock::Unknown,
    }
}

/// Holds the lock of a new file for as long as it is open, where there are locks. Says whether the file is ours: before
/// the lock was held, somebody may have taken it for one that was left behind.
pub(crate) fn hold(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    return match file.try_lock() {
        Ok(()) => has_name(file, rustix::fs::CWD, path),
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => true,
    };
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        true
    }
}

/// Whether a file is the one at this path from `folder`.
#[cfg(unix)]
fn has_name(file: &File, folder: BorrowedFd<'_>, path: impl rustix::path::Arg) -> bool {
    use rustix::fs::{AtFlags, fstat, statat};
    match (fstat(file), statat(folder, path, AtFlags::SYMLINK_NOFOLLOW)) {
        (Ok(file), Ok(named)) => (file.st_dev, file.st_ino) == (named.st_dev, named.st_ino),
        _ => false,
    }
}

/// Whether a file could be made in a folder, which has no name and is gone again. Not every system knows such.
pub(crate) fn can_have_nameless_file(folder: &Path) -> bool {
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
pub(crate) fn why_irreplaceable(path: &Path, folder: &Path) -> Option<String> {
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
        if is_kept(&here, &around) {
            return Some(format!(
                "belongs to user {owner}, who alone may replace it in this folder, as its sticky bit says"
            ));
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

/// Makes sure that this user may put names into a folder and take them away, as far as the system says so beforehand.
pub(crate) fn ensure_changeable(folder: &Path) -> io::Result<()> {
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

/// Whether a file belongs to this user, as far as the system knows users.
pub(crate) fn is_of_this_user(about: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::uid(about) == rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    {
        let _ = about;
        true
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
pub(crate) fn may_be_of_other_machines(folder: &Path) -> bool {
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
pub(crate) fn free_space(folder: &Path) -> Option<(u64, bool)> {
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

/// Bytes of the longest file that this process may write, where there is such a limit.
pub(crate) fn longest_file() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    #[cfg(not(unix))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_file_have_their_place_in_a_page() {
        let mut buffer = Vec::new();
        for (bytes, offset) in [(0, 0), (1, 4095), (10, 1), (5000, 4096 * 7 + 12), (3, u64::MAX)] {
            let start = place_in_page(&mut buffer, bytes, offset);
            assert!(start < 4096 && start + bytes <= buffer.len());
            let address = buffer[start..].as_ptr().addr();
            assert_eq!(address as u64 % 4096, offset % 4096);
        }
    }
}
