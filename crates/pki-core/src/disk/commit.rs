//! Up to the commit point: what was prepared, staged and recorded.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use super::{
    DiskError, GenerationId, Label, Locked, RelPath, forward, generation,
    journal::{FORMAT, Journal, Was},
    prepared::{Content, Effect, Prepared, Undoes},
    rel_path::JOURNAL,
    seam::{FOLDER_MODE, Held},
    tree::{Touched, Tree},
};

/// What a set changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Committed {
    /// Where what was replaced is; `None` if nothing had to be changed, or if it was an undo.
    pub generation: Option<GenerationId>,
    /// The files that have new content, sorted.
    pub written: Vec<RelPath>,
    /// The files that are gone and have no successor, sorted.
    pub retired: Vec<RelPath>,
    /// The files that had the wanted content already, sorted.
    pub unchanged: Vec<RelPath>,
    /// Where an undo put what somebody else had written, by the file where it was found.
    pub set_aside: BTreeMap<RelPath, PathBuf>,
}

pub(super) fn commit(
    prepared: Prepared,
    locked: &mut Locked,
    label: &Label,
) -> Result<Committed, DiskError> {
    let tree = locked.tree();
    // An earlier commit through this lock may have stopped half-way: never begin on top of it.
    forward::recover(tree)?;
    let mut committed = Committed::default();
    for intended in prepared.intended.iter().cloned() {
        if let Some(aside) = intended.set_aside {
            committed.set_aside.insert(intended.path.clone(), aside);
        }
        match intended.effect {
            Effect::Create | Effect::Replace => committed.written.push(intended.path),
            Effect::Remove => committed.retired.push(intended.path),
        }
    }
    if prepared.is_empty() {
        committed.unchanged = prepared.unchanged;
        return Ok(committed);
    }
    let _held = hold_shared(locked, &prepared)?;
    look_again(tree, &prepared)?;

    let generation = generation::next(tree)?;
    let journal = Journal {
        format: FORMAT,
        generation,
        when: label.when,
        why: label.why.clone(),
        undoes: prepared.undoes.map(|undoes| undoes.id),
        mark: locked.mark().to_owned(),
        steps: prepared.steps,
        made: prepared.made,
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
    let path = tree.at(&tree.journal());
    locked.settle();
    match done {
        Ok(()) => {
            committed.generation = journal.undoes.is_none().then_some(generation);
            committed.unchanged = prepared.unchanged;
            Ok(committed)
        }
        Err(error) => Err(DiskError::Unfinished {
            journal: path,
            source: Box::new(error),
        }),
    }
}

/// Homes that share a folder write in it one after the other: each sees what the one before has written.
fn hold_shared(locked: &Locked, prepared: &Prepared) -> Result<Vec<Box<dyn Held>>, DiskError> {
    let tree = locked.tree();
    let mut folders = BTreeSet::new();
    for intended in prepared.intended.iter().filter(|it| it.elsewhere.is_some()) {
        for folder in intended.file.ancestors().skip(1) {
            if tree.check(folder)?.is_some() {
                folders.insert(folder);
                break;
            }
        }
    }
    let held = folders.into_iter().map(|folder| locked.hold(folder));
    held.filter_map(Result::transpose).collect()
}

/// Somebody may have thought it over for a while: what a home holds must be what was prepared for.
fn look_again(tree: &Tree, prepared: &Prepared) -> Result<(), DiskError> {
    if !tree.is_home() {
        return Ok(());
    }
    if let Some(Undoes { id, manifest }) = prepared.undoes {
        let last = generation::last(tree)?;
        let found = tree.digest(&tree.manifest(id))?;
        if last != Some(id) || found != Some(manifest) {
            return Err(DiskError::Stale {
                path: tree.at(&tree.manifest(id)),
                expected: Some(manifest),
                found,
            });
        }
    }
    for step in &prepared.steps {
        let located = tree.locate(step.path())?;
        let found = tree.digest(located.place.as_path())?;
        let moved = located.place.as_path() != step.place();
        if moved || found != step.old() {
            return Err(DiskError::Stale {
                path: tree.at(located.place.as_path()),
                expected: step.old(),
                found,
            });
        }
    }
    Ok(())
}

/// Writes and syncs every new file, then the journal under its name: what fails before that rename has
/// changed nothing.
fn stage(tree: &Tree, journal: &Journal, contents: &[Content]) -> Result<(), DiskError> {
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
    let places = journal.staged_files(tree);
    list_outside(tree, &places)?;
    for (path, content) in places.iter().zip(contents) {
        stage_one(tree, path, content)?;
        if let Some(parent) = path.parent() {
            tree.touch(parent, &mut touched);
        }
    }
    let record = staging.join(JOURNAL);
    tree.create(&record, &journal.to_bytes()?)?;
    tree.sync(touched)?;
    tree.rename(&record, &tree.journal())
}

/// Names what will wait outside of the staging folder, where nobody would look for it.
fn list_outside(tree: &Tree, places: &[PathBuf]) -> Result<(), DiskError> {
    let staging = tree.staging();
    let outside: Vec<&Path> = places
        .iter()
        .filter(|path| !path.starts_with(&staging))
        .map(PathBuf::as_path)
        .collect();
    if outside.is_empty() {
        return Ok(());
    }
    let list = staging.join(forward::BESIDE);
    let bytes = serde_json::to_vec(&outside).map_err(io::Error::from);
    tree.create(&list, &bytes.map_err(tree.io("write", &list))?)?;
    tree.sync_dir(&staging)?;
    tree.sync_dir(tree.state())?;
    tree.sync_dir(Path::new(""))
}

fn stage_one(tree: &Tree, path: &Path, content: &Content) -> Result<(), DiskError> {
    match content {
        Content::New(bytes, access) => tree.create_for(path, bytes.expose(), *access, None),
        Content::Kept { from, was } => {
            let gone = || tree.io("read", from)(io::ErrorKind::NotFound.into());
            // A copy that was made because there are no links there has the content alone.
            let is_itself = Was::of(&tree.file(from)?.ok_or_else(gone)?) == *was;
            if is_itself && tree.link(from, path)? {
                return Ok(());
            }
            let bytes = tree.read(from)?.ok_or_else(gone)?;
            let (access, modified) = (Some(was.access()), Some(was.modified));
            tree.create_for(path, bytes.expose(), access, modified)
        }
    }
}
