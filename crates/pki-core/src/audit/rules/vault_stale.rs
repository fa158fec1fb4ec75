use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{SecretProblem, SecretProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "vault-stale",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A secret that would be encrypted with another value than the configuration has",
    why: "The cipher tool puts what stands in brackets in the place of what the configuration \
          says. Where the two differ it breaks what works now: the default password in brackets \
          beside a new one in the configuration is the usual case.",
    remedy: "apim-pki vault list --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "cipher-tool.properties and cipher-text.properties of wso2/product-apim 2.6",
    checks: &[Check::Secret(secret)],
};

fn secret(problem: &SecretProblem) -> bool {
    matches!(problem.kind, SecretProblemKind::TargetDiffers { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.secret(lab.target_differs())),
    ("silent", |lab| lab.secret(SecretProblemKind::EndsBlank)),
];
