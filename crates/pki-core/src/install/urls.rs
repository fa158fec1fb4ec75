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
    let home = Home {
        topology,
        node,
        role: own.role,
        config,
    };
    let judged = home.values().into_iter().map(|value| home.judged(&value));
    let mut judged: Vec<Judged<'_>> = judged.collect();
    keep_pairs(&mut judged);
    let mut urls = Urls::default();
    for it in judged {
        urls.misdirected.extend(it.misdirected);
        urls.incomplete.extend(it.incomplete);
    }
    urls
}

/// A home, and whose it is.
struct Home<'a> {
    topology: &'a Topology,
    node: &'a Node,
    role: Role,
    config: &'a HomeConfig,
}

/// A value, or all of a list.
struct Value<'a> {
    place: &'a Place,
    to: Role,
    group: &'a Group,
    /// The indices of its calls.
    calls: Vec<usize>,
}

/// What is wrong with a value.
struct Judged<'a> {
    misdirected: Vec<Misdirected>,
    incomplete: Option<Incomplete>,
    /// The groups for events and those for the login that goes before are taken in pairs: in which file and
    /// table such groups stand, and the hosts in their order, as they will be.
    pair: Option<((&'a str, &'a str), Vec<String>)>,
}

impl<'a> Home<'a> {
    /// What the node opens, and where the topology knows who should answer.
    fn values(&self) -> Vec<Value<'a>> {
        let mut values: Vec<Value<'a>> = Vec::new();
        for (index, call) in self.config.calls.iter().enumerate() {
            let (Some(place), Some(to)) = (&call.setting.place, target(self.topology, call)) else {
                continue;
            };
            let group = group_for(self.topology, to);
            let Some(group) = group.filter(|_| to != self.role && self.opens(call)) else {
                continue;
            };
            let list = values.iter_mut().find(|it| {
                let first = &self.config.calls[it.calls[0]];
                is_list(call) && first.key == call.key && it.place.key == place.key
            });
            match list {
                _ if self.is_anothers(call, place) => {}
                Some(value) => value.calls.push(index),
                None => values.push(Value {
                    place,
                    to,
                    group,
                    calls: vec![index],
                }),
            }
        }
        values
    }

    fn opens(&self, call: &Call) -> bool {
        call.state == State::On && call.openers.contains(&self.role)
    }

    /// True if a key that is not written takes the value of another one, which the node opens too.
    fn is_anothers(&self, call: &Call, place: &Place) -> bool {
        let mut calls = self.config.calls.iter();
        is_lent(call, place)
            && calls.any(|it| {
                it.key == place.key && self.opens(it) && it.setting.place.as_ref() == Some(place)
            })
    }

    fn judged(&self, value: &Value<'a>) -> Judged<'a> {
        let call = &self.config.calls[value.calls[0]];
        let servers = value.calls.iter().flat_map(|index| {
            let endpoints = self.config.calls[*index].endpoints.iter().enumerate();
            endpoints.map(move |(position, endpoint)| (*index, position, endpoint))
        });
        let servers: Vec<(usize, usize, &Endpoint)> = servers.collect();
        let wanted = wanted(value.group, call.client, value.to);
        let is_taken = |host: &str| servers.iter().any(|(_, _, it)| is_host(it, host));
        // One server after the other gets the nodes that no other one of the value names.
        let free: Vec<&Server> = wanted.iter().filter(|it| !is_taken(&it.host)).collect();
        let (mut misdirected, mut named, mut all_known) = (Vec::new(), Vec::new(), true);
        for (index, position, endpoint) in &servers {
            let call = &self.config.calls[*index];
            let target = free.get(misdirected.len()).or(free.last());
            let is_wrong = is_misdirected(endpoint, value.group, call.client);
            let Some(target) = target.filter(|_| is_wrong) else {
                all_known &= wanted.iter().any(|it| is_host(endpoint, &it.host));
                named.push(text(call, endpoint));
                continue;
            };
            let authority = target.authority(endpoint, self.node, value.group);
            named.push(authority.clone());
            let place = call.setting.place.as_ref().unwrap_or(value.place);
            misdirected.push(Misdirected {
                place: place.clone(),
                to: value.to,
                written: text(call, endpoint),
                wanted: authority.clone(),
                authority: WantedAuthority {
                    call: *index,
                    endpoint: *position,
                    authority,
                },
            });
        }
        let left = free.iter().skip(misdirected.len());
        let missing: Vec<String> = match servers.first() {
            Some((_, _, like)) if all_known && by_node(call.client) => left
                .map(|it| it.authority(like, self.node, value.group))
                .collect(),
            _ => Vec::new(),
        };
        let is_own = call.several != Several::One && !is_lent(call, value.place);
        Judged {
            pair: (is_own && is_pair(call)).then(|| {
                let hosts = named.iter().chain(&missing).map(|it| host_of(it));
                (within(value.place), hosts.map(str::to_owned).collect())
            }),
            incomplete: (is_own && !missing.is_empty())
                .then(|| self.incomplete(value, named, missing)),
            misdirected,
        }
    }

    fn incomplete(
        &self,
        value: &Value<'_>,
        named: Vec<String>,
        missing: Vec<String>,
    ) -> Incomplete {
        let mut calls = value.calls.iter().map(|it| &self.config.calls[*it]);
        let takes = calls.all(|it| self.config.takes_beside(it));
        Incomplete {
            place: value.place.clone(),
            to: value.to,
            named,
            beside: takes.then(|| WantedBeside {
                call: value.calls[0],
                servers: missing.clone(),
            }),
            missing,
        }
    }
}

/// True if each server of the value is a call of its own.
const fn is_list(call: &Call) -> bool {
    matches!(call.several, Several::Elements | Several::Tables)
}

const fn is_pair(call: &Call) -> bool {
    matches!(call.several, Several::Groups | Several::Tables)
}

/// True if the value is that of another key.
fn is_lent(call: &Call, place: &Place) -> bool {
    is_list(call) && place.key != call.key
}

/// The file and the table or element that a value stands in.
fn within(place: &Place) -> (&str, &str) {
    let end = place.key.rfind(['/', '.']).unwrap_or(0);
    (&place.file, &place.key[..end])
}

/// Nothing is put beside a server where its pair would then be another one.
fn keep_pairs(judged: &mut [Judged<'_>]) {
    let pairs = judged.iter().map(|it| it.pair.clone());
    let pairs: Vec<_> = pairs.collect();
    for (it, pair) in judged.iter_mut().zip(&pairs) {
        let Some((within, hosts)) = pair else {
            continue;
        };
        let mut others = pairs.iter().flatten();
        let differs = others.any(|(other, found)| other == within && found != hosts);
        if let Some(incomplete) = it.incomplete.as_mut().filter(|_| differs) {
            incomplete.beside = None;
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        secret::Bytes,
        wso2::{
            Product,
            config::{DEPLOYMENT_TOML, HomeFiles},
        },
    };

    /// What a gateway of three traffic managers, each with an offset of its own, gets and lacks.
    fn of(toml: &str) -> (Vec<String>, Vec<String>) {
        let topology = "product = \"4.7.0\"\ndomain = \"x.org\"\n\
            [roles]\ngateway = { nodes = { gw = { host = \"gw\", offset = 1 } } }\n\
            control-plane = { nodes = { cp = \"cp\" } }\n\
            traffic-manager = { nodes = { a = \"tm1\", b = { host = \"tm2\", offset = 2 }, \
            c = { host = \"tm3\", offset = 3 } } }\n";
        let topology = Topology::from_toml(topology, Path::new(".")).unwrap();
        let mut files = HomeFiles::new();
        let toml = format!("[server]\nhostname = \"gw.x.org\"\noffset = 1\n{toml}");
        files.insert(DEPLOYMENT_TOML.to_owned(), Bytes::from(toml.as_bytes()));
        let config = HomeConfig::read(&files, Some(Product::of(4, 7)));
        let urls = urls(&topology, topology.node("gw").unwrap(), &config);
        let misdirected = urls.misdirected.iter();
        let incomplete = urls.incomplete.iter();
        (
            misdirected.map(|it| it.wanted.clone()).collect(),
            incomplete
                .map(|it| {
                    let added = if it.beside.is_some() { "adds" } else { "lacks" };
                    format!("{} {added} {}", it.named.join(" "), it.missing.join(" "))
                })
                .collect(),
        )
    }

    fn decisions(servers: &str) -> String {
        format!("[apim.throttling]\nthrottle_decision_endpoints = [{servers}]\n")
    }

    #[test]
    fn elements_of_an_array_get_a_node_each_and_the_rest_belongs_beside() {
        let two = "\"tcp://localhost:5673\", \"tcp://${carbon.local.ip}:5673\"";
        let (set, beside) = of(&decisions(two));
        assert_eq!(set, ["tm1.x.org:5672", "tm2.x.org:5674"]);
        assert_eq!(
            beside,
            ["tm1.x.org:5672 tm2.x.org:5674 adds tm3.x.org:5675"]
        );
        // The ports of others follow from that of a node with an offset.
        let (set, beside) = of(&decisions("\"tcp://tm3.x.org:5675\""));
        assert_eq!(set, Vec::<String>::new());
        assert_eq!(
            beside,
            ["tm3.x.org:5675 adds tm1.x.org:5672 tm2.x.org:5674"]
        );
    }

    #[test]
    fn somebody_s_own_host_stays_alone() {
        let (set, beside) = of(&decisions(
            "\"tcp://elsewhere.net:5672\", \"tcp://localhost:5673\"",
        ));
        assert_eq!(
            (set.as_slice(), beside.len()),
            (&["tm1.x.org:5672".to_owned()][..], 0)
        );
    }

    #[test]
    fn groups_for_events_and_logins_stay_pairs() {
        let groups = |urls: &str, logins: &str| {
            format!(
                "[[apim.throttling.url_group]]\ntraffic_manager_urls = [\"{urls}\"]\n\
                 traffic_manager_auth_urls = [\"{logins}\"]\n"
            )
        };
        let (set, beside) = of(&groups("tcp://localhost:9612", "ssl://tm1.x.org:9711"));
        assert_eq!(set, ["tm1.x.org:9611"]);
        assert_eq!(
            beside,
            [
                "tm1.x.org:9611 adds tm2.x.org:9613 tm3.x.org:9614",
                "tm1.x.org:9711 adds tm2.x.org:9713 tm3.x.org:9714"
            ]
        );
        let (_, beside) = of(&groups("tcp://localhost:9612", "ssl://elsewhere.net:9711"));
        assert_eq!(
            beside,
            ["tm1.x.org:9611 lacks tm2.x.org:9613 tm3.x.org:9614"]
        );
    }

    #[test]
    fn what_a_key_lends_to_another_is_set_for_itself() {
        // The event hub is the control plane's; without a list of its own the gateway takes this one.
        let (set, _) = of(&decisions("\"tcp://localhost:5673\""));
        assert_eq!(set, ["tm1.x.org:5672"]);
    }
}
