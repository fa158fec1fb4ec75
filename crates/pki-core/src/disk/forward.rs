//! From the commit point on: a journal is carried out, by the run that wrote it or by the next one.

use std::path::{Path, PathBuf};

use super::{
    DiskError, GenerationId, Recovery, Sha256,
    journal::{Journal, Step},
    place::Place,
    rel_path::GENERATIONS,
    seam::Kind,
    tree::{Touched, Tree},
};

/// Finishes what an interrupted run left, or clears it away.
pub(super) fn recover(tree: &Tree) -> Result<Option<Recovery>, DiskError> {
    if let Some(journal) = Journal::read(tree)? {
        carry_out(tree, &journal)?;
        let files = journal.changed();
        let Journal {
            generation,
            when,
            why,
            undoes,
            ..
        } = journal;
        return Ok(Some(match undoes {
            Some(_) => Recovery::Undone { when, why, files },
            None => Recovery::Finished {
                generation,
                when,
                why,
                files,
            },
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
    for folder in &journal.made {
        make(tree, folder.as_path(), &mut touched)?;
    }
    for (step, todo) in journal.steps.iter().zip(&todo) {
        replace(tree, journal, step, *todo, &mut touched)?;
    }
    for folder in journal.folders.iter().rev() {
        tree.remove_empty_dir(folder.as_path())?;
        touch_parent(tree, folder.as_path(), &mut touched);
    }
    tree.sync(touched)?;
    if let Some(undone) = journal.undoes {
        forget(tree, undone)?;
    }

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
    clear_beside(tree)?;
    for name in tree.names(&staging)? {
        tree.remove_file(&staging.join(name))?;
    }
    tree.remove_empty_dir(&staging)?;
    Ok(true)
}

/// Removes what waits on other file systems, before the list of it goes.
fn clear_beside(tree: &Tree) -> Result<(), DiskError> {
    let list = tree.staging().join(BESIDE);
    let Some(bytes) = tree.read(&list)? else {
        return Ok(());
    };
    // A list that was not complete was never acted on.
    let places: Vec<Place> = serde_json::from_slice(bytes.expose()).unwrap_or_default();
    let mut touched = Touched::default();
    for place in &places {
        tree.remove_file(place.as_path())?;
        touch_parent(tree, place.as_path(), &mut touched);
    }
    tree.sync(touched)
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
        .map(|step| look_at(tree, journal, step))
        .collect()
}

fn look_at(tree: &Tree, journal: &Journal, step: &Step) -> Result<Todo, DiskError> {
    let path = step.place();
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
            let staged = journal.staged(tree, step);
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
    // What an undo takes away was made by the run that it undoes: only what is not, is kept.
    if journal.undoes.is_none() {
        tree.create_dirs(&folder, touched)?;
        let manifest = tree.manifest(journal.generation);
        if tree.file(&manifest)?.is_none() {
            tree.link_or_copy(&tree.journal(), &manifest, &spare(tree))?;
        }
    }
    for (step, todo) in journal.steps.iter().zip(todo) {
        let Some(old) = step.old() else { continue };
        let from = step.place();
        let aside = step.real().and_then(|real| real.aside.as_ref());
        if let Some(aside) = aside {
            set_aside(tree, journal, from, aside.as_path(), old, *todo)?;
            touch_parent(tree, aside.as_path(), touched);
            continue;
        }
        if journal.undoes.is_some() {
            continue;
        }
        let to = folder.join(step.path().as_path());
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

/// Keeps what somebody else wrote, under another name in the same folder.
fn set_aside(
    tree: &Tree,
    journal: &Journal,
    from: &Path,
    to: &Path,
    old: Sha256,
    todo: Todo,
) -> Result<(), DiskError> {
    let spare = journal.beside(to, "aside");
    match tree.digest(to)? {
        Some(found) if found == old => {}
        None if todo == Todo::Done => {}
        None => tree.link_or_copy(from, to, &spare)?,
        Some(found) => return Err(wrong_copy(tree, to, old, found)),
    }
    tree.remove_file(&spare)
}

/// Makes a folder of a home.
fn make(tree: &Tree, dir: &Path, touched: &mut Touched) -> Result<(), DiskError> {
    if !tree.folder(dir)? {
        let made = tree.seam().create_dir(&tree.at(dir));
        made.map_err(tree.io("create the folder", dir))?;
    }
    let parent = dir.parent().unwrap_or(Path::new(""));
    let given = tree
        .seam()
        .give_dir(&tree.at(dir), tree.access_in(parent, Kind::Folder)?);
    given.map_err(tree.io("set owner and mode of", dir))?;
    tree.touch(dir, touched);
    tree.touch(parent, touched);
    Ok(())
}

/// Removes a generation that was undone.
fn forget(tree: &Tree, id: GenerationId) -> Result<(), DiskError> {
    let all = tree.own(GENERATIONS);
    if !tree.folder(&all)? {
        return Ok(());
    }
    tree.remove_all(&tree.generation(id))?;
    tree.sync_dir(&all)
}

fn replace(
    tree: &Tree,
    journal: &Journal,
    step: &Step,
    todo: Todo,
    touched: &mut Touched,
) -> Result<(), DiskError> {
    let path = step.place();
    match step {
        Step::Keep { .. } => return Ok(()),
        Step::Retire { .. } => {
            if todo == Todo::Open {
                tree.remove_file(path)?;
            }
        }
        Step::Write { .. } => {
            if let (false, Some(parent)) = (tree.is_home(), path.parent()) {
                tree.create_dirs(parent, touched)?;
            }
            let landing = journal.landing(tree, step);
            tree.remove_file(&landing)?;
            if todo == Todo::Open {
                tree.link_or_copy(&journal.staged(tree, step), &landing, &landing)?;
                tree.rename(&landing, path)?;
                if tree.is_home() {
                    // Both stay if they were names of one file before.
                    tree.remove_file(&landing)?;
                }
            }
        }
    }
    touch_parent(tree, path, touched);
    Ok(())
}

fn touch_parent(tree: &Tree, path: &Path, touched: &mut Touched) {
    if let Some(parent) = path.parent() {
        tree.touch(parent, touched);
    }
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

/// In the staging folder: the names of what waits on other file systems, written before the first.
pub(super) const BESIDE: &str = "beside";
