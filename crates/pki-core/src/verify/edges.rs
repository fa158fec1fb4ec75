use std::{collections::HashMap, fmt};

use time::OffsetDateTime;

use super::Report;
use crate::{
    disk::RelPath,
    observe::{Inventory, Layout},
    path::{Anchors, Options, PathChecker, PathProblem, Purpose, ServerName},
    topology::{BalancerTls, Group, Host, Manager, Node, Topology},
    wso2::{Channel, Connection, Opener, Role, Target, connections},
    x509::{Certificate, Fingerprint},
};

/// A connection from one node to another, or to a balancer, by one name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edge {
    /// The node that opens it, or `clients`: whoever is outside the cluster. Those trust what the nodes
    /// trust, as far as anybody can tell.
    pub from: String,
    /// The node, `balancer NAME` or `external NAME` that answers.
    pub to: String,
    /// The name that the opener uses.
    pub name: String,
    /// The port, with the target's offset; 0 if unknown.
    pub port: u16,
    /// The settings of the product that make the opener use that name.
    pub settings: Vec<&'static str>,
    /// What came of it.
    pub state: State,
    /// What is wrong, and what is only worth knowing.
    pub problems: Vec<EdgeProblem>,
    /// The files that decide: what is presented, if it is a file of the workspace, then the opener's
    /// truststore.
    pub files: Vec<RelPath>,
}

impl Edge {
    /// True if one of its errors may come from a file that `touches` names: what is missing blames that
    /// file alone, a name or an end of validity what is presented, everything else both sides.
    pub(super) fn fails_by(&self, touches: impl Fn(&RelPath) -> bool) -> bool {
        let presented = &self.files[..self.files.len().min(1)];
        let mut errors = self.problems.iter().filter(|it| !it.is_warning());
        errors.any(|problem| match problem {
            EdgeProblem::NoCertificate { file } | EdgeProblem::NoTruststore { file } => {
                touches(file)
            }
            EdgeProblem::NameUnchecked(problem) | EdgeProblem::Path(problem) => match problem {
                PathProblem::Expired { .. }
                | PathProblem::NameMismatch { .. }
                | PathProblem::NameRefused { .. }
                | PathProblem::NotYetValid { .. } => presented.iter().any(&touches),
                _ => self.files.iter().any(&touches),
            },
        })
    }
}

/// What came of judging a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The handshake fails.
    Failed,
    /// The topology switches it off.
    Off,
    /// The handshake succeeds.
    Ok,
    /// The target's certificate is not known.
    Unknown,
}

impl State {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Off => "off",
            Self::Ok => "ok",
            Self::Unknown => "unknown",
        }
    }
}

/// What is wrong with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EdgeProblem {
    /// The target has no certificate to present.
    NoCertificate {
        /// Where it should be.
        file: RelPath,
    },
    /// The opener has no truststore that opens.
    NoTruststore {
        /// Where it should be.
        file: RelPath,
    },
    /// The opener's client does not check names, and this one is not in the certificate.
    NameUnchecked(PathProblem),
    /// The path to an anchor.
    Path(PathProblem),
}

impl EdgeProblem {
    /// True if the handshake succeeds all the same.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::NameUnchecked(_) => true,
            Self::NoCertificate { .. } | Self::NoTruststore { .. } => false,
            Self::Path(problem) => problem.is_warning(),
        }
    }
}

impl fmt::Display for EdgeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate { file } => write!(f, "`{file}` has no certificate to present"),
            Self::NoTruststore { file } => write!(f, "the truststore `{file}` cannot be read"),
            Self::NameUnchecked(problem) => {
                write!(f, "{problem}, which this client does not check")
            }
            Self::Path(problem) => write!(f, "{problem}"),
        }
    }
}

/// Judges every connection that the topology has.
pub(super) fn check(
    topology: &Topology,
    found: &Inventory,
    now: OffsetDateTime,
    report: &mut Report,
) {
    let mut edges = Edges {
        topology,
        found,
        now,
        checker: PathChecker::new(),
        anchors: HashMap::new(),
        seen: HashMap::new(),
        edges: Vec::new(),
    };
    for row in connections(topology.product) {
        edges.row(&row);
    }
    edges.externals();
    report.edges = edges.edges;
}

struct Edges<'a> {
    topology: &'a Topology,
    found: &'a Inventory,
    now: OffsetDateTime,
    checker: PathChecker,
    /// Truststores are the same bytes everywhere: each content is indexed once.
    anchors: HashMap<Fingerprint, Anchors>,
    /// Edges by opener, target, name and port: two settings may lead to the same one.
    seen: HashMap<(String, String, String, u16), usize>,
    edges: Vec<Edge>,
}

/// Who answers on a name, and what with.
struct Answer {
    to: String,
    name: Host,
    port: u16,
    chain: Vec<Certificate>,
    /// Where the chain is, in the workspace; `None` for a balancer's own certificate.
    file: Option<RelPath>,
    off: bool,
}

impl<'a> Edges<'a> {
    fn row(&mut self, row: &Connection) {
        let targets = self.groups(row.to);
        for target in targets {
            let openers: Vec<&Node> = match row.from {
                Opener::Role(role) => self.groups_exactly(role).flat_map(|it| &it.nodes).collect(),
                Opener::Itself | Opener::Twin => target.nodes.iter().collect(),
                Opener::Clients => target.nodes.iter().take(1).collect(),
            };
            // Without key managers of its own the control plane does their work, for itself too.
            let replaced = target.role != row.to;
            for opener in openers {
                for answer in self.answers(row, target, opener) {
                    let own = answer.to == opener.name;
                    let wanted = match row.from {
                        Opener::Itself => own,
                        Opener::Twin => !own,
                        Opener::Role(_) => !(replaced && own),
                        Opener::Clients => true,
                    };
                    if wanted {
                        self.judge(row, opener, answer);
                    }
                }
            }
        }
    }

    /// The groups that do a role's work.
    fn groups(&self, role: Role) -> Vec<&'a Group> {
        let groups: Vec<&Group> = self.groups_exactly(role).collect();
        if groups.is_empty() && role == Role::KeyManager && !self.topology.product.is_2x() {
            return self.groups_exactly(Role::ControlPlane).collect();
        }
        groups
    }

    fn groups_exactly(&self, role: Role) -> impl Iterator<Item = &'a Group> + use<'a> {
        self.topology
            .groups
            .iter()
            .filter(move |group| group.role == role)
    }

    fn answers(&self, row: &Connection, group: &'a Group, opener: &Node) -> Vec<Answer> {
        let nodes = || {
            group
                .nodes
                .iter()
                .map(|node| self.node(row, node, node.host.clone()))
        };
        match row.target {
            Target::Localhost => group
                .nodes
                .iter()
                .filter(|node| node.name == opener.name)
                .map(|node| {
                    let mut answer = self.node(row, node, Host::Dns("localhost".to_owned()));
                    answer.off = !node.tls.localhost;
                    answer
                })
                .collect(),
            Target::Nodes => nodes().collect(),
            Target::Manager => match &group.manager {
                None => self.service(row, group),
                Some(Manager::Node(name)) => group
                    .nodes
                    .iter()
                    .filter(|node| node.name == *name)
                    .map(|node| self.node(row, node, node.host.clone()))
                    .collect(),
                Some(Manager::Host(host)) => self.manager_host(row, group, host),
            },
            Target::Public if !group.names.is_empty() => group
                .names
                .iter()
                .flat_map(|name| self.public(row, group, name))
                .collect(),
            Target::Public | Target::Service => self.service(row, group),
        }
    }

    /// The balancers of a group; without any, each node by its own host.
    fn service(&self, row: &Connection, group: &'a Group) -> Vec<Answer> {
        if group.balancers.is_empty() || !row.channel.may_be_balanced() {
            let nodes = group.nodes.iter();
            return nodes
                .map(|node| self.node(row, node, node.host.clone()))
                .collect();
        }
        group
            .balancers
            .iter()
            .flat_map(|balancer| self.behind(row, group, &balancer.tls, &balancer.host))
            .collect()
    }

    /// A public name leads to the balancers, whoever answers there.
    fn public(&self, row: &Connection, group: &'a Group, name: &Host) -> Vec<Answer> {
        let mut kinds: Vec<&BalancerTls> = Vec::new();
        for balancer in &group.balancers {
            if !kinds.contains(&&balancer.tls) {
                kinds.push(&balancer.tls);
            }
        }
        if kinds.is_empty() {
            kinds.push(&BalancerTls::Passthrough);
        }
        kinds
            .into_iter()
            .flat_map(|tls| self.behind(row, group, tls, name))
            .collect()
    }

    /// Who answers on a name that a balancer has: itself, or each node.
    fn behind(
        &self,
        row: &Connection,
        group: &'a Group,
        tls: &BalancerTls,
        name: &Host,
    ) -> Vec<Answer> {
        let balancer = |file, chain| Answer {
            to: format!("balancer {}", group.name),
            name: name.clone(),
            port: row.port,
            chain,
            file,
            off: false,
        };
        match tls {
            BalancerTls::Passthrough => {
                let nodes = group.nodes.iter();
                nodes
                    .map(|node| self.node(row, node, name.clone()))
                    .collect()
            }
            BalancerTls::Issued => {
                let file = Layout::balancer_chain(&group.name);
                let chain = self.found.certificates(&file);
                vec![balancer(Some(file), chain)]
            }
            BalancerTls::Own { certificate } => {
                let chain = self.found.inputs().pem(certificate).to_vec();
                vec![balancer(None, chain)]
            }
        }
    }

    /// A manager that is named by a host: the node whose certificate has that name; if there is none,
    /// the first one, which then lacks it.
    fn manager_host(&self, row: &Connection, group: &'a Group, host: &Host) -> Vec<Answer> {
        let name = host.general_name();
        let mut nodes = group.nodes.iter();
        let node = nodes
            .find(|node| {
                let sans = self.topology.sans(node);
                sans.iter().any(|(san, _)| *san == name)
            })
            .or(group.nodes.first());
        node.map(|node| self.node(row, node, host.clone()))
            .into_iter()
            .collect()
    }

    fn node(&self, row: &Connection, node: &Node, name: Host) -> Answer {
        let settings = match row.channel.presents_primary() {
            true => &self.topology.stores.primary,
            false => &self.topology.stores.tls,
        };
        let file = Layout::node_file(&node.name, &settings.file);
        let chain = self
            .found
            .open_store(&file)
            .and_then(|store| store.chain(&settings.alias))
            .map(<[Certificate]>::to_vec)
            .unwrap_or_default();
        Answer {
            to: node.name.clone(),
            name,
            port: row.port.saturating_add(node.offset),
            chain,
            file: Some(file),
            off: false,
        }
    }

    fn judge(&mut self, row: &Connection, opener: &Node, answer: Answer) {
        let name = answer.name.to_string();
        let from = match row.from {
            Opener::Clients => CLIENTS,
            _ => opener.name.as_str(),
        };
        let key = (
            from.to_owned(),
            answer.to.clone(),
            name.clone(),
            answer.port,
        );
        if let Some(at) = self.seen.get(&key) {
            let edge = &mut self.edges[*at];
            if !edge.settings.contains(&row.setting) {
                edge.settings.push(row.setting);
            }
            return;
        }
        let truststore = self.truststore(&opener.name);
        let mut edge = Edge {
            from: from.to_owned(),
            to: answer.to,
            name,
            port: answer.port,
            settings: vec![row.setting],
            state: State::Off,
            problems: Vec::new(),
            files: answer.file.iter().chain([&truststore]).cloned().collect(),
        };
        if !answer.off {
            // The thrift port is judged by trust alone: the primary names no host.
            let by_name = row.channel != Channel::Thrift;
            edge.problems = self.handshake(
                &answer.chain,
                answer.file.as_ref().unwrap_or(&truststore),
                &truststore,
                by_name.then_some(&answer.name),
                row.checks_name,
            );
            edge.state = match edge.problems.iter().all(EdgeProblem::is_warning) {
                true => State::Ok,
                false => State::Failed,
            };
        }
        self.seen.insert(key, self.edges.len());
        self.edges.push(edge);
    }

    fn truststore(&self, node: &str) -> RelPath {
        Layout::node_file(node, &self.topology.stores.truststore.file)
    }

    fn handshake(
        &mut self,
        chain: &[Certificate],
        file: &RelPath,
        truststore: &RelPath,
        name: Option<&Host>,
        checks_name: bool,
    ) -> Vec<EdgeProblem> {
        if chain.is_empty() {
            return vec![EdgeProblem::NoCertificate { file: file.clone() }];
        }
        let (Some(digest), Some(store)) = (
            self.found.digest(truststore),
            self.found.open_store(truststore),
        ) else {
            return vec![EdgeProblem::NoTruststore {
                file: truststore.clone(),
            }];
        };
        let anchors = self.anchors.entry(digest).or_insert_with(|| {
            Anchors::new(store.trusted().map(|(_, certificate)| certificate.clone()))
        });
        let options = Options {
            name: name.map(server_name),
            purpose: Purpose::Server,
            at: self.now,
        };
        let verdict = self.checker.check(chain, &[], anchors, &options);
        verdict
            .problems
            .into_iter()
            .map(|problem| match problem {
                PathProblem::NameMismatch { .. } | PathProblem::NameRefused { .. }
                    if !checks_name =>
                {
                    EdgeProblem::NameUnchecked(problem)
                }
                problem => EdgeProblem::Path(problem),
            })
            .collect()
    }

    /// Servers that are not ours: by every node, since every truststore holds their anchor.
    fn externals(&mut self) {
        let topology = self.topology;
        for external in &topology.externals {
            let chain = external
                .certificate
                .as_ref()
                .map(|path| self.found.inputs().pem(path).to_vec());
            for node in topology.nodes() {
                let truststore = self.truststore(&node.name);
                for host in &external.hosts {
                    let (state, problems) = match &chain {
                        None => (State::Unknown, Vec::new()),
                        Some(chain) => {
                            let problems =
                                self.handshake(chain, &truststore, &truststore, Some(host), true);
                            let warnings = problems.iter().all(EdgeProblem::is_warning);
                            (if warnings { State::Ok } else { State::Failed }, problems)
                        }
                    };
                    self.edges.push(Edge {
                        from: node.name.clone(),
                        to: format!("external {}", external.name),
                        name: host.to_string(),
                        port: 0,
                        settings: Vec::new(),
                        state,
                        problems,
                        files: vec![truststore.clone()],
                    });
                }
            }
        }
    }
}

/// Whoever is outside the cluster.
const CLIENTS: &str = "clients";

/// The name as a client asks for it; of a wildcard, one of the names that it stands for.
fn server_name(host: &Host) -> ServerName {
    match host {
        Host::Dns(name) => match name.strip_prefix("*.") {
            Some(rest) => format!("any.{rest}").as_str().into(),
            None => name.as_str().into(),
        },
        Host::Ip(address) => address.to_string().as_str().into(),
    }
}
