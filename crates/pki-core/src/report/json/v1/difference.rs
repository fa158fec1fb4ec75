use std::io::{self, Write};

use serde::Serialize;

use super::write;
use crate::{
    edit::{Difference, Finding},
    report::text,
};

/// Writes how two stores differ as `apim-pki/diff/v1`.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn differences(
    left: &str,
    right: &str,
    found: &[Difference],
    sink: &mut dyn Write,
) -> io::Result<()> {
    write(
        &Diff {
            schema: "apim-pki/diff/v1",
            left,
            right,
            differences: found.iter().map(One::from).collect(),
        },
        sink,
    )
}

/// Writes what is wrong with stores as `apim-pki/check/v1`.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn findings(
    stores: &[(String, Vec<Finding>)],
    unread: &[text::Unread],
    sink: &mut dyn Write,
) -> io::Result<()> {
    let unread = unread.iter().map(|unread| NotRead {
        path: &unread.path,
        reason: &unread.reason,
    });
    let findings = stores.iter().flat_map(|(path, found)| {
        let each = found.iter();
        each.map(move |finding| Found::new(path, finding))
    });
    write(
        &Check {
            schema: "apim-pki/check/v1",
            findings: findings.collect(),
            unread: unread.collect(),
        },
        sink,
    )
}

#[derive(Serialize)]
struct Diff<'a> {
    schema: &'static str,
    left: &'a str,
    right: &'a str,
    differences: Vec<One>,
}

#[derive(Serialize)]
struct One {
    difference: &'static str,
    left: Option<String>,
    right: Option<String>,
    kind: Option<&'static str>,
    sha256: Option<String>,
    aspects: Vec<String>,
}

#[derive(Serialize)]
struct Check<'a> {
    schema: &'static str,
    findings: Vec<Found<'a>>,
    unread: Vec<NotRead<'a>>,
}

#[derive(Serialize)]
struct NotRead<'a> {
    path: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Found<'a> {
    path: &'a str,
    alias: Option<&'a str>,
    severity: &'static str,
    problem: &'static str,
    repairable: bool,
    message: String,
}

impl From<&Difference> for One {
    fn from(difference: &Difference) -> Self {
        let none = || Self {
            difference: "changed",
            left: None,
            right: None,
            kind: None,
            sha256: None,
            aspects: Vec::new(),
        };
        let said = |aspects: &[_]| aspects.iter().map(text::aspect_said).collect();
        match difference {
            Difference::OnlyLeft(lone) | Difference::OnlyRight(lone) => {
                let alias = Some(lone.alias.as_str().to_owned());
                let is_left = matches!(difference, Difference::OnlyLeft(_));
                let first = lone.certificates.first();
                let (difference, left, right) = match is_left {
                    true => ("only-left", alias, None),
                    false => ("only-right", None, alias),
                };
                Self {
                    difference,
                    left,
                    right,
                    kind: Some(lone.kind.name()),
                    sha256: first.map(|first| first.fingerprint().to_string()),
                    ..none()
                }
            }
            Difference::Changed { alias, aspects } => Self {
                left: Some(alias.as_str().to_owned()),
                right: Some(alias.as_str().to_owned()),
                aspects: said(aspects),
                ..none()
            },
            Difference::Renamed {
                left,
                right,
                aspects,
            } => Self {
                difference: "renamed",
                left: Some(left.as_str().to_owned()),
                right: Some(right.as_str().to_owned()),
                aspects: said(aspects),
                ..none()
            },
        }
    }
}

impl<'a> Found<'a> {
    fn new(path: &'a str, finding: &'a Finding) -> Self {
        Self {
            path,
            alias: finding.alias.as_ref().map(|alias| alias.as_str()),
            severity: finding.severity.name(),
            problem: text::fault_name(&finding.fault),
            repairable: finding.repairable,
            message: text::fault_said(&finding.fault),
        }
    }
}
