use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    edit::{Reason, weaknesses},
};

pub(super) static RULE: Rule = Rule {
    id: "weak-signature",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A certificate in use whose signature stands on MD5 or SHA-1",
    why: "Two contents with one hash can be made for MD5 since 2004 and for SHA-1 since 2017: then the \
          CA's signature says nothing. Java refuses MD5; SHA-1 it still takes from a private CA, which \
          makes it a warning, and OpenSSL 3 and browsers do not.",
    remedy: "apim-pki cert show {path}",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "jdk.certpath.disabledAlgorithms of JDK 17; RFC 6194; CA/Browser Forum ballot 118; JEP 288",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, chain) in store.keys() {
        for certificate in chain {
            let Ok(view) = certificate.view() else {
                continue;
            };
            for weakness in weaknesses(view) {
                let Reason::WeakSignature { hash } = weakness else {
                    continue;
                };
                let finding = sink.say(format!(
                    "the signature on {} stands on {hash}",
                    view.subject.readable()
                ));
                finding.about(alias, Some(certificate));
                if hash == "SHA-1" {
                    finding.severity(Severity::Warning);
                }
            }
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| {
        lab.jks("a.jks", [lab.tls().with_certificate(lab.sha1()).entry("a")])
    }),
    ("silent", |lab| {
        lab.jks("a.jks", [lab.tls().issued_by(&lab.ca()).entry("a")])
    }),
    ("error", |lab| {
        lab.jks("a.jks", [lab.tls().with_certificate(lab.md5()).entry("a")])
    }),
];
