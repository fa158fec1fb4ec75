mod answers;

use answers::Answer;
use time::OffsetDateTime;

use super::{
    CLIENTS, FilePlace, Report,
    edge::{Edge, EdgeList, EdgeProblem, State},
    handshake::{Handshake, Handshakes},
};
use crate::{
    disk::RelPath,
    observe::{Inventory, Layout},
    path::ServerName,
    topology::{Group, Host, Node, Topology},
    wso2::{Channel, Connection, Opener, Role, connections},
    x509::Certificate,
};

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
        handshakes: Handshakes::new(now),
        edges: EdgeList::default(),
    };
    for row in connections(topology.product) {
        edges.row(&row);
    }
    edges.externals();
    report.edges = edges.edges.into();
}

struct Edges<'a> {
    topology: &'a Topology,
    found: &'a Inventory,
    handshakes: Handshakes,
    edges: EdgeList,
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

    fn judge(&mut self, row: &Connection, opener: &Node, answer: Answer) {
        let from = match row.from {
            Opener::Clients => CLIENTS,
            _ => opener.name.as_str(),
        };
        let truststore = self.truststore(&opener.name);
        // The thrift port is judged by trust alone: the primary names no host.
        let by_name = row.channel != Channel::Thrift;
        let mut edge = Edge {
            from: from.to_owned(),
            to: answer.to,
            name: answer.name.to_string(),
            port: answer.port,
            by_name,
            settings: vec![row.setting.to_owned()],
            state: State::Off,
            why: None,
            problems: Vec::new(),
            presented: Some(answer.file.clone()),
            truststore: Some(truststore.clone().into()),
            deployed: false,
        };
        if let Some(known) = self.edges.find(&edge.way()) {
            return known.add_setting(row.setting);
        }
        if !answer.off {
            edge.problems = self.handshake(
                &answer.chain,
                &answer.file,
                &truststore,
                by_name.then_some(&answer.name),
                row.checks_name,
            );
            edge.state = match edge.problems.iter().all(EdgeProblem::is_warning) {
                true => State::Ok,
                false => State::Failed,
            };
        }
        self.edges.push(edge);
    }

    fn truststore(&self, node: &str) -> RelPath {
        Layout::node_file(node, &self.topology.stores.truststore.file)
    }

    fn handshake(
        &mut self,
        chain: &[Certificate],
        presented: &FilePlace,
        truststore: &RelPath,
        name: Option<&Host>,
        checks_name: bool,
    ) -> Vec<EdgeProblem> {
        let digest = self.found.digest(truststore);
        let store = self.found.open_store(truststore);
        self.handshakes.judge(Handshake {
            chain,
            presented,
            trusted: digest.zip(store.map(|store| &store.decoded)),
            truststore: &truststore.clone().into(),
            name: name.map(server_name),
            checks_name,
        })
    }

    /// Servers that are not ours: by every node, since every truststore holds their anchor.
    fn externals(&mut self) {
        let topology = self.topology;
        for external in &topology.externals {
            let presented = external.certificate.as_ref().map(|path| {
                let chain = self.found.inputs().pem(path).to_vec();
                (FilePlace::Named(path.clone()), chain)
            });
            for node in topology.nodes() {
                let truststore = self.truststore(&node.name);
                for host in &external.hosts {
                    let (state, problems) = match &presented {
                        None => (State::Unknown, Vec::new()),
                        Some((file, chain)) => {
                            let problems =
                                self.handshake(chain, file, &truststore, Some(host), true);
                            let warnings = problems.iter().all(EdgeProblem::is_warning);
                            (if warnings { State::Ok } else { State::Failed }, problems)
                        }
                    };
                    self.edges.push(Edge {
                        from: node.name.clone(),
                        to: format!("external {}", external.name),
                        name: host.to_string(),
                        port: 0,
                        by_name: true,
                        settings: Vec::new(),
                        state,
                        why: None,
                        problems,
                        presented: presented.as_ref().map(|(file, _)| file.clone()),
                        truststore: Some(truststore.clone().into()),
                        deployed: false,
                    });
                }
            }
        }
    }
}

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
