use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::Store},
    x509::GeneralName,
};

pub(super) static RULE: Rule = Rule {
    id: "san-wildcard-partial",
    severity: Severity::Info,
    confidence: Confidence::High,
    what: "A wildcard name that only some clients take",
    why: "`gw*.example.com`, `a.*.example.com` and `*` stand for something in some verifiers and for \
          nothing in others; RFC 9525 has `*` as a whole left-most label alone. Two labels behind it are \
          the least that clients want.",
    remedy: "apim-pki cert show {path}",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: None,
    source: "RFC 9525 section 6.3; the vendor's page on keystores: `n*.a.com` is not supported",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, chain) in store.keys() {
        let Some(Ok(view)) = chain.first().map(|first| first.view()) else {
            continue;
        };
        for name in view.names() {
            if let GeneralName::Dns(text) = name
                && text.contains('*')
                && !is_whole_label(text)
            {
                sink.say(format!("clients differ on the wildcard `{text}`"))
                    .about(alias, chain.first());
            }
        }
    }
}

/// `*.` and at least two labels without another `*`.
fn is_whole_label(name: &str) -> bool {
    name.strip_prefix("*.")
        .is_some_and(|rest| !rest.contains('*') && rest.split('.').count() >= 2)
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("info", |lab| {
        lab.jks(
            "tls.jks",
            [lab.tls().names(["gw*.example.com"]).entry("tls")],
        )
    }),
    ("silent", |lab| {
        lab.jks("tls.jks", [lab.tls().names(["*.example.com"]).entry("tls")])
    }),
    ("info", |lab| {
        lab.jks("tls.jks", [lab.tls().names(["*.com"]).entry("tls")])
    }),
    ("info", |lab| {
        lab.jks(
            "tls.jks",
            [lab.tls().names(["*.*.example.com"]).entry("tls")],
        )
    }),
    ("info", |lab| {
        lab.jks(
            "tls.jks",
            [lab.tls().names(["a.*.example.com"]).entry("tls")],
        )
    }),
    ("silent", |lab| lab.jks("tls.jks", [lab.tls().entry("tls")])),
];
