//! Which URLs of a home name another server than the topology has for it.

use crate::{
    topology::{Group, Manager, Node, Topology},
    wso2::{
        Role,
        config::{
            Call, CallTarget, Client, Endpoint, HomeConfig, Host, Place, State, WantedAuthority,
        },
    },
};

/// A URL that names another server than the topology has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misdirected {
    /// Where it stands.
    pub place: Place,
    /// The role that should answer.
    pub to: Role,
    /// `host:port` as written.
    pub written: String,
    /// `host:port` as the topology has it.
    pub wanted: String,
    /// Servers that should be named beside it and are not, each as `host:port`: a value of one server gets one.
    pub missing: Vec<String>,
    /// What the edit of the configuration takes.
    pub authority: WantedAuthority,
}

/// Every server in a URL that this node opens, which is `localhost`, the node's own address, or one node
/// where the target's balancer stands, though another role is meant that the topology knows.
///
/// A host that is none of these is somebody's decision, and stays.
pub(super) fn misdirected(
    topology: &Topology,
    node: &Node,
    config: &HomeConfig,
) -> Vec<Misdirected> {
    let Some(own) = topology.group_of(node) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (index, call) in config.calls.iter().enumerate() {
        let Some(place) = &call.setting.place else {
            continue;
        };
        let to = match call.to {
            CallTarget::Role(to) => to,
            // The first that the topology has.
            CallTarget::AnyOf(roles) => {
                let has = |role: &&Role| group_for(topology, **role).is_some();
                match roles.iter().find(has) {
                    Some(role) => *role,
                    None => continue,
                }
            }
            _ => continue,
        };
        if call.state != State::On || to == own.role || !call.openers.contains(&own.role) {
            continue;
        }
        let Some(group) = group_for(topology, to) else {
            continue;
        };
        let wanted = wanted(group, call.client, to);
        let written: Vec<&Endpoint> = call.endpoints.iter().collect();
        for (position, endpoint) in written.iter().enumerate() {
            if !is_misdirected(endpoint, group, call.client) {
                continue;
            }
            // One server after the other gets the nodes that no other one of the URL names.
            let taken = |host: &str| written.iter().any(|other| is_host(other, host));
            let mut free = wanted.iter().filter(|it| !taken(&it.host));
            let Some(target) = free
                .clone()
                .nth(position.min(free.clone().count().saturating_sub(1)))
            else {
                continue;
            };
            let port = port(endpoint, node, target);
            let authority = format!("{}:{port}", bracketed(&target.host));
            let last = position + 1 == written.len();
            let missing = free
                .by_ref()
                .filter(|it| last && it.host != target.host)
                .map(|it| format!("{}:{}", bracketed(&it.host), self::port(endpoint, node, it)))
                .collect();
            found.push(Misdirected {
                place: place.clone(),
                to,
                written: text(call, endpoint),
                wanted: authority.clone(),
                missing,
                authority: WantedAuthority {
                    call: index,
                    endpoint: position,
                    authority,
                },
            });
        }
    }
    found
}

/// A server that a URL should name.
struct Server {
    host: String,
    offset: u16,
}

/// The group that does a role's work; from 4.0 on the control plane is the key manager where there is none.
fn group_for(topology: &Topology, role: Role) -> Option<&Group> {
    let of = |role: Role| topology.groups.iter().find(|group| group.role == role);
    of(role).or_else(|| match role {
        Role::KeyManager if !topology.product.is_2x() => of(Role::ControlPlane),
        _ => None,
    })
}

/// Whom a client of a kind is to call: nodes, where no balancer can stand between; else the manager, the
/// public name, the balancer, or the first node.
fn wanted(group: &Group, client: Client, to: Role) -> Vec<Server> {
    let node = |node: &Node| Server {
        host: node.host.to_string(),
        offset: node.offset,
    };
    let named = |host: &crate::topology::Host| Server {
        host: host.to_string(),
        offset: 0,
    };
    if by_node(client) {
        return group.nodes.iter().map(node).collect();
    }
    let public = group.names.first().filter(|_| client == Client::Browser);
    let manager = match (&group.manager, to, client) {
        (Some(manager), Role::Gateway, Client::Kernel) => Some(manager),
        _ => None,
    };
    let balancer = group.balancers.first().map(|balancer| &balancer.host);
    let one = match (public, manager, balancer) {
        (Some(host), _, _) => Some(named(host)),
        (None, Some(Manager::Host(host)), _) => Some(named(host)),
        (None, Some(Manager::Node(name)), _) => {
            group.nodes.iter().find(|it| it.name == *name).map(node)
        }
        (None, None, Some(host)) => Some(named(host)),
        (None, None, None) => group.nodes.first().map(node),
    };
    one.into_iter().collect()
}

/// True for what is spoken to each node by itself.
const fn by_node(client: Client) -> bool {
    matches!(client, Client::DataAgent | Client::Jms | Client::Thrift)
}

fn is_misdirected(endpoint: &Endpoint, group: &Group, client: Client) -> bool {
    match &endpoint.host {
        Host::Loopback(_) | Host::Own(_) => true,
        Host::Named(_) if by_node(client) => false,
        Host::Named(name) => {
            let behind = !group.balancers.is_empty() && group.manager.is_none();
            behind
                && group
                    .nodes
                    .iter()
                    .any(|node| node.host.to_string() == *name)
        }
        _ => false,
    }
}

fn is_host(endpoint: &Endpoint, host: &str) -> bool {
    matches!(&endpoint.host, Host::Named(name) if name == host)
}

/// The port of the target: the written one is with this node's offset where it was `localhost`.
fn port(endpoint: &Endpoint, node: &Node, target: &Server) -> u16 {
    let written = endpoint.port.unwrap_or_default();
    let base = match endpoint.host {
        Host::Named(_) => written,
        _ => written.checked_sub(node.offset).unwrap_or(written),
    };
    base.saturating_add(target.offset)
}

fn bracketed(host: &str) -> String {
    match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_owned(),
    }
}

fn text(call: &Call, endpoint: &Endpoint) -> String {
    let written = call.setting.known().map(String::as_str);
    written
        .and_then(|value| value.get(endpoint.authority.clone()))
        .unwrap_or_default()
        .to_owned()
}
