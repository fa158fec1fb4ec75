use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::{AtFlags, CWD, OFlags, accessat, statvfs};

use super::{
    opened::{is_mount_point, lock, no_follow, read_all, room, sync_names, wanted},
    seam::{Access, Attempt, FILE_MODE, FOLDER_MODE, Found, Kind, LockMode, Moment, NewFile, Seam},
};
use crate::secret::Bytes;

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
            .custom_flags(flags(no_follow()))
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
        let mut opened = OpenOptions::new()
            .read(true)
            .custom_flags(flags(OFlags::NOFOLLOW | OFlags::DIRECTORY))
            .open(dir)?;
        opened.give(access)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn may_write(&self, path: &Path, kind: Kind) -> io::Result<()> {
        Ok(accessat(CWD, path, wanted(kind), AtFlags::EACCESS)?)
    }

    fn mounted(&self, path: &Path) -> io::Result<bool> {
        is_mount_point(CWD, path)
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        fs::read_dir(dir)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect()
    }

    fn read(&self, file: &Path, len: usize) -> io::Result<Bytes> {
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(flags(no_follow()))
            .open(file)?;
        read_all(opened, len)
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
        Ok(room(&statvfs(dir)?, self.user()))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        sync_names(&File::open(dir)?)
    }

    fn try_lock(&self, file: &Path, mode: LockMode) -> io::Result<Attempt> {
        let opened = OpenOptions::new()
            .read(true)
            // An exclusive lock over NFS needs a descriptor that may write.
            .write(mode == LockMode::Exclusive)
            .custom_flags(flags(no_follow()))
            .open(file);
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Attempt::Gone),
            Err(error) => return Err(error),
        };
        lock(opened, mode, || {
            let named = fs::symlink_metadata(file).ok()?;
            Some((named.dev(), named.ino()))
        })
    }

    fn try_lock_dir(&self, dir: &Path) -> io::Result<Attempt> {
        lock(File::open(dir)?, LockMode::Exclusive, || {
            let named = fs::metadata(dir).ok()?;
            Some((named.dev(), named.ino()))
        })
    }

    fn user(&self) -> u32 {
        rustix::process::geteuid().as_raw()
    }
}

fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

/// The same, which no link leads astray that was not there before, for absolute paths without a link. Only
/// Linux opens a folder that may be searched and not read.
#[cfg(target_os = "linux")]
pub(super) fn confined() -> Arc<dyn Seam> {
    Arc::new(super::confined::Confined)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn confined() -> Arc<dyn Seam> {
    Arc::new(System)
}
