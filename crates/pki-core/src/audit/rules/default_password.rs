use crate::audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store};

pub(super) static RULE: Rule = Rule {
    id: "default-password",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A store that a well-known password opens",
    why: "`wso2carbon` opens every store that the product ships, `changeit` the JDK's own, and anybody \
          tries them first. A copy of the file, from a backup or an image, is then the key itself.",
    remedy: "apim-pki store password {path} --store-password env:OLD --new-password file:PASSWORD",
    remedy_in_workspace: Some(
        "# set another [stores] password in the topology, then, with the old one:\n\
         apim-pki issue --old-password env:OLD",
    ),
    remedy_in_home: Some(INSTALL),
    source: "carbon.xml and default.json of wso2/carbon-kernel; keytool(1) on `changeit`",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    if let Some(password) = store.default_password {
        sink.say(format!(
            "the password is `{password}`, which everybody knows"
        ));
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.sealed(
            "a.jks",
            [lab.tls().entry_under("a", "changeit")],
            "changeit",
        )
    }),
    ("silent", |lab| lab.jks("a.jks", [lab.tls().entry("a")])),
];
