use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use time::OffsetDateTime;

use super::{
    Layout,
    homes::{several, write_homes, write_unjudged},
    lines::{Lines, count},
    matrix,
};
use crate::{
    path::PathProblem,
    verify::{Edge, EdgeProblem, FilePlace, Problem, Report, Severity, State, Validity},
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

/// Writes every problem, errors first; the connections, failed ones in full; of homes, what each was taken
/// for and who connects to whom; until when each certificate is valid, the first to end first; and a line
/// that sums it up.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn verify(verified: Verified<'_>, layout: Layout, sink: &mut dyn Write) -> io::Result<()> {
    problems(verified, layout, sink)?;
    let mut lines = Lines::new(sink, layout);
    write_homes(verified.report, layout, &mut lines)?;
    matrix::write(verified.report, layout, &mut lines)?;
    write_good(verified.report, layout, &mut lines)?;
    write_unjudged(verified.report, &mut lines)?;
    write_validity(verified, layout, &mut lines)?;
    lines.put(0, &summary(verified.report))
}

/// Writes what is wrong alone: every problem, errors first, then the connections that fail.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn problems(verified: Verified<'_>, layout: Layout, sink: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    write_problems(verified, layout, &mut lines)?;
    write_failed(verified, layout, &mut lines)
}

fn write_problems(verified: Verified<'_>, layout: Layout, lines: &mut Lines<'_>) -> io::Result<()> {
    let problems = &verified.report.problems;
    for severity in [Severity::Error, Severity::Warning] {
        let of_severity = || problems.iter().filter(move |it| it.severity == severity);
        for (nodes, problems) in by_node(of_severity()) {
            let owner = match &nodes[..] {
                [] => "shared".to_owned(),
                [node] => format!("node {node}"),
                nodes => format!("nodes {}", names(nodes, layout)),
            };
            lines.put(0, &format!("{}s: {owner}", severity.name()))?;
            write_group(&problems, verified.advice, lines)?;
            lines.blank()?;
        }
    }
    Ok(())
}

/// Names as a heading has them: of a cluster all, of hundreds of homes the first, unless somebody wants to see
/// each.
fn names(names: &[&str], layout: Layout) -> String {
    match names.len() > MANY && !layout.verbose {
        true => several(names),
        false => names.join(", "),
    }
}

/// As many names as a heading holds.
const MANY: usize = 20;

/// Problems by whose they are. Homes with the same problems in the same places stand together; of a
/// workspace each node has its own folder, and so its own problems.
fn by_node<'a>(
    problems: impl Iterator<Item = &'a Problem>,
) -> Vec<(Vec<&'a str>, Vec<&'a Problem>)> {
    let mut nodes: Vec<(Option<&str>, Vec<&Problem>)> = Vec::new();
    let mut place: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for problem in problems {
        let node = problem.node.as_deref();
        let at = *place.entry(node).or_insert_with(|| {
            nodes.push((node, Vec::new()));
            nodes.len() - 1
        });
        nodes[at].1.push(problem);
    }
    let alike = |a: &[&Problem], b: &[&Problem]| {
        let same = |(a, b): (&&Problem, &&Problem)| {
            let what = |it: &Problem| (it.alias.clone(), it.named_by.clone());
            let of_a_home = !matches!(a.file, Some(FilePlace::Workspace(_) | FilePlace::Named(_)));
            of_a_home && place_of(a) == place_of(b) && what(a) == what(b) && a.kind == b.kind
        };
        a.len() == b.len() && a.iter().zip(b).all(same)
    };
    let mut groups: Vec<(Vec<&str>, Vec<&Problem>)> = Vec::new();
    for (node, problems) in nodes {
        let known = groups.iter_mut().find(|(_, known)| alike(known, &problems));
        match (known, node) {
            (Some((nodes, _)), Some(node)) => nodes.push(node),
            (_, node) => groups.push((node.into_iter().collect(), problems)),
        }
    }
    groups
}

/// The same advice for several problems in a row stands once, after the last.
fn write_group(
    problems: &[&Problem],
    advice: &dyn Advice,
    lines: &mut Lines<'_>,
) -> io::Result<()> {
    for (at, problem) in problems.iter().enumerate() {
        let text = problem.kind.to_string();
        match place_of(problem) {
            place if place.is_empty() => lines.put(2, &text)?,
            place => {
                lines.put(2, &place)?;
                lines.put(6, &text)?;
            }
        }
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
        if !problem.named_by.is_empty() {
            lines.put(6, &format!("named by {}", several(&problem.named_by)))?;
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
fn place_of(problem: &Problem) -> String {
    let file = problem.file.as_ref().map(FilePlace::within);
    let alias = problem
        .alias
        .as_ref()
        .map(|alias| format!("alias `{alias}`"));
    let parts: Vec<String> = file.into_iter().chain(alias).collect();
    parts.join(", ")
}

/// Connections that fail for the same reason at the same place stand together.
fn write_failed(verified: Verified<'_>, layout: Layout, lines: &mut Lines<'_>) -> io::Result<()> {
    let groups = failures(verified.report);
    for (at, group) in groups.iter().enumerate() {
        let edge = group.edge;
        let text = format!(
            "fails: {} → {}{}",
            names(&group.openers, layout),
            names(&group.targets, layout),
            address(edge)
        );
        lines.put(0, &text)?;
        for problem in &edge.problems {
            write_reason(edge, problem, lines)?;
        }
        if !edge.settings.is_empty() {
            lines.put(6, &format!("set by {}", several(&edge.settings)))?;
        }
        let hint = verified.advice.connection(edge);
        let next = groups
            .get(at + 1)
            .and_then(|next| verified.advice.connection(next.edge));
        if let Some(hint) = hint.filter(|hint| Some(hint) != next.as_ref()) {
            lines.put(2, &format!("hint: {hint}"))?;
        }
    }
    match groups.is_empty() {
        true => Ok(()),
        false => lines.blank(),
    }
}

/// Connections of which one stands for all: each opener with each target.
struct Failure<'a> {
    edge: &'a Edge,
    openers: Vec<&'a str>,
    targets: Vec<&'a str>,
}

fn failures(report: &Report) -> Vec<Failure<'_>> {
    let alike = |a: &Edge, b: &Edge| {
        (&a.name, a.port, &a.problems, &a.settings) == (&b.name, b.port, &b.problems, &b.settings)
    };
    // Twins present the same file, each of its own home.
    let presented = |edge: &Edge| match &edge.presented {
        Some(place @ FilePlace::Home { .. }) => Some(place.within()),
        _ => None,
    };
    let mut by_target: Vec<Failure<'_>> = Vec::new();
    for edge in report.failed() {
        let mut known = by_target.iter_mut();
        match known.find(|it| it.edge.to == edge.to && alike(it.edge, edge)) {
            Some(failure) => failure.openers.push(&edge.from),
            None => by_target.push(Failure {
                edge,
                openers: vec![&edge.from],
                targets: vec![&edge.to],
            }),
        }
    }
    let mut groups: Vec<Failure<'_>> = Vec::new();
    for failure in by_target {
        let file = presented(failure.edge);
        let known = groups.iter_mut().find(|it| {
            file.is_some()
                && presented(it.edge) == file
                && it.openers == failure.openers
                && alike(it.edge, failure.edge)
        });
        match known {
            Some(known) => known.targets.extend(failure.targets),
            None => groups.push(failure),
        }
    }
    groups
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
        Some(file) => lines.put(6, &format!("presented: `{}`", file.within())),
    }
}

fn write_good(report: &Report, layout: Layout, lines: &mut Lines<'_>) -> io::Result<()> {
    // Of homes the matrix tells it, unless somebody wants to see each.
    let told = |edge: &&Edge| edge.deployed && !layout.verbose;
    let of_state = |state| {
        let mut edges = of_state(&report.edges, state);
        edges.retain(|edge| !told(edge));
        edges
    };
    let (good, unknown) = (of_state(State::Ok), of_state(State::Unknown));
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
        let why = edge.why.as_deref();
        let text = format!(
            "not judged, since {}: {} → {}{}",
            why.unwrap_or("its certificate is not given"),
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
fn write_validity(verified: Verified<'_>, layout: Layout, lines: &mut Lines<'_>) -> io::Result<()> {
    let validity = &verified.report.validity;
    if validity.is_empty() {
        return Ok(());
    }
    lines.put(0, "valid until")?;
    for same in validity.chunk_by(|a, b| a.not_after.date() == b.not_after.date()) {
        let Some(Validity { not_after, .. }) = same.first() else {
            continue;
        };
        // Of a node with a workspace and a home there are two.
        let mut owners: Vec<&str> = Vec::new();
        for it in same {
            if !owners.contains(&it.owner.as_str()) {
                owners.push(&it.owner);
            }
        }
        let left = left(verified.now, *not_after);
        let owners = names(&owners, layout);
        let text = format!("{} ({left}): {owners}", not_after.date());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_hundreds_of_names_a_heading_has_the_first_unless_all_are_wanted() {
        let all: Vec<String> = (1..=300)
            .map(|number| format!("gateway-{number}"))
            .collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let short = Layout::default();
        let long = Layout {
            verbose: true,
            ..short
        };
        assert_eq!(
            names(&all, short),
            "gateway-1, gateway-2, gateway-3 and 297 more"
        );
        assert_eq!(names(&all, long), all.join(", "));
        assert_eq!(names(&all[..MANY], short), all[..MANY].join(", "));
    }
}
