use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    wso2::Slot,
};

pub(super) static RULE: Rule = Rule {
    id: "ts-has-key",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A private key in a truststore",
    why: "Truststores are copied to everybody, with a password that is no secret. A key does not belong \
          there, and who exports a truststore to a client gives the key away.",
    remedy: "apim-pki store delete {path} --alias {alias} --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "`temp-key` in a truststore of wso2/product-apim's tests",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    if !store.purpose.is(Slot::Truststore) {
        return;
    }
    for (alias, chain) in store.keys() {
        sink.say("there is a private key in the truststore")
            .about(alias, chain.first())
            .confidence(store.purpose.confidence);
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error (medium)", |lab| {
        lab.jks("client-truststore.jks", [lab.tls().entry("a")])
    }),
    ("silent", |lab| lab.jks("tls.jks", [lab.tls().entry("a")])),
];
