use std::{cmp::Reverse, sync::Arc};

use time::OffsetDateTime;

use super::{Finding, Looked, Severity};
use crate::verify::Edge;

/// What came of an audit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The moment that it is about.
    pub now: OffsetDateTime,
    /// What was found, worst first, then by node, path and entry.
    pub findings: Vec<Finding>,
    /// What could not be looked at, by path.
    pub unread: Vec<NotRead>,
    /// What was looked at, and not to the end, by path.
    pub unchecked: Vec<NotChecked>,
    /// The stores that were looked at, by path.
    pub stores: Vec<Looked>,
    /// The connections of a verified workspace.
    pub edges: Vec<Edge>,
}

/// A file, a folder or a host that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct NotRead {
    /// Its path.
    pub path: Arc<str>,
    /// Why not.
    pub reason: String,
}

/// A store of which only a part was looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct NotChecked {
    /// Its path.
    pub path: Arc<str>,
    /// Which part, and why.
    pub reason: Arc<str>,
}

impl Report {
    /// The findings that count: not waived, and not in the baseline.
    pub fn counted(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.counts())
    }

    /// How many that count have a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.counted()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// True if something that counts is this bad or worse.
    pub fn fails(&self, at: Severity) -> bool {
        self.counted().any(|finding| finding.severity >= at)
    }

    /// Puts everything in its order, which no thread had a say in.
    pub(super) fn sort(&mut self) {
        let place = |finding: &Finding| {
            (
                Reverse(finding.severity),
                finding.node.clone(),
                finding.path.clone(),
                finding.host.clone(),
                finding.rule.id,
                (finding.line, finding.column),
                finding.alias.clone(),
                finding.sha256,
                finding.message.clone(),
            )
        };
        self.findings.sort_by_cached_key(place);
        self.unread.sort();
        self.unchecked.sort();
        self.stores.sort_by(|a, b| a.path.cmp(&b.path));
    }
}
