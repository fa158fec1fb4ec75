//! Live servers.

use std::sync::Arc;

use super::{Auditor, Check, Confidence, Rule, Severity, Sink};
use crate::{
    observe::endpoint::Observation,
    verify::{
        self,
        endpoint::{EndpointProblem, Judgement},
    },
    x509::Certificate,
};

impl Auditor<'_> {
    /// Takes over what was seen of a live server, and what verification says of it. One that could not be
    /// looked at is told with the reason, which tells apart whether nobody listens, nobody answers, or
    /// something else than TLS is spoken.
    pub fn endpoint(&self, seen: &Observation, judgement: &Judgement, node: Option<&str>) {
        let host: Arc<str> = seen.endpoint.to_string().into();
        if let (true, Err(failure)) = (seen.is_unseen(), &seen.handshake) {
            return self.not_read(host, failure.to_string());
        }
        if !judgement.trust_judged {
            self.not_checked(host.clone(), "nobody said whom its clients trust");
        }
        let mut findings = Vec::new();
        for problem in &judgement.problems {
            let Some(rule) = self.rule_of_endpoint(problem) else {
                continue;
            };
            let mut sink = Sink::new(rule, Confidence::High, &mut findings);
            let finding = sink.say(problem.to_string());
            finding.host = Some(host.clone());
            finding.node = node.map(Arc::from);
            finding.certificate(about(problem, seen));
            finding.severity(match problem.severity() {
                verify::Severity::Error => Severity::Error,
                verify::Severity::Warning => Severity::Warning,
            });
            if let EndpointProblem::NotOnDisk { difference } = problem {
                finding.path = Some(difference.on_disk.file.as_str().into());
                finding.alias = difference.on_disk.alias.as_deref().map(Arc::from);
            }
        }
        self.keep(|kept| kept.findings.extend(findings));
    }

    fn rule_of_endpoint(&self, problem: &EndpointProblem) -> Option<&'static Rule> {
        let claims = |check: &Check| matches!(check, Check::Endpoint(claims) if claims(problem));
        let mut rules = self.rules.iter().copied();
        rules.find(|rule| rule.checks.iter().any(claims))
    }
}

/// The certificate that a problem is about.
fn about<'a>(problem: &'a EndpointProblem, seen: &'a Observation) -> Option<&'a Certificate> {
    match problem {
        EndpointProblem::ExpiresSoon { certificate, .. } => Some(certificate),
        EndpointProblem::ChainOrder { at } => seen.chain.get(*at),
        EndpointProblem::OldVersion { .. } | EndpointProblem::Handshake { .. } => None,
        _ => seen.chain.first(),
    }
}
