use crate::{
    audit::{
        Check, Confidence, INSTALL, Rule, Severity, Sink,
        subject::{Deployment, Store},
    },
    path::ModernProblem,
    verify::endpoint::{EndpointProblem, Objection},
    x509::Certificate,
};

pub(super) static RULE: Rule = Rule {
    id: "expired",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A certificate in use that is over",
    why: "Clients refuse an end-entity or intermediate certificate after its last second. The product's \
          own default certificates have ended under their users four times. An anchor that is over is \
          still taken by Java, and by nobody else.",
    remedy: "apim-pki cert show {path}",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "RFC 5280 section 6.1.3; wso2/product-is#13076, #22205, #26750; wso2/docker-apim#437",
    checks: &[
        Check::Store(check),
        Check::Deployment(anchors),
        Check::Endpoint(endpoint),
    ],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    let now = store.context.now;
    let keys = store.keys().flat_map(|(alias, chain)| {
        let each = chain.iter();
        each.map(move |certificate| (alias, certificate))
    });
    // Java does not look at the end of what a truststore pins. A bare certificate in a file is somebody's,
    // unless it is a CA's: that lies there to be trusted, and `default-ca-expired` tells of it.
    let is_keystore = store.is_keystore();
    let is_used = |certificate: &Certificate| {
        let view = certificate.view();
        !is_keystore && view.is_ok_and(|view| !view.is_ca())
    };
    let bare = store
        .trusted()
        .filter(|(_, certificate)| is_used(certificate));
    for (alias, certificate) in keys.chain(bare) {
        let Ok(view) = certificate.view() else {
            continue;
        };
        if now > view.not_after {
            sink.say(format!(
                "{} expired on {}",
                view.subject.readable(),
                view.not_after.date()
            ))
            .about(alias, Some(certificate));
        }
    }
}

/// Anchors that are over and that a certificate in use leads to.
fn anchors(deployment: &Deployment<'_>, sink: &mut Sink<'_>) {
    for anchor in deployment.anchors_in_use() {
        let facts = &anchor.certificate;
        if deployment.context.now > facts.not_after {
            sink.say(format!(
                "the anchor {} expired on {}, and {} leads to it",
                facts.subject,
                facts.not_after.date(),
                anchor.used_by,
            ))
            .at(anchor.store, anchor.alias, Some(facts))
            .severity(Severity::Warning);
        }
    }
}

fn endpoint(problem: &EndpointProblem) -> bool {
    problem.objection().is_some_and(|it| {
        matches!(
            it,
            Objection::Expired(_) | Objection::Modern(ModernProblem::Expired)
        )
    })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.jks("tls.jks", [lab.tls().years(2020, 2022).entry("tls")])
    }),
    ("silent", |lab| lab.jks("tls.jks", [lab.tls().entry("tls")])),
    // On its last second it is still good.
    ("silent", |lab| {
        lab.jks("tls.jks", [lab.tls().entry("tls")])
            .at("2028-01-01")
    }),
    ("error", |lab| {
        lab.jks("tls.jks", [lab.tls().entry("tls")])
            .at("2028-01-02")
    }),
    // The issuer behind it.
    ("error", |lab| {
        let ca = lab.ca().years(2020, 2025);
        lab.jks("tls.jks", [lab.tls().issued_by(&ca).entry("tls")])
    }),
    ("error", |lab| {
        lab.file("tls.pem", lab.tls().years(2020, 2022).certificate_pem())
    }),
    // What lies in a file for others to trust is told by `default-ca-expired`; a CA's own is in use.
    ("silent", |lab| {
        lab.file("ca.pem", lab.ca().years(2020, 2022).certificate_pem())
    }),
    ("error", |lab| {
        lab.file("ca.pem", lab.ca().years(2020, 2022).open_pem())
    }),
    // Java does not look at the end of what is pinned, unless something leads to it.
    ("silent", |lab| {
        lab.trust(
            "client-truststore.jks",
            [("old", lab.other().years(2020, 2022).certificate())],
        )
    }),
    ("warning", |lab| lab.below(&lab.ca().years(2020, 2025))),
    ("silent", |lab| {
        lab.below(&lab.ca().years(2020, 2028)).at("2028-01-01")
    }),
    ("error", |lab| {
        lab.refused(Objection::Expired(lab.tls().certificate()))
    }),
    ("error", |lab| {
        lab.refused(Objection::Modern(ModernProblem::Expired))
    }),
    ("silent", |lab| {
        lab.refused(Objection::Modern(ModernProblem::NotYetValid))
    }),
    // What signed itself leads to nobody else of its name.
    ("silent", |lab| {
        let old = lab.namesake().years(2020, 2022).certificate();
        lab.jks("tls.jks", [lab.tls().entry("tls")])
            .and_trust("client-truststore.jks", [("old", old)])
    }),
    ("warning", |lab| {
        let tls = lab.tls().years(2020, 2022);
        lab.file("tls.pem", lab.tls().open_pem())
            .and_trust("client-truststore.jks", [("pinned", tls.certificate())])
    }),
];
