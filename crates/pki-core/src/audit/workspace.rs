//! A workspace, with what verification says of it.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    Auditor, Check, Confidence, Finding, NotChecked, Part, Purpose, Sink,
    engine::{Place, shown},
};
use crate::{
    disk::{DiskError, RelPath, View},
    keystore::Format,
    observe::{Access, FoundFile, Inventory, Layout, Opened},
    topology::Topology,
    verify::{self, Edge, FilePlace, Problem, ProblemKind, Report},
    wso2::Slot,
};

impl Auditor<'_> {
    /// Judges every store of a workspace, takes over what verification says of the whole, and looks at
    /// what renewed stores were before.
    ///
    /// # Errors
    ///
    /// [`DiskError`] if what earlier runs replaced cannot be read.
    pub fn workspace(
        &self,
        view: &View,
        topology: &Topology,
        found: &Inventory,
    ) -> Result<(), DiskError> {
        let dir = view.dir();
        for (path, content, mode) in found.files() {
            let format = Format::detect(content.expose());
            let Some(purpose) = purpose(path, topology, format) else {
                continue;
            };
            let place = Place {
                path: shown(&dir.join(path.as_path())),
                node: Layout::node_of(path).map(|(node, _)| node.into()),
                purpose,
                in_workspace: true,
                verified: true,
                home: None,
            };
            let opened = found.open_store(path).map(|store| Opened {
                decoded: store.decoded.clone(),
                access: Access::Password(store.password.clone()),
            });
            let file = FoundFile {
                bytes: content.clone(),
                mode,
                format,
            };
            self.store(place, &file, opened);
        }
        self.former_stores(view, topology)?;
        self.take_over(dir, verify::verify(topology, found, self.context.now));
        Ok(())
    }

    fn former_stores(&self, view: &View, topology: &Topology) -> Result<(), DiskError> {
        let tls = &topology.stores.tls.file;
        for generation in view.generations()? {
            for file in generation.files.iter().filter(|file| file.before.is_some()) {
                let is_tls = Layout::node_of(&file.path).is_some_and(|(_, name)| name == tls);
                if is_tls && let Some(bytes) = view.read_replaced(generation.id, &file.path)? {
                    self.former(file.path.as_path(), bytes.expose());
                }
            }
        }
        Ok(())
    }

    /// Every problem and every connection that fails; what could not be judged is said.
    pub(super) fn take_over(&self, dir: &Path, report: Report) {
        for problem in &report.problems {
            let home = report.homes.iter();
            let home = home.filter(|it| Some(it.node.as_str()) == problem.node.as_deref());
            self.problem_of(dir, problem, home.map(|it| it.dir.as_path()).next());
        }
        self.connections(dir, &report.edges);
        self.keep(|kept| {
            kept.unchecked.extend(report.unjudged.iter().map(|it| {
                let file = it.file.as_ref();
                NotChecked {
                    path: file.map_or_else(|| it.node.as_str().into(), |it| it.to_string().into()),
                    reason: it.why.as_str().into(),
                }
            }));
            kept.edges.extend(report.edges);
        });
    }

    /// Takes over what verification found in a file of a workspace or a home, if a rule claims it.
    pub fn problem(&self, dir: &Path, problem: &Problem) {
        self.problem_of(dir, problem, None);
    }

    /// The same of a node whose home is known.
    fn problem_of(&self, dir: &Path, problem: &Problem, home: Option<&Path>) {
        let claims = |check: &Check| matches!(check, Check::Problem(claims) if claims(problem));
        let mut rules = self.rules.iter();
        let Some(rule) = rules.find(|rule| rule.checks.iter().any(claims)) else {
            return;
        };
        let mut findings = Vec::new();
        let mut sink = Sink::new(rule, Confidence::High, &mut findings);
        let finding = match named_in(problem) {
            None => {
                let finding = sink.say(problem.kind.to_string());
                if let Some(file) = &problem.file {
                    finding.at_file(dir, file);
                }
                finding
            }
            // What a configuration names is told where it names it.
            Some((place, others)) => {
                let file = problem.file.as_ref().map(FilePlace::within);
                let others = match others {
                    0 => String::new(),
                    others => format!(", and {others} other settings do"),
                };
                let file = file.unwrap_or_default();
                let finding = sink.say(format!("it names `{file}`{others}: {}", problem.kind));
                finding.at_file(dir, &place)
            }
        };
        if let ProblemKind::ConfigurationBroken(reason) = &problem.kind {
            let position = reason.position();
            finding.line = position.map(|(line, _)| line);
            finding.column = position.map(|(_, column)| column);
        }
        finding.node = problem.node.as_deref().map(Arc::from);
        finding.home = finding.home.take().or_else(|| home.map(shown));
        finding.path = finding.path.take().or_else(|| home.map(shown));
        finding.alias = problem.alias.as_deref().map(Arc::from);
        self.keep(|kept| kept.findings.extend(findings));
    }

    /// Takes over connections that fail, one finding for each target, name and reason, however many
    /// openers meet it.
    pub fn connections(&self, dir: &Path, edges: &[Edge]) {
        for rule in self.rules {
            let mut met: BTreeMap<(String, String, String, u16), Vec<&Edge>> = BTreeMap::new();
            for check in rule.checks {
                let Check::Edge(check) = check else { continue };
                for edge in edges {
                    if let Some(reason) = check(edge) {
                        let place = (edge.to.clone(), edge.name.clone(), reason, edge.port);
                        met.entry(place).or_default().push(edge);
                    }
                }
            }
            let mut findings: Vec<Finding> = Vec::new();
            for ((to, name, reason, port), edges) in met {
                let mut openers: Vec<&str> = edges.iter().map(|edge| edge.from.as_str()).collect();
                openers.dedup();
                let by = openers.join(", ");
                let mut sink = Sink::new(rule, Confidence::High, &mut findings);
                let finding = sink.say(format!("{by} → {to} as {name}, port {port}: {reason}"));
                let presented = edges.first().and_then(|edge| edge.presented.as_ref());
                if let Some(file) = presented {
                    finding.at_file(dir, file);
                    let path = file.in_workspace();
                    let node = path.and_then(Layout::node_of).map(|(node, _)| node);
                    let node = node.or_else(|| edges.first().map(|edge| edge.to.as_str()));
                    finding.node = node.map(Arc::from);
                }
            }
            self.keep(|kept| kept.findings.extend(findings));
        }
    }
}

/// Where the configuration of a home names the file that a problem is about, and how many more places do;
/// `None` for what is wrong with the file itself.
fn named_in(problem: &Problem) -> Option<(FilePlace, usize)> {
    let about_the_name = matches!(
        problem.kind,
        ProblemKind::FileMissing
            | ProblemKind::KeyMissing { .. }
            | ProblemKind::StoreDoesNotOpen(_)
    );
    let Some(FilePlace::Home { dir, .. }) = problem.file.as_ref().filter(|_| about_the_name) else {
        return None;
    };
    let (first, others) = problem.named_by.split_first()?;
    let mut parts = first.rsplitn(3, ':');
    let (column, line) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let place = FilePlace::Home {
        dir: Arc::clone(dir),
        file: parts.next()?.into(),
        position: Some((line, column)),
    };
    Some((place, others.len()))
}

impl Finding {
    /// Says in which file, and where in it. `dir` is the workspace's.
    pub(super) fn at_file(&mut self, dir: &Path, file: &FilePlace) -> &mut Self {
        self.in_workspace = file.in_workspace().is_some();
        self.home = match file {
            FilePlace::Home { dir, .. } => Some(shown(dir)),
            _ => None,
        };
        self.path = Some(match file {
            FilePlace::Workspace(path) => shown(&dir.join(path.as_path())),
            file => file.path().into(),
        });
        let position = file.position();
        self.line = position.map(|(line, _)| line);
        self.column = position.map(|(_, column)| column);
        self
    }
}

/// What a file of a workspace is for; `None` for one that is no store, or tells what a store tells.
fn purpose(path: &RelPath, topology: &Topology, format: Option<Format>) -> Option<Purpose> {
    let text = path.as_str();
    let name = path.file_name();
    let folder = text.split('/').next().unwrap_or_default();
    let slot = || {
        let mut stores = topology.stores.iter();
        let found = stores.find(|(_, settings)| settings.file == name);
        found.map(|(slot, _)| slot)
    };
    let part = match folder {
        "ca" => Part::Ca,
        "balancers" => Part::Balancer,
        // Copies of what a store beside them holds.
        "nodes" | "primary" if format == Some(Format::Pem) && name.ends_with(".pem") => {
            return None;
        }
        "nodes" | "primary" => slot().map_or(Part::Other, Part::Slot),
        _ => return None,
    };
    let is_store = format.is_some() || matches!(part, Part::Slot(Slot::Primary | Slot::Tls));
    (is_store || matches!(part, Part::Slot(_))).then(|| Purpose::certain(part))
}
