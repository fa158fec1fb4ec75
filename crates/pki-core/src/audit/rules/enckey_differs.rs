use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity},
    verify::{Alike, Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "enckey-differs",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "An encryption key that is missing, or is not the one of the cluster",
    why: "From 4.7 on one symmetric key encrypts what is stored, and each node makes its own \
          where it finds none: what one stored the others cannot read. The key is made once and is \
          the same on all nodes.",
    remedy: "apim-pki history",
    remedy_in_workspace: None,
    remedy_in_home: Some(INSTALL),
    source: "EncryptionKeyGenerator in the start script of wso2/product-apim 4.7; \
             SymmetricKeyInternalCryptoProvider of wso2/carbon-crypto-service",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    matches!(
        problem.kind,
        ProblemKind::EncryptionKeyChanged { .. }
            | ProblemKind::EncryptionKeyMissing
            | ProblemKind::NodesDiffer {
                what: Alike::EncryptionKey,
                ..
            }
    )
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.problem(lab.encryption_key_changed())),
    ("silent", |lab| lab.problem(ProblemKind::FolderLeft)),
    ("error", |lab| {
        lab.problem(ProblemKind::EncryptionKeyMissing)
    }),
    ("error", |lab| {
        lab.problem(lab.differs(Alike::EncryptionKey))
    }),
    ("silent", |lab| lab.problem(lab.differs(Alike::Primary))),
];
