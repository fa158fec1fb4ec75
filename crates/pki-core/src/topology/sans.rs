//! Which names stand in which certificate, and why.

use std::fmt;

use super::{BalancerTls, Group, Host, Node, Topology};
use crate::x509::GeneralName;

/// Where a name in a certificate came from. `Display` is the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SanOrigin {
    /// What the name is.
    pub kind: SanKind,
    /// The key of the topology that gave it: `roles.gateway.balancer`.
    pub key: String,
}

impl fmt::Display for SanOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
    }
}

/// What a name in a certificate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SanKind {
    /// A balancer's name.
    Balancer,
    /// A public name of the group.
    GroupName,
    /// The node's host.
    Host,
    /// An address of the node.
    Ip,
    /// `localhost`.
    Localhost,
    /// A name that `[tls]` gives to every node, or the node to itself instead.
    TlsName,
    /// A name that the node alone has.
    Own,
}

impl Topology {
    /// The names in a node's certificate, in the order in which they stand there, each once, with where
    /// it came from first: the host, the balancers that pass TLS through, the group's names,
    /// `localhost`, then what the node adds. With `[tls] shared` the names of all nodes.
    pub fn sans(&self, node: &Node) -> Vec<(GeneralName, SanOrigin)> {
        let mut names = Names::default();
        for group in &self.groups {
            for other in &group.nodes {
                if self.tls_shared || other.name == node.name {
                    self.collect(&mut names, group, other);
                }
            }
        }
        names.0
    }

    /// The CN of a node's certificate: its host, or its name where the host has more than 64 characters
    /// (RFC 5280 appendix A.1, ub-common-name). With `[tls] shared` that of the first node.
    pub fn common_name(&self, node: &Node) -> String {
        let node = match self.nodes().next() {
            Some(first) if self.tls_shared => first,
            _ => node,
        };
        common_name(&node.host, &node.name)
    }

    /// The names in the certificate that is issued for a group's balancers: theirs, and the group's.
    /// Empty where no balancer of the group has `tls = "issued"`.
    pub fn balancer_sans(&self, group: &Group) -> Vec<(GeneralName, SanOrigin)> {
        let mut names = Names::default();
        let key = format!("roles.{}.balancer", group.name);
        for balancer in &group.balancers {
            if balancer.tls == BalancerTls::Issued {
                names.add(&balancer.host, SanKind::Balancer, &key);
            }
        }
        if !names.0.is_empty() {
            names.add_all(
                &group.names,
                SanKind::GroupName,
                &format!("roles.{}.names", group.name),
            );
        }
        names.0
    }

    /// The CN of the certificate that is issued for a group's balancers; `None` where there is none.
    pub fn balancer_common_name(&self, group: &Group) -> Option<String> {
        let issued = group
            .balancers
            .iter()
            .find(|balancer| balancer.tls == BalancerTls::Issued)?;
        Some(common_name(&issued.host, &group.name))
    }

    fn collect(&self, names: &mut Names, group: &Group, node: &Node) {
        let group_key = format!("roles.{}", group.name);
        let node_key = format!("{group_key}.nodes.{}", node.name);
        names.add(&node.host, SanKind::Host, &node_key);
        let key = format!("{group_key}.balancer");
        for balancer in &group.balancers {
            if balancer.tls == BalancerTls::Passthrough {
                names.add(&balancer.host, SanKind::Balancer, &key);
            }
        }
        names.add_all(
            &group.names,
            SanKind::GroupName,
            &format!("{group_key}.names"),
        );
        if node.tls.localhost {
            let localhost = Host::Dns("localhost".to_owned());
            names.add(&localhost, SanKind::Localhost, "tls.localhost");
        }
        let key = match node.overrides_names {
            true => format!("{node_key}.names"),
            false => "tls.names".to_owned(),
        };
        names.add_all(&node.tls.names, SanKind::TlsName, &key);
        for address in &node.ip {
            names.add(&Host::Ip(*address), SanKind::Ip, &format!("{node_key}.ip"));
        }
        names.add_all(&node.sans, SanKind::Own, &format!("{node_key}.sans"));
    }
}

#[derive(Default)]
struct Names(Vec<(GeneralName, SanOrigin)>);

impl Names {
    fn add(&mut self, host: &Host, kind: SanKind, key: &str) {
        let name = host.general_name();
        if self.0.iter().all(|(other, _)| *other != name) {
            let key = key.to_owned();
            self.0.push((name, SanOrigin { kind, key }));
        }
    }

    fn add_all(&mut self, hosts: &[Host], kind: SanKind, key: &str) {
        for host in hosts {
            self.add(host, kind, key);
        }
    }
}

fn common_name(host: &Host, name: &str) -> String {
    let text = host.to_string();
    match text.len() <= 64 {
        true => text,
        false => name.to_owned(),
    }
}
