use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity},
    keystore::DecodeError,
    observe::Unopened,
    verify::{Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "store-does-not-open",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A store or key that the password of the topology does not open",
    why: "The product is configured with that password and does not start: `Keystore was tampered \
          with, or password was incorrect`. Somebody changed the password of the file, or of the \
          topology.",
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
            DecodeError::WrongPassword { .. } | DecodeError::PasswordNeeded { .. }
        ),
        ProblemKind::StoreDoesNotOpen(_) => true,
        _ => false,
    }
}

#[cfg(test)]
pub(super) const FIXTURE: crate::audit::testing::Fixture = crate::audit::testing::Fixture {
    fires: |lab| lab.problem(lab.store_does_not_open()),
    silent: |lab| lab.problem(ProblemKind::FolderLeft),
};
