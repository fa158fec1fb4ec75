use std::collections::BTreeMap;

use crate::audit::{Check, Confidence, Rule, Severity, Sink, subject::Deployment};

pub(super) static RULE: Rule = Rule {
    id: "shared-tls-key",
    severity: Severity::Info,
    confidence: Confidence::High,
    what: "One TLS key on several nodes",
    why: "The vendor's pages allow it, Kubernetes makes it natural, and it is one file to renew. It also \
          means that a node which is lost has lost the key of all, and that a renewal touches every node \
          at once.",
    remedy: "# [tls] shared = true says that it is meant so; without it each node gets its own:\napim-pki plan",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "The vendor's page on active-active deployment (4.7); the charts of wso2/helm-apim",
    checks: &[Check::Deployment(check)],
};

fn check(deployment: &Deployment<'_>, sink: &mut Sink<'_>) {
    let mut by_key: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (store, key) in deployment.tls_keys() {
        if let Some(first) = key.chain.first() {
            by_key
                .entry(first.spki)
                .or_default()
                .push((store, key, first));
        }
    }
    for places in by_key.values() {
        let mut nodes: Vec<&str> = places
            .iter()
            .filter_map(|place| place.0.node.as_deref())
            .collect();
        nodes.dedup();
        if let ([_, _, ..], Some((store, key, first))) = (&nodes[..], places.first()) {
            sink.say(format!(
                "{} nodes have the same TLS key: {}",
                nodes.len(),
                nodes.join(", ")
            ))
            .at(store, &key.alias, Some(first));
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("info", |lab| {
        let tls = lab.tls();
        lab.jks("nodes/a/tls.jks", [tls.entry("tls")])
            .and_jks("nodes/b/tls.jks", [tls.entry("tls")])
    }),
    ("silent", |lab| {
        let other = lab.other();
        lab.jks("nodes/a/tls.jks", [lab.tls().entry("tls")])
            .and_jks("nodes/b/tls.jks", [other.entry("tls")])
    }),
];
