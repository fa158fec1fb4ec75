use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{SecretProblem, SecretProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "vault-undecryptable",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "An encrypted secret that the node does not read",
    why: "The server takes the alias of the secret for the secret, without a word, and fails far \
          away: a user store that refuses, a database that does not connect. The keystore was \
          replaced and the secrets were not, or the configuration names one that is not there.",
    remedy: "apim-pki vault reencrypt --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "FileBaseSecretRepository of wso2/carbon-secvault; wso2/product-apim#10304; \
             wso2/product-is#13872",
    checks: &[Check::Secret(secret)],
};

fn secret(problem: &SecretProblem) -> bool {
    matches!(
        problem.kind,
        SecretProblemKind::Unreadable { .. }
            | SecretProblemKind::Dangling { .. }
            | SecretProblemKind::NotEncrypted {
                consequence: Some(_)
            }
            | SecretProblemKind::Off { .. }
    )
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.secret(lab.dangling())),
    ("silent", |lab| lab.secret(SecretProblemKind::EndsBlank)),
    ("error", |lab| lab.secret(lab.not_encrypted())),
    ("silent", |lab| {
        lab.secret(SecretProblemKind::NotEncrypted { consequence: None })
    }),
    ("error", |lab| {
        lab.secret(SecretProblemKind::Off { references: 1 })
    }),
    ("error", |lab| lab.secret(lab.unreadable())),
];
