use std::io::{self, Write};

use serde::Serialize;

use super::write;
use crate::{
    observe::Layout,
    path::PathProblem,
    verify::{self, EdgeProblem, FilePlace, ProblemKind, Report, Severity, State},
};

/// Writes what came of verifying as `apim-pki/verify/v1`.
///
/// A failed connection for which no file is to blame by itself is a problem too, of the file that the
/// target presents: who reads the problems alone misses nothing.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn verify(report: &Report, sink: &mut dyn Write) -> io::Result<()> {
    let mut problems: Vec<Problem> = report.problems.iter().map(Problem::from).collect();
    problems.extend(of_connections(report));
    write(
        &Verify {
            schema: "apim-pki/verify/v1",
            edges: report.edges.iter().map(Edge::from).collect(),
            problems,
            homes: report.homes.iter().map(Home::from).collect(),
            unjudged: report.unjudged.iter().map(Unjudged::from).collect(),
        },
        sink,
    )
}

#[derive(Serialize)]
struct Verify {
    schema: &'static str,
    edges: Vec<Edge>,
    problems: Vec<Problem>,
    homes: Vec<Home>,
    unjudged: Vec<Unjudged>,
}

#[derive(Serialize)]
struct Edge {
    from: String,
    to: String,
    name: String,
    port: Option<u16>,
    state: &'static str,
    problems: Vec<String>,
    /// `workspace` or `homes`.
    of: &'static str,
    why: Option<String>,
    settings: Vec<String>,
}

#[derive(PartialEq, Eq, Serialize)]
struct Problem {
    severity: &'static str,
    node: Option<String>,
    file: Option<String>,
    alias: Option<String>,
    problem: &'static str,
    expected: Option<String>,
    found: Option<String>,
    message: String,
    line: Option<usize>,
    column: Option<usize>,
    named_by: Vec<String>,
}

#[derive(Serialize)]
struct Home {
    node: String,
    path: String,
    product: Option<String>,
    role: Option<&'static str>,
    hosts: Vec<String>,
    offset: u16,
    evidence: Vec<String>,
}

#[derive(Serialize)]
struct Unjudged {
    node: String,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    why: String,
}

impl From<&verify::Edge> for Edge {
    fn from(edge: &verify::Edge) -> Self {
        Self {
            from: edge.from.clone(),
            to: edge.to.clone(),
            name: edge.name.clone(),
            port: (edge.port != 0).then_some(edge.port),
            state: edge.state.name(),
            problems: edge.problems.iter().map(ToString::to_string).collect(),
            of: if edge.deployed { "homes" } else { "workspace" },
            why: edge.why.clone(),
            settings: edge.settings.clone(),
        }
    }
}

impl From<&verify::Problem> for Problem {
    fn from(problem: &verify::Problem) -> Self {
        Self {
            severity: problem.severity.name(),
            node: problem.node.clone(),
            file: problem.file.as_ref().map(FilePlace::path),
            alias: problem.alias.clone(),
            problem: problem.kind.id(),
            expected: problem.kind.expected(),
            found: problem.kind.found(),
            message: problem.kind.to_string(),
            line: position(problem.file.as_ref()).map(|(line, _)| line),
            column: position(problem.file.as_ref()).map(|(_, column)| column),
            named_by: problem.named_by.clone(),
        }
    }
}

impl From<&verify::HomeTold> for Home {
    fn from(home: &verify::HomeTold) -> Self {
        let product = home.product.as_ref();
        let role = home.role.as_ref().ok();
        let evidence = product.iter().flat_map(|told| &told.evidence);
        let evidence = evidence.chain(role.iter().flat_map(|told| &told.evidence));
        Self {
            node: home.node.clone(),
            path: home.dir.display().to_string(),
            product: product.map(|told| told.value.to_string()),
            role: role.map(|told| told.value.name()),
            hosts: home.hosts.clone(),
            offset: home.offset,
            evidence: evidence.cloned().collect(),
        }
    }
}

impl From<&verify::Unjudged> for Unjudged {
    fn from(unjudged: &verify::Unjudged) -> Self {
        let at = position(unjudged.file.as_ref());
        Self {
            node: unjudged.node.clone(),
            file: unjudged.file.as_ref().map(FilePlace::path),
            line: at.map(|(line, _)| line),
            column: at.map(|(_, column)| column),
            why: unjudged.why.clone(),
        }
    }
}

fn position(file: Option<&FilePlace>) -> Option<(usize, usize)> {
    file.and_then(FilePlace::position)
}

/// One problem for each file and cause, however many connections fail by it.
fn of_connections(report: &Report) -> Vec<Problem> {
    let mut problems = Vec::new();
    for edge in report.edges.iter().filter(|it| it.state == State::Failed) {
        for reason in edge.problems.iter().filter(|it| !it.is_warning()) {
            let file = file_of(edge, reason);
            if file.is_some_and(|file| explained(report, reason, file)) {
                continue;
            }
            let node = match file {
                Some(FilePlace::Workspace(path)) => {
                    Layout::node_of(path).map(|(node, _)| node.to_owned())
                }
                Some(FilePlace::Home { .. }) => match reason {
                    EdgeProblem::NoTruststore { .. } => Some(edge.from.clone()),
                    _ => Some(edge.to.clone()),
                },
                _ => None,
            };
            let by_name = matches!(reason, EdgeProblem::Path(PathProblem::NameMismatch { .. }));
            let problem = Problem {
                severity: Severity::Error.name(),
                node,
                file: file.map(FilePlace::path),
                alias: None,
                problem: if by_name {
                    "name-not-covered"
                } else {
                    "connection-fails"
                },
                expected: by_name.then(|| edge.name.clone()),
                found: candidates(reason),
                message: reason.to_string(),
                line: None,
                column: None,
                named_by: Vec::new(),
            };
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    problems
}

/// What the target presents, unless it is the opener's truststore that fails.
fn file_of<'a>(edge: &'a verify::Edge, reason: &'a EdgeProblem) -> Option<&'a FilePlace> {
    match reason {
        EdgeProblem::NoTruststore { file } => Some(file),
        _ => edge.presented.as_ref(),
    }
}

/// True if the file has an error of its own that says the same.
fn explained(report: &Report, reason: &EdgeProblem, file: &FilePlace) -> bool {
    let by_name = matches!(reason, EdgeProblem::Path(PathProblem::NameMismatch { .. }));
    report.problems.iter().any(|problem| {
        let names = matches!(problem.kind, ProblemKind::NamesMissing { .. });
        problem.severity == Severity::Error
            && problem.file.as_ref() == Some(file)
            && names == by_name
    })
}

fn candidates(reason: &EdgeProblem) -> Option<String> {
    match reason {
        EdgeProblem::Path(PathProblem::NameMismatch { candidates, .. }) => {
            Some(candidates.join(", "))
        }
        _ => None,
    }
}
