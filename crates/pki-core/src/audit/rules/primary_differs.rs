use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Deployment},
    verify::{Alike, Problem, ProblemKind},
    wso2::Slot,
};

pub(super) static RULE: Rule = Rule {
    id: "primary-differs",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A node whose primary or internal key is another than the others'",
    why: "What one node encrypts the others cannot read, and tokens that it signs fail on the gateways: \
          secrets of the registry, passwords of user stores, encrypted tokens. Nothing says so before \
          the value is needed.",
    remedy: "apim-pki store diff {path} OTHER/wso2carbon.jks",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "The vendor's page on the distributed deployment: the same primary keystore on every instance; \
             wso2/product-apim#8291",
    checks: &[Check::Deployment(check), Check::Problem(problem)],
};

fn check(deployment: &Deployment<'_>, sink: &mut Sink<'_>) {
    for slot in [Slot::Primary, Slot::Internal] {
        // The workspace's own are held against their master.
        let mut keys = deployment
            .keys()
            .filter(|(store, _)| store.node.is_some() && store.purpose.is(slot) && !store.verified);
        let Some((first, expected)) = keys.next() else {
            continue;
        };
        let Some(expected) = expected.chain.first() else {
            continue;
        };
        for (store, key) in keys {
            let own = key.chain.first();
            if own.is_some_and(|own| own.spki != expected.spki) {
                let node = first.node.as_deref().unwrap_or_default();
                sink.say(format!("the {slot} key is another than that of `{node}`"))
                    .at(store, &key.alias, own.map(|own| &**own))
                    .confidence(store.purpose.confidence);
            }
        }
    }
}

fn problem(problem: &Problem) -> bool {
    matches!(
        problem.kind,
        ProblemKind::SharedDiffers {
            other_key: true,
            ..
        } | ProblemKind::NodesDiffer {
            what: Alike::Primary | Alike::Internal,
            ..
        }
    )
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error (medium)", |lab| {
        let other = lab.other();
        lab.jks(
            "nodes/a/wso2carbon.jks",
            [lab.primary().entry("wso2carbon")],
        )
        .and_jks("nodes/b/wso2carbon.jks", [other.entry("wso2carbon")])
    }),
    ("silent", |lab| {
        let primary = lab.primary();
        lab.jks("nodes/a/wso2carbon.jks", [primary.entry("wso2carbon")])
            .and_jks("nodes/b/wso2carbon.jks", [primary.entry("other")])
    }),
    ("error", |lab| lab.problem(lab.shared_differs(true))),
    ("silent", |lab| lab.problem(lab.shared_differs(false))),
    ("error", |lab| lab.problem(lab.differs(Alike::Primary))),
    ("error", |lab| lab.problem(lab.differs(Alike::Internal))),
    ("silent", |lab| {
        lab.problem(lab.differs(Alike::EncryptionKey))
    }),
    // Of no node, or held against the master already.
    ("silent", |lab| {
        lab.jks("wso2carbon.jks", [lab.primary().entry("wso2carbon")])
            .and_jks("nodes/b/wso2carbon.jks", [lab.other().entry("wso2carbon")])
    }),
    ("silent", |lab| {
        lab.jks(
            "nodes/a/wso2carbon.jks",
            [lab.primary().entry("wso2carbon")],
        )
        .and_jks("nodes/b/wso2carbon.jks", [lab.other().entry("wso2carbon")])
        .in_workspace()
    }),
    ("error (medium)", |lab| {
        lab.jks("nodes/a/internal.jks", [lab.primary().entry("wso2carbon")])
            .and_jks("nodes/b/internal.jks", [lab.other().entry("wso2carbon")])
    }),
];
