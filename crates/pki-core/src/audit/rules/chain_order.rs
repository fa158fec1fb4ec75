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

fn check(store: &Store<'_>, sink: &mut Sink<'_>) {
    for (alias, fault) in store.faults() {
        let message = match fault {
            Fault::ChainOrder => "the chain is out of order".to_owned(),
            Fault::ChainForeign { certificates } => {
                let names = certificates.iter().filter_map(|it| it.view().ok());
                let names: Vec<String> = names.map(|view| view.subject.to_string()).collect();
                format!(
                    "in the chain stand certificates that are no part of it: {}",
                    names.join(", ")
                )
            }
            _ => continue,
        };
        if let Some(alias) = alias {
            let certificate = store.certificate(Some(alias), 0);
            sink.say(message).about(alias, certificate);
        }
    }
}

fn endpoint(problem: &EndpointProblem) -> bool {
    matches!(problem, EndpointProblem::ChainOrder { .. })
}

#[cfg(test)]
pub(super) const FIXTURE: crate::audit::testing::Fixture = crate::audit::testing::Fixture {
    fires: |lab| {
        lab.jks(
            "tls.jks",
            [lab.tls().issued_by(&lab.ca()).reversed().entry("tls")],
        )
    },
    silent: |lab| lab.jks("tls.jks", [lab.tls().issued_by(&lab.ca()).entry("tls")]),
};
