use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{SecretProblem, SecretProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "cipher-tool-hazard",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A deployment.toml that the product's cipher tool would cut off",
    why: "The tool rewrites the file line by line from `[secrets]` on. A comment or a table behind \
          that line stops it in the middle of writing, and the rest of the file is gone.",
    remedy: "apim-pki vault encrypt --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "CipherTool.updateDeploymentConfiguration of wso2/cipher-tool 1.1 and 1.2",
    checks: &[Check::Secret(secret)],
};

fn secret(problem: &SecretProblem) -> bool {
    matches!(problem.kind, SecretProblemKind::CipherTool(_))
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.secret(lab.cipher_tool())),
    ("silent", |lab| lab.secret(SecretProblemKind::EndsBlank)),
];
