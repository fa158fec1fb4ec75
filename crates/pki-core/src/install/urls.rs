//! Which URLs of a home name another server than the topology has for it, and which name too few.

use crate::{
    topology::{Group, Manager, Node, Topology},
    wso2::{
        Role,
        config::{
            Call, CallTarget, Client, Endpoint, HomeConfig, Host, Place, Several, State,
            WantedAuthority, WantedBeside,
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
    /// What the edit of the configuration takes.
    pub authority: WantedAuthority,
}

/// A value that names too few of the servers that should be called, each by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Incomplete {
    /// Where it stands: of several values the first.
    pub place: Place,
    /// The role that should answer.
    pub to: Role,
    /// The servers that it names, or will name, each as `host:port`.
    pub named: Vec<String>,
    /// Those that belong beside them.
    pub missing: Vec<String>,
    /// What the edit of the configuration takes; `None` where how several are named there is not known, or the
    /// value is written in another way.
    pub beside: Option<WantedBeside>,
}

/// What is wrong with the URLs of a home.
#[derive(Debug, Default)]
pub(super) struct Urls {
    pub(super) misdirected: Vec<Misdirected>,
    pub(super) incomplete: Vec<Incomplete>,
}

/// Every server in a URL that this node opens, which is `localhost`, the node's own address, or one node
/// where the target's balancer stands, though another role is meant that the topology knows; and every value
/// that names nodes of a role that are called each by itself, and not all of them.
///
/// A host that is none of these is somebody's decision, and stays; nor is anything put beside it.
pub(super) fn urls(topology: &Topology, node: &Node, config: &HomeConfig) -> Urls {
    let Some(own) = topology.group_of(node) else {
        return Urls::default();
    };
    let mut urls = Urls::default();
    let mut values: Vec<Value<'_>> = Vec::new();
    for (index, call) in config.calls.iter().enumerate() {
        let is_opened = call.state == State::On && call.openers.contains(&own.role);
        let (Some(place), Some(to), true) =
            (&call.setting.place, target(topology, call), is_opened)
        else {
            continue;
        };
        let Some(group) = group_for(topology, to).filter(|_| to != own.role) else {
            continue;
        };
        let is_list = matches!(call.several, Several::Elements | Several::Tables);
        let list = values.iter_mut().find(|it| {
            let first = &config.calls[it.calls[0]];
            is_list && first.key == call.key && it.place.key == place.key
        });
        match list {
            Some(value) => value.calls.push(index),
            None => values.push(Value {
                place,
                to,
                group,
                calls: vec![index],
            }),
        }
    }
    let mut finals: Vec<(Final<'_>, Option<usize>)> = Vec::new();
    for value in &values {
        let call = &config.calls[value.calls[0]];
        let servers: Vec<(usize, usize, &Endpoint)> = value
            .calls
            .iter()
            .flat_map(|call| {
                let endpoints = config.calls[*call].endpoints.iter().enumerate();
                endpoints.map(move |(position, endpoint)| (*call, position, endpoint))
            })
            .collect();
        let wanted = wanted(value.group, call.client, value.to);
        let is_taken = |host: &str| servers.iter().any(|(_, _, it)| is_host(it, host));
        // One server after the other gets the nodes that no other one of the value names.
        let free: Vec<&Server> = wanted.iter().filter(|it| !is_taken(&it.host)).collect();
        let (mut given, mut named, mut is_ours) = (0, Vec::new(), true);
        for (index, position, endpoint) in servers {
            let call = &config.calls[index];
            let is_wrong = is_misdirected(endpoint, value.group, call.client);
            let Some(target) = free.get(given).or(free.last()).filter(|_| is_wrong) else {
                is_ours &= wanted.iter().any(|it| is_host(endpoint, &it.host));
                named.push((text(call, endpoint), endpoint));
                continue;
            };
            given += 1;
            let authority = target.authority(endpoint, node, value.group);
            named.push((authority.clone(), endpoint));
            urls.misdirected.push(Misdirected {
                place: config.calls[index]
                    .setting
                    .place
                    .clone()
                    .unwrap_or_else(|| value.place.clone()),
                to: value.to,
                written: text(call, endpoint),
                wanted: authority.clone(),
                authority: WantedAuthority {
                    call: index,
                    endpoint: position,
                    authority,
                },
            });
        }
        let is_lent = matches!(call.several, Several::Elements | Several::Tables)
            && value.place.key != call.key;
        let missing: Vec<String> = match named.first() {
            Some((_, like)) if by_node(call.client) && call.several != Several::One => free
                .iter()
                .skip(given)
                .map(|it| it.authority(like, node, value.group))
                .collect(),
            _ => Vec::new(),
        };
        let named: Vec<String> = named.into_iter().map(|(text, _)| text).collect();
        let mut at = None;
        if is_ours && !is_lent && !missing.is_empty() {
            let takes = value
                .calls
                .iter()
                .all(|it| config.takes_beside(&config.calls[*it]));
            at = Some(urls.incomplete.len());
            urls.incomplete.push(Incomplete {
                place: value.place.clone(),
                to: value.to,
                named: named.clone(),
                beside: takes.then(|| WantedBeside {
                    call: value.calls[0],
                    servers: missing.clone(),
                }),
                missing: missing.clone(),
            });
        }
        if matches!(call.several, Several::Groups | Several::Tables) && !is_lent {
            let all = named.iter().chain(at.map_or(&[][..], |_| &missing));
            let hosts = all.map(|it| host_of(it).to_owned()).collect();
            finals.push((Final::of(value.place, hosts), at));
        }
    }
    keep_pairs(&mut urls.incomplete, &finals);
    urls
}

/// A value, or all of a list.
struct Value<'a> {
    place: &'a Place,
    to: Role,
    group: &'a Group,
    /// The indices of its calls.
    calls: Vec<usize>,
}

/// What a value of groups will name, and what it stands in: the groups for events and those for the login
/// that goes before are taken in pairs.
struct Final<'a> {
    file: &'a str,
    within: &'a str,
    hosts: Vec<String>,
}

impl<'a> Final<'a> {
    fn of(place: &'a Place, hosts: Vec<String>) -> Self {
        let within = place
            .key
            .rfind(['/', '.'])
            .map_or("", |at| &place.key[..at]);
        Self {
            file: &place.file,
            within,
            hosts,
        }
    }
}

/// Nothing is put beside a server where that would make its pair another one than it is.
fn keep_pairs(incomplete: &mut [Incomplete], finals: &[(Final<'_>, Option<usize>)]) {
    for (one, at) in finals {
        let differs = finals.iter().any(|(other, _)| {
            (other.file, other.within) == (one.file, one.within) && other.hosts != one.hosts
        });
        if let Some(it) = at.and_then(|at| incomplete.get_mut(at)).filter(|_| differs) {
            it.beside = None;
        }
    }
}

/// The role that should answer a call: of several the first that the topology has.
fn target(topology: &Topology, call: &Call) -> Option<Role> {
    match call.to {
        CallTarget::Role(to) => Some(to),
        CallTarget::AnyOf(roles) => {
            let mut roles = roles.iter();
            let has = |role: &&Role| group_for(topology, **role).is_some();
            roles.find(has).copied()
        }
        _ => None,
    }
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

impl Server {
    /// `host:port`, in the place of an endpoint or beside it. The port is with the offset of the node that it is
    /// one of: of this one where it was `localhost`.
    fn authority(&self, like: &Endpoint, node: &Node, group: &Group) -> String {
        let written = like.port.unwrap_or_default();
        let mut nodes = group.nodes.iter();
        let offset = match &like.host {
            Host::Named(name) => nodes
                .find(|it| it.host.to_string() == *name)
                .map_or(0, |it| it.offset),
            _ => node.offset,
        };
        let base = written.checked_sub(offset).unwrap_or(written);
        let port = base.saturating_add(self.offset);
        format!("{}:{port}", bracketed(&self.host))
    }
}

/// The host of `host:port`.
fn host_of(authority: &str) -> &str {
    authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host)
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
