//! An audit as Markdown, for a pull request or a ticket.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use crate::audit::{Finding, Report, Severity};

/// Writes the findings that count, worst first; what is waived, what was in the baseline, and what could not
/// be looked at, in lists of their own.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn audit(report: &Report, sink: &mut dyn Write) -> io::Result<()> {
    writeln!(sink, "# PKI audit, {}\n", report.now.date())?;
    writeln!(
        sink,
        "**{}** errors, **{}** warnings, **{}** infos in {} files.",
        report.count(Severity::Error),
        report.count(Severity::Warning),
        report.count(Severity::Info),
        report.stores.len()
    )?;
    for (severity, title) in [
        (Severity::Error, "Errors"),
        (Severity::Warning, "Warnings"),
        (Severity::Info, "Infos"),
    ] {
        let findings: Vec<&Finding> = report
            .counted()
            .filter(|finding| finding.severity == severity)
            .collect();
        table(title, &findings, sink)?;
    }
    let waived: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|it| it.waived.is_some())
        .collect();
    if !waived.is_empty() {
        writeln!(sink, "\n## Waived\n")?;
        for finding in waived {
            let Some(waiver) = &finding.waived else {
                continue;
            };
            writeln!(
                sink,
                "- `{}` {}: {} until {}: {}",
                finding.rule.id,
                code(&place(finding)),
                escaped(&waiver.owner),
                waiver.expires,
                escaped(&waiver.reason)
            )?;
        }
    }
    let known = report.findings.iter().filter(|it| it.known).count();
    if known > 0 {
        writeln!(sink, "\n{known} more were in the baseline.")?;
    }
    if !report.unread.is_empty() {
        writeln!(sink, "\n## Not read\n")?;
        for unread in &report.unread {
            writeln!(
                sink,
                "- {}: {}",
                code(&unread.path),
                escaped(&unread.reason)
            )?;
        }
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for unchecked in &report.unchecked {
        *reasons.entry(&unchecked.reason).or_default() += 1;
    }
    if !reasons.is_empty() {
        writeln!(sink, "\n## Not checked to the end\n")?;
        for (reason, number) in reasons {
            writeln!(sink, "- {number} files: {}", escaped(reason))?;
        }
    }
    Ok(())
}

fn table(title: &str, findings: &[&Finding], sink: &mut dyn Write) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(sink, "\n## {title}\n")?;
    writeln!(sink, "| rule | where | what | remedy |")?;
    writeln!(sink, "| --- | --- | --- | --- |")?;
    for finding in findings {
        let remedy: Vec<String> = finding.remedy().lines().map(code).collect();
        writeln!(
            sink,
            "| `{}` | {} | {} | {} |",
            finding.rule.id,
            code(&place(finding)),
            escaped(&finding.message),
            remedy.join("<br>")
        )?;
    }
    Ok(())
}

fn place(finding: &Finding) -> String {
    let mut place = finding
        .path
        .as_deref()
        .or(finding.host.as_deref())
        .unwrap_or_default()
        .to_owned();
    if let Some(line) = finding.line {
        place.push_str(&format!(":{line}"));
    }
    if let Some(alias) = &finding.alias {
        place.push_str(&format!(" ({alias})"));
    }
    place
}

/// A text in which nothing means anything to Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A text as code, in a table too.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let text = text.replace('|', "\\|");
    match (text.is_empty(), text.contains('`')) {
        (true, _) => String::new(),
        (_, true) => format!("`` {text} ``"),
        (_, false) => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_text_whatever_is_in_it() {
        assert_eq!(
            escaped("CN=<img src=x>|[a](http://b)"),
            "CN=&lt;img src=x&gt;\\|\\[a\\](http://b)"
        );
        assert_eq!(code("a|b`c"), "`` a\\|b`c ``");
    }
}
