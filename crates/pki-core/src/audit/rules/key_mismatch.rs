use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    edit::Fault,
    verify::{
        Problem, ProblemKind,
        endpoint::{EndpointProblem, Objection},
    },
};

pub(super) static RULE: Rule = Rule {
    id: "key-mismatch",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A private key that does not belong to its certificate",
    why: "Every handshake with it fails, and what is encrypted for the certificate is lost: a reply of \
          the CA that was imported over the wrong key looks like this.",
    remedy: "apim-pki store check {path} --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "RFC 5246 section 7.4.8: the server proves that it has the certificate's key",
    checks: &[
        Check::Store(check),
        Check::Problem(problem),
        Check::Endpoint(endpoint),
    ],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, fault) in store.faults() {
        if let (Some(alias), Fault::KeyMismatch) = (alias, fault) {
            sink.say("the key belongs to another certificate")
                .about(alias, store.certificate(Some(alias), 0));
        }
    }
}

/// A balancer's key and its chain lie in two files, which verification alone holds side by side.
fn problem(problem: &Problem) -> bool {
    let of_balancer = problem.node.is_none() && problem.alias.is_none();
    of_balancer && matches!(problem.kind, ProblemKind::KeyMismatch)
}

fn endpoint(problem: &EndpointProblem) -> bool {
    problem
        .objection()
        .is_some_and(|it| matches!(it, Objection::WrongKey))
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.jks(
            "a.jks",
            [lab.tls()
                .with_certificate(lab.other().certificate())
                .entry("a")],
        )
    }),
    ("silent", |lab| lab.jks("a.jks", [lab.tls().entry("a")])),
    ("error", |lab| lab.refused(Objection::WrongKey)),
    ("silent", |lab| lab.refused(lab.untrusted())),
    // A balancer's key and chain lie in two files; of a store its own check tells.
    ("error", |lab| lab.problem_of_all(ProblemKind::KeyMismatch)),
    ("silent", |lab| lab.problem(ProblemKind::KeyMismatch)),
    ("silent", |lab| {
        lab.problem_of_all_at("a", ProblemKind::KeyMismatch)
    }),
    ("silent", |lab| lab.problem_of_all(lab.pin_missed())),
];
