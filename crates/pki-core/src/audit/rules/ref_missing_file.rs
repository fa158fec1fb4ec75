use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity},
    verify::{FilePlace, Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "ref-missing-file",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A setting that names a keystore which is not there",
    why: "The part that opens it does not start: the server as a whole, a listener, or a client at \
          its first call. A renamed default file leaves such settings behind.",
    remedy: "apim-pki verify --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: Some(INSTALL),
    source: "templates of wso2/product-apim: broker.xml.j2; wso2/product-apim#11017",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::FileMissing)
        && matches!(problem.file, Some(FilePlace::Home { .. }))
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error, error", |lab| lab.all_three()),
    ("silent", |lab| lab.all_three().with_stores()),
    ("error", |lab| lab.problem_in_home(ProblemKind::FileMissing)),
    ("silent", |lab| lab.problem(ProblemKind::FileMissing)),
];
