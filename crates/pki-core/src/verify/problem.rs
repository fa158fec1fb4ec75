use std::fmt;

use time::OffsetDateTime;

use super::{FilePlace, SecretProblemKind};
use crate::{
    key::KeyError,
    keystore::UnsealError,
    observe::Unopened,
    wso2::{Slot, config::DocumentError},
    x509::{Certificate, Fingerprint, Malformed, moment},
};

/// Something that is wrong with a file of the deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The node; `None` for what all share.
    pub node: Option<String>,
    /// The file.
    pub file: Option<FilePlace>,
    /// The entry.
    pub alias: Option<String>,
    /// What in the configuration of a home names the file: `repository/conf/carbon.xml:391:23`.
    pub named_by: Vec<String>,
    /// What it is.
    pub kind: ProblemKind,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// A handshake, a decryption or a start of the product fails.
    Error,
    /// Worth knowing.
    Warning,
}

impl Severity {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// What all nodes of a cluster need alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Alike {
    /// The key that encrypts what is stored, from 4.7 on.
    EncryptionKey,
    /// The key of the internal store.
    Internal,
    /// The key of the primary.
    Primary,
    /// How the product encrypts what it stores.
    Transformation,
}

impl fmt::Display for Alike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EncryptionKey => "encryption key",
            Self::Internal => "internal key",
            Self::Primary => "primary key",
            Self::Transformation => "transformation (how stored data is encrypted)",
        })
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The certificate that must be trusted is not in the truststore.
    AnchorMissing {
        /// Which.
        expected: String,
    },
    /// The file is missing.
    FileMissing,
    /// The certificate cannot be read.
    CertificateMalformed(Malformed),
    /// The chain is not that of the CA.
    ChainIncomplete {
        /// Who is missing.
        issuer: String,
    },
    /// A file of a home's configuration cannot be read as what it is: the product does not start.
    ConfigurationBroken(DocumentError),
    /// The certificate ends with its issuer, earlier than the topology asks.
    CutToIssuer {
        /// When.
        not_after: OffsetDateTime,
    },
    /// A private key that everybody owns.
    DefaultKey {
        /// Its name in the table.
        id: &'static str,
        /// Who shipped it.
        shipped_in: &'static str,
    },
    /// A trusted certificate whose private key everybody owns, or that the product trusts by default.
    DefaultTrust {
        /// Its name in the table.
        id: &'static str,
        /// Who shipped it.
        shipped_in: &'static str,
    },
    /// The encryption key is another than the cluster had from the beginning.
    EncryptionKeyChanged {
        /// SHA-256 as it was.
        expected: Fingerprint,
        /// SHA-256 as it is.
        found: Fingerprint,
    },
    /// There is no encryption key: each node makes one of its own at its first start.
    EncryptionKeyMissing,
    /// The certificate is over.
    Expired {
        /// Since when.
        not_after: OffsetDateTime,
    },
    /// The certificate is over soon.
    Expiring {
        /// When.
        not_after: OffsetDateTime,
    },
    /// A folder of a node, or of balancers, that is not in the topology.
    FolderLeft,
    /// The key does not open with the store's password, which is what the product tries.
    KeyDoesNotOpen(UnsealError),
    /// The key does not belong to the certificate.
    KeyMismatch,
    /// The configuration has another password for the key than for the store, which the product uses.
    KeyPasswordDiffers,
    /// There is no private key under the alias.
    KeyMissing {
        /// The aliases of the keys that are there.
        found: Vec<String>,
    },
    /// A URL leads to the node itself, where nodes of another role are meant.
    LocalhostUrl {
        /// The setting.
        setting: String,
        /// What stands there.
        url: String,
        /// Who should answer.
        role: String,
    },
    /// The certificate lacks names that the topology gives its owner.
    NamesMissing {
        /// Which, as in `dns:gw1.example.com`.
        missing: Vec<String>,
        /// The names that it has.
        found: Vec<String>,
    },
    /// An issuer may not certify a name of the certificate. Java does not look at the constraints of an
    /// anchor; OpenSSL and others do.
    NamesNotPermitted {
        /// Whose nameConstraints.
        issuer: String,
        /// Which names, as in `dns:gw1.example.com`.
        names: Vec<String>,
    },
    /// The key usage of a key that decrypts lacks dataEncipherment.
    NoDataEncipherment,
    /// What all nodes need alike is not the same on this one.
    NodesDiffer {
        /// What.
        what: Alike,
        /// As another has it: SHA-256 of a certificate or a key, or the text.
        expected: String,
        /// Who.
        of: String,
        /// As this one has it.
        found: String,
    },
    /// The topology has no node that this home could be.
    NotInTopology,
    /// The certificate is not valid yet.
    NotYetValid {
        /// From when on.
        not_before: OffsetDateTime,
    },
    /// A PEM key does not open.
    PemDoesNotOpen(KeyError),
    /// The certificate is not the one that the topology pins.
    PinMissed {
        /// The pin.
        expected: Fingerprint,
        /// The certificate that is there.
        found: Fingerprint,
    },
    /// Others than the owner may read the file.
    ReadableByOthers {
        /// The permission bits.
        mode: u32,
    },
    /// The configuration leaves a shared store to the release's default.
    PrimaryImplicit {
        /// Which.
        slot: Slot,
    },
    /// The shared certificate is valid for less than ten years.
    PrimaryShort {
        /// Until when.
        not_after: OffsetDateTime,
    },
    /// The shared key names a host: whoever holds it passes for that host wherever it is pinned.
    PrimaryNamesHost {
        /// The names.
        names: Vec<String>,
    },
    /// The shared key is no RSA key of at least 2048 bits.
    PrimaryKey {
        /// What it is.
        found: String,
    },
    /// The shared certificate in the truststore is another.
    PrimaryStale {
        /// The primary's.
        expected: Fingerprint,
        /// The one that is there.
        found: Fingerprint,
    },
    /// A node's copy of a shared store is not the master.
    SharedDiffers {
        /// Which store.
        slot: Slot,
        /// SHA-256 of the master.
        expected: Fingerprint,
        /// SHA-256 of the copy.
        found: Fingerprint,
        /// Whether the key in it is another, or only the spelling.
        other_key: bool,
    },
    /// A home's encrypted secrets: one that the node does not read, or all.
    Secret(SecretProblemKind),
    /// More than one private key in a TLS store: the product's listeners take any.
    SeveralKeys {
        /// Their aliases.
        found: Vec<String>,
    },
    /// The store does not open.
    StoreDoesNotOpen(Unopened),
}

impl ProblemKind {
    /// A short name in kebab-case, for JSON and for looking it up.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::AnchorMissing { .. } => "anchor-missing",
            Self::FileMissing => "file-missing",
            Self::CertificateMalformed(_) => "certificate-malformed",
            Self::ChainIncomplete { .. } => "chain-incomplete",
            Self::ConfigurationBroken(_) => "configuration-broken",
            Self::CutToIssuer { .. } => "cut-to-issuer",
            Self::DefaultKey { .. } => "default-key",
            Self::DefaultTrust { .. } => "default-trust",
            Self::EncryptionKeyChanged { .. } => "encryption-key-changed",
            Self::EncryptionKeyMissing => "encryption-key-missing",
            Self::PinMissed { .. } => "pin-missed",
            Self::ReadableByOthers { .. } => "readable-by-others",
            Self::Expired { .. } => "expired",
            Self::Expiring { .. } => "expiring",
            Self::FolderLeft => "folder-left",
            Self::KeyDoesNotOpen(_) => "key-does-not-open",
            Self::KeyMismatch => "key-mismatch",
            Self::KeyMissing { .. } => "key-missing",
            Self::KeyPasswordDiffers => "key-password-differs",
            Self::LocalhostUrl { .. } => "localhost-url",
            Self::NamesMissing { .. } => "name-not-covered",
            Self::NamesNotPermitted { .. } => "name-not-permitted",
            Self::NoDataEncipherment => "no-data-encipherment",
            Self::NodesDiffer { what, .. } => match what {
                Alike::EncryptionKey => "encryption-key-differs",
                Alike::Internal => "internal-differs",
                Alike::Primary => "primary-differs",
                Alike::Transformation => "transformation-differs",
            },
            Self::NotInTopology => "not-in-topology",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::PemDoesNotOpen(_) => "key-does-not-open",
            Self::PrimaryImplicit { .. } => "primary-implicit",
            Self::PrimaryShort { .. } => "primary-short",
            Self::PrimaryNamesHost { .. } => "primary-names-host",
            Self::PrimaryKey { .. } => "primary-key",
            Self::PrimaryStale { .. } => "primary-stale",
            Self::Secret(kind) => match kind {
                SecretProblemKind::BuiltInKey => "vault-built-in-key",
                SecretProblemKind::Dangling { .. } => "secret-dangling",
                SecretProblemKind::NotEncrypted { .. } => "secret-not-encrypted",
                SecretProblemKind::Off { .. } => "vault-off",
                SecretProblemKind::Unreadable { .. } => "secret-unreadable",
                _ => "secret",
            },
            Self::SharedDiffers { .. } => "shared-differs",
            Self::SeveralKeys { .. } => "several-keys",
            Self::StoreDoesNotOpen(_) => "store-does-not-open",
        }
    }

    /// What should be there, where that can be said.
    pub fn expected(&self) -> Option<String> {
        Some(match self {
            Self::AnchorMissing { expected } => expected.clone(),
            Self::EncryptionKeyChanged { expected, .. }
            | Self::PinMissed { expected, .. }
            | Self::PrimaryStale { expected, .. }
            | Self::SharedDiffers { expected, .. } => expected.to_string(),
            Self::ChainIncomplete { issuer } => issuer.clone(),
            Self::LocalhostUrl { role, .. } => role.clone(),
            Self::NodesDiffer { expected, .. } => expected.clone(),
            Self::NamesMissing { missing, .. } => missing.join(", "),
            Self::SeveralKeys { .. } => "one private key".to_owned(),
            Self::PrimaryKey { .. } => "RSA, 2048 bits or more".to_owned(),
            Self::PrimaryShort { .. } => "10 years or more".to_owned(),
            Self::NoDataEncipherment => "dataEncipherment".to_owned(),
            _ => return None,
        })
    }

    /// What was found, where that can be said.
    pub fn found(&self) -> Option<String> {
        Some(match self {
            Self::ReadableByOthers { mode } => format!("{mode:04o}"),
            Self::EncryptionKeyChanged { found, .. }
            | Self::PinMissed { found, .. }
            | Self::PrimaryStale { found, .. }
            | Self::SharedDiffers { found, .. } => found.to_string(),
            Self::KeyMissing { found }
            | Self::NamesMissing { found, .. }
            | Self::SeveralKeys { found } => found.join(", "),
            Self::NamesNotPermitted { names, .. } | Self::PrimaryNamesHost { names } => {
                distinct(names)
            }
            Self::PrimaryKey { found } | Self::NodesDiffer { found, .. } => found.clone(),
            Self::LocalhostUrl { url, .. } => url.clone(),
            Self::ConfigurationBroken(reason) => reason.to_string(),
            Self::DefaultKey { id, .. } | Self::DefaultTrust { id, .. } => (*id).to_owned(),
            Self::CutToIssuer { not_after }
            | Self::Expired { not_after }
            | Self::Expiring { not_after }
            | Self::PrimaryShort { not_after } => moment(*not_after),
            Self::NotYetValid { not_before } => moment(*not_before),
            Self::StoreDoesNotOpen(reason) => reason.to_string(),
            Self::KeyDoesNotOpen(reason) => reason.to_string(),
            Self::PemDoesNotOpen(reason) => reason.to_string(),
            Self::CertificateMalformed(malformed) => malformed.to_string(),
            _ => return None,
        })
    }
}

/// Each text once: a CN and a subjectAltName mostly say the same.
fn distinct(texts: &[String]) -> String {
    let mut once: Vec<&str> = Vec::new();
    for text in texts {
        if !once.contains(&text.as_str()) {
            once.push(text);
        }
    }
    once.join(", ")
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnchorMissing { expected } => write!(f, "the truststore lacks {expected}"),
            Self::FileMissing => f.write_str("the file is missing"),
            Self::CertificateMalformed(malformed) => write!(f, "{malformed}"),
            Self::ChainIncomplete { issuer } => {
                write!(f, "the chain is not that of the CA: `{issuer}` is missing")
            }
            Self::ConfigurationBroken(reason) => {
                write!(f, "it cannot be read, and the product does not start with it: {reason}")
            }
            Self::CutToIssuer { not_after } => write!(
                f,
                "the certificate ends with its issuer, on {}, earlier than the topology asks",
                not_after.date()
            ),
            Self::DefaultKey { id, shipped_in } => {
                write!(f, "everybody owns this private key ({id}, {shipped_in})")
            }
            Self::DefaultTrust { id, shipped_in } => write!(
                f,
                "it trusts a certificate whose private key everybody owns ({id}, {shipped_in})"
            ),
            Self::EncryptionKeyChanged { .. } => f.write_str(
                "the encryption key is another than the cluster had: what is stored cannot be decrypted",
            ),
            Self::EncryptionKeyMissing => f.write_str(
                "there is no encryption key: each node makes one of its own when it starts, and none \
                 reads what another wrote",
            ),
            Self::PinMissed { .. } => f.write_str("it is not the certificate that the topology pins"),
            Self::ReadableByOthers { mode } => {
                write!(f, "others than its owner may read it (mode {mode:04o})")
            }
            Self::Expired { not_after } => write!(f, "expired on {}", not_after.date()),
            Self::Expiring { not_after } => write!(f, "expires on {}", not_after.date()),
            Self::FolderLeft => f.write_str("the topology has no use for it any more"),
            Self::KeyDoesNotOpen(reason) => write!(
                f,
                "the key does not open with the store's password, which the product uses for it: {reason}"
            ),
            Self::KeyMismatch => f.write_str("the key does not belong to its certificate"),
            Self::KeyMissing { found } if found.is_empty() => {
                f.write_str("there is no private key in it")
            }
            Self::KeyMissing { found } => {
                write!(
                    f,
                    "there is no such private key: it has `{}`",
                    found.join("`, `")
                )
            }
            Self::KeyPasswordDiffers => f.write_str(
                "the key's password is another than the store's, which the product uses for both",
            ),
            Self::LocalhostUrl { setting, url, role } => {
                write!(f, "`{setting}` leads to the node itself, and a {role} is meant: `{url}`")
            }
            Self::NamesMissing { missing, .. } => {
                write!(f, "the certificate is not about {}", missing.join(", "))
            }
            Self::NamesNotPermitted { issuer, names } => write!(
                f,
                "the name constraints of `{issuer}` do not permit {}: Java accepts it of an anchor, OpenSSL does not",
                names.join(", ")
            ),
            Self::NoDataEncipherment => f.write_str(
                "its key usage lacks dataEncipherment, and the product encrypts with it",
            ),
            Self::NodesDiffer { what, of, .. } => {
                write!(f, "the {what} is another than that of {of}")
            }
            Self::NotInTopology => f.write_str("the topology has no node that this home could be"),
            Self::NotYetValid { not_before } => {
                write!(f, "is not valid before {}", moment(*not_before))
            }
            Self::PemDoesNotOpen(reason) => write!(f, "the key does not open: {reason}"),
            Self::PrimaryImplicit { slot } => write!(
                f,
                "nothing sets the {slot} store: the default of the release is used, its file and its \
                 password"
            ),
            Self::PrimaryShort { not_after } => write!(
                f,
                "is valid until {}, which is less than ten years",
                not_after.date()
            ),
            Self::PrimaryNamesHost { names } => write!(
                f,
                "names the host {}: Java takes a pinned certificate as the server that it names",
                distinct(names)
            ),
            Self::PrimaryKey { found } => write!(
                f,
                "is {found}: the product encrypts with it, which takes RSA of 2048 bits or more"
            ),
            Self::PrimaryStale { .. } => {
                f.write_str("it holds another certificate than the primary's")
            }
            Self::Secret(kind) => write!(f, "{kind}"),
            Self::SharedDiffers {
                slot, other_key, ..
            } => {
                let what = if *other_key {
                    "another key than"
                } else {
                    "not the bytes of"
                };
                write!(f, "the {slot} store holds {what} the master")
            }
            Self::SeveralKeys { found } => write!(
                f,
                "it holds {} private keys, of which the product's listeners take any: `{}`",
                found.len(),
                found.join("`, `")
            ),
            Self::StoreDoesNotOpen(reason) => write!(f, "the store does not open: {reason}"),
        }
    }
}

/// How a certificate is called in a message.
pub(super) fn called(certificate: &Certificate) -> String {
    match certificate.view() {
        Ok(view) => view.subject.to_string(),
        Err(malformed) => malformed.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_name_is_told_once_and_a_moment_in_utc() {
        let names = vec!["a.example".to_owned(), "a.example".to_owned()];
        let kind = ProblemKind::PrimaryNamesHost { names };
        assert!(
            kind.to_string().starts_with("names the host a.example: "),
            "{kind}"
        );
        assert_eq!(kind.found().as_deref(), Some("a.example"));
        let not_before = datetime!(2026-11-23 00:00 UTC);
        let kind = ProblemKind::NotYetValid { not_before };
        assert_eq!(kind.to_string(), "is not valid before 2026-11-23T00:00:00Z");
    }
}
