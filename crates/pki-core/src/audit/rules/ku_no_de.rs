use crate::audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store};
use crate::verify::{self, ProblemKind};

pub(super) static RULE: Rule = Rule {
    id: "ku-no-de",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A primary or internal certificate whose key usage lacks dataEncipherment",
    why: "The product encrypts with it. Where the extension is critical, Java refuses to initialise the \
          cipher with the certificate, `Wrong key usage`, which the cipher tool does: then it is an error.",
    remedy: "apim-pki issue",
    remedy_in_workspace: None,
    remedy_in_home: Some(INSTALL),
    source: "javax.crypto.Cipher.init(int, Certificate); KeyStoreUtil of wso2/cipher-tool; the vendor's \
             page on creating keystores",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, certificate, severity, kind) in store.shared_key_problems() {
        if kind == ProblemKind::NoDataEncipherment {
            sink.say(kind.to_string())
                .about(alias, Some(certificate))
                .severity(match severity {
                    verify::Severity::Error => Severity::Error,
                    verify::Severity::Warning => Severity::Warning,
                })
                .confidence(store.purpose.confidence);
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error (medium)", |lab| {
        let usages = [rcgen::KeyUsagePurpose::DigitalSignature];
        lab.jks("wso2carbon.jks", [lab.primary().usages(usages).entry("a")])
    }),
    ("silent", |lab| {
        lab.jks("wso2carbon.jks", [lab.primary().entry("a")])
    }),
    ("warning (medium)", |lab| {
        lab.jks(
            "wso2carbon.jks",
            [lab.primary().signs_by_the_way().entry("a")],
        )
    }),
    ("silent", |lab| {
        let usages = [rcgen::KeyUsagePurpose::DigitalSignature];
        lab.jks("tls.jks", [lab.primary().usages(usages).entry("a")])
    }),
    ("error (medium)", |lab| {
        let usages = [rcgen::KeyUsagePurpose::DigitalSignature];
        lab.jks("internal.jks", [lab.primary().usages(usages).entry("a")])
    }),
];
