use super::Edges;
use crate::{
    observe::Layout,
    topology::{BalancerTls, Group, Host, Manager, Node},
    verify::FilePlace,
    wso2::{Connection, Target},
    x509::Certificate,
};

/// Who answers on a name, and what with.
pub(super) struct Answer {
    pub(super) to: String,
    pub(super) name: Host,
    pub(super) port: u16,
    pub(super) chain: Vec<Certificate>,
    /// Where the chain is.
    pub(super) file: FilePlace,
    pub(super) off: bool,
}

impl<'a> Edges<'a> {
    pub(super) fn answers(&self, row: &Connection, group: &'a Group, opener: &Node) -> Vec<Answer> {
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
                vec![balancer(file.into(), chain)]
            }
            BalancerTls::Own { certificate } => {
                let chain = self.found.inputs().pem(certificate).to_vec();
                vec![balancer(FilePlace::Named(certificate.clone()), chain)]
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
            file: file.into(),
            off: false,
        }
    }
}
