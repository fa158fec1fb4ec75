use std::collections::{BTreeMap, BTreeSet};

use super::{Committed, DiskError, Label, Locked, RelPath, commit, prepared::Prepared};
use crate::secret::Bytes;

/// What is to be changed in a workspace, all in memory: it can be looked at, and verified, before
/// anything is written. Written as a whole or not at all.
#[derive(Debug, Default)]
pub struct FileSet {
    pub(super) changes: BTreeMap<RelPath, Change>,
    pub(super) folders: BTreeSet<RelPath>,
    pub(super) kept: BTreeSet<RelPath>,
}

/// What is to happen to one file.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It goes to the generation.
    Retire,
    /// It gets this content, mode 0600; what was there goes to the generation.
    Write(Bytes),
}

impl FileSet {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// A file's new content. Folders are made where they are missing. If it is the file's content
    /// already, nothing happens to it.
    pub fn write(&mut self, path: RelPath, bytes: Bytes) {
        self.changes.insert(path, Change::Write(bytes));
    }

    /// Moves a file to the generation. That there is none is no error.
    pub fn retire(&mut self, path: RelPath) {
        self.changes.insert(path, Change::Retire);
    }

    /// Moves all files below a folder to the generation, except those that this set writes, and removes
    /// the folders that are empty then.
    pub fn retire_folder(&mut self, folder: RelPath) {
        self.folders.insert(folder);
    }

    /// Puts a copy of a file that stays beside what this set replaces: the password that opens it.
    /// A set that replaces nothing copies nothing.
    pub fn keep(&mut self, path: RelPath) {
        self.kept.insert(path);
    }

    /// True if no change was asked for.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.folders.is_empty()
    }

    /// The files to be written and those to be retired by name, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &RelPath> {
        self.changes.keys()
    }

    /// What is to happen to a file. `None`: it stays as it is.
    pub fn get(&self, path: &RelPath) -> Option<&Change> {
        let below = || self.folders.iter().any(|folder| path.is_below(folder));
        match self.changes.get(path) {
            None if below() => Some(&Change::Retire),
            change => change,
        }
    }

    /// Makes every change, or none; what is replaced or retired is in a new generation afterwards. A set
    /// that changes nothing writes nothing.
    ///
    /// # Errors
    ///
    /// [`DiskError::Unfinished`] if the change is recorded and not complete: the next lock or commit
    /// completes it. After any other error no file has changed: [`DiskError::Refused`] if something is
    /// in the way, [`DiskError::Io`].
    pub fn commit(self, workspace: &mut Locked, label: &Label) -> Result<Committed, DiskError> {
        let prepared = Prepared::new(workspace.view(), self)?;
        commit::commit(prepared, workspace, label)
    }
}
