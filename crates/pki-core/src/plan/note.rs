use std::fmt;

use time::OffsetDateTime;

use super::Draft;
use crate::{disk::RelPath, keystore::Integrity, topology::BalancerTls, wso2::Slot};

/// What an operator should know about a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// A group that people log in to is behind a balancer that passes TLS through, so that the balancer
    /// cannot keep a session on one node by cookie, as the product demands.
    AffinityNeedsTls {
        /// The group.
        group: String,
    },
    /// A certificate of the imported CA's chain that Java accepts and others do not.
    AuthorityDoubtful {
        /// Its subject.
        subject: String,
        /// Why.
        reason: String,
    },
    /// A certificate ends with its issuer, earlier than the topology asks.
    CutToIssuer {
        /// Whose.
        name: String,
        /// When.
        not_after: OffsetDateTime,
    },
    /// A folder of a node, or of balancers, that is not in the topology.
    FolderLeft {
        /// The folder.
        folder: RelPath,
    },
    /// A key that no run of this workspace made: it is replaced, and nobody trusts it.
    Foreign {
        /// Where it was.
        path: RelPath,
    },
    /// The vendor's truststore was read without password and pin.
    IntegrityUnchecked,
    /// The first primary: a cluster that already holds data must bring its own.
    MadePrimary,
    /// The CA may not certify a name. Java does not look at the constraints of an anchor; OpenSSL and
    /// others do.
    NameNotPermitted {
        /// Whose certificate.
        owner: String,
        /// The name.
        name: String,
    },
    /// Truststores hold no public CAs.
    NoVendorTruststore,
    /// A password has a character that breaks a config file.
    PasswordCharacter {
        /// The slot.
        slot: Slot,
        /// The character.
        character: char,
        /// The file that it breaks.
        breaks: &'static str,
    },
    /// A chosen JKS password that is short: its key protection costs an attacker one SHA-1 a guess.
    PasswordShort {
        /// The slot.
        slot: Slot,
        /// How many characters it has.
        length: usize,
    },
    /// The primary is valid for less than ten years.
    PrimaryShort {
        /// Until when.
        not_after: OffsetDateTime,
    },
    /// A store under a name that the topology does not know, which did not open.
    Unknown {
        /// Where.
        path: RelPath,
    },
}

impl Note {
    /// True if it should be seen even by those who asked for quiet.
    pub const fn is_warning(&self) -> bool {
        !matches!(
            self,
            Self::AffinityNeedsTls { .. } | Self::MadePrimary | Self::NoVendorTruststore
        )
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AffinityNeedsTls { group } => write!(
                f,
                "the balancer of `{group}` passes TLS through, so it cannot keep a session on one node by cookie, as the product demands"
            ),
            Self::AuthorityDoubtful { subject, reason } => write!(
                f,
                "in the chain of the CA, `{subject}`: {reason}: Java accepts it, OpenSSL does not"
            ),
            Self::CutToIssuer { name, not_after } => write!(
                f,
                "the certificate of `{name}` ends with its issuer, on {}",
                not_after.date()
            ),
            Self::FolderLeft { folder } => {
                write!(f, "`{folder}` is there, and the topology has no use for it any more")
            }
            Self::Foreign { path } => write!(
                f,
                "no run of this workspace wrote `{path}` as it is: its key is replaced, and not trusted any longer"
            ),
            Self::IntegrityUnchecked => f.write_str(
                "the integrity of the vendor's truststore was not checked: it has neither password nor sha256 in the topology",
            ),
            Self::MadePrimary => f.write_str(
                "the primary is new: a cluster that already holds data must bring its own",
            ),
            Self::NameNotPermitted { owner, name } => write!(
                f,
                "the CA's name constraints do not permit {name}, which the certificate of `{owner}` gets: Java accepts it, OpenSSL does not"
            ),
            Self::NoVendorTruststore => f.write_str(
                "the truststores hold no public CAs: the topology names no vendor truststore",
            ),
            Self::PasswordCharacter {
                slot,
                character,
                breaks,
            } => write!(
                f,
                "the password of the {slot} store holds `{}`, which breaks {breaks}",
                character.escape_default()
            ),
            Self::PasswordShort { slot, length } => write!(
                f,
                "the password of the {slot} store has {length} characters: JKS protects a key with one SHA-1 a guess, use at least 16"
            ),
            Self::PrimaryShort { not_after } => write!(
                f,
                "the primary is valid until {}, which is less than ten years",
                not_after.date()
            ),
            Self::Unknown { path } => write!(f, "`{path}` is no file of the topology and was left"),
        }
    }
}

/// Notes that hang on the topology alone.
pub(super) fn general(draft: &mut Draft<'_>) {
    let topology = draft.topology;
    for group in &topology.groups {
        let passes = group
            .balancers
            .iter()
            .any(|balancer| balancer.tls == BalancerTls::Passthrough);
        if passes && group.nodes.len() > 1 && group.role.needs_session_affinity() {
            draft.notes.push(Note::AffinityNeedsTls {
                group: group.name.clone(),
            });
        }
    }
    let writes_truststore = draft
        .actions
        .iter()
        .any(|action| matches!(action.work, super::Work::Truststore { .. }));
    match (&draft.found.inputs().vendor, &topology.stores.vendor) {
        (Some(found), Some(vendor))
            if found.decoded.integrity != Integrity::Verified && vendor.sha256.is_none() =>
        {
            draft.notes.push(Note::IntegrityUnchecked);
        }
        (None, None) if writes_truststore => draft.notes.push(Note::NoVendorTruststore),
        _ => {}
    }
    let makes_primary = draft.actions.iter().any(|action| {
        matches!(
            action.work,
            super::Work::Master {
                slot: Slot::Primary,
                origin: super::Origin::New(_),
            }
        )
    });
    if makes_primary {
        draft.notes.push(Note::MadePrimary);
    }
}
