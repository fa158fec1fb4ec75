use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity},
    verify::{Problem, ProblemKind},
    wso2::GATEWAY_CERTIFICATE_ALIAS,
};

pub(super) static RULE: Rule = Rule {
    id: "gw-alias-missing",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A truststore without the alias under which gateways look for the signer of tokens",
    why: "From 3.0 on a gateway takes the certificate under this alias to verify tokens that name no key. \
          Without it every such call is answered with 401, 900901.",
    remedy: "apim-pki store import {path} --alias {alias} --cert primary.pem --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "GatewayUtils.verifyTokenSignature of wso2/carbon-apimgt; wso2/product-apim#6833, #7570",
    checks: &[Check::Problem(problem)],
};

fn problem(problem: &Problem) -> bool {
    let by_gateway = problem.alias.as_deref() == Some(GATEWAY_CERTIFICATE_ALIAS);
    by_gateway && matches!(problem.kind, ProblemKind::AnchorMissing { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.problem_at(GATEWAY_CERTIFICATE_ALIAS, lab.anchor_missing())
    }),
    ("silent", |lab| lab.problem(lab.anchor_missing())),
    ("silent", |lab| {
        lab.problem_at(GATEWAY_CERTIFICATE_ALIAS, lab.primary_stale())
    }),
];
