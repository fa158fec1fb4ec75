use std::fmt;

use time::OffsetDateTime;

use super::{Difference, Objection, Who};
use crate::{
    observe::endpoint::{Failure, TlsVersion},
    path::PathProblem,
    verify::Severity,
    x509::{Certificate, moment},
};

/// What is wrong with a live server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointProblem {
    /// A certificate of the chain did not issue the one before it.
    ChainOrder {
        /// Which one, counted from 0: the end-entity certificate.
        at: usize,
    },
    /// A certificate of the chain is valid, and not for long.
    ExpiresSoon {
        /// Which one: the first to end.
        certificate: Certificate,
        /// Its last moment.
        not_after: OffsetDateTime,
    },
    /// Somebody answers, and no client gets through.
    Handshake {
        /// Why.
        failure: Failure,
    },
    /// What is presented is not what the files say.
    NotOnDisk {
        /// What instead.
        difference: Difference,
    },
    /// It takes a version of TLS that RFC 8996 forbids.
    OldVersion {
        /// Which one.
        version: TlsVersion,
    },
    /// Clients do not connect.
    Refused {
        /// Who.
        by: Vec<Who>,
        /// True if that is everybody.
        nobody_connects: bool,
        /// Why.
        objection: Objection,
    },
    /// Clients would not connect if they were set to look at names in another way than they are shipped.
    RefusedIfSet {
        /// Who.
        by: Vec<Who>,
        /// Why.
        objection: Objection,
    },
    /// What a Java client does not mind.
    Weak {
        /// What.
        problem: PathProblem,
    },
}

impl EndpointProblem {
    /// How bad it is: an error means that somebody does not connect, or that a restart is due.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Handshake { .. } | Self::NotOnDisk { .. } | Self::Refused { .. } => {
                Severity::Error
            }
            Self::ChainOrder { .. }
            | Self::ExpiresSoon { .. }
            | Self::OldVersion { .. }
            | Self::RefusedIfSet { .. }
            | Self::Weak { .. } => Severity::Warning,
        }
    }

    /// Why clients do not connect, if that is it.
    pub const fn objection(&self) -> Option<&Objection> {
        match self {
            Self::Refused { objection, .. } | Self::RefusedIfSet { objection, .. } => {
                Some(objection)
            }
            _ => None,
        }
    }

    /// A short name, for programs.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::ChainOrder { .. } => "chain-order",
            Self::ExpiresSoon { .. } => "expires-soon",
            Self::Handshake { failure } => failure.id(),
            Self::NotOnDisk { .. } => "served-not-on-disk",
            Self::OldVersion { .. } => "old-tls",
            Self::Refused { objection, .. } | Self::RefusedIfSet { objection, .. } => {
                objection.id()
            }
            Self::Weak { .. } => "weak",
        }
    }
}

impl fmt::Display for EndpointProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChainOrder { at } => write!(
                f,
                "certificate {} of the chain did not issue certificate {at}",
                at + 1
            ),
            Self::ExpiresSoon {
                certificate,
                not_after,
            } => {
                let subject = match certificate.view() {
                    Ok(view) => view.subject.to_string(),
                    Err(malformed) => malformed.to_string(),
                };
                write!(f, "{subject} expires at {}", moment(*not_after))
            }
            Self::Handshake { failure } => write!(f, "{failure}"),
            Self::NotOnDisk { difference } => write!(f, "{difference}"),
            Self::OldVersion { version } => write!(f, "{version} is taken, which RFC 8996 forbids"),
            Self::Refused {
                nobody_connects: true,
                objection,
                ..
            } => write!(f, "{objection}; no client connects"),
            Self::Refused { by, objection, .. } => {
                write!(f, "{objection}; not taken by {}", Who::listed(by))
            }
            Self::RefusedIfSet { by, objection } => {
                write!(f, "{objection}; would not be taken by {}", Who::listed(by))
            }
            Self::Weak { problem } => write!(f, "{problem}"),
        }
    }
}
