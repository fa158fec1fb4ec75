use std::collections::HashSet;

use crate::audit::{Check, Confidence, Rule, Severity, Sink, subject::Deployment};

pub(super) static RULE: Rule = Rule {
    id: "unused-trust",
    severity: Severity::Info,
    confidence: Confidence::Medium,
    what: "Trust in a single certificate that nothing here presents any more",
    why: "A certificate that is no CA was put into the truststore for one server. When that server has a \
          new one the old stays, and who got hold of its key is trusted until somebody takes it out. Of \
          public CAs nobody here can say whether they are needed: they are left alone.",
    remedy: "apim-pki store delete {path} --alias {alias} --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue --prune"),
    remedy_in_home: None,
    source: "RFC 6024 section 1: anchors are managed, and removed; wso2/carbon-kernel#2713",
    checks: &[Check::Deployment(check)],
};

fn check(deployment: &Deployment<'_>, sink: &mut Sink<'_>) {
    let keys = deployment.keys().filter_map(|(_, key)| key.chain.first());
    let presented: HashSet<_> = keys.map(|first| first.spki).collect();
    // Without a private key nothing is known of who presents what.
    if presented.is_empty() {
        return;
    }
    let stores = deployment.stores.iter();
    for store in stores.filter(|store| store.facts.is_truststore()) {
        for (alias, certificate) in &store.facts.trusted {
            // What everybody owns is worse than unused.
            let is_other = certificate.is_ca || certificate.known.is_some();
            if !is_other && !presented.contains(&certificate.spki) {
                sink.say(format!(
                    "nothing here has the key of {}",
                    certificate.subject
                ))
                .at(store, alias, Some(certificate));
            }
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("info (medium)", |lab| {
        let other = lab.other().certificate();
        lab.jks("nodes/a/tls.jks", [lab.tls().entry("tls")])
            .and_trust("client-truststore.jks", [("old", other)])
    }),
    ("silent", |lab| {
        let tls = lab.tls();
        lab.jks("nodes/a/tls.jks", [tls.entry("tls")])
            .and_trust("client-truststore.jks", [("a", tls.certificate())])
    }),
    // Nothing is known of who presents what.
    ("silent", |lab| {
        lab.trust(
            "client-truststore.jks",
            [("old", lab.other().certificate())],
        )
    }),
    ("silent", |lab| {
        lab.jks("nodes/a/tls.jks", [lab.tls().entry("tls")])
            .and_trust(
                "client-truststore.jks",
                [("ca", lab.ca().certificate()), ("default", lab.d2())],
            )
    }),
];
