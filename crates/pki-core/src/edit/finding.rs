use time::OffsetDateTime;

use crate::{
    keystore::{Alias, UnsealError},
    x509::{Certificate, DistinguishedName},
};

/// Something about a store that is not as Java, or those who use it, will expect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The entry; `None`: the store as a whole.
    pub alias: Option<Alias>,
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub fault: Fault,
    /// True if [`repair`](super::repair) mends it.
    pub repairable: bool,
}

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// It works, or may; some reader or client stumbles.
    Warning,
    /// Java does not see the entry, or cannot use it.
    Error,
}

impl Severity {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Another entry has the alias, or one that differs in case alone: Java shows one of them.
    AliasClash {
        /// How many have it.
        entries: usize,
    },
    /// The alias has control or bidirectional characters, or is empty.
    AliasHidden,
    /// The alias is not in lower case: a JKS entry that Java lists and does not find.
    AliasSpelling,
    /// The chain stops before a self-signed certificate.
    ChainIncomplete {
        /// Who would be next.
        issuer: DistinguishedName,
        /// The certificates of the store that would complete it.
        found: Vec<Certificate>,
    },
    /// Certificates that are no part of the chain.
    ChainForeign {
        /// Which.
        certificates: Vec<Certificate>,
    },
    /// The chain is out of order.
    ChainOrder,
    /// A certificate cannot be read.
    Damaged {
        /// Its place in the chain, from 0.
        at: usize,
        /// Why.
        reason: String,
    },
    /// A certificate's validity is over.
    Expired {
        /// Its place in the chain, from 0.
        at: usize,
        /// Its last moment.
        not_after: OffsetDateTime,
    },
    /// The key opens with another password than the store's. Products that know one password, and every
    /// Java for PKCS #12, do not open it.
    KeyPassword,
    /// The key belongs to another certificate.
    KeyMismatch,
    /// No password opens the key.
    KeySealed {
        /// Why.
        reason: UnsealError,
    },
    /// Everybody has the private key: it is published, as a default or in a repository.
    KnownKey {
        /// The key's short name.
        id: &'static str,
        /// Who shipped it.
        shipped_in: &'static str,
    },
    /// The key has no certificate: nobody can serve with it.
    NoChain,
    /// Java's attribute is missing on the certificate: Java does not show it.
    NotVisible,
    /// A certificate's validity has not begun.
    NotYetValid {
        /// Its place in the chain, from 0.
        at: usize,
        /// Its first moment.
        not_before: OffsetDateTime,
    },
    /// There are several private keys: a server that is not told which one takes any.
    SeveralKeys {
        /// How many.
        keys: usize,
    },
    /// A key that lies open; in a PKCS #12 Java does not show it.
    Unprotected,
}
