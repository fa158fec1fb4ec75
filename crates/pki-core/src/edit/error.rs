use super::Event;
use crate::{
    key::KeyError,
    keystore::{Alias, DecodeError, Format, UnsealError},
    x509::{Certificate, DistinguishedName, PemError},
};

/// Why an edit was not done. Nothing is done by halves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// An alias that no store should have: Java would not find it, or the format cannot hold it.
    #[error("alias `{alias}` cannot be used: {reason}")]
    Alias {
        /// Which.
        alias: Alias,
        /// Why.
        reason: &'static str,
    },
    /// Two entries would have the same alias, or differ in its case alone, which Java does not tell apart.
    #[error("several entries would be called `{alias}`")]
    AliasClash {
        /// Which.
        alias: Alias,
    },
    /// The alias is in use.
    #[error("there is an entry `{alias}` already")]
    AliasTaken {
        /// Which.
        alias: Alias,
    },
    /// Two of several stores have different entries under one alias.
    #[error("`{alias}` is one thing in store {} and another in store {}", .first + 1, .second + 1)]
    Conflict {
        /// Which.
        alias: Alias,
        /// The number of the store that has it first, from 0.
        first: usize,
        /// The number of the other.
        second: usize,
    },
    /// What is to be imported cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The store holds keys, and nothing derived from its content may protect them.
    #[error(
        "`{alias}` is a key: only a store without private and secret keys can be written deterministically"
    )]
    HasKey {
        /// The first one.
        alias: Alias,
    },
    /// A private key is to be imported and cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// An entry with a key stands where a certificate was to go.
    #[error("`{alias}` holds a key, which a certificate cannot replace")]
    KeyInTheWay {
        /// Which.
        alias: Alias,
    },
    /// None of the certificates is over the key.
    #[error("no certificate for `{alias}` is over its key (the first is {})", subject(.certificate))]
    KeyMismatch {
        /// Which entry.
        alias: Alias,
        /// The first certificate that was given.
        certificate: Certificate,
    },
    /// Something would be lost, and nobody said that it may be.
    #[error("{} would lose something in {format}", count(.events.len()))]
    Loss {
        /// The container that cannot hold it.
        format: Format,
        /// What.
        events: Vec<Event>,
    },
    /// There is nothing to import.
    #[error("there is no certificate in what was given")]
    NoCertificate,
    /// No entry has the alias.
    #[error("there is no entry `{alias}`")]
    NoEntry {
        /// Which.
        alias: Alias,
    },
    /// There is no private key in what was given.
    #[error("there is no private key in what was given")]
    NoKey,
    /// The entry has no private key.
    #[error("`{alias}` is not a private key")]
    NotAKey {
        /// Which.
        alias: Alias,
    },
    /// A pattern that does not say how aliases are made.
    #[error("alias pattern `{pattern}`: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A PEM text is broken.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// There are several private keys, and nobody said which.
    #[error("there are {} private keys in what was given", .aliases.len())]
    SeveralKeys {
        /// What they are called; `None` where the file has no names.
        aliases: Vec<Option<Alias>>,
    },
    /// A key does not open.
    #[error("the key of `{alias}` cannot be had")]
    Sealed {
        /// Whose.
        alias: Alias,
        /// Why.
        #[source]
        reason: UnsealError,
    },
    /// What claims to be a certificate is none.
    #[error("a certificate for `{alias}` cannot be read: {reason}")]
    Unreadable {
        /// For which entry.
        alias: Alias,
        /// Why.
        reason: String,
    },
    /// The chain is not complete, and it must be.
    #[error("the chain of `{alias}` is not complete: {issuer} is missing")]
    MissingIssuer {
        /// Whose.
        alias: Alias,
        /// Who is missing.
        issuer: DistinguishedName,
    },
}

fn subject(certificate: &Certificate) -> String {
    match certificate.view() {
        Ok(view) => view.subject.to_string(),
        Err(_) => "unreadable".to_owned(),
    }
}

fn count(entries: usize) -> String {
    match entries {
        1 => "1 entry".to_owned(),
        many => format!("{many} entries"),
    }
}
