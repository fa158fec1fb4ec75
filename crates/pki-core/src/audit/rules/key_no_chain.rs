use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    edit::Fault,
};

pub(super) static RULE: Rule = Rule {
    id: "key-no-chain",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A private key without a certificate",
    why: "Java does not show such an entry, and nobody can serve with it.",
    remedy: "apim-pki store import {path} --alias {alias} --cert CHAIN.pem --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "java.security.KeyStore.PrivateKeyEntry: the chain has a length of one at least",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    // A key in a PEM file may have its certificate beside it.
    if !store.is_keystore() {
        return;
    }
    for (alias, fault) in store.faults() {
        if let (Some(alias), Fault::NoChain) = (alias, fault) {
            sink.say("the key has no certificate").about(alias, None);
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.jks("a.jks", [lab.tls().without_chain().entry("a")])
    }),
    ("silent", |lab| lab.jks("a.jks", [lab.tls().entry("a")])),
    ("silent", |lab| lab.file("a.pem", lab.tls().key_pem())),
];
