use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{PathError, RelPath};

/// Where a file really is, behind the links on the way to it: below the tree's folder (relative), or
/// somewhere else (absolute). No part of it is empty, `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Place(String);

impl Place {
    pub(super) fn new(text: String) -> Result<Self, PathError> {
        RelPath::new(text.strip_prefix('/').unwrap_or(&text))?;
        Ok(Self(text))
    }

    pub(super) fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// True if it is not below the tree's folder.
    pub(super) fn is_outside(&self) -> bool {
        self.0.starts_with('/')
    }
}

/// Why a file of a home does not lie in the home's own tree: other homes may have the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// This link leads out of the home.
    Link(RelPath),
    /// Another file system, or another folder of one, is mounted at this folder of the home.
    Mount(RelPath),
}

impl From<RelPath> for Place {
    fn from(path: RelPath) -> Self {
        Self(path.into())
    }
}

impl TryFrom<String> for Place {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.0
    }
}
