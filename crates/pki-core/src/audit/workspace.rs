//! A workspace, with what verification says of it.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    Auditor, Check, Confidence, Finding, Part, Purpose, Severity, Sink,
    engine::{Place, shown},
};
use crate::{
    disk::{DiskError, RelPath, View},
    keystore::Format,
    observe::{Access, FoundFile, Inventory, Layout, Opened},
    topology::Topology,
    verify::{self, Edge, FilePlace, Problem, Report},
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
        self.verified(dir, verify::verify(topology, found, self.context.now));
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

    fn verified(&self, dir: &Path, report: Report) {
        for problem in &report.problems {
            self.problem(dir, problem);
        }
        self.connections(dir, &report.edges);
        self.keep(|kept| kept.edges.extend(report.edges));
    }

    /// Takes over what verification found in a file of a workspace, if a rule claims it.
    pub fn problem(&self, dir: &Path, problem: &Problem) {
        let claims = |check: &Check| matches!(check, Check::Problem(claims) if claims(problem));
        let mut rules = self.rules.iter();
        let Some(rule) = rules.find(|rule| rule.checks.iter().any(claims)) else {
            return;
        };
        let mut findings = Vec::new();
        let mut sink = Sink::new(rule, Confidence::High, &mut findings);
        let finding = sink.say(problem.kind.to_string());
        if problem.severity == verify::Severity::Warning {
            finding.severity(rule.severity.min(Severity::Warning));
        }
        finding.path = problem.file.as_ref().map(|file| place_shown(dir, file));
        finding.node = problem.node.as_deref().map(Arc::from);
        finding.alias = problem.alias.as_deref().map(Arc::from);
        finding.in_workspace = true;
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
                if let Some(file) = edges.first().and_then(|edge| edge.presented.as_ref()) {
                    let path = file.in_workspace();
                    finding.node = path.and_then(Layout::node_of).map(|(node, _)| node.into());
                    finding.in_workspace = path.is_some();
                    finding.path = Some(place_shown(dir, file));
                }
            }
            self.keep(|kept| kept.findings.extend(findings));
        }
    }
}

fn place_shown(dir: &Path, file: &FilePlace) -> Arc<str> {
    match file {
        FilePlace::Workspace(path) => shown(&dir.join(path.as_path())),
        file => file.to_string().into(),
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
