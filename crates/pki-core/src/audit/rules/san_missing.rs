use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    path::PathProblem,
    verify::{
        Edge, EdgeProblem, Problem, ProblemKind, State,
        endpoint::{EndpointProblem, Objection},
    },
    wso2::Slot,
    x509::GeneralName,
};

pub(super) static RULE: Rule = Rule {
    id: "san-missing",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A name by which a server is called that is not in its certificate",
    why: "The node's host, the name of its balancer, the public name and `localhost` are all called. \
          Clients that look at the name refuse: the gateway's HTTPS sender, the portals' login, browsers. \
          A certificate without any subjectAltName is taken by Java alone, for its common name.",
    remedy: "apim-pki cert verify {path} --name HOST --trust CA.pem",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "RFC 9525 section 6; ClientSSLSetupHandler of wso2/wso2-synapse; wso2/product-apim#1962, \
             #4791; wso2/api-manager#1718",
    checks: &[
        Check::Store(check),
        Check::Problem(problem),
        Check::Edge(edge),
        Check::Endpoint(endpoint),
    ],
};

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    if !store.purpose.is(Slot::Tls) {
        return;
    }
    for (alias, chain) in store.keys() {
        let Some(Ok(view)) = chain.first().map(|first| first.view()) else {
            continue;
        };
        let names_host =
            |name: &GeneralName| matches!(name, GeneralName::Dns(_) | GeneralName::Ip(_));
        if !view.names().iter().any(names_host) {
            let found = view.subject.common_names().join(", ");
            sink.say(format!(
                "the certificate has no subjectAltName for a host, only the common name `{found}`"
            ))
            .about(alias, chain.first())
            .confidence(store.purpose.confidence);
        }
    }
}

fn problem(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::NamesMissing { .. })
}

fn edge(edge: &Edge) -> Option<String> {
    let mismatch = |problem: &&EdgeProblem| {
        matches!(
            problem,
            EdgeProblem::Path(PathProblem::NameMismatch { .. } | PathProblem::NameRefused { .. })
        )
    };
    let found = edge.problems.iter().find(mismatch)?;
    (edge.state == State::Failed).then(|| found.to_string())
}

fn endpoint(problem: &EndpointProblem) -> bool {
    problem.objection().is_some_and(|it| {
        matches!(
            it,
            Objection::Name { .. } | Objection::Path(PathProblem::NameRefused { .. })
        )
    })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error (medium)", |lab| {
        lab.jks("tls.jks", [lab.tls().names([]).entry("tls")])
    }),
    ("silent", |lab| lab.jks("tls.jks", [lab.tls().entry("tls")])),
    ("error", |lab| lab.problem(lab.names_missing())),
    ("silent", |lab| lab.problem(ProblemKind::FolderLeft)),
    ("error", |lab| {
        lab.edge(State::Failed, [EdgeProblem::Path(lab.name_mismatch())])
    }),
    ("error", |lab| {
        lab.edge(State::Failed, [EdgeProblem::Path(lab.name_refused())])
    }),
    ("silent", |lab| {
        lab.edge(State::Failed, [EdgeProblem::Path(lab.no_anchor())])
    }),
    // A client that does not look at names.
    ("silent", |lab| {
        lab.edge(State::Ok, [EdgeProblem::NameUnchecked(lab.name_mismatch())])
    }),
    ("silent", |lab| {
        lab.edge(State::Unknown, [EdgeProblem::Path(lab.name_mismatch())])
    }),
    ("error", |lab| {
        lab.refused(Objection::Name { name: "gw1".into() })
    }),
    ("error", |lab| {
        lab.refused(Objection::Path(lab.name_refused()))
    }),
    ("silent", |lab| {
        lab.refused(Objection::Path(lab.no_anchor()))
    }),
    ("silent", |lab| {
        lab.jks("tls.jks", [lab.tls().names(["192.0.2.1"]).entry("tls")])
    }),
    ("silent", |lab| {
        lab.jks("wso2carbon.jks", [lab.primary().entry("wso2carbon")])
    }),
];
