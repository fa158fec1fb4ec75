//! What a server does with what was installed: what it takes by itself, and what needs a restart.

use super::{AtStart, Installation};
use crate::{
    disk::RelPath,
    topology::{Node, Topology},
    wso2::{Role, Slot, reloads},
};

/// What is to be done after an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct After {
    /// What the running server takes by itself, if nothing but stores changed.
    pub reloads: Vec<Reload>,
    /// Whether a restart is due for all of it to take effect.
    pub restart: bool,
    /// What the server needs then to open its vault.
    pub at_start: Option<AtStart>,
    /// In which order roles are started, each with its nodes; twins one at a time.
    pub order: Vec<(Role, Vec<String>)>,
}

/// Something that a running server takes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reload {
    /// What.
    pub what: &'static str,
    /// When, or after what.
    pub when: &'static str,
}

/// What follows from the files that an installation has changed.
pub fn after(
    topology: &Topology,
    node: &Node,
    installation: &Installation,
    changed: &[RelPath],
) -> After {
    let slots: Vec<Slot> = installation
        .stores
        .iter()
        .filter(|placed| changed.contains(&placed.path))
        .map(|placed| placed.slot)
        .collect();
    let configured = installation
        .edited
        .iter()
        .any(|edited| changed.iter().any(|path| path.as_str() == &*edited.file));
    let role = topology.group_of(node).map(|group| group.role);
    let reloads = match configured {
        // Another file name is read at the start alone.
        true => Vec::new(),
        false => reloads(topology.product)
            .filter(|row| slots.contains(&row.slot))
            .filter(|row| row.role.is_none() || row.role == role)
            .map(|row| Reload {
                what: row.what,
                when: row.when,
            })
            .collect(),
    };
    let order = topology
        .product
        .roles()
        .iter()
        .map(|role| {
            let groups = topology.groups.iter().filter(|group| group.role == *role);
            let nodes = groups.flat_map(|group| &group.nodes);
            (
                *role,
                nodes.map(|node| node.name.clone()).collect::<Vec<_>>(),
            )
        })
        .filter(|(_, nodes)| !nodes.is_empty())
        .collect();
    After {
        reloads,
        restart: configured || !slots.is_empty(),
        at_start: installation.at_start.clone(),
        order,
    }
}
