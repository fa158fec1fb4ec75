use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::Store},
    edit::{Reason, weaknesses},
};

pub(super) static RULE: Rule = Rule {
    id: "default-ca-expired",
    severity: Severity::Info,
    confidence: Confidence::High,
    what: "A trusted CA that is over, or whose key is too short",
    why: "Vendor truststores age: of the 97 entries that 2.6 ships, 27 are over and 12 have RSA keys of \
          1024 bits. Java takes them all the same and logs a warning for each that is over; a short key \
          is one that somebody may come to own.",
    remedy: "apim-pki store prune {path} --expired --weak --store-password file:PASSWORD",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "The truststores of wso2/product-apim; wso2/product-is#24289; wso2/carbon-kernel#3079; NIST SP \
             800-131A revision 2",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    let now = store.context.now;
    for (alias, certificate) in store.trusted() {
        let Ok(view) = certificate.view() else {
            continue;
        };
        // A bare certificate that is no CA is in use, and `expired` tells of it.
        if !store.is_keystore() && !view.is_ca() {
            continue;
        }
        if now > view.not_after {
            sink.say(format!(
                "{} expired on {}",
                view.subject.readable(),
                view.not_after.date()
            ))
            .about(alias, Some(certificate));
        }
        let weak = weaknesses(view).into_iter().find_map(|weak| match weak {
            Reason::WeakKey { key } => Some(key),
            _ => None,
        });
        if let Some(key) = weak {
            sink.say(format!("the key of {} is {key}", view.subject.readable()))
                .about(alias, Some(certificate));
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("info", |lab| {
        let old = lab.ca().years(2000, 2020).certificate();
        lab.trust("client-truststore.jks", [("old", old)])
    }),
    ("silent", |lab| {
        lab.trust("client-truststore.jks", [("ca", lab.ca().certificate())])
    }),
    ("silent", |lab| {
        let ca = lab.ca().years(2000, 2020).certificate();
        lab.trust("client-truststore.jks", [("a", ca)])
            .at("2020-01-01")
    }),
    ("info", |lab| {
        lab.trust("client-truststore.jks", [("a", lab.rsa_1024())])
    }),
    // What lies in a file by itself and is no CA is in use: `expired` tells of it.
    ("silent", |lab| {
        lab.file("a.pem", lab.tls().years(2000, 2020).certificate_pem())
    }),
    ("info", |lab| {
        lab.file("a.pem", lab.ca().years(2000, 2020).certificate_pem())
    }),
    ("info", |lab| {
        lab.trust(
            "a.jks",
            [("old", lab.other().years(2000, 2020).certificate())],
        )
    }),
];
