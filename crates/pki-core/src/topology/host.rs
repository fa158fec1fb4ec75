use std::{borrow::Cow, fmt, net::IpAddr};

use idna::{
    AsciiDenyList,
    uts46::{DnsLength, Hyphens, Uts46},
};

use crate::x509::GeneralName;

/// The name or the address of a host, complete and in the form that certificates carry.
///
/// Rules: RFC 952 and RFC 1123 section 2.1 for letters, digits and hyphens; RFC 1035 section 2.3.4 for
/// lengths (labels of 63 octets, names of 253); RFC 5891 for other scripts, which become A-labels
/// (`xn--…`). Names are in lower case. Where a list of names allows it, the first label may be `*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// A DNS name, in A-labels, without a final dot.
    Dns(String),
    /// An address.
    Ip(IpAddr),
}

impl Host {
    /// The name as a subjectAltName carries it: an address is an iPAddress, never a dNSName.
    pub fn general_name(&self) -> GeneralName {
        match self {
            Self::Dns(name) => GeneralName::Dns(name.clone()),
            Self::Ip(address) => GeneralName::Ip(*address),
        }
    }

    /// The name in its own script, where it has A-labels.
    pub fn unicode(&self) -> Option<String> {
        let Self::Dns(name) = self else { return None };
        has_a_label(name).then(|| idna::domain_to_unicode(name).0)
    }

    /// Reads a name. A name without a dot gets `domain`; an address and `localhost` never do (RFC 6761
    /// section 6.3: `localhost` is a name of its own).
    pub(super) fn parse(text: &str, domain: Option<&str>, wild: Wild) -> Result<Self, HostError> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Ip(address));
        }
        let (star, name) = match text.strip_prefix("*.") {
            Some(rest) if wild == Wild::Allowed => ("*.", rest),
            _ => ("", text),
        };
        if name.contains('*') {
            return Err(HostError::Wildcard);
        }
        let mut name = to_ascii(name)?.into_owned();
        if let (Some(domain), false, "", false) =
            (domain, name.contains('.'), star, name == LOCALHOST)
        {
            name = format!("{name}.{domain}");
        }
        let name = format!("{star}{name}");
        check_labels(&name)?;
        Ok(Self::Dns(name))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => write!(f, "{address}"),
        }
    }
}

/// Whether the first label may be `*`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wild {
    Allowed,
    Refused,
}

/// Why a text names no host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// An IP address where only a name can be.
    #[error("an address is no domain")]
    Address,
    /// A character that no host name has.
    #[error("`{}` is no character of a host name", .0.escape_debug())]
    Character(char),
    /// Nothing.
    #[error("the name is empty")]
    Empty,
    /// Two dots in a row, or one at the front.
    #[error("a label is empty")]
    EmptyLabel,
    /// A label begins or ends with a hyphen.
    #[error("the label `{0}` begins or ends with a hyphen")]
    Hyphen(String),
    /// Characters outside ASCII that RFC 5891 does not allow in a name, or a broken A-label.
    #[error("not a valid internationalised name")]
    International,
    /// A label of more than 63 octets.
    #[error("a label has {octets} octets, more than 63")]
    LabelTooLong {
        /// How many it has, as A-label.
        octets: usize,
    },
    /// The last label is a number: a mistyped address.
    #[error("the last label is a number, and yet this is no IP address")]
    Numeric,
    /// A name of more than 253 octets.
    #[error("the name has {octets} octets, more than 253")]
    TooLong {
        /// How many it has, complete and in A-labels.
        octets: usize,
    },
    /// A dot at the end.
    #[error("the name ends with a dot")]
    TrailingDot,
    /// `*` where none may be, or not as the whole first label.
    #[error("`*` may only be the whole first label of a name in `names` or `sans`")]
    Wildcard,
}

fn to_ascii(name: &str) -> Result<Cow<'_, str>, HostError> {
    if name.is_empty() {
        return Err(HostError::Empty);
    }
    // Before any conversion: four octets are the least that a character costs as an A-label is shorter
    // than this for no name that could pass, and conversion takes longer than linear time.
    if name.len() > 4 * LONGEST_NAME {
        return Err(HostError::TooLong { octets: name.len() });
    }
    if name.ends_with('.') {
        return Err(HostError::TrailingDot);
    }
    let allowed = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if let Some(c) = name.chars().find(|c| !allowed(*c)) {
        return Err(HostError::Character(c));
    }
    if name.is_ascii() && !has_a_label(name) {
        return Ok(Cow::Owned(name.to_ascii_lowercase()));
    }
    Uts46::new()
        .to_ascii(
            name.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::Check,
            DnsLength::Ignore,
        )
        .map_err(|_| HostError::International)
}

fn check_labels(name: &str) -> Result<(), HostError> {
    let mut last = "";
    for label in name.split('.') {
        if label.is_empty() {
            return Err(HostError::EmptyLabel);
        }
        if label.len() > LONGEST_LABEL {
            return Err(HostError::LabelTooLong {
                octets: label.len(),
            });
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(HostError::Hyphen(label.to_owned()));
        }
        last = label;
    }
    if name.len() > LONGEST_NAME {
        return Err(HostError::TooLong { octets: name.len() });
    }
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(HostError::Numeric);
    }
    Ok(())
}

fn has_a_label(name: &str) -> bool {
    name.split('.').any(|label| {
        label
            .get(..4)
            .is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"))
    })
}

const LOCALHOST: &str = "localhost";

/// RFC 1035 section 2.3.4.
const LONGEST_LABEL: usize = 63;

/// RFC 1035 section 2.3.4: 255 octets on the wire are 253 characters without the final dot.
const LONGEST_NAME: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Result<String, HostError> {
        Host::parse(text, Some("apim.example.com"), Wild::Refused).map(|host| host.to_string())
    }

    #[test]
    fn a_name_without_a_dot_gets_the_domain_and_an_address_never() {
        for (text, expected) in [
            ("gw1", "gw1.apim.example.com"),
            ("GW1.Example.com", "gw1.example.com"),
            ("localhost", "localhost"),
            ("10.0.1.21", "10.0.1.21"),
            ("2001:DB8::1", "2001:db8::1"),
            ("123", "123.apim.example.com"),
            ("ab--cd", "ab--cd.apim.example.com"),
            ("münchen", "xn--mnchen-3ya.apim.example.com"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ] {
            assert_eq!(host(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn an_international_name_can_be_shown_in_its_script() {
        let host = Host::parse("münchen.de", None, Wild::Refused).unwrap();
        assert_eq!(host.unicode().as_deref(), Some("münchen.de"));
        assert_eq!(Host::Dns("a.de".into()).unicode(), None);
    }

    #[test]
    fn what_is_no_host_name_is_refused_with_the_reason() {
        let long_label = "a".repeat(64);
        let long_name = vec!["a".repeat(60); 5].join(".");
        let completed = vec!["a".repeat(59); 4].join(".");
        for (text, expected) in [
            ("", HostError::Empty),
            ("gw_1", HostError::Character('_')),
            ("gw 1", HostError::Character(' ')),
            ("gw1:9443", HostError::Character(':')),
            ("https://gw1", HostError::Character(':')),
            ("[::1]", HostError::Character('[')),
            ("gw1.example.com.", HostError::TrailingDot),
            ("gw1..example.com", HostError::EmptyLabel),
            (".example.com", HostError::EmptyLabel),
            ("-gw1", HostError::Hyphen("-gw1".into())),
            ("gw1-.example.com", HostError::Hyphen("gw1-".into())),
            (&long_label, HostError::LabelTooLong { octets: 64 }),
            (&long_name, HostError::TooLong { octets: 304 }),
            ("10.0.1.256", HostError::Numeric),
            ("10.0.1", HostError::Numeric),
            ("10.0.1.021", HostError::Numeric),
            ("*.example.com", HostError::Wildcard),
            ("xn--a", HostError::International),
            ("a\u{200b}\u{202e}b", HostError::International),
            ("a。b。", HostError::EmptyLabel),
        ] {
            assert_eq!(host(text), Err(expected), "{text}");
        }
        assert!(host(&completed).is_ok());
        assert_eq!(
            host(&"ü".repeat(100_000)),
            Err(HostError::TooLong { octets: 200_000 })
        );
    }

    #[test]
    fn a_star_may_be_the_whole_first_label_of_a_name() {
        let name = |text| Host::parse(text, Some("d.example"), Wild::Allowed);
        assert_eq!(name("*.Example.com"), Ok(Host::Dns("*.example.com".into())));
        for text in ["*", "g*.example.com", "*.*.example.com", "gw.*.com"] {
            assert_eq!(name(text), Err(HostError::Wildcard), "{text}");
        }
    }
}
