//! URLs of brokers.

use std::ops::Range;

use super::{AMQP_PORT, Meanings, blanks, no_url, placeholder, refuse_crowds, scheme_at, server};
use crate::wso2::config::{Endpoint, Scheme, Unknown};

/// An AMQP URL (`AMQConnectionURL` of the broker's client).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::wso2::config) struct AmqpUrl {
    /// Where the user stands in the value.
    pub(in crate::wso2::config) user: Option<Range<usize>>,
    /// Where the password stands in the value.
    pub(in crate::wso2::config) password: Option<Range<usize>>,
    pub(in crate::wso2::config) brokers: Vec<Broker>,
}

/// One broker of an AMQP URL's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::wso2::config) struct Broker {
    pub(in crate::wso2::config) endpoint: Endpoint,
    /// Its options: name, and where the value stands without its quotes.
    pub(in crate::wso2::config) options: Vec<(String, Range<usize>)>,
}

impl Broker {
    /// Where the value of an option stands: `ssl`, `trust_store`, `trust_store_password`, `key_store`, ….
    pub(in crate::wso2::config) fn option(&self, name: &str) -> Option<Range<usize>> {
        let mut options = self.options.iter();
        options
            .find(|(known, _)| known == name)
            .map(|(_, range)| range.clone())
    }
}

/// Reads `amqp://user:password@client/vhost?brokerlist='tcp://host:port?option='value'&…;tcp://…'&…`, each
/// `&` also as `%26` or `,`.
///
/// # Errors
///
/// As [`endpoints`].
pub(in crate::wso2::config) fn amqp(
    value: &str,
    meanings: Meanings<'_>,
) -> Result<AmqpUrl, Unknown> {
    refuse_crowds(value)?;
    let invalid = |reason: &str| Unknown::Invalid(reason.to_owned());
    let start = match scheme_at(value, 0) {
        Some(word) if word.eq_ignore_ascii_case("amqp") => word.len() + "://".len(),
        _ => return Err(no_url(value)),
    };
    let query = value[start..].find('?').map(|at| start + at);
    let Some(query) = query else {
        return Err(invalid("the AMQP URL has no broker list"));
    };
    let (user, password) = userinfo(value, start..query);
    let list = value[query..]
        .find("brokerlist='")
        .map(|at| query + at + "brokerlist='".len())
        .ok_or_else(|| invalid("the AMQP URL has no broker list"))?;
    let mut brokers = Vec::new();
    let mut at = list;
    loop {
        at += blanks(&value[at..]);
        let word = scheme_at(value, at).unwrap_or_default();
        if !word.is_empty() && !word.eq_ignore_ascii_case("tcp") {
            return Err(invalid("a broker is not written as `tcp://host:port`"));
        }
        if !word.is_empty() {
            at += word.len() + "://".len();
        }
        let (mut endpoint, end) = server(value, at, Scheme::Amqp, Some(AMQP_PORT), meanings)?;
        let (options, end) = options(value, end);
        let tls = options.iter().any(|(name, range)| {
            name == "ssl" && value[range.clone()].eq_ignore_ascii_case("true")
        });
        if tls {
            endpoint.scheme = Scheme::AmqpTls;
        }
        brokers.push(Broker { endpoint, options });
        match value[end..].starts_with(';') && !value[end + 1..].starts_with('\'') {
            true => at = end + 1,
            false => break,
        }
    }
    Ok(AmqpUrl {
        user,
        password,
        brokers,
    })
}

/// Where user and password of an AMQP URL stand; `within` ends before its options.
fn userinfo(value: &str, within: Range<usize>) -> (Option<Range<usize>>, Option<Range<usize>>) {
    let Some(sign) = value[within.clone()].rfind('@') else {
        return (None, None);
    };
    let end = within.start + sign;
    // The colon of a placeholder is none of ours: `{secretAlias:name}`.
    let mut at = within.start;
    while at < end {
        match placeholder(value, at) {
            Some((_, after)) => at = after.min(end),
            None if value[at..].starts_with(':') => {
                return (Some(within.start..at), Some(at + 1..end));
            }
            None => at += value[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    (Some(within.start..end), None)
}

/// The options of a broker, `?name='value'&…`, and where they end.
fn options(value: &str, start: usize) -> (Vec<(String, Range<usize>)>, usize) {
    let mut found = Vec::new();
    let mut at = start;
    if !value[at..].starts_with('?') {
        return (found, at);
    }
    at += 1;
    loop {
        let rest = &value[at..];
        let name = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        let Some(quoted) = rest[name..].strip_prefix("='") else {
            break;
        };
        let open = at + name + "='".len();
        let Some(close) = quoted.find('\'') else {
            break;
        };
        found.push((rest[..name].to_ascii_lowercase(), open..open + close));
        at = open + close + 1;
        let separator = ["%26", "&", ","]
            .iter()
            .find(|separator| value[at..].starts_with(**separator));
        match separator {
            Some(separator) => at += separator.len(),
            None => break,
        }
    }
    (found, at)
}
