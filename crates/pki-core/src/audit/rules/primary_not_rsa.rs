use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    verify::ProblemKind,
};

pub(super) static RULE: Rule = Rule {
    id: "primary-not-rsa",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A primary or internal key that is no RSA key",
    why: "The product encrypts with the RSA cipher, and gateways take tokens with RSA signatures alone: \
          with an EC key the first secret that is stored fails, and so does the first token.",
    remedy: "apim-pki issue",
    remedy_in_workspace: None,
    remedy_in_home: Some(INSTALL),
    source: "CryptoUtil of wso2/carbon-kernel; GatewayUtils.verifyTokenSignature of \
             wso2/carbon-apimgt; Cipher.getInstance(\"RSA\") with an EC key, tried",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, certificate, _, kind) in store.shared_key_problems() {
        // A short RSA key is another rule's.
        if let ProblemKind::PrimaryKey { found } = &kind
            && !found.starts_with("RSA")
        {
            sink.say(kind.to_string())
                .about(alias, Some(certificate))
                .confidence(store.purpose.confidence);
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error (medium)", |lab| {
        lab.jks("wso2carbon.jks", [lab.tls().entry("wso2carbon")])
    }),
    ("silent", |lab| {
        lab.jks("wso2carbon.jks", [lab.primary().entry("wso2carbon")])
    }),
    // Too short is another rule's.
    ("silent", |lab| {
        lab.jks(
            "wso2carbon.jks",
            [lab.tls().with_certificate(lab.rsa_1024()).entry("a")],
        )
    }),
];
