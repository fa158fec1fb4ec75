use crate::{
    audit::{Check, Confidence, INSTALL, Rule, Severity, Sink, subject::Store},
    edit::Fault,
    verify::endpoint::EndpointProblem,
};

pub(super) static RULE: Rule = Rule {
    id: "chain-order",
    severity: Severity::Error,
    confidence: Confidence::High,
    what: "A chain that is out of order, or has foreign certificates in it",
    why: "The first certificate must be the key's own and each one certified by the next: TLS 1.2 and \
          many clients take no other order. Java sends what is in the entry.",
    remedy: "apim-pki store check {path} --repair --store-password file:PASSWORD",
    remedy_in_workspace: Some("apim-pki issue"),
    remedy_in_home: Some(INSTALL),
    source: "RFC 5246 section 7.4.2",
    checks: &[Check::Store(check), Check::Endpoint(endpoint)],
};

/// Out of order is an error. What is foreign most clients pass over.
fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, fault) in store.faults() {
        let (severity, message) = match fault {
            Fault::ChainOrder => (Severity::Error, "the chain is out of order".to_owned()),
            Fault::ChainForeign { certificates } => {
                let names = certificates.iter().filter_map(|it| it.view().ok());
                let names: Vec<String> = names
                    .map(|view| view.subject.readable().to_string())
                    .collect();
                let names = names.join(", ");
                let message =
                    format!("in the chain stand certificates that are no part of it: {names}");
                (Severity::Warning, message)
            }
            _ => continue,
        };
        if let Some(alias) = alias {
            let certificate = store.certificate(Some(alias), 0);
            sink.say(message)
                .about(alias, certificate)
                .severity(severity);
        }
    }
}

fn endpoint(problem: &EndpointProblem) -> bool {
    matches!(problem, EndpointProblem::ChainOrder { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("error", |lab| {
        lab.jks(
            "tls.jks",
            [lab.tls().issued_by(&lab.ca()).reversed().entry("tls")],
        )
    }),
    ("silent", |lab| {
        lab.jks("tls.jks", [lab.tls().issued_by(&lab.ca()).entry("tls")])
    }),
    ("warning", |lab| {
        lab.endpoint(EndpointProblem::ChainOrder { at: 1 })
    }),
    ("silent", |lab| lab.endpoint(lab.expires_soon())),
    ("warning", |lab| {
        lab.jks(
            "tls.jks",
            [lab.tls()
                .issued_by(&lab.ca())
                .followed_by(&lab.other())
                .entry("tls")],
        )
    }),
];
