use std::{fmt, path::PathBuf};

use crate::disk::RelPath;

/// Where a file is that was judged.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FilePlace {
    /// A file that the topology names: its path.
    Named(PathBuf),
    /// A file of the workspace.
    Workspace(RelPath),
}

impl FilePlace {
    /// The path, if it is a file of the workspace.
    pub fn in_workspace(&self) -> Option<&RelPath> {
        match self {
            Self::Workspace(path) => Some(path),
            Self::Named(_) => None,
        }
    }
}

impl From<RelPath> for FilePlace {
    fn from(path: RelPath) -> Self {
        Self::Workspace(path)
    }
}

/// The path alone.
impl fmt::Display for FilePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(path) => write!(f, "{}", path.display()),
            Self::Workspace(path) => write!(f, "{path}"),
        }
    }
}
