use crate::audit::{Check, Confidence, Rule, Severity, Sink, subject::Deployment};

pub(super) static RULE: Rule = Rule {
    id: "cert-in-use-untrusted",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    what: "A certificate in use that none of the truststores here trusts",
    why: "The other nodes call with these truststores: none of them gets to an anchor from this \
          certificate. Names and key identifiers were compared, not signatures; with a topology every \
          connection is judged instead.",
    remedy: "apim-pki store import TRUSTSTORE.jks --cert CA.pem --store-password file:PASSWORD",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "wso2/product-apim#7504, #7686: PKIX path building failed after a new keystore",
    checks: &[Check::Deployment(check)],
};

fn check(deployment: &Deployment<'_>, sink: &mut Sink<'_>) {
    let trust = deployment.trust();
    if trust.truststores == 0 {
        return;
    }
    for (store, key) in deployment.keys() {
        let Some(first) = key.chain.first() else {
            continue;
        };
        // In a workspace each connection was judged; a CA's own key serves nobody.
        let is_judged = store.verified || first.is_ca && !first.is_self_issued;
        if !is_judged && !trust.leads_to_an_anchor(&key.chain) {
            sink.say(format!(
                "no truststore of the {} here trusts {}",
                trust.truststores, first.subject
            ))
            .at(store, &key.alias, Some(first));
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning (medium)", |lab| {
        let other = lab.other().certificate();
        lab.jks("tls.jks", [lab.tls().entry("tls")])
            .and_trust("client-truststore.jks", [("other", other)])
    }),
    ("silent", |lab| {
        let ca = lab.ca();
        lab.jks("tls.jks", [lab.tls().issued_by(&ca).entry("tls")])
            .and_trust("client-truststore.jks", [("ca", ca.certificate())])
    }),
    // Nobody's truststore is here: nothing is known.
    ("silent", |lab| lab.jks("tls.jks", [lab.tls().entry("tls")])),
    // The key of an intermediate CA serves nobody.
    ("silent", |lab| {
        let other = lab.tls().certificate();
        let intermediate = lab.intermediate();
        lab.jks("a.jks", [intermediate.entry("a")])
            .and_trust("client-truststore.jks", [("other", other)])
    }),
    ("warning (medium)", |lab| {
        let other = lab.other().certificate();
        lab.jks("a.jks", [lab.ca().entry("a")])
            .and_trust("client-truststore.jks", [("other", other)])
    }),
    ("silent", |lab| {
        let other = lab.other().certificate();
        lab.jks("a.jks", [lab.tls().without_chain().entry("a")])
            .and_trust("client-truststore.jks", [("other", other)])
    }),
    ("warning (medium)", |lab| {
        let namesake = lab.namesake().certificate();
        lab.jks("tls.jks", [lab.tls().entry("tls")])
            .and_trust("client-truststore.jks", [("other", namesake)])
    }),
    ("warning (medium)", |lab| {
        let other = lab.other().certificate();
        lab.jks("tls.jks", [lab.tls().issued_by(&lab.ca()).entry("tls")])
            .and_trust("client-truststore.jks", [("other", other)])
    }),
    // Connections of a workspace and of homes are judged one by one.
    ("silent", |lab| {
        let other = lab.other().certificate();
        lab.trust("client-truststore.jks", [("other", other)])
            .and_jks("tls.jks", [lab.tls().entry("tls")])
            .in_workspace()
    }),
    // The same key was certified anew, and what is pinned is the old certificate.
    ("silent", |lab| {
        let old = lab.tls().years(2020, 2022).certificate();
        lab.jks("tls.jks", [lab.tls().entry("tls")])
            .and_trust("client-truststore.jks", [("old", old)])
    }),
    // Its issuer's name, and another key.
    ("warning (medium)", |lab| {
        let ca = lab.namesake_ca().certificate();
        lab.jks(
            "tls.jks",
            [lab.tls().issued_by(&lab.ca()).leaf_alone().entry("tls")],
        )
        .and_trust("client-truststore.jks", [("ca", ca)])
    }),
    ("silent", |lab| {
        let ca = lab.ca();
        lab.jks(
            "tls.jks",
            [lab.tls().issued_by(&ca).leaf_alone().entry("tls")],
        )
        .and_trust("client-truststore.jks", [("ca", ca.certificate())])
    }),
    // Neither a bundle nor a keystore with trusted certificates beside its key is a truststore.
    ("silent", |lab| {
        lab.jks(
            "tls.jks",
            [lab.tls().entry("tls"), lab.other().trusted("other")],
        )
        .and_file("ca.pem", lab.ca().certificate_pem())
    }),
    ("silent", |lab| {
        lab.jks("tls.jks", [lab.tls().entry("tls")])
            .and_jks("empty.jks", [])
    }),
];
