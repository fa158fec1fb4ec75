use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    DiskError, GenerationId, Refusal, RelPath, Sha256,
    journal::{HIDDEN, Was},
    rel_path::{GENERATIONS, JOURNAL, MANIFEST, OWN, STAGING},
    seam::{Access, FILE_MODE, Found, Kind, Moment, Seam},
};
use crate::secret::Bytes;

/// A folder of files that change together, the folder in it that holds what this module writes for
/// itself, and the system it is on. Every path handed in is relative to the root, and every part of it is
/// looked at before it is used.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    root: PathBuf,
    /// Relative to the root; empty if it is the root.
    state: PathBuf,
    rules: Rules,
    seam: Arc<dyn Seam>,
}

/// Whom a tree trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rules {
    /// The files are somebody's, with links, owners and modes as they like; the state is this user's.
    Home { state_of: u32 },
    /// All of it is this user's alone.
    Workspace,
}

/// Folders to be synced when a step is done.
#[derive(Debug, Default)]
pub(super) struct Touched(BTreeSet<PathBuf>);

impl Tree {
    /// A folder that is this library's, state and files beside each other.
    pub(super) fn new(root: PathBuf, seam: Arc<dyn Seam>) -> Self {
        Self {
            root,
            state: PathBuf::new(),
            rules: Rules::Workspace,
            seam,
        }
    }

    /// A folder of somebody else's files, whose state lies in a folder of its own that belongs to the
    /// user `state_of`. `root` has no link in it.
    pub(super) fn home(root: PathBuf, state_of: u32, seam: Arc<dyn Seam>) -> Self {
        Self {
            root,
            state: PathBuf::from(HIDDEN),
            rules: Rules::Home { state_of },
            seam,
        }
    }

    pub(super) fn is_home(&self) -> bool {
        self.rules != Rules::Workspace
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn seam(&self) -> &dyn Seam {
        &*self.seam
    }

    /// The folder of what this module writes for itself.
    pub(super) fn state(&self) -> &Path {
        &self.state
    }

    /// A file or folder of this module's own.
    pub(super) fn own(&self, name: &str) -> PathBuf {
        self.state.join(name)
    }

    /// Refuses a path that this module keeps for itself.
    pub(super) fn may_name(&self, path: &RelPath) -> Result<(), DiskError> {
        let own: &[&str] = match self.rules {
            Rules::Home { .. } => &[HIDDEN],
            Rules::Workspace => &OWN,
        };
        if own.iter().any(|own| own.eq_ignore_ascii_case(path.top())) {
            return Err(self.refused(path.as_path(), Refusal::Reserved));
        }
        Ok(())
    }

    /// The steps of a run that is between its commit point and its end.
    pub(super) fn journal(&self) -> PathBuf {
        self.own(JOURNAL)
    }

    /// What a run writes before its commit point.
    pub(super) fn staging(&self) -> PathBuf {
        self.own(STAGING)
    }

    /// What a run replaced.
    pub(super) fn generation(&self, id: GenerationId) -> PathBuf {
        self.own(GENERATIONS).join(id.to_string())
    }

    /// What a run did, beside what it replaced.
    pub(super) fn manifest(&self, id: GenerationId) -> PathBuf {
        self.generation(id).join(MANIFEST)
    }

    /// The path for the system and for messages.
    pub(super) fn at(&self, path: &Path) -> PathBuf {
        if path.as_os_str().is_empty() {
            return self.root.clone();
        }
        self.root.join(path)
    }

    /// What is at a path, after every folder on the way was found to be trusted. `None`: nothing there.
    pub(super) fn check(&self, path: &Path) -> Result<Option<Found>, DiskError> {
        let mut found = self.inspect(Path::new(""))?;
        let mut so_far = PathBuf::new();
        for part in path.components() {
            match found {
                None => return Ok(None),
                Some(Found {
                    kind: Kind::Folder, ..
                }) => {}
                Some(_) => return Err(self.refused(&so_far, Refusal::NotAFolder)),
            }
            so_far.push(part);
            found = self.inspect(&so_far)?;
        }
        Ok(found)
    }

    /// As [`Tree::check`], for what must be a file if it is there.
    pub(super) fn file(&self, path: &Path) -> Result<Option<Found>, DiskError> {
        match self.check(path)? {
            Some(Found {
                kind: Kind::Folder, ..
            }) => Err(self.refused(path, Refusal::NotAFile)),
            found => Ok(found),
        }
    }

    /// As [`Tree::check`], for what must be a folder if it is there.
    pub(super) fn folder(&self, path: &Path) -> Result<bool, DiskError> {
        match self.check(path)? {
            Some(Found {
                kind: Kind::File, ..
            }) => Err(self.refused(path, Refusal::NotAFolder)),
            found => Ok(found.is_some()),
        }
    }

    /// A file's content, `None` if there is none.
    pub(super) fn read(&self, path: &Path) -> Result<Option<Bytes>, DiskError> {
        let Some(found) = self.file(path)? else {
            return Ok(None);
        };
        let too_large = || DiskError::TooLarge {
            path: self.at(path),
            size: found.size,
            limit: MAX_FILE,
        };
        let len = usize::try_from(found.size).map_err(|_| too_large())?;
        if found.size > MAX_FILE {
            return Err(too_large());
        }
        let bytes = self.seam.read(&self.at(path), len);
        bytes.map(Some).map_err(self.io("read", path))
    }

    /// SHA-256 of a file, `None` if there is none.
    pub(super) fn digest(&self, path: &Path) -> Result<Option<Sha256>, DiskError> {
        Ok(self.read(path)?.map(|bytes| Sha256::of(bytes.expose())))
    }

    /// The names in a folder that was checked, sorted.
    pub(super) fn names(&self, dir: &Path) -> Result<Vec<String>, DiskError> {
        let names = self
            .seam
            .names(&self.at(dir))
            .map_err(self.io("list", dir))?;
        let mut out = Vec::with_capacity(names.len());
        for name in names {
            out.push(name.into_string().map_err(|name| {
                let reason = "it is not UTF-8".to_owned();
                self.refused(&dir.join(name), Refusal::Name { reason })
            })?);
        }
        out.sort_unstable();
        Ok(out)
    }

    /// Makes a folder and those above it, where they are missing.
    pub(super) fn create_dirs(&self, dir: &Path, touched: &mut Touched) -> Result<(), DiskError> {
        touched.add(dir);
        if self.folder(dir)? {
            return Ok(());
        }
        if let Some(parent) = dir.parent() {
            self.create_dirs(parent, touched)?;
        }
        let made = self.seam.create_dir(&self.at(dir));
        made.map_err(self.io("create the folder", dir))
    }

    /// Writes a new file, this user's alone, and syncs it.
    pub(super) fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        self.create_for(path, bytes, None, None)
    }

    /// As [`Tree::create`], for whom `access` says, as if written at the time `modified`.
    pub(super) fn create_for(
        &self,
        path: &Path,
        bytes: &[u8],
        access: Option<Access>,
        modified: Option<Moment>,
    ) -> Result<(), DiskError> {
        let made = self.seam.create_file(&self.at(path));
        let mut file = made.map_err(self.io("create", path))?;
        let mut fill = || {
            file.write(bytes).map_err(self.io("write", path))?;
            if let Some(access) = access {
                file.give(access)
                    .map_err(self.io("set owner and mode of", path))?;
            }
            if let Some(modified) = modified {
                file.date(modified)
                    .map_err(self.io("set the time of", path))?;
            }
            file.sync().map_err(self.io("sync", path))
        };
        let done = fill();
        if done.is_err() {
            // Half a file helps nobody; that it cannot be removed is no more to tell.
            let _ = self.remove_file(path);
        }
        done
    }

    /// Makes `to`, a name that is free, another name for the content of `from`. Where the file system
    /// has no second names, `to` is a copy, complete from the moment it has its name.
    pub(super) fn link_or_copy(
        &self,
        from: &Path,
        to: &Path,
        spare: &Path,
    ) -> Result<(), DiskError> {
        match self.link(from, to)? {
            true => Ok(()),
            false => self.copy(from, to, spare),
        }
    }

    /// Makes `to` another name for the content of `from`. False: there are no second names there.
    pub(super) fn link(&self, from: &Path, to: &Path) -> Result<bool, DiskError> {
        match self.seam.link(&self.at(from), &self.at(to)) {
            Ok(()) => Ok(true),
            Err(error) if has_no_links(&error) => Ok(false),
            Err(error) => Err(self.io("link", to)(error)),
        }
    }

    /// Copies `from` to `to`, with `spare` as the name of what is not yet complete. What is copied into
    /// the state is this user's alone.
    pub(super) fn copy(&self, from: &Path, to: &Path, spare: &Path) -> Result<(), DiskError> {
        let gone = || self.io("read", from)(io::ErrorKind::NotFound.into());
        let found = self.file(from)?.ok_or_else(gone)?;
        let bytes = self.read(from)?.ok_or_else(gone)?;
        self.remove_file(spare)?;
        if to.starts_with(&self.state) {
            self.create(spare, bytes.expose())?;
        } else {
            let was = Was::of(&found);
            let (access, modified) = (Some(was.access()), Some(was.modified));
            self.create_for(spare, bytes.expose(), access, modified)?;
        }
        self.rename(spare, to)
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        let done = self.seam.rename(&self.at(from), &self.at(to));
        done.map_err(self.io("rename a new file to", to))
    }

    /// Removes a file; one that is not there is no error.
    pub(super) fn remove_file(&self, path: &Path) -> Result<(), DiskError> {
        absent_is_fine(self.seam.remove_file(&self.at(path))).map_err(self.io("remove", path))
    }

    /// Removes a folder unless something is in it; one that is not there is no error.
    pub(super) fn remove_empty_dir(&self, dir: &Path) -> Result<(), DiskError> {
        match absent_is_fine(self.seam.remove_dir(&self.at(dir))) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            done => done.map_err(self.io("remove the folder", dir)),
        }
    }

    /// Notes a folder in which names changed. Of a home's folders those above were there, or are noted
    /// for themselves.
    pub(super) fn touch(&self, dir: &Path, touched: &mut Touched) {
        if self.is_home() && !dir.starts_with(&self.state) {
            touched.0.insert(dir.to_path_buf());
        } else {
            touched.add(dir);
        }
    }

    /// Removes a folder of the state and all that is in it.
    pub(super) fn remove_all(&self, dir: &Path) -> Result<(), DiskError> {
        if !self.folder(dir)? {
            return Ok(());
        }
        for name in self.names(dir)? {
            let path = dir.join(name);
            match self.check(&path)? {
                Some(Found {
                    kind: Kind::Folder, ..
                }) => self.remove_all(&path)?,
                _ => self.remove_file(&path)?,
            }
        }
        self.remove_empty_dir(dir)
    }

    pub(super) fn sync_dir(&self, dir: &Path) -> Result<(), DiskError> {
        let done = self.seam.sync_dir(&self.at(dir));
        done.map_err(self.io("sync the folder", dir))
    }

    /// Syncs folders, deepest first; one that is gone needs it no more.
    pub(super) fn sync(&self, touched: Touched) -> Result<(), DiskError> {
        for dir in touched.0.iter().rev() {
            let done = absent_is_fine(self.seam.sync_dir(&self.at(dir)));
            done.map_err(self.io("sync the folder", dir))?;
        }
        Ok(())
    }

    pub(super) fn io(
        &self,
        action: &'static str,
        path: &Path,
    ) -> impl FnOnce(io::Error) -> DiskError + use<> {
        let path = self.at(path);
        move |source| DiskError::Io {
            action,
            path,
            source,
        }
    }

    pub(super) fn refused(&self, path: &Path, reason: Refusal) -> DiskError {
        let path = self.at(path);
        DiskError::Refused { path, reason }
    }

    fn inspect(&self, path: &Path) -> Result<Option<Found>, DiskError> {
        let found = self.seam.inspect(&self.at(path));
        let found = found.map_err(self.io("look at", path))?;
        let user = match self.rules {
            // Behind its door nobody else comes, and what a home's files are like is kept there.
            Rules::Home { state_of } if path == self.state => state_of,
            Rules::Home { .. } => return self.inspect_any(path, found),
            Rules::Workspace => self.seam.user(),
        };
        let reason = match found {
            None => return Ok(None),
            Some(Found {
                kind: Kind::Link, ..
            }) => Refusal::Link,
            Some(Found {
                kind: Kind::Special,
                ..
            }) => Refusal::Special,
            Some(Found { owner, .. }) if owner != user => Refusal::ForeignOwner { owner, user },
            Some(Found { mode, .. }) if mode & OTHERS_WRITE != 0 => Refusal::Writable { mode },
            Some(found) => return Ok(Some(found)),
        };
        Err(self.refused(path, reason))
    }

    fn inspect_any(&self, path: &Path, found: Option<Found>) -> Result<Option<Found>, DiskError> {
        match found {
            Some(Found {
                kind: Kind::Link, ..
            }) => Err(self.refused(path, Refusal::Link)),
            Some(Found {
                kind: Kind::Special,
                ..
            }) => Err(self.refused(path, Refusal::Special)),
            found => Ok(found),
        }
    }
}

impl Touched {
    /// A folder and all above it, up to the tree's.
    pub(super) fn add(&mut self, dir: &Path) {
        self.0.extend(dir.ancestors().map(Path::to_path_buf));
    }
}

/// True for a mode that is as this module writes it.
pub(super) fn is_private(found: &Found) -> bool {
    found.mode & 0o777 == FILE_MODE
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// link(2): EPERM is what Linux says for FAT, EOPNOTSUPP and ENOSYS are FUSE and network file systems,
/// EMLINK is a full count, EXDEV another file system, or another mount of the same one.
fn has_no_links(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied
            | io::ErrorKind::Unsupported
            | io::ErrorKind::TooManyLinks
            | io::ErrorKind::CrossesDevices
    )
}

/// In bytes. A truststore with every public CA has 0.2 MB; the rest is room for what people put in.
pub(super) const MAX_FILE: u64 = 64 << 20;

/// Group and everybody.
const OTHERS_WRITE: u32 = 0o022;
