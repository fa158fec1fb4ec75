use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity},
    verify::{Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "primary-implicit",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A home from 3.0 on whose primary keystore is left to the default of the release",
    why: "The shipped configuration sets `[keystore.tls]` alone. Whoever changes that table and no \
          other leaves the key that signs tokens and encrypts what is stored on the one that \
          everybody owns; whoever overwrote its file has a server that does not start.",
    remedy: "apim-pki install --node {node} --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: Some(INSTALL),
    source: "default.json and the role templates of wso2/product-apim 4.7; wso2/docs-apim#8032; \
             wso2/product-apim#10687",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::PrimaryImplicit { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.tls_alone().with_stores()),
    ("silent", |lab| lab.all_three().with_stores()),
    ("silent", |lab| lab.problem(lab.names_missing())),
];
