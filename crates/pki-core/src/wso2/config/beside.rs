//! Another server beside those that a value names, in the product's own way to write several.

use std::ops::Range;

use super::{Call, Endpoint, Several, url};

/// What goes into a value, and where, so that it names these servers too, each as `host:port`. `None` where
/// the value is in no form that is known for several.
pub(super) fn beside(value: &str, call: &Call, servers: &[String]) -> Option<Vec<(usize, String)>> {
    match call.several {
        Several::Brokers => brokers(value, servers),
        Several::Groups => groups(value, &call.endpoints, servers),
        _ => None,
    }
}

/// Groups of the data agent. An event goes to one server of each group, so that of several groups with one
/// server each all get it: what a cluster of traffic managers needs. Where servers are already in one group,
/// which share the events (`,`) or stand in for each other (`|`), others join it.
fn groups(value: &str, endpoints: &[Endpoint], servers: &[String]) -> Option<Vec<(usize, String)>> {
    let units = endpoints.iter().map(|it| unit(value, &it.authority));
    let units: Vec<Range<usize>> = units.collect::<Option<_>>()?;
    let (first, last) = (units.first()?, units.last()?);
    let another = Another::new(value, first, &endpoints.first()?.authority);
    let pairs = units.iter().zip(units.iter().skip(1));
    let between: Vec<&str> = pairs.map(|(a, b)| &value[a.end..b.start]).collect();
    let all = |wanted: &str| between.iter().all(|it| bare(it) == wanted);
    let one_group = between
        .first()
        .filter(|_| all(",") || all("|"))
        .map(|it| (last.end, another.each(servers, it, "")));
    let (before, behind) = (&value[..first.start], &value[last.end..]);
    match (bare(before).as_str(), bare(behind).as_str()) {
        ("", "") if between.is_empty() => Some(vec![
            (first.start, "{".to_owned()),
            (last.end, format!("}}{}", another.each(servers, ",{", "}"))),
        ]),
        ("", "") => one_group.map(|it| vec![it]),
        ("{", "}") if all("},{") => {
            let between = between.first().map_or("},{", |it| it.trim());
            let separator = between.strip_prefix('}')?;
            let end = last.end + behind.find('}')? + 1;
            Some(vec![(end, another.each(servers, separator, "}"))])
        }
        ("{", "}") => one_group.map(|it| vec![it]),
        _ => None,
    }
}

/// Brokers of an AMQP URL, each with the options of the first. Of several the client takes one after the
/// other until one answers, if no other way is asked for (`FailoverPolicy`).
fn brokers(value: &str, servers: &[String]) -> Option<Vec<(usize, String)>> {
    let brokers = url::amqp(value, &|_| url::Meaning::Unknown).ok()?.brokers;
    let end = |broker: &url::Broker| {
        let quoted = broker.options.last().map(|(_, range)| range.end + 1);
        quoted.unwrap_or(broker.endpoint.authority.end)
    };
    let (first, last) = (brokers.first()?, brokers.last()?);
    let authority = &first.endpoint.authority;
    let scheme = "tcp://";
    let start = match value[..authority.start].ends_with(scheme) {
        true => authority.start - scheme.len(),
        false => authority.start,
    };
    let another = Another::new(value, &(start..end(first)), authority);
    // Else there is something in the list that was not understood.
    let is_end = value[end(last)..].starts_with('\'');
    is_end.then(|| vec![(end(last), another.each(servers, ";", ""))])
}

/// A server of a value without its host and port, to write others like it.
struct Another<'a> {
    before: &'a str,
    behind: &'a str,
}

impl<'a> Another<'a> {
    fn new(value: &'a str, unit: &Range<usize>, authority: &Range<usize>) -> Self {
        Self {
            before: &value[unit.start..authority.start],
            behind: &value[authority.end..unit.end],
        }
    }

    fn each(&self, servers: &[String], open: &str, close: &str) -> String {
        let Self { before, behind } = self;
        let each = servers.iter();
        each.map(|it| format!("{open}{before}{it}{behind}{close}"))
            .collect()
    }
}

/// Where the URL around a host stands, with its scheme and its path.
fn unit(value: &str, authority: &Range<usize>) -> Option<Range<usize>> {
    let scheme = value[..authority.start].rfind("://")?;
    let word = value[..scheme].bytes().rev();
    let word = word.take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'+');
    let rest = &value[authority.end..];
    let end = rest.find(url::is_end).unwrap_or(rest.len());
    Some(scheme - word.count()..authority.end + end)
}

fn bare(text: &str) -> String {
    text.split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value with two servers more.
    fn more(value: &str) -> Option<String> {
        let endpoints = url::endpoints(value, &|_| url::Meaning::Unknown).unwrap();
        let servers = ["tm2:9".to_owned(), "tm3:9".to_owned()];
        let inserted = match value.starts_with("amqp") {
            true => brokers(value, &servers),
            false => groups(value, &endpoints, &servers),
        };
        let mut text = value.to_owned();
        for (at, new) in inserted?.into_iter().rev() {
            text.insert_str(at, &new);
        }
        Some(text)
    }

    #[test]
    fn groups_are_joined_by_groups_and_a_group_by_servers() {
        for (value, expected) in [
            ("tcp://tm1:9", "{tcp://tm1:9},{tcp://tm2:9},{tcp://tm3:9}"),
            (
                "tcp://tm1:9/",
                "{tcp://tm1:9/},{tcp://tm2:9/},{tcp://tm3:9/}",
            ),
            (
                "ssl://${carbon.local.ip}:${auth.url.port}",
                "{ssl://${carbon.local.ip}:${auth.url.port}},{ssl://tm2:9},{ssl://tm3:9}",
            ),
            ("{tcp://tm1:9}", "{tcp://tm1:9},{tcp://tm2:9},{tcp://tm3:9}"),
            (
                "{tcp://a:9}, {tcp://tm1:9} ",
                "{tcp://a:9}, {tcp://tm1:9}, {tcp://tm2:9}, {tcp://tm3:9} ",
            ),
            (
                "tcp://a:9 | tcp://tm1:9",
                "tcp://a:9 | tcp://tm1:9 | tcp://tm2:9 | tcp://tm3:9",
            ),
            (
                "{tcp://a:9/,tcp://tm1:9/}",
                "{tcp://a:9/,tcp://tm1:9/,tcp://tm2:9/,tcp://tm3:9/}",
            ),
        ] {
            assert_eq!(more(value).as_deref(), Some(expected), "{value}");
        }
        // To which of the groups a server belongs is nobody's guess.
        for value in [
            "{tcp://a:9,tcp://b:9},{tcp://c:9}",
            "tcp://a:9,tcp://b:9|tcp://c:9",
        ] {
            assert_eq!(more(value), None, "{value}");
        }
    }

    #[test]
    fn brokers_are_joined_by_brokers_with_the_same_options() {
        for (value, expected) in [
            (
                "amqp://admin:admin@clientid/carbon?brokerlist='tcp://tm1:9'",
                "amqp://admin:admin@clientid/carbon?brokerlist='tcp://tm1:9;tcp://tm2:9;tcp://tm3:9'",
            ),
            (
                "amqp://a:b@c/d?failover='roundrobin'%26brokerlist='tcp://tm1:9?retries='5'%26connectdelay='50''",
                "amqp://a:b@c/d?failover='roundrobin'%26brokerlist='tcp://tm1:9?retries='5'%26connectdelay='50';\
                 tcp://tm2:9?retries='5'%26connectdelay='50';tcp://tm3:9?retries='5'%26connectdelay='50''",
            ),
        ] {
            assert_eq!(more(value).as_deref(), Some(expected), "{value}");
        }
        assert_eq!(
            more("amqp://a:b@c/d?brokerlist='tcp://tm1:9?retries=5'"),
            None
        );
    }
}
