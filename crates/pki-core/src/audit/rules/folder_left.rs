use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "folder-left",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "The folder of a node that is no longer in the topology",
    why: "Its keys are still there and its certificate is still valid: who finds the folder \
          passes for the node.",
    remedy: "apim-pki issue --prune",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "The topology",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::FolderLeft)
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| lab.problem(ProblemKind::FolderLeft)),
    ("silent", |lab| lab.problem(ProblemKind::FileMissing)),
];
