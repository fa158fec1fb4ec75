//! Whether a certificate is about a server's name, as JSSE's endpoint identification decides it (RFC 2818
//! section 3.1, `sun.security.util.HostnameChecker`).

use std::{fmt, net::IpAddr};

use crate::x509::{GeneralName, View};

/// The name by which a client knows a server: what stands in the URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServerName {
    /// A host name.
    Dns(String),
    /// An address: it matches an iPAddress alone, never a text that looks like it.
    Ip(IpAddr),
}

impl From<&str> for ServerName {
    /// An IP literal (IPv6 with or without brackets), or a host name.
    fn from(text: &str) -> Self {
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text);
        match bare.parse() {
            Ok(address) => Self::Ip(address),
            Err(_) => Self::Dns(text.to_owned()),
        }
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => write!(f, "{address}"),
        }
    }
}

/// Why a certificate is not about a name.
pub(super) enum Mismatch {
    /// It names others.
    Others(Vec<String>),
    /// No client of the JDK can ask for this name.
    Unaskable,
}

/// Fails unless the certificate is about the name.
pub(super) fn check(view: &View, name: &ServerName) -> Result<(), Mismatch> {
    match name {
        ServerName::Ip(address) => {
            let candidates = view.names().iter().filter_map(|name| match name {
                GeneralName::Ip(candidate) => Some(*candidate),
                _ => None,
            });
            let candidates: Vec<IpAddr> = candidates.collect();
            if candidates.contains(address) {
                return Ok(());
            }
            let shown = candidates.iter().map(IpAddr::to_string).collect();
            Err(Mismatch::Others(shown))
        }
        ServerName::Dns(name) => {
            // JDK 17.0.15 leaves a final dot out (measured); older ones refuse the name.
            let name = name.strip_suffix('.').unwrap_or(name);
            if !askable(name) {
                return Err(Mismatch::Unaskable);
            }
            let mut candidates: Vec<String> = view
                .names()
                .iter()
                .filter_map(|name| match name {
                    GeneralName::Dns(candidate) => Some(candidate.clone()),
                    _ => None,
                })
                .collect();
            if candidates.is_empty() {
                // Only a certificate without any dNSName is taken at its common name, at the most
                // specific one.
                candidates.extend(view.subject.common_names().pop());
            }
            if candidates.iter().any(|pattern| matches(pattern, name)) {
                return Ok(());
            }
            Err(Mismatch::Others(candidates))
        }
    }
}

/// What `javax.net.ssl.SNIHostName` takes: letters, digits and hyphens, labels of at most 63 octets.
fn askable(name: &str) -> bool {
    let Ok(name) = idna::domain_to_ascii(name) else {
        return false;
    };
    !name.is_empty()
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// As many labels on both sides, and each of them matches; `*` stands for any part of one label. A
/// wildcard in a name of one label, or without a label behind it, matches nothing.
fn matches(pattern: &str, name: &str) -> bool {
    let ascii = |text: &str| idna::domain_to_ascii(text).unwrap_or_else(|_| text.to_lowercase());
    let name = ascii(name);
    let pattern = if pattern.contains('*') {
        pattern.to_lowercase()
    } else {
        ascii(pattern)
    };
    if let Some(last) = pattern.rfind('*')
        && !pattern[last..].contains('.')
    {
        return false;
    }
    let (patterns, labels) = (pattern.split('.'), name.split('.'));
    patterns.clone().count() == labels.clone().count()
        && patterns
            .zip(labels)
            .all(|(pattern, label)| glob(pattern, label))
}

/// `*` matches any run of characters, also none. Each part is searched from where the one before ended,
/// so that no pattern costs more than pattern × label.
fn glob(pattern: &str, label: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| label.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(matches("*.example.com", "gw1.example.com"));
        assert!(matches("GW1.example.COM", "gw1.Example.com"));
        assert!(matches("gw*.example.com", "gw1.example.com"));
        assert!(matches("g*1.example.com", "gw1.example.com"));
        assert!(!matches("*.example.com", "a.gw1.example.com"));
        assert!(!matches("*.example.com", "example.com"));
        assert!(!matches("*", "localhost"));
        assert!(!matches("gw1.*", "gw1.com"));
        assert!(!matches("", "x"));
    }

    #[test]
    fn names_that_java_cannot_ask_for_are_told_apart() {
        for name in ["localhost..", "api_mgr", "", "a..b", "-a", &"x".repeat(64)] {
            assert!(!askable(name), "{name}");
        }
        for name in [
            "localhost",
            "gw1.example.com",
            "xn--bcher-kva.example",
            "bücher.example",
        ] {
            assert!(askable(name), "{name}");
        }
    }

    #[test]
    fn literals_are_addresses() {
        assert!(matches!(ServerName::from("10.0.0.1"), ServerName::Ip(_)));
        assert!(matches!(ServerName::from("[::1]"), ServerName::Ip(_)));
        assert!(matches!(ServerName::from("gw1"), ServerName::Dns(_)));
    }
}
