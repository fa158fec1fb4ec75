use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use super::{
    Layout,
    lines::{Lines, Tone, count},
};
use crate::{
    path::PathProblem,
    verify::{Edge, EdgeProblem, Report, State},
};

/// Writes who connects to whom: a row for each opener, a column for each target, both by number. Nodes of a
/// role for which the same holds stand together, so that two hundred gateways are one row.
///
/// Columns that do not fit stand in another block below.
pub(super) fn write(report: &Report, layout: Layout, lines: &mut Lines<'_>) -> io::Result<()> {
    let matrix = Matrix::of(report);
    if matrix.cells.is_empty() {
        return Ok(());
    }
    let label = |at: usize| format!("{:>2} {}", at + 1, matrix.parties[at]);
    let widest = matrix.parties.len();
    let widest = (0..widest).map(|at| label(at).chars().count()).max();
    let room = layout.width.unwrap_or(UNBROKEN).saturating_sub(2);
    let widest = widest.unwrap_or(0).min(room / 2);
    let fit = (room.saturating_sub(widest) / CELL).max(1);
    lines.put(
        0,
        "who connects to whom: openers in rows, targets in columns",
    )?;
    let targets: Vec<usize> = matrix.targets().into_iter().collect();
    for block in targets.chunks(fit) {
        let head: String = block
            .iter()
            .map(|at| format!("{:>CELL$}", at + 1))
            .collect();
        lines.row(2, Tone::Plain, &format!("{:widest$}{head}", ""))?;
        for from in matrix.openers() {
            let cells: Vec<Option<&Cell>> = block
                .iter()
                .map(|to| matrix.cells.get(&(from, *to)))
                .collect();
            let tone = match cells.iter().flatten().any(|cell| cell.is_bad()) {
                true => Tone::Alarm,
                false => Tone::Plain,
            };
            let words: String = cells
                .iter()
                .map(|cell| format!("{:>CELL$}", cell.map_or("·", |cell| cell.word())))
                .collect();
            let name = shortened(&label(from), widest);
            lines.row(2, tone, &format!("{name:widest$}{words}"))?;
        }
        let openers = matrix.openers();
        for to in block.iter().filter(|to| !openers.contains(to)) {
            lines.row(2, Tone::Plain, &shortened(&label(*to), room))?;
        }
    }
    legend(&matrix, lines)?;
    lines.blank()
}

fn legend(matrix: &Matrix, lines: &mut Lines<'_>) -> io::Result<()> {
    let words: BTreeSet<&str> = matrix.cells.values().map(Cell::word).collect();
    let told: Vec<&str> = LEGEND
        .iter()
        .filter(|(word, _)| words.contains(word))
        .map(|(_, text)| *text)
        .collect();
    lines.put(2, &told.join("; "))
}

struct Matrix {
    /// What stands in rows and columns.
    parties: Vec<String>,
    cells: BTreeMap<(usize, usize), Cell>,
}

/// What came of all connections between two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Cell {
    ok: bool,
    off: bool,
    unknown: bool,
    /// The first thing that is wrong.
    wrong: Option<&'static str>,
}

impl Cell {
    fn add(&mut self, edge: &Edge) {
        match edge.state {
            State::Ok => self.ok = true,
            State::Off => self.off = true,
            State::Unknown => self.unknown = true,
            State::Failed => {
                let mut errors = edge.problems.iter().filter(|it| !it.is_warning());
                self.wrong = self.wrong.or(errors.next().map(word));
            }
        }
    }

    fn join(&mut self, other: &Self) {
        self.ok |= other.ok;
        self.off |= other.off;
        self.unknown |= other.unknown;
        self.wrong = self.wrong.or(other.wrong);
    }

    fn is_bad(&self) -> bool {
        self.wrong.is_some()
    }

    /// The worst of it.
    fn word(&self) -> &'static str {
        match self {
            Self {
                wrong: Some(word), ..
            } => word,
            Self { ok: true, .. } => "ok",
            Self { unknown: true, .. } => "?",
            _ => "off",
        }
    }
}

impl Matrix {
    fn of(report: &Report) -> Self {
        let mut single: BTreeMap<(&str, &str), Cell> = BTreeMap::new();
        for edge in report.edges.iter().filter(|edge| edge.deployed) {
            let cell = single.entry((&edge.from, &edge.to)).or_default();
            cell.add(edge);
        }
        let groups = groups(report, &single);
        let mut parties: Vec<String> = groups.iter().map(|group| called(group)).collect();
        let mut place: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, group) in groups.iter().enumerate() {
            place.extend(group.members.iter().map(|name| (*name, at)));
        }
        let mut cells: BTreeMap<(usize, usize), Cell> = BTreeMap::new();
        for ((from, to), cell) in &single {
            let [from, to] = [from, to].map(|name| {
                *place.entry(name).or_insert_with(|| {
                    parties.push((*name).to_owned());
                    parties.len() - 1
                })
            });
            cells.entry((from, to)).or_default().join(cell);
        }
        Self { parties, cells }
    }

    fn openers(&self) -> BTreeSet<usize> {
        self.cells.keys().map(|(from, _)| *from).collect()
    }

    fn targets(&self) -> BTreeSet<usize> {
        self.cells.keys().map(|(_, to)| *to).collect()
    }
}

/// Nodes that stand together.
struct Group<'a> {
    role: String,
    members: Vec<&'a str>,
}

type Cells<'a> = BTreeMap<(&'a str, &'a str), Cell>;

/// The nodes of a role, unless one of them fares otherwise than the next; then each by itself, if there are
/// few enough to be looked at.
fn groups<'a>(report: &'a Report, cells: &Cells<'a>) -> Vec<Group<'a>> {
    let mut roles: Vec<Group<'a>> = Vec::new();
    for home in &report.homes {
        let role = match &home.role {
            Ok(told) => told.value.to_string(),
            Err(_) => String::new(),
        };
        let known = roles.iter_mut().find(|it| it.role == role);
        match known.filter(|it| !it.role.is_empty()) {
            Some(group) => group.members.push(&home.node),
            None => roles.push(Group {
                role,
                members: vec![&home.node],
            }),
        }
    }
    let many = report.homes.len() > MOST_ALONE;
    roles
        .into_iter()
        .flat_map(|group| match many || fare_alike(&group, cells) {
            true => vec![group],
            false => group
                .members
                .iter()
                .map(|name| Group {
                    role: group.role.clone(),
                    members: vec![*name],
                })
                .collect(),
        })
        .collect()
}

/// True if it makes no difference which of a group's nodes one looks at.
fn fare_alike(group: &Group<'_>, cells: &Cells<'_>) -> bool {
    // A node's own name is the same word for all of them.
    let of = |own: &str| -> BTreeSet<(bool, String, &'static str)> {
        let called = |name: &str| match name {
            name if name == own => "itself".to_owned(),
            name if group.members.contains(&name) => "twin".to_owned(),
            name => name.to_owned(),
        };
        let touching = cells
            .iter()
            .filter(|((from, to), _)| *from == own || *to == own);
        touching
            .map(|((from, to), cell)| match *from == own {
                true => (true, called(to), cell.word()),
                false => (false, called(from), cell.word()),
            })
            .collect()
    };
    let mut members = group.members.iter().map(|name| of(name));
    let first = members.next();
    members.all(|other| Some(other) == first)
}

fn called(group: &Group<'_>) -> String {
    match &group.members[..] {
        few if few.len() <= FEW => few.join(", "),
        many => format!("{} ({})", group.role, count(many.len(), "node")),
    }
}

/// What is wrong, in as few letters as a cell has.
fn word(problem: &EdgeProblem) -> &'static str {
    match problem {
        EdgeProblem::NoCertificate { .. } | EdgeProblem::NoTruststore { .. } => "store",
        EdgeProblem::NameUnchecked(problem) | EdgeProblem::Path(problem) => match problem {
            PathProblem::NameMismatch { .. } | PathProblem::NameRefused { .. } => "name",
            PathProblem::Expired { .. } | PathProblem::NotYetValid { .. } => "time",
            PathProblem::NoAnchor { .. } => "trust",
            _ => "chain",
        },
    }
}

/// A name that leaves room for what stands beside it.
fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

const LEGEND: &[(&str, &str)] = &[
    ("ok", "ok: works"),
    ("off", "off: not opened"),
    ("?", "?: not judged"),
    ("name", "name: the certificate is not about the name"),
    ("trust", "trust: the opener does not trust the issuer"),
    ("time", "time: not valid now"),
    ("store", "store: nothing to present, or no truststore"),
    ("chain", "chain: something else is wrong with a certificate"),
];
/// Columns of a cell: the longest word and a blank.
const CELL: usize = 6;
/// As many names as stand for themselves.
const FEW: usize = 3;
/// More nodes than this are told by role, with the worst of each: the list above says which fail.
const MOST_ALONE: usize = 24;
/// Where lines are not broken.
const UNBROKEN: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        verify::HomeTold,
        wso2::{Role, config::Told},
    };

    fn edge(from: &str, to: &str, state: State) -> Edge {
        let problem = crate::verify::EdgeProblem::NoCertificate {
            file: crate::verify::FilePlace::Named("a.jks".into()),
        };
        Edge {
            from: from.to_owned(),
            to: to.to_owned(),
            name: "x".to_owned(),
            port: 9443,
            by_name: true,
            settings: Vec::new(),
            state,
            why: None,
            problems: match state {
                State::Failed => vec![problem],
                _ => Vec::new(),
            },
            presented: None,
            truststore: None,
            deployed: true,
        }
    }

    fn report(nodes: &[(&str, Role)], edges: Vec<Edge>) -> Report {
        let homes = nodes.iter().map(|(node, role)| HomeTold {
            node: (*node).to_owned(),
            dir: (*node).into(),
            product: None,
            role: Ok(Told::new(*role, "")),
            hosts: Vec::new(),
            offset: 0,
        });
        Report {
            homes: homes.collect(),
            edges,
            ..Report::default()
        }
    }

    fn shown(report: &Report, width: Option<usize>) -> String {
        let mut out = Vec::new();
        let layout = Layout::new().width(width);
        write(report, layout, &mut Lines::new(&mut out, layout)).unwrap();
        String::from_utf8(out).unwrap()
    }

    const NODES: [(&str, Role); 4] = [
        ("gw-1", Role::Gateway),
        ("gw-2", Role::Gateway),
        ("km-1", Role::KeyManager),
        ("km-2", Role::KeyManager),
    ];

    fn mesh(fails: Option<(&str, &str)>) -> Vec<Edge> {
        let mut edges = Vec::new();
        for from in ["gw-1", "gw-2"] {
            for to in ["km-1", "km-2"] {
                let state = match fails == Some((from, to)) {
                    true => State::Failed,
                    false => State::Ok,
                };
                edges.push(edge(from, to, state));
            }
        }
        edges
    }

    #[test]
    fn twins_that_fare_alike_stand_together_and_others_do_not() {
        let mut edges = mesh(None);
        edges.push(edge("km-1", "external db", State::Unknown));
        edges.push(edge("km-2", "external db", State::Unknown));
        assert_eq!(
            shown(&report(&NODES, edges), None),
            "who connects to whom: openers in rows, targets in columns\n\
             \x20                    2     3\n\
             \x20  1 gw-1, gw-2     ok     ·\n\
             \x20  2 km-1, km-2      ·     ?\n\
             \x20  3 external db\n\
             \x20 ok: works; ?: not judged\n\n"
        );
        let shown = shown(&report(&NODES, mesh(Some(("gw-2", "km-1")))), None);
        assert!(shown.contains(" 1 gw-1    ok    ok\n"), "{shown}");
        assert!(shown.contains(" 2 gw-2 store    ok\n"), "{shown}");
    }

    #[test]
    fn a_narrow_terminal_gets_the_columns_in_blocks() {
        let nodes: Vec<String> = (1..=12).map(|at| format!("n{at}")).collect();
        let mut edges = Vec::new();
        for (at, from) in nodes.iter().enumerate() {
            for to in &nodes {
                let state = match at % 2 {
                    0 => State::Ok,
                    _ => State::Failed,
                };
                edges.push(edge(from, to, state));
            }
        }
        let nodes: Vec<(&str, Role)> = nodes
            .iter()
            .map(|it| (it.as_str(), Role::Gateway))
            .collect();
        let shown = shown(&report(&nodes, edges), Some(60));
        assert!(
            shown.lines().all(|line| line.chars().count() <= 60),
            "{shown}"
        );
        assert!(shown.contains("12 n12"), "{shown}");
    }
}
