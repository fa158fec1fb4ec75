use time::{Date, macros::date};

use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::Store},
    x509::PublicKeyAlgorithm,
};

pub(super) static RULE: Rule = Rule {
    id: "weak-before-end",
    severity: Severity::Info,
    confidence: Confidence::High,
    what: "A certificate that is valid beyond the day on which its key is no longer good enough",
    why: "RSA of 2048 bits and curves of 224 bits give 112 bits of security, which NIST holds acceptable \
          to the end of 2030 and BSI, for RSA, held so to the end of 2025. A key that is to live longer \
          should be RSA 3072, P-256 or more. What is weak today is told by other rules.",
    remedy: "# for keys with a long life: [primary] key = \"rsa-3072\", [ca] key = \"rsa-3072\"\napim-pki plan",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "NIST SP 800-57 part 1 revision 5 table 4; NIST IR 8547 (draft) table 4; BSI TR-02102-1",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, chain) in store.keys() {
        for certificate in chain {
            let Ok(view) = certificate.view() else {
                continue;
            };
            let ages = match &view.public_key {
                PublicKeyAlgorithm::Rsa(bits) => (2048..3072).contains(bits),
                PublicKeyAlgorithm::Ec(_, bits) => (224..256).contains(bits),
                _ => false,
            };
            let end = view.not_after.date();
            if ages && end > LAST_DAY_OF_112_BITS {
                sink.say(format!(
                    "{} is held good enough until {LAST_DAY_OF_112_BITS}, and {} is valid until {end}",
                    view.public_key, view.subject.readable()
                ))
                .about(alias, Some(certificate));
            }
        }
    }
}

const LAST_DAY_OF_112_BITS: Date = date!(2030 - 12 - 31);

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("info", |lab| {
        lab.jks("a.jks", [lab.primary().years(2020, 2040).entry("a")])
    }),
    ("silent", |lab| {
        lab.jks("a.jks", [lab.primary().years(2020, 2030).entry("a")])
    }),
    // Valid on the last day, and on the first one after it.
    ("silent", |lab| {
        lab.jks("a.jks", [lab.primary().ends("2030-12-31").entry("a")])
    }),
    ("info", |lab| {
        lab.jks("a.jks", [lab.primary().ends("2031-01-01").entry("a")])
    }),
    ("silent", |lab| {
        lab.jks("a.jks", [lab.tls().years(2020, 2040).entry("a")])
    }),
    ("silent", |lab| {
        lab.jks(
            "a.jks",
            [lab.tls().with_certificate(lab.rsa_1024()).entry("a")],
        )
    }),
    ("info", |lab| {
        lab.jks(
            "a.jks",
            [lab.tls().with_certificate(lab.ec_p224()).entry("a")],
        )
    }),
];
