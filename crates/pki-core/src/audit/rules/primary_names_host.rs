use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    verify::ProblemKind,
};

pub(super) static RULE: Rule = Rule {
    id: "primary-names-host",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A primary or internal certificate that names a host",
    why: "Every truststore pins it, and Java takes a pinned certificate for the server that its name \
          names. All nodes hold the key: any of them then passes for that host.",
    remedy: "apim-pki cert show {path}",
    remedy_in_workspace: None,
    remedy_in_home: Some(INSTALL),
    source: "sun.security.validator: the path ends at a certificate that is an anchor, and its usage is \
             not looked at; tried with JDK 17",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, certificate, _, kind) in store.shared_key_problems() {
        if matches!(kind, ProblemKind::PrimaryNamesHost { .. }) {
            sink.say(kind.to_string())
                .about(alias, Some(certificate))
                .confidence(store.purpose.confidence);
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning (medium)", |lab| {
        let primary = lab.primary().names(["gw1.example.com"]);
        lab.jks("wso2carbon.jks", [primary.entry("a")])
    }),
    ("silent", |lab| {
        lab.jks("wso2carbon.jks", [lab.primary().entry("a")])
    }),
    ("silent", |lab| {
        lab.jks(
            "tls.jks",
            [lab.primary().names(["gw1.example.com"]).entry("a")],
        )
    }),
];
