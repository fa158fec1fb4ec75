use std::io::{self, Write};

use serde::Serialize;

use super::{certificate::moment, write};
use crate::audit::{Finding, Report, Waiver};

/// Writes what came of an audit as `apim-pki/audit/v1`.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn audit(report: &Report, sink: &mut dyn Write) -> io::Result<()> {
    let unread = report.unread.iter().map(|it| NotRead {
        path: &it.path,
        reason: &it.reason,
    });
    let unchecked = report.unchecked.iter().map(|it| NotRead {
        path: &it.path,
        reason: &it.reason,
    });
    write(
        &Audit {
            schema: "apim-pki/audit/v1",
            findings: report.findings.iter().map(Found::from).collect(),
            unread: unread.collect(),
            unchecked: unchecked.collect(),
        },
        sink,
    )
}

#[derive(Serialize)]
struct Audit<'a> {
    schema: &'static str,
    findings: Vec<Found<'a>>,
    unread: Vec<NotRead<'a>>,
    unchecked: Vec<NotRead<'a>>,
}

#[derive(Serialize)]
struct NotRead<'a> {
    path: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Found<'a> {
    rule: &'static str,
    severity: &'static str,
    confidence: &'static str,
    path: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    host: Option<&'a str>,
    node: Option<&'a str>,
    alias: Option<&'a str>,
    sha256: Option<String>,
    not_after: Option<String>,
    message: &'a str,
    remedy: String,
    waived: Option<Waived<'a>>,
    known: bool,
}

#[derive(Serialize)]
struct Waived<'a> {
    owner: &'a str,
    reason: &'a str,
    expires: String,
}

impl<'a> From<&'a Finding> for Found<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            rule: finding.rule.id,
            severity: finding.severity.name(),
            confidence: finding.confidence.name(),
            path: finding.path.as_deref(),
            line: finding.line,
            column: finding.column,
            host: finding.host.as_deref(),
            node: finding.node.as_deref(),
            alias: finding.alias.as_deref(),
            sha256: finding.sha256.map(|sha256| sha256.to_string()),
            not_after: finding.not_after.and_then(moment),
            message: &finding.message,
            remedy: finding.remedy(),
            waived: finding.waived.as_deref().map(Waived::from),
            known: finding.known,
        }
    }
}

impl<'a> From<&'a Waiver> for Waived<'a> {
    fn from(waiver: &'a Waiver) -> Self {
        Self {
            owner: &waiver.owner,
            reason: &waiver.reason,
            expires: waiver.expires.to_string(),
        }
    }
}
