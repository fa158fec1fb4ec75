//! An audit as SARIF 2.1.0 (OASIS), for code scanning and editors.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
};

use serde::Serialize;

use crate::{
    audit::{Confidence, Finding, Report, Rule, Severity, rules},
    x509::moment,
};

/// Writes the findings, every rule, and what could not be read as a notification.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn audit(report: &Report, sink: &mut dyn Write) -> io::Result<()> {
    let index: BTreeMap<&str, usize> = rules::ALL
        .iter()
        .enumerate()
        .map(|(at, rule)| (rule.id, at))
        .collect();
    let notifications = report.unread.iter().map(|unread| Notification {
        level: "error",
        message: text(&unread.reason),
        locations: vec![location(&unread.path, None, None, None)],
    });
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "apim-pki",
                    version: env!("CARGO_PKG_VERSION"),
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: rules::ALL
                        .iter()
                        .map(|rule| Described::from(*rule))
                        .collect(),
                },
            },
            invocations: [Invocation {
                execution_successful: report.unread.is_empty(),
                end_time_utc: moment(report.now),
                tool_execution_notifications: notifications.collect(),
            }],
            column_kind: "unicodeCodePoints",
            results: report
                .findings
                .iter()
                .map(|finding| result(finding, &index))
                .collect(),
        }],
    };
    serde_json::to_writer_pretty(&mut *sink, &log)?;
    writeln!(sink)
}

fn result<'a>(finding: &'a Finding, index: &BTreeMap<&str, usize>) -> Found<'a> {
    let locations = finding
        .path
        .as_deref()
        .map(|path| location(path, finding.line, finding.column, finding.alias.as_deref()));
    let identity = [
        finding.path.as_deref(),
        finding.host.as_deref(),
        finding.node.as_deref(),
        finding.alias.as_deref(),
    ];
    let mut identity: Vec<String> = identity
        .iter()
        .map(|part| part.unwrap_or_default().to_owned())
        .collect();
    identity.extend(finding.sha256.map(|it| it.to_string()));
    Found {
        rule_id: finding.rule.id,
        rule_index: index.get(finding.rule.id).copied(),
        level: level(finding.severity),
        message: text(&finding.message),
        locations: locations.into_iter().collect(),
        partial_fingerprints: Fingerprints {
            identity: crate::x509::Fingerprint::of(identity.join("\n").as_bytes()).to_string(),
        },
        suppressions: finding
            .waived
            .as_ref()
            .map(|waiver| Suppression {
                kind: "external",
                status: "accepted",
                justification: format!(
                    "{} ({}, until {})",
                    waiver.reason, waiver.owner, waiver.expires
                ),
            })
            .into_iter()
            .collect(),
        baseline_state: finding.known.then_some("unchanged"),
        properties: Properties {
            confidence: finding.confidence.name(),
            node: finding.node.as_deref(),
            host: finding.host.as_deref(),
            alias: finding.alias.as_deref(),
            sha256: finding.sha256.map(|it| it.to_string()),
            not_after: finding.not_after.map(moment),
            remedy: finding.remedy(),
        },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn text(text: &str) -> Message {
    Message {
        text: text.to_owned(),
    }
}

fn location(
    path: &str,
    line: Option<usize>,
    column: Option<usize>,
    alias: Option<&str>,
) -> Location {
    Location {
        physical_location: Physical {
            artifact_location: Artifact { uri: uri(path) },
            region: line.map(|start_line| Region {
                start_line,
                start_column: column,
            }),
        },
        logical_locations: alias
            .map(|alias| Logical {
                name: alias.to_owned(),
                kind: "member",
            })
            .into_iter()
            .collect(),
    }
}

/// A path as a URI reference (RFC 3986): relative as it is given, absolute with `file://`. `.` and `..` go
/// as a reader of URIs takes them out (section 5.2.4); SARIF wants none in a file's (3.10.2).
fn uri(path: &str) -> String {
    let absolute = Path::new(path).is_absolute();
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." if segments.last().is_some_and(|last| *last != "..") => drop(segments.pop()),
            ".." if absolute => {}
            segment => segments.push(segment),
        }
    }
    let mut out = match absolute {
        true => "file:///".to_owned(),
        false => String::new(),
    };
    for byte in segments.join("/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    information_uri: &'static str,
    rules: Vec<Described>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    id: &'static str,
    short_description: Message,
    full_description: Message,
    help: Help,
    help_uri: String,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    precision: &'static str,
    tags: [&'static str; 2],
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    end_time_utc: String,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "place/v1")]
    identity: String,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
}

#[derive(Serialize)]
struct Properties<'a> {
    confidence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    remedy: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<usize>,
}

#[derive(Serialize)]
struct Logical {
    name: String,
    kind: &'static str,
}

impl From<&Rule> for Described {
    fn from(rule: &Rule) -> Self {
        let repository = env!("CARGO_PKG_REPOSITORY");
        Self {
            id: rule.id,
            short_description: text(rule.what),
            full_description: text(rule.why),
            help: Help {
                text: rule.remedy.to_owned(),
                markdown: rule.page(),
            },
            help_uri: format!("{repository}/blob/main/docs/rules/{}.md", rule.id),
            default_configuration: Configuration {
                level: level(rule.severity),
            },
            properties: RuleProperties {
                precision: match rule.confidence {
                    Confidence::High => "very-high",
                    Confidence::Medium => "medium",
                    Confidence::Low => "low",
                },
                tags: ["security", "pki"],
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_is_a_uri() {
        assert_eq!(uri("pki/a b#1.jks"), "pki/a%20b%231.jks");
        assert_eq!(uri("./ü"), "%C3%BC");
        assert_eq!(uri("/etc/a.jks"), "file:///etc/a.jks");
        assert_eq!(uri("/srv/../etc/./a.jks"), "file:///etc/a.jks");
        assert_eq!(uri("/../a.jks"), "file:///a.jks");
        assert_eq!(uri("../x/../../a.jks"), "../../a.jks");
    }
}
