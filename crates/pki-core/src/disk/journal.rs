use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    DiskError, GenerationId, RelPath, Sha256,
    generation::rfc3339,
    place::Place,
    rel_path::JOURNAL,
    seam::{Access, Found, Moment},
    tree::Tree,
};

/// Every step of one run, as the file `journal` holds it between the run's commit point and its end, and
/// as the manifest of its generation holds it for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    pub(super) format: u32,
    pub(super) generation: GenerationId,
    #[serde(with = "rfc3339")]
    pub(super) when: OffsetDateTime,
    pub(super) why: String,
    /// The generation that this run takes back, and that goes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) undoes: Option<GenerationId>,
    /// Part of the names that only this run uses.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) mark: String,
    pub(super) steps: Vec<Step>,
    /// Folders to be made, each before what is in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) made: Vec<Place>,
    /// Folders to be removed when they are empty, each before what is in it.
    pub(super) folders: Vec<Place>,
}

/// What happens to one path. `old` is what the run found there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Step {
    /// It stays, and the generation gets a copy.
    Keep {
        path: RelPath,
        old: Sha256,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        real: Option<Real>,
    },
    /// It goes to the generation.
    Retire {
        path: RelPath,
        old: Sha256,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        real: Option<Real>,
    },
    /// What was there goes to the generation, and the staged file takes its place.
    Write {
        path: RelPath,
        staged: u32,
        new: Sha256,
        old: Option<Sha256>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        real: Option<Real>,
    },
}

/// What is to be known of a home's file beside; a workspace has no links and one mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Real {
    /// Behind the links on the way.
    pub(super) place: Place,
    /// What was there, `None` if nothing.
    pub(super) was: Option<Was>,
    /// The folder in which the new content waits, if the file is on another file system than the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) beside: Option<Place>,
    /// Where what is replaced gets its second name, if not in the generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) aside: Option<Place>,
}

/// A file beside its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Was {
    pub(super) owner: u32,
    pub(super) group: u32,
    /// The permission bits, 0 to 0o7777.
    pub(super) mode: u32,
    pub(super) modified: Moment,
}

impl Journal {
    pub(super) fn read(tree: &Tree) -> Result<Option<Self>, DiskError> {
        Self::read_at(tree, &tree.journal())
    }

    pub(super) fn read_at(tree: &Tree, path: &Path) -> Result<Option<Self>, DiskError> {
        let Some(bytes) = tree.read(path)? else {
            return Ok(None);
        };
        let damaged = |reason| DiskError::Journal {
            path: tree.at(path),
            reason,
        };
        let journal: Self =
            serde_json::from_slice(bytes.expose()).map_err(|error| damaged(error.to_string()))?;
        if journal.format != FORMAT {
            return Err(damaged(format!(
                "its format is {}, known is {FORMAT}",
                journal.format
            )));
        }
        if !journal.fits(tree) {
            return Err(damaged("it belongs to a folder of another kind".to_owned()));
        }
        Ok(Some(journal))
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, DiskError> {
        serde_json::to_vec_pretty(self).map_err(|error| DiskError::Journal {
            path: PathBuf::from(JOURNAL),
            reason: error.to_string(),
        })
    }

    /// Where a new content waits; for the other steps a name that nothing has.
    pub(super) fn staged(&self, tree: &Tree, step: &Step) -> PathBuf {
        let Step::Write { staged, real, .. } = step else {
            return tree.staging().join("none");
        };
        match real.as_ref().and_then(|real| real.beside.as_ref()) {
            Some(dir) => self.beside(&dir.as_path().join("it"), &format!("{staged}.new")),
            None => tree.staging().join(staged.to_string()),
        }
    }

    /// Where the new contents wait, by their numbers.
    pub(super) fn staged_files(&self, tree: &Tree) -> Vec<PathBuf> {
        let steps = self.steps.iter();
        let writes = steps.filter(|step| matches!(step, Step::Write { .. }));
        writes.map(|step| self.staged(tree, step)).collect()
    }

    /// A name in the same folder, or on the same file system, from which a new content can be renamed.
    pub(super) fn landing(&self, tree: &Tree, step: &Step) -> PathBuf {
        let staged = self.staged(tree, step);
        match step {
            Step::Write {
                staged,
                real: Some(Real { place, .. }),
                ..
            } => self.beside(place.as_path(), &staged.to_string()),
            _ => staged.with_extension("place"),
        }
    }

    /// A name beside a file that no other run uses, and that readers of a home leave out.
    pub(super) fn beside(&self, file: &Path, what: &str) -> PathBuf {
        file.with_file_name(format!("{HIDDEN}-{}-{what}", self.mark))
    }

    /// The files that it writes or retires.
    pub(super) fn changed(&self) -> Vec<RelPath> {
        let steps = self.steps.iter();
        let changing = steps.filter(|step| !matches!(step, Step::Keep { .. }));
        changing.map(|step| step.path().clone()).collect()
    }

    fn fits(&self, tree: &Tree) -> bool {
        let real = |step: &Step| step.real().is_some();
        if tree.is_home() {
            // Names are made of it.
            let mark = self.mark.as_bytes();
            return !mark.is_empty()
                && mark.iter().all(u8::is_ascii_hexdigit)
                && self.steps.iter().all(real);
        }
        let outside = self.made.iter().chain(&self.folders).any(Place::is_outside);
        self.mark.is_empty() && !outside && !self.steps.iter().any(real)
    }
}

impl Step {
    pub(super) fn path(&self) -> &RelPath {
        match self {
            Self::Keep { path, .. } | Self::Retire { path, .. } | Self::Write { path, .. } => path,
        }
    }

    pub(super) fn old(&self) -> Option<Sha256> {
        match self {
            Self::Keep { old, .. } | Self::Retire { old, .. } => Some(*old),
            Self::Write { old, .. } => *old,
        }
    }

    pub(super) fn real(&self) -> Option<&Real> {
        match self {
            Self::Keep { real, .. } | Self::Retire { real, .. } | Self::Write { real, .. } => {
                real.as_ref()
            }
        }
    }

    /// Where the file is.
    pub(super) fn place(&self) -> &Path {
        match self.real() {
            Some(real) => real.place.as_path(),
            None => self.path().as_path(),
        }
    }
}

impl Was {
    pub(super) fn of(found: &Found) -> Self {
        Self {
            owner: found.owner,
            group: found.group,
            mode: found.mode,
            modified: found.modified,
        }
    }

    pub(super) fn access(&self) -> Access {
        Access {
            owner: Some(self.owner),
            group: Some(self.group),
            mode: self.mode,
        }
    }
}

/// Of the journal and the manifests; another one is another program's.
pub(super) const FORMAT: u32 = 1;

/// How every name begins that this library has in a home.
pub(super) const HIDDEN: &str = ".apim-pki";
