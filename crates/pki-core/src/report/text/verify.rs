use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use time::OffsetDateTime;

use super::{
    Layout,
    lines::{Lines, count},
};
use crate::{
    path::PathProblem,
    verify::{Edge, EdgeProblem, Problem, Report, Severity, State, Validity},
};

/// What came of verifying, and what is needed to tell it.
#[derive(Clone, Copy)]
pub struct Verified<'a> {
    /// The report.
    pub report: &'a Report,
    /// The moment that it is about.
    pub now: OffsetDateTime,
    /// What to do next.
    pub advice: &'a dyn Advice,
}

/// What to do about something. The library has no opinion: whoever shows the report knows which commands
/// there are.
pub trait Advice {
    /// About a problem of a file.
    fn problem(&self, problem: &Problem) -> Option<String>;
    /// About a connection that fails.
    fn connection(&self, edge: &Edge) -> Option<String>;
}

/// No advice.
impl Advice for () {
    fn problem(&self, _: &Problem) -> Option<String> {
        None
    }

    fn connection(&self, _: &Edge) -> Option<String> {
        None
    }
}

/// Writes every problem, errors first; the connections, failed ones in full; until when each certificate
/// is valid, the first to end first; and a line that sums it up.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn verify(verified: Verified<'_>, layout: Layout, sink: &mut dyn Write) -> io::Result<()> {
    problems(verified, layout, sink)?;
    let mut lines = Lines::new(sink, layout);
    write_good(verified.report, layout, &mut lines)?;
    write_validity(verified, &mut lines)?;
    lines.put(0, &summary(verified.report))
}

/// Writes what is wrong alone: every problem, errors first, then the connections that fail.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn problems(verified: Verified<'_>, layout: Layout, sink: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    write_problems(verified, &mut lines)?;
    write_failed(verified, &mut lines)
}

fn write_problems(verified: Verified<'_>, lines: &mut Lines<'_>) -> io::Result<()> {
    let problems = &verified.report.problems;
    for severity in [Severity::Error, Severity::Warning] {
        let mut groups: Vec<Option<&str>> = Vec::new();
        let of_severity = || problems.iter().filter(move |it| it.severity == severity);
        for problem in of_severity() {
            let node = problem.node.as_deref();
            if !groups.contains(&node) {
                groups.push(node);
            }
        }
        for node in groups {
            let owner = node.map_or("shared".to_owned(), |node| format!("node {node}"));
            lines.put(0, &format!("{}s: {owner}", severity.name()))?;
            let of_node: Vec<&Problem> = of_severity()
                .filter(|problem| problem.node.as_deref() == node)
                .collect();
            write_group(&of_node, verified.advice, lines)?;
            lines.blank()?;
        }
    }
    Ok(())
}

/// The same advice for several problems in a row stands once, after the last.
fn write_group(
    problems: &[&Problem],
    advice: &dyn Advice,
    lines: &mut Lines<'_>,
) -> io::Result<()> {
    for (at, problem) in problems.iter().enumerate() {
        lines.put(2, &place(problem))?;
        let text = problem.kind.to_string();
        lines.put(6, &text)?;
        let facts = [
            ("expected: ", problem.kind.expected()),
            ("found:    ", problem.kind.found()),
        ];
        for (label, fact) in facts {
            // What the sentence says already is not said again.
            if let Some(fact) = fact.filter(|fact| !fact.is_empty() && !says(&text, fact)) {
                lines.put(6, &format!("{label}{fact}"))?;
            }
        }
        let hint = advice.problem(problem);
        let next = problems.get(at + 1).and_then(|next| advice.problem(next));
        if let Some(hint) = hint.filter(|hint| Some(hint) != next.as_ref()) {
            lines.put(2, &format!("hint: {hint}"))?;
        }
    }
    Ok(())
}

/// True if a sentence holds a fact; of a moment it tells the day.
fn says(sentence: &str, fact: &str) -> bool {
    let day = fact.split_once('T').map_or(fact, |(day, _)| day);
    sentence.contains(fact) || (fact.ends_with('Z') && sentence.contains(day))
}

/// `nodes/gateway-1/tls.jks, alias tls`.
fn place(problem: &Problem) -> String {
    let file = problem.file.as_ref().map(ToString::to_string);
    let alias = problem
        .alias
        .as_ref()
        .map(|alias| format!("alias `{alias}`"));
    let parts: Vec<String> = file.into_iter().chain(alias).collect();
    parts.join(", ")
}

/// Connections that fail for the same reason at the same place stand together.
fn write_failed(verified: Verified<'_>, lines: &mut Lines<'_>) -> io::Result<()> {
    let failed: Vec<&Edge> = verified.report.failed().collect();
    let alike = |a: &Edge, b: &Edge| {
        (&a.to, &a.name, a.port, &a.problems, &a.settings)
            == (&b.to, &b.name, b.port, &b.problems, &b.settings)
    };
    let mut groups: Vec<Vec<&Edge>> = Vec::new();
    for edge in &failed {
        match groups.iter_mut().find(|group| alike(group[0], edge)) {
            Some(group) => group.push(edge),
            None => groups.push(vec![edge]),
        }
    }
    for (at, group) in groups.iter().enumerate() {
        let edge = group[0];
        let openers: Vec<&str> = group.iter().map(|edge| edge.from.as_str()).collect();
        let text = format!(
            "fails: {} → {}{}",
            openers.join(", "),
            edge.to,
            address(edge)
        );
        lines.put(0, &text)?;
        for problem in &edge.problems {
            write_reason(edge, problem, lines)?;
        }
        if !edge.settings.is_empty() {
            lines.put(6, &format!("set by {}", edge.settings.join(", ")))?;
        }
        let hint = verified.advice.connection(edge);
        let next = groups
            .get(at + 1)
            .and_then(|next| verified.advice.connection(next[0]));
        if let Some(hint) = hint.filter(|hint| Some(hint) != next.as_ref()) {
            lines.put(2, &format!("hint: {hint}"))?;
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => lines.blank(),
    }
}

fn write_reason(edge: &Edge, problem: &EdgeProblem, lines: &mut Lines<'_>) -> io::Result<()> {
    lines.put(6, &problem.to_string())?;
    let (EdgeProblem::Path(path) | EdgeProblem::NameUnchecked(path)) = problem else {
        return Ok(());
    };
    if let PathProblem::NameMismatch { candidates, .. } = path {
        let found = match candidates.is_empty() {
            true => "no such name".to_owned(),
            false => candidates.join(", "),
        };
        lines.put(6, &format!("found:    {found}"))?;
    }
    match &edge.presented {
        None => Ok(()),
        Some(file) => lines.put(6, &format!("presented: `{file}`")),
    }
}

fn write_good(report: &Report, layout: Layout, lines: &mut Lines<'_>) -> io::Result<()> {
    let edges = &report.edges;
    let good = of_state(edges, State::Ok);
    let unknown = of_state(edges, State::Unknown);
    if good.is_empty() && unknown.is_empty() {
        return Ok(());
    }
    lines.put(0, "connections that work")?;
    match layout.verbose {
        true => write_all(&good, lines)?,
        false => write_sums(&good, lines)?,
    }
    let warned = good.iter().filter(|edge| !edge.problems.is_empty());
    let mut told: Vec<String> = Vec::new();
    for problem in warned.flat_map(|edge| &edge.problems) {
        let text = problem.to_string();
        if !told.contains(&text) {
            lines.put(2, &format!("note: {text}"))?;
            told.push(text);
        }
    }
    for edge in unknown {
        let text = format!(
            "not judged, since its certificate is not given: {} → {}{}",
            edge.from,
            edge.to,
            address(edge)
        );
        lines.put(2, &text)?;
    }
    lines.blank()
}

fn write_all(edges: &[&Edge], lines: &mut Lines<'_>) -> io::Result<()> {
    edges.iter().try_for_each(|edge| {
        let text = format!("{} → {}{}", edge.from, edge.to, address(edge));
        lines.put(2, &text)
    })
}

/// By target and name: who opens it.
fn write_sums(edges: &[&Edge], lines: &mut Lines<'_>) -> io::Result<()> {
    let mut sums: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for edge in edges {
        let openers = sums.entry((&edge.to, called(edge))).or_default();
        if !openers.contains(&edge.from.as_str()) {
            openers.push(&edge.from);
        }
    }
    sums.into_iter().try_for_each(|((to, name), openers)| {
        let who = match &openers[..] {
            [one] if *one == to => "itself".to_owned(),
            [one] => (*one).to_owned(),
            few if few.len() <= FEW => few.join(", "),
            many => format!("{} and {} more", many[..2].join(", "), many.len() - 2),
        };
        lines.put(2, &format!("{to} as {name}: by {who}"))
    })
}

/// As many openers as fit on a line.
const FEW: usize = 3;

/// ` as gw.example.com, port 8243`.
fn address(edge: &Edge) -> String {
    match edge.port {
        0 => format!(" as {}", called(edge)),
        port => format!(" as {}, port {port}", called(edge)),
    }
}

/// The name by which the opener calls, and whether it looks for it.
fn called(edge: &Edge) -> String {
    match edge.by_name {
        true => edge.name.clone(),
        false => format!("{} (by trust alone, no name)", edge.name),
    }
}

fn of_state(edges: &[Edge], state: State) -> Vec<&Edge> {
    edges.iter().filter(|edge| edge.state == state).collect()
}

/// Owners of certificates that end on the same day stand on one line.
fn write_validity(verified: Verified<'_>, lines: &mut Lines<'_>) -> io::Result<()> {
    let validity = &verified.report.validity;
    if validity.is_empty() {
        return Ok(());
    }
    lines.put(0, "valid until")?;
    for same in validity.chunk_by(|a, b| a.not_after.date() == b.not_after.date()) {
        let Some(Validity { not_after, .. }) = same.first() else {
            continue;
        };
        let owners: Vec<&str> = same.iter().map(|it| it.owner.as_str()).collect();
        let left = left(verified.now, *not_after);
        let text = format!("{} ({left}): {}", not_after.date(), owners.join(", "));
        lines.put(2, &text)?;
    }
    lines.blank()
}

/// `in 824 days`, `for 3 days no more`.
fn left(now: OffsetDateTime, not_after: OffsetDateTime) -> String {
    let days = (not_after - now).whole_days();
    match (days, not_after < now) {
        (_, true) => format!("over since {}", count(days.unsigned_abs() as usize, "day")),
        _ => count(days.unsigned_abs() as usize, "day"),
    }
}

/// `not verified: 64 connections work, 2 errors, 1 warning`.
fn summary(report: &Report) -> String {
    let problems = |severity| {
        let of_severity = report.problems.iter().filter(|it| it.severity == severity);
        of_severity.count()
    };
    let edges = |state| of_state(&report.edges, state).len();
    let mut parts = vec![format!("{} work", count(edges(State::Ok), "connection"))];
    for (state, what) in [
        (State::Failed, "fail"),
        (State::Off, "switched off"),
        (State::Unknown, "not judged"),
    ] {
        if edges(state) > 0 {
            parts.push(format!("{} {what}", edges(state)));
        }
    }
    let (errors, warnings) = (problems(Severity::Error), problems(Severity::Warning));
    if report.is_clean() {
        parts.push("no problem".to_owned());
    } else {
        parts.push(count(errors, "error"));
        parts.push(count(warnings, "warning"));
    }
    let word = match (report.has_errors(), report.is_clean()) {
        (true, _) => "not verified",
        (false, false) => "verified, with warnings",
        (false, true) => "verified",
    };
    format!("{word}: {}", parts.join(", "))
}
