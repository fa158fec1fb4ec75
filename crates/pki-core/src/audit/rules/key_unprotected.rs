use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::Store},
    edit::Fault,
};

pub(super) static RULE: Rule = Rule {
    id: "key-unprotected",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A private key that lies open in a file",
    why: "Whoever has the file, or a backup of it, has the key. A balancer may want it so; then the file \
          is all that protects it. In a PKCS #12 Java does not even show such an entry.",
    remedy: "openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000 -in {path} -out {path}.sealed",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "RFC 5958 section 3; sun.security.pkcs12.PKCS12KeyStore reads no keyBag",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, fault) in store.faults() {
        if let (Some(alias), Fault::Unprotected) = (alias, fault) {
            sink.say("no password protects the private key")
                .about(alias, store.certificate(Some(alias), 0));
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| lab.file("a.pem", lab.tls().open_pem())),
    ("silent", |lab| {
        lab.file("a.pem", lab.tls().certificate_pem())
    }),
];
