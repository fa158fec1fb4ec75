mod read;

use std::{collections::BTreeMap, sync::Arc};

use super::{Finding, Level, Part, Soon, Waiver};
use crate::{
    topology::{Span, Topology},
    wso2::Slot,
};

/// What those who run the deployment make of the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Severities that differ from the rules' own, by id.
    pub severities: BTreeMap<String, Level>,
    /// When the end of a certificate is near, by what its store is for.
    pub expiring: BTreeMap<Part, Soon>,
    /// What is lived with.
    pub waivers: Vec<Arc<Waiver>>,
}

impl Policy {
    /// When the end of a certificate of a store is near: what the policy says, else the topology for its
    /// nodes, else what is usual.
    pub(super) fn soon(&self, part: Part, topology: Option<&Topology>, node: Option<&str>) -> Soon {
        if let Some(soon) = self.expiring.get(&part) {
            return *soon;
        }
        let node = topology.and_then(|topology| Some((topology, topology.node(node?)?)));
        match (part, node) {
            // The topology's own threshold, as `plan` and `verify` have it.
            (Part::Slot(Slot::Tls), Some((topology, node))) => {
                Soon::new(topology.tls_of(node).renew_before, 100)
            }
            (Part::Ca, _) => Soon::new(Span::years(1), 33),
            (Part::Slot(Slot::Primary | Slot::Internal), _) => Soon::new(Span::years(2), 33),
            (Part::Slot(Slot::Truststore), _) => Soon::new(Span::days(180), 33),
            (Part::Slot(Slot::Tls) | Part::Balancer | Part::Other, _) => {
                Soon::new(Span::days(30), 33)
            }
        }
    }

    /// Gives every finding the severity that the policy has for it, and takes out what it does not want.
    pub(super) fn apply_severities(&self, findings: &mut Vec<Finding>) {
        findings.retain_mut(|finding| match self.severities.get(finding.rule.id) {
            None => true,
            Some(Level::Off) => false,
            Some(Level::At(severity)) => {
                finding.severity = *severity;
                true
            }
        });
    }
}
