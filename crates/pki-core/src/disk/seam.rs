use std::{
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
};

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

/// Keys and passwords are the user's alone, whatever the umask.
pub(super) const FILE_MODE: u32 = 0o600;
pub(super) const FOLDER_MODE: u32 = 0o700;
