use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    path::{Purpose, usage_problems},
    wso2::Slot,
};

pub(super) static RULE: Rule = Rule {
    id: "eku-serverauth",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A TLS certificate that may not be used by a server",
    why: "Clients refuse a server whose certificate has an extended key usage without serverAuth, or a \
          key usage with nothing that a handshake needs. Nodes call each other with the same key, so it \
          should have clientAuth too where clients are asked for a certificate.",
    remedy: "apim-pki cert show {path}",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "sun.security.validator.EndEntityChecker of the JDK; RFC 5280 sections 4.2.1.3 and 4.2.1.12",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    if !store.purpose.is(Slot::Tls) {
        return;
    }
    for (alias, chain) in store.keys() {
        for problem in chain
            .first()
            .map(|first| usage_problems(first, Purpose::Server))
            .unwrap_or_default()
        {
            sink.say(problem.to_string())
                .about(alias, chain.first())
                .confidence(store.purpose.confidence);
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error (medium)", |lab| {
        let client = lab
            .tls()
            .purposes([rcgen::ExtendedKeyUsagePurpose::ClientAuth]);
        lab.jks("tls.jks", [client.entry("tls")])
    }),
    ("silent", |lab| lab.jks("tls.jks", [lab.tls().entry("tls")])),
    ("silent", |lab| {
        let client = lab
            .tls()
            .purposes([rcgen::ExtendedKeyUsagePurpose::ClientAuth]);
        lab.jks("a.jks", [client.entry("a")])
    }),
];
