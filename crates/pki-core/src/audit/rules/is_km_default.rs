use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::Store},
    wso2::{IDENTITY_SERVER_DEFAULT, known_certificate},
};

pub(super) static RULE: Rule = Rule {
    id: "is-km-default",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "The default key of Identity Server 7, as key manager",
    why: "An Identity Server that is the key manager signs the tokens. As long as it does so with the \
          key that every download has, anybody signs tokens that the gateways take.",
    remedy: "apim-pki store delete {path} --alias {alias} --store-password file:PASSWORD\n\
             # and give the Identity Server a key of its own: [external.NAME] shared_primary = true",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "wso2carbon.p12 of wso2/carbon-kernel 4.10 and 4.12, which Identity Server 7 ships",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for entry in store.entries() {
        let first = entry.certificates().first();
        let known = first.and_then(known_certificate);
        if known.is_some_and(|known| known.id == IDENTITY_SERVER_DEFAULT) {
            sink.say(
                "it is the default certificate of Identity Server 7, whose key everybody owns",
            )
            .about(&entry.alias, first);
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.trust("client-truststore.jks", [("is", lab.p2())])
    }),
    ("silent", |lab| {
        lab.trust("client-truststore.jks", [("wso2carbon", lab.d2())])
    }),
    ("error", |lab| {
        lab.jks("a.jks", [lab.tls().with_certificate(lab.p2()).entry("a")])
    }),
];
