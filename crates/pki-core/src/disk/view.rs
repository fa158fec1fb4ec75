use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    DiskError, Generation, GenerationId, Refusal, RelPath, Sha256, generation,
    journal::{HIDDEN, Journal, Step},
    locate::Located,
    rel_path::OWN,
    seam::{Found, Kind},
    tree::Tree,
};
use crate::secret::Bytes;

/// The files of a workspace as one state, for as long as the lock behind it is held.
///
/// A workspace that does not exist reads as empty. Where a run was interrupted after its commit point,
/// this shows what it wrote, even before a writer has finished it.
#[derive(Debug)]
pub struct View {
    tree: Tree,
    pending: BTreeMap<PathBuf, Pending>,
}

/// A file of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// Where it is.
    pub path: RelPath,
    /// Its size in bytes.
    pub size: u64,
    /// Its permission bits.
    pub mode: u32,
}

/// What the journal of an interrupted run says about a path.
#[derive(Debug)]
enum Pending {
    Gone,
    /// It will be there, and waits here.
    Staged(PathBuf),
}

impl View {
    pub(super) fn new(tree: Tree) -> Self {
        let pending = BTreeMap::new();
        Self { tree, pending }
    }

    /// As the journal will have it when it is carried out.
    pub(super) fn through(tree: Tree, journal: &Journal) -> Result<Self, DiskError> {
        let mut view = Self::new(tree);
        for step in &journal.steps {
            if let Some(aside) = step.real().and_then(|real| real.aside.as_ref())
                && view.tree.file(aside.as_path())?.is_none()
            {
                let still = Pending::Staged(step.place().to_path_buf());
                view.pending.insert(aside.as_path().to_path_buf(), still);
            }
            let pending = match step {
                Step::Keep { .. } => continue,
                Step::Retire { .. } => Pending::Gone,
                Step::Write { .. } => Pending::Staged(journal.staged(&view.tree, step)),
            };
            view.pending.insert(step.place().to_path_buf(), pending);
        }
        Ok(view)
    }

    /// The workspace's folder.
    pub fn dir(&self) -> &Path {
        self.tree.root()
    }

    /// The content of a file, `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// [`DiskError::Refused`] for a link, a folder, a foreign owner or a mode that lets others write,
    /// anywhere on the way; [`DiskError::TooLarge`] above 64 MiB; [`DiskError::Io`].
    pub fn read(&self, path: &RelPath) -> Result<Option<Bytes>, DiskError> {
        if !self.tree.is_home() {
            return self.read_at(path.as_path());
        }
        self.read_at(self.tree.locate(path)?.place.as_path())
    }

    fn read_at(&self, place: &Path) -> Result<Option<Bytes>, DiskError> {
        match self.pending.get(place) {
            None => self.tree.read(place),
            Some(Pending::Gone) => Ok(None),
            Some(Pending::Staged(staged)) => self.tree.read(staged),
        }
    }

    /// SHA-256 of a file, `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// As [`View::read`].
    pub fn digest(&self, path: &RelPath) -> Result<Option<Sha256>, DiskError> {
        Ok(self.read(path)?.map(|bytes| Sha256::of(bytes.expose())))
    }

    /// All files, sorted by path; the workspace's own (lock, journal, generations) are not among them.
    ///
    /// # Errors
    ///
    /// [`DiskError::Refused`] for the first thing below the workspace that is a link, neither file nor
    /// folder, somebody else's or writable by others; [`DiskError::Io`].
    pub fn list(&self) -> Result<Vec<Listed>, DiskError> {
        let mut walked = Walked::default();
        walk(&self.tree, Path::new(""), &mut walked)?;
        let mut files = BTreeMap::new();
        for (path, file) in walked.files {
            files.insert(rel_path(&self.tree, &path)?, file);
        }
        for (path, pending) in &self.pending {
            let path = rel_path(&self.tree, path)?;
            match pending {
                Pending::Gone => files.remove(&path),
                Pending::Staged(staged) => match self.tree.file(staged)? {
                    Some(file) => files.insert(path, file),
                    None => None,
                },
            };
        }
        let listed = |(path, Found { size, mode, .. })| Listed { path, size, mode };
        Ok(files.into_iter().map(listed).collect())
    }

    /// What finished runs did and replaced, oldest first.
    ///
    /// # Errors
    ///
    /// [`DiskError::Journal`] for a manifest that cannot be understood; as [`View::read`].
    pub fn generations(&self) -> Result<Vec<Generation>, DiskError> {
        generation::all(&self.tree)
    }

    /// A file as it was before a run replaced or retired it, `None` if that run did neither.
    ///
    /// # Errors
    ///
    /// As [`View::read`].
    pub fn read_replaced(
        &self,
        id: GenerationId,
        path: &RelPath,
    ) -> Result<Option<Bytes>, DiskError> {
        self.tree
            .read(&self.tree.generation(id).join(path.as_path()))
    }

    /// The names in a folder of a home, sorted, without those that begin with `.apim-pki` and those that
    /// are not UTF-8. A folder that is not there has none.
    pub(super) fn names(&self, dir: Option<&RelPath>) -> Result<Vec<String>, DiskError> {
        let located = dir.map(|dir| self.tree.locate(dir)).transpose()?;
        let place = located
            .as_ref()
            .map_or(Path::new(""), |it| it.place.as_path());
        let mut names = BTreeSet::new();
        if self.tree.folder(place)? {
            let found = self.tree.seam().names(&self.tree.at(place));
            let found = found.map_err(self.tree.io("list", place))?;
            names.extend(found.into_iter().filter_map(|name| name.into_string().ok()));
        }
        for (file, pending) in &self.pending {
            let Ok(below) = file.strip_prefix(place) else {
                continue;
            };
            let mut parts = below.iter();
            let (Some(first), rest) = (parts.next().and_then(|it| it.to_str()), parts.next())
            else {
                continue;
            };
            match (pending, rest) {
                (Pending::Gone, None) => names.remove(first),
                (Pending::Gone, Some(_)) => false,
                (Pending::Staged(_), _) => names.insert(first.to_owned()),
            };
        }
        names.retain(|name| !name.starts_with(HIDDEN));
        Ok(names.into_iter().collect())
    }

    /// What a path leads to, with what an interrupted run promised.
    pub(super) fn locate(&self, path: &RelPath) -> Result<Located, DiskError> {
        let mut located = self.tree.locate(path)?;
        match self.pending.get(located.place.as_path()) {
            None => {}
            Some(Pending::Gone) => located.found = None,
            Some(Pending::Staged(staged)) => located.found = self.tree.file(staged)?,
        }
        Ok(located)
    }

    /// SHA-256 of what was located, `None` if there is no file.
    pub(super) fn digest_at(&self, located: &Located) -> Result<Option<Sha256>, DiskError> {
        let bytes = self.read_at(located.place.as_path())?;
        Ok(bytes.map(|bytes| Sha256::of(bytes.expose())))
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }
}

/// What is below a folder, without what the workspace keeps for itself.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) files: BTreeMap<PathBuf, Found>,
    /// The folder itself and those below it, each before what is in it.
    pub(super) folders: Vec<PathBuf>,
}

pub(super) fn walk(tree: &Tree, dir: &Path, out: &mut Walked) -> Result<(), DiskError> {
    if !tree.folder(dir)? {
        return Ok(());
    }
    if dir.components().count() > MAX_DEPTH {
        return Err(tree.refused(dir, Refusal::Depth { limit: MAX_DEPTH }));
    }
    out.folders.push(dir.to_path_buf());
    let top = dir.as_os_str().is_empty();
    for name in tree.names(dir)? {
        let path = dir.join(&name);
        // Looked at even where it is left out: `generations` as a link is refused too.
        let found = tree.check(&path)?;
        if top && OWN.contains(&name.as_str()) {
            continue;
        }
        match found {
            Some(Found {
                kind: Kind::Folder, ..
            }) => walk(tree, &path, out)?,
            Some(file) => drop(out.files.insert(path, file)),
            None => {}
        }
    }
    Ok(())
}

/// A path that was found, as one that can be asked for.
pub(super) fn rel_path(tree: &Tree, path: &Path) -> Result<RelPath, DiskError> {
    RelPath::new(path.to_string_lossy()).map_err(|error| {
        let reason = error.to_string();
        tree.refused(path, Refusal::Name { reason })
    })
}

/// The workspace's own layout is two folders deep; the rest is room for what people put in.
const MAX_DEPTH: usize = 16;
