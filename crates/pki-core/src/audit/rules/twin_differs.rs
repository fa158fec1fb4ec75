use std::collections::BTreeSet;

use crate::{
    audit::{Check, Confidence, INSTALL, Looked, Rule, Severity, Sink, subject::Deployment},
    verify::{Problem, ProblemKind},
    wso2::Slot,
    x509::Fingerprint,
};

pub(super) static RULE: Rule = Rule {
    id: "twin-differs",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A node whose truststore or shared store is not that of its twins",
    why: "Twins stand in for each other: what one trusts and the other does not fails for half of the \
          calls, and only while the balancer sends them there. A store that was opened and written by \
          hand on one node looks like this.",
    remedy: "apim-pki store diff {path} OTHER.jks",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "The vendor's page on the distributed deployment",
    checks: &[Check::Deployment(check), Check::Problem(problem)],
};

/// Truststores of a group, each held against that of the group's first node.
fn check(deployment: &Deployment<'_>, sink: &mut Sink<'_>) {
    let Some(topology) = deployment.context.topology else {
        return;
    };
    for group in &topology.groups {
        let of_node = |node: &str| {
            let mut stores = deployment.stores.iter();
            stores.find(|store| {
                store.node.as_deref() == Some(node) && store.purpose.is(Slot::Truststore)
            })
        };
        let mut twins = group.nodes.iter().filter_map(|node| of_node(&node.name));
        let Some(first) = twins.next() else { continue };
        for twin in twins.filter(|twin| trusted(twin) != trusted(first)) {
            let (own, other) = (trusted(twin), trusted(first));
            sink.say(format!(
                "it trusts {} that `{}` does not, and lacks {} that it trusts",
                own.difference(&other).count(),
                first.node.as_deref().unwrap_or_default(),
                other.difference(&own).count(),
            ))
            .in_store(twin);
        }
    }
}

fn trusted(store: &Looked) -> BTreeSet<Fingerprint> {
    let trusted = store.facts.trusted.iter();
    trusted.map(|(_, certificate)| certificate.sha256).collect()
}

fn problem(problem: &Problem) -> bool {
    let differs = |it: &ProblemKind| {
        matches!(
            it,
            ProblemKind::SharedDiffers {
                other_key: false,
                ..
            }
        )
    };
    differs(&problem.kind)
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| {
        let (ca, other) = (lab.ca().certificate(), lab.other().certificate());
        lab.trust("nodes/gateway-1/client-truststore.jks", [("ca", ca)])
            .and_trust("nodes/gateway-2/client-truststore.jks", [("ca", other)])
            .topology(crate::audit::testing::TWINS)
    }),
    ("silent", |lab| {
        let ca = lab.ca().certificate();
        lab.trust(
            "nodes/gateway-1/client-truststore.jks",
            [("ca", ca.clone())],
        )
        .and_trust("nodes/gateway-2/client-truststore.jks", [("renamed", ca)])
        .topology(crate::audit::testing::TWINS)
    }),
    ("warning", |lab| lab.problem(lab.shared_differs(false))),
    ("silent", |lab| lab.problem(lab.shared_differs(true))),
    ("warning", |lab| {
        let (ca, other) = (lab.ca().certificate(), lab.other().certificate());
        lab.trust(
            "nodes/gateway-1/client-truststore.jks",
            [("ca", ca.clone())],
        )
        .and_trust("nodes/gateway-2/client-truststore.jks", [("ca", other)])
        .and_trust("nodes/another/client-truststore.jks", [("ca", ca)])
        .topology(crate::audit::testing::TWINS)
    }),
    // Another of their stores.
    ("silent", |lab| {
        let (ca, other) = (lab.ca().certificate(), lab.other().certificate());
        lab.trust(
            "nodes/gateway-1/client-truststore.jks",
            [("ca", ca.clone())],
        )
        .and_trust("nodes/gateway-2/client-truststore.jks", [("ca", ca)])
        .and_trust("nodes/gateway-2/a.jks", [("other", other)])
        .topology(crate::audit::testing::TWINS)
    }),
];
