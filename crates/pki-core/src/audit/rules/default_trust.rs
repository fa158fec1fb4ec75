use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    wso2::{IDENTITY_SERVER_DEFAULT, known_certificate},
};

pub(super) static RULE: Rule = Rule {
    id: "default-trust",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "Trust in a certificate whose private key everybody owns",
    why: "The product's truststores trust its default certificates, also after every server has a key \
          of its own. Anybody can take the public key pair and pass for any node, before every client \
          that looks at no host name: that is most of them, as the product is shipped.",
    remedy: "apim-pki store delete {path} --alias {alias} --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "The truststores of wso2/carbon-kernel and wso2/product-apim; \
             `-Dhttpclient.hostnameVerifier=AllowAll` in wso2/product-apim's start scripts",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, certificate) in store.trusted() {
        if let Some(known) = known_certificate(certificate)
            && known.id != IDENTITY_SERVER_DEFAULT
        {
            sink.say(format!(
                "trusts a certificate whose private key everybody owns ({}, {})",
                known.id, known.shipped_in
            ))
            .about(alias, Some(certificate));
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.trust("client-truststore.jks", [("wso2carbon", lab.d2())])
    }),
    ("silent", |lab| {
        lab.trust(
            "client-truststore.jks",
            [("apim-pki-ca", lab.ca().certificate())],
        )
    }),
    ("silent", |lab| {
        lab.trust("client-truststore.jks", [("is", lab.p2())])
    }),
];
