use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    wso2::known_certificate,
};

pub(super) static RULE: Rule = Rule {
    id: "default-key",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A private key that everybody owns",
    why: "The product ships this key, or it lies in a public repository. Whoever wants it has it: they \
          decrypt what it encrypted, sign tokens that every gateway takes, and pass for any node that \
          presents it. A new certificate over the same key is no better: the key counts.",
    remedy: "apim-pki init && apim-pki issue",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "The keystores in all branches, tags and pull requests of wso2/carbon-kernel and \
             wso2/product-apim; wso2/product-is#13076",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, chain) in store.keys() {
        let first = chain.first();
        if let Some(known) = first.and_then(known_certificate) {
            sink.say(format!(
                "everybody owns this private key ({}, {})",
                known.id, known.shipped_in
            ))
            .about(alias, first);
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.jks("a.jks", [lab.tls().with_certificate(lab.d2()).entry("a")])
    }),
    ("silent", |lab| lab.jks("a.jks", [lab.tls().entry("a")])),
];
