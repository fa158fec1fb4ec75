//! The connections that the configuration of homes makes.

use super::Homes;
use crate::{
    keystore::Decoded,
    observe::{Layout, Party, StoreLead},
    path::ServerName,
    topology::{BalancerTls, Group},
    verify::{
        CLIENTS, Edge, EdgeProblem, FilePlace, State,
        edge::EdgeList,
        handshake::{Handshake, Handshakes},
    },
    wso2::config::{Call, CallTarget, Client, Endpoint, Host, State as Switch},
    x509::{Certificate, Fingerprint},
};

pub(super) fn check(homes: &Homes<'_>) -> Vec<Edge> {
    let mut matrix = Matrix {
        handshakes: Handshakes::new(homes.now),
        edges: EdgeList::default(),
        homes,
    };
    let members = 0..homes.cluster.members().len();
    // What is made comes before what is not: the same connection may be both.
    for made in [true, false] {
        for at in members.clone() {
            matrix.calls(at, made);
        }
    }
    for at in members {
        matrix.data_sources(at);
    }
    matrix.edges.into()
}

struct Matrix<'h> {
    handshakes: Handshakes,
    edges: EdgeList,
    homes: &'h Homes<'h>,
}

/// One connection, before it is judged.
struct Way {
    opener: usize,
    client: Client,
    to: String,
    name: String,
    port: u16,
    setting: String,
    /// Why it is not made; `None`: it is.
    off: Option<String>,
    presented: Presented,
}

/// What answers.
enum Presented {
    /// A chain, and where it is; empty if there is none where it should be.
    Chain(Vec<Certificate>, FilePlace),
    /// Why it cannot be known.
    Unknown(String),
}

impl Matrix<'_> {
    fn calls(&mut self, at: usize, made: bool) {
        let homes = self.homes;
        for call in &homes.member(at).home.config.calls {
            if homes.cluster.makes(at, call) == made {
                for endpoint in call.endpoints.iter().filter(|it| it.scheme.is_tls()) {
                    self.call(at, call, endpoint);
                }
            }
        }
    }

    fn call(&mut self, at: usize, call: &Call, endpoint: &Endpoint) {
        let homes = self.homes;
        let name = name(homes, at, endpoint);
        let port = endpoint.port.unwrap_or(0);
        let way = |to: String, presented| Way {
            opener: at,
            client: call.client,
            to,
            name: name.clone(),
            port,
            setting: setting(call),
            off: off(homes, at, call),
            presented,
        };
        match homes.cluster.party(at, &call.to, endpoint) {
            Party::Member(to) => {
                let target = homes.member(to);
                let base = port.checked_sub(target.offset).unwrap_or(port);
                let presented = presented(homes, to, base);
                self.judge(way(target.name.clone(), presented));
            }
            Party::Balancer { members, known, .. } => {
                let own = known.and_then(|(group, it)| balancer(homes, group, &it.tls));
                if let Some((to, presented)) = own {
                    return self.judge(way(to, presented));
                }
                for to in members {
                    // The balancer's port may be another.
                    let listens = homes.member(to).home.config.listener(port).is_some();
                    let port = if listens {
                        port
                    } else {
                        call.usual_port(endpoint)
                    };
                    let presented = presented(homes, to, port);
                    self.judge(way(homes.member(to).name.clone(), presented));
                }
            }
            Party::Node(node) => {
                let why = "its home was not given".to_owned();
                self.judge(way(node.name.clone(), Presented::Unknown(why)));
            }
            Party::External { name, known } => {
                let presented = external(homes, known);
                self.judge(way(format!("external {name}"), presented));
            }
            Party::Unknown { host } => {
                let roles: Vec<&str> = call.to.roles().iter().map(|it| it.name()).collect();
                let why = match roles.is_empty() {
                    true => "nobody is known by that name".to_owned(),
                    false => format!("no home of a {} was given", roles.join(" or ")),
                };
                self.judge(way(host, Presented::Unknown(why)));
            }
        }
    }

    /// Databases and directories that are spoken to over TLS.
    fn data_sources(&mut self, at: usize) {
        let homes = self.homes;
        let sources = homes.member(at).home.config.sources.iter();
        for source in sources.filter(|source| source.tls == Some(true)) {
            for endpoint in &source.servers {
                let party = homes
                    .cluster
                    .party(at, &CallTarget::External("server"), endpoint);
                let known = match party {
                    Party::External { known, .. } => known,
                    _ => None,
                };
                let to = known.map_or(&source.name, |external| &external.name);
                // A driver may have a truststore of its own.
                let presented = match &source.truststore {
                    None => external(homes, known),
                    Some(_) => Presented::Unknown("its driver has its own truststore".to_owned()),
                };
                let place = source.url.place.as_ref();
                self.judge(Way {
                    opener: at,
                    client: Client::JavaHttp,
                    to: format!("external {to}"),
                    name: name(homes, at, endpoint),
                    port: endpoint.port.unwrap_or(0),
                    setting: place.map_or_else(String::new, ToString::to_string),
                    off: None,
                    presented,
                });
            }
        }
    }

    fn judge(&mut self, way: Way) {
        let homes = self.homes;
        let opener = homes.member(way.opener);
        let (truststore, trusted) = truststore(homes, way.opener, way.client);
        let checks_name = way.client.looks_at_names();
        let mut edge = Edge {
            from: match way.client {
                Client::Browser => CLIENTS.to_owned(),
                _ => opener.name.clone(),
            },
            to: way.to,
            name: way.name,
            port: way.port,
            by_name: way.client != Client::Thrift,
            settings: Vec::new(),
            state: State::Off,
            why: None,
            problems: Vec::new(),
            presented: None,
            truststore: truststore.as_ref().ok().cloned(),
            deployed: true,
        };
        if let Some(known) = self.edges.find(&edge.way()) {
            if known.state == State::Off || way.off.is_none() {
                known.add_setting(&way.setting);
            }
            return;
        }
        edge.add_setting(&way.setting);
        let (chain, place) = match way.presented {
            Presented::Chain(chain, place) => (chain, place),
            Presented::Unknown(why) => {
                edge.state = match way.off {
                    Some(_) => State::Off,
                    None => State::Unknown,
                };
                edge.why = way.off.or(Some(why));
                return self.edges.push(edge);
            }
        };
        edge.presented = Some(place.clone());
        match (way.off, truststore) {
            (Some(why), _) => edge.why = Some(why),
            (None, Err(why)) => {
                edge.state = State::Unknown;
                edge.why = Some(why);
            }
            (None, Ok(truststore)) => {
                edge.problems = self.handshakes.judge(Handshake {
                    chain: &chain,
                    presented: &place,
                    trusted,
                    truststore: &truststore,
                    name: edge.by_name.then(|| ServerName::from(edge.name.as_str())),
                    checks_name,
                });
                edge.state = match edge.problems.iter().all(EdgeProblem::is_warning) {
                    true => State::Ok,
                    false => State::Failed,
                };
            }
        }
        self.edges.push(edge);
    }
}

/// What a member presents on a port, before its offset is added.
fn presented(homes: &Homes<'_>, to: usize, port: u16) -> Presented {
    let home = homes.member(to).home;
    let Some(reference) = home.config.listener(port) else {
        return Presented::Unknown(format!("nothing is known to listen on port {port} there"));
    };
    let unknown = |why: &crate::wso2::config::Unknown| Presented::Unknown(why.to_string());
    match home.lead(reference) {
        None => Presented::Unknown(String::new()),
        Some(StoreLead::Unknown { why }) => unknown(why),
        Some(StoreLead::Sealed {
            why, content: None, ..
        }) => unknown(why),
        Some(lead) => {
            let chain = lead.chain(reference).unwrap_or_default();
            let place = lead.path().map(|path| homes.file(to, path));
            match place {
                Some(place) => Presented::Chain(chain.to_vec(), place),
                None => Presented::Unknown(String::new()),
            }
        }
    }
}

/// What a balancer presents itself, and who it is; `None` where the nodes answer for its name.
fn balancer(homes: &Homes<'_>, group: &Group, tls: &BalancerTls) -> Option<(String, Presented)> {
    let to = format!("balancer {}", group.name);
    let presented = match (tls, homes.found) {
        (BalancerTls::Passthrough, _) => return None,
        (_, None) => Presented::Unknown("its certificate is not known".to_owned()),
        (BalancerTls::Issued, Some(found)) => {
            let file = Layout::balancer_chain(&group.name);
            Presented::Chain(found.certificates(&file), file.into())
        }
        (BalancerTls::Own { certificate }, Some(found)) => {
            let chain = found.inputs().pem(certificate).to_vec();
            Presented::Chain(chain, FilePlace::Named(certificate.clone()))
        }
    };
    Some((to, presented))
}

fn external(homes: &Homes<'_>, known: Option<&crate::topology::External>) -> Presented {
    let pem = known.and_then(|external| external.certificate.as_ref());
    match (pem, homes.found) {
        (Some(path), Some(found)) => {
            let chain = found.inputs().pem(path).to_vec();
            Presented::Chain(chain, FilePlace::Named(path.clone()))
        }
        _ => Presented::Unknown("its certificate is not given".to_owned()),
    }
}

type Trusted<'a> = Option<(Fingerprint, &'a Decoded)>;

/// The truststore that a client of a member looks into, and what is in it; else why that cannot be known.
fn truststore<'a>(
    homes: &Homes<'a>,
    at: usize,
    client: Client,
) -> (Result<FilePlace, String>, Trusted<'a>) {
    let home = homes.member(at).home;
    let lead = home
        .config
        .truststore(client)
        .and_then(|reference| home.lead(reference));
    match lead {
        None => (Err("its truststore is not known".to_owned()), None),
        Some(StoreLead::Unknown { why }) => (Err(why.to_string()), None),
        Some(StoreLead::Sealed {
            why, content: None, ..
        }) => (Err(why.to_string()), None),
        Some(lead) => {
            let place = lead.path().map(|path| homes.file(at, path));
            let place = place.ok_or_else(|| "its truststore is not known".to_owned());
            (place, lead.digest().zip(lead.decoded()))
        }
    }
}

/// The name that the opener looks for.
fn name(homes: &Homes<'_>, at: usize, endpoint: &Endpoint) -> String {
    match &endpoint.host {
        Host::Loopback(name) | Host::Named(name) | Host::Unknown(name) => name.clone(),
        // Whatever the node takes for its own host.
        Host::Own(written) => {
            let own = homes.member(at).hosts.first();
            own.unwrap_or(written).clone()
        }
    }
}

/// Where it stands, and under which key.
fn setting(call: &Call) -> String {
    match &call.setting.place {
        Some(place) => format!("{place} ({})", call.key),
        None => format!("the release's default for {}", call.key),
    }
}

/// Why a call is not made.
fn off(homes: &Homes<'_>, at: usize, call: &Call) -> Option<String> {
    if let Switch::Off(why) = &call.state {
        return Some(why.clone());
    }
    let role = homes.member(at).role.as_ref().ok()?.value;
    (!call.openers.contains(&role)).then(|| format!("a {role} does not open it"))
}
