//! A set, compared with what is there: what would be done, and nothing that could not be done.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    Change, DiskError, Elsewhere, FileSet, GenerationId, Refusal, RelPath, Sha256,
    journal::{Real, Step, Was},
    locate::Located,
    place::Place,
    seam::Access,
    tree::{Tree, is_private},
    view::{View, Walked, rel_path, walk},
};
use crate::secret::Bytes;

/// What a set, or an undo, would do to a home, found out without changing anything. What could not be
/// done has been refused already.
#[derive(Debug, Default)]
pub struct Prepared {
    pub(super) steps: Vec<Step>,
    /// What waits in `.staging/0`, `.staging/1`, …
    pub(super) staged: Vec<Content>,
    /// Folders to be made, each before what is in it.
    pub(super) made: Vec<Place>,
    /// To be removed when they are empty, each before what is in it.
    pub(super) folders: Vec<Place>,
    pub(super) undoes: Option<Undoes>,
    pub(super) intended: Vec<Intended>,
    pub(super) unchanged: Vec<RelPath>,
    /// Bytes, by the folder in which they will be written.
    pub(super) needed: BTreeMap<PathBuf, u64>,
}

/// What is to happen to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Intended {
    /// As it was asked for.
    pub path: RelPath,
    /// The file itself, behind the links on the way.
    pub file: PathBuf,
    /// Where the home's own tree was left on the way; `None` for a file in it.
    pub elsewhere: Option<Elsewhere>,
    /// What is done to it.
    pub effect: Effect,
    /// Where what somebody else wrote there is kept.
    pub set_aside: Option<PathBuf>,
}

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// There is none, and one is made.
    Create,
    /// It goes.
    Remove,
    /// It gets another content.
    Replace,
}

/// The run that is to be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Undoes {
    pub(super) id: GenerationId,
    pub(super) manifest: Sha256,
}

/// What is staged.
#[derive(Debug)]
pub(super) enum Content {
    /// The file of an earlier run that was kept.
    Kept { from: PathBuf, was: Was },
    /// This, for whom it says; for this user alone if it says nothing.
    New(Bytes, Option<Access>),
}

impl Prepared {
    /// The files that would change, sorted by path.
    pub fn files(&self) -> &[Intended] {
        &self.intended
    }

    /// The files that have the wanted content already, sorted by path.
    pub fn unchanged(&self) -> &[RelPath] {
        &self.unchanged
    }

    /// True if nothing would change.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.folders.is_empty() && self.undoes.is_none()
    }

    pub(super) fn new(view: &View, set: FileSet) -> Result<Self, DiskError> {
        let tree = view.tree();
        let mut prepared = Self::default();
        refuse_conflicts(tree, &set)?;
        prepared.add_folders(view, &set)?;
        for (path, change) in set.changes {
            prepared.add(view, path, change)?;
        }
        if prepared.is_empty() {
            return Ok(prepared);
        }
        prepared.add_kept(view, set.kept)?;
        prepared.refuse_twice(tree)?;
        tree.has_space(&prepared.needed)?;
        Ok(prepared)
    }

    fn add(&mut self, view: &View, path: RelPath, change: Change) -> Result<(), DiskError> {
        let tree = view.tree();
        tree.may_name(&path)?;
        let located = view.locate(&path)?;
        let old = view.digest_at(&located)?;
        match change {
            Change::Retire => {
                if let Some(old) = old {
                    if located.linked {
                        return Err(tree.refused(path.as_path(), Refusal::Link));
                    }
                    tree.may_change(&located)?;
                    self.intend(tree, &path, &located, Effect::Remove)?;
                    let real = tree.real(&located)?;
                    self.steps.push(Step::Retire { path, old, real });
                }
            }
            Change::Write(bytes) => {
                let new = Sha256::of(bytes.expose());
                let as_wanted = tree.is_home() || located.found.is_some_and(|it| is_private(&it));
                if old == Some(new) && as_wanted {
                    self.unchanged.push(path);
                    return Ok(());
                }
                tree.may_change(&located)?;
                let effect = match old {
                    Some(_) => Effect::Replace,
                    None => Effect::Create,
                };
                self.intend(tree, &path, &located, effect)?;
                self.make(&located.missing);
                let real = tree.real(&located)?;
                self.need(real.as_ref(), &located, &bytes);
                let staged = self.stage(Content::New(bytes, tree.access(&located)?));
                self.steps.push(Step::Write {
                    path,
                    staged,
                    new,
                    old,
                    real,
                });
            }
        }
        Ok(())
    }

    /// The number of what waits.
    pub(super) fn stage(&mut self, content: Content) -> u32 {
        self.staged.push(content);
        u32::try_from(self.staged.len() - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn make(&mut self, missing: &[Place]) {
        for folder in missing {
            if !self.made.contains(folder) {
                self.made.push(folder.clone());
            }
        }
    }

    pub(super) fn intend(
        &mut self,
        tree: &Tree,
        path: &RelPath,
        located: &Located,
        effect: Effect,
    ) -> Result<(), DiskError> {
        self.intended.push(Intended {
            path: path.clone(),
            file: tree.at(located.place.as_path()),
            elsewhere: tree.elsewhere(located)?,
            effect,
            set_aside: None,
        });
        Ok(())
    }

    /// What is below the retired folders, unless the set says something else about it.
    fn add_folders(&mut self, view: &View, set: &FileSet) -> Result<(), DiskError> {
        let tree = view.tree();
        for folder in &set.folders {
            tree.may_name(folder)?;
            if tree.is_home() {
                return Err(tree.refused(folder.as_path(), Refusal::HomeFolder));
            }
            let mut below = Walked::default();
            walk(tree, folder.as_path(), &mut below)?;
            for path in below.files.into_keys() {
                let path = rel_path(tree, &path)?;
                // A folder inside another one is met twice.
                let known = self.steps.iter().any(|step| *step.path() == path);
                if !known && !set.changes.contains_key(&path) {
                    self.add(view, path, Change::Retire)?;
                }
            }
            for dir in below.folders {
                let dir = rel_path(tree, &dir)?;
                let mut writes = set
                    .changes
                    .iter()
                    .filter(|(_, change)| **change != Change::Retire);
                let needed = writes.any(|(path, _)| path.is_below(&dir));
                let dir = Place::from(dir);
                if !needed && !self.folders.contains(&dir) {
                    self.folders.push(dir);
                }
            }
        }
        Ok(())
    }

    /// Copies for what stays, if something is replaced that they could be needed for.
    fn add_kept(&mut self, view: &View, kept: BTreeSet<RelPath>) -> Result<(), DiskError> {
        let tree = view.tree();
        if !self.steps.iter().any(|step| step.old().is_some()) {
            return Ok(());
        }
        for path in kept {
            let known = self.steps.iter().any(|step| *step.path() == path);
            let located = view.locate(&path)?;
            if let (false, Some(old)) = (known, view.digest_at(&located)?) {
                let real = tree.real(&located)?;
                self.steps.push(Step::Keep { path, old, real });
            }
        }
        Ok(())
    }

    /// Two paths may lead to the same file, or to one and something below it.
    fn refuse_twice(&self, tree: &Tree) -> Result<(), DiskError> {
        let mut places: Vec<&Path> = self.steps.iter().map(Step::place).collect();
        places.sort_unstable();
        for pair in places.windows(2) {
            if pair[1] == pair[0] {
                return Err(tree.refused(pair[1], Refusal::Twice));
            }
            if pair[1].starts_with(pair[0]) {
                return Err(tree.refused(pair[1], Refusal::Conflict));
            }
        }
        Ok(())
    }

    fn need(&mut self, real: Option<&Real>, located: &Located, bytes: &Bytes) {
        let Some(real) = real else { return };
        let beside = real.beside.as_ref().map(|dir| dir.as_path().to_path_buf());
        if let (true, Some(old)) = (beside.is_some(), located.found) {
            // What is replaced there is copied to the state.
            *self.needed.entry(PathBuf::new()).or_default() += old.size;
        }
        let dir = beside.unwrap_or_default();
        *self.needed.entry(dir).or_default() += bytes.len() as u64;
    }
}

/// What could never be carried out must not reach the commit point.
fn refuse_conflicts(tree: &Tree, set: &FileSet) -> Result<(), DiskError> {
    let writes = |path: &RelPath| matches!(set.changes.get(path), Some(Change::Write(_)));
    for path in set.changes.keys().filter(|path| writes(path)) {
        for (end, _) in path.as_str().match_indices('/') {
            if RelPath::new(&path.as_str()[..end]).is_ok_and(|above| writes(&above)) {
                return Err(tree.refused(path.as_path(), Refusal::Conflict));
            }
        }
    }
    Ok(())
}
