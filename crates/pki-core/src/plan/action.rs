use std::fmt;

use time::OffsetDateTime;

use super::{CertificateSpec, Origin, SecretKind, TrustItem};
use crate::{
    disk::RelPath,
    wso2::Slot,
    x509::{Certificate, Fingerprint},
};

/// One thing that is to be done, to one file (and what belongs to it).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Action {
    /// The node whose folder it is in; `None` for what all share.
    pub node: Option<String>,
    /// The file, from the workspace's folder.
    pub file: RelPath,
    /// What is done.
    pub verb: Verb,
    /// Why.
    pub reason: Reason,
    /// Particulars: each name with where it came from, what goes in and what goes out.
    pub detail: Vec<String>,
    pub(crate) work: Work,
}

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verb {
    /// An existing key becomes the deployment's.
    Adopt,
    /// The bytes of the master, or of a file that is right elsewhere.
    Copy,
    /// A certificate is issued, over a new key unless the detail says otherwise.
    Issue,
    /// Something is made that was not there.
    Make,
    /// The same keys and certificates, written anew.
    Reencode,
    /// It comes back from a copy.
    Restore,
    /// It moves to `generations/`.
    Retire,
    /// Its content changes.
    Update,
}

impl Verb {
    /// The word in JSON and on the terminal.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Adopt => "adopt",
            Self::Copy => "copy",
            Self::Issue => "issue",
            Self::Make => "make",
            Self::Reencode => "re-encode",
            Self::Restore => "restore",
            Self::Retire => "retire",
            Self::Update => "update",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The topology names an existing one.
    Adopted,
    /// The alias in the file is not the one that the topology names.
    AliasChanged {
        /// As found.
        found: String,
    },
    /// The chain in the file is not the CA's.
    ChainChanged,
    /// The certificate is good for other purposes than wanted.
    ClientAuthChanged,
    /// The content is not what it should be.
    ContentChanged,
    /// It is not the same as its master.
    DiffersFromMaster,
    /// The certificate ended.
    Expired(OffsetDateTime),
    /// The certificate ends soon.
    Expiring(OffsetDateTime),
    /// The node, or the balancer, is no longer in the topology.
    FolderLeft,
    /// The file is in another format, or under another profile.
    FormatChanged,
    /// Somebody else issued the certificate.
    IssuerChanged,
    /// The key's algorithm is another.
    KeyChanged {
        /// As found.
        found: String,
    },
    /// The key in the file does not belong to its certificate.
    KeyMismatch,
    /// The store holds other entries than it should.
    MoreEntries,
    /// It is not there.
    Missing,
    /// The names in the certificate are not those that are wanted.
    NamesChanged {
        /// Wanted and not there.
        missing: Vec<String>,
        /// There and not wanted.
        extra: Vec<String>,
    },
    /// The store opens with an old password.
    PasswordChanged,
    /// Others than the owner may read it.
    ReadableByOthers,
    /// Its name in the topology is another now.
    Renamed,
    /// The subject in the certificate is another.
    SubjectChanged {
        /// As found.
        found: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Adopted => f.write_str("the topology names it"),
            Self::AliasChanged { found } => write!(f, "its alias is `{found}`"),
            Self::ChainChanged => f.write_str("its chain is not the CA's"),
            Self::ClientAuthChanged => f.write_str("client_auth changed"),
            Self::ContentChanged => f.write_str("its content changes"),
            Self::DiffersFromMaster => f.write_str("it is not the same as its master"),
            Self::Expired(at) => write!(f, "it expired on {}", at.date()),
            Self::Expiring(at) => write!(f, "it expires on {}", at.date()),
            Self::FormatChanged => f.write_str("its format changes"),
            Self::IssuerChanged => f.write_str("another CA issued it"),
            Self::KeyChanged { found } => write!(f, "its key is {found}"),
            Self::KeyMismatch => f.write_str("its key does not belong to its certificate"),
            Self::Missing => f.write_str("it is not there"),
            Self::MoreEntries => f.write_str("it holds other entries than its own"),
            Self::NamesChanged { missing, extra } => {
                f.write_str("its names change:")?;
                missing.iter().try_for_each(|name| write!(f, " +{name}"))?;
                extra.iter().try_for_each(|name| write!(f, " -{name}"))
            }
            Self::FolderLeft => f.write_str("the topology has no use for it any more"),
            Self::PasswordChanged => f.write_str("its password changes"),
            Self::ReadableByOthers => f.write_str("others than its owner may read it"),
            Self::Renamed => f.write_str("the topology names the file otherwise"),
            Self::SubjectChanged { found } => write!(f, "its subject is `{found}`"),
        }
    }
}

/// What carrying it out takes.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// A password or an encryption key.
    Secret {
        name: &'static str,
        kind: SecretKind,
    },
    /// A local CA: `ca/ca.pem` and `ca/ca.key`.
    Authority { spec: CertificateSpec },
    /// The chain in `ca/ca.pem`.
    AuthorityChain { chain: Vec<Certificate> },
    /// The master of a store that all nodes share.
    Master { slot: Slot, origin: Origin },
    /// `primary/primary.pem`.
    PrimaryCertificate,
    /// A certificate and the store, or the two PEM files, that hold it.
    Certificate {
        target: Target,
        spec: Box<CertificateSpec>,
    },
    /// The same key and chain in another spelling.
    Reencode { from: RelPath },
    /// PEM certificates.
    Chain { chain: Vec<Certificate> },
    /// SHA-256 of the encryption key, for later runs to compare.
    EncryptionRecord { digest: Fingerprint },
    /// The same content with the owner's mode.
    Restrict,
    /// A balancer's key under another password.
    BalancerKey { group: String },
    /// The CA's key under another password.
    AuthorityKey,
    /// A file's bytes, from elsewhere in the workspace, as it will be.
    Copy { from: RelPath },
    /// The truststore of some nodes.
    Truststore { items: Vec<TrustItem> },
    /// A file goes.
    Retire,
    /// A folder goes.
    RetireFolder,
}

impl Work {
    pub(super) fn phase(&self) -> u8 {
        match self {
            Self::Secret { .. } | Self::EncryptionRecord { .. } => 0,
            Self::Authority { .. } | Self::AuthorityChain { .. } | Self::AuthorityKey => 1,
            Self::Master { .. } => 2,
            Self::PrimaryCertificate => 3,
            Self::Certificate { .. } => 4,
            Self::Reencode { .. } | Self::Chain { .. } | Self::BalancerKey { .. } => 5,
            Self::Truststore { .. } => 6,
            Self::Copy { .. } => 7,
            Self::Retire | Self::RetireFolder | Self::Restrict => 8,
        }
    }
}

/// Whom a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The balancers of a group.
    Balancer(String),
    /// A node.
    Node(String),
}
