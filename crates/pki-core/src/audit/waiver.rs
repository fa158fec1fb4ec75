use std::sync::Arc;

use time::Date;

use super::{Finding, glob};
use crate::x509::Fingerprint;

/// Somebody's word that a finding is lived with, until a day.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiver {
    /// The rule.
    pub rule: String,
    /// The files, with `*` for any part of a name, `**` for any folders and `?` for a character.
    pub path: Option<String>,
    /// The node.
    pub node: Option<String>,
    /// `HOST:PORT`.
    pub host: Option<String>,
    /// The entry, compared as Java compares.
    pub alias: Option<String>,
    /// The certificate.
    pub sha256: Option<Fingerprint>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Date,
    /// Where it is written.
    pub file: Arc<str>,
    /// Line of that file, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Waiver {
    /// True if it is about a finding, whatever the day.
    pub(super) fn is_about(&self, finding: &Finding) -> bool {
        let same = |wanted: &Option<String>, found: &Option<Arc<str>>| match (wanted, found) {
            (None, _) => true,
            (Some(wanted), Some(found)) => glob::matches(wanted, found),
            (Some(_), None) => false,
        };
        let same_alias = match (&self.alias, &finding.alias) {
            (None, _) => true,
            (Some(wanted), Some(found)) => wanted.to_lowercase() == found.to_lowercase(),
            (Some(_), None) => false,
        };
        self.rule == finding.rule.id
            && same(&self.path, &finding.path)
            && same(&self.node, &finding.node)
            && same(&self.host, &finding.host)
            && same_alias
            && self
                .sha256
                .is_none_or(|wanted| Some(wanted) == finding.sha256)
    }
}
