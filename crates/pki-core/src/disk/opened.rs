//! What is done with a file or folder that is open, however it was found.

use std::{
    fs::{File, Permissions, TryLockError},
    io::{self, Read, Seek, Write},
    os::{
        fd::BorrowedFd,
        unix::fs::{MetadataExt, PermissionsExt, fchown},
    },
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use rustix::fs::{OFlags, StatVfs};

use super::seam::{Access, Attempt, Held, Kind, LockMode, Moment, NewFile};
use crate::secret::Bytes;

impl NewFile for File {
    fn give(&mut self, access: Access) -> io::Result<()> {
        let ours = self.metadata()?;
        // Who may not give a file away may still say who has it already.
        let owner = access.owner.filter(|owner| *owner != ours.uid());
        let group = access.group.filter(|group| *group != ours.gid());
        if owner.is_some() || group.is_some() {
            fchown(&*self, owner, group)?;
        }
        // After the owner: a change of owner takes set-user-ID bits away.
        self.set_permissions(Permissions::from_mode(access.mode))
    }

    fn date(&mut self, modified: Moment) -> io::Result<()> {
        let whole = Duration::from_secs(modified.seconds.unsigned_abs());
        let second = match modified.seconds {
            0.. => UNIX_EPOCH.checked_add(whole),
            _ => UNIX_EPOCH.checked_sub(whole),
        };
        let part = Duration::from_nanos(modified.nanoseconds.into());
        let time = second.and_then(|second| second.checked_add(part));
        self.set_modified(time.ok_or(io::ErrorKind::InvalidInput)?)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

impl Held for File {
    fn note(&mut self, text: &[u8]) -> io::Result<()> {
        self.set_len(0)?;
        self.rewind()?;
        self.write_all(text)
    }
}

/// The content, which must be `len` bytes.
pub(super) fn read_all(mut file: File, len: usize) -> io::Result<Bytes> {
    // One buffer of the right size: one that grows leaves copies of a secret behind.
    let mut bytes = Bytes::from(vec![0; len]);
    file.read_exact(bytes.expose_mut())?;
    match file.read(&mut [0])? {
        0 => Ok(bytes),
        _ => Err(io::Error::other("the file grew while it was read")),
    }
}

/// Takes the lock, without waiting. `named` is the device and the number of what has the name now: a
/// writer that made the file and wrote nothing takes it away again.
pub(super) fn lock(
    file: File,
    mode: LockMode,
    named: impl FnOnce() -> Option<(u64, u64)>,
) -> io::Result<Attempt> {
    let tried = match mode {
        LockMode::Exclusive => file.try_lock(),
        LockMode::Shared => file.try_lock_shared(),
    };
    match tried {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Attempt::Busy),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let ours = file.metadata()?;
    Ok(match named() {
        Some(named) if named == (ours.dev(), ours.ino()) => Attempt::Got(Box::new(file)),
        _ => Attempt::Gone,
    })
}

/// Waits until the names in a folder are on the disk.
pub(super) fn sync_names(folder: &File) -> io::Result<()> {
    match folder.sync_all() {
        // fsync(2): "fd is bound to a special file which does not support synchronization", which is what
        // some network and FUSE file systems say of every folder.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        done => done,
    }
}

/// How many bytes a user can still write. `None`: the file system does not say.
pub(super) fn room(found: &StatVfs, user: u32) -> Option<u64> {
    let blocks = match user {
        0 => found.f_bfree,
        _ => found.f_bavail,
    };
    (found.f_blocks > 0).then(|| blocks.saturating_mul(found.f_frsize))
}

/// What must be allowed so that a file, or the names in a folder, can be changed.
pub(super) fn wanted(kind: Kind) -> rustix::fs::Access {
    match kind {
        Kind::Folder => rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK,
        _ => rustix::fs::Access::WRITE_OK,
    }
}

/// rename(2) says EBUSY over a file that is a mount point, as containers mount single files.
#[cfg(target_os = "linux")]
pub(super) fn is_mount_point(folder: BorrowedFd<'_>, path: &Path) -> io::Result<bool> {
    use rustix::fs::{AtFlags, StatxAttributes, StatxFlags, statx};

    match statx(folder, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty()) {
        Ok(found) => Ok(found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)),
        // Before Linux 4.11, or forbidden in a sandbox.
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_mount_point(_: BorrowedFd<'_>, _: &Path) -> io::Result<bool> {
    Ok(false)
}

/// `O_NOFOLLOW`, and `O_NONBLOCK` so that a pipe in a file's place cannot hold the run.
pub(super) fn no_follow() -> OFlags {
    OFlags::NOFOLLOW | OFlags::NONBLOCK
}
