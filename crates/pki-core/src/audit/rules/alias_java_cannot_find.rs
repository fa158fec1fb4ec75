use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    edit::{self, Fault},
};

pub(super) static RULE: Rule = Rule {
    id: "alias-java-cannot-find",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "An entry that Java lists and does not find",
    why: "Java looks aliases up in lower case. An upper-case letter in a JKS file makes an entry that \
          nobody finds, `keytool -list` aborts on it, and a trust manager silently sees no issuer at all. \
          Of two entries that differ in case alone Java has one.",
    remedy: "apim-pki store check {path} --repair --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "sun.security.provider.JavaKeyStore$JKS.convertAlias; tried with JDK 17",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for found in store.faults {
        let message = match found.fault {
            Fault::AliasSpelling => {
                "the alias is not in lower case: Java does not find it".to_owned()
            }
            Fault::AliasClash { entries } => {
                format!("{entries} entries have this alias, case apart: Java has one of them")
            }
            _ => continue,
        };
        // What the reader of the format lowers itself is found.
        if let (Some(alias), edit::Severity::Error) = (&found.alias, found.severity) {
            let certificate = store.certificate(Some(alias), 0);
            sink.say(message).about(alias, certificate);
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.mixed_case_jks("a.jks")),
    ("silent", |lab| lab.jks("a.jks", [lab.tls().entry("a")])),
    ("error, error, error", |lab| {
        lab.file(
            "a.jks",
            include_bytes!("../../../../../testdata/cli/clash.jks"),
        )
    }),
];
