use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    verify::ProblemKind,
};

pub(super) static RULE: Rule = Rule {
    id: "primary-short",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A primary or internal certificate that is valid for less than ten years from now",
    why: "Its key signs tokens and encrypts what is stored: to replace it is a migration of data, not a \
          renewal. It should not fall due while the cluster lives.",
    remedy: "apim-pki cert show {path}",
    remedy_in_workspace: Some("apim-pki plan"),
    remedy_in_home: Some(INSTALL),
    source: "The vendor's page on the distributed deployment: a long validity, since a change of the key \
             means a migration of data",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, certificate, _, kind) in store.shared_key_problems() {
        if matches!(kind, ProblemKind::PrimaryShort { .. }) {
            sink.say(kind.to_string())
                .about(alias, Some(certificate))
                .confidence(store.purpose.confidence);
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning (medium)", |lab| {
        lab.jks(
            "wso2carbon.jks",
            [lab.primary().years(2020, 2030).entry("a")],
        )
    }),
    ("silent", |lab| {
        lab.jks(
            "wso2carbon.jks",
            [lab.primary().years(2020, 2050).entry("a")],
        )
    }),
    ("silent", |lab| {
        lab.jks(
            "wso2carbon.jks",
            [lab.primary().years(2020, 2036).entry("a")],
        )
        .at("2026-01-01")
    }),
    ("warning (medium)", |lab| {
        lab.jks(
            "wso2carbon.jks",
            [lab.primary().years(2020, 2036).entry("a")],
        )
        .at("2026-01-02")
    }),
];
