use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    wso2::{is_key_id, key_id},
};

pub(super) static RULE: Rule = Rule {
    id: "kid-alias-stale",
    severity: Severity::Info,
    confidence: Confidence::High,
    what: "A truststore entry that is named by the key id of another certificate",
    why: "From 3.2 on a gateway without a JWKS looks a token's signer up under the token's `kid`, which \
          is made from the signer's certificate. An entry with such a name and another certificate is a \
          leftover: tokens with that `kid` do not verify.",
    remedy: "apim-pki store delete {path} --alias {alias} --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "JWTValidatorImpl.validateSignature of wso2/carbon-apimgt; the truststore of 3.2 and 4.0",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, certificate) in store.trusted() {
        let name = alias.lookup();
        if is_key_id(&name) && name != key_id(certificate).to_lowercase() {
            sink.say("the alias is the key id of another certificate")
                .about(alias, Some(certificate));
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("info", |lab| {
        let name = key_id(&lab.primary().certificate()).to_lowercase();
        lab.trust_under("client-truststore.jks", &name, lab.ca().certificate())
    }),
    ("silent", |lab| {
        let primary = lab.primary().certificate();
        let name = key_id(&primary).to_lowercase();
        lab.trust_under("client-truststore.jks", &name, primary)
    }),
    ("silent", |lab| {
        lab.trust("client-truststore.jks", [("ca", lab.ca().certificate())])
    }),
];
