use std::fmt;

use crate::x509::Certificate;

/// A chain that a file says a server presents.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OnDisk {
    /// The file, as a person is told.
    pub file: String,
    /// The alias of the private key; `None` where there are none.
    pub alias: Option<String>,
    /// End-entity certificate first.
    pub chain: Vec<Certificate>,
}

impl OnDisk {
    /// A chain from a file.
    pub fn new(file: impl Into<String>, alias: Option<String>, chain: Vec<Certificate>) -> Self {
        Self {
            file: file.into(),
            alias,
            chain,
        }
    }
}

/// Whether a server presents what is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Served {
    /// Something else.
    Differs(Box<Difference>),
    /// The chain of a file.
    Same(OnDisk),
}

/// What a server presents in place of what is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// What should be presented.
    pub on_disk: OnDisk,
    /// The end-entity certificate that is.
    pub served: Certificate,
    /// How they differ.
    pub kind: DifferenceKind,
}

/// How what is served differs from what is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DifferenceKind {
    /// The same certificate with other certificates behind it: a restart is due.
    Chain,
    /// What is served is younger: the file is not the one that the server reads.
    FileOlder,
    /// The file is younger: a restart is due.
    FileYounger,
    /// Another certificate, and neither is younger.
    Other,
}

impl DifferenceKind {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::FileOlder => "file-older",
            Self::FileYounger => "file-younger",
            Self::Other => "other",
        }
    }

    /// True if the server has to read its files again.
    pub const fn is_restart_due(self) -> bool {
        matches!(self, Self::Chain | Self::FileYounger)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.on_disk.file;
        match self.kind {
            DifferenceKind::Chain => write!(
                f,
                "served ≠ on disk: `{file}` has another chain behind the same certificate; \
                 a restart is due"
            ),
            DifferenceKind::FileOlder => write!(
                f,
                "served ≠ on disk: what is served is younger than what `{file}` holds, so that \
                 file is not the one that is served"
            ),
            DifferenceKind::FileYounger => write!(
                f,
                "served ≠ on disk: `{file}` holds a younger certificate; a restart is due"
            ),
            DifferenceKind::Other => {
                write!(f, "served ≠ on disk: `{file}` holds another certificate")
            }
        }
    }
}

/// Compares a presented chain with those that files have. `None` if there are none.
///
/// A root at the end counts on neither side: whether it is sent is anybody's choice.
pub(super) fn compare(presented: &[Certificate], files: &[OnDisk]) -> Option<Served> {
    let served = presented.first()?;
    let without_root = |chain: &[Certificate]| match chain {
        [rest @ .., last] if !rest.is_empty() && last.is_self_issued() => rest.to_vec(),
        chain => chain.to_vec(),
    };
    let presented = without_root(presented);
    if let Some(same) = files.iter().find(|it| without_root(&it.chain) == presented) {
        return Some(Served::Same(same.clone()));
    }
    let same_certificate = files.iter().find(|it| it.chain.first() == Some(served));
    let on_disk = same_certificate.or(files.first())?;
    let kind = match (on_disk.chain.first().map(Certificate::view), served.view()) {
        _ if same_certificate.is_some() => DifferenceKind::Chain,
        (Some(Ok(file)), Ok(served)) if file.not_before > served.not_before => {
            DifferenceKind::FileYounger
        }
        (Some(Ok(file)), Ok(served)) if file.not_before < served.not_before => {
            DifferenceKind::FileOlder
        }
        _ => DifferenceKind::Other,
    };
    Some(Served::Differs(Box::new(Difference {
        on_disk: on_disk.clone(),
        served: served.clone(),
        kind,
    })))
}
