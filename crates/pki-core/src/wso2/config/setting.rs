use std::{fmt, sync::Arc};

use super::{Document, Leaf};

/// A value that the product uses: what it comes to, or why that cannot be known here, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting<T> {
    /// The value, placeholders and references resolved.
    pub value: Result<T, Unknown>,
    /// Where it stands; `None` for what the release takes where nothing is written.
    pub place: Option<Place>,
}

/// Where a value stands in a home.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Place {
    /// The file, from the home, with `/`.
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What leads to the value: an XPath-like key or a TOML key, as in [`Leaf::key`](super::Leaf::key).
    pub key: String,
}

/// Why a value cannot be known from the files alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unknown {
    /// It is not written, and the release has no default for it.
    Absent,
    /// The product encrypted it with its internal key, or with the primary where that serves.
    Encrypted,
    /// `$env{NAME}`: an environment variable of the server.
    Environment(String),
    /// The text is no value of its kind: a port that is no number, a URL without a host.
    Invalid(String),
    /// `${name}` that is known at run time alone.
    Placeholder(String),
    /// `$sys{name}`: a system property of the server.
    Property(String),
    /// `$ref{key}` to a key that is not there, or that leads back to itself.
    Reference(String),
    /// It depends on the release, and the files do not tell which of these it is.
    Release(String),
    /// `$secret{alias}` or `svns:secretAlias`: an encrypted secret.
    Secret(String),
}

impl<T> Setting<T> {
    /// A value that is written.
    pub fn written(value: Result<T, Unknown>, place: Place) -> Self {
        Self {
            value,
            place: Some(place),
        }
    }

    /// What the release takes where nothing is written.
    pub fn default_of_release(value: T) -> Self {
        Self {
            value: Ok(value),
            place: None,
        }
    }

    /// A value that is neither written nor has a default.
    pub fn absent() -> Self {
        Self {
            value: Err(Unknown::Absent),
            place: None,
        }
    }

    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        self.value.as_ref().ok()
    }
}

impl Place {
    /// Where a value of a document stands.
    pub(super) fn of(document: &Document, leaf: &Leaf) -> Self {
        Self {
            file: Arc::clone(&document.file),
            line: leaf.line,
            column: leaf.column,
            key: leaf.key.clone(),
        }
    }

    /// The beginning of a file, where the file itself is what tells something.
    pub(super) fn of_file(file: &str) -> Self {
        Self {
            file: Arc::from(file),
            line: 1,
            column: 1,
            key: String::new(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => write!(f, "it is not set"),
            Self::Encrypted => write!(f, "the product has encrypted it"),
            Self::Environment(name) => write!(f, "the environment variable `{name}` holds it"),
            Self::Invalid(reason) => write!(f, "{reason}"),
            Self::Placeholder(name) => write!(f, "`${{{name}}}` is known at run time alone"),
            Self::Property(name) => write!(f, "the system property `{name}` holds it"),
            Self::Reference(key) => write!(f, "`$ref{{{key}}}` leads nowhere"),
            Self::Release(releases) => write!(f, "the release is not known: {releases}"),
            Self::Secret(alias) => write!(f, "it is the encrypted secret `{alias}`"),
        }
    }
}
