use crate::audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Deployment};

pub(super) static RULE: Rule = Rule {
    id: "twin-equal",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "Twins of a group with one TLS key, where the topology gives each its own",
    why: "Somebody copied the file from one node to the other. The names of the copy's certificate are \
          those of the other node: clients that look at them refuse, and one of the two is not renewed \
          when it should be.",
    remedy: "apim-pki issue --node {node}",
    remedy_in_workspace: None,
    remedy_in_home: Some(INSTALL),
    source: "The vendor's page on the distributed deployment: a certificate for each node, replicas too",
    checks: &[Check::Deployment(check)],
};

fn check(deployment: &Deployment<'_>, sink: &mut Sink<'_>) {
    let topology = match deployment.context.topology {
        Some(topology) if !topology.tls_shared => topology,
        _ => return,
    };
    for group in &topology.groups {
        let in_group = |node: &str| group.nodes.iter().any(|it| it.name == node);
        let keys: Vec<_> = deployment
            .tls_keys()
            .filter(|(store, _)| store.node.as_deref().is_some_and(in_group))
            .collect();
        for (at, (store, key)) in keys.iter().enumerate() {
            let Some(own) = key.chain.first() else {
                continue;
            };
            let twin = keys[..at].iter().find(|(other, key)| {
                let same = key
                    .chain
                    .first()
                    .is_some_and(|first| first.spki == own.spki);
                same && other.node != store.node
            });
            if let Some((twin, _)) = twin {
                let name = twin.node.as_deref().unwrap_or_default();
                sink.say(format!("it has the TLS key of its twin `{name}`"))
                    .at(store, &key.alias, Some(own));
            }
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| {
        let tls = lab.tls();
        lab.jks("nodes/gateway-1/tls.jks", [tls.entry("tls")])
            .and_jks("nodes/gateway-2/tls.jks", [tls.entry("tls")])
            .topology(crate::audit::testing::TWINS)
    }),
    ("silent", |lab| {
        let tls = lab.tls();
        let shared = format!("{}\n[tls]\nshared = true", crate::audit::testing::TWINS);
        lab.jks("nodes/gateway-1/tls.jks", [tls.entry("tls")])
            .and_jks("nodes/gateway-2/tls.jks", [tls.entry("tls")])
            .topology(&shared)
    }),
    ("warning", |lab| {
        let tls = lab.tls();
        lab.jks("nodes/gateway-1/tls.jks", [tls.entry("tls")])
            .and_jks("nodes/gateway-2/tls.jks", [tls.entry("tls")])
            .and_jks("nodes/gateway-2/old/tls.jks", [lab.other().entry("tls")])
            .topology(crate::audit::testing::TWINS)
    }),
    // No twin, the same node, another key.
    ("silent", |lab| {
        let tls = lab.tls();
        lab.jks("nodes/gateway-1/tls.jks", [tls.entry("tls")])
            .and_jks("nodes/another/tls.jks", [tls.entry("tls")])
            .topology(crate::audit::testing::TWINS)
    }),
    ("silent", |lab| {
        let tls = lab.tls();
        lab.jks("nodes/gateway-1/tls.jks", [tls.entry("tls")])
            .and_jks("nodes/gateway-1/old/tls.jks", [tls.entry("tls")])
            .topology(crate::audit::testing::TWINS)
    }),
    ("silent", |lab| {
        let other = lab.other();
        lab.jks("nodes/gateway-1/tls.jks", [lab.tls().entry("tls")])
            .and_jks("nodes/gateway-2/tls.jks", [other.entry("tls")])
            .topology(crate::audit::testing::TWINS)
    }),
];
