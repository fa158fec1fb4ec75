//! The endpoints of a topology's nodes, and what the workspace says of each, or the node's home.

use std::{path::Path, sync::Arc};

use pki_core::{
    disk::Workspace,
    edit,
    observe::{
        Cluster, Home, Inventory, Layout,
        endpoint::{Endpoint, Target},
    },
    path::{Anchors, ServerName},
    topology::{Node, Topology},
    verify::endpoint::OnDisk,
    wso2::{Listener, Slot, listeners},
};

use super::Asked;
use crate::{
    cli::Global,
    deployment,
    error::{self, CommandError},
    passwords::{Purpose, SourceArg},
    secrets::Secrets,
    ui::Ui,
};

/// Every TLS port of some nodes.
pub(super) fn of(ui: &Ui, global: &Global, names: &[String]) -> Result<Vec<Asked>, CommandError> {
    let topology = deployment::read_topology(global)?;
    deployment::check_nodes(&topology, names)?;
    let found = inventory(ui, global, &topology)?;
    let chosen = |node: &Node| names.contains(&node.name);
    every(ui, global, &topology, (found.as_ref(), &[]), chosen)
}

/// Every TLS port of chosen nodes, held against the files of the node's home, if it is one of these: they
/// are what its server reads. Else against what the workspace has.
pub(in crate::commands) fn every(
    ui: &Ui,
    global: &Global,
    topology: &Topology,
    (found, homes): (Option<&Inventory>, &[&Home]),
    chosen: impl Fn(&Node) -> bool,
) -> Result<Vec<Asked>, CommandError> {
    let dir = global.workspace_dir();
    let cluster = Cluster::new(homes.iter().copied(), Some(topology));
    let mut asked = Vec::new();
    for node in topology.nodes().filter(|node| chosen(node)) {
        let place = Place {
            topology,
            node,
            dir: &dir,
            found,
            home: {
                let mut members = cluster.members().iter();
                let own = members.find(|it| it.node.is_some_and(|it| it.name == node.name));
                own.map(|it| it.home)
            },
        };
        let trust = place.trust(ui);
        let Some(group) = topology.group_of(node) else {
            continue;
        };
        for listener in listeners(topology.product, group.role) {
            asked.push(place.asked(ui, listener, trust.clone())?);
        }
    }
    Ok(asked)
}

/// What the workspace holds; `None` if there is none, which is no reason not to look at servers.
fn inventory(
    ui: &Ui,
    global: &Global,
    topology: &Topology,
) -> Result<Option<Inventory>, CommandError> {
    let paste = global.paste();
    let disk = |error| error::disk(&error, &paste);
    let dir = global.workspace_dir();
    let workspace = Workspace::open(&dir).map_err(disk)?;
    if !workspace.exists().map_err(disk)? {
        ui.warning(format_args!(
            "there is no workspace `{}`: neither trust nor files are judged",
            dir.display()
        ));
        return Ok(None);
    }
    let shared = workspace.share(global.lock_timeout).map_err(disk)?;
    let no_old: &[SourceArg] = &[];
    let secrets = Secrets::new(ui, topology, global.base(), no_old, Purpose::Open);
    let found = Inventory::read(shared.view(), topology, &secrets)
        .map_err(|error| secrets.explain(&error, &paste))?;
    Ok(Some(found))
}

/// A node, and its files.
struct Place<'a> {
    topology: &'a Topology,
    node: &'a Node,
    dir: &'a Path,
    found: Option<&'a Inventory>,
    home: Option<&'a Home>,
}

impl Place<'_> {
    fn asked(
        &self,
        ui: &Ui,
        listener: Listener,
        trust: Option<Arc<Anchors>>,
    ) -> Result<Asked, CommandError> {
        let host = self.node.host.to_string();
        let port = listener.port.saturating_add(self.node.offset);
        let endpoint = Endpoint::new(&host, port).map_err(|wrong| error::endpoint(&wrong))?;
        let slot = match listener.channel.presents_primary() {
            true => Slot::Primary,
            false => Slot::Tls,
        };
        let files = match self.home {
            Some(home) => in_home(ui, home, slot),
            None => self.on_disk(ui, slot),
        };
        Ok(Asked {
            node: Some(self.node.name.clone()),
            target: Target::new(endpoint),
            name: ServerName::from(host.as_str()),
            product: self.topology.product,
            channel: Some(listener.channel),
            trust,
            files: files.into_iter().collect(),
            optional: listener.optional,
        })
    }

    /// What the node's file says that it presents.
    fn on_disk(&self, ui: &Ui, slot: Slot) -> Option<OnDisk> {
        let settings = self.topology.stores.get(slot)?;
        let path = Layout::node_file(&self.node.name, &settings.file);
        let shown = self.dir.join(path.as_path()).display().to_string();
        let store = self.found?.open_store(&path);
        match store.and_then(|store| store.chain(&settings.alias)) {
            Some(chain) => Some(OnDisk::new(
                shown,
                Some(settings.alias.clone()),
                chain.to_vec(),
            )),
            None => {
                ui.warning(format_args!(
                    "`{shown}` has no key under `{}` that can be read: what is served is not compared",
                    settings.alias
                ));
                None
            }
        }
    }

    /// Whom the node trusts, and so the others.
    fn trust(&self, ui: &Ui) -> Option<Arc<Anchors>> {
        let deployed = self.home.and_then(|it| it.slot(Slot::Truststore));
        if let Some(trusted) = deployed.and_then(|(_, lead)| lead.decoded()) {
            return Some(Arc::new(Anchors::new(edit::trusted_by_java(trusted))));
        }
        let path = Layout::node_file(&self.node.name, &self.topology.stores.truststore.file);
        let found = self.found?;
        let Some(store) = found.open_store(&path) else {
            let shown = self.dir.join(path.as_path());
            ui.warning(format_args!(
                "`{}` cannot be read: trust is not judged",
                shown.display()
            ));
            return None;
        };
        Some(Arc::new(Anchors::new(edit::trusted_by_java(
            &store.decoded,
        ))))
    }
}

/// What the home's configuration says that it presents.
fn in_home(ui: &Ui, home: &Home, slot: Slot) -> Option<OnDisk> {
    let (reference, lead) = home.slot(slot)?;
    let shown = lead.path().unwrap_or(&home.dir).display().to_string();
    match lead.chain(reference) {
        Some(chain) => {
            let alias = reference.alias.known().cloned();
            Some(OnDisk::new(shown, alias, chain.to_vec()))
        }
        None => {
            ui.warning(format_args!(
                "`{shown}` has no key that can be read as the home is configured: what is served is not compared"
            ));
            None
        }
    }
}
