use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    DiskError, RelPath, Sha256,
    journal::{Journal, Step},
    rel_path::GENERATIONS,
    tree::Tree,
};

/// What a run says of itself, for those who look at the generations later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// When it ran.
    pub when: OffsetDateTime,
    /// What it was, in a few words. No secret.
    pub why: String,
}

/// The number of a generation, from 1, in the order of the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GenerationId(pub u32);

/// What one run did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Generation {
    /// Its number.
    pub id: GenerationId,
    /// When it ran and what it was.
    pub label: Label,
    /// Every file that it wrote, retired or kept a copy of, sorted by path.
    pub files: Vec<Recorded>,
}

/// What one run did to one file. Both digests differ where it was replaced, and are equal where the run
/// left it alone and kept a copy beside what it replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// Where it is.
    pub path: RelPath,
    /// What was there before, and is in the generation now.
    pub before: Option<Sha256>,
    /// What is there after.
    pub after: Option<Sha256>,
}

impl fmt::Display for GenerationId {
    /// Its folder's name: at least four digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

/// The next free number.
pub(super) fn next(tree: &Tree) -> Result<GenerationId, DiskError> {
    let last = last(tree)?.map_or(0, |id| id.0);
    Ok(GenerationId(last.saturating_add(1)))
}

/// The highest number.
pub(super) fn last(tree: &Tree) -> Result<Option<GenerationId>, DiskError> {
    Ok(numbers(tree)?.pop())
}

/// All that have a manifest; a folder without one is what a run left that never came to its end.
pub(super) fn all(tree: &Tree) -> Result<Vec<Generation>, DiskError> {
    let mut out = Vec::new();
    for id in numbers(tree)? {
        let Some(journal) = Journal::read_at(tree, &tree.manifest(id))? else {
            continue;
        };
        let mut files: Vec<Recorded> = journal.steps.iter().map(recorded).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let label = Label {
            when: journal.when,
            why: journal.why,
        };
        out.push(Generation { id, label, files });
    }
    Ok(out)
}

fn recorded(step: &Step) -> Recorded {
    let after = match step {
        Step::Keep { old, .. } => Some(*old),
        Step::Retire { .. } => None,
        Step::Write { new, .. } => Some(*new),
    };
    Recorded {
        path: step.path().clone(),
        before: step.old(),
        after,
    }
}

fn numbers(tree: &Tree) -> Result<Vec<GenerationId>, DiskError> {
    let dir = tree.own(GENERATIONS);
    if !tree.folder(&dir)? {
        return Ok(Vec::new());
    }
    let names = tree.names(&dir)?;
    let mut ids: Vec<GenerationId> = names
        .iter()
        .filter_map(|name| name.parse().ok().map(GenerationId))
        .collect();
    ids.sort_unstable();
    Ok(ids)
}

/// Times in files that this module writes: RFC 3339 text.
pub(super) mod rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer, de, ser};
    use time::{OffsetDateTime, format_description::well_known::Rfc3339};

    pub(in crate::disk) fn serialize<S: Serializer>(
        when: &OffsetDateTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = when.format(&Rfc3339).map_err(ser::Error::custom)?;
        serializer.serialize_str(&text)
    }

    pub(in crate::disk) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<OffsetDateTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        OffsetDateTime::parse(&text, &Rfc3339).map_err(de::Error::custom)
    }
}
