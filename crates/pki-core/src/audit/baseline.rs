use std::{collections::HashMap, sync::Arc};

use serde::Deserialize;

use super::{Finding, Report};

/// What a former audit found: only what is new counts.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    /// How many findings there were at each place.
    known: HashMap<Identity, usize>,
}

/// What makes two findings of two runs the same: not the words, which may become better, nor the line,
/// which moves.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
struct Identity {
    rule: String,
    path: Option<String>,
    host: Option<String>,
    node: Option<String>,
    alias: Option<String>,
    sha256: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    schema: String,
    findings: Vec<Identity>,
}

impl Baseline {
    /// Reads a report of the form `apim-pki/audit/v1`.
    ///
    /// # Errors
    ///
    /// [`BaselineError`] if it is no such report.
    pub fn from_json(text: &[u8]) -> Result<Self, BaselineError> {
        let document: Document =
            serde_json::from_slice(text).map_err(|error| BaselineError::Json(Arc::new(error)))?;
        if document.schema != SCHEMA {
            return Err(BaselineError::Schema(document.schema));
        }
        let mut known = HashMap::new();
        for identity in document.findings {
            *known.entry(identity).or_default() += 1;
        }
        Ok(Self { known })
    }
}

impl Report {
    /// Marks what the baseline had: it is told, and does not count.
    pub fn hold_against(&mut self, baseline: &Baseline) {
        let mut left = baseline.known.clone();
        for finding in &mut self.findings {
            if let Some(number) = left.get_mut(&Identity::of(finding))
                && *number > 0
            {
                *number -= 1;
                finding.known = true;
            }
        }
    }
}

impl Identity {
    fn of(finding: &Finding) -> Self {
        let text = |text: &Option<Arc<str>>| text.as_deref().map(str::to_owned);
        Self {
            rule: finding.rule.id.to_owned(),
            path: text(&finding.path),
            host: text(&finding.host),
            node: text(&finding.node),
            alias: text(&finding.alias),
            sha256: finding.sha256.map(|sha256| sha256.to_string()),
        }
    }
}

/// Why a text is no baseline.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// It is no JSON, or not of that form.
    #[error("it is no report of an audit")]
    Json(#[source] Arc<serde_json::Error>),
    /// It is another document.
    #[error("its schema is `{0}`, not `{SCHEMA}`")]
    Schema(String),
}

const SCHEMA: &str = "apim-pki/audit/v1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Severity, rules, testing::Lab};

    #[test]
    fn what_was_there_before_is_known_as_often_as_it_was_there() {
        let lab = Lab;
        let case = lab.jks("a.jks", [lab.tls().entry("a")]).mode(0o644);
        let mut before = case.audit(rules::ALL);
        assert!(before.fails(Severity::Warning));
        let mut json = Vec::new();
        let finding = &before.findings[0];
        let document = serde_json::json!({
            "schema": "apim-pki/audit/v1",
            "findings": [{
                "rule": finding.rule.id, "path": "a.jks", "host": null, "node": null,
                "alias": null, "sha256": null, "message": "other words",
            }],
            "unread": [],
        });
        serde_json::to_writer(&mut json, &document).unwrap();
        let baseline = Baseline::from_json(&json).unwrap();
        before.findings.push(before.findings[0].clone());
        before.hold_against(&baseline);
        let known: Vec<bool> = before.findings.iter().map(|it| it.known).collect();
        assert_eq!(known.iter().filter(|known| **known).count(), 1, "{known:?}");
    }

    #[test]
    fn what_is_no_report_is_no_baseline() {
        assert!(matches!(
            Baseline::from_json(b"x"),
            Err(BaselineError::Json(_))
        ));
        let other = br#"{"schema":"apim-pki/plan/v1","findings":[]}"#;
        assert!(matches!(
            Baseline::from_json(other),
            Err(BaselineError::Schema(_))
        ));
    }
}
