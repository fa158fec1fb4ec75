use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity},
    verify::{Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "key-alias-missing",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A store without a private key under the configured alias",
    why: "The product asks for the key by this alias and finds none, or a certificate: no token \
          is signed, nothing is decrypted.",
    remedy: "apim-pki store list {path}",
    remedy_in_workspace: None,
    remedy_in_home: Some(INSTALL),
    source: "KeyStoreManager of wso2/carbon-kernel; wso2/api-manager#2211",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::KeyMissing { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.problem(lab.key_missing())),
    ("silent", |lab| lab.problem(ProblemKind::FolderLeft)),
];
