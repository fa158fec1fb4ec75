use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::{Problem, ProblemKind},
};

pub(super) static RULE: Rule = Rule {
    id: "url-localhost",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A URL that leads to the node itself, where another node is meant",
    why: "The product ships every URL with `localhost` or the node's own address. On a node of \
          another role the call ends at the wrong server, and with a certificate of its own the \
          name check fails: `localhost != gw.example.com`.",
    remedy: "apim-pki install --node {node} --home {home} --urls",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "api-manager.xml and deployment.toml of wso2/product-apim; wso2/product-apim#1962; \
             wso2/docs-apim#706",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::LocalhostUrl { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.problem(lab.localhost_url())),
    ("silent", |lab| lab.problem(ProblemKind::FolderLeft)),
];
