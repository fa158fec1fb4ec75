use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{Alike, Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "cipher-mismatch",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "Nodes that encrypt what they store in different ways",
    why: "The registry and the databases are shared: what one node writes the others must read. \
          With another `org.wso2.CipherTransformation` they cannot, and the message is a failed \
          decryption far from the cause.",
    remedy: "apim-pki verify --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "CryptoUtil of wso2/carbon-kernel; wso2/product-is#14334",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    matches!(
        problem.kind,
        ProblemKind::NodesDiffer {
            what: Alike::Transformation,
            ..
        }
    )
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.problem(lab.differs(Alike::Transformation))
    }),
    ("silent", |lab| lab.problem(lab.differs(Alike::Primary))),
];
