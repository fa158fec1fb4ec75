use std::{
    fmt,
    path::{Component, Path},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// The place of a file or folder below a workspace or a home: `/` between its parts, no part empty, `.`
/// or `..`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelPath(String);

impl RelPath {
    /// Checks a text.
    ///
    /// # Errors
    ///
    /// [`PathError`] if it is absolute, too long, or would leave the folder that it is below.
    pub fn new(text: impl Into<String>) -> Result<Self, PathError> {
        let text = text.into();
        if text.starts_with('/') {
            return Err(PathError::Absolute { path: text });
        }
        if text.contains('\0') {
            return Err(PathError::Zero { path: text });
        }
        for part in text.split('/') {
            let mut components = Path::new(part).components();
            if !matches!(components.next(), Some(Component::Normal(_))) {
                return Err(PathError::Part {
                    part: part.to_owned(),
                    path: text,
                });
            }
            if part.len() > MAX_PART || text.len() > MAX_PATH {
                return Err(PathError::Long { path: text });
            }
        }
        Ok(Self(text))
    }

    /// As text, with `/` between the parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a relative path of the system.
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// The first part.
    pub(super) fn top(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// The last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The path of something below this folder.
    ///
    /// # Errors
    ///
    /// As [`RelPath::new`].
    pub fn join(&self, name: &str) -> Result<Self, PathError> {
        Self::new(format!("{}/{name}", self.0))
    }

    /// True if this is something below `folder`, not the folder itself.
    pub fn is_below(&self, folder: &Self) -> bool {
        self.0
            .strip_prefix(&folder.0)
            .is_some_and(|rest| rest.starts_with('/'))
    }
}

impl FromStr for RelPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl TryFrom<String> for RelPath {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<RelPath> for String {
    fn from(path: RelPath) -> Self {
        path.0
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no place below a folder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// It starts at the root of the file system.
    #[error("`{path}` is absolute")]
    Absolute {
        /// The text.
        path: String,
    },
    /// A part has more than 255 bytes, or all of it more than 1024.
    #[error("`{path}` is too long: {MAX_PART} bytes a part, {MAX_PATH} bytes in all are accepted")]
    Long {
        /// The text.
        path: String,
    },
    /// A part is empty, `.` or `..`.
    #[error("`{path}` has the part `{part}`, which names no file")]
    Part {
        /// The part.
        part: String,
        /// The text.
        path: String,
    },
    /// There is a zero byte in it.
    #[error("`{}` has a zero byte", .path.escape_default())]
    Zero {
        /// The text.
        path: String,
    },
}

/// `.gitignore` at the top, which keeps the workspace out of a repository.
pub(super) const GITIGNORE: &str = ".gitignore";
/// What a run writes before its commit point.
pub(super) const STAGING: &str = ".staging";
/// What runs replaced.
pub(super) const GENERATIONS: &str = "generations";
/// The steps of a run that is between its commit point and its end.
pub(super) const JOURNAL: &str = "journal";
/// The file whose lock is the workspace's, with its holder as content.
pub(super) const LOCK: &str = "lock";
/// In a generation's folder: what the run did, beside the files that it replaced.
pub(super) const MANIFEST: &str = "manifest.json";

/// What a workspace has at its top beside its files; `manifest.json` since a generation keeps relative
/// paths.
pub(super) const OWN: [&str; 6] = [GITIGNORE, STAGING, GENERATIONS, JOURNAL, LOCK, MANIFEST];

/// NAME_MAX of Linux and of the BSDs, in bytes.
const MAX_PART: usize = 255;

/// In bytes. PATH_MAX of Linux is 4096; the same path is used below the workspace and below a generation.
const MAX_PATH: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_places_are_taken_as_written() {
        for text in [
            "ca/ca.pem",
            "nodes/gateway-1/tls.jks",
            "a",
            ".hidden",
            "a b/ü",
        ] {
            assert_eq!(RelPath::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        for text in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../x",
            "a/../../x",
            "a/..",
            "./a",
            "a/.",
            "a//b",
            "a/",
            ".",
            "a\0b",
        ] {
            assert!(RelPath::new(text).is_err(), "{text:?}");
        }
        assert!(RelPath::new("x".repeat(256)).is_err());
    }

    #[test]
    fn a_folder_with_the_same_beginning_is_another_folder() {
        let folder = RelPath::new("nodes/gw1").unwrap();
        assert!(RelPath::new("nodes/gw1/tls.jks").unwrap().is_below(&folder));
        assert!(
            !RelPath::new("nodes/gw10/tls.jks")
                .unwrap()
                .is_below(&folder)
        );
        assert!(!folder.is_below(&folder));
    }
}
