use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{FilePlace, Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "file-missing",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A file that the topology asks for and that is not there",
    why: "The node starts without it, or does not start. A file that was there is in \
          `generations/`.",
    remedy: "apim-pki issue",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "The topology",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    let of_home = matches!(problem.file, Some(FilePlace::Home { .. }));
    matches!(problem.kind, ProblemKind::FileMissing) && !of_home
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.problem(ProblemKind::FileMissing)),
    ("silent", |lab| lab.problem(ProblemKind::FolderLeft)),
    ("silent", |lab| {
        lab.problem_in_home(ProblemKind::FileMissing)
    }),
];
