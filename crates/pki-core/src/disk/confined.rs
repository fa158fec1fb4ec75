use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{ffi::OsStringExt, fs::MetadataExt},
    },
    path::{Component, Path, PathBuf},
};

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, accessat, fstatvfs, linkat, mkdirat, openat,
    readlinkat, renameat, statat, unlinkat,
};

use super::{
    opened::{is_mount_point, lock, no_follow, read_all, room, sync_names, wanted},
    seam::{Access, Attempt, FILE_MODE, FOLDER_MODE, Found, Kind, LockMode, Moment, NewFile, Seam},
    system::System,
};
use crate::secret::Bytes;

/// The operating system, for absolute paths that have no link in them: every folder on the way is opened
/// from the one before, and a link that somebody put there meanwhile is an error.
///
/// Root writes in folders of others with it: by a path alone it could be led to another file between the
/// moment when it looks and the one when it writes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Confined;

impl Seam for Confined {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let at = At::new(dir)?;
        mkdirat(&at.folder, at.name, Mode::from_raw_mode(FOLDER_MODE))?;
        // The umask may have taken the owner's bits.
        self.restrict_dir(dir)
    }

    fn create_file(&self, file: &Path) -> io::Result<Box<dyn NewFile>> {
        let at = At::new(file)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let mut made = at.open(flags)?;
        made.give(mode(FILE_MODE))?;
        Ok(Box::new(made))
    }

    fn give_dir(&self, dir: &Path, access: Access) -> io::Result<()> {
        open_folder(dir)?.give(access)
    }

    fn inspect(&self, path: &Path) -> io::Result<Option<Found>> {
        let found = At::new(path).and_then(|at| at.stat());
        match found {
            Ok(found) => Ok(Some(found_in(&found))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (At::new(from)?, At::new(to)?);
        let no_flags = AtFlags::empty();
        Ok(linkat(
            &from.folder,
            from.name,
            &to.folder,
            to.name,
            no_flags,
        )?)
    }

    fn may_write(&self, path: &Path, kind: Kind) -> io::Result<()> {
        let at = At::new(path)?;
        Ok(accessat(
            &at.folder,
            at.name,
            wanted(kind),
            AtFlags::EACCESS,
        )?)
    }

    fn mounted(&self, path: &Path) -> io::Result<bool> {
        let at = At::new(path)?;
        is_mount_point(at.folder.as_fd(), at.name.as_ref())
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::new(open_folder(dir)?)? {
            let name = entry?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name));
            }
        }
        Ok(names)
    }

    fn read(&self, file: &Path, len: usize) -> io::Result<Bytes> {
        read_all(At::new(file)?.open(OFlags::RDONLY)?, len)
    }

    fn read_link(&self, link: &Path) -> io::Result<PathBuf> {
        let at = At::new(link)?;
        let target = readlinkat(&at.folder, at.name, Vec::new())?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        let at = At::new(dir)?;
        Ok(unlinkat(&at.folder, at.name, AtFlags::REMOVEDIR)?)
    }

    fn remove_file(&self, file: &Path) -> io::Result<()> {
        let at = At::new(file)?;
        Ok(unlinkat(&at.folder, at.name, AtFlags::empty())?)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (At::new(from)?, At::new(to)?);
        Ok(renameat(&from.folder, from.name, &to.folder, to.name)?)
    }

    fn restrict_dir(&self, dir: &Path) -> io::Result<()> {
        open_folder(dir)?.give(mode(FOLDER_MODE))
    }

    fn space(&self, dir: &Path) -> io::Result<Option<u64>> {
        Ok(room(&fstatvfs(open_folder(dir)?)?, self.user()))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        sync_names(&open_folder(dir)?)
    }

    fn try_lock(&self, file: &Path, mode: LockMode) -> io::Result<Attempt> {
        let at = At::new(file)?;
        let flags = match mode {
            LockMode::Exclusive => OFlags::RDWR,
            LockMode::Shared => OFlags::RDONLY,
        };
        let opened = match at.open(flags) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Attempt::Gone),
            Err(error) => return Err(error),
        };
        lock(opened, mode, || {
            let found = at.stat().ok()?;
            Some((found.st_dev, found.st_ino))
        })
    }

    fn try_lock_dir(&self, dir: &Path) -> io::Result<Attempt> {
        lock(open_folder(dir)?, LockMode::Exclusive, || {
            let found = open_folder(dir).and_then(|dir| dir.metadata()).ok()?;
            Some((found.dev(), found.ino()))
        })
    }

    fn user(&self) -> u32 {
        System.user()
    }
}

/// The last part of a path, and the folder that it is in.
struct At<'a> {
    folder: OwnedFd,
    name: &'a OsStr,
}

impl<'a> At<'a> {
    fn new(path: &'a Path) -> io::Result<Self> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            // The top of all is in itself.
            let (folder, name) = (walk(path)?, OsStr::new("."));
            return Ok(Self { folder, name });
        };
        let folder = walk(folder)?;
        Ok(Self { folder, name })
    }

    fn open(&self, flags: OFlags) -> io::Result<File> {
        let flags = flags | no_follow() | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(FILE_MODE);
        Ok(openat(&self.folder, self.name, flags, mode)?.into())
    }

    fn stat(&self) -> io::Result<Stat> {
        Ok(statat(&self.folder, self.name, AtFlags::SYMLINK_NOFOLLOW)?)
    }
}

/// Opens a folder for nothing but finding what is in it.
fn walk(folder: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut parts = folder.components();
    if parts.next() != Some(Component::RootDir) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut reached = openat(CWD, "/", flags, Mode::empty())?;
    for part in parts {
        reached = openat(&reached, part.as_os_str(), flags, Mode::empty())?;
    }
    Ok(reached)
}

fn open_folder(dir: &Path) -> io::Result<File> {
    At::new(dir)?.open(OFlags::RDONLY | OFlags::DIRECTORY)
}

fn mode(mode: u32) -> Access {
    Access {
        owner: None,
        group: None,
        mode,
    }
}

fn found_in(stat: &Stat) -> Found {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Kind::Folder,
        FileType::RegularFile => Kind::File,
        FileType::Symlink => Kind::Link,
        _ => Kind::Special,
    };
    Found {
        kind,
        owner: stat.st_uid,
        group: stat.st_gid,
        mode: stat.st_mode & 0o7777,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        modified: Moment {
            seconds: stat.st_mtime,
            nanoseconds: u32::try_from(stat.st_mtime_nsec).unwrap_or(0),
        },
        device: stat.st_dev,
    }
}
