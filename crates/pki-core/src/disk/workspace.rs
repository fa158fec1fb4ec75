use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{DiskError, Holder, Locked, Shared, lock, seam::Seam, system::System, tree::Tree};

/// A folder that holds files which belong together: one that exists, or one that will be made.
///
/// Nothing can be read before it is locked, so that nobody decides on what somebody else is changing.
#[derive(Debug)]
pub struct Workspace {
    tree: Tree,
}

impl Workspace {
    /// Looks whether the folder can be trusted. Nothing is made; that there is none is no error.
    ///
    /// # Errors
    ///
    /// [`DiskError::Refused`] if it is a link or no folder, belongs to somebody else than the effective
    /// user, or may be written by group or others; [`DiskError::Io`] if it cannot be looked at.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, DiskError> {
        Self::open_on(dir.into(), Arc::new(System))
    }

    pub(super) fn open_on(dir: PathBuf, seam: Arc<dyn Seam>) -> Result<Self, DiskError> {
        // A slash at the end would make the system follow a link.
        let mut root: PathBuf = dir.components().collect();
        if root.as_os_str().is_empty() {
            root.push(".");
        }
        let tree = Tree::new(root, seam);
        tree.folder(Path::new(""))?;
        Ok(Self { tree })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        self.tree.root()
    }

    /// True if the folder is there.
    ///
    /// # Errors
    ///
    /// As [`Workspace::open`]: it may have changed since.
    pub fn exists(&self) -> Result<bool, DiskError> {
        self.tree.folder(Path::new(""))
    }

    /// Becomes the only one who reads or writes, and finishes or clears away what an interrupted run
    /// left ([`Locked::recovery`]). The folder is made if it is missing, and goes again if nothing is
    /// committed.
    ///
    /// # Errors
    ///
    /// [`DiskError::Held`] if others hold it for longer than `wait`; [`DiskError::NoParent`];
    /// [`DiskError::Changed`] and [`DiskError::Journal`] if an interrupted run cannot be finished;
    /// [`DiskError::Refused`]; [`DiskError::Io`].
    pub fn lock(self, wait: Duration, holder: &Holder) -> Result<Locked, DiskError> {
        lock::exclusive(self.tree, wait, holder)
    }

    /// Keeps writers out while reading, together with other readers. Nothing is made or changed.
    ///
    /// # Errors
    ///
    /// [`DiskError::Held`] if a writer holds it for longer than `wait`; [`DiskError::Journal`] if an
    /// interrupted run left a journal that cannot be understood; [`DiskError::Refused`];
    /// [`DiskError::Io`].
    pub fn share(self, wait: Duration) -> Result<Shared, DiskError> {
        lock::shared(self.tree, wait)
    }
}
