use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "not-in-topology",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A home that is no node of the topology",
    why: "Nobody knows what it should be: its stores are judged by themselves, and it is not held \
          against what was issued. Its folder's name, or a host that it knows itself by, tells \
          which node a home is.",
    remedy: "apim-pki verify --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "The topology",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::NotInTopology)
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| lab.problem(ProblemKind::NotInTopology)),
    ("silent", |lab| lab.problem(ProblemKind::FolderLeft)),
];
