use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity},
    path::{ModernProblem, PathProblem},
    verify::{
        Edge, EdgeProblem, Problem, ProblemKind, State,
        endpoint::{EndpointProblem, Objection},
    },
    wso2::GATEWAY_CERTIFICATE_ALIAS,
};

pub(super) static RULE: Rule = Rule {
    id: "peer-untrusted",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A connection whose opener does not trust the other side",
    why: "`PKIX path building failed` at the first call: the opener's truststore has neither the \
          certificate that it meets nor an issuer of it. Balancers that end TLS move the certificate: \
          then the balancer's counts, and on direct connections the node's still does.",
    remedy: "apim-pki verify",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "sun.security.validator.PKIXValidator; wso2/product-apim#7504, #10053; wso2/docker-apim#114",
    checks: &[
        Check::Problem(problem),
        Check::Edge(edge),
        Check::Endpoint(endpoint),
    ],
};

fn problem(problem: &Problem) -> bool {
    let by_gateway = problem.alias.as_deref() == Some(GATEWAY_CERTIFICATE_ALIAS);
    let missing = matches!(
        problem.kind,
        ProblemKind::AnchorMissing { .. } | ProblemKind::PrimaryStale { .. }
    );
    missing && !by_gateway
}

/// What no file is to blame for by itself: its end and its names are told by others.
fn edge(edge: &Edge) -> Option<String> {
    let told = |problem: &PathProblem| {
        matches!(
            problem,
            PathProblem::Expired { .. }
                | PathProblem::NotYetValid { .. }
                | PathProblem::NameMismatch { .. }
                | PathProblem::NameRefused { .. }
        )
    };
    let mut problems = edge.problems.iter().filter(|problem| !problem.is_warning());
    let found = problems.find_map(|problem| match problem {
        EdgeProblem::Path(problem) if !told(problem) => Some(problem),
        _ => None,
    })?;
    (edge.state == State::Failed).then(|| found.to_string())
}

fn endpoint(problem: &EndpointProblem) -> bool {
    problem.objection().is_some_and(|it| {
        matches!(
            it,
            Objection::Untrusted { .. } | Objection::Modern(ModernProblem::Untrusted)
        )
    })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| lab.problem(lab.anchor_missing())),
    ("silent", |lab| {
        lab.problem_at(GATEWAY_CERTIFICATE_ALIAS, lab.anchor_missing())
    }),
    ("error", |lab| lab.problem(lab.primary_stale())),
    ("silent", |lab| {
        lab.problem_at(GATEWAY_CERTIFICATE_ALIAS, lab.primary_stale())
    }),
    ("silent", |lab| lab.problem(ProblemKind::FolderLeft)),
    ("error", |lab| {
        lab.edge(State::Failed, [EdgeProblem::Path(lab.no_anchor())])
    }),
    ("silent", |lab| {
        lab.edge(State::Unknown, [EdgeProblem::Path(lab.no_anchor())])
    }),
    ("silent", |lab| {
        lab.edge(State::Failed, [EdgeProblem::NameUnchecked(lab.no_anchor())])
    }),
    ("silent", |lab| {
        lab.edge(State::Failed, [EdgeProblem::Path(lab.path_expired())])
    }),
    ("silent", |lab| {
        lab.edge(State::Failed, [EdgeProblem::Path(lab.path_not_yet_valid())])
    }),
    ("silent", |lab| {
        lab.edge(State::Failed, [EdgeProblem::Path(lab.name_mismatch())])
    }),
    ("silent", |lab| {
        lab.edge(State::Failed, [EdgeProblem::Path(lab.name_refused())])
    }),
    ("error", |lab| {
        lab.edge(
            State::Failed,
            [
                EdgeProblem::Path(lab.path_expired()),
                EdgeProblem::Path(lab.no_anchor()),
            ],
        )
    }),
    ("error", |lab| lab.refused(lab.untrusted())),
    ("error", |lab| {
        lab.refused(Objection::Modern(ModernProblem::Untrusted))
    }),
    ("silent", |lab| {
        lab.refused(Objection::Modern(ModernProblem::Expired))
    }),
];
