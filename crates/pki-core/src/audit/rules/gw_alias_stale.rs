use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Deployment},
    verify::{Problem, ProblemKind},
    wso2::{GATEWAY_CERTIFICATE_ALIAS, Slot},
};

pub(super) static RULE: Rule = Rule {
    id: "gw-alias-stale",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A truststore whose alias for the signer of tokens holds another certificate than the primary's",
    why: "The gateway verifies tokens with this certificate. After the primary was replaced, on one node \
          or in an image, every token that names no key fails with 401, 900901.",
    remedy: "apim-pki store import {path} --alias {alias} --cert primary.pem --replace \
             --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "JWTValidatorImpl.validateSignature of wso2/carbon-apimgt; wso2/docker-apim#271; \
             wso2/product-apim#8054",
    checks: &[Check::Problem(problem), Check::Deployment(check)],
};

fn problem(problem: &Problem) -> bool {
    let by_gateway = problem.alias.as_deref() == Some(GATEWAY_CERTIFICATE_ALIAS);
    by_gateway && matches!(problem.kind, ProblemKind::PrimaryStale { .. })
}

/// Truststores and primaries that lie in one place: the same node, or all of them without one.
fn check(deployment: &Deployment<'_>, sink: &mut Sink<'_>) {
    for (primary, key) in deployment.keys() {
        let Some(signer) = key.chain.first() else {
            continue;
        };
        if !primary.purpose.is(Slot::Primary) || primary.verified {
            continue;
        }
        let stores = deployment.stores.iter();
        for store in stores.filter(|store| store.node == primary.node && !store.verified) {
            let found = store.facts.trusted_as(GATEWAY_CERTIFICATE_ALIAS);
            if let Some(found) = found.filter(|found| found.sha256 != signer.sha256) {
                sink.say(format!(
                    "it holds {}, and {} signs",
                    found.subject, signer.subject
                ))
                .at(store, GATEWAY_CERTIFICATE_ALIAS, Some(found))
                .confidence(primary.purpose.confidence);
            }
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error (medium)", |lab| {
        let old = lab.other().certificate();
        lab.jks("wso2carbon.jks", [lab.primary().entry("wso2carbon")])
            .and_trust("client-truststore.jks", [(GATEWAY_CERTIFICATE_ALIAS, old)])
    }),
    ("silent", |lab| {
        let primary = lab.primary();
        lab.jks("wso2carbon.jks", [primary.entry("wso2carbon")])
            .and_trust(
                "client-truststore.jks",
                [(GATEWAY_CERTIFICATE_ALIAS, primary.certificate())],
            )
    }),
    ("error", |lab| {
        lab.problem_at(GATEWAY_CERTIFICATE_ALIAS, lab.primary_stale())
    }),
    ("silent", |lab| lab.problem(lab.primary_stale())),
    ("silent", |lab| {
        lab.problem_at(GATEWAY_CERTIFICATE_ALIAS, lab.anchor_missing())
    }),
    // Of another node.
    ("silent", |lab| {
        let old = lab.other().certificate();
        lab.jks(
            "nodes/a/wso2carbon.jks",
            [lab.primary().entry("wso2carbon")],
        )
        .and_trust(
            "nodes/b/client-truststore.jks",
            [(GATEWAY_CERTIFICATE_ALIAS, old)],
        )
    }),
    ("silent", |lab| {
        let old = lab.other().certificate();
        lab.jks("tls.jks", [lab.primary().entry("wso2carbon")])
            .and_trust("client-truststore.jks", [(GATEWAY_CERTIFICATE_ALIAS, old)])
    }),
    // Verification holds those of a workspace against each other.
    ("silent", |lab| {
        let old = lab.other().certificate();
        lab.trust("client-truststore.jks", [(GATEWAY_CERTIFICATE_ALIAS, old)])
            .and_jks("wso2carbon.jks", [lab.primary().entry("wso2carbon")])
            .in_workspace()
    }),
    ("silent", |lab| {
        let old = lab.other().certificate();
        lab.jks("wso2carbon.jks", [lab.primary().entry("wso2carbon")])
            .and_trust("client-truststore.jks", [(GATEWAY_CERTIFICATE_ALIAS, old)])
            .in_workspace()
    }),
];
