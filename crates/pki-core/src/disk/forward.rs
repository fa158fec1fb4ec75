//! From the commit point on: a journal is carried out, by the run that wrote it or by the next one.

use std::path::{Path, PathBuf};

use super::{
    DiskError, Recovery, Sha256,
    journal::{Journal, Step},
    tree::{Touched, Tree},
};

/// Finishes what an interrupted run left, or clears it away.
pub(super) fn recover(tree: &Tree) -> Result<Option<Recovery>, DiskError> {
    if let Some(journal) = Journal::read(tree)? {
        carry_out(tree, &journal)?;
        let changed =
            |step: &Step| (!matches!(step, Step::Keep { .. })).then(|| step.path().clone());
        return Ok(Some(Recovery::Finished {
            generation: journal.generation,
            when: journal.when,
            files: journal.steps.iter().filter_map(changed).collect(),
            why: journal.why,
        }));
    }
    Ok(clear_staging(tree)?.then_some(Recovery::Discarded))
}

/// Does what the journal says and is not yet done.
///
/// It may have been begun before, and may end anywhere, with or without what was not yet synced. So each
/// step looks what is there; nothing is taken from `.staging/` (new files get a second name) before the
/// journal is gone for good; and what is replaced has its synced name in the generation before.
pub(super) fn carry_out(tree: &Tree, journal: &Journal) -> Result<(), DiskError> {
    // The journal itself first: from here on there is no way back, and no generation without a run.
    tree.sync_dir(tree.state())?;
    let todo = look(tree, journal)?;

    let mut touched = Touched::default();
    preserve(tree, journal, &todo, &mut touched)?;
    tree.sync(touched)?;

    let mut touched = Touched::default();
    for (step, todo) in journal.steps.iter().zip(&todo) {
        replace(tree, step, *todo, &mut touched)?;
    }
    for folder in journal.folders.iter().rev() {
        tree.remove_empty_dir(folder.as_path())?;
        touched.add_parent(folder.as_path());
    }
    tree.sync(touched)?;

    tree.remove_file(&tree.journal())?;
    // All is done; what cannot be cleared away now the next writer clears away. Should the journal come
    // back after a loss of power, so does `.staging/`, and every step is found done.
    let _ = clear_staging(tree);
    Ok(())
}

/// Removes `.staging/`. True if there was one.
pub(super) fn clear_staging(tree: &Tree) -> Result<bool, DiskError> {
    let staging = tree.staging();
    if !tree.folder(&staging)? {
        return Ok(false);
    }
    // A journal whose removal is not yet on the disk would come back, and need it.
    tree.sync_dir(tree.state())?;
    for name in tree.names(&staging)? {
        tree.remove_file(&staging.join(name))?;
    }
    tree.remove_empty_dir(&staging)?;
    Ok(true)
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Todo {
    /// The path is as the step wants it.
    Done,
    /// The path is as the run found it.
    Open,
}

/// Looks at every file that the journal names before the first is touched.
fn look(tree: &Tree, journal: &Journal) -> Result<Vec<Todo>, DiskError> {
    journal
        .steps
        .iter()
        .map(|step| look_at(tree, step))
        .collect()
}

fn look_at(tree: &Tree, step: &Step) -> Result<Todo, DiskError> {
    let path = step.path().as_path();
    let found = tree.digest(path)?;
    let changed = |path: &Path, expected: String, found| {
        let path = tree.at(path);
        Err(DiskError::Changed {
            path,
            expected,
            found,
        })
    };
    match step {
        // The copy is there or can be made; that the file was changed since does not matter to it.
        Step::Keep { old, .. } | Step::Retire { old, .. } if found == Some(*old) => Ok(Todo::Open),
        Step::Keep { .. } => Ok(Todo::Done),
        Step::Retire { old, .. } => match found {
            None => Ok(Todo::Done),
            found => changed(path, format!("{old} or no file"), found),
        },
        Step::Write { new, old, .. } => {
            // A file with the wanted content and another mode is written again.
            if found == Some(*new) && *old != Some(*new) {
                return Ok(Todo::Done);
            }
            let staged = step.staged(tree);
            let waits = tree.digest(&staged)?;
            if waits != Some(*new) {
                return changed(&staged, new.to_string(), waits);
            }
            // Taken away by somebody since: there is nothing to lose.
            if found == *old || found.is_none() {
                return Ok(Todo::Open);
            }
            let old = old.map_or_else(|| "no file".to_owned(), |old| old.to_string());
            changed(path, format!("{old} or {new}"), found)
        }
    }
}

/// Gives everything that will be replaced or retired its name in the generation, beside the manifest.
fn preserve(
    tree: &Tree,
    journal: &Journal,
    todo: &[Todo],
    touched: &mut Touched,
) -> Result<(), DiskError> {
    let folder = tree.generation(journal.generation);
    tree.create_dirs(&folder, touched)?;
    let manifest = tree.manifest(journal.generation);
    if tree.file(&manifest)?.is_none() {
        tree.link_or_copy(&tree.journal(), &manifest, &spare(tree))?;
    }
    for (step, todo) in journal.steps.iter().zip(todo) {
        let Some(old) = step.old() else { continue };
        let from = step.path().as_path();
        let to = folder.join(from);
        if let Some(parent) = to.parent() {
            tree.create_dirs(parent, touched)?;
        }
        match tree.digest(&to)? {
            Some(found) if found == old => continue,
            None if *todo == Todo::Done => continue,
            None => {}
            Some(found) => return Err(wrong_copy(tree, &to, old, found)),
        }
        match step {
            // It stays where it is, and an editor may write into it: no second name.
            Step::Keep { .. } => tree.copy(from, &to, &spare(tree))?,
            _ if tree.file(from)?.is_none() => {}
            _ => tree.link_or_copy(from, &to, &spare(tree))?,
        }
    }
    Ok(())
}

fn replace(tree: &Tree, step: &Step, todo: Todo, touched: &mut Touched) -> Result<(), DiskError> {
    let path = step.path().as_path();
    match step {
        Step::Keep { .. } => return Ok(()),
        Step::Retire { .. } => {
            if todo == Todo::Open {
                tree.remove_file(path)?;
            }
        }
        Step::Write { .. } => {
            if let Some(parent) = path.parent() {
                tree.create_dirs(parent, touched)?;
            }
            if todo == Todo::Open {
                let place = step.staged(tree).with_extension("place");
                tree.remove_file(&place)?;
                tree.link_or_copy(&step.staged(tree), &place, &spare(tree))?;
                tree.rename(&place, path)?;
            }
        }
    }
    touched.add_parent(path);
    Ok(())
}

fn wrong_copy(tree: &Tree, path: &Path, expected: Sha256, found: Sha256) -> DiskError {
    DiskError::Changed {
        path: tree.at(path),
        expected: expected.to_string(),
        found: Some(found),
    }
}

/// The name of a copy that is not yet complete.
fn spare(tree: &Tree) -> PathBuf {
    tree.staging().join("spare")
}
