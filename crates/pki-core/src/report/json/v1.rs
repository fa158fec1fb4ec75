//! Version 1 of the JSON reports. What is absent is `null`; times are RFC 3339 in UTC, fingerprints
//! lower-case hex without separators, names `dns:…`, `ip:…`, `uri:…`.

mod audit;
mod certificate;
mod change;
mod difference;
mod install;
mod probe;
mod secrets;
mod store;

use std::io::{self, Write};

pub use audit::audit;
pub use certificate::{certificates, judged};
pub use change::change;
pub use difference::{differences, findings};
pub use install::installation;
pub use probe::probe;
pub use secrets::{changed_secrets, secrets};
pub use store::stores;

use serde::Serialize;

use crate::{
    observe::Layout,
    path::PathProblem,
    plan::{Action, Plan as PlanValue},
    verify::{self, EdgeProblem, FilePlace, ProblemKind, Report, Severity, State},
};

/// Writes a plan as `apim-pki/plan/v1`.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn plan(plan: &PlanValue, sink: &mut dyn Write) -> io::Result<()> {
    let actions = plan.actions().iter().map(PlanAction::from).collect();
    write(
        &Plan {
            schema: "apim-pki/plan/v1",
            actions,
        },
        sink,
    )
}

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
        },
        sink,
    )
}

#[derive(Serialize)]
struct Plan {
    schema: &'static str,
    actions: Vec<PlanAction>,
}

#[derive(Serialize)]
struct PlanAction {
    node: Option<String>,
    file: String,
    action: &'static str,
    reason: String,
    /// One particular a line.
    detail: Option<String>,
}

#[derive(Serialize)]
struct Verify {
    schema: &'static str,
    edges: Vec<Edge>,
    problems: Vec<Problem>,
}

#[derive(Serialize)]
struct Edge {
    from: String,
    to: String,
    name: String,
    port: Option<u16>,
    state: &'static str,
    problems: Vec<String>,
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
}

impl From<&Action> for PlanAction {
    fn from(action: &Action) -> Self {
        Self {
            node: action.node.clone(),
            file: action.file.to_string(),
            action: action.verb.name(),
            reason: action.reason.to_string(),
            detail: (!action.detail.is_empty()).then(|| action.detail.join("\n")),
        }
    }
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
        }
    }
}

impl From<&verify::Problem> for Problem {
    fn from(problem: &verify::Problem) -> Self {
        Self {
            severity: problem.severity.name(),
            node: problem.node.clone(),
            file: problem.file.as_ref().map(ToString::to_string),
            alias: problem.alias.clone(),
            problem: problem.kind.id(),
            expected: problem.kind.expected(),
            found: problem.kind.found(),
            message: problem.kind.to_string(),
        }
    }
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
            let node = file
                .and_then(FilePlace::in_workspace)
                .and_then(|path| Layout::node_of(path))
                .map(|(node, _)| node.to_owned());
            let by_name = matches!(reason, EdgeProblem::Path(PathProblem::NameMismatch { .. }));
            let problem = Problem {
                severity: Severity::Error.name(),
                node,
                file: file.map(ToString::to_string),
                alias: None,
                problem: if by_name {
                    "name-not-covered"
                } else {
                    "connection-fails"
                },
                expected: by_name.then(|| edge.name.clone()),
                found: candidates(reason),
                message: reason.to_string(),
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

fn write(value: &impl Serialize, sink: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *sink, value)?;
    writeln!(sink)
}
