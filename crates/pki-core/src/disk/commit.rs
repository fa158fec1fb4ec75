//! Up to the commit point: what a set changes, staged and recorded.

use std::collections::BTreeSet;

use super::{
    Change, DiskError, FileSet, GenerationId, Label, Locked, Refusal, RelPath, Sha256, forward,
    generation,
    journal::{FORMAT, Journal, Step},
    rel_path::JOURNAL,
    seam::FOLDER_MODE,
    tree::{Touched, Tree, is_private},
    view::{Walked, rel_path, walk},
};
use crate::secret::Bytes;

/// What a set changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Committed {
    /// Where what was replaced is; `None` if nothing had to be changed.
    pub generation: Option<GenerationId>,
    /// The files that have new content, sorted.
    pub written: Vec<RelPath>,
    /// The files that went to the generation and have no successor, sorted.
    pub retired: Vec<RelPath>,
    /// The files that had the wanted content already, sorted.
    pub unchanged: Vec<RelPath>,
}

pub(super) fn commit(
    set: FileSet,
    workspace: &mut Locked,
    label: &Label,
) -> Result<Committed, DiskError> {
    let tree = workspace.tree();
    // An earlier commit through this lock may have stopped half-way: never begin on top of it.
    forward::recover(tree)?;
    let mut prepared = Prepared::default();
    refuse_conflicts(tree, &set)?;
    prepared.add_folders(tree, &set)?;
    for (path, change) in set.changes {
        prepared.add(tree, path, change)?;
    }
    if prepared.is_empty() {
        return Ok(prepared.committed);
    }
    prepared.add_kept(tree, set.kept)?;

    let generation = generation::next(tree)?;
    let journal = Journal {
        format: FORMAT,
        generation,
        when: label.when,
        why: label.why.clone(),
        steps: prepared.steps,
        folders: prepared.folders,
    };
    let staged = stage(tree, &journal, &prepared.staged);
    let done = match staged {
        Ok(()) => forward::carry_out(tree, &journal),
        Err(error) => match Journal::read(tree) {
            // Certainly before the commit point.
            Ok(None) => {
                // Space is given back if it can be; the next writer would do it.
                let _ = forward::clear_staging(tree);
                return Err(error);
            }
            _ => Err(error),
        },
    };
    let journal = tree.at(&tree.journal());
    workspace.keep();
    match done {
        Ok(()) => {
            prepared.committed.generation = Some(generation);
            Ok(prepared.committed)
        }
        Err(error) => Err(DiskError::Unfinished {
            journal,
            source: Box::new(error),
        }),
    }
}

/// A set, compared with what is there.
#[derive(Default)]
struct Prepared {
    steps: Vec<Step>,
    /// The content of `.staging/0`, `.staging/1`, …
    staged: Vec<Bytes>,
    folders: Vec<RelPath>,
    committed: Committed,
}

impl Prepared {
    fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.folders.is_empty()
    }

    fn add(&mut self, tree: &Tree, path: RelPath, change: Change) -> Result<(), DiskError> {
        let at = path.as_path();
        tree.may_name(&path)?;
        let old = tree.digest(at)?;
        match change {
            Change::Retire => {
                if let Some(old) = old {
                    tree.may_change(at)?;
                    self.committed.retired.push(path.clone());
                    self.steps.push(Step::Retire { path, old });
                }
            }
            Change::Write(bytes) => {
                let new = Sha256::of(bytes.expose());
                if old == Some(new) && tree.file(at)?.is_some_and(|found| is_private(&found)) {
                    self.committed.unchanged.push(path);
                    return Ok(());
                }
                tree.may_change(at)?;
                let staged = u32::try_from(self.staged.len()).unwrap_or(u32::MAX);
                self.staged.push(bytes);
                self.committed.written.push(path.clone());
                self.steps.push(Step::Write {
                    path,
                    staged,
                    new,
                    old,
                });
            }
        }
        Ok(())
    }

    /// What is below the retired folders, unless the set says something else about it.
    fn add_folders(&mut self, tree: &Tree, set: &FileSet) -> Result<(), DiskError> {
        for folder in &set.folders {
            tree.may_name(folder)?;
            let mut below = Walked::default();
            walk(tree, folder.as_path(), &mut below)?;
            for path in below.files.into_keys() {
                let path = rel_path(tree, &path)?;
                // A folder inside another one is met twice.
                let known = self.steps.iter().any(|step| *step.path() == path);
                if !known && !set.changes.contains_key(&path) {
                    self.add(tree, path, Change::Retire)?;
                }
            }
            for dir in below.folders {
                let dir = rel_path(tree, &dir)?;
                let mut writes = set
                    .changes
                    .iter()
                    .filter(|(_, change)| **change != Change::Retire);
                if !writes.any(|(path, _)| path.is_below(&dir)) && !self.folders.contains(&dir) {
                    self.folders.push(dir);
                }
            }
        }
        Ok(())
    }

    /// Copies for what stays, if something is replaced that they could be needed for.
    fn add_kept(&mut self, tree: &Tree, kept: BTreeSet<RelPath>) -> Result<(), DiskError> {
        if !self.steps.iter().any(|step| step.old().is_some()) {
            return Ok(());
        }
        for path in kept {
            let known = self.steps.iter().any(|step| *step.path() == path);
            if let (false, Some(old)) = (known, tree.digest(path.as_path())?) {
                self.steps.push(Step::Keep { path, old });
            }
        }
        Ok(())
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

/// Writes and syncs every new file, then the journal under its name: what fails before that rename has
/// changed nothing.
fn stage(tree: &Tree, journal: &Journal, contents: &[Bytes]) -> Result<(), DiskError> {
    let state = tree.state();
    if tree
        .check(state)?
        .is_some_and(|found| found.mode & 0o777 != FOLDER_MODE)
    {
        let done = tree.seam().restrict_dir(&tree.at(state));
        done.map_err(tree.io("change the mode of", state))?;
    }
    let staging = tree.staging();
    let mut touched = Touched::default();
    tree.create_dirs(&staging, &mut touched)?;
    for (number, bytes) in contents.iter().enumerate() {
        tree.create(&staging.join(number.to_string()), bytes.expose())?;
    }
    let record = staging.join(JOURNAL);
    tree.create(&record, &journal.to_bytes()?)?;
    tree.sync(touched)?;
    tree.rename(&record, &tree.journal())
}
