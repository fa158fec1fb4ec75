use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{SecretProblem, SecretProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "vault-weak-key",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "Secrets under an RSA key of less than 2048 bits",
    why: "The default key of 2.0 and 2.1 has 1024 bits. Who has the file and the means opens every \
          secret in it.",
    remedy: "apim-pki vault reencrypt --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "NIST SP 800-131A revision 2 table 5",
    checks: &[Check::Secret(secret)],
};

fn secret(problem: &SecretProblem) -> bool {
    matches!(problem.kind, SecretProblemKind::WeakKey { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.secret(SecretProblemKind::WeakKey { bits: 1024 })
    }),
    ("silent", |lab| lab.secret(SecretProblemKind::EndsBlank)),
];
