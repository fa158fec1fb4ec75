use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "name-not-permitted",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A name that the CA's name constraints do not permit",
    why: "Java does not look at the constraints of an anchor and takes the certificate; OpenSSL, \
          browsers and whoever puts the CA behind a root refuse it.",
    remedy: "apim-pki cert show {path}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "RFC 5280 section 4.2.1.10; tried with JDK 17 and OpenSSL 3",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::NamesNotPermitted { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| lab.problem(lab.names_not_permitted())),
    ("silent", |lab| lab.problem(ProblemKind::FolderLeft)),
];
