use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::Store},
    edit::Fault,
};

pub(super) static RULE: Rule = Rule {
    id: "alias-hidden",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "An alias that does not look like what it is",
    why: "It is empty, or has characters that a terminal does not show or that turn the text around: an \
          entry that is not seen in a list, or is taken for another one.",
    remedy: "apim-pki store list {path} --format json",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "Unicode technical report 36, section 2.5, on bidirectional text spoofing",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, fault) in store.faults() {
        if let (Some(alias), Fault::AliasHidden) = (alias, fault) {
            sink.say(format!(
                "the alias `{alias}` is empty or has characters that are not shown"
            ))
            .about(alias, store.certificate(Some(alias), 0));
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| {
        lab.jks("a.jks", [lab.tls().entry("a\u{202e}")])
    }),
    ("silent", |lab| lab.jks("a.jks", [lab.tls().entry("a")])),
];
