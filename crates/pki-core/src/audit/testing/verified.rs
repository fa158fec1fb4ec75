//! What verification found: in files, on connections.

use std::path::PathBuf;

use super::{Case, Lab, moment};
use crate::{
    disk::RelPath,
    keystore::DecodeError,
    observe::Unopened,
    path::PathProblem,
    verify::{self, Alike, Edge, EdgeProblem, FilePlace, Problem, ProblemKind, State},
    wso2::Slot,
    x509::Fingerprint,
};

impl Lab {
    /// What verification found.
    pub(crate) fn problem(&self, kind: ProblemKind) -> Case {
        let mut case = self.empty();
        case.problems.push(problem(None, kind));
        case
    }

    /// What verification found about an entry.
    pub(crate) fn problem_at(&self, alias: &str, kind: ProblemKind) -> Case {
        let mut case = self.empty();
        case.problems.push(problem(Some(alias), kind));
        case
    }

    /// What verification found in a file of a home.
    pub(crate) fn problem_in_home(&self, kind: ProblemKind) -> Case {
        let mut case = self.empty();
        case.problems.push(in_home(kind));
        case
    }

    /// What verification found about what all share.
    pub(crate) fn problem_of_all(&self, kind: ProblemKind) -> Case {
        let mut case = self.problem(kind);
        case.problems.iter_mut().for_each(|it| it.node = None);
        case
    }

    /// What verification found about an entry of what all share.
    pub(crate) fn problem_of_all_at(&self, alias: &str, kind: ProblemKind) -> Case {
        let mut case = self.problem_at(alias, kind);
        case.problems.iter_mut().for_each(|it| it.node = None);
        case
    }

    /// A connection that fails, or is judged otherwise, and why.
    pub(crate) fn edge<const N: usize>(&self, state: State, problems: [EdgeProblem; N]) -> Case {
        let mut case = self.empty();
        case.edges.push(self.connection(state, problems));
        case
    }

    pub(crate) fn connection<const N: usize>(
        &self,
        state: State,
        problems: [EdgeProblem; N],
    ) -> Edge {
        Edge {
            from: "gateway-1".to_owned(),
            to: "key-manager-1".to_owned(),
            name: "km1.example.com".to_owned(),
            port: 9443,
            by_name: true,
            settings: Vec::new(),
            state,
            why: None,
            problems: problems.to_vec(),
            presented: None,
            truststore: None,
            deployed: false,
        }
    }

    pub(crate) fn differs(&self, what: Alike) -> ProblemKind {
        ProblemKind::NodesDiffer {
            what,
            expected: "a".to_owned(),
            of: "gateway-1".to_owned(),
            found: "b".to_owned(),
        }
    }

    pub(crate) fn localhost_url(&self) -> ProblemKind {
        ProblemKind::LocalhostUrl {
            setting: "APIKeyValidator/ServerURL".to_owned(),
            url: "https://localhost:9443/services/".to_owned(),
            role: "key-manager".to_owned(),
        }
    }

    pub(crate) fn pin_missed(&self) -> ProblemKind {
        let (expected, found) = (Fingerprint::of(b"a"), Fingerprint::of(b"b"));
        ProblemKind::PinMissed { expected, found }
    }

    pub(crate) fn encryption_key_changed(&self) -> ProblemKind {
        let (expected, found) = (Fingerprint::of(b"a"), Fingerprint::of(b"b"));
        ProblemKind::EncryptionKeyChanged { expected, found }
    }

    pub(crate) fn cut_to_issuer(&self) -> ProblemKind {
        let not_after = moment("2030-01-01");
        ProblemKind::CutToIssuer { not_after }
    }

    pub(crate) fn names_not_permitted(&self) -> ProblemKind {
        ProblemKind::NamesNotPermitted {
            issuer: "CN=Example CA".to_owned(),
            names: vec!["dns:gw1.example.org".to_owned()],
        }
    }

    pub(crate) fn store_does_not_open(&self) -> ProblemKind {
        ProblemKind::StoreDoesNotOpen(Unopened::NoPassword)
    }

    pub(crate) fn store_closed(&self, reason: DecodeError) -> ProblemKind {
        ProblemKind::StoreDoesNotOpen(Unopened::Unreadable(reason))
    }

    pub(crate) fn key_missing(&self) -> ProblemKind {
        ProblemKind::KeyMissing { found: Vec::new() }
    }

    pub(crate) fn anchor_missing(&self) -> ProblemKind {
        let expected = "CN=Example CA".to_owned();
        ProblemKind::AnchorMissing { expected }
    }

    pub(crate) fn shared_differs(&self, other_key: bool) -> ProblemKind {
        let (expected, found) = (Fingerprint::of(b"a"), Fingerprint::of(b"b"));
        ProblemKind::SharedDiffers {
            slot: Slot::Primary,
            expected,
            found,
            other_key,
        }
    }

    pub(crate) fn primary_stale(&self) -> ProblemKind {
        let (expected, found) = (Fingerprint::of(b"a"), Fingerprint::of(b"b"));
        ProblemKind::PrimaryStale { expected, found }
    }

    pub(crate) fn names_missing(&self) -> ProblemKind {
        ProblemKind::NamesMissing {
            missing: vec!["dns:gw1.example.com".to_owned()],
            found: Vec::new(),
        }
    }

    pub(crate) fn no_anchor(&self) -> PathProblem {
        let certificate = self.tls().certificate();
        let issuer = certificate.view().unwrap().issuer.clone();
        PathProblem::NoAnchor {
            certificate,
            issuer,
        }
    }

    pub(crate) fn path_expired(&self) -> PathProblem {
        PathProblem::Expired {
            certificate: self.tls().certificate(),
            not_after: moment("2020-01-01"),
        }
    }

    pub(crate) fn path_not_yet_valid(&self) -> PathProblem {
        PathProblem::NotYetValid {
            certificate: self.tls().certificate(),
            not_before: moment("2040-01-01"),
        }
    }

    pub(crate) fn name_mismatch(&self) -> PathProblem {
        PathProblem::NameMismatch {
            certificate: self.tls().certificate(),
            name: "km1.example.com".into(),
            candidates: Vec::new(),
        }
    }

    pub(crate) fn name_refused(&self) -> PathProblem {
        PathProblem::NameRefused {
            name: "a_b.example.com".into(),
        }
    }
}

pub(crate) fn problem(alias: Option<&str>, kind: ProblemKind) -> Problem {
    Problem {
        named_by: Vec::new(),
        severity: verify::Severity::Error,
        node: Some("gateway-1".to_owned()),
        file: Some(RelPath::new("nodes/gateway-1/tls.jks").unwrap().into()),
        alias: alias.map(str::to_owned),
        kind,
    }
}

/// One in the configuration of a home.
pub(crate) fn in_home(kind: ProblemKind) -> Problem {
    let file = FilePlace::Home {
        dir: PathBuf::from("/opt/gateway-1").into(),
        file: "repository/conf/carbon.xml".into(),
        position: None,
    };
    Problem {
        file: Some(file),
        ..problem(None, kind)
    }
}
