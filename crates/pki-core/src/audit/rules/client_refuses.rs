use crate::{
    audit::{Check, Confidence, Rule, Severity},
    path::{ModernProblem, PathProblem},
    verify::endpoint::{EndpointProblem, Objection},
};

pub(super) static RULE: Rule = Rule {
    id: "client-refuses",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A live server that clients refuse for what no other rule tells",
    why: "A browser, OpenSSL or a current JDK does not take the chain, whatever the product does: constraints, usages, signatures or versions of certificates. What a client of today alone refuses reaches portals and callers from outside first.",
    remedy: "apim-pki probe {host} --trust TRUSTSTORE",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "RFC 5280 section 6; RFC 9525; CA/Browser Forum Baseline Requirements section 7.1",
    checks: &[Check::Endpoint(endpoint)],
};

fn endpoint(problem: &EndpointProblem) -> bool {
    let other = |it: &Objection| match it {
        Objection::Path(problem) => !matches!(problem, PathProblem::NameRefused { .. }),
        Objection::Modern(problem) => !matches!(
            problem,
            ModernProblem::Expired | ModernProblem::NotYetValid | ModernProblem::Untrusted
        ),
        _ => false,
    };
    matches!(problem, EndpointProblem::Weak { .. }) || problem.objection().is_some_and(other)
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.no_server_certificate()),
    ("silent", |lab| lab.served("gw1", "gw1")),
    ("error", |lab| lab.refused(Objection::Path(lab.no_anchor()))),
    ("silent", |lab| {
        lab.refused(Objection::Path(lab.name_refused()))
    }),
    ("error", |lab| {
        lab.refused(Objection::Modern(ModernProblem::Signature))
    }),
    ("silent", |lab| {
        lab.refused(Objection::Modern(ModernProblem::Expired))
    }),
    ("silent", |lab| {
        lab.refused(Objection::Modern(ModernProblem::NotYetValid))
    }),
    ("silent", |lab| {
        lab.refused(Objection::Modern(ModernProblem::Untrusted))
    }),
    ("warning", |lab| {
        lab.refused_if_set(Objection::Path(lab.no_anchor()))
    }),
    ("warning", |lab| {
        lab.endpoint(EndpointProblem::Weak {
            problem: lab.no_anchor(),
        })
    }),
];
