use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::disk::RelPath;

/// Where a file is that was judged.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FilePlace {
    /// A file of a product home.
    Home {
        /// The home, as it was named.
        dir: Arc<Path>,
        /// The file, from the home, with `/`.
        file: Arc<str>,
        /// Line and column of what is meant in it, counted from 1.
        position: Option<(usize, usize)>,
    },
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
            Self::Home { .. } | Self::Named(_) => None,
        }
    }

    /// The path: in the workspace from its folder, of a home's file with the home as it was named.
    pub fn path(&self) -> String {
        match self {
            Self::Home { dir, file, .. } => dir.join(&**file).display().to_string(),
            Self::Named(path) => path.display().to_string(),
            Self::Workspace(path) => path.to_string(),
        }
    }

    /// Line and column, counted from 1, where they are known.
    pub fn position(&self) -> Option<(usize, usize)> {
        match self {
            Self::Home { position, .. } => *position,
            Self::Named(_) | Self::Workspace(_) => None,
        }
    }

    /// The place as somebody calls it who knows which home, or the workspace, is meant:
    /// `repository/conf/carbon.xml:12:5`.
    pub fn within(&self) -> String {
        let path = match self {
            Self::Home { file, .. } => file.to_string(),
            Self::Named(_) | Self::Workspace(_) => self.path(),
        };
        at(path, self.position())
    }
}

impl From<RelPath> for FilePlace {
    fn from(path: RelPath) -> Self {
        Self::Workspace(path)
    }
}

/// The path, with line and column where they are known.
impl fmt::Display for FilePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&at(self.path(), self.position()))
    }
}

fn at(path: String, position: Option<(usize, usize)>) -> String {
    match position {
        None => path,
        Some((line, column)) => format!("{path}:{line}:{column}"),
    }
}
