use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "cut-to-issuer",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A certificate that ends with its issuer, earlier than the topology asks",
    why: "A certificate cannot outlive its CA, so it was cut. All nodes end on the same day, and \
          renewing them does not help: the CA is what has to be renewed.",
    remedy: "apim-pki plan",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "RFC 5280 section 6.1.3",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::CutToIssuer { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| lab.problem(lab.cut_to_issuer())),
    ("silent", |lab| lab.problem(ProblemKind::FolderLeft)),
];
