use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    edit::{Reason, weaknesses},
};

pub(super) static RULE: Rule = Rule {
    id: "rsa-small",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A key in use that is too short: RSA under 2048 bits, EC under 224",
    why: "RSA of 1024 bits has been disallowed since 2014 and is within reach of who can pay for it. \
          Java still takes it; OpenSSL at its default level does not, and no browser does.",
    remedy: "apim-pki issue",
    remedy_in_workspace: None,
    remedy_in_home: Some(INSTALL),
    source: "NIST SP 800-131A revision 2 table 2; jdk.certpath.disabledAlgorithms of JDK 17",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, chain) in store.keys() {
        for certificate in chain {
            let Ok(view) = certificate.view() else {
                continue;
            };
            let is_short = |weakness: &Reason| matches!(weakness, Reason::WeakKey { .. });
            if weaknesses(view).iter().any(is_short) {
                sink.say(format!(
                    "the key of {} is {}",
                    view.subject.readable(),
                    view.public_key
                ))
                .about(alias, Some(certificate));
            }
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.jks(
            "a.jks",
            [lab.tls().with_certificate(lab.rsa_1024()).entry("a")],
        )
    }),
    ("silent", |lab| lab.jks("a.jks", [lab.primary().entry("a")])),
    ("silent", |lab| lab.jks("a.jks", [lab.tls().entry("a")])),
];
