use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use super::{
    Layout,
    lines::{Lines, Tone, count},
};
use crate::audit::{Finding, Report, Severity};

/// Writes what an audit found: by node or path, worst first; what ends next; what to do; what could not be
/// looked at; and a line that sums it up.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn audit(report: &Report, layout: Layout, sink: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    findings(report, layout, &mut lines)?;
    calendar(report, layout, &mut lines)?;
    next_steps(report, layout, &mut lines)?;
    not_looked_at(report, layout, &mut lines)?;
    lines.put(0, &summary(report))
}

/// Writes the findings alone.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn audit_findings(report: &Report, layout: Layout, sink: &mut dyn Write) -> io::Result<()> {
    findings(report, layout, &mut Lines::new(sink, layout))
}

fn findings(report: &Report, layout: Layout, lines: &mut Lines<'_>) -> io::Result<()> {
    // The report has the worst first, so a place comes as early as its worst finding.
    let mut places: Vec<&str> = Vec::new();
    let mut by_place: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    let shown = |finding: &&Finding| layout.verbose || finding.counts();
    for finding in report.findings.iter().filter(shown) {
        let place = place(finding);
        if !by_place.contains_key(place) {
            places.push(place);
        }
        by_place.entry(place).or_default().push(finding);
    }
    for name in places {
        lines.put(0, name)?;
        for group in groups(&by_place[name], layout) {
            one(&group, lines)?;
        }
        lines.blank()?;
    }
    Ok(())
}

/// Where a finding is told: under its node, its host, or its file.
fn place(finding: &Finding) -> &str {
    let named = finding.node.as_deref().or(finding.host.as_deref());
    named.or(finding.path.as_deref()).unwrap_or("everything")
}

/// Findings that say the same of entries of one file stand on one line, but for errors.
fn groups<'a>(findings: &[&'a Finding], layout: Layout) -> Vec<Vec<&'a Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    let alike = |a: &Finding, b: &Finding| {
        (a.rule.id, &a.path, a.severity) == (b.rule.id, &b.path, b.severity)
    };
    for finding in findings {
        let one_line = !layout.verbose && finding.severity != Severity::Error;
        match groups.last_mut() {
            Some(group) if one_line && group.first().is_some_and(|it| alike(it, finding)) => {
                group.push(finding);
            }
            _ => groups.push(vec![finding]),
        }
    }
    groups
}

fn one(group: &[&Finding], lines: &mut Lines<'_>) -> io::Result<()> {
    let Some(finding) = group.first() else {
        return Ok(());
    };
    let tone = match finding.severity {
        _ if !finding.counts() => Tone::Plain,
        Severity::Error => Tone::Alarm,
        Severity::Warning => Tone::Warning,
        Severity::Info => Tone::Plain,
    };
    let mut place = finding.path.as_deref().unwrap_or_default().to_owned();
    if let (Some(line), Some(column)) = (finding.line, finding.column) {
        place.push_str(&format!(":{line}:{column}"));
    }
    let (what, more) = match (group.len(), &finding.alias) {
        (1, Some(alias)) => (format!(", `{alias}`"), String::new()),
        (1, None) => (String::new(), String::new()),
        (n, _) => (String::new(), format!(", and {} more like it", n - 1)),
    };
    let waived = match &finding.waived {
        Some(waiver) => format!(" (waived by {} until {})", waiver.owner, waiver.expires),
        None if finding.known => " (in the baseline)".to_owned(),
        None => String::new(),
    };
    let severity = finding.severity.name();
    let (message, rule) = (&finding.message, finding.rule.id);
    let separator = if place.is_empty() { "" } else { ": " };
    lines.tell(
        2,
        tone,
        &format!("{severity}: {place}{what}{separator}{message}{more} [{rule}]{waived}"),
    )
}

/// What ends next of the certificates in use: each day on a line.
fn calendar(report: &Report, layout: Layout, lines: &mut Lines<'_>) -> io::Result<()> {
    let mut days: BTreeMap<_, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for store in &report.stores {
        let owner = store.node.as_deref().unwrap_or(&store.path);
        for key in &store.facts.keys {
            let next = key.chain.iter().filter(|it| it.not_after >= report.now);
            for certificate in next {
                let day = days.entry(certificate.not_after.date()).or_default();
                day.insert((&certificate.subject, owner));
            }
        }
    }
    if days.is_empty() {
        return Ok(());
    }
    let shown = if layout.verbose {
        usize::MAX
    } else {
        NEXT_DAYS
    };
    lines.put(0, "ends next")?;
    for (day, certificates) in days.iter().take(shown) {
        let left = (*day - report.now.date()).whole_days();
        let mut names: Vec<String> = Vec::new();
        let mut subjects: Vec<&str> = certificates.iter().map(|(subject, _)| *subject).collect();
        subjects.dedup();
        for subject in &subjects {
            let owners = certificates.iter().filter(|(other, _)| other == subject);
            let owners: Vec<&str> = owners.map(|(_, owner)| *owner).collect();
            names.push(match &owners[..] {
                [one] => format!("{subject} ({one})"),
                many => format!("{subject} ({} places)", many.len()),
            });
        }
        let more = names.len().saturating_sub(FEW);
        if more > 0 && !layout.verbose {
            names.truncate(FEW);
            names.push(format!("{more} more"));
        }
        let text = format!(
            "{day} (in {}): {}",
            count(left.unsigned_abs() as usize, "day"),
            names.join(", ")
        );
        lines.put(2, &text)?;
    }
    lines.blank()
}

/// One remedy for each rule, those of the worst findings first.
fn next_steps(report: &Report, layout: Layout, lines: &mut Lines<'_>) -> io::Result<()> {
    let mut steps: Vec<(String, Vec<&str>)> = Vec::new();
    for finding in report.counted() {
        if finding.severity == Severity::Info && !layout.verbose {
            continue;
        }
        let remedy = finding.remedy();
        let rule = finding.rule.id;
        let told = steps.iter().any(|(_, rules)| rules.contains(&rule));
        match steps.iter_mut().find(|(step, _)| *step == remedy) {
            Some((_, rules)) if !rules.contains(&rule) => rules.push(rule),
            Some(_) => {}
            None if told && !layout.verbose => {}
            None => steps.push((remedy, vec![rule])),
        }
    }
    if steps.is_empty() {
        return Ok(());
    }
    lines.put(0, "next steps")?;
    for (remedy, rules) in &steps {
        lines.put(2, &format!("# {}", rules.join(", ")))?;
        remedy.lines().try_for_each(|line| lines.put(2, line))?;
    }
    lines.blank()
}

fn not_looked_at(report: &Report, layout: Layout, lines: &mut Lines<'_>) -> io::Result<()> {
    for unread in &report.unread {
        let text = format!("not read: {}: {}", unread.path, unread.reason);
        lines.tell(0, Tone::Alarm, &text)?;
    }
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for unchecked in &report.unchecked {
        let paths = reasons.entry(&unchecked.reason).or_default();
        paths.push(&unchecked.path);
    }
    for (reason, paths) in reasons {
        let shown = match &paths[..] {
            few if few.len() <= FEW || layout.verbose => few.join(", "),
            many => format!("{} and {} more", many[..FEW].join(", "), many.len() - FEW),
        };
        lines.put(0, &format!("not checked: {shown}: {reason}"))?;
    }
    match report.unread.is_empty() && report.unchecked.is_empty() {
        true => Ok(()),
        false => lines.blank(),
    }
}

/// `2 errors, 1 warning, 27 infos in 14 stores; 3 waived; 1 not read`.
fn summary(report: &Report) -> String {
    let counts: Vec<String> = [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Info, "info"),
    ]
    .into_iter()
    .map(|(severity, name)| count(report.count(severity), name))
    .collect();
    let stores = count(report.stores.len(), "file");
    let mut text = format!("{} in {stores}", counts.join(", "));
    let waived = report.findings.iter().filter(|it| it.waived.is_some());
    let known = report
        .findings
        .iter()
        .filter(|it| it.known && it.waived.is_none());
    for (number, what) in [
        (waived.count(), "waived"),
        (known.count(), "in the baseline"),
        (report.unchecked.len(), "not checked to the end"),
        (report.unread.len(), "not read"),
    ] {
        if number > 0 {
            text.push_str(&format!("; {number} {what}"));
        }
    }
    text
}

/// As many days as fit on a screen beside the rest.
const NEXT_DAYS: usize = 8;
/// As many names as fit on a line.
const FEW: usize = 3;
