use crate::audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Deployment};

pub(super) static RULE: Rule = Rule {
    id: "chain-incomplete",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A private key whose chain ends before anybody that is trusted",
    why: "A server sends what is in its entry. Where the issuer is neither there nor in a truststore, no \
          client gets to an anchor: `PKIX path building failed`. The CA's reply was imported without \
          its intermediate, most often.",
    remedy: "apim-pki store import {path} --alias {alias} --cert CHAIN.pem --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "RFC 8446 section 4.4.2; wso2/product-apim#7504",
    checks: &[Check::Deployment(check)],
};

fn check(deployment: &Deployment<'_>, sink: &mut Sink<'_>) {
    for (store, key) in deployment.keys() {
        let Some(issuer) = &key.missing_issuer else {
            continue;
        };
        let trusted = deployment.trust().leads_to_an_anchor(&key.chain);
        let rest = match trusted {
            true => ", whom a truststore here trusts",
            false => "",
        };
        let finding = sink.say(format!("the chain ends before {issuer}{rest}"));
        finding.at(store, &key.alias, key.chain.first().map(|first| &**first));
        if trusted {
            finding.severity(Severity::Info);
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        let node = lab.tls().issued_by(&lab.ca()).leaf_alone();
        lab.jks("tls.jks", [node.entry("tls")])
    }),
    ("silent", |lab| {
        lab.jks("tls.jks", [lab.tls().issued_by(&lab.ca()).entry("tls")])
    }),
    ("info", |lab| lab.below(&lab.ca())),
];
