//! The findings of an audit as a table (RFC 4180), for spreadsheets.
//!
//! One line a finding, then one for what could not be read, with the severity `unread`. A cell that a
//! spreadsheet would take for a formula begins with a quote: names in certificates are strangers' text.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use crate::{audit::Report, x509::moment};

/// Writes the findings, and what was not read.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn audit(report: &Report, sink: &mut dyn Write) -> io::Result<()> {
    row(&COLUMNS.map(Cow::from), sink)?;
    for finding in &report.findings {
        let number = |number: Option<usize>| number.map_or_else(String::new, |it| it.to_string());
        let text = |text: &Option<_>| -> Cow<'_, str> {
            let text: &Option<std::sync::Arc<str>> = text;
            text.as_deref().unwrap_or_default().to_owned().into()
        };
        let waived = finding.waived.as_ref();
        row(
            &[
                finding.severity.name().into(),
                finding.rule.id.into(),
                finding.confidence.name().into(),
                text(&finding.node),
                text(&finding.host),
                text(&finding.path),
                number(finding.line).into(),
                number(finding.column).into(),
                text(&finding.alias),
                finding
                    .sha256
                    .map_or_else(String::new, |it| it.to_string())
                    .into(),
                finding.not_after.map_or_else(String::new, moment).into(),
                (&*finding.message).into(),
                finding.remedy().into(),
                waived.map_or("", |waiver| &waiver.owner).into(),
                if finding.known { "true" } else { "false" }.into(),
            ],
            sink,
        )?;
    }
    for unread in &report.unread {
        let mut cells = COLUMNS.map(|_| Cow::from(""));
        cells[0] = "unread".into();
        cells[5] = (&*unread.path).into();
        cells[11] = unread.reason.as_str().into();
        row(&cells, sink)?;
    }
    Ok(())
}

fn row(cells: &[Cow<'_, str>], sink: &mut dyn Write) -> io::Result<()> {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            sink.write_all(b",")?;
        }
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let guard = if formula { "'" } else { "" };
        match cell.contains([',', '"', '\n', '\r']) {
            true => write!(sink, "\"{guard}{}\"", cell.replace('"', "\"\""))?,
            false => write!(sink, "{guard}{cell}")?,
        }
    }
    sink.write_all(b"\r\n")
}

const COLUMNS: [&str; 15] = [
    "severity",
    "rule",
    "confidence",
    "node",
    "host",
    "path",
    "line",
    "column",
    "alias",
    "sha256",
    "not_after",
    "message",
    "remedy",
    "waived_by",
    "known",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cells: &[&str]) -> String {
        let cells: Vec<Cow<'_, str>> = cells.iter().map(|cell| (*cell).into()).collect();
        let mut out = Vec::new();
        row(&cells, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_cell_is_a_cell_whatever_is_in_it() {
        assert_eq!(
            written(&["a,b", "say \"x\"", "two\nlines"]),
            "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\r\n"
        );
        assert_eq!(written(&["=cmd()", "-1", "plain"]), "'=cmd(),'-1,plain\r\n");
    }
}
