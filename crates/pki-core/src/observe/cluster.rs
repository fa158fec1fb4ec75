//! Homes as one deployment: who each of them is, and who answers on a name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Home;
use crate::{
    topology::{Balancer, External, Group, Node, Topology},
    wso2::{
        Role,
        config::{Call, CallTarget, Endpoint, Host, RoleUntold, State, Told},
    },
};

/// Homes as one deployment, with or without a topology that says what they should be.
#[derive(Clone, Debug)]
pub struct Cluster<'a> {
    members: Vec<Member<'a>>,
    topology: Option<&'a Topology>,
    /// Whose host a name is.
    by_host: HashMap<String, Vec<usize>>,
    /// What the topology calls by a name.
    in_topology: HashMap<String, Known<'a>>,
    /// Names that are no node's own, and the roles behind them.
    balancers: BTreeMap<String, BTreeSet<Role>>,
}

/// A home in its deployment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Member<'a> {
    /// What it is called: the topology's node, else after its folder.
    pub name: String,
    /// The home.
    pub home: &'a Home,
    /// The node of the topology that it is.
    pub node: Option<&'a Node>,
    /// Names and addresses that are its own, in lower case.
    pub hosts: Vec<String>,
    /// Names by which it knows itself together with others: a balancer's.
    pub shared_hosts: Vec<String>,
    /// Its role, and what tells it.
    pub role: Result<Told<Role>, RoleUntold>,
    /// What it adds to its ports.
    pub offset: u16,
}

/// What somebody says of homes that do not tell it themselves, by the names of nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Roles.
    pub roles: BTreeMap<String, Role>,
    /// Hosts by which others call the node.
    pub hosts: BTreeMap<String, String>,
}

/// Something was said of a node, and no home is that node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no home is the node `{node}`")]
pub struct NoSuchNode {
    /// The node.
    pub node: String,
    /// Those that there are.
    pub known: Vec<String>,
}

/// Who answers a call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Party<'a> {
    /// A balancer, or whatever else has a name that is no node's own.
    Balancer {
        /// The name.
        host: String,
        /// The members behind it, by index.
        members: Vec<usize>,
        /// What the topology says of it.
        known: Option<(&'a Group, &'a Balancer)>,
    },
    /// What is no part of the cluster.
    External {
        /// What it is: `analytics`, or its name in the topology.
        name: String,
        /// What the topology says of it.
        known: Option<&'a External>,
    },
    /// A member, by index.
    Member(usize),
    /// A node of the topology whose home is not among the members.
    Node(&'a Node),
    /// Nobody knows.
    Unknown {
        /// What stands in the URL.
        host: String,
    },
}

/// What a topology calls by a name.
#[derive(Clone, Copy, Debug)]
enum Known<'a> {
    External(&'a External),
    Group(&'a Group, Option<&'a Balancer>),
    Node(&'a Node),
}

impl<'a> Cluster<'a> {
    /// Puts homes together. With a topology, a home is the node whose host it knows itself by, else the
    /// one that its folder is named after.
    pub fn new(homes: impl IntoIterator<Item = &'a Home>, topology: Option<&'a Topology>) -> Self {
        Self::among(members(homes, topology), topology)
    }

    /// The same without a topology, and with what somebody says of single homes.
    ///
    /// # Errors
    ///
    /// [`NoSuchNode`] for the first name that is no home's.
    pub fn told(
        homes: impl IntoIterator<Item = &'a Home>,
        given: &Given,
    ) -> Result<Self, NoSuchNode> {
        let mut members = members(homes, None);
        let place = |node: &String, members: &[Member<'_>]| {
            let at = members.iter().position(|member| member.name == *node);
            at.ok_or_else(|| NoSuchNode {
                node: node.clone(),
                known: members.iter().map(|member| member.name.clone()).collect(),
            })
        };
        for (node, role) in &given.roles {
            let at = place(node, &members)?;
            members[at].role = Ok(Told::new(*role, "it was said so"));
        }
        for (node, host) in &given.hosts {
            let at = place(node, &members)?;
            members[at].hosts.insert(0, host.to_ascii_lowercase());
        }
        Ok(Self::among(members, None))
    }

    fn among(members: Vec<Member<'a>>, topology: Option<&'a Topology>) -> Self {
        let mut by_host: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, member) in members.iter().enumerate() {
            for host in &member.hosts {
                by_host.entry(host.clone()).or_default().push(at);
            }
        }
        let mut cluster = Self {
            members,
            topology,
            by_host,
            in_topology: topology.map(known_names).unwrap_or_default(),
            balancers: BTreeMap::new(),
        };
        cluster.roles_by_callers();
        cluster.find_balancers();
        cluster
    }

    /// The homes, in the order in which they were given.
    pub fn members(&self) -> &[Member<'a>] {
        &self.members
    }

    /// What says who they should be.
    pub fn topology(&self) -> Option<&'a Topology> {
        self.topology
    }

    /// Names that are no node's own and that nobody outside the cluster has, with the roles behind them.
    pub fn balancers(&self) -> impl Iterator<Item = (&str, &BTreeSet<Role>)> {
        self.balancers
            .iter()
            .map(|(host, roles)| (host.as_str(), roles))
    }

    /// The members of the first of some roles that has any.
    pub fn of_roles(&self, roles: &[Role]) -> Vec<usize> {
        let of = |role: Role| -> Vec<usize> {
            let members = self.members.iter().enumerate();
            let of_role = members.filter(|(_, member)| member.is(role));
            of_role.map(|(at, _)| at).collect()
        };
        let mut found = roles.iter().map(|role| of(*role));
        found
            .find(|members| !members.is_empty())
            .unwrap_or_default()
    }

    /// Whether a member makes a call: it is switched on and the role's own. A member whose role nobody
    /// knows makes every call.
    pub fn makes(&self, at: usize, call: &Call) -> bool {
        call.state == State::On
            && match &self.members[at].role {
                Ok(told) => call.openers.contains(&told.value),
                Err(_) => true,
            }
    }

    /// Who answers when a member calls a server.
    pub fn party(&self, from: usize, to: &CallTarget, endpoint: &Endpoint) -> Party<'a> {
        let host = match &endpoint.host {
            Host::Loopback(_) | Host::Own(_) => return Party::Member(from),
            Host::Unknown(text) => return Party::Unknown { host: text.clone() },
            Host::Named(host) => host.to_ascii_lowercase(),
        };
        if let Some(member) = self.owner(from, &host, endpoint.port) {
            return Party::Member(member);
        }
        if let Some(known) = self.in_topology.get(&host) {
            return self.known(*known, host);
        }
        if let CallTarget::External(name) = to {
            let name = (*name).to_owned();
            return Party::External { name, known: None };
        }
        let own: Vec<Role> = self.members[from].role.iter().map(|it| it.value).collect();
        let wanted = match to {
            CallTarget::Itself => own.as_slice(),
            to => to.roles(),
        };
        let behind = self.balancers.get(&host);
        let known = |role: &&Role| behind.is_some_and(|roles| roles.contains(role));
        let roles: Vec<Role> = match wanted.iter().find(known) {
            Some(role) => vec![*role],
            None => wanted.to_vec(),
        };
        let members = self.of_roles(&roles);
        match members.is_empty() {
            true => Party::Unknown { host },
            false => Party::Balancer {
                host,
                members,
                known: None,
            },
        }
    }

    /// The member whose own a name is. Several on one machine are told apart by their ports.
    fn owner(&self, from: usize, host: &str, port: Option<u16>) -> Option<usize> {
        let owners = self.by_host.get(host)?;
        let listens = |at: &&usize| {
            let member = &self.members[**at];
            let port = port.and_then(|port| port.checked_sub(member.offset));
            port.is_some_and(|port| member.home.config.listener(port).is_some())
        };
        let own = owners.iter().find(|at| **at == from);
        owners
            .iter()
            .find(listens)
            .or(own)
            .or(owners.first())
            .copied()
    }

    fn known(&self, known: Known<'a>, host: String) -> Party<'a> {
        match known {
            Known::External(external) => Party::External {
                name: external.name.clone(),
                known: Some(external),
            },
            Known::Node(node) => Party::Node(node),
            Known::Group(group, balancer) => {
                let behind = |member: &Member<'_>| {
                    let mut nodes = group.nodes.iter();
                    member
                        .node
                        .is_some_and(|own| nodes.any(|node| node.name == own.name))
                };
                let members = self.members.iter().enumerate();
                let behind = members.filter(|(_, member)| behind(member));
                Party::Balancer {
                    host,
                    members: behind.map(|(at, _)| at).collect(),
                    known: balancer.map(|balancer| (group, balancer)),
                }
            }
        }
    }

    /// The role of a member that nothing of its own tells: those who call it by its own host tell it.
    fn roles_by_callers(&mut self) {
        let mut votes: Vec<BTreeMap<Role, String>> = vec![BTreeMap::new(); self.members.len()];
        for (from, member) in self.members.iter().enumerate() {
            for call in member.home.config.calls.iter() {
                let [role] = call.to.roles() else { continue };
                if !self.makes(from, call) {
                    continue;
                }
                for endpoint in &call.endpoints {
                    let Host::Named(host) = &endpoint.host else {
                        continue;
                    };
                    let owner = self.owner(from, &host.to_ascii_lowercase(), endpoint.port);
                    if let Some(at) = owner.filter(|at| *at != from) {
                        let text = format!("`{}` of `{}` names it", call.key, member.name);
                        votes[at].entry(*role).or_insert(text);
                    }
                }
            }
        }
        for (member, votes) in self.members.iter_mut().zip(votes) {
            let Err(untold) = &member.role else { continue };
            let possible =
                |role: &Role| untold.candidates.is_empty() || untold.candidates.contains(role);
            let mut votes = votes.into_iter().filter(|(role, _)| possible(role));
            if let (Some((role, evidence)), None) = (votes.next(), votes.next()) {
                member.role = Ok(Told::new(role, evidence));
            }
        }
    }

    /// A named host that is nobody's own stands for the roles that are called by it.
    fn find_balancers(&mut self) {
        let mut found: BTreeMap<String, BTreeSet<Role>> = BTreeMap::new();
        let mut doubtful: Vec<(String, &'static [Role])> = Vec::new();
        for (from, member) in self.members.iter().enumerate() {
            for host in &member.shared_hosts {
                let roles = found.entry(host.clone()).or_default();
                roles.extend(member.role.iter().map(|told| told.value));
            }
            for call in &member.home.config.calls {
                if !self.makes(from, call) {
                    continue;
                }
                for endpoint in &call.endpoints {
                    let Host::Named(host) = &endpoint.host else {
                        continue;
                    };
                    let host = host.to_ascii_lowercase();
                    if self.by_host.contains_key(&host) || self.in_topology.contains_key(&host) {
                        continue;
                    }
                    match call.to {
                        CallTarget::Role(role) => {
                            found.entry(host).or_default().insert(role);
                        }
                        CallTarget::AnyOf(roles) => doubtful.push((host, roles)),
                        CallTarget::Itself | CallTarget::External(_) => {}
                    }
                }
            }
        }
        // What one of several may answer is what others call by that name for certain, else the first that
        // the cluster has.
        for (host, roles) in doubtful {
            let known = found.entry(host).or_default();
            if roles.iter().any(|role| known.contains(role)) {
                continue;
            }
            let has = |role: &&Role| self.members.iter().any(|member| member.is(**role));
            known.extend(roles.iter().find(has));
        }
        found.retain(|_, roles| !roles.is_empty());
        self.balancers = found;
    }
}

impl Member<'_> {
    /// True if the role is known to be this.
    pub fn is(&self, role: Role) -> bool {
        self.role.as_ref().is_ok_and(|told| told.value == role)
    }
}

/// The homes, each with its node and its name.
fn members<'a>(
    homes: impl IntoIterator<Item = &'a Home>,
    topology: Option<&'a Topology>,
) -> Vec<Member<'a>> {
    let mut members: Vec<Member<'a>> = homes
        .into_iter()
        .map(|home| Member {
            name: String::new(),
            home,
            node: None,
            hosts: home.hosts(),
            shared_hosts: Vec::new(),
            role: home.role.clone(),
            offset: home.config.offset.known().copied().unwrap_or(0),
        })
        .collect();
    part_shared_hosts(&mut members);
    if let Some(topology) = topology {
        place(&mut members, topology);
    }
    name(&mut members);
    members
}

/// Names and addresses of a node.
fn own_names(node: &Node) -> impl Iterator<Item = String> {
    std::iter::once(node.host.to_string())
        .chain(node.ip.iter().map(ToString::to_string))
        .chain(node.sans.iter().map(ToString::to_string))
}

/// What a topology calls by a name: nodes before balancers before what is not ours.
fn known_names(topology: &Topology) -> HashMap<String, Known<'_>> {
    let mut names = HashMap::new();
    for node in topology.nodes() {
        for name in own_names(node) {
            names.entry(name).or_insert(Known::Node(node));
        }
    }
    for group in &topology.groups {
        for balancer in &group.balancers {
            let known = Known::Group(group, Some(balancer));
            names.entry(balancer.host.to_string()).or_insert(known);
        }
        for name in &group.names {
            let known = Known::Group(group, group.balancers.first());
            names.entry(name.to_string()).or_insert(known);
        }
    }
    for external in &topology.externals {
        for host in &external.hosts {
            names
                .entry(host.to_string())
                .or_insert(Known::External(external));
        }
    }
    names
}

/// A host that several members with the same ports have is none of theirs: each would answer.
fn part_shared_hosts(members: &mut [Member<'_>]) {
    let mut owners: HashMap<(String, u16), usize> = HashMap::new();
    for member in &*members {
        for host in &member.hosts {
            *owners.entry((host.clone(), member.offset)).or_default() += 1;
        }
    }
    for member in members {
        let offset = member.offset;
        let (shared, own) = std::mem::take(&mut member.hosts)
            .into_iter()
            .partition(|host| {
                owners
                    .get(&(host.clone(), offset))
                    .is_some_and(|it| *it > 1)
            });
        member.hosts = own;
        member.shared_hosts = shared;
    }
}

/// Finds the node of each home, each node once.
fn place<'a>(members: &mut [Member<'a>], topology: &'a Topology) {
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let mut by_host: HashMap<(String, u16), &Node> = HashMap::new();
    for node in topology.nodes() {
        for name in own_names(node) {
            by_host.entry((name, node.offset)).or_insert(node);
        }
    }
    let by_host = |member: &Member<'_>| {
        let mut hosts = member.hosts.iter();
        hosts.find_map(|host| by_host.get(&(host.clone(), member.offset)).copied())
    };
    settle(members, topology, &mut taken, by_host);
    settle(members, topology, &mut taken, |member| {
        topology.node(&folder(member.home))
    });
}

/// Makes homes the nodes that they were found to be.
fn settle<'a>(
    members: &mut [Member<'a>],
    topology: &'a Topology,
    taken: &mut BTreeSet<&'a str>,
    found: impl Fn(&Member<'_>) -> Option<&'a Node>,
) {
    for member in members.iter_mut().filter(|it| it.node.is_none()) {
        let Some(node) = found(member).filter(|node| taken.insert(&node.name)) else {
            continue;
        };
        member.node = Some(node);
        member.name.clone_from(&node.name);
        for host in own_names(node) {
            if !member.hosts.contains(&host) {
                member.hosts.push(host);
            }
        }
        if let Some(group) = topology.group_of(node) {
            member.role = Ok(Told::new(group.role, "the topology says so"));
        }
    }
}

/// Names those that are no node of a topology: after the folder, where that tells them apart, else after
/// the first label of the host, else after as much of the path as does.
fn name(members: &mut [Member<'_>]) {
    let unnamed: Vec<usize> = (0..members.len())
        .filter(|at| members[*at].name.is_empty())
        .collect();
    let taken: BTreeSet<String> = members.iter().map(|member| member.name.clone()).collect();
    let label = |member: &Member<'_>| {
        let host = member.hosts.first()?;
        host.split('.').next().map(as_name)
    };
    let path = |member: &Member<'_>, parts: usize| {
        let all: Vec<String> = member
            .home
            .dir
            .components()
            .filter(|part| matches!(part, std::path::Component::Normal(_)))
            .map(|part| as_name(&part.as_os_str().to_string_lossy()))
            .collect();
        all[all.len().saturating_sub(parts)..].join("-")
    };
    let mut ways: Vec<Vec<String>> = Vec::new();
    let all = |of: &dyn Fn(&Member<'_>) -> String| -> Vec<String> {
        unnamed.iter().map(|at| of(&members[*at])).collect()
    };
    ways.push(all(&|member| folder(member.home)));
    ways.push(all(&|member| label(member).unwrap_or_default()));
    ways.extend((2..=LONGEST_NAME).map(|parts| all(&|member| path(member, parts))));
    let distinct = |names: &Vec<String>| {
        let set: BTreeSet<&String> = names.iter().collect();
        set.len() == names.len() && names.iter().all(|it| !it.is_empty() && !taken.contains(it))
    };
    let numbered = || {
        (1..=unnamed.len())
            .map(|number| format!("home-{number}"))
            .collect()
    };
    let names = ways.into_iter().find(distinct).unwrap_or_else(numbered);
    for (at, name) in unnamed.iter().zip(names) {
        members[*at].name = name;
    }
}

/// The last part of a home's path, as a name.
fn folder(home: &Home) -> String {
    let path = match home.dir.file_name() {
        Some(name) => Some(name.to_owned()),
        // `.` and `..` say nothing.
        None => home
            .dir
            .canonicalize()
            .ok()
            .and_then(|it| it.file_name().map(ToOwned::to_owned)),
    };
    as_name(&path.unwrap_or_default().to_string_lossy())
}

/// A text as a name of a node: `[a-z0-9][a-z0-9-]{0,62}`.
fn as_name(text: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9') => c,
        _ => '-',
    };
    let name: String = text.chars().map(plain).take(63).collect();
    name.trim_matches('-').to_owned()
}

/// As many parts of a path as a name is made of.
const LONGEST_NAME: usize = 6;
