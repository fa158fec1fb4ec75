//! An audit as JUnit XML, for what shows test results.
//!
//! A suite for each file or host. What is as bad as `fail_on` is a failed test, what is less bad a passed one
//! that says so, what is waived or was in the baseline a skipped one, what could not be read an error; a
//! file without a finding is one passed test.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use super::xml::Xml;
use crate::{
    audit::{Finding, Report, Severity},
    x509::moment,
};

/// Writes the findings. `fail_on`: from which severity on a finding is a failed test; `None`: none is.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn audit(report: &Report, fail_on: Option<Severity>, sink: &mut dyn Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for store in &report.stores {
        suites.entry(&store.path).or_default();
    }
    for finding in &report.findings {
        let place = finding.path.as_deref().or(finding.host.as_deref());
        suites
            .entry(place.unwrap_or("audit"))
            .or_default()
            .push(finding);
    }
    let fails = |finding: &Finding| {
        finding.counts() && fail_on.is_some_and(|fail_on| finding.severity >= fail_on)
    };
    let failures = report.findings.iter().filter(|it| fails(it)).count();
    let skipped = report.findings.iter().filter(|it| !it.counts()).count();
    let errors = report.unread.len();
    let tests = errors + suites.values().map(|it| it.len().max(1)).sum::<usize>();
    writeln!(sink, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        sink,
        "<testsuites name=\"apim-pki audit\" tests=\"{tests}\" failures=\"{failures}\" \
         errors=\"{errors}\" skipped=\"{skipped}\" time=\"0\">"
    )?;
    let timestamp = moment(report.now);
    let timestamp = timestamp.trim_end_matches('Z');
    for (place, findings) in &suites {
        let failures = findings.iter().filter(|it| fails(it)).count();
        let skipped = findings.iter().filter(|it| !it.counts()).count();
        writeln!(
            sink,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" \
             skipped=\"{skipped}\" time=\"0\" timestamp=\"{timestamp}\">",
            Xml(place),
            findings.len().max(1),
        )?;
        for finding in findings {
            case(finding, fails(finding), sink)?;
        }
        if findings.is_empty() {
            writeln!(
                sink,
                "    <testcase classname=\"{}\" name=\"audit\" time=\"0\"/>",
                Xml(place)
            )?;
        }
        writeln!(sink, "  </testsuite>")?;
    }
    if errors > 0 {
        writeln!(
            sink,
            "  <testsuite name=\"not read\" tests=\"{errors}\" failures=\"0\" errors=\"{errors}\" \
             skipped=\"0\" time=\"0\" timestamp=\"{timestamp}\">"
        )?;
        for unread in &report.unread {
            writeln!(
                sink,
                "    <testcase classname=\"{0}\" name=\"read\" time=\"0\"><error \
                 message=\"{1}\">{1}</error></testcase>",
                Xml(&unread.path),
                Xml(&unread.reason),
            )?;
        }
        writeln!(sink, "  </testsuite>")?;
    }
    writeln!(sink, "</testsuites>")
}

fn case(finding: &Finding, fails: bool, sink: &mut dyn Write) -> io::Result<()> {
    let place = finding.path.as_deref().or(finding.host.as_deref());
    let name = match &finding.alias {
        Some(alias) => format!("{} {alias}", finding.rule.id),
        None => finding.rule.id.to_owned(),
    };
    let said = format!(
        "{}: {}\n{}",
        finding.severity.name(),
        finding.message,
        finding.remedy()
    );
    write!(
        sink,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"0\">",
        Xml(place.unwrap_or("audit")),
        Xml(&name)
    )?;
    match (&finding.waived, finding.known) {
        (Some(waiver), _) => {
            let why = format!(
                "waived by {} until {}: {}",
                waiver.owner, waiver.expires, waiver.reason
            );
            write!(sink, "<skipped message=\"{}\"/>", Xml(&why))?;
        }
        (None, true) => write!(sink, "<skipped message=\"it was in the baseline\"/>")?,
        (None, false) if fails => write!(
            sink,
            "<failure message=\"{}\" type=\"{}\">{}</failure>",
            Xml(&finding.message),
            finding.rule.id,
            Xml(&said)
        )?,
        (None, false) => write!(sink, "<system-out>{}</system-out>", Xml(&said))?,
    }
    writeln!(sink, "</testcase>")
}
