use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity},
    keystore::{DecodeError, UnsealError},
    observe::Unopened,
    verify::{Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "store-does-not-open",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A store or key that the configured password does not open, or that is not read here",
    why: "The product is configured with that password and does not start: `Keystore was tampered \
          with, or password was incorrect`. Somebody changed the password of the file, or of the \
          topology. Of a store or a key of a kind that this tool does not read, the product may be content; \
          nothing in it was looked at.",
    remedy: "apim-pki issue --old-password env:OLD",
    remedy_in_workspace: None,
    remedy_in_home: Some(INSTALL),
    source: "java.security.KeyStore.load; wso2/product-apim#11017",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    match &problem.kind {
        ProblemKind::PemDoesNotOpen(_) => true,
        // What is damaged is another rule's.
        ProblemKind::StoreDoesNotOpen(Unopened::Unreadable(error)) => matches!(
            error,
            DecodeError::PasswordNeeded { .. }
                | DecodeError::UnsupportedAlgorithm { .. }
                | DecodeError::UnsupportedFormat { .. }
                | DecodeError::WrongPassword { .. }
        ),
        ProblemKind::StoreDoesNotOpen(_) => true,
        // A password of its own is another rule's too.
        ProblemKind::KeyDoesNotOpen(error) => matches!(
            error,
            UnsealError::Password { .. } | UnsealError::Unsupported { .. }
        ),
        _ => false,
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.problem(lab.store_does_not_open())),
    ("silent", |lab| lab.problem(ProblemKind::FolderLeft)),
    ("error", |lab| {
        lab.problem(lab.store_closed(DecodeError::WrongPassword {
            format: crate::keystore::Format::Jks,
        }))
    }),
    ("error", |lab| {
        lab.problem(lab.store_closed(DecodeError::PasswordNeeded {
            format: crate::keystore::Format::Pkcs12,
        }))
    }),
    // Whole, and of a kind that is not read here: nobody else tells.
    ("error", |lab| {
        lab.problem(lab.store_closed(DecodeError::UnsupportedFormat {
            format: crate::keystore::Format::Bcfks,
        }))
    }),
    ("silent", |lab| {
        lab.problem(lab.store_closed(DecodeError::Empty))
    }),
    ("error", |lab| {
        lab.problem(ProblemKind::PemDoesNotOpen(
            crate::key::KeyError::WrongPassword,
        ))
    }),
    ("error", |lab| {
        lab.problem(ProblemKind::KeyDoesNotOpen(UnsealError::Unsupported {
            algorithm: "x".to_owned(),
        }))
    }),
    ("silent", |lab| {
        lab.problem(ProblemKind::KeyDoesNotOpen(UnsealError::WrongPassword))
    }),
    ("error", |lab| {
        lab.problem(lab.store_closed(DecodeError::UnsupportedAlgorithm {
            format: crate::keystore::Format::Pkcs12,
            algorithm: "x".to_owned(),
        }))
    }),
    ("error", |lab| {
        lab.problem(ProblemKind::KeyDoesNotOpen(UnsealError::Password {
            reason: "x",
        }))
    }),
];
