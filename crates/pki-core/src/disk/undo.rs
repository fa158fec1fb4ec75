//! The last install of a home, turned round.

use std::path::{Path, PathBuf};

use super::{
    DiskError, EditedFile, Foreign, Refusal, RelPath, Sha256, generation,
    journal::{Journal, Real, Step, Was},
    locate::Located,
    place::Place,
    prepared::{Content, Effect, Prepared, Undoes},
    tree::Tree,
    view::View,
};

/// What would put back what the last run replaced. `None`: there is nothing to undo.
pub(super) fn prepare(view: &View, foreign: Foreign) -> Result<Option<Prepared>, DiskError> {
    let tree = view.tree();
    let Some(last) = generation::last(tree)? else {
        return Ok(None);
    };
    let manifest = tree.manifest(last);
    let damaged = || DiskError::Journal {
        path: tree.at(&manifest),
        reason: "it is missing".to_owned(),
    };
    let digest = tree.digest(&manifest)?.ok_or_else(damaged)?;
    let journal = Journal::read_at(tree, &manifest)?.ok_or_else(damaged)?;
    let mut undo = Undo {
        view,
        foreign,
        kept: tree.generation(last),
        prepared: Prepared {
            undoes: Some(Undoes {
                id: last,
                manifest: digest,
            }),
            folders: journal.made,
            ..Prepared::default()
        },
        edited: Vec::new(),
    };
    for step in &journal.steps {
        undo.add(step)?;
    }
    match undo.edited.is_empty() {
        true => Ok(Some(undo.prepared)),
        false => Err(DiskError::Edited { files: undo.edited }),
    }
}

struct Undo<'a> {
    view: &'a View,
    foreign: Foreign,
    /// The generation's folder.
    kept: PathBuf,
    prepared: Prepared,
    edited: Vec<EditedFile>,
}

impl Undo<'_> {
    fn add(&mut self, step: &Step) -> Result<(), DiskError> {
        let (path, left, real) = match step {
            Step::Keep { .. } => return Ok(()),
            Step::Retire { path, real, .. } => (path, None, real),
            Step::Write {
                path, new, real, ..
            } => (path, Some(*new), real),
        };
        let Some(real) = real else { return Ok(()) };
        let (before, tree) = (step.old(), self.view.tree());
        let located = self.view.locate(path)?;
        let found = self.view.digest_at(&located)?;
        let moved = located.place != real.place;
        // What somebody put back by hand is what is wanted.
        let foreign = found != left && found != before;
        if moved || (foreign && self.foreign == Foreign::Refuse) {
            self.edited.push(EditedFile {
                path: path.clone(),
                file: tree.at(located.place.as_path()),
                expected: left,
                found,
                led_to: moved.then(|| tree.at(real.place.as_path())),
            });
            return Ok(());
        }
        if (found, before) == (None, None) {
            return Ok(());
        }
        tree.may_change(&located)?;
        let aside = match foreign && found.is_some() {
            true => Some(free_name(tree, &real.place)?),
            false => None,
        };
        let now = Real {
            aside: aside.clone(),
            ..tree.real(&located)?.unwrap_or_else(|| real.clone())
        };
        let effect = self.step(path, found, before, now, real.was, &located)?;
        self.prepared.intend(tree, path, &located, effect)?;
        if let (Some(intended), Some(aside)) = (self.prepared.intended.last_mut(), aside) {
            intended.set_aside = Some(tree.at(aside.as_path()));
        }
        Ok(())
    }

    fn step(
        &mut self,
        path: &RelPath,
        found: Option<Sha256>,
        before: Option<Sha256>,
        real: Real,
        was: Option<Was>,
        located: &Located,
    ) -> Result<Effect, DiskError> {
        let (path, real) = (path.clone(), Some(real));
        let (new, was) = match (before, was, found) {
            (Some(before), Some(was), _) => (before, was),
            (_, _, Some(old)) => {
                self.prepared.steps.push(Step::Retire { path, old, real });
                return Ok(Effect::Remove);
            }
            (_, _, None) => return Ok(Effect::Remove),
        };
        let from = self.kept.join(path.as_path());
        let tree = self.view.tree();
        let kept = tree.digest(&from)?;
        if kept != Some(new) {
            return Err(DiskError::Damaged {
                path: tree.at(&from),
                expected: new,
                found: kept,
            });
        }
        self.prepared.make(&located.missing);
        let staged = self.prepared.stage(Content::Kept { from, was });
        self.prepared.steps.push(Step::Write {
            path,
            staged,
            new,
            old: found,
            real,
        });
        Ok(match found {
            Some(_) => Effect::Replace,
            None => Effect::Create,
        })
    }
}

/// A name beside a file that nothing has.
fn free_name(tree: &Tree, place: &Place) -> Result<Place, DiskError> {
    let text = String::from(place.clone());
    for number in 1..=MAX_ASIDE {
        let name = match number {
            1 => format!("{text}.found"),
            number => format!("{text}.found-{number}"),
        };
        let name = Place::new(name).map_err(|error| {
            let reason = error.to_string();
            tree.refused(place.as_path(), Refusal::Name { reason })
        })?;
        if tree.check(name.as_path())?.is_none() {
            return Ok(name);
        }
    }
    let reason = format!("`{text}.found-{MAX_ASIDE}` and all before it are there");
    Err(tree.refused(Path::new(&text), Refusal::Name { reason }))
}

/// More foreign versions of one file than anybody keeps.
const MAX_ASIDE: u32 = 99;
