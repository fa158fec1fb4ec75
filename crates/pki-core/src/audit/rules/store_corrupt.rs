use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    edit::Fault,
    keystore::UnsealError,
};

pub(super) static RULE: Rule = Rule {
    id: "store-corrupt",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A keystore that is empty, damaged or cut off, or has an entry that cannot be read",
    why: "The product does not start with it, or finds out at the first handshake. Zero bytes are a \
          placeholder that nobody filled; EF BF BD at the beginning is a binary that went through a text \
          filter, as Maven's resource filtering does it.",
    remedy: "apim-pki store check {path} --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "client-truststore.jks blob fab0eb90 and userRP.jks of wso2/product-apim",
    checks: &[Check::Store(check)],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    if let Err(reason) = store.opened {
        sink.say(reason);
    }
    for (alias, fault) in store.faults() {
        let Some(alias) = alias else { continue };
        match fault {
            Fault::Damaged { at, reason } => {
                sink.say(format!("certificate {} cannot be read: {reason}", at + 1))
                    .about(alias, store.certificate(Some(alias), *at));
            }
            Fault::KeySealed {
                reason: reason @ (UnsealError::Damaged { .. } | UnsealError::Iterations { .. }),
            } => {
                sink.say(reason.to_string())
                    .about(alias, store.certificate(Some(alias), 0));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.file("a.jks", b"\xEF\xBF\xBD\xEF\xBF\xBD")
    }),
    ("silent", |lab| lab.jks("a.jks", [lab.tls().entry("a")])),
    ("error", |lab| {
        lab.trust(
            "a.jks",
            [("a", crate::x509::Certificate::from_der(vec![0x30, 0]))],
        )
    }),
    ("error", |lab| {
        lab.jks("a.jks", [lab.tls().damaged_entry("a")])
    }),
    ("silent", |lab| {
        lab.jks(
            "a.jks",
            [lab.tls().entry_under("a", "nobody knows this one")],
        )
    }),
];
