use std::net::IpAddr;

use x509_parser::extensions::{
    GeneralName as ParsedName, GeneralSubtree, NameConstraints as ParsedConstraints,
};

use super::{DistinguishedName, GeneralName};

/// nameConstraints (RFC 5280 section 4.2.1.10): what certificates below may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameConstraints {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Subtree {
    Directory(DistinguishedName),
    Dns(String),
    Ip(Vec<u8>),
    /// A kind that is not judged here.
    Other,
}

impl NameConstraints {
    pub(super) fn read(parsed: &ParsedConstraints<'_>) -> Self {
        Self {
            permitted: subtrees(parsed.permitted_subtrees.as_deref()),
            excluded: subtrees(parsed.excluded_subtrees.as_deref()),
        }
    }

    /// True if an alternative name is permitted: in one of the permitted subtrees of its kind, if there are
    /// any, and in none of the excluded. Names of other kinds than dNSName and iPAddress are not judged.
    pub fn permits(&self, name: &GeneralName) -> bool {
        match name {
            GeneralName::Dns(name) => self.judge(|subtree| match subtree {
                Subtree::Dns(base) => Some(within(name, base)),
                _ => None,
            }),
            GeneralName::Ip(address) => self.judge(|subtree| match subtree {
                Subtree::Ip(base) => Some(in_net(*address, base)),
                _ => None,
            }),
            _ => true,
        }
    }

    /// True if a subject is permitted by the directoryName subtrees.
    pub fn permits_subject(&self, subject: &DistinguishedName) -> bool {
        subject.is_empty()
            || self.judge(|subtree| match subtree {
                Subtree::Directory(base) => Some(subject.is_below(base)),
                _ => None,
            })
    }

    /// `matches`: whether a name is in a subtree, `None` for a subtree of another kind.
    fn judge(&self, matches: impl Fn(&Subtree) -> Option<bool>) -> bool {
        let mut permitted = self.permitted.iter().filter_map(&matches).peekable();
        let inside = permitted.peek().is_none() || permitted.any(|inside| inside);
        inside
            && !self
                .excluded
                .iter()
                .filter_map(&matches)
                .any(|inside| inside)
    }
}

fn subtrees(parsed: Option<&[GeneralSubtree<'_>]>) -> Vec<Subtree> {
    let parsed = parsed.unwrap_or_default().iter();
    parsed
        .map(|subtree| match &subtree.base {
            ParsedName::DNSName(name) => Subtree::Dns((*name).to_owned()),
            ParsedName::IPAddress(octets) => Subtree::Ip(octets.to_vec()),
            ParsedName::DirectoryName(name) => {
                Subtree::Directory(DistinguishedName::from_der(name.as_raw()))
            }
            _ => Subtree::Other,
        })
        .collect()
}

/// The name itself, or one with labels before it. A leading dot, which RFC 5280 does not know, is read as
/// everybody reads it.
fn within(name: &str, base: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let base = base.trim_start_matches('.').to_ascii_lowercase();
    match name.strip_suffix(&base) {
        Some(front) => base.is_empty() || front.is_empty() || front.ends_with('.'),
        None => false,
    }
}

/// Address and mask stand one after the other.
fn in_net(address: IpAddr, base: &[u8]) -> bool {
    let octets = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    if base.len() != 2 * octets.len() {
        return false;
    }
    let (net, mask) = base.split_at(octets.len());
    octets
        .iter()
        .zip(net)
        .zip(mask)
        .all(|((octet, net), mask)| octet & mask == net & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_labels_are_below_a_name() {
        assert!(within("gw1.Example.com", "example.com"));
        assert!(within("example.com", "example.com"));
        assert!(within("gw1.example.com", ".example.com"));
        assert!(!within("badexample.com", "example.com"));
        assert!(within("anything", ""));
    }

    #[test]
    fn a_kind_without_subtrees_is_not_restricted() {
        let constraints = NameConstraints {
            permitted: vec![Subtree::Dns("example.com".into())],
            excluded: vec![
                Subtree::Dns("secret.example.com".into()),
                Subtree::Ip(vec![10, 0, 0, 0, 255, 0, 0, 0]),
            ],
        };
        let permits = |name: GeneralName| constraints.permits(&name);
        assert!(permits(GeneralName::Dns("gw1.example.com".into())));
        assert!(!permits(GeneralName::Dns("a.secret.example.com".into())));
        assert!(!permits(GeneralName::Dns("localhost".into())));
        assert!(!permits(GeneralName::Ip([10, 1, 2, 3].into())));
        assert!(permits(GeneralName::Ip([11, 1, 2, 3].into())));
    }
}
