use std::{net::IpAddr, path::PathBuf};

use super::{
    Host, Place, ProblemKind, TlsSettings,
    host::Wild,
    names,
    reader::{Field, Reader, Section},
    suggest::nearest,
    tls::{self, CaEnd, Tls},
};
use crate::{
    secret::Source,
    wso2::{Product, Role},
};

/// `[roles.NAME]`: nodes with one role behind the same balancers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// Its name: the role's, unless several groups have the same role.
    pub name: String,
    /// What its nodes do.
    pub role: Role,
    /// What stands before its nodes.
    pub balancers: Vec<Balancer>,
    /// Its public names.
    pub names: Vec<Host>,
    /// The gateway that others call, where gateways synchronise by rsync.
    pub manager: Option<Manager>,
    /// Its nodes, in the order of the file.
    pub nodes: Vec<Node>,
    /// What opens the key of the certificates that are issued for its balancers.
    pub balancer_password: Source,
    /// Where it stands.
    pub place: Place,
}

/// A balancer before a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Balancer {
    /// Its name.
    pub host: Host,
    /// Who answers for the name.
    pub tls: BalancerTls,
}

/// Who answers for the name of a balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BalancerTls {
    /// The balancer, with a certificate that is issued for it here.
    Issued,
    /// The balancer, with a certificate of its own.
    Own {
        /// PEM: the certificate, and what leads to its anchor.
        certificate: PathBuf,
    },
    /// The nodes: TLS passes through.
    Passthrough,
}

/// The gateway that key manager and publisher call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Manager {
    /// A host that is no node's.
    Host(Host),
    /// A node of the group, by name.
    Node(String),
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Node {
    /// Its name, unique in the topology, and its folder.
    pub name: String,
    /// How others call it.
    pub host: Host,
    /// Its addresses.
    pub ip: Vec<IpAddr>,
    /// Names that it alone has.
    pub sans: Vec<Host>,
    /// What the product adds to its ports.
    pub offset: u16,
    /// What holds for its own key and certificate.
    pub tls: TlsSettings,
    /// Whether `tls.names` are the node's own, and not those of `[tls]`.
    pub overrides_names: bool,
    /// Where its name stands.
    pub place: Place,
}

/// What reading a group needs to know of the rest of the file.
pub(super) struct Surroundings<'a> {
    pub(super) product: Option<Product>,
    pub(super) tls: &'a Tls,
    pub(super) ca: Option<CaEnd<'a, 'a>>,
}

/// Reads `[roles]`.
pub(super) fn read(
    r: &mut Reader<'_>,
    root: &mut Section<'_>,
    around: &Surroundings<'_>,
) -> Vec<Group> {
    let Some(field) = root.require(r, "roles") else {
        return Vec::new();
    };
    let Some(table) = field.section(r) else {
        return Vec::new();
    };
    let entries = table.entries();
    if entries.is_empty() {
        field.note_key(r, ProblemKind::Empty);
    }
    entries
        .into_iter()
        .filter_map(|(name, field)| read_group(r, name, &field, around))
        .collect()
}

fn read_group(
    r: &mut Reader<'_>,
    name: String,
    field: &Field<'_>,
    around: &Surroundings<'_>,
) -> Option<Group> {
    check_name(r, &name, field);
    let mut table = field.section(r)?;
    let role = read_role(r, &name, field, &mut table, around.product);
    let balancer_field = table.get("balancer");
    let (balancers, password) = balancer_field
        .map(|field| read_balancers(r, &field))
        .unwrap_or_default();
    let names = table
        .get("names")
        .map(|field| field.hosts(r, Wild::Allowed));
    let nodes = table
        .require(r, "nodes")
        .map(|field| read_nodes(r, &field, around));
    let nodes = nodes.unwrap_or_default();
    let manager = table.get("manager").and_then(|field| {
        if role.is_some_and(|role| role != Role::Gateway) {
            let other = format!("role = \"{}\"", Role::Gateway);
            field.note_key(r, ProblemKind::Needs { other });
        }
        read_manager(r, &field, &nodes)
    });
    table.finish(r);
    Some(Group {
        name,
        role: role.unwrap_or(Role::Gateway),
        balancers,
        names: names.unwrap_or_default(),
        manager,
        nodes,
        balancer_password: password.unwrap_or_else(|| super::secret("balancers")),
        place: r.place(field.key_at),
    })
}

fn read_role(
    r: &mut Reader<'_>,
    name: &str,
    group: &Field<'_>,
    table: &mut Section<'_>,
    product: Option<Product>,
) -> Option<Role> {
    let words: Vec<&str> = product
        .map_or(&Role::ALL[..], Product::roles)
        .iter()
        .map(|role| role.name())
        .collect();
    let field = table.get("role");
    let role = match &field {
        Some(field) => {
            let found = field.text(r)?;
            let role = found.parse::<Role>().ok();
            if role.is_none() {
                field.unknown_value(r, found, &words);
            }
            role?
        }
        None => match name.parse::<Role>() {
            Ok(role) => role,
            Err(_) => {
                let suggestion = nearest(name, words.iter().copied()).map(str::to_owned);
                let expected = words.iter().map(|word| (*word).to_owned()).collect();
                let kind = ProblemKind::NoRole {
                    expected,
                    suggestion,
                };
                group.note_key(r, kind);
                return None;
            }
        },
    };
    if let Some(product) = product
        && !role.exists_in(product)
    {
        let kind = ProblemKind::RoleNotInProduct { role, product };
        match &field {
            Some(field) => field.note(r, kind),
            None => group.note_key(r, kind),
        }
    }
    Some(role)
}

fn read_balancers(r: &mut Reader<'_>, field: &Field<'_>) -> (Vec<Balancer>, Option<Source>) {
    let mut balancers: Vec<Balancer> = Vec::new();
    let mut password: Option<Source> = None;
    for element in field.elements(r) {
        let (balancer, own) = if element.is_table() {
            read_balancer(r, &element)
        } else {
            let balancer = element.host(r, Wild::Refused).map(|host| Balancer {
                host,
                tls: BalancerTls::Passthrough,
            });
            (balancer, None)
        };
        if let Some(own) = own {
            match &password {
                Some(other) if *other != own => {
                    let with = "the password of another balancer of the group".to_owned();
                    element.note(r, ProblemKind::Conflict { with });
                }
                _ => password = Some(own),
            }
        }
        let Some(balancer) = balancer else { continue };
        if balancers.iter().any(|other| other.host == balancer.host) {
            let found = balancer.host.to_string();
            element.note(r, ProblemKind::Repeated { found });
        } else {
            balancers.push(balancer);
        }
    }
    (balancers, password)
}

fn read_balancer(r: &mut Reader<'_>, element: &Field<'_>) -> (Option<Balancer>, Option<Source>) {
    let Some(mut table) = element.section(r) else {
        return (None, None);
    };
    let host = table.require(r, "host");
    let host = host.and_then(|field| field.host(r, Wild::Refused));
    let kind = match table.get("tls") {
        Some(field) => field.word(
            r,
            &[
                ("passthrough", TlsWord::Passthrough),
                ("issued", TlsWord::Issued),
                ("own", TlsWord::Own),
            ],
        ),
        None => Some(TlsWord::Passthrough),
    };
    let certificate_field = table.get("certificate");
    let certificate = certificate_field.as_ref().and_then(|field| field.path(r));
    let password_field = table.get("password");
    let password = password_field.as_ref().and_then(|field| field.source(r));
    if let (Some(field), Some(TlsWord::Passthrough | TlsWord::Issued)) = (&certificate_field, kind)
    {
        let other = "tls = \"own\"".to_owned();
        field.note_key(r, ProblemKind::Needs { other });
    }
    if let (Some(field), Some(TlsWord::Passthrough | TlsWord::Own)) = (&password_field, kind) {
        let other = "tls = \"issued\"".to_owned();
        field.note_key(r, ProblemKind::Needs { other });
    }
    if kind == Some(TlsWord::Own) && certificate_field.is_none() {
        let key = "certificate";
        element.note(r, ProblemKind::Missing { key });
    }
    table.finish(r);
    let tls = match (kind, certificate) {
        (Some(TlsWord::Own), Some(certificate)) => BalancerTls::Own { certificate },
        (Some(TlsWord::Issued), _) => BalancerTls::Issued,
        _ => BalancerTls::Passthrough,
    };
    (host.map(|host| Balancer { host, tls }), password)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TlsWord {
    Passthrough,
    Issued,
    Own,
}

fn read_manager(r: &mut Reader<'_>, field: &Field<'_>, nodes: &[Node]) -> Option<Manager> {
    let found = field.text(r)?;
    if let Some(node) = nodes.iter().find(|node| node.name == found) {
        return Some(Manager::Node(node.name.clone()));
    }
    let host = field.host(r, Wild::Refused)?;
    Some(match nodes.iter().find(|node| node.host == host) {
        Some(node) => Manager::Node(node.name.clone()),
        None => Manager::Host(host),
    })
}

fn read_nodes(r: &mut Reader<'_>, field: &Field<'_>, around: &Surroundings<'_>) -> Vec<Node> {
    let Some(table) = field.section(r) else {
        return Vec::new();
    };
    let entries = table.entries();
    if entries.is_empty() {
        field.note(r, ProblemKind::Empty);
    }
    entries
        .into_iter()
        .filter_map(|(name, field)| read_node(r, name, &field, around))
        .collect()
}

fn read_node(
    r: &mut Reader<'_>,
    name: String,
    field: &Field<'_>,
    around: &Surroundings<'_>,
) -> Option<Node> {
    check_name(r, &name, field);
    let place = r.place(field.key_at);
    if !field.is_table() {
        return Some(Node {
            name,
            host: field.host(r, Wild::Refused)?,
            ip: Vec::new(),
            sans: Vec::new(),
            offset: 0,
            tls: around.tls.settings.clone(),
            overrides_names: false,
            place,
        });
    }
    let mut table = field.section(r)?;
    let host = table.require(r, "host");
    let host = host.and_then(|field| field.host(r, Wild::Refused));
    let ip = table.get("ip").map(|field| addresses(r, &field));
    let sans = table.get("sans").map(|field| field.hosts(r, Wild::Allowed));
    let offset = table.get("offset");
    let offset = offset.and_then(|field| field.number(r, GREATEST_OFFSET));
    if around.tls.shared {
        for key in tls::OVERRIDES.iter().filter(|key| **key != "names") {
            if let Some(field) = table.get(key) {
                let with = "tls.shared = true".to_owned();
                field.note_key(r, ProblemKind::Conflict { with });
            }
        }
    }
    let overrides_names = table.get("names").is_some();
    let default = around.tls.settings.clone();
    let tls = tls::read_settings(r, &mut table, default, around.ca);
    table.finish(r);
    Some(Node {
        name,
        host: host?,
        ip: ip.unwrap_or_default(),
        sans: sans.unwrap_or_default(),
        offset: offset.unwrap_or(0),
        tls,
        overrides_names,
        place,
    })
}

fn addresses(r: &mut Reader<'_>, field: &Field<'_>) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for element in field.elements(r) {
        let Some(address) = element.address(r) else {
            continue;
        };
        if addresses.contains(&address) {
            let found = address.to_string();
            element.note(r, ProblemKind::Repeated { found });
        } else {
            addresses.push(address);
        }
    }
    addresses
}

/// Notes a key that is no name of a node, a group or an external party.
pub(super) fn check_name(r: &mut Reader<'_>, name: &str, field: &Field<'_>) {
    if !names::is_name(name) {
        let found = name.to_owned();
        field.note_key(r, ProblemKind::InvalidName { found });
    }
}

/// The highest port of the product is 11111 (JMX); with a greater offset it would lie
/// beyond 65535.
const GREATEST_OFFSET: u16 = 65535 - 11111;
