use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::endpoint::{EndpointProblem, Objection},
};

pub(super) static RULE: Rule = Rule {
    id: "handshake-fails",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A live server with which no client shakes hands",
    why: "Somebody answers and speaks TLS, and the handshake ends before it is done: a version or cipher suites that nobody has any more, a key that the server could not load, a connection that is closed half-way.",
    remedy: "apim-pki probe {host}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "RFC 8446 section 6.2; jdk.tls.disabledAlgorithms",
    checks: &[Check::Endpoint(endpoint)],
};

fn endpoint(problem: &EndpointProblem) -> bool {
    let nothing = |it: &Objection| matches!(it, Objection::NothingInCommon { .. });
    matches!(problem, EndpointProblem::Handshake { .. }) || problem.objection().is_some_and(nothing)
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.handshake_fails()),
    ("silent", |lab| lab.served("gw1", "gw1")),
    ("error", |lab| {
        lab.refused(Objection::NothingInCommon {
            reason: String::new(),
        })
    }),
    ("silent", |lab| lab.refused(lab.untrusted())),
];
