use std::{fmt, net::IpAddr, str::FromStr};

use rustls_pki_types::ServerName;

/// Where a server listens: a host and a port.
///
/// `HOST:PORT`; an IPv6 address stands in brackets, `[::1]:9443`, and may name a zone (`[fe80::1%eth0]:9443`,
/// RFC 4007 section 11). Names beyond ASCII become A-labels. Names need not be in the form that
/// certificates carry: containers are called `api_mgr` too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    host: String,
    port: u16,
}

impl Endpoint {
    /// A host, IPv6 without brackets, and a port.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint::Host`] if nothing can have that name.
    pub fn new(host: &str, port: u16) -> Result<Self, InvalidEndpoint> {
        let unusable = || InvalidEndpoint::Host(host.to_owned());
        let (address, zone) = match host.split_once('%') {
            Some((address, zone)) => (address, Some(zone)),
            None => (host, None),
        };
        let host = match (address.parse::<IpAddr>(), zone) {
            (Ok(address), None) => address.to_string(),
            (Ok(IpAddr::V6(address)), Some(zone)) if is_zone(zone) => format!("{address}%{zone}"),
            (Err(_), None) => {
                let name = idna::domain_to_ascii(host).map_err(|_| unusable())?;
                let name = name.strip_suffix('.').unwrap_or(&name);
                match ServerName::try_from(name) {
                    Ok(ServerName::DnsName(_)) => name.to_owned(),
                    _ => return Err(unusable()),
                }
            }
            _ => return Err(unusable()),
        };
        Ok(Self { host, port })
    }

    /// The host: a name in A-labels, or an address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host as an address, without its zone; `None` for a name.
    pub fn ip(&self) -> Option<IpAddr> {
        let address = self.host.split('%').next()?;
        address.parse().ok()
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let owned = || text.to_owned();
        if text.contains("://") {
            return Err(InvalidEndpoint::Url(owned()));
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest
                    .split_once(']')
                    .ok_or_else(|| InvalidEndpoint::Host(owned()))?;
                let port = rest.strip_prefix(':');
                (host, port.ok_or_else(|| InvalidEndpoint::NoPort(owned()))?)
            }
            None => text
                .rsplit_once(':')
                .ok_or_else(|| InvalidEndpoint::NoPort(owned()))?,
        };
        if !text.starts_with('[') && host.contains(':') {
            return Err(InvalidEndpoint::NoBrackets(owned()));
        }
        let number = port.bytes().all(|byte| byte.is_ascii_digit());
        match port.parse() {
            Ok(port @ 1..) if number => Self::new(host, port),
            _ => Err(InvalidEndpoint::Port(port.to_owned())),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// The name of a network interface, or its number.
fn is_zone(zone: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=64).contains(&zone.len()) && zone.bytes().all(allowed)
}

/// Why a text names no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEndpoint {
    /// No host can be called so.
    #[error("`{0}` is no host")]
    Host(String),
    /// An IPv6 address whose end cannot be told from a port.
    #[error("`{0}`: an IPv6 address stands in brackets before a port")]
    NoBrackets(String),
    /// There is no port.
    #[error("`{0}` has no port")]
    NoPort(String),
    /// The port is none.
    #[error("`{0}` is no port: 1 to 65535 are")]
    Port(String),
    /// A URL.
    #[error("`{0}` is a URL: expected host and port alone")]
    Url(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for (text, host, shown) in [
            ("gw1.example.com:9443", "gw1.example.com", None),
            ("api_mgr:9443", "api_mgr", None),
            ("gw1.:9443", "gw1", Some("gw1:9443")),
            ("10.0.1.21:443", "10.0.1.21", None),
            ("[::1]:9443", "::1", None),
            ("[2001:DB8::1]:1", "2001:db8::1", Some("[2001:db8::1]:1")),
            ("[fe80::1%eth0]:9443", "fe80::1%eth0", None),
            (
                "bücher.example:65535",
                "xn--bcher-kva.example",
                Some("xn--bcher-kva.example:65535"),
            ),
        ] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!(endpoint.host(), host, "{text}");
            assert_eq!(endpoint.to_string(), shown.unwrap_or(text));
            assert_eq!(endpoint.to_string().parse().as_ref(), Ok(&endpoint));
        }
        let zoned: Endpoint = "[fe80::1%eth0]:9443".parse().unwrap();
        assert_eq!(zoned.ip(), "fe80::1".parse().ok());
        assert_eq!("gw1:1".parse::<Endpoint>().unwrap().ip(), None);
    }

    #[test]
    fn what_names_no_endpoint_is_told_apart() {
        let wrong = |text: &str| text.parse::<Endpoint>().unwrap_err();
        let own = |text: &str| text.to_owned();
        assert_eq!(wrong("gw1"), InvalidEndpoint::NoPort(own("gw1")));
        assert_eq!(wrong("[::1]"), InvalidEndpoint::NoPort(own("[::1]")));
        assert_eq!(
            wrong("::1:9443"),
            InvalidEndpoint::NoBrackets(own("::1:9443"))
        );
        assert_eq!(
            wrong("https://gw1:9443/carbon"),
            InvalidEndpoint::Url(own("https://gw1:9443/carbon"))
        );
        for port in ["0", "65536", "", "+1", "9443/carbon", "９"] {
            assert_eq!(
                wrong(&format!("gw1:{port}")),
                InvalidEndpoint::Port(own(port))
            );
        }
        for host in [
            "",
            "a b",
            "*.example.com",
            "a..b",
            "1.2.3.4%eth0",
            "fe80::1%",
            "-a",
        ] {
            let text = match host.contains("::") {
                true => format!("[{host}]:1"),
                false => format!("{host}:1"),
            };
            assert_eq!(wrong(&text), InvalidEndpoint::Host(own(host)), "{text}");
        }
    }
}
