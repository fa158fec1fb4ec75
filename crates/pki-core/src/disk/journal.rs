use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    DiskError, GenerationId, RelPath, Sha256, generation::rfc3339, rel_path::JOURNAL, tree::Tree,
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
    pub(super) steps: Vec<Step>,
    /// To be removed when they are empty.
    pub(super) folders: Vec<RelPath>,
}

/// What happens to one path. `old` is what the run found there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Step {
    /// It stays, and the generation gets a copy.
    Keep { path: RelPath, old: Sha256 },
    /// It goes to the generation.
    Retire { path: RelPath, old: Sha256 },
    /// What was there goes to the generation, and the staged file takes its place.
    Write {
        path: RelPath,
        staged: u32,
        new: Sha256,
        old: Option<Sha256>,
    },
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
        Ok(Some(journal))
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, DiskError> {
        serde_json::to_vec_pretty(self).map_err(|error| DiskError::Journal {
            path: PathBuf::from(JOURNAL),
            reason: error.to_string(),
        })
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

    /// Where the new content waits; for the other steps a name that nothing has.
    pub(super) fn staged(&self, tree: &Tree) -> PathBuf {
        match self {
            Self::Write { staged, .. } => tree.staging().join(staged.to_string()),
            Self::Keep { .. } | Self::Retire { .. } => tree.staging().join("none"),
        }
    }
}

/// Of the journal and the manifests; another one is another program's.
pub(super) const FORMAT: u32 = 1;
