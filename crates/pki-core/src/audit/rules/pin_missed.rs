use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "pin-missed",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A CA or primary that is not the one that the topology pins",
    why: "The pin says which CA and which primary the cluster has. Another one means that \
          somebody made a second, or that the file is of another cluster: nodes with it are cut \
          off, and what it encrypts is lost to the others.",
    remedy: "apim-pki history",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "The topology: `[ca] sha256`, `[primary] sha256`",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::PinMissed { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.problem(lab.pin_missed())),
    ("silent", |lab| lab.problem(ProblemKind::FolderLeft)),
];
