use crate::{
    audit::{
        Check, Confidence, INSTALL, Rule, Severity, Sink,
        subject::{Deployment, Store},
    },
    path::ModernProblem,
    verify::endpoint::{EndpointProblem, Objection},
};

pub(super) static RULE: Rule = Rule {
    id: "expired",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A certificate in use that is over",
    why: "Clients refuse an end-entity or intermediate certificate after its last second. The product's \
          own default certificates have ended under their users four times. An anchor that is over is \
          still taken by Java, and by nobody else.",
    remedy: "apim-pki cert show {path}",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "RFC 5280 section 6.1.3; wso2/product-is#13076, #22205, #26750; wso2/docker-apim#437",
    checks: &[
        Check::Store(check),
        Check::Deployment(anchors),
        Check::Endpoint(endpoint),
    ],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    let now = store.context.now;
    let is_truststore = store.is_keystore();
    let keys = store.keys().flat_map(|(alias, chain)| {
        let each = chain.iter().enumerate();
        each.map(move |(at, certificate)| (alias, at, certificate))
    });
    // What a truststore pins is not looked at by Java; a bare certificate in a file is somebody's.
    let bare = store
        .trusted()
        .map(|(alias, certificate)| (alias, 0, certificate));
    for (alias, at, certificate) in keys.chain(bare.filter(|_| !is_truststore)) {
        let Ok(view) = certificate.view() else {
            continue;
        };
        let is_ballast = !is_truststore && view.is_ca() && at == 0;
        if now > view.not_after && !is_ballast {
            sink.say(format!(
                "{} expired on {}",
                view.subject,
                view.not_after.date()
            ))
            .about(alias, Some(certificate));
        }
    }
}

/// Anchors that are over and that a certificate in use leads to.
fn anchors(deployment: &Deployment<'_>, sink: &mut Sink<'_>) {
    for anchor in deployment.anchors_in_use() {
        let facts = &anchor.certificate;
        if deployment.context.now > facts.not_after {
            sink.say(format!(
                "the anchor {} expired on {}, and {} leads to it",
                facts.subject,
                facts.not_after.date(),
                anchor.used_by,
            ))
            .at(anchor.store, anchor.alias, Some(facts))
            .severity(Severity::Warning);
        }
    }
}

fn endpoint(problem: &EndpointProblem) -> bool {
    problem.objection().is_some_and(|it| {
        matches!(
            it,
            Objection::Expired(_) | Objection::Modern(ModernProblem::Expired)
        )
    })
}

#[cfg(test)]
pub(super) const FIXTURE: crate::audit::testing::Fixture = crate::audit::testing::Fixture {
    fires: |lab| lab.jks("tls.jks", [lab.tls().years(2020, 2022).entry("tls")]),
    silent: |lab| lab.jks("tls.jks", [lab.tls().entry("tls")]),
};
