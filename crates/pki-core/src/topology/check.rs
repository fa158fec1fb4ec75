//! What no single table can tell: names, hosts and aliases that meet.

use std::collections::HashMap;

use super::{
    Issuer, Node, Place, ProblemKind, Topology,
    reader::{Reader, Section},
};
use crate::wso2::GATEWAY_CERTIFICATE_ALIAS;

/// Notes everything that two parts of the topology cannot both have.
pub(super) fn all(r: &mut Reader<'_>, root: &Section<'_>, topology: &Topology) {
    names(r, root, topology);
    hosts(r, root, topology);
    aliases(r, root, topology);
}

/// Nodes and external parties share folders and aliases, so each needs a name of its own.
fn names(r: &mut Reader<'_>, root: &Section<'_>, topology: &Topology) {
    let mut taken: HashMap<&str, Place> = HashMap::new();
    let nodes = topology.groups.iter().flat_map(|group| {
        group.nodes.iter().map(|node| {
            let keys = vec!["roles", group.name.as_str(), "nodes", node.name.as_str()];
            (node.place, keys)
        })
    });
    let externals = topology
        .externals
        .iter()
        .map(|external| (external.place, vec!["external", external.name.as_str()]));
    for (place, keys) in nodes.chain(externals) {
        let Some(name) = keys.last().copied() else {
            continue;
        };
        let Some(first) = taken.get(name).copied() else {
            taken.insert(name, place);
            continue;
        };
        if let Some(field) = root.find(&keys) {
            let name = name.to_owned();
            field.note_key(r, ProblemKind::NameTaken { name, first });
        }
    }
}

/// Two nodes on one host need different ports.
fn hosts(r: &mut Reader<'_>, root: &Section<'_>, topology: &Topology) {
    let mut taken: HashMap<_, &Node> = HashMap::new();
    for group in &topology.groups {
        for node in &group.nodes {
            let Some(first) = taken.get(&(&node.host, node.offset)) else {
                taken.insert((&node.host, node.offset), node);
                continue;
            };
            let kind = ProblemKind::HostTaken {
                host: node.host.to_string(),
                offset: node.offset,
                node: first.name.clone(),
                first: first.place,
            };
            let keys = ["roles", &group.name, "nodes", &node.name];
            let host = root.find(&[&keys[..], &["host"]].concat());
            if let Some(field) = host.or_else(|| root.find(&keys)) {
                field.note(r, kind);
            }
        }
    }
}

/// In a truststore meet: the anchor (of self-signed nodes: each certificate under the node's name), the
/// primary's certificate, and where gateways look it up by a fixed alias, that.
fn aliases(r: &mut Reader<'_>, root: &Section<'_>, topology: &Topology) {
    let mut taken: Vec<(&str, &str)> = Vec::new();
    if topology.product.has_gateway_certificate_alias() {
        taken.push((
            GATEWAY_CERTIFICATE_ALIAS,
            "the signer of tokens in the truststore",
        ));
    }
    let primary = topology.primary.alias.as_str();
    let primary_field = root
        .find(&["primary", "alias"])
        .or_else(|| root.find(&["stores", "primary", "alias"]));
    let self_signed = topology.ca.issuer == Issuer::SelfSigned;
    let anchor = topology.stores.truststore.alias.as_str();
    let anchor_field = root.find(&["stores", "truststore", "alias"]);
    // What the file does not say comes first, so that a problem lies where something is written.
    let mut entries = vec![
        (
            primary,
            "the primary's certificate in the truststore",
            primary_field,
        ),
        (anchor, "the anchor in the truststore", anchor_field),
    ];
    if self_signed {
        entries.truncate(1);
    }
    entries.sort_by_key(|(_, _, field)| field.as_ref().map(|field| field.at));
    for (alias, what, field) in entries {
        let holder = taken.iter().find(|(other, _)| *other == alias);
        match (holder, field) {
            (Some((_, holder)), Some(field)) => {
                let (alias, holder) = (alias.to_owned(), (*holder).to_owned());
                field.note(r, ProblemKind::AliasTaken { alias, holder });
            }
            _ => taken.push((alias, what)),
        }
    }
    if !self_signed {
        return;
    }
    for group in &topology.groups {
        for node in &group.nodes {
            let Some((alias, holder)) = taken.iter().find(|(other, _)| *other == node.name) else {
                continue;
            };
            let (alias, holder) = ((*alias).to_owned(), (*holder).to_owned());
            if let Some(field) = root.find(&["roles", &group.name, "nodes", &node.name]) {
                field.note_key(r, ProblemKind::AliasTaken { alias, holder });
            }
        }
    }
}
