use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{SecretProblem, SecretProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "envelope-tp",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "An encrypted value that names another certificate than the release writes",
    why: "The envelope of a value that the server stored names the certificate of its time by \
          SHA-1. Nothing looks at it, but it tells what happened: the key was replaced, and this \
          value was not encrypted anew, or was copied from another cluster.",
    remedy: "apim-pki vault check --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "CryptoUtil of wso2/carbon-kernel 4.4.35 (the primary's, from 2.6 to 3.2) and 4.6.1 \
             (the internal's); CipherMetaDataHolder of wso2/carbon-crypto-service",
    checks: &[Check::Secret(secret)],
};

fn secret(problem: &SecretProblem) -> bool {
    matches!(problem.kind, SecretProblemKind::OtherCertificate { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.secret(lab.other_certificate())),
    ("silent", |lab| lab.secret(SecretProblemKind::EndsBlank)),
];
