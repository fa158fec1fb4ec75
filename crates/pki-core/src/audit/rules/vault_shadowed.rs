use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{SecretProblem, SecretProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "vault-shadowed",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A secret behind which the same alias stands again",
    why: "Java takes the last of two lines with one alias: whoever changes the first changes \
          nothing.",
    remedy: "apim-pki vault list --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "java.util.Properties.load",
    checks: &[Check::Secret(secret)],
};

fn secret(problem: &SecretProblem) -> bool {
    matches!(problem.kind, SecretProblemKind::Shadowed)
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.secret(SecretProblemKind::Shadowed)),
    ("silent", |lab| lab.secret(SecretProblemKind::EndsBlank)),
];
