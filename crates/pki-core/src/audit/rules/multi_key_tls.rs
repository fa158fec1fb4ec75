use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    wso2::Slot,
};

pub(super) static RULE: Rule = Rule {
    id: "multi-key-tls",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "More than one private key in a TLS keystore",
    why: "The listeners of the product but one take no alias: the JVM picks a key, and in an experiment \
          `aaa` won over `wso2carbon`. Keys with different passwords end in `Cannot recover key`.",
    remedy: "apim-pki store delete {path} --alias {alias} --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "SunX509 key manager, tried; templates of wso2/product-apim: no KeyAlias in axis2, data \
             bridge and broker; wso2/api-manager#4395",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    let keys: Vec<_> = store.keys().collect();
    let is_tls = store.purpose.is(Slot::Tls);
    // A store of which nobody knows what it is for may be meant so.
    let [_, second, ..] = &keys[..] else { return };
    if !store.is_keystore() || store.purpose.is(Slot::Truststore) {
        return;
    }
    let names: Vec<String> = keys.iter().map(|(alias, _)| format!("`{alias}`")).collect();
    let finding = sink.say(format!(
        "it holds {} private keys, of which a listener takes any: {}",
        keys.len(),
        names.join(", ")
    ));
    finding
        .about(second.0, second.1.first())
        .confidence(store.purpose.confidence);
    if !is_tls {
        finding.severity(Severity::Info).confidence(Confidence::Low);
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error (medium)", |lab| {
        lab.jks("tls.jks", [lab.tls().entry("a"), lab.other().entry("b")])
    }),
    ("silent", |lab| lab.jks("tls.jks", [lab.tls().entry("a")])),
    ("info (low)", |lab| {
        lab.jks("a.jks", [lab.tls().entry("a"), lab.other().entry("b")])
    }),
    ("silent", |lab| {
        lab.jks(
            "client-truststore.jks",
            [lab.tls().entry("a"), lab.other().entry("b")],
        )
    }),
    ("silent", |lab| {
        lab.file(
            "a.pem",
            [lab.tls().open_pem(), lab.other().open_pem()].concat(),
        )
    }),
];
