use crate::{
    audit::{Check, Confidence, Rule, Severity},
    verify::endpoint::EndpointProblem,
};

pub(super) static RULE: Rule = Rule {
    id: "served-not-on-disk",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A live server that presents another certificate than its file holds",
    why: "Most listeners of the product read their keystore when they start, and never again: after a renewal the old certificate is served until a restart, and ends in the middle of a day. A file that is older than what is served is not the one that the listener reads.",
    remedy: "# restart the server, in the order that `install` says, and look again:\n\
             apim-pki probe {host}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "FileUpdateNotificationHandler of Synapse and CertificateReLoader of wso2/carbon-apimgt are all that reads a store anew; wso2/carbon-apimgt#9623, #4756",
    checks: &[Check::Endpoint(endpoint)],
};

fn endpoint(problem: &EndpointProblem) -> bool {
    matches!(problem, EndpointProblem::NotOnDisk { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.served("gw2", "gw1")),
    ("silent", |lab| lab.served("gw1", "gw1")),
];
