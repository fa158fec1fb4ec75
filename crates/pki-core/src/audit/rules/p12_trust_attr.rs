use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    edit::Fault,
};

pub(super) static RULE: Rule = Rule {
    id: "p12-trust-attr",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A PKCS #12 certificate that Java does not trust",
    why: "Java takes a certificate of a PKCS #12 as trusted if the bag carries an attribute of its own. \
          A truststore from `openssl pkcs12 -export -nokeys` opens in Java with no entry at all, and the \
          first handshake says `the trustAnchors parameter must be non-empty`.",
    remedy: "apim-pki store check {path} --repair --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "2.16.840.1.113894.746875.1.1 in sun.security.pkcs12.PKCS12KeyStore; openssl/openssl#22215; \
             tried with JDK 17 and 25",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, fault) in store.faults() {
        if let (Some(alias), Fault::NotVisible) = (alias, fault) {
            sink.say("Java's attribute for trusted certificates is missing: Java does not show it")
                .about(alias, store.certificate(Some(alias), 0));
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.pkcs12("trust.p12", [lab.ca().invisible("ca")])
    }),
    ("silent", |lab| {
        lab.pkcs12("trust.p12", [lab.ca().trusted("ca")])
    }),
];
