use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{SecretProblem, SecretProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "vault-differs",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A secret that differs between nodes, or is missing on one",
    why: "Twins connect to the same databases and directories. What one has and the other has not, \
          or has otherwise, fails on one node alone, and only while the balancer sends calls \
          there.",
    remedy: "apim-pki vault check --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "The vendor's page on the distributed deployment",
    checks: &[Check::Secret(secret)],
};

fn secret(problem: &SecretProblem) -> bool {
    matches!(
        problem.kind,
        SecretProblemKind::Differs { .. } | SecretProblemKind::Missing { .. }
    )
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.secret(lab.secret_differs())),
    ("silent", |lab| lab.secret(SecretProblemKind::EndsBlank)),
    ("error", |lab| {
        lab.secret(SecretProblemKind::Missing {
            on: "gateway-2".to_owned(),
        })
    }),
];
