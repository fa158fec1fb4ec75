use crate::audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store};

pub(super) static RULE: Rule = Rule {
    id: "outlives-issuer",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A certificate that is valid for longer than its issuer",
    why: "It reads as valid for months after the chain has broken: whoever watches end-entity \
          certificates alone is not warned. The earliest end of the chain is the one that counts.",
    remedy: "apim-pki cert show {path}",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "RFC 5280 section 6.1.3: every certificate of the path is valid; testssl.sh#1653",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, chain) in store.keys() {
        for pair in chain.windows(2) {
            let [certificate, issuer] = pair else {
                continue;
            };
            let (Ok(own), Ok(above)) = (certificate.view(), issuer.view()) else {
                continue;
            };
            if own.issuer_key == above.subject_key && own.not_after > above.not_after {
                sink.say(format!(
                    "{} ends on {}, its issuer {} on {}",
                    own.subject.readable(),
                    own.not_after.date(),
                    above.subject.readable(),
                    above.not_after.date()
                ))
                .about(alias, Some(certificate));
            }
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| {
        let ca = lab.ca().years(2020, 2028);
        lab.jks(
            "tls.jks",
            [lab.tls().years(2026, 2030).issued_by(&ca).entry("tls")],
        )
    }),
    ("silent", |lab| {
        lab.jks("tls.jks", [lab.tls().issued_by(&lab.ca()).entry("tls")])
    }),
    // On the same day.
    ("silent", |lab| {
        let ca = lab.ca().years(2020, 2028);
        lab.jks("tls.jks", [lab.tls().issued_by(&ca).entry("tls")])
    }),
    // Who stands behind it is not its issuer.
    ("silent", |lab| {
        let other = lab.other().years(2020, 2027);
        lab.jks("tls.jks", [lab.tls().followed_by(&other).entry("tls")])
    }),
];
