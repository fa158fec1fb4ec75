//! What a client meets, and whether it accepts that.

use std::collections::HashMap;

use time::OffsetDateTime;

use super::{EdgeProblem, FilePlace};
use crate::{
    edit,
    keystore::Decoded,
    path::{Anchors, Options, PathChecker, PathProblem, Purpose, ServerName},
    x509::{Certificate, Fingerprint},
};

/// Judges handshakes at a moment.
pub(super) struct Handshakes {
    now: OffsetDateTime,
    checker: PathChecker,
    /// Truststores are the same bytes everywhere: each content is indexed once.
    anchors: HashMap<Fingerprint, Anchors>,
}

/// One handshake.
pub(super) struct Handshake<'a> {
    /// What the server presents.
    pub(super) chain: &'a [Certificate],
    /// Where that is.
    pub(super) presented: &'a FilePlace,
    /// The client's truststore, with SHA-256 of the file; `None` if that cannot be read.
    pub(super) trusted: Option<(Fingerprint, &'a Decoded)>,
    /// Where that is.
    pub(super) truststore: &'a FilePlace,
    /// The name that is looked at; `None`: trust alone decides.
    pub(super) name: Option<ServerName>,
    /// Whether the client looks at it too.
    pub(super) checks_name: bool,
}

impl Handshakes {
    pub(super) fn new(now: OffsetDateTime) -> Self {
        Self {
            now,
            checker: PathChecker::new(),
            anchors: HashMap::new(),
        }
    }

    pub(super) fn judge(&mut self, handshake: Handshake<'_>) -> Vec<EdgeProblem> {
        let Handshake {
            chain,
            presented,
            trusted,
            truststore,
            name,
            checks_name,
        } = handshake;
        if chain.is_empty() {
            let file = presented.clone();
            return vec![EdgeProblem::NoCertificate { file }];
        }
        let Some((digest, store)) = trusted else {
            let file = truststore.clone();
            return vec![EdgeProblem::NoTruststore { file }];
        };
        let anchors = self
            .anchors
            .entry(digest)
            .or_insert_with(|| Anchors::new(edit::trusted_by_java(store)));
        let options = Options {
            name,
            purpose: Purpose::Server,
            at: self.now,
        };
        let verdict = self.checker.check(chain, &[], anchors, &options);
        let told = verdict.problems.into_iter();
        told.map(|problem| match problem {
            PathProblem::NameMismatch { .. } | PathProblem::NameRefused { .. } if !checks_name => {
                EdgeProblem::NameUnchecked(problem)
            }
            problem => EdgeProblem::Path(problem),
        })
        .collect()
    }
}
