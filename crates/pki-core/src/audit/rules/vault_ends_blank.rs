use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{SecretProblem, SecretProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "vault-ends-blank",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A secret that ends with a blank or a line end",
    why: "It is part of the secret: the database or directory refuses the password, and nobody \
          sees why. A secret that came from a file with a final line end looks like this.",
    remedy: "apim-pki vault encrypt --home {home} --alias {alias}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "phax/phoss-smp#233",
    checks: &[Check::Secret(secret)],
};

fn secret(problem: &SecretProblem) -> bool {
    matches!(problem.kind, SecretProblemKind::EndsBlank)
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.secret(SecretProblemKind::EndsBlank)),
    ("silent", |lab| lab.secret(SecretProblemKind::BuiltInKey)),
];
