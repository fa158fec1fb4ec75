use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    keystore::{Format, Integrity},
};

pub(super) static RULE: Rule = Rule {
    id: "p12-no-mac",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A PKCS #12 without a MAC",
    why: "Nothing shows that somebody changed it: trust can be added to a truststore without its \
          password, and Java opens it with any. 4.4 and 4.5 ship their stores so.",
    remedy: "apim-pki store convert {path} NEW.p12 --to pkcs12 --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "RFC 7292 section 4; the stores of wso2/product-apim 4.4 and 4.5; tried with JDK 17",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    if let Some(decoded) = store.decoded()
        && (decoded.format, decoded.integrity) == (Format::Pkcs12, Integrity::Absent)
    {
        sink.say("the PKCS #12 has no MAC: any password opens it, and no change shows");
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| {
        lab.file(
            "a.p12",
            include_bytes!("../../../../../testdata/cli/no-mac.p12"),
        )
    }),
    ("silent", |lab| lab.pkcs12("a.p12", [lab.tls().entry("a")])),
];
