use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{SecretProblem, SecretProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "vault-built-in-key",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "Secrets under the key that stands in the product's source",
    why: "The vault's symmetric mode takes a key from the keystore. Where there is none it takes \
          the one in its source, without a word: everybody can decrypt these secrets.",
    remedy: "apim-pki vault check --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "SymmetricCipher.getKey of wso2/carbon-secvault",
    checks: &[Check::Secret(secret)],
};

fn secret(problem: &SecretProblem) -> bool {
    matches!(problem.kind, SecretProblemKind::BuiltInKey)
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.secret(SecretProblemKind::BuiltInKey)),
    ("silent", |lab| lab.secret(SecretProblemKind::EndsBlank)),
];
