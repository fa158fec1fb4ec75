use crate::{
    audit::{
        Check, Confidence, INSTALL, Rule, Severity, Sink,
        subject::{Deployment, Store},
    },
    verify::endpoint::EndpointProblem,
};

pub(super) static RULE: Rule = Rule {
    id: "expiring",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A certificate in use that ends soon",
    why: "Soon is both within a number of days and within a share of its life, by what the store is \
          for: 30 days and a third for TLS, a year for a CA, two for the primary, half a year for an \
          anchor that something leads to. A policy says otherwise (`[audit.expiring]`), and the \
          `renew_before` of a topology holds for its nodes.",
    remedy: "apim-pki cert show {path}",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "RFC 5280 section 4.1.2.5; wso2/product-is#26750",
    checks: &[
        Check::Store(check),
        Check::Deployment(anchors),
        Check::Endpoint(endpoint),
    ],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    let now = store.context.now;
    let is_keystore = store.is_keystore();
    let soon = store.soon;
    let keys = store.keys().flat_map(|(alias, chain)| {
        let each = chain.iter();
        each.map(move |certificate| (alias, certificate))
    });
    for (alias, certificate) in keys.chain(store.trusted().filter(|_| !is_keystore)) {
        let Ok(view) = certificate.view() else {
            continue;
        };
        let is_over = now > view.not_after;
        if !is_over && soon.applies(view.not_before, view.not_after, now) {
            sink.say(format!(
                "{} ends on {}",
                view.subject.readable(),
                view.not_after.date()
            ))
            .about(alias, Some(certificate));
        }
    }
}

/// Anchors that end soon and that a certificate in use leads to.
fn anchors(deployment: &Deployment<'_>, sink: &mut Sink<'_>) {
    for anchor in deployment.anchors_in_use() {
        let facts = &anchor.certificate;
        let now = deployment.context.now;
        let soon = deployment.context.soon(anchor.store.purpose.part, None);
        if now <= facts.not_after && soon.applies(facts.not_before, facts.not_after, now) {
            sink.say(format!(
                "the anchor {} ends on {}, and {} leads to it",
                facts.subject,
                facts.not_after.date(),
                anchor.used_by,
            ))
            .at(anchor.store, anchor.alias, Some(facts));
        }
    }
}

fn endpoint(problem: &EndpointProblem) -> bool {
    matches!(problem, EndpointProblem::ExpiresSoon { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| {
        lab.jks("tls.jks", [lab.tls().years(2026, 2027).entry("tls")])
            .at("2026-12-15")
    }),
    ("silent", |lab| {
        lab.jks("tls.jks", [lab.tls().years(2026, 2027).entry("tls")])
            .at("2026-06-15")
    }),
    // What is over is told by `expired`.
    ("silent", |lab| {
        lab.jks("tls.jks", [lab.tls().years(2026, 2027).entry("tls")])
            .at("2027-01-02")
    }),
    ("warning", |lab| {
        lab.jks("tls.jks", [lab.tls().years(2026, 2027).entry("tls")])
            .at("2027-01-01")
    }),
    ("warning", |lab| {
        lab.file("a.pem", lab.tls().years(2026, 2027).certificate_pem())
            .at("2026-12-31")
    }),
    ("silent", |lab| {
        lab.trust(
            "client-truststore.jks",
            [("a", lab.other().years(2020, 2027).certificate())],
        )
    }),
    // In half a year an anchor is over to which something leads.
    ("warning", |lab| lab.below(&lab.ca().years(2020, 2027))),
    ("silent", |lab| lab.below(&lab.ca().years(2020, 2028))),
    ("silent", |lab| lab.below(&lab.ca().years(2020, 2025))),
    ("warning", |lab| lab.endpoint(lab.expires_soon())),
    ("silent", |lab| {
        lab.endpoint(EndpointProblem::ChainOrder { at: 1 })
    }),
    ("warning", |lab| {
        let ca = lab.ca().years(2020, 2028);
        let node = lab.tls().issued_by(&ca).years(2020, 2045).leaf_alone();
        lab.jks("tls.jks", [node.entry("tls")])
            .and_trust("client-truststore.jks", [("ca", ca.certificate())])
            .at("2028-01-01")
    }),
];
