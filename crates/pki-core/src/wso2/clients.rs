//! The product's client stacks: with what each looks at a server's certificate.

use std::{fmt, net::IpAddr};

use super::{
    Channel, Product,
    config::{Client, NameCheck},
};
use crate::x509::{GeneralName, View};

/// A client stack, and one way in which it looks at names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientStack {
    /// Which one.
    pub client: Client,
    /// How it looks at names.
    pub names: Naming,
    /// True for what the release ships; false for what somebody can set instead.
    pub shipped: bool,
}

/// How a client stack looks at the name of a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Naming {
    /// As its setting says.
    By(NameCheck),
    /// As the JDK identifies the endpoint of HTTPS (`sun.security.util.HostnameChecker`); nothing can be
    /// set.
    Jdk,
    /// Not at all; nothing can be set.
    TrustAlone,
}

/// Every client stack of a release with every way in which it can look at names, what is shipped first.
///
/// Sources: the start scripts (`httpclient.hostnameVerifier=AllowAll` from 2.2 on; 2.0 and 2.1 switch the
/// check off by `org.wso2.ignoreHostnameVerification`), `HTTPClientUtils` of the kernel (which from its
/// 4.9, the product's 4.3, on knows no `Strict`), `HostnameVerifier` of the gateway's HTTPS sender in
/// `axis2.xml` and its template, `ws.client.enable.hostname.verification`, `BinaryDataPublisher` and
/// `ThriftKeyValidatorClient`, which take sockets of the default `SSLSocketFactory`.
pub fn client_stacks(product: Product) -> Vec<ClientStack> {
    use NameCheck::{AllowAll, Default, DefaultAndLocalhost, Strict};
    let by = |client, shipped, check| ClientStack {
        client,
        names: Naming::By(check),
        shipped,
    };
    let fixed = |client, names| ClientStack {
        client,
        names,
        shipped: true,
    };
    let mut stacks = vec![
        by(Client::Kernel, true, AllowAll),
        by(Client::Kernel, false, DefaultAndLocalhost),
    ];
    if !product.at_least(4, 3) {
        stacks.push(by(Client::Kernel, false, Strict));
    }
    let lax = product.at_least(4, 0);
    stacks.extend([
        by(Client::Synapse, lax, DefaultAndLocalhost),
        by(Client::Synapse, !lax, Default),
        by(Client::Synapse, false, Strict),
    ]);
    if product.at_least(4, 2) {
        stacks.push(fixed(Client::JavaHttp, Naming::Jdk));
    }
    if product.at_least(4, 0) {
        stacks.push(fixed(Client::Websocket, Naming::Jdk));
    }
    stacks.push(fixed(Client::DataAgent, Naming::TrustAlone));
    stacks.push(fixed(Client::Jms, Naming::TrustAlone));
    if product.has_thrift_key_validation() {
        stacks.push(fixed(Client::Thrift, Naming::TrustAlone));
    }
    stacks
}

impl ClientStack {
    /// True if it opens connections of this kind.
    pub fn opens(&self, channel: Channel) -> bool {
        match self.client {
            Client::DataAgent => channel == Channel::DataBridge,
            Client::Jms => channel == Channel::Broker,
            Client::Thrift => channel == Channel::Thrift,
            _ => channel == Channel::Https,
        }
    }
}

impl Client {
    /// True if it looks at the name in a certificate, or can be told to. Where the shipped start scripts
    /// switch that off (`AllowAll`) it counts as looking: a deployment must not depend on that.
    pub const fn looks_at_names(self) -> bool {
        !matches!(self, Self::DataAgent | Self::Jms | Self::Thrift)
    }

    /// A short name, for programs.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::DataAgent => "data-agent",
            Self::JavaHttp => "java-http",
            Self::Jms => "jms",
            Self::Kernel => "kernel",
            Self::Other(_) => "other",
            Self::Synapse => "synapse",
            Self::Thrift => "thrift",
            Self::Websocket => "websocket",
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Browser => "browsers",
            Self::DataAgent => "data agent",
            Self::JavaHttp => "java.net.http (portal login)",
            Self::Jms => "AMQP client",
            Self::Kernel => "kernel HTTP client and Axis2",
            Self::Other(what) => what,
            Self::Synapse => "gateway HTTPS sender",
            Self::Thrift => "Thrift key validation",
            Self::Websocket => "gateway WebSocket sender",
        })
    }
}

impl fmt::Display for Naming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::By(check) => write!(f, "{check}"),
            Self::Jdk => f.write_str("always checks names"),
            Self::TrustAlone => f.write_str("trust alone"),
        }
    }
}

impl NameCheck {
    /// Whether a client that checks this way takes a certificate for a host, as it stands in a URL: IPv6
    /// without brackets.
    ///
    /// As `AbstractVerifier` of httpclient 4.3 does it, on which the kernel's client and the gateway's
    /// sender (`ClientSSLSetupHandler`) stand: the most specific common name counts beside the
    /// subjectAltNames; of those, an address is looked for among iPAddress alone. A wildcard needs three
    /// labels and may end the first label of a name (`gw*.example.com`), but of a country's registry
    /// (`*.co.uk`) it is none.
    pub fn accepts(&self, view: &View, host: &str) -> bool {
        let host = host.trim().to_lowercase();
        match self {
            Self::AllowAll => true,
            Self::DefaultAndLocalhost if is_localhost(&host) => true,
            _ => {
                let strict = *self == Self::Strict;
                let candidates = Self::candidates(view, &host);
                candidates
                    .iter()
                    .any(|candidate| matches(&candidate.to_lowercase(), &host, strict))
            }
        }
    }

    /// The names of a certificate that count for a host.
    pub fn candidates(view: &View, host: &str) -> Vec<String> {
        let wants_address = host.parse::<IpAddr>().is_ok();
        let names = view.names().iter().filter_map(|name| match name {
            GeneralName::Dns(name) if !wants_address => Some(name.clone()),
            GeneralName::Ip(address) if wants_address => Some(address.to_string()),
            _ => None,
        });
        view.subject
            .common_names()
            .pop()
            .into_iter()
            .chain(names)
            .collect()
    }
}

impl fmt::Display for NameCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AllowAll => "AllowAll",
            Self::Default => "Default",
            Self::DefaultAndLocalhost => "DefaultAndLocalhost",
            Self::Strict => "Strict",
            Self::Other(word) => word,
        })
    }
}

fn is_localhost(host: &str) -> bool {
    let host = match host.split_once('%') {
        Some((address @ "::1", _)) => address,
        _ => host,
    };
    ["::1", "127.0.0.1", "localhost", "localhost.localdomain"].contains(&host)
}

fn matches(candidate: &str, host: &str, strict: bool) -> bool {
    let address: Option<IpAddr> = host.parse().ok();
    if let (Some(address), Ok(candidate)) = (address, candidate.parse::<IpAddr>()) {
        return address == candidate;
    }
    let labels: Vec<&str> = candidate.split('.').collect();
    let prefix = match labels[..] {
        [first, _, _, ..] if address.is_none() && !is_registry(&labels) => first.strip_suffix('*'),
        _ => None,
    };
    let Some(prefix) = prefix else {
        return candidate == host;
    };
    let suffix = candidate.get(prefix.len() + 1..).unwrap_or_default();
    let rest = host.strip_prefix(prefix);
    rest.is_some_and(|rest| rest.ends_with(suffix))
        && (!strict || host.split('.').count() == labels.len())
}

/// `*.co.uk`: names that a registry gives to many.
fn is_registry(labels: &[&str]) -> bool {
    match labels {
        [_, second, country] => country.len() == 2 && REGISTRIES.contains(second),
        _ => false,
    }
}

const REGISTRIES: [&str; 14] = [
    "ac", "co", "com", "ed", "edu", "go", "gouv", "gov", "info", "lg", "ne", "net", "or", "org",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::Certificate;

    /// A certificate with a common name and names.
    fn view(common_name: &str, names: &[&str]) -> View {
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        let kind = rcgen::DnType::CommonName;
        parameters.distinguished_name.push(kind, common_name);
        parameters.subject_alt_names = names
            .iter()
            .map(|name| match name.parse() {
                Ok(address) => rcgen::SanType::IpAddress(address),
                Err(_) => rcgen::SanType::DnsName((*name).try_into().unwrap()),
            })
            .collect();
        let key = rcgen::KeyPair::generate().unwrap();
        let made = parameters.self_signed(&key).unwrap();
        let certificate = Certificate::from_der(made.der().clone());
        certificate.view().unwrap().clone()
    }

    use NameCheck::{AllowAll, Default, DefaultAndLocalhost, Strict};

    #[test]
    fn a_wildcard_covers_several_labels_unless_the_check_is_strict() {
        let wild = view("node", &["*.example.com"]);
        for (host, lax, strict) in [
            ("gw1.example.com", true, true),
            ("GW1.Example.com", true, true),
            ("a.gw1.example.com", true, false),
            ("example.com", false, false),
            ("gw1.example.org", false, false),
        ] {
            assert_eq!(Default.accepts(&wild, host), lax, "{host}");
            assert_eq!(Strict.accepts(&wild, host), strict, "{host}");
        }
        let partial = view("node", &["gw*.example.com", "*.co.uk", "*.com"]);
        assert!(Default.accepts(&partial, "gw1.example.com"));
        for host in ["km1.example.com", "bank.co.uk", "example.com"] {
            assert!(!Default.accepts(&partial, host), "{host}");
        }
    }

    #[test]
    fn the_common_name_counts_beside_the_names() {
        let both = view("gw.example.com", &["gw1.example.com"]);
        assert!(Default.accepts(&both, "gw.example.com"));
        assert!(Strict.accepts(&both, "gw1.example.com"));
        assert!(!Default.accepts(&both, "other.example.com"));
    }

    #[test]
    fn an_address_is_found_among_addresses_alone() {
        let names = view("node", &["10.0.1.21", "::1", "gw1.example.com"]);
        assert!(Default.accepts(&names, "10.0.1.21"));
        assert!(Default.accepts(&names, "0:0:0:0:0:0:0:1"));
        assert!(!Default.accepts(&names, "10.0.1.22"));
        assert!(!Default.accepts(&view("*.0.1.21", &[]), "10.0.1.21"));
        assert!(Default.accepts(&view("10.0.1.21", &[]), "10.0.1.21"));
    }

    #[test]
    fn loopback_passes_where_the_check_says_so() {
        let other = view("gw1.example.com", &[]);
        for host in [
            "localhost",
            "127.0.0.1",
            "::1",
            "::1%lo",
            "localhost.localdomain",
        ] {
            assert!(DefaultAndLocalhost.accepts(&other, host), "{host}");
            assert!(!Default.accepts(&other, host), "{host}");
            assert!(AllowAll.accepts(&other, host));
        }
        assert!(!DefaultAndLocalhost.accepts(&other, "127.0.0.2"));
    }

    #[test]
    fn each_stack_is_shipped_in_one_way() {
        for product in [
            Product::of(2, 0),
            Product::of(2, 6),
            Product::of(3, 2),
            Product::of(4, 7),
        ] {
            let stacks = client_stacks(product);
            for stack in &stacks {
                let same = stacks.iter().filter(|it| it.client == stack.client);
                assert_eq!(same.filter(|it| it.shipped).count(), 1, "{stack:?}");
            }
        }
        let has = |product, client| {
            let mut stacks = client_stacks(product).into_iter();
            stacks.any(|stack| stack.client == client)
        };
        assert!(has(Product::of(2, 6), Client::Thrift));
        assert!(!has(Product::of(4, 7), Client::Thrift));
        assert!(!has(Product::of(4, 1), Client::JavaHttp));
        assert!(has(Product::of(4, 2), Client::JavaHttp));
    }
}
