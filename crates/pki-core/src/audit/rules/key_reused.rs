use crate::audit::{Check, Confidence, Rule, Severity, Sink, subject::Deployment};

pub(super) static RULE: Rule = Rule {
    id: "key-reused",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A renewed TLS certificate over the key of the one before",
    why: "A renewal is the moment at which a key that leaked without anybody's knowing stops to matter; \
          with the old key it goes on. Where somebody pins the key it may be meant so: `keep_key = true`.",
    remedy: "apim-pki plan",
    remedy_in_workspace: Some("# after `keep_key` is out of the topology\napim-pki plan"),
    remedy_in_home: None,
    source: "NIST SP 800-57 part 1 revision 5 section 5.3; OpenVPN/easy-rsa#609",
    checks: &[Check::Deployment(check)],
};

fn check(deployment: &Deployment<'_>, sink: &mut Sink<'_>) {
    for (store, key) in deployment.tls_keys() {
        let Some(own) = key.chain.first() else {
            continue;
        };
        let node = store.node.as_deref();
        let is_meant = deployment.context.topology.is_some_and(|topology| {
            let node = node.and_then(|node| topology.node(node));
            node.is_some_and(|node| topology.tls_of(node).keep_key)
        });
        let former = deployment
            .former
            .iter()
            .filter(|former| former.node.as_deref() == node);
        let reused = former.flat_map(|former| &former.facts.keys).find(|former| {
            let first = former.chain.first();
            first.is_some_and(|first| first.spki == own.spki && first.sha256 != own.sha256)
        });
        if let Some(before) = reused.and_then(|former| former.chain.first())
            && !is_meant
        {
            sink.say(format!(
                "its key is that of the certificate that began on {}",
                before.not_before.date()
            ))
            .at(store, &key.alias, Some(own));
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| {
        let tls = lab.tls();
        let renewed = tls.clone().years(2027, 2029);
        lab.jks("nodes/a/tls.jks", [renewed.entry("tls")])
            .former("nodes/a/tls.jks", [tls.entry("tls")])
    }),
    ("silent", |lab| {
        let other = lab.other();
        lab.jks("nodes/a/tls.jks", [lab.tls().entry("tls")])
            .former("nodes/a/tls.jks", [other.entry("tls")])
    }),
    // Another node's.
    ("silent", |lab| {
        let tls = lab.tls();
        let renewed = tls.clone().years(2027, 2029);
        lab.jks("nodes/a/tls.jks", [renewed.entry("tls")])
            .former("nodes/b/tls.jks", [tls.entry("tls")])
    }),
    // The same certificate.
    ("silent", |lab| {
        let tls = lab.tls().with_certificate(lab.tls().certificate());
        lab.jks("nodes/a/tls.jks", [tls.entry("tls")])
            .former("nodes/a/tls.jks", [tls.entry("tls")])
    }),
    // Somebody wants it so.
    ("silent", |lab| {
        let tls = lab.tls();
        let renewed = tls.clone().years(2027, 2029);
        lab.jks("nodes/gateway-1/tls.jks", [renewed.entry("tls")])
            .former("nodes/gateway-1/tls.jks", [tls.entry("tls")])
            .topology(&format!(
                "{}\n[tls]\nkeep_key = true",
                crate::audit::testing::TWINS
            ))
    }),
    ("warning", |lab| {
        let tls = lab.tls();
        let renewed = tls.clone().years(2027, 2029);
        lab.jks("nodes/gateway-1/tls.jks", [renewed.entry("tls")])
            .former("nodes/gateway-1/tls.jks", [tls.entry("tls")])
            .topology(crate::audit::testing::TWINS)
    }),
];
