use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::Store},
    path::ModernProblem,
    verify::endpoint::{EndpointProblem, Objection},
};

pub(super) static RULE: Rule = Rule {
    id: "not-yet-valid",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A certificate in use that has not begun",
    why: "Clients refuse it until its first second. Either it was made for later, or the clock of one of \
          the machines is wrong.",
    remedy: "apim-pki cert show {path}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "RFC 5280 section 6.1.3",
    checks: &[Check::Store(check), Check::Endpoint(endpoint)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, chain) in store.keys() {
        for certificate in chain {
            let Ok(view) = certificate.view() else {
                continue;
            };
            if store.context.now < view.not_before {
                sink.say(format!(
                    "{} is not valid before {}",
                    view.subject.readable(),
                    view.not_before.date()
                ))
                .about(alias, Some(certificate));
            }
        }
    }
}

fn endpoint(problem: &EndpointProblem) -> bool {
    problem.objection().is_some_and(|it| {
        matches!(
            it,
            Objection::NotYetValid(_) | Objection::Modern(ModernProblem::NotYetValid)
        )
    })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.jks("tls.jks", [lab.tls().years(2040, 2042).entry("tls")])
    }),
    ("silent", |lab| lab.jks("tls.jks", [lab.tls().entry("tls")])),
    ("silent", |lab| {
        lab.jks("tls.jks", [lab.tls().entry("tls")])
            .at("2026-01-01")
    }),
    ("error", |lab| {
        lab.jks("tls.jks", [lab.tls().entry("tls")])
            .at("2025-12-31")
    }),
    ("error", |lab| {
        lab.refused(Objection::NotYetValid(lab.tls().certificate()))
    }),
    ("error", |lab| {
        lab.refused(Objection::Modern(ModernProblem::NotYetValid))
    }),
    ("silent", |lab| {
        lab.refused(Objection::Modern(ModernProblem::Expired))
    }),
];
