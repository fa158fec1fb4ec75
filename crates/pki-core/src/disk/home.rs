use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use time::OffsetDateTime;

use super::{
    Committed, DiskError, FileSet, Generation, Holder, Label, Locked, Prepared, Recovery, Refusal,
    RelPath, Sha256, Shared, View, commit, generation,
    journal::HIDDEN,
    lock,
    seam::{Found, Kind, Seam},
    system::{System, confined},
    tree::Tree,
    undo,
};
use crate::secret::Bytes;

/// A folder of files that belong to somebody else's program: with links, owners and modes as they are,
/// which all stay.
///
/// What this library needs and what it replaced lies in its folder [`Home::STATE`], which is made for the
/// first change and goes with the last undo.
#[derive(Debug)]
pub struct Home {
    root: PathBuf,
    seam: Arc<dyn Seam>,
    /// The one that writes.
    confined: Arc<dyn Seam>,
}

/// The only one who may change a home, until it is dropped.
#[derive(Debug)]
pub struct LockedHome {
    locked: Locked,
}

/// One of the readers of a home, until it is dropped.
#[derive(Debug)]
pub struct SharedHome {
    shared: Shared,
    pending: Option<Pending>,
}

/// The files of a home as one state, with what an interrupted run promised.
#[derive(Clone, Copy, Debug)]
pub struct HomeView<'a>(&'a View);

/// What an interrupted run left, and what the next writer will do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pending {
    /// It ended before its commit point: no file changed, what it had prepared will be cleared away.
    Discard,
    /// It ended after its commit point: the rest will be done.
    Finish {
        /// When it ran.
        when: OffsetDateTime,
        /// What it was.
        why: String,
        /// Which files it writes, puts back or removes.
        files: Vec<RelPath>,
    },
    /// Another user made the state, into which this one does not look. The files are read as they are.
    Unknown {
        /// That user's number.
        owner: u32,
    },
}

/// What an undo does with a file that somebody changed since the install.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Foreign {
    /// Nothing is undone, [`DiskError::Edited`].
    #[default]
    Refuse,
    /// It stays under another name in the same folder: with `.found` at the end.
    SetAside,
}

impl Home {
    /// The name, in a home, of the folder in which this library keeps what it needs. Other names in a
    /// home that begin so are its files too, and gone after a run.
    pub const STATE: &str = HIDDEN;

    /// Finds the folder, behind links. Nothing is made.
    ///
    /// # Errors
    ///
    /// [`DiskError::Refused`] if it is no folder; [`DiskError::Io`] if there is none.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, DiskError> {
        let dir = dir.as_ref();
        let root = dir.canonicalize().map_err(|source| DiskError::Io {
            action: "find",
            path: dir.to_path_buf(),
            source,
        })?;
        Self::open_on(root, Arc::new(System), confined())
    }

    pub(super) fn open_on(
        root: PathBuf,
        seam: Arc<dyn Seam>,
        confined: Arc<dyn Seam>,
    ) -> Result<Self, DiskError> {
        let home = Self {
            root,
            seam,
            confined,
        };
        let tree = home.tree(home.seam.user());
        if !tree.folder(Path::new(""))? {
            let gone = std::io::ErrorKind::NotFound.into();
            return Err(tree.io("find", Path::new(""))(gone));
        }
        Ok(home)
    }

    /// The folder, without links.
    pub fn dir(&self) -> &Path {
        &self.root
    }

    /// Becomes the only writer, and finishes or clears away what an interrupted run left
    /// ([`LockedHome::recovery`]). The state's folder is made if it is missing, and goes again if there is
    /// nothing to undo.
    ///
    /// # Errors
    ///
    /// [`DiskError::Held`] if others hold it for longer than `wait`; [`DiskError::Refused`] if the home or
    /// its state belongs to somebody else (root may change any home, but not what another user has begun);
    /// [`DiskError::Changed`] and [`DiskError::Journal`] if an interrupted run cannot be finished;
    /// [`DiskError::Io`].
    pub fn lock(self, wait: Duration, holder: &Holder) -> Result<LockedHome, DiskError> {
        let user = self.seam.user();
        let tree = Tree::home(self.root.clone(), user, Arc::clone(&self.confined));
        if let Some(Found { owner, .. }) = tree.check(Path::new(""))?
            && owner != user
            && user != 0
        {
            return Err(tree.refused(Path::new(""), Refusal::ForeignOwner { owner, user }));
        }
        let locked = lock::exclusive(tree, wait, holder)?;
        Ok(LockedHome { locked })
    }

    /// Keeps writers out while reading, together with other readers. Nothing is made or changed. Any home
    /// can be read whose files can.
    ///
    /// # Errors
    ///
    /// [`DiskError::Held`] if a writer holds it for longer than `wait`; [`DiskError::Journal`] if an
    /// interrupted run left a journal that cannot be understood; [`DiskError::Refused`];
    /// [`DiskError::Io`].
    pub fn share(self, wait: Duration) -> Result<SharedHome, DiskError> {
        let user = self.seam.user();
        let mut tree = self.tree(user);
        let dir = tree.at(Path::new(HIDDEN));
        let state = self.seam.inspect(&dir);
        let state = state.map_err(tree.io("look at", Path::new(HIDDEN)))?;
        if let Some(Found {
            owner,
            kind: Kind::Folder,
            ..
        }) = state
            && owner != user
        {
            // Root sees whatever is there, and believes whom the home belongs to.
            let home_of = tree.check(Path::new(""))?.map(|found| found.owner);
            if user != 0 || home_of != Some(owner) {
                return Ok(SharedHome {
                    shared: Shared::unlocked(tree),
                    pending: Some(Pending::Unknown { owner }),
                });
            }
            tree = self.tree(owner);
        }
        let shared = lock::shared(tree, wait)?;
        let pending = match shared.journal() {
            Some(journal) => Some(Pending::Finish {
                when: journal.when,
                why: journal.why.clone(),
                files: journal.changed(),
            }),
            None => left_over(shared.view().tree())?.then_some(Pending::Discard),
        };
        Ok(SharedHome { shared, pending })
    }

    /// Finishes or clears away what an interrupted run left. `None`: there was nothing, and nothing was
    /// made.
    ///
    /// # Errors
    ///
    /// As [`Home::lock`].
    pub fn recover(self, wait: Duration, holder: &Holder) -> Result<Option<Recovery>, DiskError> {
        if !self.tree(self.seam.user()).folder(Path::new(HIDDEN))? {
            return Ok(None);
        }
        Ok(self.lock(wait, holder)?.recovery().cloned())
    }

    fn tree(&self, state_of: u32) -> Tree {
        Tree::home(self.root.clone(), state_of, Arc::clone(&self.seam))
    }
}

impl LockedHome {
    /// The files.
    pub fn view(&self) -> HomeView<'_> {
        HomeView(self.locked.view())
    }

    /// What an interrupted run had left, if there was one.
    pub fn recovery(&self) -> Option<&Recovery> {
        self.locked.recovery()
    }

    /// Does all that was prepared, or nothing. What was changed since it was prepared is not overwritten.
    ///
    /// # Errors
    ///
    /// [`DiskError::Unfinished`] if the change is recorded and not complete: the next lock or commit
    /// completes it. After any other error no file has changed: [`DiskError::Stale`] if a file is no more
    /// what it was when this was prepared, [`DiskError::Refused`], [`DiskError::Io`].
    pub fn commit(&mut self, prepared: Prepared, label: &Label) -> Result<Committed, DiskError> {
        commit::commit(prepared, &mut self.locked, label)
    }
}

impl SharedHome {
    /// The files.
    pub fn view(&self) -> HomeView<'_> {
        HomeView(self.shared.view())
    }

    /// What an interrupted run left, if there was one.
    pub fn pending(&self) -> Option<&Pending> {
        self.pending.as_ref()
    }
}

impl HomeView<'_> {
    /// The folder, without links.
    pub fn dir(&self) -> &Path {
        self.0.dir()
    }

    /// The content of a file, links followed; `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// [`DiskError::Refused`] for a folder, something special, or a link that leads nowhere;
    /// [`DiskError::TooLarge`] above 64 MiB; [`DiskError::Io`].
    pub fn read(&self, path: &RelPath) -> Result<Option<Bytes>, DiskError> {
        self.0.read(path)
    }

    /// SHA-256 of a file, `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// As [`HomeView::read`].
    pub fn digest(&self, path: &RelPath) -> Result<Option<Sha256>, DiskError> {
        self.0.digest(path)
    }

    /// The names in a folder, or in the home itself, sorted; without this library's own, and without
    /// those that are not UTF-8. A folder that is not there has none.
    ///
    /// # Errors
    ///
    /// [`DiskError::Refused`] if it is no folder, or a link that leads nowhere; [`DiskError::Io`].
    pub fn names(&self, folder: Option<&RelPath>) -> Result<Vec<String>, DiskError> {
        self.0.names(folder)
    }

    /// What was installed and not undone, oldest first.
    ///
    /// # Errors
    ///
    /// [`DiskError::Journal`] for a manifest that cannot be understood; as [`HomeView::read`].
    pub fn installs(&self) -> Result<Vec<Generation>, DiskError> {
        self.0.generations()
    }

    /// What a set would do here. Nothing is written, and what could not be written is refused. A link
    /// stays, and the file behind it is meant, which may be outside of the home ([`super::Intended`]).
    /// A file that is there keeps owner, group and mode, without what everybody may; a new one is its
    /// owner's alone, and has its folder's owner if root makes it.
    ///
    /// # Errors
    ///
    /// [`DiskError::Refused`] for a file of somebody else (root may), a file or folder without the bit
    /// that lets its owner write, a folder or something special where a file belongs, a mounted file, a
    /// link that leads nowhere, or (unless root made it) to a file of somebody else than the link's owner,
    /// two paths that lead to one file, and a name in [`Home::STATE`];
    /// [`DiskError::NoSpace`]; [`DiskError::Io`] if the system says that it cannot be written.
    pub fn prepare(&self, files: FileSet) -> Result<Prepared, DiskError> {
        Prepared::new(self.0, files)
    }

    /// What undoing the last install would do: every file gets the bytes, the mode, the owner and the time
    /// that it had, what was made is removed. `None`: there is nothing to undo.
    ///
    /// # Errors
    ///
    /// [`DiskError::Edited`] if files were changed since and that is to be refused, or if a path leads to
    /// another file now; [`DiskError::Damaged`] if what was kept is; as [`HomeView::prepare`].
    pub fn prepare_undo(&self, foreign: Foreign) -> Result<Option<Prepared>, DiskError> {
        undo::prepare(self.0, foreign)
    }
}

/// True for a state that is not what a finished run leaves: something installed, and nothing staged.
fn left_over(tree: &Tree) -> Result<bool, DiskError> {
    if !tree.folder(tree.state())? {
        return Ok(false);
    }
    Ok(generation::last(tree)?.is_none() || tree.folder(&tree.staging())?)
}
