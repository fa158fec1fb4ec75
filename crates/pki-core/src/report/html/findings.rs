use std::{collections::BTreeSet, io};

use super::{Page, prose, text, whole_names};
use crate::audit::{Finding, Severity};

/// The findings, with what filters them.
pub(super) fn write(page: &mut Page<'_>) -> io::Result<()> {
    let findings = &page.report.findings;
    page.put("<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings</h2>\n")?;
    if findings.is_empty() {
        page.put("<p>Nothing was found.</p>\n")?;
        return page.put("</section>\n");
    }
    controls(page)?;
    page.put(
        "<table class=\"findings\" id=\"findings-table\">\n<caption class=\"hidden-text\">Findings, worst \
         first</caption>\n<thead><tr><th scope=\"col\">Severity</th><th scope=\"col\">What</th>\
         <th scope=\"col\">Where</th></tr></thead>\n<tbody>\n",
    )?;
    for group in groups(findings) {
        row(page, group)?;
    }
    page.put("</tbody>\n</table>\n</section>\n")
}

fn controls(page: &mut Page<'_>) -> io::Result<()> {
    let rules: BTreeSet<&str> = page.report.findings.iter().map(|it| it.rule.id).collect();
    let places: BTreeSet<&str> = page.report.findings.iter().map(place).collect();
    page.put(
        "<form class=\"controls\" id=\"controls\" hidden role=\"search\" aria-label=\"Filter findings\">\n\
         <label for=\"search\">Search <span class=\"hidden-text\">in the findings</span>\
         <input type=\"search\" id=\"search\" autocomplete=\"off\" spellcheck=\"false\" \
         aria-describedby=\"search-help\"></label>\n<fieldset><legend>Severity</legend>\n",
    )?;
    for severity in ["error", "warning", "info"] {
        page.put(&format!(
            "<label><input type=\"checkbox\" name=\"severity\" value=\"{severity}\" checked> \
             {severity}</label>\n"
        ))?;
    }
    page.put("</fieldset>\n")?;
    select(page, "rule", "Rule", "every rule", &rules)?;
    select(page, "place", "Node or file", "everywhere", &places)?;
    page.put(
        "<button type=\"button\" id=\"reset\">Show all</button>\n<span id=\"search-help\" \
         class=\"hidden-text\">The key / goes here, Escape shows all again.</span>\n</form>\n\
         <p class=\"shown\" id=\"shown\" role=\"status\"></p>\n",
    )
}

fn select(
    page: &mut Page<'_>,
    id: &str,
    label: &str,
    all: &str,
    values: &BTreeSet<&str>,
) -> io::Result<()> {
    page.put(&format!(
        "<label for=\"{id}\">{label}<select id=\"{id}\"><option value=\"\">{all}</option>\n"
    ))?;
    for value in values {
        page.put(&format!(
            "<option value=\"{0}\">{0}</option>\n",
            text(value)
        ))?;
    }
    page.put("</select></label>\n")
}

/// Where a finding is filtered: at its node, its host, or its file.
fn place(finding: &Finding) -> &str {
    let named = finding.node.as_deref().or(finding.host.as_deref());
    named.or(finding.path.as_deref()).unwrap_or_default()
}

/// Findings of one rule about entries of one file, but for errors: a truststore has many.
fn groups(findings: &[Finding]) -> impl Iterator<Item = &[Finding]> {
    findings.chunk_by(|a, b| {
        let state = |it: &Finding| (it.severity, it.known, it.waived.clone());
        a.severity != Severity::Error
            && (a.rule.id, &a.path, &a.node) == (b.rule.id, &b.path, &b.node)
            && state(a) == state(b)
    })
}

fn row(page: &mut Page<'_>, group: &[Finding]) -> io::Result<()> {
    let Some(finding) = group.first() else {
        return Ok(());
    };
    let severity = finding.severity.name();
    let rule = finding.rule.id;
    page.put(&format!(
        "<tr data-severity=\"{severity}\" data-rule=\"{rule}\" data-place=\"{}\" \
         data-findings=\"{}\">\n<td><span class=\"badge {severity}\">{severity}</span>",
        text(place(finding)),
        group.len()
    ))?;
    if let Some(waiver) = &finding.waived {
        page.put(&format!(
            " <span class=\"badge waived\" title=\"{}\">waived until {}</span>",
            text(&format!("{}: {}", waiver.owner, waiver.reason)),
            waiver.expires
        ))?;
    } else if finding.known {
        page.put(" <span class=\"badge known\">known</span>")?;
    }
    page.put(&format!(
        "</td>\n<td><p class=\"message\">{}</p>\n<a class=\"rule\" href=\"#rule-{rule}\">{rule}</a>",
        prose(&finding.message)
    ))?;
    if group.len() > 1 {
        page.put(&format!(
            "<details><summary>{} more like it</summary><ul>\n",
            group.len() - 1
        ))?;
        for other in &group[1..] {
            let alias = other.alias.as_deref();
            let alias = alias.map_or_else(String::new, |it| format!("<code>{}</code>: ", text(it)));
            page.put(&format!("<li>{alias}{}</li>\n", prose(&other.message)))?;
        }
        page.put("</ul></details>\n")?;
    }
    page.put(&format!(
        "<details><summary>What to do</summary><pre>{}</pre></details></td>\n<td class=\"where\">",
        text_lines(&finding.remedy())
    ))?;
    let mut places: Vec<String> = Vec::new();
    if let Some(path) = &finding.path {
        let line = finding
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        places.push(format!("<code>{}{line}</code>", whole_names(path)));
    }
    if let Some(host) = &finding.host {
        places.push(format!("<code>{}</code>", text(host)));
    }
    if let Some(alias) = &finding.alias {
        places.push(format!("entry <code>{}</code>", text(alias)));
    }
    if let Some(node) = &finding.node {
        places.push(format!("node {}", text(node)));
    }
    if let Some(not_after) = finding.not_after {
        places.push(format!("ends on {}", not_after.date()));
    }
    page.put(&places.join("<br>"))?;
    page.put("</td>\n</tr>\n")
}

/// Commands keep their lines.
fn text_lines(commands: &str) -> String {
    let lines: Vec<String> = commands.lines().map(text).collect();
    lines.join("\n")
}

/// The rules that found something, explained.
pub(super) fn rules(page: &mut Page<'_>) -> io::Result<()> {
    if page.report.findings.is_empty() {
        return Ok(());
    }
    page.put(
        "<section aria-labelledby=\"rules\">\n<h2 id=\"rules\">Rules that found something</h2>\n",
    )?;
    let mut told = BTreeSet::new();
    page.put("<dl class=\"rules\">\n")?;
    for finding in &page.report.findings {
        let rule = finding.rule;
        if told.insert(rule.id) {
            page.put(&format!(
                "<dt id=\"rule-{0}\" tabindex=\"-1\"><code>{0}</code></dt>\n<dd><p>{1}.</p><p>{2}</p>\
                 <p class=\"note\">{3}</p></dd>\n",
                rule.id,
                prose(rule.what),
                prose(rule.why),
                text(rule.source)
            ))?;
        }
    }
    page.put("</dl>\n</section>\n")
}
