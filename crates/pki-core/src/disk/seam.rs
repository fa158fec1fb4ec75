use std::{
    ffi::OsString,
    fmt,
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use rustix::fs::{AtFlags, CWD, OFlags, accessat};
use serde::{Deserialize, Serialize};

use crate::secret::Bytes;

/// Everything that this module asks of the operating system, one method an operation, so that a test can
/// count them, make each of them fail, or end the run there. No method follows a link in the last part
/// of a path.
pub(super) trait Seam: fmt::Debug + Send + Sync {
    /// A new folder, mode 0700.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    /// A new, empty file, mode 0600; one that exists is an error.
    fn create_file(&self, file: &Path) -> io::Result<Box<dyn NewFile>>;
    /// Gives a folder an owner, a group and a mode.
    fn give_dir(&self, dir: &Path, access: Access) -> io::Result<()>;
    /// What is there, links not followed. `None`: nothing.
    fn inspect(&self, path: &Path) -> io::Result<Option<Found>>;
    /// A second name for a file.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// An error if this user may not write a file, or make and remove names in a folder.
    fn may_write(&self, path: &Path, kind: Kind) -> io::Result<()>;
    /// True if a file system, or a single file of one, is mounted there.
    fn mounted(&self, path: &Path) -> io::Result<bool>;
    /// The names in a folder, in any order.
    fn names(&self, dir: &Path) -> io::Result<Vec<OsString>>;
    /// A file's content, which must be `len` bytes.
    fn read(&self, file: &Path, len: usize) -> io::Result<Bytes>;
    /// Where a link leads, as it says.
    fn read_link(&self, link: &Path) -> io::Result<PathBuf>;
    /// Removes an empty folder.
    fn remove_dir(&self, dir: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, file: &Path) -> io::Result<()>;
    /// Gives a file another name, in place of what has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes a folder's mode 0700.
    fn restrict_dir(&self, dir: &Path) -> io::Result<()>;
    /// How many bytes this user can still write in a folder. `None`: the file system does not say.
    fn space(&self, dir: &Path) -> io::Result<Option<u64>>;
    /// Waits until the names in a folder are on the disk.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Takes the lock of a file that exists, without waiting.
    fn try_lock(&self, file: &Path, mode: LockMode) -> io::Result<Attempt>;
    /// Takes the lock of a folder for one writer, without waiting.
    fn try_lock_dir(&self, dir: &Path) -> io::Result<Attempt>;
    /// The effective user.
    fn user(&self) -> u32;
}

/// A file that is being written for the first time.
pub(super) trait NewFile {
    /// Gives it an owner, a group and a mode: of the file that was opened, whatever its name is by now.
    fn give(&mut self, access: Access) -> io::Result<()>;
    /// Says when it was written last.
    fn date(&mut self, modified: Moment) -> io::Result<()>;
    /// Appends.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Waits until content and size are on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// A lock, held until it is dropped.
pub(super) trait Held: fmt::Debug + Send {
    /// Replaces the file's content by a note for others, not synced.
    fn note(&mut self, text: &[u8]) -> io::Result<()>;
}

/// What came of asking for a lock.
#[derive(Debug)]
pub(super) enum Attempt {
    /// Somebody else has it.
    Busy,
    /// The file was removed, or another has its name now: ask again.
    Gone,
    /// It is ours.
    Got(Box<dyn Held>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LockMode {
    /// One writer.
    Exclusive,
    /// Any number of readers.
    Shared,
}

/// What `lstat` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) owner: u32,
    pub(super) group: u32,
    /// The permission bits, 0 to 0o7777.
    pub(super) mode: u32,
    pub(super) size: u64,
    pub(super) modified: Moment,
    /// The file system that it is on.
    pub(super) device: u64,
}

/// Who may do what with a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    /// `None`: who has it.
    pub(super) owner: Option<u32>,
    /// `None`: the one that it has.
    pub(super) group: Option<u32>,
    /// The permission bits, 0 to 0o7777.
    pub(super) mode: u32,
}

/// When a file was written last, since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Moment {
    pub(super) seconds: i64,
    pub(super) nanoseconds: u32,
}

impl Found {
    pub(super) fn access(&self) -> Access {
        Access {
            owner: Some(self.owner),
            group: Some(self.group),
            mode: self.mode,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link,
    Special,
}

/// The operating system.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct System;

impl Seam for System {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        DirBuilder::new().mode(FOLDER_MODE).create(dir)?;
        // The umask may have taken the owner's bits.
        fs::set_permissions(dir, Permissions::from_mode(FOLDER_MODE))
    }

    fn create_file(&self, file: &Path) -> io::Result<Box<dyn NewFile>> {
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .custom_flags(no_follow())
            .open(file)?;
        made.set_permissions(Permissions::from_mode(FILE_MODE))?;
        Ok(Box::new(made))
    }

    fn inspect(&self, path: &Path) -> io::Result<Option<Found>> {
        let metadata = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let file_type = metadata.file_type();
        let kind = if file_type.is_symlink() {
            Kind::Link
        } else if file_type.is_dir() {
            Kind::Folder
        } else if file_type.is_file() {
            Kind::File
        } else {
            Kind::Special
        };
        Ok(Some(Found {
            kind,
            owner: metadata.uid(),
            group: metadata.gid(),
            mode: metadata.mode() & 0o7777,
            size: metadata.len(),
            modified: Moment {
                seconds: metadata.mtime(),
                nanoseconds: u32::try_from(metadata.mtime_nsec()).unwrap_or(0),
            },
            device: metadata.dev(),
        }))
    }

    fn give_dir(&self, dir: &Path, access: Access) -> io::Result<()> {
        let flags = OFlags::NOFOLLOW | OFlags::DIRECTORY;
        let mut opened = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(dir)?;
        opened.give(access)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn may_write(&self, path: &Path, kind: Kind) -> io::Result<()> {
        let mut wanted = rustix::fs::Access::WRITE_OK;
        if kind == Kind::Folder {
            wanted |= rustix::fs::Access::EXEC_OK;
        }
        Ok(accessat(CWD, path, wanted, AtFlags::EACCESS)?)
    }

    fn mounted(&self, path: &Path) -> io::Result<bool> {
        mounted(path)
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        fs::read_dir(dir)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect()
    }

    fn read(&self, file: &Path, len: usize) -> io::Result<Bytes> {
        let mut opened = OpenOptions::new()
            .read(true)
            .custom_flags(no_follow())
            .open(file)?;
        // One buffer of the right size: one that grows leaves copies of a secret behind.
        let mut bytes = Bytes::from(vec![0; len]);
        opened.read_exact(bytes.expose_mut())?;
        match opened.read(&mut [0])? {
            0 => Ok(bytes),
            _ => Err(io::Error::other("the file grew while it was read")),
        }
    }

    fn read_link(&self, link: &Path) -> io::Result<PathBuf> {
        fs::read_link(link)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        fs::remove_dir(dir)
    }

    fn remove_file(&self, file: &Path) -> io::Result<()> {
        fs::remove_file(file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn restrict_dir(&self, dir: &Path) -> io::Result<()> {
        fs::set_permissions(dir, Permissions::from_mode(FOLDER_MODE))
    }

    fn space(&self, dir: &Path) -> io::Result<Option<u64>> {
        let found = rustix::fs::statvfs(dir)?;
        let blocks = match self.user() {
            0 => found.f_bfree,
            _ => found.f_bavail,
        };
        Ok((found.f_blocks > 0).then(|| blocks.saturating_mul(found.f_frsize)))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        match File::open(dir)?.sync_all() {
            // fsync(2): "fd is bound to a special file which does not support synchronization", which is
            // what some network and FUSE file systems say of every folder.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            done => done,
        }
    }

    fn try_lock(&self, file: &Path, mode: LockMode) -> io::Result<Attempt> {
        let opened = OpenOptions::new()
            .read(true)
            // An exclusive lock over NFS needs a descriptor that may write.
            .write(mode == LockMode::Exclusive)
            .custom_flags(no_follow())
            .open(file);
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Attempt::Gone),
            Err(error) => return Err(error),
        };
        let tried = match mode {
            LockMode::Exclusive => opened.try_lock(),
            LockMode::Shared => opened.try_lock_shared(),
        };
        match tried {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Attempt::Busy),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // A writer that made the workspace and wrote nothing takes the lock file away again.
        let ours = opened.metadata()?;
        Ok(match fs::symlink_metadata(file) {
            Ok(named) if (named.dev(), named.ino()) == (ours.dev(), ours.ino()) => {
                Attempt::Got(Box::new(opened))
            }
            _ => Attempt::Gone,
        })
    }

    fn try_lock_dir(&self, dir: &Path) -> io::Result<Attempt> {
        let opened = File::open(dir)?;
        match opened.try_lock() {
            Ok(()) => Ok(Attempt::Got(Box::new(opened))),
            Err(TryLockError::WouldBlock) => Ok(Attempt::Busy),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn user(&self) -> u32 {
        rustix::process::geteuid().as_raw()
    }
}

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
        io::Seek::rewind(self)?;
        self.write_all(text)
    }
}

/// rename(2) says EBUSY over a file that is a mount point, as containers mount single files.
#[cfg(target_os = "linux")]
fn mounted(path: &Path) -> io::Result<bool> {
    use rustix::fs::{StatxAttributes, StatxFlags, statx};

    match statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty()) {
        Ok(found) => Ok(found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)),
        // Before Linux 4.11, or forbidden in a sandbox.
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn mounted(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// `O_NOFOLLOW`, and `O_NONBLOCK` so that a pipe in a file's place cannot hold the run.
fn no_follow() -> i32 {
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed()
}

/// Keys and passwords are the user's alone, whatever the umask.
pub(super) const FILE_MODE: u32 = 0o600;
pub(super) const FOLDER_MODE: u32 = 0o700;
