use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{
    DiskError, Refusal, lock,
    seam::{Access, Found, Held, Kind, Seam},
    system::confined,
};
use crate::secret::Bytes;

/// One file outside of any workspace, read and replaced as a whole by one run at a time.
///
/// A link is followed, once, to the file that it names: that file is replaced and the link stays. One that is
/// put on the way later is an error (on Linux). Owner,
/// group and mode of a file that is there stay; a new file is the user's alone (0600). The new content
/// is written beside the file, synced, and renamed over it, so that the file is always whole, old or
/// new. Runs of this library exclude each other by a lock on the folder, which leaves nothing behind.
#[derive(Debug)]
pub struct SingleFile {
    file: PathBuf,
    folder: PathBuf,
    seam: Arc<dyn Seam>,
    _held: Box<dyn Held>,
}

impl SingleFile {
    /// Finds the file, which need not exist, and waits for its folder's lock.
    ///
    /// # Errors
    ///
    /// [`DiskError::NoParent`] if there is no such folder; [`DiskError::Refused`] if what is there is no
    /// file, or a link to nothing; [`DiskError::Held`] if another run holds the folder for longer than
    /// `wait`; [`DiskError::Io`].
    pub fn lock(path: &Path, wait: Duration) -> Result<Self, DiskError> {
        let file = resolve(path)?;
        Self::lock_on(file, wait, confined())
    }

    pub(super) fn lock_on(
        file: PathBuf,
        wait: Duration,
        seam: Arc<dyn Seam>,
    ) -> Result<Self, DiskError> {
        let folder = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        let held = lock::folder(&*seam, &folder, wait)?;
        Ok(Self {
            file,
            folder,
            seam,
            _held: held,
        })
    }

    /// The file itself, behind whatever link led to it.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Its content, `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// [`DiskError::TooLarge`] above `limit` bytes; [`DiskError::Refused`]; [`DiskError::Io`].
    pub fn read(&self, limit: u64) -> Result<Option<Bytes>, DiskError> {
        let Some(found) = self.found()? else {
            return Ok(None);
        };
        let too_large = || DiskError::TooLarge {
            path: self.file.clone(),
            size: found.size,
            limit,
        };
        let size = usize::try_from(found.size).map_err(|_| too_large())?;
        if found.size > limit {
            return Err(too_large());
        }
        let read = self.seam.read(&self.file, size);
        read.map(Some).map_err(io_error("read", &self.file))
    }

    /// Replaces the content, or makes the file.
    ///
    /// # Errors
    ///
    /// [`DiskError::Refused`] for a file that its owner may not write; [`DiskError::Io`]. The file is
    /// unchanged then, unless the folder could not be synced after the new content was in place.
    pub fn replace(&self, bytes: &Bytes) -> Result<(), DiskError> {
        self.replace_with(bytes, 0o7777)
    }

    /// As [`SingleFile::replace`], and the file is its owner's alone from then on.
    ///
    /// # Errors
    ///
    /// As [`SingleFile::replace`].
    pub fn replace_for_owner(&self, bytes: &Bytes) -> Result<(), DiskError> {
        self.replace_with(bytes, 0o700)
    }

    /// `kept`: the permission bits that a file that is there keeps.
    fn replace_with(&self, bytes: &Bytes, kept: u32) -> Result<(), DiskError> {
        let found = self.found()?;
        if let Some(Found { mode, .. }) = found
            && mode & OWNER_WRITES == 0
        {
            return Err(self.refused(Refusal::ReadOnly { mode }));
        }
        let staged = self.staged();
        // What a run left that was killed: nobody else can be writing it now.
        if self.inspect(&staged)?.is_some() {
            let removed = self.seam.remove_file(&staged);
            removed.map_err(io_error("remove", &staged))?;
        }
        let access = found.map(|found| found.access()).map(|access| Access {
            mode: access.mode & kept,
            ..access
        });
        let done = self.stage(&staged, bytes, access);
        if let Err(error) = done {
            // Space is given back if it can be; the error that counts is the first.
            let _ = self.seam.remove_file(&staged);
            return Err(error);
        }
        let renamed = self.seam.rename(&staged, &self.file);
        renamed.map_err(io_error("replace", &self.file))?;
        let synced = self.seam.sync_dir(&self.folder);
        synced.map_err(io_error("sync the folder", &self.folder))
    }

    fn stage(&self, staged: &Path, bytes: &Bytes, access: Option<Access>) -> Result<(), DiskError> {
        let mut new = self
            .seam
            .create_file(staged)
            .map_err(io_error("create", staged))?;
        new.write(bytes.expose())
            .map_err(io_error("write", staged))?;
        if let Some(access) = access {
            let given = new.give(access);
            given.map_err(io_error("set owner and mode of", staged))?;
        }
        new.sync().map_err(io_error("sync", staged))
    }

    fn found(&self) -> Result<Option<Found>, DiskError> {
        match self.inspect(&self.file)? {
            Some(Found {
                kind: Kind::Folder, ..
            }) => Err(self.refused(Refusal::NotAFile)),
            Some(Found {
                kind: Kind::Link, ..
            }) => Err(self.refused(Refusal::Link)),
            Some(Found {
                kind: Kind::Special,
                ..
            }) => Err(self.refused(Refusal::Special)),
            found => Ok(found),
        }
    }

    fn inspect(&self, path: &Path) -> Result<Option<Found>, DiskError> {
        let found = self.seam.inspect(path);
        found.map_err(io_error("look at", path))
    }

    fn staged(&self) -> PathBuf {
        let mut name = std::ffi::OsString::from(".");
        name.push(self.file.file_name().unwrap_or_default());
        name.push(".apim-pki-new");
        self.folder.join(name)
    }

    fn refused(&self, reason: Refusal) -> DiskError {
        DiskError::Refused {
            path: self.file.clone(),
            reason,
        }
    }
}

/// The file behind links; for one that does not exist, its name in the folder behind links.
fn resolve(path: &Path) -> Result<PathBuf, DiskError> {
    match fs::canonicalize(path) {
        Ok(real) => return Ok(real),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io_error("find", path)(error)),
    }
    if fs::symlink_metadata(path).is_ok() {
        return Err(DiskError::Refused {
            path: path.to_path_buf(),
            reason: Refusal::Link,
        });
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let folder = fs::canonicalize(parent).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => DiskError::NoParent {
            path: parent.to_path_buf(),
        },
        _ => io_error("find", parent)(error),
    })?;
    match path.file_name() {
        Some(name) => Ok(folder.join(name)),
        None => Err(DiskError::Refused {
            path: path.to_path_buf(),
            reason: Refusal::NotAFile,
        }),
    }
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError + use<> {
    let path = path.to_path_buf();
    move |source| DiskError::Io {
        action,
        path,
        source,
    }
}

const OWNER_WRITES: u32 = 0o200;
