use time::OffsetDateTime;

use crate::{
    keystore::{Alias, Content, Entry, Keystore, Protection, UnsealError},
    x509::{Certificate, DistinguishedName, Fingerprint},
};

/// A store after an edit, and what the edit did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edited {
    /// The new store.
    pub keystore: Keystore,
    /// What changed.
    pub change: Change,
}

/// What an edit did, entry by entry, in the order in which it did it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// What happened, and what was deliberately not done.
    pub events: Vec<Event>,
}

impl Change {
    /// True if the store means what it meant before: nothing needs to be written.
    pub fn is_empty(&self) -> bool {
        !self.events.iter().any(|event| event.what.is_change())
    }

    /// What was lost and cannot be had from the new store.
    pub fn losses(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.what.is_loss())
    }

    /// How many entries were added, replaced and removed.
    pub fn counts(&self) -> (usize, usize, usize) {
        let of = |wanted: fn(&What) -> bool| {
            let found = self.events.iter().filter(|event| wanted(&event.what));
            found.count()
        };
        (
            of(|what| {
                matches!(
                    what,
                    What::Added { .. } | What::AddedRenamed { .. } | What::Copied { .. }
                )
            }),
            of(|what| matches!(what, What::Replaced { .. })),
            of(|what| matches!(what, What::Removed { .. })),
        )
    }

    pub(super) fn say(&mut self, alias: &Alias, what: What) {
        let alias = alias.clone();
        self.events.push(Event { alias, what });
    }
}

/// One thing that happened to one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The entry, as it is called afterwards; of one that went, as it was called.
    pub alias: Alias,
    /// What happened.
    pub what: What,
}

/// What kind of entry it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A private key with its chain.
    PrivateKey,
    /// A secret key.
    SecretKey,
    /// A trusted certificate.
    TrustedCertificate,
}

impl Kind {
    /// The kind of an entry.
    pub fn of(entry: &Entry) -> Self {
        match entry.content {
            Content::PrivateKey { .. } => Self::PrivateKey,
            Content::SecretKey { .. } => Self::SecretKey,
            Content::TrustedCertificate { .. } => Self::TrustedCertificate,
        }
    }

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PrivateKey => "private-key",
            Self::SecretKey => "secret-key",
            Self::TrustedCertificate => "trusted-certificate",
        }
    }
}

/// What can happen to an entry. Some of these change nothing ([`What::is_change`]) and are said because
/// somebody may have expected that they would.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// It is new. `store`: of several that were merged, the number of the one that it came from.
    Added {
        /// Its kind.
        kind: Kind,
        /// Which store, from 0.
        store: usize,
    },
    /// It is new, and came with an alias that another entry has.
    AddedRenamed {
        /// Its kind.
        kind: Kind,
        /// Which store it came from, from 0.
        store: usize,
        /// The alias that it has there.
        from: Alias,
    },
    /// The format has no place for its alias: whoever reads it makes up another.
    AliasDropped,
    /// The alias has the spelling now that Java looks up.
    AliasLowered {
        /// The spelling that it had.
        was: Alias,
    },
    /// The format has no place for its attributes.
    AttributesDropped {
        /// Their OIDs, dotted.
        oids: Vec<String>,
    },
    /// A certificate that came with the key is no part of its chain, and stayed out. No change.
    CertificateLeftOut {
        /// Which.
        certificate: Certificate,
    },
    /// The chain grew by certificates that were found elsewhere: in the store, in files given for it.
    ChainCompleted {
        /// Which, in their order.
        with: Vec<Certificate>,
    },
    /// The chain does not reach a self-signed certificate. No change.
    ChainIncomplete {
        /// Who would be next.
        issuer: DistinguishedName,
    },
    /// The chain's certificates stood in another order.
    ChainOrdered,
    /// A key has another chain now.
    ChainReplaced {
        /// The chain that it had.
        was: Vec<Certificate>,
    },
    /// A copy of another entry.
    Copied {
        /// Which.
        from: Alias,
    },
    /// It has another date now.
    DateChanged {
        /// The one that it had, if any.
        was: Option<OffsetDateTime>,
        /// The new one; `None`: the format has no place for it.
        now: Option<OffsetDateTime>,
    },
    /// The certificate stands under another alias already, and was not added again. No change.
    DuplicateSkipped {
        /// The fingerprint.
        sha256: Fingerprint,
    },
    /// The certificate stands under another alias already, and was added as well. No change of its own.
    DuplicateAdded {
        /// Under which alias.
        of: Alias,
    },
    /// It cannot be held against the key whether the certificate belongs to it: an algorithm that does
    /// not show its public half. No change.
    KeyUnproven,
    /// The key was sealed anew: another password, another protection.
    KeyResealed {
        /// What protected it; `None`: nothing, or nothing that is known here.
        was: Option<Protection>,
        /// What protects it; `None`: nothing.
        now: Option<Protection>,
        /// It opens with another password than before.
        other_password: bool,
    },
    /// The key lay open and is sealed now.
    KeySealed {
        /// What protects it.
        now: Protection,
    },
    /// The key could not be opened and stays as it was. No change.
    KeyKept {
        /// Why.
        reason: UnsealError,
    },
    /// It would have gone, but was spared. No change.
    Kept {
        /// Why it would have gone.
        reasons: Vec<Reason>,
    },
    /// Java sees the certificate now, and trusts it.
    MadeVisible,
    /// It is gone.
    Removed {
        /// Its kind.
        kind: Kind,
        /// Why; none if somebody asked for it by name.
        reasons: Vec<Reason>,
    },
    /// It has another alias now.
    Renamed {
        /// The old one.
        from: Alias,
    },
    /// Another entry stood there.
    Replaced {
        /// What stood there.
        was: Kind,
        /// Its certificates.
        certificates: Vec<Certificate>,
    },
    /// The self-signed end of the chain was left out, as asked.
    RootLeftOut {
        /// Which.
        certificate: Certificate,
    },
    /// The very entry is there already. No change.
    Unchanged,
}

impl What {
    /// True if the store means something else afterwards.
    pub fn is_change(&self) -> bool {
        !matches!(
            self,
            Self::CertificateLeftOut { .. }
                | Self::ChainIncomplete { .. }
                | Self::DuplicateAdded { .. }
                | Self::DuplicateSkipped { .. }
                | Self::Kept { .. }
                | Self::KeyKept { .. }
                | Self::KeyUnproven
                | Self::Unchanged
        )
    }

    /// True if it went because it could not be kept: nobody asked for that.
    pub fn is_loss(&self) -> bool {
        match self {
            Self::AttributesDropped { .. } | Self::MadeVisible => true,
            Self::Removed { reasons, .. } => reasons
                .iter()
                .any(|reason| matches!(reason, Reason::Unsupported { .. })),
            _ => false,
        }
    }
}

/// Why an entry went, or would have gone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Another store has something else under this alias.
    Conflict {
        /// Which store, from 0.
        store: usize,
    },
    /// It was on the list of what is not wanted.
    Denied {
        /// What the list says about it.
        label: String,
    },
    /// Another entry has the same certificate.
    Duplicate {
        /// Which.
        of: Alias,
    },
    /// Its validity is over.
    Expired {
        /// Its last moment.
        not_after: OffsetDateTime,
    },
    /// The format has no place for it.
    Unsupported {
        /// Why.
        reason: &'static str,
    },
    /// Its key is too short.
    WeakKey {
        /// Algorithm and size, `RSA 1024`.
        key: String,
    },
    /// Its signature stands on a broken hash function.
    WeakSignature {
        /// `MD5`, `SHA-1`, …
        hash: &'static str,
    },
}
